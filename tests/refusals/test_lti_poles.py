"""Every refusal of the pole Gram matrix and of the all-pass chain, word for word."""

import numpy as np
import pytest

from hippo_theory.lti import cascade, szego

CALLS = [
    (lambda: szego.gram([]), "poles must hold at least one pole, got shape (0,)"),
    (lambda: szego.gram([0.5, 1.02]),
     "poles must lie inside the unit circle, got |pole| = 1.02 at index 1"),
    (lambda: szego.gram([0.5, np.nan]), "poles must be finite, got nan at index 1"),
    (lambda: szego.gram([-1.0, 0.0], discrete=False),
     "poles must have negative real parts, got real part = 0 at index 1"),
    (lambda: szego.gram(None, log_poles=[0.1j]),
     "log_poles must have negative real parts, got real part = 0 at index 0"),
    (lambda: szego.gram(None, log_poles=[-1.0], discrete=False),
     "log_poles must be left out for continuous poles, got discrete=False"),
    (lambda: szego.triangular_factor([0.5, 0.1, 0.5]),
     "poles must be distinct, got equal ones at indices 0, 2"),
    (lambda: szego.generator_cholesky([0.5, 0.1], [1.0]),
     "weights must have shape (2,), got (1,)"),
    (lambda: szego.generator_cholesky([0.5, 0.1], [1.0, 0.0]),
     "weights must not be zero, got 0 at index 1"),
    (lambda: szego.generator_cholesky([0.5], tolerance=1.0),
     "tolerance must be less than 1, got 1"),
    (lambda: cascade.energy([0.5], 0), "L must be a positive integer, got 0"),
    (lambda: cascade.states([0.5], 1.0), "u must have at least 1 axis, got shape ()"),
    (lambda: cascade.states([0.5], [1.0], initial_state=[1.0, 2.0]),
     "initial_state must have shape (..., 1), got (2,)"),
    (lambda: cascade.states([0.5], [1.0], initial_state=np.ones((3, 1))),
     "initial_state must have shape (1,), got (3, 1)"),
    (lambda: cascade.readout([0.5], [1.0], tap_weights=[1.0]),
     "tap_weights must have shape (2,), got (1,)"),
]  # fmt: skip


@pytest.mark.parametrize("call, sentence", CALLS, ids=[s for _, s in CALLS])
def test_refusal(call, sentence):
    with pytest.raises(ValueError) as error:
        call()
    assert str(error.value) == sentence


def test_repeated_poles_have_separation_zero_and_infinite_condition():
    assert szego.log_determinant([0.5, 0.1, 0.5]) == -np.inf
    assert szego.log10_condition_bounds([0.5, 0.1, 0.5]) == (np.inf, np.inf)
