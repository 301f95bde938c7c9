"""H-infinity norms from modes, by intervals of frequency: every bound is proved.

On [x - h, x + h] the response is a Taylor polynomial in t, or in tan(t / 2) on the circle, whose
coefficients see what cancels between modes, and a remainder that sums moduli. |G|^2 is a
polynomial again; its terms of second and higher order are bounded by their moduli. Modes whose
poles nearly coincide are summed first, by divided differences:

    r / (s - a) + r' / (s - a') = (r + r') / (s - a) + r' (a' - a) / ((s - a) (s - a')).
"""

from dataclasses import dataclass
from math import comb, fsum
from typing import Any

import numpy as np

from hippo_theory.digits import two_product
from hippo_theory.lti._values import Array

EPS = np.finfo(float).eps
ORDER = 12  # Taylor coefficients
CLOSE = 1e-3  # poles nearer than this to each other, in units of their damping, are one group
MOST = 100_000  # intervals
ROUNDING = 24  # relative error, in eps, of a factor 1 / (z - l) and of its product with a residue
SMALL, SEEN = 4, 4  # entries of G up to which all F_s are computed; how many are of larger ones
CHUNK = 1_000_000  # numbers held at once


def bounds(modes, rtol):
    """(value, lower, upper, frequency, floor) of sup |G|, or None.

    The bounds are at most `rtol` and the floor of rounding errors apart. None where more than
    MOST intervals would be needed: cancellation that no order sees.
    """
    terms = _newton_terms(modes)
    through = float(np.linalg.norm(modes.D, 2)) if modes.D.size else 0.0
    if terms is None:
        lower, upper = max(through - modes.remainder, 0.0), through + modes.remainder
        return through, lower, upper, 0.0, 2 * modes.remainder
    chart, x, h, far = _cover(modes, terms, through, rtol)
    best, upper, seen, floor = (through, through * (1 - 4 * EPS), None), far, 0, 0.0
    while x.size:
        seen += x.size
        if seen > MOST:
            return None
        size, error, top, slack = _evaluate(modes, terms, chart, x, h)
        k = int(np.argmax(size - error))
        best = max(best, (size[k], size[k] - error[k], (chart[k], x[k], h[k])), key=lambda b: b[1])
        done = (top <= best[0] * (1 + rtol) + 2 * slack) | (h <= 4 * EPS * np.abs(x)) | (h < 1e-300)
        upper = max(upper, top[done].max(initial=0.0))
        floor = max(floor, slack[done & (top > best[0] * (1 + rtol))].max(initial=0.0))
        chart, x, h = chart[~done], x[~done], h[~done] / 2
        chart, x, h = np.tile(chart, 2), np.concatenate([x - h, x + h]), np.tile(h, 2)
    value, lower, place = _polished(modes, terms, best)
    lower, upper = max(lower - modes.remainder, 0.0), max(value, upper + modes.remainder)
    return value, lower, float(upper), _frequency(modes, place), 4 * float(floor)


def _frequency(modes, place):
    """The frequency of a place (mode, distance); of none, that of the feedthrough."""
    if place is None:
        return 0.0 if modes.discrete else np.inf
    frequency = float(modes.position[place[0]] + place[1])
    return (frequency + np.pi) % (2 * np.pi) - np.pi if modes.discrete else frequency


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """G = D + sum_T rho_T prod_j s_j / (z - l_j), j over a chain of modes; s_j is a damping.

    Attributes
    ----------
    levels : list of (nodes, parents)
        Modes that end the chains of one length, and the place of the chain less its end on the
        level before.
    weights : (T, p m)
    sizes, errors, depth : (T,)
        Norms of the weights, bounds of their errors, lengths of the chains.
    """

    levels: list[tuple[Array, Array]]
    weights: Array
    sizes: Array
    errors: Array
    depth: Array


