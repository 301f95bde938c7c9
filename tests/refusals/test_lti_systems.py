"""What LTI values and their arithmetic refuse, and in which words."""

import numpy as np
import pytest

import hippo_theory as ht
from hippo_theory.lti import DPLR, LTI, DiagonalLTI

ONE = DiagonalLTI([-1.0], [1.0], [1.0])
PAIR = DiagonalLTI([-1.0], [1.0], [1.0], conjugate=True)
BATCH = DiagonalLTI(-np.ones((3, 1)), np.ones((3, 1)), np.ones((3, 1)))
MIXED = DiagonalLTI([[-1.0], [1j]], np.ones((1, 1)), np.ones((1, 1)), conjugate=True)

REFUSALS = [
    (lambda: LTI(np.ones((2, 3)), [1, 1], [1, 1]), "A must be square, got shape (2, 3)"),
    (lambda: LTI(np.eye(4), np.ones((3, 1)), np.ones(4)), "B must have shape (4, m), got (3, 1)"),
    (lambda: LTI(np.eye(2), [1, 1], [1, 1, 1]), "C must have shape (2,), got (3,)"),
    (lambda: LTI(np.eye(2), [1, 1], [1, 1], [1, 2]), "D must be a scalar for vectors B and C"),
    (
        lambda: LTI(np.eye(2), np.eye(2), np.eye(2), np.ones((2, 3))),
        "D must have shape (..., 2, 2), got (2, 3)",
    ),
    (lambda: LTI([[np.nan]], [1], [1]), "A must be finite, got nan at index (0, 0)"),
    (lambda: LTI([[1.0]], [1], [1], dt=0.0), "dt must be greater than 0, got 0"),
    (lambda: LTI([[1.0]], [1], [1], dt=np.nan), "dt must be finite, got nan"),
    (lambda: LTI([[1.0]], np.ones((1, 1, 1)), [1]), "B must have at most 2 axes"),
    (lambda: LTI([[0.5]], [1], [1], dt="1"), "dt must be a real number, got '1'"),
    (lambda: DiagonalLTI(1.0, [1], [1]), "poles must have at least 1 axis"),
    (lambda: DiagonalLTI([1.0], [1], [1], 1j, conjugate=True), "D must be real"),
    (lambda: DiagonalLTI([1.0], [1], [1], conjugate=2), "conjugate must be True or False, got 2"),
    (lambda: DiagonalLTI([1.0], [1], [1], dt=[1.0]), "dt must be a number or have the 0 batch"),
    (
        lambda: DiagonalLTI(np.ones((3, 1)), np.ones((2, 1)), np.ones((1, 1))),
        "leading axes of poles, B, C, D, dt must broadcast",
    ),
    (
        lambda: DiagonalLTI([0.5, 0.25], [1, 1], [1, 1], dt=1.0, log_poles=np.log([0.5, 0.3])),
        "log_poles must be logarithms of poles",
    ),
    (
        lambda: DiagonalLTI([0.5], [1], [1], dt=1.0, log_poles=[np.log(0.5) * (1 + 1e-13)]),
        "log_poles must be logarithms of poles",
    ),
    (
        lambda: DiagonalLTI([0.5], [1], [1], log_poles=[-1.0]),
        "log_poles must be None for a system in continuous time",
    ),
    (lambda: ONE[0], "index must have at most 0 entries, got (0,)"),
    (lambda: LTI([[0.5]], [1], [1])[0], "system must have leading batch axes to be indexed"),
    (lambda: BATCH[...], "index must have at most 1 entries, got (Ellipsis,)"),
    (lambda: ht.lti.select(ONE, 3), "outputs must be below the 1 that there are, got [3]"),
    (lambda: ht.lti.select(ONE, inputs="a"), "inputs must be integers or a slice"),
    (lambda: DPLR([1.0, 2.0], [1, 1, 1], [1, 1], [1, 1], [1, 1]), "P must have shape (2,)"),
    (lambda: DPLR([1.0, 2.0], np.eye(2), [1, 1], [1, 1], [1, 1]), "Q must have shape (2, 2)"),
    (lambda: ONE + DiagonalLTI([0.5], [1], [1], dt=1.0), "must have the same dt, got None and 1.0"),
    (lambda: ONE + LTI(np.eye(2), np.eye(2), np.eye(2)), "must have the same channels"),
    (lambda: ONE @ LTI(np.eye(2), np.eye(2), np.eye(2)), "as many inputs as the second has"),
    (lambda: 1j * PAIR, "factor must be real"),
    (lambda: "2" * ONE, "factor must be a number, got '2'"),
    (lambda: ht.lti.dense(BATCH), "system must have no batch axes, got (3,)"),
    (lambda: ht.lti.expand(MIXED), "poles must be real in all channels or in none"),
    (lambda: ht.lti.layer(ONE), "system must be discrete to have a layer reading"),
    (lambda: ht.lti.dense(np.eye(2)), "system must be an LTI, DiagonalLTI or DPLR, got ndarray"),
    (lambda: ht.lti.similarity(ONE, [0.0]), "T must have no zero on its diagonal"),
    (lambda: ht.lti.similarity(ONE + ONE, np.ones((2, 2))), "T is singular"),
    (lambda: ht.lti.similarity(ONE, np.eye(2)), "T must have shape (1, 1), got (2, 2)"),
]


@pytest.mark.parametrize("call,sentence", REFUSALS, ids=[s for _, s in REFUSALS])
def test_refusal(call, sentence):
    with pytest.raises((ValueError, TypeError, IndexError)) as refusal:
        call()
    assert sentence in str(refusal.value)


def test_systems_add_to_systems_only():
    for wrong in (lambda: ONE + 1, lambda: ONE - 1.0, lambda: ONE @ np.eye(1)):
        with pytest.raises(TypeError, match=r"unsupported operand|does not support"):
            wrong()
