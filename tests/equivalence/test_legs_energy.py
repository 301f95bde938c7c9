"""The energy identity, from stored states and online."""

import numpy as np
import pytest

import hippo_theory as ht
from hippo_theory.legs import SCHEMES, energy, inputs

T = np.append(0, np.cumsum(np.linspace(0.01, 0.02, 60)))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_energy_accumulated_online_is_that_of_stored_states(scheme, monkeypatch):
    def f(s):
        return np.stack([np.cos(7 * s), np.exp(-s)]) * (1 + 2j)

    solution = ht.legs.solve(f, T, 5, scheme=scheme)
    stored = ht.legs.energy_error(f(T), solution)
    for chunk in (2**18, 20 * 11, 1):  # all cells, eleven, one at a time
        monkeypatch.setattr(energy, "_CHUNK", chunk)
        final, online = ht.legs.solve_with_energy(f, T, 5, scheme=scheme)
        assert final.shape == (2, 5)
        assert online.shape == (2,)
        scale = abs(solution.coefficients).max()
        assert abs(final - solution.coefficients[:, -1]).max() <= 1e-13 * scale
        assert abs(online - stored).max() <= 1e-12 * scale**2


@pytest.mark.parametrize("scheme", ["midpoint", "foh", "gauss2"])
def test_energy_converges_to_the_projection_error_at_second_order(scheme):
    f, N = inputs.cosine(6.0) + inputs.sine(3.0), 4
    x, w = np.polynomial.legendre.leggauss(60)
    s = (1 + x) / 2
    memory = ht.legs.reconstruct(f.project([1.0], N)[0], 1.0, s)
    exact = w / 2 @ (f(s) - memory) ** 2
    steps = np.array([256, 512, 1024])
    errors = [
        abs(ht.legs.solve_with_energy(f, np.linspace(0, 1, k + 1), N, scheme=scheme)[1] - exact)
        for k in steps
    ]
    assert abs(ht.convergence.observed_order(steps, errors).order - 2) <= 0.05


def test_samples_and_inputs_give_the_same_energy():
    f = inputs.cosine(5.0)
    of_input = ht.legs.solve_with_energy(f, T, 3)
    of_samples = ht.legs.solve_with_energy(f(T), T, 3)
    assert of_input[1] == of_samples[1]
    assert (of_input[0] == of_samples[0]).all()
