"""LTI values: connections, coordinates and readings are what their transfer functions say."""

import dataclasses
import operator
from itertools import product

import numpy as np
import pytest

import hippo_theory as ht
from hippo_theory.lti import DPLR, LTI, DiagonalLTI
from hippo_theory.lti.algebra import first_markov_parameter
from hippo_theory.lti.forms import matrices

Z = np.array([0.3 + 2j, 1.5 - 0.7j, -2.2 + 0.1j])


def transfer(system, z=Z):
    """The definition D + C (z I - A)^{-1} B with conjugates written out, (len(z), p, m)."""
    if isinstance(system, DiagonalLTI) and system.conjugate:
        B = system.B.reshape(system.state_dim, -1)
        C = system.C.reshape(-1, system.state_dim)
        D = system.D.reshape(C.shape[0], B.shape[1])
        poles = np.concatenate([system.poles, system.poles.conj()])
        B, C = np.concatenate([B, B.conj()]), np.concatenate([C, C.conj()], axis=1)
        return np.array([D + (C / (s - poles)) @ B for s in z])
    A, B, C, D = matrices(system)
    return np.array([D + C @ np.linalg.solve(s * np.eye(len(A)) - A, B) for s in z])


def example(kind, channels=(), dt=None, seed=0):
    rng = np.random.default_rng(seed)

    def draw(*shape):
        return rng.normal(size=shape) + 1j * rng.normal(size=shape)

    p, m = channels or (1, 1)
    B, C, D = draw(5, m), draw(p, 5), rng.normal(size=(p, m))
    if not channels:
        B, C, D = B[:, 0], C[0], D[0, 0]
    poles = 0.4 * draw(5) - 0.5
    poles[2] = -0.25
    rows = {
        "dense": lambda: LTI(0.3 * draw(5, 5), B, C, D, dt=dt),
        "diagonal": lambda: DiagonalLTI(poles, B, C, D, dt=dt),
        "conjugate": lambda: DiagonalLTI(poles, B, C, D, dt=dt, conjugate=True),
        "real poles": lambda: DiagonalLTI(poles.real, B, C, D, dt=dt, conjugate=True),
        "dplr": lambda: DPLR(poles, draw(5, 2), draw(5, 2), B, C, D, dt=dt),
    }
    return rows[kind]()


KINDS = ["dense", "diagonal", "conjugate", "real poles", "dplr"]
CHANNELS = [(), (1, 1), (2, 3), (3, 1)]


@pytest.mark.parametrize("channels", CHANNELS)
@pytest.mark.parametrize("kind", KINDS)
def test_dense_and_expanded_forms_have_the_transfer_function_of_the_value(kind, channels):
    system = example(kind, channels)
    exact = transfer(system)
    for form in (ht.lti.dense(system), ht.lti.expand(system)):
        assert not getattr(form, "conjugate", False)
        assert form.channel_shape == channels
        np.testing.assert_allclose(transfer(form), exact, rtol=0, atol=1e-12)


@pytest.mark.parametrize("first", KINDS)
def test_parallel_adds_and_series_multiplies_transfer_functions(first):
    for second, channels in product(KINDS, [(), (2, 2)]):
        G, H = example(first, channels), example(second, channels, seed=1)
        a, b = transfer(G), transfer(H)
        for op, exact in [(operator.add, a + b), (operator.sub, a - b), (operator.matmul, a @ b)]:
            np.testing.assert_allclose(transfer(op(G, H)), exact, rtol=0, atol=1e-11)


def test_series_applies_the_right_factor_first():
    G, H = example("dense", (2, 3)), example("dplr", (3, 1), seed=1)
    assert (G @ H).channel_shape == (2, 1)
    np.testing.assert_allclose(transfer(G @ H), transfer(G) @ transfer(H), rtol=0, atol=1e-11)


@pytest.mark.parametrize("kind", KINDS)
def test_scalars_multiply_the_transfer_function(kind):
    G = example(kind)
    for scaled, factor in [(-G, -1), (2 * G, 2), (G * 0.5, 0.5), (np.float64(3) * G, 3)]:
        assert type(scaled) is type(G)
        np.testing.assert_allclose(transfer(scaled), factor * transfer(G), rtol=0, atol=1e-12)


@pytest.mark.parametrize("channels", [(), (2, 3)])
@pytest.mark.parametrize("kind", ["dense", "diagonal", "conjugate", "dplr"])
def test_a_diagonal_similarity_keeps_the_structure_and_the_transfer_function(kind, channels):
    G = example(kind, channels)
    similar = ht.lti.similarity(G, np.array([1.0, 2.0, -3.0, 0.5, 1j]))
    assert type(similar) is type(G)
    np.testing.assert_allclose(transfer(similar), transfer(G), rtol=0, atol=1e-11)


@pytest.mark.parametrize("channels", [(), (2, 3)])
@pytest.mark.parametrize("kind", ["dense", "diagonal", "conjugate", "dplr"])
def test_a_full_similarity_keeps_the_transfer_function(kind, channels):
    G = example(kind, channels)
    n = ht.lti.dense(G).state_dim
    T = np.eye(n) + 0.1 * np.random.default_rng(2).normal(size=(n, n))
    similar = ht.lti.similarity(G, T)
    np.testing.assert_allclose(transfer(similar), transfer(G), rtol=0, atol=1e-11)
    np.testing.assert_allclose(similar.B, T @ ht.lti.dense(G).B, rtol=0, atol=1e-14)


