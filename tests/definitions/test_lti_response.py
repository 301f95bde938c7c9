"""Transfer functions and Markov parameters are what their definitions say."""

import numpy as np
import pytest
from scipy import signal

import hippo_theory as ht
from hippo_theory.lti import DPLR, LTI, DiagonalLTI
from hippo_theory.lti.response import _BLOCK
from tests.oracle import Exact

EPS = np.finfo(float).eps


def draw(rng, *shape):
    return rng.normal(size=shape) + 1j * rng.normal(size=shape)


def example(kind, channels=(), dt=1.0):
    rng = np.random.default_rng(3)
    p, m = channels or (1, 1)
    B, C, D = draw(rng, m, 4).T, draw(rng, p, 4), rng.normal(size=(p, m))
    if not channels:
        B, C, D = B[:, 0], C[0], D[0, 0]
    poles = 0.9 * np.exp(1j * rng.uniform(0, 6, 4)) * rng.random(4)
    logs = np.log(poles)
    A, P, Q = 0.3 * draw(rng, 4, 4), 0.3 * draw(rng, 4, 2), 0.3 * draw(rng, 4, 2)
    rows = {
        "dense": lambda: LTI(A, B, C, D, dt=dt),
        "real": lambda: LTI(A.real, B.real, C.real, D, dt=dt),
        "lower": lambda: LTI(np.tril(A), B, C, D, dt=dt),
        "upper": lambda: LTI(np.triu(A), B, C, D, dt=dt),
        "diagonal": lambda: DiagonalLTI(poles, B, C, D, dt=dt),
        "conjugate": lambda: DiagonalLTI(poles, B, C, D, dt=dt, conjugate=True),
        "logarithmic": lambda: DiagonalLTI(poles, B, C, D, dt=dt, log_poles=logs),
        "dplr": lambda: DPLR(poles, P, Q, B, C, D, dt=dt),
    }
    return rows[kind]()


KINDS = ["dense", "real", "lower", "upper", "diagonal", "conjugate", "logarithmic", "dplr"]
by_kind = pytest.mark.parametrize("kind", KINDS)
by_channels = pytest.mark.parametrize("channels", [(), (1, 1), (2, 3)])


@by_channels
@by_kind
def test_the_transfer_function_is_its_definition_at_points_of_any_shape(kind, channels):
    G = example(kind, channels)
    A, B, C, D = ht.lti.matrices(G)
    for shape in [(), (5,), (2, 3), (0,)]:
        z = 2.0 + draw(np.random.default_rng(0), *shape)
        exact = np.zeros((*D.shape, z.size), complex)
        for k, point in enumerate(z.reshape(-1)):
            exact[..., k] = D + C @ np.linalg.solve(point * np.eye(len(A)) - A, B)
        got = ht.lti.transfer_function(G, z)
        assert got.shape == channels + shape
        np.testing.assert_allclose(got.reshape(exact.shape), exact, rtol=1e-12)


@by_channels
@by_kind
def test_markov_parameters_are_their_definition(kind, channels):
    G = example(kind, channels)
    A, B, C, D = ht.lti.matrices(G)
    exact = [D] + [C @ np.linalg.matrix_power(A, k) @ B for k in range(9)]
    got = ht.lti.markov_parameters(G, 10)
    assert got.shape == (*channels, 10)
    exact = np.moveaxis(exact, 0, -1).reshape(got.shape)
    np.testing.assert_allclose(got, exact, rtol=0, atol=100 * EPS * np.abs(exact).max())


def test_batches_stand_before_channels_and_points():
    rng = np.random.default_rng(0)
    poles, B, C = draw(rng, 3, 1, 4), draw(rng, 1, 2, 4, 5), draw(rng, 1, 1, 6, 4)
    G = DiagonalLTI(0.1 * poles, B, C, dt=1.0)
    z = np.array([[2.0, 3.0j]])
    assert ht.lti.transfer_function(G, z).shape == (3, 2, 6, 5, 1, 2)
    h = ht.lti.markov_parameters(G, 7)
    assert h.shape == (3, 2, 6, 5, 7)
    one = DiagonalLTI(0.1 * poles[2, 0], B[0, 1], C[0, 0], dt=1.0)
    np.testing.assert_allclose(h[2, 1], ht.lti.markov_parameters(one, 7), rtol=1e-13)
    np.testing.assert_allclose(
        ht.lti.transfer_function(G, z)[2, 1], ht.lti.transfer_function(one, z), rtol=1e-13
    )


def test_real_systems_have_real_values_at_real_points_and_conjugates_real_parameters():
    assert ht.lti.transfer_function(example("lower", ()), 3.0).dtype == complex
    G = DiagonalLTI([-1.0, -2.0], [1, 1], [1, 1])
    assert ht.lti.transfer_function(G, 3.0) == 1 / 4 + 1 / 5
    assert ht.lti.transfer_function(G, 3.0).dtype == float
    assert ht.lti.markov_parameters(example("conjugate"), 5).dtype == float
    assert ht.lti.markov_parameters(example("real"), 5).dtype == float


