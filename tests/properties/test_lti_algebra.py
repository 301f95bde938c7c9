"""Laws of LTI systems, for drawn systems of every kind."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import hippo_theory as ht
from hippo_theory.lti import DPLR, LTI, SCHEMES, DiagonalLTI

EPS = np.finfo(float).eps
POINTS = np.array([2.5, 2.0 + 2j, -3j])  # at least 1 away from every spectrum drawn here
SUBSTITUTIONS = [row for row in SCHEMES.values() if row.alpha is not None]
KINDS = ["dense", "diagonal", "conjugate", "real pairs", "dplr"]


def draw(rng, *shape):
    return (rng.uniform(-1, 1, shape) + 1j * rng.uniform(-1, 1, shape)) / np.sqrt(2)


def system(kind, N, seed, dt=None):
    """Poles of modulus at most 1; B, C and D of order 1."""
    rng = np.random.default_rng(seed)
    poles, B, C, D = draw(rng, N), draw(rng, N), draw(rng, N), rng.normal()
    if kind == "dense":
        A = draw(rng, N, N)
        return LTI(A / np.linalg.norm(A, 2), B, C, D, dt=dt)
    if kind == "dplr":
        P = draw(rng, N, 1)
        return DPLR(poles / 2, P / 2 / np.linalg.norm(P), P / np.linalg.norm(P), B, C, D, dt=dt)
    if kind == "real pairs":
        poles = poles.real
    return DiagonalLTI(poles, B, C, D, dt=dt, conjugate=kind in ("conjugate", "real pairs"))


def systems(dt=None):
    sizes, seeds = st.integers(1, 5), st.integers(0, 2**32 - 1)
    return st.builds(system, st.sampled_from(KINDS), sizes, seeds, st.just(dt))


def G(value, z=POINTS):
    return ht.lti.transfer_function(value, z)


def agree(got, exact):
    np.testing.assert_allclose(got, exact, rtol=0, atol=2e3 * EPS * (1 + np.abs(exact).max()))


quick = settings(max_examples=40, deadline=None)


@quick
@given(systems(), st.integers(0, 2**32 - 1))
def test_similarity_leaves_the_transfer_function_invariant(value, seed):
    rng = np.random.default_rng(seed)
    N = ht.lti.dense(value).state_dim
    Q = np.linalg.qr(draw(rng, N, N))[0]
    T = Q * rng.uniform(0.5, 2.0, N)
    agree(G(ht.lti.similarity(value, T)), G(value))
    agree(G(ht.lti.similarity(value, rng.uniform(0.5, 2.0, value.state_dim))), G(value))


@quick
@given(systems(), st.integers(0, 2**32 - 1))
def test_a_similarity_and_its_inverse_cancel(value, seed):
    T = np.random.default_rng(seed).uniform(0.5, 2.0, value.state_dim)
    back = ht.lti.similarity(ht.lti.similarity(value, T), 1 / T)
    np.testing.assert_allclose(back.B, value.B, rtol=4 * EPS)
    np.testing.assert_allclose(back.C, value.C, rtol=4 * EPS)


@quick
@given(systems(), systems(), systems())
def test_systems_form_an_algebra(F, H, K):
    agree(G((F @ H) @ K), G(F @ (H @ K)))
    agree(G((F + H) @ K), G(F @ K + H @ K))
    agree(G(F @ (H + K)), G(F @ H + F @ K))
    agree(G(F + H), G(H + F))
    agree(G((F + H) - H), G(F))
    agree(G(2.5 * (F @ H)), G(F @ (2.5 * H)))


@quick
@given(systems())
def test_expansion_and_the_dense_form_leave_the_transfer_function_invariant(value):
    expanded = ht.lti.expand(value)
    assert ht.lti.expand(expanded) is expanded
    agree(G(expanded), G(value))
    agree(G(ht.lti.dense(value)), G(value))


@quick
@given(systems(), systems(), st.sampled_from(SUBSTITUTIONS), st.floats(0.01, 0.25))
def test_substitutions_commute_with_connections(F, H, row, dt):
    def discrete(value):
        return ht.lti.discretize(value, dt, row)

    z = 1 + dt * POINTS / (1 - row.alpha * dt * POINTS)  # where s is one of POINTS
    agree(G(discrete(F + H), z), G(discrete(F) + discrete(H), z))
    agree(G(discrete(F @ H), z), G(discrete(F) @ discrete(H), z))


@quick
@given(systems(dt=1.0), systems(dt=1.0))
def test_the_layer_reading_is_linear(F, H):
    agree(G(ht.lti.layer(F + H)), G(ht.lti.layer(F) + ht.lti.layer(H)))
    agree(G(ht.lti.layer(3.0 * F)), G(3.0 * ht.lti.layer(F)))
