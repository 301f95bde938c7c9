"""64 designed poles recall one lag to 0.95 of the ceiling N / (k + 1) (compare memory_capacity).

Left: share of the ceiling at the lag k = 4 N that poles from an exact gradient, the best comb of
S4D-Lin's with damping 1 and a cycle of the best radius reach. What the designed ones lack is
drawn beside log(N) / N. Right: the designed poles of the largest N, times (k + 1): angle against
damping.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy import optimize

from hippo_theory import memory
from studies import _figures, _spectra


@dataclass(frozen=True)
class Params:
    sizes: tuple[int, ...] = (4, 8, 16, 32, 64)
    """Numbers of poles."""
    ratio: int = 4
    """Lag over number of poles."""


QUICK = Params(sizes=(4, 8))
NAMES = {
    "designed": "exact gradient",
    "comb": "comb, damping 1, best spacing",
    "cycle": "cycle, best radius",
}


def cells(params: Params) -> list[tuple]:
    return [(name, N, params.ratio * N) for name in NAMES for N in params.sizes]


def measure(cell: tuple, rng: np.random.Generator) -> list[dict]:
    name, N, lag = cell
    poles = _poles(name, N, lag)
    common = {
        "poles": name, "N": N, "lag": lag, "memory": memory.capacity(poles, lag + 1)[-1],
        "ceiling": float(memory.capacity_ceiling(N, lag)),
        "bfloat16": memory.effective_dimension(poles, "bfloat16"),
    }  # fmt: skip
    order = np.argsort(np.angle(poles))
    return [
        {**common, "angle": np.angle(pole), "damping": -np.log(np.abs(pole)) * (lag + 1)}
        for pole in poles[order]
    ]


def _poles(name, N, lag):
    if name == "designed":
        return memory.design_poles(N=N, lag=lag)
    if name == "cycle":  # MC = q^m (1 - q), m = floor(k / N)
        m = lag // N
        return _spectra.cycle(N, (m / (m + 1)) ** (1 / (2 * N)))
    loss = lambda x: -memory.capacity(_comb(N, x / (lag + 1)), lag + 1)[-1]  # noqa: E731
    found = optimize.minimize_scalar(loss, bounds=(1.0, 3.0), method="bounded")
    return _comb(N, found.x / (lag + 1))


def _comb(N, dt):
    return np.exp(dt * (-1.0 + 1j * np.pi * (np.arange(N) - (N - 1) / 2)))


def check(table: pd.DataFrame) -> dict:
    rows = table.drop_duplicates(["poles", "N"]).set_index(["poles", "N"])
    share = rows["memory"] / rows["ceiling"]
    numbers = {f"{name}_{N}": value for (name, N), value in share.items()}
    numbers["bfloat16_64"] = rows.loc[("designed", 64), "bfloat16"]
    assert 0.94 < numbers["designed_64"] < 1
    assert share["designed"].is_monotonic_increasing
    assert numbers["comb_64"] < numbers["designed_64"] - 0.05
    assert numbers["cycle_64"] < 0.45
    assert numbers["bfloat16_64"] > 63.9
    return numbers


def plot(table: pd.DataFrame) -> Figure:
    figure = _figures.figure("double", 3.1)
    shares, portrait = figure.subplots(1, 2)
    rows = table.drop_duplicates(["poles", "N"])
    for name, label in NAMES.items():
        curve = rows[rows["poles"] == name]
        shares.semilogx(curve["N"], curve["memory"] / curve["ceiling"], label=label, markersize=3.5)
    sizes = np.array(sorted(table["N"].unique()), float)
    lacks = rows[rows["poles"] == "designed"].iloc[-1]
    factor = (1 - lacks["memory"] / lacks["ceiling"]) * sizes[-1] / np.log(sizes[-1])
    shares.semilogx(sizes, 1 - factor * np.log(sizes) / sizes, color=_figures.GREY, marker="",
                    linestyle=":", label=f"$1 - {factor:.2f} \\log(N) / N$")  # fmt: skip
    shares.axhline(1, color=_figures.GREY, linewidth=0.7)
    shares.set_xticks(sizes, [f"{n:g}" for n in sizes])
    shares.minorticks_off()
    ratio = int(table["lag"].iloc[0] // table["N"].iloc[0])
    shares.set(ylim=(0, 1.05), xlabel="poles $N$", title=f"share of the ceiling at lag ${ratio}N$")
    shares.legend(loc="lower right", fontsize="small")
    best = table[(table["poles"] == "designed") & (table["N"] == sizes[-1])]
    portrait.plot(best["angle"] / np.pi, best["damping"], linestyle="", markersize=2.5)
    portrait.set(ylim=(0, None), xlabel="angle / $\\pi$",
                 title=f"damping $-\\log(r)\\,(k + 1)$, $N = {sizes[-1]:g}$")  # fmt: skip
    return figure


if __name__ == "__main__":
    from studies import _study

    _study.main(__file__)
