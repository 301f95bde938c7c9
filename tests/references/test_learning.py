"""Closed forms of the learning room against mpmath and against a tight DOP853."""

import mpmath as mp
import numpy as np
import pytest

from hippo_theory import learning
from hippo_theory.learning import coordinates

EPS = np.finfo(float).eps


def _mp(values):
    return [mp.mpmathify(complex(v)) for v in np.atleast_1d(values)]


def _master(t, b, c, sigma, eta):
    """The width-free solution in cosh and sinh, literally, at the working precision."""
    w = sum(x * y for x, y in zip(b, c, strict=True))
    S = sum(abs(x) ** 2 for x in [*b, *c])
    conserved = S**2 - 4 * abs(w) ** 2
    R = mp.sqrt(4 * abs(sigma) ** 2 + eta**2 * conserved)
    ch, sh = mp.cosh(R * t), mp.sinh(R * t)
    bracket = eta * conserved * sigma / 2 + sigma**2 * mp.conj(w) - eta**2 * conserved * w / 4
    top = (ch + 1) / 2 * w + sigma * S / R * sh + 2 / R**2 * (ch - 1) * bracket
    bracket = eta * conserved / 2 + 2 * mp.re(sigma * mp.conj(w))
    return top / (1 + eta * S / R * sh + 2 * eta / R**2 * (ch - 1) * bracket)


def _condition(t, b, c, sigma, eta):
    """Sum over all real data of the relative sensitivity of the gain, and the gain."""
    h = mp.mpf(10) ** -25
    data = [t, sigma, eta, *b, *c]
    at = lambda d: _master(d[0], d[3 : 3 + len(b)], d[3 + len(b) :], d[1], d[2])  # noqa: E731
    w, total = at(data), mp.mpf(0)
    for k in range(len(data)):
        turns = (1, 1j) if k > 2 and mp.im(data[k]) != 0 else (1,)
        for turn in turns:
            moved = list(data)
            moved[k] = data[k] * (1 + h * turn)
            total += abs(at(moved) - w) / h
    return float(total / abs(w)), w


def _start(kind, rng):
    N, scales = rng.integers(1, 4), 10.0 ** rng.uniform(-2, 2, 2)
    draw = lambda: rng.normal(size=N)  # noqa: E731
    sigma = rng.normal()
    b, c = draw() * scales[0], draw() * scales[1]
    if kind == "antiparallel":
        c = -np.sign(sigma) * (b + 10.0 ** rng.uniform(-9, -1) * draw() * scales[0])
    if kind == "lazy":
        c = -np.sign(sigma * b) * abs(c) * 10.0 ** rng.uniform(-8, 0)
    if kind.startswith("complex"):
        b, c, sigma = b + 1j * draw() * scales[0], c + 1j * draw(), sigma + 1j * rng.normal()
    if kind == "complex balanced":
        c = b.conj() * np.exp(1j * rng.uniform(0, 6)) * (1 + 10.0 ** rng.uniform(-9, -1))
    return b, c, sigma, 10.0 ** rng.uniform(-1, 1)


@pytest.mark.parametrize("kind", ["real", "antiparallel", "lazy", "complex", "complex balanced"])
def test_gain_errs_by_a_few_eps_times_its_condition_number(kind):
    rng = np.random.default_rng(8)
    worst = {"scaled": 0.0, "well conditioned": 0.0}
    with mp.workdps(60):
        for _ in range(40):
            b, c, sigma, eta = _start(kind, rng)
            for x in 10.0 ** rng.uniform(-3, 1.3, 3):
                t = x / learning.rate(b, c, sigma, eta)
                w = complex(learning.gain(t, sigma=sigma, eta=eta, b0=b, c0=c))
                data = (mp.mpf(float(t)), _mp(b), _mp(c), *_mp(sigma), mp.mpf(float(eta)))
                condition, exact = _condition(*data)
                error = float(abs(w - exact) / abs(exact))
                worst["scaled"] = max(worst["scaled"], error / max(condition, 1))
                if condition < 8:
                    worst["well conditioned"] = max(worst["well conditioned"], error)
    assert worst["scaled"] < 4 * EPS
    assert worst["well conditioned"] < 1e-14


