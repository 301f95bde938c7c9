"""Every row of lti.FAMILIES satisfies the identity that it states."""

import dataclasses

import numpy as np
import pytest
from scipy import linalg, special

import hippo_theory as ht
from hippo_theory.lti import DPLR, FAMILIES, LTI, DiagonalLTI
from tests import family_identities

EPS = np.finfo(float).eps
ROWS = list(FAMILIES.values())
LOW_RANK = [row.name for row in ROWS if row.split]
HIPPO = ["legs", "legt", "lmu", "lagt", "fout"]
PARAMETERS = {
    "legt": [{"theta": 3.0}],
    "lmu": [{"theta": 0.25}],
    "fout": [{"theta": 1.0}],
    "lru_ring": [{"r_min": 0.9, "r_max": 0.999, "max_phase": 0.3}],
    "roots_of_unity": [{"radius": 0.5}, {"radius": 1.0}],
    "uniform_disk": [{"radius": 0.4}],
    "uniform_real": [{"low": -0.5, "high": 0.75}],
}
CASES = [(row, given) for row in ROWS for given in [{}, *PARAMETERS.get(row.name, [])]]
by_case = pytest.mark.parametrize("row,given", CASES, ids=[f"{r.name}{g}" for r, g in CASES])
by_low_rank = pytest.mark.parametrize("name", LOW_RANK)


def defect(row, system, given):
    """Of the identity of a row: the function of its name in `family_identities`."""
    return getattr(family_identities, row.name)(system, **(row.parameters | given))


def rng():
    return np.random.default_rng(7)


@pytest.mark.parametrize("N", [1, 2, 8, 64])
@by_case
def test_the_row_satisfies_its_identity(row, given, N):
    """Within 6 units: of accumulated rounding, or of standard errors for random rows."""
    N += row.name == "fout" and N % 2
    N *= 64 if row.is_random else 1
    system = ht.lti.family(row, N, rng=rng(), **given)
    assert defect(row, system, given) <= 6


@by_case
def test_the_identity_of_a_row_fails_for_another_system(row, given):
    """One part in 10^9 is seen, or that a law is drawn in to 0.7 of its range."""
    system = ht.lti.family(row, 1024 if row.is_random else 64, rng=rng(), **given)
    if row.name.startswith("uniform"):
        low = given.get("low", 0.0)
        drawn_in = low + 0.7 * (system.poles - low)
        changed = dataclasses.replace(system, poles=drawn_in, log_poles=None)
    elif row.name in ("lru_ring", "s4d_legs"):
        changed = dataclasses.replace(system, B=system.B * (1 + 1e-9))
    elif isinstance(system, LTI):
        A = system.A.copy()
        A[3, 2] += 1e-9 * abs(A).max()
        changed = dataclasses.replace(system, A=A)
    else:
        poles = system.poles * np.where(np.arange(64) == 5, 1 + 1e-9, 1)
        changed = dataclasses.replace(system, poles=poles, log_poles=None)
    assert defect(row, changed, given) > 6


@by_case
def test_the_row_has_stable_poles(row, given):
    system = ht.lti.family(row.name, 16, rng=rng(), **given)
    assert system.is_stable or given == {"radius": 1.0}
    assert system.is_discrete is row.is_discrete is ("x_{k+1}" in row.sign)


@by_case
def test_C_is_read_in_the_coordinates_of_the_family(row, given):
    C = np.random.default_rng(0).normal(size=(2, 6))
    system = ht.lti.family(row, 6, C, rng=rng(), **given)
    assert system.channel_shape == (2, 1)
    for k in range(2):
        one = ht.lti.family(row, 6, C[k], rng=rng(), **given)
        ones = ht.lti.family(row, 6, rng=rng(), **given)
        assert (ones.C == 1).all()
        np.testing.assert_array_equal(one.C, system.C[k])
        np.testing.assert_array_equal(one.B, system.B[:, 0])
        np.testing.assert_array_equal(one.B, ones.B)


