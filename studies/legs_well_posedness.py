"""A wrong LegS state is forgotten as t grows; carried back to t = 0 it grows like t^-1 to t^-N.

Left: perturbations of a state at t = 1, carried back to s < 1, grow like s^-1 (the mildest mode) to
s^-N (a generic one), so that only one solution has t c(t) -> 0. Middle: schemes that start at their
first step t = h from zero, a wrong value, converge all the same, at the rate |h^A d| at which the
flow forgets the error d of the start: h^(1/2) until 1/h is about N^2, then h. Right: a bounded
input, sin(w log t), whose state never settles as t -> 0; runs from wrong values join it.
(compare legs_convergence)
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from hippo_theory import _check
from hippo_theory.legs import (
    SCHEMES,
    growth_exponent,
    homogeneous_mode,
    homogeneous_solution,
    inputs,
    solve,
)
from studies import _figures


@dataclass(frozen=True)
class Params:
    N_growth: int = 4
    """State dimension of the perturbations carried back."""
    dims: tuple[int, ...] = (4, 16, 64, 256)
    """State dimensions of the runs that start from zero."""
    schemes: tuple[str, ...] = ("midpoint", "backward_euler", "foh")
    """Schemes of these runs."""
    steps: tuple[int, ...] = tuple(2**j for j in range(2, 17))
    """1/h: the runs go from t = h to 1."""
    omega: float = 3.0
    """Angular frequency in log-time of the log-chirp."""


QUICK = Params(dims=(4, 16), schemes=("midpoint",), steps=(4, 16, 64, 256))


def cells(params: Params) -> list[tuple]:
    _check.integer("N_growth", params.N_growth)
    _check.number("omega", params.omega, above=0)
    for scheme in params.schemes:
        _check.choice("scheme", scheme, SCHEMES)
    runs = [("start", N, scheme, params.steps) for N in params.dims for scheme in params.schemes]
    return [("growth", params.N_growth), *runs, ("chirp", params.omega)]


def measure(cell: tuple, rng: np.random.Generator) -> list[dict]:
    kind, *arguments = cell
    rows = {"growth": _growth, "start": _start, "chirp": _chirp}[kind](*arguments, rng)
    return [{"kind": kind} | row for row in rows]


def _growth(N: int, rng) -> list[dict]:
    perturbations = [homogeneous_mode(k, N) for k in range(1, N + 1)]
    generic = rng.standard_normal(N)
    perturbations.append(generic / np.linalg.norm(generic))
    s = np.geomspace(1e-3, 1, 13)
    sizes = np.linalg.norm(homogeneous_solution(perturbations, 1.0, s), axis=-1)
    names = [f"mode {k}" for k in range(1, N + 1)] + ["generic"]
    return [
        {"curve": name, "N": N, "t": time, "size": size, "exponent": exponent}
        for name, curve, exponent in zip(names, sizes, growth_exponent(perturbations), strict=True)
        for time, size in zip(s, curve, strict=True)
    ]


def _start(N: int, scheme: str, steps, rng) -> list[dict]:
    f = inputs.cosine(6.0)
    end = f.project([1.0], N)[0]
    rows = []
    for count in steps:
        t = np.linspace(1 / count, 1, count)
        final = solve(f, t, N, scheme=scheme, initial=np.zeros(N), store="final")
        right = f.project(t[:1], N)[0]
        rows.append(
            {
                "curve": scheme,
                "N": N,
                "steps": count,
                "size": np.linalg.norm(final - end),
                "forgotten_to": np.linalg.norm(homogeneous_solution(right, t[0], [1.0])),
            }
        )
    return rows


def _chirp(omega: float, rng) -> list[dict]:
    N, f = 8, inputs.log_chirp(omega)
    t = np.geomspace(1e-6, 1, 601)
    curves = [("exact", t, f.project(t, N)[:, 0])]
    for first in (-1.5, 1.5):
        late = t[100 if first < 0 else 300 :]
        run = solve(f, late, N, initial=first * np.eye(N)[0])
        curves.append((f"started at {late[0]:.0e}", late, run.coefficients[:, 0]))
    return [
        {"curve": name, "N": N, "t": time, "size": value}
        for name, times, values in curves
        for time, value in zip(times, values, strict=True)
    ]


def plot(table: pd.DataFrame) -> Figure:
    figure = _figures.figure("double", 2.9)
    panels = figure.subplots(1, 3)
    drawn = (_draw_growth, _draw_starts, _draw_chirp)
    for draw, axes, kind in zip(drawn, panels, ("growth", "start", "chirp"), strict=True):
        draw(axes, table[table["kind"] == kind])
    return figure


def _draw_growth(axes, rows: pd.DataFrame) -> None:
    N = int(rows["N"].iloc[0])
    for name in rows["curve"].unique():
        curve = rows[rows["curve"] == name]
        style = {"color": "black", "marker": "*", "ls": "-"} if name == "generic" else {"ls": ""}
        axes.loglog(curve["t"], curve["size"], label=name, **style)
    for k in range(1, N + 1):
        text = rf"$s^{{-{k}}}$"
        line = _figures.reference_slope(axes, -k, (1.0, 1e-3), 1.0, text="")
        _figures.label_end(line, text, offset=(-16, 0))
    axes.set(title=f"back from $t = 1$ ($N = {N}$)", xlabel="time $s$")
    axes.set(ylabel=r"size $|s^{-A} v|$, $|v| = 1$", xlim=(2e-4, 1.5))
    axes.legend(handlelength=1.2)


def _draw_starts(axes, rows: pd.DataFrame) -> None:
    schemes, dims = rows["curve"].unique(), sorted(rows["N"].unique())
    for scheme, marker in zip(schemes, "os^x", strict=False):
        curve = rows[rows["curve"] == scheme]
        axes.loglog(
            curve["steps"], curve["size"], ls="", marker=marker, mfc="none", ms=3, label=scheme
        )
    for N in dims:
        curve = rows[(rows["N"] == N) & (rows["curve"] == schemes[0])]
        line = axes.loglog(curve["steps"], curve["forgotten_to"], color="black", marker="")[0]
        line.set_linestyle("-")
        _figures.label_end(line, f"$N = {N}$")
    steps = rows["steps"].min(), rows["steps"].max()
    _figures.reference_slope(axes, -0.5, (8, steps[1] / 8), 1.4, text="$-1/2$")
    _figures.reference_slope(axes, -1, (steps[0], 0.03 * steps[1] ** 0.8), 0.08, text="$-1$")
    axes.set(title="from $c(h) = 0$ to $t = 1$", xlabel="steps $1/h$")
    axes.set(ylabel=r"error $|c_K - c(1)|$")
    axes.set_xlim(right=steps[1] * 12)
    axes.legend(loc="lower left", handlelength=0.8, borderaxespad=0)


def _draw_chirp(axes, rows: pd.DataFrame) -> None:
    for name in rows["curve"].unique():
        curve = rows[rows["curve"] == name]
        style = {"color": "0.6", "lw": 2.4, "ls": "-"} if name == "exact" else {}
        axes.semilogx(curve["t"], curve["size"], marker="", label=name, **style)
    axes.set(title=r"input $\sin(\omega \log t)$", xlabel="time $t$", ylabel="$c_0(t)$")
    axes.set(ylim=(-1.7, 2.7))
    axes.legend(loc="upper left")


if __name__ == "__main__":
    from studies import _study

    _study.main(__file__)
