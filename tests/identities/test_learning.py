"""What the learning room conserves, and the identities between its closed forms."""

import numpy as np
import pytest

import hippo_theory as ht
from hippo_theory import learning

EPS = np.finfo(float).eps


@pytest.fixture
def rng():
    return np.random.default_rng(5)


@pytest.mark.parametrize("poles", [[0.9, -0.5], [0.5 + 0.6j, 0.3], [0.0, 0.999]])
def test_periodic_statistics_are_causal_plus_the_edge(rng, poles):
    u, y = rng.normal(size=(2, 3, 40))
    causal, periodic = (learning.statistics(u, y, poles, b) for b in ("causal", "periodic"))
    edge = learning.edge_correction(u, y, poles)
    scale = abs(periodic.M).max()
    np.testing.assert_allclose(causal.M + edge.M, periodic.M, rtol=0, atol=40 * EPS * scale)
    np.testing.assert_allclose(causal.s + edge.s, periodic.s, rtol=0, atol=40 * EPS * scale)
    assert abs(edge.M).max() > 1e-3 * scale


def test_zero_padding_does_not_make_the_sum_of_squares_causal(rng):
    u, y = rng.normal(size=(2, 3, 64))
    pad = ((0, 0), (0, 64 * 8))
    padded = learning.statistics(np.pad(u, pad), np.pad(y, pad), 0.9, "periodic")
    causal = learning.statistics(u, y, 0.9)
    last = np.array([(row * 0.9 ** np.arange(63, -1, -1)).sum() for row in u])
    tail = (last**2).sum() * 0.81 / (1 - 0.81)
    np.testing.assert_allclose(padded.s, causal.s, rtol=1e-12)
    np.testing.assert_allclose(padded.M, causal.M + tail, rtol=1e-12)


@pytest.mark.parametrize("boundary", ["periodic", "truncated"])
def test_statistics_come_from_spectra_alone(rng, boundary):
    u, y = rng.normal(size=(2, 3, 16))
    U, Y = np.fft.fft(u), np.fft.fft(y)
    power, cross = (abs(U) ** 2).sum(0), (U.conj() * Y).sum(0)
    poles = [0.9, 0.5j]
    one = learning.statistics(u, y, poles, boundary)
    two = learning.spectral_statistics(power, cross, poles, one.energy, boundary)
    np.testing.assert_allclose(two.M, one.M, rtol=1e-13)
    np.testing.assert_allclose(two.s, one.s, rtol=1e-13)


def test_truncated_regressors_are_circular_convolutions_with_L_powers(rng):
    u, y = rng.normal(size=(2, 3, 16))
    poles, n = np.array([0.9, 0.5j]), np.arange(16)
    wrapped = u[:, (n[:, None] - n) % 16]  # [p, t, n] = u_{t - n}
    phi = np.einsum("in,ptn->ipt", poles[:, None] ** n, wrapped).reshape(2, -1)
    stats = learning.statistics(u, y, poles, "truncated")
    np.testing.assert_allclose(stats.M, phi.conj() @ phi.T, rtol=1e-12)
    np.testing.assert_allclose(stats.s, phi.conj() @ y.ravel(), rtol=1e-12)


def test_half_the_sum_of_squares_is_the_quadratic(rng):
    u, y = rng.normal(size=(2, 2, 30))
    poles, w = np.array([0.9, 0.3 + 0.4j]), np.array([0.5, -1j])
    phi = np.zeros((2, 2, 31), complex)
    for t in range(30):
        phi[:, :, t] = poles[:, None] * phi[:, :, t - 1] + u[:, t]
    direct = 0.5 * (abs(y - np.einsum("i,ipt->pt", w, phi[..., :30])) ** 2).sum()
    stats = learning.statistics(u, y, poles)
    assert learning.loss(stats, w) == pytest.approx(direct, rel=1e-13)


def test_a_system_stands_for_its_poles_conjugates_expanded(rng):
    u, y = rng.normal(size=(2, 20))
    system = ht.DiagonalLTI([0.5 + 0.3j, 0.9], [1, 1], [1, 1], dt=1.0, conjugate=True)
    expanded = learning.statistics(u, y, ht.lti.spectrum(system))
    np.testing.assert_array_equal(learning.statistics(u, y, system).M, expanded.M)
    assert expanded.s.size == 3


