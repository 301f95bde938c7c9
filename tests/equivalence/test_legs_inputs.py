"""One function made in two ways has one projection."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.interpolate import CubicSpline

from hippo_theory.legs import inputs, solve

EPS = np.finfo(float).eps
TIMES = np.array([0.1, 0.3, 0.300001, 0.44, 1.0])
ONE = inputs.monomial(0)
SINES = CubicSpline(np.linspace(0, 1, 9), np.sin(5 * np.linspace(0, 1, 9)))

PAIRS = {
    "|s - a| is two ramps and a line": (
        inputs.power_singularity(0.3, 1),
        2 * inputs.ramp(0.3) - inputs.monomial(1) + 0.3 * ONE,
    ),
    "|s - a|^0 is 1": (inputs.power_singularity(0.3, 0), ONE),
    "|s - a|^2 is a square": (
        inputs.power_singularity(0.3, 2),
        inputs.monomial(2) - 0.6 * inputs.monomial(1) + 0.09 * ONE,
    ),
    "a step is two pieces": (
        inputs.step(0.3),
        inputs.piecewise_polynomial([0, 0.3, np.inf], [[0.0, 1.0]]),
    ),
    "a ramp is linear between samples": (
        inputs.ramp(0.3),
        inputs.from_samples([0, 0.3, 1], [0, 0, 0.7]),
    ),
    "a line has samples": (
        inputs.monomial(1),
        inputs.from_samples(np.arange(10_001) / 10_000, np.arange(10_001) / 10_000),
    ),
    "e^0 is 1": (inputs.exponential(0), ONE),
    "one wave of Weierstrass is a cosine": (
        inputs.weierstrass(0.5, terms=1),
        inputs.cosine(2 * np.pi),
    ),
    "a quarter turn": (inputs.cosine(7, -np.pi / 2), inputs.sine(7)),
    "a negative frequency": (inputs.sine(-7, 0.3), -inputs.sine(7, -0.3)),
    "an isolated neighbourhood": (
        inputs.rational_neighbourhood([1], 0.5),
        ONE - inputs.step(1 / 8) + inputs.step(15 / 16),
    ),
}


@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)
@pytest.mark.parametrize("N", [8, 128])
def test_equal_functions_have_equal_projections(pair, N):
    f, g = pair
    np.testing.assert_allclose(f(TIMES), g(TIMES), rtol=0, atol=16 * EPS)
    bound = EPS * (16 + N / 4)
    np.testing.assert_allclose(f.project(TIMES, N), g.project(TIMES, N), rtol=0, atol=bound)


def test_a_scipy_spline_is_a_piecewise_polynomial():
    f = inputs.piecewise_polynomial(SINES.x, SINES.c)
    s = np.linspace(0, 1, 100)
    np.testing.assert_allclose(f(s), SINES(s), rtol=0, atol=16 * EPS)
    assert f.final_order == 4


@pytest.mark.parametrize("N", [8, 64])
def test_many_narrow_pieces_lose_no_digits(N):
    t = np.linspace(0, 1, 4097)
    fine = inputs.from_samples(t, np.cos(6 * t)).project([0.7, 1.0], N)
    # linear interpolation: |f - f_h| <= h^2 36 / 8, and Bessel
    exact = inputs.cosine(6).project([0.7, 1.0], N)
    assert np.linalg.norm(fine - exact, axis=1).max() <= 36 / 8 / 4096**2


def test_times_are_projected_one_by_one_or_all_together():
    f = inputs.from_samples(np.linspace(0, 1, 101), np.sin(np.arange(101.0)))
    t = np.array([0.9, 0.0, 0.1, 1.0, 0.55])
    together = f.project(t, 20)
    apart = np.concatenate([f.project([s], 20) for s in t])
    np.testing.assert_allclose(together, apart, rtol=0, atol=16 * EPS)


@pytest.mark.parametrize("start", [0.0, 0.5])
def test_averages_of_an_input_are_the_means_over_its_cells(start):
    f, t = inputs.cosine(7.0) + inputs.ramp(0.6), start + np.array([0.0, 0.1, 0.15, 0.3, 0.5])
    means = [quad(f, a, b, points=[0.6], epsabs=1e-14)[0] / (b - a) for a, b in pairwise(t)]
    initial = None if start == 0 else f.project([start], 5)[0]
    states = [
        solve(g, t, 5, scheme="zoh", samples="averages", initial=initial).coefficients
        for g in (f, means)
    ]
    # at t = 0 both begin with the first average
    assert abs(states[0] - states[1]).max() <= 1e-13
