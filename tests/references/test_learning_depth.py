"""Gains of deep cascades against literal factors under a tight integrator, and against training."""

import numpy as np
import pytest

from hippo_theory import learning
from hippo_theory.learning import line

T = np.linspace(0.0, 8.0, 9)


def literal(b0, c0, t, sigma, eta):
    """prod_l sum_j b_lj c_lj with every factor moved by the product of the others, by DOP853."""
    from scipy.integrate import solve_ivp

    half = b0.size

    def weights(x):
        z = x[: 2 * half] + 1j * x[2 * half :]
        return z[:half].reshape(b0.shape), z[half:].reshape(b0.shape)

    def slope(_, x):
        b, c = weights(x)
        w = (b * c).sum(1)
        others = np.array([np.prod(np.delete(w, k)) for k in range(w.size)])[:, None]
        e = (others.conj()) * (sigma - eta * np.prod(w))
        z = np.concatenate([(c.conj() * e).ravel(), (b.conj() * e).ravel()])
        return np.concatenate([z.real, z.imag])

    z = np.concatenate([b0.ravel(), c0.ravel()]).astype(complex)
    x = solve_ivp(slope, (0, t[-1]), np.r_[z.real, z.imag], "DOP853", t, rtol=3e-14, atol=1e-16).y
    return np.array([np.prod((b * c).sum(1)) for b, c in map(weights, x.T)])


@pytest.mark.parametrize("D, N", [(1, 2), (2, 1), (2, 3), (3, 2)])
@pytest.mark.parametrize("sigma", [1.3, -0.4, 0.9 + 0.7j])
def test_any_start_moves_as_its_factors_do(D, N, sigma):
    rng = np.random.default_rng(D + 4 * N)
    b0, c0 = rng.normal(size=(2, D, N)) + 1j * np.iscomplexobj(sigma) * rng.normal(size=(2, D, N))
    w = learning.deep_gain(T, sigma=sigma, eta=0.8, b0=b0, c0=c0)
    exact = literal(b0, c0, T, sigma, 0.8)
    np.testing.assert_allclose(w, exact, rtol=0, atol=1e-10)
    turned = (exact - exact[0]) * np.conj(sigma / 0.8 - exact[0])  # on a straight line
    assert abs(turned.imag).max() <= 1e-10 * abs(turned).max()


def test_an_escape_hangs_on_the_imbalance_of_one_layer():
    b0, c0 = np.array([[0.5], [0.3]]), np.array([[-0.5 * (1 + 1e-6)], [0.1]])
    t = np.array([0.0, 100.0, 300.0])
    w = learning.deep_gain(t, sigma=1.0, eta=0.8, b0=b0, c0=c0)
    np.testing.assert_allclose(w, literal(b0, c0, t, 1.0, 0.8).real, rtol=0, atol=1e-10)


@pytest.mark.parametrize("D", [1, 2, 5, np.inf])
@pytest.mark.parametrize("start", [1e-9, 1e-3, 0.4])
def test_deep_gain_inverts_deep_time(D, start):
    sigma, eta, tau = -1.7, 1.1, 0.5
    final = sigma / eta
    w = final * (start + (1 - start) * np.array([0.0, 1e-3, 0.5, 0.99, 1 - 1e-9]))
    t = learning.deep_time(w, w[0], D, sigma, eta, tau)
    got = learning.deep_gain(t, w[0], D, sigma, eta, tau)
    # the time is rounded to eps of itself, and a late escape moves the gain by w' t eps
    slope = 1 if np.isinf(D) else 2 * D
    slope = slope * abs(w) ** (2 - (0 if np.isinf(D) else 1 / D)) * abs(sigma - eta * w) / tau
    np.testing.assert_array_less(abs(got - w), 64 * np.finfo(float).eps * (abs(w) + slope * t))
    levels = None if np.isinf(D) else np.zeros(2 * D)
    moved = line.gains_on_line(t / tau, w[0], levels, sigma, eta)
    np.testing.assert_array_less(abs(moved - w), 1e-12 * abs(w) + 1e-13 * slope * (t + 1))


