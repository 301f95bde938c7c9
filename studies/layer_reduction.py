"""H2-optimal reduction of layers loses less than balanced truncation, at every order tried.

Relative H2 errors of S4D and LRU layers that are reduced to layers with the same D, against the
number of states: H2-optimal, balanced and Hankel-optimal (compare hankel_reduction).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

import hippo_theory as ht
from studies import _figures, _study


@dataclass(frozen=True)
class Params:
    N: int = 16
    """Conjugate pairs of a layer."""
    orders: tuple[int, ...] = (2, 4, 6, 8, 12, 16, 20)
    """States that are left."""


QUICK = Params(N=4, orders=(2, 4))
LAYERS = {
    "s4d_lin": "S4D-Lin, random $C$",
    "lru": "LRU ring, phase below $\\pi/10$",
    "lru_wide": "the same, 4 inputs and outputs",
}
METHODS = {"balanced": "balanced", "hankel": "Hankel-optimal", "h2": "$H_2$-optimal"}


def cells(params: Params) -> list[tuple]:
    if max(params.orders) >= 2 * params.N:
        raise ValueError(f"orders must be below {2 * params.N}, got {params.orders}")
    return [(name, params.N, order) for name in LAYERS for order in params.orders]


def measure(cell: tuple, rng: np.random.Generator) -> list[dict]:
    name, N, order = cell
    layer, rows = _layer(name, N), []
    for method in METHODS:
        try:
            error = ht.hankel.reduce_layer(layer, order, method=method).relative_error
        except np.linalg.LinAlgError:
            error = np.nan  # the optimum is not resolved in double precision
        rows.append({"layer": name, "N": N, "order": order, "method": method, "error": error})
    return rows


def _layer(name, N):
    """The same layer in every cell."""
    rng = np.random.default_rng(5)
    if name == "s4d_lin":
        C = rng.normal(size=(1, N)) + 1j * rng.normal(size=(1, N))
        decay, frequency = np.log(0.5 * np.ones((1, N))), np.pi * np.arange(N)[None]
        return ht.lti.from_s4d([np.log(0.02)], decay, frequency, C, 1.0)[0]
    ring = ht.lti.family("lru_ring", N, rng=rng, r_min=0.9, r_max=0.999, max_phase=np.pi / 10)
    shape = (N, 4) if name == "lru_wide" else (N, 1)
    B, C = (rng.normal(size=shape) + 1j * rng.normal(size=shape) for _ in range(2))
    system = ht.DiagonalLTI(
        ring.poles, ring.B[:, None] * B, C.T, np.eye(shape[1]), 1.0, True, log_poles=ring.log_poles
    )
    return ht.lti.layer(system)


def check(table: pd.DataFrame) -> dict:
    wide = table.pivot_table(index=["layer", "order"], columns="method", values="error")
    ratio = wide["h2"] / wide["balanced"]
    assert ratio.max() <= 1 + 1e-9, "the H2 optimum must never lose more than balanced truncation"
    return {
        "least ratio to balanced": ratio.min(),
        "median ratio to balanced": ratio.median(),
        "largest ratio to balanced": ratio.max(),
    }


def plot(table: pd.DataFrame) -> Figure:
    figure = _figures.figure("double", 2.8)
    for ax, (name, title) in zip(figure.subplots(1, 3), LAYERS.items(), strict=True):
        for method, label in METHODS.items():
            rows = table[(table["layer"] == name) & (table["method"] == method)]
            ax.semilogy(rows["order"], rows["error"], label=label)
        ax.set(title=title, xlabel="states")
    figure.axes[0].set_ylabel("relative $H_2$ error")
    figure.legend(*figure.axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


if __name__ == "__main__":
    _study.main(__file__)
