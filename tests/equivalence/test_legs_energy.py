"""What N coefficients miss of samples: stored and online, against quadrature and closed forms."""

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


@pytest.mark.parametrize("scheme", ["midpoint", "bilinear", "backward_euler", "foh"])
@pytest.mark.parametrize("N", [20, 200])
def test_the_energy_error_of_rough_samples_is_the_distance_from_their_interpolant(scheme, N):
    """White noise of 100 samples: with N = 200, midpoint holds none of it, and that is said."""
    values, t = np.random.default_rng(0).standard_normal(100), np.arange(100.0)
    solution = ht.legs.solve(values, t, N, scheme=scheme)
    x, w = np.polynomial.legendre.leggauss(60)  # of 400 degrees over 100 cells: exact
    s = np.arange(99)[:, None] + (1 + x) / 2
    held = np.interp(s, t, values)
    memory = np.polynomial.legendre.legval(
        2 * s / 99 - 1, solution.coefficients[-1] * np.sqrt(2 * np.arange(N) + 1)
    )
    distance = float(((held - memory) ** 2 @ (w / 2)).sum())
    assert abs(ht.legs.energy_error(values, solution) - distance) <= 1e-10 * distance


@pytest.mark.parametrize(("scheme", "power"), [("hold2", 2), ("hold3", 3), ("hold5", 5)])
def test_the_energy_error_of_a_polynomial_that_a_hold_reads_exactly_is_its_tail(scheme, power):
    f, N = inputs.monomial(float(power)), power - 1
    solution = ht.legs.solve(f(T), T, N, scheme=scheme)
    tail = T[-1] * (f.project([T[-1]], power + 1)[0, N:] ** 2).sum()
    assert abs(ht.legs.energy_error(f(T), solution) / tail - 1) <= 1e-11


def test_the_energy_error_of_large_samples_is_infinite_without_a_warning():
    solution = ht.legs.solve(1e200 * np.sin(T), T, 3)
    assert ht.legs.energy_error(1e200 * np.cos(T), solution) == np.inf
