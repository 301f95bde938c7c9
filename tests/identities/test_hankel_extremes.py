"""Norms of zero systems, of systems without states, near the circle, and at the ends of floats."""

import numpy as np
import pytest

import hippo_theory as ht
from hippo_theory import hankel

EPS = np.finfo(float).eps
G = ht.DiagonalLTI([-1.0, -2.0, -3.0 + 1j], [1.0, 0.3, 0.7], [1.0, 2.0, 0.1])
CALM = ht.DiagonalLTI([0.5, -0.25 + 0.3j], [1.0, 0.3], [1.0, 2.0], D=0.25, dt=1.0, conjugate=True)
FORMS = {
    "diagonal": G,
    "dense": ht.lti.dense(G),
    "low rank": ht.lti.DPLR([-1.0, -2.0], [1.0, 0.5], [1.0, 1.0], [1.0, 2.0], [3.0, 1.0]),
    "discrete": CALM,
    "channels": ht.DiagonalLTI([-1.0, -2.0], np.ones((2, 2)), np.ones((1, 2))),
}
NORMS = [hankel.h2_norm, hankel.hankel_norm, hankel.hinf_norm]
HUGE, TINY = 2.0**665, 2.0**-665  # 1.5e200 and its inverse


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("factor", [HUGE, TINY])
def test_norms_are_homogeneous_to_the_ends_of_the_floats(norm, form, factor):
    np.testing.assert_allclose(
        norm(FORMS[form] * factor), norm(FORMS[form]) * factor, rtol=64 * EPS
    )


@pytest.mark.parametrize("norm", NORMS)
def test_norms_do_not_see_scales_that_states_exchange(norm):
    scaled = ht.lti.similarity(G, [2.0**900, 2.0**-900, 1.0])
    np.testing.assert_allclose(norm(scaled), norm(G), rtol=16 * EPS)


@pytest.mark.parametrize("form", FORMS)
def test_gramians_scale_as_their_inputs_squared(form):
    system = FORMS[form]
    scaled = ht.lti.similarity(system, np.full(system.state_dim, 2.0**400))
    for given, unit, power in zip(hankel.gramians(scaled), hankel.gramians(system), (800, -800)):  # noqa: B905
        np.testing.assert_array_equal(given, unit * 2.0**power)


def test_a_state_of_tiny_input_keeps_its_digits_in_the_gramian():
    P, _ = hankel.gramians(ht.DiagonalLTI([-1.0, -2.0], [1e150, 1e-150], [1.0, 1.0]))
    np.testing.assert_allclose(P[0, 1], 1 / 3, rtol=4 * EPS)


def test_mode_scores_scale_with_their_modes():
    scores = hankel.mode_scores(G * TINY)
    np.testing.assert_array_equal(scores, hankel.mode_scores(G) * TINY)


def test_gradients_by_poles_scale_and_those_by_residues_stay():
    given, unit = hankel.gradients(G * HUGE), hankel.gradients(G)
    np.testing.assert_allclose(given[0], unit[0] * HUGE, rtol=64 * EPS)
    np.testing.assert_allclose(given[1], unit[1], rtol=64 * EPS)


OVERFLOWS = [
    (hankel.h2_norm, "the H2 norm must stay in the range of floating point, got 10^400"),
    (hankel.hinf_norm, "the H-infinity norm must stay in the range of floating point, got 10^400"),
    (hankel.singular_values, "singular values must stay in the range of floating point, got"),
    (hankel.gramians, "P must stay in the range of floating point, got 10^400"),
    (lambda G: hankel.pole_perturbation_bound(G, [0.5]), "the bound must stay in the range of"),
    (lambda G: hankel.gradients(G), "gradients must stay in the range of floating point, got"),
    (lambda G: ht.lti.transfer_function(G, 1.0), "G(z) must stay in the range of floating point"),
    (lambda _: ht.lti.convolve([1e200], [1e200]), "the convolution must stay in the range of"),
    (lambda _: hankel.hankel_product([1e200], [1e200]), "the product must stay in the range of"),
    (lambda _: hankel.markov_singular_values([1e308] * 4), "singular values must stay in the"),
    (
        lambda G: ht.lti.step(ht.DiagonalLTI([0.5], G.B, G.C, dt=1.0), [1.0], 1e200),
        "the step leaves",
    ),
    (lambda _: hankel.markov_perturbation_bound([1e308, 1e308]), "the bound must stay in the"),
    (lambda _: hankel.hope.simulate([1e200], [1e200, 1e200], 0.5), "the output must stay below"),
    (lambda _: hankel.hope.frequency_response([1e308] * 4, 4, 1.0), "the response must stay in"),
    (
        lambda G: ht.lti.kernel_vjp(ht.DiagonalLTI([0.5], G.B, [1.0], dt=1.0), [1e200] * 3),
        "the gradient in poles must stay in the range of floating point",
    ),
]


