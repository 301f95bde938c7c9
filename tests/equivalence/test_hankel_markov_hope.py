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


def test_ho_kalman_realises_exact_data():
    G = ht.DiagonalLTI([0.9, 0.3 + 0.4j, -0.5], [1.0, 2.0, 1.0], [1.0, 1j, 0.5], D=0.7, dt=1.0)
    k = np.arange(20)
    h = np.r_[0.7, (G.C * G.B) @ G.poles[:, None] ** k]
    model = hankel.ho_kalman(h, 3)
    rebuilt = [model.C @ np.linalg.matrix_power(model.A, j) @ model.B for j in k]
    np.testing.assert_allclose(np.r_[model.D, rebuilt], h, atol=1e-12)


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
