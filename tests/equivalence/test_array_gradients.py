"""Automatic gradients of PyTorch and JAX pass through what is linear in the samples."""

import numpy as np
import pytest

import hippo_theory as ht

T = np.linspace(0, 1, 9)
LAYER = ht.DiagonalLTI([0.5 + 0.1j, 0.3], [1.0, 1.0], [1.0, 2.0], dt=1.0, conjugate=True)
DENSE = ht.LTI([[0.5, 0.1], [0.0, 0.3]], [1.0, 1.0], [1.0, 2.0], dt=1.0)
V = np.array([0.5, -0.25, 0.125])

LINEAR = {
    "hope.kernel": lambda u, a: ht.hankel.hope.kernel(u, 9, 0.5),
    "hope.simulate": lambda u, a: ht.hankel.hope.simulate(a(V), u, 0.5),
    "legs.reconstruct": lambda u, a: ht.legs.reconstruct(u, 1.0, T),
    "legs.solve": lambda u, a: ht.legs.solve(u, T, 3).coefficients,
    "legs.solve, final state": lambda u, a: ht.legs.solve(u, T, 3, store="final"),
    "legs.step": lambda u, a: ht.legs.step(u[:3], 1.0, 2.0, u[3], u[4]),
    "lti.convolve": lambda u, a: ht.lti.convolve(a(V), u),
    "lti.simulate": lambda u, a: ht.lti.simulate(LAYER, u),
    "lti.simulate by FFT": lambda u, a: ht.lti.simulate(DENSE, u, method="fft"),
    "lti.simulate, states": lambda u, a: ht.lti.simulate(DENSE, u, states=True)[1],
    "lti.step": lambda u, a: ht.lti.step(LAYER, u[:2], u[2])[1],
    "memory.reconstruct": lambda u, a: ht.memory.reconstruct(u[:3], V, 5),
}


def torch_gradient(function, u, weights):
    torch = pytest.importorskip("torch", exc_type=ImportError)
    u = torch.tensor(u, requires_grad=True)
    value = function(u, torch.tensor)
    (value * torch.tensor(weights)).sum().backward()
    return u.grad.numpy()


def jax_gradient(function, u, weights):
    jax = pytest.importorskip("jax", exc_type=ImportError)
    array = jax.numpy.asarray
    return np.asarray(
        jax.grad(lambda u: (function(u, array) * array(weights)).sum())(array(u)), float
    )


@pytest.mark.parametrize("gradient, eps", [(torch_gradient, 2.0**-52), (jax_gradient, 2.0**-23)])
@pytest.mark.parametrize("door", LINEAR)
def test_the_gradient_of_a_linear_map_is_its_adjoint(door, gradient, eps):
    rng = np.random.default_rng(0)
    u, v = rng.standard_normal((2, 9))
    along = LINEAR[door](v, np.asarray)
    weights = rng.standard_normal(along.shape)
    found = gradient(LINEAR[door], u, weights)
    scale = np.linalg.norm(weights) * np.linalg.norm(along) + np.linalg.norm(found)
    assert abs(found @ v - (weights * along).sum()) <= 100 * eps * scale


def test_jit_is_refused_by_jax():
    jax = pytest.importorskip("jax", exc_type=ImportError)
    with pytest.raises(jax.errors.TracerBoolConversionError):
        jax.jit(lambda u: ht.lti.simulate(LAYER, u))(jax.numpy.ones(9))
