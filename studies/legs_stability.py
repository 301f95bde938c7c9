"""Forward Euler amplifies exponentially in N, the bilinear rule linearly, all others not at all.

For every one-step scheme: the largest 2-norm of the products of its first 4N step matrices (what
any perturbation can grow to), and a run on a smooth input, whose final state forward Euler gets
right after a huge transient until it overflows. (compare legs_convergence)
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from hippo_theory.legs import SCHEMES, inputs, solve
from hippo_theory.legs.schemes import OneStep
from studies import _figures


@dataclass(frozen=True)
class Params:
    dims_norm: tuple[int, ...] = (4, 8, 16, 32, 64, 128)
    """State dimensions of the norms."""
    dims_run: tuple[int, ...] = (8, 16, 32, 64, 128, 256, 384, 448, 512)
    """State dimensions of the runs on a smooth input."""
    steps: int = 4096
    """Steps of a run on [0, 1]."""


QUICK = Params(dims_norm=(4, 8, 16), dims_run=(8, 64), steps=512)
STEPPERS = [name for name, row in SCHEMES.items() if isinstance(row, OneStep)]


def cells(params: Params) -> list[tuple]:
    norms = [("norm", scheme, N, 4 * N) for scheme in STEPPERS for N in params.dims_norm]
    runs = [("run", scheme, N, params.steps) for scheme in STEPPERS for N in params.dims_run]
    return norms + runs


def measure(cell: tuple, rng: np.random.Generator) -> list[dict]:
    kind, scheme, N, steps = cell
    row = {"kind": kind, "scheme": scheme, "N": N, "steps": steps}
    return [row | (_growth(scheme, N, steps) if kind == "norm" else _smooth(scheme, N, steps))]


def _growth(scheme: str, N: int, steps: int) -> dict:
    t = np.arange(1.0, steps + 2)
    basis = solve(lambda s: np.zeros((N, s.size)), t, N, scheme=scheme, initial=np.eye(N))
    norms = [np.linalg.norm(basis.coefficients[:, k], 2) for k in range(1, t.size)]
    return {"largest_norm": max(norms), "at_step": int(np.argmax(norms)) + 1}


def _smooth(scheme: str, N: int, steps: int) -> dict:
    f = inputs.cosine(6.0) + inputs.sine(3.0)
    try:
        states = solve(f, np.linspace(0, 1, steps + 1), N, scheme=scheme).coefficients
    except np.linalg.LinAlgError:
        return {"log10_largest_state": np.inf, "final_error": np.nan}
    return {
        "log10_largest_state": np.log10(abs(states).max()),
        "final_error": np.linalg.norm(states[-1] - f.project([1.0], N)[0]),
    }


def plot(table: pd.DataFrame) -> Figure:
    figure = _figures.figure("double", 2.9)
    norms, states, errors = figure.subplots(1, 3)
    norm_rows, run_rows = (table[table["kind"] == kind] for kind in ("norm", "run"))
    _figures.reference_slope(norms, 1, (8, 128), 0.64 * 8 * 1.6, text="$N$")
    _panel(norms, norm_rows, "largest_norm", "largest norm of a product of steps")
    norms.set(yscale="log", ylim=(0.5, 1e6))
    _panel(states, run_rows, "log10_largest_state", "largest $|c_n|$, smooth input")
    states.set(ylabel=r"$\log_{10}$", ylim=(-5, 320))
    _panel(errors, run_rows, "final_error", "final error, smooth input")
    errors.set(yscale="log", ylim=(3e-8, 1e-2))
    lost = run_rows[run_rows["final_error"].isna()]
    if len(lost):
        words = f"forward_euler overflows\nfrom N = {lost['N'].min():g}"
        errors.annotate(words, (9, 1.4e-3), fontsize="small")
    figure.legend(*norms.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


def _panel(axes, rows: pd.DataFrame, column: str, title: str) -> None:
    for scheme in STEPPERS:
        curve = rows[rows["scheme"] == scheme]
        axes.plot(curve["N"], curve[column].replace(np.inf, np.nan), label=scheme)
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set(title=title, xlabel="state dimension $N$")


if __name__ == "__main__":
    from studies import _study

    _study.main(__file__)
