"""The memory curve and the orthonormal recurrence of any array library are those of NumPy."""

import numpy as np
import pytest

import hippo_theory as ht

POLES = {
    "real": np.array([0.5, -0.5, 0.9, 0.99]),
    "complex": 0.95 * np.exp(1j * np.linspace(0, 3, 6)),
}


@pytest.mark.parametrize("name", POLES)
def test_capacities_are_those_of_numpy(xp, name):
    poles = POLES[name].astype(np.complex64).astype(complex)
    expected = ht.memory.capacity(poles, 200)
    curve = ht.memory.capacity(xp.array(poles), 200, method="fft")
    bound = 100 * len(poles) * xp.eps
    assert abs(xp.host(curve) - expected).max() <= bound
    device = None if xp.xp is np else xp.device
    curve = ht.memory.capacity(poles, 200, method="fft", xp=xp.xp, device=device)
    assert abs(xp.host(curve) - expected).max() <= bound


@pytest.mark.parametrize("block", [None, 2])
def test_orthonormal_states_are_those_of_numpy(xp, block):
    system = ht.memory.orthonormal_realization(POLES["complex"], block).system
    u = np.random.default_rng(0).standard_normal((1, 300)).astype(np.float32).astype(float)
    expected = ht.lti.simulate(system, u)
    states = ht.lti.simulate(system, xp.array(u))
    assert abs(xp.host(states) - expected).max() <= 300 * xp.eps * abs(expected).max()
