"""Channels of an S4D layer stay below the memory ceiling N/(k + 1); bfloat16 takes under 1 %.

One page for a trained layer (`--layer FILE.npz` or `.safetensors`, `--kind`, `--prefix`), or for a
random one like those that training starts from: of some channels the poles, the kernel, the Hankel
singular values, the memory curve, the effective dimension in four formats and the transfer function
(compare memory_capacity). All numbers of all channels: `ht.audit`.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

import hippo_theory as ht
from studies import _figures


@dataclass(frozen=True)
class Params:
    layer: Path | None = None
    """A checkpoint, .npz or .safetensors; none: a random S4D layer."""
    kind: str = "s4d"
    """Of the layer: s4d, or lru or s5 with one input."""
    prefix: str = ""
    """Of its names in the file."""
    channels: int = 4
    """How many channels are drawn, evenly spaced."""
    length: int = 512
    """Samples of kernels and memory curves."""


QUICK = Params(channels=2, length=64)
FORMATS = {"bfloat16": 8, "float16": 11, "float32": 24, "float64": 53}
PANELS = {
    "pole": ("poles", "Re", "Im"),
    "kernel": ("kernel", "sample", "$K_k$"),
    "sigma": ("Hankel singular values", "index", r"$\sigma_j$"),
    "memory": ("memory", "lag $k$", "MC$(k)$"),
    "dimension": ("effective dimension", "bits", "states"),
    "gain": ("transfer function", "angle (radians)", "$|G|$"),
}


def cells(params: Params) -> list[dict]:
    count = len(_layers(params.layer, params.kind, params.prefix))
    chosen = np.unique(np.linspace(0, count - 1, min(params.channels, count)).round().astype(int))
    return [
        {
            "layer": None if params.layer is None else str(params.layer),
            "kind": params.kind,
            "prefix": params.prefix,
            "channel": int(k),
            "length": params.length,
        }
        for k in chosen
    ]


def measure(cell: dict, rng: np.random.Generator) -> list[dict]:
    system = _layers(cell["layer"], cell["kind"], cell["prefix"])[cell["channel"]]
    poles, L = ht.lti.spectrum(system), cell["length"]
    k, angle = np.arange(L), np.linspace(0, np.pi, 257)
    sigma = ht.hankel.singular_values(system).values
    curves = {
        "pole": (poles.real, poles.imag),
        "kernel": (k, ht.lti.kernel(system, L)),
        "sigma": (np.arange(1, sigma.size + 1), sigma),
        "memory": (k, ht.memory.capacity(system, L)),
        "dimension": (
            np.array(list(FORMATS.values())),
            np.array([ht.memory.effective_dimension(system, name) for name in FORMATS]),
        ),
        "gain": (angle, np.abs(ht.lti.transfer_function(system, np.exp(1j * angle)))),
    }
    common = {"channel": cell["channel"], "N": poles.size}
    return [
        {**common, "panel": panel, "x": a, "y": b}
        for panel, (x, y) in curves.items()
        for a, b in zip(x, y, strict=True)
    ]


def _layers(path, kind, prefix) -> list:
    """Return the channels of the layer of a file, or of a random one."""
    layer = _random() if path is None else ht.lti.from_state_dict(_read(Path(path)), kind, prefix)
    parts = list(layer) if isinstance(layer, tuple) else [layer]
    return [
        one[k] if one.batch_shape else one for one in parts for k in np.ndindex(one.batch_shape)
    ]


def _random(channels=64, N=32):
    """S4D-Lin with its usual steps, and random C and D."""
    rng = np.random.default_rng(3)
    shape = (channels, N)
    frequency = np.pi * np.arange(N) * np.ones((channels, 1))
    C = rng.normal(scale=0.5**0.5, size=shape) + 1j * rng.normal(scale=0.5**0.5, size=shape)
    steps = rng.uniform(np.log(1e-3), np.log(1e-1), channels)
    return ht.lti.from_s4d(
        steps, np.log(0.5 * np.ones(shape)), frequency, C, rng.normal(size=channels)
    )


def _read(path: Path) -> dict:
    """Read arrays; nothing in a file is executed."""
    if not path.exists():
        raise ValueError(f"layer must be a file, got {path}")
    if path.suffix == ".safetensors":
        from safetensors.numpy import load_file

        return load_file(path)
    if path.suffix != ".npz":
        raise ValueError(f"layer must be an .npz or .safetensors file, got {path}")
    with np.load(path, allow_pickle=False) as file:
        return dict(file)


def check(table: pd.DataFrame) -> dict:
    memory = table[table["panel"] == "memory"]
    ceiling = np.minimum(1, memory["N"] / (memory["x"] + 1))
    over = float((memory["y"] - ceiling).max())
    assert over <= 1e-12, "memory must stay below its ceiling"
    lost = table[(table["panel"] == "dimension") & (table["x"] == 8)]
    left = float((lost["y"] / lost["N"]).min())
    assert left > 0.99, "bfloat16 must leave 99 % of the states"
    return {"largest memory over its ceiling": over, "least share left by bfloat16": left}


def plot(table: pd.DataFrame) -> Figure:
    figure = _figures.figure("double", 4.6)
    axes = dict(zip(PANELS, figure.subplots(2, 3).flat, strict=True))
    for panel, ax in axes.items():
        title, x, y = PANELS[panel]
        ax.set(title=title, xlabel=x, ylabel=y)
        for channel, rows in table[table["panel"] == panel].groupby("channel"):
            ax.plot(rows["x"], rows["y"], **STYLES.get(panel, {}), label=f"channel {channel}")
    circle = np.exp(2j * np.pi * np.linspace(0, 1, 201))
    line = {"color": _figures.GREY, "marker": "", "linestyle": ":", "linewidth": 0.7}
    axes["pole"].plot(circle.real, circle.imag, **line)
    axes["pole"].set_aspect("equal")
    k, N = np.arange(table["x"][table["panel"] == "memory"].max() + 1), int(table["N"].max())
    axes["memory"].plot(k, np.minimum(1, N / (k + 1)), **line)
    axes["sigma"].set_yscale("log")
    axes["gain"].set_yscale("log")
    axes["dimension"].set_xscale("log", base=2)
    axes["dimension"].set_xticks(list(FORMATS.values()), list(map(str, FORMATS.values())))
    handles = axes["kernel"].get_legend_handles_labels()
    figure.legend(*handles, loc="outside lower center", ncols=4)
    return figure


STYLES: dict = {
    "pole": {"linestyle": "", "markersize": 2.5},
    "kernel": {"marker": "", "linewidth": 0.8},
    "sigma": {"marker": "", "linewidth": 0.9},
    "memory": {"marker": "", "linewidth": 0.9},
    "gain": {"marker": "", "linewidth": 0.8},
}


if __name__ == "__main__":
    from studies import _study

    _study.main(__file__)
