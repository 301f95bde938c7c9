"""The start's scale sets when a gain is learned, its imbalance how: sigmoid or exponential.

Late rate sqrt(4 sigma^2 + (eta lambda)^2), lambda = b^2 - c^2 conserved. Curves are closed forms,
marks are training by recurrences at a small learning rate. (compare learning_overparameterization)
"""

from dataclasses import dataclass
from typing import Annotated

import numpy as np

import hippo_theory as ht
from studies import _figures, _study, _teacher
from studies._bounds import Bound


@dataclass(frozen=True)
class Params:
    scales: tuple[float, ...] = (1e-4, 1e-3, 1e-2, 1e-1)
    """Starting gains w0 / w* of balanced starts b = c."""
    imbalances: tuple[float, ...] = (0.0, 0.1, 1.0, 4.0)
    """lambda / w* of starts with w0 / w* = gain."""
    gain: float = 1e-3
    pole: Annotated[float, Bound(above=-1, below=1)] = 0.9
    L: int = 64
    """Length of each sequence."""
    sequences: int = 4
    """Number of sequences."""
    fraction: float = 0.005
    """Learning rate over the stability limit 2 / R."""


QUICK = Params(scales=(1e-2, 1e-1), imbalances=(0.0, 1.0), fraction=0.05)


def cells(params):
    balanced = [(params, "scale", w0, 0.0) for w0 in params.scales]
    return balanced + [(params, "imbalance", params.gain, lam) for lam in params.imbalances]


def measure(cell, rng):
    params, panel, w0, imbalance = cell
    u = _teacher.sequences(rng, (params.sequences, params.L))
    y = _teacher.answers(rng, u, params.pole, 1.0, 0.0)
    stats = ht.learning.statistics(u, y, [params.pole])
    sigma, eta = float(stats.s[0]), float(stats.M[0, 0])
    size = np.hypot(imbalance, 2 * w0)  # b^2 + c^2
    b0 = np.sqrt((size + imbalance) / 2)
    c0 = w0 / b0
    R = float(ht.learning.rate([b0], [c0], sigma, eta))
    horizon = float(ht.learning.time_to(0.999, [b0], [c0], sigma, eta)) * R
    steps = round(horizon / (2 * params.fraction))
    run = ht.learning.gradient_descent(
        u, y, [params.pole], [b0], [c0], 2 * params.fraction / R, steps, method="recurrence"
    )
    rows = []
    for k in _teacher.thin(steps + 1, 40):
        w = ht.learning.gain(2 * params.fraction * k / R, sigma=sigma, eta=eta, b0=[b0], c0=[c0])
        rows.append(
            {
                "panel": panel,
                "start": w0,
                "imbalance": imbalance,
                "time": 2 * params.fraction * k / R * sigma,
                "gain_trained": run.w[k, 0],
                "gain_closed": float(w),
            }
        )
    return rows


def check(table):
    off = float((table.gain_trained - table.gain_closed).abs().max())
    assert off < 0.02, f"training is {off:.3g} off the closed form"
    half = table[table.gain_closed >= 0.5].groupby(["panel", "start", "imbalance"]).time.min()
    scales = half.loc["scale"].to_numpy()
    delay = float((scales[0] - scales[-1]) / np.log(table.start.max() / table.start.min()))
    assert abs(delay - 0.5) < 0.1, f"sigmoids are {delay:.2f} log(start ratio) apart, not 1/2"
    lazy = half.loc["imbalance"].droplevel(0)
    assert lazy.iloc[-1] < 0.3 * lazy.iloc[0], "imbalance does not speed the start"
    return {"training off by": off, "delay over log of the start": delay}


def plot(table):
    figure = _figures.figure("double")
    axes = figure.subplots(1, 2, sharey=True)
    for ax, (panel, by) in zip(axes, (("scale", "start"), ("imbalance", "imbalance")), strict=True):
        for number, (value, rows) in enumerate(table[table.panel == panel].groupby(by)):
            (line,) = ax.plot(rows.time, rows.gain_closed, marker="")
            name = f"$w_0/w_*={value:g}$" if by == "start" else f"$\\lambda/w_*={value:g}$"
            style = {"color": line.get_color(), "marker": "os^Dvx"[number % 6], "linestyle": ""}
            ax.plot(rows.time[::3], rows.gain_trained[::3], label=name, **style)
        ax.set_xlabel("time $\\sigma t$")
        ax.legend(loc="lower right")
    axes[0].set(ylabel="gain $w/w_*$", title="balanced, $b_0=c_0$")
    axes[1].set_title(f"imbalanced, $w_0/w_*={table[table.panel == 'imbalance'].start.iloc[0]:g}$")
    return figure


if __name__ == "__main__":
    _study.main(__file__)
