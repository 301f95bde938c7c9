"""Reductions of systems that are not stable: the stable part is reduced, the rest kept."""

import numpy as np
import pytest

import hippo_theory as ht
from hippo_theory import hankel

RNG = np.random.default_rng(8)
STABLE = ht.DiagonalLTI([-1 + 2j, -0.3 + 1j, -4 + 1j], [1, 1j, 2], [1, 2, 1.0], 0.5, conjugate=True)
REST = {
    "unstable": ht.DiagonalLTI([0.5 + 1j], [1.0], [2.0], conjugate=True),
    "integrator": ht.DiagonalLTI([0.0], [1.0], [1.0], conjugate=True),
}


def systems():
    T = RNG.normal(size=(8, 8))
    dense = {}
    for name, rest in REST.items():
        whole = ht.lti.dense(STABLE + rest)
        n = whole.state_dim
        dense[f"{name}, dense"] = ht.lti.similarity(whole, np.linalg.qr(T[:n, :n])[0])
    step = {name: ht.lti.discretize(STABLE + rest, 0.1) for name, rest in REST.items()}
    whole = {name: STABLE + rest for name, rest in REST.items()}
    return whole | dense | {f"{name}, discrete": G for name, G in step.items()}


SYSTEMS = systems()
DOORS = {
    "truncation": lambda G, r: hankel.balanced_truncation(G, r),
    "singular_perturbation": lambda G, r: hankel.balanced_truncation(
        G, r, method="singular_perturbation"
    ),
    "optimal": lambda G, r: hankel.optimal_approximation(G, r),
}


def kept(name):
    return 2 if name.startswith("unstable") else 1


def grid(G):
    omega = np.concatenate([-np.geomspace(0.05, 3, 40), np.geomspace(0.05, 3, 40)])
    return np.exp(1j * omega) if G.is_discrete else 1j * omega


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("name", SYSTEMS)
def test_the_error_is_that_of_the_stable_part(name, door):
    G, order = SYSTEMS[name], kept(name) + 2
    stable = ht.lti.discretize(STABLE, 0.1) if G.is_discrete else STABLE
    got, alone = DOORS[door](G, order), DOORS[door](stable, 2)
    assert ht.lti.expand(got.system).state_dim == order
    assert not got.system.is_stable
    z = grid(G)
    response = lambda system: ht.lti.transfer_function(system, z)  # noqa: E731
    errors = response(G) - response(got.system), response(stable) - response(alone.system)
    np.testing.assert_allclose(*errors, rtol=0, atol=1e-11)
    if door == "optimal":
        np.testing.assert_allclose(got.error, alone.error, rtol=1e-10)
    else:
        np.testing.assert_allclose(got.error_bound, alone.error_bound, rtol=1e-6)
        assert abs(errors[0]).max() <= got.error_bound
    poles = ht.lti.spectrum(got.system)
    outside = poles[abs(poles) > 1 - 1e-9] if G.is_discrete else poles[poles.real > -1e-9]
    assert outside.size == kept(name)


def test_a_tolerance_keeps_the_rest_and_orders_below_it_are_refused():
    G = SYSTEMS["unstable, dense"]
    reduced = hankel.balanced_truncation(G, tolerance=1.0)
    alone = hankel.balanced_truncation(STABLE, tolerance=1.0)
    assert reduced.system.state_dim == alone.system.state_dim + 2
    whole = hankel.balanced_truncation(G, tolerance=1e-300)
    np.testing.assert_array_equal(whole.system.A, G.A)
    for call in DOORS.values():
        with pytest.raises(ValueError) as error:
            call(G, 1)
        assert str(error.value) == (
            "order must be at least 2, the states whose poles are not in the open left half-plane, "
            "got 1"
        )


def test_hidden_unstable_states_are_dropped_by_the_optimum():
    G = ht.LTI(np.diag([-1.0, -3.0, 2.0]), [1.0, 2.0, 0.0], [1.0, 1.0, 1.0])
    best = hankel.optimal_approximation(G, 1)
    assert best.system.is_stable
