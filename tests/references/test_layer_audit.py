"""The numbers of an audit are those of kernels, grids and least squares."""

import ml_dtypes
import numpy as np
import pytest
from scipy import linalg

import hippo_theory as ht
from hippo_theory import _layer_numbers as numbers

lti = ht.lti
rng = np.random.default_rng(0)
H, N, L = 4, 3, 1 << 14
PARAMETERS = {
    "log_dt": np.log([0.05, 0.1, 0.1, 0.08]),
    "log_A_real": np.log([[0.5, 0.7, 0.6]] * H),
    "A_imag": np.array([[1.0, 7.0, 3.0], [1.0, 7.0, 90.0], [1.0, 7.0, 90.0], [1.0, 7.0, 3.0]]),
    "C": rng.normal(size=(H, N)) + 1j * rng.normal(size=(H, N)),
    "D": np.array([0.3, 0.2, 0.2, 0.0]),
}
PARAMETERS["C"][2] = 1.001 * PARAMETERS["C"][1]  # nearly the same channel
PARAMETERS["C"][3] *= 1e-5  # dead
LAYER = lti.from_s4d(**PARAMETERS)
RESULT = ht.audit(LAYER, length=100)
KERNELS = lti.markov_parameters(LAYER, L)  # decayed to 1e-100


def column(name):
    return np.array(RESULT.columns[name], float)


def modes():
    """(H, N, L): what every pair answers by itself."""
    return np.stack(
        [
            [
                lti.markov_parameters(
                    ht.DiagonalLTI([s.poles[j]], [s.B[j]], [s.C[j]], dt=1.0, conjugate=True), L
                )
                for j in range(N)
            ]
            for s in (LAYER[h] for h in range(H))
        ]
    )


def test_energies_are_sums_over_kernels():
    energy = (KERNELS**2).sum(axis=1)
    np.testing.assert_allclose(column("h2"), np.sqrt(energy), rtol=1e-12)
    np.testing.assert_allclose(column("instant"), KERNELS[:, 0] ** 2 / energy, rtol=1e-12)
    late = (KERNELS[:, 100:] ** 2).sum(axis=1) / energy
    np.testing.assert_allclose(column("beyond"), late, rtol=1e-10)
    alone = modes()
    norms = np.sqrt((alone**2).sum(axis=2))
    np.testing.assert_allclose(
        column("cancellation"), norms.sum(axis=1) / np.sqrt(energy), rtol=1e-12
    )
    folded = (alone[:, 2] ** 2).sum(axis=1) / energy * [0, 1, 1, 0]
    np.testing.assert_allclose(column("aliased_share"), folded, rtol=1e-12)


def test_the_gain_is_that_of_a_fine_grid():
    G = np.abs(np.fft.rfft(KERNELS, 1 << 20))
    assert (column("gain") >= G.max(axis=1) * (1 - 1e-12)).all()
    np.testing.assert_allclose(column("gain"), G.max(axis=1), rtol=1e-6)
    at = 2 * np.pi * G.argmax(axis=1) / (1 << 20)
    np.testing.assert_allclose(column("frequency"), at, atol=1e-4)
    assert (column("gain_bound") >= column("gain")).all()


def test_orders_and_ranks_are_those_of_the_hankel_matrix():
    for h in range(H):
        row = KERNELS[h, 1:2501]
        sigma = linalg.svdvals(linalg.hankel(row[:1250], row[1249:]))[: 2 * N]
        for word in ("1e-2", "1e-4", "1e-8"):
            assert RESULT.columns[f"rank_{word}"][h] == (sigma > float(word) * sigma[0]).sum()
        needed, sure = (RESULT.columns[f"order_{word}"][h] for word in ("needed", "sure"))
        gain = column("gain")[h]
        assert 2 * sigma[sure:].sum() <= 0.01 * gain < 2 * sigma[sure - 1 :].sum()
        assert needed <= sure


def test_likeness_and_rounding_are_those_of_kernels():
    unit = KERNELS / np.linalg.norm(KERNELS, axis=1, keepdims=True)
    alike = np.abs(unit @ unit.T) - 2 * np.eye(H)
    np.testing.assert_allclose(column("correlation"), alike.max(axis=1), rtol=1e-12)
    assert RESULT.columns["like"][1:3] == [2, 1]
    rounded = {}
    for name, values in PARAMETERS.items():
        parts = [p.astype(ml_dtypes.bfloat16).astype(float) for p in (values.real, values.imag)]
        rounded[name] = parts[0] + 1j * parts[1] if name == "C" else parts[0]
    error = np.linalg.norm(lti.markov_parameters(lti.from_s4d(**rounded), L) - KERNELS, axis=1)
    expected = error / np.linalg.norm(KERNELS, axis=1)
    np.testing.assert_allclose(column("bfloat16_error"), expected, rtol=1e-10)


