"""Moving poles moves the response, moving Markov parameters hardly does (compare HOPE).

Every parameter is changed by a random relative amount eps. Left: the change of the transfer
function in the H-infinity norm. Right: the largest change of a Hankel singular value.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

import hippo_theory as ht
from studies import _figures


@dataclass(frozen=True)
class Params:
    N: int = 32
    """Poles, or Markov parameters."""
    sizes: tuple[float, ...] = (1e-4, 1e-3, 1e-2)
    """Relative changes."""
    draws: int = 5
    """Random changes, of which the mean is shown."""


QUICK = Params(N=8, sizes=(1e-3, 1e-2), draws=1)
NAMES = {
    "s4d_lin": "poles, S4D-Lin",
    "s4d_inv": "poles, S4D-Inv",
    "marginal": r"poles, Re$\,l = -0.01$",
    "random": r"poles, Re$\,l$ in $(-1, 0)$",
    "markov": "Markov parameters",
}


def cells(params: Params) -> list[tuple]:
    return [
        (name, params.N, size, draw)
        for name in NAMES
        for size in params.sizes
        for draw in range(params.draws)
    ]


def measure(cell: tuple, rng: np.random.Generator) -> list[dict]:
    name, N, size, draw = cell
    C, turns = rng.normal(size=(2, N, 2)) @ [1, 1j]
    change = size * turns / np.sqrt(2)
    response, values = (_markov if name == "markov" else _poles)(name, C, change, rng)
    return [
        {
            "parameters": name,
            "N": N,
            "size": size,
            "draw": draw,
            "response_change": response,
            "value_change": values,
        }
    ]


def _markov(_, h, change, __):
    moved = h * (1 + change)
    first, second = (np.abs(np.fft.fft(x, 64 * h.size)).max() for x in (moved - h, h))
    values, others = (ht.hankel.markov_singular_values(x) for x in (h, moved))
    return first / second, np.abs(values - others).max() / values[0]


def _poles(name, C, change, rng):
    N = C.size
    poles = {
        "s4d_lin": lambda: ht.lti.family("s4d_lin", N).poles,
        "s4d_inv": lambda: ht.lti.family("s4d_inv", N).poles,
        "marginal": lambda: -0.01 + 1j * np.pi * np.arange(N),
        "random": lambda: -rng.random(N) + 1j * np.pi * np.arange(N),
    }[name]()
    system = ht.DiagonalLTI(poles, np.ones(N), C)
    step = change.real * poles.real + 1j * change.imag * poles.imag  # both parts are parameters
    moved = replace(system, poles=poles + step)
    norm, difference = (ht.hankel.hinf_norm(x, rtol=1e-4) for x in (system, system - moved))
    values, others = (ht.hankel.singular_values(x).values for x in (system, moved))
    return difference / norm, np.abs(values - others).max() / values[0]


def plot(table: pd.DataFrame) -> Figure:
    figure = _figures.figure("double", 3.1)
    response, values = figure.subplots(1, 2)
    for name, label in NAMES.items():
        columns = ["response_change", "value_change"]
        means: Any = table[table["parameters"] == name].groupby("size")[columns].mean()
        x = means.index.to_numpy(float)
        response.loglog(x, means["response_change"], label=label)
        values.loglog(x, means["value_change"])
    sizes = np.unique(table["size"].to_numpy(float))
    for ax in (response, values):
        _figures.reference_slope(ax, 1, (sizes[0], sizes[-1]), sizes[0] / 3, text="slope 1")
        ax.set_xlabel("relative change of the parameters")
        ax.margins(x=0.2)
    response.set_title(r"$\|G - \tilde G\|_\infty\,/\,\|G\|_\infty$")
    values.set_title(r"$\max_j |\sigma_j - \tilde\sigma_j|\,/\,\sigma_1$")
    figure.legend(*response.get_legend_handles_labels(), loc="outside lower center", ncols=5)
    return figure


if __name__ == "__main__":
    from studies import _study

    _study.main(__file__)
