"""MC(k) predicts what a linear readout recalls at lags up to 16,384 (compare memory_capacity).

Delayed recall of white noise by a least-squares readout of N states that run in orthonormal
coordinates, bias-corrected, with twice its standard error, on the exact curve of their poles.
The correction takes rows as independent: the run has to be much longer than the memory.
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
    N: int = 64
    """Number of poles, conjugates included."""
    samples: int = 1_000_000
    """Samples of the regression, after a run-in of four times the longest lag."""
    lags: tuple[int, ...] = (4, 16, 64, 256, 1024, 2048, 4096, 8192, 16_384)
    """Delays to recall."""


CHUNK = 2**15
QUICK = Params(N=16, samples=3000, lags=(4, 64, 256))
SETS = {
    "ring": "LRU ring [0.9, 0.999]",
    "narrow": "LRU ring [0.999, 0.9999]",
    "real": "real, time constants 1 to longest lag",
    "comb": "comb for the longest lag",
    "octave": "comb for a quarter of it",
}


def cells(params: Params) -> list[tuple]:
    if params.N % 2:
        raise ValueError(f"N must be even, got {params.N}")
    return [(name, params.N, params.samples, sorted(params.lags)) for name in SETS]


def measure(cell: tuple, rng: np.random.Generator) -> list[dict]:
    name, N, samples, lags = cell
    poles = _poles(name, N, lags[-1], rng)
    exact = memory.capacity(poles, lags[-1] + 1)[lags]
    raw = _recall(poles, np.array(lags), samples, rng)
    found = 1 - (1 - raw) * samples / (samples - N)
    level = np.clip(found, 0, 1)
    error = (1 - level) * np.sqrt(4 * level / samples + 2 * N / (samples * (samples - N)))
    return [
        {"poles": name, "N": N, "lag": k, "predicted": e, "measured": f, "standard_error": s}
        for k, e, f, s in zip(lags, exact, found, error, strict=True)
    ]


def _recall(poles, lags, samples, rng):
    """In-sample R^2 of the inputs `lags` ago; chunk by chunk, handing on the state."""
    past = rng.normal(size=4 * lags[-1])  # run-in: the memory becomes stationary
    state = cascade.readout(poles, past)[1]
    gram = np.zeros((poles.size, poles.size), complex)
    cross, power = np.zeros((poles.size, lags.size), complex), np.zeros(lags.size)
    for first in range(0, samples, CHUNK):
        u = rng.normal(size=min(CHUNK, samples - first))
        states = cascade.states(poles, u, initial_state=state)
        known = np.r_[past[-lags[-1] :], u]
        targets = np.stack([known[lags[-1] - k : known.size - k] for k in lags], axis=1)
        gram += states.conj().T @ states
        cross += states.conj().T @ targets
        power += np.sum(targets**2, axis=0)
        state, past = states[-1], known
    return np.sum(cross.conj() * np.linalg.solve(gram, cross), axis=0).real / power


def _poles(name, N, longest, rng):
    if name == "real":
        return np.exp(-1 / np.geomspace(1, longest, N))
    if name in ("ring", "narrow"):
        low, high = (0.9, 0.999) if name == "ring" else (0.999, 0.9999)
        upper = _spectra.ring(N // 2, rng, low, high)
    else:
        dt = 1.76 / (longest if name == "comb" else longest / 4)  # empirical: 82 % of the ceiling
        upper = np.exp(dt * (-1.0 + 1j * np.pi * (np.arange(N // 2) + 0.5)))
    return np.r_[upper, upper.conj()]


def plot(table: pd.DataFrame) -> Figure:
    figure = _figures.figure("double", 3.1)
    curves, ratio = figure.subplots(1, 2)
    for name, label in SETS.items():
        rows = table[table["poles"] == name]
        (line,) = curves.loglog(rows["lag"], rows["measured"], linestyle="", label=label)
        style = {"color": line.get_color(), "marker": line.get_marker()}
        curves.loglog(
            rows["lag"], rows["predicted"], color=style["color"], marker="", linestyle="-",
            linewidth=0.7,
        )  # fmt: skip
        spread = 2 * rows["standard_error"]
        low = np.maximum(rows["measured"] - spread, 1e-9)
        curves.vlines(
            rows["lag"], low, rows["measured"] + spread, color=style["color"], linewidth=0.7
        )
        score = (rows["measured"] - rows["predicted"]) / rows["standard_error"]
        ratio.semilogx(rows["lag"], score, linestyle="", **style)
    k = np.unique(table["lag"])
    N = int(table["N"].iloc[0])
    curves.loglog(k, np.minimum(1, N / (k + 1)), color=_figures.GREY, marker="", linestyle=":")
    curves.annotate("ceiling $N/(k+1)$", (k[len(k) // 2], 0.5), fontsize="small",
                    color=_figures.GREY)  # fmt: skip
    curves.set(
        ylim=(3e-5, 1.6), xlabel="lag $k$", title="$MC(k)$: lines predicted, symbols measured"
    )
    ratio.axhspan(-2, 2, color="0.92", linewidth=0)
    ratio.set(ylim=(-6, 6), xlabel="lag $k$", title="(measured - predicted) / standard error")
    figure.legend(*curves.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


if __name__ == "__main__":
    from studies import _study

    _study.main(__file__)
