"""Start and units of the solution for a shared pole: P, Q and Lambda^2 without cancellation.

The flow is invariant under b, c, eta -> b / m, c / m, eta m^2 with w -> w / m^2, and under
sigma, eta, tau -> n sigma, n eta, n tau. Powers of two m and n, which change no digit, bring the
weights and the larger of sigma and eta near one, so that squares stay inside double precision.
"""

from typing import Any, NamedTuple

import numpy as np

from hippo_theory import _check
from hippo_theory._check import positive
from hippo_theory.learning._arguments import factors

FARTHEST = 450  # binary orders down to which P is resolved
LIFT = 1000  # binary orders by which a vanishing E may be lifted and not overflow at t = 0


class Start(NamedTuple):
    """Everything that the flow needs of a start, with sigma turned to the positive axis."""

    w: np.ndarray  # Re of the turned w_0
    v: np.ndarray | None  # Im of it, None where all is real
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
    w0, S0 = _check.double("w0", w0), positive("S0", S0, zero=True)
    size = abs(w0)
    if (size * (1 - 64 * np.finfo(float).eps) > S0 / 2).any():
        raise ValueError(
            "S0 must be at least 2 |w0|, since |b|^2 + |c|^2 >= 2 |sum b c|, "
            f"got {np.min(S0 - 2 * size):g} for S0 - 2 |w0|"
        )
    order = _order(S0)
    w0, S0, size = scaled(w0, -order), np.ldexp(S0, -order), np.ldexp(size, -order)
    S0 = np.maximum(S0, 2 * size)
    w, v = _parts(np.conj(phase) * w0)
    conserved = (S0 - 2 * size) * (S0 + 2 * size)
    return Start(w, v, S0, S0 + 2 * w, S0 - 2 * w, conserved, order)


class Units(NamedTuple):
    """sigma >= 0, eta and tau in the units of the start, the larger of sigma and eta near one.

    The gain leaves a small start when E = exp(-R t / tau) has fallen to the size of eta P / sigma.
    Where that is below the least double, E and eta P are both multiplied by 2^lift.
    """

    sigma: np.ndarray
    eta: np.ndarray
    tau: np.ndarray
    lift: np.ndarray
    lifted_eta: np.ndarray  # 2^lift eta


def normalized(start: Start, sigma, eta, tau, *, liftable: bool = False) -> Units:
    """Return the units of a start, refusing one that is too small for them."""
    sigma_order, eta_order = _order(sigma), _order(eta) + start.order
    apart = eta_order + _order(start.S) - sigma_order
    far, lift = apart < -FARTHEST, np.zeros((), int)
    if far.any():
        far = far & (start.S > 0) & (sigma > 0)
        most = np.maximum(LIFT, -start.order) if liftable else lift
        lift = np.minimum(-apart, most) * far
        _refuse_if_farther(-apart * far, most + FARTHEST)
    largest = np.where(sigma > 0, np.maximum(sigma_order, eta_order), eta_order)
    own = start.order - largest
    eta, lifted = np.ldexp(eta, own), np.ldexp(eta, own + lift)
    return Units(np.ldexp(sigma, -largest), eta, np.ldexp(tau, -largest), lift, lifted)


def _refuse_if_farther(apart, most):
    apart, most = np.broadcast_arrays(apart, most)
    out = apart > most
    if out.any():
        least, got = np.log10(2.0) * most[out][0], np.log10(2.0) * apart[out][0]
        raise ValueError(
            f"eta (|b0|^2 + |c0|^2) must be at least 1e-{least:.0f} |sigma|, "
            f"got about 1e-{got:.0f} times it"
        )


def scaled(value, order, turn: Any = 1.0) -> Any:
    """value turn 2^order with |turn| = 1; infinite where that exceeds double precision."""
    with np.errstate(over="ignore"):
        if abs(order).max(initial=0) < 1000:  # 2^order is a double
            return value * (turn * np.ldexp(1.0, order))
        number: Any = np.asarray(value * turn)
        if not np.iscomplexobj(number):
            return np.ldexp(number, order)
        return np.ldexp(number.real, order) + 1j * np.ldexp(number.imag, order)


def _start_from_factors(b, c, phase) -> Start:
    """P_0, Q_0 and Lambda^2 = (Re <p, q>)^2 + |p|^2 |q|^2 - |<p, q>|^2 from p, q = b +- conj c."""
    half = _order(np.maximum(abs(b), abs(c)).max(-1))
    b, c = scaled(b, -half[..., None]), scaled(c, -half[..., None])
    turned = phase * c.conj()
    p, q = b + turned, b - turned
    P, Q = np.vecdot(p, p).real, np.vecdot(q, q).real
    lost = P < 2.0**-FARTHEST
    if lost.any() and (lost & p.any(-1)).any():
        raise ValueError(
            "b0 must be the opposite of conj(c0), turned by the phase of sigma, or differ from it "
            f"by 1e-67 of its size, got {abs(p).max(-1)[lost & p.any(-1)].flat[0]:.3g}"
        )
    inner = np.vecdot(p, q)
    rest = q - p * (inner / np.where(lost, 1.0, P))[..., None]
    conserved = inner.real**2 + P * np.vecdot(rest, rest).real
    w, v = _parts(np.vecdot(turned, b))
    return Start(w, v, (P + Q) / 2, P, Q, conserved, 2 * half)


def _parts(z):
    """Real part, and the imaginary one of what is complex."""
    return (z.real, z.imag) if np.iscomplexobj(z) else (z, None)


def _order(value):
    """Binary order of magnitude, 0 for zero."""
    return np.frexp(value)[1]