def test_a_balanced_gain_opposite_to_its_target_stops_at_zero_and_a_complex_one_goes_round():
    w = learning.deep_gain([0.0, 1e2, 1e12], -0.3, 2, 1.0, 1.0)
    assert w[0] == -0.3
    assert -1e-6 < w[2] <= 0
    assert w[1] == pytest.approx(literal(*_balanced(-0.3), np.array([0, 1e2]), 1.0, 1.0)[1].real)
    w = learning.deep_gain([0.0, 1e12], -0.3 + 1e-9j, 2, 1.0, 1.0)
    assert w[1] == pytest.approx(1.0)
    assert learning.deep_gain(5.0, 0.0, 2, 1.0, 1.0) == 0
    np.testing.assert_allclose(learning.deep_gain([[0.0, 1e3]], 2.0, 3, 1.0, 1.0), [[2.0, 1.0]])


def _balanced(w):
    root = abs(w) ** 0.25
    return np.full((2, 1), root), np.array([[np.sign(w) * root], [root]])


@pytest.mark.parametrize("levels, w0", [
    ([0.0, 0.3, 0.3, 1.0], -0.2), ([0.0, 0.0, 0.1, 0.4], -0.2), ([0.0, 0.0], 0.1 + 0.2j),
    (None, 0.1j),
])  # fmt: skip
def test_the_integrator_is_given_the_derivative_of_the_pace(levels, w0):
    equation = line.Line(w0, 1.0, None if levels is None else np.array(levels), 0.7)
    x, h = equation.start + 0.1, 1e-6
    change = (equation.slope(x + h) - equation.slope(x - h)) / (2 * h)
    np.testing.assert_allclose(equation.jacobian(x)[0], change, rtol=1e-7)


def test_wide_cascades_train_at_the_pace_of_their_levels():
    rng = np.random.default_rng(3)
    poles, u = np.array([[0.5, 0.5], [-0.3, -0.3]]), rng.normal(size=(2, 32))
    v = learning.statistics(u, u, 0.0)  # a unit pulse is a cascade without poles
    assert v.s[0] == pytest.approx((u**2).sum())
    signal = u
    for a in poles[:, 0]:
        signal = np.stack([_filter(a, row) for row in signal])
    y = 1.2 * signal
    sigma, eta = (signal * y).sum(), (signal**2).sum()
    b0, c0 = rng.uniform(0.2, 0.6, (2, 2, 2))
    errors = []
    for alpha in (2e-4, 1e-4):
        steps = round(0.1 / alpha)
        run = learning.gradient_descent(u, y, poles, b0, c0, alpha, steps)
        w = learning.deep_gain(alpha * np.arange(steps + 1), sigma=sigma, eta=eta, b0=b0, c0=c0)
        errors.append(abs(run.w.sum(-1).prod(-1) - w).max())
    assert errors[0] / errors[1] == pytest.approx(2.0, abs=0.1)
    assert errors[1] < 0.01


def _filter(a, u):
    x, out = 0.0, np.empty(u.size)
    for t, v in enumerate(u):
        out[t] = x = a * x + v
    return out


@pytest.mark.parametrize("w0", [1e-3, 1e-200, 5e-324])
def test_two_layers_of_any_start_take_the_time_of_the_closed_form_in_50_digits(w0):
    mpmath = pytest.importorskip("mpmath")
    w = np.array([2 * w0, 1e-2, 0.1, 0.49])

    def antiderivative(w):  # of 1 / (4 w^(3/2) (1 - 2 w))
        root = mpmath.sqrt(mpmath.mpf(float(w)))
        return (mpmath.sqrt(2) * mpmath.atanh(mpmath.sqrt(2) * root) - 1 / root) / 2

    with mpmath.workdps(50):
        t = [float(antiderivative(v) - antiderivative(w0)) for v in w]
    rtol = 4 * np.finfo(float).eps * max(4.0, -np.log(w0))  # of the logarithms
    np.testing.assert_allclose(learning.deep_time(w, w0, 2, 1.0, 2.0), t, rtol=rtol)
    early = learning.deep_gain(t[0], w0, 2, 1.0, 2.0)
    late = learning.deep_gain([0.0, 1e3 * t[-1]], w0, 2, 1.0, 2.0)
    np.testing.assert_allclose(early, 2 * w0, rtol=4 * rtol)
    np.testing.assert_array_equal(late, [w0, 0.5])
