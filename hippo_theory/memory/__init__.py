"""What the state of a linear recurrence remembers of its input, in closed form."""

from hippo_theory.memory.capacity import (
    capacity,
    capacity_ceiling,
    horizon,
    lag_distribution,
    lag_variance,
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

__all__ = [
    "bandwidth",
    "capacity",
    "capacity_ceiling",
    "cycle_capacity",
    "group_delay",
    "horizon",
    "lag_distribution",
    "lag_variance",
    "real_log_determinant",
    "ring_lag_variance",
    "ring_log_determinant",
    "s4d_lin_capacity",
]
