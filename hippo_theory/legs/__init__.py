"""The singular HiPPO-LegS ODE  t c'(t) = -A c(t) + B f(t)."""

from hippo_theory.legs import inputs, symbolic
from hippo_theory.legs.energy import energy_error, solve_with_energy
from hippo_theory.legs.error import (
    ErrorBudget,
    error_budget,
    input_error_bound,
    step_doubling_estimate,
)
from hippo_theory.legs.inputs import INPUTS
from hippo_theory.legs.operator import (
    apply,
    matrices,
    propagator,
    solve_shifted,
    transfer_function,
)
from hippo_theory.legs.schemes import SCHEMES, Scheme
from hippo_theory.legs.solver import Solution, reconstruct, solve, step
from hippo_theory.legs.well_posedness import (
    backward_growth,
    growth_exponent,
    homogeneous_mode,
    homogeneous_solution,
    initial_derivatives,
    log_chirp_orbit,
)

__all__ = [
    "INPUTS",
    "SCHEMES",
    "ErrorBudget",
    "Scheme",
    "Solution",
    "apply",
    "backward_growth",
    "energy_error",
    "error_budget",
    "growth_exponent",
    "homogeneous_mode",
    "homogeneous_solution",
    "initial_derivatives",
    "input_error_bound",
    "inputs",
    "log_chirp_orbit",
    "matrices",
    "propagator",
    "reconstruct",
    "solve",
    "solve_shifted",
    "solve_with_energy",
    "step",
    "step_doubling_estimate",
    "symbolic",
    "transfer_function",
]


def __dir__():
    """Name what is meant for users, for completion."""
    return __all__
