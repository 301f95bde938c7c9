"""Errors of optimal Hankel approximations, measured in balls of a hundred digits and more."""

import dataclasses

import flint
import numpy as np
import pytest
import scipy.signal
from flint import acb, acb_mat

import hippo_theory as ht
from hippo_theory import hankel
from hippo_theory.hankel import _aak, _triangular
from tests.references.test_hankel_reduction import gramian, plants

N = 16
DIGITS = 150


def families(n):
    rng = np.random.default_rng(n)
    turns = np.exp(2j * np.pi * rng.random(n))
    return {
        "box": (-rng.random(n) + 1j * rng.uniform(-1, 1, n), None),
        "S4D-Lin": (-0.5 + 1j * np.pi * (np.arange(n) + 0.25), None),
        "disk": (np.sqrt(rng.random(n)) * turns, 1.0),
        "ring": (rng.uniform(0.99, 0.9999, n) * turns**0.1, 1.0),
        "real": (-rng.uniform(0.1, 1, n) + 0j, None),
        "real, discrete": (rng.uniform(0.9, 0.99, n) + 0j, 1.0),
    }


def system(name, n=N, **options):
    poles, dt = families(n)[name]
    rng = np.random.default_rng(3)
    B, C = rng.normal(size=(2, n, 2)) @ [1, 1j]
    return ht.DiagonalLTI(poles, B, C, D=0.5, dt=dt, **options)


def ball(x):
    return acb(float(np.real(x)), float(np.imag(x)))


def middle(x):
    return acb(x.real.mid(), x.imag.mid())


def bar(x):
    return acb(x.real, -x.imag)


def modes(G):
    """Poles and residues as balls: exact data where the system is diagonal."""
    full = ht.lti.expand(G)
    if isinstance(full, ht.DiagonalLTI):
        poles = [ball(p) for p in full.poles]
        if full.log_poles is not None:
            poles = [middle(ball(p).exp()) for p in full.log_poles]
        return poles, [ball(b) * ball(c) for b, c in zip(full.B, full.C, strict=True)]
    n = full.state_dim
    poles, V = matrix(full.A).eig(right=True, algorithm="approx")
    V = matrix(V)
    b, c = V.solve(matrix(full.B[:, None])), matrix(full.C[None]) * V
    return [middle(p) for p in poles], [middle(b[i, 0] * c[0, i]) for i in range(n)]


def matrix(M):
    if isinstance(M, acb_mat):
        return acb_mat(M.nrows(), M.ncols(), [middle(x) for x in M.entries()])
    return acb_mat(*M.shape, [ball(x) for x in M.ravel()])


def w(z, lam, discrete):
    return 1 - z * bar(lam) if discrete else -(z + bar(lam))


def hankel_values(poles, residues, discrete, *, largest=False):
    """Singular values of R^T R with P = R R^*, in units of what is returned first."""
    n, b, rest = len(poles), [x.sqrt() for x in residues], list(range(len(poles)))
    R = acb_mat(n, n)
    for k in range(n):
        sizes = [abs(b[i]) ** 2 / w(poles[i], poles[i], discrete).real for i in rest]
        if float(max(s.mid() for s in sizes)) == 0:
            break
        p = rest[int(np.argmax([float(s.log()) if s > 0 else -np.inf for s in sizes]))]
        s = w(poles[p], poles[p], discrete).sqrt()
        for i in rest:
            R[i, k] = middle(b[i] * s / w(poles[i], poles[p], discrete))
        rest.remove(p)
        for i in rest:
            b[i] = middle(b[i] * (poles[i] - poles[p]) / w(poles[i], poles[p], discrete))
    G = matrix(R.transpose() * R)
    unit = max(abs(x).mid() for x in G.entries())
    rounded = np.array([complex(x / unit) for x in G.entries()]).reshape(n, n)
    return unit, np.linalg.svd(rounded, compute_uv=False)


def exact_value(poles, residues, discrete, order):
    """sigma_{order+1} as the root of an eigenvalue of P conj(P)."""
    b, n = [x.sqrt() for x in residues], len(poles)
    P = acb_mat(n, n, [middle(b[i] * bar(b[j]) / w(poles[i], poles[j], discrete))
                       for i in range(n) for j in range(n)])  # fmt: skip
    Q = acb_mat(n, n, [bar(x) for x in P.entries()])
    squares = sorted((x.real.mid() for x in matrix(P * Q).eig(algorithm="approx")), key=float)
    return squares[-1 - order].sqrt()


def excess(G, best, order):
    """The Hankel norm of G - G_r over sigma_{order+1}, less 1."""
    flint.ctx.dps = DIGITS
    (poles, residues), (near, near_residues) = modes(G), modes(best)
    sigma = exact_value(poles, residues, G.is_discrete, order)
    minus = [-x for x in near_residues]
    unit, values = hankel_values(poles + near, residues + minus, G.is_discrete)
    return float(unit / sigma) * values[0] - 1


