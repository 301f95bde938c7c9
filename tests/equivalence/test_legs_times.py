"""One time, a list or an array of times: the same numbers, with the axes of the times."""

import numpy as np
import pytest

import hippo_theory as ht

N = 5
STATES = np.random.default_rng(0).standard_normal((3, N))
SOLUTION = ht.legs.solve(np.cos, np.linspace(0, 3, 31), N)
BATCH = ht.legs.solve(np.cos(np.multiply.outer([1.0, 2.0], SOLUTION.t)), SOLUTION.t, N)
CALLS = {  # times -> (value, leading axes, trailing axes)
    **{
        name: lambda t, row=row: (row.factory(*row.example).project(t, N), 0, 1)
        for name, row in ht.legs.INPUTS.items()
    },
    "reconstruct": lambda s: (ht.legs.reconstruct(SOLUTION, s), 0, 0),
    "reconstruct a batch": lambda s: (ht.legs.reconstruct(BATCH, s), 1, 0),
    "reconstruct coefficients": lambda s: (ht.legs.reconstruct(STATES, 2.0, s), 1, 0),
    "homogeneous_solution": lambda s: (ht.legs.homogeneous_solution(STATES, 1.0, s), 1, 1),
    "backward_growth": lambda s: (ht.legs.backward_growth(STATES, 1.0, s), 1, 0),
    "log_chirp_orbit": lambda s: (ht.legs.log_chirp_orbit(3.0, N, s), 0, 1),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_times_of_any_shape_give_the_values_of_their_list(call):
    times = np.array([[0.25, 1.0, 0.7], [0.3, 0.01, 0.5]])
    listed, before, after = call(times.ravel())
    values, *_ = call(times)
    shape = (*listed.shape[:before], *times.shape, *listed.shape[listed.ndim - after :])
    assert values.shape == shape
    np.testing.assert_array_equal(values.reshape(listed.shape), listed)


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("kind", [float, np.float64, np.asarray])
def test_a_single_time_has_no_axis(call, kind):
    listed, before, _ = call([0.7])
    value, *_ = call(kind(0.7))
    np.testing.assert_array_equal(value, np.squeeze(listed, axis=before))
    assert np.shape(value) == listed.shape[:before] + listed.shape[before + 1 :]
