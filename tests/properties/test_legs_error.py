"""Bounds and estimates of the LegS error are never below the error, and not far above it."""

import operator
from functools import reduce
from itertools import pairwise

import numpy as np
import pytest

import hippo_theory as ht
from hippo_theory.legs import INPUTS, SCHEMES, inputs
from hippo_theory.legs._quadrature import squared_norm
from hippo_theory.legs.schemes import Collocation, Hold

EPS = np.finfo(float).eps
UNIFORM = np.linspace(0, 1, 33)
IRREGULAR = np.append(0, np.cumsum(np.linspace(0.01, 0.05, 32)))
IRREGULAR /= IRREGULAR[-1]
SMOOTH = inputs.cosine(6.0) + inputs.sine(3.0)
NEAR_EXACT = ("foh", "hold3", "hold7")  # a hold for each kind of stencil
STEPPERS = [name for name, row in SCHEMES.items() if not isinstance(row, Hold)]


def error(f, solution):
    N, end = solution.coefficients.shape[-1], solution.t[-1:]
    return np.linalg.norm(solution.coefficients[..., -1, :] - f.project(end, N)[0], axis=-1)


def rounding(solution):
    """What a step may round (half of what `error_budget` allows was measured), summed."""
    N = solution.coefficients.shape[-1]
    return (N + 8) * EPS * 4 * solution.t.size * abs(solution.coefficients).max()


@pytest.mark.parametrize("t", [UNIFORM, IRREGULAR], ids=["uniform", "irregular"])
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("name", INPUTS)
def test_the_input_bound_is_never_below_the_error(name, scheme, t):
    f = INPUTS[name].factory(*INPUTS[name].example)
    solution = ht.legs.solve(f, t, 6, scheme=scheme)
    assert ht.legs.input_error_bound(f, solution) >= error(f, solution) - rounding(solution)


@pytest.mark.parametrize("scheme", ["zoh", "midpoint", "backward_euler", "approximate_bilinear"])
@pytest.mark.parametrize("name", INPUTS)
def test_the_input_bound_holds_for_cell_averages(name, scheme):
    f = INPUTS[name].factory(*INPUTS[name].example)
    solution = ht.legs.solve(f, UNIFORM, 6, scheme=scheme, samples="averages")
    assert ht.legs.input_error_bound(f, solution) >= error(f, solution)


@pytest.mark.parametrize("degree", [0, 1])
def test_the_bound_of_a_hold_is_the_norm_of_its_interpolation_error(degree):
    """int of (s^2 - t_k^2)^2 and of ((s - t_k)(s - t_{k+1}))^2 = h^5/30 over the cells."""
    t, f = IRREGULAR, inputs.monomial(2)
    h, t0 = np.diff(t), t[:-1]
    cells = h**5 / 30 if degree else h**5 / 5 + t0 * h**4 + 4 * t0**2 * h**3 / 3
    bound = ht.legs.input_error_bound(f, ht.legs.solve(f, t, 5, scheme=("zoh", "foh")[degree]))
    assert abs(bound - np.sqrt(cells.sum() / t[-1])) <= 1e-14


@pytest.mark.parametrize(
    "scheme, most",
    [("foh", 1.15), ("zoh", 1.2), ("hold3", 1.5), ("backward_euler", 3.5), ("midpoint", 5)],
)
@pytest.mark.parametrize("N", [4, 16, 48])
def test_on_a_smooth_input_the_bound_is_sharp_for_every_N(scheme, most, N):
    solution = ht.legs.solve(SMOOTH, np.linspace(0, 1, 129), N, scheme=scheme)
    assert 1 <= ht.legs.input_error_bound(SMOOTH, solution) / error(SMOOTH, solution) <= most


@pytest.mark.parametrize("scheme", ["forward_euler", "approximate_bilinear", "bilinear_naive"])
@pytest.mark.parametrize("end", [0.25, 1.0, 9.0])
def test_one_step_attains_what_no_input_explains(scheme, end):
    """The interpolant is the input itself: all of the error is in what its state misses."""
    t = np.array([0.0, end])
    f = inputs.from_samples(t, [1.0, -1.0])
    solution = ht.legs.solve(f, t, 16, scheme=scheme)
    assert 1 - 8 * EPS <= ht.legs.input_error_bound(f, solution) / error(f, solution) <= 1.1


