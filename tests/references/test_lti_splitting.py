"""Stable parts: sums give the system back, and every pole goes to its side."""

import numpy as np
import pytest

import hippo_theory as ht
from tests.zoo import SYSTEMS

rng = np.random.default_rng(3)


def mixed(n, k, discrete, *, turned=True):
    """n poles, k of them not stable, in random coordinates."""
    inner, outer = rng.uniform(0.1, 0.9, n - k), rng.uniform(1.2, 3.0, k)
    poles = np.concatenate([inner, outer] if discrete else [-inner, outer])
    A = np.diag(poles) + np.triu(rng.normal(size=(n, n)), 1)
    Q = np.linalg.qr(rng.normal(size=(n, n)))[0] if turned else np.eye(n)
    B, C = rng.normal(size=(n, 2)), rng.normal(size=(3, n))
    return ht.LTI(Q @ A @ Q.T, B, C, D=rng.normal(size=(3, 2)), dt=1.0 if discrete else None)


def response(G, z):
    A, B, C, D = ht.lti.matrices(G)
    return D + C @ np.linalg.solve(z * np.eye(len(A)) - A, B.astype(complex))


EXAMPLES = {
    "continuous": mixed(7, 3, False),
    "discrete": mixed(7, 3, True),
    "triangular": mixed(5, 2, False, turned=False),
    "units": ht.LTI([[-1.0, 1e9], [1e-12, 2.0]], [1e-7, 1.0], [1.0, 1e6], D=2.0),
    "integrator": ht.LTI([[0.0, 1.0], [0.0, -1.0]], [0.0, 1.0], [1.0, 0.0]),
    "marginal pair": ht.LTI([[0.6, 0.8, 0], [-0.8, 0.6, 0], [1, 1, 0.5]], [1.0, 0, 0],
                            [1.0, 1, 1], dt=1.0),
    "complex": ht.LTI([[-1j - 1, 2], [0, 1 + 1j]], [1.0, 1j], [1.0, 1.0]),
    "all stable": ht.LTI([[-1.0]], [1.0], [1.0], D=3.0),
    "none stable": ht.LTI([[1.0]], [1.0], [1.0], D=3.0),
    "no states": ht.LTI(np.zeros((0, 0)), [], [], D=2.0),
    "diagonal": ht.DiagonalLTI([-1.0, 0.0, 2 + 1j], [1.0, 2.0, 3.0], [1.0, 1.0, 1j], D=1.0),
    "pairs": ht.DiagonalLTI([0.5j, 1.5j], [1.0, 2.0], [1.0, 1j], dt=1.0, conjugate=True),
    "logs": ht.DiagonalLTI(log_poles=[-1e-30 + 1j, 1j], poles=np.exp([1j, 1j]), B=[1.0, 2.0],
                           C=[1.0, 1.0], dt=1.0),
}  # fmt: skip


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_parts_add_up_and_have_their_poles_on_their_sides(name):
    G = EXAMPLES[name]
    stable, rest = ht.lti.split_stable(G)
    assert stable.state_dim + rest.state_dim == G.state_dim
    assert stable.is_stable or not stable.state_dim
    np.testing.assert_array_equal(stable.D, G.D)
    assert not np.any(rest.D)
    if name != "logs":
        poles = ht.lti.spectrum(rest)
        assert (np.abs(poles) > 1 - 1e-12 if G.is_discrete else poles.real > -1e-12).all()
    for z in (2.5 + 0.7j, -4j, 0.3 + 1.9j):
        whole = response(G, z)
        parts = response(stable, z) + response(rest, z)
        np.testing.assert_allclose(parts, whole, rtol=1e-10, atol=1e-12 * abs(whole).max())


def test_what_is_marginal_does_not_decay():
    for name in ("integrator", "marginal pair", "diagonal", "logs"):
        assert ht.lti.split_stable(EXAMPLES[name])[1].state_dim > 0
    assert ht.lti.split_stable(EXAMPLES["integrator"])[0].state_dim == 1


def test_stable_systems_of_the_zoo_are_their_own_stable_parts():
    for row in SYSTEMS:
        if row.tags >= {"stable", "small"} and row.value.is_stable:
            assert ht.lti.split_stable(row.value)[1].state_dim == 0, row.name


def test_nearly_equal_poles_on_both_sides_are_refused():
    Q = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    A = Q @ np.array([[-1e-6, 1.0, 0.0], [0.0, 1e-6, 0.0], [1.0, 1.0, -1.0]]) @ Q.T
    G = ht.LTI(A, [0.0, 1.0, 1.0], [1.0, 0.0, 0.0])
    with pytest.raises(np.linalg.LinAlgError, match="stable and other poles must be apart"):
        ht.lti.split_stable(G)
