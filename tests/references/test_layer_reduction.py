"""H2 optima interpolate at mirror images; reduced layers are layers, with the errors of kernels."""

import numpy as np
import pytest

import hippo_theory as ht

hankel, lti = ht.hankel, ht.lti
rng = np.random.default_rng(0)
RING = lti.family("lru_ring", 8, rng=rng, r_min=0.8, r_max=0.99, max_phase=1.0)
C = rng.normal(size=(2, 8)) + 1j * rng.normal(size=(2, 8))
B = rng.normal(size=(8, 3)) + 1j * rng.normal(size=(8, 3))
SYSTEMS = {
    "ring": RING,
    "many": ht.DiagonalLTI(RING.poles, B, C, 0.5, 1.0, True, log_poles=RING.log_poles),
    "continuous": lti.family("s4d_lin", 8, C=C[0]),
    "listed": ht.DiagonalLTI(0.9 * np.exp(1j * np.arange(6)), B[:6, 0], C[0, :6], dt=1.0),
}


def slope(system, point):
    """(G, G') of the partial fractions, in the plain definition."""
    whole = lti.expand(system)
    B, C = (a if a.ndim == 2 else a[:, None] for a in (whole.B, whole.C.T))
    terms = C[:, :, None] * B[:, None, :] / (point - whole.poles)[:, None, None]
    return terms.sum(axis=0), -(terms / (point - whole.poles)[:, None, None]).sum(axis=0)


@pytest.mark.parametrize("name", SYSTEMS)
@pytest.mark.parametrize("order", [2, 3])
def test_an_h2_optimum_interpolates_at_the_mirror_images_of_its_poles(name, order):
    system = SYSTEMS[name]
    best = hankel.h2_optimal(system, order)
    reduced = best.system
    assert reduced.is_stable
    assert lti.spectrum(reduced).size == order
    assert reduced.conjugate == system.conjugate
    vectors = reduced.B if reduced.B.ndim == 2 else reduced.B[:, None]
    outputs = reduced.C.T if reduced.C.ndim == 2 else reduced.C[:, None]
    for mu, b, c in zip(reduced.poles, vectors, outputs, strict=True):
        point = -mu.conj() if system.dt is None else 1 / mu.conj()
        (G, dG), (Gr, dGr) = slope(system, point), slope(reduced, point)
        b, c = b.conj() / np.linalg.norm(b), c.conj() / np.linalg.norm(c)
        size, fast = np.abs(G).max(), np.abs(dG).max()
        assert np.abs((G - Gr) @ b).max() <= 1e-5 * size
        assert np.abs(c @ (G - Gr)).max() <= 1e-5 * size
        assert abs(c @ (dG - dGr) @ b) <= 1e-4 * fast
    truncated = hankel.balanced_truncation(system, order).system
    assert best.error <= hankel.h2_norm(system - truncated) * (1 + 1e-12)


def test_the_error_is_that_of_kernels():
    best = hankel.h2_optimal(SYSTEMS["many"], 6)
    kernels = [lti.markov_parameters(s, 4096) for s in (SYSTEMS["many"], best.system)]
    np.testing.assert_allclose(best.error, np.linalg.norm(kernels[0] - kernels[1]), rtol=1e-9)
    assert best.stationarity < 1e-6


LAYERS = {
    "s4d": lti.from_s4d(
        np.log([0.1, 0.05]), np.zeros((2, 6)), np.arange(6.0) * np.ones((2, 1)),
        rng.normal(size=(2, 6)) + 0j, [0.5, -0.2],
    ),
    "lru": lti.from_lru(
        rng.uniform(-4, -1, 6), rng.uniform(-2, 1, 6), np.zeros(6),
        *(rng.normal(size=s) for s in [(6, 2), (6, 2), (2, 6), (2, 6)]), [0.5, -0.2],
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize("method", ["h2", "balanced", "hankel"])
def test_a_reduced_layer_is_a_layer(kind, method):
    layer = LAYERS[kind]
    smaller = hankel.reduce_layer(layer, 6, method=method)
    back = lti.to_s4d(smaller.system) if kind == "s4d" else lti.to_lru(smaller.system)
    np.testing.assert_allclose(back["D"], [0.5, -0.2], atol=1e-12)
    again = lti.from_s4d(**back) if kind == "s4d" else lti.from_lru(**back)
    kernels = [lti.markov_parameters(s, 4096) for s in (layer, again)]
    axes = 1 if kind == "s4d" else None
    error = np.sqrt(((kernels[0] - kernels[1]) ** 2).sum(axis=axes))
    np.testing.assert_allclose(smaller.error, error, rtol=1e-7)
    assert (smaller.relative_error < 1).all() if kind == "s4d" else smaller.relative_error < 1


BAD = [
    (lambda: hankel.h2_optimal(RING, 16), "order must be at most 15"),
    (lambda: hankel.h2_optimal(lti.dense(RING), 4), "system must be a DiagonalLTI"),
    (lambda: hankel.reduce_layer(RING, 4, method="bt"), "unknown method 'bt'"),
    (lambda: hankel.reduce_layer(SYSTEMS["continuous"], 4), "layer must be discrete and imply"),
]


@pytest.mark.parametrize("call, sentence", BAD, ids=[s for _, s in BAD])
def test_refusals_of_reductions(call, sentence):
    with pytest.raises((ValueError, TypeError)) as refusal:
        call()
    assert sentence in str(refusal.value)
