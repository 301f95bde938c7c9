"""Kernels of LegS against a recurrence in 50 digits, by its own O(N) triangular step."""

import flint
import numpy as np
import pytest
from scipy import signal

import hippo_theory as ht
from hippo_theory.lti.growth import SETTLED, loss


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


FILTERS = {
    "butterworth bandpass": signal.butter(4, [0.1, 0.12], "bandpass"),
    "chebyshev": signal.cheby1(8, 1, 0.05),
    "elliptic": signal.ellip(6, 1, 60, 0.05),
    "butterworth low": signal.butter(4, 0.01),
}


def impulse_response(b, a, L):
    """h of the difference equation of tf2ss's own floats, at 300 bits."""
    A, _, C, D = signal.tf2ss(b, a)
    with flint.ctx.workprec(300):
        a = [flint.arb(float(x)) for x in -A[0]]
        c, past, h = [flint.arb(float(x)) for x in C[0]], [flint.arb(1)], [float(D[0, 0])]
        for _ in range(L - 1):
            h.append(float(sum((x * y for x, y in zip(c, past, strict=False)), flint.arb(0))))
            new = -sum((x * y for x, y in zip(a, past, strict=False)), flint.arb(0))
            past = [new.mid(), *past][: len(c)]
    return np.array(h)


@pytest.mark.parametrize("name", FILTERS)
def test_kernels_and_signals_of_filters_in_companion_form_are_the_difference_equation(name):
    """Their powers grow to 1e7 before they decay: squaring them in doubles leaves no digit."""
    L = 2000
    system = ht.lti.from_scipy(signal.StateSpace(*signal.tf2ss(*FILTERS[name]), dt=1.0))
    exact = impulse_response(*FILTERS[name], L)
    size = abs(exact).max()
    for method in ("auto", "krylov", "naive"):
        assert abs(ht.lti.kernel(system, L, method=method) - exact).max() < 1e-12 * size
    u = np.zeros((32, L))
    u[:, 0] = 1
    assert abs(ht.lti.simulate(system, u) - exact).max() < 1e-12 * size
    y, x = ht.lti.simulate(system, u[0], states=True)
    assert abs(y - exact).max() < 1e-12 * size
    assert x.shape == (L, system.state_dim)
    with pytest.raises(np.linalg.LinAlgError, match="must keep 1e-09 of the largest value"):
        ht.lti.simulate(system, u, method="chunked")


def test_losses_of_squaring_are_never_below_the_error():
    rng = np.random.default_rng(3)
    for n, growth in [(3, 1.0), (5, 10.0), (8, 100.0)]:
        A = 0.95 * np.linalg.qr(rng.normal(size=(n, n)))[0] + growth * np.eye(n, k=2)
        B, C, L = rng.normal(size=(n, 1)), rng.normal(size=(1, n)), 256
        A = A / max(1, 1.001 * abs(np.linalg.eigvals(A)).max())
        with flint.ctx.workprec(400):
            M, X, h = (flint.arb_mat(a.tolist()) for a in (A, B, C))
            exact = [float((h * (X := M * X if k else X))[0, 0]) for k in range(L - 1)]
        S = A
        table = B
        while table.shape[1] < L - 1:
            table, S = np.hstack([table, S @ table]), S @ S
        error = abs((C @ table)[0, : L - 1] - exact).max() / abs(np.array(exact)).max()
        lost = loss(A, B, C, L)
        assert error <= lost <= 1e4 * max(error, 1e-16) or lost > SETTLED


def test_small_kernels_of_contractions_keep_their_digits():
    """States that cancel in C x up to 1e-9 of them: in twice the digits, zeros included."""
    n, L = 6, 40
    V = np.linalg.qr(np.random.default_rng(3).normal(size=(n, n)))[0]
    A, B = V @ np.diag([0.9, 0.8, 0.7, 0.6, 0.5, 0.4]) @ V.T, V[:, 0]
    for C in (1e-9 * V[:, 0] + V[:, 1], V[:, 5]):
        G = ht.LTI(A, B, C, dt=1.0)
        with flint.ctx.workprec(400):
            M, X, h = (flint.arb_mat(a.tolist()) for a in (A, B[:, None], C[None]))
            exact = [0.0] + [float((h * (X := M * X if k else X))[0, 0]) for k in range(L - 1)]
        for method in ("auto", "naive", "krylov"):
            assert distance(ht.lti.kernel(G, L, method=method), np.array(exact)) < 1e-9
        u = np.sin(np.arange(L) + 1.0)
        for method in ("auto", "scan", "fft"):
            y = ht.lti.simulate(G, u, method=method)
            assert distance(y, np.convolve(exact, u)[:L]) < 1e-9
    zero = ht.LTI(np.diag([0.5, 0.5]), [1.0, 1.0], [1.0, -1.0], dt=1.0)
    assert not ht.lti.kernel(zero, L).any()
    assert not ht.lti.simulate(zero, np.ones(L)).any()


def test_naive_kernels_of_companion_matrices_as_low_rank_keep_their_digits():
    """A = 0 - I (-A^T)^T of a narrow filter: the same growth as in the dense form."""
    b, a = signal.cheby1(6, 1, 0.02)
    L, n = 400, len(a) - 1
    A = np.vstack([-a[1:], np.eye(n - 1, n)])
    low_rank = ht.lti.DPLR(np.zeros(n), np.eye(n), -A.T, np.eye(n)[0], b[1:] - b[0] * a[1:], dt=1.0)
    exact = impulse_response(b, a, L)
    exact[0] -= b[0]
    assert distance(ht.lti.kernel(low_rank, L, method="naive"), exact) < 1e-9
