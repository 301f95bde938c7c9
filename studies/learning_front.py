"""Alone, frequencies are learned one by one; coupled poles leave tails a hundred times longer.

Left: L-th roots of unity, one sequence: each pole owns a frequency, which is learned at
log(1 / w0) / 2 |U Y| (line). Right: the same number of real poles and white input, which share
every frequency. Both heat maps show |H(omega, t) - H*(omega)| / |H*(omega)|.
(compare learning_sobolev)
"""

from dataclasses import dataclass
from typing import Annotated

import numpy as np

import hippo_theory as ht
from studies import _figures, _study, _teacher
from studies._bounds import Bound


@dataclass(frozen=True)
class Params:
    L: Annotated[int, Bound(multiple_of=2)] = 64
    """Number of samples, and of roots of unity."""
    poles: int = 8
    """Number of coupled real poles, from -0.9 to 0.9."""
    start: Annotated[float, Bound(below=1)] = 1e-4
    """Starting gains over the final ones."""
    times: int = 140
    span: float = 1e6
    """Last time, in units of the first frequency's."""


QUICK = Params(L=16, poles=4, times=40)


def cells(params):
    return [(params, panel) for panel in ("alone", "coupled")]


def measure(cell, rng):
    params, panel = cell
    stats, gains = PROBLEMS[panel](params, rng)
    root = np.sqrt(params.start * abs(gains))
    unit = np.log(1 / params.start) / (2 * abs(stats.s).max())
    t = unit * np.geomspace(0.1, params.span, params.times)
    phase = stats.s / abs(stats.s)  # a start that points to its target
    path = ht.learning.flow(stats, root, 0.99 * root * phase, t)
    omega = 2 * np.pi * np.arange(params.L // 2 + 1) / params.L
    length = params.L if panel == "alone" else None
    error = ht.learning.frequency_error(path, omega, length=length)
    nothing = ht.learning.Flow(np.zeros(1), 0 * gains[None], "no gains", stats=stats)
    size = ht.learning.frequency_error(nothing, omega, length=length)[0]
    half, last = (_first(error / size, t, level) for level in (0.5, 0.01))
    predicted = np.full(omega.size, np.nan)
    if panel == "alone":
        predicted = np.log(1 / params.start) / (2 * abs(stats.s[: omega.size]))
    return [
        {
            "panel": panel,
            "time": t[i] / unit,
            "omega": omega[k],
            "error": error[i, k] / size[k],
            "half_time": half[k] / unit,
            "last_time": last[k] / unit,
            "predicted": predicted[k] / unit,
        }
        for i in range(t.size)
        for k in range(omega.size)
    ]


def _first(error, t, level):
    """First time of the grid after which the error stays below the level."""
    late = error.shape[0] - np.argmax((error >= level)[::-1], axis=0)
    late = np.where((error >= level).any(0), late, 0)
    return np.where(late < t.size, t[np.minimum(late, t.size - 1)], np.inf)


def _alone(params, rng):
    u = _teacher.sequences(rng, (1, params.L), correlation=0.6)
    y = np.fft.ifft(
        np.fft.fft(u) / (1 - 0.5 * np.exp(-2j * np.pi * np.arange(params.L) / params.L))
    )
    poles = np.exp(2j * np.pi * np.arange(params.L) / params.L)
    stats = ht.learning.statistics(u, y.real, poles, "truncated")
    return stats, stats.s / np.real(np.diag(stats.M))


def _coupled(params, rng):
    poles = np.linspace(-0.9, 0.9, params.poles)
    gains = rng.normal(size=params.poles)
    return ht.learning.population_statistics(poles, poles, gains), gains


PROBLEMS = {"alone": _alone, "coupled": _coupled}


def check(table):
    once = table.drop_duplicates(["panel", "omega"])
    alone = once[once.panel == "alone"]
    miss = float((alone.half_time / alone.predicted - 1).abs().max())
    tails = {panel: rows.last_time / rows.half_time for panel, rows in once.groupby("panel")}
    longest, tail = float(tails["alone"].max()), float(np.median(tails["coupled"]))
    assert miss < 0.25, f"a frequency is {miss:.0%} off its predicted time"
    assert longest < 3, f"a lone frequency takes {longest:.1f} half times"
    assert tail > 100 * longest, f"tails are {tail / longest:.1f} times longer"
    return {"worst time off": miss, "longest lone tail": longest, "median coupled tail": tail}


def plot(table):
    figure = _figures.figure("double", 2.6)
    axes = figure.subplots(1, 2, sharey=True)
    titles = {"alone": "roots of unity: one pole a frequency", "coupled": "real poles, coupled"}
    image = None
    for ax, (panel, title) in zip(axes, titles.items(), strict=True):
        rows = table[table.panel == panel]
        grid = rows.pivot(index="time", columns="omega", values="error")
        values = np.log10(np.clip(grid.to_numpy(), 1e-3, 1))
        image = ax.pcolormesh(
            grid.columns, grid.index, values, cmap="Greys", vmin=-3, vmax=0, rasterized=True
        )
        once = rows.drop_duplicates("omega")
        if panel == "alone":
            ax.plot(once.omega, once.predicted, marker="", color="C1", label="predicted")
            ax.legend(loc="upper left")
        ax.set(title=title, xlabel="frequency $\\omega$", yscale="log")
        ax.set_xticks([0, np.pi / 2, np.pi], ["0", "$\\pi/2$", "$\\pi$"])
    axes[0].set_ylabel("time, in that of the first frequency")
    bar = figure.colorbar(image, ax=axes, pad=0.02)
    bar.set_label("$\\log_{10}$ of the relative error")
    return figure


if __name__ == "__main__":
    _study.main(__file__)
