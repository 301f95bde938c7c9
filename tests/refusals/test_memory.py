"""Every refusal of the memory room, word for word."""

import numpy as np
import pytest

import hippo_theory as ht
from hippo_theory import memory

CONTINUOUS = ht.DiagonalLTI([-1.0], [1.0], [1.0])
BATCH = ht.DiagonalLTI([[0.5], [0.6]], [[1.0], [1.0]], [[1.0], [1.0]], dt=1.0)
CALLS = [
    (lambda: memory.capacity([], 3), "poles must hold at least one pole, got shape (0,)"),
    (lambda: memory.capacity([0.5, 1j], 3),
     "poles must lie inside the unit circle, got |pole| = 1 at index 1"),
    (lambda: memory.capacity([0.5, np.nan], 3), "poles must be finite, got nan at index 1"),
    (lambda: memory.capacity([0.5], 0), "K must be a positive integer, got 0"),
    (lambda: memory.capacity(CONTINUOUS, 3),
     "poles must belong to a recurrence, got <DiagonalLTI: 1 poles, SISO, continuous time>; "
     "discretize it first"),
    (lambda: memory.capacity(BATCH, 3),
     "poles must have no batch axes, got (2,); take one channel at a time"),
    (lambda: memory.capacity([0.5], 3, method="casacde"),
     "unknown method 'casacde', expected one of ['cascade', 'fft']; did you mean 'cascade'?"),
    (lambda: memory.capacity([0.5], 3, method="fft", start=4),
     "options must be chosen one at a time, got method='fft' and start"),
    (lambda: memory.capacity([0.5], 3, colour=[0.0, 0.0]),
     "colour must not be zero, got 2 zeros"),
    (lambda: memory.capacity([1 - 1e-9], 3, method="fft"),
     "method 'fft' must meet poles with a memory below 33554432 samples, got max |pole| = "
     "0.99999999900000003; use method='cascade'"),
    (lambda: memory.capacity_ceiling(3, [-1]), "k must be non-negative, got -1"),
    (lambda: memory.horizon([0.5], 0.0), "level must be greater than 0, got 0"),
    (lambda: memory.cycle_capacity(3, 1.0, [0]), "radius must be less than 1, got 1"),
    (lambda: memory.cycle_capacity(3, 0.5, [0.5]),
     "k must hold integers of at least 0, got others"),
    (lambda: memory.s4d_lin_capacity(64, 0.1, [0]), "dt must be at most 0.03125, got 0.1"),
    (lambda: memory.ring_lag_variance(3, 0.9, 0.9), "r_max must be greater than 0.9, got 0.9"),
]  # fmt: skip


@pytest.mark.parametrize("call, sentence", CALLS, ids=[s for _, s in CALLS])
def test_refusal(call, sentence):
    with pytest.raises(ValueError) as error:
        call()
    assert str(error.value) == sentence


def test_a_projection_without_digits_is_refused():
    with pytest.raises(np.linalg.LinAlgError, match="independent to eight digits"):
        memory.capacity(0.99 + 0.0005 * np.arange(12), 3, start=14)
