"""Rough data need L >= N^2 steps: below, one-step schemes lose what an exact hold keeps.

White-noise samples are carried by a one-step scheme and by the exact hold of the same samples
(linear for midpoint, the newest sample for the other two). Their relative difference at the end
depends on L / N^2 far more than on N: a step of a rational scheme is accurate for |A| / L << 1,
and |A| = 0.64 N^2. (compare legs_convergence, where smooth inputs do not see N)
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from hippo_theory import _check
from hippo_theory.legs import solve
from studies import _figures


@dataclass(frozen=True)
class Params:
    N: tuple[int, ...] = (16, 32, 64, 128)
    """State dimensions."""
    ratio: tuple[float, ...] = (1 / 16, 1 / 4, 1.0, 4.0, 16.0)
    """L / N^2, L being the number of steps."""
    draws: int = 12
    """Sequences of white noise for each N and L."""


QUICK = Params(N=(8, 16), ratio=(1 / 4, 1.0, 4.0), draws=4)
SCHEMES = ("midpoint", "approximate_bilinear", "backward_euler")


def cells(params: Params) -> list[dict]:
    _check.integer("draws", params.draws)
    return [
        {"N": _check.integer("N", N), "ratio": ratio, "draws": params.draws}
        for N in params.N
        for ratio in params.ratio
    ]


def measure(cell: dict, rng: np.random.Generator) -> list[dict]:
    N = cell["N"]
    steps = max(round(cell["ratio"] * N**2), 1)
    samples = rng.standard_normal((cell["draws"], steps + 1))
    t = np.arange(steps + 1.0)
    linear = solve(samples, t, N, scheme="foh", store="final")
    newest = solve(samples[:, 1:], t, N, scheme="zoh", samples="averages", store="final")
    rows = []
    for scheme in SCHEMES:
        exact = linear if scheme == "midpoint" else newest
        missed = np.linalg.norm(solve(samples, t, N, scheme=scheme, store="final") - exact, axis=1)
        relative = missed / np.linalg.norm(exact, axis=1)
        common = {"scheme": scheme, "N": N, "steps": steps, "steps_over_N2": steps / N**2}
        rows += [common | {"draw": k, "difference": value} for k, value in enumerate(relative)]
    return rows


def plot(table: pd.DataFrame) -> Figure:
    figure = _figures.figure("double", 2.9)
    panels = figure.subplots(1, 3, sharey=True)
    for axes, scheme in zip(panels, SCHEMES, strict=True):
        _panel(axes, table[table["scheme"] == scheme])
        axes.set(title=scheme, xlabel="$L / N^2$")
    panels[0].set(ylabel="relative difference\nfrom the exact hold")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return figure


def _panel(axes, rows: pd.DataFrame) -> None:
    for N, mine in rows.groupby("N"):
        groups = mine.groupby("steps_over_N2")["difference"]
        (line,) = axes.loglog(groups.median(), label=f"$N = {N}$")
        low, high = groups.min(), groups.max()
        axes.fill_between(low.index, low, high, color=line.get_color(), alpha=0.15, lw=0)
    axes.axvline(1.0, color=_figures.GREY, lw=0.7, ls="-", marker="")


if __name__ == "__main__":
    from studies import _study

    _study.main(__file__)
