"""Width speeds learning N^2-fold with tied weights, N-fold else; in stable steps below 3-fold.

Time until |w - w*| = tolerance w*, against the number of states on one pole. Tied states share b
and c, so that their gradients add: O(1 / (N sigma)) balanced and O(1 / (N^2 eta)) imbalanced, as
reported by Smékal et al. (2024). Independent states gain a logarithm, or 1 / N when imbalanced;
random starts turn from one to the other at the width N_c = sigma / (eta scale^2). Marks are
gradient descent by the exact two-number map. In steps of the largest stable learning rate the
widest is less than three times faster. (compare learning_initialization)
"""

from dataclasses import dataclass

import numpy as np

import hippo_theory as ht
from studies import _figures, _study


@dataclass(frozen=True)
class Params:
    widths: tuple[int, ...] = (1, 2, 4, 8, 16, 32, 64, 128, 256)
    """Numbers of states N."""
    balanced: float = 0.01
    """b = c of every state."""
    imbalanced: float = 0.5
    """b of every state, with c = 0."""
    scales: tuple[float, ...] = (0.05, 0.2)
    """Standard deviations of random starts."""
    draws: int = 400
    """Random starts for each width."""
    tolerance: float = 0.01
    sigma: float = 1.0
    eta: float = 1.0
    fraction: float = 0.002
    """Learning rate of the descent over the stability limit 2 / R."""


QUICK = Params(widths=(1, 4, 16), draws=20, fraction=0.05)


def cells(params):
    starts = [
        ("tied", params.balanced, params.balanced),
        ("tied", params.imbalanced, 0.0),
        ("independent", params.balanced, params.balanced),
        ("independent", params.imbalanced, 0.0),
        *(("random", scale, scale) for scale in params.scales),
    ]
    return [(params, *start, N) for start in starts for N in params.widths]


def measure(cell, rng):
    params, name, b, c, N = cell
    draws = params.draws if ht.learning.WIDTHS[name].random else 1
    found = [_one(params, ht.learning.widen(name, N, b, c, rng=rng)) for _ in range(draws)]
    found = np.array([row for row in found if row is not None])
    low, middle, high = np.quantile(found[:, 0], (0.25, 0.5, 0.75))
    crossover = ht.learning.crossover_width(b, params.sigma, params.eta)
    row = {"width": name, "b": b, "c": c, "N": N, "starts": len(found)}
    return [
        {
            **row,
            "time": middle,
            "time_low": low,
            "time_high": high,
            "time_descent": np.median(found[:, 2]),
            "stable_steps": np.median(found[:, 1]),
            "rate": np.median(found[:, 3]),
            "crossover": crossover if name == "random" else float("nan"),
        }
    ]


def _one(params, start):
    """Time, stable steps, time by descent and rate; None where the start is past the target."""
    b0, c0, speed = start
    sigma, eta = params.sigma, params.eta
    best = sigma / eta
    side = np.sign(best - b0 @ c0)
    target = best * (1 - side * params.tolerance)
    if side * (target - b0 @ c0) <= 0:
        return None
    time = float(ht.learning.time_to(target, b0, c0, sigma, eta, tau=1 / speed))
    R = float(ht.learning.rate(b0, c0, sigma, eta))
    advance = 2 * params.fraction / R
    path = ht.learning.gain_steps(
        b0, c0, sigma, eta, advance, int(1.2 * time * speed / advance) + 9
    )
    k = int(np.argmax(side * (path.w - target) >= 0))
    part = (target - path.w[k - 1]) / (path.w[k] - path.w[k - 1])
    return time, time * speed * R / 2, (k - 1 + part) * advance / speed, R * speed


def check(table):
    found, laws = {}, {("tied", True): -1, ("tied", False): -2, ("independent", False): -1}
    for (name, b, c), rows in table.groupby(["width", "b", "c"], sort=False):
        rows = rows.sort_values("N")
        ends = rows.iloc[[-3, -1]]
        slope = float(np.diff(np.log(ends.time))[0] / np.diff(np.log(ends.N))[0])
        found[f"exponent, {name}, b = {b:g}, c = {c:g}"] = slope
        law = laws.get((name, c > 0))
        assert law is None or abs(slope - law) < 0.15, f"exponent {slope:.2f}, law {law}, {name}"
        gain = float(rows.stable_steps.iloc[0] / rows.stable_steps.iloc[-1])
        assert gain < 3, f"{gain:.1f} times fewer stable steps, {name}"
        found[f"fewer stable steps, {name}, b = {b:g}, c = {c:g}"] = gain
    return found


def plot(table):
    figure = _figures.figure("double", 3.2)
    left, right = figure.subplots(1, 2)
    for number, ((name, b, c), rows) in enumerate(table.groupby(["width", "b", "c"], sort=False)):
        mark = "os^Dvx"[number % 6]
        (line,) = left.loglog(rows.N, rows.time, marker="")
        color, last = line.get_color(), rows.N.max()
        left.plot(rows.N, rows.time_descent, marker=mark, linestyle="", color=color)
        kind = f"$\\alpha={b:g}$" if name == "random" else "balanced" if c else "imbalanced"
        right.loglog(rows.N, rows.stable_steps, mark, label=f"{name}, {kind}", color=color)
        right.loglog(rows.N, rows.stable_steps, marker="", color=color, linewidth=0.6)
        if name == "tied":
            under = 0.4 * rows.time[last == rows.N].iloc[0]
            slope = -1 if c else -2
            first = max(last // 16, 1)
            ends = (first, last)
            _figures.reference_slope(left, slope, ends, under * (first / last) ** slope)
        crossover = rows.crossover.iloc[0]
        if crossover <= last:
            left.axvline(crossover, marker="", linestyle=":", color=color)
            left.text(crossover, 12, f" $N_c$ of $\\alpha={b:g}$", fontsize="small", va="bottom")
    left.set(xlabel="number of states $N$", ylabel="time to 1 % (flow), $\\sigma t$")
    right.set(xlabel="number of states $N$", ylabel="time to 1 %, in steps of $2/R$")
    right.set_ylim(1, 10)
    right.legend(fontsize="small")
    return figure


if __name__ == "__main__":
    _study.main(__file__)
