"""The three ways to run a recurrence that `simulate` chooses from, as functions of checked values.

u is (..., m, L), an initial state (..., N); outputs are C x (..., p, L) without D u, states
(..., L, N) as they stood before their sample was read; functions of states return both.
"""

import dataclasses
import math
from typing import Any

import numpy as np

from hippo_theory.lti import growth, kernels, powers, products
from hippo_theory.lti._values import Array
from hippo_theory.lti.convolution import convolve
from hippo_theory.lti.forms import channels, dense, matrices
from hippo_theory.lti.values import DPLR, LTI, DiagonalLTI, System


def advance(system: System, x: Array, *, extra: int = 0) -> Array:
    """A x for states (..., N), of which `extra` axes before the last are not the system's."""
    if isinstance(system, LTI):
        return x @ system.A.T
    assert isinstance(system, (DiagonalLTI, DPLR))
    if isinstance(system, DPLR):
        return x * system.poles - (x @ system.Q.conj()) @ system.P.T
    return x * np.expand_dims(system.poles, tuple(range(-1 - extra, -1)))


def read(system: System, x: Array) -> Array:
    """C x, or 2 Re(C x), (..., L, p), for states (..., L, N)."""
    y = x @ np.swapaxes(channels(system)[1], -1, -2)
    return 2 * y.real if has_pairs(system) else y


def has_pairs(system: System) -> bool:
    """Whether conjugates are implied."""
    return isinstance(system, DiagonalLTI) and system.conjugate


def broadcast(array: Array, shape: tuple[int, ...]) -> Array:
    """A read-only view of that shape."""
    return np.broadcast_to(array, shape)


def loss(system: System, x: Array, L: int, chunk: int | None, *, states: bool = False) -> float:
    """Estimate the error of outputs (or states) by rounding, relative to the largest of them.

    Powers below `chunk` are made by squaring (see `growth.loss`); powers of poles lose nothing.
    """
    if isinstance(system, DiagonalLTI):
        return 0.0
    A, B, C, _ = matrices(system)
    start = np.abs(x).max(axis=tuple(range(x.ndim - 1)), initial=0.0)[:, None]
    B = np.concatenate([B, start], axis=1) if start.any() else B
    return growth.loss(A, B, np.eye(len(A)) if states else C, L, chunk)


def scan(system: System, u: Array, x: Array) -> Array:
    """Outputs by the compiled recurrence."""
    return _scan(system, u, x, keep=False)[0]


def scan_states(system: System, u: Array, x: Array) -> tuple[Array, Array]:
    """Outputs and states by the compiled recurrence."""
    return _scan(system, u, x, keep=True)[:2]


def final(system: System, u: Array, x: Array) -> Array:
    """The state x_L after the last sample: of diagonal systems by two tables of powers."""
    if not isinstance(system, DiagonalLTI):
        return _scan(system, u, x, keep=False)[2]
    L = u.shape[-1]
    squares = powers.squarings(system, powers.doublings(L + 1) + 1)
    late = np.concatenate([np.zeros_like(u[..., :1]), u[..., ::-1]], axis=-1)
    driven, _ = products.moments(squares[..., None, :], late)  # sum_j l^j u_{L-1-j}, (..., m, N)
    driven = (driven * np.swapaxes(channels(system)[0], -1, -2)).sum(axis=-2)
    bits = [squares[k] for k in range(L.bit_length()) if L >> k & 1]
    free = x
    for factor in bits:
        free = free * factor
    return free + driven


