"""No bound is below its error: input bounds, step doubling and the total budget of a LegS state.

For each scheme and input the N-free bound of the discretization error (with rounding) and the
step-doubling estimate are set over the true error (their effectivity): bounds hold for all, close
for smooth inputs; doubling is infinite where its order is not observed. The budget of a state,
projection onto N polynomials, discretization and rounding, is drawn over N. (compare
legs_convergence)
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from hippo_theory import _check
from hippo_theory.legs import (
    SCHEMES,
    error_budget,
    inputs,
    reconstruct,
    solve,
    step_doubling_estimate,
)
from studies import _figures


@dataclass(frozen=True)
class Params:
    N: int = 16
    """State dimension of the effectivities."""
    steps: tuple[int, ...] = (64, 128, 256, 512)
    """Numbers of equal steps on [0, 1], multiples of 8."""
    dimensions: tuple[int, ...] = (2, 4, 6, 8, 10, 12, 16, 20, 24, 32)
    """State dimensions of the budget."""


QUICK = Params(steps=(64, 128), dimensions=(2, 6, 12))
CASES = {
    "smooth": lambda: inputs.cosine(20.0, 1.0),
    "kink": lambda: inputs.ramp(0.3),
    "cusp": lambda: inputs.power_singularity(0.3, 0.5),
    "jump": lambda: inputs.step(0.3),
    "root of t": lambda: inputs.monomial(0.5),
    "log-chirp": lambda: inputs.log_chirp(3.0),
    "Weierstrass": lambda: inputs.weierstrass(0.5, terms=10),
}
BUDGETS = {"foh, smooth": ("foh", "smooth"), "foh, kink": ("foh", "kink")}


def cells(params: Params) -> list[dict]:
    bad = [k for k in params.steps if k % 8]
    if bad:
        raise ValueError(f"steps must be multiples of 8, got {bad[0]}")
    errors = [
        {"kind": "error", "input": name, "steps": k, "N": _check.integer("N", params.N)}
        for name in CASES
        for k in params.steps
    ]
    steps = params.steps[-1]
    return errors + [
        {"kind": "budget", "input": name, "steps": steps, "N": N}
        for name in BUDGETS
        for N in params.dimensions
    ]


def measure(cell: dict, rng: np.random.Generator) -> list[dict]:
    t = np.linspace(0, 1, cell["steps"] + 1)
    if cell["kind"] == "budget":
        return [cell | _budget(*BUDGETS[cell["input"]], t, cell["N"])]
    f = CASES[cell["input"]]()
    exact = f.project([1.0], cell["N"])[0]
    return [cell | _effectivity(scheme, f, t, exact) for scheme in SCHEMES]


def _effectivity(scheme: str, f, t, exact) -> dict:
    solution = solve(f, t, exact.size, scheme=scheme)
    budget = error_budget(f, solution)
    return {
        "scheme": scheme,
        "error": np.linalg.norm(solution.coefficients[-1] - exact),
        "bound": float(budget.discretization + budget.rounding),
        "doubling": float(step_doubling_estimate(f, t, exact.size, scheme=scheme)),
    }


def _budget(scheme: str, name: str, t, N: int) -> dict:
    f = CASES[name]()
    solution = solve(f, t, N, scheme=scheme)
    budget = error_budget(f, solution)
    return {
        "scheme": scheme,
        "projection": float(budget.projection),
        "discretization": float(budget.discretization),
        "rounding": float(budget.rounding),
        "total": float(budget.total),
        "error": _distance(f, solution),
    }


def _distance(f, solution) -> float:
    """Root mean square of f - g_K by 100 Gauss points on each side of a break."""
    x, w = np.polynomial.legendre.leggauss(100)
    ends = np.array([0.0, *f.breaks, 1.0])
    s = (ends[:-1, None] + np.diff(ends)[:, None] * (1 + x) / 2).ravel()
    weights = (np.diff(ends)[:, None] * w / 2).ravel()
    return float(np.sqrt(weights @ (f(s) - reconstruct(solution, s)) ** 2))


CURVES = ("zoh", "foh", "midpoint", "gauss2")


def plot(table: pd.DataFrame) -> Figure:
    figure = _figures.figure("double", 8.6)
    top, middle, bottom = figure.subfigures(3, 1, height_ratios=(3, 3, 3))
    panels = top.subplots(1, 3)
    _errors(panels[0], table[(table["kind"] == "error") & (table["input"] == "smooth")])
    for axes, name in zip(panels[1:], BUDGETS, strict=True):
        _parts(axes, table[(table["kind"] == "budget") & (table["input"] == name)], name)
    _effectivities(middle, table, "bound", "bound / error")
    _effectivities(bottom, table, "doubling", "step-doubling estimate / error")
    return figure


def _errors(axes, rows: pd.DataFrame) -> None:
    for scheme in CURVES:
        curve = rows[rows["scheme"] == scheme]
        (line,) = axes.loglog(curve["steps"], curve["error"])
        axes.loglog(curve["steps"], curve["bound"], color=line.get_color(), marker="", ls=":")
        _figures.label_end(line, scheme)
    ticks = list(rows["steps"].unique())
    axes.set(title="smooth: error, bound dotted", xlabel="steps $K$", xticks=ticks)
    axes.set(xlim=(0.8 * ticks[0], 3.2 * ticks[-1]))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.minorticks_off()


def _parts(axes, rows: pd.DataFrame, name: str) -> None:
    for part in ("projection", "discretization", "rounding"):
        axes.semilogy(rows["N"], rows[part], label=part)
    axes.semilogy(rows["N"], rows["error"], color="black", marker="x", ls="", label="true total")
    steps = rows["steps"].iloc[0]
    axes.set(title=f"budget of {name}, $K = {steps}$", xlabel="state dimension $N$")
    axes.set(ylim=(1e-14, 3))
    if "smooth" in name:
        axes.legend(fontsize="small", loc="center right", bbox_to_anchor=(1, 0.42))


def _effectivities(figure, table: pd.DataFrame, which: str, title: str) -> None:
    """A table at the largest number of steps; grey where nothing is promised."""
    axes = figure.subplots()
    errors = table[table["kind"] == "error"]
    steps = errors["steps"].max()
    rows = errors[errors["steps"] == steps]
    rows = rows.assign(ratio=rows[which] / rows["error"])
    ratios = rows.pivot_table("ratio", "scheme", "input", "first")
    ratios = ratios.reindex(index=list(SCHEMES), columns=list(CASES)).fillna(np.inf)
    grey = np.isinf(ratios.to_numpy(float))
    axes.imshow(np.where(grey, 0.85, 1.0), cmap="gray", vmin=0, vmax=1, aspect="auto")
    for (i, j), ratio in np.ndenumerate(ratios.to_numpy(float)):
        axes.text(j, i, _three_digits(ratio), ha="center", va="center", fontsize=6)
    axes.set_xticks(range(len(CASES)), list(CASES), fontsize=6)
    axes.set_yticks(range(len(SCHEMES)), list(SCHEMES), fontsize=6)
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    axes.grid(visible=False)
    axes.set_title(f"{title}, {steps} steps (grey: nothing is promised)", pad=4)


def _three_digits(ratio: float) -> str:
    if np.isinf(ratio) or ratio >= 1e4:
        return f"{ratio:.0e}"
    return f"{ratio:.2f}" if ratio < 10 else f"{ratio:.0f}"


if __name__ == "__main__":
    from studies import _study

    _study.main(__file__)