def test_gain_keeps_fourteen_digits_at_escape_from_the_saddle():
    with mp.workdps(60):
        for d in 10.0 ** -np.arange(1.0, 10.0):
            b, c, sigma, eta = np.array([0.7]), np.array([-0.7 + d]), 1.3, 0.8
            t = np.log(1 / d) / sigma
            exact = _master(mp.mpf(float(t)), _mp(b), _mp(c), mp.mpf(sigma), mp.mpf(eta))
            condition, _ = _condition(mp.mpf(float(t)), _mp(b), _mp(c), mp.mpf(sigma), mp.mpf(eta))
            w = learning.gain(t, sigma=sigma, eta=eta, b0=b, c0=c)
            assert abs(w / float(mp.re(exact)) - 1) < 4 * EPS * condition
            w0, S0 = (b @ c), (b @ b + c @ c)  # which have lost log10(1/d) of their digits twice
            if d < 1e-6:
                assert abs(learning.gain(t, w0, S0, sigma, eta) / float(mp.re(exact)) - 1) > 1e-6


def test_gain_from_two_numbers_matches_the_master_formula():
    rng = np.random.default_rng(1)
    with mp.workdps(40):
        for _ in range(50):
            b, c, sigma, eta = _start("complex", rng)
            w0, S0 = (b * c).sum(), (abs(b) ** 2 + abs(c) ** 2).sum()
            t = rng.uniform(0, 5) / learning.rate(b, c, sigma, eta)
            data = (mp.mpf(float(t)), _mp(b), _mp(c), *_mp(sigma), mp.mpf(float(eta)))
            condition, exact = _condition(*data)
            loss_of_digits = S0**2 / learning.imbalance(b, c) ** 2
            w = complex(learning.gain(t, w0, S0, sigma, eta))
            assert float(abs(w - exact) / abs(exact)) < 8 * EPS * (condition + loss_of_digits)


def test_gain_solves_the_equation_when_nothing_moves_it_but_itself():
    t = np.array([0.0, 1.0, 1e3])
    w = learning.gain(t, sigma=0.0, eta=2.0, b0=[0.5], c0=[0.5])
    np.testing.assert_allclose(w, 0.25 / (1 + 2 * 2.0 * 0.25 * t), rtol=4 * EPS)
    assert learning.gain(1e300, 0.1, 0.2, 1.0, 1.0) == 1.0


@pytest.mark.parametrize("b, c, eta", [
    (1e-200, 1e-200, 1.0), (1e-200, -1e-200, 1.0), (-3e-300, 2e-302, 0.5), (1e-30, 1e-30, 1e-300),
    (2e-170, -2e-170 * (1 + 1e-9), 1e5), (0.3, 0.2, 1e-250), (5e-324, 5e-324, 1.0),
])  # fmt: skip
def test_gain_escapes_from_starts_whose_square_underflows(b, c, eta):
    with mp.workdps(1400):
        escape = mp.log(1 / (mp.mpf(eta) * (mp.mpf(b) ** 2 + mp.mpf(c) ** 2))) / 2
        t = np.array([float(x * escape) for x in (0, 0.3, 0.9, 0.99, 1, 1.01, 1.5, 4)])
        w = learning.gain(t, sigma=1.0, eta=eta, b0=[b], c0=[c])
        data = (_mp(b), _mp(c), mp.mpf(1), mp.mpf(eta))
        exact = [mp.re(_master(mp.mpf(float(x)), *data)) for x in t]
    tiny = np.finfo(float).tiny  # below, doubles lose their digits
    error = np.array([float(abs(x - y) / max(abs(y), tiny)) for x, y in zip(w, exact, strict=True)])
    assert (error <= 4 * EPS * (1 + 2 * t)).all()


@pytest.mark.parametrize("tau", [1.0, 1e-250, 1e250])
@pytest.mark.parametrize(
    "m, n",  # such that eta is a double
    [(1.0, 1.0), (1.0, 1e-250), (1.0, 1e150), (1e-70, 1.0), (1e-70, 1e-250), (1e-70, 1e150),
     (1e-140, 1.0), (1e-140, 1e-250), (1e100, 1.0), (1e100, 1e150)],
)  # fmt: skip
def test_a_change_of_units_changes_nothing_but_the_units(m, n, tau):
    t = np.array([0.0, 0.3, 2.0, 60.0])
    b0, c0, eta = np.array([0.3, -0.2]), np.array([0.1, 0.4]), 0.7
    expected = learning.gain(t, b0=b0, c0=c0, sigma=1.5, eta=eta)
    start = {"b0": m * b0, "c0": m * c0, "sigma": n * 1.5, "eta": n * eta / m**2, "tau": tau}
    if 1e-300 < tau / n < 1e300:
        got = learning.gain(t * (tau / n), **start)
        np.testing.assert_allclose(got / m**2, expected, rtol=1e-12)
        b, c = learning.factors(t * (tau / n), **start)
        np.testing.assert_allclose((b / m * (c / m)).sum(1), expected, rtol=1e-12, atol=1e-15)
        reached = learning.time_to(got[1:3], **start)
        np.testing.assert_allclose(reached, t[1:3] * (tau / n), rtol=1e-12)
    assert learning.imbalance(m * b0, m * c0) == pytest.approx(
        m**2 * learning.imbalance(b0, c0), rel=1e-14
    )


