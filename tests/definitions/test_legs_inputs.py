"""Inputs at the points that define them."""

import math
from fractions import Fraction

import numpy as np
import pytest

from hippo_theory.legs import INPUTS, inputs

ROWS = [row.factory(*row.example) for row in INPUTS.values()]


@pytest.mark.parametrize("q", [1, 2, 3, 7, 10, 97, 1000, 4096, 65537])
def test_a_float_is_read_as_the_fraction_that_it_was_made_from(q):
    for p in {0, 1, q // 3, q - 1, q, 2 * q + 1}:
        for number in (p / q, p * (1 / q)):
            assert inputs.read_fraction(number) == Fraction(p, q)


@pytest.mark.parametrize("x", [math.pi, 1e-17, 5e-324, 1 / math.sqrt(2), 1e20, 0.0])
def test_a_float_is_read_within_two_ulp_with_the_smallest_denominator(x):
    fraction = inputs.read_fraction(x)
    radius = 2 * Fraction(math.ulp(x))
    assert abs(fraction - Fraction(x)) <= radius
    simpler = Fraction(x).limit_denominator(max(1, fraction.denominator - 1))
    assert fraction.denominator == 1 or abs(simpler - Fraction(x)) > radius


def test_fractions_and_integers_stand_for_themselves():
    assert inputs.read_fraction(Fraction(1, 3)) == Fraction(1, 3)
    close = Fraction(1, 3) + Fraction(1, 10**40)
    assert inputs.thomae()(close) == float(Fraction(1, close.denominator))
    assert inputs.thomae()(np.array([0, 1, 2])).tolist() == [1, 1, 1]


def test_thomae_and_dirichlet():
    f = inputs.thomae()
    third = 0.1 + 0.1 + 0.1
    np.testing.assert_array_equal(f([0, 1 / 3, 0.1, third, 0.75]), [1, 1 / 3, 0.1, 0.1, 0.25])
    assert f(Fraction(2, 6)) == 1 / 3
    assert inputs.dirichlet()([0.0, math.pi]).tolist() == [1, 1]
    assert not f.project([0.0, 1.0], 3).any()


@pytest.mark.parametrize("denominators", [[8], [64], [12, 40], [97], [512]])
def test_rational_neighbourhood_is_one_at_every_listed_fraction_with_little_measure(denominators):
    measure = 1 / 16
    f = inputs.rational_neighbourhood(denominators, measure)
    for K in denominators:
        assert f(np.arange(K + 1) / K).min() == 1
        assert f([Fraction(k, K) for k in range(K + 1)]).min() == 1
        assert f(np.linspace(0, 1, K + 1)).min() == 1
    assert 0 < f.project([1.0], 1)[0, 0] <= measure


def test_finite_neighbourhood_is_seen_through_by_other_grids():
    f = inputs.rational_neighbourhood([40], 1 / 16)
    assert f(np.arange(98) / 97).mean() < 0.2


def test_neighbourhood_membership_is_exact_where_floats_end():
    # 0, 1/2, 1, 1/101, 2/101, ...: 60/101 is the 63rd, its interval measure 2^-63 wide
    f = inputs.rational_neighbourhood([2, 101], Fraction(1, 2))
    edge = Fraction(60, 101) + Fraction(1, 2**65)
    tiny = Fraction(1, 10**30)
    assert f([edge - tiny, edge, edge + tiny]).tolist() == [1, 0, 0]


@pytest.mark.parametrize("b", [2, 3, 10])
def test_weierstrass_reduces_its_phases_exactly(b):
    f = inputs.weierstrass(0.1, b)
    for t in (1 / 3, math.sqrt(2), 17.3):
        terms = [
            float(b ** (-0.1 * j)) * math.cos(2 * math.pi * float(Fraction(t) * b**j % 1))
            for j in range(60)
            if b**j <= 2**53
        ]
        assert f(t) == pytest.approx(sum(terms), abs=1e-13)


def test_values_at_jumps_and_singularities():
    assert inputs.step(0.5)([0.25, 0.5, 0.75]).tolist() == [0, 1, 1]
    assert inputs.step(0.5, at_jump=0.5)(0.5) == 0.5
    assert inputs.power_singularity(0.5, -0.5)(0.5) == math.inf
    assert inputs.monomial(-0.5)(0.0) == math.inf
    assert inputs.monomial(0)(0.0) == 1
    assert inputs.log_chirp(3)(0.0) == 0
    f = inputs.piecewise_polynomial([0, 1, 2], [[1.0, 5.0]])
    assert f([0.5, 1.0, 2.0]).tolist() == [1, 5, 5]


def test_samples_are_interpolated():
    t, values = np.array([0.0, 0.1, 0.7, 1.0]), np.array([3.0, -1.0, 2.0, 5.0])
    f = inputs.from_samples(t, values)
    np.testing.assert_allclose(f(t), values, rtol=4e-16)
    s = np.linspace(0, 1, 50)
    np.testing.assert_allclose(f(s), np.interp(s, t, values), rtol=0, atol=1e-14)


@pytest.mark.parametrize(
    ("f", "final", "maximum"),
    [
        (inputs.cosine(1), math.inf, math.inf),
        (inputs.monomial(2), math.inf, math.inf),
        (inputs.monomial(0.5), 1.5, 0.5),
        (inputs.monomial(-0.5), 0.5, 0),
        (inputs.power_singularity(0.3, -0.5), 0.5, 0.5),
        (inputs.power_singularity(0.3, 3), 4, 4),
        (inputs.power_singularity(0.3, 4), math.inf, math.inf),
        (inputs.step(0.3), 1, 1),
        (inputs.ramp(0.3), 2, 2),
        (inputs.log_chirp(3), 1, 0),
        (inputs.weierstrass(0.3), 0.3, 0.3),
        (inputs.thomae(), 1, 0),
        (inputs.dirichlet(), 0, 0),
        (inputs.rational_neighbourhood([4], 0.1), 0, 0),
        (inputs.piecewise_polynomial([0, 1, 2], [[1.0, 1.0]]), math.inf, math.inf),
        (inputs.piecewise_polynomial([0, 1, 2], [[1.0, 2.0]]), 1, 1),
        (inputs.piecewise_polynomial([0, 1, 2], [[1.0, 2.0], [0.0, 1.0]]), 2, 2),
        (inputs.piecewise_polynomial([0, 1, 2], [[1, 3], [0, 2], [0, 1]]), 3, 3),
        (inputs.from_samples([0, 1, 2], [0, 1, 2]), math.inf, math.inf),
        (inputs.from_samples([0, 1, 2], [0, 1, 0]), 2, 2),
    ],
    ids=str,
)
def test_orders_follow_from_the_parameters(f, final, maximum):
    assert (f.final_order, f.max_order) == (final, maximum)


def test_errors_have_a_slope_where_breaks_are_on_the_grid():
    f = inputs.step(0.25) + inputs.cosine(3)
    assert f.has_slope(np.arange(9) / 8)
    assert not f.has_slope(np.arange(8) / 7)
    assert f.has_slope([0, 0.1, 0.2])  # the break lies beyond
    assert not inputs.log_chirp(3).has_slope([0, 1])


def test_unbounded_functions_are_not_riemann_integrable():
    assert not inputs.monomial(-0.5).riemann_integrable
    assert not inputs.power_singularity(0.3, -0.5).riemann_integrable
    assert inputs.log_chirp(3).riemann_integrable


def test_repr_says_what_the_input_is():
    f = 2 * inputs.cosine(6.0) - inputs.step(0.3, 0.5)
    assert repr(f) == "2 * cosine(6) - step(0.3, at_jump=0.5)"
    assert repr(-1.5 * f) == "-3 * cosine(6) + 1.5 * step(0.3, at_jump=0.5)"
    assert repr(f - f) == "0"
    assert repr(np.float64(2) * inputs.thomae()) == "2 * thomae()"


def test_scalars_and_arrays_of_any_shape_are_evaluated():
    for f in ROWS:
        assert isinstance(f(0.7), float)
        assert f(np.full((2, 3), 0.7)).shape == (2, 3)
        assert f([]).shape == (0,)
        assert f(Fraction(1, 2)) == pytest.approx(f(0.5))
        assert f.project([], 3).shape == (0, 3)


def test_the_table_lists_every_factory_and_prints():
    rows = repr(inputs.INPUTS).splitlines()
    assert len(rows) == len(INPUTS) + 1
    for name, row in INPUTS.items():
        assert getattr(inputs, name) is row.factory
        assert repr(row.factory(*row.example)).startswith(name)
