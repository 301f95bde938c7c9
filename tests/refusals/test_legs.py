"""Bad input to the LegS room gets one sentence that names the argument, and nothing is modified."""

import numpy as np
import pytest

import hippo_theory as ht

T = np.linspace(0, 1, 11)
F = np.cos(T)
LATE = T + 1
solution = ht.legs.solve(F, T, 4)

REFUSALS = [
    (lambda: ht.legs.matrices(0), "N must be a positive integer, got 0"),
    (lambda: ht.legs.matrices(2.0), "N must be a positive integer, got 2.0"),
    (lambda: ht.legs.matrices(True), "N must be a positive integer, got True"),
    (lambda: ht.legs.apply([1.0, np.nan]), "c must be finite, got nan at index 1"),
    (lambda: ht.legs.apply(3.0), "c must have at least 1 axis"),
    (lambda: ht.legs.solve_shifted(-0.5, [1, 2]), "alpha must differ from -1/1, ..., -1/2"),
    (lambda: ht.legs.solve_shifted(np.inf, [1, 2]), "alpha must be finite, got inf"),
    (lambda: ht.legs.propagator(1.5, 3), "r must be at most 1, got 1.5"),
    (lambda: ht.legs.propagator(-0.1, 3), "r must be at least 0, got -0.1"),
    (lambda: ht.legs.propagator(np.nan, 3), "r must be finite, got nan"),
    (lambda: ht.legs.propagator("a", 3), "r must be a real number, got 'a'"),
    (lambda: ht.legs.transfer_function(-2.0, 3), "s must avoid the poles -1, ..., -3"),
    (lambda: ht.legs.solve(F, T[::-1], 4), "t must be strictly increasing, got 0.9 after 1"),
    (lambda: ht.legs.solve(F, T - 0.5, 4), "t must be non-negative, got -0.5 at index 0"),
    (lambda: ht.legs.solve(F, T[:1], 4), "t must hold at least 2 times, got 1"),
    (lambda: ht.legs.solve(F, T[None], 4), "t must have 1 axis, got shape (1, 11)"),
    (lambda: ht.legs.solve(F[:-1], T, 4), "f must have shape (..., 11), got (10,)"),
    (lambda: ht.legs.solve(F, T, 4, samples="averages"), "f must have shape (..., 10), got (11,)"),
    (
        lambda: ht.legs.solve(np.where(T == 1, np.nan, F), T, 4),
        "f must be finite, got nan at index",
    ),
    (lambda: ht.legs.solve("cos", T, 4), "f must be an array of numbers"),
    (lambda: ht.legs.solve(F, T, -1), "N must be a positive integer, got -1"),
    (lambda: ht.legs.solve(F, T, 4, scheme="bilinaer"), "did you mean 'bilinear'?"),
    (lambda: ht.legs.solve(F, T, 4, store="last"), "unknown store 'last'"),
    (lambda: ht.legs.solve(F, T, 4, samples="mean"), "unknown samples 'mean'"),
    (lambda: ht.legs.solve(F, T, 4, initial=np.zeros(4)), "initial must be None when t[0] = 0"),
    (
        lambda: ht.legs.solve(F, LATE, 4),
        "got t[0] = 1; without a past before t[0], solve on t - t[0]",
    ),
    (lambda: ht.legs.solve(F, LATE, 4, initial=np.zeros(3)), "initial must have shape (..., 4)"),
    (lambda: ht.legs.solve(F, LATE, 4, initial=np.zeros((2, 4))), "initial must broadcast to (4,)"),
    (lambda: ht.legs.solve(F, LATE, 2, initial=[1j, 0]), "initial must be real when f is"),
    (lambda: ht.legs.solve(F, T, 4, scheme="gauss2"), "f must be callable for scheme 'gauss2'"),
    (lambda: ht.legs.solve(F[:2], T[:2], 4, scheme="hold3"), "t must hold at least 4 times"),
    (
        lambda: ht.legs.solve(F[1:], T, 4, scheme="foh", samples="averages"),
        "samples must be 'values' for scheme 'foh'",
    ),
    (lambda: ht.legs.solve(np.cos, T, 4, samples="averages"), "f must be an Input or an array"),
    (lambda: ht.legs.solve(lambda t: 1.0, T, 4), "f(t) must have shape (..., 1) for 1 times"),
    (
        lambda: ht.legs.solve(lambda t: np.where(t > 0.55, np.nan, t), T, 4),
        "f(t) must be finite, got nan at t = 0.6",
    ),
    (lambda: ht.legs.solve(lambda t: ["x"] * t.size, T, 4), "f must map times (L,) to values"),
    (lambda: ht.legs.step([1.0, 0], 1.0, 0.5, 0, 0), "(t0, t1) must be strictly increasing"),
    (lambda: ht.legs.step([1.0, 0], 0, 1, 0, 0, scheme="hold2"), "scheme must use two samples"),
    (lambda: ht.legs.step([1.0, 0.5], 0, 1, 1, 1), "c must be f0 e_0 at t0 = 0"),
    (lambda: ht.legs.solve(np.ma.array(F), T, 4), "f must not be masked"),
    (lambda: ht.legs.solve(F, T.astype("M8[s]"), 4), "subtract the first and divide by a unit"),
    (lambda: ht.legs.step(np.ones((3, 2)), 1, 2, [1, 2], 0), "f0 and f1 must have shape (3,)"),
    (lambda: ht.legs.step([1.0, 0], 0, 1, np.nan, 0), "f0 must be finite, got nan"),
    (lambda: ht.legs.reconstruct(solution, [0.5, 1.5]), "s must lie in [0, 1], got 1.5"),
    (lambda: ht.legs.reconstruct(solution, 1.5), "s must lie in [0, 1], got 1.5"),
    (lambda: ht.legs.reconstruct([1.0, 2.0], 1.0), "s must be given with coefficients"),
    (lambda: ht.legs.reconstruct([1.0, 2.0], 0.0, [0.0]), "t must be greater than 0, got 0"),
    (lambda: ht.legs.energy_error(F[1:], solution), "f_values must have shape (11,), got (10,)"),
    (lambda: ht.legs.energy_error(F, F), "solution must be a Solution, got ndarray"),
    (lambda: ht.convergence.observed_order([1, 2], [1.0, 0.0]), "errors must be positive, got 0"),
    (
        lambda: ht.convergence.observed_order([2, 1], [1.0, 1.0]),
        "steps must be strictly increasing",
    ),
    (lambda: ht.convergence.envelope([1, 2], [1.0]), "errors must have shape (2,), got (1,)"),
]


