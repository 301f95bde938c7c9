"""From a scheme's row to the arrays that its compiled kernel runs on."""

from functools import singledispatch

import numpy as np
from scipy.special import gammaln, roots_legendre

from hippo_theory.legs._signal import Signal
from hippo_theory.legs.schemes import Collocation, Hold, OneStep, Scheme


def refuse_unless_fit(scheme: Scheme, signal: Signal, t: np.ndarray) -> None:
    """Refuse inputs that a scheme cannot use, before any arithmetic."""
    name, degree = scheme.name, getattr(scheme, "degree", 0)
    if isinstance(scheme, Collocation) and signal.evaluate is None:
        raise TypeError(
            f"f must be callable for scheme {name!r}, which evaluates it between samples"
        )
    if signal.averages and degree > 0:
        raise ValueError(
            f"samples must be 'values' for scheme {name!r}, got 'averages'; "
            "zoh and the one-step schemes take averages"
        )
    if t.size < degree + 1:
        raise ValueError(
            f"t must hold at least {degree + 1} times for scheme {name!r}, got {t.size}"
        )


@singledispatch
def advance(scheme, t, signal, span, state, out) -> None:
    """Carry `state` (N, S) over the cells span = (start, stop), writing every state into `out`.

    `out` is (S, len(t), N), entry k + 1 being the state at the end of cell k, or empty.
    """
    raise TypeError(f"scheme must be a row of SCHEMES, got {scheme!r}")


@advance.register
def _(scheme: OneStep, t, signal, span, state, out):
    from hippo_theory.legs import _fast

    start, stop = span
    t0, t1 = t[start:stop], t[start + 1 : stop + 1]
    singular = t0 == 0
    regular = scheme.coefficients(np.where(singular, 1, t0), np.where(singular, 2, t1))
    a, b, w0, w1 = (
        np.where(singular, first, general)
        for first, general in zip(scheme.first, regular, strict=True)
    )
    if signal.averages:
        drive = (w0 + w1) * signal.read(start, stop)
    else:
        values = signal.read(start, stop + 1)
        drive = w0 * values[:, :-1] + w1 * values[:, 1:]
    _fast.ladder(a, b, np.ascontiguousarray(drive.T), state, out, start + 1)


@advance.register
def _(scheme: Collocation, t, signal, span, state, out):
    from hippo_theory.legs import _fast

    start, stop = span
    t0, h = t[start:stop, None], np.diff(t[start : stop + 1])[:, None]
    stage_times = t0 + h * np.array(scheme.nodes)
    assert signal.evaluate is not None
    inputs = signal.evaluate(stage_times.ravel()).reshape(-1, *stage_times.shape)
    # Y = c 1 + h a diag(1/t_i) (-A Y + B f): diagonalised, one shifted solve for each eigenvalue
    coupling = h[..., None] * scheme.stages / stage_times[:, None, :]
    shifts, vectors = np.linalg.eig(coupling)
    inverse = np.linalg.inv(vectors)
    from_stages = scheme.weights @ np.linalg.inv(scheme.stages)
    outgoing = from_stages @ vectors
    carried = outgoing * inverse.sum(axis=-1)
    driven = outgoing[:, :, None] * (inverse @ coupling @ inputs.transpose(1, 2, 0).astype(complex))
    # of a conjugate pair one solve is enough: keep imag >= 0, first in each row
    order = np.argsort(-np.imag(shifts), axis=1)
    shifts = np.take_along_axis(shifts, order, 1).astype(complex)
    factor = 1.0 + np.sign(np.imag(shifts))
    carried = factor * np.take_along_axis(carried, order, 1)
    driven = factor[:, :, None] * np.take_along_axis(driven, order[:, :, None], 1)
    solves = (np.imag(shifts) >= 0).sum(axis=1)
    keep = 1 - from_stages.sum()
    _fast.resolvents(keep, solves, shifts, carried, driven, state, out, start + 1)


