"""Trained poles against closed forms, DOP853, literal training and derivatives of 40 digits."""

import mpmath as mp
import numpy as np
import pytest

from hippo_theory import learning

T = np.concatenate([[0.0], np.geomspace(1e-3, 1e5, 9)])
RHO = 0.6


@pytest.mark.parametrize("a0, a_star", [
    (-0.999999, 0.9), (0.3 + 0.2j, 0.5 - 0.6j), (0.0, 0.999), (0.9999, -0.99), (0.4, 0.4),
])  # fmt: skip
def test_pole_flow_in_tanh_is_the_closed_form(a0, a_star):
    path = learning.pole_flow(T, a0, a_star, 0.8, tau=2.0, coordinate="tanh")
    exact = learning.pole_path(T, a0, a_star, 0.8, tau=2.0)
    distance = abs(path.a - exact) / abs(1 - np.conj(exact) * path.a)
    spacing = np.finfo(float).eps / (1 - abs(exact) ** 2)  # of doubles, in hyperbolic distance
    assert (distance < 2e-11 + 4 * spacing).all()
    np.testing.assert_allclose(path.loss, learning.pole_loss(path.a, a_star, 0.8), atol=1e-12)


@pytest.mark.parametrize("name", learning.POLE_COORDINATES)
def test_every_coordinate_descends_its_own_number(name):
    from scipy.integrate import solve_ivp

    row, a0, a_star, w_star = learning.POLE_COORDINATES[name], 0.3, 0.8, 0.9
    h = 1e-6
    for a in (0.05, 0.5, 0.99):
        s = row.parameter(a)
        assert row.pole(s) == pytest.approx(a, rel=1e-13)
        change = (row.pole(s + h) - row.pole(s - h)) / (2 * h)
        assert abs(row.speed(np.float64(a), np.float64(1 + a), np.float64(1 - a))) == pytest.approx(
            abs(change), rel=1e-7
        )

    def slope(_, s):
        a = row.pole(s)  # the projected loss of a white input has this slope in a
        pull = w_star**2 * (a - a_star) / (1 - a * a_star) ** 3
        return -pull * (row.pole(s + 1e-20j)).imag / 1e-20

    t = np.array([0.0, 0.5, 2.0, 10.0])
    s = solve_ivp(slope, (0, 10), [row.parameter(a0)], "DOP853", t, rtol=3e-14, atol=1e-15).y[0]
    path = learning.pole_flow(t, a0, a_star, w_star, coordinate=name)
    np.testing.assert_allclose(path.a, row.pole(s), rtol=0, atol=1e-10)


def pulse(correlation, L=400):
    """A sequence whose autocorrelation sums are those of a unit AR(1) process, to rounding."""
    return np.sqrt(1 - correlation**2) * correlation ** np.arange(L)[None]


def answer(u, a, w):
    out, x = np.empty(u.shape, np.result_type(a, w, u)), 0.0
    for t, v in enumerate(u[0]):
        x = a * x + v
        out[0, t] = w * x
    return out


