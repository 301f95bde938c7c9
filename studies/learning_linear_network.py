"""A one-state SSM and a two-layer linear network are one map of gradient descent, to rounding.

The network w = c b has one input and one target with the SSM's two sums: x^2 = eta, x y = sigma.
Both are trained literally, the SSM through its recurrence; open marks on the right are the exact
map of two numbers. Below, at and beyond the stability limit 2 / R. (compare learning_one_layer)
"""

from dataclasses import dataclass
from typing import Annotated

import numpy as np

import hippo_theory as ht
from studies import _figures, _study, _teacher
from studies._bounds import Bound


@dataclass(frozen=True)
class Params:
    fractions: tuple[float, ...] = (0.1, 0.9, 1.2)
    """Learning rates over the stability limit 2 / R."""
    steps: int = 200
    pole: Annotated[float, Bound(above=-1, below=1)] = 0.9
    teacher_pole: Annotated[float, Bound(above=-1, below=1)] = 0.8
    L: int = 64
    """Length of each sequence."""
    sequences: int = 4
    """Number of sequences."""
    b0: Annotated[float, Bound(minimum=-1e6, maximum=1e6)] = 0.3
    c0: Annotated[float, Bound(minimum=-1e6, maximum=1e6)] = 0.1


QUICK = Params(steps=40)


def cells(params):
    if params.b0 == params.c0 == 0:
        raise ValueError("b0 or c0 must not be 0: there is nothing to learn")
    return [params]


def measure(cell, rng):
    u = _teacher.sequences(rng, (cell.sequences, cell.L))
    y = _teacher.answers(rng, u, cell.teacher_pole, 1.3, 0.1)
    stats = ht.learning.statistics(u, y, [cell.pole])
    sigma, eta = float(stats.s[0]), float(stats.M[0, 0])
    x, target = [[np.sqrt(eta)]], [[sigma / np.sqrt(eta)]]
    b0, c0 = [cell.b0], [cell.c0]
    R = float(ht.learning.rate(b0, c0, sigma, eta))
    rows = []
    for fraction in cell.fractions:
        rate = 2 * fraction / R
        ssm = ht.learning.gradient_descent(
            u, y, [cell.pole], b0, c0, rate, cell.steps, method="recurrence"
        )
        network = _network(x[0][0], target[0][0], cell.b0, cell.c0, rate, cell.steps)
        exact = ht.learning.gain_steps(b0, c0, sigma, eta, rate, cell.steps)
        rows += [
            {
                "fraction": fraction,
                "step": k,
                "ssm": ssm.w[k, 0] * eta / sigma,
                "network_less_ssm": (network[k] - ssm.w[k, 0]) * eta / sigma,
                "map_less_ssm": (exact.w[k] - ssm.w[k, 0]) * eta / sigma,
            }
            for k in range(cell.steps + 1)
        ]
    return rows


def _network(x, y, b, c, rate, steps):
    """Gradient descent on (y - c b x)^2 / 2, literally."""
    gains = [c * b]
    for _ in range(steps):
        e = y - c * b * x
        b, c = b + rate * c * x * e, c + rate * b * x * e
        gains.append(c * b)
    return np.array(gains)


def check(table):
    network, exact = (
        float(table[name].abs().max()) for name in ("network_less_ssm", "map_less_ssm")
    )
    assert network < 1e-13, f"the network is {network:.1e} off the SSM"
    assert exact < 1e-13, f"the map of two numbers is {exact:.1e} off the SSM"
    return {"network off by": network, "map off by": exact}


def plot(table):
    figure = _figures.figure("double")
    left, right = figure.subplots(1, 2)
    for fraction, rows in table.groupby("fraction"):
        shown = rows[rows.step <= 60]
        (line,) = left.plot(shown.step, shown.ssm, markevery=3, label=f"{fraction:g} of limit")
        style = {"color": line.get_color(), "marker": line.get_marker(), "markevery": 13}
        off = abs(rows.network_less_ssm).cummax()
        right.semilogy(rows.step[off > 0], off[off > 0], linestyle="-", **style)
        off = abs(rows.map_less_ssm).cummax()
        style = {**style, "mfc": "none", "markevery": (6, 13)}
        right.semilogy(rows.step[off > 0], off[off > 0], linestyle=":", **style)
    eps = np.finfo(float).eps
    ends = [0, table.step.max()]
    (line,) = right.plot(ends, [eps, eps], "-", color=_figures.GREY, linewidth=0.7, marker="")
    _figures.label_end(line, "eps")
    left.set(xlabel="step", ylabel="gain $w/w_\\star$ of the SSM")
    left.legend()
    right.set(xlabel="step", ylabel="largest |difference| / $w_\\star$ so far", ylim=(3e-17, 1e-13))
    return figure


if __name__ == "__main__":
    _study.main(__file__)
