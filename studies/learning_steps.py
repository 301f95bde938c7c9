"""Finite steps: a modified flow of order two, self-balancing beyond 2 / R, and noise that settles.

Left: worst time error of the flow and of the modified equation against gradient descent, while
the gain rises. Middle: from near a minimum of imbalance lambda, learning rates beyond the limit
2 / R shrink lambda until the new R satisfies R <= 2 / alpha. Right: stationary variance of
stochastic gradient descent with one sequence a step. (compare learning_one_layer)
"""

from dataclasses import dataclass
from typing import Annotated

import numpy as np

import hippo_theory as ht
from studies import _figures, _study, _teacher
from studies._bounds import Bound


@dataclass(frozen=True)
class Params:
    rates: tuple[float, ...] = (0.2, 0.1, 0.05, 0.025, 0.0125)
    """Learning rates alpha sigma of the modified equation."""
    fractions: tuple[float, ...] = (0.5, 0.8, 0.95, 1.05, 1.1, 1.2, 1.3, 1.4)
    """Learning rates over 2 / R for self-balancing."""
    b0: float = 1.6
    """b near the minimum b c = 1, sigma = eta = 1."""
    stochastic: tuple[float, ...] = (0.05, 0.1, 0.2, 0.4, 0.6, 0.8)
    """Learning rates over the mean-square limit."""
    pole: Annotated[float, Bound(above=-1, below=1)] = 0.9
    L: int = 64
    """Length of each sequence, for stochastic descent."""
    sequences: int = 1000
    """The data from which one sequence a step is drawn."""
    steps: int = 200_000
    """Steps of stochastic descent."""


QUICK = Params(
    rates=(0.2, 0.1), fractions=(0.8, 1.2), stochastic=(0.1, 0.4), sequences=100, steps=5000
)


def cells(params):
    return [
        *((params, "modified", rate) for rate in params.rates),
        *((params, "balance", fraction) for fraction in params.fractions),
        *((params, "stochastic", fraction) for fraction in params.stochastic),
    ]


def measure(cell, rng):
    params, part, rate = cell
    return [{"part": part, "rate": rate, **PARTS[part](params, rate, rng)}]


def _modified(params, alpha, rng):
    path = ht.learning.gain_steps([0.1], [0.1], 1.0, 1.0, alpha, round(8 / alpha))
    k = np.flatnonzero((path.w > 0.05) & (path.w < 0.95))
    flow = ht.learning.time_to(path.w[k], [0.1], [0.1], 1.0, 1.0)
    modified = ht.learning.modified_time(path.w[k], 0.01, 1.0, 1.0, alpha)
    return {"flow": abs(flow - alpha * k).max(), "modified": abs(modified - alpha * k).max()}


def _balance(params, fraction, rng):
    b0, c0 = [params.b0], [1.001 / params.b0]
    R = float(ht.learning.rate(b0, c0, 1.0, 1.0))
    path = ht.learning.gain_steps(b0, c0, 1.0, 1.0, fraction * 2 / R, 50_000)
    end = float(np.hypot(2.0, path.imbalance[-1]))
    return {"limit": 1 / fraction, "sharpness": end / R, "residual": abs(path.w[-1] - 1)}


def _stochastic(params, fraction, rng):
    u = _teacher.sequences(rng, (params.sequences, params.L))
    y = _teacher.answers(rng, u, params.pole, 1.0, 0.5)
    each = [ht.learning.statistics(p, q, params.pole) for p, q in zip(u, y, strict=True)]
    s, eta = (np.array([v.s[0] for v in each]), np.array([v.M[0, 0] for v in each]))
    best = s.sum() / eta.sum()
    alpha = fraction * float(ht.learning.sgd_limit(eta.mean(), eta.var()))
    run = ht.learning.gradient_descent(
        u, y, [params.pole], [1.0], [best], alpha, params.steps, train="c", batch_size=1, rng=rng
    )
    square = ((run.w[:, 0] - best) ** 2)[params.steps // 10 :]
    blocks = np.array([block.mean() for block in np.array_split(square, 50)])
    white = ht.learning.batch_curvature(params.pole, params.L)
    return {
        "variance": square.mean(),
        "standard_error": blocks.std() / 50**0.5,
        "formula": float(
            ht.learning.sgd_variance(alpha, eta.mean(), eta.var(), (s - eta * best).var())
        ),
        "limit_over_deterministic": float(ht.learning.sgd_limit(*white)) * white.eta / 2,
    }


PARTS = {"modified": _modified, "balance": _balance, "stochastic": _stochastic}


def check(table):
    rows = table[table.part == "modified"].sort_values("rate")
    orders = {
        name: float(
            np.diff(np.log(rows[name].iloc[:2]))[0] / np.diff(np.log(rows.rate.iloc[:2]))[0]
        )
        for name in ("flow", "modified")
    }
    assert abs(orders["flow"] - 1) < 0.1, f"the flow is of order {orders['flow']:.2f}"
    assert abs(orders["modified"] - 2) < 0.1, (
        f"the modified flow is of order {orders['modified']:.2f}"
    )
    rows = table[(table.part == "balance") & (table.residual < 1e-6)]
    above = float((rows.sharpness / rows.limit).max())
    assert above < 1.001, f"descent settles at {above:.3f} of the limit"
    rows = table[table.part == "stochastic"]
    off = float(((rows.variance - rows.formula) / rows.standard_error).abs().max())
    assert off < 5, f"a variance is {off:.1f} standard errors off the formula"
    return {
        "order of the flow": orders["flow"],
        "order of the modified flow": orders["modified"],
        "largest sharpness over its limit": above,
        "standard errors off": off,
    }


def plot(table):
    figure = _figures.figure("double", 2.4)
    left, middle, right = figure.subplots(1, 3)
    rows = table[table.part == "modified"]
    for name in ("flow", "modified"):
        left.loglog(rows.rate, rows[name], label=name)
    low = rows.rate.min()
    ends = (low, rows.rate.max())
    _figures.reference_slope(left, 1, ends, 0.5 * rows.flow.min(), text="1")
    _figures.reference_slope(left, 2, ends, 0.5 * rows.modified.min(), text="2")
    left.minorticks_off()
    left.set_xticks(rows.rate[::2], [f"{rate:g}" for rate in rows.rate[::2]])
    left.set(xlabel="learning rate $\\alpha\\sigma$", ylabel="time error $\\times\\,\\sigma$")
    left.legend()
    rows = table[table.part == "balance"]
    middle.plot(rows.rate, rows.sharpness, linestyle="", label="after descent")
    dense = np.linspace(rows.rate.min(), rows.rate.max(), 200)
    middle.plot(dense, np.minimum(1 / dense, 1), marker="", label="$2/\\alpha$, at most $R$")
    middle.set(xlabel="$\\alpha$ over $2/R$", ylabel="final sharpness over $R$", ylim=(0.5, 1.05))
    middle.legend()
    rows = table[table.part == "stochastic"]
    right.semilogy(rows.rate, rows.formula, "x", markersize=6, label="formula")
    right.errorbar(
        rows.rate, rows.variance, 2 * rows.standard_error, linestyle="", marker=".", label="descent"
    )
    right.set(xlabel="$\\alpha$ over mean-square limit", ylabel="$E\\,(w-w_*)^2$")
    tighter = rows.limit_over_deterministic.iloc[0]
    right.set_title(f"mean-square limit = {tighter:.2f} of $2/\\eta$", fontsize="small")
    right.legend()
    return figure


if __name__ == "__main__":
    _study.main(__file__)
