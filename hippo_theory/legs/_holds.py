"""The exact holds: a propagator and a quadrature for each cell, or one quadrature over all."""

from typing import Any

import numpy as np

from hippo_theory.legs._legendre import cell_points, gauss
from hippo_theory.legs._signal import Signal


def advance(degree: int, t, signal: Signal, span, state, out) -> None:
    """Carry `state` (N, S) cell by cell over span = (start, stop), every state into `out`."""
    from hippo_theory.legs import _fast_holds

    start, stop = span
    ratios = np.diff(t[start : stop + 1]) / t[start + 1 : stop + 1]
    base = signal.read(start, stop)
    quadrature = _empty(state.shape[1], stop - start)
    if degree:
        quadrature = _quadrature(degree, t, signal, span, len(state), t[start + 1 : stop + 1], base)
    steps = substeps(ratios, len(state))
    base = np.ascontiguousarray(base.T)
    near, flipped, weights, local, offsets = quadrature
    _fast_holds.holds(
        ratios, steps, base, near, flipped, weights, local, offsets, state, out, start + 1
    )


def finish(degree: int, t, signal: Signal, span, state) -> None:
    """Add what the cells of span contribute to the state at the last time, t[-1].

    No recurrence: the cells are independent, and nothing is carried from one to the next.
    """
    from hippo_theory.legs import _fast_holds

    ends = np.full(span[1] - span[0], t[-1])
    near, flipped, weights, local, offsets = _quadrature(
        degree, t, signal, span, len(state), ends, 0.0
    )
    _fast_holds.project(near, flipped, weights, local, 0, int(offsets[-1]), state)


def propagate(r: float, state) -> None:
    """State <- r^A state."""
    from hippo_theory.legs import _fast_holds

    N = len(state)
    _fast_holds.dense(r, np.sqrt(2 * np.arange(N) + 1.0), state, np.empty_like(state))


def leftmost(cells: np.ndarray, degree: int, size: int) -> np.ndarray:
    """The first of the degree + 1 samples, of `size`, that a hold interpolates in each cell."""
    return np.clip(cells - max(degree - 1, 0) // 2, 0, size - 1 - degree)


def substeps(ratios: np.ndarray, N: int) -> np.ndarray:
    """Taylor sub-steps of log-length * ||A|| <= 1 for each cell; 0 where dense rows are cheaper.

    ||A||_2 is just below 2 N^2 / pi + 1/2. A sub-step costs as much as 11 dense rows (measured,
    N = 64..512) and is the more accurate one; at ratio 1 the propagator is zero.
    """
    with np.errstate(divide="ignore"):
        needed = np.ceil(-np.log1p(-ratios) * (2 * N**2 / np.pi + 0.5))
    return np.where(11 * needed > N, 0, needed).astype(int)


def _empty(sequences: int, cells: int) -> tuple[Any, ...]:
    nothing = np.empty(0)
    return nothing, nothing > 0, nothing, np.empty((0, sequences)), np.zeros(cells + 1, int)


def _quadrature(degree, t, signal, span, N, ends, base) -> tuple[Any, ...]:
    """Nodes of the cells' integrals of (interpolant - base) p(s / ends): arguments of `project`.

    Returns distances from the nearer of 0 and the cell's end, whether that is 0, weights, values
    (nodes, S), and where each cell's nodes begin.
    """
    start, stop = span
    left = leftmost(np.arange(start, stop), degree, t.size - signal.averages)
    values = signal.read(left[0], left[-1] + degree + 1)
    base = np.broadcast_to(base, (len(values), stop - start))
    widths = np.diff(t[start : stop + 1]) / ends
    counts = cell_points(widths, N, degree)
    offsets = np.append(0, np.cumsum(counts))
    near, far, weights = np.empty((3, offsets[-1]))
    local = np.empty((offsets[-1], len(values)))
    for size in np.unique(counts):
        cells = np.flatnonzero(counts == size)
        x, y, w = gauss(int(size))  # x + y = 1
        end, t1 = ends[cells, None], t[start + cells + 1, None]
        t0, picks = t[start + cells, None], left[cells, None] + np.arange(degree + 1)
        entries = offsets[cells, None] + np.arange(size)
        near[entries] = ((end - t1) + (t1 - t0) * y) / end
        far[entries] = (t0 + (t1 - t0) * x) / end
        weights[entries] = (t1 - t0) * w / end
        basis = lagrange((t[picks] - t0) / (t1 - t0), x)
        differences = values[:, picks - left[0]] - base[:, cells, None]
        local[entries] = np.einsum("csj,bcj->csb", basis, differences)
    return np.minimum(near, far), near > far, weights, local, offsets


def lagrange(points, x):
    """Lagrange polynomials of each row of points (C, d+1), at x (m,) or (C, m): (C, m, d+1)."""
    count = points.shape[1]
    basis = np.ones((len(points), x.shape[-1], count))
    for j in range(count):
        for i in range(count):
            if i != j:
                gap = (points[:, j] - points[:, i])[:, None]
                basis[:, :, j] *= (x - points[:, i, None]) / gap
    return basis
