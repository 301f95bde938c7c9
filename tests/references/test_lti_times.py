"""Samples at irregular times by integrals of 40 digits; rules undone; layers at other rates."""

import mpmath
import numpy as np
import pytest

import hippo_theory as ht
from hippo_theory.lti import irregular

lti = ht.lti
rng = np.random.default_rng(0)
POLES = np.array([-0.5 + 3j, -2.0 + 0j, -0.01 + 40j])
B, C = rng.normal(size=3) + 0j, rng.normal(size=3) + 1j * rng.normal(size=3)
SYSTEM = ht.DiagonalLTI(POLES, B, C, 0.3, conjugate=True)
T = np.cumsum(rng.exponential(0.2, 12)) * np.r_[0.01, np.ones(11)]
U = rng.normal(size=12)
SCHEMES = ("zoh", "foh", "bilinear")


def integrated(pole, scheme):
    """The state of x' = pole x + u from 0, by quadrature; by implicit steps for the trapezoid."""
    with mpmath.workdps(40):
        states, x = [0], mpmath.mpf(0)
        pole = mpmath.mpc(pole)
        for k in range(T.size - 1):
            d = mpmath.mpf(T[k + 1]) - mpmath.mpf(T[k])
            now, ahead = mpmath.mpf(U[k]), mpmath.mpf(U[k + 1])
            if scheme == "bilinear":  # (x+ - x)/d = (pole x+ + u+ + pole x + u)/2
                x = (x + d / 2 * (pole * x + now + ahead)) / (1 - d / 2 * pole)
            else:
                slope = (ahead - now) / d if scheme == "foh" else 0
                x = mpmath.exp(pole * d) * x + mpmath.quad(
                    lambda s, d=d, a=now, m=slope: mpmath.exp(pole * (d - s)) * (a + m * s),
                    mpmath.linspace(0, d, 9),
                )
            states.append(x)
        return np.array([complex(x) for x in states])


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("block", [irregular.BLOCK, 9])
def test_irregular_samples_are_integrals(scheme, block, monkeypatch):
    monkeypatch.setattr(irregular, "BLOCK", block)
    expected = B * np.stack([integrated(pole, scheme) for pole in POLES], axis=-1)
    y, x = lti.simulate(SYSTEM, U, states=True, times=T, scheme=scheme)
    np.testing.assert_allclose(x, expected, rtol=0, atol=1e-14 * abs(expected).max())
    output = 2 * (expected @ C).real + 0.3 * U
    np.testing.assert_allclose(y, output, rtol=0, atol=1e-13 * abs(output).max())
    for same in (lti.dense(SYSTEM), dplr()):
        got = lti.simulate(same, U, times=T, scheme=scheme)
        np.testing.assert_allclose(got, output, rtol=0, atol=1e-11 * abs(output).max())


def dplr():
    whole = lti.expand(SYSTEM)
    zero = np.zeros(whole.state_dim)
    return lti.DPLR(whole.poles, zero, zero, whole.B, whole.C, whole.D)


def test_batches_and_channels_are_loops():
    poles = POLES * np.array([[1.0], [0.5]])
    batch = ht.DiagonalLTI(poles, np.stack([B, B.conj()]), C, conjugate=True)
    signals = rng.normal(size=(5, 1, 12))
    got = lti.simulate(batch, signals, times=T, scheme="foh")
    for i in range(5):
        for h in range(2):
            one = lti.simulate(batch[h], signals[i, 0], times=T, scheme="foh")
            np.testing.assert_allclose(got[i, h], one, rtol=0, atol=1e-14 * abs(one).max())
    wide = ht.DiagonalLTI(POLES, rng.normal(size=(3, 2)), rng.normal(size=(2, 3)), conjugate=True)
    u = rng.normal(size=(2, 12))
    parts = [lti.simulate(lti.select(wide, 1, m), u[m], times=T) for m in range(2)]
    np.testing.assert_allclose(lti.simulate(wide, u, times=T)[1], sum(parts), atol=1e-13)


def test_a_stream_goes_on_from_its_state():
    y, x = lti.simulate(SYSTEM, U, states=True, times=T)
    rest = lti.simulate(SYSTEM, U[5:], x[5], times=T[5:])
    np.testing.assert_allclose(rest, y[5:], rtol=0, atol=1e-14 * abs(y).max())


ROWS = [
    *("zoh", "foh", "bilinear", "forward_euler", "backward_euler"),
    lti.generalized_bilinear(0.7),
]
WIDE = ht.DiagonalLTI(POLES[:2], rng.normal(size=(2, 2)), rng.normal(size=(2, 2)), np.eye(2),
                      conjugate=True)  # fmt: skip
SLOW = ht.DiagonalLTI(POLES[:2] / 10, B[:2], C[:2], 0.2, conjugate=True)