def test_an_overflow_is_a_breakdown_with_its_time_not_a_nan():
    t = np.linspace(0, 1, 1001)
    with pytest.raises(
        np.linalg.LinAlgError, match="'forward_euler' overflowed at N = 512 at t = "
    ):
        ht.legs.solve(np.cos, t, 512, scheme="forward_euler")
    with pytest.raises(np.linalg.LinAlgError, match="'forward_euler' overflowed at N = 512"):
        ht.legs.solve(np.cos, t, 512, scheme="forward_euler", store="final")


@pytest.mark.parametrize("call, sentence", REFUSALS, ids=[s for _, s in REFUSALS])
def test_bad_input_is_refused_in_one_sentence(call, sentence):
    with pytest.raises((ValueError, TypeError)) as refusal:
        call()
    assert sentence in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_no_sequences_have_no_states():
    assert ht.legs.solve(np.zeros((0, 11)), T, 4).coefficients.shape == (0, 11, 4)


def test_inputs_are_not_modified():
    arrays = [F.copy(), T.copy(), np.ones(4), LATE.copy()]
    copies = [a.copy() for a in arrays]
    f, t, c, late = arrays
    ht.legs.apply(c)
    ht.legs.solve_shifted(0.3, c)
    ht.legs.step(c, 0.1, 0.2, 1, 2)
    for scheme in ht.legs.SCHEMES:
        ht.legs.solve(lambda s: np.cos(s), late, 4, scheme=scheme, initial=c)
    ht.legs.solve(f, t, 4)
    ht.legs.reconstruct(c, 1.0, t)
    assert all((a == b).all() for a, b in zip(arrays, copies, strict=True))
