"""Inputs come back from random rings where 1 - r is below 1 / L and phases fill the circle.

N unit-variance states of poles with one radius r read L = N / 2 inputs from rest and are stored in
single precision; least squares recovers the inputs. Left: the poles. Middle: condition number of
the map from inputs to states. Right: relative error of the recovered inputs, against 1 - r, for
phases that are evenly spaced, random on the whole circle, or random on a part of it.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from hippo_theory import memory
from studies import _figures


@dataclass(frozen=True)
class Params:
    N: int = 64
    """Number of poles; even."""
    points: int = 13
    """Radii, 1 - r spaced logarithmically from 1e-4 to 0.5."""
    seeds: int = 9
    """Draws of phases and inputs."""


QUICK = Params(N=12, points=4, seeds=2)
PHASES = {"even": 1.0, "circle": 1.0, "half": 0.5, "tenth": 0.1}
LABELS = {
    "even": "evenly spaced",
    "circle": "random, $|\\theta| < \\pi$",
    "half": "random, $|\\theta| < \\pi/2$",
    "tenth": "random, $|\\theta| < \\pi/10$",
}


def cells(params: Params) -> list[tuple]:
    if params.N % 2:
        raise ValueError(f"N must be even, got {params.N}")
    gaps = np.geomspace(1e-4, 0.5, params.points).tolist()
    return [
        (name, params.N, gap, seed)
        for name in PHASES
        for gap in gaps
        for seed in range(params.seeds)
    ]


def measure(cell: tuple, rng: np.random.Generator) -> list[dict]:
    name, N, gap, seed = cell
    poles, L = _poles(name, N, gap, np.random.default_rng(seed)), N // 2  # phases of all radii
    u = np.random.default_rng([seed, 1]).normal(size=L)
    scale = np.sqrt(1 - np.abs(poles) ** 2)
    x = (scale[:, None] * poles[:, None] ** np.arange(L)) @ u[::-1]
    stored = x.astype(np.complex64).astype(complex)
    found = memory.reconstruct(stored / scale, poles, L)
    return [{
        "phases": name, "N": N, "L": L, "gap": gap, "seed": seed,
        "condition": memory.vandermonde_log10_condition(poles, L, normalized=True),
        "error": float(np.linalg.norm(found - u) / np.linalg.norm(u)),
    }]  # fmt: skip


def _poles(name, N, gap, rng):
    n = np.arange(N)
    turns = (n + 0.5) / N if name == "even" else PHASES[name] * (rng.random(N) - 0.5)
    return (1 - gap) * np.exp(2j * np.pi * turns)


def check(table: pd.DataFrame) -> dict:
    L = int(table["L"].iloc[0])
    near, far = (
        table[side].groupby("phases")["error"].median()
        for side in (table["gap"] < 1 / L, table["gap"] > 10 / L)
    )
    numbers = {f"{name}_near": near[name] for name in PHASES}
    numbers |= {f"{name}_far": far[name] for name in PHASES}
    assert numbers["even_near"] < 1e-6
    assert numbers["circle_near"] < 1e-5
    assert numbers["circle_far"] > 1e-4
    assert numbers["tenth_near"] > 0.1
    return numbers


def plot(table: pd.DataFrame) -> Figure:
    figure = _figures.figure("double", 3.1)
    portrait, conditions, errors = figure.subplots(1, 3)
    N, L = int(table["N"].iloc[0]), int(table["L"].iloc[0])
    angle = np.linspace(0, 2 * np.pi, 200)
    portrait.plot(np.cos(angle), np.sin(angle), color=_figures.GREY, marker="", linewidth=0.7)
    for k, (name, label) in enumerate(LABELS.items()):
        rows = table[table["phases"] == name].groupby("gap")
        condition = rows["condition"].median()
        (line,) = conditions.semilogx(condition.index, condition, label=label, markersize=3)
        color = line.get_color()
        middle, low, high = (rows["error"].quantile(q) for q in (0.5, 0.1, 0.9))
        errors.loglog(middle.index, middle, color=color, marker=line.get_marker(), markersize=3)
        errors.fill_between(middle.index, low, high, color=color, alpha=0.15)
        shown = _poles(name, N, 0.05 + 0.2 * k, np.random.default_rng(0))
        portrait.plot(shown.real, shown.imag, color=color, linestyle="", marker=line.get_marker(),
                      markersize=2)  # fmt: skip
    portrait.set(aspect="equal", title=f"{N} phases, radii to tell them apart")
    portrait.set_axis_off()
    for axes in (conditions, errors):
        axes.axvline(1 / L, color=_figures.GREY, linewidth=0.7, linestyle=":")
        axes.set(xlabel="$1 - r$ (dotted: $1/L$)")
    conditions.set(title="$\\log_{10}$ condition number")
    errors.set(title=f"error of the last {L} inputs", ylim=(1e-8, 1e8))
    figure.legend(*conditions.get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return figure


if __name__ == "__main__":
    from studies import _study

    _study.main(__file__)
