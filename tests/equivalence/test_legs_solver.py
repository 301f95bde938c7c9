"""The compiled solver against literal dense definitions of every row of SCHEMES."""

from functools import singledispatch

import numpy as np
import pytest

import hippo_theory as ht
from hippo_theory.legs import SCHEMES, solver
from hippo_theory.legs.schemes import Collocation, Hold, OneStep

EPS = np.finfo(float).eps
GRIDS = {
    "uniform": np.linspace(0, 2, 18),
    "irregular": np.append(0, np.cumsum(np.random.default_rng(1).uniform(0.05, 0.2, 17))),
}


def f(t):
    return np.cos(3 * t) + 0.5 * t


@singledispatch
def literal_step(scheme, t, k, c):
    """One step with dense matrices, straight from the definition of the row."""


@literal_step.register
def _(scheme: OneStep, t, k, c):
    A, B = ht.legs.matrices(c.size)
    a, b, w0, w1 = scheme.first if t[k] == 0 else scheme.coefficients(t[k], t[k + 1])
    eye = np.eye(c.size)
    return np.linalg.solve(eye + b * A, (eye - a * A) @ c + B * (w0 * f(t[k]) + w1 * f(t[k + 1])))


@literal_step.register
def _(scheme: Collocation, t, k, c):
    A, B = ht.legs.matrices(c.size)
    stages, h = len(scheme.nodes), t[k + 1] - t[k]
    times = t[k] + h * np.array(scheme.nodes)
    # slopes K_i = (-A (c + h sum_j a_ij K_j) + B f_i) / t_i
    system = np.eye(stages * c.size) + np.kron(h * scheme.stages / times[:, None], A)
    rhs = np.concatenate([(-A @ c + B * f(s)) / s for s in times])
    slopes = np.linalg.solve(system, rhs).reshape(stages, -1)
    return c + h * scheme.weights @ slopes


