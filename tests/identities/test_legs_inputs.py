"""Every input's coefficients: the ODE that defines them, their digits, Bessel and Parseval."""

import mpmath
import numpy as np
import pytest
from scipy.integrate import quad

from hippo_theory.legs import INPUTS, inputs
from hippo_theory.legs.inputs import _digits

EPS = np.finfo(float).eps
ROWS = [row.factory(*row.example) for row in INPUTS.values()]
MORE = [
    inputs.cosine(-300.0, 0.4),
    inputs.sine(50.0, 1.0),
    inputs.exponential(9.0),
    inputs.exponential(-700.0),
    inputs.exponential(0.0),
    inputs.monomial(3),
    inputs.monomial(-0.9),
    inputs.monomial(20.5),
    inputs.log_chirp(-40.0),
    inputs.weierstrass(0.3, 3, terms=5),
    inputs.power_singularity(0.3, -0.9),
    inputs.power_singularity(0.3, 2),
    inputs.power_singularity(0.3, 7.3),
    inputs.power_singularity(1.1, 300.5),
    inputs.piecewise_polynomial(
        [0, 0.1, 0.1001, 0.5, np.inf], np.sin(np.arange(16.0)).reshape(4, 4)
    ),
    2 * inputs.cosine(6.0) - 0.5 * inputs.step(0.3),
]
ALL = ROWS + MORE
BREAK = 0.3
TIMES = np.array([1e-3, 0.2, 0.23, 0.29991, 0.3 - 1e-5, 0.3, 0.3 + 1e-9, 0.37, 0.8, 1.0])


def name_of(f):
    return repr(f)


def size(f, t):
    """The largest finite |f| seen on (0, t]."""
    values = np.abs(f(t * np.arange(1, 65) / 64))
    return values[np.isfinite(values)].max()


