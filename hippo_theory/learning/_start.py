"""The start of a shared pole as the flow needs it: P, Q and Lambda^2 without cancellation.

The flow is invariant under b, c, eta -> b / m, c / m, eta m^2 with w -> w / m^2, and under
sigma, eta, tau -> n sigma, n eta, n tau. Powers of two m and n, which change no digit, bring the
weights and the larger of sigma and eta near one, so that squares stay inside double precision.
"""

from typing import Any, NamedTuple

import numpy as np

from hippo_theory import _check
from hippo_theory.learning._arguments import factors, positive

FARTHEST = 450  # binary orders from eta S0 up to sigma: exp(-R t) ends before, and P is resolved


class Start(NamedTuple):
    """Everything that the flow needs of a start, with sigma turned to the positive axis."""

    w: np.ndarray  # Re of the turned w_0
    v: np.ndarray  # Im of it
    S: np.ndarray
    P: np.ndarray
    Q: np.ndarray
    conserved: np.ndarray  # Lambda^2
    order: np.ndarray  # all of these are in units of 2^order, Lambda^2 in those of its square


def read_start(w0, S0, b0, c0, phase) -> Start:
    """Return the start given as (w0, S0) or as (b0, c0), turned by -arg sigma."""
    if (w0 is None) != (S0 is None) or (b0 is None) != (c0 is None) or (w0 is None) == (b0 is None):
        raise TypeError("the start must be given as w0 and S0 or as b0 and c0")
    if b0 is not None:
        return _start_from_factors(*factors(b0, c0), np.asarray(phase)[..., None])
    w0, S0 = _check.array("w0", w0), positive("S0", S0, zero=True)
    size = abs(w0)
    if (size * (1 - 64 * np.finfo(float).eps) > S0 / 2).any():
        raise ValueError(
            "S0 must be at least 2 |w0|, since |b|^2 + |c|^2 >= 2 |sum b c|, "
            f"got {np.min(S0 - 2 * size):g} for S0 - 2 |w0|"
        )
    order = _order(S0)
    w0, S0, size = scaled(w0, -order), np.ldexp(S0, -order), np.ldexp(size, -order)
    S0 = np.maximum(S0, 2 * size)
    turned = np.conj(phase) * w0
    w, v = turned.real, np.asarray(turned.imag)
    conserved = (S0 - 2 * size) * (S0 + 2 * size)
    return Start(w, v, S0, S0 + 2 * w, S0 - 2 * w, conserved, order)


def normalized(start: Start, sigma, eta, tau) -> tuple:
    """sigma >= 0, eta and tau in the units of the start, the larger of sigma and eta near one."""
    eta_order, sigma_order = _order(eta) + start.order, _order(sigma)
    apart = eta_order + _order(start.S) - sigma_order
    far = (start.S > 0) & (sigma > 0) & (apart < -FARTHEST)
    if far.any():
        got = np.broadcast_to(apart, far.shape)[far].flat[0] * np.log10(2.0)
        raise ValueError(
            f"eta (|b0|^2 + |c0|^2) must be at least 1e-135 |sigma|, got about 1e{got:.0f} times it"
        )
    largest = np.where(sigma > 0, np.maximum(sigma_order, eta_order), eta_order)
    with np.errstate(over="ignore", under="ignore"):
        return (
            np.ldexp(sigma, -largest),
            np.ldexp(eta, start.order - largest),
            np.ldexp(tau, -largest),
        )


def scaled(value, order) -> Any:
    """value 2^order, real or complex; infinite where that exceeds double precision."""
    number: Any = np.asarray(value)
    with np.errstate(over="ignore", under="ignore"):
        if not np.iscomplexobj(number):
            return np.ldexp(number, order)
        return np.ldexp(number.real, order) + 1j * np.ldexp(number.imag, order)


def _start_from_factors(b, c, phase) -> Start:
    """P_0, Q_0 and Lambda^2 = (Re <p, q>)^2 + |p|^2 |q|^2 - |<p, q>|^2 from p, q = b +- conj c."""
    half = _order(np.maximum(abs(b).max(-1), abs(c).max(-1)))
    b, c = scaled(b, -half[..., None]), scaled(c, -half[..., None])
    turned = phase * c.conj()
    p, q = b + turned, b - turned
    P, Q = (abs(p) ** 2).sum(-1), (abs(q) ** 2).sum(-1)
    lost = (P < 2.0**-FARTHEST) & p.any(-1)
    if lost.any():
        raise ValueError(
            "b0 must be the opposite of conj(c0), turned by the phase of sigma, or differ from it "
            f"by 1e-67 of its size, got {float(abs(p).max(-1)[lost].flat[0]):.3g}"
        )
    inner = (p.conj() * q).sum(-1)
    rest = q - p * (inner / np.where(P > 0, P, 1.0))[..., None]
    conserved = inner.real**2 + P * (abs(rest) ** 2).sum(-1)
    w = np.asarray(np.conj(phase[..., 0]) * (b * c).sum(-1))
    return Start(np.real(w), np.imag(w), (P + Q) / 2, P, Q, conserved, 2 * half)


def _order(value):
    """Binary order of magnitude, 0 for zero."""
    return np.asarray(np.frexp(value)[1])
