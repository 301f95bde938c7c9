"""What every memory curve has, whatever the poles."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from hippo_theory import memory

EPS = np.finfo(float).eps
pole = st.builds(lambda r, phi: r * np.exp(1j * phi), st.floats(0, 0.999), st.floats(0, 2 * np.pi))
spectra = st.lists(pole, min_size=1, max_size=40).map(np.array)


@given(spectra)
@settings(max_examples=50, deadline=None)
def test_the_curve_decreases_from_at_most_one_under_its_ceiling(poles):
    N, K = poles.size, 120
    curve = memory.capacity(poles, K)
    slack = 8 * N * EPS
    assert curve[0] <= 1 + slack
    assert curve[-1] >= 0
    assert np.all(np.diff(curve) <= slack)
    assert np.all(curve <= memory.capacity_ceiling(N, np.arange(K)) + slack)


@given(spectra, st.randoms(use_true_random=False), st.floats(0, 6.0))
@settings(max_examples=30, deadline=None)
def test_order_conjugation_and_rotation_of_poles_do_not_matter(poles, random, angle):
    curve = memory.capacity(poles, 60)
    shuffled = poles[random.sample(range(poles.size), poles.size)]
    slack = 60 * 16 * poles.size * EPS
    assert np.abs(memory.capacity(shuffled, 60) - curve).max() < slack
    assert np.abs(memory.capacity(poles.conj(), 60) - curve).max() < slack
    assert np.abs(memory.capacity(poles * np.exp(1j * angle), 60) - curve).max() < slack * 1000


@given(spectra, pole)
@settings(max_examples=30, deadline=None)
def test_one_more_pole_never_forgets(poles, extra):
    more = memory.capacity(np.r_[poles, extra], 60)
    assert np.all(more >= memory.capacity(poles, 60) - 8 * poles.size * EPS)
