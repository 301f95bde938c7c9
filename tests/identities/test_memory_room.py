"""Closed forms of Fisher memory, gradients, orthonormal coordinates, reconstruction, design."""

import numpy as np
import pytest

import hippo_theory as ht
from hippo_theory import memory

EPS = np.finfo(float).eps


def ring(seed, N, low, high):
    rng = np.random.default_rng(seed)
    return np.sqrt(rng.uniform(low**2, high**2, N)) * np.exp(2j * np.pi * rng.random(N))


@pytest.mark.parametrize("gain", [1.0, 1.1, 2.0, 4.0])
def test_fisher_memory_of_a_delay_line_with_gain(gain):
    N = 16
    A, b = np.diag(np.full(N - 1, gain), -1), np.eye(N)[0]
    k = np.arange(N)
    expected = gain ** (2 * k) / np.cumsum(gain ** (2.0 * k))
    system = ht.LTI(A, b, b, dt=1.0)
    np.testing.assert_allclose(memory.fisher_memory(system, N + 2)[:N], expected, rtol=1e-12)
    assert np.all(memory.fisher_memory(system, N + 2)[N:] == 0)
    assert abs(memory.fisher_total(system) / expected.sum() - 1) < 1e-12
    assert memory.fisher_total(system) <= N


def test_fisher_memory_of_a_normal_recurrence_sums_to_the_input_power():
    poles, b = ring(0, 6, 0.3, 0.9), np.arange(1.0, 7)
    diagonal = ht.DiagonalLTI(poles, b, b, dt=1.0)
    Q = np.linalg.qr(np.random.default_rng(1).normal(size=(6, 6, 2)) @ [1, 1j])[0]
    dense = ht.LTI(Q @ np.diag(poles) @ Q.conj().T, Q @ b, b, dt=1.0)
    expected = memory.fisher_memory(diagonal, 200, noise=0.5)
    assert np.abs(memory.fisher_memory(dense, 200, noise=0.5) - expected).max() < 1e-12 * b @ b
    assert abs(expected.sum() - b @ b / 0.5) < 1e-12 * b @ b
    assert abs(memory.fisher_total(dense) / (b @ b) - 1) < 1e-13
    real = ht.DiagonalLTI(poles, b, b, dt=1.0, conjugate=True)
    form = ht.lti.dense(real)
    np.testing.assert_allclose(
        memory.fisher_memory(form, 20), memory.fisher_memory(real, 20), rtol=1e-11
    )


def test_fisher_memory_of_several_inputs_is_that_of_each():
    rng = np.random.default_rng(12)
    A, B = 0.3 * rng.normal(size=(4, 4)), rng.normal(size=(4, 3))
    C, power = np.zeros((4, 4)), np.eye(4)
    for _ in range(200):
        C, power = C + power @ power.T, A @ power
    expected, X = [], B
    for _ in range(60):
        expected.append(np.diag(X.T @ np.linalg.solve(C, X)))
        X = A @ X
    system = ht.LTI(A, B, np.ones((1, 4)), dt=1.0)
    np.testing.assert_allclose(memory.fisher_memory(system, 60)[:9], expected[:9], rtol=1e-11)
    np.testing.assert_allclose(memory.fisher_total(system), np.sum(expected, axis=0), rtol=1e-11)
    poles = np.array([0.5, -0.3, 0.8])
    diagonal = ht.DiagonalLTI(poles, B[:3], np.ones((1, 3)), dt=1.0)
    shares = [(B[:3].T ** 2 * poles ** (2 * k)) @ (1 - poles**2) for k in range(5)]
    np.testing.assert_allclose(memory.fisher_memory(diagonal, 5), shares, rtol=1e-13)


def test_noise_that_hides_beyond_32_digits_is_refused():
    A = np.diag([0.5, 0.4]) + np.array([[0.0, 1e20], [0.0, 0.0]])
    system = ht.LTI(A, [[1.0], [0.0]], [[1.0, 0.0]], dt=1.0)
    with pytest.raises(np.linalg.LinAlgError, match="known to nine digits in every direction"):
        memory.fisher_memory(system, 3)


