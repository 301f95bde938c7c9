"""Poles whose memory curve follows a wanted one, or reaches as far as N states can at one lag."""

import numpy as np

from hippo_theory import _check
from hippo_theory.memory._furthest import furthest


def design_poles(target=None, *, N=None, lag=None, damping=0.4) -> np.ndarray:
    """N = sum(target) poles, in conjugate pairs, with MC(k) close to target[k]; or N for one lag.

    Use `target` for the shape of a whole curve, and `N=64, lag=1000` to remember the input 1,000
    steps ago as well as 64 states can.

    Parameters
    ----------
    target : array_like, shape (K,), optional
        Wanted MC(0 .. K - 1): non-increasing, between 0 and 1, 0 from lag K on, with a sum that
        rounds to the number of poles, at least 1.
    N, lag : int, optional
        Instead: so many poles with as much memory at the lag as a local search finds; lag >= N,
        since below it the shift register, all poles 0, recalls everything.
    damping : float
        With a target, radii are exp(-damping 2 pi / tau). Small: sharper combs, more ripple;
        large: blurred.
        0.35 to 0.5 gives the smallest deviation on ramps, exponentials and power laws
        (empirical, N = 64).

    Returns
    -------
    numpy.ndarray, complex, shape (N,)
        Closed under conjugation.

    Raises
    ------
    ValueError
        If no linear recurrence has such a curve: it increases or leaves [0, 1]; if lag < N; or
        unless either target or both of N and lag are given.

    Notes
    -----
    By the law MC(k) ~ share of the band with group delay above k, the band |w| <= pi x must hold
    sum_k min(x, target[k]) poles and have the delay tau(x) = #{k: target[k] >= x} at its edge.
    A deviation of a few per cent remains for smooth targets; check with `capacity`. O(K log K).
    docs/theory.md (7.8).

    One lag: L-BFGS from a comb of S4D-Lin's, with the exact gradient, O(N k) an evaluation, at
    most 1,000 of them. The share of the ceiling N / (k + 1) that is reached grows with N: 0.67 for
    4 states, 0.78 for 8, 0.86 for 16, 0.91 for 32, at k = 4 N. A local optimum: nothing is proved
    of it. docs/theory.md (7.27).

    Examples
    --------
    >>> import numpy as np, hippo_theory as ht
    >>> target = np.exp(-np.arange(800) / 63.5)
    >>> curve = ht.memory.capacity(ht.memory.design_poles(target), 800)
    >>> bool(np.abs(curve - target).sum() < 0.05 * target.sum())
    True
    """
    asked = [value is not None for value in (target, N, lag)]
    if asked not in ([True, False, False], [False, True, True]):
        names = [
            name for name, is_given in zip(("target", "N", "lag"), asked, strict=True) if is_given
        ]
        raise ValueError(
            f"either target or both N and lag must be given, got {' and '.join(names) or 'neither'}"
        )
    if target is None:
        N = _check.integer("N", N)
        lag = _check.size("lag", lag, by=32 * N)
        if lag < N:
            raise ValueError(
                f"lag must be at least N = {N}, got {lag}; below it the shift register, all poles "
                "0, recalls everything"
            )
        return furthest(N, lag)
    target = _check.double("target", target, ndim=1, real=True)
    damping = _check.number("damping", damping, above=0.0)
    _refuse_impossible(target)
    N, total = round(float(target.sum())), target.sum()
    levels = np.r_[0.0, target[::-1]]  # ascending; below levels[i] lie K - i + 1 lags
    counts = np.arange(target.size, 0, -1)
    inside = np.r_[0.0, np.cumsum(np.diff(levels) * counts)]  # sum_k min(x, target[k])
    position = np.abs(2 * np.arange(1, N + 1) - N - 1) / N
    share = np.interp(position * total, inside, levels)
    delay = target.size - np.searchsorted(target[::-1], share, side="left")
    radius = np.exp(-damping * 2 * np.pi / np.maximum(delay, 1))
    sign = np.sign(2 * np.arange(1, N + 1) - N - 1)
    return radius * (np.cos(np.pi * share) + 1j * sign * np.sin(np.pi * share))


def _refuse_impossible(target):
    if target.size == 0 or target.min() < 0 or target.max() > 1:
        got = f"[{target.min():g}, {target.max():g}]" if target.size else "no values"
        raise ValueError(f"target must lie between 0 and 1, got {got}")
    rises = np.diff(target) > 0
    if rises.any():
        k = int(np.argmax(rises)) + 1
        raise ValueError(
            f"target must not increase, got {target[k]:g} after {target[k - 1]:g} at index {k}; "
            "no linear recurrence has such a memory curve"
        )
    if target.sum() < 0.5:
        raise ValueError(f"target must have a sum that rounds to 1 or more, got {target.sum():g}")
