"""The numerical analysis and theory of state-space models."""

from hippo_theory import convergence, legs

__all__ = ["convergence", "legs"]
