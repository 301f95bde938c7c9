"""A law, and how far an answer is from what it should be."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tests.zoo import SYSTEMS, System

EPS = np.finfo(float).eps
REFUSALS = (ValueError, np.linalg.LinAlgError)


@dataclass(frozen=True)
class Law:
    """One law: which doors it is about, how far a row is from it, and how far it may be."""

    name: str
    doors: tuple[str, ...]
    residual: Callable[[System], float]
    tolerance: float
    needs: frozenset[str] = frozenset()
    without: frozenset[str] = frozenset()

    def __str__(self):
        return self.name

    def judges(self, row: System) -> bool:
        return self.needs <= row.tags and not self.without & row.tags

    @property
    def rows(self):
        return [row for row in SYSTEMS if self.judges(row)]


def law(name, doors, residual, tolerance, *, needs="", without="") -> Law:
    """A row; `needs` and `without` are lists of tags, separated by commas."""
    split = lambda words: frozenset(w.strip() for w in words.split(",") if w.strip())  # noqa: E731
    return Law(name, tuple(doors.split()), residual, tolerance, split(needs), split(without))


def refusable(residual):
    """The residual, or zero where the door refuses in a sentence."""

    def measured(row):
        try:
            return residual(row)
        except REFUSALS as error:
            return 0.0 if " " in str(error) else np.inf

    return measured


def gap(got, wanted, scale=None) -> float:
    """max |got - wanted| over max |wanted| (over `scale`); inf for a NaN or another shape.

    Answers in single precision are given the roundings of that precision.
    """
    got, wanted = np.asarray(got), np.asarray(wanted)
    if got.shape != wanted.shape:
        return np.inf
    size = np.abs(wanted).max(initial=0.0) if scale is None else scale
    error = np.abs(got - wanted).max(initial=0.0)
    if got.dtype in (np.float32, np.complex64):
        error = max(error - 4 * np.finfo(got.dtype).eps * size, 0.0)
    if not error:
        return 0.0
    return float(error / size) if np.isfinite(error) and size else np.inf


def padded(values, n):
    """Descending values with zeros where a merged or hidden state has none."""
    values = np.asarray(values)
    return np.concatenate([values[:n], np.zeros(max(n - values.size, 0))])
