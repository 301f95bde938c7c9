"""One matrix product beats S4's kernel to N = 256, the definition 100-fold at N = 64, L = 16384.

S4 claims O(N + L) operations and bytes in place of O(N^2 L) and O(N L); its sums are evaluated in
O(N L) everywhere, and C (I - A^L) costs N^3 log L first. Powers fitted to the measured times
stand in the legend.
LegS, Tustin's rule, medians of interleaved repetitions in CPU seconds of one thread. "doubling" is
the algorithm of the reference S4 code in our words: the whole orbit of B by squarings of A, then C.
"s4" has a dense A, whose structure it finds first, "s4 of the form" is given the diagonal plus low
rank value.
The Vandermonde kernel is that of S4D-Lin with N conjugate pairs, beside the outer product of
exponentials. Errors are against the recurrence in 200-bit integers, where L is at most 16384.
(compare s4_conditioning)
"""

import math
import time
import tracemalloc
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from threadpoolctl import threadpool_limits

import hippo_theory as ht
from studies import _figures, _study

TIMING = True


@dataclass(frozen=True)
class Params:
    N: int = 64
    """State dimension of the sweep over lengths."""
    L: int = 16384
    """Length of the sweep over state dimensions."""
    lengths: tuple[int, ...] = (1024, 4096, 16384, 131072)
    dims: tuple[int, ...] = (16, 32, 64, 128, 256)
    repetitions: int = 9


QUICK = Params(N=8, L=64, lengths=(64, 128), dims=(8, 16), repetitions=2)
BITS = 200


def cells(params):
    sizes = [(params.N, L) for L in params.lengths] + [(N, params.L) for N in params.dims]
    return [(N, L, params.repetitions) for N, L in dict.fromkeys(sizes)]


def measure(cell, rng):
    N, L, repetitions = cell
    with threadpool_limits(1):
        return _measure(N, L, repetitions, rng)


def _measure(N, L, repetitions, rng):
    contenders, exact = _contenders(N, L, rng)
    seconds = {name: [] for name in contenders}
    calls = {name: _calls(run) for name, run in contenders.items()}
    for _ in range(repetitions):
        for name, run in contenders.items():
            seconds[name].append(_seconds(run, calls[name]))
    rows = []
    for name, run in contenders.items():
        reference = exact.get(name)
        error = np.nan
        if reference is not None:
            error = np.linalg.norm(run() - reference) / np.linalg.norm(reference)
        row = {"N": N, "L": L, "method": name, "seconds": np.median(seconds[name])}
        rows.append({**row, "bytes": _bytes(run), "error": error})
    return rows


def _contenders(N, L, rng):
    dt, C = 1 / L, rng.normal(size=N)
    G = ht.lti.family("legs", N, C=C)
    F = ht.lti.family("legs", N, form="dplr")
    bar = ht.lti.discretize(G, dt, layer=True)
    modes = ht.lti.family("s4d_lin", N, C=rng.normal(size=N) + 1j * rng.normal(size=N))
    modes = ht.lti.discretize(modes, dt, "zoh")
    weights, samples = modes.B * modes.C, np.arange(L - 1)
    a = rng.normal(size=(1024, 1024))

    def exponentials():
        powers = np.exp(np.multiply.outer(modes.log_poles, samples))
        return np.append(modes.D, 2 * (weights @ powers).real)

    contenders = {
        "definition": lambda: ht.lti.kernel(bar, L, method="naive"),
        "doubling": lambda: _doubling(bar, L),
        "krylov": lambda: ht.lti.kernel(bar, L, method="krylov"),
        "s4": lambda: ht.lti.kernel(G, L, dt=dt, layer=True, method="s4"),
        "s4 of the form": lambda: ht.lti.kernel(F, L, dt=dt, layer=True, method="s4"),
        "vandermonde": lambda: ht.lti.kernel(modes, L, method="vandermonde"),
        "outer exponentials": exponentials,
        "dgemm 1024": lambda: a @ a,
    }
    if 16 * N * L > 2**28:
        del contenders["outer exponentials"]
    legs = exact_kernel(C, L, dt) if L <= 16384 else None
    exact = dict.fromkeys(("definition", "doubling", "krylov", "s4"), legs)
    return contenders, exact


