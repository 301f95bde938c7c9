"""Several inputs: memory curves and noise against the Gram matrix in 400 bits."""

import flint
import numpy as np
import pytest

import hippo_theory as ht
from hippo_theory import memory

RNG = np.random.default_rng(0)
RING = np.sqrt(RNG.uniform(0.5, 0.99, 6)) * np.exp(2j * np.pi * RNG.random(6))
CASES = {
    "ring": (RING, RNG.normal(size=(6, 2))),
    "real": (RNG.uniform(0, 0.99, 12), RNG.normal(size=(12, 3))),
    "near": (0.8 + 1e-6 * np.arange(5), RNG.normal(size=(5, 2))),
    "repeated": (np.array([0.5, 0.5, 0.3]), RNG.normal(size=(3, 2))),
    "units": (np.array([0.9, 0.5, -0.3]), np.array([[1e200, 0], [1, 1], [0, 1e-200]])),
}
K, NOISE = 20, 0.125


def system(name):
    poles, B = CASES[name]
    return ht.DiagonalLTI(poles, B, np.ones((1, poles.size)), dt=1.0)


def exact(poles, B, noise):
    """MC (K, m), d_eff and information of the definition, noise on the diagonal of P."""
    with flint.ctx.workprec(3000):
        N, m = B.shape
        z, b = [flint.acb(complex(p)) for p in poles], flint.acb_mat(B.astype(complex).tolist())
        gram = b * b.conjugate().transpose()
        entry = lambda i, j: gram[i, j] / (1 - z[i] * z[j].conjugate())  # noqa: E731
        P = flint.acb_mat([[entry(i, j) for j in range(N)] for i in range(N)])
        D = flint.acb_mat(N, N)
        for i in range(N):
            D[i, i] = flint.arb(noise) * P[i, i]
        curve, X = np.zeros((K, m)), b
        for k in range(K):
            Y = X.conjugate().transpose() * (P + D).solve(X)
            curve[k] = [float(Y[a, a].real.mid()) for a in range(m)]
            X = flint.acb_mat([[z[i] * X[i, a] for a in range(m)] for i in range(N)])
        dimension = float((P + D).solve(P).trace().real.mid())
        if not noise:
            return curve, dimension, np.inf
        ratio = ((P + D).det() / D.det()).real.log() / flint.arb(2).log()
        return curve, dimension, float(ratio.mid())


@pytest.mark.parametrize("name", CASES)
def test_memory_of_several_inputs_is_its_definition(name):
    curve, _, _ = exact(*CASES[name], 0.0)
    assert np.abs(memory.capacity(system(name), K) - curve).max() < 1e-13
    N = CASES[name][0].size
    assert abs(memory.capacity(system(name), 4000).sum() - N) < 1e-12


@pytest.mark.parametrize("noise", [NOISE, 1e-9])
@pytest.mark.parametrize("name", CASES)
def test_noisy_memory_of_several_inputs_is_its_definition(name, noise):
    curve, dimension, bits = exact(*CASES[name], noise)
    assert np.abs(memory.noisy_capacity(system(name), K, noise=noise) - curve).max() < 1e-12
    assert abs(memory.effective_dimension(system(name), noise=noise) - dimension) < 1e-12
    assert abs(memory.state_information(system(name), noise=noise) / bits - 1) < 1e-12


def test_one_of_two_equal_inputs_halves_the_memory():
    poles, b = CASES["real"][0][:5], np.ones((5, 1))
    two = ht.DiagonalLTI(poles, np.hstack([b, b]), np.ones((1, 5)), dt=1.0)
    one = memory.capacity(poles, K)
    np.testing.assert_allclose(memory.capacity(two, K), np.stack([one, one], 1) / 2, rtol=1e-12)


def test_implied_conjugates_are_listed():
    poles, B = np.array([0.5, 0.6 + 0.3j]), np.array([[1.0, 2.0], [1j, 1.0]])
    half = ht.DiagonalLTI(poles, B, np.ones((1, 2)), dt=1.0, conjugate=True)
    listed = np.r_[poles, poles[1:].conj()], np.concatenate([B, B[1:].conj()])
    assert np.abs(memory.capacity(half, K) - exact(*listed, 0.0)[0]).max() < 1e-13


@pytest.mark.parametrize("call, sentence", [
    (lambda: memory.capacity(ht.LTI([[0.5]], [[1.0, 2.0]], [[1.0]], dt=1.0), 3),
     "poles must belong to a diagonal system where there are several inputs, got"),
    (lambda: memory.capacity(system("ring"), 3, start=4), "options must be left at their defaults"),
    (lambda: memory.effective_dimension(system("ring"), "bfloat16", block=2),
     "poles must belong to a system with one input, got 2"),
    (lambda: memory.capacity(ht.DiagonalLTI([0.5, 0.5, 0.5], np.eye(3)[:, :2] + 1,
                                            np.ones((1, 3)), dt=1.0), 3),
     "states must be independent in 32 digits, got an error of"),
    (lambda: memory.noisy_capacity(ht.DiagonalLTI([0.5, 0.4], [[1.0, 1.0], [0.0, 0.0]],
                                                  np.ones((1, 2)), dt=1.0), 3, noise=0.1),
     "poles must belong to a system whose B has no rows of zeros, got one at the pole 0.4"),
])  # fmt: skip
def test_refusals(call, sentence):
    with pytest.raises((ValueError, np.linalg.LinAlgError)) as error:
        call()
    assert str(error.value).startswith(sentence)
