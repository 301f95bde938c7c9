"""Every refusal of the memory room, word for word."""

import numpy as np
import pytest

import hippo_theory as ht
from hippo_theory import memory

CONTINUOUS = ht.DiagonalLTI([-1.0], [1.0], [1.0])
BATCH = ht.DiagonalLTI([[0.5], [0.6]], [[1.0], [1.0]], [[1.0], [1.0]], dt=1.0)
MATRIX = ht.LTI(0.5 * np.eye(2), [1.0, 1.0], [1.0, 1.0], dt=1.0)
TWO_INPUTS = ht.DiagonalLTI([0.5, -0.5], np.eye(2), np.eye(2), dt=1.0)
IDLE = ht.DiagonalLTI([0.5, -0.5], [1.0, 0.0], [1.0, 1.0], dt=1.0)
CALLS = [
    (lambda: memory.capacity([], 3), "poles must hold at least one pole, got shape (0,)"),
    (lambda: memory.capacity([0.5, 1j], 3),
     "poles must lie inside the unit circle, got |pole| = 1 at index 1"),
    (lambda: memory.capacity([0.5, np.nan], 3), "poles must be finite, got nan at index 1"),
    (lambda: memory.capacity([0.5], 0), "K must be a positive integer, got 0"),
    (lambda: memory.capacity(CONTINUOUS, 3),
     "poles must belong to a recurrence, got <DiagonalLTI: 1 poles, SISO, continuous time>; "
     "discretize it first"),
    (lambda: memory.gram_log10_condition(BATCH),
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
    (lambda: memory.capacity_ceiling(3, [-1]), "k must be non-negative, got -1 at index 0"),
    (lambda: memory.horizon([0.5], 0.0), "level must be greater than 0, got 0"),
    (lambda: memory.cycle_capacity(3, 1.0, [0]), "radius must be less than 1, got 1"),
    (lambda: memory.cycle_capacity(3, 0.5, [0.5]),
     "k must hold integers of at least 0, got others"),
    (lambda: memory.s4d_lin_capacity(64, 0.1, [0]), "dt must be at most 0.03125, got 0.1"),
    (lambda: memory.ring_lag_variance(3, 0.9, 0.9), "r_max must be greater than 0.9, got 0.9"),
    (lambda: memory.effective_dimension([0.5]),
     "one of precision and noise must be given, got neither"),
    (lambda: memory.effective_dimension([0.5], "float32", noise=0.1),
     "one of precision and noise must be given, got both"),
    (lambda: memory.effective_dimension([0.5], "float33"),
     "unknown precision 'float33', expected one of ['float8_e5m2', 'float8_e4m3', 'bfloat16', "
     "'float16', 'float32', 'float64']; did you mean 'float32'?"),
    (lambda: memory.effective_dimension([0.5], noise=0.0), "noise must be positive, got 0"),
    (lambda: memory.effective_dimension([0.5], noise=[1.0, 2.0]),
     "noise must have shape () or (1,), got (2,)"),
    (lambda: memory.effective_dimension([0.5, 0.5], noise=1.0),
     "poles must be distinct, got equal ones at indices 0, 1"),
    (lambda: memory.orthonormal_realization([0.5, 0.5]),
     "poles must be distinct, got equal ones at indices 0, 1"),
    (lambda: memory.vandermonde_log10_condition([1.5], 2),
     "poles must lie in the closed unit disk, got |pole| = 1.5 at index 0"),
    (lambda: memory.vandermonde_log10_condition([1.0, 0.5], 2, normalized=True),
     "normalized poles must lie inside the unit circle, got one at index 0"),
    (lambda: memory.vandermonde_log10_condition([0.1, 0.5, 0.1], 2),
     "poles must be distinct, got equal ones at indices 0, 2"),
    (lambda: memory.vandermonde_log10_condition([], 2),
     "poles must hold at least one pole, got shape (0,)"),
    (lambda: memory.large_sieve_bound([0.5], 2),
     "poles must lie on the unit circle, got |pole| = 0.5 at index 0"),
    (lambda: memory.reconstruct([1.0, 2.0], [0.5], 2),
     "states must have shape (..., 1), got (2,)"),
    (lambda: memory.reconstruct([1.0], [0.5], 2, past="black"),
     "unknown past 'black', expected one of ['none', 'white']"),
    (lambda: memory.fisher_memory(ht.LTI([[1.5]], [1.0], [1.0], dt=1.0), 3),
     "poles must lie inside the unit circle, got |pole| = 1.5 at index 0"),
    (lambda: memory.fisher_memory(CONTINUOUS, 3),
     "system must belong to a recurrence, got <DiagonalLTI: 1 poles, SISO, continuous time>; "
     "discretize it first"),
    (lambda: memory.gradient_norms([0.5], -1), "lag must be non-negative, got -1"),
    (lambda: memory.design_poles([1.0, 0.5, 0.6]),
     "target must not increase, got 0.6 after 0.5 at index 2; no linear recurrence has such a "
     "memory curve"),
    (lambda: memory.design_poles([1.1]), "target must lie between 0 and 1, got [1.1, 1.1]"),
    (lambda: memory.design_poles([]), "target must lie between 0 and 1, got no values"),
    (lambda: memory.design_poles([0.3]),
     "target must have a sum that rounds to 1 or more, got 0.3"),
    (lambda: memory.estimate_capacity(np.ones((5, 2)), np.ones(4), 2),
     "states must have shape (4, N), got (5, 2)"),
    (lambda: memory.estimate_capacity(np.ones((5, 2)), np.ones(5), 6),
     "inputs must hold at least K = 6 samples, got 5"),
    (lambda: memory.estimate_capacity(np.ones((5, 2)), np.zeros(5), 2),
     "inputs must not be zero, got zeros only"),
    (lambda: memory.estimate_capacity(np.eye(5)[:, :4], [1.0, -1.0, 2.0, 0.0, -1.0], 1),
     "states must hold more than 5 samples, got 5"),
    (lambda: memory.estimate_capacity(np.ones((10, 1)), np.ones(10), 2),
     "inputs must have zero mean and vary, got mean 1 and standard deviation 0; subtract the "
     "mean, and from the states the response to it"),
    (lambda: memory.capacity(MATRIX, 3),
     "poles must belong to a system that is controllable beyond rounding, got 1 of 2 states within "
     "reach of the input of <LTI: 2 states, SISO, dt = 1>; pass the poles of its controllable "
     "part"),
    (lambda: memory.horizon(TWO_INPUTS),
     "poles must belong to a system with one input, got 2; for one input that drives every pole "
     "pass lti.spectrum(system)"),
    (lambda: memory.lag_variance(ht.DiagonalLTI([0.5], [0.0], [1.0], dt=1.0)),
     "poles must belong to a system that its input drives, got B = 0 in <DiagonalLTI: 1 poles, "
     "SISO, dt = 1>"),
    (lambda: memory.rounding_noise(IDLE, "float32"),
     "poles must belong to a system whose B has no zeros, got B = 0 at the pole -0.5+0j; leave "
     "that state out, or pass the poles"),
    (lambda: memory.bandwidth([0.5], -1), "k must be non-negative, got -1"),
    (lambda: memory.orthonormal_realization([0.5, 0.1], 3), "block must be at most N = 2, got 3"),
    (lambda: memory.orthonormal_realization([0.5, 0.1], 0),
     "block must be a positive integer, got 0"),
    (lambda: memory.effective_dimension([0.5, 0.1], "float32", block=3),
     "block must be at most N = 2, got 3"),
]  # fmt: skip


@pytest.mark.parametrize("call, sentence", CALLS, ids=[s for _, s in CALLS])
def test_refusal(call, sentence):
    with pytest.raises(ValueError) as error:
        call()
    assert str(error.value) == sentence


def test_systems_of_no_diagonal_form_are_not_reconstructed():
    with pytest.raises(TypeError, match="poles must be an array or a diagonal SISO system"):
        memory.reconstruct([1.0], ht.LTI([[0.5]], [1.0], [1.0], dt=1.0), 2)


@pytest.mark.parametrize(
    "door",
    [
        lambda G: memory.effective_dimension(G, "float32"),
        lambda G: memory.gradient_norms(G, 1),
        lambda G: memory.gram_log10_condition(G),
        lambda G: memory.noisy_capacity(G, 2, "float32"),
        lambda G: memory.orthonormal_realization(G),
        lambda G: memory.reconstruct([1.0, 1.0], G, 2),
        lambda G: memory.state_information(G, noise=1.0),
        lambda G: memory.vandermonde_log10_condition(G, 2),
        lambda G: memory.gautschi_bounds(G),
    ],
)
def test_states_that_no_input_reaches_have_no_unit_variance(door):
    with pytest.raises(ValueError, match="B has no zeros"):
        door(IDLE)


def test_breakdown_is_said():
    with pytest.raises(np.linalg.LinAlgError, match="stay below 1e290"):
        memory.vandermonde_log10_condition(np.linspace(0.1, 0.11, 120), 120)
    with pytest.raises(np.linalg.LinAlgError, match="independent in double precision"):
        memory.reconstruct(np.ones(400), np.linspace(0.1, 0.11, 400), 2, past="white")


def test_inputs_are_not_modified():
    poles, u = np.array([0.9, 0.5j]), np.arange(9.0)
    x = np.outer(u, [1.0, 2.0])
    kept = [a.copy() for a in (poles, u, x)]
    memory.capacity(poles, 5, colour=u)
    memory.reconstruct(x, poles, 2)
    memory.estimate_capacity(x, u, 2)
    memory.vandermonde_log10_condition(poles, 4, normalized=True)
    memory.effective_dimension(poles, "float32")
    for a, b in zip(kept, (poles, u, x), strict=True):
        assert np.array_equal(a, b)


def test_a_projection_without_digits_is_refused():
    poles = 0.99 + 0.0005 * np.arange(12)
    for N in (6, 12):  # conditions of 4e9 and beyond 1e17
        with pytest.raises(np.linalg.LinAlgError, match="independent to eight digits"):
            memory.capacity(poles[:N], 3, start=14)
    memory.capacity(poles[:6], 3, start=36)  # 2e7 leaves nine
