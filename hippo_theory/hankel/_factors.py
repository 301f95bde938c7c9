"""Gramian factors P = S S^*, Q = R R^*, computed without forming the Gramians.

A^T-type equations are solved for the factor itself, column by column, in triangular coordinates.
With the last pole l of T = [[T1, a], [0, l]], the row b of B beside it and s^2 = w(l, l),

    tau = |b| / s,   q = b / |b|,   S = [[S1, u], [0, tau]],

u solves a triangular system, and S1 belongs to (T1, B1 + y q): the same equation, one state less.
For diagonal T this is the elimination of `lti.szego.generator_cholesky`. After Hammarling.
"""

from typing import Any

import numpy as np
from scipy.linalg import solve_triangular

from hippo_theory.lti import blocks
from hippo_theory.lti._values import Array
from hippo_theory.lti.forms import expand, matrices, spectrum
from hippo_theory.lti.forms import one_channel as one_channel
from hippo_theory.lti.pairings import pairings
from hippo_theory.lti.values import DPLR, LTI, DiagonalLTI


def check_stable(system) -> None:
    """Refuse unstable and marginal systems, with the index and value of the pole."""
    logs: Array = getattr(system, "log_poles", None)
    if logs is not None:
        sizes, rule, what = logs.real, "inside the unit circle", "log|pole|"
        outside = sizes >= 0
    else:
        diagonal = isinstance(system, DiagonalLTI)
        poles: Any = system.poles if diagonal else spectrum(system)
        sizes = abs(poles) if system.is_discrete else poles.real
        rule = "inside the unit circle" if system.is_discrete else "in the open left half-plane"
        what = "|pole|" if system.is_discrete else "real part"
        outside = sizes >= (1 if system.is_discrete else 0)
    if outside.any() and not (isinstance(system, (LTI, DPLR)) and system.is_stable):
        index = tuple(int(i) for i in np.argwhere(outside)[0])
        where = index[0] if len(index) == 1 else index
        raise ValueError(
            f"system must have its poles {rule}, got {what} = {sizes[index]:.17g} at index {where}"
        )


def channels(system: DiagonalLTI):
    """The systems of a batch, in C order."""
    batch, n = system.batch_shape, system.poles.ndim - 1

    def full(x, tail):
        return np.broadcast_to(x, batch + x.shape[n:]).reshape((-1, *x.shape[n:])) if tail else x

    poles, B, C, D = (full(x, True) for x in (system.poles, system.B, system.C, system.D))
    logs = None if system.log_poles is None else full(system.log_poles, True)
    dt = np.broadcast_to(np.nan if system.dt is None else system.dt, batch).ravel()
    for k in range(len(dt)):
        yield DiagonalLTI(
            poles[k],
            B[k],
            C[k],
            D[k],
            dt=None if system.dt is None else float(dt[k]),
            conjugate=system.conjugate,
            log_poles=None if logs is None else logs[k],
        )


def exact_logarithms(system) -> Array:
    """log_poles of the expanded system, or None."""
    full: Any = expand(system)
    return full.log_poles if isinstance(full, DiagonalLTI) else None


def triangular_form(system):
    """Z, T, B, C with A = Z T Z^*, T upper triangular; Z is None where A is diagonal."""
    if isinstance(system, DiagonalLTI):
        full: Any = expand(system)
        _, B, C, _ = matrices(full)
        return None, np.diag(full.poles), B, C
    A, B, C, _ = matrices(system)
    T, Z = blocks.schur(A)
    return Z, T, Z.conj().T @ B, C @ Z


def controllability_factor(T, B, *, discrete, log_poles=None, diagonal=False):
    """Upper triangular S with P = S S^* for T upper triangular, and the phases of its chain."""
    n, B = len(T), np.array(B, complex)
    S, phases = np.zeros((n, n), complex), np.ones(n, complex)
    if n == 0:
        return S, phases
    poles = np.diagonal(T)
    pairs = pairings(poles, discrete=discrete, log_poles=log_poles)
    strict = None if diagonal else np.triu(T, 1).astype(complex)
    for k in range(n - 1, -1, -1):
        size = np.linalg.norm(B[k])
        if size == 0:
            continue
        s, q = np.sqrt(pairs.diagonal[k]), B[k] / size
        tau, beta, i = size / s, B[:k] @ q.conj(), np.arange(k)
        phases[k] = q[0] / abs(q[0]) if q[0] else 1.0
        w = pairs.denominator(i, k)
        if strict is None:
            u = s * beta / w
            y = beta * (pairs.difference(i, k) / w - 1) if discrete else -s * u
        elif discrete:
            lam = poles[k]
            a = strict[:k, k] * tau
            M = -lam.conj() * strict[:k, :k]
            M[i, i] = w
            u = solve_triangular(M, lam.conj() * a + s * beta, check_finite=False)
            y = s * (T[:k, :k] @ u + a) - (lam + 1) * beta
        else:
            M = -strict[:k, :k]
            M[i, i] = w
            u = solve_triangular(M, strict[:k, k] * tau + s * beta, check_finite=False)
            y = -s * u
        S[:k, k], S[k, k] = u, tau
        B[:k] += np.outer(y, q)
    return S, phases


def factors(system):
    """(S, R) with P = S S^* and Q = R R^*, in the coordinates of the listed (expanded) states."""
    Z, T, B, C = triangular_form(system)
    options = {"discrete": system.is_discrete, "diagonal": Z is None}
    logs = exact_logarithms(system)
    S = controllability_factor(T, B, log_poles=logs, **options)[0]
    flipped = None if logs is None else logs.conj()[::-1]
    T, C = T.conj().T[::-1, ::-1], C.conj().T[::-1]
    R = controllability_factor(T, C, log_poles=flipped, **options)[0][::-1]
    return (S, R) if Z is None else (Z @ S, Z @ R)


def real_factor(S: Array) -> Array:
    """A real square factor of the real matrix S S^*."""
    R: Array = np.linalg.qr(np.concatenate([S.real, S.imag], axis=1).T, mode="r")
    return R.T
