"""Systems survive the exchange; trained layers keep their input-output map.

Every layer is evaluated literally, sample by sample and as its paper writes it, with NumPy.
"""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy import signal

import hippo_theory as ht
from hippo_theory.lti import DPLR, LTI, DiagonalLTI

EPS = np.finfo(float).eps
L = 40


def output(system, u):
    """Convolution with the Markov parameters: u and y are (..., L) or (..., m, L)."""
    h = ht.lti.markov_parameters(system, u.shape[-1])
    rows = []
    for k in range(u.shape[-1]):
        recent = u[..., k::-1] if k else u[..., :1]
        if system.is_siso:
            rows.append((h[..., : k + 1] * recent).sum(axis=-1))
        else:
            rows.append(np.einsum("...pmk,...mk->...p", h[..., : k + 1], recent))
    return np.stack(rows, axis=-1)


def pairs(values):
    return np.stack([values.real, values.imag], axis=-1)


def draw(rng, *shape):
    return rng.normal(size=shape) + 1j * rng.normal(size=shape)


@pytest.mark.parametrize("scheme", ["zoh", "bilinear"])
@pytest.mark.parametrize("given", ["complex", "pairs"])
@pytest.mark.parametrize("with_B", [False, True])
def test_from_s4d_is_the_layer(scheme, given, with_B):
    rng = np.random.default_rng(0)
    H, N = 3, 4
    log_dt, log_A_real = rng.uniform(-4, -1, H), rng.normal(size=(H, N)) - 1
    A_imag, C, D = 5 * rng.normal(size=(H, N)), draw(rng, H, N), rng.normal(size=H)
    B = draw(rng, H, N) if with_B else None
    as_given = pairs if given == "pairs" else np.asarray
    system = ht.lti.from_s4d(
        log_dt, log_A_real, A_imag, as_given(C), D, as_given(B) if with_B else None, scheme=scheme
    )
    u, y = rng.normal(size=(H, L)), np.zeros((H, L))
    for h in range(H):
        dt, A = np.exp(log_dt[h]), -np.exp(log_A_real[h]) + 1j * A_imag[h]
        if scheme == "zoh":
            A_bar, B_bar = np.exp(dt * A), (np.exp(dt * A) - 1) / A
        else:
            A_bar, B_bar = (1 + dt * A / 2) / (1 - dt * A / 2), dt / (1 - dt * A / 2)
        x = np.zeros(N, complex)
        for k in range(L):
            x = A_bar * x + B_bar * (B[h] if with_B else 1) * u[h, k]
            y[h, k] = 2 * (C[h] @ x).real + D[h] * u[h, k]
    assert system.batch_shape == (H,)
    np.testing.assert_allclose(output(system, u), y, rtol=0, atol=100 * L * EPS * abs(y).max())


def test_from_lru_is_the_layer():
    rng = np.random.default_rng(1)
    N, H = 5, 3
    nu_log, theta_log = rng.normal(size=N) - 2, rng.uniform(-2, 1.8, N)
    gamma_log, D = rng.normal(size=N), rng.normal(size=H)
    B, C = draw(rng, N, H), draw(rng, H, N)
    system = ht.lti.from_lru(nu_log, theta_log, gamma_log, B.real, B.imag, C.real, C.imag, D)
    u, y, x = rng.normal(size=(H, L)), np.zeros((H, L)), np.zeros(N, complex)
    poles = np.exp(-np.exp(nu_log)) * np.exp(1j * np.exp(theta_log))
    for k in range(L):
        x = poles * x + np.exp(gamma_log) * (B @ u[:, k])
        y[:, k] = (C @ x).real + D * u[:, k]
    np.testing.assert_allclose(output(system, u), y, rtol=0, atol=100 * L * EPS * abs(y).max())
    np.testing.assert_array_equal(system.log_poles.real, -np.exp(nu_log))


