"""LegS for arrays of any library: states are linear in the samples, so that the host makes the
matrices, in double precision, and the library multiplies by them.

The matrices come from the compiled kernels by unit vectors, or for the final state of one-step
rows by the adjoint recurrence; no formula of a scheme is written here a second time.
"""

from collections.abc import Iterator
from typing import Any

import array_api_compat as compat
import numpy as np

from hippo_theory import _array, _check
from hippo_theory._array import Array, Home
from hippo_theory.legs import _cuda, _holds
from hippo_theory.legs._advance import advance, refuse_unless_fit
from hippo_theory.legs._signal import Signal
from hippo_theory.legs.schemes import Collocation, Hold, OneStep

CELLS = 16  # of one matrix; its set-up costs N (N + CELLS) numbers a cell on the host
SPAN = 2**12  # cells whose weights are held at a time


def solve(row, t, N: int, f: Any, initial: Any, samples: str, store: str, there: Home) -> Array:
    """`solver.solve` for samples of another library, on its device: states or the final one."""
    xp, averages = there.xp, samples == "averages"
    if isinstance(row, Collocation):
        raise TypeError(f"scheme must read samples for arrays of {there}, got {row.name!r}")
    f = _array.check("f", f, minimum_ndim=1)
    _check.shape("f", f, (..., t.size - averages), f"t has {t.size} entries")
    refuse_unless_fit(row, _units(0, 0, averages), t)
    c = _initial(f, t, N, initial, there)
    if compat.is_cupy_array(f) and isinstance(row, OneStep) and f.dtype in (np.float32, np.float64):
        c = xp.astype(c, f.dtype)
        result = _cuda.solve(row, t, averages, f, c, everything=store == "all")
    else:
        result = _multiply(row, t, averages, f, c, there, store)
    if not bool(xp.all(xp.isfinite(result))):
        raise np.linalg.LinAlgError(
            f"scheme {row.name!r} overflowed at N = {N}; a contractive scheme does not"
        )
    return xp.astype(result, f.dtype)


def _multiply(row, t, averages, f, c, there, store):
    dtype = _array.work_dtype(there, f)
    multiply = _final if store == "final" else _all
    f, c = (there.xp.astype(a, dtype) for a in (f, c))
    return multiply(row, t, averages, f, c, there)


def step(row, t, c, f0, f1, there: Home) -> Array:
    """`solver.step` on the device: (c, f0, f1) times one matrix."""
    xp, N = there.xp, c.shape[-1]
    f0, f1 = (f if _check.is_foreign(f) else _array.to_home(there, f, c.dtype) for f in (f0, f1))
    try:
        batch = np.broadcast_shapes(c.shape[:-1], f0.shape, f1.shape)
    except ValueError:
        shapes = f"{tuple(f0.shape)} and {tuple(f1.shape)}"
        raise ValueError(f"f0 and f1 must have shape {tuple(c.shape[:-1])}, got {shapes}") from None
    c, f0, f1 = (
        xp.broadcast_to(a, (*batch, a.shape[-1])) for a in (c, f0[..., None], f1[..., None])
    )
    known = xp.concat([c, f0, f1], axis=-1)
    matrix = _matrix(row, t, (0, 1), N, False)
    return _array.product(known, matrix[:, 0], there)


def _initial(f, t, N, initial, there):
    """c(t_0), (..., N)."""
    xp = there.xp
    if t[0] == 0:
        if initial is not None:
            raise ValueError(
                "initial must be None when t[0] = 0, where the equation forces f(0) e_0"
            )
        return f[..., :1] * _array.to_home(there, np.eye(1, N)[0], f.dtype)
    if initial is None:
        raise ValueError(f"initial must be given when t[0] > 0, got t[0] = {t[0]:g}")
    is_real = not xp.isdtype(f.dtype, "complex floating")
    initial = _array.check("initial", initial, minimum_ndim=1, real=is_real)
    _check.shape("initial", initial, (..., N))
    try:
        return xp.broadcast_to(initial, (*f.shape[:-1], N))
    except (ValueError, RuntimeError):
        raise ValueError(
            f"initial must broadcast to {(*f.shape[:-1], N)}, got {tuple(initial.shape)}"
        ) from None


def _final(row, t, averages, f, c, there):
    """f_0 e_0 + (c - f_0 e_0) P + (f - f_0) W: the constant f_0 is carried without rounding."""
    first = f[..., :1] * _array.to_home(there, np.eye(1, c.shape[-1])[0], f.dtype)
    state = first
    if t[0] > 0:
        P = _array.to_home(there, _homogeneous(row, t, c.shape[-1]), f.dtype)
        state = state + (c - first) @ P
    for start, stop, W in _weights(row, t, c.shape[-1], averages):
        state = state + (f[..., start:stop] - f[..., :1]) @ _array.to_home(there, W, f.dtype)
    return state


