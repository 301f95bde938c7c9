"""Compiled kernels of the LegS solver; tests/equivalence/test_legs_solver.py has the definitions.

States are (N, S), the S sequences of a batch contiguous, and are advanced in place. `out` is
(S, K, N), filled from time index `first`, or (0, 0, 0) when only the final state is wanted.
"""

import math

import numpy as np
from numba import njit


@njit(cache=True)
def ladder(a, b, drive, state, out, first):
    """(I + b_k A) c_{k+1} = (I - a_k A) c_k + B drive_k, in place, for every k.

    With z_n = c_n / sqrt(2n+1) first differences make A bidiagonal and leave the input in row 0:
    (1 + b(n+1)) z'_n = (1 - b(n-1)) z'_{n-1} + (1 - a(n+1)) z_n - (1 + a(n-1)) z_{n-1}.
    """
    N, S = state.shape
    norms = np.sqrt(2 * np.arange(N) + 1.0)
    z = state / norms.reshape(-1, 1)
    old = np.empty(S)
    for k in range(len(a)):
        inverse = 1 / (1 + b[k])
        for s in range(S):
            old[s] = z[0, s]
            z[0, s] = ((1 - a[k]) * z[0, s] + drive[k, s]) * inverse
        for n in range(1, N):
            inverse = 1 / (1 + b[k] * (n + 1))
            lower = (1 - b[k] * (n - 1)) * inverse
            main = (1 - a[k] * (n + 1)) * inverse
            before = (1 + a[k] * (n - 1)) * inverse
            for s in range(S):
                now = z[n, s]
                z[n, s] = lower * z[n - 1, s] + main * now - before * old[s]
                old[s] = now
        if out.shape[0]:
            for s in range(S):
                for n in range(N):
                    out[s, first + k, n] = norms[n] * z[n, s]
    for n in range(N):
        for s in range(S):
            state[n, s] = norms[n] * z[n, s]


@njit(cache=True)
def resolvents(keep, solves, shifts, carried, driven, state, out, first):
    """c_{k+1} = keep c_k + Re sum_i (I + shifts_ki A)^{-1} (carried_ki c_k + driven_ki B).

    i < solves_k; each resolvent is one sweep with the running sum of sqrt(2j+1) w_j.
    """
    N, S = state.shape
    norms = np.sqrt(2 * np.arange(N) + 1.0)
    sums = np.zeros((shifts.shape[1], S), np.complex128)
    for k in range(len(shifts)):
        sums[:] = 0
        for n in range(N):
            for s in range(S):
                total = keep * state[n, s]
                for i in range(solves[k]):
                    shift = shifts[k, i]
                    inhomogeneous = norms[n] * (driven[k, i, s] - shift * sums[i, s])
                    w = (carried[k, i] * state[n, s] + inhomogeneous) / (1 + shift * (n + 1))
                    sums[i, s] += norms[n] * w
                    total += w.real
                state[n, s] = total
        if out.shape[0]:
            for s in range(S):
                out[s, first + k] = state[:, s]


@njit(cache=True)
def holds(ratios, substeps, base, nodes, weights, local, offsets, state, out, first):
    """c_{k+1} = base_k e_0 + r_k^A (c_k - base_k e_0) + sum_i weights_i p(1 - nodes_i) local_i.

    The last term integrates (input - base) over the cell; nodes are distances from t_{k+1} in
    units of t_{k+1}, and cell k owns the entries offsets_k .. offsets_{k+1}.
    substeps_k = 0 asks for the dense rows of r^A, m > 0 for m Taylor sub-steps.
    """
    N, S = state.shape
    norms = np.sqrt(2 * np.arange(N) + 1.0)
    moved = np.empty((N, S))
    for k in range(len(ratios)):
        state[0] -= base[k]
        if substeps[k]:
            for _ in range(substeps[k]):
                taylor(-math.log1p(-ratios[k]) / substeps[k], norms, state)
        else:
            dense(1 - ratios[k], norms, state, moved)
        state[0] += base[k]
        cell(nodes, weights, local, offsets[k], offsets[k + 1], norms, state)
        if out.shape[0]:
            for s in range(S):
                out[s, first + k] = state[:, s]


TAYLOR_TERMS = 18  # x^18 / 18! < 2e-16 at x = 1, the largest norm of a sub-step


@njit(cache=True)
def taylor(tau, norms, state):
    """state <- exp(-tau A) state by the Taylor polynomial, all powers in one sweep over n."""
    N, S = state.shape
    sums = np.zeros((TAYLOR_TERMS, S))
    for n in range(N):
        for s in range(S):
            power = state[n, s]
            total = power
            for j in range(TAYLOR_TERMS):
                before = sums[j, s]
                sums[j, s] += norms[n] * power
                power = (norms[n] * before + (n + 1) * power) * (-tau / (j + 1))
                total += power
            state[n, s] = total


@njit(cache=True)
def dense(r, norms, state, moved):
    """state <- r^A state, the rows of `operator.propagator` formed and used one at a time."""
    N, S = state.shape
    row, last, image = np.zeros(N), np.zeros(N), np.zeros(N)
    row[0] = 1
    for i in range(N):
        moved[i] = 0
        for j in range(i + 1):
            for s in range(S):
                moved[i, s] += r * row[j] * state[j, s]
        if i == N - 1:
            break
        up = (i + 1) / (2 * norms[i] * norms[i + 1])
        down = i / (2 * norms[i] * norms[i - 1]) if i else 0.0
        for j in range(i + 2):
            value = (r - 1) / 2 * row[j] - down * last[j]
            if j:
                value += r * row[j - 1] * j / (2 * norms[j] * norms[j - 1])
            if j < i:
                value += r * row[j + 1] * (j + 1) / (2 * norms[j] * norms[j + 1])
            image[j] = value / up
        last, row, image = row, image, last
    state[:] = moved


@njit(cache=True)
def cell(nodes, weights, local, start, stop, norms, state):
    """Add sum_i weights_i p_n(1 - u_i) local_i to the state, i in [start, stop), u_i = nodes_i.

    P_n(1 - 2u) comes from its differences, (n+1) D_n = n D_{n-1} - 2 (2n+1) u P_n, which keep
    all digits for small u.
    """
    N, S = state.shape
    values = np.empty(stop - start)
    steps = np.zeros(stop - start)
    values[:] = 1
    for n in range(N):
        for i in range(stop - start):
            factor = norms[n] * values[i] * weights[start + i]
            for s in range(S):
                state[n, s] += factor * local[start + i, s]
            u = nodes[start + i]
            steps[i] = (n * steps[i] - 2 * (2 * n + 1) * u * values[i]) / (n + 1)
            values[i] += steps[i]
