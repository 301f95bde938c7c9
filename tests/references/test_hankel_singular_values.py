"""Hankel singular values against eigenvalues of conj(P) P in balls of several hundred digits."""

import json

import flint
import mpmath
import numpy as np
import pytest

import hippo_theory as ht
from hippo_theory.lti import expand
from tests.references import deep_hankel

N = 14


def families(n=N):
    rng = np.random.default_rng(0)
    turns = np.exp(2j * np.pi * rng.random(n))
    marginal = 1 - 10.0 ** -np.linspace(1, 10, n)
    return {
        "box": (-rng.random(n) + 1j * rng.uniform(-1, 1, n), None),
        "spread": (-rng.uniform(0.01, 1, n) + 1j * rng.uniform(-50, 50, n), None),
        "S4D-Lin": (-0.5 + 1j * np.pi * (np.arange(n) + 0.25), None),
        "disk": (np.sqrt(rng.random(n)) * turns, 1.0),
        "real": (rng.uniform(0.99, 0.9999, n) + 0j, 1.0),
        "real, continuous": (-rng.uniform(0.1, 1, n) + 0j, None),
        "ring": (rng.uniform(0.99, 0.9999, n) * turns ** (1 / 20), 1.0),
        "near the circle": (marginal * turns, 1.0),
        "near the circle, close": (marginal * np.exp(0.1j * rng.random(n)), 1.0),
    }


CASES = [(name, conjugate) for name in families() for conjugate in (False, True)]


def reference(poles, residues, discrete, dps=250):
    """Descending singular values as flint balls; float data are exact."""
    flint.ctx.dps = dps
    conj = lambda z: flint.acb(z.real, -z.imag)  # noqa: E731
    z = [flint.acb(float(x.real), float(x.imag)) for x in poles]
    b = [x.sqrt() for x in residues]
    n = len(z)

    def entry(i, j):
        w = 1 - z[i] * conj(z[j]) if discrete else -(z[i] + conj(z[j]))
        return b[i] * conj(b[j]) / w

    P = flint.acb_mat(n, n, [entry(i, j) for i in range(n) for j in range(n)])
    Q = flint.acb_mat(n, n, [conj(P[i, j]) for i in range(n) for j in range(n)])
    squares = [x.real.mid() for x in (Q * P).eig(algorithm="approx")]
    if not confirmed(squares, P):  # the iteration has not converged
        return reference(poles, residues, discrete, 2 * dps)
    return [x.sqrt() for x in sorted(squares, key=lambda x: -float(x.log()))]


def confirmed(squares, P):
    """Whether positive `squares` have the sum trace(conj(P) P) and the product |det P|^2."""
    if min(squares) <= 0:
        return False
    total, product = sum(squares), flint.arb(1)
    for x in squares:
        product *= x
    trace = sum((x * x).real for x in P.entries())
    return abs(total / trace - 1) < 1e-30 and abs(product / P.det().abs_lower() ** 2 - 1) < 1e-30


def exact_residues(B, C):
    ball = lambda x: flint.acb(float(x.real), float(x.imag))  # noqa: E731
    return [ball(complex(b)) * ball(complex(c)) for b, c in zip(B, C, strict=True)]


def system(name, conjugate, n=N, seed=1):
    poles, dt = families(n)[name]
    rng = np.random.default_rng(seed)
    C = rng.normal(size=n) + 1j * rng.normal(size=n)
    return ht.DiagonalLTI(poles, np.ones(n), C, dt=dt, conjugate=conjugate)


def errors(computed, exact):
    return np.array(
        [abs(float(flint.arb(v) / x - 1)) for v, x in zip(computed, exact, strict=True)]
    )


