"""Whether a table bears out the claim of its study: the study's `check`, applied and told."""

import traceback
from dataclasses import dataclass, field
from numbers import Integral, Real
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd

from studies import _outputs


class Contradicted(RuntimeError):  # noqa: N818  so that its sentence stands alone
    """The table of a study contradicts its claim; the message says where."""


@dataclass(frozen=True)
class Verdict:
    """What `check` made of a table: numbers, and the fault that it found (None: none)."""

    numbers: dict[str, Any] = field(default_factory=dict)
    fault: str | None = None

    def lines(self) -> list[str]:
        """The numbers, one a line."""
        return [f"  {name}: {_short(value)}" for name, value in self.numbers.items()]


def judge(study: ModuleType, table: pd.DataFrame) -> Verdict:
    """Apply the check of `study`, if it has one, to a copy of `table`.

    Whatever `check` raises is a fault: an AssertionError without words is told by its line.
    """
    if not has_check(study):
        return Verdict()
    try:
        return Verdict(_numbers(study.check(_outputs.lent(table))))
    except Exception as error:
        return Verdict(fault=_reason(error))


def found(study: ModuleType, verdict: Verdict) -> list[str]:
    """Say what was found: whether the claim holds, and its numbers; nothing without a check."""
    name = study.__name__.rpartition(".")[2]
    if not has_check(study):
        return []
    if verdict.fault:
        return [f"{name}: these parameters do not show its claim: {verdict.fault}"]
    return [f"{name} holds: {claim(study)}", *verdict.lines()]


def has_check(study: ModuleType) -> bool:
    """Whether `study` can check its claim."""
    return hasattr(study, "check")


def claim(study: ModuleType) -> str:
    """Return the first line of a study's docstring."""
    return (study.__doc__ or "").strip().partition("\n")[0]


def _numbers(found: Any) -> dict[str, Any]:
    if not isinstance(found, dict) or not found:
        raise TypeError(f"check must return a dict of numbers, got {found!r}")
    plain = {name: v.item() if isinstance(v, np.generic) else v for name, v in found.items()}
    for name, value in plain.items():
        if not isinstance(name, str) or not isinstance(value, (Real, str)):
            raise TypeError(f"check must return numbers and words, got {name!r}: {value!r}")
        if value != value:
            raise ValueError(f"check must return numbers, got {name!r}: nan")
    return plain


def _reason(error: Exception) -> str:
    """Name what was asserted: the words of the assertion, else its line of source."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    where = f"line {last.lineno}: {last.line}"
    if isinstance(error, AssertionError):
        return f"{error} ({where})" if str(error) else where
    return f"{type(error).__name__}: {error} ({where})"


def _short(value: Any) -> str:
    rounded = isinstance(value, Real) and not isinstance(value, Integral)
    return f"{float(value):.4g}" if rounded else str(value)
