"""The HOPE layer of any array library is that of NumPy."""

import numpy as np
import pytest

import hippo_theory as ht

hope = ht.hankel.hope


@pytest.mark.parametrize("is_complex", [False, True])
@pytest.mark.parametrize("dt", [0.3, 1.0])
def test_layers_are_those_of_numpy(xp, dt, is_complex):
    rng = np.random.default_rng(0)
    h = (rng.standard_normal((2, 9)) + is_complex * 1j * rng.standard_normal((2, 9))).squeeze()
    h = h if is_complex else h.real
    u = rng.standard_normal((2, 60))
    for door, arguments in (
        (hope.frequency_response, (h, 60, dt)),
        (hope.kernel, (h, 60, dt)),
        (hope.simulate, (h, u, dt)),
    ):
        expected = door(*arguments)
        there = [xp.array(a) if isinstance(a, np.ndarray) else a for a in arguments]
        value = xp.host(door(*there))
        assert value.dtype == expected.dtype
        assert abs(value - expected).max() <= 200 * xp.eps * abs(expected).max()
