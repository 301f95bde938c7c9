"""Denominators 1 - l_i conj(l_j) and differences l_i - l_j of poles, to relative precision."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from hippo_theory import _check
from hippo_theory.digits import two_product, two_sum


@dataclass(frozen=True, slots=True, eq=False)
class Pairings:
    """What any two poles have to do with each other.

    Attributes
    ----------
    denominator, difference : callables
        Map broadcastable index arrays (i, j) to w_ij and l_i - l_j.
    diagonal : numpy.ndarray, shape (N,)
        w_ii, real and positive.
    """

    denominator: Callable[[Any, Any], Any]
    difference: Callable[[Any, Any], Any]
    diagonal: np.ndarray


def pairings(poles, *, discrete=True, log_poles=None) -> Pairings:
    """Functions of index arrays for w_ij = 1 - l_i conj(l_j) and for l_i - l_j.

    Parameters
    ----------
    poles : array_like, shape (N,)
        Poles, inside the unit circle or, with ``discrete=False``, in the left half-plane.
    discrete : bool
        False: w_ij = -(l_i + conj(l_j)), the kin of continuous time.
    log_poles : array_like, shape (N,), optional
        Where given (discrete only), poles are exp(log_poles) and the logarithms are the data.

    Returns
    -------
    Pairings
        `.denominator`, `.difference`: complex values with relative errors of a few eps;
        `.diagonal`.

    Raises
    ------
    ValueError
        If there are no poles or one is not finite or not stable.

    Notes
    -----
    Discrete denominators come from error-free products and sums, or from expm1 where log_poles
    are given: rounding exp(log_poles) first would cost eps / (1 - |l|). O(1) per pair.
    docs/theory.md (5.24).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> pairs = ht.lti.pairings.pairings([0.5, -0.5])
    >>> complex(pairs.denominator(0, 1)), complex(pairs.difference(0, 1))
    ((1.25+0j), (1+0j))
    """
    poles, log_poles = _stable(poles, discrete, log_poles)
    if log_poles is not None:
        a, b = log_poles.real, log_poles.imag
        return Pairings(
            lambda i, j: -expm1(a[i] + a[j], b[i], b[j]),
            lambda i, j: poles[j] * expm1(a[i] - a[j], b[i], b[j]),
            -np.expm1(2 * a),
        )
    difference = lambda i, j: poles[i] - poles[j]  # noqa: E731
    if not discrete:
        return Pairings(lambda i, j: -(poles[i] + poles[j].conj()), difference, -2 * poles.real)
    diagonal = one_minus(poles, poles).real
    return Pairings(lambda i, j: one_minus(poles[i], poles[j]), difference, diagonal)


def one_minus(x, y) -> Any:
    """1 - x conj(y) to relative precision, for numbers inside the unit circle.

    Parameters
    ----------
    x, y : array_like, broadcastable

    Returns
    -------
    complex, of the broadcast shape

    Notes
    -----
    Error-free products and sums (Dekker, Knuth); 1 - abs(x)**2 would lose eps / (1 - |x|).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> x = 1 - 2.0**-40
    >>> float(ht.lti.pairings.one_minus(x, x).real) == 2.0**-39 - 2.0**-80
    True
    """
    x, y = np.asarray(x, np.complex128), np.asarray(y, np.complex128)
    p, e = two_product(x.real, y.real)
    q, f = two_product(x.imag, y.imag)
    s, t = two_sum(1.0, -p)
    u, v = two_sum(s, -q)
    real = u + (v + t - e - f)
    p, e = two_product(x.imag, y.real)
    q, f = two_product(x.real, -y.imag)
    s, t = two_sum(p, q)
    return real - 1j * (s + (t + e + f))


def expm1(x, b, c) -> Any:
    """exp(x + i (b - c)) - 1 to relative precision, with the rounding error of b - c put back.

    Parameters
    ----------
    x, b, c : array_like, real, broadcastable

    Returns
    -------
    complex, of the broadcast shape

    Examples
    --------
    >>> import hippo_theory as ht
    >>> complex(ht.lti.pairings.expm1(-1e-20, 0.5, 0.5))
    (-1e-20+0j)
    """
    y, error = two_sum(b, -c)
    value = np.expm1(x + 1j * y)
    return value + 1j * error * (value + 1)


def _stable(poles, discrete, log_poles):
    if log_poles is None:
        return _check.poles("poles", poles, discrete=discrete), None
    if not discrete:
        raise ValueError("log_poles must be left out for continuous poles, got discrete=False")
    log_poles = _check.poles("log_poles", log_poles, discrete=False)
    return np.exp(log_poles), log_poles