@pytest.mark.parametrize("f", ALL, ids=name_of)
@pytest.mark.parametrize("N", [1, 8, 256])
def test_double_precision_projection_has_the_digits_of_the_multiprecision_one(f, N):
    c = f.project(TIMES, N)
    degrees = sorted({0, N // 8, N // 2, N - 1})
    for k, t in enumerate(TIMES):
        # rounding of a recurrence of N steps in sizes up to |f|
        bound = EPS * (8 + N / 4) * max(size(f, t), abs(c[k]).max())
        for n in degrees:
            assert abs(float(f.coefficient(t, n, digits=25) - c[k, n])) <= bound


@pytest.mark.parametrize("f", [f for f in ALL if not f.regularity.startswith("zero")], ids=name_of)
def test_coefficients_satisfy_the_legs_ode(f):
    n, t = 4, 0.74
    q = [mpmath.sqrt(2 * j + 1) for j in range(n + 1)]
    with mpmath.workdps(40):
        c = [f.coefficient(t, j, digits=40) for j in range(n + 1)]
        slope = mpmath.diff(lambda s: f.coefficient(s, n, digits=mpmath.mp.dps), mpmath.mpf(t))
        decay = (n + 1) * c[n] + q[n] * sum(q[j] * c[j] for j in range(n))
        residual = t * slope + decay - q[n] * f(t)
    steepness = 1 + 300 * t  # f(t) in double precision: the largest |t f'(t) / f(t)| of the rows
    assert abs(residual) <= EPS * q[n] * steepness * size(f, t)


@pytest.mark.parametrize("n", [0, 1, 5])
@pytest.mark.parametrize(
    ("closed_form", "integrand", "places"),
    [
        (
            lambda n: _digits.exponential(mpmath.mpc(2, 9), n),
            lambda x: mpmath.exp((2 + 9j) * x),
            [],
        ),
        (lambda n: _digits.monomial(mpmath.mpf("2.5"), n), lambda x: x ** mpmath.mpf("2.5"), []),
        (
            lambda n: _digits.monomial(mpmath.mpc(1, 3), n),
            lambda x: x * mpmath.expj(3 * mpmath.log(x)),
            [],
        ),
        (
            lambda n: _digits.power_after(mpmath.mpf(2), mpmath.mpf(1), mpmath.mpf("1.5"), n),
            lambda x: mpmath.mpf(max(2 * x - 1, 0)) ** 1.5,
            [0.5],
        ),
        (
            lambda n: _digits.power_before(mpmath.mpf(2), mpmath.mpf(1), mpmath.mpf("1.5"), n),
            lambda x: mpmath.mpf(max(1 - 2 * x, 0)) ** 1.5,
            [0.5],
        ),
        (
            lambda n: _digits.power_before(mpmath.mpf(2), mpmath.mpf(3), mpmath.mpf("1.5"), n),
            lambda x: (3 - 2 * x) ** 1.5,
            [],
        ),
        (
            lambda n: _digits.piece(*map(mpmath.mpf, (2, 0.5, 1)), [3, 0, -1], n),
            lambda x: (0.25 <= x <= 0.5) * (3 - (2 * x - 0.5) ** 2),
            [0.25, 0.5],
        ),
    ],
    ids=["exponential", "power", "complex power", "after", "before", "before, t < a", "piece"],
)
def test_multiprecision_forms_are_the_integrals_that_they_claim(closed_form, integrand, places, n):
    with mpmath.workdps(25):
        p = mpmath.taylor(lambda y: mpmath.legendre(n, 2 * y - 1), 0, n)[::-1]
        integral = mpmath.quad(lambda x: integrand(x) * mpmath.polyval(p, x), [0, *places, 1])
        assert abs(closed_form(n) - mpmath.sqrt(2 * n + 1) * integral) < 1e-21


@pytest.mark.parametrize("f", ALL, ids=name_of)
def test_coefficients_are_the_solution_of_the_uniqueness_class(f):
    # every other solution of the ODE has |t c(t)| >= C > 0
    for n in range(4):
        for t in (1e-30, 1e-60):
            assert abs(t * f.coefficient(t, n)) <= 100 * t**0.1


@pytest.mark.parametrize("f", [f for f in ALL if f.riemann_integrable], ids=name_of)
def test_bessel_inequality(f):
    # ||c||^2 <= mean square <= sup^2, with a supremum over samples and break points
    t = np.array([0.2, 0.37, 1.0])
    c = f.project(t, 64)
    if "weierstrass" in repr(f):
        mean_square = f(np.zeros(3)) ** 2
    elif "rational" in repr(f) or f.regularity.startswith("zero"):
        mean_square = np.ones(3)
    else:
        places = [BREAK, 0.1, 0.1001, 0.5]
        integrals = [
            quad(lambda s: f(s) ** 2, 1e-9, T, points=places, limit=800, epsabs=1e-9)[0] for T in t
        ]
        mean_square = np.array(integrals) / t
    assert (np.sum(c**2, axis=1) <= mean_square * (1 + 1e-6) + 1e-6).all()


@pytest.mark.parametrize(
    ("f", "mean_square"),
    [
        (inputs.cosine(6.0), 0.5 + np.sin(12.0) / 24),
        (inputs.sine(6.0), 0.5 - np.sin(12.0) / 24),
        (inputs.exponential(-2.0), -np.expm1(-4.0) / 4),
        (inputs.exponential(3.0), np.expm1(6.0) / 6),
        (inputs.monomial(7), 1 / 15),
        (inputs.piecewise_polynomial([0, 1], [[1.0], [0.0], [-0.5]]), 1 / 5 - 1 / 3 + 1 / 4),
    ],
    ids=str,
)
def test_parseval_for_analytic_inputs(f, mean_square):
    c = f.project([1.0], 64)
    assert np.sum(c**2) == pytest.approx(mean_square, rel=16 * EPS)


@pytest.mark.parametrize("f", [f for f in ALL if all(x.origin is not None for _, x in f.terms)])
def test_coefficients_at_zero_are_the_limit(f):
    limit = f.project([0.0], 4)[0]
    assert (limit[1:] == 0).all()
    near = [float(f.coefficient(1e-60, n)) for n in range(4)]
    np.testing.assert_allclose(near, limit, rtol=0, atol=1e-25 + 4 * EPS * abs(limit[0]))


@pytest.mark.parametrize("N", [1, 2, 3, 16])
def test_scaled_bessel_functions_at_the_change_of_recurrence(N):
    # z = N^2 (1 -+ 1e-3): downward and upward recurrences side by side
    for rate in N * N * 2 * np.array([1 - 1e-3, 1, 1 + 1e-3, 1e3, 1e20]):
        f = inputs.exponential(-rate)
        c = f.project([1.0], N)[0]
        exact = [float(f.coefficient(1.0, n)) for n in range(N)]
        np.testing.assert_allclose(c, exact, rtol=0, atol=32 * EPS * abs(c).max())


def test_narrow_pieces_keep_their_measure():
    from hippo_theory.legs._legendre import project_pieces

    left, width, N = np.array([0.3, 0.7]), np.array([1e-30, 1e-200]), 6
    c = project_pieces(np.array([1.0]), N, left, width, np.ones((1, 2)))[0]
    p = [np.sqrt(2 * n + 1) * float(mpmath.legendre(n, -0.4)) for n in range(N)]
    np.testing.assert_allclose(c, 1e-30 * np.array(p), rtol=0, atol=1e-44)


@pytest.mark.parametrize("m", [1, 2, 9, 64, 257])
def test_gauss_points_integrate_their_degree(m):
    from hippo_theory.legs._legendre import gauss

    x, y, w = gauss(m)
    np.testing.assert_allclose(x + y, 1.0, rtol=2 * EPS)
    for k in {0, 1, m, 2 * m - 1}:
        assert w @ x**k == pytest.approx(1 / (k + 1), rel=32 * EPS)
        assert w @ y**k == pytest.approx(1 / (k + 1), rel=32 * EPS)
