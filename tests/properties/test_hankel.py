"""Laws of Hankel operators for drawn systems with many zeros, against 600 bits."""

import dataclasses

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import hippo_theory as ht
from hippo_theory import scales
from tests.measure import EPS
from tests.oracle import Exact

CLOCKS = [None, 1.0]
SLOW = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


def draw(rng, *shape):
    """Normal entries, half of them zero."""
    return rng.normal(size=shape) * rng.integers(0, 2, shape)


def system(kind, n, m, p, seed, dt):
    """Stable, with poles of modulus up to 0.9, or at least 0.1 within the half-plane."""
    rng = np.random.default_rng(seed)
    B, C = draw(rng, n, m), draw(rng, p, n)
    D = draw(rng, p, m) * (dt is not None)
    if kind == "diagonal":
        poles = 0.9 * rng.uniform(-1, 1, n) * np.exp(1j * rng.uniform(0, 3, n))
        poles = poles if dt is not None else poles - 1.0
        return ht.DiagonalLTI(poles, B, C, D, dt=dt)
    A = np.tril(draw(rng, n, n), -1) if kind == "triangular" else draw(rng, n, n)
    reach = np.abs(np.linalg.eigvals(A)).max(initial=0.0)
    A = A * min(0.9 / max(reach, 0.9), 1.0) * 0.9
    return ht.LTI(A if dt is not None else A - np.eye(n), B, C, D, dt=dt)


systems = st.builds(
    system,
    st.sampled_from(["full", "triangular", "diagonal"]),
    st.integers(1, 4),
    st.integers(1, 3),
    st.integers(1, 3),
    st.integers(0, 2**32 - 1),
    st.sampled_from(CLOCKS),
)
seeds = st.integers(0, 2**32 - 1)


def in_units(value, seed, reach=40):
    """The same map with states in units 2^-reach .. 2^reach."""
    d = 2.0 ** np.random.default_rng(seed).integers(-reach, reach + 1, value.state_dim)
    moved = {"B": value.B * d[:, None], "C": value.C / d}
    if hasattr(value, "A"):
        moved["A"] = value.A * d[:, None] / d
    return dataclasses.replace(value, **moved)


def dual(value):
    turned = {"B": value.C.T, "C": value.B.T, "D": value.D.T}
    if hasattr(value, "A"):
        turned["A"] = value.A.T
    return dataclasses.replace(value, **turned)


def allowed(exact):
    """A backward stable error of singular values, beside the largest."""
    return 1e-12 + 16 * exact.n * EPS * sum(exact.gramian_conditions)


def assert_numbers(value, exact, gain=1.0):
    sigma = gain * exact.singular_values
    top, error = sigma.max(initial=0.0), allowed(exact)
    spectrum = ht.hankel.singular_values(value)
    assert abs(spectrum.values - sigma).max(initial=0.0) <= error * top
    assert (abs(spectrum.values - sigma) <= spectrum.error + 4 * EPS * sigma).all()
    assert abs(ht.hankel.hankel_norm(value) - top) <= error * top
    if exact.h2_norm < np.inf:
        h2 = gain * exact.h2_norm
        assert abs(ht.hankel.h2_norm(value) - h2) <= error * h2


@SLOW
@given(systems)
def test_numbers_are_those_of_exact_gramians(value):
    assert_numbers(value, Exact(value))


@SLOW
@given(systems, seeds)
def test_units_of_states_change_nothing(value, seed):
    assert_numbers(in_units(value, seed), Exact(value))


@SLOW
@given(systems, st.integers(-300, 300))
def test_a_gain_multiplies(value, k):
    louder = dataclasses.replace(value, B=value.B * 2.0**k, D=value.D * 2.0**k)
    assert_numbers(louder, Exact(value), 2.0**k)


@SLOW
@given(systems)
def test_the_dual_system_has_the_same_numbers(value):
    assert_numbers(dual(value), Exact(value))


@SLOW
@given(systems, seeds)
def test_balanced_units_keep_the_impulse_response(value, seed):
    """Exact to the bit: powers of two alone were moved, by the exponents that are stated."""
    unit = scales.scaled(in_units(value, seed), feedthrough=True)
    h, moved = Exact(value).markov_parameters(6), Exact(unit.system).markov_parameters(6)
    clock = 2.0 ** (unit.time * np.arange(6))  # h_k = C A^{k-1} B of G(s) = sum h_k s^{-k}
    np.testing.assert_array_equal(h, 2.0**unit.gain * clock[:, None, None] * moved)


@SLOW
@given(systems)
def test_the_norms_stand_in_their_order(value):
    """sigma_1 <= |G - D|_inf <= 2 sum sigma, with the largest |G - D| that is found at 600 bits."""
    strictly_proper = dataclasses.replace(value, D=0 * value.D)
    exact, sigma = Exact(strictly_proper), ht.hankel.singular_values(value).values
    peak, lower, upper = ht.hankel.hinf_norm(strictly_proper, certificate=True)
    slack, nothing = 1 + 1e-9, 1e-150  # the reference knows zeros to 2^-600
    assert lower <= peak * slack <= upper * slack**2
    assert sigma.max(initial=0.0) <= upper * slack + nothing
    assert exact.hinf[0] <= upper * slack + nothing
    assert lower <= 2 * sigma.sum() * slack + nothing
