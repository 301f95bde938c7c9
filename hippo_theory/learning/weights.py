"""Losses that weigh frequencies: a weight W on |error|^2 changes the statistics and nothing else.

With W = |F|^2 for a causal filter F the weighted loss of (u, y) is the plain loss of (F u, F y),
on a finite causal window too: F (y - sum w_j g_j u) = F y - sum w_j g_j F u. So the weighted sums
s and M enter every formula of this room as the plain ones do.
"""

import numpy as np

from hippo_theory import _check
from hippo_theory.learning._arguments import pole_array
from hippo_theory.lti.pairings import one_minus


def sobolev_weight(beta: float) -> np.ndarray:
    """Fourier coefficients of W(omega) = (1 + |1 - e^{-i omega}|^2)^beta = (3 - 2 cos omega)^beta.

    Use them as the `weight` of `population_statistics`: beta > 0 makes a loss care for high
    frequencies, beta < 0 for low ones.

    Parameters
    ----------
    beta : float
        Order, at most 30 in modulus; (1 - difference^2)^beta weighs the error.

    Returns
    -------
    ndarray, shape (K + 1,)
        W_k, k = 0..K, of W = W_0 + 2 sum W_k cos(k omega), to the rounding of the largest.

    Notes
    -----
    W_k decreases like ((3 - sqrt 5) / 2)^k, so that a transform of 256 points is exact to rounding.
    After the frequency bias of Yu et al. (2024) [yu2024tuning]; the weight is on the loss here,
    theirs is a factor of the model. docs/theory.md (8.33).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.learning.sobolev_weight(1.0)
    array([ 3., -1.])
    """
    beta = _check.number("beta", beta, minimum=-30.0, maximum=30.0)
    omega = 2 * np.pi * np.arange(256) / 256
    values = np.fft.rfft((3 - 2 * np.cos(omega)) ** beta).real / 256
    values[abs(values) <= 64 * np.finfo(float).eps * abs(values).max()] = 0
    last = int(np.flatnonzero(values)[-1])
    return values[: last + 1] if beta != 1 else np.array([3.0, -1.0])


def coefficients(weight) -> np.ndarray:
    """Return W_k of a weight, given as those or as beta, refusing one that is not positive."""
    if np.ndim(weight) == 0:
        return sobolev_weight(weight)
    W = _check.double("weight", weight, ndim=1, real=True)
    if W.size == 0:
        raise ValueError("weight must hold at least one coefficient, got shape (0,)")
    count = 8 * max(W.size, 8)
    values = np.fft.hfft(np.concatenate([W, np.zeros(count // 2 + 1 - W.size)]), count)
    if values.min() < -1e-12 * abs(W).sum():
        raise ValueError(
            f"weight must be non-negative at every frequency, got {values.min():g} at omega = "
            f"{2 * np.pi * values.argmin() / count:.3g}"
        )
    return W


def weighted_covariance(left, right, rho, weight) -> np.ndarray:
    """E conj(phi_i) phi_j for a spectrum W times that of a unit AR(1) process, (N, K).

    [c_0 + sum_{k>=1} c_k (conj(a_i)^k + b_j^k)] / (1 - conj(a_i) b_j), where c_k = sum over all m
    of W_|m| rho^|k - m| are the coefficients of the product.
    """
    W = coefficients(weight)
    m = np.arange(W.size)
    zero = W[0] + 2 * (W[1:] * rho ** m[1:]).sum()
    top = zero + _tail(left.conj(), W, rho)[:, None] + _tail(right, W, rho)
    rest = one_minus(right[None, :], left[:, None])
    return top / (rest if np.iscomplexobj(left) or np.iscomplexobj(right) else rest.real)


def _tail(a, W, rho):
    """Sum of c_k a^k over k >= 1."""
    rest = one_minus(a, rho) if np.iscomplexobj(a) else one_minus(a, rho).real
    total = W[0] * rho * a / rest
    power, between = a, np.zeros_like(a)  # a^m and the sum of a^k rho^(m - k) over 0 < k < m
    for m in range(1, W.size):
        near = between + power / rest  # sum of a^k rho^|k - m| over k >= 1
        total = total + W[m] * (near + rho**m * rho * a / rest)
        between, power = rho * (between + power), power * a
    return total


def filtered(u, y, weight):
    """Return F u and F y, F = b / a given as (b, a) in powers of e^{-i omega}, from rest."""
    from scipy.signal import lfilter

    b, a = filter_of(weight)
    return np.asarray(lfilter(b, a, u, axis=-1)), np.asarray(lfilter(b, a, y, axis=-1))


def filter_of(weight):
    """Return the coefficients b and a of a weighting filter."""
    try:
        b, a = weight
    except (TypeError, ValueError):
        raise TypeError(
            f"weight must be a filter (b, a) in powers of e^(-i omega), got {weight!r}"
        ) from None
    b, a = (np.atleast_1d(_check.double(f"weight[{k}]", v, real=True)) for k, v in ((0, b), (1, a)))
    for k, v in ((0, b), (1, a)):
        _check.shape(f"weight[{k}]", v, ("n",))
    if a.size == 0 or b.size == 0 or a[0] == 0:
        raise ValueError("weight must be a filter (b, a) with a[0] other than 0")
    zeros = np.roots(a)
    pole_array(zeros if zeros.size else [0.0], inside=True, name="poles of the weight")
    return b, a


def response(weight, omega):
    """|F|^2 at the frequencies omega."""
    b, a = filter_of(weight)
    z = np.exp(-1j * omega)
    return abs(np.polyval(b[::-1], z) / np.polyval(a[::-1], z)) ** 2
