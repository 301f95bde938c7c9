"""A toy study: random numbers of each size, cheap enough to be killed often."""

import importlib.util
import sys

import cloudpickle
import pytest

import studies

TOY = '''"""Rows of random numbers differ (compare nothing).

More about it.
"""

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from studies import _cells, _figures, _study
from studies._bounds import Bound


@dataclass(frozen=True)
class Params:
    sizes: tuple[int, ...] = (1, 2, 3, 4, 5)
    scale: Annotated[float, Bound(minimum=0)] = 1.0


QUICK = Params(sizes=(1, 2))


@dataclass(frozen=True)
class Cell:
    size: int
    scale: float


def cells(params):
    if params.scale > 100:
        raise ValueError(f"scale must be at most 100, got {params.scale}")
    if params.scale == 0:
        raise _study.NotHere("it needs a scale.")
    return [Cell(size, params.scale) for size in params.sizes]


def measure(cell, rng):
    values = cell.scale * rng.standard_normal((cell.size, 100))
    products = values @ values.T
    return [
        {"size": np.int64(cell.size), "row": k, "norm": products[k, k], "gap": float("nan")}
        for k in range(cell.size)
    ]


def plot(table):
    figure = _figures.figure("column", 2.0)
    axes = figure.subplots()
    axes.plot(table["size"], table["norm"], linestyle="")
    axes.set(xlabel="size", ylabel="norm")
    return figure


if __name__ == "__main__":
    _study.main(__file__)
'''


@pytest.fixture
def toy(tmp_path_factory):
    path = tmp_path_factory.mktemp("studies") / "toy.py"
    path.write_text(TOY)
    spec = importlib.util.spec_from_file_location("studies.toy", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def known(toy, monkeypatch):
    """Make the toy the only study that the command line knows."""
    monkeypatch.setattr(studies, "names", lambda: ["toy"])
    monkeypatch.setitem(sys.modules, "studies.toy", toy)
    cloudpickle.register_pickle_by_value(toy)  # processes of the pool cannot import it
    yield toy
    cloudpickle.unregister_pickle_by_value(toy)