def _doubling(system, L):
    """D, then C [B, A B, ...]: the orbit doubles in length with every squaring of A."""
    A, orbit = system.A, system.B[:, None]
    while orbit.shape[1] < L:
        orbit = np.concatenate([orbit, A @ orbit], axis=1)
        A = A @ A
    return np.append(system.D, system.C @ orbit[:, : L - 1])


def exact_kernel(C, L, dt):
    """K_k = C A_d^k B_d of LegS, by integers in units of 2^-200 and one running sum a solve."""
    one, N = 1 << BITS, len(C)

    def fixed(x):
        return round(Fraction(x) * one)

    half = Fraction(dt) / 2
    inverse = [fixed(1 / (1 + half * (n + 1))) for n in range(N)]
    driven = [fixed(half * (2 * n + 1)) for n in range(N)]
    weights = np.array([fixed(c) for c in C.tolist()], dtype=object)
    roots = [math.isqrt((2 * n + 1) << (2 * BITS)) for n in range(N)]
    weights = (weights * np.array(roots, dtype=object)) >> BITS

    def solve(right):
        total, result = 0, []
        for r, d, a in zip(right, driven, inverse, strict=True):
            y = (r - total) * a >> BITS
            result.append(y)
            total += d * y >> BITS
        return result

    z, K = solve([fixed(dt)] * N), []
    for _ in range(L):
        K.append(int(weights @ np.array(z, dtype=object)) / (1 << 2 * BITS))
        z = [2 * y - x for y, x in zip(solve(z), z, strict=True)]
    return np.array(K)


def _calls(run):
    """How many calls take some 20 ms, compiled and warm."""
    run()
    return max(1, round(0.02 / _seconds(run, 1)))


def _seconds(run, calls):
    """Of the one thread that calculates, so that a busy machine is not counted in."""
    began = time.thread_time()
    for _ in range(calls):
        run()
    return (time.thread_time() - began) / calls


def _bytes(run):
    """Peak of what one call allocates, its result included."""
    tracemalloc.start()
    try:
        run()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


LINES = ["definition", "doubling", "krylov", "s4 of the form", "vandermonde", "outer exponentials"]


def plot(table):
    figure = _figures.figure("double", 2.9)
    axes = figure.subplots(1, 3)
    N, L = table.groupby("N").L.nunique().idxmax(), table.groupby("L").N.nunique().idxmax()
    at_N, at_L = table[table["N"] == N], table[table["L"] == L]
    panels = [(at_N, "L", "seconds"), (at_L, "N", "seconds"), (at_N, "L", "bytes")]
    for ax, (rows, x, y) in zip(axes, panels, strict=True):
        for name in LINES:
            line = rows[rows.method == name].sort_values(x)
            powers = [_slope(r[r.method == name], v) for r, v in ((at_N, "L"), (at_L, "N"))]
            ax.loglog(
                line[x], line[y], label=f"{name}, $L^{{{powers[0]:.1f}}}N^{{{powers[1]:.1f}}}$"
            )
        ax.set(xlabel=f"${x}$, at " + (f"$N = {N}$" if x == "L" else f"$L = {L}$"), ylabel=y)
    axes[1].set_xticks(at_L.N.unique(), at_L.N.unique())
    axes[1].minorticks_off()
    legend = figure.legend(
        *axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=3
    )
    legend.set_title("method, and powers fitted to the time at the larger sizes", {"size": 8})
    return figure


def _slope(rows, size):
    """The power of the time at the larger sizes, where the set-up shows less."""
    rows = rows.sort_values(size)
    x, y = (np.log(rows[name].to_numpy()[-3:]) for name in (size, "seconds"))
    return np.polyfit(x, y, 1)[0] if len(x) > 1 else np.nan


if __name__ == "__main__":
    _study.main(__file__)
