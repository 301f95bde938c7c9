"""Training dynamics of linear state-space models, in closed form."""

from hippo_theory.learning.depth import deep_gain, deep_time
from hippo_theory.learning.edges import EdgeCorrection, edge_correction, edge_gap
from hippo_theory.learning.fixed_poles import Flow, flow, invariants
from hippo_theory.learning.frequency import frequency_error
from hippo_theory.learning.limits import flow_limit
from hippo_theory.learning.one_pole import factors, gain, imbalance, rate, time_to
from hippo_theory.learning.pole import pole_loss, pole_path
from hippo_theory.learning.pole_coordinates import (
    POLE_COORDINATES,
    Coordinate,
    Curvature,
    pole_curvature,
)
from hippo_theory.learning.pole_flow import PoleFlow, pole_flow
from hippo_theory.learning.population import population_statistics
from hippo_theory.learning.riccati import matrix_gain
from hippo_theory.learning.schedule import Schedule, activation_schedule
from hippo_theory.learning.simulate import Training, gradient_descent
from hippo_theory.learning.statistics import (
    Statistics,
    coherence,
    loss,
    spectral_statistics,
    statistics,
)
from hippo_theory.learning.steps import (
    GainSteps,
    gain_steps,
    learning_rate_limit,
    modified_time,
)
from hippo_theory.learning.stochastic import (
    BatchCurvature,
    batch_curvature,
    sgd_limit,
    sgd_variance,
)
from hippo_theory.learning.structures import STRUCTURES
from hippo_theory.learning.weights import sobolev_weight
from hippo_theory.learning.width import (
    WIDTHS,
    Widened,
    Width,
    crossover_width,
    steps_at_limit,
    widen,
)

__all__ = [
    "POLE_COORDINATES",
    "STRUCTURES",
    "WIDTHS",
    "BatchCurvature",
    "Coordinate",
    "Curvature",
    "EdgeCorrection",
    "Flow",
    "GainSteps",
    "PoleFlow",
    "Schedule",
    "Statistics",
    "Training",
    "Widened",
    "Width",
    "activation_schedule",
    "batch_curvature",
    "coherence",
    "crossover_width",
    "deep_gain",
    "deep_time",
    "edge_correction",
    "edge_gap",
    "factors",
    "flow",
    "flow_limit",
    "frequency_error",
    "gain",
    "gain_steps",
    "gradient_descent",
    "imbalance",
    "invariants",
    "learning_rate_limit",
    "loss",
    "matrix_gain",
    "modified_time",
    "pole_curvature",
    "pole_flow",
    "pole_loss",
    "pole_path",
    "population_statistics",
    "rate",
    "sgd_limit",
    "sgd_variance",
    "sobolev_weight",
    "spectral_statistics",
    "statistics",
    "steps_at_limit",
    "time_to",
    "widen",
]


def __dir__():
    """Name what is meant for users, for completion."""
    return __all__
