"""Refuse impossible parameters of a study before anything is computed or built.

Every field of `Params` is checked by its type and by what the study itself uses: an integer is at
least 1 and a number positive and finite, unless `Params()` or `QUICK` hold 0 or less there; a
tuple holds at least one value; a file exists. ``Annotated[float, Bound(below=1)]`` says more.
"""

import dataclasses
import math
import types
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from hippo_theory import _check

MOST_CELLS = 1_000_000


@dataclasses.dataclass(frozen=True)
class Bound:
    """Bounds of a field, or of each value of a tuple; None: as the study's own values have it."""

    minimum: float | None = None
    above: float | None = None
    maximum: float | None = None
    below: float | None = None
    multiple_of: int = 1


def check(study: ModuleType, params: Any, *, prefix: str = "") -> None:
    """Raise ValueError or TypeError, naming the field, if a value of `params` is impossible.

    `prefix` stands before the name: "--" where the field is a flag.
    """
    hints = get_type_hints(type(params), include_extras=True)
    for field in dataclasses.fields(params):
        usual = [getattr(own, field.name) for own in (study.Params(), study.QUICK)]
        _value(f"{prefix}{field.name}", getattr(params, field.name), hints[field.name], usual)


def _value(name: str, value: Any, hint: Any, usual: list, bound: Bound | None = None) -> None:
    """Check one value against its type and bounds."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        bounds = [extra for extra in arguments[1:] if isinstance(extra, Bound)]
        _value(name, value, arguments[0], usual, bounds[0] if bounds else bound)
    elif origin in (Union, types.UnionType):
        kinds = [kind for kind in arguments if kind is not type(None)]
        if value is not None and len(kinds) == 1:
            _value(name, value, kinds[0], [one for one in usual if one is not None], bound)
    elif origin is tuple:
        if not isinstance(value, (tuple, list)) or not value:
            raise ValueError(f"{name} must hold at least one value, got {value!r}")
        for one in value:
            _value(name, one, arguments[0], [x for own in usual for x in own], bound)
    elif origin is Literal:
        _check.option(name, value, arguments)
    elif hint in CHECKS:
        CHECKS[hint](name, value, usual, bound or Bound())


def _integer(name: str, value: Any, usual: list, bound: Bound) -> None:
    least = bound.minimum if bound.minimum is not None else _least(usual, 1)
    number = _check.integer(name, value, -(2**63) if least is None else int(least))
    _number(name, number, usual, dataclasses.replace(bound, minimum=-math.inf))
    if number % bound.multiple_of:
        raise ValueError(f"{name} must be a multiple of {bound.multiple_of}, got {number}")


def _number(name: str, value: Any, usual: list, bound: Bound) -> None:
    given = {key: value for key, value in dataclasses.asdict(bound).items() if value is not None}
    del given["multiple_of"]
    if bound.minimum is None and bound.above is None:
        least = _least(usual, 0)
        given |= (
            {} if least is None else {"minimum": 0} if least == 0 and 0 in usual else {"above": 0}
        )
    _check.number(name, value, **given)


def _file(name: str, value: Any, usual: list, bound: Bound) -> None:
    if not Path(value).is_file():
        raise ValueError(f"{name} must be a file, got {value}")


def _least(usual: list, least: int) -> int | None:
    """The least possible value, by the study's own: `least`, else 0, else none."""
    smallest = min(usual, default=least)
    return least if smallest >= least else 0 if smallest >= 0 else None


CHECKS = {int: _integer, float: _number, Path: _file}


def counted(cells: Iterator[Any]) -> list:
    """Return the cells as a list, refusing more than a million of them."""
    found = []
    for cell in cells:
        if len(found) == MOST_CELLS:
            raise ValueError(f"these parameters make more than {MOST_CELLS:,} cells; give fewer")
        found.append(cell)
    return found
