"""The numerical analysis and theory of state-space models."""

from hippo_theory import convergence, hankel, learning, legs, lti, memory
from hippo_theory.layer_audit import Audit, audit
from hippo_theory.lti import LTI, DiagonalLTI

__version__ = "0.1.0"
__all__ = [
    "LTI",
    "Audit",
    "DiagonalLTI",
    "audit",
    "convergence",
    "hankel",
    "learning",
    "legs",
    "lti",
    "memory",
]


def __dir__():
    """Name what is meant for users, for completion."""
    return __all__
