"""Minimal realizations have the McMillan degree that is known, and the same transfer function."""

import numpy as np
import pytest
import scipy.linalg as sla

import hippo_theory as ht

RNG = np.random.default_rng(0)


def turned(G, seed=1):
    T = np.random.default_rng(seed).normal(size=(G.state_dim, G.state_dim))
    return ht.lti.similarity(ht.lti.dense(G), np.linalg.qr(T)[0])


def in_units(G, units):
    return ht.LTI(G.A * units[:, None] / units, G.B[:, 0] * units, G.C[0] / units)


def random(n, p=1, m=1):
    A, B, C = RNG.normal(size=(n, n)), RNG.normal(size=(n, m)), RNG.normal(size=(p, n))
    return ht.LTI(A, B, C, RNG.normal(size=(p, m)))


def jordan(n, pole):
    return ht.LTI(pole * np.eye(n) + np.eye(n, k=1), np.eye(n)[:, -1:], np.eye(n)[:1])


def masses():
    K = 2 * np.eye(2) - np.eye(2, k=1)  # the second mass pulls at nothing
    A = np.block([[np.zeros((2, 2)), np.eye(2)], [-K, -0.1 * K]])
    return ht.LTI(A, np.eye(4)[:, 2], np.eye(4)[0])


SECTIONS = [  # the gain of a narrow filter in its first section: a coupling of 1e-19 counts
    ht.LTI([[1.99, -0.999], [1.0, 0.0]], [1.0, 0.0], [a, b], c, dt=1.0)
    for a, b, c in ((1e-19, 2e-19, 1e-19), (2.0, -1.0, 1.0), (1e-4, 2.0, 1.0))
]
G, H, MIMO = random(4), random(3), random(4, 2, 3)
ZERO = ht.LTI([[-1.0]], [1.0], [1.0]) @ ht.LTI([[-2.0]], [1.0], [-1.0], 1.0)  # (s+1)/(s+2)/(s+1)
GILBERT = ht.LTI(-np.eye(4), np.kron(np.eye(2), [[1.0], [1.0]]), [[1.0, 0, 1, 0], [0, 1, 0, 0]])
INTEGRATOR = ht.LTI([[0.0]], [1.0], [1.0])
LISTED = np.array([-1.0, -1.0, -2.0 + 1j])
PAIRS = ht.DiagonalLTI([-1 + 2j, -1 - 2j, -3.0], [1j, 2.0, 1.0], [1.0, 1 + 1j, 1.0], conjugate=True)
LOGS = np.array([-0.3 + 0.4j, -0.3 + 0.4j - 2j * np.pi, -0.5])

