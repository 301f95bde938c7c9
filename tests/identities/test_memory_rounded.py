"""States that are really rounded, against casts to the formats themselves, and the noise model."""

import ml_dtypes
import numpy as np
import pytest

import hippo_theory as ht
from hippo_theory import memory

FORMATS = {
    "float8_e5m2": ml_dtypes.float8_e5m2,
    "float8_e4m3": ml_dtypes.float8_e4m3fn,
    "bfloat16": ml_dtypes.bfloat16,
    "float16": np.float16,
    "float32": np.float32,
    "float64": np.float64,
}
POLES = np.array([0.5, 0.9, 0.99, 0.6 + 0.7j])
GAP = np.sqrt(1 - np.abs(POLES) ** 2)


def diagonal(scale=1.0):
    return ht.DiagonalLTI(POLES, scale * GAP, np.ones(4), dt=1.0)


@pytest.mark.parametrize("name", FORMATS)
def test_the_table_holds_what_the_formats_are(name):
    info, row = ml_dtypes.finfo(FORMATS[name]), memory.PRECISIONS[name]
    assert row.bits == info.nmant + 1
    assert 2.0**row.lowest == float(info.smallest_normal)
    assert row.largest == float(info.max)


@pytest.mark.parametrize("scale", [1.0, 2.0**-12])
@pytest.mark.parametrize("name", FORMATS)
def test_every_state_is_the_nearest_number_of_the_format(name, scale):
    """Small scales reach the numbers below the smallest normal one of the narrow formats."""
    u = np.random.default_rng(0).normal(size=(2, 60))
    states = memory.simulate_rounded(diagonal(scale), u, name)
    before = np.concatenate([np.zeros((2, 1, 4)), states[:, :-1]], axis=1)
    z = POLES * before + scale * GAP * u[:, :, None]
    for part in ("real", "imag"):
        got, wanted = getattr(states, part), getattr(z, part)
        assert np.array_equal(got, got.astype(FORMATS[name]).astype(float))
        nearest = np.abs(wanted.astype(FORMATS[name]).astype(float) - wanted)
        assert np.all(np.abs(got - wanted) <= nearest + 1e-15 * np.abs(z))


def test_ties_go_to_even():
    system = ht.DiagonalLTI([0.0], [1.0], [1.0], dt=1.0)
    states = memory.simulate_rounded(system, [1 + 1 / 16, 1 + 3 / 16, -1 - 1 / 16], 4)
    assert np.array_equal(states[:, 0], [1.0, 1.25, -1.0])


def test_dense_and_several_inputs_run_like_a_loop():
    rng = np.random.default_rng(1)
    A, B, u = 0.4 * rng.normal(size=(3, 3)), rng.normal(size=(3, 2)), rng.normal(size=(2, 2, 30))
    states = memory.simulate_rounded(ht.LTI(A, B, np.ones((1, 3)), dt=1.0), u, 24)
    x = np.zeros((2, 3))
    for t in range(30):
        x = (x @ A.T + u[:, :, t] @ B.T).astype(np.float32).astype(float)
        assert np.abs(states[:, t] - x).max() < 1e-6
    assert states.dtype == float
    assert np.array_equal(states, states.astype(np.float32))


def test_stochastic_rounding_is_unbiased():
    rng, system = np.random.default_rng(2), ht.DiagonalLTI([0.0], [1.0], [1.0], dt=1.0)
    states = memory.simulate_rounded(system, np.full(40_000, 1.1), 4, rng=rng)
    assert set(np.unique(states)) == {1.0, 1.125}
    assert abs(states.mean() - 1.1) < 5 * 0.05 / np.sqrt(40_000)


def test_the_noise_of_rounding_is_that_of_the_model_within_its_limits():
    """Of one Gaussian state the model is right to 13 %, whatever its place between powers of 2."""
    u = np.random.default_rng(3).normal(size=(16, 4000))
    for name in ("float8_e4m3", "bfloat16", "float16"):
        errors = memory.simulate_rounded(diagonal(), u, name) - memory.simulate_rounded(
            diagonal(), u, "float64"
        )
        model = memory.rounding_noise(POLES, name)
        found = np.mean(np.abs(errors[:, 500:]) ** 2, axis=(0, 1))
        assert np.abs(found / model - 1).max() < 0.2


@pytest.mark.parametrize("call, sentence", [
    (lambda: memory.simulate_rounded(diagonal(), np.ones(5), "float33"),
     "unknown precision 'float33', expected one of"),
    (lambda: memory.simulate_rounded(diagonal(1e3), np.ones(50), "float8_e4m3"),
     "states must stay within 448 in float8_e4m3, got"),
    (lambda: memory.simulate_rounded(diagonal(), np.ones(5), rng=3),
     "rng must be a numpy.random.Generator, got 3"),
])  # fmt: skip
def test_refusals(call, sentence):
    with pytest.raises((ValueError, TypeError, np.linalg.LinAlgError)) as error:
        call()
    assert str(error.value).startswith(sentence)