def test_a_gain_that_decays_ends_at_zero():
    assert learning.gain(1e4, b0=[1.0], c0=[-1.0], sigma=1.0, eta=1.0) == 0
    assert learning.gain(1e4, 0.0, 0.0, sigma=1.0, eta=1.0) == 0
    b, c = learning.factors([1e4], [1.0], [-1.0], 1.0, 1.0)
    assert b[0, 0] == c[0, 0] == 0


@pytest.mark.parametrize("sigma", [1e-213, 2e-311, 0.0])
def test_a_small_target_is_approached_as_one_over_time(sigma):
    # |sigma| t small against 1: w' = -2 eta w^2 from the balanced start, so w = w0/(1 + 2 eta w0 t)
    w = learning.gain([1.0, 1e200], 1.5, 3.0, sigma=sigma, eta=1.0)
    np.testing.assert_allclose(w, [1.5 / 4, 0.5e-200], rtol=1e-12)


@pytest.mark.parametrize("sigma", [1.2, -0.4, 0.0])
def test_time_to_inverts_the_flow(sigma):
    rng = np.random.default_rng(2)
    with mp.workdps(50):
        for _ in range(30):
            b, c, _, eta = _start("real", rng)
            R = learning.rate(b, c, sigma, eta)
            t = float(10.0 ** rng.uniform(-3, 1) / R)
            start, limit = b @ c, sigma / eta
            if sigma == 0 and abs(start) < 1e-12:
                continue
            w = float(mp.re(_master(mp.mpf(t), _mp(b), _mp(c), mp.mpf(sigma), mp.mpf(float(eta)))))
            exact = mp.findroot(
                lambda s: mp.re(_master(s, _mp(b), _mp(c), mp.mpf(sigma), mp.mpf(float(eta)))) - w,  # noqa: B023
                mp.mpf(t),
            )
            sizes = abs(b) @ abs(c) + abs(w) + abs(limit)
            lost = sizes / abs(w - start) + sizes / abs(w - limit)
            assert abs(learning.time_to(w, b, c, sigma, eta) / float(exact) - 1) < 8 * EPS * lost


def test_time_to_escapes_the_saddle_to_full_precision():
    with mp.workdps(60):
        b, d, sigma, eta, w = 0.7, 1e-8, 1.3, 0.8, 1.0
        t = learning.time_to(w, [b], [-b + d], sigma, eta)
        back = _master(mp.mpf(float(t)), _mp(b), _mp(-b + d), mp.mpf(sigma), mp.mpf(eta))
        assert abs(float(mp.re(back)) - w) < 1e-13


@pytest.mark.parametrize("layers", [1, 2, 3, 5, np.inf])
@pytest.mark.parametrize("start, end", [(1e-6, 0.5), (0.01, 0.99), (0.5, 0.5001), (0.9, 0.9999)])
def test_deep_time_is_the_quadrature(layers, start, end):
    sigma, eta = 1.7, 1.1
    w0, w = start * sigma / eta, end * sigma / eta
    with mp.workdps(30):
        power = 2 - (mp.mpf(1) / layers if layers < np.inf else 0)
        factors = 2 * layers if layers < np.inf else 1
        slope = lambda x: factors * x**power * (mp.mpf(sigma) - mp.mpf(eta) * x)  # noqa: E731
        mesh = [w0, *np.geomspace(w0, w, 8)[1:-1], w]
        exact = float(mp.quad(lambda x: 1 / slope(x), mesh))
    condition = 2 / (1 - end) + 2 * start / (end - start)
    got = learning.deep_time([w], w0, layers, sigma, eta)[0]
    assert abs(got / exact - 1) < 8 * EPS * condition
    assert learning.deep_time(-w, -w0, layers, -sigma, eta, tau=2.0) == pytest.approx(
        2 * got, rel=1e-14
    )


