"""A tanh between two layers leaves the linear course right to second order in the input's scale.

Two one-pole layers, tanh between, trained by gradient descent towards a linear teacher. Left: the
effective gain in time, and `deep_gain` of the same start (grey). Right: how far the gain is from
that of the same descent without the tanh, until this has passed half of the target; and what
comes after, a loss that stays, over that of no layers at all. (compare learning_depth)
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
    scales: tuple[float, ...] = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
    """Standard deviation of the input."""
    poles: Annotated[tuple[float, float], Bound(above=-1, below=1)] = (0.7, 0.4)
    start: float = 0.05
    """Starting gain b1 c1 b2 c2 over the target, which is 1."""
    L: int = 128
    sequences: int = 8
    rate: float = 4e-3
    """Learning rate times 4 sigma, sigma that of the linear layers."""
    span: float = 60.0
    """Time of training, 4 sigma t."""


QUICK = Params(scales=(0.1, 1.0), rate=2e-2, sequences=2)


def cells(params):
    return [params]


def measure(cell, rng):
    white = rng.normal(size=(cell.sequences, cell.L))  # one draw for all scales
    return [row for scale in cell.scales for row in _course(cell, scale, scale * white)]


def _course(params, scale, u):
    """The course of both descents and of the flow for one input."""
    signal = _filter(params.poles[1], _filter(params.poles[0], u))
    sigma = (signal**2).sum()  # eta = sigma for the target 1
    steps = round(params.span / params.rate)
    weights, losses = _train(u, signal, params, params.rate / (4 * sigma), steps)
    k = _teacher.thin(steps + 1, 121)
    straight, _ = _train(u, signal, params, params.rate / (4 * sigma), steps, bend=lambda x: x)
    linear = ht.learning.deep_gain(params.rate * k, params.start, 2, 1.0, 1.0, tau=4.0)
    # of the best line through the origin from the linear layers' output to the trained ones'
    gain = [(signal * _outputs(u, weights[i], params)[1]).sum() / sigma for i in k]
    return [
        {
            "scale": scale,
            "time": params.rate * i,
            "gain": w,
            "linear": v,
            "descent": straight[i].prod(),
            "loss": losses[i] / (0.5 * sigma),
            "product": weights[i].prod(),
        }
        for i, w, v in zip(k, gain, linear, strict=True)
    ]


def _filter(a, rows):
    return np.asarray(lfilter([1.0], [1.0, -a], rows, axis=-1))


def _back(a, rows):
    """The adjoint of the recurrence."""
    return _filter(a, rows[:, ::-1])[:, ::-1]


def _outputs(u, weights, params, bend=np.tanh):
    """Output of the tanh, and of both layers."""
    b1, c1, b2, c2 = weights
    bent = bend(c1 * _filter(params.poles[0], b1 * u))
    return bent, c2 * _filter(params.poles[1], b2 * bent)


def _train(u, y, params, rate, steps, bend=np.tanh):
    """Literal gradient descent: four weights and losses at every step."""
    straight = bend is not np.tanh
    weights, losses = np.empty((steps + 1, 4)), np.empty(steps + 1)
    weights[0] = params.start**0.25
    for k in range(steps + 1):
        b1, c1, b2, c2 = weights[k]
        bent, output = _outputs(u, weights[k], params, bend)
        error = output - y
        losses[k] = 0.5 * (error**2).sum()
        if k == steps:
            return weights, losses
        top = _back(params.poles[1], error)
        inner = c2 * b2 * top * (1.0 if straight else 1 - bent**2)
        low = _back(params.poles[0], inner)
        gradient = (
            c1 * (u * low).sum(),
            b1 * (u * low).sum(),
            c2 * (bent * top).sum(),
            b2 * (bent * top).sum(),
        )
        weights[k + 1] = weights[k] - rate * np.array(gradient)
    return weights, losses


def _summary(table):
    """By scale: the largest gap until half is passed, and the final loss."""
    found = []
    for scale, rows in table.groupby("scale"):
        early = rows[rows.descent <= 0.5]
        gap = float((early.gain - early.descent).abs().max())
        found.append((scale, gap, float(rows.loss.iloc[-1])))
    return np.array(found).T


def check(table):
    scale, gap, loss = _summary(table)
    small = scale <= max(0.1, scale[1])
    slope = float(np.polyfit(np.log(scale[small]), np.log(gap[small]), 1)[0])
    ends = float(np.polyfit(np.log(scale[small]), np.log(loss[small]), 1)[0])
    flow = float((table.linear - table.descent).abs().max())
    assert abs(slope - 2) < 0.1, f"the gap grows like scale^{slope:.2f}"
    assert abs(ends - 4) < 0.2, f"the final loss grows like scale^{ends:.2f}"
    assert flow < 0.01, f"descent without the tanh is {flow:.3g} off the flow"
    return {
        "gap grows like scale to the": slope,
        "descent without tanh off the flow": flow,
        "final loss at the largest scale": float(loss[-1]),
        "final loss grows like scale to the": ends,
    }


def plot(table):
    figure = _figures.figure("double")
    left, right = figure.subplots(1, 2)
    for scale, rows in table.groupby("scale"):
        left.plot(rows.time, rows.gain, marker="", label=f"{scale:g}")
    rows = table[table.scale == table.scale.min()]
    left.plot(rows.time, rows.linear, marker="", color="0.7", linewidth=4, zorder=0, label="linear")
    left.set(xlabel="time $4\\sigma t$", ylabel="effective gain")
    left.legend(title="input scale", loc="lower right")
    scale, gap, loss = _summary(table)
    right.loglog(scale, gap, label="gap until half")
    right.loglog(scale, loss, label="final loss")
    for slope, line in ((2, gap), (4, loss)):
        _figures.reference_slope(right, slope, (scale[0], 10 * scale[0]), 3 * line[0])
    right.set(xlabel="input scale", ylabel="relative to the target", ylim=(1e-9, 3))
    right.legend(loc="lower right")
    return figure


if __name__ == "__main__":
    _study.main(__file__)