@pytest.mark.parametrize("channels", [(), (2, 3)])
@pytest.mark.parametrize("kind", KINDS)
def test_the_layer_reading_shifts_the_markov_parameters_by_one(kind, channels):
    """With K_0 = D + C B the layer is z (G - D) + D, since C A (z - A)^{-1} B + C B = z (G - D)."""
    G = example(kind, channels, dt=1.0)
    D = G.D.reshape(channels or (1, 1))
    exact = Z[:, None, None] * (transfer(G) - D) + D
    layer = ht.lti.layer(G)
    assert type(layer) is type(G)
    np.testing.assert_allclose(transfer(layer), exact, rtol=0, atol=1e-11)


@pytest.mark.parametrize("kind", ["conjugate", "real poles"])
def test_the_layer_reading_of_conjugates_keeps_a_real_feedthrough(kind):
    G = example(kind, dt=1.0)
    assert ht.lti.layer(G).D.dtype.kind == "f"
    assert G.D + 2 * (G.C * G.B).real.sum() == ht.lti.layer(G).D


@pytest.mark.parametrize("channels", CHANNELS)
def test_the_dense_form_of_conjugates_is_real(channels):
    form = ht.lti.dense(example("conjugate", channels))
    assert {a.dtype.kind for a in (form.A, form.B, form.C, form.D)} == {"f"}


def test_expansion_merges_a_real_pole_into_one():
    G = example("conjugate")
    assert ht.lti.expand(G).state_dim == 9 == ht.lti.dense(G).state_dim
    np.testing.assert_array_equal(
        ht.lti.spectrum(G), np.concatenate([G.poles, np.delete(G.poles, 2).conj()])
    )
    merged = ht.lti.expand(G)
    assert merged.B[2] == abs(G.B[2])
    assert merged.C[2].imag == 0


def test_expansion_keeps_exact_logarithms():
    logs = np.array([-0.1 + 0.5j, -0.2 + 0j])
    G = DiagonalLTI(np.exp(logs), [1, 1], [1, 1], dt=1.0, conjugate=True, log_poles=logs)
    np.testing.assert_array_equal(ht.lti.expand(G).log_poles, [*logs, logs[0].conj()])


def test_parallel_keeps_exact_logarithms():
    G = DiagonalLTI([np.exp(-0.1)], [1], [1], dt=1.0, log_poles=[-0.1])
    H = DiagonalLTI([0.5], [1], [1], dt=1.0)
    np.testing.assert_array_equal((G + H).log_poles, [-0.1, np.log(0.5)])
    assert (H + H).log_poles is None
    assert (G + DiagonalLTI([0.0], [1], [1], dt=1.0)).log_poles is None


def test_the_spectrum_of_an_array_is_an_equal_array():
    poles = np.array([0.5, 0.25j])
    np.testing.assert_array_equal(ht.lti.spectrum(poles), poles)


def test_the_spectrum_of_dplr_is_that_of_the_whole_matrix():
    G = DPLR([0.0, 0.0], [1.0, 0.0], [1.0, 2.0], [1, 1], [1, 1])  # A = [[-1, -2], [0, 0]]
    np.testing.assert_array_equal(np.sort(ht.lti.spectrum(G)), [-1.0, 0.0])


def test_batches_broadcast_and_stay_shared():
    G = DiagonalLTI(
        -np.ones((1, 4)), np.ones((3, 4)), np.ones((1, 4)), D=np.zeros(3), dt=[0.1, 0.2, 0.3]
    )
    assert G.batch_shape == (3,)
    assert G.poles.shape == (1, 4)
    assert G.is_siso
    assert (G + G).poles.shape == (3, 8)
    assert ht.lti.layer(G).D.shape == (3,)
    assert repr(G) == "<DiagonalLTI: 4 poles, SISO, 3 systems (3,), dt from 0.1 to 0.3>"


def test_a_vector_beside_a_matrix_is_one_row_or_column():
    G = LTI(np.eye(2), [1.0, 2.0], np.ones((3, 2)))
    assert G.B.shape == (2, 1)
    assert G.channel_shape == (3, 1)
    H = DiagonalLTI(np.zeros((7, 2)), np.ones((7, 2, 4)), np.ones((7, 2)), D=2.0)
    assert H.C.shape == (7, 1, 2)
    assert H.channel_shape == (1, 4)
    assert (H.D == 2).all()


@pytest.mark.parametrize(
    "radius,dt,stable",
    [(-1e-3, None, True), (0.0, None, False), (0.999, 1.0, True), (1.0, 1.0, False)],
)
def test_stability_is_strict(radius, dt, stable):
    A = np.array([[radius, 5.0], [0.0, radius]])
    assert LTI(A, [1, 1], [1, 1], dt=dt).is_stable is stable
    rotation = np.array([[0.6, -0.8], [0.8, 0.6]])
    assert LTI(rotation @ A @ rotation.T, [1, 1], [1, 1], dt=dt).is_stable is stable
    assert DiagonalLTI([radius], [1], [1], dt=dt).is_stable is stable


