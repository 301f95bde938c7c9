"""One-step LegS on CuPy arrays: `_fast.ladder` in CUDA, one lane for each signal.

The step is written for its increment d = z' - z, with z_n = c_n / sqrt(2n+1),

    (1 + b(n+1)) d_n = (1 - b(n-1)) d_{n-1} - (a+b) ((n+1) z_n + (n-1) z_{n-1}),
    (1 + b) d_0 = w_0 (f_k - z_0) + w_1 (f_{k+1} - z_0),

which single precision adds with Kahan's compensation: its error then does not grow with the
number of steps, and constants are kept exactly.
"""

from functools import lru_cache
from typing import Any

import numpy as np

from hippo_theory._array import Array
from hippo_theory.legs._legendre import norms

BLOCK = 64  # lanes; signals are few, so that small blocks reach more multiprocessors

SOURCE = """
extern "C" __global__
void ladder(const real* a, const real* b, const real* w0, const real* w1, const real* f,
            const real* norms, real* z, real* lost, real* out,
            long long steps, long long samples, int N, int S, int averages, int all) {
  int s = blockIdx.x * blockDim.x + threadIdx.x;
  if (s >= S) return;
  const real* own = f + s * samples;
  for (long long k = 0; k < steps; k++) {
    real sum = a[k] + b[k], left = own[k], right = averages ? left : own[k + 1];
    real before = 0, d = 0;
    for (int n = 0; n < N; n++) {
      long long i = (long long)n * S + s;
      real now = z[i];
      if (n == 0)
        d = w0[k] * (left - now) + w1[k] * (right - now);
      else
        d = (1 - b[k] * (n - 1)) * d - sum * ((n + 1) * now + (n - 1) * before);
      d /= 1 + b[k] * (n + 1);
      real addend = d - lost[i], next = now + addend;
      lost[i] = (next - now) - addend;
      z[i] = next;
      before = now;
      if (all) out[((long long)s * (steps + 1) + k + 1) * N + n] = norms[n] * next;
    }
  }
}
"""


def solve(
    row: Any, t: np.ndarray, averages: bool, f: Array, c: Array, *, everything: bool
) -> Array:
    """`solver.solve` of a one-step row for real f (..., samples) and c = c(t_0) (..., N)."""
    import cupy  # pyright: ignore[reportMissingImports]

    batch, samples, N = f.shape[:-1], f.shape[-1], c.shape[-1]
    dtype, steps = f.dtype, t.size - 1
    f = cupy.ascontiguousarray(f.reshape(-1, samples))
    S = f.shape[0]
    q = cupy.asarray(norms(N), dtype=dtype)
    z = cupy.ascontiguousarray((c.reshape(S, N) / q).T)
    lost = cupy.zeros_like(z)
    out = cupy.empty((S, steps + 1, N) if everything else (0,), dtype=dtype)
    if everything:
        out[:, 0] = c.reshape(S, N)
    tables = [cupy.asarray(table, dtype=dtype) for table in row.steps(t)]
    sizes = (steps, samples, np.int32(N), np.int32(S), np.int32(averages), np.int32(everything))
    kernel = _compiled(np.dtype(dtype).name)
    kernel((-(-S // BLOCK),), (BLOCK,), (*tables, f, q, z, lost, out, *sizes))
    if everything:
        return out.reshape(*batch, steps + 1, N)
    return (z.T * q).reshape(*batch, N)


@lru_cache(maxsize=2)
def _compiled(dtype: str) -> Any:
    import cupy  # pyright: ignore[reportMissingImports]

    real = {"float32": "float", "float64": "double"}[dtype]
    return cupy.RawKernel(f"typedef {real} real;\n{SOURCE}", "ladder")