@pytest.mark.parametrize("a0, a_star", [(0.0, 0.9), (-0.95, 0.99), (0.3 + 0.2j, 0.5 - 0.6j)])
def test_pole_path_solves_the_metric_gradient_flow(a0, a_star):
    w_star, tau = 0.8, 1.5
    with mp.workdps(30):
        energy = w_star**2 / (1 - abs(mp.mpmathify(a_star)) ** 2)

        def slope(_, x):
            a = mp.mpc(*x)
            s = mp.conj(a_star)
            delta = (a - a_star) / (1 - s * a)
            grad = delta * mp.conj((1 - abs(mp.mpmathify(a_star)) ** 2) / (1 - s * a) ** 2)
            v = -(energy / tau) * (1 - abs(a) ** 2) ** 2 * grad
            return [v.real, v.imag]

        z = mp.mpmathify(a0)
        path = mp.odefun(slope, 0, [z.real, z.imag])
        for t in (0.1, 0.3):
            exact = complex(mp.mpc(*path(t)))
            assert abs(learning.pole_path(t, a0, a_star, w_star, tau) - exact) < 1e-12


def test_pole_path_waits_far_away_and_ends_at_the_teacher():
    start = learning.pole_path([0.0, 1e-3], -0.999999, 0.9, 1.0)
    np.testing.assert_allclose(start, -0.999999, rtol=1e-8)
    assert learning.pole_path(1e9, -0.999999, 0.9, 1.0) == 0.9
    assert learning.pole_path(5.0, 0.4, 0.4, 1.0) == 0.4


def test_pole_loss_is_the_loss_at_the_best_gain():
    a, a_star, w_star = 0.3 + 0.4j, -0.5 + 0.7j, 1.3 - 0.2j
    stats = learning.population_statistics([a], [a_star], [w_star])
    best = stats.s / stats.M[0]
    assert learning.pole_loss(a, a_star, w_star) == pytest.approx(
        learning.loss(stats, best), rel=1e-13
    )


@pytest.mark.parametrize("correlation", [0.0, 0.6, -0.9])
def test_population_statistics_match_the_double_sum(correlation):
    poles = np.array([0.9, -0.5, 0.6 + 0.7j, 0.6 - 0.7j, 0.999999])
    target, weights = np.array([0.8, 0.3 - 0.4j]), np.array([1.0, -0.5 + 2j])
    stats = learning.population_statistics(
        poles, target, weights, correlation=correlation, noise=0.25, samples=3.0
    )
    with mp.workdps(40):
        rho, z, y, v = mp.mpf(correlation), _mp(poles), _mp(target), _mp(weights)

        def entry(a, b):  # E conj(phi_a) phi_b = sum_{m,n} conj(a)^m b^n rho^|m-n|
            a = mp.conj(a)
            lags = 1 + rho * a / (1 - rho * a) + rho * b / (1 - rho * b)
            return 3 * lags / (1 - a * b)

        M = np.array([[complex(entry(a, b)) for b in z] for a in z])
        s = np.array(
            [complex(mp.fsum(entry(a, b) * x for b, x in zip(y, v, strict=True))) for a in z]
        )
        energy = mp.fsum(
            mp.conj(x1) * entry(a, b) * x2
            for a, x1 in zip(y, v, strict=True)
            for b, x2 in zip(y, v, strict=True)
        )
    np.testing.assert_allclose(stats.M, M, rtol=1e-13)
    np.testing.assert_allclose(stats.s, s, rtol=1e-13)
    assert stats.energy == pytest.approx(float(mp.re(energy)) + 0.75, rel=1e-13)


@pytest.mark.parametrize("L", [1, 7, 64])
def test_edge_gap_is_the_ratio_of_literal_sums(L):
    poles = np.array([0.0, 0.5, 0.99, 1 - 1e-10, -1 + 1e-9, -0.3, 0.6 + 0.79j])
    gap = learning.edge_gap(poles, L)
    with mp.workdps(40):
        for a, got in zip(poles, gap, strict=True):
            z = mp.mpmathify(complex(a))
            causal = mp.fsum((L - n) * abs(z) ** (2 * n) for n in range(L))
            periodic = L * mp.fsum(abs(z**n / (1 - z**L)) ** 2 for n in range(L))
            exact = periodic / causal - 1
            terms = max(1.0, float(periodic / causal)) if abs(exact) > 0.1 else abs(float(exact))
            assert abs(got - float(exact)) <= 1e-12 * terms


def test_modified_time_is_the_quadrature_of_the_modified_equation():
    sigma, eta, alpha, w0 = 1.3, 0.7, 0.2, 0.01
    with mp.workdps(30):
        slope = lambda w: w * (sigma - eta * w) * (2 + alpha * (3 * eta * w - sigma))  # noqa: E731
        for w in (0.011, 0.5, 1.8):
            exact = float(mp.quad(lambda x: 1 / slope(x), [w0, (w * w0) ** 0.5, w]))
            assert learning.modified_time(w, w0, sigma, eta, alpha) == pytest.approx(
                exact, rel=1e-13
            )


