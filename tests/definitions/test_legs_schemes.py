"""The inputs that define a scheme are solved exactly by it."""

from dataclasses import replace

import numpy as np
import pytest

import hippo_theory as ht
from hippo_theory.legs import SCHEMES
from hippo_theory.legs.schemes import Collocation, Hold

EPS = np.finfo(float).eps
GRIDS = (np.linspace(0, 2, 41), np.append(0, np.cumsum(np.linspace(0.02, 0.1, 40))))


def monomial(degree, t, N):
    """Exact coefficients of s^degree by Gauss-Legendre quadrature."""
    x, w = np.polynomial.legendre.leggauss(N + degree)
    basis = np.polynomial.legendre.legvander(x, N - 1) * np.sqrt(2 * np.arange(N) + 1)
    return t[:, None] ** degree * (w / 2 * ((x + 1) / 2) ** degree @ basis)


@pytest.mark.parametrize("t", GRIDS, ids=["uniform", "irregular"])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_scheme_keeps_constants(scheme, t):
    states = ht.legs.solve(lambda s: np.full(s.shape, 3.0), t, 10, scheme=scheme).coefficients
    # forward Euler multiplies rounding by its exponential transient
    growth = 1e5 if scheme == "forward_euler" else 100
    assert abs(states - 3 * np.eye(10)[0]).max() <= 3 * growth * EPS


@pytest.mark.parametrize(
    "name, change, sentence",
    [
        ("midpoint", {"first": (1.0, 1.0, 1.0, 1.5)}, "midpoint must keep constants"),
        (
            "backward_euler",
            {"coefficients": lambda t0, t1: (0.0, (t1 - t0) / t1, 0.0, (t1 - t0) / t0)},
            "backward_euler must keep constants",
        ),
        ("gauss2", {"order": 5.0}, "gauss2 must integrate degree 4 exactly"),
        ("radau2", {"nodes": (1 / 3, 0.99)}, "radau2 must integrate degree 2 exactly"),
        ("radau2", {"nodes": (0.0, 2 / 3), "order": 3.0}, "radau2 must have nodes in (0, 1]"),
        ("radau2", {"nodes": (1 / 3, 1.5)}, "radau2 must have nodes in (0, 1]"),
    ],
)
def test_a_row_whose_numbers_contradict_its_claim_is_refused(name, change, sentence):
    with pytest.raises(ValueError) as refusal:
        replace(SCHEMES[name], **change)
    assert str(refusal.value).startswith(sentence)


@pytest.mark.parametrize("share", [0.49, 0.5])
def test_a_step_contracts_where_it_is_at_least_half_implicit(share):
    """(1 - share) at the old time: the theta method in log-time, stable from 1/2 on."""

    def coefficients(t0, t1):
        step = (t1 - t0) / t1
        return (1 - share) * step, share * step, (1 - share) * step, share * step

    row = replace(SCHEMES["backward_euler"], coefficients=coefficients)
    assert row.is_contractive == (share >= 0.5)


@pytest.mark.parametrize("nodes, order, stable", [
    ((1.0,), 1, True), ((0.5,), 2, True), ((0.25,), 1, False),
    ((1 / 3, 1.0), 3, True), ((0.5, 1.0), 2, False), ((0.1, 0.2), 2, False),
])  # fmt: skip
def test_a_collocation_contracts_where_it_is_algebraically_stable(nodes, order, stable):
    """After Burrage and Butcher: B > 0 and B A + A^T B - b b^T semidefinite, by hand here."""
    row = replace(SCHEMES["gauss2"], nodes=nodes, order=order)
    assert row.is_contractive is stable
    b, A = row.weights, row.stages
    least = np.linalg.eigvalsh(np.diag(b) @ A + A.T @ np.diag(b) - np.outer(b, b)).min()
    assert (b.min() > 0 and least > -1e-14) == stable


HOLDS = [name for name, row in SCHEMES.items() if isinstance(row, Hold)]


@pytest.mark.parametrize("t", GRIDS, ids=["uniform", "irregular"])
@pytest.mark.parametrize("scheme", HOLDS)
def test_a_hold_is_exact_on_polynomials_of_its_degree_and_no_more(scheme, t):
    degree = SCHEMES[scheme].degree
    inside = ht.legs.solve(t**degree, t, 12, scheme=scheme).coefficients
    outside = ht.legs.solve(t ** (degree + 1), t, 12, scheme=scheme).coefficients
    scale = t[-1] ** degree
    # each cell adds rounding of the interpolant, amplified by its Lebesgue constant (< 40)
    assert abs(inside - monomial(degree, t, 12)).max() <= 40 * t.size * EPS * scale
    assert abs(outside - monomial(degree + 1, t, 12)).max() >= 1e-11 * scale