@pytest.mark.parametrize("scheme", ["zoh", "bilinear"])
@pytest.mark.parametrize("given", ["complex", "pairs"])
@pytest.mark.parametrize("conj_sym", [True, False])
@pytest.mark.parametrize("clip_eigs", [True, False])
def test_from_s5_is_the_layer(scheme, given, conj_sym, clip_eigs):
    rng = np.random.default_rng(2)
    P, H, rescale = 4, 2, 0.5
    Lambda_re, Lambda_im = -rng.random(P), 5 * rng.normal(size=P)
    Lambda_re[0] = 0.01  # clipped where the layer clips
    B, C, D = draw(rng, P, H), draw(rng, H, P), rng.normal(size=H)
    log_step = rng.uniform(-4, -1, (P, 1))
    as_given = pairs if given == "pairs" else np.asarray
    system = ht.lti.from_s5(
        Lambda_re,
        Lambda_im,
        as_given(B),
        as_given(C),
        D,
        log_step,
        scheme=scheme,
        conj_sym=conj_sym,
        clip_eigs=clip_eigs,
        step_rescale=rescale,
    )
    A = (np.clip(Lambda_re, None, -1e-4) if clip_eigs else Lambda_re) + 1j * Lambda_im
    dt = rescale * np.exp(log_step[:, 0])
    if scheme == "zoh":
        A_bar, B_bar = np.exp(A * dt), ((np.exp(A * dt) - 1) / A)[:, None] * B
    else:
        A_bar, B_bar = (1 + dt / 2 * A) / (1 - dt / 2 * A), (dt / (1 - dt / 2 * A))[:, None] * B
    u, y, x = rng.normal(size=(H, L)), np.zeros((H, L)), np.zeros(P, complex)
    for k in range(L):
        x = A_bar * x + B_bar @ u[:, k]
        y[:, k] = (2 if conj_sym else 1) * (C @ x).real + D * u[:, k]
    np.testing.assert_allclose(output(system, u), y, rtol=0, atol=100 * L * EPS * abs(y).max())


def test_single_precision_parameters_are_data_of_double_precision_systems():
    one = np.ones((2, 3), np.float32)
    system = ht.lti.from_s4d(one[:, 0], one, one, one.astype(np.complex64))
    assert system.poles.dtype == np.complex128
    assert np.float64(np.exp(np.float64(one[0, 0]))) == system.dt[0]


SYSTEMS = {
    "siso": LTI([[-1.0, 2.0], [0.0, -3.0]], [1.0, 2.0], [3.0, 4.0], 5.0),
    "mimo": LTI(-np.eye(2), np.ones((2, 3)), np.ones((1, 2)), np.ones((1, 3)), dt=0.25),
    "pairs": DiagonalLTI([-1 + 2j, -3.0], [1, 1j], [2, 1j], 0.5, conjugate=True),
    "dplr": DPLR([-1.0, -2.0], [1.0, 0.0], [1.0, 1.0], [1.0, 1.0], [1.0, 1.0], dt=1.0),
}


@pytest.mark.parametrize("kind", SYSTEMS)
def test_scipy_there_and_back_is_the_dense_form(kind):
    system = SYSTEMS[kind]
    there = ht.lti.to_scipy(system)
    assert isinstance(there, signal.StateSpace)
    back, dense = ht.lti.from_scipy(there), ht.lti.dense(system)
    assert back.dt == dense.dt
    assert back.channel_shape == dense.channel_shape
    for name in "ABCD":
        np.testing.assert_array_equal(getattr(back, name), getattr(dense, name))


def test_scipy_computes_the_same_responses():
    system = SYSTEMS["pairs"]
    w = np.array([0.1, 1.0, 7.0])
    theirs = signal.freqresp(ht.lti.to_scipy(system), w)[1]
    np.testing.assert_allclose(theirs, ht.lti.transfer_function(system, 1j * w), rtol=1e-13)
    discrete = ht.lti.discretize(system, 0.1)
    h = signal.dimpulse(ht.lti.to_scipy(discrete), n=9)[1][0][:, 0]
    np.testing.assert_allclose(h, ht.lti.markov_parameters(discrete, 9), rtol=0, atol=1e-14)


@pytest.mark.parametrize(
    "dt,expected", [(None, None), (0, None), (0.0, None), (True, 1.0), (0.5, 0.5)]
)
def test_objects_like_those_of_python_control_are_read_by_their_attributes(dt, expected):
    like = SimpleNamespace(
        A=np.eye(2), B=np.ones((2, 1)), C=np.ones((1, 2)), D=np.zeros((1, 1)), dt=dt
    )
    system = ht.lti.from_scipy(like)
    assert system.dt == expected
    assert system.is_siso


def test_inputs_may_be_read_only_and_are_not_modified():
    rng = np.random.default_rng(3)
    nu, theta, gamma, B, C = (rng.normal(size=s) for s in [3, 3, 3, (3, 2), (2, 3)])
    arrays = [nu, theta, gamma, B, B, C, C]
    for array in arrays:
        array.setflags(write=False)
    assert ht.lti.from_lru(*arrays).channel_shape == (2, 2)
