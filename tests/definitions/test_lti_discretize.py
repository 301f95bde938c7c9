"""Each rule of lti.SCHEMES does what defines it, for dense, diagonal and DPLR systems alike."""

from itertools import product

import numpy as np
import pytest
from scipy import linalg, signal

import hippo_theory as ht
from hippo_theory.lti import DPLR, LTI, SCHEMES, DiagonalLTI

EPS = np.finfo(float).eps
ROWS = [row for row in SCHEMES.values() if not row.takes_alpha]
ROWS += [ht.lti.generalized_bilinear(alpha) for alpha in (0.3, 0.8)]
SUBSTITUTIONS = [row for row in ROWS if row.alpha is not None]
HOLDS = [row for row in ROWS if row.degree is not None]
POLES = np.array([-0.5 + 1j, -2.0, -0.1 + 4j])
STEPS = [0.01, 0.3]


def draw(rng, *shape):
    return rng.normal(size=shape) + 1j * rng.normal(size=shape)


def systems(channels=()):
    """One system of every kind; all have poles well inside the half-plane."""
    rng = np.random.default_rng(1)
    p, m = channels or (1, 1)
    B, C, D = draw(rng, 3, m), draw(rng, p, 3), rng.normal(size=(p, m))
    if not channels:
        B, C, D = B[:, 0], C[0], D[0, 0]
    V = draw(rng, 3, 3)
    P = 0.3 * draw(rng, 3, 2)
    A = np.linalg.solve(V, POLES[:, None] * V)
    return {
        "dense": LTI(A, B, C, D),
        "lower": LTI(np.diag(POLES) + np.tril(V, -1), B, C, D),
        "upper": LTI(np.diag(POLES) + np.triu(V, 1), B, C, D),
        "diagonal": DiagonalLTI(POLES, B, C, D),
        "conjugate": DiagonalLTI(POLES, B, C, D, conjugate=True),
        "real": DiagonalLTI(POLES.real, B.real, C.real, D),
        "dplr": DPLR(POLES, P, P, B, C, D),
    }


KINDS = list(systems())


def name(row):
    return row.name if row.name != "generalized_bilinear" else f"{row.name}({row.alpha})"


by_kind = pytest.mark.parametrize("kind", KINDS)
CHANNELS = [(), (2, 3)]
by_channels = pytest.mark.parametrize("channels", CHANNELS)
by_step = pytest.mark.parametrize("dt", STEPS)


@by_kind
def test_a_substitution_keeps_the_transfer_function(kind):
    z = 1.7 * np.exp(1j * np.linspace(0.1, 3.0, 7))
    for row, channels, dt in product(SUBSTITUTIONS, CHANNELS, STEPS):
        G = systems(channels)[kind]
        s = (z - 1) / (dt * (row.alpha * z + 1 - row.alpha))
        discrete = ht.lti.discretize(G, dt, row)
        assert type(discrete) is type(G)
        got, exact = ht.lti.transfer_function(discrete, z), ht.lti.transfer_function(G, s)
        np.testing.assert_allclose(got, exact, rtol=0, atol=3e3 * EPS * np.abs(exact).max())


def response_to(system, t, degree):
    """y(t) from rest to u = 1 or u = t, through exp of the augmented matrix, term by term."""
    A, B, C, D = ht.lti.matrices(system)
    n = len(A)
    for j in range(B.shape[1]):
        M = np.zeros((n + degree + 1,) * 2, dtype=complex)
        M[:n, :n], M[:n, n] = A, B[:, j]
        if degree:
            M[n, n + 1] = 1
        x = linalg.expm(t * M)[:n, -1]
        yield C @ x + D[:, j] * t**degree


