"""LegS for arrays of any library is LegS for NumPy's, on their device and in their dtype."""

import numpy as np
import pytest

import hippo_theory as ht
from hippo_theory.legs import SCHEMES, _arrays
from hippo_theory.legs.schemes import Collocation

N = 12
GRIDS = {
    "from 0": np.append(0, np.cumsum(np.random.default_rng(1).uniform(0.5, 1.5, 45))),
    "later": 3 + np.cumsum(np.random.default_rng(2).uniform(0.5, 1.5, 46)),
}
ON_SAMPLES = [n for n, row in SCHEMES.items() if not isinstance(row, Collocation)]
TWO_SAMPLE = [n for n in ON_SAMPLES if getattr(SCHEMES[n], "degree", 0) < 2]


def problem(grid, rng, shape=(2, 3)):
    """Samples, and initial states where the grid needs them; exact in single precision."""
    t = GRIDS[grid]
    f = rng.standard_normal((*shape, t.size)).astype(np.float32).astype(float)
    initial = rng.standard_normal((*shape, N)).astype(np.float32).astype(float)
    return t, f, initial if t[0] else None


def tolerance(eps, reference):
    """Of about N (len(t) + N) products in every sum; forward Euler's states grow on the way."""
    return 4 * (46 + N) * eps * max(abs(reference).max(), 1)


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("scheme", ON_SAMPLES)
def test_states_are_those_of_numpy(xp, scheme, grid):
    t, f, initial = problem(grid, np.random.default_rng(0))
    there = None if initial is None else xp.array(initial)
    expected = ht.legs.solve(f, t, N, scheme=scheme, initial=initial).coefficients
    solution = ht.legs.solve(xp.array(f), t, N, scheme=scheme, initial=there)
    final = ht.legs.solve(xp.array(f), t, N, scheme=scheme, initial=there, store="final")
    bound = tolerance(xp.eps, expected)
    assert abs(xp.host(solution.coefficients) - expected).max() <= bound
    assert abs(xp.host(final) - expected[..., -1, :]).max() <= bound


@pytest.mark.parametrize("scheme", TWO_SAMPLE)
def test_cell_averages_are_those_of_numpy(xp, scheme):
    if getattr(SCHEMES[scheme], "degree", 0):
        pytest.skip("takes values")
    t, f, _ = problem("from 0", np.random.default_rng(3))
    f = f[..., 1:]
    expected = ht.legs.solve(f, t, N, scheme=scheme, samples="averages").coefficients
    args = (xp.array(f), xp.array(t), N)
    states = ht.legs.solve(*args, scheme=scheme, samples="averages").coefficients
    final = ht.legs.solve(*args, scheme=scheme, samples="averages", store="final")
    # the grid is read in the precision of its array
    bound = tolerance(xp.eps, expected) * (1 if xp.dtype == "float64" else t.size)
    assert abs(xp.host(states) - expected).max() <= bound
    assert abs(xp.host(final) - expected[..., -1, :]).max() <= bound


@pytest.mark.parametrize("scheme", TWO_SAMPLE)
def test_steps_are_those_of_numpy(xp, scheme):
    rng = np.random.default_rng(4)
    c, f0, f1 = (rng.standard_normal((3, k)).astype(np.float32) for k in (N, 2, 2))
    c, f0, f1 = c.astype(float), f0[:, 0].astype(float), f1[:, 0].astype(float)
    expected = ht.legs.step(c, 2.0, 2.5, f0, f1, scheme=scheme)
    step = ht.legs.step(xp.array(c), 2.0, 2.5, xp.array(f0), xp.array(f1), scheme=scheme)
    assert abs(xp.host(step) - expected).max() <= tolerance(xp.eps, expected)


def test_a_step_takes_numbers_beside_arrays(xp):
    expected = ht.legs.step(np.ones(N), 2.0, 2.5, 0.5, 1.0)
    step = ht.legs.step(xp.array(np.ones(N)), 2.0, 2.5, 0.5, np.float64(1.0))
    assert abs(xp.host(step) - expected).max() <= tolerance(xp.eps, expected)


def test_reconstruction_is_that_of_numpy(xp):
    c, s = np.random.default_rng(5).standard_normal((2, N)), np.linspace(0, 3, 9)
    expected = ht.legs.reconstruct(c, 3.0, s)
    bound = 8 * N * xp.eps * abs(c).max() * N
    assert abs(xp.host(ht.legs.reconstruct(xp.array(c), 3.0, s)) - expected).max() <= bound
    for shape in ((3, 3), (9, 1)):
        value = xp.host(ht.legs.reconstruct(xp.array(c), 3.0, s.reshape(shape)))
        assert abs(value - expected.reshape(2, *shape)).max() <= bound
    value = xp.host(ht.legs.reconstruct(xp.array(c), 3.0, s[4]))
    assert value.shape == (2,)
    assert abs(value - expected[:, 4]).max() <= bound
    t = np.arange(4.0)
    solution = ht.legs.solve(xp.array(t**2), t, 3)
    expected = ht.legs.reconstruct(ht.legs.solve(t**2, t, 3), s)
    value = ht.legs.reconstruct(solution, xp.array(s))
    assert abs(xp.host(value) - expected).max() <= 100 * xp.eps * abs(expected).max()


def test_complex_samples_are_those_of_numpy(xp):
    t, f, _ = problem("from 0", np.random.default_rng(6))
    f = f + 1j * f[..., ::-1]
    expected = ht.legs.solve(f, t, N, store="final")
    final = ht.legs.solve(xp.array(f), t, N, store="final")
    assert abs(xp.host(final) - expected).max() <= tolerance(xp.eps, expected)


def test_single_precision_is_calculated_in_double_and_rounded_once(xp):
    if xp.dtype == "float32":
        pytest.skip("there is no double precision")
    t, f, _ = problem("from 0", np.random.default_rng(7))
    expected = ht.legs.solve(f, t, N, scheme="foh").coefficients
    single = ht.legs.solve(xp.array(f, "float32"), t, N, scheme="foh").coefficients
    error = abs(xp.host(single, "float32") - expected)
    assert (error <= 2.0**-24 * abs(expected) + tolerance(xp.eps, expected)).all()


def test_blocks_of_weights_do_not_change_the_final_state(monkeypatch):
    import array_api_strict

    t, f, _ = problem("from 0", np.random.default_rng(8))
    expected = ht.legs.solve(f, t, N, store="final")
    monkeypatch.setattr(_arrays, "SPAN", 7)
    final = ht.legs.solve(array_api_strict.asarray(f), t, N, store="final")
    assert abs(np.from_dlpack(final) - expected).max() <= tolerance(np.finfo(float).eps, expected)


def test_constants_are_kept_exactly(xp):
    if xp.xp is np:
        pytest.skip("the compiled ladder keeps them to rounding")
    t = GRIDS["from 0"]
    final = ht.legs.solve(xp.array(np.full(t.size, 0.7)), t, N, store="final")
    assert (xp.host(final)[1:] == 0).all()