@advance.register
def _(scheme: Hold, t, signal, span, state, out):
    from hippo_theory.legs import _fast

    start, stop = span
    N, degree = len(state), scheme.degree
    ratios = np.diff(t[start : stop + 1]) / t[start + 1 : stop + 1]
    centred = np.arange(start, stop) - max(degree - 1, 0) // 2
    left = np.clip(centred, 0, t.size - 1 - degree)
    values = signal.read(left[0], left[-1] + degree + 1)
    base = signal.read(start, stop)
    if degree:
        counts = nodes_per_cell(ratios, N, degree)
        nodes, weights, local = _cells(t, left, values, base, counts, start, degree)
    else:
        counts = np.zeros(stop - start, int)
        nodes, weights, local = np.empty(0), np.empty(0), np.empty((0, state.shape[1]))
    offsets = np.append(0, np.cumsum(counts))
    base = np.ascontiguousarray(base.T)
    _fast.holds(
        ratios, substeps(ratios, N), base, nodes, weights, local, offsets, state, out, start + 1
    )


def substeps(ratios: np.ndarray, N: int) -> np.ndarray:
    """Taylor sub-steps of log-length * ||A|| <= 1 for each cell; 0 where dense rows are cheaper.

    ||A||_2 is just below 2 N^2 / pi + 1/2. A sub-step costs as much as 11 dense rows (measured,
    N = 64..512) and is the more accurate one; at ratio 1 the propagator is zero.
    """
    with np.errstate(divide="ignore"):
        needed = np.ceil(-np.log1p(-ratios) * (2 * N**2 / np.pi + 0.5))
    return np.where(11 * needed > N, 0, needed).astype(int)


_SIZES = np.unique(np.round(1.15 ** np.arange(2, 62)).astype(int))


def nodes_per_cell(ratios: np.ndarray, N: int, degree: int) -> np.ndarray:
    """Gauss nodes that integrate p_n * (degree) over a cell of length ratio to rounding.

    P_n(1 - 2u) has Taylor terms below (N^2 u)^q / q!^2, so on [0, ratio] degree q misses it by
    about 2 (N^2 ratio / 4)^q / q!^2; N + degree is exact in any case.
    """
    q = np.arange(1, N + 1)
    tail = q * np.log(N**2 / 4) - 2 * gammaln(q + 1) + np.log(2)
    enough = tail + q * np.log(ratios)[:, None] < np.log(1e-17)
    effective = np.where(enough.any(axis=1), enough.argmax(axis=1) + 1, N)
    exact = (effective + degree) // 2 + 1
    return _SIZES[np.searchsorted(_SIZES, exact)]


def _cells(t, left, values, base, counts, start, degree):
    """Quadrature nodes, weights and the values of (interpolant - base) for all cells in a row."""
    sizes, which = np.unique(counts, return_inverse=True)
    offsets = np.append(0, np.cumsum(counts))
    nodes, weights = np.empty(offsets[-1]), np.empty(offsets[-1])
    local = np.empty((offsets[-1], len(values)))
    stencil = np.arange(degree + 1)
    for j, size in enumerate(sizes):
        cells = np.flatnonzero(which == j)
        x, w = roots_legendre(int(size))
        t1 = t[start + cells + 1, None]
        h = t1 - t[start + cells, None]
        entries = offsets[cells, None] + np.arange(size)
        nodes[entries] = h / t1 * (1 - x) / 2
        weights[entries] = h / t1 * w / 2
        picks = left[cells, None] + stencil
        distances = (t[picks] - t1) / h + 1
        basis = _lagrange(distances, (1 + x) / 2)
        differences = values[:, picks - left[0]] - base[:, cells, None]
        local[entries] = np.einsum("csj,bcj->csb", basis, differences)
    return nodes, weights, local


def _lagrange(points, x):
    """Lagrange polynomials of each row of points (C, d+1), at x (m,): (C, m, d+1)."""
    count = points.shape[1]
    basis = np.ones((len(points), x.size, count))
    for j in range(count):
        for i in range(count):
            if i != j:
                gap = (points[:, j] - points[:, i])[:, None]
                basis[:, :, j] *= (x - points[:, i, None]) / gap
    return basis
