"""Over a million LegS steps rounding stays at the last digits of double precision.

The midpoint rule in double (the solver), in single precision as written, and in single precision
by compensated increments, against the same recurrence in double-double arithmetic. The solver
carries single-precision samples in double, which is more accurate than the compensated form; that
one is for devices without fast doubles. (compare legs_speed)
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from hippo_theory.legs import solve
from studies import _figures


@dataclass(frozen=True)
class Params:
    N: int = 64
    """State dimension."""
    steps: tuple[int, ...] = (1_000, 10_000, 100_000, 1_000_000)
    """Numbers of equal steps."""


QUICK = Params(N=16, steps=(100, 1_000, 10_000))
INPUTS = ("cosine", "white noise")
UNITS = {"single": 2.0**-24, "double": 2.0**-53}


def cells(params: Params) -> list[tuple]:
    return [(name, params.N, steps) for name in INPUTS for steps in params.steps]


def measure(cell: tuple, rng: np.random.Generator) -> list[dict]:
    from studies import _rounding

    name, N, steps = cell
    t = np.arange(steps + 1.0)
    samples = np.cos(40 * t / steps) if name == "cosine" else rng.standard_normal(steps + 1)
    single = samples.astype(np.float32)
    norms = np.sqrt(2 * np.arange(N) + 1.0)
    exact = norms * _rounding.in_double_double(single.astype(float), N)
    forms = {
        "single, as written": norms * _rounding.as_written(single, N),
        "single, compensated increments": norms * _rounding.compensated(single, N),
        "single samples, solver": solve(single, t, N, store="final"),
        "double, solver": solve(single.astype(float), t, N, store="final"),
    }
    size = np.linalg.norm(exact)
    return [
        {
            "input": name,
            "N": N,
            "steps": steps,
            "form": form,
            "relative_error": np.linalg.norm(found - exact) / size,
        }
        for form, found in forms.items()
    ]


def plot(table: pd.DataFrame) -> Figure:
    figure = _figures.figure("double", 2.8)
    panels = figure.subplots(1, 2, sharey=True)
    for axes, name in zip(panels, INPUTS, strict=True):
        rows = table[table["input"] == name]
        for form in dict.fromkeys(rows["form"]):
            curve = rows[rows["form"] == form]
            axes.loglog(curve["steps"], curve["relative_error"], label=form)
        for y in UNITS.values():
            axes.axhline(y, color=_figures.GREY, lw=0.7)
        axes.set(title=name, xlabel="steps")
    panels[0].set_ylabel("relative error of the final state")
    for name, y in UNITS.items():
        place = {"xycoords": ("axes fraction", "data"), "va": "center", "fontsize": "small"}
        panels[1].annotate(f" {name}", (1, y), color=_figures.GREY, **place)
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure


if __name__ == "__main__":
    from studies import _study

    _study.main(__file__)
