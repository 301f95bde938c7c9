"""Gramians over a horizon or a band are differences of Lyapunov solutions and quadratures."""

import numpy as np
import pytest
import scipy.linalg as sla

import hippo_theory as ht
from hippo_theory import hankel


def systems():
    rng = np.random.default_rng(3)
    A = rng.normal(size=(5, 5))
    A -= (np.linalg.eigvals(A).real.max() + 0.2) * np.eye(5)
    B, C = rng.normal(size=(5, 2)), rng.normal(size=(3, 5))
    poles = np.array([-0.1 + 2j, -1 - 0.5j, -0.3 + 0j, -3 + 1j])
    b, c = rng.normal(size=(2, 4, 2)) @ [1, 1j]
    turned = A + 1j * np.eye(5)
    plain = {
        "dense": ht.LTI(A, B, C),
        "complex": ht.LTI(turned, B * 1j, C),
        "triangular": ht.LTI(np.tril(A) - 2 * np.eye(5), B[:, 0], C[0]),
        "diagonal": ht.DiagonalLTI(poles, b, c),
        "pairs": ht.DiagonalLTI(poles, b, c, conjugate=True),
    }
    sampled = {
        "dense, discrete": ht.LTI(sla.expm(0.4 * A), B, C, dt=0.4),
        "delays": ht.LTI(np.eye(5, k=-1), B[:, 0], C[0], dt=1.0),
        "diagonal, discrete": ht.DiagonalLTI(np.exp(0.5 * poles), b, c, dt=0.5),
    }
    return plain | sampled


def gramian(A, W, discrete):
    return sla.solve_discrete_lyapunov(A, W) if discrete else sla.solve_continuous_lyapunov(A, -W)


def over_horizon(A, B, discrete, horizon):
    power = np.linalg.matrix_power(A, horizon) if discrete else sla.expm(A * horizon)
    P = gramian(A, B @ B.conj().T, discrete)
    return P - power @ P @ power.conj().T


def over_band(A, B, discrete, low, high):
    nodes, weights = np.polynomial.legendre.leggauss(60)  # in each of ten panels
    half = (high - low) / 20
    omega = (low + half * (2 * np.arange(10)[:, None] + 1 + nodes)).ravel()
    z = np.exp(1j * omega) if discrete else 1j * omega
    x = np.linalg.solve(z[:, None, None] * np.eye(len(A)) - A, B)
    x = x * np.sqrt(np.tile(weights, 10) * half / (2 * np.pi))[:, None, None]
    return np.einsum("kim,kjm->ij", x, x.conj())


@pytest.mark.parametrize("horizon", [1, 2, 7, 50])
@pytest.mark.parametrize("name", systems())
def test_over_a_horizon(name, horizon):
    G = systems()[name]
    A, B, C, _ = ht.lti.matrices(ht.lti.expand(G))
    P, Q = hankel.gramians(G, horizon=horizon)
    want = over_horizon(A, B, G.is_discrete, horizon)
    dual = over_horizon(A.conj().T, C.conj().T, G.is_discrete, horizon)
    np.testing.assert_allclose(P, want, rtol=0, atol=1e-12 * abs(want).max())
    np.testing.assert_allclose(Q, dual, rtol=0, atol=1e-12 * abs(dual).max())
    assert np.iscomplexobj(P) == (name in {"complex", "diagonal", "pairs", "diagonal, discrete"})


@pytest.mark.parametrize("band", [(0.2, 0.21), (-0.5, 2.5), (2.0, 3.0)])
@pytest.mark.parametrize("name", systems())
def test_over_a_band(name, band):
    G = systems()[name]
    A, B, C, _ = ht.lti.matrices(ht.lti.expand(G))
    P, Q = hankel.gramians(G, band=band)
    want = over_band(A, B, G.is_discrete, *band)
    dual = over_band(A.conj().T, C.conj().T, G.is_discrete, -band[1], -band[0])
    np.testing.assert_allclose(P, want, rtol=0, atol=1e-12 * abs(want).max())
    np.testing.assert_allclose(Q, dual, rtol=0, atol=1e-12 * abs(dual).max())


