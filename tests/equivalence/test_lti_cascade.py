"""The compiled chain against its definition, a double loop; pieces against the whole."""

import numpy as np
import pytest

from hippo_theory.lti import cascade, szego

EPS = np.finfo(float).eps


def chain(rng, N):
    return np.sqrt(rng.random(N)) * np.exp(2j * np.pi * rng.random(N))


def literal(poles, u, x):
    """States (L, N) and taps (L, N + 1) by the recurrence of the module's docstring."""
    x, states, taps = x.astype(complex), [], []
    s = np.sqrt(1 - np.abs(poles) ** 2)
    for v in u:
        row = [v]
        for m, pole in enumerate(poles):
            new = pole * x[m] + s[m] * row[-1]
            row.append(s[m] * x[m] - np.conj(pole) * row[-1])
            x[m] = new
        states.append(x.copy())
        taps.append(row)
    return np.array(states), np.array(taps)


@pytest.mark.parametrize("N", [1, 5, 32, 33, 70])
@pytest.mark.parametrize("L", [1, 20, 75])
def test_the_compiled_chain_is_the_double_loop(N, L):
    rng = np.random.default_rng(N + 100 * L)
    poles, u = chain(rng, N), rng.normal(size=(2, L))
    x0 = rng.normal(size=(2, N)) + 1j * rng.normal(size=(2, N))
    c, h = rng.normal(size=N), rng.normal(size=N + 1) + 1j
    kept = [u.copy(), x0.copy(), poles.copy()]
    states = cascade.states(poles, u, initial_state=x0)
    y, final = cascade.readout(poles, u, state_weights=c, tap_weights=h, initial_state=x0)
    for i in range(2):
        expected, taps = literal(poles, u[i], x0[i])
        bound = 8 * (N + L) * EPS * np.linalg.norm(np.r_[u[i], x0[i]])
        assert np.abs(states[i] - expected).max() < bound
        assert np.abs(final[i] - expected[-1]).max() < bound
        assert np.abs(y[i] - expected @ c - taps @ h).max() < bound * np.linalg.norm(np.r_[c, h])
    assert all(np.array_equal(a, b) for a, b in zip(kept, [u, x0, poles], strict=True))


def test_a_signal_in_pieces_gives_the_states_of_the_whole():
    rng = np.random.default_rng(3)
    poles, u = chain(rng, 40), rng.normal(size=200)
    whole = cascade.states(poles, u)
    first = cascade.states(poles, u[:90])
    second = cascade.states(poles, u[90:], initial_state=first[-1])
    assert np.array_equal(np.concatenate([first, second]), whole)


def test_states_along_an_impulse_are_powers_of_the_matrices():
    poles = chain(np.random.default_rng(4), 9)
    A, b = cascade.matrices(poles)
    assert np.abs(A @ A.conj().T + np.outer(b, b.conj()) - np.eye(9)).max() < 9 * 4 * EPS
    expected = np.array([np.linalg.matrix_power(A, k) @ b for k in range(30)])
    assert np.abs(cascade.impulse_response(poles, 30) - expected).max() < 30 * 9 * EPS


def test_energy_and_allpass_coefficients_share_out_one():
    poles = chain(np.random.default_rng(5), 50)
    e, beta = cascade.energy(poles, 300), cascade.allpass_coefficients(poles, 300)
    assert np.abs(e + np.cumsum(np.abs(beta) ** 2) - 1).max() < 50 * 4 * EPS
    T = cascade.impulse_response(poles, 300)
    np.testing.assert_allclose(e, (np.abs(T) ** 2).sum(1), rtol=50 * EPS)


def test_diagonal_states_are_the_triangular_factor_times_chain_states():
    poles = chain(np.random.default_rng(6), 12)
    phi = szego.triangular_factor(poles)
    diagonal_states = np.sqrt(1 - np.abs(poles) ** 2) * poles ** np.arange(25)[:, None]
    T = cascade.impulse_response(poles, 25)
    assert np.abs(T @ phi.T - diagonal_states).max() < 25 * 12 * EPS


def test_logarithms_of_poles_keep_the_digits_of_sections_near_the_circle():
    log_poles = np.array([-1e-13 + 0.3j, -1e-14 - 0.2j])
    e = cascade.energy(None, 1, log_poles=log_poles)
    assert abs(e[0] / 2.2e-13 - 1) < 1e-12


def test_states_that_fade_out_become_zero():
    states = cascade.states([0.9, 0.5j], np.r_[1.0, np.zeros(9000)])
    assert np.abs(states[6000, 1]) > 0
    assert np.all(states[-1] == 0)
