"""Projection is linear and commutes with the change of time scale."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from hippo_theory.legs import INPUTS, inputs

EPS = np.finfo(float).eps
ROWS = [row.factory(*row.example) for row in INPUTS.values()]
weights = st.floats(-10, 10)
times = st.floats(0.01, 1.0)
few = settings(max_examples=40, deadline=None)


@few
@given(st.sampled_from(ROWS), st.sampled_from(ROWS), weights, weights, times)
def test_projection_is_linear(f, g, a, b, t):
    F, G = f.project([t], 12), g.project([t], 12)
    got = (a * f + b * g).project([t], 12)
    bound = 4 * EPS * (abs(a) * abs(F) + abs(b) * abs(G))
    assert (abs(got - (a * F + b * G)) <= bound).all()


@few
@given(st.sampled_from(ROWS), st.sampled_from(ROWS), weights, times)
def test_values_add_and_scale(f, g, a, t):
    size = abs(f(t)) + abs(a * g(t)) + abs(g(t))
    assert abs((f + a * g)(t) - (f(t) + a * g(t))) <= 2 * EPS * size
    assert abs((f - g)(t) - (f(t) - g(t))) <= 2 * EPS * size
    assert (f - f)(t) == 0


@few
@given(st.sampled_from(ROWS), st.sampled_from(ROWS))
def test_a_sum_is_as_smooth_as_its_roughest_term(f, g):
    total = f + 2 * g
    assert total.final_order == min(f.final_order, g.final_order)
    assert total.max_order == min(f.max_order, g.max_order)
    assert total.riemann_integrable == (f.riemann_integrable and g.riemann_integrable)
    assert set(total.breaks) == set(f.breaks) | set(g.breaks)


@few
@given(st.floats(0.5, 2.0), times, st.floats(-0.9, 4.0))
def test_projection_is_timescale_equivariant(scale, t, p):
    pairs = [
        (inputs.cosine(6.0), inputs.cosine(6.0 * scale)),
        (inputs.exponential(-3.0), inputs.exponential(-3.0 * scale)),
        (inputs.monomial(p), scale**p * inputs.monomial(p)),
        (inputs.step(0.3), inputs.step(0.3 / scale)),
        (inputs.ramp(0.3), scale * inputs.ramp(0.3 / scale)),
    ]
    for f, stretched in pairs:
        F = f.project([scale * t], 10)
        # the rounding of scale * t and 0.3 / scale moves arguments by 2 eps, coefficients by
        # |t c'| <= ||A c|| + ||B f|| <= 200 times as much
        bound = 400 * EPS * max(1.0, abs(F).max())
        assert abs(F - stretched.project([t], 10)).max() <= bound
