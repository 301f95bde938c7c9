"""Every refusal of the Hankel room, word for word; inputs stay as they were."""

import numpy as np
import pytest

import hippo_theory as ht
from hippo_theory import hankel

G = ht.DiagonalLTI([-1.0, -2.0], [1.0, 1.0], [1.0, 1.0])
DENSE = ht.lti.dense(G)
MIMO = ht.DiagonalLTI([-1.0, -2.0], np.ones((2, 2)), np.ones((1, 2)))
BATCH = ht.DiagonalLTI([[-1.0, -2.0]] * 3, [[1.0, 1.0]], [[1.0, 1.0]])

CALLS = [
    (lambda: hankel.singular_values(ht.DiagonalLTI([-1.0, 0.5], [1, 1], [1, 1])),
     "system must have its poles in the open left half-plane, got real part = 0.5 at index 1"),
    (lambda: hankel.singular_values(ht.DiagonalLTI([0.5, 1j], [1, 1], [1, 1], dt=1.0)),
     "system must have its poles inside the unit circle, got |pole| = 1 at index 1"),
    (lambda: hankel.gramians(ht.LTI([[0.0]], [1.0], [1.0])),
     "system must have its poles in the open left half-plane, got real part = 0 at index 0"),
    (lambda: hankel.singular_values(G, digits=0), "digits must be a positive integer, got 0"),
    (lambda: hankel.epsilon_rank([1.0], 0.0), "eps must be greater than 0, got 0"),
    (lambda: ht.lti.split_stable(BATCH),
     "system must have no batch axes, got (3,); take one channel at a time"),
    (lambda: hankel.optimal_approximation(G, 3),
     "order must be at most the 2 states that inputs reach and outputs see, got 3"),
    (lambda: hankel.optimal_approximation(G, -1),
     "order must be an integer of at least 0, got -1"),
    (lambda: hankel.optimal_approximation(G, 1, rtol=0.0), "rtol must be greater than 0, got 0"),
    (lambda: hankel.optimal_approximation(ht.DiagonalLTI([-1, -2, -3], [1, 1, 0], [1, 1, 1]), 3),
     "order must be at most the 2 states that inputs reach and outputs see, got 3"),
    (lambda: hankel.balanced_truncation(G, order=3), "order must be at most the 2 states, got 3"),
    (lambda: hankel.balanced_truncation(G, order=-1),
     "order must be an integer of at least 0, got -1"),
    (lambda: hankel.balanced_truncation(G),
     "order or tolerance must be given, got order=None, tolerance=None"),
    (lambda: hankel.balanced_truncation(G, tolerance=0.0),
     "tolerance must be greater than 0, got 0"),
    (lambda: hankel.balanced_truncation(G, 1, method="modal"),
     "unknown method 'modal', expected one of ['truncation', 'singular_perturbation']"),
    (lambda: hankel.gramians(DENSE, horizon=0.0), "horizon must be greater than 0, got 0"),
    (lambda: hankel.balanced_truncation(DENSE, tolerance=0.1, horizon=1.0),
     "tolerance must be left out where band or horizon is given, as no bound of the error is "
     "known, got 0.1; give order"),
    (lambda: hankel.balanced_truncation(G, 1, horizon=1.0, band=(0.0, 1.0)),
     "band must be left out where horizon is given, got both"),
    (lambda: hankel.gramians(ht.lti.dense(G), horizon=1.0, band=(0.0, 1.0)),
     "band must be left out where horizon is given, got both"),
    (lambda: hankel.gramians(G, band=(2.0, 1.0)), "band must be increasing, got (2, 1)"),
    (lambda: hankel.gramians(G, band=3), "band must be a pair of frequencies, got 3"),
    (lambda: hankel.amplification(0.0 * G, G, 0.1),
     "system must not be zero where it changes, got |G| = 0, |G'| = 1.5"),
    (lambda: hankel.markov_singular_values([]), "h must hold at least one value, got shape (0,)"),
    (lambda: hankel.markov_singular_values([1.0], k=2),
     "k must be at most the 1 Markov parameters, got 2"),
    (lambda: hankel.ho_kalman([0.0, 1.0, 0.5, 0.25], 2),
     "order must be less than 2 for 4 values of h, got 2"),
    (lambda: hankel.pole_perturbation_bound(G, [2.0, 0.0]),
     "poles + change must have negative real parts, got real part = 1 at index 0"),
    (lambda: hankel.hope.kernel([1.0], 4, 0.0), "dt must be greater than 0, got 0"),
]  # fmt: skip


@pytest.mark.parametrize("call, sentence", CALLS, ids=[s for _, s in CALLS])
def test_refusal(call, sentence):
    with pytest.raises(ValueError) as error:
        call()
    assert str(error.value) == sentence


UNRESOLVED = [
    (lambda: hankel.balanced_truncation(ht.LTI(-np.eye(3), [1, 1, 1], [1, 2, 3]), 2),
     r"order 2 needs singular values above the rounding error \S+ of the factors, got \S+; the "
     r"largest order is 1"),
    (lambda: hankel.optimal_approximation(real_poles(10), 7),
     r"the optimum of order 7 is not resolved to rtol = 1e-09 in double precision: sigma_8 is "
     r"\S+e-1\d of the largest, the Hankel norm reached is \S+ above it"),
    (lambda: hankel.optimal_approximation(real_poles(16), 12),
     r"singular value 13 must be above the rounding 2.2e-16 of poles in double precision, got "
     r"\S+ of the largest"),
    (lambda: hankel.optimal_approximation(ht.LTI(np.eye(3, k=-1), [1, 0, 0], [0, 0, 1], dt=1.0), 1),
     r"singular value 2 must be simple beside its relative error \S+, got relative distance "
     r"0.0e\+00 to its neighbour"),
]  # fmt: skip


def real_poles(n):
    return ht.DiagonalLTI(-np.linspace(0.1, 1, n), np.ones(n), np.ones(n))


@pytest.mark.parametrize("call, sentence", UNRESOLVED)
def test_what_double_precision_cannot_hold_is_refused(call, sentence):
    with pytest.raises(np.linalg.LinAlgError, match=f"^{sentence}$"):
        call()


def test_a_system_of_the_wrong_type_is_refused():
    for call in (hankel.singular_values, hankel.gramians, hankel.h2_norm, hankel.mode_scores):
        with pytest.raises(TypeError):
            call(np.eye(2))


def test_inputs_are_not_modified():
    h, x = np.arange(4.0), np.ones(4)
    hankel.hankel_product(h, x)
    hankel.hope.simulate(h, x, 0.5)
    hankel.ho_kalman(np.r_[0.0, 0.5 ** np.arange(5)], 1)
    np.testing.assert_array_equal(h, np.arange(4.0))
    np.testing.assert_array_equal(x, np.ones(4))
