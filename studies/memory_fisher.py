"""Fisher memory sums to 1 in normal recurrences, to 15 in a delay line (compare memory_gradient).

N states that receive noise of unit variance in every step. Left: J(k) of normal recurrences and of
delay lines whose links amplify. Right: its sum against the gain of the links, by the room (symbols)
and by the closed form (line), up to the N that nothing exceeds; every one of these recurrences has
a memory capacity of N without noise.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

import hippo_theory as ht
from hippo_theory import memory
from studies import _figures, _spectra


@dataclass(frozen=True)
class Params:
    N: int = 16
    """Number of states."""
    gains: tuple[float, ...] = (1.0, 1.1, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0)
    """Of the links of the delay line; 1, 1.1 and 2 are drawn as curves."""
    lags: int = 40
    """Lags of the curves."""


QUICK = Params(N=6, gains=(1.0, 1.1, 2.0), lags=10)
NORMAL = {"cycle": "cycle, $r = 1 - 1/N$", "ring": "LRU ring [0.5, 0.99]"}
SHOWN = (1.0, 1.1, 2.0)


def cells(params: Params) -> list[tuple]:
    names = [*NORMAL, *params.gains]
    return [(name, params.N, params.lags) for name in names]


def measure(cell: tuple, rng: np.random.Generator) -> list[dict]:
    name, N, lags = cell
    if name in NORMAL:
        poles = _spectra.ring(N, rng, 0.5, 0.99) if name == "ring" else _spectra.cycle(N, 1 - 1 / N)
        b = np.full(N, N**-0.5)
        system = ht.DiagonalLTI(poles, b, b, dt=1.0)
        gain, expected = np.nan, 1.0
    else:
        b = np.eye(N)[0]
        system = ht.LTI(name * np.eye(N, k=-1), b, b, dt=1.0)
        gain, expected = name, _delay_line(name, N)
    common = {"name": str(name), "N": N, "gain": gain, "expected": expected,
              "total": memory.fisher_total(system)}  # fmt: skip
    curve = memory.fisher_memory(system, lags)
    return [{**common, "lag": k, "fisher": value} for k, value in enumerate(curve)]


def _delay_line(a, N):
    """The sum over k < N of a^2k (a^2 - 1) / (a^(2 k + 2) - 1)."""
    k = np.arange(N)
    signal = a ** (2.0 * k)
    return float(np.sum(signal / np.array([np.sum(a ** (2.0 * np.arange(n + 1))) for n in k])))


def check(table: pd.DataFrame) -> dict:
    rows = table.drop_duplicates("name").set_index("name")
    numbers = {name: rows.loc[name, "total"] for name in rows.index}
    numbers["largest_relative_error"] = (rows["total"] / rows["expected"] - 1).abs().max()
    assert numbers["largest_relative_error"] < 1e-9
    assert 15 < numbers["4.0"] < 16
    assert 3 < numbers["1.0"] < 4
    return numbers


def plot(table: pd.DataFrame) -> Figure:
    figure = _figures.figure("double", 3.1)
    curves, totals = figure.subplots(1, 2)
    N = int(table["N"].iloc[0])
    for name, label in [*NORMAL.items(), *((str(a), f"delay line, gain {a:g}") for a in SHOWN)]:
        rows = table[(table["name"] == name) & (table["fisher"] > 0)]
        curves.semilogy(rows["lag"], rows["fisher"], label=label, markersize=2.6)
    curves.set(ylim=(1e-4, 1.5), xlabel="lag $k$", title="Fisher memory $J(k)$")
    curves.legend(fontsize="small", loc="upper right")
    rows = table.dropna(subset="gain").drop_duplicates("name").sort_values("gain")
    gains = np.linspace(rows["gain"].min(), rows["gain"].max(), 100)
    totals.plot(gains, [_delay_line(a, N) for a in gains], color=_figures.GREY, marker="",
                linewidth=0.8, label="closed form")  # fmt: skip
    totals.plot(rows["gain"], rows["total"], linestyle="", label="delay line", markersize=3.5)
    totals.axhline(N, color=_figures.GREY, linewidth=0.7, linestyle=":")
    totals.axhline(1, color=_figures.GREY, linewidth=0.7, linestyle="--")
    totals.annotate("normal: 1", (0.7 * gains[-1], 1.3), fontsize="small", color=_figures.GREY)
    totals.set(ylim=(0, 1.08 * N), xlabel="gain of the links", title=f"its sum, $N = {N}$")
    totals.legend(fontsize="small", loc="center right")
    return figure


if __name__ == "__main__":
    from studies import _study

    _study.main(__file__)
