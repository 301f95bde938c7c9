"""Bad input to the well-posedness functions gets one sentence; nothing is modified."""

import numpy as np
import pytest

import hippo_theory as ht
from hippo_theory.legs import symbolic

V = np.array([1.0, 2.0])

REFUSALS = [
    (lambda: ht.legs.initial_derivatives(1.0, 3), "f_derivatives must have at least 1 axis"),
    (lambda: ht.legs.initial_derivatives([np.nan], 3), "f_derivatives must be finite, got nan"),
    (lambda: ht.legs.initial_derivatives([1.0], 0), "N must be a positive integer, got 0"),
    (lambda: ht.legs.homogeneous_mode(0, 3), "k must be a positive integer, got 0"),
    (lambda: ht.legs.homogeneous_mode(4, 3), "k must be at most N = 3, got 4"),
    (lambda: ht.legs.homogeneous_mode(1.0, 3), "k must be a positive integer, got 1.0"),
    (
        lambda: ht.legs.homogeneous_mode(700, 1000),
        "N must keep mode 700 within double precision, got 1000",
    ),
    (lambda: ht.legs.homogeneous_solution(V, 0.0, [1.0]), "t must be greater than 0, got 0"),
    (lambda: ht.legs.homogeneous_solution(V, 1.0, -0.5), "s must be positive with t/s"),
    (lambda: ht.legs.homogeneous_solution(V, 1.0, [0.5, 0.0]), "s must be positive with t/s"),
    (lambda: ht.legs.homogeneous_solution(V, 1.0, [1e-305]), "s must be positive with t/s"),
    (lambda: ht.legs.homogeneous_solution(1j * V, 1.0, [0.5]), "v must be real, got dtype"),
    (lambda: ht.legs.homogeneous_solution(3.0, 1.0, [0.5]), "v must have at least 1 axis"),
    (
        lambda: ht.legs.homogeneous_solution(V, 1.0, [0.1, 1e-200]),
        "s must keep the solution within double precision, got 1e-200; backward_growth gives",
    ),
    (lambda: ht.legs.backward_growth([V, 0 * V], 1.0, [0.5]), "v must be non-zero, got 0"),
    (lambda: ht.legs.backward_growth([1, np.inf], 1.0, [0.5]), "v must be finite, got inf"),
    (lambda: ht.legs.growth_exponent([]), "N must be a positive integer, got 0"),
    (lambda: ht.legs.log_chirp_orbit(np.inf, 3, [0.0]), "omega must be finite, got inf"),
    (lambda: ht.legs.log_chirp_orbit(3.0, 3, np.nan), "phase must be finite, got nan"),
    (lambda: symbolic.matrices(0), "N must be a positive integer, got 0"),
    (lambda: symbolic.identities(2.5), "N must be a positive integer, got 2.5"),
]


@pytest.mark.parametrize("call, sentence", REFUSALS, ids=[s for _, s in REFUSALS])
def test_bad_input_is_refused_in_one_sentence(call, sentence):
    with pytest.raises((ValueError, TypeError)) as refusal:
        call()
    assert sentence in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_inputs_are_not_modified():
    v, s = V.copy(), np.array([0.5, 0.1])
    ht.legs.initial_derivatives(v, 3)
    ht.legs.homogeneous_solution(v, 1.0, s)
    ht.legs.backward_growth(v, 1.0, s)
    ht.legs.growth_exponent(v)
    ht.legs.log_chirp_orbit(3.0, 4, s)
    assert (v == V).all()
    assert (s == [0.5, 0.1]).all()
