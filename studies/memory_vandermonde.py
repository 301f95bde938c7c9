"""Real poles recall as well as complex ones in orthonormal coordinates (compare memory_capacity).

Left: condition numbers of the N x N Vandermonde matrices of node sets, to their last digits, with
Beckermann's bound for real nodes. Right: error of the last L inputs read off one state in float32,
in diagonal and in Takenaka-Malmquist coordinates, as N grows beyond L.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from hippo_theory import memory
from hippo_theory.lti import cascade
from studies import _figures, _spectra


@dataclass(frozen=True)
class Params:
    dims: tuple[int, ...] = (4, 8, 12, 16, 24, 32, 48, 64)
    """Sizes of the square Vandermonde matrices."""
    L: int = 32
    """Inputs to reconstruct."""
    ratios: tuple[float, ...] = (1.0, 1.25, 1.5, 2.0, 3.0, 4.0)
    """State dimensions N / L of the reconstructions."""
    draws: int = 9
    """Repetitions, of which the median is shown."""


QUICK = Params(dims=(4, 8), L=8, ratios=(1.0, 2.0), draws=2)
NODES = {
    "cycle": "cycle, $r = 0.99$",
    "ring": "LRU ring [0.9, 0.999]",
    "disk": "uniform disk",
    "chebyshev": "Chebyshev",
    "real": "real, uniform on (0, 1)",
}


def cells(params: Params) -> list[tuple]:
    conditions = [("condition", name, N, N, params.draws) for name in NODES for N in params.dims]
    sizes = [round(ratio * params.L) for ratio in params.ratios]
    return conditions + [
        ("reconstruction", name, N, params.L, params.draws) for name in NODES for N in sizes
    ]


def measure(cell: tuple, rng: np.random.Generator) -> list[dict]:
    kind, name, N, L, draws = cell
    rows = []
    for draw in range(draws):
        nodes = _nodes(name, N, rng)
        row = {"kind": kind, "nodes": name, "N": N, "L": L, "draw": draw}
        if kind == "condition":
            row["log10_condition"] = memory.vandermonde_log10_condition(nodes, L)
        else:
            row |= _errors(nodes, L, rng)
        rows.append(row)
    return rows


def _nodes(name, N, rng):
    return {
        "cycle": lambda: _spectra.cycle(N, 0.99),
        "ring": lambda: _spectra.ring(N, rng, 0.9, 0.999),
        "disk": lambda: _spectra.ring(N, rng, 0.0, 1.0),
        "chebyshev": lambda: _spectra.chebyshev(N),
        "real": lambda: rng.random(N),
    }[name]()


def _errors(nodes, L, rng):
    u = rng.normal(size=L)
    scale = np.sqrt(1 - np.abs(nodes) ** 2)
    x = (scale[:, None] * nodes[:, None] ** np.arange(L)) @ u[::-1]
    T = cascade.impulse_response(nodes, L)
    state = T.T @ u[::-1]
    single = lambda z: z.astype(np.complex64).astype(complex)  # noqa: E731
    found = {
        "diagonal_float64": memory.reconstruct(x / scale, nodes, L),
        "diagonal_float32": memory.reconstruct(single(x) / scale, nodes, L),
        "orthonormal_float32": np.linalg.lstsq(T.T, single(state))[0][::-1],
    }
    return {key: np.linalg.norm(value - u) / np.linalg.norm(u) for key, value in found.items()}


def plot(table: pd.DataFrame) -> Figure:
    figure = _figures.figure("double", 3.1)
    conditions, errors = figure.subplots(1, 2)
    for name, label in NODES.items():
        rows = table[(table["nodes"] == name) & (table["kind"] == "condition")]
        median = rows.groupby("N")["log10_condition"].median()
        (line,) = conditions.plot(median.index, median, label=label)
        rows = table[(table["nodes"] == name) & (table["kind"] == "reconstruction")]
        columns = ["diagonal_float32", "orthonormal_float32"]
        median = rows.groupby("N")[columns].median()
        ratio = median.index / rows["L"].iloc[0]
        style = {"color": line.get_color(), "marker": line.get_marker()}
        errors.semilogy(ratio, median["diagonal_float32"], linestyle="-", **style)
        errors.semilogy(ratio, median["orthonormal_float32"], linestyle=":", **style)
    N = np.unique(table[table["kind"] == "condition"]["N"])
    bound = [memory.beckermann_bound(int(n)) for n in N]
    conditions.plot(N, bound, color=_figures.GREY, marker="", linestyle=":")
    conditions.annotate(
        "bound for real nodes", (N[-1], bound[-1]), xytext=(0, 10), ha="right",
        textcoords="offset points", fontsize="small", color=_figures.GREY,
    )  # fmt: skip
    conditions.axhline(16, color=_figures.GREY, linewidth=0.7, linestyle="-")
    conditions.annotate("double precision ends here", (0.35 * N[-1], 17), fontsize="small",
                        color=_figures.GREY)  # fmt: skip
    conditions.set(title=r"$\log_{10}$ of the condition number, $L = N$", xlabel="poles $N$")
    errors.set(title="relative error of the last $L$ inputs, float32 states", xlabel="$N/L$",
               ylim=(1e-9, 1e8))  # fmt: skip
    errors.annotate("solid: diagonal, dotted: Takenaka–Malmquist", (0.97, 0.78),
                    xycoords="axes fraction", ha="right", va="top", fontsize="small")  # fmt: skip
    figure.legend(*conditions.get_legend_handles_labels(), loc="outside lower center", ncols=5)
    return figure


if __name__ == "__main__":
    from studies import _study

    _study.main(__file__)