@pytest.mark.parametrize("scheme", ["zoh", "midpoint", "radau2"])
def test_the_unit_of_time_changes_no_bound(scheme):
    """The state at 4 t of f(s / 4) is that of f at t."""
    one = ht.legs.solve(inputs.cosine(6.0), UNIFORM, 6, scheme=scheme)
    four = ht.legs.solve(inputs.cosine(1.5), 4 * UNIFORM, 6, scheme=scheme)
    bounds = [
        ht.legs.input_error_bound(inputs.cosine(6.0), one),
        ht.legs.input_error_bound(inputs.cosine(1.5), four),
    ]
    assert abs(bounds[0] / bounds[1] - 1) <= 1e-9
    budgets = [
        ht.legs.error_budget(inputs.cosine(6.0), one),
        ht.legs.error_budget(inputs.cosine(1.5), four),
    ]
    for name in ("projection", "discretization", "rounding", "total"):
        assert abs(getattr(budgets[0], name) / getattr(budgets[1], name) - 1) <= 1e-9


@pytest.mark.parametrize("scheme", NEAR_EXACT)
def test_the_bound_of_an_input_that_a_scheme_solves_exactly_is_rounding(scheme):
    f = inputs.from_samples(UNIFORM, np.cos(9 * UNIFORM)) if scheme == "foh" else inputs.monomial(3)
    solution = ht.legs.solve(f, UNIFORM, 6, scheme=scheme)
    assert ht.legs.input_error_bound(f, solution) <= 100 * EPS


def test_the_bound_covers_the_transient_of_forward_euler():
    solution = ht.legs.solve(SMOOTH, np.linspace(0, 1, 17), 16, scheme="forward_euler")
    assert error(SMOOTH, solution) > 1e4
    assert ht.legs.input_error_bound(SMOOTH, solution) >= error(SMOOTH, solution)


@pytest.mark.parametrize("scheme", ["foh", "midpoint", "gauss2"])
def test_the_bound_holds_from_exact_coefficients_at_a_later_time(scheme):
    t = UNIFORM + 0.5
    solution = ht.legs.solve(SMOOTH, t, 6, scheme=scheme, initial=SMOOTH.project(t[:1], 6)[0])
    bound = ht.legs.input_error_bound(SMOOTH, solution)
    assert error(SMOOTH, solution) <= bound <= 60 * error(SMOOTH, solution)


def test_samples_that_differ_from_f_count_as_error():
    noisy = SMOOTH(UNIFORM) + 0.1
    solution = ht.legs.solve(noisy, UNIFORM, 6, scheme="foh")
    bound = ht.legs.input_error_bound(SMOOTH, solution)
    assert 0.099 <= error(SMOOTH, solution) <= bound <= 0.101
    noisy[:] = 0.0  # the solution keeps what it was made of
    assert ht.legs.input_error_bound(SMOOTH, solution) == bound


@pytest.mark.parametrize("scheme", ["foh", "midpoint", "gauss2"])
def test_a_batch_and_complex_values_have_the_bounds_of_their_parts(scheme):
    def bound(f):
        return ht.legs.input_error_bound(f, ht.legs.solve(f, UNIFORM, 5, scheme=scheme))

    parts = [bound(np.cos), bound(np.exp)]
    batch = bound(lambda s: np.stack([np.cos(s), np.exp(s)])[:, None])
    assert batch.shape == (2, 1)
    assert abs(batch[:, 0] - parts).max() <= 1e-12
    assert abs(bound(lambda s: np.cos(s) + 1j * np.exp(s)) - np.hypot(*parts)) <= 1e-12


@pytest.mark.parametrize("scheme", ["zoh", "midpoint"])
def test_nothing_is_promised_where_quadrature_cannot_tell(scheme):
    outside_L2 = inputs.power_singularity(0.3, -0.6)
    for f in (inputs.dirichlet() + inputs.cosine(1.0), outside_L2, lambda s: outside_L2(s)):
        assert ht.legs.input_error_bound(f, ht.legs.solve(f, UNIFORM, 4, scheme=scheme)) == np.inf
    rough = inputs.weierstrass(0.1, 3, terms=12)
    bound = ht.legs.input_error_bound(rough, ht.legs.solve(rough, UNIFORM, 4, scheme=scheme))
    assert bound == np.inf


