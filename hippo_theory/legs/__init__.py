"""The singular HiPPO-LegS ODE  t c'(t) = -A c(t) + B f(t)."""

from hippo_theory.legs import inputs
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

__all__ = [
    "INPUTS",
    "SCHEMES",
    "Scheme",
    "Solution",
    "apply",
    "energy_error",
    "inputs",
    "matrices",
    "propagator",
    "reconstruct",
    "solve",
    "solve_shifted",
    "step",
    "transfer_function",
]
