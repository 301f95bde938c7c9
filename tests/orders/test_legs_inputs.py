"""Linear interpolation of each input, solved exactly, is as accurate as the input declares."""

import numpy as np
import pytest

from hippo_theory.convergence import envelope
from hippo_theory.legs import inputs, solve

OFF = 1 / np.sqrt(3)  # on no grid
CASES = [
    inputs.cosine(6.0),
    inputs.exponential(-2.0),
    inputs.monomial(0.5),
    inputs.step(OFF),
    inputs.ramp(OFF),
    inputs.power_singularity(OFF, 0.5),
    inputs.piecewise_polynomial([0, OFF, 1], [[1.0, -1.0], [0.0, 0.5]]),
    inputs.weierstrass(0.5),
    inputs.weierstrass(0.3),
    inputs.dirichlet(),
]


def final_error(f, K):
    t = np.arange(K + 1) / K
    interpolant = inputs.from_samples(t, f(t))
    return np.linalg.norm(interpolant.project([1.0], 4) - f.project([1.0], 4))


@pytest.mark.parametrize("f", CASES, ids=repr)
def test_final_error_has_the_declared_envelope(f):
    order = min(2.0, f.final_order)  # linear interpolation has order 2
    upper = []
    for K in (256, 2048):
        steps = [K] if not f.breaks else np.unique(np.linspace(K, 1.25 * K, 24).astype(int))
        errors = [final_error(f, int(k)) for k in steps]
        upper.append(
            envelope(steps, errors, order).upper if len(steps) > 1 else errors[0] * K**order
        )
    # an order wrong by 0.1 would change the constant by 8^0.1 = 1.23
    assert upper[1] == pytest.approx(upper[0], rel=0.15)


@pytest.mark.parametrize("f", [inputs.monomial(0.5), inputs.weierstrass(0.3)], ids=repr)
def test_maximum_over_time_has_the_declared_order(f):
    errors = []
    for K in (32, 256):
        t = np.arange(K + 1) / K
        difference = inputs.from_samples(t, f(t)).project(t, 4) - f.project(t, 4)
        errors.append(np.linalg.norm(difference, axis=1).max())
    observed = np.log2(errors[0] / errors[1]) / 3
    assert observed == pytest.approx(f.max_order, abs=0.05)


def test_log_chirp_converges_at_the_end_but_not_in_the_maximum():
    f = inputs.log_chirp(3.0)
    period = np.exp(np.pi / 3)
    scaled = []
    for K in (100, 1000):
        steps = [int(K * period**x) for x in np.linspace(0, 1, 12)]
        scaled.append(max(k * final_error(f, k) for k in steps))
    assert scaled[1] == pytest.approx(scaled[0], rel=0.15)
    first = [
        np.linalg.norm(
            inputs.from_samples([0, 1 / K], f([0, 1 / K])).project([1 / K], 4)
            - f.project([1 / K], 4)
        )
        for K in (64, 1024, 65536, 10**6)
    ]
    assert max(first) > 0.3


@pytest.mark.parametrize("scheme", ["midpoint", "zoh"])
@pytest.mark.parametrize("f", CASES[3:6], ids=repr)
def test_cell_averages_reach_order_2_at_a_jump_a_kink_and_a_cusp(f, scheme):
    """Samples allow 1, 2 and 1.5: what averages hide of a cell has mean zero."""
    upper = []
    for K in (64, 512):
        steps = np.unique(np.linspace(K, 1.25 * K, 12).astype(int))
        errors = [
            np.linalg.norm(
                solve(f, np.arange(k + 1) / k, 4, scheme=scheme, samples="averages", store="final")
                - f.project([1.0], 4)[0]
            )
            for k in steps
        ]
        upper.append(envelope(steps, errors, 2.0).upper)
    # an order wrong by 0.1 would change the constant by 8^0.1 = 1.23
    assert upper[1] == pytest.approx(upper[0], rel=0.15)
