"""Powers of two: other units round nothing, and every door is back in the given ones."""

import numpy as np
import pytest

import hippo_theory as ht
from hippo_theory import hankel, scales

RNG = np.random.default_rng(5)
A = RNG.normal(size=(5, 5)) - 3 * np.eye(5)
B, C = RNG.normal(size=(5, 2)), RNG.normal(size=(3, 5))
POLES = RNG.uniform(-2, -1, 4) + 1j * RNG.normal(size=4)
SYSTEMS = {
    "full": ht.LTI(A, B, C, np.ones((3, 2))),
    "chain": ht.LTI(-np.eye(5) + np.eye(5, k=-1), np.eye(5)[0], np.eye(5)[4]),
    "blocks": ht.LTI(np.kron(np.eye(2), A[:2, :2]), B[:4, 0], C[0, :4]),
    "discrete": ht.LTI(A / 8, B, C, np.ones((3, 2)), dt=1.0),
    "hidden": ht.LTI(np.diag([-1.0, -2.0, -3.0]), [1.0, 0.0, 1.0], [1.0, 1.0, 0.0]),
    "modes": ht.DiagonalLTI(POLES, B[:4] * 1j, C[:, :4], 1j),
    "pairs": ht.DiagonalLTI(POLES, B[:4, 0], C[0, :4], 1.0, conjugate=True),
    "low rank": ht.lti.DPLR(POLES.real - 3, B[:4], C[:2, :4].T, B[:4, 0], C[0, :4]),
}
DOORS = {
    "singular_values": lambda G: hankel.singular_values(G).values,
    "h2_norm": hankel.h2_norm,
    "hinf_norm": hankel.hinf_norm,
    "hankel_norm": hankel.hankel_norm,
    "balanced_truncation": lambda G: np.sort(
        hankel.balanced_truncation(G, hankel.balanced_realization(G).state_dim).system.poles
    ),
}


def rescaled(G, spread):
    """The dense system with its states in units 2^-spread .. 2^spread."""
    A, B, C, D = ht.lti.matrices(G)
    units = 2.0 ** np.random.default_rng(3).integers(-spread, spread + 1, len(A))
    parts = A * units[:, None] / units, B * units[:, None], C / units, D
    return ht.lti.forms.assemble(*parts, dt=G.dt, siso=G.is_siso)


@pytest.mark.parametrize("options", [{}, {"feedthrough": True}, {"clock": False}, {"room": 101}])
@pytest.mark.parametrize("name", SYSTEMS)
def test_the_given_matrices_come_back_to_the_bit(name, options):
    G = SYSTEMS[name]
    unit = scales.scaled(G, **options)
    A, B, C, D = ht.lti.matrices(unit.system) if name != "pairs" else plain(unit.system)
    given = ht.lti.matrices(G) if name != "pairs" else plain(G)
    back = (
        unit.back("A", A, time=1, rows=1, columns=-1),
        unit.back("B", B, inputs=1, rows=1),
        unit.back("C", C, outputs=1, columns=-1),
        unit.back("D", D, gain=1) if options.get("feedthrough") else given[3],
    )
    for computed, expected in zip(back, given, strict=True):
        np.testing.assert_array_equal(computed, expected)


def plain(G):
    return np.diag(G.poles), G.B[:, None], G.C[None], np.atleast_2d(G.D)


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("name", SYSTEMS)
def test_no_door_sees_the_units_of_states(name, door):
    G = ht.lti.dense(SYSTEMS[name])
    expected = DOORS[door](G)
    scale = np.abs(expected).max()
    for spread in (12, 40):
        computed = DOORS[door](rescaled(G, spread))
        np.testing.assert_allclose(computed, expected, rtol=0, atol=1e-11 * scale)


def test_gramians_come_back_in_the_given_units():
    G = rescaled(SYSTEMS["full"], 30)
    P, Q = hankel.gramians(G)
    for X, M, W in ((P, G.A, G.B @ G.B.T), (Q, G.A.T, G.C.T @ G.C)):
        size = np.abs(M) @ np.abs(X) + np.abs(X) @ np.abs(M).T
        assert (np.abs(M @ X + X @ M.T + W) <= 1e-12 * size).all()
