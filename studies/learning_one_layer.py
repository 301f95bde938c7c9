"""Training by recurrences follows the closed-form gain, off by O(learning rate).

After Smékal et al. (2024): one state, fixed pole, input and output weights trained on sequences of
a noisy teacher. Time is in units of the late rate R, so a learning rate of the fraction f of the
stability limit 2 / R advances it by 2 f a step. (compare learning_steps)
"""

from dataclasses import dataclass
from typing import Annotated

import hippo_theory as ht
from studies import _figures, _study, _teacher
from studies._bounds import Bound


@dataclass(frozen=True)
class Params:
    L: int = 64
    """Length of each sequence."""
    sequences: int = 4
    """Number of sequences."""
    pole: Annotated[float, Bound(above=-1, below=1)] = 0.9
    """The student's fixed pole."""
    teacher_pole: Annotated[float, Bound(above=-1, below=1)] = 0.8
    teacher_gain: Annotated[float, Bound(minimum=-1e6, maximum=1e6)] = 1.3
    noise: Annotated[float, Bound(minimum=0)] = 0.1
    """Standard deviation of noise on the target."""
    b0: Annotated[float, Bound(minimum=-1e6, maximum=1e6)] = 0.6
    c0: Annotated[float, Bound(minimum=-1e6, maximum=1e6)] = 0.05
    fractions: tuple[float, ...] = (0.1, 0.01)
    """Learning rates, as fractions of the stability limit 2 / R."""
    horizon: float = 12.0
    """Time of training, in units of 1 / R."""


QUICK = Params(L=32, fractions=(0.1, 0.05))


def cells(params):
    if params.teacher_gain == 0 or params.b0 == params.c0 == 0:
        raise ValueError(
            "teacher_gain and one of b0 and c0 must not be 0: there is nothing to learn"
        )
    return [params]


def measure(cell, rng):
    u = _teacher.sequences(rng, (cell.sequences, cell.L))
    y = _teacher.answers(rng, u, cell.teacher_pole, cell.teacher_gain, cell.noise)
    stats = ht.learning.statistics(u, y, cell.pole)
    sigma, eta = float(stats.s[0]), float(stats.M[0, 0])
    b0, c0 = [cell.b0], [cell.c0]
    R = float(ht.learning.rate(b0, c0, sigma, eta))
    rows = []
    for fraction in cell.fractions:
        steps = round(cell.horizon / (2 * fraction))
        run = ht.learning.gradient_descent(
            u, y, [cell.pole], b0, c0, 2 * fraction / R, steps, method="recurrence"
        )
        for k in _teacher.thin(steps + 1, 41):
            w = ht.learning.gain(2 * fraction * k / R, sigma=sigma, eta=eta, b0=b0, c0=c0)
            rows.append(
                {
                    "fraction": fraction,
                    "time": 2 * fraction * k,
                    "gain_trained": run.w[k, 0] * eta / sigma,
                    "gain_closed": float(w) * eta / sigma,
                    "loss_trained": run.loss[k] / run.loss[0],
                    "loss_closed": float(ht.learning.loss(stats, [w])) / run.loss[0],
                }
            )
    return rows


def check(table):
    gaps = (table.gain_trained - table.gain_closed).abs().groupby(table.fraction).max().sort_index()
    ratio = float(gaps.iloc[-1] / gaps.iloc[0] * gaps.index[0] / gaps.index[-1])
    assert 0.5 < ratio < 2, f"the gap is not in proportion to the learning rate: {ratio:.2f}"
    assert gaps.iloc[0] < 0.1 * gaps.index[-1], f"the gap is {gaps.iloc[0]:.3g}"
    found = {f"gap at {fraction:g} of the limit": float(gap) for fraction, gap in gaps.items()}
    return {**found, "gap ratio over rate ratio": ratio}


def plot(table):
    figure = _figures.figure("double")
    left, right = figure.subplots(1, 2)
    fine = table[table.fraction == table.fraction.min()]
    left.plot(fine.time, fine.gain_closed, marker="", color="black", label="closed form")
    left.plot(
        fine.time, fine.loss_closed, marker="", color="black", linestyle=":", label="its loss"
    )
    for fraction, rows in table.groupby("fraction", sort=False):
        (line,) = left.plot(rows.time, rows.gain_trained, linestyle="", label=_name(fraction))
        style = {"color": line.get_color(), "marker": line.get_marker()}
        left.plot(rows.time, rows.loss_trained, linestyle="", mfc="none", **style)
        off = abs(rows.gain_trained - rows.gain_closed)
        name = f"{_name(fraction)}: at most {off.max():.2g}"
        right.semilogy(rows.time[off > 0], off[off > 0], linestyle="-", label=name, **style)
    left.set(xlabel="time $R\\,t$", ylabel="gain $w/w_*$; loss (open)")
    left.legend(loc="center right")
    right.set(xlabel="time $R\\,t$", ylabel="|trained $-$ closed form| / $w_*$")
    right.set_ylim(1e-8, 1e-1)
    right.legend(loc="lower center")
    return figure


def _name(fraction):
    return f"rate {fraction:g} of limit"


if __name__ == "__main__":
    _study.main(__file__)
