"""A LegS state of N numbers keeps the best polynomial of degree N-1 through a whole real series.

Yearly sunspots and weekly CO2 (missing weeks make its times irregular), or your own CSV, are fed
to the exact linear-interpolation scheme. What the last state remembers is drawn over the series;
what it misses of the interpolated series is known online, from the innovations f - B.c alone
(energy identity, as finely as the samples resolve them). (compare legs_convergence)
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from hippo_theory.legs import energy_error, reconstruct, solve
from studies import _figures, _series


@dataclass(frozen=True)
class Params:
    N: tuple[int, ...] = (4, 8, 16, 32, 64, 128)
    """State dimensions."""
    csv: Path | None = None
    """A series of your own, in place of sunspots and CO2."""
    time: str = "time"
    """Its column of times: increasing numbers, or ISO dates (read as years)."""
    value: str = "value"
    """Its column of values."""
    missing: Literal["refuse", "drop"] = "refuse"
    """What to do with its lines in which time or value is missing."""
    encoding: str = "utf-8"
    """Its encoding, where no byte order mark says it."""


QUICK = Params(N=(4, 8, 16))
SHIPPED = {
    "sunspots": (_series.sunspots, "year", "sunspots a year"),
    "co2": (_series.co2, "year", "CO$_2$ (ppm)"),
}


def cells(params: Params) -> list[dict]:
    if params.csv is None:
        series = {name: (*load(), x, y) for name, (load, x, y) in SHIPPED.items()}
    else:
        times, values = _series.from_csv(
            params.csv, params.time, params.value, missing=params.missing, encoding=params.encoding
        )
        series = {params.csv.stem: (times, values, params.time, params.value)}
    dims = sorted(set(params.N))
    drawn = dims[1::2] or dims
    return [
        {
            "series": name,
            "N": N,
            "drawn": N in drawn,
            "times": times,
            "values": values,
            "labels": [x, y],
        }
        for name, (times, values, x, y) in series.items()
        for N in dims
    ]


def bytes_needed(params: Params) -> float:
    """Bytes of the states of all times, and of the table."""
    rows = 3000
    if params.csv is not None:
        with params.csv.open("rb") as file:
            rows = sum(1 for _ in file)
    return 8.0 * rows * (2 * max(params.N) + 60)


def measure(cell: dict, rng: np.random.Generator) -> pd.DataFrame:
    times, f, N = cell["times"], cell["values"], cell["N"]
    t = times - times[0]
    solution = solve(f, t, N, scheme="foh")
    missed = _energy(f, t) - t[-1] * (solution.coefficients[-1] ** 2).sum()
    spread = _energy(f - np.trapezoid(f, t) / t[-1], t)
    common = {"series": cell["series"], "N": N, "x": cell["labels"][0], "y": cell["labels"][1]}
    missed = {
        "kind": "missed",
        "missed_over_deviation": np.sqrt(missed / spread),
        "told_by_innovations": np.sqrt(energy_error(f, solution) / spread),
    }
    rows = pd.DataFrame([common | missed])
    if not cell["drawn"]:
        return rows
    curves = {"time": times, "value": f, "memory": reconstruct(solution, t)}
    drawn = pd.DataFrame({**common, "kind": "memory", **curves})
    return pd.concat([rows, drawn], ignore_index=True)


def _energy(f: np.ndarray, t: np.ndarray) -> float:
    """The integral of the square of the linear interpolant, exactly."""
    return float((np.diff(t) * (f[:-1] ** 2 + f[:-1] * f[1:] + f[1:] ** 2) / 3).sum())


def check(table: pd.DataFrame) -> dict:
    """What is missed falls with N, and the innovations know it."""
    missed = table[table["kind"] == "missed"].sort_values(["series", "N"])
    numbers = {}
    for name, rows in missed.groupby("series"):
        share = rows["missed_over_deviation"].to_numpy()
        assert (np.diff(share) <= 0).all()
        np.testing.assert_allclose(rows["told_by_innovations"], share, rtol=1e-6)
        numbers[f"{name}: share missed by {rows['N'].iloc[-1]} numbers"] = share[-1]
    return numbers


def plot(table: pd.DataFrame) -> Figure:
    names = list(dict.fromkeys(table["series"]))
    figure = _figures.figure("double", 2.5 * len(names))
    grid = figure.subplots(len(names), 2, squeeze=False, width_ratios=(2.4, 1))
    for (series, errors), name in zip(grid, names, strict=True):
        rows = table[table["series"] == name]
        _series_panel(series, rows[rows["kind"] == "memory"], name)
        _error_panel(errors, rows[rows["kind"] == "missed"])
    return figure


def _series_panel(axes, rows: pd.DataFrame, name: str) -> None:
    drawn = sorted(rows["N"].unique())
    first = rows[rows["N"] == drawn[0]]
    axes.plot(first["time"], first["value"], color="0.7", marker="", ls="-", lw=0.8, label=name)
    for N in drawn:
        curve = rows[rows["N"] == N]
        axes.plot(curve["time"], curve["memory"], marker="", label=f"$N = {N}$")
    axes.set(xlabel=first["x"].iloc[0], ylabel=first["y"].iloc[0])
    axes.margins(x=0.01, y=0.16)
    axes.legend(ncols=len(drawn) + 1, loc="upper left", borderaxespad=0)


def _error_panel(axes, rows: pd.DataFrame) -> None:
    axes.loglog(rows["N"], rows["missed_over_deviation"], label="exact")
    axes.loglog(rows["N"], rows["told_by_innovations"], ls="", marker="x", label="from innovations")
    axes.set(xlabel="state dimension $N$", ylabel="missed / standard deviation", ylim=(0.03, 1.5))
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.legend(loc="lower left")


if __name__ == "__main__":
    from studies import _study

    _study.main(__file__)
