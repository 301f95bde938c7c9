"""Peaks and proofs of gains: what is proved is true, and what is false is never proved."""

import flint
import numpy as np
import pytest
import scipy.signal

import hippo_theory as ht
from hippo_theory import hankel
from hippo_theory.digits import ROUNDING, DoubleDouble, product, two_sum
from hippo_theory.hankel import _bounded_real
from hippo_theory.hankel._coordinates import driven_alike, transformed
from tests.zoo import SYSTEMS

rng = np.random.default_rng(7)


def balls(M):
    rows = lambda A: flint.arb_mat(*A.shape, [float(x) for x in A.ravel()])  # noqa: E731
    return rows(M.high) + rows(M.low)


@pytest.mark.parametrize("spread", [0, 8])
@pytest.mark.parametrize("shape", [(5, 7, 3), (9, 40, 9), (2, 3000, 2)])
def test_products_by_slices_have_32_digits(shape, spread):
    n, terms, m = shape

    def numbers(*size):
        high = rng.normal(size=size) * 10.0 ** rng.uniform(-spread, spread, size)
        return DoubleDouble(*two_sum(high, 1e-17 * high * rng.normal(size=size)))

    x, y = numbers(n, terms), numbers(terms, m)
    with flint.ctx.workprec(400):
        wrong = balls(product(x, y)) - balls(x) * balls(y)
        error = np.array([[abs(float(wrong[i, j].mid())) for j in range(m)] for i in range(n)])
    bound = np.abs(x.high).max(axis=1)[:, None] * np.abs(y.high).max(axis=0)
    assert (error <= (terms + 8) * ROUNDING * bound).all()
    assert product(x, y).high.dtype == float


def test_errors_of_other_coordinates_are_bounded():
    n = 6
    A, T = rng.normal(size=(n, n)), np.vander(np.linspace(0.1, 1, n))
    B, C = rng.normal(size=(n, 2)), rng.normal(size=(3, n))
    form = transformed(A, B, C, np.zeros((3, 2)), T, discrete=True)
    with flint.ctx.workprec(400):
        ball = lambda M: flint.arb_mat(*M.shape, [float(x) for x in M.ravel()])  # noqa: E731
        exact = [ball(T).solve(ball(A) * ball(T)), ball(T).solve(ball(B)), ball(C) * ball(T)]
        pairs = zip(exact, (form.A, form.B, form.C), form.errors, strict=True)
        for wanted, got, bound in pairs:
            wrong = np.array([abs(float(x.mid())) for x in (wanted - balls(got)).entries()])
            assert np.linalg.norm(wrong) <= bound < 1e-20


def plants(*names):
    return [row for row in SYSTEMS if row.name in names]


PLANTS = plants("two masses", "butter4 wide band", "delay6", "tall discrete", "jordan5 slow")


@pytest.mark.parametrize("row", PLANTS, ids=str)
def test_no_matrix_proves_a_level_below_the_supremum(row):
    """From the X of every level and w, and from wrong ones, the proof of a false level fails."""
    G, supremum = row.value, row.exact.hinf[0]
    system = driven_alike(*ht.lti.matrices(ht.lti.dense(G)), discrete=G.is_discrete)
    n = len(system.A.high)
    for short in (1e-13, 1e-3):
        false = supremum * (1 - short)
        for level in (false, supremum * (1 + 1e-9)):
            for w in (1e-12, 0.0):
                X, _ = _bounded_real.subspace(system, level, w * supremum**2)
                starts = [X, _bounded_real.lossless(system, w), np.zeros((n, n))]
                for start in starts:
                    if start is not None:
                        assert not _bounded_real.proved(system, false, w * supremum**2, start)


@pytest.mark.parametrize("dt", [None, 0.5])
def test_the_frequency_of_a_peak_is_in_radians_per_unit_of_time(dt):
    pole = -0.01 + 3j if dt is None else np.exp(0.5 * (-0.01 + 3j))
    G = ht.DiagonalLTI([pole], [1.0], [1.0], dt=dt, conjugate=True)
    for form in (G, ht.lti.dense(G)):
        peak = hankel.hinf_peak(form)
        assert peak.lower <= peak.value <= peak.upper <= peak.lower * (1 + 2e-10)
        np.testing.assert_allclose(peak.frequency, 3.0, rtol=1e-3)
        point = 1j * peak.frequency if dt is None else np.exp(1j * peak.frequency * dt)
        np.testing.assert_allclose(
            abs(ht.lti.transfer_function(form, point)), peak.value, rtol=1e-9
        )


