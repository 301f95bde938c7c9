"""Bad input to the error bounds gets one sentence that names the argument."""

from dataclasses import replace

import numpy as np
import pytest

import hippo_theory as ht

T = np.linspace(0, 1, 17)
F = np.cos(T)
solution = ht.legs.solve(F, T, 3)
late = ht.legs.solve(F, T + 1, 3, initial=np.zeros(3))
batch = ht.legs.solve(np.stack([F, F]), T, 3)

unkept = replace(solution, signal=None)

REFUSALS = [
    (lambda: ht.legs.input_error_bound(np.cos, unkept), "solution must be of NumPy arrays"),
    (lambda: ht.legs.error_budget(np.cos, unkept), "solution must be of NumPy arrays"),
    (lambda: ht.legs.input_error_bound(F, solution), "f must be an Input or a callable, got nd"),
    (lambda: ht.legs.input_error_bound(np.cos, F), "solution must be a Solution, got ndarray"),
    (
        lambda: ht.legs.input_error_bound(np.cos, batch),
        "axes of the solution, (2,), got ()",
    ),
    (lambda: ht.legs.input_error_bound(lambda s: 1j * s, solution), "f must be complex if and"),
    (lambda: ht.legs.input_error_bound(lambda s: 0.0, solution), "f(t) must have shape (..., 1)"),
    (
        lambda: ht.legs.input_error_bound(lambda s: np.where(s > 0.5, np.nan, s), solution),
        "f(t) must be finite, got nan at t = 0.5",
    ),
    (lambda: ht.legs.error_budget(np.cos, late), "solution must start at t = 0, got t[0] = 1"),
    (lambda: ht.legs.error_budget(F, solution), "f must be an Input or a callable, got ndarray"),
    (lambda: ht.legs.error_budget(np.cos, None), "solution must be a Solution, got NoneType"),
    (lambda: ht.legs.step_doubling_estimate(np.cos, T[:-2], 3), "a multiple of 8 steps, got 14"),
    (lambda: ht.legs.step_doubling_estimate(F[1:], T, 3), "f must have shape (..., 17), got (16,)"),
    (lambda: ht.legs.step_doubling_estimate(F, T, 0), "N must be a positive integer, got 0"),
    (lambda: ht.legs.step_doubling_estimate(F, T, 3, scheme="rk4"), "unknown scheme 'rk4'"),
    (lambda: ht.legs.step_doubling_estimate(F, T, 3, scheme="gauss2"), "f must be callable for"),
    (lambda: ht.legs.solve_with_energy(F, T + 1, 3), "t must start at 0, got 1"),
    (lambda: ht.legs.solve_with_energy(F[1:], T, 3), "f must have shape (..., 17), got (16,)"),
    (lambda: ht.legs.solve_with_energy(F, T, 3, scheme="radau2"), "f must be callable for scheme"),
    (lambda: ht.legs.solve_with_energy(F, T, 0), "N must be a positive integer, got 0"),
]


@pytest.mark.parametrize("call, sentence", REFUSALS, ids=[s for _, s in REFUSALS])
def test_bad_input_is_refused_in_one_sentence(call, sentence):
    with pytest.raises((ValueError, TypeError)) as refusal:
        call()
    assert sentence in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_an_overflow_online_is_a_breakdown_not_a_nan():
    with pytest.raises(np.linalg.LinAlgError, match="'forward_euler' overflowed at N = 512"):
        ht.legs.solve_with_energy(np.cos, np.linspace(0, 1, 1001), 512, scheme="forward_euler")


def test_inputs_are_not_modified():
    f, t = F.copy(), T.copy()
    states = solution.coefficients.copy()
    ht.legs.solve_with_energy(f, t, 3)
    ht.legs.step_doubling_estimate(f, t, 3)
    ht.legs.error_budget(np.cos, solution)
    assert (f == F).all()
    assert (t == T).all()
    assert (states == solution.coefficients).all()
