"""Where gradient flow of fixed poles ends, and the order in which it learns them."""

import numpy as np
import pytest
from scipy.optimize import linprog, nnls
from scipy.signal import lfilter

from hippo_theory import learning

EPS = np.finfo(float).eps
POLES = [0.95, 0.8, 0.5, -0.4]
REGULAR = learning.population_statistics(POLES, POLES, [1.0, -0.5, 0.7, 0.3])


@pytest.fixture
def singular():
    """Three samples of four poles: one gain is left free."""
    u = np.random.default_rng(1).normal(size=(1, 3))
    y = lfilter([1.0], [1.0, -0.3], u) - 0.5 * lfilter([1.0], [1.0, 0.9], u)
    return learning.statistics(u, y, [0.9, 0.3, -0.5, -0.9])


def start(scale):
    return scale * np.array([1.0, 0.8, 1.2, 0.9]), scale * np.array([0.0, 0.1, -0.1, 0.2])


def test_flow_ends_at_its_limit(singular):
    b0, c0 = start(3.0)
    path = learning.flow(singular, b0, c0, [0.0, 3e3])
    np.testing.assert_allclose(learning.flow_limit(singular, b0, c0), path.w[-1], atol=1e-11)


@pytest.mark.parametrize("scale", [30.0, 1.0, 1e-2, 1e-6, 1e-60])
def test_the_limit_fits_and_has_come_along_the_range_of_m(singular, scale):
    b0, c0 = start(scale)
    w = learning.flow_limit(singular, b0, c0)
    size = abs(w).max() + scale**2
    assert abs(singular.M @ w - singular.s).max() <= 1e3 * EPS * size * abs(singular.M).max()
    free = np.linalg.eigh(singular.M)[1][:, 0]
    z = [np.arcsinh(2 * v / (b0**2 - c0**2)) / 2 for v in (b0 * c0, w)]
    # z is known to the relative error of w, a gain that the largest only fixes to eps
    error = (1e3 * EPS * size / np.hypot(w, scale**2)).max() + 1e3 * EPS * abs(z[1]).max()
    assert abs(free @ (z[1] - z[0])) <= error


def test_large_imbalance_ends_at_the_least_two_norm_and_small_at_the_least_one_norm(singular):
    values, vectors = np.linalg.eigh(singular.M)
    basis = vectors[:, 1:]
    rows = basis.T
    target = (basis.T @ singular.s) / values[1:]
    two = basis @ target
    one = linprog(np.ones(8), A_eq=np.hstack([rows, -rows]), b_eq=target).fun
    lazy, rich = (learning.flow_limit(singular, np.full(4, d), np.zeros(4)) for d in (1e4, 1e-100))
    np.testing.assert_allclose(lazy, two, rtol=1e-7)
    assert abs(rich).sum() == pytest.approx(one, rel=1e-9)
    assert np.linalg.norm(rich) > 1.01 * np.linalg.norm(two)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_balanced_starts_end_at_sign_constrained_least_squares(sign):
    b0, t = np.full(4, 0.1), [0.0, 2e3]
    limit = learning.flow_limit(REGULAR, b0, sign * b0)
    path = learning.flow(REGULAR, b0, sign * b0, t)
    np.testing.assert_allclose(limit, path.w[-1], atol=1e-10)
    L = np.linalg.cholesky(REGULAR.M)
    np.testing.assert_allclose(limit, sign * nnls(sign * L.T, np.linalg.solve(L, REGULAR.s))[0])
    assert learning.loss(REGULAR, limit) > learning.loss(REGULAR, np.array([1.0, -0.5, 0.7, 0.3]))


def test_free_and_frozen_poles_end_together():
    b0, c0 = np.array([0.1, 0.3, 0.0, 0.2]), np.array([0.1, 0.1, 0.0, -0.2])
    w = learning.flow_limit(REGULAR, b0, c0)
    force = REGULAR.s - REGULAR.M @ w
    assert w[0] >= 0
    assert w[2] == 0
    assert w[3] <= 0
    assert abs(force[1]) <= 64 * EPS * abs(REGULAR.s).max()
    assert (force[[0]] <= 64 * EPS * abs(REGULAR.s).max()).all()


def test_the_schedule_is_the_flow_from_a_vanishing_start():
    schedule = learning.activation_schedule(REGULAR)
    scale = 1e-40
    middle = np.append(schedule.times[:-1] + np.diff(schedule.times) / 2, 1.3 * schedule.times[-1])
    t = np.concatenate([[0.0], middle]) * np.log(1 / scale)
    path = learning.flow(REGULAR, np.full(4, scale**0.5), np.zeros(4), t, rtol=1e-8)
    np.testing.assert_allclose(path.w[1:], schedule.w[1:], atol=5e-3)


@pytest.mark.parametrize("N", [1, 3, 8])
def test_a_schedule_ends_at_least_squares(N):
    rng = np.random.default_rng(N)
    for _ in range(20):
        X = rng.normal(size=(N + 3, N))
        w = rng.normal(size=N)
        stats = learning.Statistics(X.T @ X @ w, X.T @ X, 1e6)
        schedule = learning.activation_schedule(stats)
        np.testing.assert_allclose(schedule.w[-1], w, rtol=0, atol=1e-9)
        assert (np.diff(schedule.times) >= 0).all()
        assert schedule.w.shape == (schedule.times.size + 1, N)
        losses = [learning.loss(stats, v) for v in schedule.w]
        assert (np.diff(losses) <= 1e-9 * losses[0]).all()
