"""What discretization and the responses refuse, and in which words."""

import numpy as np
import pytest

import hippo_theory as ht
from hippo_theory.lti import DPLR, LTI, DiagonalLTI

G = DiagonalLTI([-1.0, -2.0], [1.0, 1.0], [1.0, 1.0])
LOW = DPLR([-1.0, -2.0], [1.0, 1.0], [1.0, 1.0], [1.0, 1.0], [1.0, 1.0])
discretize = ht.lti.discretize

REFUSALS = [
    (lambda: discretize(discretize(G, 1.0), 1.0), "system must be in continuous time, got a"),
    (lambda: discretize(G, 0.0), "dt must be greater than 0, got 0"),
    (lambda: discretize(G, -1.0), "dt must be greater than 0, got -1"),
    (lambda: discretize(G, np.nan), "dt must be finite, got nan"),
    (lambda: discretize(G, None), "dt must be a real number, got None"),
    (lambda: discretize(G, [1.0, 2.0]), "dt must be a number or have the 0 batch axes, got (2,)"),
    (lambda: discretize(G, 1.0, "bilinaer"), "unknown scheme 'bilinaer', expected one of"),
    (lambda: discretize(G, 1.0, "bilinaer"), "did you mean 'bilinear'?"),
    (lambda: discretize(G, 1.0, "foh", layer=True), "layer must be False for foh"),
    (lambda: discretize(G, 1.0, "zoh", alpha=0.5), "alpha must be None for zoh, got 0.5"),
    (lambda: discretize(G, 1.0, "generalized_bilinear"), "alpha must be given for"),
    (lambda: discretize(G, 1.0, "generalized_bilinear", alpha=2), "alpha must be at most 1, got 2"),
    (lambda: ht.lti.generalized_bilinear(-0.1), "alpha must be at least 0, got -0.1"),
    (lambda: discretize(-1.0, 1.0), "system must be an LTI, DiagonalLTI or DPLR, got float"),
    (
        lambda: discretize(DiagonalLTI([2.0], [1], [1]), 1.0),
        "the discrete pole of 2.0 is not finite under bilinear",
    ),
    (lambda: discretize(LTI([[2.0]], [1], [1]), 1.0), "singular"),
    (
        lambda: discretize(DPLR([2.0], [1.0], [1.0], [1], [1]), 1.0),
        "1 - alpha dt pole is 0 at index 0 of the diagonal part",
    ),
    (
        lambda: discretize(DiagonalLTI([800.0], [1], [1]), 1.0, "zoh"),
        "the discrete pole of 800.0 is not finite under zoh",
    ),
    (lambda: ht.lti.transfer_function(G, [1.0, -2.0]), "z must not be a pole, got -2.0"),
    (lambda: ht.lti.transfer_function(ht.lti.dense(G), -1.0), "z must not be a pole, got -1.0"),
    (
        lambda: ht.lti.transfer_function(DPLR([-1.0], [1.0], [1.0], [1], [1]), -2.0),
        "z must not be a pole, got -2.0",
    ),
    (lambda: ht.lti.transfer_function(G, np.inf), "z must be finite, got inf"),
    (lambda: ht.lti.transfer_function(LOW, "1j"), "z must be an array of numbers"),
    (lambda: ht.lti.markov_parameters(G, 0), "L must be a positive integer, got 0"),
    (
        lambda: ht.lti.markov_parameters(DiagonalLTI([3.0], [1], [1], dt=1.0), 1000),
        "Markov parameters leave the range of floating point at index 648",
    ),
]


@pytest.mark.parametrize("call,sentence", REFUSALS, ids=[s for _, s in REFUSALS])
def test_refusal(call, sentence):
    refusals = (ValueError, TypeError, np.linalg.LinAlgError)
    with pytest.raises(refusals) as refusal:
        call()
    assert sentence in str(refusal.value)
