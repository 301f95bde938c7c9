"""Compiled kernels of the exact holds: r^A by Taylor sub-steps or by rows, and the quadrature.

States are (N, S) and advanced in place, as in `_fast`.
"""

import math

import numpy as np

from hippo_theory._jit import njit
from hippo_theory.legs._fast import compiled


@compiled
def holds(ratios, substeps, base, near, flipped, weights, local, offsets, state, out, first):
    """c_{k+1} = base_k e_0 + r_k^A (c_k - base_k e_0) + integral of (input - base_k) p(s/t_{k+1}).

    The integral is `project` over the entries offsets_k .. offsets_{k+1}. substeps_k = 0 asks
    for the dense rows of r^A, m > 0 for m Taylor sub-steps; ratios are (t_{k+1} - t_k) / t_{k+1}.
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
        project(near, flipped, weights, local, offsets[k], offsets[k + 1], state)
        if out.shape[0]:
            for s in range(S):
                out[s, first + k] = state[:, s]


TAYLOR_TERMS = 18  # x^18 / 18! < 2e-16 at x = 1, the largest norm of a sub-step


@compiled
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


@compiled
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


BLOCK = 512  # nodes whose polynomials stay in the first cache


@njit(cache=True, fastmath={"contract", "reassoc"}, error_model="numpy")
def project(near, flipped, weights, local, start, stop, state):
    """Add sum_i weights_i p_n(x_i) local_i to the state, i in [start, stop): `_legendre.climb`.

    near_i is the distance of x_i from the nearer end of [0, 1], the left one where flipped_i.
    """
    N, S = state.shape
    for begin in range(start, stop, BLOCK):
        count = min(BLOCK, stop - begin)
        values = weights[begin : begin + count].copy()
        steps = np.zeros(count)
        even, odd = np.empty((count, S)), np.empty((count, S))
        for i in range(count):
            even[i] = local[begin + i]
            odd[i] = even[i]
            if flipped[begin + i]:
                steps[i] = 2 * values[i]
                odd[i] = -even[i]
        for n in range(N):
            norm, factors = math.sqrt(2 * n + 1.0), odd if n % 2 else even
            if S == 1:
                total = 0.0
                for i in range(count):
                    total += values[i] * factors[i, 0]
                state[n, 0] += norm * total
            else:
                for i in range(count):
                    scaled = norm * values[i]
                    for s in range(S):
                        state[n, s] += scaled * factors[i, s]
            keep, slope, inverse = float(n), 2.0 * (2 * n + 1), 1 / (n + 1.0)
            for i in range(count):
                steps[i] = (keep * steps[i] - slope * near[begin + i] * values[i]) * inverse
                values[i] += steps[i]
