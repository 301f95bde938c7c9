"""Hankel singular values to any number of digits, in mpmath.

The factors come from the recurrence of `hammarling` written out in mpmath; the working precision
doubles until two runs agree, so that it also finds how much the system itself loses.
"""

import numpy as np

from hippo_theory import scales
from hippo_theory.lti.degree import mcmillan_degree
from hippo_theory.lti.forms import expand, matrices
from hippo_theory.lti.values import DiagonalLTI

MOST_DIGITS = 6400


def singular_values(system, digits: int):
    """Values (object array of mpf), their logarithms and the agreement of the last two runs."""
    import mpmath

    unit, seen = scales.scaled(system), mcmillan_degree(system)
    working, before = max(30, 2 * digits), None
    while working <= MOST_DIGITS:
        with mpmath.workdps(working):
            values = _run(mpmath, unit.system)[:seen]
            change = _largest_change(mpmath, before, values)
            if change < mpmath.mpf(10) ** -(digits + 3):
                values = [mpmath.ldexp(v, unit.gain) for v in values]
                return _padded(mpmath, values, expand(system).state_dim, digits)
        before, working = values, 2 * working
    raise np.linalg.LinAlgError(
        f"singular values did not settle to {digits} digits with {MOST_DIGITS} working digits"
    )


def _padded(mpmath, values, n, digits):
    """Values, logarithms and errors with the zeros of states that are hidden or doubled."""
    hidden = n - len(values)
    logs = np.array([float(mpmath.log(v)) for v in values] + [-np.inf] * hidden)
    errors = np.array([10.0**-digits] * len(values) + [0.0] * hidden)
    return np.array([*values, *[mpmath.mpf(0)] * hidden], dtype=object), logs, errors


def _largest_change(mpmath, before, values):
    if not values:
        return mpmath.mpf(0)
    if before is None:
        return mpmath.inf
    pairs = [(a, b) for a, b in zip(before, values, strict=True) if a or b]
    return max((abs(a - b) / max(a, b) for a, b in pairs), default=mpmath.mpf(0))


def _run(mpmath, system):
    if not system.state_dim:
        return []
    T, B, C, diagonal = _triangular(mpmath, system)
    n = T.rows
    S = _factor(mpmath, T, B, system.is_discrete, diagonal)
    flip = mpmath.matrix(n, n)
    for i in range(n):
        flip[i, n - 1 - i] = 1
    R = flip * _factor(mpmath, flip * T.H * flip, flip * C.H, system.is_discrete, diagonal)
    values = mpmath.svd_c(R.H * S, compute_uv=False)
    return sorted((mpmath.re(v) for v in values), reverse=True)


def _triangular(mpmath, system):
    if isinstance(system, DiagonalLTI):
        full = expand(system)
        _, B, C, _ = matrices(full)
        T = mpmath.diag(_numbers(mpmath, full))
        return T, mpmath.matrix(B.tolist()), mpmath.matrix(C.tolist()), True
    A, B, C, _ = matrices(system)
    A, B, C = (mpmath.matrix(M.tolist()) for M in (A, B, C))
    Z, T = mpmath.schur(A.apply(mpmath.mpc))
    return T, Z.H * B, C * Z, False


def _numbers(mpmath, system):
    if system.log_poles is None:
        return [mpmath.mpmathify(complex(p)) for p in system.poles]
    return [mpmath.exp(mpmath.mpmathify(complex(p))) for p in system.log_poles]


def _factor(mpmath, T, B, discrete, diagonal):
    """The recurrence of `hammarling`, written out."""
    n, m = T.rows, B.cols
    S, B = mpmath.matrix(n, n), B.copy()
    for k in range(n - 1, -1, -1):
        size = mpmath.sqrt(sum(abs(B[k, j]) ** 2 for j in range(m)))
        if not size:
            continue
        lam = T[k, k]
        s = mpmath.sqrt(1 - abs(lam) ** 2 if discrete else -2 * mpmath.re(lam))
        q, tau = [B[k, j] / size for j in range(m)], size / s
        beta = [sum(B[i, j] * mpmath.conj(q[j]) for j in range(m)) for i in range(k)]
        turn = mpmath.conj(lam) if discrete else 1  # (unit - turn T1) u = turn a tau + s beta
        unit = 1 if discrete else -mpmath.conj(lam)
        for i in range(k - 1, -1, -1):
            right = turn * T[i, k] * tau + s * beta[i]
            if not diagonal:
                right += turn * sum(T[i, j] * S[j, k] for j in range(i + 1, k))
            S[i, k] = right / (unit - turn * T[i, i])
        S[k, k] = tau
        for i in range(k):
            y = -s * S[i, k]
            if discrete:
                row = range(i, i + 1) if diagonal else range(i, k)
                image = sum(T[i, j] * S[j, k] for j in row) + T[i, k] * tau
                y = s * image - (lam + 1) * beta[i]
            for j in range(m):
                B[i, j] += y * q[j]
    return S
