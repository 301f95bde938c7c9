"""LegS states cost a fraction of a nanosecond a number: wavefronts over time, lanes over a batch.

The published O(N) scalar loop (running sums, in our words, compiled by gcc -O3 -march=native) is
timed against `legs.solve` in interleaved rounds on one thread; ratios are medians over rounds of
the loop's time over ours, per step, coefficient and sequence. (compare legs_convergence)
"""

import ctypes
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from hippo_theory.legs import solve
from studies import _figures, _study

TIMING = True


@dataclass(frozen=True)
class Params:
    N: tuple[int, ...] = (64, 256, 1024)
    """State dimensions."""
    steps: int = 4000
    """Steps of a timed run."""
    long: int = 10_000_000
    """Steps of one long run of a single sequence at the smallest N (0: none)."""
    rounds: int = 9
    """Interleaved rounds."""


QUICK = Params(N=(64,), steps=1000, long=0, rounds=3)

LOOP = """
void run(double *c, const double *u, long steps, int N, const double *q) {
  for (long k = 1; k <= steps; k++) {
    double half = 0.5 / k, sum = 0;
    for (int n = 0; n < N; n++) {
      double x = c[n];
      c[n] = x - half * (q[n] * sum + (n + 1) * x) + 2 * half * q[n] * u[k];
      sum += q[n] * x;
    }
    sum = 0;
    for (int n = 0; n < N; n++) {
      c[n] = (c[n] - half * q[n] * sum) / (1 + half * (n + 1));
      sum += q[n] * c[n];
    }
  }
}
"""


@lru_cache(maxsize=1)
def _loop() -> Callable:
    folder = Path(tempfile.mkdtemp())
    (folder / "loop.c").write_text(LOOP)
    flags = ["-O3", "-march=native", "-shared", "-fPIC"]
    subprocess.run(["gcc", *flags, folder / "loop.c", "-o", folder / "loop.so"], check=True)
    pointer = np.ctypeslib.ndpointer(np.float64, flags="C")
    run = ctypes.CDLL(str(folder / "loop.so")).run
    run.argtypes = [pointer, pointer, ctypes.c_long, ctypes.c_int, pointer]
    shutil.rmtree(folder)
    return run


def cells(params: Params) -> list[tuple]:
    if shutil.which("gcc") is None:
        raise _study.NotHere("legs_speed compiles the published loop and found no gcc")
    timed = [(N, params.steps, params.rounds) for N in params.N]
    return timed + ([(min(params.N), params.long, 1)] if params.long else [])


def measure(cell: tuple, rng: np.random.Generator) -> list[dict]:
    N, steps, rounds = cell
    tasks = _tasks(N, steps, rng) if rounds > 1 else _tasks(N, steps, rng, long=True)
    for task, _ in tasks.values():
        task()
    seconds = {name: [] for name in tasks}
    for _ in range(rounds):
        for name, (task, _) in tasks.items():
            began = time.perf_counter()
            task()
            seconds[name].append((time.perf_counter() - began) / tasks[name][1])
    loop = np.array(seconds["published loop"])
    return [
        {
            "task": name,
            "N": N,
            "steps": steps,
            "nanoseconds": 1e9 * np.median(times) / (steps * N),
            "ratio": np.median(loop / times),
        }
        for name, times in seconds.items()
    ]


def _tasks(N: int, steps: int, rng, *, long: bool = False) -> dict[str, tuple[Callable, int]]:
    """What is timed, and how many sequences each call carries."""
    t = np.arange(steps + 1.0)
    u = rng.standard_normal(steps + 1)
    norms = np.sqrt(2 * np.arange(N) + 1.0)
    state = np.zeros(N)

    def loop():
        state[:] = 0
        state[0] = u[0]
        _loop()(state, u, steps, N, norms)

    def final(scheme, f=u):
        return lambda: solve(f, t, N, scheme=scheme, store="final")

    tasks = {"published loop": (loop, 1), "midpoint, final state": (final("midpoint"), 1)}
    if long:
        return tasks
    batch = rng.standard_normal((64, steps + 1))
    return tasks | {
        "midpoint, final states of 64": (final("midpoint", batch), 64),
        "midpoint, all states": (lambda: solve(u, t, N), 1),
        "writing the states": (lambda: np.empty((steps + 1, N)).fill(1.0), 1),
        "foh, final state": (final("foh"), 1),
        "foh, final states of 64": (final("foh", batch), 64),
    }


def plot(table: pd.DataFrame) -> Figure:
    figure = _figures.figure("double", 3.0)
    axes = figure.subplots()
    rows = table[table["steps"] == table["steps"].min()]
    for name in dict.fromkeys(rows["task"]):
        curve = rows[rows["task"] == name]
        looks = {"color": "black", "marker": "*", "ls": "-"} if name == "published loop" else {}
        (line,) = axes.loglog(curve["N"], curve["nanoseconds"], **looks)
        last = curve.iloc[-1]
        writing = name == "writing the states"
        words = name if writing else f"{name} ({last['ratio']:.1f}x)"
        _figures.label_end(line, words, offset=(6, 6 if writing else 0))
    axes.set(xlabel="state dimension $N$", ylabel="ns a step, number and sequence")
    axes.set_xscale("log", base=2)
    axes.set_xlim(right=rows["N"].max() * 4)
    axes.set_xticks(sorted(rows["N"].unique()))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.set_title("one thread; in brackets the published loop's time over ours at the largest $N$")
    return figure


if __name__ == "__main__":
    _study.main(__file__)
