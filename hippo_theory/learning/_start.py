"""The start of a shared pole as the flow needs it: P, Q and Lambda^2 without cancellation."""

from typing import NamedTuple

import numpy as np

from hippo_theory import _check
from hippo_theory.learning._arguments import factors, positive


class Start(NamedTuple):
    """Everything that the flow needs of a start, with sigma turned to the positive axis."""

    w: np.ndarray  # Re of the turned w_0
    v: np.ndarray  # Im of it
    S: np.ndarray
    P: np.ndarray
    Q: np.ndarray
    conserved: np.ndarray  # Lambda^2


def read_start(w0, S0, b0, c0, phase) -> Start:
    """Return the start given as (w0, S0) or as (b0, c0), turned by -arg sigma."""
    if (w0 is None) != (S0 is None) or (b0 is None) != (c0 is None) or (w0 is None) == (b0 is None):
        raise TypeError("the start must be given as w0 and S0 or as b0 and c0")
    if b0 is not None:
        return _start_from_factors(*factors(b0, c0), np.asarray(phase)[..., None])
    w0, S0 = _check.array("w0", w0), positive("S0", S0, zero=True)
    size = abs(w0)
    if (2 * size * (1 - 64 * np.finfo(float).eps) > S0).any():
        raise ValueError(
            "S0 must be at least 2 |w0|, since |b|^2 + |c|^2 >= 2 |sum b c|, "
            f"got {np.min(S0 - 2 * size):g} for S0 - 2 |w0|"
        )
    S0 = np.maximum(S0, 2 * size)
    turned = np.conj(phase) * w0
    w, v = turned.real, np.asarray(turned.imag)
    return Start(w, v, S0, S0 + 2 * w, S0 - 2 * w, (S0 - 2 * size) * (S0 + 2 * size))


def _start_from_factors(b, c, phase) -> Start:
    """P_0, Q_0 and Lambda^2 = (Re <p, q>)^2 + |p|^2 |q|^2 - |<p, q>|^2 from p, q = b +- conj c."""
    turned = phase * c.conj()
    p, q = b + turned, b - turned
    P, Q = (abs(p) ** 2).sum(-1), (abs(q) ** 2).sum(-1)
    inner = (p.conj() * q).sum(-1)
    rest = q - p * (inner / np.where(P > 0, P, 1.0))[..., None]
    conserved = inner.real**2 + P * (abs(rest) ** 2).sum(-1)
    w = np.asarray(np.conj(phase[..., 0]) * (b * c).sum(-1))
    return Start(np.real(w), np.imag(w), (P + Q) / 2, P, Q, conserved)
