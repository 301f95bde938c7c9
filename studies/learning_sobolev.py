"""A weight (1 + |1 - z|^2)^beta on the error turns the order in which frequencies are learned.

Poles +0.9 (low) and -0.9 (high) with equal targets. Left: time at which each gain passes one half;
lines: coupled flow, dots: training on filtered sequences (integer beta), crosses: each pole alone
(`time_to`). Right: condition number of M, the price. (compare learning_front)
"""

from dataclasses import dataclass
from typing import Annotated

import numpy as np

import hippo_theory as ht
from studies import _figures, _study, _teacher
from studies._bounds import Bound


@dataclass(frozen=True)
class Params:
    betas: Annotated[tuple[float, ...], Bound(minimum=-30, maximum=30)] = tuple(
        float(v) for v in np.linspace(-2, 2, 17)
    )
    pole: Annotated[float, Bound(below=1)] = 0.9
    start: float = 0.01
    """b0 and c0."""
    L: int = 512
    sequences: int = 64
    """Length and number of training sequences, at integer beta."""


QUICK = Params(betas=(-1.0, 0.5), L=128, sequences=8)
ROOT = (3 - np.sqrt(5)) / 2  # 3 - 2 cos w = |1 - ROOT e^{-i w}|^2 / ROOT


def cells(params):
    return [(params, beta) for beta in params.betas]


def measure(cell, rng):
    params, beta = cell
    poles, start = np.array([params.pole, -params.pole]), np.full(2, params.start)
    stats = ht.learning.population_statistics(poles, poles, [1.0, 1.0], weight=beta)
    flow = [_half(stats, start, j) for j in (0, 1)]
    trained = [np.nan, np.nan]
    if beta == round(beta):
        trained = _trained(params, int(beta), poles, start, rng, max(flow))
    rows = []
    for j, name in enumerate(("low", "high")):
        eta = float(stats.M[j, j])
        alone = float(ht.learning.time_to(0.5, params.start, params.start, eta, eta))
        rows.append(
            {
                "beta": beta,
                "frequency": name,
                "flow": flow[j],
                "alone": alone,
                "trained": trained[j],
                "condition": np.linalg.cond(stats.M),
            }
        )
    return rows


def _half(stats, start, j):
    """Time at which gain j of the flow passes 1/2, to 1e-6."""
    low, high = 0.0, 1e4
    for _ in range(4):
        t = np.linspace(low, high, 201)[1:]
        k = int(np.argmax(ht.learning.flow(stats, start, start * 0.999, t).w[:, j] >= 0.5))
        low, high = (t[k - 1] if k else low), t[k]
    return high


def _trained(params, beta, poles, start, rng, end):
    """The same two times of gradient descent on filtered sequences, in units of one sample."""
    u = _teacher.sequences(rng, (params.sequences, params.L))
    y = sum(_teacher.answers(rng, u, a, 1.0, 0.0) for a in poles)
    part = np.array([1.0, -ROOT]) / np.sqrt(ROOT)
    b = a = np.ones(1)
    for _ in range(abs(beta)):
        b, a = (np.convolve(b, part), a) if beta > 0 else (b, np.convolve(a, part))
    for name in ("u", "y"):
        signal = u if name == "u" else y
        signal = ht.learning.weights.filtered(signal, signal, (b, a))[0]
        u, y = (signal, y) if name == "u" else (u, signal)
    steps = 5000
    rate = 1.5 * end / steps / u.size
    run = ht.learning.gradient_descent(u, y, poles, start, start * 0.999, rate, steps)
    return [1.5 * end / steps * int(np.argmax(run.w[:, j] >= 0.5)) for j in (0, 1)]


def check(table):
    low, high = (table[table.frequency == name].set_index("beta") for name in ("low", "high"))
    ratio = (high.flow / low.flow).sort_index()
    assert (np.diff(ratio) < 0).all(), "the ratio of times does not fall with beta"
    alone = (high.alone / low.alone).sort_index()
    miss = float((alone / ratio - 1).abs().max())
    assert miss < 0.1, f"poles taken alone miss a ratio by {miss:.0%}"
    trained = table.dropna(subset="trained")
    off = float((trained.trained / trained.flow - 1).abs().max())
    assert off < 0.1, f"training is {off:.0%} off the flow"
    first, last = float(ratio.iloc[0]), float(ratio.iloc[-1])
    assert first > 10, f"at the lowest beta high frequencies wait only {first:.1f} times longer"
    assert last < 0.1, f"at the highest beta the ratio is {last:.2f}"
    return {
        "high over low, lowest beta": first,
        "high over low, highest beta": last,
        "alone misses the ratio by": miss,
        "training off by": off,
        "largest condition number": float(table.condition.max()),
    }


def plot(table):
    figure = _figures.figure("double")
    left, right = figure.subplots(1, 2, width_ratios=(1.5, 1))
    for name, rows in table.groupby("frequency", sort=False):
        (line,) = left.semilogy(rows.beta, rows.flow, marker="", label=f"{name} frequency")
        colour = line.get_color()
        left.semilogy(rows.beta, rows.alone, "x", color=colour, markersize=4)
        left.semilogy(rows.beta, rows.trained, "o", color=colour, markersize=4)
    left.plot([], [], "o", color="0.4", markersize=4, label="training")
    left.plot([], [], "x", color="0.4", markersize=4, label="alone")
    left.set(xlabel="order $\\beta$ of the weight", ylabel="time to half")
    left.legend()
    rows = table[table.frequency == "low"]
    right.semilogy(rows.beta, rows.condition, marker="")
    right.set(xlabel="order $\\beta$ of the weight", ylabel="condition number of $M$")
    right.set_yticks([1, 3, 10, 30], ["1", "3", "10", "30"])
    right.minorticks_off()
    return figure


if __name__ == "__main__":
    _study.main(__file__)
