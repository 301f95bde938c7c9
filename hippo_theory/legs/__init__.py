"""The singular HiPPO-LegS ODE  t c'(t) = -A c(t) + B f(t)."""

from hippo_theory.legs import inputs, symbolic
from hippo_theory.legs.error import energy_error
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
    "Scheme",
    "Solution",
    "apply",
    "backward_growth",
    "energy_error",
    "growth_exponent",
    "homogeneous_mode",
    "homogeneous_solution",
    "initial_derivatives",
    "inputs",
    "log_chirp_orbit",
    "matrices",
    "propagator",
    "reconstruct",
    "solve",
    "solve_shifted",
    "step",
    "symbolic",
    "transfer_function",
]
