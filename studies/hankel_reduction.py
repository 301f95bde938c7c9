"""Reduction errors lie between sigma_{r+1} and twice the tail; AAK attains sigma_{r+1}.

H-infinity errors of balanced truncation and of singular perturbation, and the Hankel-norm error
of the optimal approximation, as the order grows (compare pyMOR and hankelmr).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

import hippo_theory as ht
from studies import _figures


@dataclass(frozen=True)
class Params:
    N: int = 24
    """States."""
    step: int = 2
    """Every how manieth order is measured."""


QUICK = Params(N=6)
SYSTEMS = {"legs": "HiPPO-LegS, random $C$", "random": "random poles, Re$\\,l$ in $(-1, -0.05)$"}
LINES = {
    "bound": r"bound $2\sum_{j>r}\sigma_j$",
    "truncation": "balanced truncation",
    "singular_perturbation": "singular perturbation",
    "sigma": r"$\sigma_{r+1}$",
    "optimal": "AAK, Hankel norm",
}


def cells(params: Params) -> list[tuple]:
    orders = range(1, params.N, params.step)
    return [(name, params.N, order) for name in SYSTEMS for order in orders]


def measure(cell: tuple, rng: np.random.Generator) -> list[dict]:
    name, N, order = cell
    system = _system(name, N)
    model = ht.lti.expand(system)
    reduced = {
        method: ht.hankel.balanced_truncation(system, order=order, method=method)
        for method in ("truncation", "singular_perturbation")
    }
    spectrum = reduced["truncation"].singular_values
    row = {"system": name, "N": N, "order": order}
    row |= {"sigma": spectrum.values[order], "bound": reduced["truncation"].error_bound}
    for method, answer in reduced.items():
        row[method] = ht.hankel.hinf_norm(model - answer.system, rtol=1e-6)
    try:
        best = ht.hankel.optimal_approximation(system, order, rtol=1e-6).system
        row["optimal"] = ht.hankel.hankel_norm(model - best)
    except np.linalg.LinAlgError:
        row["optimal"] = np.nan  # not resolved in double precision
    return [row | {"largest": spectrum.values[0]}]


def _system(name, N):
    """The same system in every cell."""
    rng = np.random.default_rng(11)
    if name == "legs":
        return ht.lti.family("legs", N, C=rng.normal(size=N))
    poles = -rng.uniform(0.05, 1, N) + 1j * rng.uniform(-4, 4, N)
    return ht.DiagonalLTI(poles, np.ones(N), rng.normal(size=N) + 1j * rng.normal(size=N))


def plot(table: pd.DataFrame) -> Figure:
    figure = _figures.figure("double", 3.2)
    axes = figure.subplots(1, 2)
    for ax, (name, title) in zip(axes, SYSTEMS.items(), strict=True):
        rows = table[table["system"] == name]
        for column, label in LINES.items():
            ax.semilogy(rows["order"], rows[column] / rows["largest"], label=label)
        ax.set(title=title, xlabel="order $r$")
    axes[0].set_ylabel(r"error / $\sigma_1$")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=5)
    return figure


if __name__ == "__main__":
    from studies import _study

    _study.main(__file__)
