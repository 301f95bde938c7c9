"""The input's covariance sets the learning rate of a gain through two sums, for any AR(1) input.

White and AR(1) inputs of unit variance and correlation rho^|k|; a one-pole teacher without noise
that the student can match. Each is trained by recurrences; the curves are the closed form with the
population's sums, with no data at all. (compare learning_one_layer)
"""

from dataclasses import dataclass
from typing import Annotated

import numpy as np

import hippo_theory as ht
from studies import _figures, _study, _teacher
from studies._bounds import Bound


@dataclass(frozen=True)
class Params:
    L: int = 1024
    """Length of each sequence."""
    sequences: int = 8
    """Number of sequences."""
    pole: Annotated[float, Bound(above=-1, below=1)] = 0.8
    """Pole of student and teacher."""
    gain: float = 1.0
    """The teacher's gain."""
    start: float = 0.1
    """b = c at the start."""
    correlations: tuple[float, ...] = (-0.9, -0.5, 0.0, 0.5, 0.9)
    fraction: float = 0.01
    """Learning rate over the stability limit 2 / R of the sampled sums."""
    horizon: float = 14.0
    """Time of training in units of 1 / R."""


QUICK = Params(L=128, sequences=2, correlations=(-0.5, 0.0, 0.5), fraction=0.05)


def cells(params):
    return [(params, rho) for rho in params.correlations]


def measure(cell, rng):
    params, rho = cell
    u = _teacher.sequences(rng, (params.sequences, params.L), correlation=rho)
    y = _teacher.answers(rng, u, params.pole, params.gain, 0.0)
    start, poles, samples = [params.start], [params.pole], u.size
    sampled = ht.learning.statistics(u, y, poles)
    expected = ht.learning.population_statistics(
        poles, poles, [params.gain], correlation=rho, samples=samples
    )
    sums = {"sampled": sampled, "population": expected}
    rates = {
        name: float(ht.learning.rate(start, start, stats.s[0], stats.M[0, 0])) / samples
        for name, stats in sums.items()
    }
    advance = 2 * params.fraction / rates["sampled"]  # time a step, one sample's sum as unit
    steps = round(params.horizon / (2 * params.fraction))
    run = ht.learning.gradient_descent(
        u, y, poles, start, start, advance / samples, steps, method="recurrence"
    )
    late = np.searchsorted(run.w[:, 0], np.array([0.9, 0.99]) * params.gain)
    gap = params.gain - run.w[late, 0]
    rows = []
    for k in _teacher.thin(steps + 1, 181):
        row = {"correlation": rho, "time": advance * k, "gain_trained": run.w[k, 0]}
        for name, stats in sums.items():
            sigma, eta = stats.s[0] / samples, stats.M[0, 0] / samples
            row[f"gain_{name}"] = float(
                ht.learning.gain(advance * k, sigma=sigma, eta=eta, b0=start, c0=start)
            )
            row[f"rate_{name}"] = rates[name]
        row["rate_trained"] = np.log(gap[0] / gap[1]) / (advance * (late[1] - late[0]))
        rows.append(row)
    return rows


def check(table):
    off = float((table.gain_trained - table.gain_sampled).abs().max())
    assert off < 0.02, f"training is {off:.3g} off the closed form of its own sums"
    late = float((table.rate_trained / table.rate_sampled - 1).abs().max())
    assert late < 0.05, f"late rates are {late:.0%} off R"
    spread = float((table.rate_population / table.rate_sampled - 1).abs().max())
    assert spread < 0.2, f"the population's rates are {spread:.0%} off those of the samples"
    return {"training off by": off, "late rate off by": late, "population rate off by": spread}


def plot(table):
    figure = _figures.figure("double")
    left, right = figure.subplots(1, 2, width_ratios=(3, 2))
    for rho, rows in table.groupby("correlation"):
        (line,) = left.semilogx(rows.time[1:], rows.gain_population[1:], marker="")
        left.plot(rows.time[1::6], rows.gain_trained[1::6], ".", color=line.get_color())
        late = rows.time[rows.gain_trained > 0.5].min()
        left.annotate(f"$\\rho={rho:g}$", (late, 1.05), ha="center", fontsize="small")
    left.set(xlabel="time (steps $\\times$ learning rate $\\times$ samples)", ylabel="gain $w$")
    left.set_title("population (lines), trained on samples (dots)", pad=10)
    one = table.groupby("correlation").first().reset_index()
    right.semilogy(one.correlation, one.rate_population, "s", mfc="none", label="population, $R$")
    right.plot(one.correlation, one.rate_sampled, "x", label="these samples, $R$")
    right.plot(one.correlation, one.rate_trained, ".", label="trained, late")
    right.set(xlabel="correlation $\\rho$ of the input", ylabel="rate of convergence a sample")
    right.legend()
    return figure


if __name__ == "__main__":
    _study.main(__file__)
