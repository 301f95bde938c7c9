"""The CUDA kernel of LegS, compiled for the host, is the compiled ladder.

What only a GPU can show, memory and launches, is left to the `cupy` cases of test_legs_arrays.
"""

import ctypes
import shutil
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

import hippo_theory as ht
from hippo_theory.legs import SCHEMES, _cuda
from hippo_theory.legs.schemes import OneStep

pytestmark = pytest.mark.skipif(shutil.which("g++") is None, reason="needs g++")

HOST = """
struct Index { int x; };
static Index blockIdx, blockDim, threadIdx;
#define __global__
"""
LAUNCH = """
extern "C" void launch(int grid, int block, const real* a, const real* b, const real* w0,
    const real* w1, const real* f, const real* norms, real* z, real* lost, real* out,
    long long steps, long long samples, int N, int S, int averages, int all) {
  blockDim.x = block;
  for (blockIdx.x = 0; blockIdx.x < grid; blockIdx.x++)
    for (threadIdx.x = 0; threadIdx.x < block; threadIdx.x++)
      ladder(a, b, w0, w1, f, norms, z, lost, out, steps, samples, N, S, averages, all);
}
"""


@pytest.fixture(scope="module")
def host_cupy(tmp_path_factory):
    """NumPy under CuPy's name, whose RawKernel compiles for the host."""

    def raw_kernel(source, name):
        assert name == "ladder"
        folder = tmp_path_factory.mktemp("cuda")
        (folder / "ladder.cpp").write_text(HOST + source + LAUNCH)
        command = ["g++", "-O1", "-shared", "-fPIC", "ladder.cpp", "-o", "ladder.so"]
        subprocess.run(command, cwd=folder, check=True)
        launch = ctypes.CDLL(str(folder / "ladder.so")).launch

        def run(grid, block, arguments):
            c = [a.ctypes.data_as(ctypes.c_void_p) for a in arguments[:9]]
            c += [ctypes.c_longlong(int(a)) for a in arguments[9:11]]
            c += [ctypes.c_int(int(a)) for a in arguments[11:]]
            launch(ctypes.c_int(grid[0]), ctypes.c_int(block[0]), *c)

        return run

    names = ("asarray", "ascontiguousarray", "zeros_like", "empty")
    cupy = SimpleNamespace(RawKernel=raw_kernel, **{name: getattr(np, name) for name in names})
    cupy.ndarray = type("ndarray", (), {})  # no array is CuPy's
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "cupy", cupy)
        _cuda._compiled.cache_clear()
        yield cupy
    _cuda._compiled.cache_clear()


ONE_STEP = [name for name, row in SCHEMES.items() if isinstance(row, OneStep)]
GRIDS = {"from 0": np.arange(70.0), "later": 3 + np.cumsum(np.linspace(0.5, 1.5, 70))}


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("averages", [False, True])
@pytest.mark.parametrize("scheme", ONE_STEP)
def test_the_cuda_kernel_is_the_compiled_ladder(host_cupy, scheme, averages, grid):
    rng, t, N = np.random.default_rng(0), GRIDS[grid], 9
    f = rng.standard_normal((2, 50, t.size - averages)).astype(np.float32).astype(float)
    c = rng.standard_normal((2, 50, N)).astype(np.float32).astype(float)
    samples = "averages" if averages else "values"
    if t[0] == 0:
        c = f[..., :1] * np.eye(1, N)
    initial = None if t[0] == 0 else c
    expected = ht.legs.solve(f, t, N, scheme=scheme, initial=initial, samples=samples).coefficients
    for dtype in (np.float64, np.float32):
        g, start = f.astype(dtype), c.astype(dtype)
        states = _cuda.solve(SCHEMES[scheme], t, averages, g, start, everything=True)
        final = _cuda.solve(SCHEMES[scheme], t, averages, g, start, everything=False)
        assert states.dtype == final.dtype == dtype
        bound = 8 * N * np.finfo(dtype).eps * abs(expected).max()
        assert abs(states - expected).max() <= bound
        assert abs(final - expected[..., -1, :]).max() <= bound


def test_single_precision_does_not_lose_digits_over_many_steps(host_cupy):
    t, N = np.arange(20001.0), 16
    f = np.cos(40 * t / t[-1])[None].astype(np.float32)
    expected = ht.legs.solve(f.astype(float), t, N, store="final")
    start = f[:, :1] * np.eye(1, N, dtype=np.float32)
    final = _cuda.solve(SCHEMES["midpoint"], t, False, f, start, everything=False)
    assert abs(final - expected).max() <= 4 * np.finfo(np.float32).eps * abs(expected).max()


def test_constants_are_kept_exactly(host_cupy):
    t, N = np.arange(100.0), 5
    f, start = np.full((1, 100), np.float32(0.7)), np.float32(0.7) * np.eye(1, N, dtype=np.float32)
    states = _cuda.solve(SCHEMES["midpoint"], t, False, f, start, everything=True)
    assert (states == start[:, None]).all()