CASES = [
    ("box", 2), ("box", 6), ("box", 9), ("S4D-Lin", 3), ("S4D-Lin", 15), ("disk", 4),
    ("disk", 9), ("disk", 12), ("ring", 5), ("ring", 15), ("real", 2), ("real", 4), ("real", 5),
    ("real, discrete", 2), ("real, discrete", 4),
]  # fmt: skip


@pytest.mark.parametrize("conjugate", [False, True])
@pytest.mark.parametrize("name, order", CASES)
def test_the_error_is_the_next_singular_value(name, order, conjugate):
    G = system(name, conjugate=conjugate)
    best = hankel.optimal_approximation(G, order)
    assert ht.lti.spectrum(best.system).size == order
    assert best.system.is_stable
    assert best.system.conjugate == conjugate
    assert best.system.D == G.D
    error = excess(G, best.system, order)
    assert abs(error) < 1e-9
    sizes = best.singular_values.values
    close = 200 * np.finfo(float).eps * sizes[0] / sizes[order] / boundary_distance(best.system)
    assert error < close  # what rounding the poles costs
    np.testing.assert_allclose(best.error, sizes[order], rtol=1e-14)


def boundary_distance(G):
    poles = ht.lti.spectrum(G)
    sizes = 1 - abs(poles) if G.is_discrete else -poles.real / np.maximum(abs(poles), 1e-300)
    return sizes.min()


def rotated(G, seed=5):
    G, rng = ht.lti.dense(G), np.random.default_rng(seed)
    Q = np.linalg.qr(rng.normal(size=(G.state_dim, G.state_dim)))[0]
    return ht.LTI(Q @ G.A @ Q.T, Q @ G.B, G.C @ Q.T, D=G.D, dt=G.dt)


@pytest.mark.parametrize("name, order", [("box", 5), ("disk", 7), ("S4D-Lin", 11), ("ring", 6)])
@pytest.mark.parametrize("conjugate", [False, True])
def test_a_dense_system_has_the_answer_of_the_diagonal_one(name, order, conjugate):
    diagonal = system(name, 12, conjugate=conjugate)
    G = rotated(diagonal)
    best = hankel.optimal_approximation(G, order)
    assert best.system.state_dim == order
    assert best.system.is_stable
    assert np.iscomplexobj(best.system.A) == np.iscomplexobj(best.system.C) == (not conjugate)
    assert abs(excess(G, best.system, order)) < 1e-12
    z = np.exp(1j * np.arange(5)) if G.is_discrete else 1j * np.arange(5)
    twin = hankel.optimal_approximation(diagonal, order).system
    answers = [ht.lti.transfer_function(g, z) for g in (best.system, twin)]
    np.testing.assert_allclose(*answers, rtol=1e-10)


@pytest.mark.parametrize("family", ["legs", "legt", "lagt"])
@pytest.mark.parametrize("dt", [None, 0.05])
def test_hippo_systems_are_answered_near_the_floor(family, dt):
    """Nearly dependent eigenvectors: legs 1e-8, legt 1e-5, one of multiplicity 12 for lagt."""
    G = ht.lti.family(family, 12, C=np.random.default_rng(11).normal(size=12))
    if dt is not None:
        G = ht.lti.discretize(G, dt)
    values = hankel.singular_values(G).values
    order = int((values > 1e-4 * values[0]).sum()) - 1
    best = hankel.optimal_approximation(G, order)
    assert not np.iscomplexobj(best.system.A)
    assert best.system.is_stable
    if family != "lagt":  # its poles are not simple
        assert abs(excess(G, best.system, order)) < 1e-10


def test_sixty_four_poles_are_answered():
    for name, order in (("disk", 26), ("S4D-Lin", 63)):
        G = system(name, 64)
        best = hankel.optimal_approximation(G, order)
        assert abs(excess(G, best.system, order)) < 1e-9


def test_logarithms_stay_the_datum_and_keep_poles_near_the_circle():
    logs = -(10.0 ** -np.linspace(1, 9, 10)) + 0j
    C = np.random.default_rng(2).normal(size=10)
    G = ht.DiagonalLTI(np.exp(logs), np.ones(10), C * -logs.real, dt=1.0, log_poles=logs)
    best = hankel.optimal_approximation(G, 5).system
    assert best.log_poles is not None
    assert abs(excess(G, best, 5)) < 1e-10


@pytest.mark.parametrize("name", ["real", "real, discrete"])
def test_a_real_system_that_lists_its_poles_has_a_real_answer(name):
    G = system(name)
    G = ht.DiagonalLTI(G.poles.real, G.B.real, G.C.real, dt=G.dt)
    for order in (2, 3):
        best = hankel.optimal_approximation(G, order).system
        conjugates = np.abs(best.poles - best.poles[:, None].conj()).argmin(axis=1)
        np.testing.assert_array_equal(best.poles[conjugates], best.poles.conj())
        residues = best.B * best.C
        np.testing.assert_array_equal(residues[conjugates], residues.conj())


def test_the_norm_of_a_difference_keeps_its_digits():
    """What is left of sigma_1 after B C of both systems have been multiplied is 1e-7 of it."""
    G = system("disk")
    best = hankel.optimal_approximation(G, 12)
    exact = best.error * (1 + excess(G, best.system, 12))
    np.testing.assert_allclose(hankel.hankel_norm(G - best.system), exact, rtol=1e-13)
    rough = hankel.singular_values(G - best.system)
    assert rough.relative_error[0] > 1e-12


