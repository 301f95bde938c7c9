"""Compiled kernels of the LegS solver; tests/equivalence/test_legs_solver.py has the definitions.

States are (N, S), the S sequences of a batch contiguous, and are advanced in place. `out` is
(S, K, N), filled from time index `first`, or (0, 0, 0) when only the final state is wanted.
"""

import math

import numpy as np
from numba import njit

# the rounding of a fused multiply-add is allowed; nothing is reordered
compiled = njit(cache=True, fastmath={"contract"}, error_model="numpy")

BATCH = 8  # sequences from which lanes across the batch beat lanes across time (measured)
LANES = 200  # steps in flight for one sequence; more gain nothing (measured, N = 256)


@compiled
def ladder(a, b, drive, state, out, first):
    """(I + b_k A) c_{k+1} = (I - a_k A) c_k + B drive_k, in place, for every k.

    With z_n = c_n / sqrt(2n+1) first differences make A bidiagonal and leave the input in row 0:
    (1 + b(n+1)) z'_n = (1 - b(n-1)) z'_{n-1} + (1 - a(n+1)) z_n - (1 + a(n-1)) z_{n-1}.
    """
    N, S = state.shape
    norms = np.sqrt(2 * np.arange(N) + 1.0)
    z = state / norms.reshape(-1, 1)
    if S >= BATCH and not out.shape[0]:
        fours = len(a) - len(a) % 4
        batch(a[:fours], b[:fours], drive, z)
        for k in range(fours, len(a)):
            one_step(a[k], b[k], drive[k], z)
    else:
        lanes = max(min(N - 1, LANES), 1)
        whole = len(a) - len(a) % lanes
        for s in range(S):
            wavefront(a, b, drive, norms, 0, whole, lanes, z, out, first, s)
            wavefront(a, b, drive, norms, whole, len(a), len(a) - whole, z, out, first, s)
    for n in range(N):
        for s in range(S):
            state[n, s] = norms[n] * z[n, s]


@compiled
def one_step(a, b, drive, z):
    """One step of `ladder` for all columns of z: the recurrence as it is written there."""
    before = z[0].copy()
    for s in range(z.shape[1]):
        z[0, s] = ((1 - a) * z[0, s] + drive[s]) / (1 + b)
    for n in range(1, z.shape[0]):
        inverse = 1 / (1 + b * (n + 1))
        for s in range(z.shape[1]):
            now = z[n, s]
            stay = (1 - a * (n + 1)) * now - (1 + a * (n - 1)) * before[s]
            z[n, s] = ((1 - b * (n - 1)) * z[n - 1, s] + stay) * inverse
            before[s] = now


@compiled
def batch(a, b, drive, z):
    """`one_step` for len(a) = 4 m steps, four at a time so that a row of z is read once for four.

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
def wavefront(a, b, drive, norms, start, stop, lanes, z, out, first, s):
    """`one_step` for column s and steps start..stop (a multiple of lanes), `lanes` steps at once.

    Row n of a step needs its own row n-1 and rows n, n-1 of the step before: lane i runs step
    start + q lanes + i one row behind lane i-1, and begins its next step when it has done
    `period` rows. Slot i+1 of the ring of waves holds what lane i made; slot 0 feeds lane 0.
    """
    N, rounds = len(norms), (stop - start) // max(lanes, 1)
    if not rounds:
        return
    period = max(N, lanes + 1)
    ring = period + lanes if out.shape[0] else 3
    waves = np.zeros((ring, lanes + 1))
    feed = np.zeros(period)
    feed[:N] = z[:, s]
    waves[ring - 1, 0] = feed[0]
    row, alpha, beta = np.zeros(lanes), np.zeros(lanes), np.zeros(lanes)
    for w in range(rounds * period + lanes - 1):
        new, last, older = waves[w % ring], waves[(w - 1) % ring], waves[(w - 2) % ring]
        q, r = w // period, w % period
        k = start + q * lanes + r
        starts = r < lanes and q < rounds
        if starts:
            alpha[r], beta[r], row[r] = a[k], b[k], 0.0
        for i in range(lanes):
            n = row[i]
            stay = (1 - alpha[i] * (n + 1)) * last[i] - (1 + alpha[i] * (n - 1)) * older[i]
            carried = (1 - beta[i] * (n - 1)) * last[i + 1]
            new[i + 1] = (carried + stay) / (1 + beta[i] * (n + 1))
            row[i] = n + 1
        if starts:
            new[r + 1] = ((1 - alpha[r]) * last[r] + drive[k, s]) / (1 + beta[r])
        if w >= lanes - 1:
            feed[(w - lanes + 1) % period] = new[lanes]
        new[0] = feed[(w + 1) % period]
        finished = w + 2 - lanes
        if out.shape[0] and finished > 0 and finished % period == 0:
            k = first + start + (finished // period - 1) * lanes
            store(waves, (finished - period) % ring, norms, out[s, k : k + lanes])
    z[:, s] = feed[:N]


@compiled
def store(waves, begin, norms, out):
    """Unskew one round: row n of lane i is in wave begin + n + i (the ring wraps once).

    Tiles of 8 lanes by 64 rows, so that every cache line of a wave is read once.
    """
    ring, stride = waves.shape
    flat = waves.reshape(-1)
    N = len(norms)
    for lane in range(0, len(out), 8):
        for row in range(0, N, 64):
            for i in range(lane, min(lane + 8, len(out))):
                stop = min(row + 64, N)
                wrap = min(max(ring - begin - i, row), stop)
                offset = (begin + i) * stride + i + 1
                for n in range(row, wrap):
                    out[i, n] = norms[n] * flat[offset + n * stride]
                offset -= ring * stride
                for n in range(wrap, stop):
                    out[i, n] = norms[n] * flat[offset + n * stride]


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
