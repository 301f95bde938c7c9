"""Digits of discrete poles and inputs at small steps, against mpmath with 60 digits."""

import mpmath
import numpy as np
import pytest

import hippo_theory as ht
from hippo_theory.lti import LTI, SCHEMES, DiagonalLTI
from hippo_theory.lti._phi import phi1, phi2

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
