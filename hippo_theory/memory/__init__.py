"""What the state of a linear recurrence remembers of its input, in closed form."""

from hippo_theory.memory.bounds import beckermann_bound, gautschi_bounds, large_sieve_bound
from hippo_theory.memory.capacity import (
    capacity,
    capacity_ceiling,
    horizon,
    lag_distribution,
    lag_variance,
)
from hippo_theory.memory.design import design_poles
from hippo_theory.memory.estimate import CapacityEstimate, estimate_capacity
from hippo_theory.memory.fisher import fisher_memory, fisher_total
from hippo_theory.memory.gradient import (
    best_gradient,
    best_radius,
    gradient_norms,
    noisy_capacity_bound,
)
from hippo_theory.memory.laws import (
    bandwidth,
    cycle_capacity,
    group_delay,
    real_log_determinant,
    ring_lag_variance,
    ring_log_determinant,
    s4d_lin_capacity,
)
from hippo_theory.memory.orthonormal import OrthonormalRealization, orthonormal_realization
from hippo_theory.memory.precision import (
    PRECISIONS,
    Precision,
    effective_dimension,
    noisy_capacity,
    rounding_noise,
    state_information,
)
from hippo_theory.memory.reconstruction import reconstruct
from hippo_theory.memory.rounded import simulate_rounded
from hippo_theory.memory.vandermonde import gram_log10_condition, vandermonde_log10_condition

__all__ = [
    "PRECISIONS",
    "CapacityEstimate",
    "OrthonormalRealization",
    "Precision",
    "bandwidth",
    "beckermann_bound",
    "best_gradient",
    "best_radius",
    "capacity",
    "capacity_ceiling",
    "cycle_capacity",
    "design_poles",
    "effective_dimension",
    "estimate_capacity",
    "fisher_memory",
    "fisher_total",
    "gautschi_bounds",
    "gradient_norms",
    "gram_log10_condition",
    "group_delay",
    "horizon",
    "lag_distribution",
    "lag_variance",
    "large_sieve_bound",
    "noisy_capacity",
    "noisy_capacity_bound",
    "orthonormal_realization",
    "real_log_determinant",
    "reconstruct",
    "ring_lag_variance",
    "ring_log_determinant",
    "rounding_noise",
    "s4d_lin_capacity",
    "simulate_rounded",
    "state_information",
    "vandermonde_log10_condition",
]


def __dir__():
    """Name what is meant for users, for completion."""
    return __all__
