"""Doors for one system answer every system of a batch, one by one."""

from collections.abc import Callable
from functools import wraps
from inspect import signature
from typing import Any, ParamSpec

import numpy as np

from hippo_theory.lti.forms import check_system
from hippo_theory.lti.values import System

Arguments = ParamSpec("Arguments")


def nested(door: Callable[Arguments, Any]) -> Callable[Arguments, Any]:
    """Answer a batch by tuples of what the door returns, nested as the leading axes are."""
    return _answering(door, tuple)


def stacked(door: Callable[Arguments, Any]) -> Callable[Arguments, Any]:
    """Answer a batch by the arrays that the door returns, with the leading axes in front."""
    return _answering(door, lambda rows: tuple(map(np.stack, zip(*rows, strict=True))))


def numbers(door: Callable[Arguments, Any]) -> Callable[Arguments, Any]:
    """Answer a batch by an array of the numbers that the door returns; poles may be an array."""
    return _answering(door, np.array, poles=True)


def _answering(door, combined, *, poles=False):
    first = next(iter(signature(door).parameters))

    @wraps(door)
    def answer(*arguments, **options):
        system = arguments[0] if arguments else options.get(first)
        if not poles:
            check_system(system)
        if not (isinstance(system, System) and system.batch_shape):
            return door(*arguments, **options)
        if 0 in system.batch_shape:
            raise ValueError(
                f"{first} must hold at least one system, got batch axes {system.batch_shape}"
            )
        options.pop(first, None)
        count = system.batch_shape[0]
        return combined([answer(system[k], *arguments[1:], **options) for k in range(count)])

    return answer
