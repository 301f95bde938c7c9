"""From small starts poles switch on in a known order, at times right to order 1 / log(1 / start).

Left: gains of four poles from weights of size 1e-80 (lambda = 1e-160), against the time over
log(1 / lambda); grey: the plateaus of the schedule. Right: relative error of the times at which a
gain first passes half of its plateau. The last pole waits 180 times longer than the first.
(compare learning_bias)
"""

from dataclasses import dataclass
from typing import Annotated

import numpy as np

import hippo_theory as ht
from studies import _figures, _study
from studies._bounds import Bound


@dataclass(frozen=True)
class Params:
    poles: Annotated[tuple[float, ...], Bound(above=-1, below=1)] = (0.95, 0.8, 0.5, -0.4)
    gains: Annotated[tuple[float, ...], Bound(minimum=-1e6, maximum=1e6)] = (1.0, -0.5, 0.7, 0.3)
    """Of the teacher, on the same poles."""
    orders: tuple[int, ...] = (10, 20, 40, 80, 160)
    """-log10 of lambda = b0^2, c0 = 0."""
    times: int = 400


QUICK = Params(orders=(10, 20), times=100)


def cells(params):
    if len(params.poles) != len(params.gains):
        raise ValueError("gains must hold one number a pole")
    return [(params, order) for order in params.orders]


def measure(cell, rng):
    params, order = cell
    stats = ht.learning.population_statistics(params.poles, params.poles, params.gains)
    schedule = ht.learning.activation_schedule(stats)
    N, unit = stats.s.size, order * np.log(10)
    grid = np.geomspace(schedule.times[0] / 10, 1.5 * schedule.times[-1], params.times)
    start = np.full(N, 10.0 ** (-order / 2)), np.zeros(N)
    path = ht.learning.flow(stats, *start, unit * grid)
    events = [_passing(path.w, grid, schedule, k, stats, start, unit) for k in range(N)]
    plateau = schedule.w[np.searchsorted(schedule.times, grid)]
    curves = [
        {
            "kind": "curve",
            "order": order,
            "pole": params.poles[j],
            "time": grid[i],
            "gain": path.w[i, j],
            "plateau": plateau[i, j],
        }
        for i in range(grid.size)
        for j in range(N)
    ]
    return curves + [{"kind": "event", "order": order, **event} for event in events]


def _passing(w, grid, schedule, event, stats, start, unit):
    """When the pole of an event passes half of its next plateau, by bisection on the flow."""
    j, target = schedule.poles[event], schedule.w[event + 1][schedule.poles[event]] / 2
    at = int(np.argmax(w[:, j] / target >= 1))
    low, high = (0.0 if at == 0 else grid[at - 1]), grid[at]
    for _ in range(2):
        inner = np.linspace(low, high, 42)[1:]
        passed = ht.learning.flow(stats, *start, unit * inner).w[:, j] / target >= 1
        high = inner[int(np.argmax(passed))]
        low = high - (inner[1] - inner[0])
    return {"pole": stats.poles[j], "time": high, "scheduled": schedule.times[event]}


def check(table):
    events = table[table.kind == "event"].copy()
    events["error"] = (events.time / events.scheduled - 1).abs()
    last = events[events.order == events.order.max()].sort_values("scheduled")
    right = bool((np.diff(last.time) > 0).all())
    bound = float((events.error * events.order * np.log(10)).max())
    wait = float(last.scheduled.iloc[-1] / last.scheduled.iloc[0])
    assert right, "the poles came in another order"
    assert bound < 20, f"an error is {bound:.1f} / log(1 / lambda)"
    assert wait > 100, f"the last pole waits {wait:.0f} times longer than the first"
    return {
        "largest error times log": bound,
        "error of the smallest start": float(last.error.max()),
        "last over first": wait,
    }


def plot(table):
    figure = _figures.figure("double")
    left, right = figure.subplots(1, 2, width_ratios=(1.4, 1))
    curves = table[(table.kind == "curve") & (table.order == table.order.max())]
    for pole, rows in curves.groupby("pole", sort=False):
        left.plot(rows.time, rows.plateau, marker="", color="0.75", linestyle="-", linewidth=3)
        left.plot(rows.time, rows.gain, marker="", label=f"$a={pole:g}$")
    order = table.order.max()
    left.set(xscale="log", xlabel="time over $\\log(1/\\lambda)$", ylabel="gain $w$")
    left.set_title(f"$\\lambda=10^{{-{order}}}$; grey: schedule")
    left.legend()
    events = table[table.kind == "event"]
    for pole, rows in events.groupby("pole", sort=False):
        x = 1 / (rows.order * np.log(10))
        right.loglog(x, (rows.time / rows.scheduled - 1).abs(), label=f"$a={pole:g}$")
    x = 1 / (events.order * np.log(10))
    _figures.reference_slope(right, 1, (x.min(), x.max()), 0.3 * x.min(), text="1")
    orders = sorted(events.order.unique())
    right.minorticks_off()
    right.set_xticks(
        [1 / (k * np.log(10)) for k in orders], [f"1/{k * np.log(10):.0f}" for k in orders]
    )
    right.set(xlabel="$1/\\log(1/\\lambda)$", ylabel="relative error of the time")
    return figure


if __name__ == "__main__":
    _study.main(__file__)
