"""Doors answer a batch as they answer its systems one by one."""

import numpy as np
import pytest

import hippo_theory as ht
from hippo_theory import hankel

RNG = np.random.default_rng(2)
POLES = -RNG.uniform(0.1, 1, (2, 3, 4)) + 1j * RNG.uniform(0.5, 3, (2, 3, 4))
B, C = RNG.normal(size=(2, 3, 4)), RNG.normal(size=(2, 3, 4, 2)) @ [1, 1j]
BATCH = ht.DiagonalLTI(POLES, B, C, np.arange(6.0).reshape(2, 3), conjugate=True)


def single(i, k):
    return ht.DiagonalLTI(POLES[i, k], B[i, k], C[i, k], float(BATCH.D[i, k]), conjugate=True)


ARRAYS = {
    "gramians": hankel.gramians,
    "gramians over a horizon": lambda G: hankel.gramians(G, horizon=1.5),
    "gramian_factors": hankel.gramian_factors,
    "gradients": hankel.gradients,
}


@pytest.mark.parametrize("name", ARRAYS)
def test_arrays_have_the_axes_of_the_batch_in_front(name):
    alone = [ARRAYS[name](single(*at)) for at in np.ndindex(2, 3)]
    for whole, *parts in zip(ARRAYS[name](BATCH), *alone, strict=True):
        assert whole.shape[:2] == (2, 3)
        np.testing.assert_array_equal(whole.reshape(6, *whole.shape[2:]), parts)


def test_records_are_nested_as_the_batch_is():
    for door in (
        lambda G: hankel.balanced_truncation(G, 3),
        lambda G: hankel.balanced_truncation(G, 2, band=(0, 1)),
        lambda G: hankel.optimal_approximation(G, 2),
        hankel.balanced_realization,
    ):
        answers = door(BATCH)
        assert [len(row) for row in answers] == [3, 3]
        for i, k in np.ndindex(2, 3):
            one, other = (getattr(x, "system", x) for x in (answers[i][k], door(single(i, k))))
            for got, want in zip(ht.lti.matrices(one), ht.lti.matrices(other), strict=True):
                np.testing.assert_array_equal(got, want)


def test_an_empty_batch_is_refused():
    with pytest.raises(ValueError, match="system must hold at least one system, got batch axes"):
        hankel.gramians(ht.DiagonalLTI(POLES[:0], B[:0], C[:0]))


def test_minimal_realizations_of_a_batch_may_differ_in_order():
    G = ht.DiagonalLTI([[-1.0, -1.0], [-1.0, -2.0]], np.ones((2, 2)), np.ones((2, 2)))
    assert [one.state_dim for one in ht.lti.minimal_realization(G)] == [1, 2]
