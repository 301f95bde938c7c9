"""Backward growth against ball arithmetic on the closed form of the propagator."""

import numpy as np
import pytest
from flint import arb, ctx

import hippo_theory as ht


def carried(r, v):
    """r^A v by Jacobi polynomials, which are positive for r > 1, in the working precision."""
    r, v = arb(float(r)), [arb(float(x)) for x in v]
    out = []
    for i, value in enumerate(v):
        total = r ** (i + 1) * value
        for j in range(i):
            q = (arb(2 * i + 1) * (2 * j + 1)).sqrt()
            jacobi = (2 * r - 1).jacobi_p(i - j - 1, 1, 2 * j + 1)
            total += q * (r - 1) * r ** (j + 1) * jacobi / (i - j) * v[j]
        out.append(total)
    return out


@pytest.mark.parametrize("r", [1 / 3, 1.0 + 2.0**-20, 1.5, 1e3, 1e200])
@pytest.mark.parametrize("N", [1, 7, 48])
def test_backward_growth_to_thirteen_digits(r, N):
    v = np.random.default_rng(N).standard_normal(N)
    with ctx.workprec(2000):
        exact = carried(r, v)
        log_norm = float((sum(x * x for x in exact).log() / 2).mid())
        # |r|^A |v| over |r^A v|: what relative changes of v's entries are amplified by
        spread = sum(abs(x) ** 2 for x in carried(r, abs(v))) / sum(x * x for x in exact)
        amplified = float(spread.sqrt().mid())
    growth = ht.legs.backward_growth(v, r, [1.0])[0]
    tolerance = 2e-16 * (16 * N * max(amplified, 1) + abs(log_norm))
    assert abs(growth - log_norm) <= tolerance


@pytest.mark.parametrize("r", [0.2, 0.999, 1.001, 4.0])
def test_homogeneous_solutions_entrywise(r):
    N = 32
    v = np.random.default_rng(5).standard_normal(N)
    with ctx.workprec(1000):
        exact = np.array([float(x.mid()) for x in carried(r, v)])
        sizes = np.array([float(x.mid()) for x in carried(max(r, 1.0), abs(v))])
    found = ht.legs.homogeneous_solution(v, r, [1.0])[0]
    assert (abs(found - exact) <= 32 * N * 2.3e-16 * np.maximum(sizes, 1)).all()
