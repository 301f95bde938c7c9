"""Every public function answers odd values by one sentence or by numbers, silently."""

import fractions
import traceback
import warnings

import numpy as np
import pytest

import hippo_theory as ht
from tests.calls import CALLS, SOLUTION, SYSTEM, door, doors

NAN = float("nan")
ODD = {
    "None": None,
    "True": True,
    "a word": "abc",
    "bytes": b"x",
    "nan": NAN,
    "inf": np.inf,
    "large": 1e308,
    "small": 5e-324,
    "zero": 0,
    "negative": -1,
    "a half": 0.5,
    "a huge integer": 10**5000,
    "more than memory": 2**50,
    "complex": 1 + 1j,
    "nothing": [],
    "no columns": np.empty((3, 0)),
    "no rows": np.empty((0, 3)),
    "ragged": [[1], [1, 2]],
    "a list of nan": [NAN, 0.0],
    "a list of words": ["a"],
    "a mapping": {},
    "an object": object(),
    "masked": np.ma.array([1.0, 2.0], mask=[False, True]),
    "one masked number": np.ma.masked,
    "half precision": np.array([0.5, 0.25], np.float16),
    "long double": np.array([0.5, 0.25], np.longdouble),
    "dates": np.array(["2020-01-01", "2020-01-02"], "M8[D]"),
    "large pair": [1e308, 1e308],
    "large triple": [1e308, 1e308, 1e308],
    "small pair": [1e-300, 1e-308],
    "zeros": [0.0, 0.0],
    "equal pair": [0.9, 0.9],
    "matrix": [[1.0, 2.0], [3.0, 4.0]],
    "cube": np.ones((2, 2, 2)),
    "booleans": np.array([True, False]),
    "one entry": np.array([1]),
    "single precision": np.array([0.5, 0.25], np.float32),
    "a fraction": fractions.Fraction(1, 3),
    "a function": lambda *_: 1,
    "a system": SYSTEM,
    "an empty system": ht.LTI(np.empty((0, 0)), [], [], dt=1.0),
    "a zero system": ht.LTI([[0.0]], [0.0], [0.0], dt=1.0),
    "a solution": SOLUTION,
    "numbers in a string": ".1,.2",
}
REFUSALS = (ValueError, TypeError, np.linalg.LinAlgError)


def fault(name: str, arguments: dict) -> str | None:
    """What is wrong with the answer of a call, if anything."""
    try:
        result = door(name)(**arguments)
    except REFUSALS as error:
        sentence, last = str(error), traceback.extract_tb(error.__traceback__)[-1]
        known = isinstance(error, np.linalg.LinAlgError) or any(
            word in sentence for word in (" must ", "unknown ", "expected ")
        )
        if "\n" in sentence or "hippo_theory" not in last.filename or not known:
            return f"{type(error).__name__}: {sentence}"
        return None
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "NaN" if holds_nan(result) else None


def holds_nan(value) -> bool:
    if isinstance(value, (float, complex, np.ndarray, np.generic)):
        value = np.asarray(value)
        return value.dtype.kind in "fc" and bool(np.isnan(value).any())
    if isinstance(value, (tuple, list)):
        return any(map(holds_nan, value))
    parts = getattr(value, "__dataclass_fields__", ())
    return any(holds_nan(getattr(value, part)) for part in parts if part != "signal")


def test_every_public_function_has_a_call():
    assert set(CALLS) == doors(), "tests/calls.py needs one valid call of each public function"


@pytest.mark.parametrize("name", CALLS)
def test_odd_values_are_refused_in_a_sentence_or_answered(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        faults = {
            f"{argument} = {label}": found
            for argument in CALLS[name]
            for label, odd in ODD.items()
            if (found := fault(name, CALLS[name] | {argument: odd}))
        }
    assert not faults


FLAGS = [(n, a) for n, call in CALLS.items() for a, v in call.items() if isinstance(v, bool)]


@pytest.mark.parametrize(("name", "flag"), FLAGS)
def test_flags_are_true_or_false(name, flag):
    for odd in (1, "yes", 1e-300, np.array([True]), None):
        with pytest.raises(TypeError, match=rf"^{flag} must be True or False, got "):
            door(name)(**CALLS[name] | {flag: odd})


@pytest.mark.parametrize("name", CALLS)
def test_the_floating_point_state_of_the_caller_changes_no_answer(name):
    plain = door(name)(**CALLS[name])
    with np.errstate(all="raise"):
        strict = door(name)(**CALLS[name])
    for one, other in zip(numbers(plain), numbers(strict), strict=True):
        np.testing.assert_array_equal(one, other)


def numbers(value) -> list:
    """All numbers of a result."""
    if isinstance(value, (float, complex, np.ndarray, np.generic)):
        value = np.asarray(value)
        return [value] if value.dtype.kind in "fciu" else []
    if isinstance(value, (tuple, list)):
        return [n for part in value for n in numbers(part)]
    parts = getattr(value, "__dataclass_fields__", ())
    return [n for part in parts if part != "signal" for n in numbers(getattr(value, part))]


@pytest.mark.parametrize("name", CALLS)
def test_results_share_no_memory_with_arguments_and_leave_them(name):
    arguments = {
        key: np.array(value) if isinstance(value, list) else value
        for key, value in CALLS[name].items()
    }
    before = {key: np.array(v) for key, v in arguments.items() if isinstance(v, np.ndarray)}
    result = door(name)(**arguments)
    for key, values in before.items():
        np.testing.assert_array_equal(arguments[key], values)
        for array in numbers(result):
            assert not np.shares_memory(array, arguments[key]), key
