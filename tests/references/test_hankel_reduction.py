"""Reduced systems against balanced coordinates of sixty digits, SLICOT and Lyapunov equations."""

import warnings

import flint
import numpy as np
import pytest
import scipy.linalg as sla
import scipy.signal
from flint import acb, acb_mat

import hippo_theory as ht
from hippo_theory import hankel

DIGITS = 60


def plants():
    rng = np.random.default_rng(7)
    A = rng.normal(size=(6, 6))
    A -= (np.linalg.eigvals(A).real.max() + 0.5) * np.eye(6)
    B, C, D = rng.normal(size=(6, 3)), rng.normal(size=(2, 6)), rng.normal(size=(2, 3))
    K = 2 * np.eye(3) - np.eye(3, k=1) - np.eye(3, k=-1)
    masses = np.block([[np.zeros((3, 3)), np.eye(3)], [-K, -0.1 * K - 0.05 * np.eye(3)]])
    forces, readings = np.eye(6)[:, 3:5], np.eye(6)[:3]  # p > m
    ladder = -2 * np.eye(8) + np.eye(8, k=1) + np.eye(8, k=-1)
    ring = rng.uniform(0.9, 0.99, 4) * np.exp(1j * rng.uniform(0.1, 3, 4))
    b, c = rng.normal(size=(2, 4, 2, 2)) @ [1, 1j]
    section = ht.LTI([[0.6, -0.8], [-0.2, -0.1]], [3.3, 0.2], [-0.3, -0.7], 1.0, dt=1.0)
    return {
        "full, 3 inputs, 2 outputs": ht.LTI(A, B, C, D),
        "full, discrete": ht.LTI(sla.expm(0.3 * A), B, C, D, dt=0.3),
        "complex": ht.LTI(A + 0.5j * np.eye(6), B * (1 + 1j), C, 1j * D),
        "masses": ht.LTI(masses, forces, readings),
        "ladder": ht.LTI(ladder, np.eye(8)[0], np.eye(8)[-1]),
        "layer": ht.DiagonalLTI(ring, b, c.T[0] + 0 * c.T, np.eye(2), dt=1.0, conjugate=True),
        "real poles": ht.DiagonalLTI([-1.0, -2.0, -4.0], [1.0, 1.0, 2.0], [1.0, -1.0, 1.0], 0.5),
        "low-pass": ht.lti.from_scipy(
            scipy.signal.StateSpace(*scipy.signal.tf2ss(*scipy.signal.butter(4, 0.2)), dt=1.0)
        ),
        "twice the same": section + section,
    }


def ball(M):
    return acb_mat(*M.shape, [acb(float(np.real(x)), float(np.imag(x))) for x in M.ravel()])


def middle(M):
    parts = [acb(x.real.mid(), x.imag.mid()) for x in M.entries()]
    return acb_mat(M.nrows(), M.ncols(), parts)


def gramian(A, W, discrete):
    """X with A X + X A^* + W = 0, or X = A X A^* + W, as one linear system."""
    n, bar = A.nrows(), A.conjugate()
    K, right = acb_mat(n * n, n * n), acb_mat(n * n, 1, [-x for x in W.entries()])
    for i in range(n):
        for j in range(n):
            for k in range(n):
                if not discrete:
                    K[i * n + j, k * n + j] += A[i, k]
                    K[i * n + j, i * n + k] += bar[j, k]
                    continue
                for m in range(n):
                    K[i * n + j, k * n + m] += A[i, k] * bar[j, m]
            if discrete:
                K[i * n + j, i * n + j] -= 1
    return middle(acb_mat(n, n, K.solve(right, algorithm="approx").entries()))


