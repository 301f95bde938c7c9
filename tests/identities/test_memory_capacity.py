"""Closed forms and laws of the memory curve."""

import numpy as np
import pytest
from scipy import integrate

import hippo_theory as ht
from hippo_theory import memory
from hippo_theory.lti import szego

EPS = np.finfo(float).eps


def ring(seed, N, low, high):
    rng = np.random.default_rng(seed)
    return np.sqrt(rng.uniform(low**2, high**2, N)) * np.exp(2j * np.pi * rng.random(N))


def test_capacity_sums_to_the_state_dimension():
    poles = ring(0, 1024, 0.9, 0.999)
    assert abs(memory.capacity(poles, 100_000).sum() - 1024) < 1e-8


def test_lag_zero_misses_the_product_of_squared_radii():
    poles = ring(1, 12, 0.5, 0.999)
    assert abs(memory.capacity(poles, 1)[0] - 1 + np.prod(np.abs(poles) ** 2)) < 12 * 4 * EPS


def test_one_pole_forgets_geometrically():
    k = np.arange(500)
    expected = (1 - 0.9**2) * 0.9 ** (2.0 * k)
    np.testing.assert_allclose(memory.capacity([0.9j], 500), expected, rtol=1e-13)


@pytest.mark.parametrize("N, radius", [(1, 0.3), (5, 0.9), (16, 0.99), (40, 0.9999)])
def test_a_cycle_forgets_by_a_staircase(N, radius):
    poles = radius * np.exp(2j * np.pi * np.arange(N) / N)
    k = np.arange(6 * N)
    expected = memory.cycle_capacity(N, radius, k)
    gap = 1 - radius  # rounding the poles moves the cycle by eps against the gap
    tolerance = 20 * N * EPS / gap
    np.testing.assert_allclose(memory.capacity(poles, 6 * N), expected, rtol=tolerance)


def test_the_sum_from_lag_one_is_that_of_the_simple_cycle_reservoir():
    N, r = 10, 0.8
    poles = r * np.exp(2j * np.pi * np.arange(N) / N)
    assert abs(memory.capacity(poles, 2000)[1:].sum() - (N - 1 + r ** (2 * N))) < 100 * N * EPS


def test_s4d_lin_remembers_its_plateau():
    N, dt = 256, 0.001
    poles = np.exp(dt * (-0.5 + 1j * np.pi * np.arange(N)))
    lags = np.array([100, 500, 1000, 1900, 2100, 3000])
    law = memory.s4d_lin_capacity(N, dt, lags)
    assert np.abs(memory.capacity(poles, 3001)[lags] / law - 1).max() < 0.03


def test_lag_variance_is_the_moment_of_the_lag_distribution():
    poles = ring(2, 20, 0.2, 0.95)
    law, j = memory.lag_distribution(poles, 2000), np.arange(2000)
    assert abs(law.sum() - 1) < 100 * EPS
    assert abs(law @ j - 20) < 1e-11
    assert abs(law @ (j - 20.0) ** 2 / memory.lag_variance(poles) - 1) < 1e-11


def test_capacity_is_the_survival_function_of_the_lag_distribution():
    poles = ring(3, 40, 0.0, 0.99)
    law = memory.lag_distribution(poles, 300)
    assert np.abs(memory.capacity(poles, 300) + np.cumsum(law) - 1).max() < 40 * 4 * EPS


@pytest.mark.parametrize("N, radius", [(3, 0.7), (4, 0.5), (5, 0.9)])
def test_the_horizon_of_a_level_of_the_curve_is_not_lost_to_rounding(N, radius):
    poles = radius * np.exp(2j * np.pi * np.arange(N) / N)
    for step in range(3):
        level = float(memory.cycle_capacity(N, radius, step * N))
        assert memory.horizon(poles, level) == (step + 1) * N - 1


def test_as_many_states_as_inputs_recall_them_all():
    """However close to dependent the states are."""
    assert np.array_equal(
        memory.capacity(np.linspace(0.1, 0.11, 8), 10, start=8), [1.0] * 8 + [0.0] * 2
    )


def test_the_fft_waits_until_a_long_chain_has_died_out():
    """Its mean delay at frequency zero, 608 samples, is more than its first length of 512."""
    poles = np.full(32, 0.9)
    by_fft, exact = memory.capacity(poles, 50, method="fft"), memory.capacity(poles, 50)
    assert np.abs(by_fft - exact).max() < 100 * EPS


def test_a_shift_register_ends_sharply():
    assert np.array_equal(memory.capacity(np.zeros(5), 8), [1, 1, 1, 1, 1, 0, 0, 0])
    assert memory.lag_variance(np.zeros(5)) == 0.0
    assert memory.horizon(np.zeros(5), 1.0) == 4


def test_group_delay_averages_to_the_state_dimension_and_its_spread_is_the_lag_variance():
    poles = ring(4, 15, 0.1, 0.9)
    tau = memory.group_delay(poles, 2 * np.pi * np.arange(4096) / 4096)
    assert abs(tau.mean() - 15) < 1e-11
    assert abs(tau.var() / memory.lag_variance(poles) - 1) < 1e-11


def test_bandwidth_over_lags_integrates_to_the_state_dimension():
    poles = ring(5, 30, 0.9, 0.99)
    k = np.linspace(0, 3000, 60_001)
    assert abs(np.trapezoid(memory.bandwidth(poles, k), k) / 30 - 1) < 2e-3


