"""Weighted losses and frequency errors against quadrature, loops and training."""

import numpy as np
import pytest

import hippo_theory as ht
from hippo_theory import learning

POLES = np.array([0.9, -0.9, 0.5 + 0.3j])
TARGET, WEIGHTS = np.array([0.8, -0.2]), np.array([1.0, 0.5])


OMEGA = 2 * np.pi * np.arange(4096) / 4096  # the trapezoidal rule: exact to rounding, 0.9^4096


def _overlap(a, b, spectrum):
    """(1 / 2 pi) times the integral of conj(g_a) g_b S."""
    z = np.exp(-1j * OMEGA)
    return np.mean(spectrum / (np.conj(1 - a * z) * (1 - b * z)))


@pytest.mark.parametrize("weight, rho", [
    (1.0, 0.0), (-1.0, 0.0), (-0.5, 0.6), (2.0, -0.4), ([2.0, 0.5, 0.25], 0.7), (3.0, 0.9),
])  # fmt: skip
def test_weighted_population_statistics_are_integrals(weight, rho):
    stats = learning.population_statistics(
        POLES, TARGET, WEIGHTS, correlation=rho, noise=0.2, samples=2.0, weight=weight
    )
    if np.ndim(weight) == 0:
        W = (3 - 2 * np.cos(OMEGA)) ** weight
    else:
        W = weight[0] + 2 * sum(v * np.cos(k * OMEGA) for k, v in enumerate(weight) if k)
    spectrum = 2 * W * (1 - rho**2) / abs(1 - rho * np.exp(1j * OMEGA)) ** 2
    M = np.array([[_overlap(x, y, spectrum) for y in POLES] for x in POLES])
    s = np.array([[_overlap(x, y, spectrum) for y in TARGET] for x in POLES]) @ WEIGHTS
    own = np.array([[_overlap(x, y, spectrum) for y in TARGET] for x in TARGET])
    scale = 1e-13 * abs(M).max()
    np.testing.assert_allclose(stats.M, M, rtol=0, atol=scale)
    np.testing.assert_allclose(stats.s, s, rtol=0, atol=scale)
    energy = (WEIGHTS @ own @ WEIGHTS).real + 2 * 0.2 * W.mean()
    assert stats.energy == pytest.approx(energy, rel=1e-13)


def test_without_a_weight_nothing_changes():
    plain = learning.population_statistics(POLES, TARGET, WEIGHTS, correlation=0.5)
    one = learning.population_statistics(POLES, TARGET, WEIGHTS, correlation=0.5, weight=[1.0])
    np.testing.assert_allclose(one.M, plain.M, rtol=1e-14)
    assert plain.poles is not POLES
    np.testing.assert_array_equal(plain.poles, POLES)


@pytest.mark.parametrize("boundary", ["causal", "periodic", "truncated"])
def test_weighted_statistics_are_those_of_the_filtered_error(boundary):
    rng = np.random.default_rng(0)
    u, y = rng.normal(size=(2, 3, 24))
    poles, w = np.array([0.7, -0.4]), np.array([0.3, 0.8])
    b, a = np.array([1.0, -0.6]), np.array([1.0, 0.3, 0.2])
    stats = learning.statistics(u, y, poles, boundary, weight=(b, a))
    L, n = 24, np.arange(24)
    if boundary == "causal":
        error = y - sum(v * _filter([1.0], [1.0, -p], u) for v, p in zip(w, poles, strict=True))
        total = (_filter(b, a, error) ** 2).sum()
    else:
        z = np.exp(-2j * np.pi * n / L)
        cut = 1 - poles[:, None] ** L if boundary == "truncated" else 1.0
        G = w @ (cut / (1 - poles[:, None] * z))
        F = (b[0] + b[1] * z) / (a[0] + a[1] * z + a[2] * z * z)
        total = (abs(F * (np.fft.fft(y) - G * np.fft.fft(u))) ** 2).sum() / L
    assert learning.loss(stats, w) == pytest.approx(total / 2, rel=1e-12)
    assert learning.loss(stats, 0 * w) == pytest.approx(stats.energy / 2)


def _filter(b, a, rows):
    out = np.zeros(rows.shape)
    for t in range(rows.shape[1]):
        out[:, t] = sum(c * rows[:, t - k] for k, c in enumerate(b) if t >= k)
        out[:, t] -= sum(c * out[:, t - k] for k, c in enumerate(a) if k and t >= k)
    return out


def test_the_frequency_error_is_the_distance_of_the_responses():
    rng = np.random.default_rng(1)
    poles, omega = np.array([0.9, 0.3, -0.5]), np.array([0.0, 0.4, 3.0])
    u = rng.normal(size=(2, 200))
    y = _filter([1.2], [1.0, -0.8], u)
    stats = learning.statistics(u, y, poles)
    path = learning.flow(stats, [0.1] * 3, [0.2] * 3, [0.0, 0.01])
    z, best = np.exp(-1j * omega), np.linalg.solve(stats.M, stats.s)
    for t in (0, 1):
        H = sum((w - v) / (1 - a * z) for w, v, a in zip(path.w[t], best, poles, strict=True))
        np.testing.assert_allclose(learning.frequency_error(path, omega)[t], abs(H), rtol=1e-10)
    teacher = ht.lti.layer(ht.DiagonalLTI([0.8], [1.2], [1.0], dt=1.0))
    H = sum(w / (1 - a * z) for w, a in zip(path.w[1], poles, strict=True)) - 1.2 / (1 - 0.8 * z)
    np.testing.assert_allclose(
        learning.frequency_error(path, omega, teacher)[1], abs(H), rtol=1e-12
    )
    run = learning.gradient_descent(u, y, poles, [0.1] * 3, [0.2] * 3, 1e-4, 5, train="all")
    H = sum(run.w[5, j] / (1 - run.poles[5, j] * z) for j in range(3)) - 1.2 / (1 - 0.8 * z)
    np.testing.assert_allclose(learning.frequency_error(run, omega, teacher)[5], abs(H), rtol=1e-12)
    with pytest.raises(TypeError, match="target must be given for a course without statistics"):
        learning.frequency_error(run, omega)


def test_weights_turn_the_order_in_which_frequencies_are_learned():
    t = np.linspace(0.0, 20.0, 400)
    half = []
    for beta in (-1.0, 1.0):
        stats = learning.population_statistics([0.9, -0.9], [0.9, -0.9], [1.0, 1.0], weight=beta)
        error = learning.frequency_error(
            learning.flow(stats, [0.1, 0.1], [0.1, 0.1], t), [0, np.pi]
        )
        half.append([t[np.argmax(e < e[0] / 2)] for e in error.T])
    assert half[0][0] < half[0][1] / 2
    assert half[1][1] < half[1][0] / 2


def test_sums_keep_their_digits_where_pole_and_correlation_are_near_one():
    mp = pytest.importorskip("mpmath")
    a, rho = 1 - 1e-12, 0.99999
    with mp.workdps(50):
        x, r = mp.mpf(a), mp.mpf(rho)
        exact = float((1 + r * x) / ((1 - x * x) * (1 - r * x)))
    stats = learning.population_statistics([a], [a], [1.0], correlation=rho)
    np.testing.assert_allclose(stats.M, [[exact]], rtol=2e-15)
    assert not np.iscomplexobj(learning.population_statistics([a], [a], [1.0], weight=1.0).M)