def exact_reduction(G, order, residualize):
    """Transfer function of the reduced system: eigenvectors of P Q are balanced coordinates."""
    A, B, C, D = (ball(M) for M in ht.lti.matrices(G))
    adjoint = lambda M: M.conjugate().transpose()  # noqa: E731
    P = gramian(A, B * adjoint(B), G.is_discrete)
    Q = gramian(adjoint(A), adjoint(C) * C, G.is_discrete)
    squares, T = (P * Q).eig(right=True, algorithm="approx")
    first = np.argsort([-float(abs(x)) for x in squares])
    T = acb_mat(T.nrows(), len(first), [T[i, int(j)] for i in range(T.nrows()) for j in first])
    L = middle(T).inv()
    A, B, C = L * A * T, L * B, C * T
    A, B, C, D = (array(M) for M in (A, B, C, D))
    r, n = order, len(A)
    if residualize:
        M = A[r:, r:] - (np.eye(n - r) if G.is_discrete else 0)
        X, Y = np.linalg.solve(M, A[r:, :r]), np.linalg.solve(M, B[r:])
        return (
            A[:r, :r] - A[:r, r:] @ X,
            B[:r] - A[:r, r:] @ Y,
            C[:, :r] - C[:, r:] @ X,
            D - C[:, r:] @ Y,
        )
    return A[:r, :r], B[:r], C[:, :r], D


def array(M):
    return np.array([complex(x) for x in M.entries()]).reshape(M.nrows(), M.ncols())


def response(parts, points):
    A, B, C, D = parts
    return np.array([D + C @ np.linalg.solve(z * np.eye(len(A)) - A, B) for z in points])


