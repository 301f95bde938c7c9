"""Finite start and coloured input against the covariances that define them."""

import numpy as np
import pytest

from hippo_theory import memory

EPS = np.finfo(float).eps
POLES = np.array([0.9, 0.6 + 0.5j, 0.6 - 0.5j, -0.7, 0.2])


def test_from_rest_the_covariance_is_that_of_the_inputs_read():
    start = 12
    V = POLES[:, None] ** np.arange(start)
    gram = V @ V.conj().T
    expected = np.einsum("ik,ik->k", V.conj(), np.linalg.solve(gram, V)).real
    computed = memory.capacity(POLES, 15, start=start)
    assert np.abs(computed[:12] - expected).max() < 100 * EPS * np.linalg.cond(gram)
    assert np.all(computed[12:] == 0)
    assert abs(computed.sum() - 5) < 50 * EPS


def test_from_rest_few_inputs_are_all_held():
    assert np.array_equal(memory.capacity(POLES, 6, start=4), [1, 1, 1, 1, 0, 0])


def test_from_rest_long_ago_is_the_infinite_past():
    expected = memory.capacity(POLES, 40)
    assert np.abs(memory.capacity(POLES, 40, start=400) - expected).max() < 100 * EPS


@pytest.mark.parametrize("colour", [[1.0], [1.0, 0.5], [0.3, -1.0, 0.4], 0.8 ** np.arange(200)])
def test_coloured_input_follows_the_covariances(colour):
    colour, K, n = np.asarray(colour), 20, 3000
    covariance = np.correlate(np.r_[colour, np.zeros(n)], colour, "full")[colour.size - 1 :][:n]
    both = np.r_[covariance[:0:-1], covariance]  # lags -(n-1) .. n-1
    lags = np.arange(-(n - 1), n)
    # E x_i conj(u_{t-k}) = sum_j l_i^j r(k - j); E x_i conj(x_m) by the Stein equation
    cross = np.array(
        [
            [np.sum(p ** np.arange(n) * both[n - 1 + k - np.arange(n)]) for k in range(K)]
            for p in POLES
        ]
    )
    forward = np.array([np.sum(p ** lags[n:] * both[n:]) for p in POLES])  # sum_{j>0} l^j r(j)
    gram = (covariance[0] + forward[:, None] + forward.conj()) / (1 - POLES[:, None] * POLES.conj())
    expected = np.einsum("ik,ik->k", cross.conj(), np.linalg.solve(gram, cross)).real
    expected /= covariance[0]
    computed = memory.capacity(POLES, K, colour=colour)
    assert np.abs(computed - expected).max() < 1000 * EPS * np.linalg.cond(gram)
