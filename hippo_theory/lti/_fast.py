"""Compiled loops of kernels and simulation; each names the plain definition that it implements.

Complex numbers are pairs of real arrays, so that the inner loops vectorise.
"""

import numpy as np

from hippo_theory._jit import njit

LANES = 32  # states of a block of the diagonal recurrence
LI, CR, CI, XR, XI = (k * LANES for k in range(1, 6))
FLAGS = {"contract", "reassoc", "nsz"}  # sums in any order, fused; NaN and infinity keep meaning


@njit(cache=True)
def spectrum(s, c, poles, weights, tc, ts, rank, table, sums, result):
    """`s4.paired_sums` and `s4._woodbury`: result (p, m, nodes).

    weights (2 j, N); table (N, 2 K) and sums (2 j, 2 K) are room for the K nodes of a block.
    """
    count, K = s.size, table.shape[1] // 2
    for k in range(0, count, K):
        first = min(k, count - K)  # the last block overlaps
        nodes = s[first : first + K], c[first : first + K]
        _reciprocals(nodes[0], nodes[1], poles, table)
        np.dot(weights, table, sums)
        if rank == 1:
            _rank_one(sums, nodes[0], nodes[1], tc, ts, result[:, :, first : first + K])
        else:
            _any_rank(sums, nodes[0], nodes[1], tc, ts, rank, result[:, :, first : first + K])


@njit(cache=True, fastmath=FLAGS, error_model="numpy")
def _reciprocals(s, c, poles, table):
    """The table of `s4.paired_sums` for poles (3, N) at nodes (K,), transposed: (N, 2 K).

    Two poles share a division, 1/u = v / (u v), the last of an odd number with itself.
    """
    cc, ss, sc, K, N = c * c, s * s, s * c, s.size, poles.shape[1]
    for n in range(0, N, 2):
        m = min(n + 1, N - 1)
        X, Y, Z, W = table[n, :K], table[n, K:], table[m, :K], table[m, K:]
        a, b, d = poles[0, n], poles[1, n], poles[2, n]
        e, f, g = poles[0, m], poles[1, m], poles[2, m]
        for k in range(K):
            x, y = d * cc[k] - a * ss[k], b * sc[k]
            z, w = g * cc[k] - e * ss[k], f * sc[k]
            u, v = x * x + y * y, z * z + w * w
            both = 1 / (u * v)
            u, v = u * both, v * both
            X[k], Y[k], Z[k], W[k] = x * v, y * v, z * u, w * u


@njit(cache=True, fastmath=FLAGS, error_model="numpy")
def _rank_one(sums, s, c, tc, ts, spectrum):
    """Woodbury of sums, transposed: (2 j, 2 K)."""
    p, m, K = spectrum.shape
    S11 = _quarters(sums, (p + 1) * (m + 1) - 1)
    for i in range(p):
        for j in range(m):
            S00, S01 = _quarters(sums, i * (m + 1) + j), _quarters(sums, i * (m + 1) + m)
            S10, result = _quarters(sums, p * (m + 1) + j), spectrum[i, j]
            for k in range(K):
                t = complex(tc * c[k], ts * s[k])
                core = 1 + t * _cauchy(S11, s, c, k)
                t *= core.conjugate() * (1 / (core.real * core.real + core.imag * core.imag))
                low_rank = t * _cauchy(S01, s, c, k) * _cauchy(S10, s, c, k)
                result[k] = complex(0.5 * c[k], 0.5 * s[k]) * (_cauchy(S00, s, c, k) - low_rank)