def _newton_terms(modes) -> Terms | None:
    rows, free = [], np.ones(modes.damping.size, bool)
    for first in np.argsort(modes.damping, kind="stable"):
        if free[first]:
            near = np.abs(modes.differences[:, first]) <= CLOSE * modes.damping[first]
            group = np.flatnonzero(free & near)
            free[group] = False
            rows.append(_divided_differences(modes, np.r_[first, group[group != first]]))
    rows = [row for row in rows if row]
    levels, weights, places = [], [], {}
    for k in range(max(map(len, rows), default=0)):
        level = [i for i, row in enumerate(rows) if len(row) > k]
        parents = np.array([places.get(i, 0) for i in level])
        levels.append((np.array([rows[i][k][0] for i in level]), parents))
        weights += [(*rows[i][k][1:], k + 1) for i in level]
        places = {i: place for place, i in enumerate(level)}
    if not weights:
        return None
    rho, errors, depth = zip(*weights, strict=True)
    rho = np.array(rho).reshape(len(rho), -1)
    return Terms(levels, rho, np.linalg.norm(rho, axis=1), np.array(errors), np.array(depth))


def _divided_differences(modes, group):
    """[(mode, rho, error of rho), ...] of a group of modes, without zeros at the end."""
    s, count = modes.damping, group.size
    factors, row = np.ones(count, complex), []
    residues = modes.C.T[group, :, None] * modes.B[group][:, None, :]
    sizes = np.linalg.norm(residues, axis=(1, 2))
    for k, node in enumerate(group):
        rho = np.tensordot(factors, residues, 1) if k or count == 1 else _exact_sum(modes, group)
        moduli = np.abs(factors)
        rounding = 0.0 if k == 0 else 16 * count * EPS * float(moduli @ sizes)
        error = rounding + float(moduli @ modes.errors[group])
        row.append((node, rho / s[node], error / s[node]))
        factors = factors * modes.differences[group, node] / s[node]
        factors[k] = 0.0
    while row and not row[-1][1].any() and row[-1][2] == 0:
        row.pop()
    return row


def _exact_sum(modes, group):
    """sum_j c_j b_j, rounded once."""
    C, B = modes.C.T[group, :, None], modes.B[group][:, None, :]

    def total(*products):
        parts = [x for pair in products for x in two_product(*pair)]
        return np.apply_along_axis(fsum, 0, np.concatenate(parts))

    real = total((C.real, B.real), (-C.imag, B.imag))
    return real + 1j * total((C.real, B.imag), (C.imag, B.real))


