"""Digits of discrete systems, against mpmath with 60 digits and balls of 700 bits."""

import flint
import mpmath
import numpy as np
import pytest

import hippo_theory as ht
from hippo_theory import scales
from hippo_theory.lti import LTI, SCHEMES, DiagonalLTI
from hippo_theory.lti._phi import phi1, phi2
from tests import zoo
from tests.oracle import floats, identity, matrix

EPS = np.finfo(float).eps
POLES = np.array([-0.5 + 3j, -1e-6 + 100j, -40.0, -1e-9 + 1e-3j, 2.0])
STEPS = [1e-8, 1e-3, 0.7]
ROWS = [row for row in SCHEMES.values() if not row.takes_alpha]


@pytest.fixture(autouse=True)
def sixty_digits():
    with mpmath.workdps(60):
        yield


def relative(got, exact):
    return float(abs(mpmath.mpmathify(complex(got)) - exact) / abs(exact))


@pytest.mark.parametrize("size", [0, 1e-300, 1e-8, 1e-3, 0.9, 0.999, 1.0, 1.1, 5.0, 30.0])
def test_phi_functions_keep_every_digit(size):
    for angle in np.linspace(0, 2 * np.pi, 9):
        x = size * np.exp(1j * angle)
        z = mpmath.mpc(x)
        exact1 = mpmath.expm1(z) / z if size else mpmath.mpf(1)
        exact2 = (mpmath.expm1(z) - z) / z**2 if size > 1e-200 else mpmath.mpf(1) / 2
        assert relative(phi1(np.array(x)), exact1) <= 4 * EPS * (1 + size)
        assert relative(phi2(np.array(x)), exact2) <= 8 * EPS * (1 + size)


@pytest.mark.parametrize("dt", STEPS)
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_discrete_poles_and_inputs_keep_their_digits(row, dt):
    discrete = ht.lti.discretize(DiagonalLTI(POLES, np.ones(5), np.ones(5)), dt, row)
    for k, pole in enumerate(POLES):
        x = mpmath.mpc(pole) * mpmath.mpf(dt)
        if row.alpha is not None:
            alpha = mpmath.mpf(row.alpha)
            ratio, b = (1 + (1 - alpha) * x) / (1 - alpha * x), dt / (1 - alpha * x)
        else:
            mean = mpmath.expm1(x) / x
            ratio, b = mpmath.exp(x), dt * mean ** (row.degree + 1)
        condition = 1 + float(abs(x))  # of exp, where it enters
        assert relative(discrete.poles[k], ratio) <= 8 * EPS * condition
        assert relative(discrete.B[k], b) <= 16 * EPS * condition
        # the decay rate has its own digits, though it is far below the angle
        decay = mpmath.log(abs(ratio))
        lost = float((abs(x) ** 2) / abs(decay)) if row.alpha in (0.0, 1.0) else 1.0
        assert abs(discrete.log_poles[k].real / decay - 1) <= 16 * EPS * (1 + lost)


@pytest.mark.parametrize("degree", [0, 1])
def test_dense_holds_keep_digits_at_a_tiny_step(degree):
    """dt = 1e-8 with inputs of very different size: B_d and D_d - D, to relative digits."""
    A = [[-1.0, 2.0, 0.0], [-3.0, -1.0, 0.5], [0.25, 0.0, -4.0]]
    b, c, dt = [1.0, -2e6, 3e-3], [1.0, 1.0, 1.0], 1e-8
    discrete = ht.lti.discretize(LTI(A, b, c), dt, ["zoh", "foh"][degree])
    M = mpmath.zeros(5)
    for i in range(3):
        M[i, 3] = mpmath.mpf(b[i]) * mpmath.mpf(dt)
        for j in range(3):
            M[i, j] = mpmath.mpf(A[i][j]) * mpmath.mpf(dt)
    M[3, 4] = 1
    E = mpmath.expm(M, method="taylor")
    exact = E[:3, 3]
    if degree:
        exact = E[:3, 3] - E[:3, 4] + E[:3, :3] * E[:3, 4]
        d = sum(E[k, 4] for k in range(3))
        assert relative(discrete.D, d) <= 64 * EPS
    for k in range(3):
        assert relative(discrete.B[k], exact[k]) <= 64 * EPS


def exact(A, B, C, D, dt, row):
    """The four matrices of a rule, by a resolvent or one exponential of the held inputs."""
    n, m = B.shape
    with flint.ctx.workprec(700 + 2 * int(np.log2(1 + abs(A).sum() * dt))):
        step, one, (A, B, C, D) = flint.acb(dt), identity(n), map(matrix, (A, B, C, D))
        if row.alpha is not None:
            alpha = flint.acb(row.alpha)
            inverse = (one - alpha * step * A).inv()
            B = inverse * (step * B)
            parts = (inverse * (one + (1 - alpha) * step * A), B, C * inverse, D + alpha * C * B)
            return [floats(X) for X in parts]
        M = flint.acb_mat(n + 2 * m, n + 2 * m)
        for i in range(n):
            for j in range(n + m):
                M[i, j] = step * (A[i, j] if j < n else B[i, j - n])
        for j in range(m):
            M[n + j, n + m + j] = 1
        E = M.exp()
        spans = range(n), range(n, n + m), range(n + m, n + 2 * m)
        E, first, second = (flint.acb_mat([[E[i, j] for j in s] for i in range(n)]) for s in spans)
        if row.degree:
            first, D = first - second + E * second, D + C * second
        return [floats(X) for X in (E, first, C, D)]


@pytest.mark.parametrize("reach", [0.5, 30.0])
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_dense_systems_become_what_the_rule_defines(row, reach):
    """Every plant and filter, in balanced units of its states, where |A| dt is `reach`.

    A_d counts beside I, from which it is the step, and D beside its terms, which may cancel.
    """
    for system in zoo.SYSTEMS:
        if "continuous" not in system.tags or not 0 < system.exact.n <= 9:
            continue
        A, B, C, D = (a.astype(complex) for a in ht.lti.matrices(system.value))
        units = scales.balanced(abs(A))
        rows, columns = 2.0 ** units[:, None], 2.0**units
        dt = reach / abs(A * columns / rows).sum(axis=0).max()
        wanted = exact(A, B, C, D, dt, row)
        got = ht.lti.matrices(ht.lti.discretize(ht.lti.dense(system.value), dt, row))
        terms = abs(D).max() + (abs(C) @ abs(wanted[1])).max()
        for name, factor, size, a, b in zip(
            "ABCD",
            (columns / rows, 1 / rows, columns, 1),
            (1.0, 0.0, 0.0, terms),
            got,
            wanted,
            strict=True,
        ):
            size = max(size, abs(b * factor).max(initial=0.0))
            error = abs((a - b) * factor).max(initial=0.0)
            assert error <= 64 * EPS * (1 + reach) * size, (system.name, name, error / size)


def test_slow_states_keep_their_digits_beside_fast_ones():
    poles = np.array([-1e-9, -1.0, -1e9])
    dense = ht.lti.discretize(LTI(np.diag(poles), np.ones(3), np.ones(3)), 0.3, "zoh")
    for got, p in zip(dense.B, poles, strict=True):
        assert relative(got, mpmath.expm1(mpmath.mpf(p) * mpmath.mpf(0.3)) / p) <= 4 * EPS
