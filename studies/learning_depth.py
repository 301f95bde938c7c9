"""Depth lengthens the plateau: D layers escape a small gain after a time like w0^-(1 - 1/D).

Left: the gain of balanced cascades of D one-pole layers in the time 2 D sigma t, closed forms and
training by recurrences. Right: time to half of the target against the start, with the slopes of
the law; D = 1 has a logarithm. (compare learning_initialization)
"""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from scipy.signal import lfilter

import hippo_theory as ht
from studies import _figures, _study, _teacher
from studies._bounds import Bound


@dataclass(frozen=True)
class Params:
    layers: tuple[int, ...] = (1, 2, 4, 8)
    """D; infinity is added."""
    trained: tuple[int, ...] = (1, 2, 4)
    """Those that are trained, too."""
    start: Annotated[float, Bound(below=0.5)] = 0.01
    """Starting gain over the target."""
    starts: Annotated[tuple[float, ...], Bound(below=0.5)] = (1e-9, 1e-8, 1e-6, 1e-4, 1e-2)
    L: int = 64
    rate: float = 2e-3
    """Learning rate times 2 D sigma."""


QUICK = Params(layers=(1, 2), trained=(1, 2), starts=(1e-4, 1e-2), rate=2e-2)


def cells(params):
    curves = [(params, "curve", D) for D in (*params.layers, np.inf)]
    runs = [(params, "training", D) for D in params.trained]
    return curves + runs + [(params, "escape", D) for D in (*params.layers, np.inf)]


def measure(cell, rng):
    params, part, D = cell
    return PARTS[part](params, D, rng)


def _curve(params, D, rng):
    t = np.linspace(0.0, 130.0, 400)
    w = ht.learning.deep_gain(t, params.start, D, 1.0, 1.0, tau=_unit(D))
    return [_row("curve", D, time, gain=v) for time, v in zip(t, w, strict=True)]


def _training(params, D, rng):
    poles = np.linspace(0.5, -0.3, D)[:, None]
    u = _teacher.sequences(rng, (2, params.L))
    signal = u
    for a in poles[:, 0]:
        signal = np.asarray(lfilter([1.0], [1.0, -a], signal, axis=-1))
    scale = (signal**2).sum()  # eta = sigma for the target gain 1
    steps = round(130.0 / params.rate)
    root = np.full((D, 1), params.start ** (1 / (2 * D)))
    rate = params.rate / (2 * D * scale)
    run = ht.learning.gradient_descent(u, signal, poles, root, root, rate, steps)
    w = run.w.prod(axis=(1, 2)) if D > 1 else run.w[:, 0, 0]
    k = _teacher.thin(steps + 1, 40)
    exact = ht.learning.deep_gain(params.rate * k, params.start, D, 1.0, 1.0, tau=_unit(D))
    return [
        _row("training", D, params.rate * i, gain=w[i], closed=v)
        for i, v in zip(k, exact, strict=True)
    ]


def _escape(params, D, rng):
    t = [float(ht.learning.deep_time(0.5, w0, D, 1.0, 1.0, tau=_unit(D))) for w0 in params.starts]
    return [_row("escape", D, time, start=w0) for w0, time in zip(params.starts, t, strict=True)]


def _unit(D):
    """The tau by which the time is 2 D sigma t; the limit of many layers is counted so already."""
    return 1.0 if np.isinf(D) else 2.0 * D


def _row(part, D, time, *, gain=np.nan, closed=np.nan, start=np.nan):
    return {"part": part, "layers": D, "time": time, "gain": gain, "closed": closed, "start": start}


PARTS = {"curve": _curve, "training": _training, "escape": _escape}


def check(table):
    trained = table[table.part == "training"]
    miss = float((trained.gain - trained.closed).abs().max())
    assert miss < 0.02, f"training is {miss:.3g} off the closed form"
    slopes = {}
    for D, rows in table[table.part == "escape"].groupby("layers"):
        rows = rows.sort_values("start")
        first = np.diff(np.log(rows.time.to_numpy()[:2])) / np.diff(
            np.log(rows.start.to_numpy()[:2])
        )
        law = -(1 - 1 / D)
        slopes[f"slope, D = {D:g}"] = float(first[0])
        assert D == 1 or abs(first[0] - law) < 0.01, (
            f"slope {first[0]:.3f}, law {law:.3f}, D = {D:g}"
        )
    return {"training off by": miss, **slopes}


def plot(table):
    figure = _figures.figure("double")
    left, right = figure.subplots(1, 2)
    for D, rows in table[table.part == "curve"].groupby("layers"):
        (line,) = left.plot(rows.time, rows.gain, marker="", label=_name(D))
        marks = table[(table.part == "training") & (table.layers == D)]
        left.plot(marks.time, marks.gain, ".", color=line.get_color(), markersize=3)
    left.set(
        xlabel="time $2D\\sigma t$",
        ylabel="gain $w/w_\\star$",
        title="dots: training",
        xlim=(-5, 180),
    )
    left.legend(loc="lower right")
    for D, rows in table[table.part == "escape"].groupby("layers"):
        right.loglog(rows.start, rows.time, label=_name(D))
    starts = table.start.dropna()
    ends = (starts.min(), 1e3 * starts.min())
    for D in (2, np.inf):
        top = table[(table.part == "escape") & (table.layers == D)].time.max()
        _figures.reference_slope(right, -(1 - 1 / D), ends, 3 * top, text=f"${-(1 - 1 / D):g}$")
    right.set(xlabel="start $w_0/w_\\star$", ylabel="time to half, $2D\\sigma t$")
    right.legend()
    return figure


def _name(D):
    return "$D=\\infty$" if np.isinf(D) else f"$D={D:g}$"


if __name__ == "__main__":
    _study.main(__file__)