@pytest.mark.parametrize("name, conjugate", CASES)
def test_every_value_is_right_to_1e_12_and_no_estimate_is_below_its_error(name, conjugate):
    G = system(name, conjugate)
    full = expand(G)
    exact = reference(full.poles, exact_residues(full.B, full.C), G.is_discrete)
    spectrum = ht.hankel.singular_values(G)
    error = errors(spectrum.values, exact)
    assert error.max() < 1e-12
    assert (error <= spectrum.relative_error).all()
    logs = np.array([float(x.log()) for x in exact])
    np.testing.assert_allclose(spectrum.log_values, logs, rtol=4e-16, atol=1e-12)


@pytest.mark.parametrize("name, conjugate", [("spread", True), ("disk", False), ("ring", False)])
def test_every_value_of_a_large_system_is_right_to_1e_12(name, conjugate):
    G = system(name, conjugate, n=33 if conjugate else 66)  # beyond 64, in bidiagonal form
    full = expand(G)
    exact = reference(full.poles, exact_residues(full.B, full.C), G.is_discrete, 150)
    spectrum = ht.hankel.singular_values(G)
    error = errors(spectrum.values, exact)
    assert error.max() < 1e-12
    assert (error <= spectrum.relative_error).all()


def test_values_are_right_beyond_the_range_of_a_window():
    """P of real poles and positive residues has its own eigenvalues for singular values."""
    n = 60
    poles = -np.random.default_rng(3).uniform(0.3, 1, n)
    flint.ctx.dps = 500
    z = [flint.arb(float(x)) for x in poles]
    P = flint.acb_mat(n, n, [-1 / (a + b) for a in z for b in z])
    eigenvalues = [x.real.mid() for x in P.eig(algorithm="approx")]
    exact = sorted(eigenvalues, key=lambda x: -float(x.log()))
    spectrum = ht.hankel.singular_values(ht.DiagonalLTI(poles, np.ones(n), np.ones(n)))
    assert spectrum.log_values[-1] - spectrum.log_values[0] < -120 * np.log(10)
    error = errors(spectrum.values, exact)
    assert error.max() < 1e-12
    assert (error <= spectrum.relative_error).all()


@pytest.mark.parametrize("name", ["S4D-Lin", "disk", "ring", "near the circle"])
def test_no_estimate_of_a_dense_system_is_below_its_error(name):
    G = ht.lti.dense(system(name, True))
    full = expand(system(name, True))
    exact = reference(full.poles, exact_residues(full.B, full.C), G.is_discrete)
    spectrum = ht.hankel.singular_values(G)
    assert spectrum.method == "factors"
    assert np.isfinite(spectrum.relative_error[0])
    assert (errors(spectrum.values, exact) <= spectrum.relative_error).all()


def test_modal_legs_is_flagged_as_beyond_what_residues_determine():
    n = 20
    A = np.tril(np.sqrt(np.outer(2 * np.arange(n) + 1, 2 * np.arange(n) + 1)), -1)
    poles, V = np.linalg.eig(-A - np.diag(np.arange(n) + 1.0))
    B = np.sqrt(2 * np.arange(n) + 1)
    G = ht.DiagonalLTI(poles, np.linalg.solve(V, B), np.random.default_rng(0).normal(size=n) @ V)
    exact = reference(G.poles, exact_residues(G.B, G.C), False, 300)
    spectrum = ht.hankel.singular_values(G)
    assert (errors(spectrum.values, exact) <= spectrum.relative_error).all()


def test_values_are_right_beyond_sixty_decades():
    n = 44
    poles = -np.random.default_rng(2).uniform(0.1, 1, n)
    G = ht.DiagonalLTI(poles, np.ones(n), np.ones(n))
    exact = reference(poles, exact_residues(G.B, G.C), False, 450)
    spectrum = ht.hankel.singular_values(G)
    assert spectrum.log_values[-1] - spectrum.log_values[0] < -60 * np.log(10)
    error = errors(spectrum.values, exact)
    assert error.max() < 1e-12
    assert (error <= spectrum.relative_error).all()


