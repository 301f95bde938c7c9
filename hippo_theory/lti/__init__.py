"""Linear time-invariant systems; the S4, S4D, S5 and LRU layers as linear algebra."""

from hippo_theory.lti import cascade, szego
from hippo_theory.lti.algebra import layer, select, similarity
from hippo_theory.lti.continuous import continuous, resample
from hippo_theory.lti.convolution import convolve
from hippo_theory.lti.discretize import SCHEMES, Scheme, discretize, generalized_bilinear
from hippo_theory.lti.exchange import from_scipy, to_scipy
from hippo_theory.lti.families import FAMILIES, Family, family
from hippo_theory.lti.forms import dense, expand, matrices, spectrum
from hippo_theory.lti.gradients import KernelGradient, kernel_vjp
from hippo_theory.lti.kernels import METHODS, kernel
from hippo_theory.lti.layers_in import from_lru, from_s4d, from_s5
from hippo_theory.lti.layers_out import to_lru, to_s4d, to_s5
from hippo_theory.lti.layers_s4 import from_hope, from_s4
from hippo_theory.lti.minimal import minimal_realization
from hippo_theory.lti.response import markov_parameters, transfer_function
from hippo_theory.lti.simulate import SIMULATIONS, final_state, simulate, step
from hippo_theory.lti.splitting import split_stable
from hippo_theory.lti.state_dict import from_state_dict
from hippo_theory.lti.values import DPLR, LTI, DiagonalLTI

__all__ = [
    "DPLR",
    "FAMILIES",
    "LTI",
    "METHODS",
    "SCHEMES",
    "SIMULATIONS",
    "DiagonalLTI",
    "Family",
    "KernelGradient",
    "Scheme",
    "cascade",
    "continuous",
    "convolve",
    "dense",
    "discretize",
    "expand",
    "family",
    "final_state",
    "from_hope",
    "from_lru",
    "from_s4",
    "from_s4d",
    "from_s5",
    "from_scipy",
    "from_state_dict",
    "generalized_bilinear",
    "kernel",
    "kernel_vjp",
    "layer",
    "markov_parameters",
    "matrices",
    "minimal_realization",
    "resample",
    "select",
    "similarity",
    "simulate",
    "spectrum",
    "split_stable",
    "step",
    "szego",
    "to_lru",
    "to_s4d",
    "to_s5",
    "to_scipy",
    "transfer_function",
]


def __dir__():
    """Name what is meant for users, for completion."""
    return __all__
