"""What t = 0 forces on LegS states, and how perturbations leave the uniqueness class."""

import math

import numpy as np
import pytest
from numpy.polynomial import Legendre

import hippo_theory as ht
from hippo_theory.legs import inputs, symbolic

EPS = np.finfo(float).eps
MODES = [(k, N) for N in (1, 2, 5, 16, 48) for k in sorted({1, 2, (N + 1) // 2, N}) if k <= N]


@pytest.mark.parametrize("N", [1, 2, 3, 5])
def test_sympy_proves_every_identity(N):
    for identity, residual in symbolic.identities(N).items():
        assert not any(residual), identity


def test_symbolic_values_are_the_numerical_ones():
    A, B = ht.legs.matrices(5)
    exact_A, exact_B = symbolic.matrices(5)
    assert abs(np.array(exact_A, float) - A).max() <= 8 * EPS
    assert abs(np.array(exact_B, float)[:, 0] - B).max() <= 4 * EPS
    assert abs(
        np.array(symbolic.propagator(0.25, 5), float) - ht.legs.propagator(0.25, 5)
    ).max() <= (50 * EPS)
    x = np.array(symbolic.transfer_function(2.5, 5), float)[:, 0]
    assert abs(x - ht.legs.transfer_function(2.5, 5)).max() <= 20 * EPS


@pytest.mark.parametrize("N", [1, 4, 64, 512])
def test_the_forced_derivatives_solve_their_shifted_systems(N):
    values = np.array([0.7, -1.0, 3.0, 0.5])
    A, B = ht.legs.matrices(N)
    rows = ht.legs.initial_derivatives(values, N)
    assert (rows[0] == 0.7 * np.eye(N)[0]).all()
    for j, (row, value) in enumerate(zip(rows, values, strict=True)):
        assert not row[j + 1 :].any()
        residual = j * row + A @ row - B * value
        assert np.linalg.norm(residual) <= 8 * N * EPS * N**2 * abs(value)  # |A| <= N^2


def test_the_taylor_sum_of_the_forced_derivatives_is_the_exact_state():
    t, count = 0.3, 14
    f = inputs.cosine(6.0, 1.0)
    at_zero = 6.0 ** np.arange(count) * np.cos(1.0 + np.pi / 2 * np.arange(count))
    powers = t ** np.arange(count) / np.array([math.factorial(j) for j in range(count)])
    state = powers @ ht.legs.initial_derivatives(at_zero, 8)
    remainder = (6.0 * t) ** count / math.factorial(count)
    assert np.linalg.norm(state - f.project([t], 8)[0]) <= remainder


def test_derivatives_keep_the_leading_axes():
    both = ht.legs.initial_derivatives([[1.0, 2.0], [3.0, 4.0]], 3)
    assert both.shape == (2, 2, 3)
    assert (both[1] == ht.legs.initial_derivatives([3.0, 4.0], 3)).all()


@pytest.mark.parametrize("k, N", MODES)
def test_mode_k_is_an_eigenvector_of_A_for_k(k, N):
    v = ht.legs.homogeneous_mode(k, N)
    assert np.linalg.norm(v) == pytest.approx(1, abs=4 * EPS)
    assert np.linalg.norm(ht.legs.apply(v) - k * v) <= 8 * N * EPS * N**2  # |A| <= N^2


@pytest.mark.parametrize("k, N", [*MODES, (300, 400)])
def test_mode_entries_are_the_binomials_to_full_relative_accuracy(k, N):
    v = ht.legs.homogeneous_mode(k, N)
    assert not v[: k - 1].any()
    binomials = [math.comb(n + k - 1, 2 * k - 2) for n in range(k - 1, N)]
    signs = (-1.0) ** np.arange(N - k + 1)
    exact = np.array([b / binomials[-1] for b in binomials])  # quotients of integers: one rounding
    exact *= signs * np.sqrt((2 * np.arange(k - 1, N) + 1) / (2 * N - 1))
    exact /= np.linalg.norm(exact)
    assert (abs(v[k - 1 :] / exact - 1) <= 4 * N * EPS).all()


@pytest.mark.parametrize("k", [1, 2, 5])
def test_mode_k_is_a_multipole_at_time_zero(k):
    derivative = [
        np.sqrt(2 * n + 1) * Legendre.basis(n, domain=[0, 1]).deriv(k - 1)(0.0) for n in range(9)
    ]
    v = ht.legs.homogeneous_mode(k, 9)
    scaled = np.array(derivative) / np.linalg.norm(derivative)
    assert abs(abs(v @ scaled) - 1) <= 1e-13


@pytest.mark.parametrize("N", [1, 5, 40])
def test_later_states_are_the_propagator_times_the_state(N):
    v = np.random.default_rng(N).standard_normal((2, N))
    later = ht.legs.homogeneous_solution(v, 2.0, [2.0, 2.5, 100.0])
    for i, s in enumerate([2.0, 2.5, 100.0]):
        expected = v @ ht.legs.propagator(2.0 / s, N).T
        assert abs(later[:, i] - expected).max() <= 16 * N * EPS * np.linalg.norm(v)


@pytest.mark.parametrize("N", [1, 2, 6, 40])
def test_backward_propagation_has_no_negative_entries_and_keeps_the_moments(N):
    s = np.array([0.9, 0.3, 1e-3])
    columns = ht.legs.homogeneous_solution(np.eye(N), 1.0, s)
    assert (columns >= 0).all()
    powers = ht.legs.transfer_function(np.arange(N), N).real
    moments = np.einsum("jmn,kn->mjk", columns, powers)
    expected = powers.T / s[:, None, None] ** np.arange(1, N + 1)
    assert (abs(moments - expected)[expected > 0] <= 1e-13 * N * expected[expected > 0]).all()


@pytest.mark.parametrize("N", [1, 3, 8])
def test_going_back_and_forth_returns_the_state(N):
    v = np.random.default_rng(N).standard_normal(N)
    back = ht.legs.homogeneous_solution(v, 1.0, [0.5])[0]
    again = ht.legs.homogeneous_solution(back, 0.5, [1.0])[0]
    condition = np.linalg.norm(ht.legs.homogeneous_solution(np.eye(N), 0.5, [0.25]))
    assert abs(again - v).max() <= 8 * N * EPS * condition * np.linalg.norm(v)


@pytest.mark.parametrize("k", [1, 3, 4])
def test_a_mode_carried_backward_is_its_power_of_time(k):
    v, s = ht.legs.homogeneous_mode(k, 4), np.array([0.5, 0.1, 3.0])
    condition = np.linalg.norm(ht.legs.homogeneous_solution(np.eye(4), 1.0, [0.1]))
    carried = ht.legs.homogeneous_solution(v, 1.0, s)
    assert abs(carried - s[:, None] ** -k * v).max() <= 16 * EPS * condition


@pytest.mark.parametrize("N", [1, 2, 16, 64, 300])
def test_a_generic_perturbation_grows_to_the_power_N_and_never_slower_than_a_root(N):
    v = np.random.default_rng(N).standard_normal((3, N))
    s = np.geomspace(1, 1e-299, 400)
    growth = ht.legs.backward_growth(v, 1.0, s)
    assert abs(growth[:, 0] - np.log(np.linalg.norm(v, axis=1))).max() <= 4 * EPS * N
    least = np.diff(growth, axis=1) - np.diff(-np.log(s)) / 2
    assert least.min() >= -1e-12 * N
    slope = (growth[:, -1] - growth[:, -2]) / np.log(s[-2] / s[-1])
    assert abs(slope - N).max() <= 1e-10 * N
    assert (ht.legs.growth_exponent(v) == N).all()


def test_growth_is_the_logarithm_of_the_norm_of_the_solution():
    v, s = np.random.default_rng(1).standard_normal((4, 6)), np.array([2.0, 1.0, 0.3, 1e-20])
    norms = np.linalg.norm(ht.legs.homogeneous_solution(v, 1.5, s), axis=-1)
    assert abs(ht.legs.backward_growth(v, 1.5, s) - np.log(norms)).max() <= 1e-13


def test_the_local_slope_of_growth_is_set_by_the_newest_value():
    N, step = 12, 1e-5
    v = np.random.default_rng(3).standard_normal(N)
    s = np.array([0.3 * np.exp(step), 0.3 * np.exp(-step)])
    early, late = ht.legs.backward_growth(v, 1.0, s)
    c = ht.legs.homogeneous_solution(v, 1.0, [0.3])[0]
    newest = ht.legs.matrices(N)[1] @ c
    local = (1 + newest**2 / (c @ c)) / 2
    assert (late - early) / (2 * step) == pytest.approx(local, rel=N**4 * step**2)


@pytest.mark.parametrize("N", [1, 2, 7, 32, 120])
def test_growth_exponents_of_sums_of_modes_are_the_largest_ones(N):
    modes = np.array([ht.legs.homogeneous_mode(k, N) for k in range(1, N + 1)])
    assert (ht.legs.growth_exponent(modes) == np.arange(1, N + 1)).all()
    # with more modes the share of a late one drowns in the rounding of the others' entries
    sums = np.cumsum(modes, axis=0)[: N if N < 8 else 4]
    assert (ht.legs.growth_exponent(sums) == np.arange(1, len(sums) + 1)).all()
    assert ht.legs.growth_exponent(np.zeros(N)) == 0


@pytest.mark.parametrize("p", [-0.5, -0.9])
def test_an_integrable_singularity_stays_in_the_uniqueness_class_though_unbounded(p):
    t = np.array([1e-2, 1e-4, 1e-6])
    norms = np.linalg.norm(inputs.monomial(p).project(t, 8), axis=1)
    assert np.log(norms[1:] / norms[:-1]) / np.log(1e-2) == pytest.approx([p, p])
    assert ((t * norms)[1:] < (t * norms)[:-1]).all()


@pytest.mark.parametrize("omega, N", [(3.0, 8), (0.5, 1), (40.0, 64), (-3.0, 5)])
def test_log_chirp_states_go_round_the_orbit(omega, N):
    t = np.geomspace(1e-6, 1, 50)
    states = inputs.log_chirp(omega).project(t, N)
    orbit = ht.legs.log_chirp_orbit(omega, N, omega * np.log(t))
    assert abs(states - orbit).max() <= 8 * N * EPS * max(1, abs(omega))


@pytest.mark.parametrize("omega, N", [(3.0, 8), (0.5, 1), (40.0, 64), (1e4, 256)])
def test_the_size_of_the_log_chirp_orbit_is_N_over_root_N2_plus_omega2(omega, N):
    points = ht.legs.log_chirp_orbit(omega, N, [0.0, np.pi / 2])
    assert np.linalg.norm(points) == pytest.approx(N / np.hypot(N, omega), rel=8 * N * EPS)
    if N > 1:  # an ellipse about 0 that is no segment: the state never comes to rest
        assert np.linalg.svd(points, compute_uv=False)[-1] > 1e-3 / np.hypot(1, omega)


@pytest.mark.parametrize("s", [0.3, 2.5 - 1j, -0.2 + 7j])
def test_the_newest_value_is_one_minus_an_all_pass_product_that_gives_the_size(s):
    N = 24
    x = ht.legs.transfer_function(s, N)
    n = np.arange(N)
    product = np.prod((s - n) / (s + n + 1))
    assert abs(1 - ht.legs.matrices(N)[1] @ x - product) <= 8 * N**2 * EPS
    size = (1 - abs(product) ** 2) / (1 + 2 * np.real(s))
    assert np.linalg.norm(x) ** 2 == pytest.approx(size, rel=8 * N * EPS)


@pytest.mark.parametrize(("share", "exponent"), [(6.0, 1), (10.0, 16)])
def test_a_moment_counts_from_8_N_eps_of_the_sizes_of_its_terms(share, exponent):
    """p_15 added to a mode: of the moments of x^0 .. x^15 it has the last one alone."""
    N = 16
    v = ht.legs.homogeneous_mode(1, N)
    x, w = np.polynomial.legendre.leggauss(40)
    basis = np.polynomial.legendre.legvander(x, N - 1) * np.sqrt(2 * np.arange(N) + 1)
    powers = w / 2 * ((1 + x) / 2) ** (N - 1) @ basis
    v[N - 1] += share * N * EPS * (abs(v) @ powers) / powers[N - 1]
    assert ht.legs.growth_exponent(v) == exponent
