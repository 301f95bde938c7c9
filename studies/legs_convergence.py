"""Every LegS scheme converges at its claimed order on every input, unless the input forbids it.

For each scheme and input the error against the exact coefficients is measured at the final time
and in the maximum over time, and its order in the number of steps is set beside the claim: the
smaller of what the scheme and the input allow (for Thomae's function up to a logarithm). Where
errors oscillate with the number of steps K (jumps, kinks and cusps off the grid, log-chirps) the
root mean square of K^p error over a window of K is measured, p being the claim. Starred orders are
those of the two or three coarsest step counts, all that rounding leaves: hold6 and hold7 have not
come to their asymptotic range there, and 7.6 and 9.2 overstate their orders 7 and 8, which
tests/orders measures with more digits. The indicator of the rationals and that of a small
neighbourhood of the grids' rationals defeat all samples; cell averages repair both, and raise
jumps and cusps to order 2 at the final time for midpoint and zoh. (compare legs_stability)
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from hippo_theory import convergence
from hippo_theory.legs import SCHEMES, inputs, solve
from hippo_theory.legs.inputs import Input
from hippo_theory.legs.schemes import Collocation, Scheme
from studies import _figures


@dataclass(frozen=True)
class Params:
    N: int = 8
    """State dimension."""
    steps: tuple[int, ...] = (64, 128, 256, 512, 1024, 2048)
    """Numbers of equal steps on [0, 1]."""
    window: int = 32
    """Step counts after each of these over which an oscillating error is averaged."""


QUICK = Params(steps=(64, 128, 256), window=4)


@dataclass(frozen=True)
class Case:
    """An input and how it is tried.

    `make` gets the step counts. Averages are over [K, period K]: the place of a break in its cell
    recurs soon, the phase of a log-chirp of frequency w after a factor e^(pi/w).
    """

    make: Callable[[tuple[int, ...]], Input]
    period: float = 1.0
    averages: bool = False
    variation: bool = False
    """Whether the input is of bounded variation: its averages then allow order 2."""


BREAK = 1 / np.pi  # irrational, so that it falls everywhere in its cell as steps change
CASES = {
    "smooth": Case(lambda _: inputs.cosine(20.0, 1.0)),
    "kink": Case(lambda _: inputs.ramp(BREAK), period=1.25),
    "cusp": Case(lambda _: inputs.power_singularity(BREAK, 0.5), period=1.25),
    "jump": Case(lambda _: inputs.step(BREAK), period=1.25),
    "root of t": Case(lambda _: inputs.monomial(0.5)),
    "log-chirp": Case(lambda _: inputs.log_chirp(3.0), period=np.exp(np.pi / 3)),
    "Weierstrass": Case(lambda _: inputs.weierstrass(0.5)),
    "Thomae": Case(lambda _: inputs.thomae()),
    "Dirichlet": Case(lambda _: inputs.dirichlet()),
    "near rationals": Case(lambda steps: inputs.rational_neighbourhood(steps, 1 / 16)),
    "kink, averaged": Case(
        lambda _: inputs.ramp(BREAK), period=1.25, averages=True, variation=True
    ),
    "cusp, averaged": Case(
        lambda _: inputs.power_singularity(BREAK, 0.5), period=1.25, averages=True, variation=True
    ),
    "jump, averaged": Case(
        lambda _: inputs.step(BREAK), period=1.25, averages=True, variation=True
    ),
    "Dirichlet, averaged": Case(lambda _: inputs.dirichlet(), averages=True),
    "near rationals, averaged": Case(
        lambda steps: inputs.rational_neighbourhood(steps, 1 / 16), averages=True
    ),
}
FLOOR = 1e-12  # errors below hold rounding, not an order
SLACK = 0.2  # of an order fitted to a few step counts; Thomae has a logarithm beside it
FITTED = 4  # step counts that an order is fitted to, the finest whose errors are above the floor


def cells(params: Params) -> list[tuple]:
    return [(name, params.N, params.steps, params.window) for name in CASES]


def measure(cell: tuple, rng: np.random.Generator) -> list[dict]:
    name, N, steps, window = cell
    case = CASES[name]
    f = case.make(tuple(steps))
    schemes = {
        scheme: _claims(row, f, case) for scheme, row in SCHEMES.items() if _takes(row, case)
    }
    errors = {scheme: [] for scheme in schemes}
    for count in steps:
        counts = np.unique(np.geomspace(count, count * case.period, window).round().astype(int))
        tried = [_errors(f, case, N, int(k), schemes) for k in counts]
        for scheme, claims in schemes.items():
            scale = (counts[:, None] / count) ** np.array(claims)
            scaled = scale * [one[scheme] for one in tried]
            errors[scheme].append(np.sqrt((scaled**2).mean(axis=0)))
    return [
        row
        for scheme, seen in errors.items()
        for row in _rows(name, N, scheme, schemes[scheme], steps, np.array(seen))
    ]


def _claims(scheme: Scheme, f: Input, case: Case) -> tuple[float, float]:
    """Orders at the final time and in the maximum; 0 where none is claimed."""
    if case.averages:  # what a cell hides has mean zero: order 1 for every integrable input
        return (2.0 if case.variation and scheme.name in ("midpoint", "zoh") else 1.0), 0.0
    return min(scheme.order, f.final_order), min(scheme.max_order, f.max_order)


def _takes(scheme: Scheme, case: Case) -> bool:
    """Averages suit rules of one value a cell; Gauss nodes avoid the listed rationals."""
    if case.averages:
        return not isinstance(scheme, Collocation) and getattr(scheme, "degree", 0) == 0
    return not (case is CASES["near rationals"] and isinstance(scheme, Collocation))


def _errors(f: Input, case: Case, N: int, count: int, schemes) -> dict[str, tuple[float, float]]:
    """The error at t = 1 and the largest over the grid (without t = 0), for each scheme."""
    t = np.linspace(0, 1, count + 1)
    exact = f.project(t[1:], N)
    found = {}
    for scheme in schemes:
        sampled = "averages" if case.averages else "values"
        states = solve(f, t, N, scheme=scheme, samples=sampled).coefficients
        norms = np.linalg.norm(states[1:] - exact, axis=1)
        found[scheme] = (norms[-1], norms.max())
    return found


def _rows(name: str, N: int, scheme: str, claims, steps, errors: np.ndarray) -> list[dict]:
    final, largest = (_order(steps, errors[:, i]) for i in (0, 1))
    return [
        {
            "input": name,
            "N": N,
            "scheme": scheme,
            "steps": count,
            "final_error": error[0],
            "max_error": error[1],
            "final_claim": claims[0],
            "max_claim": claims[1],
            "final_order": final,
            "max_order": largest,
        }
        for count, error in zip(steps, errors, strict=True)
    ]


def _order(steps, errors: np.ndarray) -> float:
    """Order over the last step counts whose errors are no rounding; inf where none is left."""
    readable = np.flatnonzero(errors > FLOOR)[-FITTED:]
    if len(readable) < 2:
        return np.inf
    return convergence.observed_order(np.array(steps)[readable], errors[readable]).order


CURVES = ("backward_euler", "approximate_bilinear", "midpoint", "foh", "hold3", "gauss3")
SLOPES = {"smooth": (-1, -2, -4, -6), "jump": (-1,), "near rationals": ()}


def check(table: pd.DataFrame) -> dict:
    """No order below its claim, and none above it where the claim is sharp and digits suffice."""
    orders = table.drop_duplicates(["input", "scheme"])
    excess = orders["final_order"] - orders["final_claim"]
    averaged, starred = orders["input"].str.contains("averaged"), ["hold6", "hold7"]
    sharp = ~averaged & (orders["input"] != "Thomae") & ~orders["scheme"].isin(starred)
    assert (excess > -SLACK).all()
    assert (excess[sharp] < SLACK).all()
    return {
        "orders": len(orders),
        "largest shortfall from a claim": -excess.min(),
        "largest excess over a sharp claim": excess[sharp].max(),
    }


def plot(table: pd.DataFrame) -> Figure:
    figure = _figures.figure("double", 8.6)
    top, middle, bottom = figure.subfigures(3, 1, height_ratios=(2.8, 3, 3))
    panels = top.subplots(1, 3)
    averaged = table[table["input"] == "near rationals, averaged"]
    averaged = averaged[averaged["scheme"] == "midpoint"]
    panels[2].loglog(averaged["steps"], averaged["final_error"], color="black", marker="*", ls="-")
    panels[2].annotate("midpoint,\naverages", (100, 2e-6), fontsize="small")
    for axes, name in zip(panels, SLOPES, strict=True):
        _curves(axes, table[table["input"] == name], name)
    panels[2].set(ylim=(1e-6, 3))
    top.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=6)
    _orders(middle, table, "final", "order at the final time")
    _orders(bottom, table, "max", "order of the largest error over the grid")
    return figure


def _curves(axes, rows: pd.DataFrame, name: str) -> None:
    steps = rows["steps"].min(), rows["steps"].max()
    for scheme in CURVES:
        curve = rows[rows["scheme"] == scheme]
        axes.loglog(curve["steps"], curve["final_error"], label=scheme)
    for slope in SLOPES[name]:
        scheme = {-1: "backward_euler", -2: "midpoint", -4: "hold3", -6: "gauss3"}[slope]
        first = rows[rows["scheme"] == scheme]["final_error"].iloc[0]
        reach = steps if slope > -5 else (steps[0], 4 * steps[0])
        _figures.reference_slope(axes, slope, reach, 2.5 * first, text=f"${slope}$")
    ticks = list(rows["steps"].unique()[::2])
    axes.set(title=name, xlabel="steps $K$", xticks=ticks)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.minorticks_off()
    if name == "smooth":
        axes.set(ylabel=rf"error $\|c_K - c(1)\|_2$, $N = {rows['N'].iloc[0]}$")


def _orders(figure, table: pd.DataFrame, which: str, title: str) -> None:
    """A table: observed order over claimed order; grey where no order is claimed."""
    axes = figure.subplots()
    names, schemes = list(CASES), list(SCHEMES)
    claims = table.pivot_table(f"{which}_claim", "scheme", "input", "first")
    orders = table.pivot_table(f"{which}_order", "scheme", "input", "first")
    readable = table.assign(readable=table[f"{which}_error"] > FLOOR)
    readable = readable.pivot_table("readable", "scheme", "input", "sum")
    claims, orders, readable = (
        x.reindex(index=schemes, columns=names) for x in (claims, orders, readable)
    )
    few = readable < min(FITTED, table["steps"].nunique())
    axes.imshow(np.where(claims == 0, 0.85, 1.0), cmap="gray", vmin=0, vmax=1, aspect="auto")
    for (i, j), order in np.ndenumerate(orders.to_numpy()):
        claim = claims.to_numpy()[i, j]
        if np.isnan(claim):
            continue
        star = "*" if few.to_numpy()[i, j] else ""
        text = "exact" if order > 12 else f"{order + 0.0:.2f}{star}"
        text = f"{text} / {claim:g}" if claim else text
        axes.text(j, i, text.replace("-0.00", "0.00"), ha="center", va="center", fontsize=6)
    axes.set_xticks(range(len(names)), [n.replace(", ", "\n") for n in names], fontsize=6)
    axes.set_yticks(range(len(schemes)), schemes, fontsize=6)
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    axes.grid(visible=False)
    notes = "grey: none claimed; *: from the coarsest steps"
    axes.set_title(f"{title}: observed / claimed ({notes})", pad=4)


if __name__ == "__main__":
    from studies import _study

    _study.main(__file__)