def boundary(G, count=25):
    if G.is_discrete:
        return np.exp(1j * np.linspace(0.1, 2 * np.pi, count))
    return 1j * np.concatenate([-np.geomspace(0.01, 30, count // 2), np.geomspace(0.01, 30, count)])


def rank(G):
    return int((hankel.singular_values(G).values > 1e-10).sum())


@pytest.mark.parametrize("method", hankel.METHODS)
@pytest.mark.parametrize("name", plants())
def test_reductions_are_those_of_sixty_digits(name, method):
    flint.ctx.dps = DIGITS
    G = plants()[name]
    for order in {1, rank(G) // 2, rank(G)}:
        reduced = hankel.balanced_truncation(G, order, method=method)
        if order == rank(G) and name == "twice the same":
            exact = ht.lti.matrices(G)
        else:
            exact = exact_reduction(G, order, method == "singular_perturbation")
        points = boundary(G)
        got, want = (response(M, points) for M in (ht.lti.matrices(reduced.system), exact))
        np.testing.assert_allclose(got, want, rtol=0, atol=1e-11 * np.abs(want).max())
        assert reduced.system.state_dim == order
        given = response(ht.lti.matrices(G), points)
        error = np.linalg.norm(got - given, 2, axis=(1, 2)).max()
        assert error <= reduced.error_bound + 1e-13 * np.abs(given).max()
        tail = reduced.singular_values.values[order:].sum()
        assert reduced.error_bound <= 2 * tail + 1e-7 * np.abs(given).max()


@pytest.mark.parametrize("name", plants())
def test_gramians_of_a_balanced_system_are_its_singular_values(name):
    G = plants()[name]
    balanced = hankel.balanced_realization(G)
    A, B, C, _ = ht.lti.matrices(balanced)
    solve = sla.solve_discrete_lyapunov if G.is_discrete else sla.solve_continuous_lyapunov
    sign = 1 if G.is_discrete else -1
    values = hankel.singular_values(G).values[: len(A)]
    for X in (solve(A, sign * B @ B.conj().T), solve(A.conj().T, sign * C.conj().T @ C)):
        np.testing.assert_allclose(X, np.diag(values), rtol=0, atol=1e-11 * values[0])
    real = name != "complex"
    assert not real or not np.iscomplexobj(A)


@pytest.mark.parametrize("name", ["full, 3 inputs, 2 outputs", "full, discrete", "masses"])
def test_reductions_are_those_of_slicot(name):
    slycot = pytest.importorskip("slycot")
    G = plants()[name]
    A, B, C, D = ht.lti.matrices(G)
    n, m, p = len(A), B.shape[1], C.shape[0]
    dico, points = "D" if G.is_discrete else "C", boundary(G)
    for order in (2, 4):
        _, *reduced, values = slycot.ab09ad(dico, "B", "N", n, m, p, A, B, C, nr=order)
        want = response((*reduced, D), points)
        got = hankel.balanced_truncation(G, order)
        np.testing.assert_allclose(
            got.singular_values.values, values, rtol=0, atol=1e-12 * values[0]
        )
        np.testing.assert_allclose(
            response(ht.lti.matrices(got.system), points),
            want,
            rtol=0,
            atol=1e-11 * abs(want).max(),
        )


def test_the_ends_of_the_orders_are_answered():
    G = plants()["full, 3 inputs, 2 outputs"]
    none = hankel.balanced_truncation(G, 0)
    np.testing.assert_array_equal(none.system.D, G.D)
    assert none.system.state_dim == 0
    np.testing.assert_allclose(none.error_bound, 2 * none.singular_values.values.sum(), rtol=1e-9)
    whole = hankel.balanced_truncation(G, 6)
    assert whole.error_bound < 1e-11
    kept = hankel.balanced_truncation(G, tolerance=1e-300)  # less than what rounding costs
    np.testing.assert_array_equal(kept.system.A, G.A)
    assert kept.error_bound == 0
    for zero in (
        ht.LTI(-np.eye(2), [1.0, 1.0], [0.0, 0.0], 2.0),
        ht.LTI(np.zeros((0, 0)), [], [], 2.0),
    ):
        reduced = hankel.balanced_truncation(zero, 0)
        assert (reduced.system.state_dim, float(reduced.system.D)) == (0, 2.0)
        assert hankel.balanced_realization(zero).state_dim == 0


@pytest.mark.parametrize("method", hankel.METHODS)
def test_bounds_of_relaxation_systems_are_attained_and_not_passed(method):
    """|G - G_r| = 2 sum_{j > r} sigma_j at s = 0 (at infinity) for A = A^*, B = C^*."""
    flint.ctx.dps = DIGITS
    A = np.diag(-np.arange(1.0, 9.0)) + 0.5 * (np.eye(8, k=1) + np.eye(8, k=-1))
    G = ht.LTI(A, np.ones(8), np.ones(8))
    for order in range(1, 6):
        reduced = hankel.balanced_truncation(G, order, method=method)
        gains = []
        for A, B, C, D in map(ht.lti.matrices, (G, reduced.system)):
            at_rest = ball(D) - ball(C) * ball(A).solve(ball(B))
            gains.append((at_rest if method == "truncation" else ball(D))[0, 0])
        error = float(abs(gains[0] - gains[1]))
        assert error <= reduced.error_bound
        tail = 2 * reduced.singular_values.values[order:].sum()
        assert abs(error - tail) < 1e-12 * tail + 1e-14


@pytest.mark.parametrize(
    "design",
    [("cheby1", 8, 1, 0.05), ("butter", 4, [0.1, 0.12], "bandpass"), ("ellip", 6, 1, 60, 0.05)],
)
def test_filters_in_companion_form_lose_no_digits(design):
    """Plain square-root methods keep six to nine digits of these."""
    kind, *numbers = design
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", scipy.signal.BadCoefficients)
        parts = scipy.signal.tf2ss(*getattr(scipy.signal, kind)(*numbers))
    G = ht.lti.from_scipy(scipy.signal.StateSpace(*parts, dt=1.0))
    flint.ctx.dps = DIGITS
    whole = hankel.balanced_realization(G)
    points = np.exp(1j * np.concatenate([np.angle(G.poles), np.linspace(0.0, 1.0, 9)]))
    errors = [abs(exact_response(G, z) - exact_response(whole, z)) for z in points]
    assert max(map(float, errors)) < 1e-12
    bound = hankel.balanced_truncation(G, whole.state_dim).error_bound
    assert max(map(float, errors)) <= bound < 1e-6


def exact_response(G, z):
    A, B, C, D = (ball(M) for M in ht.lti.matrices(G))
    one = acb_mat(
        A.nrows(), A.nrows(), [acb(i == j) for i in range(A.nrows()) for j in range(A.nrows())]
    )
    return (D + C * (acb(z.real, z.imag) * one - A).solve(B))[0, 0]
