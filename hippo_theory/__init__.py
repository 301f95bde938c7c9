"""The numerical analysis and theory of state-space models."""

from hippo_theory import convergence, learning, legs, lti, memory
from hippo_theory.lti import LTI, DiagonalLTI

__all__ = ["LTI", "DiagonalLTI", "convergence", "learning", "legs", "lti", "memory"]