def _dop853(stats, b0, c0, t, train="both"):
    from scipy.integrate import solve_ivp

    N = stats.s.size
    moves = np.repeat([train != "c", train != "b"], N)

    def slope(_, x):
        z = x[: 2 * N] + 1j * x[2 * N :]
        b, c = z[:N], z[N:]
        e = stats.s - stats.M @ (b * c)
        z = np.concatenate([c.conj() * e, b.conj() * e]) * moves
        return np.concatenate([z.real, z.imag])

    z = np.concatenate([b0, c0]).astype(complex)
    start = np.concatenate([z.real, z.imag])
    x = solve_ivp(slope, (0, t[-1]), start, "DOP853", t, rtol=3e-14, atol=1e-15).y
    z = x[: 2 * N] + 1j * x[2 * N :]
    return (z[:N] * z[N:]).T


PAIR = np.array([0.8 * np.exp(0.4j), 0.8 * np.exp(-0.4j), 0.5])
RING = 0.9 * np.exp(2j * np.pi * np.arange(4) / 4)
UNITY = np.exp(2j * np.pi * np.arange(6) / 6)
FLOWS = {
    "integrated: collocation in asinh": (
        [0.95, 0.8, -0.4], [1.0, -0.5, 0.3], [0.5, 0.1, 0.3], [0.0, 0.1, -0.2], "both"),
    "integrated: collocation in (b, c)": (
        PAIR, [1 + 0.5j, 1 - 0.5j, 0.3], [0.1, 0.1, 0.2], [0.2j, -0.2j, 0.1], "both"),
    "closed form: one shared pole": (
        [0.9] * 3, [1.0, 0, 0], [0.1, 0.2, 0.3], [0.2, 0.3, -0.1], "both"),
    "closed form: equal starts": (RING, [1.0] * 4, [0.1] * 4, [0.2] * 4, "both"),
    "closed form: linear": ([0.9, 0.5], [1.0, -0.5], [0.5, 0.2], [0.1, 0.3], "c"),
    "closed form: linear, one factor": ([0.9, 0.5], [1.0, -0.5], [0.5, 0.2], [0.1, 0.3], "b"),
}  # fmt: skip


@pytest.mark.parametrize("method", FLOWS)
def test_flow_agrees_with_a_tight_integrator(method):
    poles, weights, b0, c0, train = FLOWS[method]
    stats = learning.population_statistics(poles, poles, weights)
    t = np.linspace(0.0, 10.0, 21)
    path = learning.flow(stats, b0, c0, 2 * t, tau=2.0, train=train)
    assert path.method.startswith(method)
    exact = _dop853(stats, b0, c0, t, train)
    np.testing.assert_allclose(path.w, exact, rtol=0, atol=1e-10 * abs(exact).max())


@pytest.mark.parametrize("method", list(FLOWS)[:2])
def test_the_integrator_is_given_the_jacobian_of_its_equation(method):
    poles, weights, b0, c0, _ = FLOWS[method]
    stats = learning.population_statistics(poles, poles, weights)
    kind = coordinates.Mirror if "asinh" in method else coordinates.Factors
    equation = kind(stats, np.array(b0), np.array(c0))
    x, h = equation.start + 0.1, 1e-6
    moves = h * np.eye(x.size)
    columns = [(equation.slope(x + e) - equation.slope(x - e)) / (2 * h) for e in moves]
    np.testing.assert_allclose(equation.jacobian(x), np.array(columns).T, atol=1e-6)


def test_roots_of_unity_learn_one_frequency_each():
    rng = np.random.default_rng(3)
    u, y = rng.normal(size=(2, 1, 6))
    stats = learning.statistics(u, y, UNITY, "truncated")
    assert learning.coherence(stats) < 1e-14
    np.testing.assert_allclose(np.diag(stats.M).real, 6 * abs(np.fft.fft(u[0])) ** 2, rtol=1e-13)
    b0, c0, t = rng.normal(size=6), rng.normal(size=6), np.linspace(0.0, 0.2, 9)
    path = learning.flow(stats, b0, c0, t)
    assert path.method == learning.STRUCTURES["diagonal"].method
    np.testing.assert_allclose(path.w, _dop853(stats, b0, c0, t), atol=1e-10)