@pytest.mark.parametrize("call, sentence", OVERFLOWS)
def test_what_overflows_is_refused_with_its_size(call, sentence):
    with pytest.raises(np.linalg.LinAlgError) as error:
        call(ht.DiagonalLTI([-1.0], [1e200], [1e200]))
    assert sentence in str(error.value)


def test_a_zero_system_has_norm_zero_and_a_constant_its_modulus():
    assert hankel.hinf_norm(G - G, certificate=True) == (0.0, 0.0, 0.0)
    constant = ht.DiagonalLTI([-1.0], [0.0], [1.0], D=2.0)
    assert hankel.hinf_norm(constant, certificate=True) == (2.0, 2.0, 2.0)
    assert hankel.hinf_norm(CALM - CALM) == 0.0


def test_equal_poles_add_their_residues():
    twice = hankel.hinf_norm(G + 2.0 * G, certificate=True)
    np.testing.assert_allclose(
        twice, 3 * np.array(hankel.hinf_norm(G, certificate=True)), rtol=2e-10
    )


def test_amplification_of_nothing_is_zero_and_of_a_scaled_system_one():
    assert hankel.amplification(G, G, 0.1) == 0.0
    assert hankel.amplification(0.0 * G, 0.0 * G, 0.1) == 0.0
    # C is rounded, and the difference with it
    np.testing.assert_allclose(hankel.amplification(G, (1 + 1e-6) * G, 1e-6), 1.0, atol=1e-6)


@pytest.mark.parametrize("empty", [ht.DiagonalLTI([], [], [], D=2.0, dt=1.0),
                                   ht.LTI(np.zeros((0, 0)), [], [], D=2.0, dt=1.0)])  # fmt: skip
def test_a_system_without_states_is_its_feedthrough(empty):
    assert hankel.h2_norm(empty) == hankel.hinf_norm(empty) == 2.0
    assert hankel.hankel_norm(empty) == 0.0
    assert [P.shape for P in hankel.gramians(empty)] == [(0, 0), (0, 0)]
    for method in ht.lti.SIMULATIONS:
        y, x = ht.lti.simulate(empty, [1.0, 2.0], states=True, method=method)
        np.testing.assert_array_equal(y, [2.0, 4.0])
        np.testing.assert_array_equal(ht.lti.simulate(empty, [1.0, 2.0], method=method), y)
        assert x.shape == (2, 0)


def test_the_hinf_norm_of_a_pole_given_by_its_logarithm():
    import mpmath

    one = [[1.0]]
    system = ht.lti.from_lru([-50.0], [0.0], [0.0], one, one, one, one)
    log, b, c = (complex(x.item()) for x in (system.log_poles, system.B, system.C))
    with mpmath.workdps(60):  # at the angle of the pole, less than (1 - |l|)^2 off the supremum
        pole, r = mpmath.exp(mpmath.mpc(log)), mpmath.mpc(b) * mpmath.mpc(c)
        z = mpmath.exp(1j * mpmath.mpf(log.imag))
        exact = float(
            abs(system.D.item() + r / (z - pole) + r.conjugate() / (z - pole.conjugate()))
        )
    value, lower, upper = hankel.hinf_norm(system, certificate=True)
    np.testing.assert_allclose(value, exact, rtol=8 * EPS)
    assert lower <= exact <= upper <= lower * (1 + 1e-10)


def test_several_channels_answer_for_poles_given_by_their_logarithms():
    row = np.ones((1, 2))
    wide = ht.lti.from_lru([-50.0], [0.0], [0.0], row, row, row.T, row.T)
    one = ht.DiagonalLTI(wide.poles, wide.B[:, 0], wide.C[0], D=wide.D[0, 0], dt=1.0,
                         conjugate=True, log_poles=wide.log_poles)  # fmt: skip
    np.testing.assert_allclose(hankel.hinf_norm(wide), 2 * hankel.hinf_norm(one), rtol=1e-9)


@pytest.mark.parametrize("scale", [1e200, 1e-200, 1e300, 1e-300])
@pytest.mark.parametrize("form", ["diagonal", "dense", "low rank", "channels"])
def test_norms_know_how_time_scales(form, scale):
    G = FORMS[form]
    if form == "dense":
        slow = ht.LTI(G.A * scale, G.B, G.C)
    elif form == "low rank":
        slow = ht.lti.DPLR(G.poles * scale, G.P * scale, G.Q, G.B, G.C)
    else:
        slow = ht.DiagonalLTI(G.poles * scale, G.B, G.C)
    for norm, power in [(hankel.h2_norm, 0.5), (hankel.hankel_norm, 1.0), (hankel.hinf_norm, 1.0)]:
        np.testing.assert_allclose(norm(slow), norm(G) * scale**-power, rtol=1e-9)


def test_small_singular_values_beside_large_ones_keep_their_digits():
    """Two poles so far apart in frequency and size that each has its own value |r| / (-2 Re l)."""
    G = ht.DiagonalLTI([-1.0, -1e-80 + 1e3j], [1e150, 1e-110], [1e150, 1e-110])
    values = hankel.singular_values(G).values
    np.testing.assert_allclose(values, [5e299, 5e-141], rtol=1e-12)