def test_zoh_is_exact_on_steps_at_grid_times():
    t = np.linspace(0, 1, 65)
    states = ht.legs.solve(np.where(t >= t[23], 1.0, 0.0), t, 16, scheme="zoh").coefficients
    exact = [_step(t[23], s, 16) for s in t]
    assert abs(states - exact).max() <= 200 * EPS


def _step(a, t, N):
    """Coefficients of 1_{s > a}: e_0 - (a/t)^A e_0."""
    return np.eye(N)[0] - ht.legs.propagator(min(a / t, 1.0), N)[:, 0] if t > 0 else np.zeros(N)


COLLOCATIONS = [name for name, row in SCHEMES.items() if isinstance(row, Collocation)]


@pytest.mark.parametrize("scheme", COLLOCATIONS)
def test_a_collocation_is_exact_where_the_solution_is_a_polynomial_of_its_degree(scheme):
    t = GRIDS[1]
    degree = len(SCHEMES[scheme].nodes)
    states = ht.legs.solve(lambda s: s**degree, t, 9, scheme=scheme).coefficients
    assert abs(states - monomial(degree, t, 9)).max() <= 100 * t.size * EPS * t[-1] ** degree
    states = ht.legs.solve(lambda s: s ** (2 * degree + 1), t, 9, scheme=scheme).coefficients
    assert abs(states - monomial(2 * degree + 1, t, 9)).max() >= 1e-11 * t[-1] ** degree


def test_midpoint_is_the_one_stage_collocation_with_the_mean_of_the_samples():
    A, B = ht.legs.matrices(6)
    c, t0, t1, f0, f1 = np.arange(6.0), 0.3, 0.7, 1.0, -2.0
    middle, h = (t0 + t1) / 2, t1 - t0
    stage = np.linalg.solve(np.eye(6) + h / 2 / middle * A, c + h / 2 / middle * B * (f0 + f1) / 2)
    expected = 2 * stage - c
    assert abs(ht.legs.step(c, t0, t1, f0, f1, scheme="midpoint") - expected).max() <= 1e-13


def test_approximate_bilinear_is_the_published_recurrence():
    """c_k = (I + A/2k)^{-1} ((I - A/2k) c_{k-1} + B f_k / k), started from f_0 e_0."""
    A, B = ht.legs.matrices(5)
    samples = np.random.default_rng(3).standard_normal(30)
    c = samples[0] * np.eye(5)[0]
    for k in range(1, 30):
        c = np.linalg.solve(
            np.eye(5) + A / (2 * k), (np.eye(5) - A / (2 * k)) @ c + B * samples[k] / k
        )
    t = 0.37 * np.arange(30)
    final = ht.legs.solve(samples, t, 5, scheme="approximate_bilinear", store="final")
    assert abs(final - c).max() <= 1e-13


@pytest.mark.parametrize(
    "name, weights",
    [  # of A c - B f at the old and at the new time, with f from (old, new) samples
        ("forward_euler", lambda t0, t1: ((t1 - t0) / t0, 0.0)),
        ("backward_euler", lambda t0, t1: (0.0, (t1 - t0) / t1)),
        ("bilinear", lambda t0, t1: ((t1 - t0) / (2 * t0), (t1 - t0) / (2 * t1))),
        ("bilinear_naive", lambda t0, t1: ((t1 - t0) / (2 * t0), (t1 - t0) / (2 * t1))),
    ],
)
def test_a_step_is_the_quadrature_of_its_textbook(name, weights):
    """c_1 = c_0 - w_0 (A c_0 - B f_0) - w_1 (A c_1 - B f_1), written out with matrices."""
    A, B = ht.legs.matrices(5)
    t0, t1, f0, f1 = 2.0, 2.7, 0.3, -1.1
    c0 = np.cos(np.arange(5.0))
    old, new = weights(t0, t1)
    right = c0 - old * (A @ c0 - B * f0) + new * B * f1
    wanted = np.linalg.solve(np.eye(5) + new * A, right)
    got = ht.legs.step(c0, t0, t1, f0, f1, scheme=name)
    np.testing.assert_allclose(got, wanted, rtol=0, atol=1e-14)