def chunked(system: System, u: Array, x: Array) -> Array:
    """Outputs by chunks of T samples: a Toeplitz product, and what the initial state adds."""
    T = chunk(system, u.shape[-1])
    blocks = _blocks(u, T)
    toeplitz, rows = chunk_tables(system, T)
    starts = _chunk_states(system, blocks, x, T)
    y = blocks @ toeplitz + _outputs(system, starts, rows)
    y = y.reshape(*y.shape[:-2], -1, rows.shape[-1] // T)[..., : u.shape[-1], :]
    return np.swapaxes(y, -1, -2)


def chunk_tables(system: System, T: int) -> tuple[Array, Array]:
    """Of T samples: h_{i-j} as (..., T m, T p), and C A^i as (..., N, T p), to multiply from left.

    Channels run faster than time.
    """
    C = channels(system)[1]
    p = C.shape[-2]
    lag = np.arange(T)[:, None] - np.arange(T)  # y_i reads u_j with h_{i-j}
    toeplitz = np.where(lag < 0, 0, response(system, T)[..., np.maximum(lag, 0)])
    toeplitz = np.swapaxes(np.moveaxis(toeplitz, -2, -4), -1, -2)  # (..., i, p, j, m)
    toeplitz = toeplitz.reshape(*toeplitz.shape[:-4], T * p, -1)
    rows, _ = _orbit(system, np.swapaxes(C, -1, -2), T, adjoint=True)  # C A^i: (..., N, i, p)
    return np.swapaxes(toeplitz, -1, -2), rows.reshape(*rows.shape[:-2], T * p)


def chunk_powers(system: System, T: int, count: int) -> tuple[Array, list[Array]]:
    """A^(T-1-j) B as (..., T m, N); A^(2^k T) for k < count, transposed or as a row (..., 1, N)."""
    orbit, power = _orbit(system, channels(system)[0], T)
    driven = orbit[..., ::-1, :]  # (..., N, j, m)
    *batch, N, samples, m = driven.shape
    driven = np.swapaxes(driven.reshape(*batch, N, samples * m), -1, -2)
    if isinstance(system, DiagonalLTI):
        first = powers.doublings(T)
        return driven, list(powers.squarings(system, first + count)[first:, ..., None, :])
    giant = [power.T]
    for _ in range(count - 1):
        giant.append(giant[-1] @ giant[-1])
    return driven, giant[:count]


def chunked_states(system: System, u: Array, x: Array) -> tuple[Array, Array]:
    """Outputs and states by T steps of the recurrence, for all chunks at once."""
    L = u.shape[-1]
    T = chunk(system, L)
    blocks = _blocks(u, T)
    B = np.swapaxes(channels(system)[0], -1, -2)
    now = _chunk_states(system, blocks, x, T)
    kept: Array = np.empty((*now.shape[:-1], T, now.shape[-1]), now.dtype)
    samples = blocks.reshape(*blocks.shape[:-1], T, -1)
    for i in range(T):
        kept[..., i, :] = now
        now = advance(system, now, extra=1) + samples[..., i, :] @ B
    *batch, chunks, T, N = kept.shape
    return _with_outputs(system, kept.reshape(*batch, chunks * T, N)[..., :L, :])


def fft(system: System, u: Array, x: Array) -> Array:
    """Outputs by convolution with the kernel, plus the free response."""
    L = u.shape[-1]
    y = convolve(response(system, L), u, multichannel=True)
    return y + _free_response(system, x, L) if x.any() else y


def fft_states(system: System, u: Array, x: Array) -> tuple[Array, Array]:
    """Outputs and states by convolution with A^{k-1} B, plus A^k x_0: N convolutions."""
    L = u.shape[-1]
    h = np.swapaxes(_orbit(system, channels(system)[0], L)[0], -1, -2)
    h = np.concatenate([np.zeros_like(h[..., :1]), h[..., :-1]], axis=-1)  # (..., N, m, L)
    states = np.swapaxes(convolve(h, u, multichannel=True), -1, -2)
    if isinstance(system, DiagonalLTI):
        free = np.swapaxes(_orbit(system, x[..., None], L)[0][..., 0], -1, -2)
        return _with_outputs(system, states + free)
    columns = x.reshape(math.prod(x.shape[:-1]), x.shape[-1]).T
    free, _ = _orbit(system, columns, L)  # (N, L, batch)
    free = np.moveaxis(free, -1, 0).swapaxes(-1, -2).reshape(*x.shape[:-1], L, -1)
    return _with_outputs(system, states + free)


def _with_outputs(system, states):
    return np.swapaxes(read(system, states), -1, -2), states


def _scan(system: System, u: Array, x: Array, *, keep: bool) -> tuple[Array, Any, Any]:
    """Outputs, states, and the final state but for one channel of a diagonal system."""
    batch = np.broadcast_shapes(system.batch_shape, u.shape[:-2], x.shape[:-1])
    L, N = u.shape[-1], x.shape[-1]
    u = broadcast(u, (*batch, *u.shape[-2:]))
    x = broadcast(x, (*batch, N)).copy()
    if not isinstance(system, DiagonalLTI) and loss(system, x, L, 1) > growth.LIMIT:
        A, B, C, _ = matrices(system)
        return growth.scan(A, B, C, u, x, keep=keep)
    if isinstance(system, LTI):
        return _scan_dense(system, u, x, (L, N) if keep else (0, 0))
    y, states, x_final = _scan_structured(system, u.real, x, keep)
    if np.iscomplexobj(u):
        y_imag, states_imag, x_imag = _scan_structured(system, u.imag, np.zeros_like(x), keep)
        y, states = y + 1j * y_imag, states + 1j * states_imag if keep else None
        x_final = None if x_final is None else x_final + 1j * x_imag
    return y, states, x_final


def _scan_dense(system, u, x, kept):
    from hippo_theory.lti import _fast

    B, C, _ = channels(system)
    dtype = np.result_type(np.float64, system.A, B, C, u, x)
    transposed, inputs, outputs = (np.ascontiguousarray(a, dtype) for a in (system.A.T, B.T, C))
    u, x = np.ascontiguousarray(u, dtype), x.astype(dtype)
    y = np.zeros((*u.shape[:-2], C.shape[0], u.shape[-1]), dtype)
    states = np.empty((*u.shape[:-2], *kept), dtype)
    for index in np.ndindex(u.shape[:-2]):
        _fast.dense(transposed, inputs, outputs, u[index], x[index], y[index], states[index])
    return y, states, x


def _scan_structured(system: Any, u: Array, x: Array, keep: bool) -> tuple[Array, Any, Any]:
    from hippo_theory.lti import _fast

    batch, L, N = u.shape[:-2], u.shape[-1], x.shape[-1]
    B, C, _ = channels(system)
    C = 2 * C if has_pairs(system) else C
    if isinstance(system, DiagonalLTI) and system.is_siso and not keep:
        return _scan_diagonal(system, C[..., 0, :], u[..., 0, :], x)[..., None, :], None, None
    none = np.zeros((0, N))
    P, Q = (system.P.T, system.Q.conj().T) if isinstance(system, DPLR) else (none, none)
    parts = [(system.poles, 1), (P, 2), (Q, 2), (np.swapaxes(B, -1, -2), 2), (C, 2)]
    pairs = [_pair(a, tail, batch) for a, tail in parts]
    is_complex = any(np.iscomplexobj(a) for a in (system.poles, P, Q, B, C, x))
    u, x = np.ascontiguousarray(u, np.float64), _pair(x, 1, batch).copy()
    outputs = 2 if is_complex and not has_pairs(system) else 1
    y = np.empty((*batch, outputs, C.shape[-2], L))
    states = np.empty((*batch, *((L, N) if keep else (0, 0))), np.complex128)
    for i in np.ndindex(batch):
        own = [np.ascontiguousarray(pair[i]) for pair in pairs]
        _fast.structured(own[0], own[1], own[2], own[3], own[4], u[i], x[i], y[i], states[i])
    states, last = (
        (states, x[..., 0, :] + 1j * x[..., 1, :]) if is_complex else (states.real, x[..., 0, :])
    )
    y = y[..., 0, :, :] + 1j * y[..., 1, :, :] if outputs == 2 else y[..., 0, :, :]
    return y, states, last


def _scan_diagonal(system, C, u, x):
    """Outputs of one channel: C B x' with x' driven by u itself, plus C x_0 poles^k."""
    from hippo_theory.lti import _fast

    batch, L = u.shape[:-1], u.shape[-1]
    is_complex = any(np.iscomplexobj(a) for a in (system.poles, system.B, C, x))
    y = np.zeros((*batch, 2 if is_complex and not has_pairs(system) else 1, L))
    runs = [(C * system.B, 0.0, u)]
    if x.any():
        runs.append((C * x, 1.0, broadcast(np.zeros(L), u.shape)))
    poles = _pair(system.poles, 1, batch)
    for weights, start, signal in runs:
        signal, weights = np.ascontiguousarray(signal, np.float64), _pair(weights, 1, batch)
        for i in np.ndindex(batch):
            own = [np.ascontiguousarray(pair[i]) for pair in (poles, weights)]
            _fast.diagonal(own[0], own[1], start, signal[i], y[i])
    return y[..., 0, :] + 1j * y[..., 1, :] if y.shape[-2] == 2 else y[..., 0, :]


def _pair(a: Array, tail: int, batch: tuple[int, ...]) -> Array:
    """Real and imaginary parts along an axis before the last `tail` ones, for every signal."""
    pair = np.stack([a.real, a.imag], axis=a.ndim - tail).astype(np.float64, copy=False)
    return np.broadcast_to(pair, (*batch, *pair.shape[-1 - tail :]))


def chunk(system: System, L: int) -> int:
    """A power of 2 near 2 N: the Toeplitz product costs 2 T flops a sample, the states 8 N."""
    wanted = powers.doublings(2 * system.state_dim)
    return 1 << min(max(6, min(wanted, 9)), powers.doublings(L))


def _blocks(u, T):
    """u as (..., chunks, T m), the last chunk filled up with zeros."""
    *batch, m, L = u.shape
    u = np.concatenate([u, np.zeros((*batch, m, -L % T), u.dtype)], axis=-1)
    return np.moveaxis(u.reshape(*batch, m, -1, T), -3, -1).reshape(*batch, -1, T * m)


def _chunk_states(system: System, blocks: Array, x: Array, T: int) -> Array:
    """The state at the start of every chunk, (..., chunks, N)."""
    response, (power,) = chunk_powers(system, T, 1)
    driven = products.times(blocks, response)
    batch = np.broadcast_shapes(driven.shape[:-2], x.shape[:-1])
    starts = np.empty((*batch, *driven.shape[-2:]), np.result_type(driven, x, power))
    is_diagonal = isinstance(system, DiagonalLTI)
    for g in range(driven.shape[-2]):
        starts[..., g, :] = x
        x = (x * power[..., 0, :] if is_diagonal else x @ power) + driven[..., g, :]
    return starts


def _orbit(system: System, X: Array, count: int, *, adjoint=False) -> tuple[Array, Array]:
    """A^k X for k < count, or with A^T, of X (..., N, m): (..., N, count, m); and A^(2^j).

    2^j is the least power of 2 that is not below `count`.
    """
    if isinstance(system, DiagonalLTI):
        squares = powers.squarings(system, powers.doublings(count) + 1)
        columns = np.swapaxes(powers.table(squares, count), -1, -2)
        return columns[..., None] * X[..., None, :], squares[-1]
    A = dense(system).A
    return powers.orbit(A.T if adjoint else A, X, count)


def response(system: System, L: int) -> Array:
    """The kernel without D, (..., p, m, L)."""
    h = kernels.kernel(dataclasses.replace(system, D=np.zeros_like(system.D)), L)
    return h[..., None, None, :] if system.is_siso else h


def _free_response(system, x, L):
    """C A^k x_0, (..., p, L)."""
    C = channels(system)[1]
    if isinstance(system, DiagonalLTI):
        squares = powers.squarings(system, powers.doublings(L + 1))[..., None, :]
        weights = C * x[..., None, :]
        zero = np.zeros(weights.shape[:-1])
        return products.vandermonde(weights, squares, zero, L + 1, system.conjugate)[..., 1:]
    start, none = x.reshape(-1, x.shape[-1]).T, np.zeros(())
    y = products.krylov(dense(system).A, start, C, none, L + 1)[..., 1:]  # (p, batch, L)
    return np.swapaxes(y, 0, 1).reshape(*x.shape[:-1], *C.shape[:1], L)


def _outputs(system, states, rows):
    """states @ rows, or 2 Re of it by two real products."""
    if not has_pairs(system):
        return states @ rows
    return 2 * (states.real @ rows.real - states.imag @ rows.imag)
