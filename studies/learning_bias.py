"""With fewer samples than poles the start decides: small ones end at least l1, large at least l2.

All gains with M w = s fit the data. Left: norms of the one that gradient flow ends at, over the
least possible ones, against the size of the start (b = size, c = 0); lines are medians, bands all
draws. Right: number of poles with more than 1 % of the largest gain.
(compare learning_activation)
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog

import hippo_theory as ht
from studies import _figures, _study, _teacher

EXPONENTS = (-100, -60, -40, -25, -15, -10, -7, -5, -4, -3, -2, -1.5, -1, -0.5, 0, 0.5, 1, 2, 3)


@dataclass(frozen=True)
class Params:
    N: int = 20
    """Poles, from -0.95 to 0.95."""
    L: int = 6
    """Samples: one sequence."""
    sizes: tuple[float, ...] = tuple(float(10.0**e) for e in EXPONENTS)
    """b0; c0 = 0."""
    draws: int = 20


QUICK = Params(N=8, L=3, sizes=(1e-6, 1e-3, 1.0, 1e3), draws=3)


def cells(params):
    if params.L >= params.N:
        raise ValueError("L must be below N: more samples than poles leave nothing to decide")
    return [(params, draw) for draw in range(params.draws)]


def measure(cell, rng):
    params, draw = cell
    poles = np.linspace(-0.95, 0.95, params.N)
    u = _teacher.sequences(rng, (1, params.L))
    y = rng.normal(size=(1, params.L))
    stats = ht.learning.statistics(u, y, poles)
    values, vectors = np.linalg.eigh(stats.M)
    kept = values > params.N * np.finfo(float).eps * values[-1]
    rows = vectors[:, kept].T
    target = rows @ stats.s / values[kept]
    two = rows.T @ target
    one = linprog(np.ones(2 * params.N), A_eq=np.hstack([rows, -rows]), b_eq=target).fun
    found = []
    for size in params.sizes:
        w = ht.learning.flow_limit(stats, np.full(params.N, size), np.zeros(params.N))
        found.append(
            {
                "draw": draw,
                "size": size,
                "one": abs(w).sum() / one,
                "two": np.linalg.norm(w) / np.linalg.norm(two),
                "one_of_least_two": abs(two).sum() / one,
                "active": int((abs(w) > 0.01 * abs(w).max()).sum()),
                "rank": int(kept.sum()),
            }
        )
    return found


def check(table):
    small, large = (
        table[table["size"] == end] for end in (table["size"].min(), table["size"].max())
    )
    one, two = float(small.one.max() - 1), float(large.two.max() - 1)
    apart = float(table.one_of_least_two.median())
    active = float(small.active.median()), float(large.active.median())
    assert one < 0.01, f"the smallest start is {one:.1%} above the least l1 norm"
    assert two < 1e-3, f"the largest start is {two:.1e} above the least l2 norm"
    used = small.active.median() - small["rank"].iloc[0]
    assert used <= 0, f"{used:.0f} more poles than samples are in use"
    assert apart > 1.1, f"least l2 is within {apart - 1:.1%} of least l1: nothing is shown"
    return {
        "above least l1, small": one,
        "above least l2, large": two,
        "least l2 in l1, median": apart,
        "active poles, small": active[0],
        "active poles, large": active[1],
    }


def plot(table):
    figure = _figures.figure("double")
    left, right = figure.subplots(1, 2)
    by = table.groupby("size")
    sizes = np.array(sorted(table["size"].unique()))
    place = np.arange(sizes.size)
    for name, label in (("one", "$\\ell_1$ over the least"), ("two", "$\\ell_2$ over the least")):
        (line,) = left.plot(place, by[name].median(), label=label)
        band = {"color": line.get_color(), "alpha": 0.15, "linewidth": 0}
        left.fill_between(place, by[name].min(), by[name].max(), **band)
    left.set_ylabel("norm of the final gains")
    left.legend(loc="upper center")
    (line,) = right.plot(place, by.active.median())
    band = {"color": line.get_color(), "alpha": 0.15, "linewidth": 0}
    right.fill_between(place, by.active.min(), by.active.max(), **band)
    right.axhline(table["rank"].iloc[0], color=_figures.GREY, linewidth=0.7)
    right.text(place[-1], table["rank"].iloc[0], "samples", ha="right", va="bottom")
    right.set(ylabel="poles in use", ylim=(0, None))
    ticks = place[:: max(1, sizes.size // 6)]
    labels = [f"$10^{{{np.log10(sizes[k]):g}}}$" for k in ticks]
    for axes in (left, right):
        axes.set_xticks(ticks, labels)
        axes.set_xlabel("size of the start $b_0$ (steps not to scale)")
    return figure


if __name__ == "__main__":
    _study.main(__file__)
