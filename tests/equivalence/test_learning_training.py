"""Closed forms against real training, and the compiled recurrences against literal loops."""

import numpy as np
import pytest

import hippo_theory as ht
from hippo_theory import learning
from hippo_theory.learning import simulate

EPS = np.finfo(float).eps


def _data(rng, poles, weights, noise=0.1, shape=(3, 32)):
    u = rng.normal(size=shape)
    y = noise * rng.normal(size=shape)
    for a, w in zip(poles, weights, strict=True):
        x = np.zeros(shape[0])
        for t in range(shape[1]):
            x = a * x + u[:, t]
            y[:, t] += w * x
    return u, y


def _literal_loss(u, y, a, b, c):
    """Loss of D layers by loops over time; a, b, c of shape (D, N)."""
    total = 0.0
    for row, target in zip(u, y, strict=True):
        v = row
        for layer in range(a.shape[0]):
            x, out = np.zeros(a.shape[1], np.result_type(a, b, c)), []
            for sample in v:
                x = a[layer] * x + b[layer] * sample
                out.append(c[layer] @ x)
            v = np.array(out)
        total += 0.5 * (abs(v - target) ** 2).sum()
    return total


@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("kind", [float, complex])
def test_adjoint_recurrences_give_the_gradient(layers, kind):
    rng = np.random.default_rng(0)
    u, y = rng.normal(size=(2, 2, 12))
    draw = lambda: rng.normal(size=(layers, 2)).astype(kind) * 0.6  # noqa: E731
    theta = np.array([draw(), draw(), draw()])
    if kind is complex:
        theta = theta + 0.3j * rng.normal(size=theta.shape)
    step = learning.gradient_descent(u, y, *theta, 1.0, 1, train="all")
    assert step.loss[0] == pytest.approx(_literal_loss(u, y, *theta), rel=1e-13)
    gradient = theta - np.array([step.poles[1], step.b[1], step.c[1]])
    h = 1e-5
    for index in np.ndindex(theta.shape):
        slopes = []
        for turn in (1, 1j) if kind is complex else (1,):
            move = np.zeros_like(theta)
            move[index] = h * turn
            change = _literal_loss(u, y, *(theta + move)) - _literal_loss(u, y, *(theta - move))
            slopes.append(change / (2 * h))
        slope = slopes[0] + (1j * slopes[1] if kind is complex else 0)
        assert gradient[index] == pytest.approx(slope, rel=1e-6, abs=1e-6 * abs(gradient).max())


def test_training_of_fixed_poles_is_descent_on_the_statistics():
    rng = np.random.default_rng(1)
    poles = np.array([0.9, 0.5, -0.4])
    u, y = _data(rng, poles, [1.0, -0.5, 0.3])
    b, c = rng.normal(size=(2, 3))
    stats = learning.statistics(u, y, poles)
    run = learning.gradient_descent(u, y, poles, b, c, 1e-4, 200)
    for k in range(200):
        np.testing.assert_allclose(run.w[k], b * c, rtol=1e-11, atol=1e-13)
        assert run.loss[k] == pytest.approx(learning.loss(stats, b * c), rel=1e-12)
        e = stats.s - stats.M @ (b * c)
        b, c = b + 1e-4 * c * e, c + 1e-4 * b * e
    np.testing.assert_array_equal(run.poles, np.tile(poles, (201, 1)))


@pytest.mark.parametrize("sigma_sign", [1, -1])
def test_gain_steps_are_training_by_recurrences(sigma_sign):
    rng = np.random.default_rng(2)
    u, y = _data(rng, [0.8], [sigma_sign * 1.3])
    b, c = rng.normal(size=(2, 4)) * 0.3
    stats = learning.statistics(u, y, 0.9)
    sigma, eta = stats.s[0], stats.M[0, 0]
    alpha = (
        1.1 * 2 / learning.rate(b, c, sigma, eta)
    )  # beyond the limit: the map is exact there too
    run = learning.gradient_descent(u, y, [0.9] * 4, b, c, alpha, 60)
    path = learning.gain_steps(b, c, sigma, eta, alpha, 60)
    np.testing.assert_allclose(path.w[:20], run.w.sum(1)[:20], rtol=1e-11)
    np.testing.assert_allclose(path.S[:20], (run.b**2 + run.c**2).sum(1)[:20], rtol=1e-11)


