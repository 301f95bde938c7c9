"""8 complex states let an MLP multiply old inputs, 32 real ones do not (compare memory_digits).

Four causal maps of white input are fitted on the states of fixed linear recurrences, by
scikit-learn's MLP and by a linear regression: after Orvieto et al. [orvieto2024universality], who
prove that recurrence and MLP together approximate such maps. Dashed: the MLP replaced by the exact
map of the window that a linear readout decodes from the states. Where the dashed line is high the
encoder has lost what the map needs; where the MLP is far above it, the MLP has not learned it. The
exact map amplifies what the decoder gets wrong, so that it can be worse than the MLP. States are
counted as real numbers: 8 complex ones are four conjugate pairs. The running maximum and the
driven Lotka-Volterra system are not learned well from any of these encoders.
"""

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

import hippo_theory as ht
from hippo_theory import memory
from studies import _figures

WINDOW = 48  # lags of which the maps are functions


@dataclass(frozen=True)
class Params:
    sizes: tuple[int, ...] = (4, 8, 16, 32)
    """Real states of the encoder."""
    seeds: int = 2
    """Inputs and networks."""
    samples: int = 16_000
    """Training pairs; half as many are tested."""
    width: int = 64
    """Hidden units of the MLP, one layer."""
    epochs: int = 40
    """Passes over the training pairs."""


QUICK = Params(sizes=(2, 8), seeds=1, samples=300, width=16, epochs=10)
ENCODERS = {
    "complex": "complex, radius $e^{-4/N}$",
    "real": "real, diagonal",
    "chain": "real, orthonormal",
}


def cells(params: Params) -> list[tuple]:
    rest = (params.samples, params.width, params.epochs)
    return [
        (task, kind, N, seed, *rest)
        for task in TASKS
        for kind in ENCODERS
        for N in params.sizes
        for seed in range(params.seeds)
    ]


def measure(cell: tuple, rng: np.random.Generator) -> list[dict]:
    task, kind, N, seed, samples, width, epochs = cell
    u = np.random.default_rng(seed).uniform(-1, 1, WINDOW + samples + samples // 2)
    windows = np.lib.stride_tricks.sliding_window_view(u, WINDOW)[1:, ::-1]  # newest first
    poles = _poles(kind, N)
    x = _states(kind, poles, u)[WINDOW:]
    x = (x - x[:samples].mean(0)) / x[:samples].std(0)
    y = TASKS[task](windows)
    y = (y - y[:samples].mean()) / y[:samples].std()
    train, test = slice(None, samples), slice(samples, None)
    error = lambda guess: float(np.mean((guess - y[test]) ** 2))  # noqa: E731
    decoded = x[test] @ np.linalg.lstsq(x[train], windows[train], rcond=1e-7)[0]
    exact = TASKS[task](windows)
    from_decoded = (TASKS[task](decoded) - exact[:samples].mean()) / exact[:samples].std()
    return [{
        "task": task, "encoder": kind, "N": N, "seed": seed,
        "mlp": error(_mlp(x[train], y[train], x[test], width, epochs, rng)),
        "linear": error(x[test] @ np.linalg.lstsq(x[train], y[train], rcond=1e-7)[0]),
        "decoder": error(from_decoded),
        "recalled": float(memory.capacity(poles, 16).sum()),
    }]  # fmt: skip


def _poles(kind, N):
    """Closed under conjugation: a ring, or real ones with time constants from 1 to 32 steps."""
    if kind == "complex":
        return np.exp((-4 + 2j * np.pi * (np.arange(N) + 0.5)) / N)
    return np.exp(-1 / np.geomspace(1, 32, N))


def _states(kind, poles, u):
    """(len(u), N) real states in single precision, as a layer has them."""
    if kind == "chain":
        form = memory.orthonormal_realization(poles)
        system = ht.LTI(form.A.real, form.b.real[:, None], np.eye(poles.size), dt=1.0)
        return memory.simulate_rounded(system, u[None], "float32")
    listed = poles[poles.imag > 0] if kind == "complex" else poles
    gain = np.sqrt(1 - np.abs(listed) ** 2)
    system = ht.DiagonalLTI(listed, gain, gain, dt=1.0, conjugate=kind == "complex")
    x = memory.simulate_rounded(system, u, "float32")
    return np.concatenate([x.real, x.imag], axis=1) if kind == "complex" else x


def _mlp(x, y, x_test, width, epochs, rng):
    from sklearn.neural_network import MLPRegressor

    network = MLPRegressor(
        hidden_layer_sizes=(width,), max_iter=epochs, learning_rate_init=3e-3, alpha=1e-4,
        batch_size=200, random_state=int(rng.integers(2**31)),
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says that it could go on
        network.fit(x, y)
    return network.predict(x_test)


def _product(w):
    return w[:, 3] * w[:, 7]


def _maximum(w):
    return w[:, :12].max(axis=1)


def _volterra(w):
    k = np.arange(WINDOW)
    first, second = w @ 0.8**k, w @ (0.85**k * np.cos(0.6 * k))
    return first + first * second


def _predator(w):
    """Prey of a damped Lotka-Volterra system whose growth the input drives, from its rest."""
    prey, predator, h = np.zeros((3, w.shape[0]))
    h = 0.4
    prey, predator = np.full(w.shape[0], 0.0), np.full(w.shape[0], np.log(0.5))
    for u in w.T[::-1]:
        growth = 1 - 0.5 * np.exp(prey) - np.exp(predator) + 1.5 * u
        prey, predator = prey + h * growth, predator + h * (np.exp(prey) - 1)
    return np.exp(prey)


TASKS = {
    "product": _product,
    "maximum": _maximum,
    "Volterra": _volterra,
    "Lotka-Volterra": _predator,
}


def check(table: pd.DataFrame) -> dict:
    middle = table.groupby(["task", "encoder", "N"])["mlp"].median()
    numbers = {
        f"{task}_{kind}_{N}": middle[task, kind, N]
        for task in TASKS
        for kind in ENCODERS
        for N in (8, 32)
    }
    assert numbers["product_complex_8"] < 0.02
    assert numbers["product_chain_32"] > 0.3
    assert numbers["product_real_32"] > 0.8
    return numbers


def plot(table: pd.DataFrame) -> Figure:
    figure = _figures.figure("double", 4.6)
    panels = figure.subplots(2, 2, sharex=True, sharey=True).ravel()
    for axes, task in zip(panels, TASKS, strict=True):
        for kind, label in ENCODERS.items():
            rows = table[(table["task"] == task) & (table["encoder"] == kind)].groupby("N")
            middle, low, high = (rows["mlp"].median(), rows["mlp"].min(), rows["mlp"].max())
            (line,) = axes.loglog(middle.index, middle, label=label, markersize=3.5)
            axes.fill_between(middle.index, low, high, color=line.get_color(), alpha=0.15)
            decoder = rows["decoder"].median()
            axes.loglog(decoder.index, decoder, color=line.get_color(), marker="",
                        linestyle="--", linewidth=0.8)  # fmt: skip
        axes.set(title=task, ylim=(3e-4, 3))
        axes.set_xticks(sorted(table["N"].unique()), [str(n) for n in sorted(table["N"].unique())])
        axes.minorticks_off()
    for axes in panels[2:]:
        axes.set_xlabel("real states $N$")
    for axes in panels[::2]:
        axes.set_ylabel("test error / variance")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


if __name__ == "__main__":
    from studies import _study

    _study.main(__file__)
