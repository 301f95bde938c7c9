"""Doors for one system answer every system of a batch, one by one."""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec

import numpy as np

from hippo_theory.hankel._factors import channels
from hippo_theory.lti.forms import check_system

Arguments = ParamSpec("Arguments")


def nested(door: Callable[Arguments, Any]) -> Callable[Arguments, Any]:
    """Answer a batch by tuples of records, nested as its axes are."""
    return _answering(door, _tuples)


def stacked(door: Callable[Arguments, Any]) -> Callable[Arguments, Any]:
    """Answer a batch by arrays with its axes in front."""
    return _answering(door, _arrays)


def _answering(door, combined):
    @wraps(door)
    def answer(system, *arguments, **options):
        check_system(system)
        if not system.batch_shape:
            return door(system, *arguments, **options)
        if 0 in system.batch_shape:
            raise ValueError(
                f"system must hold at least one system, got batch axes {system.batch_shape}"
            )
        answers = [door(one, *arguments, **options) for one in channels(system)]
        return combined(answers, system.batch_shape)

    return answer


def _tuples(answers, shape):
    if len(shape) == 1:
        return tuple(answers)
    size = len(answers) // shape[0]
    return tuple(_tuples(answers[k * size : (k + 1) * size], shape[1:]) for k in range(shape[0]))


def _arrays(answers, shape):
    columns = zip(*answers, strict=True)
    return tuple(np.stack(parts).reshape(*shape, *parts[0].shape) for parts in columns)