SYSTEMS = {
    "minimal": (G, 4),
    "many channels": (MIMO, 4),
    "twice the same": (G + G, 4),
    "twice the same, turned": (turned(G + G), 4),
    "twice, many channels": (turned(MIMO + MIMO), 4),
    "nothing": (turned(G - G), 0),
    "two systems": (turned(G + H), 7),
    "series": (G @ H, 7),
    "cancelled zero": (ZERO, 1),
    "weak coupling": (SECTIONS[2] @ SECTIONS[1] @ SECTIONS[0], 6),
    "hidden unstable mode": (turned(ht.LTI(np.diag([-1.0, 2.0, -3]), [1, 1, 0.0], [1, 0.0, 1])), 1),
    "double integrator": (INTEGRATOR @ INTEGRATOR, 2),
    "integrators side by side": (INTEGRATOR + INTEGRATOR, 1),
    "Jordan block": (jordan(5, -0.01), 5),
    "equal Jordan blocks": (turned(jordan(2, -1.0) + jordan(3, -1.0)), 3),
    "Gilbert": (GILBERT, 2),
    "unread end": (ht.LTI(np.eye(6, k=-1), np.eye(6)[0], np.eye(6)[3], dt=1.0), 4),
    "unread mass": (masses(), 2),
    "units": (in_units(turned(G + G), 2.0 ** np.arange(-28, 28, 7)), 4),
    "slow": (ht.LTI(1e-9 * (G + G).A, (G + G).B, (G + G).C), 4),
    "complex": (turned(1j * G + G), 4),
    "no states": (ht.LTI(np.zeros((0, 0)), [], [], 2.0), 0),
    "diagonal": (ht.DiagonalLTI(LISTED, [1.0, 2.0, 1j], [1.0, 3.0, 1.0]), 2),
    "cancelled residues": (ht.DiagonalLTI(LISTED, [1.0, 2.0, 1j], [1.0, -0.5, 1.0]), 1),
    "unseen": (ht.DiagonalLTI([-1.0, -2.0, 3.0], [1.0, 0.0, 1.0], [1.0, 1.0, 0.0]), 1),
    "equal poles, two channels": (ht.DiagonalLTI(LISTED, np.eye(3)[:, :2], np.eye(3)[:2]), 2),
    "dependent channels": (ht.DiagonalLTI(LISTED, [[1.0, 2], [2, 4], [0, 1]], np.ones((2, 3))), 2),
    "pairs": (PAIRS, 3),
    "real pole unread": (ht.DiagonalLTI([-1 + 2j, -3.0], [1, 1.0], [1.0, 1j], conjugate=True), 2),
    "turns": (ht.DiagonalLTI(np.exp(LOGS), [1, 1j, 2.0], [1, 1, 1.0], dt=1.0, log_poles=LOGS), 2),
    "low rank": (ht.lti.DPLR([-1.0] * 3, [1, 1, 0], [1, 1, 0], [1, 1, 0], [1, 1, 1.0]), 1),
}  # fmt: skip


@pytest.mark.parametrize("name", SYSTEMS)
def test_the_degree_is_known_and_the_transfer_function_stays(name):
    system, degree = SYSTEMS[name]
    smaller = ht.lti.minimal_realization(system)
    assert ht.lti.expand(smaller).state_dim == degree
    assert smaller.channel_shape == system.channel_shape
    assert type(smaller) is (ht.DiagonalLTI if isinstance(system, ht.DiagonalLTI) else ht.LTI)
    z = np.array([2.3 + 0.4j, 0.1 + 3j, -0.2 - 5j, 40.0])
    z = z * (max(abs(ht.lti.spectrum(system)), default=0) or 1.0)
    got, want = (response(ht.lti.matrices(ht.lti.expand(M)), z) for M in (smaller, system))
    np.testing.assert_allclose(got, want, rtol=0, atol=1e-12 * max(abs(want).max(), 1e-2))
    again = ht.lti.minimal_realization(smaller)
    assert again is smaller or again.state_dim == smaller.state_dim


def response(parts, z):
    A, B, C, D = parts
    scale = sla.matrix_balance(A, permute=False, separate=True)[1][0] if len(A) else np.ones(0)
    A, B, C = A * scale / scale[:, None], B / scale[:, None], C * scale
    return D + C @ np.linalg.solve(z[:, None, None] * np.eye(len(A)) - A, B + 0j)


def test_real_systems_stay_real_and_tolerances_are_read():
    assert not np.iscomplexobj(ht.lti.minimal_realization(turned(G + G)).A)
    real = ht.DiagonalLTI([-1.0, -1.0], [1.0, 1.0], [1.0, 1.0])
    assert not np.iscomplexobj(ht.lti.minimal_realization(real).poles)
    weak = ht.LTI(np.diag([-1.0, -2.0]), [1.0, 1e-6], [1.0, 1.0])
    assert ht.lti.minimal_realization(weak).state_dim == 2
    assert ht.lti.minimal_realization(weak, 1e-2).state_dim == 1
    nearly = ht.DiagonalLTI([-1.0, -1.0], [1.0, 1.0], [1.0, -1.0 + 1e-6])
    assert ht.lti.minimal_realization(nearly).state_dim == 1
    assert ht.lti.minimal_realization(nearly, 1e-5).state_dim == 0


@pytest.mark.parametrize("tolerance", [0.0, 1.0, np.nan, "small"])
def test_refusals(tolerance):
    with pytest.raises((ValueError, TypeError), match="tolerance must be"):
        ht.lti.minimal_realization(G, tolerance)