def test_complex_steps_are_training_by_recurrences():
    rng = np.random.default_rng(12)
    u = rng.normal(size=(2, 24)) + 1j * rng.normal(size=(2, 24))
    y = (0.7 - 0.4j) * u + 0.1 * rng.normal(size=(2, 24))
    pole, (b, c) = 0.5 + 0.4j, rng.normal(size=(2, 3)) + 1j * rng.normal(size=(2, 3))
    stats = learning.statistics(u, y, pole)
    sigma, eta = stats.s[0], stats.M[0, 0].real
    alpha = 0.5 / learning.rate(b, c, sigma, eta)
    run = learning.gradient_descent(u, y, [pole] * 3, b, c, alpha, 30)
    path = learning.gain_steps(b, c, sigma, eta, alpha, 30)
    np.testing.assert_allclose(path.w, run.w.sum(1), rtol=1e-12)
    np.testing.assert_allclose(path.S, (abs(run.b) ** 2 + abs(run.c) ** 2).sum(1), rtol=1e-12)
    np.testing.assert_allclose(path.imbalance, learning.imbalance(run.b, run.c), rtol=1e-11)


@pytest.mark.parametrize("train", simulate.TRAINED)
def test_what_is_not_trained_stays_and_what_is_moves_by_its_gradient(train):
    rng = np.random.default_rng(14)
    u, y = rng.normal(size=(2, 16))
    start = np.array([[0.5, -0.3], [0.2, 0.4], [0.1, 0.3]])
    one = learning.gradient_descent(u, y, *start, 1e-2, 1, train=train)
    every = learning.gradient_descent(u, y, *start, 1e-2, 1, train="all")
    moved = {"both": "bc", "all": ("poles", "b", "c"), "poles": ("poles",)}.get(train, train)
    for name in ("poles", "b", "c"):
        expected = getattr(every, name)[1 if name in moved else 0]
        np.testing.assert_array_equal(getattr(one, name)[1], expected)


def test_training_takes_a_system_for_its_poles():
    system = ht.DiagonalLTI([0.5 + 0.3j], [1], [1], dt=1.0, conjugate=True)
    u, y = np.random.default_rng(13).normal(size=(2, 16))
    start = [0.1, 0.1], [0.2, 0.2]
    run = learning.gradient_descent(u, y, system, *start, 1e-3, 5)
    same = learning.gradient_descent(u, y, [0.5 + 0.3j, 0.5 - 0.3j], *start, 1e-3, 5)
    np.testing.assert_array_equal(run.w, same.w)
    np.testing.assert_allclose(run.w[:, 0], run.w[:, 1].conj(), rtol=1e-14)


@pytest.mark.parametrize("b0, c0", [([0.3], [0.02]), ([0.3, -0.1], [0.02, 0.05])])
def test_training_tends_to_the_gain_in_proportion_to_the_learning_rate(b0, c0):
    rng = np.random.default_rng(3)
    u, y = _data(rng, [0.8], [1.3], shape=(4, 64))
    stats = learning.statistics(u, y, 0.9)
    sigma, eta = stats.s[0], stats.M[0, 0]
    R, errors = learning.rate(b0, c0, sigma, eta), []
    for fraction in (0.02, 0.01):
        steps = round(12 / fraction)
        run = learning.gradient_descent(u, y, [0.9] * len(b0), b0, c0, fraction / R, steps)
        t = fraction / R * np.arange(steps + 1)
        errors.append(
            abs(run.w.sum(1) - learning.gain(t, sigma=sigma, eta=eta, b0=b0, c0=c0)).max()
        )
    assert errors[0] / (sigma / eta) < 0.02
    assert errors[0] / errors[1] == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize("train", ["both", "b", "c"])
