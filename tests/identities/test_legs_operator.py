"""Exact identities of the LegS operator, against ball arithmetic where digits are claimed."""

import numpy as np
import pytest
from flint import acb, arb, ctx

import hippo_theory as ht

EPS = np.finfo(float).eps


@pytest.mark.parametrize("N", [1, 2, 7, 64, 256])
def test_A_maps_the_constant_to_B(N):
    A, B = ht.legs.matrices(N)
    assert (A[:, 0] == B).all()


@pytest.mark.parametrize("N", [1, 2, 7, 64, 256])
def test_twice_the_symmetric_part_of_A_is_identity_plus_B_BT(N):
    A, B = ht.legs.matrices(N)
    assert abs(A + A.T - np.eye(N) - np.outer(B, B)).max() <= 4 * N * EPS


@pytest.mark.parametrize("N", [1, 5, 64, 1024])
def test_apply_is_the_dense_product(N):
    c = np.random.default_rng(N).standard_normal((2, 3, N))
    A, _ = ht.legs.matrices(N)
    assert abs(ht.legs.apply(c) - c @ A.T).max() <= EPS * np.linalg.norm(A, 2) * np.sqrt(N) * 6


@pytest.mark.parametrize("alpha", [0.0, 1e-6, 1e-2, 0.5, 3.0, 0.1 + 0.3j])
@pytest.mark.parametrize("N", [1, 6, 96, 4096])
def test_solve_shifted_inverts_identity_plus_alpha_A(alpha, N):
    v = np.random.default_rng(N).standard_normal((4, N))
    with ctx.workprec(200):
        exact = _solve_exactly(complex(alpha), v[0])
    assert np.linalg.norm(ht.legs.solve_shifted(alpha, v)[0] - exact) <= 1e-14 * np.linalg.norm(
        v[0]
    )


def _solve_exactly(alpha, v):
    """Running-sum substitution for (I + alpha A) y = v in 200-bit arithmetic."""
    shift, total, out = acb(alpha.real, alpha.imag), acb(0), []
    for n, value in enumerate(v):
        q = acb(2 * n + 1).sqrt()
        y = (acb(float(value)) - shift * q * total) / (1 + shift * (n + 1))
        total += q * y
        out.append(complex(y.mid()))
    return np.array(out)


def entry(r, i, j):
    """(r^A)_ij by the closed form with Jacobi polynomials, to the working precision."""
    r = arb(r)
    if i == j:
        return r ** (i + 1)
    q = (arb(2 * i + 1) * (2 * j + 1)).sqrt()
    jacobi = (2 * r - 1).jacobi_p(i - j - 1, 1, 2 * j + 1)
    return -q * (1 - r) * r ** (j + 1) * jacobi / (i - j)


@pytest.mark.parametrize("r", [1e-4, 0.1, 0.5, 0.99, 1 - 1e-3, 1 - 1e-6])
@pytest.mark.parametrize("N, bound", [(256, 1e-14), (2048, 1e-13)])
def test_propagator_entries_match_the_jacobi_closed_form(N, bound, r):
    matrix = ht.legs.propagator(r, N)
    rng = np.random.default_rng(0)
    rows = [*rng.integers(0, N, 40).tolist(), *[N - 1] * 20]
    with ctx.workprec(300 + 4 * N):
        for i in rows:
            j = int(rng.integers(0, i + 1))
            assert abs(matrix[i, j] - float(entry(r, i, j).mid())) <= bound, (i, j)


@pytest.mark.parametrize("N", [1, 8, 128])
@pytest.mark.parametrize("r", [0.0, 1e-3, 0.3, 0.999, 1.0])
def test_propagator_norm_is_at_most_the_square_root_of_r(N, r):
    assert np.linalg.norm(ht.legs.propagator(r, N), 2) <= np.sqrt(r) * (1 + N * EPS)


def test_propagator_norm_attains_the_bound_once_N_sqrt_r_is_large():
    assert np.linalg.norm(ht.legs.propagator(0.05, 64), 2) >= np.sqrt(0.05) * (1 - 1e-6)


def test_propagator_is_zero_at_0_and_the_identity_at_1():
    assert (ht.legs.propagator(0, 9) == 0).all()
    assert (ht.legs.propagator(1, 9) == np.eye(9)).all()


@pytest.mark.parametrize("N", [8, 256])
def test_propagators_form_a_semigroup(N):
    product = ht.legs.propagator(0.9, N) @ ht.legs.propagator(0.7, N)
    assert abs(product - ht.legs.propagator(0.63, N)).max() <= 1e-14 * N


@pytest.mark.parametrize("N", [4, 24])
def test_transfer_function_solves_the_shifted_system(N):
    A, B = ht.legs.matrices(N)
    for s in (0.3, 2.0, -0.5 + 4j, 40j):
        x = ht.legs.transfer_function(s, N)
        assert np.linalg.norm(s * x + A @ x - B) <= 8 * N * EPS * np.linalg.norm(A, 2)