def test_the_total_of_fisher_memory_is_its_sum_whatever_the_noise():
    poles, b = ring(12, 5, 0.3, 0.8), np.arange(1.0, 6)
    sheared = ht.lti.similarity(ht.DiagonalLTI(poles, b, b, dt=1.0), np.tri(5))
    for system in (ht.DiagonalLTI(poles, b, b, dt=1.0), sheared, poles):
        for noise in (0.25, 3.0):
            curve = memory.fisher_memory(system, 200, noise=noise)
            assert abs(memory.fisher_total(system, noise=noise) / curve.sum() - 1) < 1e-12


def test_fisher_memory_of_a_pole_at_zero_is_its_newest_input():
    assert np.array_equal(memory.fisher_memory([0.0, 0.5], 2), [1.75, 0.1875])


@pytest.mark.parametrize("lag", [1, 10, 1000, 16384])
def test_no_radius_beats_the_best_one(lag):
    best = float(memory.best_radius(lag))
    radii = np.r_[best, best * (1 - 1e-3 / lag), min(1 - 1e-9, best * (1 + 1e-3 / lag))]
    norms = memory.gradient_norms(radii, lag)
    assert norms[0] >= norms[1:].max()
    assert abs(norms[0] / memory.best_gradient(lag) - 1) < 1e-11
    assert abs(memory.best_gradient(lag) * np.sqrt(np.e * lag) - 1) < 0.5 / lag


def test_gradient_norms_are_derivatives_of_the_state():
    poles = np.array([0.9, 0.5j])
    states = ht.lti.cascade.impulse_response(poles, 6) @ ht.lti.szego.triangular_factor(poles).T
    np.testing.assert_allclose(memory.gradient_norms(poles, np.arange(6)), np.abs(states))
    assert np.array_equal(
        memory.gradient_norms(poles, 2.0, unit_variance=False), np.abs(poles) ** 2.0
    )


def test_noisy_memory_stays_under_its_bounds():
    poles, noise, k = ring(2, 20, 0.9, 0.999), 0.01, np.arange(300)
    curve = memory.noisy_capacity(poles, 300, noise=noise)
    assert np.all(curve <= memory.capacity(poles, 300) + 1e-13)
    assert np.all(curve <= memory.noisy_capacity_bound(20, k, noise))
    assert np.all(np.diff(curve) <= 1e-13)
    dimension = memory.effective_dimension(poles, noise=noise)
    assert np.all(curve <= dimension / (k + 1))
    assert abs(memory.noisy_capacity(poles, 20_000, noise=noise).sum() - dimension) < 1e-10


@pytest.mark.parametrize("block", [None, 1, 3, 4])
def test_orthonormal_realization_is_the_diagonal_recurrence(block):
    poles = np.r_[ring(3, 8, 0.2, 0.95), 0.3, 0.6]
    form = memory.orthonormal_realization(poles, block=block)
    gap = np.sqrt(1 - np.abs(form.poles) ** 2)
    diagonal, state = np.zeros(10, complex), np.zeros(10, complex)
    u = np.random.default_rng(4).normal(size=40)
    for sample in u:
        diagonal = form.poles * diagonal + gap * sample
        state = form.A @ state + form.b * sample
    assert np.abs(form.transform @ state - diagonal).max() < 1e-12
    # covariance under white input
    P, A, b = np.zeros((10, 10), complex), form.A, form.b
    for _ in range(800):
        P = A @ P @ A.conj().T + np.outer(b, b.conj())
    assert np.abs(P - np.eye(10)).max() < 1e-12
    assert np.array_equal(form.system.A, form.A)
    assert np.array_equal(form.system.B[:, 0], form.b)


def test_noise_far_below_a_small_direction_leaves_it():
    """Twelve poles in 0.4 +- 0.05 and noise of 1e-60: every direction is far above it."""
    poles = np.linspace(0.35, 0.45, 12)
    lower, _ = memory.gram_log10_condition(poles)
    assert lower > 20
    for noise in (1e-60, 1e-250):
        assert abs(memory.effective_dimension(poles, noise=noise) - 12) < 1e-12


