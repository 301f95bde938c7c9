"""What lti.family refuses, and in which words."""

import numpy as np
import pytest

from hippo_theory.lti import family

RNG = np.random.default_rng(0)

REFUSALS = [
    (lambda: family("leg", 4), "unknown family 'leg', expected one of ['legs', 'legt', 'lmu'"),
    (lambda: family("lgs", 4), "did you mean 'legs'?"),
    (lambda: family("legs", 0), "N must be a positive integer, got 0"),
    (lambda: family("legs", 4.0), "N must be a positive integer, got 4.0"),
    (lambda: family("legs", 4, np.ones(3)), "C must have shape (4,), got (3,)"),
    (lambda: family("legs", 4, np.ones((4, 2))), "C must have shape (p, 4), got (4, 2)"),
    (lambda: family("legs", 4, np.full(4, np.nan)), "C must be finite, got nan at index 0"),
    (lambda: family("legs", 4, theta=1.0), "unknown parameter of legs 'theta'"),
    (lambda: family("legt", 4, tetha=1.0), "did you mean 'theta'?"),
    (lambda: family("legt", 4, theta=0.0), "theta must be greater than 0, got 0"),
    (lambda: family("lmu", 4, theta=-1.0), "theta must be greater than 0, got -1"),
    (lambda: family("fout", 4, theta=np.inf), "theta must be finite, got inf"),
    (lambda: family("fout", 7), "N must be even for fout, got 7"),
    (lambda: family("legs", 4, form="diagonal"), "unknown form 'diagonal'"),
    (lambda: family("lmu", 4, form="dplr"), "form must be None or 'dense' for lmu, got 'dplr'"),
    (lambda: family("s4d_lin", 4, form="dplr"), "it is for ['legs', 'legt', 'lagt', 'fout']"),
    (lambda: family("lru_ring", 4), "rng must be a numpy.random.Generator for the random family"),
    (lambda: family("uniform_disk", 4, rng=0), "got 0; pass numpy.random.default_rng(seed)"),
    (lambda: family("lru_ring", 4, rng=RNG, r_max=1.5), "r_max must be at most 1, got 1.5"),
    (lambda: family("lru_ring", 4, rng=RNG, r_min=0.9, r_max=0.5), "r_min must be at most 0.5"),
    (lambda: family("lru_ring", 4, rng=RNG, max_phase=7), "max_phase must be at most 6.28319"),
    (lambda: family("roots_of_unity", 4, radius=0), "radius must be greater than 0, got 0"),
    (lambda: family("uniform_disk", 4, rng=RNG, radius=2), "radius must be at most 1, got 2"),
    (lambda: family("uniform_real", 4, rng=RNG, low=1.0), "low must be less than 1, got 1"),
]


@pytest.mark.parametrize("call,sentence", REFUSALS, ids=[s for _, s in REFUSALS])
def test_refusal(call, sentence):
    with pytest.raises((ValueError, TypeError)) as refusal:
        call()
    assert sentence in str(refusal.value)
