"""Real poles keep 9 of 32 states in bfloat16, orthonormal ones 32 (compare memory_vandermonde).

Effective dimension of five pole sets in formats from float8 to float64. Lines: the noise model.
Symbols: memory of states that are really rounded at every step, summed over lags from a
bias-corrected regression on the rounded states. Left: diagonal states. Right: the same poles in
orthonormal coordinates, one by one and in blocks.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

import hippo_theory as ht
from hippo_theory import memory
from studies import _figures, _spectra


@dataclass(frozen=True)
class Params:
    N: int = 32
    """Number of poles, conjugates counted; even."""
    K: int = 800
    """Lags that are summed."""
    samples: int = 40_000
    """Length of the simulated input."""


QUICK = Params(N=8, K=60, samples=1000)
NAMES = {
    "cycle": "cycle, $r = 0.99$",
    "comb": "S4D-Lin, $dt = 1/N$",
    "ring": "LRU ring [0.9, 0.99]",
    "disk": "LRU ring [0, 0.99]",
    "real": "real, uniform on (0, 0.99)",
}
COORDINATES = {"diagonal": None, "chain": 1, "block": 8}
EXACT = "float64"  # the regression itself is in double precision: only the model


def cells(params: Params) -> list[tuple]:
    if params.N % 2:
        raise ValueError(f"N must be even, got {params.N}")
    sizes = (params.N, params.K, params.samples)
    return [(name, form, *sizes) for name in NAMES for form in COORDINATES]


def measure(cell: tuple, rng: np.random.Generator) -> list[dict]:
    name, form, N, K, samples = cell
    upper = _upper(name, N, np.random.default_rng(N))  # the same poles in all coordinates
    block = None if COORDINATES[form] is None else min(COORDINATES[form], N)
    poles = upper if name == "real" else np.concatenate([upper, upper.conj()])
    system, u = _system(upper, poles, block), rng.normal(size=samples)
    rows = []
    for precision in memory.PRECISIONS:
        common = {"poles": name, "coordinates": form, "N": N, "format": precision}
        model = memory.effective_dimension(poles, precision, block=block)
        rows.append({**common, "source": "model", "dimension": model})
        if precision != EXACT:
            signal = u if block is None else u[None]
            states = memory.simulate_rounded(system, signal, precision)
            found = float(memory.estimate_capacity(states, u, K).capacity.sum())
            rows.append({**common, "source": "simulated", "dimension": found})
    return rows


def _upper(name, N, rng):
    """One pole of each pair, or all real ones."""
    half = N // 2
    if name == "real":
        return rng.uniform(0, 0.99, N)
    if name == "cycle":
        return 0.99 * np.exp(2j * np.pi * (np.arange(half) + 0.5) / N)
    if name == "comb":
        return np.exp((-0.5 + 1j * np.pi * (np.arange(half) + 0.5)) / N)
    poles = _spectra.ring(half, rng, 0.9 if name == "ring" else 0.0, 0.99)
    return poles.real + 1j * np.abs(poles.imag)


def _system(upper, poles, block):
    if block is None:
        gain = np.sqrt(1 - np.abs(upper) ** 2)
        return ht.DiagonalLTI(upper, gain, gain, dt=1.0, conjugate=bool(np.iscomplexobj(upper)))
    form = memory.orthonormal_realization(poles, block=block)
    A, b = (form.A, form.b) if np.iscomplexobj(upper) else (form.A.real, form.b.real)
    return ht.LTI(A, b[:, None], np.eye(b.size), dt=1.0)


def check(table: pd.DataFrame) -> dict:
    wide = table.pivot_table(index=["poles", "coordinates", "format"], columns="source",
                             values="dimension").dropna()  # fmt: skip
    gap = (wide["simulated"] - wide["model"]).abs() / table["N"].iloc[0]
    narrow = gap.index.get_level_values("format").str.startswith("float8")
    real = wide.xs(("real", "bfloat16"), level=("poles", "format"))["model"]
    numbers = {
        "real_diagonal_bfloat16": real["diagonal"],
        "real_chain_bfloat16": real["chain"],
        "real_diagonal_bfloat16_simulated": wide.loc[("real", "diagonal", "bfloat16"), "simulated"],
        "largest_gap_per_state": gap[~narrow].max(),
        "largest_gap_per_state_float8": gap[narrow].max(),
    }
    assert 8 < numbers["real_diagonal_bfloat16"] < 10
    assert numbers["real_chain_bfloat16"] > 31.9
    assert numbers["largest_gap_per_state"] < 0.05
    assert numbers["largest_gap_per_state_float8"] < 0.1
    return numbers


def plot(table: pd.DataFrame) -> Figure:
    figure = _figures.figure("double", 3.1)
    left, right = figure.subplots(1, 2, sharey=True)
    formats = list(memory.PRECISIONS)
    for name, label in NAMES.items():
        _draw(left, table, name, "diagonal", formats, label)
        _draw(right, table, name, "chain", formats, label)
        rows = table[(table["poles"] == name) & (table["coordinates"] == "block")]
        rows = rows[rows["source"] == "simulated"]
        right.plot([formats.index(f) + 0.12 for f in rows["format"]], rows["dimension"],
                   color=_figures.GREY, linestyle="", marker="x", markersize=3)  # fmt: skip
    N = int(table["N"].iloc[0])
    for axes, title in ((left, "diagonal states"), (right, "orthonormal states (x: blocks of 8)")):
        axes.axhline(N, color=_figures.GREY, linewidth=0.7, linestyle=":")
        axes.set(title=title, ylim=(0, 1.08 * N))
        axes.set_xticks(range(len(formats)), formats, rotation=35, ha="right", fontsize="small")
    left.set_ylabel(f"effective dimension of ${N}$ states")
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


def _draw(axes, table, name, form, formats, label):
    rows = table[(table["poles"] == name) & (table["coordinates"] == form)]
    model, found = (rows[rows["source"] == s] for s in ("model", "simulated"))
    (line,) = axes.plot([formats.index(f) for f in found["format"]], found["dimension"],
                        linestyle="", label=label, markersize=3.5)  # fmt: skip
    axes.plot([formats.index(f) for f in model["format"]], model["dimension"],
              color=line.get_color(), marker="", linestyle="-", linewidth=0.7)  # fmt: skip


if __name__ == "__main__":
    from studies import _study

    _study.main(__file__)
