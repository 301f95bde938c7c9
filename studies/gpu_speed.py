"""What a GPU makes of LegS batches, kernels, chunks and memory curves: time, rates and digits.

Each task is one call of the package on CuPy arrays, timed by device events in interleaved rounds
with a product of matrices and a copy, the ceilings; set-up on the host and its transfer are part
of it. Ratios are to the same call on NumPy arrays, one thread. Errors are those against NumPy in
double precision, relative to the largest entry. (compare legs_speed)
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from threadpoolctl import threadpool_limits

import hippo_theory as ht
from studies import _figures, _study

TIMING = True


@dataclass(frozen=True)
class Params:
    signals: int = 4096
    """Signals of a LegS batch."""
    steps: int = 4096
    """Steps of the LegS batch; all states are kept of a 16th of the signals."""
    N: int = 64
    """State dimension of LegS."""
    channels: int = 256
    """Diagonal systems of 32 poles."""
    length: int = 16384
    """Length of kernels, signals and memory curves."""
    size: int = 8192
    """Of the matrices whose product is the ceiling."""
    rounds: int = 9
    """Interleaved rounds on the GPU; three on the CPU."""


QUICK = Params(signals=64, steps=64, N=8, channels=4, length=256, size=256, rounds=2)


Calls = dict[str, Callable[[], Any]]


def cells(params: Params) -> list[tuple]:
    try:
        import cupy  # pyright: ignore[reportMissingImports]
    except ImportError:
        raise _study.NotHere("gpu_speed needs CuPy, which is not installed") from None
    if not cupy.is_available():
        raise _study.NotHere("gpu_speed needs a GPU, and CuPy finds none")
    return [(dtype, params) for dtype in ("float64", "float32")]


def measure(cell: tuple, rng: np.random.Generator) -> list[dict]:
    import cupy  # pyright: ignore[reportMissingImports]

    dtype, params = cell
    data = _data(params, rng)
    there = _calls(data, lambda array: cupy.asarray(array.astype(dtype)), dtype, xp=cupy)
    matrix = cupy.asarray(rng.standard_normal((params.size, params.size)).astype(dtype))
    there |= {"product": lambda: matrix @ matrix, "copy": matrix.copy}
    seconds = _medians(there, params.rounds, _device_clock)
    product = 2 * params.size**3 / seconds["product"]
    copy = 2 * matrix.nbytes / seconds["copy"]
    with threadpool_limits(1):
        here = _calls(data, np.asarray, "float64", xp=np)
        host = _medians(here, 3, _host_clock)
    device = cupy.cuda.runtime.getDeviceProperties(0)["name"].decode()
    rows = []
    for name, call in here.items():
        if dtype == "float32" and name == "memory curve":
            continue  # it is made in the widest precision of the device
        flops, numbers = _work(params)[name]
        expected, value = call(), cupy.asnumpy(there[name]())
        rows.append(
            {
                "task": name,
                "dtype": dtype,
                "milliseconds": 1e3 * seconds[name],
                "ratio": host[name] / seconds[name],
                "of_product_rate": flops / seconds[name] / product,
                "of_copy_rate": np.dtype(dtype).itemsize * numbers / seconds[name] / copy,
                "error": float(abs(value - expected).max() / abs(expected).max()),
                "device": device,
            }
        )
    return rows


def _data(params: Params, rng: np.random.Generator) -> dict[str, Any]:
    """On the host: the grid, a LegS batch, diagonal systems and their signals."""
    poles = np.array([ht.lti.family("s4d_lin", 32).poles] * params.channels)
    C = rng.standard_normal((params.channels, 32)) + 1j * rng.standard_normal((params.channels, 32))
    system = ht.DiagonalLTI(poles, np.ones_like(poles), C, conjugate=True)
    return {
        "t": np.arange(params.steps + 1.0),
        "N": params.N,
        "batch": rng.standard_normal((params.signals, params.steps + 1)),
        "system": ht.lti.discretize(system, 0.01, "zoh"),
        "signals": rng.standard_normal((params.channels, params.length)),
        "poles": ht.lti.family("lru_ring", 64, rng=rng, r_max=0.999),
        "length": params.length,
    }


def _calls(data: dict[str, Any], put: Callable, dtype: str, *, xp: Any) -> Calls:
    """The package's calls on arrays that `put` has carried to where they are to be worked on."""
    t, N, batch, signals = data["t"], data["N"], put(data["batch"]), put(data["signals"])
    few = batch[: max(len(batch) // 16, 1)]
    return {
        "LegS, final states": lambda: ht.legs.solve(batch, t, N, store="final"),
        "LegS, all states": lambda: ht.legs.solve(few, t, N).coefficients,
        "Vandermonde kernels": lambda: ht.lti.kernel(
            data["system"], data["length"], method="vandermonde", dtype=dtype, xp=xp
        ),
        "chunked simulation": lambda: ht.lti.simulate(data["system"], signals, method="chunked"),
        "memory curve": lambda: ht.memory.capacity(
            data["poles"], data["length"], method="fft", xp=xp
        ),
    }


def _work(params: Params) -> dict[str, tuple[float, float]]:
    """Operations, and numbers read and written once."""
    states = params.N * params.steps
    few, samples = max(params.signals // 16, 1), params.channels * params.length
    transform = 2 * params.length
    return {
        "LegS, final states": (5 * params.signals * states, params.signals * params.steps),
        "LegS, all states": (5 * few * states, few * (states + params.steps)),
        "Vandermonde kernels": (4 * 32 * samples, samples),
        "chunked simulation": ((2 * 64 + 8 * 32) * samples, 2 * samples),
        "memory curve": ((14 * 128 + 5 * np.log2(transform)) * transform, params.length),
    }


def _medians(calls: Calls, rounds: int, clock: Callable) -> dict[str, float]:
    """Seconds of each call, a median over interleaved rounds after one that compiles."""
    seconds = {name: [] for name in calls}
    for k in range(rounds + 1):
        for name, call in calls.items():
            taken = clock(call)
            if k:
                seconds[name].append(taken)
    return {name: float(np.median(times)) for name, times in seconds.items()}


def _device_clock(call: Callable) -> float:
    import cupy  # pyright: ignore[reportMissingImports]

    begin, end = cupy.cuda.Event(), cupy.cuda.Event()
    begin.record()
    call()
    end.record()
    end.synchronize()
    return 1e-3 * cupy.cuda.get_elapsed_time(begin, end)


def _host_clock(call: Callable) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def plot(table: pd.DataFrame) -> Figure:
    figure = _figures.figure("double", 2.8)
    speed, digits = figure.subplots(1, 2, sharey=True)
    marks = {"float64": {"marker": "o"}, "float32": {"marker": "s", "mfc": "white"}}
    for dtype, look in marks.items():
        rows = table[table["dtype"] == dtype]
        speed.semilogx(rows["ratio"], rows["task"], ls="", label=dtype, **look)
        digits.semilogx(rows["error"], rows["task"], ls="", label=dtype, **look)
    speed.set(xlabel="time of one CPU core over time of the GPU", title=table["device"].iloc[0])
    digits.set(xlabel="largest error, relative to the largest entry")
    digits.legend()
    return figure


if __name__ == "__main__":
    _study.main(__file__)
