"""Every memory curve sums to N and follows its law, below N/(k+1) (compare memory_long_range).

Exact curves of four pole sets (symbols) on the laws that predict them from group delay or from
the cycle's staircase (lines); on the right the share of the ceiling that each reaches, with
poles designed for one lag.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from hippo_theory import memory
from studies import _figures, _spectra


@dataclass(frozen=True)
class Params:
    N: int = 128
    """Number of poles."""
    points: int = 60
    """Lags shown, spaced logarithmically."""


QUICK = Params(N=16, points=20)
NAMES = {
    "cycle": "cycle, $r = 1 - 1/2N$",
    "ring": "LRU ring [0.9, 0.999]",
    "comb": "S4D-Lin, $dt = 1/N$",
    "real": "real, uniform on (0, 0.999)",
    "designed": "comb with $dt = 1.76/8N$, damping 1",
}


def cells(params: Params) -> list[tuple]:
    return [(name, params.N, params.points) for name in NAMES]


def measure(cell: tuple, rng: np.random.Generator) -> list[dict]:
    name, N, points = cell
    poles, law = _poles_and_law(name, N, rng)
    K = 200 * N
    curve = memory.capacity(poles, K)
    rest = memory.capacity(poles, 100_000)[K:].sum() if K < 100_000 else 0.0
    lags = np.unique(np.geomspace(1, 40 * N, points).astype(int)) - 1
    common = {"poles": name, "N": N, "total": curve.sum() + rest}
    return [
        {**common, "lag": int(k), "capacity": c, "law": value, "ceiling": bound}
        for k, c, value, bound in zip(
            lags, curve[lags], law(lags), memory.capacity_ceiling(N, lags), strict=True
        )
    ]


def _poles_and_law(name, N, rng):
    if name == "cycle":
        radius = 1 - 0.5 / N
        return _spectra.cycle(N, radius), lambda k: memory.cycle_capacity(N, radius, k)
    if name == "comb":
        return _spectra.comb(N, 1 / N), lambda k: memory.s4d_lin_capacity(N, 1 / N, k)
    if name == "designed":
        dt = 1.76 / (8 * N)
        poles = np.exp(dt * (-1.0 + 1j * np.pi * (np.arange(N) - (N - 1) / 2)))
        return poles, lambda k: memory.s4d_lin_capacity(N, dt, k, decay=1.0)
    poles = _spectra.ring(N, rng, 0.9, 0.999) if name == "ring" else rng.uniform(0, 0.999, N)
    return poles, lambda k: memory.bandwidth(poles, k)


def plot(table: pd.DataFrame) -> Figure:
    figure = _figures.figure("double", 3.1)
    curves, shares = figure.subplots(1, 2)
    N = int(table["N"].iloc[0])
    for name, label in NAMES.items():
        rows = table[table["poles"] == name]
        (line,) = curves.loglog(
            rows["lag"] + 1, rows["capacity"], linestyle="", label=label, markersize=2.6
        )
        curves.loglog(
            rows["lag"] + 1, rows["law"], color=line.get_color(), marker="", linestyle="-",
            linewidth=0.7,
        )  # fmt: skip
        shares.semilogx(
            (rows["lag"] + 1) / N, rows["capacity"] / rows["ceiling"],
            color=line.get_color(), marker=line.get_marker(), markersize=2.6, linewidth=0.6,
        )  # fmt: skip
    k = np.sort(table["lag"].unique()) + 1
    curves.loglog(k, np.minimum(1, N / k), color=_figures.GREY, marker="", linestyle=":")
    curves.annotate("ceiling $N/(k+1)$", (3 * N, 0.42), fontsize="small", color=_figures.GREY)
    curves.set(ylim=(1e-3, 1.5), xlabel="lag $k + 1$", title=f"$MC(k)$, $N = {N}$: symbols exact, "
               "lines laws")  # fmt: skip
    shares.axhline(1, color=_figures.GREY, linewidth=0.7, linestyle=":")
    shares.set(ylim=(0, 1.08), xlabel="lag $(k + 1)/N$", title="share of the ceiling reached")
    figure.legend(*curves.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


if __name__ == "__main__":
    from studies import _study

    _study.main(__file__)
