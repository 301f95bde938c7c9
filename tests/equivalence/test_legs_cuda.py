"""The CUDA kernel of LegS, compiled for the host, is the compiled ladder.

What only a GPU can show, memory and launches, is left to the `cupy` cases of test_legs_arrays.
"""

import numpy as np
import pytest

import hippo_theory as ht
from hippo_theory.legs import SCHEMES
from hippo_theory.legs.schemes import OneStep

ONE_STEP = [name for name, row in SCHEMES.items() if isinstance(row, OneStep)]
GRIDS = {"from 0": np.arange(70.0), "later": 3 + np.cumsum(np.linspace(0.5, 1.5, 70))}


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("averages", [False, True])
@pytest.mark.parametrize("scheme", ONE_STEP)
def test_the_cuda_kernel_is_the_compiled_ladder(stand_in, scheme, averages, grid):
    rng, t, N = np.random.default_rng(0), GRIDS[grid], 9
    f = rng.standard_normal((2, 50, t.size - averages)).astype(np.float32).astype(float)
    c = rng.standard_normal((2, 50, N)).astype(np.float32).astype(float)
    options = {"scheme": scheme, "samples": "averages" if averages else "values"}
    there = options | {"initial": stand_in.asarray(c) if t[0] else None}
    options["initial"] = c if t[0] else None
    expected = ht.legs.solve(f, t, N, **options).coefficients
    for dtype in (np.float64, np.float32):
        g = stand_in.asarray(np.repeat(f.astype(dtype), 2, axis=-1))[..., ::2]  # with strides
        states = ht.legs.solve(g, t, N, **there).coefficients
        final = ht.legs.solve(g, t, N, **there, store="final")
        assert states.dtype == final.dtype == dtype
        bound = 8 * N * np.finfo(dtype).eps * abs(expected).max()
        assert abs(states.get() - expected).max() <= bound
        assert abs(final.get() - expected[..., -1, :]).max() <= bound


def test_single_precision_does_not_lose_digits_over_many_steps(stand_in):
    t, N = np.arange(20001.0), 16
    f = np.cos(40 * t / t[-1])[None].astype(np.float32)
    expected = ht.legs.solve(f.astype(float), t, N, store="final")
    final = ht.legs.solve(stand_in.asarray(f), t, N, store="final").get()
    assert abs(final - expected).max() <= 4 * np.finfo(np.float32).eps * abs(expected).max()


@pytest.mark.parametrize("shape", [(), (0,), (3, 1)])
def test_any_number_of_signals_and_a_single_state(stand_in, shape):
    t = np.arange(5.0)
    f = np.random.default_rng(1).standard_normal((*shape, 5))
    solution = ht.legs.solve(stand_in.asarray(f), t, 1)
    expected = ht.legs.solve(f, t, 1).coefficients
    assert solution.coefficients.shape == expected.shape
    assert (abs(solution.coefficients.get() - expected) < 1e-15).all()


def test_nothing_of_the_stand_in_converts_by_itself(stand_in):
    with pytest.raises(TypeError, match="Implicit conversion"):
        np.asarray(stand_in.asarray(np.zeros(3)))
    with pytest.raises(TypeError, match="Unsupported type"):
        stand_in.asarray(np.zeros(3)) + np.zeros(3)