@pytest.mark.parametrize("N", [2, 3, 6, 7, 64])
@by_low_rank
def test_the_dplr_form_is_the_dense_system_in_unitary_coordinates(name, N):
    if name == "fout" and N % 2:
        N += 1
    C = np.random.default_rng(0).normal(size=(2, N))
    for read in (C, C[0]):
        dense, form = ht.lti.family(name, N, read), ht.lti.family(name, N, read, form="dplr")
        assert isinstance(form, DPLR)
        s = np.array([0.3, 1j, 1.0 + 40j])
        exact = ht.lti.transfer_function(dense, s)
        size = np.linalg.norm(dense.A, 2) * np.abs(exact).max()
        np.testing.assert_allclose(
            ht.lti.transfer_function(form, s), exact, rtol=0, atol=16 * N * EPS * size
        )


@by_low_rank
def test_the_dplr_form_is_unique(name):
    """Real parts exact, conjugates adjacent to none but their own, inputs positive."""
    form = ht.lti.family(name, 10, form="dplr")
    shift = -0.5 if name == "legs" else 0.0
    assert (form.poles.real == shift).all()
    upper = form.poles[form.poles.imag > 0]
    lower = form.poles[form.poles.imag < 0]
    assert (np.diff(upper.imag) > 0).all()
    np.testing.assert_array_equal(lower, upper.conj())
    np.testing.assert_array_equal(form.poles[-lower.size :], lower)
    assert form.B.dtype == float
    assert (form.B > 0).all()
    half = form.poles.imag >= 0
    pairs = form.poles.imag > 0
    np.testing.assert_allclose(form.P[~half], form.P[pairs].conj(), rtol=0, atol=1e-14)


@pytest.mark.parametrize("name, N", [("legs", 7), ("legt", 7), ("lagt", 7), ("fout", 8)])
def test_the_eigenvector_of_frequency_zero_is_real(name, N):
    form = ht.lti.family(name, N, form="dplr")
    assert form.poles[0].imag == 0
    assert (form.P[0].imag == 0).all()
    assert form.C[0].imag == 0


def test_legs_impulse_responses_are_exponential_legendre_functions():
    N, t = 12, np.array([0.0, 0.01, 0.4, 3.0])
    system = ht.lti.family("legs", N)
    for time in t:
        state = linalg.expm(time * system.A) @ system.B
        x = 2 * np.exp(-time) - 1
        exact = system.B * np.exp(-time) * special.eval_legendre(np.arange(N), x)
        np.testing.assert_allclose(state, exact, rtol=0, atol=1e3 * EPS * N)


def test_lagt_impulse_responses_are_laguerre_functions():
    N, t = 12, np.array([0.0, 0.01, 0.4, 3.0, 20.0])
    system = ht.lti.family("lagt", N)
    for time in t:
        state = linalg.expm(time * system.A) @ system.B
        exact = np.exp(-time / 2) * special.eval_laguerre(np.arange(N), time)
        np.testing.assert_allclose(state, exact, rtol=0, atol=1e3 * EPS * N)


