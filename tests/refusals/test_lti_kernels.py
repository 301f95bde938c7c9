"""What kernels, gradients and simulations refuse, and in which words."""

import numpy as np
import pytest

import hippo_theory as ht

ONE = ht.DiagonalLTI([0.5], [1.0], [1.0], dt=1.0)
PAIR = ht.DiagonalLTI([0.5j], [1.0], [1.0], dt=1.0, conjugate=True)
CONTINUOUS = ht.DiagonalLTI([-0.5], [1.0], [1.0])
BATCH = ht.DiagonalLTI(np.full((3, 1), 0.5), np.ones((3, 1)), np.ones((3, 1)), dt=1.0)
WIDE = ht.LTI(np.eye(2) / 2, np.ones((2, 3)), np.ones((1, 2)), dt=1.0)
RANDOM = ht.LTI(np.random.default_rng(0).normal(size=(9, 9)), np.ones(9), np.ones(9))
GROWING = ht.DiagonalLTI([2.0], [1.0], [1.0], dt=1.0)

REFUSALS = [
    (lambda: ht.lti.kernel(np.eye(2), 4), "system must be an LTI, DiagonalLTI or DPLR"),
    (lambda: ht.lti.kernel(ONE, 0), "L must be a positive integer, got 0"),
    (lambda: ht.lti.kernel(ONE, 4, dt=0.1), "dt must be left out for a discrete system, got 0.1"),
    (lambda: ht.lti.kernel(ONE, 4, layer=True), "layer must be left out for a discrete system"),
    (lambda: ht.lti.kernel(CONTINUOUS, 4), "dt must be given for a continuous system, got None"),
    (lambda: ht.lti.kernel(CONTINUOUS, 4, dt=-1.0), "dt must be greater than 0, got -1"),
    (lambda: ht.lti.kernel(CONTINUOUS, 4, dt=np.nan), "dt must be finite, got nan"),
    (
        lambda: ht.lti.kernel(CONTINUOUS, 4, dt=1.0, scheme="bilinaer"),
        "did you mean 'bilinear'?",
    ),
    (
        lambda: ht.lti.kernel(CONTINUOUS, 4, dt=1.0, scheme="foh", layer=True),
        "layer must be False for foh",
    ),
    (lambda: ht.lti.kernel(ONE, 4, method="vandermond"), "did you mean 'vandermonde'?"),
    (
        lambda: ht.lti.kernel(WIDE, 4, method="vandermonde"),
        "system must be DiagonalLTI for method 'vandermonde', got LTI",
    ),
    (lambda: ht.lti.kernel(ONE, 4, method="s4"), "must be DPLR or LTI for method 's4'"),
    (
        lambda: ht.lti.kernel(RANDOM, 4, dt=0.1, method="s4"),
        "A must be a multiple of the identity plus a skew matrix minus low rank for method 's4'",
    ),
    (lambda: ht.lti.kernel(BATCH, 4, method="krylov"), "system must have no batch axes, got (3,)"),
    (lambda: ht.lti.kernel(ONE, 4, dtype=np.float16), "dtype must be 'float32' or 'float64'"),
    (lambda: ht.lti.kernel(ONE, 4, dtype=(0.1, 0.2)), "dtype must be 'float32' or 'float64'"),
    (lambda: ht.lti.kernel(ONE, 2**50), "L must leave the result in memory, got 1125899906842624"),
    (lambda: ht.lti.markov_parameters(ONE, 2**50), "L must leave the result in memory"),
    (
        lambda: ht.lti.kernel(CONTINUOUS, 4, 1.0, layer="no"),
        "layer must be True or False, got 'no'",
    ),
    (lambda: ht.lti.kernel_vjp(CONTINUOUS, [1.0], 1.0, layer=1), "layer must be True or False"),
    (lambda: ht.lti.discretize(CONTINUOUS, 1.0, layer=1), "layer must be True or False, got 1"),
    (lambda: ht.lti.simulate(ONE, [1.0], states=1e-300), "states must be True or False"),
    (lambda: ht.LTI([[1.0]], [1.0], [1.0], dt=True), "dt must be a real number, got True"),
    (lambda: ht.LTI([[1.0]], [1.0], [1.0], dt=[[1], [1, 2]]), "dt must be a rectangular array"),
    (lambda: ht.lti.kernel(GROWING, 2000), "the kernel leaves the range of floating point"),
    (lambda: ht.lti.kernel_vjp(WIDE, [1.0]), "system must be a DiagonalLTI, got LTI"),
    (lambda: ht.lti.kernel_vjp(BATCH, [1.0]), "cotangent must have shape (3, L), got (1,)"),
    (lambda: ht.lti.kernel_vjp(ONE, [[1.0]]), "cotangent must have shape (L,), got (1, 1)"),
    (lambda: ht.lti.kernel_vjp(PAIR, [1j]), "cotangent must be real, got dtype complex128"),
    (lambda: ht.lti.kernel_vjp(CONTINUOUS, [1.0]), "dt must be given for a continuous system"),
    (lambda: ht.lti.simulate(CONTINUOUS, [1.0]), "system must be discrete to be simulated"),
    (lambda: ht.lti.simulate(ONE, 1.0), "u must have at least 1 axis, got shape ()"),
    (lambda: ht.lti.simulate(ONE, []), "u must have at least one sample, got shape (0,)"),
    (lambda: ht.lti.simulate(ONE, [np.nan]), "u must be finite, got nan at index 0"),
    (lambda: ht.lti.simulate(ONE, [1.0], method="scam"), "did you mean 'scan'?"),
    (lambda: ht.lti.simulate(WIDE, np.ones((2, 9))), "u must have shape (..., 3, L), got (2, 9)"),
    (
        lambda: ht.lti.simulate(BATCH, np.ones((2, 9))),
        "leading axes of u must broadcast against those of the system (3,), got (2,)",
    ),
    (
        lambda: ht.lti.simulate(PAIR, [1j]),
        "u must be real for a system with implied conjugates, got dtype complex128",
    ),
    (
        lambda: ht.lti.simulate(ONE, [1.0], initial_state=[1.0, 2.0]),
        "initial_state must have shape (..., 1), got (2,)",
    ),
    (
        lambda: ht.lti.simulate(BATCH, np.ones((3, 9)), initial_state=np.ones((2, 1))),
        "initial_state must have shape (3, 1), got (2, 1)",
    ),
    (lambda: ht.lti.simulate(GROWING, np.ones(2000)), "the output leaves the range of floating"),
    (lambda: ht.lti.step(CONTINUOUS, [0.0], 1.0), "system must be discrete to be simulated"),
    (lambda: ht.lti.step(ONE, [0.0, 1.0], 1.0), "state must have shape (..., 1), got (2,)"),
    (lambda: ht.lti.convolve([], [1.0]), "kernel must have at least one sample, got shape (0,)"),
    (
        lambda: ht.lti.convolve(np.ones((2, 3, 4)), np.ones((2, 4))),
        "kernel must have shape (..., p, m, K) for u of shape (..., m, L), got (2, 3, 4) and",
    ),
    (
        lambda: ht.lti.convolve(np.ones((2, 4)), np.ones((3, 4))),
        "leading axes of kernel and u must broadcast, got (2, 4) and (3, 4)",
    ),
]


@pytest.mark.parametrize("call,sentence", REFUSALS, ids=[s for _, s in REFUSALS])
def test_refusals_say_what_is_wrong(call, sentence):
    with pytest.raises((ValueError, TypeError, np.linalg.LinAlgError)) as caught:
        call()
    assert sentence in str(caught.value)


@pytest.mark.parametrize("method", ["naive", "krylov", "vandermonde"])
def test_unstable_kernels_are_given_while_they_fit(method):
    h = ht.lti.kernel(GROWING, 1000, method=method)
    np.testing.assert_allclose(h[1:], 2.0 ** np.arange(999), rtol=1e-12)


def test_inputs_are_not_modified():
    u, x, h = np.ones((3, 40)), np.ones((3, 1)), np.ones((3, 40))
    for method in ("scan", "chunked", "fft"):
        ht.lti.simulate(BATCH, u, x, states=True, method=method)
        ht.lti.simulate(BATCH, u, x, method=method)
    ht.lti.step(BATCH, x, u[:, 0])
    ht.lti.convolve(h, u)
    assert (u == 1).all()
    assert (x == 1).all()
    assert (h == 1).all()