@njit(cache=True, error_model="numpy")
def _any_rank(sums, s, c, tc, ts, r, spectrum):
    """The same by elimination in [[S00, t S01], [S10, I + t S11]], with pivots, node by node."""
    p, m, K = spectrum.shape
    M = np.empty((p + r, m + r), np.complex128)
    for k in range(K):
        t = complex(tc * c[k], ts * s[k])
        for i in range(p + r):
            for j in range(m + r):
                value = _cauchy(_quarters(sums, i * (m + r) + j), s, c, k)
                M[i, j] = value if j < m else t * value + (i - p == j - m)
        for q in range(r):
            pivot = p + q
            for i in range(pivot + 1, p + r):
                if abs(M[i, m + q]) > abs(M[pivot, m + q]):
                    pivot = i
            inverse = 1 / M[pivot, m + q]
            for j in range(m + r):
                M[pivot, j], M[p + q, j] = M[p + q, j], M[pivot, j] * inverse
            for i in range(p + r):
                factor = M[i, m + q]
                if i < p or i > p + q:
                    for j in range(m + r):
                        M[i, j] -= factor * M[p + q, j]
        for i in range(p):
            for j in range(m):
                spectrum[i, j, k] = complex(0.5 * c[k], 0.5 * s[k]) * M[i, j]


@njit(cache=True, fastmath=FLAGS, inline="always")
def _quarters(sums, j):
    """X and Y of the sums with weights alpha, and of those with beta."""
    J, K = sums.shape[0] // 2, sums.shape[1] // 2
    return sums[j, :K], sums[j, K:], sums[J + j, :K], sums[J + j, K:]


@njit(cache=True, fastmath=FLAGS, inline="always")
def _cauchy(q, s, c, k):
    return complex(c[k] * q[2][k] - s[k] * q[1][k], s[k] * q[0][k] + c[k] * q[3][k])


@njit(cache=True, fastmath=FLAGS)
def diagonal(poles, weights, start, u, y):
    """x <- diag(poles) x + u_k, y_k += weights x: `simulate.step` of one channel, real u.

    Pairs of real rows: poles, weights (2, N), u (L,), y (1 or 2, L) without or with its imaginary
    part; every state begins at `start`. Lanes stand at constant offsets in one flat array, which
    is what lets the compiler see that they are independent.
    """
    N, L, z, both = poles.shape[1], u.size, np.empty(6 * LANES), y.shape[0] == 2
    for first in range(0, N, LANES):
        size = min(LANES, N - first)
        z[:] = 0
        for n in range(size):
            z[n], z[LI + n] = poles[0, first + n], poles[1, first + n]
            z[CR + n], z[CI + n], z[XR + n] = weights[0, first + n], weights[1, first + n], start
        for k in range(L):
            value, re, im = u[k], 0.0, 0.0
            if both:
                for n in range(LANES):
                    im += z[CR + n] * z[XI + n] + z[CI + n] * z[XR + n]
                y[1, k] += im
            for n in range(LANES):
                a, b = z[XR + n], z[XI + n]
                re += z[CR + n] * a - z[CI + n] * b
                z[XR + n] = z[n] * a - z[LI + n] * b + value
                z[XI + n] = z[n] * b + z[LI + n] * a
            y[0, k] += re


@njit(cache=True, fastmath=FLAGS)
def structured(poles, P, Q, B, C, u, x, y, states):
    """x <- diag(poles) x - P (Q^* x) + B u_k, y_k = C x: `simulate.step`, for real u.

    Pairs of real rows: poles (2, N), P and the conjugate of Q (2, r, N), B (2, m, N),
    C (2, p, N), u (m, L), x (2, N) which becomes the final state, y (1 or 2, p, L) without or
    with its imaginary part, states (L, N), or (0, 0) where they are not wanted.
    """
    N, L, r = x.shape[1], u.shape[1], P.shape[1]
    lr, li, xr, xi = poles[0], poles[1], x[0].copy(), x[1].copy()
    inner = np.zeros((2, r))
    for k in range(L):
        if states.shape[0]:
            for n in range(N):
                states[k, n] = complex(xr[n], xi[n])
        for i in range(y.shape[1]):
            y[0, i, k] = _real_product(C[0, i], C[1, i], xr, xi)
            if y.shape[0] == 2:
                y[1, i, k] = _imaginary_product(C[0, i], C[1, i], xr, xi)
        for j in range(r):
            inner[0, j] = _real_product(Q[0, j], Q[1, j], xr, xi)
            inner[1, j] = _imaginary_product(Q[0, j], Q[1, j], xr, xi)
        for n in range(N):
            a = xr[n]
            xr[n] = lr[n] * a - li[n] * xi[n]
            xi[n] = lr[n] * xi[n] + li[n] * a
        for j in range(r):
            pr, pi, a, b = P[0, j], P[1, j], inner[0, j], inner[1, j]
            for n in range(N):
                xr[n] -= pr[n] * a - pi[n] * b
                xi[n] -= pr[n] * b + pi[n] * a
        for j in range(u.shape[0]):
            br, bi, v = B[0, j], B[1, j], u[j, k]
            for n in range(N):
                xr[n] += br[n] * v
                xi[n] += bi[n] * v
    x[0], x[1] = xr, xi


