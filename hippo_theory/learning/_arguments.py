"""Arguments that every part of the learning room reads in the same way."""

import numpy as np

from hippo_theory import _check
from hippo_theory.lti import spectrum
from hippo_theory.lti.values import System


def as_poles(value, name="poles"):
    """Return the spectrum of a discrete system, and anything else as it is."""
    if not isinstance(value, System):
        return value
    if not value.is_discrete:
        raise ValueError(f"{name} must belong to a recurrence, got {value!r}; discretize it first")
    return spectrum(value)


def pole_array(poles, *, inside: bool = False, name: str = "poles") -> np.ndarray:
    """Return poles (or those of a system) as a vector (N,), where asked refusing |pole| >= 1."""
    poles = np.atleast_1d(_check.double(name, as_poles(poles, name)))
    _check.shape(name, poles, ("N",))
    if poles.size == 0:
        raise ValueError(f"{name} must hold at least one pole, got shape {poles.shape}")
    if inside and (abs(poles) >= 1).any():
        i = int(np.argmax(abs(poles) >= 1))
        raise ValueError(
            f"{name} must lie inside the unit circle, got |pole| = {abs(poles[i]):g} at index {i}"
        )
    return poles


def factors(b, c, *, width: int | None = None, names=("b0", "c0")) -> tuple[np.ndarray, np.ndarray]:
    """Return input and output weights as two arrays (..., N) of one shape."""
    b = np.atleast_1d(_check.double(names[0], b))
    c = np.atleast_1d(_check.double(names[1], c))
    _check.shape(names[1], c, b.shape)
    if width is not None:
        _check.shape(names[0], b, (..., width))
    return b, c
