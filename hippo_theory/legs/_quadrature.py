"""Squared L2 norms by Gauss rules on halved intervals, never below what two rules differ by."""

from collections.abc import Callable

import numpy as np

POINTS = 8  # of the Gauss rule on each interval
SHARE = 1 / 32  # of the result that the differences between two rules may reach; they are added
BUDGET = 2**18  # evaluations; more for more than 512 intervals
BLOCK = 2**17  # evaluations at once


@np.errstate(over="ignore", invalid="ignore")  # what is not finite ends as inf
def squared_norm(difference: Callable, edges: np.ndarray, noise: float) -> np.ndarray:
    """int |difference(s)|^2 ds over the intervals between `edges`, for each row: (S,).

    Parameters
    ----------
    difference : callable
        Points (I, POINTS) of I intervals -> values (S, I, POINTS).
    edges : ndarray
        Increasing; `difference` is meant to be smooth between them.
    noise : float
        Size of what in `difference` is rounding, and need not be resolved.

    Returns
    -------
    ndarray, shape (S,)
        The rule on halves, plus all its differences from the rule on wholes; inf for rows whose
        differences exceed SHARE of it when the evaluations are spent.
    """
    left, right = edges[:-1], edges[1:]
    middle = (left + right) / 2
    whole = _gauss(difference, left, right)
    halves = np.stack([_gauss(difference, left, middle), _gauss(difference, middle, right)])
    spent, allowed = 3 * left.size, max(BUDGET // (POINTS * len(whole)), 64 * left.size)
    negligible = noise**2 * (edges[-1] - edges[0])
    while True:
        value, gap = halves.sum(axis=0), abs(halves.sum(axis=0) - whole)
        share = SHARE * value.sum(axis=1) + negligible
        open_rows = ~(gap.sum(axis=1) <= share)
        total = np.where(open_rows, np.inf, value.sum(axis=1) + gap.sum(axis=1))
        large = gap[open_rows] > share[open_rows, None] / (2 * left.size)
        split = large.any(axis=0) & (right - left > 2.0**-42 * right)
        spent += 4 * int(split.sum())
        if not split.any() or spent > allowed:
            return total
        whole = np.concatenate([whole[:, ~split], halves[0][:, split], halves[1][:, split]], axis=1)
        middle = (left[split] + right[split]) / 2
        new_left = np.concatenate([left[split], middle])
        new_right = np.concatenate([middle, right[split]])
        middle = (new_left + new_right) / 2
        new = np.stack(
            [_gauss(difference, new_left, middle), _gauss(difference, middle, new_right)]
        )
        halves = np.concatenate([halves[:, :, ~split], new], axis=2)
        left = np.concatenate([left[~split], new_left])
        right = np.concatenate([right[~split], new_right])


def _gauss(difference, left, right):
    """The Gauss rule for |difference|^2 on each interval: (S, I)."""
    x, w = np.polynomial.legendre.leggauss(POINTS)
    parts = []
    for start in range(0, left.size, BLOCK // POINTS):
        a, b = left[start : start + BLOCK // POINTS], right[start : start + BLOCK // POINTS]
        points = a[:, None] + (b - a)[:, None] * ((1 + x) / 2)
        parts.append(difference(points) ** 2 @ (w / 2) * (b - a))
    return np.concatenate(parts, axis=1)
