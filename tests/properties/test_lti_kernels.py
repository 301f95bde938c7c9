"""Laws of kernels and simulations under random systems and signals."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hippo_theory as ht

EPS = np.finfo(float).eps
seeds = st.integers(0, 2**32 - 1)
lengths = st.integers(1, 200)


def example(seed, N=5):
    rng = np.random.default_rng(seed)
    poles = rng.uniform(0, 0.98, N) * np.exp(1j * rng.uniform(0, 2 * np.pi, N))
    B, C = (rng.normal(size=N) + 1j * rng.normal(size=N) for _ in range(2))
    return ht.DiagonalLTI(poles, B, C, rng.normal(), dt=1.0, conjugate=True), rng


@settings(max_examples=30, deadline=None)
@given(seed=seeds, L=lengths)
def test_kernels_do_not_depend_on_the_coordinates(seed, L):
    system, rng = example(seed)
    scale = np.exp(rng.normal(size=5) + 1j * rng.normal(size=5))
    h = ht.lti.kernel(system, L)
    atol = 1e3 * EPS * (1 + abs(system.B * system.C).sum())
    for same in (ht.lti.similarity(system, scale), ht.lti.dense(system), ht.lti.expand(system)):
        np.testing.assert_allclose(ht.lti.kernel(same, L), h, rtol=0, atol=atol)


@settings(max_examples=30, deadline=None)
@given(seed=seeds, L=lengths)
def test_kernels_of_sums_add_and_of_products_convolve(seed, L):
    (G, _), (H, _) = example(seed), example(seed + 1)
    g, h = ht.lti.kernel(G, L), ht.lti.kernel(H, L)
    size = (1 + abs(G.B * G.C).sum()) * (1 + abs(H.B * H.C).sum())
    np.testing.assert_allclose(ht.lti.kernel(G + H, L), g + h, rtol=0, atol=1e3 * EPS * size)
    both = ht.lti.kernel(ht.lti.expand(G) @ ht.lti.expand(H), L)
    np.testing.assert_allclose(both, ht.lti.convolve(g, h), rtol=0, atol=1e5 * EPS * size)


@settings(max_examples=30, deadline=None)
@given(seed=seeds, L=st.integers(2, 300), method=st.sampled_from(["scan", "chunked", "fft"]))
def test_a_signal_may_be_cut_anywhere(seed, L, method):
    """The state before the cut is all that the rest needs."""
    system, rng = example(seed)
    u, cut = rng.normal(size=L), int(rng.integers(1, L))
    y, x = ht.lti.simulate(system, u, states=True, method=method)
    rest = ht.lti.simulate(system, u[cut:], initial_state=x[cut], method=method)
    atol = 1e3 * EPS * (1 + abs(system.C) @ abs(x).max(axis=0) + abs(y).max())
    np.testing.assert_allclose(rest, y[cut:], rtol=0, atol=atol)


@settings(max_examples=30, deadline=None)
@given(seed=seeds, L=lengths, method=st.sampled_from(["scan", "chunked", "fft"]))
def test_outputs_are_linear_causal_and_shift_invariant(seed, L, method):
    system, rng = example(seed)
    u, v = rng.normal(size=(2, L))
    a, b = rng.normal(size=2)

    def run(signal):
        return ht.lti.simulate(system, signal, method=method)

    scale = 1 + 60 * abs(system.B * system.C).sum()
    atol = 1e3 * EPS * scale * (1 + abs(u).max() + abs(v).max()) * (1 + abs(a) + abs(b))
    np.testing.assert_allclose(run(a * u + b * v), a * run(u) + b * run(v), rtol=0, atol=atol)
    later = np.concatenate([np.zeros(3), u])
    np.testing.assert_allclose(run(later)[3:], run(u), rtol=0, atol=atol)
    np.testing.assert_allclose(run(later)[:3], 0, rtol=0, atol=atol)


@pytest.mark.parametrize("method", ["naive", "vandermonde", "krylov"])
def test_the_empty_pole_is_a_delay(method):
    """A nilpotent A: h_k = delta_{k1}, with no logarithm of 0 anywhere."""
    system = ht.DiagonalLTI([0.0], [1.0], [1.0], D=3.0, dt=1.0)
    np.testing.assert_array_equal(ht.lti.kernel(system, 5, method=method), [3, 1, 0, 0, 0])
