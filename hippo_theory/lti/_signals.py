"""simulate for signals of any array library: chunks or FFT, with tables made on the host."""

import numpy as np

from hippo_theory import _array
from hippo_theory._array import Array, Home
from hippo_theory.lti import powers, recurrence
from hippo_theory.lti.convolution import convolve
from hippo_theory.lti.forms import channels, dense
from hippo_theory.lti.products import times
from hippo_theory.lti.values import DPLR, LTI, DiagonalLTI, System


def outputs(system: LTI | DiagonalLTI, u: Array, x: Array, there: Home, *, fft: bool) -> Array:
    """C x, or 2 Re(C x), (..., p, L), of u (..., m, L) and an initial state (..., N)."""
    if fft and not bool(there.xp.any(x != 0)):
        h = _array.to_home(there, recurrence.response(system, u.shape[-1]))
        return convolve(h, u, multichannel=True)
    xp, L = there.xp, u.shape[-1]
    T = recurrence.chunk(system, L)
    blocks = _blocks(u, T, there)
    toeplitz, rows = (_array.to_home(there, a) for a in recurrence.chunk_tables(system, T))
    starts = _starts(system, blocks, x, T, there)
    y = times(blocks, toeplitz)
    free = times(starts, rows)
    y = y + (2 * _real(free, there) if recurrence.has_pairs(system) else free)
    p = rows.shape[-1] // T
    y = xp.reshape(y, (*y.shape[:-2], -1, p))[..., :L, :]
    return xp.matrix_transpose(y)


def states(system: LTI | DiagonalLTI, u: Array, x: Array, there: Home) -> Array:
    """(..., L, N): T steps of the recurrence for all chunks at once, from their first states."""
    xp, L = there.xp, u.shape[-1]
    T = recurrence.chunk(system, L)
    blocks = _blocks(u, T, there)
    now = _starts(system, blocks, x, T, there)
    B = _array.to_home(there, np.swapaxes(channels(system)[0], -1, -2))
    A = system.poles[..., None, :] if isinstance(system, DiagonalLTI) else system.A.T
    m, kept = u.shape[-2], []
    for i in range(T):
        kept.append(now)
        sample = times(blocks[..., i * m : (i + 1) * m], B)
        now = _advance(now, A, system, there) + sample
    kept = xp.stack(kept, axis=-2)
    return xp.reshape(kept, (*kept.shape[:-3], -1, kept.shape[-1]))[..., :L, :]


def step(system: System, x: Array, u: Array, there: Home) -> tuple[Array, Array]:
    """A x + B u, and C x, or 2 Re(C x), plus D u, for x (..., N) and u (..., m)."""

    def applied(matrix: np.ndarray, vector: Array) -> Array:
        return times(_array.to_home(there, matrix), vector[..., None])[..., 0]

    x, u = (there.xp.astype(a, _array.work_dtype(there, a)) for a in (x, u))
    B, C, D = channels(system)
    if isinstance(system, LTI):
        new = applied(system.A, x)
    else:
        assert isinstance(system, (DiagonalLTI, DPLR))
        new = x * _array.to_home(there, system.poles)
    if isinstance(system, DPLR):
        new = new - applied(system.P, applied(system.Q.conj().T, x))
    y = applied(C, x)
    y = 2 * _real(y, there) if recurrence.has_pairs(system) else y
    return new + applied(B, u), y + applied(D, u)


def simple(system: System) -> LTI | DiagonalLTI:
    """What runs on a device: diagonal, or dense with its matrices."""
    return system if isinstance(system, DiagonalLTI) else dense(system)


def _advance(x, power, system, there):
    """A x for states (..., chunks, N): A is a row of poles (..., 1, N), or a transposed matrix."""
    power = _array.to_home(there, power)
    return x * power if isinstance(system, DiagonalLTI) else times(x, power)


def _starts(system, blocks, x, T, there):
    """The state at the start of every chunk, (..., chunks, N): doubling over the chunks."""
    xp = there.xp
    response, giant = recurrence.chunk_powers(system, T, powers.doublings(blocks.shape[-2]))
    driven = times(blocks, _array.to_home(there, response))
    first = x[..., None, :]
    batch = np.broadcast_shapes(driven.shape[:-2], first.shape[:-2])
    dtype = _array.work_dtype(there, driven, first, *giant[:1])
    first, driven = (
        xp.astype(xp.broadcast_to(a, (*batch, *a.shape[-2:])), dtype) for a in (first, driven)
    )
    starts = xp.concat([first, driven[..., :-1, :]], axis=-2)
    for j, power in enumerate(giant):  # starts_g has read the 2^j chunks before it
        shift = 1 << j
        more = _advance(starts[..., :-shift, :], power, system, there)
        starts = xp.concat([starts[..., :shift, :], starts[..., shift:, :] + more], axis=-2)
    return starts


def _blocks(u, T, there):
    """u as (..., chunks, T m), the last chunk filled up with zeros."""
    xp, (*batch, m, L) = there.xp, u.shape
    u = xp.astype(u, _array.work_dtype(there, u))
    u = xp.concat([u, xp.zeros((*batch, m, -L % T), dtype=u.dtype, device=there.device)], axis=-1)
    u = xp.moveaxis(xp.reshape(u, (*batch, m, -1, T)), -3, -1)
    return xp.reshape(u, (*batch, -1, T * m))


def _real(a: Array, there: Home) -> Array:
    return there.xp.real(a) if _array.is_complex(a) else a
