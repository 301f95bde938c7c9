"""Properties that hold for all inputs: contraction, linearity, scale invariance."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hippo_theory as ht
from hippo_theory.legs import SCHEMES

EPS = np.finfo(float).eps
CONTRACTIVE = [name for name, row in SCHEMES.items() if row.is_contractive]
GROWING = [name for name, row in SCHEMES.items() if not row.is_contractive]


def carry(scheme, t, states):
    """Each row of states carried along t with the input zero: products of step matrices."""
    return ht.legs.solve(
        lambda s: np.zeros((len(states), s.size)),
        t,
        states.shape[-1],
        scheme=scheme,
        initial=states,
    ).coefficients


@given(st.integers(1, 48), st.floats(1e-3, 1e3), st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
@pytest.mark.parametrize("scheme", CONTRACTIVE)
def test_contractive_schemes_never_enlarge_a_perturbation(scheme, N, start, seed):
    rng = np.random.default_rng(seed)
    t = start + np.append(0, np.cumsum(rng.uniform(0.01, 2, 12)))
    norms = np.linalg.norm(carry(scheme, t, rng.standard_normal((3, N))), axis=-1)
    assert (norms[:, 1:] <= norms[:, :-1] * (1 + 100 * N * EPS)).all()


@pytest.mark.parametrize("scheme", GROWING)
@pytest.mark.parametrize("N", [16, 32])
def test_the_other_schemes_do_enlarge_some_perturbation(scheme, N):
    products = carry(scheme, np.arange(1.0, 3 * N), np.eye(N))
    growth = [np.linalg.norm(products[:, k], 2) for k in range(products.shape[1])]
    assert max(growth) >= N / 4


@pytest.mark.parametrize("scheme", ["bilinear", "bilinear_naive"])
def test_transient_growth_of_the_bilinear_rules_is_at_most_linear_in_N(scheme):
    for N in (8, 32, 64):
        products = carry(scheme, np.arange(1.0, 4 * N), np.eye(N))
        growth = [np.linalg.norm(products[:, k], 2) for k in range(products.shape[1])]
        assert max(growth) <= 0.7 * N


@given(st.floats(-3, 3), st.integers(0, 2**32 - 1))
@settings(max_examples=15, deadline=None)
@pytest.mark.parametrize("scheme", [n for n, row in SCHEMES.items() if n != "forward_euler"])
def test_solutions_are_linear_in_the_input(scheme, weight, seed):
    t = np.linspace(0, 1, 20)
    phases = np.random.default_rng(seed).uniform(0, 6, 2)

    def solve(f):
        return ht.legs.solve(f, t, 8, scheme=scheme).coefficients

    both = solve(lambda s: np.cos(5 * s + phases[0]) + weight * np.sin(9 * s + phases[1]))
    parts = solve(lambda s: np.cos(5 * s + phases[0])), solve(lambda s: np.sin(9 * s + phases[1]))
    assert abs(both - parts[0] - weight * parts[1]).max() <= 1e-12


@given(st.floats(1e-6, 1e6))
@settings(max_examples=15, deadline=None)
@pytest.mark.parametrize("scheme", [n for n, row in SCHEMES.items() if n != "forward_euler"])
def test_solutions_do_not_depend_on_the_unit_of_time(scheme, unit):
    t = np.linspace(0, 1, 20)
    states = ht.legs.solve(lambda s: np.exp(-s), t, 8, scheme=scheme).coefficients
    scaled = ht.legs.solve(lambda s: np.exp(-s / unit), t * unit, 8, scheme=scheme).coefficients
    assert abs(states - scaled).max() <= 1e-12


@given(st.integers(1, 12), st.integers(0, 2**32 - 1))
@settings(max_examples=15, deadline=None)
def test_the_coefficients_never_exceed_the_mean_square_of_the_held_input(N, seed):
    rng = np.random.default_rng(seed)
    t = np.append(0, np.cumsum(rng.uniform(0.01, 1, 30)))
    values = rng.standard_normal(31)
    states = ht.legs.solve(values, t, N, scheme="zoh").coefficients
    power = np.cumsum(np.diff(t) * values[:-1] ** 2) / t[1:]
    assert ((states[1:] ** 2).sum(axis=1) <= power * (1 + 1e-12)).all()


@given(st.integers(2, 40), st.integers(0, 2**32 - 1))
@settings(max_examples=15, deadline=None)
def test_the_energy_error_of_a_held_input_is_what_bessel_leaves(N, seed):
    """Four cells, more coefficients than samples: nothing is asked of N against the steps."""
    values = np.random.default_rng(seed).standard_normal(5)
    solution = ht.legs.solve(values, np.linspace(0, 1, 5), N, scheme="zoh")
    missed = np.mean(values[:4] ** 2) - (solution.coefficients[-1] ** 2).sum()
    assert abs(ht.legs.energy_error(values, solution) - missed) <= 1e-13 * (1 + values @ values)