def _evaluate(modes, terms, chart, x, h):
    """|G| and its rounding error at the centres; bounds over the intervals, and their rounding."""
    step = max(1, CHUNK // (ORDER * max(modes.damping.size, *modes.D.shape) * modes.D.shape[0]))
    parts = [
        _interval_bounds(modes, terms, chart[i : i + step], x[i : i + step], h[i : i + step])
        for i in range(0, x.size, step)
    ]
    return tuple(np.concatenate(column) for column in zip(*parts, strict=True))


def _interval_bounds(modes, terms, chart, x, h):
    gaps = modes.gaps(chart, x)
    ratio, t, reach = _ratios(modes, gaps, chart, x, h)
    G, centre, radius = _coefficients(modes, terms, gaps, ratio, t, reach)
    size = np.linalg.norm(G[0], 2, axis=(1, 2))
    sums = (terms.weights.shape[0] + ROUNDING * terms.depth) * EPS * terms.sizes + terms.errors
    of_D = 4 * EPS * np.abs(modes.D).sum()
    error = centre @ sums + of_D
    growth = ((1 + radius) / (1 - radius)) ** (2 * terms.depth)
    slack = (centre * growth) @ sums + of_D
    tail = [2**q * comb(ORDER + q - 1, q - 1) for q in terms.depth.tolist()]
    tail = tail * centre * radius**ORDER / (1 - radius) ** terms.depth
    top = _polynomial_bound(G) + tail @ (terms.sizes + terms.errors) + slack
    farthest = _chain_products(terms, modes.damping / modes.distances(chart, x, h))
    crude = np.linalg.norm(modes.D) + farthest @ (terms.sizes + terms.errors + sums) + of_D
    inside = reach.max(axis=1) <= 0.5
    top = np.where(inside, np.minimum(top, crude), crude)
    return size, error, top, np.where(inside, slack, 0.0)


def _ratios(modes, gaps, chart, x, h):
    """Ratios of the Taylor series of 1 / (z - l_j), the half-length in its variable, and moduli."""
    if not modes.discrete:
        ratio = h[:, None] / gaps
        return ratio, np.zeros_like(h), np.abs(ratio)
    t = np.tan(np.minimum(h, 3.0) / 2)
    z = np.exp(1j * (modes.position[chart] + x))[:, None]
    ratio = t[:, None] * (2 * z / gaps - 1)
    return ratio, t, np.maximum(np.abs(ratio), t[:, None])


def _coefficients(modes, terms, gaps, ratio, t, reach):
    """Taylor coefficients of G, (K, k, p, m); moduli of the terms and their ratios, (k, T)."""
    first = modes.damping / gaps
    outer, columns, centre, radius = None, [], [], []
    for nodes, parents in terms.levels:
        above = np.zeros((ORDER, x_count := len(gaps), nodes.size), complex)
        if outer is None:
            above[0] = 1.0
            bound, most = np.ones((x_count, nodes.size)), np.zeros((x_count, nodes.size))
        else:
            above = outer[:, :, parents]
            bound, most = centre[-1][:, parents], radius[-1][:, parents]
        scale, turn = first[:, nodes], -1j * ratio[:, nodes]
        inner = above.copy()
        inner[1:] -= 1j * t[:, None] * above[:-1]
        inner *= scale
        for k in range(1, ORDER):
            inner[k] += turn * inner[k - 1]
        outer = inner
        columns.append(inner)
        centre.append(bound * np.abs(scale))
        radius.append(np.maximum(most, np.minimum(reach[:, nodes], 0.5)))
    G = np.concatenate(columns, axis=2) @ terms.weights
    G = G.reshape(*G.shape[:2], *modes.D.shape)
    G[0] += modes.D
    return G, np.concatenate(centre, axis=1), np.concatenate(radius, axis=1)


def _chain_products(terms, factors):
    result = []
    for nodes, parents in terms.levels:
        result.append(factors[:, nodes] * (result[-1][:, parents] if result else 1.0))
    return np.concatenate(result, axis=1)


def _polynomial_bound(G):
    """Bound (k,) of |sum_a G_a t^a| over real |t| <= 1, G (K, k, p, m).

    F_0 + F_1 t of |sum|^2 is largest at an end; the other F_s are bounded by their norms, those
    of high orders of large matrices by products of norms.
    """
    if G.shape[2] < G.shape[3]:
        G = G.conj().swapaxes(2, 3)
    norms = np.linalg.norm(G, axis=(2, 3))
    orders = 2 * len(G) - 1 if G[0, 0].size <= SMALL else SEEN
    adjoint = G.conj().swapaxes(2, 3)
    squares = [_square(G, adjoint, order) for order in range(orders)]
    beyond = sum(np.linalg.norm(F, axis=(1, 2)) for F in squares[2:])
    pairs = [(a, b) for a in range(len(G)) for b in range(len(G)) if a + b >= orders]
    beyond = beyond + sum(norms[a] * norms[b] for a, b in pairs)
    if G.shape[3] == 1:
        largest = (np.abs(squares[0]) + np.abs(squares[1]))[:, 0, 0]
    else:
        ends = np.linalg.eigvalsh(np.stack([squares[0] + squares[1], squares[0] - squares[1]]))
        largest = ends[..., -1].max(axis=0)
    rounding = 4 * (len(G) + G.shape[2]) * EPS * norms.sum(axis=0)
    return np.sqrt(np.maximum(largest + beyond, 0.0)) + rounding


def _square(G, adjoint, order):
    """F_s = sum over a + b = s of G_a^* G_b, which is Hermitian."""
    low = range(max(0, order - len(G) + 1), (order + 1) // 2)
    F: Array = sum((adjoint[a] @ G[order - a] for a in low), np.zeros_like(adjoint[0] @ G[0]))
    F = F + F.conj().swapaxes(1, 2)
    return F + adjoint[order // 2] @ G[order // 2] if order % 2 == 0 else F


def _cover(modes, terms, through, rtol):
    """Intervals that cover the boundary, as (mode, centre, half-width), and a bound beyond them.

    Each pole owns the frequencies nearest to it, cut at its damping times powers of four, so that
    its own frequency is exactly 0.
    """
    _, owners = np.unique(modes.position, return_index=True)
    step = modes.angles[np.roll(owners, -1), owners]
    far = 0.0
    if modes.discrete:
        step = step % (2 * np.pi) if owners.size > 1 else np.array([2 * np.pi])
        ahead, behind = step / 2, np.roll(step, 1) / 2
    else:
        zero = np.zeros(owners.size)
        size, error, _, _ = _evaluate(modes, terms, owners, zero, zero)
        best = max(through, float((size - error).max()))
        heads = modes.damping[np.concatenate([_heads(terms, k) for k in range(len(terms.levels))])]
        total = float(heads @ (terms.sizes + terms.errors))
        level = max(best * (1 + rtol / 4) - through, EPS * float(terms.sizes.sum()), 1e-300)
        ahead, behind = step / 2, np.roll(step, 1) / 2
        ahead[-1] = behind[0] = total / level
        far = through * (1 + 4 * EPS) + level
    ahead, behind = 1.0000001 * ahead, 1.0000001 * behind  # they overlap
    parts = [_cell(b, a, modes.damping[c]) for c, a, b in zip(owners, ahead, behind, strict=True)]
    chart = np.repeat(owners, [x.size for x, _ in parts])
    return chart, *(np.concatenate(column) for column in zip(*parts, strict=True)), far


def _heads(terms, level):
    """The modes that begin the chains of a level."""
    nodes, places = terms.levels[0][0], np.arange(terms.levels[level][0].size)
    for _, parents in terms.levels[level:0:-1]:
        places = parents[places]
    return nodes[places]


def _cell(behind, ahead, damping):
    sides = []
    for reach in (behind, ahead):
        count = int(np.ceil((np.log2(max(reach, damping)) - np.log2(damping)) / 2)) + 1
        sides.append(np.minimum(np.ldexp(damping, 2 * np.arange(count)), reach))
    marks = np.unique(np.concatenate([-behind * np.ones(1), -sides[0], [0.0], sides[1], [ahead]]))
    return (
        np.concatenate([[0.0], (marks[1:] + marks[:-1]) / 2]),
        np.concatenate([[0.0], (marks[1:] - marks[:-1]) / 2]),
    )


def _polished(modes, terms, best):
    """The largest |G| near the best centre, the same less its rounding error, and its place."""
    from scipy.optimize import minimize_scalar

    value, lower, place = best
    if place is None or place[2] == 0:
        return float(value), float(lower), place
    chart, x, h = place
    zero, chart = np.zeros(1), np.array([chart])

    def size(point):
        found = _evaluate(modes, terms, chart, np.array([point]), zero)
        return float(found[0][0]), float(found[1][0])

    found: Any = minimize_scalar(
        lambda p: -size(p)[0],
        bounds=(x - h, x + h),
        method="bounded",
        options={"xatol": 1e-9 * h, "maxiter": 40},
    )
    other, error = size(found.x)
    if other - error > lower:
        return other, other - error, (place[0], found.x)
    return float(value), float(lower), place