@by_step
@by_channels
@by_kind
@pytest.mark.parametrize("row", HOLDS, ids=name)
def test_a_hold_is_exact_on_its_defining_input(row, kind, channels, dt):
    """zoh on the step, foh on the ramp."""
    G = systems(channels)[kind]
    h = ht.lti.markov_parameters(ht.lti.discretize(G, dt, row), 8)
    h = h.reshape(*(channels or (1, 1)), 8)
    u = (dt * np.arange(8.0)) ** row.degree
    for k in (0, 1, 7):
        y = np.einsum("pmk,k->pm", h[..., : k + 1], u[k::-1] if k else u[:1])
        exact = np.array(list(response_to(G, k * dt, row.degree))).T
        np.testing.assert_allclose(y, exact, rtol=0, atol=1e3 * EPS * np.abs(h).sum())


def hankel_singular_values(system):
    A, B, C, _ = ht.lti.matrices(system)
    if system.is_discrete:
        P = linalg.solve_discrete_lyapunov(A, B @ B.conj().T)
        Q = linalg.solve_discrete_lyapunov(A.conj().T, C.conj().T @ C)
    else:
        P = linalg.solve_continuous_lyapunov(A, -B @ B.conj().T)
        Q = linalg.solve_continuous_lyapunov(A.conj().T, -C.conj().T @ C)
    return np.sort(np.sqrt(np.linalg.eigvals(P @ Q).real))


@by_kind
def test_the_bilinear_rule_keeps_hankel_singular_values(kind):
    G = systems()[kind]
    before = hankel_singular_values(G)
    after = hankel_singular_values(ht.lti.discretize(G, 0.3))
    np.testing.assert_allclose(after, before, rtol=0, atol=1e-8 * before.max())


@by_kind
@pytest.mark.parametrize("row", [r for r in ROWS if r.alpha is None or r.alpha >= 0.5], ids=name)
def test_holds_and_substitutions_with_alpha_of_at_least_one_half_keep_stability(row, kind):
    G = systems()[kind]
    assert G.is_stable
    assert ht.lti.discretize(G, 10.0, row).is_stable


@by_kind
def test_a_layer_has_the_kernel_C_A_k_B(kind):
    """With the matrices of the plain value multiplied out, C and D those of the given system."""
    rows = [row for row in ROWS if row.has_layer]
    for row, channels, dt in product(rows, CHANNELS, STEPS):
        G = systems(channels)[kind]
        layer, plain = ht.lti.discretize(G, dt, row, layer=True), ht.lti.discretize(G, dt, row)
        assert type(layer) is type(plain)
        (A, B, _, _), (_, _, C, D) = ht.lti.matrices(plain), ht.lti.matrices(G)
        exact = np.stack([C @ np.linalg.matrix_power(A, k) @ B for k in range(6)], axis=-1)
        exact[..., 0] += D
        got = ht.lti.markov_parameters(layer, 6).reshape(exact.shape)
        np.testing.assert_allclose(got, exact, rtol=0, atol=1e3 * EPS * np.abs(exact).max())


@by_step
@pytest.mark.parametrize("kind", ["diagonal", "conjugate", "real"])
@pytest.mark.parametrize("row", ROWS, ids=name)
def test_the_logarithms_are_those_of_the_poles(row, kind, dt):
    discrete = ht.lti.discretize(systems()[kind], dt, row)
    np.testing.assert_allclose(np.exp(discrete.log_poles), discrete.poles, rtol=8 * EPS)


SCIPY = {"forward_euler": "euler", "backward_euler": "backward_diff", "generalized_bilinear": "gbt"}


@by_kind
def test_the_matrices_are_those_of_scipy(kind):
    G = systems((2, 3))[kind]
    for row, dt in product(ROWS, STEPS):
        if kind == "dplr" and row.degree is not None:
            assert isinstance(ht.lti.discretize(G, dt, row), LTI)
        ours = ht.lti.matrices(ht.lti.discretize(G, dt, row))
        method = SCIPY.get(row.name, row.name)
        theirs = signal.cont2discrete(ht.lti.matrices(G), dt, method, alpha=row.alpha)
        for mine, other in zip(ours, theirs[:4], strict=True):
            atol = 1e3 * EPS * max(1, abs(other).max())
            np.testing.assert_allclose(mine, other, rtol=0, atol=atol)


