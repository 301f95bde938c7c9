"""Kernels, signals and responses of any array library are those of NumPy, on their device."""

from itertools import product

import numpy as np
import pytest

import hippo_theory as ht
from hippo_theory.lti import METHODS

L = 150


def complex_normal(rng, *shape):
    return rng.standard_normal(shape) + 1j * rng.standard_normal(shape)


def diagonal(rng, batch=(), channels=None, conjugate=False, real=False):
    poles = rng.uniform(0.3, 0.99, (*batch, 4)) * (
        1 if real else np.exp(1j * rng.uniform(0, 3, (*batch, 4)))
    )
    draw = (lambda *s: rng.standard_normal(s)) if real else (lambda *s: complex_normal(rng, *s))
    m, p = channels or (1, 1)
    B, C, D = draw(*batch, 4, m), draw(*batch, p, 4), rng.standard_normal((*batch, p, m))
    if channels is None:
        B, C, D = B[..., 0], C[..., 0, :], D[..., 0, 0]
    return ht.DiagonalLTI(poles, B, C, D, dt=1.0, conjugate=conjugate)


def orthogonal(rng, channels=None):
    A = 0.95 * np.linalg.qr(rng.standard_normal((5, 5)))[0]
    m, p = channels or (1, 1)
    B, C, D = rng.standard_normal((5, m)), rng.standard_normal((p, 5)), np.ones((p, m))
    return ht.LTI(A, *((B, C, D) if channels else (B[:, 0], C[0], 1.0)), dt=1.0)


def low_rank(rng):
    return ht.lti.discretize(ht.lti.family("legs", 5, form="dplr"), 0.05)


SYSTEMS = {
    "conjugate": lambda rng: diagonal(rng, conjugate=True),
    "conjugate batch": lambda rng: diagonal(rng, (3,), conjugate=True),
    "conjugate of real": lambda rng: diagonal(rng, conjugate=True, real=True),
    "complex": lambda rng: diagonal(rng),
    "real": lambda rng: diagonal(rng, real=True),
    "channels": lambda rng: diagonal(rng, channels=(2, 3), conjugate=True),
    "channels and batch": lambda rng: diagonal(rng, (3,), channels=(2, 3)),
    "dense": orthogonal,
    "dense channels": lambda rng: orthogonal(rng, (2, 3)),
    "low rank": low_rank,
}


def signal(system, rng, dtype=np.float32):
    shape = () if system.is_siso else (system.channel_shape[1],)
    return rng.standard_normal((2, *system.batch_shape, *shape, L)).astype(dtype).astype(float)


def tolerance(eps, reference):
    """Powers by log2(L) squarings and sums of N + L terms."""
    return 16 * L * eps * max(abs(reference).max(), 1)


CASES = [
    (name, method)
    for name in SYSTEMS
    for method, row in METHODS.items()
    if isinstance(SYSTEMS[name](np.random.default_rng(0)), row.systems)
    and not (method == "krylov" and "batch" in name)
    and not (method == "s4" and "dense" in name)
]


def test_kernels_are_those_of_numpy(xp):
    there = {"xp": xp.xp, "device": None if xp.xp is np else xp.device}
    for name, method in CASES:
        system = SYSTEMS[name](np.random.default_rng(0))
        expected = ht.lti.kernel(system, L, method=method)
        for dtype in {xp.dtype, "float32"}:
            h = ht.lti.kernel(system, L, method=method, dtype=dtype, **there)
            error = abs(xp.host(h, dtype) - expected).max()
            assert error <= tolerance(np.finfo(dtype).eps, expected), (name, method)


@pytest.mark.parametrize("method", ["chunked", "fft"])
def test_signals_are_those_of_numpy(xp, method):
    for name, starts in product(SYSTEMS, (False, True)):
        rng = np.random.default_rng(1)
        system = SYSTEMS[name](rng)
        u, x = signal(system, rng), rng.standard_normal(system.state_dim) if starts else None
        expected = ht.lti.simulate(system, u, x)
        there = None if x is None else xp.array(x)
        y = ht.lti.simulate(system, xp.array(u), there, method=method)
        assert abs(xp.host(y) - expected).max() <= tolerance(xp.eps, expected), name


def test_states_are_those_of_numpy(xp):
    for name, build in SYSTEMS.items():
        rng = np.random.default_rng(2)
        system = build(rng)
        u, x = signal(system, rng), rng.standard_normal(system.state_dim)
        y, states = ht.lti.simulate(system, u, x, states=True)
        y_there, there = ht.lti.simulate(system, xp.array(u), xp.array(x), states=True)
        assert abs(xp.host(y_there) - y).max() <= tolerance(xp.eps, y), name
        assert abs(xp.host(there) - states).max() <= tolerance(xp.eps, states), name


def test_gradients_are_those_of_numpy(xp):
    for name, build in SYSTEMS.items():
        rng = np.random.default_rng(3)
        system = build(rng)
        if not isinstance(system, ht.DiagonalLTI):
            continue
        shape = (*system.batch_shape, *(() if system.is_siso else system.channel_shape), L)
        g = rng.standard_normal(shape).astype(np.float32).astype(float)
        expected = ht.lti.kernel_vjp(system, g)
        gradient = ht.lti.kernel_vjp(system, xp.array(g))
        for field in ("poles", "B", "C", "D"):
            value = getattr(expected, field)
            error = abs(xp.host(getattr(gradient, field)) - value).max()
            assert error <= tolerance(xp.eps, value), name


@pytest.mark.parametrize("kernels, signals", [((), (2,)), ((2,), (2,)), ((3, 2), (2,))])
def test_convolutions_are_those_of_numpy(xp, kernels, signals):
    rng = np.random.default_rng(4)
    h, u = rng.standard_normal((*kernels, 40)), rng.standard_normal((*signals, L))
    expected = ht.lti.convolve(h, u)
    y = ht.lti.convolve(xp.array(h), xp.array(u))
    assert abs(xp.host(y) - expected).max() <= tolerance(xp.eps, expected)


def test_responses_are_those_of_numpy(xp):
    for name, build in SYSTEMS.items():
        rng = np.random.default_rng(5)
        system = build(rng)
        z = 1.1 * np.exp(1j * rng.uniform(0, 6, (3, 4)))
        expected = ht.lti.transfer_function(system, z)
        value = ht.lti.transfer_function(system, xp.array(z))
        assert abs(xp.host(value) - expected).max() <= tolerance(xp.eps, expected), name


def test_a_real_system_has_real_responses_at_real_points(xp):
    system = diagonal(np.random.default_rng(6), real=True)
    value = ht.lti.transfer_function(system, xp.array([1.5, 2.0]))
    assert xp.host(value).dtype.kind == "f"