def test_white_statistics_tend_to_the_population(rng):
    u = rng.normal(size=(20, 20000))
    poles, target = [0.9, -0.3], [0.7]
    y = 1.5 * np.array([_recurrence(0.7, row) for row in u])
    sampled = learning.statistics(u, y, poles)
    expected = learning.population_statistics(poles, target, [1.5], samples=u.size)
    np.testing.assert_allclose(sampled.M, expected.M, rtol=0.02)
    np.testing.assert_allclose(sampled.s, expected.s, rtol=0.02)


def _recurrence(a, u):
    x, out = 0.0, np.empty(u.size)
    for t, v in enumerate(u):
        out[t] = x = a * x + v
    return out


@pytest.mark.parametrize("sigma", [1.2, 0.4, -0.7, 0.0])
def test_one_number_moves_all_weights(rng, sigma):
    from scipy.integrate import solve_ivp

    b0, c0, eta = rng.normal(size=4), rng.normal(size=4), 0.8
    t = np.array([0.0, 0.3, 1.0, 4.0])
    b, c = learning.factors(t, b0, c0, sigma, eta, tau=0.5)

    def slope(_, x):
        e = sigma - eta * (x[:4] @ x[4:])
        return np.concatenate([x[4:], x[:4]]) * e / 0.5

    exact = solve_ivp(slope, (0, 4), np.r_[b0, c0], "DOP853", t, rtol=1e-13, atol=1e-14).y
    np.testing.assert_allclose(np.concatenate([b, c], 1), exact.T, atol=1e-10)
    w = learning.gain(t, sigma=sigma, eta=eta, tau=0.5, b0=b0, c0=c0)
    size = (b**2 + c**2).sum(1)
    np.testing.assert_allclose((b * c).sum(1) / size, w / size, rtol=0, atol=16 * EPS)
    np.testing.assert_allclose(learning.imbalance(b, c), learning.imbalance(b0, c0), rtol=1e-13)


def test_imbalance_is_the_two_norms(rng):
    b, c = rng.normal(size=(2, 5))
    product = np.linalg.norm(b + c) * np.linalg.norm(b - c)
    assert learning.imbalance(b, c) == pytest.approx(product, rel=1e-14)
    z, v = rng.normal(size=(2, 5, 2)) @ [1, 1j]
    S, w = (abs(z) ** 2 + abs(v) ** 2).sum(), (z * v).sum()
    assert learning.imbalance(z, v) == pytest.approx(np.sqrt(S**2 - 4 * abs(w) ** 2), rel=1e-13)
    assert learning.imbalance([3 + 4j], [0]) == 25.0


def test_flow_conserves_the_imbalance_of_every_distinct_pole(rng):
    b, c = rng.normal(size=(2, 4))
    poles = [0.9, 0.5, 0.9, 0.5]
    distinct, conserved = learning.invariants(poles, b, c)
    np.testing.assert_array_equal(distinct, [0.5, 0.9])
    np.testing.assert_allclose(conserved[1], learning.imbalance(b[[0, 2]], c[[0, 2]]))
    # and repeated poles are one state each with that start: the group lemma
    stats = learning.population_statistics(poles, [0.9, 0.5], [1.0, -0.5])
    path = learning.flow(stats, b, c, np.linspace(0.0, 9.0, 10))
    lone = learning.population_statistics([0.9, 0.5], [0.9, 0.5], [1.0, -0.5])
    P = [(b[g] + c[g]) @ (b[g] + c[g]) for g in ([0, 2], [1, 3])]
    Q = [(b[g] - c[g]) @ (b[g] - c[g]) for g in ([0, 2], [1, 3])]
    b1, c1 = (np.sqrt(P) + np.sqrt(Q)) / 2, (np.sqrt(P) - np.sqrt(Q)) / 2
    merged = learning.flow(lone, b1, c1, np.linspace(0.0, 9.0, 10))
    np.testing.assert_allclose(path.w[:, :2] + path.w[:, 2:], merged.w, atol=1e-10)