@pytest.mark.parametrize("row", ROWS, ids=name)
def test_triangular_matrices_stay_triangular_with_exact_eigenvalues(row):
    G = systems((2, 3))
    lower = ht.lti.discretize(G["lower"], 0.3, row)
    assert not np.triu(lower.A, 1).any()
    assert not np.tril(ht.lti.discretize(G["upper"], 0.3, row).A, -1).any()
    poles = ht.lti.discretize(G["diagonal"], 0.3, row).poles
    np.testing.assert_allclose(lower.poles, poles, rtol=4 * EPS)
    legs, real = ht.lti.family("legs", 64), ht.lti.family("s4d_real", 64)
    legs, real = (ht.lti.discretize(G, 1.0, row) for G in (legs, real))
    np.testing.assert_allclose(legs.poles, real.poles, rtol=4 * EPS)


@pytest.mark.parametrize("row", SCHEMES)
def test_the_unit_of_the_input_passes_through_to_the_bit(row):
    """B in units of 2^k: no scale of B asks for more squarings, or for fewer digits."""
    rng = np.random.default_rng(3)
    A, B = rng.normal(size=(4, 4)) - 4 * np.eye(4), rng.normal(size=4)
    alpha = 0.7 if SCHEMES[row].takes_alpha else None
    one = ht.lti.discretize(LTI(A, B, np.ones(4)), 0.3, row, alpha=alpha)
    for k in (-300, 40, 300):
        scaled = ht.lti.discretize(LTI(A, B * 2.0**k, np.ones(4)), 0.3, row, alpha=alpha)
        np.testing.assert_array_equal(scaled.A, one.A)
        np.testing.assert_array_equal(scaled.B, one.B * 2.0**k)
        np.testing.assert_array_equal(scaled.D, one.D * 2.0**k)


def test_every_channel_may_have_its_own_step():
    dt = np.array([0.1, 0.25])
    G = DiagonalLTI(POLES[None], np.ones((1, 3)), np.ones((1, 3)), conjugate=True)
    both = ht.lti.markov_parameters(ht.lti.discretize(G, dt, "zoh", layer=True), 5)
    for k, step in enumerate(dt):
        one = DiagonalLTI(POLES, np.ones(3), np.ones(3), conjugate=True)
        alone = ht.lti.markov_parameters(ht.lti.discretize(one, step, "zoh", layer=True), 5)
        np.testing.assert_allclose(both[k], alone, rtol=1e-14)


def test_what_channels_share_stays_shared():
    G = DiagonalLTI(POLES[None], np.ones((4, 3)), np.ones((4, 3)))
    assert ht.lti.discretize(G, 0.1).poles.shape == (1, 3)


def test_a_pole_of_zero_has_no_logarithm():
    G = DiagonalLTI([-2.0, -1.0], [1, 1], [1, 1])
    assert ht.lti.discretize(G, 1.0).log_poles is None


@pytest.mark.parametrize("row", ROWS, ids=name)
def test_single_precision_is_discretized_in_double(row):
    """Poles rounded to single precision would lose L times that over L steps."""
    data = (np.ones((3, 2)) * [[-1 / 3], [1], [1]]).astype(np.complex64)
    discrete = ht.lti.discretize(DiagonalLTI(*data), 0.1, row)
    wide = ht.lti.discretize(DiagonalLTI(*data.astype(complex)), 0.1, row)
    assert discrete.poles.dtype == discrete.B.dtype == np.complex128
    np.testing.assert_array_equal(discrete.poles, wide.poles)


@by_kind
def test_the_bilinear_layer_is_s4s_map_and_not_that_of_the_system(kind):
    """2 z/(z + 1) times C (s I - A)^{-1} B, plus D."""
    G, dt = systems()[kind], 0.3
    z = 1.7 * np.exp(1j * np.linspace(0.1, 3.0, 7))
    exact = ht.lti.transfer_function(G, (2 / dt) * (z - 1) / (z + 1))
    exact = 2 * z / (z + 1) * (exact - G.D) + G.D
    got = ht.lti.transfer_function(ht.lti.discretize(G, dt, layer=True), z)
    np.testing.assert_allclose(got, exact, rtol=0, atol=3e3 * EPS * np.abs(exact).max())