def test_training_ends_where_the_flow_ends(train):
    rng = np.random.default_rng(4)
    poles = [0.7, -0.5]
    u, y = _data(rng, poles, [1.0, 0.8])
    stats = learning.statistics(u, y, poles)
    b0 = c0 = np.array([0.9, 0.8])
    end = np.linalg.solve(stats.M, stats.s)
    limit = 0.3 * learning.learning_rate_limit(stats, b0, c0)
    run = learning.gradient_descent(u, y, poles, b0, c0, limit, 4000, train=train)
    path = learning.flow(stats, b0, c0, [1e4], train=train)
    np.testing.assert_allclose(run.w[-1], end, rtol=1e-12)
    np.testing.assert_allclose(path.w[-1], end, rtol=1e-12)


def test_one_pole_end_points_agree_to_twelve_digits():
    rng = np.random.default_rng(5)
    u, y = _data(rng, [0.8], [1.3])
    stats = learning.statistics(u, y, 0.9)
    sigma, eta = stats.s[0], stats.M[0, 0]
    run = learning.gradient_descent(u, y, [0.9], [0.6], [0.05], 0.2 / sigma, 500)
    final = learning.gain(1e6, sigma=sigma, eta=eta, b0=[0.6], c0=[0.05])
    assert run.w[-1, 0] == pytest.approx(final, rel=1e-12)


def test_complex_training_tends_to_the_complex_gain():
    rng = np.random.default_rng(6)
    u = rng.normal(size=(2, 24)) + 1j * rng.normal(size=(2, 24))
    y = rng.normal(size=(2, 24)) + 1j * rng.normal(size=(2, 24)) + u
    pole = 0.5 + 0.4j
    stats = learning.statistics(u, y, pole)
    sigma, eta = stats.s[0], stats.M[0, 0].real
    b, c = np.array([0.2 + 0.1j, -0.1]), np.array([0.1j, 0.3])
    R, errors = learning.rate(b, c, sigma, eta), []
    for fraction in (0.02, 0.01):
        steps = round(10 / fraction)
        run = learning.gradient_descent(u, y, [pole, pole], b, c, fraction / R, steps)
        t = fraction / R * np.arange(steps + 1)
        errors.append(abs(run.w.sum(1) - learning.gain(t, sigma=sigma, eta=eta, b0=b, c0=c)).max())
    assert errors[0] / errors[1] == pytest.approx(2.0, abs=0.1)


def test_cascades_learn_at_the_times_of_deep_time():
    rng = np.random.default_rng(7)
    poles = np.array([[0.5], [-0.3]])
    u = rng.normal(size=(2, 32))
    v = u
    for a in poles[:, 0]:
        v = np.stack([_filter(a, row) for row in v])
    y = 1.2 * v
    sigma, eta = (v * y).sum(), (v * v).sum()
    start, errors = np.full((2, 1), 0.4), []
    for alpha in (2e-4, 1e-4):
        run = learning.gradient_descent(u, y, poles, start, start, alpha, round(0.4 / alpha))
        w = run.w.prod(axis=(1, 2))
        k = np.flatnonzero((w > 0.05) & (w < 1.1))
        errors.append(abs(learning.deep_time(w[k], 0.4**4, 2, sigma, eta) - alpha * k).max())
    assert len(k) > 100
    assert errors[0] / errors[1] == pytest.approx(2.0, abs=0.1)


def _filter(a, u):
    x, out = 0.0, np.empty(u.size)
    for t, v in enumerate(u):
        out[t] = x = a * x + v
    return out


def test_a_linear_network_of_two_layers_is_the_same_map():
    rng = np.random.default_rng(8)
    u, y = _data(rng, [0.8], [1.3])
    stats = learning.statistics(u, y, 0.9)
    sigma, eta, alpha = stats.s[0], stats.M[0, 0], 5e-4
    run = learning.gradient_descent(u, y, [0.9], [0.3], [0.1], alpha, 300)
    x = np.array([[np.sqrt(eta)]])  # one input of that energy, one target of that correlation
    network = learning.gradient_descent(
        x, [[sigma / np.sqrt(eta)]], [0.0], [0.3], [0.1], alpha, 300
    )
    np.testing.assert_allclose(run.b, network.b, rtol=1e-12)
    np.testing.assert_allclose(run.c, network.c, rtol=1e-12)


