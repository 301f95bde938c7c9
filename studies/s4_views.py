"""One continuous system has three views that agree to rounding, and any sampling serves it.

Left: worst distance of the outputs from the continuous view (matrix exponentials of the real dense
form over each piece of an input that is constant on the coarse grid), of recurrence, chunks,
convolution and single steps at double, equal, half and irregular step, all by zoh. Right: cost of
a sample in each view against the length of the signal, one thread, medians. (compare s4_kernel)
"""

import time
from dataclasses import dataclass

import numpy as np
from scipy.linalg import expm
from threadpoolctl import threadpool_limits

import hippo_theory as ht
from studies import _figures, _study

TIMING = True


@dataclass(frozen=True)
class Params:
    N: int = 32
    """Conjugate pairs of S4D-Lin."""
    pieces: int = 256
    """Pieces on which the input is constant."""
    dt: float = 0.02
    """Length of a piece in units of time, the double step."""
    lengths: tuple[int, ...] = (256, 1024, 4096, 16384, 65536)
    repetitions: int = 7


QUICK = Params(N=4, pieces=16, lengths=(64, 256), repetitions=2)
EPS = np.finfo(float).eps
SAMPLINGS = {"double": 1, "equal": 2, "half": 4}  # samples in a piece


def cells(params):
    agreement = [("agreement", params.N, params.pieces, params.dt)]
    return agreement + [("cost", params.N, L, params.repetitions) for L in params.lengths]


def measure(cell, rng):
    kind, N, *sizes = cell
    C = rng.normal(size=N) + 1j * rng.normal(size=N)
    system = ht.lti.family("s4d_lin", N, C=C)
    with threadpool_limits(1):
        return (_agreement if kind == "agreement" else _cost)(system, *sizes, rng)


def _agreement(system, pieces, dt, rng):
    u = rng.normal(size=pieces)
    exact = _continuous(system, u, dt)
    rows = []
    for sampling, count in SAMPLINGS.items():
        bar = ht.lti.discretize(system, dt / count, "zoh")
        for view, run in VIEWS.items():
            y = run(bar, np.repeat(u, count))[::count]
            rows.append(_row(view, sampling, y, exact))
    return [*rows, _row("steps", "irregular", _irregular(system, u, dt, rng), exact)]


def _row(view, sampling, y, exact):
    return {"view": view, "sampling": sampling, "error": abs(y - exact).max() / abs(exact).max()}


def _continuous(system, u, dt):
    """y at the start of every piece: exp of [[A, B], [0, 0]] carries the state over the piece."""
    A, B, C, _ = ht.lti.matrices(ht.lti.dense(system))
    n = len(A)
    block = np.zeros((n + 1, n + 1))
    block[:n, :n], block[:n, n:] = A, B
    carry, x, y = expm(dt * block), np.zeros(n), []
    for value in u:
        y.append((C @ x)[0])
        x = carry[:n] @ np.append(x, value)
    return np.array(y)


def _irregular(system, u, dt, rng):
    """Three steps of random lengths in every piece, each with its own discretization."""
    x, y = np.zeros(system.state_dim), []
    for value in u:
        cuts = np.diff(np.concatenate([[0.0], np.sort(rng.uniform(0.1, 0.9, 2)), [1.0]])) * dt
        for k, step in enumerate(cuts):
            x, now = ht.lti.step(ht.lti.discretize(system, step, "zoh"), x, value)
            y += [float(now)] if k == 0 else []
    return np.array(y)


def _steps(system, u):
    x, y = np.zeros(system.state_dim), []
    for value in u:
        x, now = ht.lti.step(system, x, value)
        y.append(float(now))
    return np.array(y)


VIEWS = {
    "recurrence": lambda system, u: ht.lti.simulate(system, u, method="scan"),
    "chunks": lambda system, u: ht.lti.simulate(system, u, method="chunked"),
    "convolution": lambda system, u: ht.lti.convolve(ht.lti.kernel(system, len(u)), u),
    "steps": _steps,
}


def _cost(system, L, repetitions, rng):
    bar, u = ht.lti.discretize(system, 0.01, "zoh"), rng.normal(size=L)
    h = ht.lti.kernel(bar, L)
    contenders = {**VIEWS, "convolution, kernel given": lambda _, u: ht.lti.convolve(h, u)}
    del contenders["steps"]
    seconds = {name: [] for name in contenders}
    for _ in range(repetitions + 1):  # the first one compiles and warms
        for name, run in contenders.items():
            began = time.perf_counter()
            run(bar, u)
            seconds[name].append(time.perf_counter() - began)
    nanoseconds = {name: 1e9 * np.median(taken[1:]) / L for name, taken in seconds.items()}
    return [{"view": name, "L": L, "ns_per_sample": ns} for name, ns in nanoseconds.items()]


def plot(table):
    figure = _figures.figure("double", 2.6)
    left, right = figure.subplots(1, 2)
    errors = table[table.error.notna()]
    for view, rows in errors.groupby("view", sort=False):
        left.semilogy(rows.sampling, rows.error, label=view, linestyle="")
    left.axhline(EPS, color=_figures.GREY, linewidth=0.7)
    left.annotate("eps", (0.5, 1.2 * EPS), xycoords=("axes fraction", "data"), color=_figures.GREY)
    left.set(xlabel="sampling of an input held on the double step", ylabel="relative distance")
    left.set_ylim(1e-16, 1e-11)
    left.legend(ncols=2)
    for view, rows in table[table.L.notna()].groupby("view", sort=False):
        right.loglog(rows.L, rows.ns_per_sample, label=view)
    right.set(xlabel="$L$", ylabel="ns a sample")
    right.legend()
    return figure


if __name__ == "__main__":
    _study.main(__file__)
