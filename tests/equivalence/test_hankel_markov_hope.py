"""Hankel matrices by FFT and by definition; the HOPE layer by frequency, chain and state space."""

import numpy as np
import pytest

import hippo_theory as ht
from hippo_theory import hankel
from hippo_theory.hankel import hope

N, L = 12, 64


def taps(complex_taps, n=N):
    rng = np.random.default_rng(0)
    return rng.normal(size=n) + (1j * rng.normal(size=n) if complex_taps else 0)


@pytest.mark.parametrize("complex_taps", [False, True])
def test_fft_product_is_the_matrix_product(complex_taps):
    h, x = taps(complex_taps, 50), np.random.default_rng(1).normal(size=(3, 50))
    for signal in (x, x + 1j):
        np.testing.assert_allclose(
            hankel.hankel_product(h, signal), signal @ hankel.hankel_matrix(h).T, atol=1e-13
        )


@pytest.mark.parametrize("complex_taps", [False, True])
def test_leading_values_by_lanczos_are_those_of_the_dense_matrix(complex_taps):
    n = 1100
    h = taps(complex_taps, n) * np.exp(-np.arange(n) / 10)
    values = hankel.markov_singular_values(h, k=5)
    np.testing.assert_allclose(values, hankel.markov_singular_values(h[:250])[:5], rtol=1e-7)


@pytest.mark.parametrize("length", [7, 8, 20, 21])
@pytest.mark.parametrize("scale", [1.0, 2.0**900, 2.0**-900])
def test_ho_kalman_realises_exact_data(length, scale):
    G = ht.DiagonalLTI([0.9, 0.3 + 0.4j, -0.5], [1.0, 2.0, 1.0], [1.0, 1j, 0.5], D=0.7, dt=1.0)
    h = ht.lti.markov_parameters(G, length)
    model = hankel.ho_kalman(h * scale, 3, dt=0.25)
    assert model.dt == 0.25
    rebuilt = ht.lti.markov_parameters(model, length)
    np.testing.assert_allclose(rebuilt / scale, h, atol=1e-11)


@pytest.mark.parametrize("scale", [1e-300, 1.0, 1e200])
@pytest.mark.parametrize("kind", [float, complex])
def test_long_hankel_matrices_have_the_values_of_their_system(scale, kind):
    """At n = 1e5, where the Markov parameters of the slowest pole have died away."""
    rng, n, k, m = np.random.default_rng(4), 100_000, 2, 8
    poles = (1 - np.geomspace(1e-3, 0.5, m)) * np.exp(1j * rng.uniform(0.1, 3, m))
    C = rng.normal(size=m) + 1j * rng.normal(size=m)
    G = ht.DiagonalLTI(poles, np.ones(m), C, dt=1.0, conjugate=kind is float)
    h = ht.lti.kernel(G, n + 1)[1:]
    assert h.dtype == kind
    values = hankel.markov_singular_values(h * scale, k)
    np.testing.assert_allclose(values / scale, hankel.singular_values(G).values[:k], rtol=1e-13)


def test_a_long_zero_sequence_has_zero_singular_values():
    np.testing.assert_array_equal(hankel.markov_singular_values(np.zeros(5000), 3), np.zeros(3))


@pytest.mark.parametrize("dt", [0.1, 0.5, 1.0, 3.0])
@pytest.mark.parametrize("complex_taps", [False, True])
def test_hope_forms_have_one_input_output_map(dt, complex_taps):
    h, u = taps(complex_taps), np.random.default_rng(3).normal(size=L)
    kernel = hope.kernel(h, 4096, dt)
    response = hope.frequency_response(h, 4096, dt)
    np.testing.assert_allclose(np.fft.fft(kernel), response, atol=1e-11)
    y = hope.simulate(h, u, dt)
    np.testing.assert_allclose(y, np.convolve(kernel, u)[:L], atol=1e-12)
    G = hope.to_lti(h, dt)
    markov = [G.D, *(G.C @ np.linalg.matrix_power(G.A, k) @ G.B for k in range(L - 1))]
    np.testing.assert_allclose(markov, kernel[:L], atol=1e-12)


def test_hope_frequency_response_is_its_definition():
    h, dt, n = taps(True), 0.3, 9
    theta = 2 * np.arctan2(np.sin(np.pi * np.arange(n) / n), 0.3 * np.cos(np.pi * np.arange(n) / n))
    exact = np.exp(-1j * np.outer(theta, np.arange(1, N + 1))) @ h
    np.testing.assert_allclose(hope.frequency_response(h, n, dt), exact, atol=1e-13)


@pytest.mark.parametrize("dt", [0.05, 1.0, 10.0])
def test_hope_has_the_singular_values_of_its_taps_for_every_dt(dt):
    h = taps(False)
    spectrum = hankel.singular_values(hope.to_lti(h, dt))
    exact = hankel.markov_singular_values(h)
    known = np.isfinite(spectrum.relative_error)
    assert known[0]
    error = np.abs(spectrum.values / exact - 1)
    assert (error[known] <= spectrum.relative_error[known]).all()
    np.testing.assert_allclose(spectrum.values, exact, atol=1e-12 * exact[0])


@pytest.mark.parametrize("dt", [0.05, 1.0, 10.0])
def test_hope_energy_is_a_toeplitz_form_of_its_taps(dt):
    h, a = taps(True), (1 - dt) / (1 + dt)
    k = np.arange(N)
    energy = (h.conj() @ (-a) ** np.abs(k[:, None] - k) @ h).real
    np.testing.assert_allclose(hankel.h2_norm(hope.to_lti(h, dt)) ** 2, energy, rtol=N * N * 1e-15)