@literal_step.register
def _(scheme: Hold, t, k, c):
    degree, N = scheme.degree, c.size
    left = min(max(k - max(degree - 1, 0) // 2, 0), t.size - 1 - degree)
    nodes = t[left : left + degree + 1]
    coefficients = np.polynomial.polynomial.polyfit(nodes - t[k], f(nodes), degree)
    x, w = np.polynomial.legendre.leggauss(N + degree)
    r = t[k] / t[k + 1]
    x, w = r + (1 - r) * (x + 1) / 2, (1 - r) * w / 2
    values = np.polynomial.polynomial.polyval(x * t[k + 1] - t[k], coefficients)
    basis = np.polynomial.legendre.legvander(2 * x - 1, N - 1) * np.sqrt(2 * np.arange(N) + 1)
    return ht.legs.propagator(r, N) @ c + (w * values) @ basis


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("N", [1, 2, 12, 40])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_solver_is_the_literal_definition(scheme, N, grid):
    t = GRIDS[grid]
    c = np.zeros((t.size, N))
    c[0, 0] = f(0.0)
    for k in range(t.size - 1):
        c[k + 1] = literal_step(SCHEMES[scheme], t, k, c[k])
    solution = ht.legs.solve(f, t, N, scheme=scheme)
    # dense solves lose cond(A) ~ N^2, the interpolants their Lebesgue constants
    scale = np.maximum.accumulate(abs(c).max(axis=1))
    error = abs(solution.coefficients - c).max(axis=1)
    assert (error <= 100 * (N**2 + 40) * EPS * scale).all()


def test_sub_stepped_holds_are_the_dense_ones():
    t = np.linspace(1, 1.2, 1200)
    initial = np.random.default_rng(0).standard_normal(16)
    state = initial
    for k in range(t.size - 1):
        state = literal_step(SCHEMES["hold3"], t, k, state)
    solution = ht.legs.solve(f, t, 16, scheme="hold3", initial=initial)
    assert abs(solution.coefficients[-1] - state).max() <= 1200 * 16 * EPS


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_batch_is_its_sequences(scheme):
    t = GRIDS["uniform"]
    frequencies = np.arange(6.0).reshape(2, 3)
    batch = ht.legs.solve(lambda s: np.cos(frequencies[..., None] * s), t, 9, scheme=scheme)
    assert batch.coefficients.shape == (2, 3, t.size, 9)
    for i, j in np.ndindex(2, 3):
        one = ht.legs.solve(lambda s, w=frequencies[i, j]: np.cos(w * s), t, 9, scheme=scheme)
        difference = abs(batch.coefficients[i, j] - one.coefficients).max()
        assert difference <= 100 * EPS * abs(one.coefficients).max()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_complex_inputs_are_their_two_parts(scheme):
    t = GRIDS["uniform"]
    both = ht.legs.solve(lambda s: np.exp(2j * s), t, 7, scheme=scheme).coefficients
    parts = [ht.legs.solve(part, t, 7, scheme=scheme).coefficients for part in PARTS]
    assert abs(both - parts[0] - 1j * parts[1]).max() <= 100 * EPS * abs(both).max()


PARTS = (lambda s: np.cos(2 * s), lambda s: np.sin(2 * s))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_memory_chunks_do_not_change_the_solution(scheme, monkeypatch):
    t = np.linspace(0, 1, 60)
    whole = ht.legs.solve(f, t, 11, scheme=scheme).coefficients
    monkeypatch.setattr(solver, "_CHUNK", 7)
    parts = ht.legs.solve(f, t, 11, scheme=scheme).coefficients
    assert abs(whole - parts).max() <= 4 * EPS * abs(whole).max()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_final_state_is_the_last_of_all(scheme):
    t = GRIDS["irregular"]
    final = ht.legs.solve(f, t, 11, scheme=scheme, store="final")
    whole = ht.legs.solve(f, t, 11, scheme=scheme).coefficients
    assert abs(final - whole[-1]).max() <= 100 * EPS * abs(whole).max()


TWO_SAMPLE = [n for n, row in SCHEMES.items() if isinstance(row, OneStep) or n in ("zoh", "foh")]


@pytest.mark.parametrize("scheme", TWO_SAMPLE)
def test_steps_are_the_solution(scheme):
    t = GRIDS["irregular"]
    states = ht.legs.solve(f(t), t, 10, scheme=scheme).coefficients
    c = states[0]
    for k in range(t.size - 1):
        c = ht.legs.step(c, t[k], t[k + 1], f(t[k]), f(t[k + 1]), scheme=scheme)
        assert abs(c - states[k + 1]).max() <= 100 * EPS * abs(states[: k + 2]).max()


LOCAL = [n for n, row in SCHEMES.items() if getattr(row, "degree", 0) < 2]


@pytest.mark.parametrize("scheme", LOCAL)
def test_a_solution_restarts_from_any_of_its_states(scheme):
    t = GRIDS["uniform"]
    whole = ht.legs.solve(f, t, 6, scheme=scheme).coefficients
    tail = ht.legs.solve(f, t[5:], 6, scheme=scheme, initial=whole[5]).coefficients
    assert abs(tail - whole[5:]).max() <= 200 * EPS * abs(whole).max()


def test_cell_averages_of_a_held_input_are_its_samples():
    t = GRIDS["irregular"]
    held = ht.legs.solve(f(t), t, 8, scheme="zoh").coefficients
    averages = ht.legs.solve(f(t)[:-1], t, 8, scheme="zoh", samples="averages").coefficients
    assert (held == averages).all()


def test_single_precision_samples_give_single_precision_states():
    t = GRIDS["uniform"]
    single = ht.legs.solve(f(t).astype(np.float32), t, 8).coefficients
    assert single.dtype == np.float32
    assert abs(single - ht.legs.solve(f(t), t, 8).coefficients).max() <= 1e-6


def test_reconstruction_is_the_legendre_sum():
    c, s = np.random.default_rng(0).standard_normal((2, 4)), np.linspace(0, 3, 7)
    x = 2 * s / 3 - 1
    basis = np.stack([np.ones(7), x, 1.5 * x**2 - 0.5, 2.5 * x**3 - 1.5 * x])
    value = ht.legs.reconstruct(c, 3.0, s)
    assert abs(value - c * np.sqrt([1, 3, 5, 7]) @ basis).max() <= 40 * EPS
