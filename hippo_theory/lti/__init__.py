"""Linear time-invariant systems; the S4, S4D, S5 and LRU layers as linear algebra."""

from hippo_theory.lti import cascade, szego
from hippo_theory.lti.algebra import layer, similarity
from hippo_theory.lti.forms import dense, expand, spectrum
from hippo_theory.lti.systems import DPLR, LTI, DiagonalLTI

__all__ = [
    "DPLR",
    "LTI",
    "DiagonalLTI",
    "cascade",
    "dense",
    "expand",
    "layer",
    "similarity",
    "spectrum",
    "szego",
]
