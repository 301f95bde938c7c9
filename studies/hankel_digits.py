"""Classical software loses small Hankel singular values, generators keep all (compare slycot).

Relative errors of every value, against references of 200 and more digits, by four methods:
eigenvalues of P Q, the square-root method on Cholesky factors of Gramians, the same on factors
computed directly (Hammarling), and the generator Cholesky of the pole Gram matrix. Cholesky breaks
down where it has no line; errors are drawn between 1e-17 and 1e3.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy.linalg as sla
from matplotlib.figure import Figure

import hippo_theory as ht
from studies import _figures


@dataclass(frozen=True)
class Params:
    N: int = 36
    """Poles."""
    systems: tuple[str, ...] = ("disk", "box", "real", "deep")
    """Pole sets: uniform disk, unit box, real in [0.1, 1], real in [0.7, 1]."""


QUICK = Params(N=6)
NAMES = {
    "disk": "uniform disk",
    "box": "unit box, continuous",
    "real": "real, $-l$ in [0.1, 1]",
    "deep": "real, $-l$ in [0.7, 1]",
}
METHODS = {
    "eig": "eigenvalues of $PQ$",
    "cholesky": "Cholesky square root",
    "factors": "direct factors",
    "generator": "generators",
}


def cells(params: Params) -> list[tuple]:
    unknown = [name for name in params.systems if name not in NAMES]
    if unknown:
        raise ValueError(f"systems must be among {list(NAMES)}, got {unknown[0]!r}")
    return [(name, params.N) for name in params.systems]


def measure(cell: tuple, rng: np.random.Generator) -> list[dict]:
    name, N = cell
    system = _system(name, N, rng)
    exact = ht.hankel.singular_values(system, digits=100)
    rows = []
    for method in METHODS:
        values, estimate = _values(method, system)
        errors = [_relative_error(v, x) for v, x in zip(values, exact.values, strict=True)]
        for j, error in enumerate(errors):
            ratio = (exact.log_values[j] - exact.log_values[0]) / np.log(10)
            rows.append(
                {
                    "system": name,
                    "method": method,
                    "index": j + 1,
                    "log10_ratio": ratio,
                    "relative_error": error,
                    "estimate": estimate[j],
                }
            )
    return rows


def _system(name, N, rng):
    turns = np.exp(2j * np.pi * rng.random(N))
    poles = {
        "disk": lambda: np.sqrt(rng.random(N)) * turns,
        "box": lambda: -rng.random(N) + 1j * rng.uniform(-1, 1, N),
        "real": lambda: -rng.uniform(0.1, 1, N),
        "deep": lambda: -rng.uniform(0.7, 1, N),
    }[name]()
    C = rng.normal(size=N) + 1j * rng.normal(size=N)
    return ht.DiagonalLTI(poles, np.ones(N), C, dt=1.0 if name == "disk" else None)


def _values(method, system):
    """Descending values, nan where the method breaks down, and estimates of their errors."""
    nothing = np.full(system.state_dim, np.nan)
    if method in ("factors", "generator"):
        chosen = ht.lti.dense(system) if method == "factors" else system
        spectrum = ht.hankel.singular_values(chosen)
        return spectrum.values, spectrum.relative_error
    P, Q = ht.hankel.gramians(system)
    if method == "eig":
        squares = np.sort(np.linalg.eigvals(P @ Q).real)[::-1]
        return np.sqrt(np.where(squares > 0, squares, np.nan)), nothing
    try:
        S, R = (sla.cholesky(X, lower=True) for X in (P, Q))
    except np.linalg.LinAlgError:
        return nothing, nothing
    return np.linalg.svd(R.conj().T @ S, compute_uv=False), nothing


def _relative_error(value, exact):
    return float(abs(float(value) / exact - 1)) if np.isfinite(value) else np.nan


def plot(table: pd.DataFrame) -> Figure:
    figure = _figures.figure("double", 4.6)
    names = list(dict.fromkeys(table["system"]))
    axes = figure.subplots(2, 2, sharey=True).ravel()
    for ax, name in zip(axes, names, strict=False):
        for method, label in METHODS.items():
            rows = table[(table["system"] == name) & (table["method"] == method)]
            error = rows["relative_error"].clip(1e-17, 1e3)
            ax.semilogy(-rows["log10_ratio"], error, label=label, linewidth=0.8)
        ax.axhline(1, color=_figures.GREY, linewidth=0.6, linestyle="-")
        ax.set(title=NAMES[name], ylim=(1e-17, 1e4))
    for ax in axes[len(names) :]:
        ax.set_visible(False)
    for ax in axes[2:]:
        ax.set_xlabel(r"decades below the largest, $-\log_{10}\,\sigma_j/\sigma_1$")
    for ax in axes[::2]:
        ax.set_ylabel("relative error")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return figure


if __name__ == "__main__":
    from studies import _study

    _study.main(__file__)