@pytest.mark.parametrize("kind", ["dense", "diagonal", "dplr"])
def test_many_points_agree_with_few(kind):
    G = example(kind)
    z = 1.5 * np.exp(1j * np.linspace(0, 6, _BLOCK // 4 + 17))
    some = [0, _BLOCK // 4 - 1, _BLOCK // 4, z.size - 1]
    np.testing.assert_allclose(
        ht.lti.transfer_function(G, z)[some], ht.lti.transfer_function(G, z[some]), rtol=1e-14
    )


def test_a_point_on_the_diagonal_part_of_dplr_need_not_be_a_pole():
    G = example("dplr", (2, 3))
    z = np.array([2.0, G.poles[1], 3j])
    exact = ht.lti.transfer_function(ht.lti.dense(G), z)
    np.testing.assert_allclose(ht.lti.transfer_function(G, z), exact, rtol=1e-12)


@pytest.mark.parametrize("N", [4, 16, 64])
def test_dense_legs_keeps_its_digits_in_any_orthogonal_coordinates(N):
    """Against the closed form, though LAPACK's eigenvalues of the rotated matrix are lost."""
    A, B = ht.legs.matrices(N)
    s = 1j * np.array([0.0, 0.1, 1.0, 30.0, 1000.0])
    exact = ht.legs.transfer_function(s, N)
    Q = np.linalg.qr(np.random.default_rng(0).normal(size=(N, N)))[0]
    scale = np.abs(A).max() / np.maximum(np.abs(s), 0.5) + 1  # |A| |(s + A)^{-1}|
    triangular = ht.lti.transfer_function(LTI(-A, B, np.eye(N)), s)[:, 0]
    rotated = ht.lti.transfer_function(LTI(-Q @ A @ Q.T, Q @ B, Q.T), s)[:, 0]
    np.testing.assert_array_less(np.abs(triangular.T - exact).max(axis=-1), N * EPS * scale)
    np.testing.assert_array_less(np.abs(rotated.T - exact).max(axis=-1), N**2 * EPS * scale)


def heat(n):
    """A rod of n points, driven at one place and read at another."""
    A = (np.eye(n, k=1) + np.eye(n, k=-1) - 2 * np.eye(n)) * 0.1 * (n + 1) ** 2
    return LTI(A, np.eye(n)[n // 3], np.eye(n)[2 * n // 3])


@pytest.mark.parametrize(
    "G",
    [
        heat(40),
        LTI(*signal.tf2ss(*signal.bessel(10, 1, analog=True))),
        LTI(*signal.tf2ss(*signal.butter(2, 100, analog=True))),
    ],
    ids=["heat", "bessel", "butter"],
)
def test_responses_far_below_the_largest_keep_their_digits(G):
    z = 1j * np.logspace(-2, 5, 29) * np.abs(np.linalg.eigvals(G.A)).max()
    exact = Exact(G).transfer_function(z).ravel()
    assert np.abs(exact).min() < 1e-9 * np.abs(exact).max()
    np.testing.assert_allclose(ht.lti.transfer_function(G, z).ravel(), exact, rtol=1e-12)


def test_a_zero_of_the_response_is_answered():
    A, B, C, _ = signal.tf2ss(*signal.butter(4, [0.9, 1.1], btype="band", analog=True))
    assert abs(ht.lti.transfer_function(LTI(A, B, C), 0.0)) < 1e-30
    shift = np.diag([1.0] * 5, -1)  # p(-s) / p(s), p(0) = 1: no more than D is left at 0
    shift[0] = -np.array([42.0, 840, 10080, 75600, 332640, 665280])
    odd = -2 * np.array([42.0, 0, 10080, 0, 332640, 0])
    assert ht.lti.transfer_function(LTI(shift, np.eye(6)[0], odd, 1.0), 0.0) == 1.0


def test_a_real_point_on_the_diagonal_part_of_a_real_dplr_system_gives_a_real_value():
    system = ht.lti.DPLR([-1.0, -2.0, -3.0], *np.ones((4, 3)))
    points = np.array([-1.0, 0.5])
    dense = ht.lti.transfer_function(ht.lti.dense(system), points)
    np.testing.assert_allclose(ht.lti.transfer_function(system, points), dense.real, rtol=1e-13)


def test_exact_logarithms_give_markov_parameters_without_accumulated_rounding():
    rate = 1e-6 / 3
    poles = np.exp([-rate])
    system = ht.DiagonalLTI(poles, [1.0], [1.0], dt=1.0, log_poles=[-rate])
    k = np.arange(4000)
    h = ht.lti.markov_parameters(system, 4001)[1:]
    np.testing.assert_allclose(h, np.exp(-rate * k), rtol=2 * EPS)
    assert abs(poles**k / np.exp(-rate * k) - 1).max() > 100 * EPS  # what the pole alone knows


def test_a_pole_of_a_dplr_system_off_its_diagonal_part_is_refused():
    system = ht.lti.DPLR([1.0], [1.0], [1.0], [1.0], [1.0])  # A = 1 - 1
    with pytest.raises(ValueError, match="z must not be a pole, got 0"):
        ht.lti.transfer_function(system, [2.0, 0.0])
