"""What the exchange refuses, and in which words."""

import numpy as np
import pytest
from scipy import signal

import hippo_theory as ht

ONE, C1 = np.ones((1, 1)), np.ones((1, 1), complex)
BATCH = ht.DiagonalLTI(-np.ones((3, 1)), np.ones((3, 1)), np.ones((3, 1)))
lti = ht.lti


def lru(D=0.0, C=ONE):
    return lti.from_lru([0.0], [0.0], [0.0], ONE, ONE, C, C, D)


def s5(C=C1, D=0.0, **options):
    return lti.from_s5([-1.0], [1.0], C1, C, D, [[0.0]], **options)


REFUSALS = [
    (lambda: lti.to_scipy(BATCH), "system must have no batch axes, got (3,)"),
    (lambda: lti.to_scipy(np.eye(2)), "system must be an LTI, DiagonalLTI or DPLR, got ndarray"),
    (
        lambda: lti.from_scipy(signal.TransferFunction([1.0], [1.0, 1.0])),
        "statespace must have matrices A, B, C, D, got TransferFunctionContinuous",
    ),
    (lambda: lti.from_s4d([0.0], ONE, np.ones((1, 2)), C1), "A_imag must have shape (1, 1)"),
    (lambda: lti.from_s4d([0.0, 1.0], ONE, ONE, C1), "log_dt must have shape (1,), got (2,)"),
    (lambda: lti.from_s4d([0.0], ONE, ONE, ONE), "C must have shape (1, 1, 2), got (1, 1)"),
    (lambda: lti.from_s4d([0.0], ONE, 1j * ONE, C1), "A_imag must be real"),
    (lambda: lti.from_s4d([np.nan], ONE, ONE, C1), "log_dt must be finite, got nan at index 0"),
    (lambda: lti.from_s4d([0.0], ONE, ONE, C1, scheme="foh"), "layer must be False for foh"),
    (lambda: lru(D=[1.0, 2.0]), "D must have shape (1,), got (2,)"),
    (lambda: lru(D=[1.0], C=np.ones((2, 1))), "D must be 0 for 1 inputs and 2 outputs"),
    (lambda: lru(C=np.ones((1, 2))), "C_re must have shape (p, 1), got (1, 2)"),
    (lambda: s5(C=np.ones((1, 2), complex)), "C must have shape (p, 1), got (1, 2)"),
    (lambda: s5(step_rescale=0.0), "step_rescale must be greater than 0, got 0"),
    (lambda: s5(scheme="zho"), "did you mean 'zoh'?"),
]


@pytest.mark.parametrize("call,sentence", REFUSALS, ids=[s for _, s in REFUSALS])
def test_refusal(call, sentence):
    with pytest.raises((ValueError, TypeError)) as refusal:
        call()
    assert sentence in str(refusal.value)
