"""What holds for every start of a shared pole."""

import numpy as np
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from hippo_theory import learning

EPS = np.finfo(float).eps
weights = st.lists(st.floats(-3, 3).filter(lambda v: abs(v) > 1e-3), min_size=3, max_size=3)
numbers = st.floats(0.1, 5.0)


@given(weights, weights, st.floats(-3, 3), numbers)
@example([1.0] * 3, [1.0] * 3, 2e-311, 1.0)  # a rate whose inverse overflows
@settings(max_examples=60, deadline=None)
def test_a_real_gain_moves_towards_its_target_and_never_past_it(b, c, sigma, eta):
    t = np.linspace(0.0, 20.0, 50) / max(float(learning.rate(b, c, sigma, eta)), 0.1)
    w = learning.gain(t, sigma=sigma, eta=eta, b0=b, c0=c)
    slack = 64 * EPS * (np.square(b) + np.square(c)).sum() + 64 * EPS * abs(sigma / eta)
    side = np.sign(sigma / eta - w[0])
    assert (side * np.diff(w) >= -slack).all()
    assert (side * (sigma / eta - w) >= -slack).all()


@given(weights, weights, weights, st.floats(0, 6.28), numbers, st.floats(0, 5))
@settings(max_examples=60, deadline=None)
def test_the_flow_commutes_with_a_turn_of_the_target(b, c, d, angle, eta, t):
    b = np.array(b) + 1j * np.array(d)
    turn = np.exp(1j * angle)
    straight = learning.gain(t, sigma=1.0, eta=eta, b0=b, c0=np.array(c))
    turned = learning.gain(t, sigma=turn, eta=eta, b0=b * turn, c0=np.array(c))
    np.testing.assert_allclose(turned, turn * straight, atol=1e-11)


@given(weights, weights, numbers, numbers, st.floats(0.05, 0.95))
@settings(max_examples=60, deadline=None)
def test_the_time_to_a_value_splits_at_any_value_between(b, c, sigma, eta, part):
    b, c = np.array(b), np.array(c)
    start, limit = b @ c, sigma / eta
    assume(abs(limit - start) > 0.1 and (b + c) @ (b + c) > 1e-2)
    ends = start + np.array([part * 0.9, 0.9]) * (limit - start)
    whole = learning.time_to(ends, b, c, sigma, eta)
    b1, c1 = learning.factors(whole[:1], b, c, sigma, eta)
    rest = learning.time_to(ends[1], b1[0], c1[0], sigma, eta)
    np.testing.assert_allclose(whole[0] + rest, whole[1], rtol=1e-9)
