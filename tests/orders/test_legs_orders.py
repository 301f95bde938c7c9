"""Observed orders are the declared ones, from both sides, for every row of SCHEMES."""

import numpy as np
import pytest
from scipy.special import spherical_jn

import hippo_theory as ht
from hippo_theory.legs import SCHEMES
from hippo_theory.legs.schemes import Hold

OMEGA, N = 20.0, 8


def exact(t):
    """Coefficients of cos(OMEGA s + 1): sqrt(2n+1) Re i^n e^{i + i OMEGA t/2} j_n(OMEGA t/2)."""
    n = np.arange(N)
    waves = np.exp(1j + 0.5j * OMEGA * t[:, None]) * 1j**n * spherical_jn(n, OMEGA * t[:, None] / 2)
    return np.sqrt(2 * n + 1) * waves.real


def errors(scheme, steps):
    final, largest = [], []
    for count in steps:
        t = np.linspace(0, 1, count + 1)
        states = ht.legs.solve(lambda s: np.cos(OMEGA * s + 1), t, N, scheme=scheme).coefficients
        norms = np.linalg.norm(states - exact(t), axis=1)
        final.append(norms[-1])
        largest.append(norms.max())
    return np.array(final), np.array(largest)


STEPS = {1: 2048, 2: 512, 3: 1024, 4: 1024, 5: 192, 6: 96}  # small errors, far above rounding
RUN = [name for name, row in SCHEMES.items() if getattr(row, "degree", 0) < 3]


@pytest.mark.parametrize("scheme", RUN)
def test_final_order_is_the_declared_one(scheme):
    order = SCHEMES[scheme].order
    steps = STEPS[int(order)] * np.array([4, 5, 6]) // 4
    observed = ht.convergence.observed_order(steps, errors(scheme, steps)[0])
    assert abs(observed.order - order) <= 0.05, observed


@pytest.mark.parametrize("scheme", RUN)
def test_order_of_the_maximum_in_time_is_the_declared_one(scheme):
    order = SCHEMES[scheme].max_order
    steps = STEPS[int(order)] * np.array([4, 5, 6]) // 4
    observed = ht.convergence.observed_order(steps, errors(scheme, steps)[1])
    assert abs(observed.order - order) <= 0.05, observed


HOLDS = [name for name, row in SCHEMES.items() if isinstance(row, Hold)]


def hold_errors(degree, steps):
    """Coefficient errors of a hold for f(s) = 1/(s + 1), to full relative accuracy.

    A hold solves its interpolant exactly, so its error is that of the projected interpolation
    error, which for this f is a product: f[x_0, ..., x_m] = (-1)^m / prod (x_j + 1).
    """
    t, dimension = np.linspace(0, 1, steps + 1), 3
    left = np.clip(np.arange(steps) - max(degree - 1, 0) // 2, 0, steps - degree)
    x, w = np.polynomial.legendre.leggauss(12)
    s = t[:-1, None] + (x + 1) / (2 * steps)
    nodes = t[left[:, None] + np.arange(degree + 1)]
    factors = -(s[..., None] - nodes[:, None, :]) / (nodes[:, None, :] + 1)
    difference = factors.prod(axis=-1) / (s + 1)
    moments = np.stack(
        [(w / (2 * steps) * difference * s**j).sum(axis=1) for j in range(dimension)]
    )
    means = np.cumsum(moments, axis=1) / t[1:] ** np.arange(1, dimension + 1)[:, None]
    basis = np.array([[1, 0, 0], [-1, 2, 0], [1, -6, 6]]) * np.sqrt([[1], [3], [5]])
    norms = np.linalg.norm(basis @ means, axis=0)
    return norms[-1], norms.max()


@pytest.mark.parametrize("scheme", HOLDS)
def test_a_hold_has_the_order_of_its_interpolant(scheme):
    row = SCHEMES[scheme]
    steps = np.array([6000, 9000, 12000])
    final, largest = zip(*(hold_errors(row.degree, k) for k in steps), strict=True)
    assert abs(ht.convergence.observed_order(steps, final).order - row.order) <= 0.05
    assert abs(ht.convergence.observed_order(steps, largest).order - row.max_order) <= 0.05


@pytest.mark.parametrize("scheme", HOLDS)
def test_a_hold_makes_the_error_of_its_interpolant(scheme):
    row, t = SCHEMES[scheme], np.linspace(0, 1, 33)
    x, w = np.polynomial.legendre.leggauss(60)
    basis = np.polynomial.legendre.legvander(x, 2) * np.sqrt([1, 3, 5])
    exact = w / (x + 3) @ basis
    final = ht.legs.solve(1 / (t + 1), t, 3, scheme=scheme, store="final")
    predicted = hold_errors(row.degree, 32)[0]
    assert np.linalg.norm(final - exact) == pytest.approx(predicted, rel=1e-6, abs=1e-14)
