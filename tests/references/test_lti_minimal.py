"""Sums and differences of a system with itself have its McMillan degree, or none.

The degrees are those of the filters, of masses that are all driven, and of sines without a node
where the heat is measured.
"""

import math

import numpy as np
import pytest
import scipy.linalg as sla
import scipy.signal as sig

import hippo_theory as ht

EPS = np.finfo(float).eps


def scipys(b, a, dt=None):
    return ht.LTI(*sig.tf2ss(b, a), dt=dt)


def pade(n):
    c = [math.comb(n, k) * math.factorial(2 * n - k) for k in range(n, -1, -1)]
    return scipys([(-1) ** k * x for k, x in zip(range(n, -1, -1), c, strict=True)], c)


def stiffness(n):
    return 2 * np.eye(n) - np.eye(n, k=1) - np.eye(n, k=-1)


def chain(n):
    K = stiffness(n)
    A = np.block([[np.zeros((n, n)), np.eye(n)], [-K, -0.1 * K]])
    return ht.LTI(A, np.eye(2 * n)[n], np.eye(2 * n)[n - 1])


def heat(n, point):
    """On the points k / (n + 1), heated at the first; sin(j pi x) has a node where j x is whole."""
    return ht.LTI(-((n + 1.0) ** 2) * stiffness(n), np.eye(n)[0], np.eye(n)[point - 1])


def random(n, p=1, m=1):
    rng = np.random.default_rng(n)
    return ht.LTI(rng.normal(size=(n, n)), rng.normal(size=(n, m)), rng.normal(size=(p, n)))


SYSTEMS = {
    "butter(2)": (scipys(*sig.butter(2, 1.0, analog=True)), 2),
    "butter(6, .2)": (scipys(*sig.butter(6, 0.2), 1.0), 6),
    "Pade(4)": (pade(4), 4),
    "chain of 4 masses": (chain(4), 8),
    "random": (random(16), 16),
    "random, 3 outputs, 2 inputs": (random(9, 3, 2), 9),
    "heat, a node of every third": (heat(20, 7), 14),
    "heat, no node": (heat(20, 11), 20),
}


def reordered(G):
    """The same states the other way round: equal blocks are not seen to be equal."""
    return ht.LTI(G.A[::-1, ::-1], G.B[::-1], G.C[:, ::-1], G.D, dt=G.dt)


def columns(G):
    return ht.LTI(*ht.lti.matrices(G), dt=G.dt)


@pytest.mark.parametrize("name", SYSTEMS)
def test_sums_have_the_degree_of_one_and_differences_none(name):
    G, degree = SYSTEMS[name]
    G = columns(G)
    for system, factor in (
        (G, 1),
        (G + G, 2),
        (G + reordered(G), 2),
        (3 * G - G, 2),
        (G - G, 0),
        (G - reordered(G), 0),
    ):
        smaller = ht.lti.minimal_realization(system)
        assert smaller.state_dim == (degree if factor else 0)
        for z in sla.norm(G.A, 2) * np.array([0.7 + 0.4j, 0.1 + 0.9j, -0.2 - 1.1j, 2.0]):
            (want, room), (got, _) = response(G, z), response(smaller, z)
            assert np.linalg.norm(got - factor * want) <= 20 * system.state_dim * EPS * room


def response(G, z):
    """G(z) by a resolvent, and how far it moves when A, B and C move by a part of their norms."""
    A, B, C, D = ht.lti.matrices(G)
    if not len(A):
        return D, 0.0
    units = sla.matrix_balance(A, permute=False, separate=True)[1][0]
    A, B, C = A * units / units[:, None], B / units[:, None], C * units
    R = np.linalg.inv(z * np.eye(len(A)) - A)
    a, b, c, rb, cr = (np.linalg.norm(M) for M in (A, B, C, R @ B, C @ R))
    return D + C @ R @ B, cr * (a + abs(z)) * rb + cr * b + c * rb + np.linalg.norm(D)


def test_states_that_rounding_couples_are_refused():
    G = random(64)
    H = ht.LTI(G.A[::-1, ::-1], G.B[::-1, 0], G.C[0, ::-1])
    with pytest.raises(np.linalg.LinAlgError, match="apart from the 64 others"):
        ht.lti.minimal_realization(G + H)
    assert ht.lti.minimal_realization(G + G).state_dim == 64


def test_without_inputs_or_outputs_there_are_no_states():
    for G in (ht.LTI(-np.eye(2), np.zeros((2, 0)), np.ones((1, 2))), random(3, 0, 2)):
        smaller = ht.lti.minimal_realization(G)
        assert smaller.state_dim == 0
        assert smaller.channel_shape == G.channel_shape