def test_minibatches_are_sums_over_the_drawn_rows():
    rng = np.random.default_rng(9)
    u, y = _data(rng, [0.5], [1.0], shape=(6, 16))
    run = learning.gradient_descent(
        u, y, [0.5], [0.3], [0.1], 1e-3, 3, batch_size=2, rng=np.random.default_rng(1)
    )
    rows = np.random.default_rng(1).integers(6, size=(4, 2))
    b, c = np.array([0.3]), np.array([0.1])
    for k in range(3):
        one = learning.gradient_descent(
            u[rows[k]], y[rows[k]], [0.5], b, c, 1e-3, 1, method="recurrence"
        )
        assert run.loss[k] == one.loss[0]
        b, c = one.b[1], one.c[1]
        np.testing.assert_array_equal(run.w[k + 1], b * c)


def test_stochastic_training_has_the_stationary_variance():
    rng = np.random.default_rng(10)
    u, y = _data(rng, [0.6], [1.0], noise=0.5, shape=(400, 8))
    each = [learning.statistics(p, q, 0.6) for p, q in zip(u, y, strict=True)]
    s, eta = (np.array([v.s[0] for v in each]), np.array([v.M[0, 0] for v in each]))
    best = s.sum() / eta.sum()
    alpha = 0.3 * learning.sgd_limit(eta.mean(), eta.var())
    run = learning.gradient_descent(
        u, y, [0.6], [1.0], [best], alpha, 200_000, train="c", batch_size=1, rng=rng
    )
    expected = learning.sgd_variance(alpha, eta.mean(), eta.var(), (s - eta * best).var())
    blocks = ((run.w[200:, 0] - best) ** 2)[:199_000].reshape(199, -1).mean(1)
    deviation = blocks.std() / np.sqrt(blocks.size)
    assert abs(blocks.mean() - expected) < 4 * deviation
    assert deviation < 0.02 * expected


@pytest.mark.parametrize("kind", [float, complex])
@pytest.mark.parametrize("train", ["both", "b", "c"])
def test_the_triangular_factor_trains_as_the_recurrences_do(kind, train):
    rng = np.random.default_rng(15)
    poles = np.array([0.9, -0.5, 0.3]) * (np.exp(0.4j) if kind is complex else 1.0)
    u = rng.normal(size=(3, 40))
    y = np.stack([_filter(0.9, row) for row in u]) * (1 + 0.5j if kind is complex else 1.0)
    b, c = rng.normal(size=(2, 3))
    runs = [
        learning.gradient_descent(u, y, poles, b, c, 2e-4, 300, train=train, method=method)
        for method in ("recurrence", "triangular", "auto")
    ]
    np.testing.assert_allclose(runs[1].w, runs[0].w, rtol=0, atol=1e-12 * abs(runs[0].w).max())
    np.testing.assert_allclose(runs[1].loss, runs[0].loss, rtol=1e-12)
    np.testing.assert_array_equal(runs[2].w, runs[1].w)
    np.testing.assert_array_equal(runs[1].poles, runs[0].poles)


def test_the_triangular_factor_keeps_the_digits_of_a_vanishing_loss():
    u = np.random.default_rng(16).normal(size=(2, 40))
    y = np.stack([_filter(0.8, row) for row in u])
    losses = [
        learning.gradient_descent(u, y, [0.8], [0.5], [0.4], 5e-3, 400, method=method).loss
        for method in ("recurrence", "triangular")
    ]
    seen = losses[0] > 1e-24 * losses[0][0]
    assert losses[0][seen][-1] < 1e-20 * losses[0][0]
    np.testing.assert_allclose(losses[1][seen], losses[0][seen], rtol=1e-2)
    assert (losses[1] < 1e-12 * losses[1][0]).sum() == (losses[0] < 1e-12 * losses[0][0]).sum()
