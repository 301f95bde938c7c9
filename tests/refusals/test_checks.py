"""The sentences of refusal themselves: flags, precisions, huge integers, narrow and wide data."""

import array_api_strict as strict
import numpy as np
import pytest

import hippo_theory as ht
from hippo_theory import _check

REFUSED = {
    "a flag": (lambda: _check.flag("layer", 1), TypeError, "layer must be True or False, got 1"),
    "a flag of one entry": (
        lambda: _check.flag("layer", np.array([True])),
        TypeError,
        r"layer must be True or False, got array\(\[ True\]\)",
    ),
    "a huge number": (
        lambda: _check.number("dt", 10**400),
        ValueError,
        "dt must be finite, got an integer of 1329 bits",
    ),
    "an integer that Python does not print": (
        lambda: _check.integer("K", 10**5000),
        ValueError,
        "K must be at most 9007199254740992, got an integer of 16610 bits",
    ),
    "an array of one number": (
        lambda: _check.number("dt", np.array([1.0])),
        TypeError,
        r"dt must be a real number, got array\(\[1.\]\)",
    ),
    "a masked number": (
        lambda: _check.number("dt", np.ma.masked),
        TypeError,
        "dt must be a real number, got masked",
    ),
    "a complex number": (
        lambda: _check.number("dt", np.complex128(1)),
        TypeError,
        "dt must be a real number, got ",
    ),
    "more than double precision": (
        lambda: _check.array("B", np.ones(2, np.longdouble)),
        TypeError,
        "B must be of at most double precision, got dtype (float128|float96|longdouble)",
    ),
    "rows of two lengths": (
        lambda: _check.array("B", [[1], [1, 2]]),
        TypeError,
        "B must be a rectangular array of numbers",
    ),
    "another precision": (
        lambda: _check.dtype("dtype", "int8"),
        ValueError,
        "dtype must be 'float32' or 'float64', got 'int8'",
    ),
    "a comma string": (
        lambda: _check.dtype("dtype", ".1,.2"),
        ValueError,
        "dtype must be 'float32' or 'float64', got '.1,.2'",
    ),
    "more than memory": (
        lambda: _check.room("L", 2**50, 4),
        ValueError,
        "L must leave the result in memory, got 1125899906842624 x 4 numbers of 8 bytes: "
        r"3.36e\+07 GiB where there are ",
    ),
}


@pytest.mark.skipif(np.finfo(np.longdouble).bits == 64, reason="no longer double")
@pytest.mark.parametrize("case", REFUSED)
def test_refusals_say_what_is_wrong(case):
    call, error, sentence = REFUSED[case]
    with pytest.raises(error, match=f"^{sentence}"):
        call()


def test_numbers_of_numpy_are_taken_by_value():
    assert type(_check.integer("K", np.uint8(200))) is int
    assert _check.number("dt", np.float16(0.5)) == _check.number("dt", np.array(0.5)) == 0.5
    assert _check.flag("layer", np.bool_(True)) is True


def test_half_precision_is_widened_and_single_precision_stays():
    half = np.array([0.1, 0.2], np.float16)
    assert _check.array("B", half).dtype == np.float64
    np.testing.assert_array_equal(_check.array("B", half), half.astype(float))
    single = np.array([0.1, 0.2], np.float32)
    assert _check.array("B", single) is single
    swapped = _check.array("B", np.array([0.1, 0.2], ">f8"))
    assert swapped.dtype.isnative
    assert swapped[1] == 0.2


@pytest.mark.parametrize("precision", ["f4", float, np.float64, np.dtype("f4"), strict.float32])
def test_precisions_are_known_in_every_library(precision):
    assert _check.dtype("dtype", precision) in ("float32", "float64")


def test_holds_refuse_steps_too_far_apart_for_their_stencils():
    for t in ([0.0, 1e-309, 1.0, 2.0], [0.0, 1.0, 2.0, 1e200]):
        with pytest.raises(
            ValueError, match=r"^t must have steps within a factor of 1e60 of each "
        ):
            ht.legs.solve([1.0, 2.0, 3.0, 4.0], t, 3, scheme="hold2")


def test_estimates_of_what_overflows_are_infinite_without_a_warning():
    f, t = ht.legs.inputs.exponential(640.0), np.linspace(0, 1.1, 9)
    solution = ht.legs.solve(f, t, 4, scheme="foh")
    assert ht.legs.error_budget(f, solution).projection == np.inf
    assert ht.legs.input_error_bound(f, solution) == np.inf
    assert ht.legs.step_doubling_estimate(f, t, 4) == np.inf


def test_states_that_leave_single_precision_are_refused():
    samples = np.float32(np.random.default_rng(0).standard_normal(33))
    t = np.append(0, 10.0 ** np.linspace(-290, 0, 32))
    with pytest.raises(np.linalg.LinAlgError, match=r"must stay in single precision|overflowed"):
        ht.legs.solve(samples, t, 3, scheme="forward_euler", store="final")