def test_a_system_with_exact_logarithms_is_read_as_its_poles():
    logs = np.array([-0.1, -0.3 + 1j, -0.02 - 2j])
    poles = np.exp(logs)
    system = ht.DiagonalLTI(poles, np.ones(3), np.ones(3), dt=1.0, log_poles=logs)
    states = np.arange(6.0).reshape(2, 3)
    for law in (
        lambda p: memory.capacity(p, 9),
        lambda p: memory.group_delay(p, [0.1, 2.0]),
        lambda p: memory.bandwidth(p, [0.5, 4.0]),
        lambda p: memory.gradient_norms(p, [0, 1, 7]),
        lambda p: memory.gradient_norms(p, 7, unit_variance=False),
        lambda p: memory.rounding_noise(p, "float16"),
        lambda p: memory.effective_dimension(p, "bfloat16", block=2),
        lambda p: memory.noisy_capacity(p, 9, "bfloat16"),
        lambda p: memory.state_information(p, "bfloat16"),
        lambda p: memory.fisher_memory(p, 9),
        lambda p: memory.orthonormal_realization(p, block=2).transform,
        lambda p: memory.reconstruct(states, p, 4),
        lambda p: memory.reconstruct(states, p, 4, past="white"),
        memory.lag_variance,
        memory.gram_log10_condition,
    ):
        np.testing.assert_allclose(law(system), law(poles), rtol=1e-12, atol=1e-15)


def to_bits(x, p):
    """Real and imaginary parts rounded to p significant bits."""
    if np.iscomplexobj(x):
        return to_bits(x.real, p) + 1j * to_bits(x.imag, p)
    mantissa, exponent = np.frexp(x)
    return np.ldexp(np.round(np.ldexp(mantissa, p)), exponent - p)


SPECTRA = {
    "real": np.random.default_rng(5).uniform(0, 0.99, 64),
    "ring": ring(7, 64, 0.9, 0.995),
}


@pytest.mark.parametrize("name, block", [("real", 1), ("real", 8), ("real", 32), ("ring", 16)])
def test_rounding_in_orthonormal_blocks_is_what_a_rounded_state_shows(name, block):
    poles, rng = SPECTRA[name], np.random.default_rng(8)
    form = memory.orthonormal_realization(poles, block=block)
    gap = np.sqrt(1 - np.abs(form.poles) ** 2)[:, None]
    A, b = form.A, form.b[:, None]
    if not np.any(poles.imag):
        assert not A.imag.any()
        A, b = A.real, b.real
    diagonal = exact = rounded = np.zeros((64, 24), A.dtype)
    C, power, noise = np.zeros((64, 64)), np.eye(64), 2.0**-16 / (8 * np.log(2))
    for _ in range(3000):
        C, power = C + power @ power.conj().T, A @ power
    whiten, total = np.linalg.inv(np.linalg.cholesky(noise * C)), 0.0
    for t in range(1000):
        u = rng.normal(size=24)
        diagonal = form.poles[:, None] * diagonal + gap * u
        exact, rounded = A @ exact + b * u, to_bits(A @ rounded + b * u, 8)
        total += np.sum(np.abs(whiten @ (rounded - exact)) ** 2) * (t >= 500) / 12_000 / 64
    assert np.abs(form.transform @ exact - diagonal).max() < 1e-10
    # Errors of Gaussian states are 1 % below the model's; the mean scatters by less than 1 %.
    assert abs(total - 1) < 0.05
    dimension = np.trace(np.linalg.inv(np.eye(64) + noise * C)).real
    assert abs(memory.effective_dimension(poles, "bfloat16", block=block) - dimension) < 1e-11


@pytest.mark.parametrize("gap", [1e-2, 1e-9, 1e-14])
def test_orthonormal_blocks_stay_so_when_poles_nearly_coincide(gap):
    poles = 0.8 * np.exp(-1.48j) * (1 - gap * np.arange(6))
    form = memory.orthonormal_realization(poles, block=5)
    x, energy = form.b, np.zeros(6)
    for _ in range(400):
        energy, x = energy + np.abs(x) ** 2, form.A @ x
    assert np.abs(energy - 1).max() < 1e-13


def test_noise_that_runs_on_for_too_long_is_refused():
    with pytest.raises(np.linalg.LinAlgError, match="known to six digits"):
        memory.effective_dimension([1 - 1e-10, 0.5], "bfloat16", block=1)