def test_logarithms_of_poles_are_the_exact_datum():
    logs = -(10.0 ** -np.linspace(1, 8, N)) + 1j * np.linspace(0, 3, N)
    G = ht.DiagonalLTI(np.exp(logs), np.ones(N), np.ones(N), dt=1.0, log_poles=logs)
    flint.ctx.dps = 300
    poles = [flint.acb(float(x.real), float(x.imag)).exp() for x in logs]
    conj = lambda z: flint.acb(z.real, -z.imag)  # noqa: E731
    P = flint.acb_mat(N, N, [1 / (1 - a * conj(b)) for a in poles for b in poles])
    Q = flint.acb_mat(N, N, [conj(P[i, j]) for i in range(N) for j in range(N)])
    squares = [x.real.mid() for x in (Q * P).eig(algorithm="approx")]
    exact = [x.sqrt() for x in sorted(squares, key=lambda x: -float(x.log()))]
    spectrum = ht.hankel.singular_values(G)
    error = errors(spectrum.values, exact)
    assert error.max() < 1e-12
    assert (error <= spectrum.relative_error).all()


@pytest.mark.parametrize("dense", [False, True])
def test_digits_gives_as_many_as_wanted(dense):
    poles, C = [-1.0, -1.5, -0.1 + 2j], [1.0, -0.5, 0.25]
    G = ht.DiagonalLTI(poles, np.ones(3), C)
    exact = reference(np.array(poles), exact_residues(np.ones(3), np.array(C)), False, 100)
    spectrum = ht.hankel.singular_values(ht.lti.dense(G) if dense else G, digits=40)
    assert spectrum.method == "mpmath"
    with mpmath.workdps(60):
        for value, x in zip(spectrum.values, exact, strict=True):
            assert abs(value / mpmath.mpf(x.str(60, radius=False)) - 1) < 1e-40


@pytest.mark.parametrize("name", deep_hankel.CASES)
def test_values_are_right_over_more_than_a_hundred_decades(name):
    poles, residues, discrete = deep_hankel.data(name)
    exact = [mpmath.mpf(x) for x in json.loads(deep_hankel.DIGITS.read_text())[name]]
    G = ht.DiagonalLTI(poles, np.ones(poles.size), residues, dt=1.0 if discrete else None)
    spectrum = ht.hankel.singular_values(G)
    assert exact[0] / exact[-1] > 1e100
    error = np.array([float(abs(v / x - 1)) for v, x in zip(spectrum.values, exact, strict=True)])
    assert error.max() < 1e-12
    assert (error <= spectrum.relative_error).all()


COINCIDENT = {
    # poles that nearly coincide with residues that cancel: leading minors without digits
    "pairs": ([-0.0716 + 0.0747j, -0.0716 - 1e-7 + 0.0747j, -0.6 + 0.5j, -0.003 - 1.1j],
              [1, -1, 1, 1]),
    "triple": ([-0.004 - 1.9j, -0.004 - 1.9j * (1 + 1e-9), -0.0027 - 0.9j, -0.3 - 0.55j,
                -0.004 * (1 + 1e-8) - 1.9j], [1, -1, 0.3, 0.5, -1]),
    "two scales": ([-0.0356 + 0.166j, -0.64 + 0.83j, -0.03 + 0.58j, -0.009 - 1.2j,
                    -0.009 - 1.2j * (1 + 1e-9), -0.64 * (1 + 1e-4) + 0.83j],
                   [1, 0.5, 1, 1, -1, -0.5]),
}  # fmt: skip


@pytest.mark.parametrize("name", COINCIDENT)
@pytest.mark.parametrize("conjugate", [False, True])
def test_no_estimate_is_below_its_error_where_poles_nearly_cancel(name, conjugate):
    poles, residues = COINCIDENT[name]
    C = np.array(residues) * (1.3 - 0.7j)
    G = ht.DiagonalLTI(poles, np.ones(len(poles)), C, conjugate=conjugate)
    full = expand(G)
    exact = reference(full.poles, exact_residues(full.B, full.C), False, 500)
    spectrum = ht.hankel.singular_values(G)
    assert (errors(spectrum.values, exact) <= spectrum.relative_error).all()
    assert spectrum.relative_error[0] < 1e-6
