"""Hankel doors of ordinary plants against Lyapunov equations solved in balls of 100 digits.

Plants drive some states and read others: companion forms, chains, delay lines, series connections.
"""

import flint
import numpy as np
import pytest
from scipy import signal

import hippo_theory as ht

EPS = np.finfo(float).eps
e = np.eye(6)


def msd():
    K = np.array([[2.0, -1.0], [-1.0, 2.0]])
    A = np.block([[np.zeros((2, 2)), np.eye(2)], [-K, -0.1 * K - 0.05 * np.eye(2)]])
    return ht.LTI(A, np.vstack([np.zeros((2, 2)), np.eye(2)]), np.eye(2, 4))


def first(gain, pole):
    return ht.LTI([[pole]], [gain], [1.0])


PLANTS = {
    "chain": lambda: ht.LTI(-np.eye(5) + np.eye(5, k=-1), e[0, :5], e[4, :5]),
    "chain, discrete": lambda: ht.LTI(
        0.5 * np.eye(5) + np.eye(5, k=-1) / 4, e[0, :5], e[4, :5], dt=1.0
    ),
    "masses": msd,
    "delay line": lambda: ht.LTI(np.eye(4, k=-1), e[0, :4], 3e5 * e[3, :4], dt=1.0),
    "series": lambda: first(1e3, -1.0) @ first(2e3, -3.0) @ first(0.5, -0.2),
    "companion": lambda: ht.LTI(
        np.array([[-3.0, -4.0, -3.0, -1.0], *np.eye(4)[:3]]), e[0, :4], e[3, :4]
    ),
    "butterworth": lambda: ht.lti.from_scipy(
        signal.StateSpace(*signal.tf2ss(*signal.butter(4, [0.2, 0.5], "bandpass")), dt=1.0)
    ),
}


def balls(M):
    M = np.atleast_2d(M)
    entries = [flint.acb(float(np.real(x)), float(np.imag(x))) for x in M.ravel()]
    return flint.acb_mat(*M.shape, entries)


def gramian(A, W, discrete):
    """P of A P + P A^* + W = 0, or P = A P A^* + W, by its n^2 linear equations."""
    n = A.nrows()
    rows = flint.acb_mat(n * n, n * n)
    for i in range(n):
        for j in range(n):
            for k in range(n):
                if discrete:
                    for m in range(n):
                        rows[i * n + j, k * n + m] = -A[i, k] * A[j, m].conjugate()
                else:
                    rows[i * n + j, k * n + j] += A[i, k]
                    rows[i * n + j, i * n + k] += A[j, k].conjugate()
            if discrete:
                rows[i * n + j, i * n + j] += 1
    sign = 1 if discrete else -1
    right = flint.acb_mat(n * n, 1, [sign * W[i, j] for i in range(n) for j in range(n)])
    x = rows.solve(right)
    return flint.acb_mat(n, n, [x[k, 0] for k in range(n * n)])


def gramians(G):
    """P, Q and C in balls."""
    flint.ctx.dps = 100
    A, B, C = (balls(M) for M in ht.lti.matrices(G)[:3])
    adjoint = lambda M: M.conjugate().transpose()  # noqa: E731
    P = gramian(A, B * adjoint(B), G.is_discrete)
    return P, gramian(adjoint(A), adjoint(C) * C, G.is_discrete), C


def exact_values(P, Q):
    squares = [x.real.mid() for x in (P * Q).eig(algorithm="approx")]
    return np.sort([float(max(x, flint.arb(0)).sqrt()) for x in squares])[::-1]


@pytest.mark.parametrize("name", PLANTS)
def test_values_and_norms_are_those_of_the_gramians(name):
    G = PLANTS[name]()
    P, Q, C = gramians(G)
    exact = exact_values(P, Q)
    spectrum = ht.hankel.singular_values(G)
    np.testing.assert_allclose(spectrum.values, exact, rtol=0, atol=1e-11 * exact[0])
    assert (np.abs(spectrum.values - exact) <= spectrum.error + EPS * exact).all()
    assert spectrum.error.max() <= 1e3 * max(np.abs(spectrum.values - exact).max(), EPS * exact[0])
    seen = exact > 1e-8 * exact[0]
    np.testing.assert_allclose(spectrum.log_values[seen], np.log(exact[seen]), atol=1e-3)
    assert abs(ht.hankel.hankel_norm(G) / exact[0] - 1) < 1e-11
    output = (C * P * C.conjugate().transpose()).real
    energy = float(sum((output[i, i] for i in range(C.nrows())), flint.arb(0)))
    exact = np.hypot(np.sqrt(energy), np.linalg.norm(G.D))
    assert abs(ht.hankel.h2_norm(G) / exact - 1) < 1e-11
