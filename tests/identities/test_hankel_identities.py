"""Identities of Hankel operators: traces, invariances, closed-form Gramians, optimal errors."""

import dataclasses

import numpy as np
import pytest

import hippo_theory as ht
from hippo_theory import hankel
from hippo_theory.hankel import _intervals, _levels, _modes
from hippo_theory.lti import expand

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
