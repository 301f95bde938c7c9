"""Independent random poles have low Hankel rank; equally spaced ones are full (compare hope).

Left: singular values of one system of each family, as far as their digits are promised. Right:
the number of them above eps times the largest as the number n of states grows, conjugates
counted, with the exponents fitted to it and the law n^(1 / (1 + alpha)) for poles uniform on the
disk (alpha = 1).
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

import hippo_theory as ht
from studies import _figures


@dataclass(frozen=True)
class Params:
    dims: tuple[int, ...] = (16, 32, 64, 128, 256)
    """Even numbers of states, or of Markov parameters."""
    epsilons: tuple[float, ...] = (1e-2, 1e-8)
    """Thresholds of the epsilon-rank; the smallest is drawn."""
    draws: int = 9
    """Random systems, of which the median is shown."""


QUICK = Params(dims=(8, 16), draws=2)
FAMILIES = {
    "legs": "HiPPO-LegS",
    "s4d_lin": "S4D-Lin",
    "s4d_inv": "S4D-Inv",
    "uniform_disk": "uniform disk",
    "lru_ring": "LRU ring",
    "markov": "random Markov parameters",
}


def cells(params: Params) -> list[tuple]:
    odd = [n for n in params.dims if n % 2]
    if odd:
        raise ValueError(f"dims must be even, got {odd[0]}")
    last = max(params.dims)
    return [
        (name, n, draw, list(params.epsilons), n == last and draw == 0)
        for name in FAMILIES
        for n in params.dims
        for draw in range(params.draws)
    ]


def measure(cell: tuple, rng: np.random.Generator) -> list[dict]:
    name, n, draw, epsilons, keep_values = cell
    spectrum = _spectrum(name, n, rng)
    row = {"family": name, "n": n, "draw": draw}
    rows = [
        row | {"kind": "rank", "epsilon": eps, "rank": ht.hankel.epsilon_rank(spectrum, eps)}
        for eps in epsilons
    ]
    if keep_values:
        logs, known = _known_logs(spectrum)
        rows += [
            row | {"kind": "value", "index": j + 1, "log10_ratio": (x - logs[0]) / np.log(10)}
            for j, x in enumerate(logs)
            if known[j]
        ]
    return rows


def _spectrum(name, n, rng):
    C = rng.normal(size=n) + 1j * rng.normal(size=n)
    if name == "markov":
        return ht.hankel.markov_singular_values(C)
    if name == "legs":
        return ht.hankel.singular_values(ht.lti.family(name, n, C=C.real))
    random = {"rng": rng} if ht.lti.FAMILIES[name].is_random else {}
    system = ht.lti.family(name, n, **random)
    if getattr(system, "conjugate", False):
        n, system = n // 2, ht.lti.family(name, n // 2, **random)
    return ht.hankel.singular_values(replace(system, C=C[:n]))


def _known_logs(spectrum):
    if isinstance(spectrum, np.ndarray):
        return np.log(spectrum), spectrum > 1e-14 * spectrum[0]
    return spectrum.log_values, spectrum.relative_error < 0.1


def plot(table: pd.DataFrame) -> Figure:
    figure = _figures.figure("double", 3.4)
    decay, ranks = figure.subplots(1, 2)
    eps = table["epsilon"].min()
    for name, label in FAMILIES.items():
        rows = table[table["family"] == name]
        values = rows[rows["kind"] == "value"]
        counts = rows[rows["epsilon"] == eps].groupby("n")["rank"].median()
        x = counts.index.to_numpy(float)
        beta = np.polyfit(np.log(x), np.log(counts.to_numpy(float)), 1)[0]
        label = f"{label}: $n^{{{beta:.2f}}}$"
        decay.plot(values["index"], values["log10_ratio"], label=label, markevery=0.1)
        ranks.loglog(x, counts)
    n = np.unique(table["n"])
    disk = table[(table["family"] == "uniform_disk") & (table["epsilon"] == eps)]
    start = disk[disk["n"] == n[0]]["rank"].median()
    beta = ht.hankel.rank_exponent(1.0)
    _figures.reference_slope(ranks, beta, (n[0], n[-1]), 0.7 * start, text="slope 1/2")
    decay.set(xlabel="index $j$", ylabel=r"$\log_{10}\,\sigma_j/\sigma_1$")
    decay.set(title=f"Hankel singular values, $n = {n[-1]}$", ylim=(-60, 3))
    power = round(np.log10(eps))
    ranks.set(xlabel="number of states $n$", title=rf"values above $10^{{{power}}}\sigma_1$")
    ranks.set_xticks(n, [str(x) for x in n])
    ranks.minorticks_off()
    ranks.margins(x=0.2)
    figure.legend(*decay.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


if __name__ == "__main__":
    from studies import _study

    _study.main(__file__)
