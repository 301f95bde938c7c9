"""Transfer functions and Markov parameters, by their definitions."""

import math

import numpy as np

from hippo_theory import _array, _check, scales
from hippo_theory.lti import _arrays, growth
from hippo_theory.lti._values import Array
from hippo_theory.lti.forms import channels, check_system, dense, matrices
from hippo_theory.lti.resolvent import Resolvent
from hippo_theory.lti.values import DPLR, LTI, DiagonalLTI, System

_BLOCK = 1 << 16  # entries of a table of points times states: about what a cache holds


def transfer_function(system: System, z) -> Array:
    """G(z) = D + C (z I - A)^{-1} B at points z of any shape.

    Parameters
    ----------
    system : LTI, DiagonalLTI or DPLR
        Continuous (z is s, in radians per unit of time) or discrete.
    z : array_like, any shape
        Finite points, none of them a pole.

    Returns
    -------
    ndarray, shape (..., *z.shape) or (..., p, m, *z.shape)
        Complex (real for real systems at real points); the axes of the batch, of the outputs
        and inputs if the system has channels, and of the points.

    Raises
    ------
    ValueError
        If a point is a pole.
    numpy.linalg.LinAlgError
        If a value, or a product of B and C, leaves the range of floating point, or a point is so
        near a pole of a dense system that no digit is left.

    Notes
    -----
    Diagonal: a Cauchy sum, O(N) a point, whose error is some eps of the sum of the moduli of its
    terms: where these cancel, as far above the poles of a filter, few digits are left. DPLR: four
    such sums and an r x r solve (Woodbury), O(N r^2) a point; at points on the diagonal part
    itself, which need not be poles, by the dense form. Dense: one Schur form, O(N^3), then back
    substitution for all points at once and corrections by residuals, O(N^2) a point: the error
    is that of rounding every entry of A, B and C once, far below the largest response too, and
    where that is more than 1e-13 of G, residuals have twice the digits; O(N^3) a point where G
    is below what these resolve. Triangular matrices need no Schur form.
    docs/theory.md (5.1).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> G = ht.DiagonalLTI([-1.0, -2.0], [1.0, 1.0], [1.0, -1.0])  # 1/((s + 1)(s + 2))
    >>> ht.lti.transfer_function(G, [0.0, 1.0])
    array([0.5       , 0.16666667])
    """
    check_system(system)
    z = _array.check("z", z)
    there = _array.home(z=z)
    if there:
        return _arrays.transfer_function(system, z, there)
    evaluate = {LTI: _by_substitution, DiagonalLTI: _by_cauchy_sums, DPLR: _by_woodbury}
    system, points = system.in_double(), z.reshape(-1)
    chunk = max(1, _BLOCK // max(1, system.state_dim * math.prod(system.batch_shape)))
    parts = [points[k : k + chunk] for k in range(0, points.size, chunk)] or [points]
    with np.errstate(all="ignore"):  # refused below
        G = np.concatenate(list(evaluate[type(system)](system, parts)), axis=-1)  # (..., p, m, :)
        if system.is_siso:
            G = G[..., 0, 0, :]
        G = G + system.D[..., None]
    if not np.isfinite(G).all():
        k = int(np.argwhere(~np.isfinite(G))[0][-1])
        raise np.linalg.LinAlgError(
            f"G(z) must stay in the range of floating point, got {G[..., k].max()} at {points[k]}"
        )
    return G.reshape(G.shape[:-1] + z.shape)


def markov_parameters(system: System, L: int) -> Array:
    """h_0 = D, h_k = C A^{k-1} B for 0 < k < L, by the recurrence of the state.

    Parameters
    ----------
    system : LTI, DiagonalLTI or DPLR
        Of a discrete system these are the impulse response; of a continuous one the
        coefficients of G(s) in 1/s.
    L : int
        How many.

    Returns
    -------
    ndarray, shape (..., L) or (..., p, m, L)
        Real where conjugates are implied.

    Raises
    ------
    numpy.linalg.LinAlgError
        If they leave the range of floating point, as those of unstable systems do.

    Notes
    -----
    This is the definition that every method of `kernel` is tested against: L products with A,
    O(N) each for diagonal, O(N r) for DPLR, O(N^2) for dense systems. Where `log_poles` are
    known the powers are exp(k log_poles), without accumulated rounding. Where the powers of a dense
    or DPLR A grow so much before they decay that rounding would cost more than 1e-9 of the largest
    value, as those of narrow filters in companion form do, they are computed in twice the digits.
    docs/theory.md (5.1).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.lti.markov_parameters(ht.LTI([[0.5]], [1.0], [1.0], D=3.0, dt=1.0), 4)
    array([3.  , 1.  , 0.5 , 0.25])
    """
    check_system(system)
    L = _check.integer("L", L)
    _check.room("L", *system.batch_shape, *system.channel_shape, L)
    B, C, D = (a.astype(np.result_type(a, np.float64)) for a in channels(system))
    conjugate = isinstance(system, DiagonalLTI) and system.conjugate
    h = []
    with np.errstate(over="ignore", invalid="ignore"):  # refused below
        A = None if isinstance(system, DiagonalLTI) else matrices(system)[0]
        if A is not None and growth.loss(A, B, C, L, 1) > growth.LIMIT:
            h = np.moveaxis(growth.kernel(A, B, C, L - 1), -1, 0)
        else:
            for x in _powers(system, B, L - 1):
                h.append(2 * (C @ x).real if conjugate else C @ x)
    shape = (*system.batch_shape, C.shape[-2], B.shape[-1])
    if system.batch_shape:  # what is shared has fewer axes
        h = [np.broadcast_to(term, shape) for term in h]
    parts = [D[..., None], np.stack(h, axis=-1)] if L > 1 else [D[..., None]]
    h = np.concatenate([np.broadcast_to(a, (*shape, a.shape[-1])) for a in parts], axis=-1)
    if not np.isfinite(h).all():
        k = int(np.argwhere(~np.isfinite(h))[:, -1].min())
        raise np.linalg.LinAlgError(
            f"Markov parameters leave the range of floating point at index {k}; reduce L"
        )
    return h[..., 0, 0, :] if system.is_siso else h


def _by_cauchy_sums(system: DiagonalLTI, parts):
    """sum_n c_n b_n / (z - pole_n) for every output and input."""
    B, C, _ = channels(system)
    residues = C[..., :, None, :] * np.swapaxes(B, -1, -2)[..., None, :, :]  # (..., p, m, N)
    poles = system.poles
    if system.conjugate:
        poles = np.concatenate([poles, poles.conj()], axis=-1)
        residues = np.concatenate([residues, residues.conj()], axis=-1)
    pairs = math.prod(residues.shape[-3:-1])
    flat = residues.reshape(*residues.shape[:-3], pairs, poles.shape[-1])
    for z in parts:
        difference = z - poles[..., None]
        _refuse_poles(difference == 0, z)
        G = flat @ (1 / difference)
        yield G.reshape(*G.shape[:-2], *residues.shape[-3:-1], z.size)


def _by_woodbury(system: DPLR, parts):
    """C R B - C R P (I + Q^* R P)^{-1} Q^* R B with R = (z I - diag(poles))^{-1}."""
    B, C, _ = channels(system)
    p, m, r = C.shape[0], B.shape[1], system.P.shape[1]
    left = np.concatenate([C, system.Q.conj().T])
    right = np.concatenate([B, system.P], axis=1)
    products = (left[:, None, :] * right.T).reshape((p + r) * (m + r), system.state_dim)
    for z in parts:
        difference = z - system.poles[:, None]
        on_diagonal = (difference == 0).any(axis=0)
        sums = products @ (1 / np.where(on_diagonal, 1, difference))
        sums = np.moveaxis(sums.reshape(p + r, m + r, z.size), -1, 0)
        core = np.eye(r) + sums[:, p:, m:]
        if r:
            _refuse_poles(np.linalg.det(core) == 0, z)
        G = sums[:, :p, :m] - sums[:, :p, m:] @ np.linalg.solve(core, sums[:, p:, :m])
        G = np.moveaxis(G, 0, -1)
        if on_diagonal.any():  # (z I - A) may be regular there, the splitting is not
            exact = next(_by_substitution(dense(system), [z[on_diagonal]]))
            G[..., on_diagonal] = exact if np.iscomplexobj(G) else np.real(exact)
        yield G


def _by_substitution(system: LTI, parts):
    """Solutions of (z - A) x = B in balanced units, all points and inputs together."""
    unit = scales.scaled(system, clock=False)
    resolvent = Resolvent(*matrices(unit.system)[:3])
    for z in parts:
        _refuse_poles(z == np.diagonal(resolvent.T)[:, None], z)
        G = scales.ldexp(resolvent.response(z), unit.gain)
        real = not any(map(np.iscomplexobj, (system.A, system.B, system.C, z)))
        yield G.real if real else G


def _refuse_poles(hits, z) -> None:
    if hits.any():
        raise ValueError(f"z must not be a pole, got {z[np.argwhere(hits)[0][-1]]}")


def _powers(system: System, B: Array, count: int):
    """A^k B for 0 <= k < count."""
    if isinstance(system, DiagonalLTI) and system.log_poles is not None:
        for k in range(count):
            yield np.exp(k * system.log_poles)[..., None] * B
        return
    for _ in range(count):
        yield B
        if isinstance(system, LTI):
            B = system.A @ B
        elif isinstance(system, DPLR):
            B = system.poles[:, None] * B - system.P @ (system.Q.conj().T @ B)
        elif isinstance(system, DiagonalLTI):
            B = system.poles[..., None] * B
