"""Identities of Hankel operators: traces, invariances, closed-form Gramians, optimal errors."""

import dataclasses

import numpy as np
import pytest
import scipy.linalg as sla

import hippo_theory as ht
from hippo_theory import hankel
from hippo_theory.hankel import _intervals, _levels, _modes
from hippo_theory.lti import expand
from hippo_theory.lti.forms import matrices

EPS = np.finfo(float).eps
N = 8


def example(dt=None, conjugate=False, seed=0, channels=()):
    rng = np.random.default_rng(seed)
    draw = lambda *shape: rng.normal(size=shape) + 1j * rng.normal(size=shape)  # noqa: E731
    poles = -rng.uniform(0.2, 1, N) + 2j * rng.normal(size=N)
    if dt is not None:
        poles = np.exp(poles)
    B, C = (draw(N, channels[1]), draw(channels[0], N)) if channels else (draw(N), draw(N))
    return ht.DiagonalLTI(poles, B, C, D=0.5, dt=dt, conjugate=conjugate)


SYSTEMS = [(dt, conjugate) for dt in (None, 1.0) for conjugate in (False, True)]


@pytest.mark.parametrize("dt, conjugate", SYSTEMS)
@pytest.mark.parametrize("channels", [(), (2, 3)])
def test_gramians_solve_their_equations_and_are_products_of_the_factors(dt, conjugate, channels):
    G = example(dt, conjugate, channels=channels)
    for system in (G, ht.lti.dense(G), ht.LTI(*rotated(G), dt=dt)):
        A, B, C, _ = matrices(expand(system))
        P, Q = hankel.gramians(system)
        if dt is None:
            residuals = A @ P + P @ A.conj().T + B @ B.conj().T, A.conj().T @ Q + Q @ A
            residuals = residuals[0], residuals[1] + C.conj().T @ C
        else:
            residuals = A @ P @ A.conj().T - P + B @ B.conj().T, A.conj().T @ Q @ A - Q
            residuals = residuals[0], residuals[1] + C.conj().T @ C
        for residual, X in zip(residuals, (P, Q), strict=True):
            assert np.abs(residual).max() < 100 * N * EPS * max(
                1, np.linalg.norm(A, 2)
            ) ** 2 * np.linalg.norm(X)
        S, R = hankel.gramian_factors(system)
        np.testing.assert_allclose(S @ S.conj().T, P, atol=100 * N * EPS * np.linalg.norm(P))
        np.testing.assert_allclose(R @ R.conj().T, Q, atol=100 * N * EPS * np.linalg.norm(Q))


def rotated(system):
    A, B, C, D = matrices(system)
    Z = np.linalg.qr(np.random.default_rng(5).normal(size=A.shape))[0]
    return Z @ A @ Z.T, Z @ B, C @ Z.T, D


@pytest.mark.parametrize("dt, conjugate", SYSTEMS)
def test_generators_factors_and_rotations_agree(dt, conjugate):
    G = example(dt, conjugate)
    first = hankel.singular_values(G)
    A, B, C, D = rotated(G)
    second = hankel.singular_values(ht.LTI(A, B[:, 0], C[0], D[0, 0], dt=dt))
    assert (first.method, second.method) == ("generator", "factors")
    allowed = first.relative_error + second.relative_error
    assert (np.abs(first.values / second.values - 1) <= allowed).all()


def test_limited_gramians_are_integrals():
    G = example()
    nodes, weights = np.polynomial.legendre.leggauss(200)
    t, w = 0.7 * (nodes + 1), 0.7 * weights
    P, _ = hankel.gramians(G, horizon=1.4)
    x = np.exp(np.multiply.outer(t, G.poles)) * G.B
    np.testing.assert_allclose(P, (x.T * w) @ x.conj(), rtol=1e-11)
    omega, w = 1.0 + nodes, weights  # the band (0, 2)
    P, _ = hankel.gramians(G, band=(0.0, 2.0))
    x = G.B / (1j * omega[:, None] - G.poles)
    np.testing.assert_allclose(P, (x.T * w) @ x.conj() / (2 * np.pi), rtol=1e-9)