@pytest.mark.parametrize("scale", [1e-150, 1.0, 1e150])
@pytest.mark.parametrize("speed", [1e-150, 1e150])
@pytest.mark.parametrize("dense", [False, True])
def test_units_of_signals_and_of_time_change_nothing(scale, speed, dense):
    def answer(scale, speed):
        poles, B, C = G.poles * speed, G.B * scale, G.C * speed
        moved = ht.DiagonalLTI(poles, B, C, D=0.5, conjugate=True)
        return hankel.optimal_approximation(ht.lti.dense(moved) if dense else moved, 4)

    G = system("box", 8)
    one, other = answer(1.0, 1.0), answer(scale, speed)
    np.testing.assert_allclose(other.error, one.error * scale, rtol=1e-13)
    poles = (np.sort_complex(ht.lti.spectrum(a.system)) for a in (one, other))
    np.testing.assert_allclose(next(poles) * speed, next(poles), rtol=1e-10)


def test_coincident_poles_of_the_system_do_no_harm():
    G = system("box", 8)
    poles = G.poles.copy()
    poles[1] = poles[0] * (1 + 2e-15)
    G = dataclasses.replace(G, poles=poles)
    assert abs(excess(G, hankel.optimal_approximation(G, 4).system, 4)) < 1e-11


@pytest.mark.parametrize("name", families(N))
def test_the_optimum_has_32_digits_before_it_is_rounded(name):
    flint.ctx.dps = DIGITS
    G = system(name)
    form, unit = _triangular.of(G)
    poles, residues, _ = _aak.optimum(form, 3)
    whole = [[ball(a) + ball(b) for a, b in zip(x.high, x.low, strict=True)]
             for x in (poles, residues)]  # fmt: skip
    scale = 2.0**unit.time, 2.0 ** (unit.gain + unit.time)
    near, residues = ([x * s for x in row] for row, s in zip(whole, scale, strict=True))
    own, own_residues = modes(G)
    exact = exact_value(own, own_residues, G.is_discrete, 3)
    minus = [-x for x in residues]
    unit, values = hankel_values(own + near, own_residues + minus, G.is_discrete)
    values = values * float(unit / exact)
    np.testing.assert_allclose(values[:7], 1.0, rtol=1e-13)  # sigma has multiplicity 2 r + 1
    assert values[7] < 1


def squares(G):
    """Eigenvalues of P Q, from linear systems of a hundred digits and more."""
    A, B, C, _ = (matrix(M) for M in ht.lti.matrices(G))
    adjoint = lambda M: M.conjugate().transpose()  # noqa: E731
    P = gramian(A, B * adjoint(B), G.is_discrete)
    Q = gramian(adjoint(A), adjoint(C) * C, G.is_discrete)
    return [float(abs(x)) for x in matrix(P * Q).eig(algorithm="approx")]


@pytest.mark.parametrize("name", plants())
def test_the_optimum_of_plants_with_many_channels_or_hidden_states(name):
    flint.ctx.dps = DIGITS
    G = plants()[name]
    values = np.sort(np.sqrt(squares(G)))[::-1]
    degree = int((values > 1e-20).sum())
    for order in {0, 1, degree // 2, degree}:
        best = hankel.optimal_approximation(G, order)
        assert ht.lti.expand(best.system).state_dim == order
        assert best.system.is_stable
        np.testing.assert_array_equal(best.system.D, G.D)
        left = squares(ht.lti.dense(G) - ht.lti.dense(best.system))
        want = values[order] if order < degree else 0.0
        np.testing.assert_allclose(best.error, want, rtol=1e-12)
        np.testing.assert_allclose(max(left) ** 0.5, want, rtol=1e-9, atol=1e-14 * values[0])


def test_the_optimum_of_clustered_poles_goes_by_way_of_balanced_coordinates():
    """Eight poles of a Chebyshev low-pass filter, whose eigenvectors are dependent to 1e-13."""
    flint.ctx.dps = DIGITS
    filter_ = scipy.signal.cheby1(8, 1, 0.05, output="zpk")
    G = ht.lti.from_scipy(scipy.signal.StateSpace(*scipy.signal.zpk2ss(*filter_), dt=1.0))
    values = np.sort(np.sqrt(squares(G)))[::-1]
    for order in (1, 4):
        best = hankel.optimal_approximation(G, order)
        np.testing.assert_allclose(max(squares(G - best.system)) ** 0.5, values[order], rtol=1e-9)


def test_a_system_without_response_is_its_own_optimum():
    for G in (
        ht.LTI(-np.eye(2), [1, 1.0], [0, 0.0], 2.0),
        ht.DiagonalLTI([-1, -1], [1, 1], [1, -1]),
    ):
        best = hankel.optimal_approximation(G, 0)
        assert best.error == 0
        assert (best.system.state_dim, best.system.D) == (0, G.D)
