"""Sampled and solved memory curves fail, even one that sums to N (compare memory_capacity).

The exact curve of a dense recurrence against four estimates: v^T Gamma^{-1} v with the inverse
and with a pseudo-inverse of the state covariance, row norms of Q in the QR factorisation of the
Krylov matrix, and a bias-corrected regression on simulated states.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy import linalg

import hippo_theory as ht
from hippo_theory import memory
from studies import _figures


@dataclass(frozen=True)
class Params:
    N: int = 100
    """State dimension."""
    K: int = 200
    """Lags."""
    samples: int = 20_000
    """Length of the simulated input."""


QUICK = Params(N=30, K=60, samples=2000)
MATRICES = {
    "gaussian": "Gaussian, spectral radius 0.9",
    "symmetric": "symmetric, spectral radius 0.95",
    "orthogonal": "orthogonal times 0.95",
}
METHODS = {
    "exact": "exact (poles)",
    "inverse": "inverse of $\\Gamma$",
    "pinv": "pseudo-inverse, $10^{-13}$",
    "krylov": "QR of Krylov matrix",
    "sampled": "regression, debiased",
}


def cells(params: Params) -> list[tuple]:
    return [(kind, params.N, params.K, params.samples) for kind in MATRICES]


def measure(cell: tuple, rng: np.random.Generator) -> list[dict]:
    kind, N, K, samples = cell
    W = _matrix(kind, N, rng)
    v = rng.normal(size=N)
    curves = {"exact": memory.capacity(ht.LTI(W, v, v, dt=1.0), K)}
    krylov = np.empty((max(K, 10 * N), N))
    krylov[0] = v
    for k in range(1, len(krylov)):
        krylov[k] = W @ krylov[k - 1]
    gamma = linalg.solve_discrete_lyapunov(W, np.outer(v, v), method="bilinear")
    rows = krylov[:K]
    curves["inverse"] = np.sum(rows * np.linalg.solve(gamma, rows.T).T, axis=1)
    pinv = np.linalg.pinv(gamma, rcond=1e-13, hermitian=True)
    curves["pinv"] = np.sum(rows * (rows @ pinv), axis=1)
    curves["krylov"] = np.sum(np.linalg.qr(krylov)[0][:K] ** 2, axis=1)
    u = rng.normal(size=samples)
    x, states = np.zeros(N), np.empty((samples, N))
    for t in range(samples):
        x = W @ x + v * u[t]
        states[t] = x
    curves["sampled"] = memory.estimate_capacity(states, u, K).capacity
    return [
        {"matrix": kind, "N": N, "method": method, "lag": k, "capacity": value,
         "error": value - curves["exact"][k]}
        for method, curve in curves.items()
        for k, value in enumerate(curve)
    ]  # fmt: skip


def _matrix(kind, N, rng):
    W = rng.normal(size=(N, N))
    if kind == "orthogonal":
        return 0.95 * np.linalg.qr(W)[0]
    if kind == "symmetric":
        W = W + W.T
    return W * ((0.9 if kind == "gaussian" else 0.95) / np.abs(np.linalg.eigvals(W)).max())


def plot(table: pd.DataFrame) -> Figure:
    figure = _figures.figure("double", 3.2)
    for axes, (kind, title) in zip(
        figure.subplots(1, 3, sharey=True), MATRICES.items(), strict=True
    ):
        rows = table[table["matrix"] == kind]
        for method, label in METHODS.items():
            curve = rows[rows["method"] == method]
            wide = {"linewidth": 2.2, "alpha": 0.45} if method == "exact" else {}
            axes.plot(curve["lag"], curve["capacity"], marker="", label=label, **wide)
        sums = {method: rows["capacity"][rows["method"] == method].sum() for method in METHODS}
        text = "\n".join(f"{method}: {sums[method]:.1f}" for method in METHODS)
        axes.annotate("sums\n" + text, (0.97, 0.97), xycoords="axes fraction", ha="right",
                      va="top", fontsize="x-small")  # fmt: skip
        axes.set(title=title, xlabel="lag $k$", ylim=(-0.05, 1.25))
    figure.axes[0].set_ylabel("memory capacity $MC(k)$")
    figure.legend(*figure.axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=5)
    return figure


if __name__ == "__main__":
    from studies import _study

    _study.main(__file__)