def test_the_rounding_model_predicts_simulated_rounding():
    rng, p, steps = np.random.default_rng(6), 8, 40_000
    poles = np.array([0.5, 0.9, 0.99])
    gap = np.sqrt(1 - poles**2)
    exact = rounded = np.zeros(3)
    errors = np.zeros((steps, 3))
    for t, u in enumerate(rng.normal(size=steps)):
        exact = poles * exact + gap * u
        rounded = to_bits(poles * rounded + gap * u, p)
        errors[t] = rounded - exact
    model = memory.rounding_noise(poles, "bfloat16")
    # the variance of a correlated series of this length: 2 (1 + r^2) / (1 - r^2) / steps
    scatter = np.sqrt(2 / steps * (1 + poles**2) / (1 - poles**2))
    assert np.all(np.abs(errors.var(0) / model - 1) < 4 * scatter + 0.02)


@pytest.mark.parametrize("past", ["none", "white"])
def test_reconstruction_from_a_cycle_of_states(past):
    N = 24
    poles = 0.99 * np.exp(2j * np.pi * (np.arange(N) + 0.5) / N)
    upper = poles[poles.imag > 0]
    b = np.linspace(1, 2, N // 2)
    system = ht.DiagonalLTI(upper, b, b, dt=1.0, conjugate=True)
    u = np.random.default_rng(7).normal(size=(3, N))
    x = u[:, ::-1] @ (b[:, None] * upper[:, None] ** np.arange(N)).T
    error = memory.reconstruct(x, system, N, past=past) - u
    floor = 0.0 if past == "none" else 0.99 ** (2 * N)  # shrinks by 1 - MC
    assert np.abs(error + floor * u).max() < 1e-12
    assert np.isrealobj(error)


def test_reconstruction_with_white_past_errs_by_what_is_not_remembered():
    poles, L, T = ring(8, 10, 0.7, 0.95), 6, 20_000
    u = np.random.default_rng(9).normal(size=(T, 2)) @ [1, 1j] / np.sqrt(2)
    states = ht.lti.cascade.states(poles, u)
    factor = ht.lti.szego.triangular_factor(poles) / np.sqrt(1 - np.abs(poles) ** 2)[:, None]
    read = memory.reconstruct(states @ factor.T, poles, L, past="white")[500:, ::-1]
    past = np.stack([u[500 - k : T - k] for k in range(L)], axis=1)
    missing = 1 - memory.capacity(poles, L)
    error = np.mean(np.abs(read - past) ** 2, axis=0)
    assert np.all(np.abs(error - missing) < 6 * missing / np.sqrt(T / 30) + 1e-6)


def test_beckermann_bound_of_one_and_two_nodes():
    assert memory.beckermann_bound(1) == 0.0
    assert abs(memory.beckermann_bound(2)) < 4 * EPS
    assert abs(memory.vandermonde_log10_condition([-1.0, 1.0], 2)) < 64 * EPS


def test_beckermann_bound_is_below_real_nodes_and_near_for_chebyshev():
    rng = np.random.default_rng(4)
    for N in (2, 3, 4, 5, 8, 12):
        chebyshev = np.cos((2 * np.arange(N) + 1) * np.pi / (2 * N))
        for _ in range(50):
            nodes = rng.uniform(0.9, 1.4) * (chebyshev + 0.1 / N * rng.normal(size=N))
            s = np.linalg.svd(np.vander(nodes), compute_uv=False)
            assert np.log10(s[0] / s[-1]) > memory.beckermann_bound(N) - 1e-9
    for N in (8, 16, 32, 64):
        chebyshev = np.cos((2 * np.arange(N) + 1) * np.pi / (2 * N))
        excess = memory.vandermonde_log10_condition(chebyshev, N) - memory.beckermann_bound(N)
        assert 0 < excess < np.log10(6.7)


def test_beckermann_bound_follows_from_one_polynomial():
    """|T(x / R)| <= 1 at all nodes, so that |V| >= sqrt(sum R^2k) and |V^-1| >= |T| / sqrt(N)."""
    for N in range(3, 40):
        T = np.polynomial.chebyshev.cheb2poly([0.0] * (N - 1) + [1.0])
        for R in 1 + np.geomspace(1e-4, 20, 60):
            k = np.arange(N)
            proved = np.sqrt(np.mean(R ** (2.0 * k)) * np.sum((T / R**k) ** 2))
            assert np.log10(proved) > memory.beckermann_bound(N)


def test_large_sieve_bound_holds_for_jittered_roots():
    rng = np.random.default_rng(10)
    z = np.exp(2j * np.pi * (np.arange(32) + rng.uniform(-0.1, 0.1, 32)) / 32)
    for L in (48, 64, 256):
        assert memory.vandermonde_log10_condition(z, L) <= memory.large_sieve_bound(z, L) < 1
    assert memory.large_sieve_bound(z, 32) == np.inf


@pytest.mark.parametrize("turn", [0.0, 0.37, 0.5])
def test_the_large_sieve_sees_the_nearest_neighbours_across_the_cut(turn):
    z = np.exp(2j * np.pi * (np.array([0.49, 0.51, 0.0]) + turn))
    expected = 0.5 * np.log10((128 + 50 - 1) / (128 - 50 - 1))
    assert abs(memory.large_sieve_bound(z, 128) - expected) < 1e-12


def test_the_large_sieve_says_nothing_up_to_one_power_more_than_a_turn():
    z = np.array([1, 1j, -1, -1j])
    assert memory.large_sieve_bound(z, 5) == np.inf
    assert abs(memory.large_sieve_bound(z, 6) - 0.5 * np.log10(9)) < 1e-12


@pytest.mark.parametrize("target", [
    np.clip(1 - np.arange(128) / 128, 0, 1),
    np.exp(-(np.arange(1500) + 0.5) / 64),
    (1 + np.arange(20_000) / 64) ** -2.0,
])  # fmt: skip
def test_designed_poles_follow_the_wanted_curve(target):
    poles = memory.design_poles(target)
    assert poles.size == round(target.sum())
    conjugates = np.abs(poles[:, None] - poles.conj()).min(axis=1)
    assert conjugates.max() < 8 * EPS
    error = np.abs(memory.capacity(poles, target.size) - target)
    assert error.sum() < 0.035 * target.sum()
    assert error.max() < 0.07


def test_estimates_scatter_around_the_exact_curve_and_raw_ones_do_not():
    poles = np.r_[ring(11, 8, 0.8, 0.97)]
    closed = np.r_[poles, poles.conj()]
    exact = memory.capacity(closed, 60)
    scores, raw = [], []
    for seed in range(20):
        u = np.random.default_rng(seed).normal(size=3000)
        x = ht.lti.cascade.states(poles, u)  # the same real span as the diagonal states
        estimate = memory.estimate_capacity(x, u, 60)
        assert estimate.regressors == 16
        scores.append((estimate.capacity - exact) / estimate.standard_error)
        raw.append(estimate.raw.sum() - exact.sum())
    scores = np.array(scores)
    assert abs(scores[:, exact < 0.9].mean()) < 0.2
    assert 0.6 < scores[:, exact < 0.9].std() < 1.6
    assert abs(np.mean(raw) / (np.sum(1 - exact) * 16 / 2941) - 1) < 0.2


def test_fisher_memory_knows_how_inputs_and_noise_scale():
    unit = ht.memory.fisher_memory(ht.DiagonalLTI([0.5], [1.0], [1.0], dt=1.0), 3)
    large = ht.DiagonalLTI([0.5], [1e200], [1.0], dt=1.0)
    np.testing.assert_allclose(ht.memory.fisher_memory(large, 3, noise=1e300) / 1e100, unit)
    with pytest.raises(np.linalg.LinAlgError, match="the memory must stay in the range"):
        ht.memory.fisher_memory(large, 3)


def test_estimated_capacity_does_not_see_scales():
    rng = np.random.default_rng(0)
    u = rng.normal(size=500)
    x = np.stack([u, rng.normal(size=500)], axis=1)
    unit = ht.memory.estimate_capacity(x, u, 2)
    scaled = ht.memory.estimate_capacity(x * [2.0**900, 2.0**-900], u * 2.0**-700, 2)
    np.testing.assert_array_equal(scaled.capacity, unit.capacity)