@pytest.mark.parametrize("a0, a_star, b0, c0", [
    (0.1, 0.8, 0.6, 0.5), (0.7, -0.3, 0.5, -0.2), (0.3 + 0.3j, 0.6 - 0.4j, 0.5 + 0.1j, 0.4j),
])  # fmt: skip
@pytest.mark.parametrize("rho", [0.0, RHO])
def test_pole_and_weights_train_along_their_flow(a0, a_star, b0, c0, rho):
    u, w_star, end, errors = pulse(rho), 0.9, 2.0, []
    y = answer(u, a_star, w_star)
    for alpha in (2e-3, 1e-3):
        steps = round(end / alpha)
        run = learning.gradient_descent(u, y, [a0], [b0], [c0], alpha, steps, train="all")
        every = slice(None, None, steps // 10)
        t = alpha * np.arange(steps + 1)[every]
        path = learning.pole_flow(t, a0, a_star, w_star, b0=b0, c0=c0, correlation=rho)
        gaps = abs(run.poles[every, 0] - path.a), abs(run.w[every, 0] - path.w)
        errors.append(max(gap.max() for gap in gaps))
        np.testing.assert_allclose(path.loss[0], run.loss[0], rtol=1e-12)
    assert errors[0] / errors[1] == pytest.approx(2.0, abs=0.1)
    assert errors[1] < 0.01


def test_joint_training_ends_at_the_teacher_to_twelve_digits():
    u, a_star, w_star = pulse(0.0), 0.7, 1.2
    y = answer(u, a_star, w_star)
    run = learning.gradient_descent(u, y, [0.2], [0.8], [0.7], 0.1, 3000, train="all")
    path = learning.pole_flow([1e4], 0.2, a_star, w_star, b0=0.8, c0=0.7)
    for got in ((run.poles[-1, 0], run.w[-1, 0]), (path.a[-1], path.w[-1])):
        np.testing.assert_allclose(got, (a_star, w_star), rtol=1e-12)


@pytest.mark.parametrize("a_star, rho", [
    (0.9, 0.0), (0.9, RHO), (0.9, -0.8), (0.5, 1 - 1e-9), (0.999, 1e-9 - 1), (1e-12, 0.9),
    (1 - 1e-9, 1 - 1e-9),
])  # fmt: skip
@pytest.mark.parametrize("name", learning.POLE_COORDINATES)
def test_curvature_is_the_second_derivative_of_the_loss(name, a_star, rho):
    w_star, row = 1.3, learning.POLE_COORDINATES[name]
    got = learning.pole_curvature(a_star, w_star, name, correlation=rho)
    poles = {
        "pole": lambda s: s, "tanh": mp.tanh, "exp-exp": lambda s: mp.exp(-mp.exp(s)),
        "softplus": lambda s: 1 / (1 + mp.exp(s)), "stable": lambda s: 1 - 1 / (s * s + 0.5),
    }  # fmt: skip
    with mp.workdps(80):
        r, start = (
            mp.mpf(rho),
            mp.findroot(lambda s: poles[name](s) - a_star, row.parameter(a_star)),
        )

        def overlap(a, b):  # sum_{m,n} a^m b^n rho^|m-n|
            return (1 + r * a / (1 - r * a) + r * b / (1 - r * b)) / (1 - a * b)

        def loss(w, s):
            a, v = poles[name](s), mp.mpf(w_star)
            b = mp.mpf(a_star)
            return (w * w * overlap(a, a) + v * v * overlap(b, b)) / 2 - w * v * overlap(a, b)

        at = (mp.mpf(w_star), start)
        gain, mixed, own = (mp.diff(loss, at, n) for n in ((2, 0), (1, 1), (0, 2)))
        exact = [[float(gain), float(mixed)], [float(mixed), float(own)]]
        projected = float(own - mixed**2 / gain)
        largest = (gain + own + mp.hypot(gain - own, 2 * mixed)) / 2
        limit = float(2 / largest)
    np.testing.assert_allclose(got.hessian, exact, rtol=1e-14)
    assert got.projected == pytest.approx(projected, rel=1e-14)
    assert got.learning_rate_limit == pytest.approx(limit, rel=1e-14)


def test_descent_is_stable_below_the_limit_of_its_coordinate_and_not_above():
    a_star, w_star = 0.95, 1.0
    limit = learning.pole_curvature(a_star, w_star).learning_rate_limit
    u = pulse(0.0, 600)
    y = answer(u, a_star, w_star)
    for factor, stable in ((0.95, True), (1.05, False)):
        w, a, distances = w_star, a_star + 1e-7, []
        for _ in range(60):  # b = 1 is kept
            step = learning.gradient_descent(u, y, [a], [1.0], [w], factor * limit, 1, train="all")
            a, w = step.poles[1, 0], step.c[1, 0]
            distances.append(abs(a - a_star))
        assert (distances[-1] < distances[0]) == stable
