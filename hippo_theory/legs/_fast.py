"""Compiled kernels of the LegS solver; tests/equivalence/test_legs_solver.py has the definitions.

States are (N, S), the S sequences of a batch contiguous, and are advanced in place. `out` is
(S, K, N), filled from time index `first`, or (0, 0, 0) when only the final state is wanted.
"""

import numpy as np

from hippo_theory._jit import njit

# the rounding of a fused multiply-add is allowed; nothing is reordered
compiled = njit(cache=True, fastmath={"contract"}, error_model="numpy")

BATCH = 8  # sequences from which lanes across the batch beat lanes across time (measured)
LANES = 192  # steps in flight for one sequence; more gain nothing (measured, N = 256)


@compiled
def ladder(a, b, drive, state, out, first):
    """(I + b_k A) c_{k+1} = (I - a_k A) c_k + B drive_k, in place, for every k.

    With z_n = c_n / sqrt(2n+1) first differences make A bidiagonal and leave the input in row 0:
    (1 + b(n+1)) z'_n = (1 - b(n-1)) z'_{n-1} + (1 - a(n+1)) z_n - (1 + a(n-1)) z_{n-1}.
    """
    N, S = state.shape
    norms = np.sqrt(2 * np.arange(N) + 1.0)
    z = np.ascontiguousarray(state.T) / norms
    done = 0
    if not out.shape[0] and S >= BATCH:
        done = len(a) - len(a) % 4
        columns = np.ascontiguousarray(z.T)
        batch(a[:done], b[:done], drive, columns)
        z[:] = columns.T
    elif not out.shape[0]:
        lanes = max(min(N, LANES) // 8 * 8, 8)
        done = len(a) - len(a) % lanes
        for s in range(S):
            wavefront(a[:done], b[:done], drive[:, s], lanes, z[s])
    pairs(a, b, drive, done, norms, z, out, first)
    state[:] = (z * norms).T


@compiled
def batch(a, b, drive, z):
    """`pairs` for len(a) = 4 m steps, four at a time so that a row of z is read once for four.

    level_j holds row n-1 after j of the four steps; x0..x4 is row n at these levels.
    """
    N, S = z.shape
    lower, main, before = np.empty((N, 4)), np.empty((N, 4)), np.empty((N, 4))
    level0, level1, level2 = np.zeros(S), np.zeros(S), np.zeros(S)
    level3, level4 = np.zeros(S), np.zeros(S)
    for k in range(0, len(a), 4):
        for n in range(N):
            for j in range(4):
                inverse = 1 / (1 + b[k + j] * (n + 1))
                lower[n, j] = (1 - b[k + j] * (n - 1)) * inverse
                main[n, j] = (1 - a[k + j] * (n + 1)) * inverse
                before[n, j] = (1 + a[k + j] * (n - 1)) * inverse
        for s in range(S):
            level0[s] = z[0, s]
            level1[s] = main[0, 0] * level0[s] + drive[k, s] / (1 + b[k])
            level2[s] = main[0, 1] * level1[s] + drive[k + 1, s] / (1 + b[k + 1])
            level3[s] = main[0, 2] * level2[s] + drive[k + 2, s] / (1 + b[k + 2])
            level4[s] = main[0, 3] * level3[s] + drive[k + 3, s] / (1 + b[k + 3])
            z[0, s] = level4[s]
        for n in range(1, N):
            l1, l2, l3, l4 = lower[n, 0], lower[n, 1], lower[n, 2], lower[n, 3]
            m1, m2, m3, m4 = main[n, 0], main[n, 1], main[n, 2], main[n, 3]
            b1, b2, b3, b4 = before[n, 0], before[n, 1], before[n, 2], before[n, 3]
            row = z[n]
            for s in range(S):
                x0 = row[s]
                x1 = l1 * level1[s] + (m1 * x0 - b1 * level0[s])
                x2 = l2 * level2[s] + (m2 * x1 - b2 * level1[s])
                x3 = l3 * level3[s] + (m3 * x2 - b3 * level2[s])
                x4 = l4 * level4[s] + (m4 * x3 - b4 * level3[s])
                level0[s], level1[s], level2[s] = x0, x1, x2
                level3[s], level4[s], row[s] = x3, x4, x4


@compiled
def pairs(a, b, drive, start, norms, z, out, first):
    """Steps start.. of `ladder` for the rows of z (S, N), two at a time, as it is written there.

    x0, x1, x2 are row n before, between and after the two, y0, y1, y2 row n-1. Either step waits
    for its own row n-1 alone, so that the processor runs both; `states` stays in cache and is
    written out in order. A step left over is paired with none: a = b = drive = 0.
    """
    S, N = z.shape
    factors, states = np.empty((6, N)), np.empty((2, N))
    for k in range(start, len(a), 2):
        alone = k + 1 == len(a)
        a1, b1 = (0.0, 0.0) if alone else (a[k + 1], b[k + 1])
        coefficients(a[k], b[k], a1, b1, factors)
        for s in range(S):
            y0 = z[s, 0]
            y1 = ((1 - a[k]) * y0 + drive[k, s]) / (1 + b[k])
            y2 = y1 if alone else ((1 - a1) * y1 + drive[k + 1, s]) / (1 + b1)
            states[0, 0], states[1, 0] = y1, y2
            for n in range(1, N):
                x0 = z[s, n]
                x1 = factors[0, n] * y1 + (factors[1, n] * x0 - factors[2, n] * y0)
                x2 = factors[3, n] * y2 + (factors[4, n] * x1 - factors[5, n] * y1)
                states[0, n], states[1, n] = x1, x2
                y0, y1, y2 = x0, x1, x2
            z[s] = states[0] if alone else states[1]
            for i in range(2 - alone if out.shape[0] else 0):
                for n in range(N):
                    out[s, first + k + i, n] = norms[n] * states[i, n]


@compiled
def coefficients(a0, b0, a1, b1, factors):
    """What multiplies z'_{n-1}, z_n and -z_{n-1} in `ladder`, for two steps by one division."""
    for n in range(factors.shape[1]):
        up, down = n + 1.0, n - 1.0
        d0, d1 = 1 + b0 * up, 1 + b1 * up
        inverse = 1 / (d0 * d1)
        i0, i1 = d1 * inverse, d0 * inverse
        factors[0, n], factors[3, n] = (1 - b0 * down) * i0, (1 - b1 * down) * i1
        factors[1, n], factors[4, n] = (1 - a0 * up) * i0, (1 - a1 * up) * i1
        factors[2, n], factors[5, n] = (1 + a0 * down) * i0, (1 + a1 * down) * i1


@compiled
def wavefront(a, b, drive, lanes, z):
    """`pairs` for one sequence z and a multiple of `lanes` (even) steps, `lanes` of them at once.

    Row n of a step needs its own row n-1 and rows n, n-1 of the step before: lane i runs step
    q lanes + i one row behind lane i-1, and begins its next step when it has done `period` rows.
    Row w mod 3 of `waves` is wave w; entry i+1 is what lane i made, entry 0 feeds lane 0.
    """
    N, period = len(z), max(len(z), lanes)
    waves, feed = np.zeros((3, lanes + 1)), np.zeros(period)
    feed[:N] = z
    waves[2, 0] = feed[0]
    begun, alpha, beta = np.zeros(lanes), np.zeros(lanes), np.zeros(lanes)
    new, last, older = 0, 2, 1
    q, r = 0, 0  # wave w = q period + r begins the row 0 of lane r
    for w in range(len(a) // lanes * period + lanes - 1):
        k = q * lanes + r
        starts = r < lanes and k < len(a)
        if starts:
            alpha[r], beta[r], begun[r] = a[k], b[k], w - 1.0
        wave(alpha, beta, begun, float(w), waves, new, last, older, lanes)
        if starts:
            waves[new, r + 1] = ((1 - alpha[r]) * waves[last, r] + drive[k]) / (1 + beta[r])
        r += 1
        if w >= lanes - 1:
            feed[r - lanes if r >= lanes else r - lanes + period] = waves[new, lanes]
        if r == period:
            q, r = q + 1, 0
        waves[new, 0] = feed[r]
        new, last, older = older, new, last
    z[:] = feed[:N]


@compiled
def wave(alpha, beta, begun, w, waves, new, last, older, lanes):
    """One row of every lane of `wavefront`; lanes i and lanes/2 + i share a division.

    With p = n + 1: z'_n = (z'_{n-1} - z_{n-1} + z_n - p (a z_n + v) + 2 v) / (1 + b p), where
    v = b z'_{n-1} + a z_{n-1}; x0, x1, x2 and y0, y1, y2 are z_{n-1}, z_n, z'_{n-1} of two lanes.
    """
    half = lanes // 2
    for i in range(half):
        j = half + i
        x0, x1, x2 = waves[older, i], waves[last, i], waves[last, i + 1]
        y0, y1, y2 = waves[older, j], waves[last, j], waves[last, j + 1]
        p, q = w - begun[i], w - begun[j]
        v = beta[i] * x2 + alpha[i] * x0
        u = beta[j] * y2 + alpha[j] * y0
        x = ((x2 - x0 + x1) - p * (alpha[i] * x1 + v)) + 2 * v
        y = ((y2 - y0 + y1) - q * (alpha[j] * y1 + u)) + 2 * u
        d, e = 1 + beta[i] * p, 1 + beta[j] * q
        inverse = 1 / (d * e)
        waves[new, i + 1], waves[new, j + 1] = x * (e * inverse), y * (d * inverse)


@compiled
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
