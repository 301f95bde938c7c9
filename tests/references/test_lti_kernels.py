"""Kernels of LegS against a recurrence in 50 digits, by its own O(N) triangular step."""

import flint
import numpy as np
import pytest

import hippo_theory as ht


def legs_layer_kernel(C, L, dt):
    """K_k = C A_d^k B_d of Tustin's rule for LegS, from exact square roots, 50 digits.

    In z_n = x_n / sqrt(2n + 1) a solve with I - (dt/2) A is one running sum over n, and
    A_d z = 2 (I - (dt/2) A)^{-1} z - z.
    """
    N = len(C)
    precision, flint.ctx.prec = flint.ctx.prec, 190
    try:
        half = flint.arb(dt) / 2
        odd = [flint.arb(2 * n + 1) for n in range(N)]
        inverse = [1 / (1 + half * (n + 1)) for n in range(N)]
        driven = [half * k for k in odd]
        weights = [flint.arb(c) * k.sqrt() for c, k in zip(C.tolist(), odd, strict=True)]

        def solve(right):
            total, result = flint.arb(0), []
            for r, d, a in zip(right, driven, inverse, strict=True):
                result.append((r - total) * a)
                total += d * result[-1]
            return result

        z, K = solve([flint.arb(dt)] * N), []
        for _ in range(L):
            K.append(float(sum((w * x for w, x in zip(weights, z, strict=True)), flint.arb(0))))
            z = [(2 * y - x).mid() for y, x in zip(solve(z), z, strict=True)]
        return np.array(K)
    finally:
        flint.ctx.prec = precision


def legs(N):
    """LegS as a dense value, rounded once, with a random C."""
    root = np.sqrt(2 * np.arange(N) + 1.0)
    A = -np.tril(np.outer(root, root), -1) - np.diag(np.arange(N) + 1.0)
    return ht.LTI(A, root, np.random.default_rng(0).normal(size=N))


CASES = [(16, 1024, 1 / 1024), (64, 1024, 0.01), (64, 16384, 1 / 16384)]


@pytest.fixture(scope="module", params=CASES, ids=str)
def case(request):
    N, L, dt = request.param
    system = legs(N)
    return system, L, dt, legs_layer_kernel(system.C, L, dt)


def distance(h, exact):
    return np.linalg.norm(h - exact) / np.linalg.norm(exact)


@pytest.mark.parametrize("method", ["naive", "krylov", "s4"])
def test_legs_kernels_have_twelve_digits(case, method):
    system, L, dt, exact = case
    layer = ht.lti.kernel(system, L, dt=dt, layer=True, method=method)
    assert distance(layer, exact) < 2e-13
    tustin = ht.lti.kernel(system, L, dt=dt, method=method)  # C (I - dt/2 A)^{-1} averages
    assert distance(tustin[1:], (exact[:-1] + exact[1:]) / 2) < 2e-13


@pytest.mark.parametrize("method", ["krylov", "s4"])
def test_legs_kernels_have_single_precision(case, method):
    system, L, dt, exact = case
    h = ht.lti.kernel(system, L, dt=dt, layer=True, method=method, dtype=np.float32)
    assert distance(h, exact) < 3e-6


@pytest.mark.parametrize("method", ["scan", "chunked", "fft"])
def test_legs_simulations_have_twelve_digits(case, method):
    system, L, dt, exact = case
    discrete = ht.lti.discretize(system, dt, layer=True)
    u = np.random.default_rng(1).normal(size=L)
    y = ht.lti.simulate(discrete, u, method=method)
    reference = ht.lti.convolve(exact, u)
    assert distance(y, reference) < 4e-13


def test_the_single_node_minus_one_is_right():
    """w = -1 carries sum_l (-1)^l K_l: one bin out of L, that no norm of the kernel guards."""
    system, L, dt = legs(16), 64, 0.05
    exact = legs_layer_kernel(system.C, L, dt)
    h = ht.lti.kernel(system, L, dt=dt, layer=True, method="s4")
    signs = (-1.0) ** np.arange(L)
    assert abs(signs @ h - signs @ exact) < 1e-13 * abs(exact).sum()


def test_powers_of_poles_near_the_circle_keep_their_digits():
    """Where only poles are given their logarithm is taken in twice the precision."""
    rng = np.random.default_rng(2)
    poles = 0.99999 * np.exp(1j * rng.uniform(0, np.pi, 8))
    system = ht.DiagonalLTI(poles, np.ones(8), np.ones(8), dt=1.0)
    h = ht.lti.kernel(system, 16384, method="vandermonde")
    precision, flint.ctx.prec = flint.ctx.prec, 190
    try:
        for k in (1, 1000, 16383):
            exact = sum(flint.acb(z.real, z.imag) ** (k - 1) for z in poles.tolist())
            error = abs(h[k] - complex(exact))
            logarithm = 4 * k * float(np.finfo(np.longdouble).eps)  # 64 bits, or 53
            assert error < 8 * (16 * 2**-53 + logarithm)
    finally:
        flint.ctx.prec = precision
