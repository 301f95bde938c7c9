"""Arrays of two libraries or devices are refused, and so is what a library cannot do."""

import array_api_strict as strict
import numpy as np
import pytest

import hippo_theory as ht
from hippo_theory import _array

T = np.arange(4.0)
HERE, THERE = strict.Device("CPU_DEVICE"), strict.Device("device1")


def samples(device=HERE, values=(0.0, 1.0, 2.0, 3.0)):
    return strict.asarray(np.array(values), device=device)


CASES = {
    "two libraries": (
        lambda: ht.legs.solve(samples(), T + 1, 2, initial=np.ones(2)),
        TypeError,
        "initial must be of the library of f, got numpy on cpu",
    ),
    "two devices": (
        lambda: ht.legs.solve(samples(), T + 1, 2, initial=samples(THERE)[:2]),
        ValueError,
        "initial must be on the device of f, got array_api_strict on .*device1.*; move one",
    ),
    "collocation": (
        lambda: ht.legs.solve(samples(), T, 2, scheme="gauss2"),
        TypeError,
        "scheme must read samples for arrays of array_api_strict on .*, got 'gauss2'",
    ),
    "NaN": (
        lambda: ht.legs.solve(samples(values=[0.0, np.nan, 0.0, 0.0]), T, 2),
        ValueError,
        "f must be finite, got NaN or infinity",
    ),
    "length": (
        lambda: ht.legs.solve(samples()[:3], T, 2),
        ValueError,
        r"f must have shape \(..., 4\), got \(3,\); t has 4 entries",
    ),
    "initial at 0": (
        lambda: ht.legs.solve(samples(), T, 2, initial=samples()[:2]),
        ValueError,
        r"initial must be None when t\[0\] = 0",
    ),
    "no initial": (
        lambda: ht.legs.solve(samples(), T + 1, 2),
        ValueError,
        r"initial must be given when t\[0\] > 0, got t\[0\] = 1",
    ),
    "initial shape": (
        lambda: ht.legs.solve(samples(), T + 1, 2, initial=strict.ones((3, 2))),
        ValueError,
        r"initial must broadcast to \(2,\), got \(3, 2\)",
    ),
    "inputs of a step": (
        lambda: ht.legs.step(samples(), 1.0, 2.0, samples()[:2], samples()[:3]),
        ValueError,
        r"f0 and f1 must have shape \(\), got \(2,\) and \(3,\)",
    ),
    "overflow": (
        lambda: ht.legs.solve(
            strict.asarray(np.random.default_rng(0).standard_normal(800)),
            np.arange(800.0),
            460,
            scheme="forward_euler",
            store="final",
        ),
        np.linalg.LinAlgError,
        "scheme 'forward_euler' overflowed at N = 460; a contractive scheme does not",
    ),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.filterwarnings("ignore:(overflow|invalid):RuntimeWarning")
def test_refusals_say_what_is_wrong(case):
    call, error, sentence = CASES[case]
    with pytest.raises(error, match=sentence):
        call()


def test_another_gpu_than_the_current_one_is_refused(stand_in, monkeypatch):
    f = stand_in.asarray(T)
    monkeypatch.setattr(stand_in.ndarray, "device", stand_in.cuda.Device(1))
    sentence = "f must be on CuPy's current device, got cupy on .*; enter it by `with`"
    with pytest.raises(ValueError, match=sentence):
        ht.legs.solve(f, T, 2)
    with pytest.raises(ValueError, match="device must be on CuPy's current"):
        ht.lti.kernel(ht.DiagonalLTI([0.5], [1.0], [1.0], dt=1.0), 4, xp=stand_in, device=1)


def test_inputs_are_not_modified():
    f = samples()
    ht.legs.solve(f, T, 2, store="final")
    assert bool(strict.all(f == samples()))


def test_a_home_names_library_and_device():
    assert repr(_array.home(f=samples())).startswith("array_api_strict on")
    assert _array.home(f=T, number=1.0) is None