def test_quadrature_sees_hidden_jumps_and_is_not_below_a_root():
    def run(a):
        return squared_norm(lambda s: (s > a)[None] * 1.0, np.linspace(0, 1, 11), 1e-15)[0]

    for a in np.random.default_rng(0).uniform(0.01, 0.99, 50):
        assert abs(run(a) - (1 - a)) <= 0.1 / 10 + 0.07 * (1 - a)  # a tenth of the cell, gaps
    for p in (0.1, 0.25, 0.3, 0.6):
        root = squared_norm(lambda s, p=p: s[None] ** p, np.linspace(0, 1, 11), 1e-15)
        assert 0 <= root[0] - 1 / (2 * p + 1) <= 0.02


@pytest.mark.parametrize("scheme", SCHEMES)
def test_step_doubling_is_never_below_the_error_and_often_close(scheme):
    close = 0
    for f in (SMOOTH, inputs.exponential(2.0), inputs.ramp(0.25), inputs.step(0.25)):
        for steps in (64, 128, 256, 512):
            t = np.linspace(0, 1, steps + 1)
            true = error(f, ht.legs.solve(f, t, 8, scheme=scheme))
            estimate = ht.legs.step_doubling_estimate(f, t, 8, scheme=scheme)
            assert estimate >= true
            close += estimate <= 1.3 * true
    assert close or SCHEMES[scheme].order > 4  # there rounding comes before the asymptotic range


@pytest.mark.parametrize("scheme", ["zoh", "foh", "midpoint", "gauss2"])
@pytest.mark.parametrize("a", [0.3, 1 / 3, 0.61])
def test_step_doubling_is_not_trusted_off_the_grid(scheme, a):
    t = np.linspace(0, 1, 257)
    for f in (inputs.step(a), inputs.ramp(a), inputs.power_singularity(a, 0.5)):
        assert ht.legs.step_doubling_estimate(f, t, 8, scheme=scheme) == np.inf


def test_one_pair_of_grids_in_the_asymptotic_range_is_not_enough():
    """A bump of three coarse steps: the finest two differences agree, the coarsest does not."""

    def f(s):
        return np.cos(6 * s) + 5 * np.exp(-(((s - 0.5) / 0.05) ** 2))

    t = np.linspace(0, 1, 65)
    fine, middle, coarse, coarsest = (
        ht.legs.solve(f, t[::k], 8, store="final") for k in (1, 2, 4, 8)
    )
    first, second, third = fine - middle, middle - coarse, coarse - coarsest
    assert np.linalg.norm(second - 4 * first) <= 0.1 * np.linalg.norm(second)
    assert np.linalg.norm(third - 4 * second) >= 0.5 * np.linalg.norm(third)
    assert ht.legs.step_doubling_estimate(f, t, 8) == np.inf
    assert ht.legs.step_doubling_estimate(f, np.linspace(0, 1, 513), 8) < 1e-2


def test_a_doubling_that_reads_nothing_promises_nothing():
    """All four grids hold the jump at the same time: differences vanish, the error does not."""
    t = np.linspace(0, 1, 257)
    f = inputs.step(0.5 - 1e-4)
    assert error(f, ht.legs.solve(f, t, 8, scheme="zoh")) > 1e-4
    for given in (f, f(t), lambda s: f(s)):
        assert ht.legs.step_doubling_estimate(given, t, 8, scheme="zoh") == np.inf


@pytest.mark.parametrize("scheme", ["zoh", "foh", "hold5", "midpoint", "bilinear", "radau3"])
@pytest.mark.parametrize("f", [SMOOTH, inputs.step(0.3), inputs.monomial(0.5)], ids=repr)
def test_the_budget_is_never_below_the_distance_of_the_memory(f, scheme):
    solution = ht.legs.solve(f, UNIFORM, 10, scheme=scheme)
    x, w = np.polynomial.legendre.leggauss(200)
    pieces = [0.0, *f.breaks, 1.0]
    distance = 0.0
    for a, b in pairwise(pieces):
        s = a + (b - a) * (1 + x) / 2
        distance += (b - a) / 2 * (w @ (f(s) - ht.legs.reconstruct(solution, s)) ** 2)
    budget = ht.legs.error_budget(f, solution)
    assert budget.total >= np.sqrt(distance) * (1 - 1e-6)
    assert budget.discretization + budget.rounding >= error(f, solution)
    assert budget.projection <= 1.01 * np.sqrt(distance) + 1e-14


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("scheme", ["zoh", "foh", "midpoint", "backward_euler"])
def test_the_budget_covers_rounding(scheme, dtype):
    t = np.linspace(0, 1, 1025)
    f = inputs.from_samples(t, np.random.default_rng(1).standard_normal(t.size).astype(dtype))
    solution = ht.legs.solve(f(t).astype(dtype), t, 12, scheme=scheme)
    budget = ht.legs.error_budget(f, solution)
    assert error(f, solution) <= budget.discretization + budget.rounding
    if scheme == "foh":
        assert error(f, solution) <= budget.rounding