def test_limited_discrete_gramians_are_sums_and_integrals():
    G = example(dt=1.0)
    P, Q = hankel.gramians(G, horizon=5)
    x = np.array([G.B * G.poles**k for k in range(5)])
    y = np.array([G.C * G.poles**k for k in range(5)])
    np.testing.assert_allclose(P, x.T @ x.conj(), rtol=1e-12)
    np.testing.assert_allclose(Q, y.conj().T @ y, rtol=1e-12)
    whole, _ = hankel.gramians(G, band=(-np.pi, np.pi))
    np.testing.assert_allclose(whole, hankel.gramians(G)[0], rtol=1e-12)
    nodes, weights = np.polynomial.legendre.leggauss(200)
    x = G.B / (np.exp(1j * (1 + nodes))[:, None] - G.poles)
    P, _ = hankel.gramians(G, band=(0.0, 2.0))
    np.testing.assert_allclose(P, (x.T * weights) @ x.conj() / (2 * np.pi), rtol=1e-9)


@pytest.mark.parametrize("steps", [1, 2, 5])
def test_a_pole_at_zero_counts_in_the_first_step_of_a_horizon(steps):
    G = ht.DiagonalLTI([0.0, 0.5, -0.2j], [1.0, 2.0, 3j], [1.0, 1.0, 1.0], dt=1.0)
    x = np.array([G.B * G.poles**k for k in range(steps)])
    np.testing.assert_allclose(
        hankel.gramians(G, horizon=steps)[0], x.T @ x.conj(), rtol=8 * EPS, atol=8 * EPS
    )


