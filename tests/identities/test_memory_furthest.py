"""Poles for one lag: the gradient of the search, and how near to the ceiling it comes."""

import numpy as np
import pytest

from hippo_theory import memory
from hippo_theory.memory._furthest import _Loss


@pytest.mark.parametrize("N, lag", [(5, 20), (4, 9)])
def test_the_loss_is_what_is_forgotten_and_its_gradient_that_of_the_curve(N, lag):
    loss, step = _Loss(N, lag), 1e-6
    x = np.random.default_rng(N).uniform(1, 3, N)

    def forgotten(x):
        upper = loss.poles(x)
        return 1 - memory.capacity(np.r_[upper, upper[N % 2 :].conj()], lag + 1)[-1]

    value, gradient = loss(x)
    assert abs(value - forgotten(x)) < 1e-14
    slopes = [(forgotten(x + e) - forgotten(x - e)) / (2 * step) for e in step * np.eye(N)]
    assert np.abs(gradient - slopes).max() < 1e-9  # step^2 and eps / step


@pytest.mark.parametrize("N, lag, share", [(4, 15, 0.66), (7, 28, 0.75), (16, 64, 0.85),
                                           (64, 1000, 0.9)])  # fmt: skip
def test_poles_for_one_lag_come_near_to_the_ceiling(N, lag, share):
    poles = memory.design_poles(N=N, lag=lag)
    assert poles.size == N
    assert np.abs(poles).max() < 1
    assert np.abs(np.sort_complex(poles) - np.sort_complex(poles.conj())).max() == 0
    reached = memory.capacity(poles, lag + 1)[-1] / memory.capacity_ceiling(N, lag)
    assert share < reached <= 1
    assert memory.effective_dimension(poles, "bfloat16") > 0.99 * N


@pytest.mark.parametrize("arguments, sentence", [
    ({"N": 4}, "either target or both N and lag must be given, got N"),
    ({}, "either target or both N and lag must be given, got neither"),
    ({"target": [0.5, 0.5], "N": 4, "lag": 5},
     "either target or both N and lag must be given, got target and N and lag"),
    ({"N": 4, "lag": 3},
     "lag must be at least N = 4, got 3; below it the shift register, all poles 0, recalls "
     "everything"),
])  # fmt: skip
def test_refusals(arguments, sentence):
    with pytest.raises(ValueError) as error:
        memory.design_poles(**arguments)
    assert str(error.value) == sentence