def test_the_peak_of_a_high_pass_is_its_feedthrough():
    A, B, C, D = scipy.signal.zpk2ss([0.0], [-1.0], 2.0)
    peak = hankel.hinf_peak(ht.LTI(A, B[:, 0], C[0], D=D.item()))
    assert (peak.value, peak.frequency) == (2.0, np.inf)


def test_a_batch_is_a_loop_over_its_channels():
    poles = -rng.uniform(0.1, 1, (2, 3, 4)) + 1j * rng.normal(size=(2, 3, 4))
    B, C = rng.normal(size=(2, 2, 3, 4))
    batch = ht.DiagonalLTI(poles, B, C, D=rng.normal(size=(2, 3)), conjugate=True)
    peaks, values = hankel.hinf_peak(batch), hankel.hinf_norm(batch)
    assert values.shape == (2, 3)
    for k in np.ndindex(2, 3):
        one = ht.DiagonalLTI(poles[k], B[k], C[k], D=batch.D[k], conjugate=True)
        peak = hankel.hinf_peak(one)
        wanted = peak.value, peak.frequency, peak.lower, peak.upper
        got = (peaks.value[k], peaks.frequency[k], peaks.lower[k], peaks.upper[k])
        assert got == wanted
        assert values[k] == peak.value
        grid = np.linspace(-8, 8, 4001)
        assert abs(ht.lti.transfer_function(one, 1j * grid)).max() <= peak.upper


UNSTABLE = [
    (ht.LTI(np.diag([2.0, 0.5]), [1.0, 1.0], [1.0, 1.0], dt=1.0), 5 / 3),
    (ht.LTI(np.diag([2.0, -0.5, -3.0]), [1.0] * 3, [1.0] * 3), 11 / 6),
    (ht.DiagonalLTI([0.5, -0.5], [1.0, 1.0], [1.0, -1.0]), 4.0),
    (ht.LTI([[1.0, 5.0], [0.0, 1.0]], [0.0, 1.0], [1.0, 0.0]), 5.0),
]


@pytest.mark.parametrize("G, supremum", UNSTABLE)
def test_unstable_systems_have_a_largest_gain(G, supremum):
    _, lower, upper = hankel.linf_norm(G, certificate=True)
    assert lower <= supremum * (1 + 1e-15)
    assert supremum * (1 - 1e-15) <= upper <= lower * (1 + 2e-10)
    with pytest.raises(ValueError, match="must have its poles in"):
        hankel.hinf_norm(G)


def test_stable_systems_have_the_largest_gain_of_hinf_norm():
    G = PLANTS[0].value
    np.testing.assert_allclose(hankel.linf_norm(G), hankel.hinf_norm(G), rtol=2e-10)


def test_poles_on_the_boundary_have_no_largest_gain():
    with pytest.raises(ValueError, match="must have its poles off the imaginary axis, got 0"):
        hankel.linf_norm(ht.LTI([[0.0]], [1.0], [1.0]))


def test_a_norm_whose_bounds_do_not_meet_is_refused_and_the_peak_says_so():
    """A chain of four states 1e-9 from the circle, with a gain of 1e36 at 1."""
    pole = 1 - 1e-9
    G = ht.LTI(pole * np.eye(4) + np.eye(4, k=1), np.eye(4)[-1], np.eye(4)[0], dt=1.0)
    peak = hankel.hinf_peak(G)
    assert peak.lower <= (1 - pole) ** -4.0 * (1 + 1e-13) < peak.upper < 1.01 * peak.lower
    with pytest.raises(np.linalg.LinAlgError, match="must meet within rtol = 1e-10, got"):
        hankel.hinf_norm(G)
    assert hankel.hinf_norm(G, certificate=True)[1:] == (peak.lower, peak.upper)
    assert hankel.hinf_norm(G, rtol=1e-4) == peak.value