def test_memory_of_many_inputs_is_least_squares():
    poles = np.array([0.9, 0.5 + 0.6j, 0.5 - 0.6j, -0.3, 0.9])  # twice 0.9: two inputs
    B = rng.normal(size=(5, 2)) + 0j
    B[2] = B[1].conj()
    A, R = numbers.orthonormal(np.log(poles.astype(complex)), B)
    np.testing.assert_allclose(A @ A.conj().T + R @ R.conj().T, np.eye(5), atol=1e-14)
    P, V, exact, ours = np.zeros((5, 5), complex), [B], [], []
    for _ in range(800):
        P = P + V[-1] @ V[-1].conj().T
        V.append(poles[:, None] * V[-1])
    for k in range(60):
        exact.append((V[k].conj() * np.linalg.solve(P, V[k])).sum(axis=0).real)
        ours.append((np.abs(R) ** 2).sum(axis=0))
        R = A @ R
    np.testing.assert_allclose(ours, exact, atol=1e-12)
    share = np.sum(exact, axis=1) / 2
    layer = ht.DiagonalLTI(poles, B, rng.normal(size=(2, 5)), dt=1.0)
    assert ht.audit(layer).columns["horizon"] == [int(np.flatnonzero(share >= 0.5)[-1])]


def test_findings_name_what_is_wrong():
    words = "\n".join(RESULT.findings)
    assert "1 of 4 channels are dead (H2 norm below 1e-3 of the median): channels 3" in words
    assert "2 of 4 channels are like another (correlation above 0.999): channels 1, 2" in words
    assert "2 of 4 channels have poles beyond Nyquist" in words
    assert RESULT.table()["channel"].iloc[-1] == 3
    assert repr(RESULT).count("\n") >= 4 + len(RESULT.findings)


def test_unstable_marginal_and_equal_poles_are_reported():
    poles = [[1.01, 0.5, 0.3], [1.0, 0.5, 0.3], [0.5, 0.5, 0.3]]
    ones = np.ones((3, 3))
    result = ht.audit(ht.DiagonalLTI(poles, ones, ones, dt=1.0))
    assert result.columns["unstable"] == [1, 1, 0]
    assert result.columns["coincident"] == [0, 0, 1]
    assert result.columns["h2"][:2] == [None, None]
    assert result.columns["dimension_bfloat16"][2] < 2 + 1e-9
    assert "2 of 3 channels have poles on or outside the unit circle" in result.findings[0]


@pytest.mark.parametrize("kind", ["s4", "hope", "mimo", "no states"])
def test_every_kind_of_layer_has_an_audit(kind):
    pairs = rng.normal(size=(1, 2, 4, 2))
    layer = {
        "s4": lambda: lti.from_s4([-3.0, -2.0], -np.ones((2, 4)), pairs[0, ..., 0],
                                  pairs, pairs, pairs / 4),
        "hope": lambda: lti.from_hope([-1.0, 0.5], pairs[0]),
        "mimo": lambda: lti.layer(lti.DiagonalLTI([0.9 + 0.1j, 0.5], np.ones((2, 3)),
                                                  np.ones((2, 2)), dt=1.0, conjugate=True)),
        "no states": lambda: ht.LTI(np.empty((0, 0)), [], [], 2.0, dt=1.0),
    }[kind]()  # fmt: skip
    result = ht.audit(layer)
    systems = layer if isinstance(layer, tuple) else (layer,)
    for one, h2, gain in zip(systems, *(result.columns[n] for n in ("h2", "gain")), strict=True):
        h = lti.markov_parameters(one, 4096).reshape(-1, 4096)
        np.testing.assert_allclose(h2, np.linalg.norm(h), rtol=1e-8)
        assert gain <= np.abs(h).sum() * (1 + 1e-12)


def test_what_is_no_layer_is_refused():
    with pytest.raises(TypeError, match="layer must be a system or a sequence of them"):
        ht.audit(np.eye(2))
    with pytest.raises(ValueError, match="layer must be discrete"):
        ht.audit(ht.LTI([[-1.0]], [1.0], [1.0]))
    with pytest.raises(ValueError, match="layer must hold at least one system"):
        ht.audit(())
