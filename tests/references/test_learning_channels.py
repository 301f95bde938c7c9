"""Layers of several channels against their literal factors under a tight integrator."""

import numpy as np
import pytest

from hippo_theory import learning


def literal(B, C, t, sigma, eta):
    from scipy.integrate import solve_ivp

    split = B.size

    def weights(x):
        z = x[: x.size // 2] + 1j * x[x.size // 2 :]
        return z[:split].reshape(B.shape), z[split:].reshape(C.shape)

    def slope(_, x):
        b, c = weights(x)
        e = sigma - eta * c @ b
        z = np.concatenate([(c.conj().T @ e).ravel(), (e @ b.conj().T).ravel()])
        return np.concatenate([z.real, z.imag])

    z = np.concatenate([B.ravel(), C.ravel()]).astype(complex)
    x = solve_ivp(slope, (0, t[-1]), np.r_[z.real, z.imag], "DOP853", t, rtol=3e-14, atol=1e-16).y
    return np.array([c @ b for b, c in map(weights, x.T)])


def start(rng, m, p, imbalance, kind):
    """B (N, m) and C (p, N), N = p, with C^* C - B B^* = imbalance I."""
    draw = lambda *s: rng.normal(size=s) + (1j * rng.normal(size=s) if kind is complex else 0)  # noqa: E731
    B = 0.2 * draw(p, m)
    values, V = np.linalg.eigh(imbalance * np.eye(p) + B @ B.conj().T)
    U = np.linalg.qr(draw(p, p))[0]
    return B, U @ np.diag(values**0.5) @ V.conj().T


@pytest.mark.parametrize("m, p, imbalance", [(3, 3, 0.0), (3, 2, 0.7), (2, 2, 0.01)])
@pytest.mark.parametrize("kind", [float, complex])
def test_the_composed_riccati_equation_is_the_flow_of_its_factors(m, p, imbalance, kind):
    rng = np.random.default_rng(m + p)
    B, C = start(rng, m, p, imbalance, kind)
    sigma = rng.normal(size=(p, m)) * np.geomspace(3, 0.1, m)  # singular values far apart
    t = np.array([0.0, 0.5, 3.0, 8.0])
    got = learning.matrix_gain(2 * t, B, C, sigma, 0.8, tau=2.0)
    np.testing.assert_allclose(got, literal(B, C, t, sigma, 0.8), rtol=0, atol=1e-10)


def test_late_channels_are_least_squares_and_one_channel_is_the_gain():
    rng = np.random.default_rng(1)
    B, C = start(rng, 2, 2, 0.3, float)
    sigma = rng.normal(size=(2, 2))
    late = learning.matrix_gain([1e4], B, C, sigma, 0.8)[0]
    np.testing.assert_allclose(late, sigma / 0.8, rtol=1e-12, atol=1e-14)
    t = np.linspace(0, 9, 7)
    lone = learning.matrix_gain(t, [[0.2]], [[0.5]], [[-1.3]], 0.8)[:, 0, 0]
    exact = learning.gain(t, sigma=-1.3, eta=0.8, b0=[0.2], c0=[0.5])
    np.testing.assert_allclose(lone, exact, rtol=1e-12)


COMPLEX = np.array([0.9 * np.exp(0.3j), 0.8 * np.exp(-1.2j), 0.5, -0.4 + 0.3j])


def test_complex_poles_switch_on_at_the_lengths_of_their_paths():
    gains = [1 + 0.3j, -0.5j, 0.7, 0.3 - 0.6j]
    stats = learning.population_statistics(COMPLEX, COMPLEX, gains)
    schedule = learning.activation_schedule(stats)
    np.testing.assert_allclose(schedule.w[-1], gains, atol=1e-12)
    errors = []
    for scale in (1e-40, 1e-80):
        middle = np.append((schedule.times[1:] + schedule.times[:-1]) / 2, 1.3 * schedule.times[-1])
        t = np.concatenate([[0.0], middle]) * np.log(1 / scale)
        path = learning.flow(stats, np.full(4, scale**0.5), np.zeros(4), t, rtol=1e-8)
        errors.append(abs(path.w[1:] - schedule.w[1:]).max(1))
    assert (errors[1] <= 0.02).all()
    assert (errors[1] <= errors[0]).all()
    assert path.drift < 1e-7


def test_complex_flow_ends_at_least_squares_or_without_the_dead():
    stats = learning.population_statistics(COMPLEX, [0.7j], [1.0])
    b, c = np.array([0.1, 0.1j, 0.0, 0.2]), np.array([0.1, 0.2, 0.0, -0.2j])
    limit = learning.flow_limit(stats, b, c)
    path = learning.flow(stats, b, c, [1e5])
    assert limit[2] == 0
    assert not path.optimal
    np.testing.assert_allclose(path.w[-1], limit, atol=1e-9)
    b[2] = 0.1
    best = np.linalg.solve(stats.M, stats.s)
    np.testing.assert_allclose(learning.flow_limit(stats, b, c), best, rtol=1e-12)
