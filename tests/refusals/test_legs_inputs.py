"""What the inputs refuse, and with which sentence."""

import re

import numpy as np
import pytest

from hippo_theory.legs import inputs

f = inputs.cosine(6)
samples = inputs.from_samples([0, 1], [1, 2])
clash = inputs.power_singularity(0.5, -0.5) - inputs.power_singularity(0.5, -0.25)

REFUSALS = [
    (lambda: inputs.cosine(np.nan), "omega must be finite, got nan"),
    (lambda: inputs.sine("fast"), "omega must be a real number, got 'fast'"),
    (lambda: inputs.exponential(np.inf), "rate must be finite, got inf"),
    (lambda: inputs.monomial(-1), "p must be greater than -1, got -1"),
    (lambda: inputs.step(0), "a must be greater than 0, got 0"),
    (lambda: inputs.step(0.5, at_jump=np.nan), "at_jump must be finite, got nan"),
    (lambda: inputs.ramp(-1), "a must be greater than 0, got -1"),
    (lambda: inputs.power_singularity(0.5, -1.5), "p must be greater than -1, got -1.5"),
    (lambda: inputs.weierstrass(1), "alpha must be less than 1, got 1"),
    (lambda: inputs.weierstrass(0.5, 1), "b must be an integer of at least 2, got 1"),
    (lambda: inputs.weierstrass(0.5, 2, terms=60), "terms must keep b^(terms - 1) <= 2^53, got 60"),
    (
        lambda: inputs.piecewise_polynomial([0, 2, 1], [[1, 2]]),
        "breaks must be strictly increasing",
    ),
    (lambda: inputs.piecewise_polynomial([1, 2], [[1]]), "breaks must start at 0, got 1"),
    (lambda: inputs.piecewise_polynomial([0, np.nan], [[1]]), "breaks must be finite, got nan"),
    (
        lambda: inputs.piecewise_polynomial([0, 1], [[1, 2]]),
        "coefficients must have shape (k, 1), got (1, 2); one column for each piece",
    ),
    (lambda: inputs.piecewise_polynomial([0, 1], [1]), "coefficients must have 2 axes"),
    (lambda: inputs.rational_neighbourhood([], 0.1), "denominators must hold at least one integer"),
    (lambda: inputs.rational_neighbourhood([0], 0.1), "denominators must be a positive integer"),
    (lambda: inputs.rational_neighbourhood([2.5], 0.1), "denominators must be a positive integer"),
    (lambda: inputs.rational_neighbourhood([2], 1), "measure must be less than 1, got 1"),
    (lambda: inputs.from_samples([0, 1], [0, np.nan]), "values must be finite, got nan at index 1"),
    (lambda: inputs.from_samples([0, 1], [0, 1, 2]), "values must have shape (2,), got (3,)"),
    (lambda: inputs.from_samples([0, 0], [0, 1]), "t must be strictly increasing"),
    (lambda: inputs.from_samples([1, 2], [0, 1]), "t must start at 0, got 1; shift the times"),
    (lambda: inputs.from_samples([0, 1], [0, 1j]), "values must be real"),
    (lambda: f(-1.0), "t must be non-negative, got -1"),
    (lambda: f([0, np.nan]), "t must be finite, got nan at index 1"),
    (lambda: f("now"), "t must be an array of numbers"),
    (lambda: f([{}]), "t must hold real numbers"),
    (lambda: f(1j), "t must be real"),
    (lambda: f.project([1.0], 0), "N must be a positive integer, got 0"),
    (lambda: f.project([1.0], 2.0), "N must be a positive integer, got 2.0"),
    (lambda: f.project([-1.0], 2), "t must be non-negative, got -1"),
    (lambda: f.coefficient(0, 1), "t must be greater than 0, got 0"),
    (lambda: f.coefficient(1, -1), "n must be an integer of at least 0, got -1"),
    (lambda: samples(1.5), "t must be at most 1, the end of from_samples(<2 samples>), got 1.5"),
    (lambda: samples.project([2.0], 3), "t must be at most 1, the end of"),
    (lambda: samples.coefficient(2.0, 3), "t must be at most 1, the end of"),
    (lambda: inputs.log_chirp(3).project([0], 3), "t must be positive, got 0: log_chirp(3) has no"),
    (lambda: inputs.monomial(-0.5).project([0], 3), "t must be positive, got 0"),
    (
        lambda: inputs.exponential(800).project([1.0], 3),
        "t must keep the coefficients of exponential(800) within double precision, got 1",
    ),
    (lambda: clash(0.5), "t must avoid the infinite terms of"),
    (lambda: np.nan * f, "scale must be finite, got nan"),
    (lambda: f + 1, "unsupported operand"),
    (lambda: f * f, "unsupported operand"),
]


@pytest.mark.parametrize(("attempt", "sentence"), REFUSALS, ids=[s for _, s in REFUSALS])
def test_bad_input_is_refused_with_a_sentence(attempt, sentence):
    with pytest.raises((ValueError, TypeError), match=re.escape(sentence)):
        attempt()


def test_arguments_are_not_modified_nor_kept():
    t, values = np.array([0.0, 1.0, 2.0]), np.array([1.0, 0.0, 2.0])
    g = inputs.from_samples(t, values)
    before = g.project(t, 4)
    kept = t.copy(), values.copy()
    g(t)
    np.testing.assert_array_equal(t, kept[0])
    np.testing.assert_array_equal(values, kept[1])
    values[:] = 7.0
    t[1] = 0.5
    np.testing.assert_array_equal(g.project(kept[0], 4), before)


def test_inputs_are_frozen():
    with pytest.raises(AttributeError):
        f.terms = ()
