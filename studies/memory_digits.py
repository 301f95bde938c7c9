"""Real poles read digits in orthonormal states, not in diagonal ones (compare memory_precision).

Scikit-learn's 8 x 8 digits, pixel by pixel as series of 64 steps, then P steps of noise; a fixed
recurrence of 128 real states reads them, and ridge regression on its last state names the digit.
States are stored in single precision. Mean and spread over splits, noise and poles; the dotted
line is the same regression on the pixels.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

import hippo_theory as ht
from studies import _figures, _spectra

NOISE = 0.1


@dataclass(frozen=True)
class Params:
    N: int = 128
    """Real states; even."""
    waits: tuple[int, ...] = (0, 64, 256, 1024)
    """Steps of noise after the digit."""
    seeds: int = 10
    """Splits, noises and draws of the poles."""


QUICK = Params(N=32, waits=(0, 32), seeds=1)
ENCODERS = {
    "cycle": "cycle, $r = e^{-0.1/T}$",
    "slow ring": "LRU ring $[e^{-0.2/T}, e^{-0.02/T}]$",
    "ring": "LRU ring [0.9, 0.999]",
    "comb": "S4D-Lin, $dt = 2/T$",
    "chain": "real, orthonormal",
    "real": "real, diagonal",
    "double": "real, diagonal, float64",
    "pixels": "pixels, no recurrence",
}


def cells(params: Params) -> list[tuple]:
    if params.N % 2:
        raise ValueError(f"N must be even, got {params.N}")
    return [
        (name, params.N, wait, seed)
        for name in ENCODERS
        for wait in params.waits
        for seed in range(params.seeds)
    ]


def measure(cell: tuple, rng: np.random.Generator) -> list[dict]:
    name, N, wait, seed = cell
    series, labels = _series(wait, np.random.default_rng(seed))  # the same for all encoders
    features = _features(name, N, series, np.random.default_rng([seed, 1]))
    common = {"encoder": name, "N": N, "wait": wait, "seed": seed}
    return [{**common, "accuracy": _accuracy(features, labels)}]


def _series(wait, rng):
    """(samples, 64 + wait) in random order, without their mean image, and labels."""
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    order = rng.permutation(labels.size)
    series = images[order] / 16.0
    series -= series[:TRAINED].mean(axis=0)
    noise = NOISE * rng.normal(size=(labels.size, wait))
    return np.concatenate([series, noise], axis=1), labels[order]


def _features(name, N, series, rng):
    """The last state, of a recurrence that starts at rest."""
    if name == "pixels":
        return series[:, :64]
    T = series.shape[1]
    poles = _poles(name, N, T, rng)
    if name == "chain":
        responses = ht.lti.cascade.impulse_response(poles, T).real
    else:
        lags = np.arange(T)[:, None]
        responses = np.sqrt(1 - np.abs(poles) ** 2) * poles**lags
    if np.iscomplexobj(responses):
        responses = np.concatenate([responses.real, responses.imag], axis=1)
    states = series[:, ::-1] @ responses
    return states if name == "double" else states.astype(np.float32).astype(float)


def _poles(name, N, T, rng):
    """One of each pair, or N real ones."""
    half = N // 2
    if name == "cycle":
        return np.exp(-0.1 / T + 2j * np.pi * (np.arange(half) + 0.5) / N)
    if name == "slow ring":
        return _spectra.ring(half, rng, np.exp(-0.2 / T), np.exp(-0.02 / T))
    if name == "ring":
        return _spectra.ring(half, rng, 0.9, 0.999)
    if name == "comb":
        return np.exp(2 / T * (-0.5 + 1j * np.pi * np.arange(half)))
    return np.random.default_rng(int(rng.integers(2**31))).uniform(0, 1 - 1 / T, N)


TRAINED, CHOSEN = 1000, 200  # series of the regression, and after them of its ridge


def _accuracy(features, labels):
    """Of ridge regression by SVD, on what comes after; the ridge is chosen on held-out series."""
    mean, spread = features[:TRAINED].mean(0), features[:TRAINED].std(0)
    x = (features - mean) / np.where(spread > 0, spread, 1.0)
    targets = np.eye(10)[labels[:TRAINED]] - 0.1
    U, s, V = np.linalg.svd(x[:TRAINED], full_matrices=False)
    rotated, projections = x[TRAINED:] @ V.T, U.T @ targets
    best, tested = -1.0, 0.0
    for ridge in s[0] * np.logspace(-15, 0, 31):
        guess = (rotated * (s / (s**2 + ridge**2))) @ projections
        right = guess.argmax(axis=1) == labels[TRAINED:]
        if right[:CHOSEN].mean() > best:
            best, tested = right[:CHOSEN].mean(), right[CHOSEN:].mean()
    return float(tested)


def check(table: pd.DataFrame) -> dict:
    groups = table.groupby(["encoder", "wait"])["accuracy"]
    mean, spread = dict(groups.mean().items()), dict(groups.std().items())
    numbers = {}
    for name in ENCODERS:
        for wait in sorted(table["wait"].unique()):
            key = f"{name.replace(' ', '_')}_{wait}"
            numbers[key], numbers[f"{key}_spread"] = mean[name, wait], spread[name, wait]
    assert mean["chain", 0] - mean["real", 0] > 0.1
    assert mean["chain", 64] - mean["real", 64] > 0.1
    assert mean["cycle", 64] > mean["pixels", 64] - 0.03
    return numbers


def plot(table: pd.DataFrame) -> Figure:
    figure = _figures.figure("double", 3.4)
    axes = figure.subplots()
    waits = sorted(table["wait"].unique())
    for name, label in ENCODERS.items():
        rows = table[table["encoder"] == name].groupby("wait")["accuracy"]
        mean, spread = rows.mean(), rows.std().fillna(0.0)
        if name == "pixels":
            axes.axhline(mean.iloc[0], color=_figures.GREY, linewidth=0.7, linestyle=":")
            continue
        style = {"color": _figures.GREY, "marker": "+"} if name == "double" else {}
        axes.errorbar(
            range(len(waits)), mean, spread, label=label, markersize=3.5, capsize=2, **style
        )
    axes.axhline(0.1, color=_figures.GREY, linewidth=0.7, linestyle="--")
    axes.set_xticks(range(len(waits)), [str(w) for w in waits])
    axes.set(ylim=(0, 1.02), xlabel="steps of noise after the digit, $P$ ($T = 64 + P$)",
             ylabel="test accuracy")  # fmt: skip
    figure.legend(*axes.get_legend_handles_labels(), loc="outside right center")
    return figure


if __name__ == "__main__":
    from studies import _study

    _study.main(__file__)