def test_rate_is_the_top_curvature_and_the_late_rate(rng):
    b0, c0, sigma, eta = rng.normal(size=3), rng.normal(size=3), 1.2, 0.6
    R = learning.rate(b0, c0, sigma, eta)
    b, c = learning.factors([80 / R], b0, c0, sigma, eta)
    assert eta * (b**2 + c**2).sum() == pytest.approx(R, rel=1e-13)
    gap = sigma / eta - learning.gain(np.array([8, 9]) / R, sigma=sigma, eta=eta, b0=b0, c0=c0)
    assert np.log(gap[0] / gap[1]) == pytest.approx(1.0, rel=0.01)
    stats = learning.Statistics(np.full(3, sigma), np.full((3, 3), eta), 10.0)
    assert learning.learning_rate_limit(stats, b[0], c[0]) == pytest.approx(2 / R, rel=1e-12)


def test_learning_rate_limit_is_two_over_the_hessian(rng):
    poles, w = np.array([0.9, 0.5, -0.3]), np.array([1.0, -0.5, 0.7])
    u = rng.normal(size=(2, 40))
    y = np.stack([sum(x * _recurrence(a, row) for a, x in zip(poles, w, strict=True)) for row in u])
    stats = learning.statistics(u, y, poles)
    b = np.array([2.0, 0.5, 1.0])
    x, h = np.r_[b, w / b], 1e-4

    def gradient(x, train):
        step = learning.gradient_descent(u, y, poles, x[:3], x[3:], 1.0, 1, train=train)
        return x - np.r_[step.b[1], step.c[1]]

    for train in ("both", "b", "c"):
        hessian = [
            (gradient(x + h * e, train) - gradient(x - h * e, train)) / (2 * h) for e in np.eye(6)
        ]
        hessian = np.array(hessian)
        hessian = {"both": hessian, "b": hessian[:3, :3], "c": hessian[3:, 3:]}[train]
        top = np.linalg.eigvalsh((hessian + hessian.T) / 2)[-1]
        limit = learning.learning_rate_limit(stats, x[:3], x[3:], train=train)
        assert limit == pytest.approx(2 / top, rel=1e-5)


@pytest.mark.parametrize("name", learning.WIDTHS)
def test_every_width_is_its_literal_training(name):
    N, b, c, sigma, eta, alpha, steps = 5, 0.3, -0.1, 1.2, 0.4, 0.02, 40
    start = learning.widen(name, N, b, c, rng=np.random.default_rng(1))
    path = learning.gain_steps(start.b0, start.c0, sigma, eta, alpha * start.speed, steps)
    if name == "tied":
        x, v = b, c
        for _ in range(steps):
            e = sigma - eta * N * x * v
            x, v = x + alpha * N * v * e, v + alpha * N * x * e
        assert path.w[-1] == pytest.approx(N * x * v, rel=1e-13)
    else:
        x, v = start.b0, start.c0
        for _ in range(steps):
            e = sigma - eta * x @ v
            x, v = x + alpha * v * e, v + alpha * x * e
        assert path.w[-1] == pytest.approx(x @ v, rel=1e-13)
    if name == "independent":
        assert path.w[0] == pytest.approx(N * b * c)
    if name == "random":
        assert np.std(
            np.r_[learning.widen(name, 4000, 0.3, 0.1, rng=np.random.default_rng(1)).b0]
        ) == pytest.approx(0.3, rel=0.05)


def test_tied_rates_are_n_sigma_and_n_squared_eta():
    N, sigma, eta = 64, 1.0, 2.0
    for b, c, expected in ((0.1, 0.1, 2 * N * sigma), (3.0, 0.0, N**2 * eta * 9.0)):
        start = learning.widen("tied", N, b, c)
        R = learning.rate(start.b0, start.c0, sigma, eta, tau=1 / start.speed)
        assert pytest.approx(expected, rel=1e-5) == R
        lone = learning.widen("independent", N, b, c)
        assert learning.rate(lone.b0, lone.c0, sigma, eta) == pytest.approx(expected / N, rel=1e-5)


