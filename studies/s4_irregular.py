"""Interpolating CO2 between its real times, S4D errs less than half as much as by counting steps.

Of a weekly record with gaps one sample in 2 to 32 is kept, regularly or at random. Errors of the
outputs at the kept samples, against the exact response to the linear interpolant of the whole
record. Beyond one sample in 8 the seasons are lost to every reading (compare s4_views).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

import hippo_theory as ht
from studies import _figures, _series


@dataclass(frozen=True)
class Params:
    N: int = 16
    """Conjugate pairs of S4D-Lin."""
    scale: float = 2.0
    """Years that are one unit of its time."""
    kept: tuple[int, ...] = (2, 4, 8, 16, 32)
    """One sample in so many is kept."""


QUICK = Params(N=4, kept=(4, 16))
SEASONS = 8  # weeks between samples, up to which a year is resolved
CHOICES = {"every": "every $m$-th sample", "random": "one in $m$ at random"}
READINGS = {"counted": "zoh, steps counted", "zoh": "zoh", "bilinear": "trapezoid", "foh": "foh"}


def cells(params: Params) -> list[tuple]:
    return [(c, m, params.N, params.scale) for c in CHOICES for m in params.kept]


def measure(cell: tuple, rng: np.random.Generator) -> list[dict]:
    choice, kept, N, scale = cell
    t, u = _series.co2()
    t, u = (t - t[0]) / scale, (u - u.mean()) / u.std()
    C = np.random.default_rng(7).normal(size=(N, 2)) @ [1, 1j]
    system = ht.lti.family("s4d_lin", N, C=C)
    exact = ht.lti.simulate(system, u, times=t, scheme="foh")
    chosen = np.arange(0, t.size, kept)
    if choice == "random":
        chosen = np.sort(rng.choice(t.size, chosen.size, replace=False))
    times, samples, exact = t[chosen], u[chosen], exact[chosen]
    size, rows = np.std(exact), []
    for reading in READINGS:
        clock, scheme = times - times[0], reading
        if reading == "counted":
            clock, scheme = np.linspace(0, clock[-1], clock.size), "zoh"
        y = ht.lti.simulate(system, samples, times=clock, scheme=scheme)
        late = clock > 0.25 * clock[-1]  # where the start is forgotten
        error = np.sqrt(np.mean((y - exact)[late] ** 2)) / size
        rows.append({"choice": choice, "kept": kept, "reading": reading, "error": error})
    return rows


def check(table: pd.DataFrame) -> dict:
    wide = table.pivot_table(index=["choice", "kept"], columns="reading", values="error")
    dense = wide[wide.index.get_level_values("kept") <= SEASONS]
    gain = dense["counted"] / dense["foh"]
    assert (gain > 2).all(), "interpolation must err less than half as much as counting"
    return {"least ratio counted to foh": gain.min(), "largest": gain.max()}


def plot(table: pd.DataFrame) -> Figure:
    figure = _figures.figure("double", 2.8)
    axes = figure.subplots(1, 2, sharey=True)
    for ax, (choice, title) in zip(axes, CHOICES.items(), strict=True):
        for reading, label in READINGS.items():
            rows = table[(table["choice"] == choice) & (table["reading"] == reading)]
            ax.loglog(rows["kept"], rows["error"], label=label)
        ax.set(title=title, xlabel="$m$")
        ticks = sorted(table["kept"].unique())
        ax.set_xscale("log", base=2)
        ax.set_xticks(ticks, list(map(str, ticks)))
    axes[0].set_ylabel("relative error of outputs")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return figure


if __name__ == "__main__":
    from studies import _study

    _study.main(__file__)
