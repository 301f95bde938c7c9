"""The compiled recurrence of Hammarling; its plain definition is `_precise._factor`."""

import numpy as np

from hippo_theory._jit import njit


@njit(cache=True)
def hammarling(T, B, w, difference, s, discrete, diagonal, S):
    """S, zero on entry, of T (n, n) and B (n, m), which is overwritten; s_k^2 = w_kk.

    w_ik = 1 - l_i conj(l_k) or -(l_i + conj(l_k)); differences l_i - l_k serve a diagonal T in
    discrete time, where T itself is not read.
    """
    n, m = B.shape
    beta, u, y = np.empty(n, B.dtype), np.empty(n, B.dtype), np.empty(n, B.dtype)
    for k in range(n - 1, -1, -1):
        top = 0.0
        for j in range(m):
            top = max(top, abs(B[k, j].real), abs(B[k, j].imag))
        if top == 0.0:
            continue
        q = B[k] / top
        size = np.sqrt((q.real**2 + q.imag**2).sum())
        q = q / size
        tau = top * size / s[k]
        for i in range(k):
            total = B[i, 0] * np.conj(q[0])
            for j in range(1, m):
                total += B[i, j] * np.conj(q[j])
            beta[i] = total
        if diagonal:
            for i in range(k):
                u[i] = s[k] * beta[i] / w[i, k]
                if discrete:
                    y[i] = beta[i] * (difference[i, k] / w[i, k] - 1.0)
                else:
                    y[i] = -s[k] * u[i]
        else:
            _column(T, w, s[k], discrete, k, tau, beta, u, y)
        S[k, k] = tau
        for i in range(k):
            S[i, k] = u[i]
            for j in range(m):
                B[i, j] += y[i] * q[j]


@njit(cache=True)
def _column(T, w, s, discrete, k, tau, beta, u, y):
    """Back substitution for the entries of column k above the diagonal, and the change of B."""
    turn = np.conj(T[k, k]) if discrete else 1.0 + 0.0j
    for i in range(k):
        u[i] = turn * T[i, k] * tau + s * beta[i]
        y[i] = T[i, k] * tau
    for j in range(k - 1, -1, -1):
        u[j] = u[j] / w[j, k]
        for i in range(j):
            u[i] += turn * T[i, j] * u[j]
        for i in range(j + 1):
            y[i] += T[i, j] * u[j]
    for i in range(k):
        y[i] = s * y[i] - (T[k, k] + 1.0) * beta[i] if discrete else -s * u[i]