def test_random_starts_turn_lazy_at_the_crossover_width():
    scale, sigma, eta = 0.1, 1.5, 0.5
    N = round(learning.crossover_width(scale, sigma, eta))
    assert N == 300
    draws = np.random.default_rng(2)
    Lambda = np.mean(
        [
            learning.imbalance(*learning.widen("random", N, scale, scale, rng=draws)[:2])
            for _ in range(50)
        ]
    )
    assert Lambda == pytest.approx(2 * N * scale**2, rel=0.01)
    assert eta * Lambda == pytest.approx(2 * sigma, rel=0.01)


def test_steps_at_the_limit_do_not_know_the_speed():
    w, sigma, eta = 0.9, 1.0, 1.0
    start = learning.widen("tied", 16, 0.05, 0.02)
    t = learning.time_to(w, start.b0, start.c0, sigma, eta, tau=1 / start.speed)
    R = learning.rate(start.b0, start.c0, sigma, eta, tau=1 / start.speed)
    assert learning.steps_at_limit(w, start.b0, start.c0, sigma, eta) == pytest.approx(
        t * R / 2, rel=1e-14
    )


def test_descent_shrinks_the_imbalance_by_one_less_the_squared_step(rng):
    b, c, sigma, eta, alpha = rng.normal(size=6), rng.normal(size=6), 1.0, 0.3, 0.05
    path = learning.gain_steps(b, c, sigma, eta, alpha, 30)
    shrink = 1 - (alpha * (sigma - eta * path.w[:-1])) ** 2
    np.testing.assert_allclose(path.imbalance[1:] / path.imbalance[:-1], shrink, rtol=1e-13)
    np.testing.assert_allclose(path.S**2 - 4 * path.w**2, path.imbalance**2, rtol=1e-10)


def test_descent_beyond_the_limit_balances_itself():
    sigma, eta = 1.0, 1.0
    b0 = np.array([1.6])  # a thousandth off the minimum b c = 1
    c0 = 1.001 / b0
    R = learning.rate(b0, c0, sigma, eta)
    below = learning.gain_steps(b0, c0, sigma, eta, 0.98 * 2 / R, 20000)
    assert below.imbalance[-1] == pytest.approx(below.imbalance[0], rel=1e-4)
    above = learning.gain_steps(b0, c0, sigma, eta, 1.2 * 2 / R, 20000)
    assert above.imbalance[-1] < 0.9 * above.imbalance[0]
    sharpness = np.hypot(2 * sigma, eta * above.imbalance[-1])
    assert above.w[-1] == pytest.approx(sigma / eta, rel=1e-12)
    assert sharpness < R / 1.2


def test_modified_equation_is_second_order():
    sigma, eta, w0, errors = 1.0, 1.0, 0.01, []
    for alpha in (0.1, 0.05, 0.025):
        path = learning.gain_steps([0.1], [0.1], sigma, eta, alpha, round(6 / alpha))
        k = np.flatnonzero((path.w > 0.3) & (path.w < 0.9))
        t = learning.modified_time(path.w[k], w0, sigma, eta, alpha)
        errors.append(abs(t - alpha * k).max())
    order = ht.convergence.observed_order([1, 2, 4], errors)
    assert 1.9 < order.order < 2.2


def test_batch_curvature_is_the_trace_and_the_norm_of_the_covariance():
    a, L, n = -0.7, 9, 4
    i = np.arange(L)
    low = np.minimum.outer(i, i)
    cov = a ** abs(np.subtract.outer(i, i)) * (1 - a ** (2 * low + 2)) / (1 - a * a)
    eta, variance = learning.batch_curvature(a, L, n)
    assert eta == pytest.approx(n * np.trace(cov), rel=1e-14)
    assert variance == pytest.approx(2 * n * (cov**2).sum(), rel=1e-14)
    phi = np.random.default_rng(0).normal(size=(20000, n, L)) @ np.linalg.cholesky(cov).T
    assert (phi**2).sum((1, 2)).var() == pytest.approx(variance, rel=0.05)


