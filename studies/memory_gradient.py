"""Gradients vanish exponentially at fixed radii, as k^(-1/2) at best (compare memory_capacity).

Left: |d x_T / d u_{T-k}| of a unit-variance mode for fixed radii, and for the radius
sqrt(k/(k+1)) that moves with the lag. Right: memory of N noisy modes at lag k: fixed rings lose
it exponentially, a cycle whose radius moves with the lag follows the 1/k of the bound.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from hippo_theory import memory
from studies import _figures, _spectra


@dataclass(frozen=True)
class Params:
    N: int = 64
    """Number of modes."""
    noise: float = 1e-4
    """State noise relative to the variance of a state."""
    longest: int = 16_384
    """Largest lag."""
    points: int = 40
    """Lags, spaced logarithmically."""


QUICK = Params(N=8, longest=512, points=8)
RADII = (0.9, 0.99, 0.999)
RINGS = {
    "ring 1": "LRU ring [0, 1)",
    "ring 2": "LRU ring [0.9, 0.99]",
    "ring 3": "LRU ring [0.99, 0.999]",
    "moving": "cycle, radius best for the lag",
}


def cells(params: Params) -> list[tuple]:
    lags = np.unique(np.geomspace(1, params.longest, params.points).astype(int)).tolist()
    gradients = [("gradient", lags)]
    return gradients + [("capacity", name, params.N, params.noise, lags) for name in RINGS]


def measure(cell: tuple, rng: np.random.Generator) -> list[dict]:
    if cell[0] == "gradient":
        lags = np.array(cell[1])
        curves = {f"radius {r}": memory.gradient_norms([r], lags)[:, 0] for r in RADII}
        curves["best"] = memory.best_gradient(lags)
        curves["asymptote"] = 1 / np.sqrt(np.e * lags)
    else:
        _, name, N, noise, lags = cell
        curves = {name: _capacity(name, N, noise, lags, rng)}
        curves["bound"] = memory.noisy_capacity_bound(N, lags, noise)
        curves["ceiling"] = memory.capacity_ceiling(N, lags)
    return [
        {"kind": cell[0], "curve": key, "lag": k, "value": value}
        for key, values in curves.items()
        for k, value in zip(lags, values, strict=True)
    ]


def _capacity(name, N, noise, lags, rng):
    if name != "moving":
        low, high = {"ring 1": (0, 1), "ring 2": (0.9, 0.99), "ring 3": (0.99, 0.999)}[name]
        poles = _spectra.ring(N, rng, low, high)
        return memory.noisy_capacity(poles, lags[-1] + 1, noise=noise)[lags]
    values = []
    for lag in lags:
        poles = _spectra.cycle(N, float(memory.best_radius(lag)))
        values.append(memory.noisy_capacity(poles, lag + 1, noise=noise)[-1])
    return values


def plot(table: pd.DataFrame) -> Figure:
    figure = _figures.figure("double", 3.1)
    gradients, capacities = figure.subplots(1, 2)
    rows = table[table["kind"] == "gradient"]
    for name in [*(f"radius {r}" for r in RADII), "best"]:
        curve = rows[rows["curve"] == name]
        label = "best radius for the lag" if name == "best" else f"$|\\lambda| = {name[7:]}$"
        gradients.loglog(curve["lag"], curve["value"], label=label, markersize=2.6)
    far = rows["lag"].max()
    _figures.reference_slope(
        gradients, -0.5, (far / 200, far / 2), 1.8 / np.sqrt(np.e * far / 200), text=""
    )
    gradients.annotate("slope $-1/2$", (far / 40, 2.4 / np.sqrt(np.e * far / 40)), fontsize="small")
    gradients.set(ylim=(1e-6, 1.5), xlabel="lag $k$", title=r"gradient $|dx_T/du_{T-k}|$")
    gradients.legend(loc="lower left")
    rows = table[table["kind"] == "capacity"].drop_duplicates(["curve", "lag"])
    for name, label in RINGS.items():
        curve = rows[rows["curve"] == name]
        capacities.loglog(curve["lag"], curve["value"], label=label, markersize=2.6)
    curve = rows[rows["curve"] == "ceiling"]
    capacities.loglog(curve["lag"], curve["value"], color=_figures.GREY, marker="", linestyle=":",
                      label="ceiling $N/(k+1)$")  # fmt: skip
    capacities.set(ylim=(1e-6, 1.5), xlabel="lag $k$", title="memory $MC(k)$ of noisy modes")
    capacities.legend(loc="lower left")
    return figure


if __name__ == "__main__":
    from studies import _study

    _study.main(__file__)