def _all(row, t, averages, f, c, there):
    """A block of cells at a time: (initial state, samples) times `_matrix`."""
    xp, N = there.xp, c.shape[-1]
    parts = [c[..., None, :]]
    for start in range(0, t.size - 1, CELLS):
        stop = min(start + CELLS, t.size - 1)
        low, high = _window(row, t, (start, stop), averages)
        known = xp.concat([parts[-1][..., -1, :], f[..., low:high]], axis=-1)
        matrix = _matrix(row, t, (start, stop), N, averages)
        flat = _array.to_home(there, matrix.reshape(len(matrix), -1), f.dtype)
        parts.append(xp.reshape(known @ flat, (*f.shape[:-1], stop - start, N)))
    return xp.concat(parts, axis=-2)


def _window(row, t, span, averages):
    """Samples that the cells of span read."""
    reach = max(getattr(row, "degree", 0), 1)
    return max(span[0] - reach, 0), min(span[1] + reach, t.size - averages)


def _units(N: int, count: int, averages: bool) -> Signal:
    """N sequences of zeros, then one for each of `count` unit samples."""
    rows = np.concatenate([np.zeros((N, count)), np.eye(count)])
    return Signal(
        read=lambda start, stop: rows[:, start:stop],
        evaluate=None,
        averages=averages,
        batch_shape=(N + count,),
        dtype=rows.dtype,
    )


def _matrix(row, t, span, N, averages) -> np.ndarray:
    """States at the ends of the cells from unit states and unit samples, (N + samples, cells, N).

    The samples' cells keep their neighbours, so that a hold of degree d reads the same stencils.
    """
    low, high = _window(row, t, span, averages)
    local = t[low : high + averages]
    units = _units(N, high - low, averages)
    state = np.eye(N, N + high - low)
    states = []
    for k in range(span[0] - low, span[1] - low):
        advance(row, local, units, (k, k + 1), state, np.empty((0, 0, 0)))
        states.append(state.T.copy())
    return np.stack(states, axis=1)


def _homogeneous(row, t, N) -> np.ndarray:
    """P with c(t_end) = c(t_0) P while f = 0: unit states through all cells."""
    state = np.eye(N)
    if isinstance(row, Hold):
        _holds.propagate(t[0] / t[-1], state)
        return state.T
    silent = Signal(lambda start, stop: np.zeros((N, stop - start)), None, True, (N,), state.dtype)
    advance(row, t, silent, (0, t.size - 1), state, np.empty((0, 0, 0)))
    return state.T


def _weights(row, t, N, averages) -> Iterator[tuple[int, int, np.ndarray]]:
    """(start, stop, W): the final state has f[start:stop] @ W, summed over the blocks."""
    if isinstance(row, Hold):
        yield from _hold_weights(row, t, N, averages)
    else:
        yield from _one_step_weights(row, t, N, averages)


def _hold_weights(row, t, N, averages):
    """The quadrature of `_holds.finish` on unit samples."""
    for start in range(0, t.size - 1, CELLS):
        span = (start, min(start + CELLS, t.size - 1))
        low, high = _window(row, t, span, averages)
        local = Signal(
            lambda i, j, low=low, high=high: np.eye(high - low)[:, i - low : j - low],
            None,
            averages,
            (high - low,),
            np.dtype(float),
        )
        state = np.zeros((N, high - low))
        _holds.finish(row.degree, t, local, span, state)
        yield low, high, state.T


def _one_step_weights(row: OneStep, t, N, averages):
    """Backwards in time: v_k = R_{k+1} .. R_end B, and sample k enters by (I + b A)^{-1} v_k.

    Steps are functions of one matrix and commute; (I + b A)^{-1} v = (a v + b R v) / (a + b).
    """
    from hippo_theory.legs import _fast

    last = np.sqrt(2 * np.arange(N) + 1.0)[:, None].copy()
    for stop in range(t.size - 1, 0, -SPAN):
        start = max(stop - SPAN, 0)
        a, b, w0, w1 = row.steps(t[start : stop + 1])
        v = np.empty((1, stop - start + 1, N))
        v[0, 0] = last[:, 0]
        _fast.ladder(a[::-1].copy(), b[::-1].copy(), np.zeros((a.size, 1)), last, v, 1)
        v = v[0, ::-1]  # v[k] is before cell k, v[k + 1] after it
        total = np.where(a + b == 0, 1, a + b)
        share = np.where(a + b == 0, 1, a)
        enter = (share[:, None] * v[1:] + b[:, None] * v[:-1]) / total[:, None]
        if averages:
            yield start, stop, (w0 + w1)[:, None] * enter
        else:
            W = np.zeros((stop - start + 1, N))
            W[:-1] += w0[:, None] * enter
            W[1:] += w1[:, None] * enter
            yield start, stop + 1, W
