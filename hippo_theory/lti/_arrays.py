"""Transfer functions at points of any array library: sums over poles, or a solve at every point.

In the widest precision of the device; no array is changed in place.
"""

import math
from typing import Any

import numpy as np

from hippo_theory import _array
from hippo_theory._array import Array, Home
from hippo_theory.lti.forms import channels, matrices
from hippo_theory.lti.values import DiagonalLTI, System

BLOCK = 1 << 22  # entries of a table of points times states


def transfer_function(system: System, z: Array, there: Home) -> Array:
    """`response.transfer_function` at points on a device: sums over poles, or the definition."""
    points = there.xp.reshape(z, (-1,))
    is_diagonal = isinstance(system, DiagonalLTI)
    width = math.prod(system.batch_shape) if is_diagonal else system.state_dim
    width *= system.state_dim
    evaluate = _cauchy if is_diagonal else _resolvent
    size = max(1, BLOCK // max(1, width))
    count = points.shape[0]
    spans = [(k, min(k + size, count)) for k in range(0, max(count, 1), size)]
    G = [evaluate(system, points[start:stop], there) for start, stop in spans]
    G = there.xp.concat(G, axis=-1)
    G = G[..., 0, 0, :] if system.is_siso else G
    G = G + _array.to_home(there, system.D)[..., None]
    return _array.rounded(there.xp.reshape(G, (*G.shape[:-1], *z.shape)), z)


def _cauchy(system: Any, z: Array, there: Home) -> Array:
    xp = there.xp
    B, C, _ = channels(system)
    residues = C[..., :, None, :] * np.swapaxes(B, -1, -2)[..., None, :, :]  # (..., p, m, N)
    poles = system.poles
    if system.conjugate:
        poles = np.concatenate([poles, poles.conj()], axis=-1)
        residues = np.concatenate([residues, residues.conj()], axis=-1)
    flat = residues.reshape(*residues.shape[:-3], -1, poles.shape[-1])
    poles, flat = _array.to_home(there, poles), _array.to_home(there, flat)
    difference = xp.astype(z, _array.work_dtype(there, z)) - poles[..., None]
    _refuse_poles(difference == 0, z, there)
    dtype = _array.work_dtype(there, flat, difference)
    G = xp.matmul(xp.astype(flat, dtype), xp.astype(1 / difference, dtype))
    return xp.reshape(G, (*G.shape[:-2], *residues.shape[-3:-1], -1))


def _resolvent(system: System, z: Array, there: Home) -> Array:
    """C (z I - A)^{-1} B by a dense solve at every point."""
    xp = there.xp
    A, B, C, _ = matrices(system)
    A, B, C = (_array.to_home(there, a) for a in (A, B, C))
    dtype = _array.work_dtype(there, z, A, B, C)
    A, B, C, z = (xp.astype(a, dtype) for a in (A, B, C, z))
    eye = xp.eye(A.shape[0], dtype=dtype, device=there.device)
    try:
        solved = xp.linalg.solve(
            z[:, None, None] * eye - A, xp.broadcast_to(B, (z.shape[0], *B.shape))
        )
    except Exception as error:
        if isinstance(error, np.linalg.LinAlgError) or "ingular" in str(error):
            raise ValueError("z must not be a pole") from error
        raise
    G = xp.matmul(C, solved)
    if not bool(xp.all(xp.isfinite(G))):
        raise np.linalg.LinAlgError("G(z) must stay in the range of floating point")
    return xp.permute_dims(G, (1, 2, 0))


def _refuse_poles(hits, z, there) -> None:
    if bool(there.xp.any(hits)):
        k = int(np.argwhere(_array.to_host(hits))[0][-1])
        raise ValueError(f"z must not be a pole, got {_array.to_host(z)[k]}")