@pytest.mark.parametrize("pole", [-1e-6, -1e6, -1e-6 + 1j, -0.5 + 1e3j])
@pytest.mark.parametrize("band", [(0.0, 1e7), (0.5, 1e12), (-1e15, 1e15)])
def test_a_wide_band_resolves_what_is_narrow(pole, band):
    x = [(end - pole.imag) / -pole.real for end in band]
    angle = np.arctan2(x[1] - x[0], 1 + x[0] * x[1])  # atan x_1 - atan x_0, not cancelled
    want = angle / (-2 * np.pi * pole.real)
    G = ht.LTI([[pole]], [1.0], [1.0])
    for gramian in hankel.gramians(G, band=band):
        np.testing.assert_allclose(gramian, [[want]], rtol=1e-9)


def test_a_far_or_narrow_band_and_a_short_horizon_keep_their_digits():
    G = ht.LTI([[-1.0, 5.0], [0.0, -2.0]], [1.0, 1.0], [1.0, 0.0])
    for band, mean in (((1.0, 1.0 + 1e-9), 1.0), ((1e6, 1e6 + 1.0), 1e6 + 0.5)):
        x = np.linalg.solve(1j * mean * np.eye(2) - G.A, G.B)
        want = np.outer(x, x.conj()) * (band[1] - band[0]) / (2 * np.pi)
        np.testing.assert_allclose(hankel.gramians(G, band=band)[0], want, rtol=1e-8)
        modes = ht.DiagonalLTI([-1.0, -2.0], [6.0, 1.0], [1.0, -5.0])
        V = np.array([[1.0, -5.0], [0.0, 1.0]])
        P = hankel.gramians(modes, band=band)[0]
        np.testing.assert_allclose(V @ P @ V.T, hankel.gramians(G, band=band)[0], rtol=1e-9)
    P, _ = hankel.gramians(G, horizon=1e-12)
    np.testing.assert_allclose(P, 1e-12 * np.ones((2, 2)), rtol=1e-11)


@pytest.mark.parametrize("limits", [{"horizon": 3}, {"band": (0.3, 1.2)}])
@pytest.mark.parametrize("name", systems())
def test_limited_reductions_keep_eigenvectors_of_the_limited_product(name, limits):
    G = systems()[name]
    A, B, C, D = ht.lti.matrices(G)
    discrete, real = G.is_discrete, name not in {"complex", "diagonal", "diagonal, discrete"}
    pairs = (A, B), (A.conj().T, C.conj().T)
    if "horizon" in limits:
        P, Q = (over_horizon(*M, discrete, 3) for M in pairs)
    else:
        low, high = limits["band"]
        P, Q = (
            over_band(*pairs[0], discrete, low, high),
            over_band(*pairs[1], discrete, -high, -low),
        )
        P, Q = (2 * M.real if real else M for M in (P, Q))
    squares, T = np.linalg.eig(P @ Q)
    T = T[:, np.argsort(-abs(squares))]
    L = np.linalg.inv(T)
    A, B, C = (L @ A @ T)[:2, :2], (L @ B)[:2], (C @ T)[:, :2]
    reduced = hankel.balanced_truncation(G, 2, **limits)
    assert np.iscomplexobj(reduced.system.A) != real
    assert reduced.error_bound == np.inf
    values = np.sort(np.sqrt(abs(squares)))[::-1]
    got = reduced.singular_values.values
    np.testing.assert_allclose(got[:3], values[:3], rtol=1e-7, atol=1e-7 * got[0])
    z = np.exp(1j * np.linspace(0, 3, 9)) if discrete else 1j * np.linspace(0, 3, 9)
    got, want = (response(M, z) for M in (ht.lti.matrices(reduced.system), (A, B, C, D)))
    np.testing.assert_allclose(got, want, rtol=0, atol=1e-9 * abs(want).max())


def response(parts, z):
    A, B, C, D = parts
    return D + C @ np.linalg.solve(z[:, None, None] * np.eye(len(A)) - A, B)


def test_what_counts_is_reduced_best():
    """Inside the band or the horizon the limited reduction beats the plain one a hundredfold."""
    n = 20
    A = (n + 1) ** 2 * (np.eye(n, k=1) + np.eye(n, k=-1) - 2 * np.eye(n))
    G = ht.LTI(A, np.ones(n), np.ones(n) / n)
    omega = np.linspace(0, 1, 30)
    exact = ht.lti.transfer_function(G, 1j * omega)
    plain, limited = (
        abs(
            ht.lti.transfer_function(hankel.balanced_truncation(G, 2, **limits).system, 1j * omega)
            - exact
        ).max()
        for limits in ({}, {"band": (0.0, 1.0)})
    )
    assert limited < plain / 100
