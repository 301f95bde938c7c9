"""Closed forms at the ends of the floats, by mpmath; narrow data against the same in double."""

import mpmath
import numpy as np
import pytest

import hippo_theory as ht
from tests.calls import CALLS, door

EPS = np.finfo(float).eps


@pytest.mark.parametrize(
    ("r_min", "r_max"), [(5.2e-9, 7.9e-9), (7e-10, 1.28e-9), (0.0, 0.3), (0.3, 0.7), (0.1, 0.999)]
)
def test_the_lag_variance_of_a_ring_does_not_cancel(r_min, r_max):
    with mpmath.workdps(60):
        a, b = mpmath.mpf(r_min) ** 2, mpmath.mpf(r_max) ** 2
        exact = float(10 * (mpmath.log((1 - a) / (1 - b)) / (b - a) - 1))
    assert abs(ht.memory.ring_lag_variance(5, r_min, r_max) / exact - 1) <= 32 * EPS


@pytest.mark.parametrize("lag", [1.0, 1e5, 1e20, 1e300])
def test_the_best_gradient_keeps_its_digits_at_any_lag(lag):
    with mpmath.workdps(400):
        k = mpmath.mpf(lag)
        exact = float(mpmath.sqrt((k / (k + 1)) ** k / (k + 1)))
    assert abs(ht.memory.best_gradient(lag) / exact - 1) <= 8 * EPS


def test_fast_decay_leaves_the_first_teeth_alone():
    curve = ht.memory.s4d_lin_capacity(3, 0.1, [0, 1, 25], decay=1e308)
    np.testing.assert_allclose(curve, [0.15, 0.15, 0.0], rtol=4 * EPS)


def test_stochastic_limits_near_the_ends_of_the_floats():
    assert ht.learning.sgd_limit(1e308, 1.0) == 2 / 1e308
    # alpha S / (2 eta - alpha eta^2) with alpha eta = 1/2: S / eta^2 / 3
    assert ht.learning.sgd_variance(5e-201, 1e200, 0.0, 1e300) == pytest.approx(1e-100 / 3)
    assert ht.learning.crossover_width(1e-150, 1e-20, 1.0) == pytest.approx(1e280)


def test_no_relative_change_moves_a_pole_at_0():
    for poles, B in (([0.0, 0.3], [3.0, 1.0]), ([0.0], [1.0])):
        system = ht.DiagonalLTI(poles, B, [1.0, 0.0][: len(B)], dt=1.0)
        assert not ht.hankel.worst_pole_change(system, 1e-9).any()


def test_what_a_caller_changes_later_changes_no_value():
    poles = np.array([0.5, 0.3])
    listed = ht.lti.spectrum(poles)
    s, M = np.array([1.0]), np.array([[2.0]])
    stats = ht.learning.Statistics(s, M, 3.0, "test")
    poles[0] = s[0] = M[0, 0] = 7.0
    assert (listed[0], stats.s[0], stats.M[0, 0]) == (0.5, 1.0, 2.0)


NARROW = [
    name for name in CALLS if name.startswith(("legs.", "memory.", "learning.", "convergence"))
]


@pytest.mark.parametrize("name", NARROW)
@pytest.mark.parametrize("precision", [np.float32, np.float16])
def test_narrow_data_are_computed_in_double(name, precision):
    narrow, wide = {}, {}
    for key, value in CALLS[name].items():
        whole = key in ("denominators", "layers")
        whole |= np.iscomplexobj(value)
        if isinstance(value, (list, np.ndarray)) and not whole and np.asarray(value).size:
            narrow[key] = np.asarray(value).astype(precision)
            wide[key] = narrow[key].astype(float)
        else:
            narrow[key] = wide[key] = value
    pairs = zip(numbers(door(name)(**narrow)), numbers(door(name)(**wide)), strict=True)
    for one, other in pairs:
        eps = np.finfo(one.dtype).eps
        assert eps <= np.finfo(np.float32).eps
        scale = abs(other).max(initial=0.0)
        assert abs(one - other).max(initial=0.0) <= (4 * eps + 64 * EPS) * scale


def numbers(value) -> list:
    """All floating numbers of a result."""
    if isinstance(value, (float, complex, np.ndarray, np.generic)):
        value = np.asarray(value)
        return [value] if value.dtype.kind in "fc" and np.isfinite(value).all() else []
    if isinstance(value, (tuple, list)):
        return [n for part in value for n in numbers(part)]
    parts = getattr(value, "__dataclass_fields__", ())
    return [n for part in parts if part != "signal" for n in numbers(getattr(value, part))]