def test_stability_is_decided_by_the_exact_logarithm():
    logs = np.array([-1e-18])
    G = DiagonalLTI(np.exp(logs), [1], [1], dt=1.0, log_poles=logs)
    assert G.poles[0] == 1.0
    assert G.is_stable


def test_a_rotated_legs_matrix_is_stable_where_its_eigenvalues_are_lost():
    n = 64
    root = np.sqrt(2 * np.arange(n) + 1.0)
    A = -np.tril(np.outer(root, root), -1) - np.diag(np.arange(1.0, n + 1))
    Q = np.linalg.qr(np.random.default_rng(0).normal(size=(n, n)))[0]
    rotated = LTI(Q @ A @ Q.T, Q @ root, np.ones(n))
    assert abs(np.sort(rotated.poles.real)[0] + n) > 1
    assert rotated.is_stable
    np.testing.assert_array_equal(LTI(A, root, root).poles, -np.arange(1, n + 1))


@pytest.mark.parametrize("kind", KINDS)
def test_values_cannot_be_changed_through_the_arrays_given(kind):
    G = example(kind)
    fields = {f.name: getattr(G, f.name) for f in dataclasses.fields(G)}
    given = {k: v.copy() if isinstance(v, np.ndarray) else v for k, v in fields.items()}
    H = type(G)(**given)
    for array in [v for v in given.values() if isinstance(v, np.ndarray)]:
        array[...] = 99.0
    for name, value in fields.items():
        np.testing.assert_array_equal(getattr(H, name), value)
        if isinstance(value, np.ndarray):
            with pytest.raises(ValueError, match="read-only"):
                getattr(H, name)[...] = 0


@pytest.mark.parametrize("channels", CHANNELS)
@pytest.mark.parametrize("kind", KINDS)
def test_replace_rebuilds_the_same_value(kind, channels):
    G = example(kind, channels)
    same = dataclasses.replace(G, dt=2.0)
    assert same.is_discrete
    np.testing.assert_array_equal(first_markov_parameter(same), first_markov_parameter(G))
    assert same.D.shape == G.D.shape


def test_a_static_gain_is_a_system_without_states():
    none = np.zeros(0)
    gains = [
        LTI(np.zeros((0, 0)), none, none, 2.0),
        DiagonalLTI(none, none, none, 2.0),
        DPLR(none, np.zeros((0, 1)), np.zeros((0, 1)), none, none, 2.0),
    ]
    G = example("dense")
    for gain in gains:
        assert gain.state_dim == 0
        assert gain.is_stable
        np.testing.assert_array_equal(ht.lti.transfer_function(gain, [1.0, 2.0]), [2.0, 2.0])
        np.testing.assert_array_equal(ht.lti.markov_parameters(gain, 3), [2.0, 0.0, 0.0])
        np.testing.assert_allclose(transfer(gain @ G), 2 * transfer(G), rtol=1e-14)
        for scheme in ht.lti.SCHEMES.values():
            if not scheme.takes_alpha:
                assert ht.lti.discretize(gain, 0.1, scheme).D == 2.0


@pytest.mark.parametrize("kind", KINDS)
def test_selected_channels_are_rows_and_columns_of_the_transfer_function(kind):
    G = example(kind, (2, 3))
    whole = transfer(G)
    for outputs, inputs in [([1, 0], [2]), ([-1], slice(1, 3)), (slice(None), [0, 0])]:
        part = transfer(ht.lti.select(G, outputs, inputs))
        np.testing.assert_allclose(part, whole[:, outputs][..., inputs], rtol=1e-14)
    one = ht.lti.select(G, 1, 2)
    assert one.is_siso
    np.testing.assert_allclose(transfer(one)[:, 0, 0], whole[:, 1, 2], rtol=1e-14)


def test_a_single_channel_with_and_without_axes_is_one_kind():
    bare = ht.LTI([[-1.0]], [1.0], [2.0], 3.0)
    boxed = ht.DiagonalLTI([-2.0], [[1.0]], [[1.0]], [[0.5]])
    g, h = (ht.lti.transfer_function(G, 1j).item() for G in (bare, boxed))
    for G, value in [(bare @ boxed, g * h), (boxed @ bare, g * h), (bare - boxed, g - h)]:
        assert G.channel_shape == (1, 1)
        assert abs(ht.lti.transfer_function(G, 1j).item() - value) < 1e-15
    assert (bare @ ht.lti.select(boxed, 0, 0)).is_siso


def test_an_index_keeps_shared_what_channels_share():
    G = ht.DiagonalLTI([[-0.5, 0.2]], np.ones((4, 2)), [[1.0, 2.0]], dt=[1.0, 2.0, 3.0, 4.0])
    assert G[1:].poles.shape == (1, 2)
    assert G[1:].batch_shape == (3,)
    assert G[2].poles.tolist() == [-0.5, 0.2]
    assert G[2].dt == 3.0