@pytest.mark.parametrize("layer", [False, True])
@pytest.mark.parametrize("row", ROWS, ids=lambda row: getattr(row, "name", row))
@pytest.mark.parametrize("system", [SLOW, WIDE, lti.dense(SLOW), lti.dense(WIDE)], ids=repr)
def test_the_rule_is_undone(system, row, layer):
    if layer and row == "foh":
        with pytest.raises(ValueError, match="which has no layer reading"):
            lti.continuous(lti.discretize(system, 0.1, "foh"), row, layer=True)
        return
    back = lti.continuous(lti.discretize(system, 0.1, row, layer=layer), row, layer=layer)
    exact = 1e-12 if isinstance(system, ht.DiagonalLTI) else 1e-10
    for one, other in zip(lti.matrices(back), lti.matrices(system), strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=exact * max(abs(other).max(), 1))


def test_branches_of_logarithms_are_kept():
    fast = ht.DiagonalLTI(-0.1 + np.array([100j, -50j]), [1.0, 1.0], [1.0, 2.0], conjugate=True)
    back = lti.continuous(lti.discretize(fast, 0.1, "zoh", layer=True), layer=True)
    np.testing.assert_allclose(back.poles, fast.poles, rtol=1e-14)
    without = lti.discretize(fast, 0.1, "zoh")
    alias = lti.continuous(
        ht.DiagonalLTI(without.poles, without.B, without.C, dt=0.1, conjugate=True)
    )
    assert (abs(alias.poles.imag) <= np.pi / 0.1).all()
    same = lti.discretize(alias, 0.1, "zoh")
    np.testing.assert_allclose(same.poles, without.poles, rtol=1e-13)


@pytest.mark.parametrize("scheme", ["zoh", "bilinear"])
@pytest.mark.parametrize("factor", [2.0, 0.5])
def test_a_layer_at_another_rate_is_the_layer_of_that_step(scheme, factor):
    log_dt, decay, C = np.log([0.1, 0.02]), np.zeros((2, 3)), rng.normal(size=(2, 3)) + 0j
    frequency = np.array([[0.0, 2.0, 5.0]] * 2)
    layer = lti.from_s4d(log_dt, decay, frequency, C, 0.5, scheme=scheme)
    expected = lti.from_s4d(log_dt + np.log(factor), decay, frequency, C, 0.5, scheme=scheme)
    got = lti.resample(layer, factor, scheme)
    np.testing.assert_allclose(got.dt, expected.dt)
    kernels = [lti.markov_parameters(one, 60) for one in (got, expected)]
    np.testing.assert_allclose(*kernels, rtol=0, atol=1e-13 * abs(kernels[1]).max())


MARGINAL = ht.DiagonalLTI([-1.0], [1.0], [1.0], dt=1.0)

BAD = [
    (lambda: lti.simulate(SYSTEM, U), "system must be discrete to be simulated"),
    (lambda: lti.simulate(lti.discretize(SYSTEM, 0.1), U, times=T), "must be in continuous time"),
    (lambda: lti.simulate(SYSTEM, U, scheme="foh"), "times must be given for scheme 'foh'"),
    (lambda: lti.simulate(SYSTEM, U, times=T[::-1]), "times must be strictly increasing"),
    (lambda: lti.simulate(SYSTEM, U[1:], times=T), "u must have shape (..., 12), got (1, 11)"),
    (lambda: lti.simulate(SYSTEM, U, times=T, method="fft"), "method must be 'auto' for times"),
    (lambda: lti.simulate(SYSTEM, U, times=T, scheme="tustin"), "unknown scheme 'tustin'"),
    (lambda: lti.simulate(-1e4 * SYSTEM, U, [1e305] * 3, times=T), "range of floating"),
    (lambda: lti.continuous(SYSTEM), "system must be discrete"),
    (lambda: lti.continuous(ht.DiagonalLTI([0.0], [1.0], [1.0], dt=1.0)), "no pole 0"),
    (lambda: lti.continuous(ht.DiagonalLTI([-0.5], [1.0], [1.0], dt=1.0)), "no negative real pole"),
    (lambda: lti.continuous(ht.LTI([[-0.5]], [1.0], [1.0], dt=1.0)), "no negative real pole"),
    (lambda: lti.continuous(MARGINAL, "bilinear"), "must be such"),
    (lambda: lti.continuous(ht.LTI([[-1.0]], [1.0], [1.0], dt=1.0), "bilinear"), "singular"),
    (lambda: lti.resample(lti.layer(lti.discretize(SYSTEM, 0.1)), 0.0), "factor must be greater"),
]  # fmt: skip


@pytest.mark.parametrize("call, sentence", BAD, ids=[s for _, s in BAD])
def test_refusals_of_times_and_rules(call, sentence):
    with pytest.raises((ValueError, np.linalg.LinAlgError)) as refusal:
        call()
    assert sentence in str(refusal.value)