@pytest.mark.parametrize("radius", [0.5, 0.9])
def test_the_bandwidth_of_one_pole_is_an_arc(radius):
    """tau(w) > k where cos w > (1 + r^2 - (1 - r^2) / k) / (2 r)."""
    k = np.linspace(0.05, 25, 400)
    cosine = (1 + radius**2 - (1 - radius**2) / k) / (2 * radius)
    exact = np.arccos(np.clip(cosine, -1, 1)) / np.pi
    for turn in (1, -1j):
        curve = memory.bandwidth([turn * radius], k, resolution=1024)
        assert np.abs(curve - exact).max() < 1e-5


@pytest.mark.parametrize("poles, tolerance", [
    (ring(6, 256, 0.9, 0.99), 0.01),
    (np.random.default_rng(7).uniform(0, 0.999, 256), 0.01),
])  # fmt: skip
def test_memory_is_the_bandwidth_whose_group_delay_exceeds_the_lag(poles, tolerance):
    k = np.arange(4 * 256)
    error = np.abs(memory.capacity(poles, k.size) - memory.bandwidth(poles, k)).mean()
    assert error < tolerance


@pytest.mark.parametrize("r_min, r_max", [(0.9, 0.99), (0.0, 0.9)])
def test_the_width_of_the_edge_of_a_random_ring(r_min, r_max):
    draws = [memory.lag_variance(ring(seed, 128, r_min, r_max)) for seed in range(40)]
    expected, error = memory.ring_lag_variance(128, r_min, r_max), np.std(draws) / np.sqrt(40)
    assert abs(np.mean(draws) - expected) < 4 * error
    a, b = r_min**2, r_max**2
    mean = integrate.quad(lambda x: x / (1 - x) / (b - a), a, b, epsrel=1e-11)[0]
    assert abs(expected / (2 * 128 * mean) - 1) < 1e-10


@pytest.mark.parametrize("r_min, r_max", [(0.0, 1.0), (0.9, 0.999), (0.99, 0.9901), (0.1, 0.9)])
def test_the_mean_log_determinant_of_a_ring_is_its_integral(r_min, r_max):
    a, b = r_min**2, r_max**2
    density = lambda x: np.log(x) * 2 * (x - a) / (b - a) ** 2  # noqa: E731
    expected = integrate.quad(density, a, b, epsabs=0, epsrel=1e-10)[0]
    assert abs(memory.ring_log_determinant(2, r_min, r_max) / expected - 1) < 1e-9


def test_log_determinants_of_random_poles_scatter_around_their_means():
    draws = [szego.log_determinant(ring(seed, 60, 0.5, 1.0)) for seed in range(40)]
    error = np.std(draws) / np.sqrt(40)
    assert abs(np.mean(draws) - memory.ring_log_determinant(60, 0.5, 1.0)) < 4 * error
    draws = [szego.log_determinant(np.random.default_rng(s).random(60)) for s in range(40)]
    error = np.std(draws) / np.sqrt(40)
    assert abs(np.mean(draws) - memory.real_log_determinant(60)) < 4 * error


def test_implied_conjugates_count_and_real_poles_count_once():
    poles = np.array([0.5, 0.6 + 0.3j])
    system = ht.DiagonalLTI(poles, [1, 1], [1, 1], dt=1.0, conjugate=True)
    expected = memory.capacity([0.5, 0.6 + 0.3j, 0.6 - 0.3j], 30)
    np.testing.assert_allclose(memory.capacity(system, 30), expected, rtol=1e-14)


@pytest.mark.parametrize("logs", [False, True])
@pytest.mark.parametrize(
    "poles, B, controllable",
    [
        ([0.5, 0.5], [1, 1], [0.5]),
        ([0.5, -0.5], [1, 0], [0.5]),
        ([0.9, 0.3j, 0.9, 0.3j, 0.7], [0, 1, 2, 1, 0], [0.3j, 0.9]),
    ],
)
def test_a_diagonal_system_remembers_what_its_controllable_part_does(poles, B, controllable, logs):
    log_poles = np.log(np.array(poles, complex)) if logs else None
    values = poles if log_poles is None else np.exp(log_poles)
    system = ht.DiagonalLTI(values, B, np.ones(len(B)), dt=1.0, log_poles=log_poles)
    # the literal least squares of lag k on the states, from their responses
    x = np.array(B)[:, None] * np.array(poles)[:, None] ** np.arange(400)
    literal = np.diag(np.linalg.pinv(x, rcond=1e-10) @ x)[:6].real
    np.testing.assert_allclose(memory.capacity(system, 6), literal, atol=1e-12)
    assert memory.horizon(system) == memory.horizon(controllable)
    for law in (
        memory.lag_variance,
        lambda p: memory.lag_distribution(p, 9),
        lambda p: memory.group_delay(p, 0.3),
        lambda p: memory.bandwidth(p, 1.5),
    ):
        np.testing.assert_allclose(law(system), law(controllable), rtol=1e-13)


def test_repeated_poles_of_an_array_are_a_chain_as_in_a_jordan_block():
    chain = ht.LTI([[0.5, 1.0], [0.0, 0.5]], [0.0, 1.0], [1.0, 0.0], dt=1.0)
    np.testing.assert_allclose(memory.capacity(chain, 5), memory.capacity([0.5, 0.5], 5))


@pytest.mark.parametrize("name", ["legs", "legt", "lagt", "fout"])
def test_dense_systems_that_are_controllable_are_read(name):
    system = ht.lti.discretize(ht.lti.family(name, 32), 1e-3, "bilinear")
    np.testing.assert_array_equal(
        memory.capacity(system, 5), memory.capacity(ht.lti.spectrum(system), 5)
    )