def test_the_parts_of_a_budget_add_where_they_may_align():
    assert ht.legs.ErrorBudget(*map(np.asarray, (3.0, 1.0, 3.0))).total == 5.0


def test_a_budget_prints_on_one_line():
    t = np.linspace(0, 1, 17)
    one = ht.legs.error_budget(np.cos, ht.legs.solve(np.cos, t, 3))
    two = ht.legs.error_budget(
        lambda s: np.stack([s, 2 * s]), ht.legs.solve(lambda s: np.stack([s, 2 * s]), t, 3)
    )
    assert repr(one).startswith("projection 0.00")
    assert repr(two).startswith("largest of (2,): projection ")
    assert "\n" not in repr(one) + repr(two)


def test_every_collocation_and_stepper_is_bounded_tightly_enough_to_show_its_order():
    """Twice the steps: the bound falls by 2^order, but for two orders that N costs Gauss rows."""
    for scheme in STEPPERS:
        row = SCHEMES[scheme]
        bounds = [
            ht.legs.input_error_bound(SMOOTH, ht.legs.solve(SMOOTH, t, 4, scheme=row))
            for t in (np.linspace(0, 1, 65), np.linspace(0, 1, 129))
        ]
        lost = 2.0 if isinstance(row, Collocation) or scheme == "bilinear_naive" else 0.3
        assert np.log2(bounds[0] / bounds[1]) >= row.order - lost, scheme


OSCILLATING = {
    "slow": ([(1.0, -0.870501626617884)], 2.0, 12, "gauss2"),
    "two": ([(-0.5, -1.33870738207344), (1.0, 7.51649464780878)], 1.0, 6, "foh"),
    "fast": ([(2.0, 60.0)], 0.7, 4, "midpoint"),
}


@pytest.mark.parametrize("name", OSCILLATING)
def test_the_projection_of_endless_oscillation_at_0_is_not_below_the_truth(name):
    """mean of sin(a log s) sin(b log s) over [0, T] in closed form; Parseval does the rest."""
    terms, T, N, scheme = OSCILLATING[name]
    f = reduce(operator.add, (w * inputs.log_chirp(a) for w, a in terms))
    solution = ht.legs.solve(f, np.linspace(0, T, 9), N, scheme=scheme)

    def mean_cosine(omega):
        return (np.exp(1j * omega * np.log(T)) / (1 + 1j * omega)).real

    power = sum(
        w * v * (mean_cosine(a - b) - mean_cosine(a + b)) / 2 for w, a in terms for v, b in terms
    )
    # c_n is the mean of sin(omega log s) p_n(s/T): the Mellin transform of p_n at i omega
    exact = np.zeros(N)
    for w, a in terms:
        factors = [1 / (1j * a + 1)] + [(1j * a - n + 1) / (1j * a + n + 1) for n in range(1, N)]
        orbit = np.exp(1j * a * np.log(T)) * np.cumprod(factors) * np.sqrt(2 * np.arange(N) + 1)
        exact += w * orbit.imag
    truth = np.sqrt(power - exact @ exact + ((exact - solution.coefficients[-1]) ** 2).sum())
    assert 1 - 1e-12 <= ht.legs.error_budget(f, solution).projection / truth <= 33 / 32


def test_the_rounding_of_a_budget_is_the_documented_sum():
    solution = ht.legs.solve(SMOOTH, np.linspace(0, 2, 12), 30, scheme="foh")
    t, c = solution.t, solution.coefficients
    largest, total = abs(SMOOTH(t)).max(), 0.0
    for k in range(11):
        step = (2 * 30 + 16) * 2.0**-53 * (np.linalg.norm(c[k]) + largest)
        total += step * np.sqrt(t[k + 1] / t[-1])
    stored = 2.0**-52 * np.linalg.norm(c[-1])
    assert ht.legs.error_budget(SMOOTH, solution).rounding == pytest.approx(
        total + stored, rel=1e-12, abs=0
    )