def test_stochastic_variance_is_the_fixed_point_of_its_recursion():
    rng, alpha = np.random.default_rng(4), 0.04
    eta, gradient = rng.uniform(1, 9, 50), rng.normal(size=50)
    gradient -= gradient.mean()  # equally likely batches (eta_B, g_B) with E g_B = 0
    mean, v = 0.3, 1.0  # E (w - w*) and E (w - w*)^2
    for _ in range(400):
        cross = 2 * alpha * mean * ((1 - alpha * eta) * gradient).mean()
        v = ((1 - alpha * eta) ** 2).mean() * v + cross + alpha**2 * (gradient**2).mean()
        mean *= (1 - alpha * eta).mean()
    assert learning.sgd_variance(alpha, eta.mean(), eta.var(), gradient.var()) == pytest.approx(
        v, rel=1e-12
    )
    limit = learning.sgd_limit(eta.mean(), eta.var())
    assert ((1 - limit * eta) ** 2).mean() == pytest.approx(1.0, rel=1e-12)
    assert limit < 2 / eta.mean()


def test_importing_the_room_does_not_import_slow_libraries():
    import subprocess
    import sys

    slow = "('numba', 'scipy.signal', 'mpmath', 'cupy', 'jax', 'torch')"
    code = f"import hippo_theory, sys; print([m for m in {slow} if m in sys.modules])"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


@pytest.mark.parametrize("b0, c0", [([0.3], [0.5]), ([0.3], [-0.5]), ([0.4, -0.1], [0.4, -0.1])])
def test_without_a_target_the_gain_decays_in_the_time_said(b0, c0):
    start = float(np.dot(b0, c0))
    w = start * np.array([1.0, 0.9, 0.5, 0.01])
    t = learning.time_to(w, b0, c0, sigma=0.0, eta=2.0)
    assert t[0] == 0
    assert (np.diff(t) > 0).all()
    reached = learning.gain(t, sigma=0.0, eta=2.0, b0=b0, c0=c0)
    np.testing.assert_allclose(reached, w, rtol=1e-12)


def test_extreme_weights_and_teachers_are_answered_or_refused():
    stats = ht.learning.statistics([1.0, 0.5, -1.0], [1.0, 0.0, 0.5], [0.5])
    unit = ht.learning.learning_rate_limit(stats, [1.0], [1.0])
    small = ht.learning.learning_rate_limit(stats, [1e-140], [1e-140])
    np.testing.assert_allclose(small / 1e280, unit, rtol=1e-12)
    path = ht.learning.pole_path([0.0, 1.0], 0.0, 0.9, 1e200)
    np.testing.assert_allclose(path, [0.0, 0.9], atol=1e-15)
    with pytest.raises(np.linalg.LinAlgError, match="the loss must stay in the range"):
        ht.learning.pole_loss(0.0, 0.9, 1e200)
    with pytest.raises(np.linalg.LinAlgError, match="the time must stay in the range"):
        ht.learning.deep_time(1e-100, 1e-300, 3, 1.0, 1e-250, 1e150)


def test_statistics_of_one_pole_and_scalars_are_taken_as_they_are():
    u = np.random.default_rng(0).normal(size=(2, 30))
    stats = learning.statistics(u, 0.5 * u, 0.9)
    sigma, eta = float(stats.s[0]), float(stats.M[0, 0])
    calls = [
        lambda *sums: learning.gain([0.1], sigma=sums[0], eta=(*sums, None)[1], b0=0.1, c0=0.2),
        lambda *sums: learning.factors([0.1], 0.1, 0.2, *sums)[0],
        lambda *sums: learning.time_to(0.9 * sigma / eta, 0.1, 0.2, *sums),
        lambda *sums: learning.rate(0.1, 0.2, *sums),
        lambda *sums: learning.steps_at_limit(0.9 * sigma / eta, 0.1, 0.2, *sums),
        lambda *sums: learning.gain_steps(0.1, 0.2, *sums, learning_rate=1e-3, steps=5).w,
        lambda *sums: learning.deep_time(0.9 * sigma / eta, 0.02, 2, *sums),
        lambda *sums: learning.deep_gain(0.1, 0.02, 2, *sums),
        lambda *sums: learning.modified_time(0.9 * sigma / eta, 0.02, *sums, learning_rate=1e-3),
    ]
    for call in calls:
        np.testing.assert_array_equal(call(stats), call(sigma, eta))
    assert learning.learning_rate_limit(stats, 1.0, 0.5) == pytest.approx(2 / (1.25 * eta))
    assert learning.flow(stats, 0.1, 0.2, [1.0]).w.shape == (1, 1)