def test_fout_is_the_published_matrix_without_the_sine_of_frequency_zero():
    N = 8
    d = np.stack([np.zeros(N // 2), np.arange(N // 2)], axis=-1).reshape(-1)[1:]
    B = np.stack([np.r_[1, np.full(N // 2 - 1, np.sqrt(2))], np.zeros(N // 2)], -1).reshape(-1)
    A = np.pi * (np.diag(d, -1) - np.diag(d, 1)) - np.outer(B, B)
    system = ht.lti.family("fout", N, np.arange(N))
    keep = np.delete(np.arange(N), 1)
    np.testing.assert_allclose(system.A, A[np.ix_(keep, keep)], rtol=0, atol=8 * EPS * np.pi * N)
    np.testing.assert_allclose(system.B, B[keep], rtol=EPS)
    np.testing.assert_array_equal(system.C, keep)
    assert abs(np.linalg.eigvals(A).real).min() < 1e-12  # what is left out


def test_a_window_state_holds_the_moments_of_smooth_inputs():
    """legt, lmu, fout: of a constant, (1/theta) integral of g_n is 1, 0, 0, ..."""
    for name in ("legt", "lmu", "fout"):
        system = ht.lti.family(name, 8)
        rest = -np.linalg.solve(system.A, system.B)
        first = np.zeros(rest.size)
        first[0] = 1
        np.testing.assert_allclose(rest, first, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", ["legt", "lmu", "fout"])
def test_theta_is_a_unit_of_time(name):
    one, long = ht.lti.family(name, 6, theta=1.0), ht.lti.family(name, 6, theta=5.0)
    np.testing.assert_allclose(one.A, 5 * long.A, rtol=8 * EPS)
    np.testing.assert_allclose(one.B, 5 * long.B, rtol=8 * EPS)


def test_s4d_legs_weakly_approaches_legs_in_its_own_coordinates():
    """The normal part with half of B is LegS plus B B^T/2: dplr without P, and B halved."""
    N = 8
    half = ht.lti.family("s4d_legs", N)
    form = ht.lti.family("legs", 2 * N, form="dplr")
    np.testing.assert_array_equal(half.poles, form.poles[:N])
    np.testing.assert_array_equal(half.B, form.B[:N] / 2)
    np.testing.assert_allclose(form.P[:, 0], form.B / np.sqrt(2), rtol=0, atol=64 * EPS * N)


@pytest.mark.parametrize("name", ["legs", "s4d_lin", "lru_ring"])
def test_the_dense_form_is_dense(name):
    system = ht.lti.family(name, 4, rng=rng(), form="dense")
    assert isinstance(system, LTI)
    assert system.A.dtype == float


def test_the_same_generator_gives_the_same_family():
    for row in ROWS:
        if row.is_random:
            a, b = (ht.lti.family(row, 5, rng=rng()) for _ in range(2))
            np.testing.assert_array_equal(a.poles, b.poles)


@pytest.mark.parametrize("N", [1, 2, 7, 64])
def test_roots_of_unity_are_closed_under_conjugation_to_the_bit(N):
    system = ht.lti.family("roots_of_unity", N, radius=0.9)
    for values in (system.poles, np.exp(system.log_poles.real) + 1j * system.log_poles.imag):
        pairs = values[(-np.arange(N)) % N].conj()
        real = np.arange(N) * 2 % N == 0
        np.testing.assert_array_equal(values[~real], pairs[~real])
    np.testing.assert_array_equal(system.poles[real], [0.9, -0.9][: 1 + (N % 2 == 0)])


def test_a_ring_near_the_circle_keeps_the_digits_of_its_decay():
    system = ht.lti.family("lru_ring", 64, rng=rng(), r_min=1 - 1e-14, r_max=1 - 1e-15)
    assert isinstance(system, DiagonalLTI)
    assert (system.B > 0).all()
    assert (np.sqrt(3e-14) >= system.B).all()


def test_the_table_prints_a_line_for_every_family():
    assert len(repr(FAMILIES).splitlines()) == 1 + len(FAMILIES) == 14


def test_frequencies_of_the_s4d_families_are_the_known_ones():
    """64 states: LegS normal part 0.26 to 1303.27 = 64^2/pi to 0.05 %; s4d_inv 1283.4, 414, 240."""
    normal = ht.lti.family("s4d_legs", 32).poles.imag
    assert abs(normal[-1] - 1303.27) < 0.005
    assert abs(normal[-1] * np.pi / 64**2 - 1) < 5e-4
    assert abs(normal[0] - 0.26) < 0.005
    inverse = ht.lti.family("s4d_inv", 32).poles.imag
    np.testing.assert_allclose(inverse[:3], [1283.4, 414.2, 240.4], rtol=0, atol=0.1)
