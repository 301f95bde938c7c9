"""Singular values of D K D: bidiagonal form = Jacobi, windows = the whole, and what tells."""

import itertools

import numpy as np
import pytest

import hippo_theory as ht
from hippo_theory.lti import bidiagonal, graded

EPS = np.finfo(float).eps
N = 80


def symmetric(n, is_complex, *, coupling=1.0, seed=0):
    """K = X^T X with well conditioned leading minors; coupling 0 parts even from odd rows."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, n)) + (1j * rng.normal(size=(n, n)) if is_complex else 0.0)
    X = np.tril(X, -1) * 0.5 / np.sqrt(n) + np.eye(n)
    X[::2, 1::2] *= coupling
    X[1::2, ::2] *= coupling
    return X.T @ X


def steep(decades, is_complex, **options):
    D = 10.0 ** -np.linspace(0, decades / 2, N)
    return D[:, None] * symmetric(N, is_complex, **options) * D


def apart(values, exact):
    return np.abs(values / exact - 1).max()


@pytest.mark.parametrize("is_complex", [False, True])
@pytest.mark.parametrize("decades", [0, 3, 40])
def test_a_bidiagonal_form_of_small_growth_has_the_values_of_jacobi(decades, is_complex):
    G = steep(decades, is_complex)
    values, growth = bidiagonal.singular_values(G)
    assert growth < graded.GROWTH
    assert apart(values, graded.jacobi(G)) < N * EPS * growth


@pytest.mark.parametrize("coupling", [0.0, 1e-14, 1e-8, 1e-3, 1.0])
@pytest.mark.parametrize("decades", [3, 40, 120])
def test_growth_bounds_what_a_bidiagonal_form_loses(decades, coupling):
    G = steep(decades, True, coupling=coupling)
    values, growth = bidiagonal.singular_values(G)
    assert apart(values, graded.jacobi(G)) < N * EPS * growth


def test_a_bidiagonal_form_that_loses_every_digit_is_told_and_replaced():
    decades, sparse = 120, np.random.default_rng(1).random((N, N)) < 0.02
    D = 10.0 ** -np.linspace(0, decades / 2, N)
    E = np.triu(np.where(sparse, 0.1, 0.0), 1)
    G = D[:, None] * (np.eye(N) + E + E.T) * D
    exact = graded.jacobi(G)
    values, growth = bidiagonal.singular_values(G)
    assert apart(values, exact) > 1e-3
    assert growth * N * EPS > 1e-3
    mantissas, exponents = np.frexp(D**2)
    found, _, _ = graded.singular_values(np.eye(N) + E + E.T, mantissas, exponents)
    assert apart(found, exact) < 1e-13


@pytest.mark.parametrize("is_complex", [False, True])
def test_a_bidiagonal_form_has_the_singular_values_of_its_matrix(is_complex):
    A = symmetric(N, is_complex) + 1.0
    d, e = bidiagonal.bidiagonal(A)
    exact = np.linalg.svd(A, compute_uv=False)
    dense = np.linalg.svd(np.diag(d) + np.diag(e, 1), compute_uv=False)
    np.testing.assert_allclose(dense, exact, rtol=0, atol=N * EPS * exact[0])
    values = bidiagonal.bidiagonal_values(d, e)
    np.testing.assert_allclose(values, exact, rtol=0, atol=N * EPS * exact[0])


def test_values_of_a_bidiagonal_matrix_have_their_digits():
    """sigma_1 = x, sigma_2 = 1 / x of [[1, c], [0, 1]], x - 1 / x = c; and their product."""
    c = 1e12
    values = bidiagonal.bidiagonal_values(np.ones(2), np.array([c]))
    np.testing.assert_allclose(values, [c, 1 / c], rtol=4 * EPS)
    d, e = 10.0 ** -np.arange(60.0), np.full(59, 0.5) * 10.0 ** -np.arange(59.0)
    values = bidiagonal.bidiagonal_values(d, e)
    np.testing.assert_allclose(np.log(values).sum(), np.log(d).sum(), rtol=2 * EPS * d.size)


@pytest.mark.parametrize("group", [graded.WINDOW + 28, graded.GROUP])
@pytest.mark.parametrize("is_complex", [False, True])
def test_windows_have_the_values_of_the_whole(is_complex, group, monkeypatch):
    monkeypatch.setattr(graded, "GROUP", group)
    K, exponents = symmetric(N, is_complex), -np.arange(N) * 11
    mantissas = np.full(N, 0.75)
    values, logs, errors = graded.singular_values(K, mantissas, exponents)
    assert exponents[0] - exponents[-1] > 3 * graded.WINDOW
    D = np.sqrt(np.ldexp(mantissas, exponents))
    exact = graded.jacobi(D[:, None] * K * D)
    assert (np.abs(values / exact - 1) <= errors).all()
    np.testing.assert_allclose(logs, np.log(exact), rtol=4 * EPS, atol=errors.max())


def test_windows_after_windows_lose_no_more_than_windows_of_the_whole(monkeypatch):
    """Real poles, residues of either sign: leading minors of K = X^T J X that come close to 0."""
    rng = np.random.default_rng(0)
    G = ht.DiagonalLTI(-rng.uniform(0.1, 1, 256), np.ones(256), rng.normal(size=256))
    spectrum = ht.hankel.singular_values(G)
    monkeypatch.setattr(graded, "GROUP", 10**6)
    direct = ht.hankel.singular_values(G)
    apart = np.abs(spectrum.log_values - direct.log_values)
    assert (apart <= np.minimum(spectrum.relative_error, direct.relative_error)).all()


@pytest.mark.parametrize("is_complex", [False, True])
def test_leading_pivots_are_quotients_of_leading_minors(is_complex):
    K = symmetric(N, is_complex)
    minors = [np.linalg.slogdet(K[:k, :k]) for k in range(N + 1)]
    exact = [b[0] / a[0] * np.exp(b[1] - a[1]) for a, b in itertools.pairwise(minors)]
    np.testing.assert_allclose(np.diagonal(graded.eliminate(K)), exact, rtol=0, atol=N * EPS)


def test_a_vanishing_pivot_leaves_no_promise_of_steep_values():
    K = np.array([[0.0, 1.0], [1.0, 0.0]])
    for least, promised in [(1, True), (-119, False)]:  # |K| alone bounds what is not steep
        values, _, errors = graded.singular_values(K, np.full(2, 0.5), np.array([1, least]))
        np.testing.assert_allclose(values, np.full(2, 2.0 ** ((least - 1) / 2)), rtol=4 * EPS)
        assert (errors < 1e-13).all() if promised else (errors > 0.1).all()


def test_a_plateau_above_an_abyss_is_promised():
    K, exponents = np.eye(256), np.repeat([0, -2200], 128)
    _, logs, errors = graded.singular_values(K, np.full(256, 0.5), exponents)
    np.testing.assert_allclose(logs, np.log(2.0) * (exponents - 1), rtol=4 * EPS)
    assert (errors < 1e-11).all()
