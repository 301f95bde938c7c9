"""The pole Gram matrix against mpmath arithmetic with 600 digits on the same float data."""

import mpmath
import numpy as np
import pytest

from hippo_theory.lti import szego
from hippo_theory.lti.pairings import pairings

EPS = np.finfo(float).eps
N = 24


def spectra():
    rng = np.random.default_rng(0)
    phases = np.exp(2j * np.pi * rng.random(N))
    return {
        "disk": np.sqrt(rng.random(N)) * phases,
        "ring": np.sqrt(rng.uniform(0.81, 0.998, N)) * phases,
        "near the circle": (1 - 10.0 ** -rng.uniform(2, 12, N)) * phases,
        "real": rng.uniform(0, 0.999, N),
        "clustered": 0.9 + 1e-9 * (rng.normal(size=N) + 1j * rng.normal(size=N)),
    }


CASES = (
    [(name, "discrete") for name in spectra()]
    + [(name, kind) for name in ("ring", "real") for kind in ("continuous", "logarithms")]
    + [("clustered", "wound logarithms"), ("near the circle", "logarithms")]
)


def exact(name, kind):
    """The arguments of a call, and denominators and differences in high precision."""
    z = spectra()[name]
    log_z = np.log(z.astype(complex))
    if kind == "continuous":
        x = [mpmath.mpmathify(complex(p)) for p in log_z]
        w = lambda i, j: -(x[i] + mpmath.conj(x[j]))  # noqa: E731
        return ((log_z,), {"discrete": False}), w, lambda i, j: x[i] - x[j]
    if kind == "wound logarithms":
        log_z = log_z + 2j * np.pi * np.arange(N)
    if kind.endswith("logarithms"):
        x = [mpmath.exp(mpmath.mpmathify(complex(p))) for p in log_z]
        call = (None,), {"log_poles": log_z}
    else:
        x = [mpmath.mpmathify(complex(p)) for p in z]
        call = (z,), {}
    return call, lambda i, j: 1 - x[i] * mpmath.conj(x[j]), lambda i, j: x[i] - x[j]


def relative_error(value, reference):
    return float(abs(mpmath.mpmathify(complex(value)) - reference) / abs(reference))


@pytest.mark.parametrize("name, kind", CASES)
def test_denominators_and_differences_have_relative_errors_of_a_few_eps(name, kind):
    with mpmath.workdps(600):
        (args, options), w, d = exact(name, kind)
        pairs = pairings(*args, **options)
        i = np.arange(N)
        W, D = pairs.denominator(i[:, None], i), pairs.difference(i[:, None], i)
        errors = [relative_error(W[j, k], w(j, k)) for j in range(N) for k in range(N)]
        errors += [relative_error(D[j, k], d(j, k)) for j in range(N) for k in range(j)]
        errors += [relative_error(pairs.diagonal[j], w(j, j).real) for j in range(N)]
    assert max(errors) < 6 * EPS


@pytest.mark.parametrize("name, kind", CASES)
def test_generator_cholesky_is_accurate_in_every_entry(name, kind):
    weights = np.random.default_rng(1).normal(size=(N, 2)) @ [1, 1j]
    with mpmath.workdps(600):
        (args, options), w, _ = exact(name, kind)
        factors = szego.generator_cholesky(*args, weights=weights, **options)
        b = [mpmath.mpmathify(complex(x)) for x in weights]
        P = {(i, j): b[i] * mpmath.conj(b[j]) / w(i, j) for i in range(N) for j in range(N)}
        rows, errors = list(factors.pivots), []
        for k, p in enumerate(factors.pivots):
            pivot = mpmath.ldexp(mpmath.re(P[p, p]), -int(factors.exponents[k]))
            errors.append(relative_error(factors.mantissas[k], pivot))
            rows.remove(p)
            for i in rows:
                X = P[i, p] / P[p, p]
                errors.append(relative_error(factors.factor[i, k], X))
                for j in rows:
                    P[i, j] -= X * P[p, j]
    assert max(errors) < 16 * N * EPS


@pytest.mark.parametrize("name", spectra())
def test_pivots_descend_and_a_tolerance_cuts_them_off(name):
    """The largest remaining diagonal entry is taken next; a Schur complement does not grow."""
    z = spectra()[name]
    weights = np.random.default_rng(2).uniform(1e-9, 1.0, N)
    logs = szego.generator_cholesky(z, weights).log_pivots
    assert (np.diff(logs) <= 16 * N * EPS).all()
    kept = szego.generator_cholesky(z, weights, tolerance=1e-5).log_pivots
    np.testing.assert_array_equal(kept, logs[logs - logs[0] >= np.log(1e-5)])


@pytest.mark.parametrize("name, kind", CASES)
def test_log_determinant_and_separations_are_right_far_below_the_smallest_float(name, kind):
    with mpmath.workdps(600):
        (args, options), w, d = exact(name, kind)
        log_delta = [
            float(sum(mpmath.log(abs(d(j, m)) / abs(w(j, m))) for m in range(N) if m != j))
            for j in range(N)
        ]
    expected, size = np.array(log_delta), np.abs(log_delta).sum()
    computed = szego.log_separations(*args, **options)
    np.testing.assert_allclose(computed, expected, rtol=N * EPS, atol=N * EPS)
    assert abs(szego.log_determinant(*args, **options) - expected.sum()) < N * EPS * size
    factors = szego.generator_cholesky(*args, **options)
    assert abs(factors.log_pivots.sum() - expected.sum()) < 2 * N * EPS * (size + N)


def test_one_state_has_condition_one():
    for pole in (0.0, 0.5j, -0.999):
        lower, upper = szego.log10_condition_bounds([pole])
        assert 0.0 == lower <= upper < 16 * EPS


def test_bounds_of_a_cycle_are_a_factor_N_apart():
    """All separations are equal there, and their sum is N times the least."""
    lower, upper = szego.log10_condition_bounds(0.9 * np.exp(2j * np.pi * np.arange(N) / N))
    assert abs(upper - lower - np.log10(N)) < 1e-12


@pytest.mark.parametrize("name", ["disk", "ring"])
def test_condition_bounds_hold(name):
    z = spectra()[name]
    lower, upper = szego.log10_condition_bounds(z)
    with mpmath.workdps(60):
        x = [mpmath.mpmathify(complex(p)) for p in z]
        s = [mpmath.sqrt(1 - abs(a) ** 2) for a in x]
        P = mpmath.matrix(N, N)
        for i in range(N):
            for j in range(N):
                P[i, j] = s[i] * s[j] / (1 - x[i] * mpmath.conj(x[j]))
        values = mpmath.eighe(P, eigvals_only=True)
        log10_condition = float(mpmath.log10(values[N - 1] / values[0]))
    assert lower <= log10_condition <= upper <= lower + np.log10(N) + 1e-9