@njit(cache=True, fastmath=FLAGS, inline="always")
def _real_product(ar, ai, br, bi):
    total = 0.0
    for n in range(ar.size):
        total += ar[n] * br[n] - ai[n] * bi[n]
    return total


@njit(cache=True, fastmath=FLAGS, inline="always")
def _imaginary_product(ar, ai, br, bi):
    total = 0.0
    for n in range(ar.size):
        total += ar[n] * bi[n] + ai[n] * br[n]
    return total


@njit(cache=True, fastmath=FLAGS)
def dense(transposed, B, C, u, x, y, states):
    """x <- A x + B u_k, y_k = C x: `simulate.step`, real or complex.

    transposed (N, N) is A^T, B (m, N), C (p, N), u (m, L), x (N,) which becomes the final
    state, y (p, L), states (L, N) or (0, 0) where they are not wanted.
    """
    N, L = x.size, u.shape[1]
    new = np.empty_like(x)
    for k in range(L):
        if states.shape[0]:
            states[k] = x
        for i in range(C.shape[0]):
            total = y[i, k]
            for n in range(N):
                total += C[i, n] * x[n]
            y[i, k] = total
        new[:] = 0
        for j in range(u.shape[0]):
            value = u[j, k]
            for n in range(N):
                new[n] += B[j, n] * value
        for j in range(N):
            value, column = x[j], transposed[j]
            for n in range(N):
                new[n] += column[n] * value
        x[:] = new


@njit(cache=True)
def exact(A, B, C, u, x, y, states):
    """x <- A x + B u_k, y_k = C x, real, with sums and states in twice the digits: `growth.scan`.

    A (N, N), B (N, m), C (p, N), u (m, L), x (N,) which becomes the final state, y (p, L),
    states (L, N) or (0, 0).
    """
    high, low, new = x.copy(), np.zeros_like(x), np.empty((2, x.size))
    for k in range(u.shape[1]):
        if states.shape[0]:
            states[k] = high
        for i in range(C.shape[0]):
            s, e = _exact_dot(C[i], high, low)
            y[i, k] = s + e
        for i in range(x.size):
            s, e = _exact_dot(A[i], high, low)
            for j in range(u.shape[0]):
                p, q = _exact_product(B[i, j], u[j, k])
                s, r = _exact_sum(s, p)
                e += r + q
            new[0, i] = s + e
            new[1, i] = e - (new[0, i] - s)
        high[:], low[:] = new[0], new[1]
    x[:] = high


@njit(cache=True, inline="always")
def _exact_sum(a, b):
    s = a + b
    z = s - a
    return s, (a - (s - z)) + (b - z)


@njit(cache=True, inline="always")
def _exact_product(a, b):
    p = a * b
    c, d = 134217729.0 * a, 134217729.0 * b
    a1, b1 = c - (c - a), d - (d - b)
    a2, b2 = a - a1, b - b1
    return p, ((a1 * b1 - p) + a1 * b2 + a2 * b1) + a2 * b2


@njit(cache=True)
def _exact_dot(row, high, low):
    """row (high + low) as a sum and its compensation."""
    s, e = 0.0, 0.0
    for n in range(row.size):
        if row[n] == 0.0:
            continue
        p, q = _exact_product(row[n], high[n])
        s, r = _exact_sum(s, p)
        e += (r + q) + row[n] * low[n]
    return s, e
