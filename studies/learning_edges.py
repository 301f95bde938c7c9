"""Periodic statistics are too large by the edge: 22 times itself for a pole of 0.99, 32 samples.

Length-L transforms without padding read each sequence as periodic. Left: how far that puts the
sum eta of the regressor's squares, E eta_periodic / E eta_causal - 1, in closed form (lines) and
over sampled sequences (marks). Right: what it does to learning: how far off the gain
sigma / eta that training tends to is, for a causal teacher of gain 1 and the student's pole.
(compare learning_one_layer)
"""

from dataclasses import dataclass
from typing import Annotated

import numpy as np

import hippo_theory as ht
from studies import _figures, _study, _teacher
from studies._bounds import Bound


@dataclass(frozen=True)
class Params:
    poles: Annotated[tuple[float, ...], Bound(above=-1, below=1)] = (0.5, 0.9, 0.99, 0.999)
    lengths: tuple[int, ...] = (8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192)
    """Sequence lengths L."""
    sequences: int = 400
    """Sampled white sequences for each pole and length."""
    samples: int = 4_000_000
    """At most so many samples a point: longer sequences are fewer."""


QUICK = Params(poles=(0.5, 0.9), lengths=(8, 32, 128), sequences=50)


def cells(params):
    return [(params, pole, L) for pole in params.poles for L in params.lengths]


def measure(cell, rng):
    params, pole, L = cell
    count = max(20, min(params.sequences, params.samples // L))
    u = _teacher.sequences(rng, (count, L))
    y = _teacher.answers(rng, u, pole, 1.0, 0.0)
    causal = ht.learning.statistics(u, y, pole)
    periodic = ht.learning.statistics(u, y, pole, "periodic")
    edge = ht.learning.edge_correction(u, y, pole)
    identity = abs(causal.M + edge.M - periodic.M).max() / abs(periodic.M).max()
    return [
        {
            "pole": pole,
            "L": L,
            "sequences": count,
            "gap": float(ht.learning.edge_gap(pole, L)),
            "gap_sampled": periodic.M[0, 0] / causal.M[0, 0] - 1,
            "gain_periodic": periodic.s[0] / periodic.M[0, 0],
            "identity_error": identity,
        }
    ]


def check(table):
    worst = float(table.identity_error.max())
    assert worst < 1e-12, f"the edge correction misses by {worst:.1e}"
    rows = table[(table.pole == 0.99) & (table.L == 32)]
    assert len(rows), "0.99 with 32 samples is not among the rows"
    gap = float(rows.gap.iloc[0])
    assert abs(gap - 22) < 0.5, f"the gap is {gap:.1f}"
    return {"identity misses by": worst, "gap of 0.99, 32 samples": gap}


def plot(table):
    figure = _figures.figure("double")
    left, right = figure.subplots(1, 2)
    for number, (pole, rows) in enumerate(table.groupby("pole")):
        mark, color = {"marker": "os^Dvx"[number % 6], "linestyle": ""}, f"C{number}"
        dash = ("-", (0, (4, 1.5)), (0, (1, 1)), (0, (4, 1, 1, 1)))[number % 4]
        left.loglog(rows.L, rows.gap, marker="", color=color, linestyle=dash)
        shown = rows.gap_sampled > 0
        left.plot(
            rows.L[shown], rows.gap_sampled[shown], color=color, label=f"$a={pole:g}$", **mark
        )
        wrong = np.array(abs(rows.gain_periodic - 1))
        right.loglog(rows.L, wrong, color=color, linestyle=dash, marker=mark["marker"])
    last = table.L.max()
    level = 0.3 * table.gap[last == table.L].min()
    _figures.reference_slope(left, -1, (last / 32, last), level * 32)
    left.set(xlabel="length $L$", ylabel="$E\\,\\eta_{per}/E\\,\\eta_{causal}-1$")
    left.legend()
    right.set(xlabel="length $L$", ylabel="|periodic gain $-$ 1|")
    return figure


if __name__ == "__main__":
    _study.main(__file__)
