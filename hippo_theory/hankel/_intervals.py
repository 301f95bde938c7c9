"""H-infinity norms of diagonal systems by intervals of frequency: every bound is proved.

With d_j the least distance from pole j to an interval [x - h, x + h],

    |G|^2 <= f(x) + |f'(x)| h + h^2 (sup |G'|^2 + sup |G| sup |G''|),   f = |G|^2,

and |G^(m)| is bounded by sums of |r_j| / d_j^(m + 1). Distances are taken in a chart: an angle of
the circle, or w = i s on a bounded piece of the axis and 1 / w on the rest of it.
"""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from math import fsum
from typing import Any

import numpy as np

from hippo_theory.hankel.singular_values import _simple_poles, _with_conjugates
from hippo_theory.lti.pairings import pairings

EPS = np.finfo(float).eps
MOST = 2_000_000
ROUNDING = 16


@dataclass(frozen=True, slots=True, eq=False)
class Chart:
    """A piece of the boundary: intervals that cover it, and the terms of G on an interval."""

    intervals: Any
    terms: Callable[[Any, Any], Any]  # centres, half-widths -> G, G' and bounds of G, G', G''


def bounds(system, rtol):
    """(value, lower, upper) of sup |G|, at most `rtol` apart."""
    poles, residues, logs = _merged(*_all_poles(system))
    D = complex(system.D.item())
    best = (abs(D), abs(D))
    upper = abs(D)
    if not poles.size:
        return upper, upper, upper
    pieces = _circle if system.is_discrete else _axis
    for chart in pieces(poles, residues, D, logs):
        best, high = _search(chart, rtol, best)
        upper = max(upper, high)
    value, lower = best
    return float(value), float(lower), float(max(value, upper))


def _search(chart, rtol, best):
    """Split what may exceed the largest value seen by more than `rtol`.

    `best` is (value, value less its rounding error).
    """
    x, h = chart.intervals
    upper, seen = 0.0, 0
    best = max(best, _polish(chart, x, h))
    while x.size:
        seen += x.size
        if seen > MOST:
            raise np.linalg.LinAlgError(f"the H-infinity bounds did not meet in {MOST} intervals")
        top, rounding = interval_bounds(chart, x, h)
        best = max(best, _polish(chart, x, h))
        level = best[0] * (1 + rtol) + rounding
        small = (top <= level) | (h <= 4 * EPS * np.abs(x)) | (h < 1e-300)
        upper = max(upper, top[small].max(initial=0.0))
        x, h = x[~small], h[~small] / 2
        x, h = np.concatenate([x - h, x + h]), np.concatenate([h, h])
    return best, upper


def interval_bounds(chart, x, h):
    """Bounds of |G| over [x - h, x + h], with the rounding errors that they include."""
    G, G1, rounding, sup0, sup1, sup2 = chart.terms(x, h)
    f, slope = np.abs(G) ** 2, 2 * np.abs((G.conj() * G1).real)
    second_order = np.sqrt(f + slope * h + h**2 * (sup1**2 + sup0 * sup2))
    return np.minimum(second_order, sup0) + rounding, rounding


def _polish(chart, x, h):
    """The largest |G| near the best centre."""
    from scipy.optimize import minimize_scalar

    def size(point):
        G, _, rounding, *_ = chart.terms(np.atleast_1d(point), np.zeros(1))
        return float(np.abs(G[0])), float(rounding[0])

    k = int(np.argmax(np.abs(chart.terms(x, h)[0])))
    width = h[k] if h[k] > 0 else 1e-300
    found: Any = minimize_scalar(
        lambda p: -size(p)[0],
        bounds=(x[k] - width, x[k] + width),
        method="bounded",
        options={"xatol": 1e-9 * width, "maxiter": 60},
    )
    candidates = [size(found.x), size(x[k])]
    return max((value, value - rounding) for value, rounding in candidates)


def _all_poles(system):
    if not system.is_siso:
        parts = {"B": system.B[:, 0], "C": system.C[0], "D": system.D[0, 0]}
        system = dataclasses.replace(system, **parts)
    data = _simple_poles(system)
    return _with_conjugates(*data) if system.conjugate else data


