"""Schur forms by blocks, the compiled recurrence, and corrections of factors."""

import numpy as np
import pytest
import scipy.linalg as sla

import hippo_theory as ht
from hippo_theory.hankel import factors, lyapunov
from hippo_theory.lti import blocks
from hippo_theory.lti.degree import mcmillan_degree

EPS = np.finfo(float).eps
RNG = np.random.default_rng(11)
PARTS = [RNG.normal(size=(k, k)) for k in (3, 1, 2, 4, 1)]
N = 11


def cascade():
    """Blocks that drive one another in one direction, in an order that hides it."""
    A = np.triu(RNG.normal(size=(N, N)))
    end = 0
    for part in PARTS:
        start, end = end, end + len(part)
        A[start:end, start:end] = part
    order = RNG.permutation(N)
    return A[np.ix_(order, order)]


def stable(discrete):
    A = cascade() / 8
    return 0.5 * A if discrete else A - 2 * np.eye(N)


def test_eigenvalues_are_those_of_the_blocks():
    exact = np.concatenate([np.linalg.eigvals(part) for part in PARTS])
    computed = blocks.eigenvalues(cascade())
    apart = np.abs(computed[:, None] - exact)
    assert max(apart.min(axis=0).max(), apart.min(axis=1).max()) <= 64 * EPS


def test_a_series_of_equal_stable_sections_is_stable():
    """Forty poles at 1 - 1e-4: as one matrix LAPACK finds some of them outside the circle."""
    r, w = 1 - 1e-4, 0.3
    section = ht.LTI([[2 * r * np.cos(w), -(r**2)], [1.0, 0.0]], [1.0, 0.0], [1.0, 0.0], dt=1.0)
    G = section
    for _ in range(19):
        G = G @ section
    assert np.abs(np.linalg.eigvals(G.A)).max() > 1
    assert G.is_stable


@pytest.mark.parametrize("A", [cascade(), cascade() + 1j * np.eye(N), RNG.normal(size=(40, 40))])
def test_schur_forms_by_blocks_are_schur_forms(A):
    T, Z = blocks.schur(A)
    assert not np.tril(T, -1).any()
    size = len(A) * EPS * np.linalg.norm(A)
    assert np.abs(Z @ T @ Z.conj().T - A).max() <= 8 * size
    assert np.abs(Z.conj().T @ Z - np.eye(len(A))).max() <= 64 * EPS


@pytest.mark.parametrize("discrete", [False, True])
@pytest.mark.parametrize("adjoint", [False, True])
def test_solutions_and_factors_are_those_of_scipy(discrete, adjoint):
    A, B = stable(discrete), RNG.normal(size=(N, 2))
    side = A.T if adjoint else A
    solve = sla.solve_discrete_lyapunov if discrete else sla.solve_continuous_lyapunov
    exact = solve(side, B @ B.T if discrete else -B @ B.T)
    equation = lyapunov.Equation(side, B, *blocks.schur(A), discrete, adjoint)
    allowed = 1e-13 * np.abs(exact).max()
    np.testing.assert_allclose(equation.solution(B @ B.T), exact, atol=allowed)
    S = equation.factor()
    np.testing.assert_allclose(S @ S.conj().T, exact, atol=allowed)


@pytest.mark.parametrize("discrete", [False, True])
def test_a_spoiled_factor_is_mended_and_its_error_known(discrete):
    """What S S^* lacks is found to first order, made up for, and bounds the singular values."""
    A, B, C = stable(discrete), RNG.normal(size=(N, 2)), RNG.normal(size=(2, N))
    found = factors.of_matrices(A, B, C, discrete)
    values = np.linalg.svd(found.R.conj().T @ found.S, compute_uv=False)
    E = 1e-6 * RNG.normal(size=(N, N)) * np.abs(found.S).max()
    spoiled = factors.Factors(found.S + E, found.R, found.reach, found.observe)
    change = np.linalg.svd(spoiled.R.conj().T @ spoiled.S, compute_uv=False) - values
    assert np.abs(change).max() <= spoiled.error() <= 1e3 * np.abs(change).max()
    S = lyapunov.improved(found.reach, spoiled.S, 1e-13)
    P = found.S @ found.S.conj().T
    np.testing.assert_allclose(S @ S.conj().T, P, atol=1e-13 * np.abs(P).max())


def test_the_energy_of_a_difference_keeps_ten_digits_or_is_refused():
    """|G - G_r|_2 / |G|_2 = 3e-8: P has no such digits, tr(C P C^*) in 32 digits has."""
    G = ht.DiagonalLTI([-1.0, -2.0, -3.5], [1.0, 1.0, 3e-8], [1.0, -1.0, 1.0])
    H = ht.DiagonalLTI([-1.0, -2.0], [1.0, 1.0], [1.0, -1.0])
    V = np.linalg.qr(RNG.normal(size=(3, 3)))[0]
    dense = ht.LTI(V @ np.diag(G.poles) @ V.T, V @ G.B, G.C @ V.T)
    exact = 3e-8 / np.sqrt(7.0)
    assert abs(ht.hankel.h2_norm(G - H) / exact - 1) < 1e-10
    with pytest.raises(np.linalg.LinAlgError, match="the H2 norm must be above"):
        ht.hankel.h2_norm(dense - dense)


def test_equal_poles_and_hidden_states_are_told_without_rounding():
    """The McMillan degree; with `digits` as many values are not zero."""
    poles, b = np.array([-0.1, -0.1, -0.3, -1 / 3]), np.array([0.1, 0.2, 0.3, 0.7])
    G = ht.DiagonalLTI(poles, b, [1.0, 1.0, 1.0, 0.0])
    V = RNG.integers(-3, 4, size=(4, 4)) + 5.0 * np.eye(4)
    whole = ht.LTI(V * 0.5, b, V[0]) + ht.LTI(V * 0.5, V[0], b)
    assert [mcmillan_degree(x) for x in (G, ht.lti.dense(G), G + G, whole, whole + whole)] == [
        2, 2, 2, 4, 4
    ]  # fmt: skip
    assert mcmillan_degree(G - G) == 0
    values = ht.hankel.singular_values(G, digits=20)
    assert (values.log_values > -np.inf).tolist() == [True, True, False, False]
