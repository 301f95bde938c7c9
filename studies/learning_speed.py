"""The closed form of a gain beats integration and training, not a map of two numbers or easy modes.

Medians of interleaved repetitions, in processor time on one core, as ratios to the closed form.
One gain at many times, to rounding: against SciPy's integrators, and against training to the same
final time by vectorised recurrences (lfilter, and its adjoint by lfilter), by the compiled
recurrences of gradient_descent, by the triangular factor of the responses, and by the map of two
numbers. Many non-stiff modes densely in time: the closed form pays for its exponentials, where an
integrator interpolates. (compare learning_one_layer)
"""

import time
from dataclasses import dataclass

import numpy as np
from scipy.integrate import solve_ivp
from scipy.signal import lfilter

import hippo_theory as ht
from studies import _figures, _study, _teacher

TIMING = True


@dataclass(frozen=True)
class Params:
    times: int = 10_000
    """Times at which gains are wanted."""
    modes: int = 300
    """Non-stiff modes of the dense trajectory."""
    L: int = 1024
    """Length of each sequence."""
    sequences: int = 8
    """Number of sequences."""
    steps: int = 2000
    """Steps of training."""
    repetitions: int = 7


QUICK = Params(times=1000, modes=20, L=64, sequences=2, steps=50, repetitions=2)
POLE, START = 0.9, (0.6, 0.05)


def cells(params):
    return [(params, task) for task in TASKS]


def measure(cell, rng):
    params, task = cell
    contenders = TASKS[task](params, rng)
    calls = {name: _calls(run) for name, run in contenders.items()}
    seconds = {name: [] for name in contenders}
    for _ in range(params.repetitions):
        for name, run in contenders.items():
            seconds[name].append(_seconds(run, calls[name]))
    return [
        {
            "task": task,
            "contender": name,
            "seconds": np.median(taken),
            "ratio": np.median(np.array(taken) / seconds["closed form"]),
        }
        for name, taken in seconds.items()
    ]


def _calls(run):
    """How many calls take some 20 ms, compiled and warm."""
    run()
    return max(1, round(0.02 / _seconds(run, 1)))


def _seconds(run, calls):
    began = time.process_time()
    for _ in range(calls):
        run()
    return (time.process_time() - began) / calls


def _one_gain(params, rng):
    u = _teacher.sequences(rng, (params.sequences, params.L))
    y = _teacher.answers(rng, u, 0.8, 1.3, 0.1)
    stats = ht.learning.statistics(u, y, POLE)
    sigma, eta = float(stats.s[0]), float(stats.M[0, 0])
    b0, c0 = START
    conserved = (b0**2 - c0**2) ** 2
    R = float(ht.learning.rate([b0], [c0], sigma, eta))
    t = np.linspace(0.0, 12 / R, params.times)
    rate = t[-1] / params.steps

    def slope(_, w):
        return np.sqrt(conserved + 4 * w * w) * (sigma - eta * w)

    def integrate(method, rtol):
        return lambda: solve_ivp(
            slope, (0, t[-1]), [b0 * c0], method, t, rtol=rtol, atol=rtol / 100
        )

    return {
        "closed form": lambda: ht.learning.gain(t, sigma=sigma, eta=eta, b0=[b0], c0=[c0]),
        "DOP853 at 1e-10": integrate("DOP853", 1e-10),
        "DOP853 at 1e-13": integrate("DOP853", 1e-13),
        "LSODA at 1e-10": integrate("LSODA", 1e-10),
        "two-number map": lambda: ht.learning.gain_steps(
            [b0], [c0], sigma, eta, rate, params.steps
        ),
        "compiled training": lambda: ht.learning.gradient_descent(
            u, y, [POLE], [b0], [c0], rate, params.steps, method="recurrence"
        ),
        "triangular training": lambda: ht.learning.gradient_descent(
            u, y, [POLE], [b0], [c0], rate, params.steps
        ),
        "vectorised training": lambda: _vectorised(u, y, b0, c0, rate, params.steps),
    }


def _vectorised(u, y, b, c, rate, steps):
    """Descent on b and c through the recurrence and its adjoint, both by lfilter."""
    for _ in range(steps):
        x = np.asarray(lfilter([b], [1.0, -POLE], u, axis=-1))
        error = c * x - y
        adjoint = np.asarray(lfilter([c], [1.0, -POLE], error[:, ::-1], axis=-1))[:, ::-1]
        b, c = b - rate * (adjoint * u).sum(), c - rate * (error * x).sum()
    return b * c


def _many_modes(params, rng):
    N = params.modes
    s, m = rng.uniform(0.5, 1.5, N), rng.uniform(0.5, 1.5, N)
    b0, c0 = rng.uniform(0.1, 0.5, N), rng.uniform(0.0, 0.1, N)
    stats = ht.learning.Statistics(s, np.diag(m), 100.0 * N)
    t = np.linspace(0.0, 8.0, params.times)
    conserved = (b0**2 - c0**2) ** 2

    def slope(_, w):
        return np.sqrt(conserved + 4 * w * w) * (s - m * w)

    return {
        "closed form": lambda: ht.learning.flow(stats, b0, c0, t),
        "DOP853 at 1e-6": lambda: solve_ivp(
            slope, (0, 8.0), b0 * c0, "DOP853", t, rtol=1e-6, atol=1e-9
        ),
    }


TASKS = {"one gain": _one_gain, "many modes": _many_modes}


def check(table):
    ratio = table.set_index(["task", "contender"]).ratio
    one, many = ratio["one gain"], ratio["many modes"].drop("closed form")
    others = one.drop(["closed form", "two-number map"])
    assert others.min() > 2, f"{others.idxmin()} takes only {others.min():.2f} times as long"
    assert one["two-number map"] < 1.5, "the map of two numbers is slower"
    assert many.max() < 1.5, "easy modes are integrated more slowly"
    return {
        "least ratio to the closed form": float(others.min()),
        "largest": float(others.max()),
        "two-number map": float(one["two-number map"]),
        "easy modes": float(many.max()),
    }


def plot(table):
    figure = _figures.figure("double", 2.4)
    ax = figure.subplots()
    rows = table[::-1]
    labels = rows.task + ": " + rows.contender
    ax.plot(rows.ratio, labels, "o")
    for ratio, label in zip(rows.ratio, labels, strict=True):
        shown = np.format_float_positional(ratio, 3, fractional=False, trim="-")
        ax.annotate(shown, (ratio, label), (5, 3), textcoords="offset points")
    ax.axvline(1.0, color=_figures.GREY, linewidth=0.7, marker="", linestyle="-")
    ax.set(xscale="log", xlabel="processor time over that of the closed form")
    return figure


if __name__ == "__main__":
    _study.main(__file__)