def test_exact_logarithms_are_read_as_their_poles():
    logs = np.array([-0.1 + 0.5j, -0.3 + 1j, -0.02 - 2j])
    rng = np.random.default_rng(4)
    B, C = rng.normal(size=(3, 2)), rng.normal(size=(2, 3))
    for b, c in ((B, C), (B[:, 0], C[0])):
        one = ht.DiagonalLTI(np.exp(logs), b, c, dt=1.0)
        other = ht.DiagonalLTI(np.exp(logs), b, c, dt=1.0, log_poles=logs)
        for law in (
            lambda G: hankel.singular_values(G).values,
            lambda G: np.array(hankel.gramians(G)),
            lambda G: np.array(hankel.gramians(G, horizon=3)),
            lambda G: np.array([M @ M.conj().T for M in hankel.gramian_factors(G)]),
            hankel.h2_norm,
        ):
            np.testing.assert_allclose(law(other), law(one), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("dt", [None, 1.0])
def test_no_other_pole_moved_by_the_same_share_changes_more(dt):
    rng = np.random.default_rng(5)
    for _ in range(20):
        poles = rng.uniform(0.3, 0.9, 6) * np.exp(2j * np.pi * rng.random(6))
        G = ht.DiagonalLTI(poles if dt else poles - 1, rng.normal(size=6), np.ones(6), dt=dt)
        margin = 1 - abs(G.poles) if dt else -G.poles.real
        size = 0.8 * (margin / abs(G.poles)).min()
        outward = G.poles if dt else abs(G.poles)
        effects = [
            hankel.pole_perturbation_bound(G, size * np.where(np.arange(6) == j, outward, 0))
            for j in range(6)
        ]
        change = hankel.worst_pole_change(G, size)
        assert np.flatnonzero(change) == [np.argmax(effects)]
        assert abs(hankel.pole_perturbation_bound(G, change) / max(effects) - 1) < 1e-12


def test_values_below_the_floor_of_their_factors_have_no_digit():
    values = hankel.singular_values(ht.lti.family("lagt", 24) @ ht.lti.family("legs", 24))
    small = values.values < 1e-15 * values.values[0]
    assert values.method == "factors"
    assert small.any()
    assert (values.relative_error[small] > 1).all()


def test_legs_has_the_tridiagonal_gramian():
    n = 32
    A, B = ht.legs.matrices(n)
    P, _ = hankel.gramians(ht.LTI(-A, B, np.ones(n)))
    k = np.arange(1, n)
    J = np.diag(k / np.sqrt(4 * k**2 - 1), 1)
    np.testing.assert_allclose(P, (np.eye(n) + J + J.T) / 2, atol=n**2 * EPS)


@pytest.mark.parametrize("conjugate", [False, True])
def test_squares_sum_to_the_weighted_energy_of_the_markov_parameters(conjugate):
    G = expand(example(1.0, conjugate))
    k = np.arange(300)
    h = (G.C * G.B) @ G.poles[:, None] ** k
    values = hankel.singular_values(example(1.0, conjugate)).values
    np.testing.assert_allclose((values**2).sum(), ((k + 1) * np.abs(h) ** 2).sum(), rtol=1e-11)


def test_singular_values_are_those_of_a_long_hankel_matrix():
    G = example(1.0)
    h = (G.C * G.B) @ G.poles[:, None] ** np.arange(200)
    values = hankel.markov_singular_values(h)[:N]
    np.testing.assert_allclose(values, hankel.singular_values(G).values, atol=1e-12 * values[0])


def test_cayley_quadruple_keeps_singular_values_and_hinf_norm():
    G = example()
    image = ht.DiagonalLTI(
        (1 + G.poles) / (1 - G.poles),
        np.sqrt(2) * G.B / (1 - G.poles),
        np.sqrt(2) * G.C / (1 - G.poles),
        D=G.D + (G.C * G.B / (1 - G.poles)).sum(),
        dt=1.0,
    )
    np.testing.assert_allclose(
        hankel.singular_values(image).values, hankel.singular_values(G).values, rtol=1e-11
    )
    np.testing.assert_allclose(hankel.hinf_norm(image), hankel.hinf_norm(G), rtol=1e-9)


def test_epsilon_ranks_count_what_is_above():
    assert hankel.epsilon_rank([1.0, 0.25, 0.25, 0.0], 0.25) == 1
    assert hankel.epsilon_rank([1.0, 0.5, 0.25], 0.25) == 2
    np.testing.assert_array_equal(hankel.epsilon_rank([[4.0, 1.0], [0.0, 0.0]], 0.25), [1, 0])


@pytest.mark.parametrize("gain", [1e-9, 1.0, 1e9])
@pytest.mark.parametrize("channels", [(), (2, 3)])
@pytest.mark.parametrize("dt", [None, 1.0])
def test_logarithms_are_those_of_the_values_of_lyapunov_equations(dt, channels, gain):
    A, B, C, D = rotated(example(dt, channels=channels))
    solve = sla.solve_discrete_lyapunov if dt else sla.solve_continuous_lyapunov
    sign = 1 if dt else -1
    P, Q = solve(A, sign * B @ B.conj().T), solve(A.conj().T, sign * C.conj().T @ C)
    exact = np.sqrt(np.sort(np.linalg.eigvals(P @ Q).real)[::-1][:3])
    B = B if channels else B[:, 0]
    C, D = (C, D) if channels else (C[0], D[0, 0])
    spectrum = hankel.singular_values(ht.LTI(A, gain * B, gain * C, D, dt=dt))
    np.testing.assert_allclose(spectrum.values[:3] / gain**2, exact, rtol=1e-9)
    np.testing.assert_allclose(spectrum.log_values[:3], np.log(exact * gain**2), atol=1e-9)


def test_batch_axes_are_answered_one_by_one_and_unseen_states_count_zero():
    G = example()
    pair = ht.DiagonalLTI(
        np.stack([G.poles, 2 * G.poles]), np.stack([G.B, G.B]), np.stack([G.C, G.C])
    )
    spectrum = hankel.singular_values(pair)
    assert spectrum.values.shape == (2, N)
    np.testing.assert_allclose(spectrum.values[1], spectrum.values[0] / 2, rtol=1e-12)
    np.testing.assert_array_equal(spectrum.values[0], hankel.singular_values(G).values)
    C = np.where(np.arange(N) == 3, 0.0, G.C)
    spectrum = hankel.singular_values(dataclasses.replace(G, C=C))
    assert spectrum.values[-1] == 0
    assert spectrum.log_values[-1] == -np.inf
    assert spectrum.relative_error[-1] == 0
    assert hankel.epsilon_rank(spectrum, 1e-300) == N - 1


@pytest.mark.parametrize("dt, conjugate", SYSTEMS)
def test_h2_norm_is_the_energy_of_the_impulse_response(dt, conjugate):
    G = example(dt, conjugate)
    _A, _B, C, D = matrices(expand(G))
    if dt is None:
        assert hankel.h2_norm(G) == np.inf
        G = dataclasses.replace(G, D=0.0)
        D = 0.0
    energy = np.trace(C @ hankel.gramians(G)[0] @ C.conj().T).real + np.abs(D) ** 2
    np.testing.assert_allclose(hankel.h2_norm(G), np.sqrt(np.sum(energy)), rtol=1e-12)


@pytest.mark.parametrize("dt, conjugate", SYSTEMS)
@pytest.mark.parametrize("channels", [(), (2, 3)])
def test_hinf_certificates_hold_on_a_grid_and_agree(dt, conjugate, channels):
    G = example(dt, conjugate, channels=channels)
    full = expand(G)
    _, B, C, D = matrices(full)
    grid = np.concatenate([np.linspace(-8, 8, 4001), full.poles.imag, [1e3, 1e6]])
    z = 1j * grid if dt is None else np.exp(1j * grid)
    response = (C / (z[:, None, None] - full.poles)) @ B + D
    largest = np.linalg.norm(response, 2, axis=(1, 2)).max()
    value, lower, upper = hankel.hinf_norm(G, certificate=True)
    assert largest <= upper
    assert lower <= value <= upper <= lower * (1 + 1e-8)
    assert largest > 0.999 * value
    other = hankel.hinf_norm(ht.lti.dense(G), certificate=True)
    assert other[1] <= upper
    assert lower <= other[2]


@pytest.mark.parametrize("dt, conjugate", SYSTEMS)
def test_levels_and_intervals_agree_on_many_channels(dt, conjugate):
    G = example(dt, conjugate, channels=(5, 6))
    parts = ht.lti.matrices(expand(G))
    _, low, high, *_ = _levels.bounds(*parts, 1e-10, discrete=G.is_discrete)
    _, lower, upper, *_ = _intervals.bounds(_modes.of_diagonal(G), 1e-10)
    assert max(low, lower) <= min(high, upper)
    assert upper <= lower * (1 + 1e-9)


@pytest.mark.parametrize("dt, conjugate", SYSTEMS)
@pytest.mark.parametrize("channels", [(), (2, 3)])
@pytest.mark.parametrize("move", [0.0, 1e-6])
def test_every_interval_bound_holds_inside_the_interval(dt, conjugate, channels, move):
    G = example(dt, conjugate, channels=channels)
    if move:
        G = G - dataclasses.replace(G, poles=G.poles * (1 - move), D=0.0 * G.D)
    modes = _modes.of_diagonal(G)
    terms = _intervals._newton_terms(modes)
    chart, x, h, _ = _intervals._cover(modes, terms, 0.0, 1e-3)
    for shrink in (1.0, 0.1):
        top = _intervals._evaluate(modes, terms, chart, x, shrink * h)[2]
        points = [x + t * shrink * h for t in np.linspace(-1, 1, 41)]
        inside = [_intervals._evaluate(modes, terms, chart, p, 0 * h)[:2] for p in points]
        assert (np.max([size - error for size, error in inside], axis=0) <= top).all()


def test_hinf_of_one_pole_is_known_however_near_the_circle():
    for gap in (1e-2, 1e-6, 1e-10):
        G = ht.DiagonalLTI([(1 - gap) * np.exp(2j)], [1.0], [1.0], dt=1.0)
        value, lower, upper = hankel.hinf_norm(G, certificate=True)
        exact = float(hankel.mode_scores(G)[0])
        assert lower <= exact * (1 + 4 * EPS)
        assert exact * (1 - 4 * EPS) <= upper
        np.testing.assert_allclose(value, exact, rtol=1e-10)


@pytest.mark.parametrize("dt, conjugate", SYSTEMS)
@pytest.mark.parametrize("method", ["truncation", "singular_perturbation"])
@pytest.mark.parametrize("order", [1, 3, 5])
def test_reduction_error_is_within_its_bound_and_above_the_next_value(dt, conjugate, method, order):
    G = example(dt, conjugate)
    reduced = hankel.balanced_truncation(G, order=order, method=method)
    assert reduced.system.is_stable
    assert reduced.system.state_dim == order
    assert conjugate == (not np.iscomplexobj(reduced.system.A))
    error = hankel.hinf_norm(expand(G) - reduced.system)
    values = reduced.singular_values.values
    assert values[order] * (1 - 1e-9) <= error <= reduced.error_bound
    np.testing.assert_allclose(reduced.error_bound, 2 * values[order:].sum(), rtol=1e-10)


@pytest.mark.parametrize("dt", [None, 1.0])
def test_singular_perturbation_is_exact_at_rest(dt):
    G = example(dt)
    reduced = hankel.balanced_truncation(G, order=3, method="singular_perturbation").system
    z = 0.0 if dt is None else 1.0
    exact = G.D + (G.C * G.B / (z - G.poles)).sum()
    gain = reduced.D + reduced.C @ np.linalg.solve(z * np.eye(3) - reduced.A, reduced.B)
    np.testing.assert_allclose(gain, exact, rtol=1e-10)


def test_a_tolerance_is_met_by_the_smallest_order():
    G = example()
    reduced = hankel.balanced_truncation(G, tolerance=0.5)
    assert reduced.error_bound <= 0.5
    below = hankel.balanced_truncation(G, order=reduced.system.state_dim - 1)
    assert below.error_bound > 0.5


@pytest.mark.parametrize("dt, conjugate", SYSTEMS)
@pytest.mark.parametrize("dense", [False, True])
@pytest.mark.parametrize("order", [1, 2, 4])
def test_optimal_approximation_attains_the_next_singular_value(dt, conjugate, dense, order):
    G = example(dt, conjugate)
    best = hankel.optimal_approximation(ht.lti.dense(G) if dense else G, order)
    assert best.system.is_stable
    assert ht.lti.spectrum(best.system).size == order
    np.testing.assert_allclose(hankel.hankel_norm(G - best.system), best.error, rtol=1e-9)
    assert best.error == best.singular_values.values[order]


@pytest.mark.parametrize("order", [1, 7, 20])
def test_optimal_approximation_of_dense_legs(order):
    G = ht.lti.family("legs", 32, C=np.random.default_rng(11).normal(size=32))
    best = hankel.optimal_approximation(G, order)
    assert best.system.state_dim == order
    np.testing.assert_allclose(hankel.hankel_norm(G - best.system), best.error, rtol=1e-9)


def test_optimal_approximation_of_s4d_lin_with_64_poles():
    G = ht.DiagonalLTI(-0.5 + 1j * np.pi * np.arange(64), np.ones(64), np.cos(np.arange(64)) + 0.1)
    for order in (20,):
        best = hankel.optimal_approximation(G, order)
        np.testing.assert_allclose(hankel.hankel_norm(G - best.system), best.error, rtol=1e-10)


@pytest.mark.parametrize("dt, conjugate", SYSTEMS)
def test_gradients_are_derivatives(dt, conjugate):
    rng = np.random.default_rng(1)
    G = example(dt, conjugate)
    poles = np.where(np.arange(N) == 0, G.poles.real, G.poles)
    by_poles, by_residues = hankel.gradients(dataclasses.replace(G, poles=poles))
    dl, dr = rng.normal(size=(2, N, 2)) @ [1, 1j]
    dl[0] = dl[0].real
    step = 1e-6

    def values(t):
        moved = dataclasses.replace(G, poles=poles + t * dl, C=G.C + t * dr / G.B)
        return hankel.singular_values(moved).values

    measured = (values(step) - values(-step)) / (2 * step)
    np.testing.assert_allclose((by_poles @ dl + by_residues @ dr).real, measured, rtol=1e-5)


@pytest.mark.parametrize("dt", [None, 1.0])
def test_pole_perturbation_bound_holds_and_is_attained_by_the_worst_change(dt):
    G = example(dt)
    rng = np.random.default_rng(2)
    for change in (1e-3 * (rng.normal(size=(N, 2)) @ [1, 1j]), hankel.worst_pole_change(G, 1e-3)):
        moved = dataclasses.replace(G, poles=G.poles + change)
        error = hankel.hinf_norm(G - moved)
        bound = hankel.pole_perturbation_bound(G, change)
        assert error <= bound * (1 + 1e-9)
    np.testing.assert_allclose(error, bound, rtol=1e-8)


def test_markov_perturbation_bound_is_attained_by_aligned_phases():
    change = np.exp(1j * np.arange(12))
    response = np.fft.fft(change, 4096)
    bound = hankel.markov_perturbation_bound(change)
    assert 0.999 * bound < np.abs(response).max() <= bound * (1 + 1e-12)


def test_mode_scores_are_norms_of_single_modes():
    for dt in (None, 1.0):
        G = example(dt)
        for norm in ("hinf", "h2", "hankel"):
            scores = hankel.mode_scores(G, norm=norm)
            for j, score in enumerate(scores):
                one = ht.DiagonalLTI(G.poles[j : j + 1], G.B[j : j + 1], G.C[j : j + 1], dt=dt)
                exact = getattr(hankel, f"{norm}_norm")(one)
                np.testing.assert_allclose(score, exact, rtol=1e-10)


@pytest.mark.parametrize("alpha", [0.5, 3.0])
def test_epsilon_ranks_of_random_poles_grow_with_their_exponent(alpha):
    def mean_rank(n, draws=4):
        rng, ranks = np.random.default_rng(0), []
        for _ in range(draws):
            radius = 1 - rng.uniform(size=n) ** (1 / alpha)  # P(1 - |l| <= delta) = delta^alpha
            poles = radius * np.exp(2j * np.pi * rng.uniform(size=n))
            system = ht.DiagonalLTI(poles, np.ones(n), rng.normal(size=n), dt=1.0)
            ranks.append(hankel.epsilon_rank(hankel.singular_values(system), 1e-8))
        return np.mean(ranks)

    slope = np.log(mean_rank(128) / mean_rank(32)) / np.log(4)
    assert abs(slope - hankel.rank_exponent(alpha)) < 0.1  # log n / n^beta has not died out yet