def _merged(poles, residues, logs):
    """Equal poles as one, with the rounded exact sum of their residues; none with residue 0."""
    _, first, group = np.unique(
        poles if logs is None else logs, return_index=True, return_inverse=True
    )
    members = [residues[group == k] for k in range(first.size)]
    sums = np.array([complex(fsum(r.real), fsum(r.imag)) for r in members], complex)
    first, sums = first[sums != 0], sums[sums != 0]
    return poles[first], sums, None if logs is None else logs[first]


def _sums(poles, residues, gaps, distances, D):
    """G, the rounding of its sum, and bounds of |G|, |dG/dz|, |d2G/dz2| over the interval."""
    r = np.abs(residues)
    G = D + (residues / gaps).sum(axis=-1)
    inverse = 1 / distances
    sup0, sup1 = abs(D) + (r * inverse).sum(axis=-1), (r * inverse**2).sum(axis=-1)
    sup2 = 2 * (r * inverse**3).sum(axis=-1)
    return G, ROUNDING * len(poles) * EPS * sup0, sup0, sup1, sup2


def _axis(poles, residues, D, logs):
    """s = i w for |w| <= W, and G = D + sum r v / (i - l v) for |v| = |1 / w| <= 1 / W."""
    W = 2 * np.abs(poles).max()
    damping = -poles.real

    def near(x, h):
        gaps = damping + 1j * (x[:, None] - poles.imag)
        away = np.maximum(np.abs(x[:, None] - poles.imag) - h[:, None], 0.0)
        G, rounding, sup0, sup1, sup2 = _sums(poles, residues, gaps, np.hypot(damping, away), D)
        return G, -1j * (residues / gaps**2).sum(axis=-1), rounding, sup0, sup1, sup2

    def far(v, h):
        gaps, r = 1j - poles * v[:, None], np.abs(residues)
        least = 1 - np.abs(poles) * (np.abs(v) + h)[:, None]
        G = D + (residues * v[:, None] / gaps).sum(axis=-1)
        slope = 1j * (residues / gaps**2).sum(axis=-1)
        sup0 = abs(D) + (r * (np.abs(v) + h)[:, None] / least).sum(axis=-1)
        sup1, sup2 = (r / least**2).sum(axis=-1), (2 * r * np.abs(poles) / least**3).sum(axis=-1)
        return G, slope, ROUNDING * len(poles) * EPS * sup0, sup0, sup1, sup2

    return [
        Chart(_cover(-W, W, poles.imag, damping), near),
        Chart(_cover(-1 / W, 1 / W, np.array([0.0]), np.array([1 / W])), far),
    ]


def _circle(poles, residues, D, logs: Any):
    """One piece for each pole l_c: z = e^{i x} l_c / |l_c|, so that 1 - |l_c| keeps its digits."""
    if logs is None:
        angle = np.angle(poles)
        damping = pairings(poles, discrete=True).diagonal / (1 + np.abs(poles))
    else:
        angle, damping = logs.imag, -np.expm1(logs.real)
    around = np.sort(np.unique(angle % (2 * np.pi)))
    gaps = np.diff(np.r_[around, around[0] + 2 * np.pi])

    def chart(c):
        k = np.searchsorted(around, angle[c] % (2 * np.pi)) % around.size
        direction = np.exp(1j * angle[c])
        start = direction - poles
        start[c] = direction * damping[c]

        def terms(x, h):
            gaps = start + direction * np.expm1(1j * x)[:, None]
            distances = np.maximum(np.abs(gaps) - h[:, None], damping)
            G, rounding, sup0, sup1, sup2 = _sums(poles, residues, gaps, distances, D)
            slope = -1j * direction * np.exp(1j * x) * (residues / gaps**2).sum(axis=-1)
            return G, slope, rounding, sup0, sup1, sup1 + sup2

        reach = 0.5000001 * gaps[k - 1], 0.5000001 * gaps[k]  # they overlap
        return Chart(_cover(-reach[0], reach[1], np.zeros(1), damping[c : c + 1]), terms)

    return [chart(c) for c in range(poles.size)]


def _cover(low, high, centres, widths):
    """Intervals from low to high with a point at every resonance, and next to it."""
    marks = np.concatenate(
        [np.linspace(low, high, 17), centres, centres - widths, centres + widths]
    )
    marks = np.unique(np.clip(marks, low, high))
    points = np.concatenate([(marks[1:] + marks[:-1]) / 2, marks])
    return points, np.concatenate([(marks[1:] - marks[:-1]) / 2, np.zeros(marks.size)])
