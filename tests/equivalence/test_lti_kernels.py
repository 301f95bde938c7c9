"""Every kernel is the literal double loop, every simulation the recurrence or a convolution."""

import dataclasses

import numpy as np
import pytest
from scipy import signal

import hippo_theory as ht
from hippo_theory.lti import METHODS, SIMULATIONS, s4
from tests.oracle import Exact

EPS = np.finfo(float).eps
L = 150  # several chunks, and no power of two


def system(kind, channels=(), batch=(), seed=0):
    """A discrete system of 4 states with |A| below 1, so that sums of L terms stay of order 1."""
    rng = np.random.default_rng(seed)

    def draw(*shape):
        return rng.normal(size=shape) + 1j * rng.normal(size=shape)

    p, m = channels or (1, 1)
    B, C, D = draw(*batch, 4, m), draw(*batch, p, 4), rng.normal(size=(*batch, p, m))
    if not channels:
        B, C, D = B[..., 0], C[..., 0, :], D[..., 0, 0]
    poles = rng.uniform(0.2, 0.95, (*batch, 4)) * np.exp(1j * rng.uniform(0, 6, (*batch, 4)))
    P, Q = 0.15 * draw(4, 2), 0.15 * draw(4, 2)
    mirrored = [np.concatenate([a, a.conj()], axis=-1) for a in (poles, C)]
    half = [np.concatenate([a, a.conj()], axis=0) for a in (P, Q, B)]
    rows = {
        "dense": lambda: ht.LTI(0.25 * draw(4, 4).real, B.real, C.real, D, dt=1.0),
        "complex dense": lambda: ht.LTI(0.2 * draw(4, 4), B, C, D, dt=1.0),
        "diagonal": lambda: ht.DiagonalLTI(poles, B, C, D, dt=1.0),
        "real diagonal": lambda: ht.DiagonalLTI(poles.real, B.real, C.real, D, dt=1.0),
        "conjugate": lambda: ht.DiagonalLTI(poles, B, C, D, dt=1.0, conjugate=True),
        "conjugate of real poles": lambda: ht.DiagonalLTI(
            poles.real, B, C, D, dt=1.0, conjugate=True
        ),
        "pole at 0": lambda: ht.DiagonalLTI(poles * [0, 1, 1, 1], B, C, D, dt=1.0),
        "dplr": lambda: ht.lti.DPLR(poles, P, Q, B, C, D, dt=1.0),
        "real dplr": lambda: ht.lti.DPLR(
            mirrored[0], half[0], half[1], half[2], mirrored[1], D, dt=1.0
        ),
    }
    return rows[kind]()


KINDS = [
    "dense",
    "complex dense",
    "diagonal",
    "real diagonal",
    "conjugate",
    "conjugate of real poles",
    "pole at 0",
    "dplr",
    "real dplr",
]
DIAGONAL = [kind for kind in KINDS if isinstance(system(kind), ht.DiagonalLTI)]
CASES = [(kind, channels, ()) for kind in KINDS for channels in [(), (2, 3), (1, 1)]]
CASES += [(kind, channels, (3,)) for kind in DIAGONAL for channels in [(), (2, 3)]]


def matrices(value):
    """A, B, C, D of one channel with conjugates listed."""
    return ht.lti.matrices(ht.lti.expand(value))


def channel(value, index):
    """The system at one index of the batch axes."""
    arrays = {
        name: np.broadcast_to(
            getattr(value, name),
            value.batch_shape + getattr(value, name).shape[len(value.batch_shape) :],
        )[index]
        for name in ("poles", "B", "C", "D")
    }
    return ht.DiagonalLTI(**arrays, dt=1.0, conjugate=value.conjugate)


def double_loop(value, L):
    """h_0 = D, h_k = C A^{k-1} B with every power multiplied out: (p, m, L)."""
    A, B, C, D = matrices(value)
    h = [D]
    for k in range(1, L):
        power = B
        for _ in range(k - 1):
            power = A @ power
        h.append(C @ power)
    return np.stack(h, axis=-1)


def accepted(value):
    rows = [row for row in METHODS.values() if isinstance(value, row.systems)]
    # a random dense matrix has no structure for s4, and krylov takes one channel at a time
    refused = {"s4": isinstance(value, ht.LTI), "krylov": value.batch_shape != ()}
    return [row.name for row in rows if not refused.get(row.name)]


@pytest.mark.parametrize("kind,channels,batch", CASES)
def test_every_kernel_is_the_double_loop(kind, channels, batch):
    value = system(kind, channels, batch)
    for index in np.ndindex(batch):
        one = channel(value, index) if batch else value
        exact = double_loop(one, 40)
        exact = exact if channels else exact[0, 0]
        for method in ["auto", *accepted(value)]:
            h = ht.lti.kernel(value, 40, method=method)
            assert h.shape == (*batch, *channels, 40)
            np.testing.assert_allclose(h[index], exact, rtol=0, atol=2000 * EPS)


@pytest.mark.parametrize("kind", KINDS)
def test_every_length_has_the_leading_terms_of_the_recurrence(kind):
    value = system(kind)
    exact = Exact(value).markov_parameters(1000)[:, 0, 0]
    for length in (1, 2, 3, 31, 32, 33, 1000):
        for method in accepted(value):
            h = ht.lti.kernel(value, length, method=method)
            assert h.shape == (length,)
            np.testing.assert_allclose(h, exact[:length], rtol=0, atol=4000 * EPS)


@pytest.mark.parametrize("kind", KINDS)
def test_real_systems_have_real_kernels_and_outputs(kind):
    value = system(kind)
    is_real = kind not in ("complex dense", "diagonal", "pole at 0", "dplr")
    for method in accepted(value):
        assert np.isrealobj(ht.lti.kernel(value, 8, method=method)) == is_real
    for method in SIMULATIONS:
        assert np.isrealobj(ht.lti.simulate(value, np.ones(8), method=method)) == is_real


@pytest.mark.parametrize("method", ["krylov", "vandermonde", "s4"])
def test_single_precision_is_that_of_the_products_alone(method):
    value = system("dense" if method == "krylov" else "conjugate")
    if method == "s4":
        value = system("real dplr")
    exact = ht.lti.kernel(value, 500)
    h = ht.lti.kernel(value, 500, method=method, dtype=np.float32)
    assert h.dtype == np.float32
    np.testing.assert_allclose(h, exact, rtol=0, atol=50 * np.finfo(np.float32).eps * 4)


def test_the_dtype_of_the_system_is_that_of_its_kernel():
    value = ht.DiagonalLTI(
        *(np.array([0.5, 0.25], np.float32) for _ in range(3)), D=np.float32(1), dt=1.0
    )
    for method in ["auto", *accepted(value)]:
        assert ht.lti.kernel(value, 8, method=method).dtype == np.float32


@pytest.mark.parametrize("layer", [False, True])
@pytest.mark.parametrize("scheme", ["bilinear", "backward_euler", "zoh"])
@pytest.mark.parametrize("kind", ["dense", "conjugate", "dplr"])
def test_the_kernel_of_a_continuous_system_is_that_of_its_discretization(kind, scheme, layer):
    value = dataclasses.replace(system(kind), dt=None)
    discrete = ht.lti.discretize(value, 0.1, scheme, layer)
    exact = ht.lti.kernel(discrete, 50, method="naive")
    for method in accepted(discrete):
        h = ht.lti.kernel(value, 50, dt=0.1, scheme=scheme, layer=layer, method=method)
        np.testing.assert_allclose(h, exact, rtol=0, atol=2000 * EPS * abs(exact).max())


def rng(row):
    return {"rng": np.random.default_rng(0)} if row.is_random else {}


def families(size):
    """Every dense family, of `size` states or one more, and its DPLR form where it has one."""
    for name, row in ht.lti.FAMILIES.items():  # C = 1 in the coordinates of the form
        n = size
        try:
            value = ht.lti.family(name, n, **rng(row))
        except ValueError:  # an odd number of states
            n += 1
            value = ht.lti.family(name, n, **rng(row))
        if not isinstance(value, ht.LTI):
            continue
        C = np.random.default_rng(n).normal(size=value.state_dim)
        yield f"{row.name} {n}", dataclasses.replace(value, C=C)
        if row.split is not None:
            yield f"{row.name} {n} dplr", ht.lti.family(name, n, form="dplr")


@pytest.mark.parametrize("size", [1, 2, 7, 16])
def test_s4_takes_every_hippo_family(size):
    """Also poles on the imaginary axis (lagt, legt, fout), also at 0 where N is odd."""
    for name, value in families(size):
        n = value.state_dim
        for length in (1, 2, 64, 65):
            exact = ht.lti.kernel(value, length, dt=0.05, method="naive")
            h = ht.lti.kernel(value, length, dt=0.05, method="s4")
            assert np.isrealobj(h)
            atol = 500 * n * EPS * (1 + abs(exact).max())
            np.testing.assert_allclose(h, exact, rtol=0, atol=atol, err_msg=name)


def test_s4_serves_several_inputs_and_outputs():
    legs, rng = ht.lti.family("legs", 8), np.random.default_rng(0)
    value = ht.LTI(legs.A, np.stack([legs.B, rng.normal(size=8)], axis=1), rng.normal(size=(3, 8)))
    exact = ht.lti.kernel(value, 64, dt=0.05, method="naive")
    h = ht.lti.kernel(value, 64, dt=0.05, method="s4")
    np.testing.assert_allclose(h, exact, rtol=0, atol=4000 * EPS * abs(exact).max())


def fractions(n, rank, real):
    """p = 2, m = 3; with `real` one of every pair of conjugates."""
    rng = np.random.default_rng(1)

    def draw(*shape):
        return rng.normal(size=shape) + 1j * rng.normal(size=shape)

    nu, mu = -rng.uniform(0.1, 1, n) + 1j * rng.uniform(1, 9, n), 1 + 0.1 * draw(n)
    left, right = draw(2 + rank, n), draw(n, 3 + rank)
    return s4.Fractions(mu, nu, left, right, (0.3, 0.2), rank, real)


@pytest.mark.parametrize("n", [1, 6, 7])
def test_sums_over_pairs_are_those_over_poles_and_conjugates(n):
    z = fractions(n, 0, real=True)
    poles, weights = s4._weights(z)
    theta = np.pi * np.arange(300) / 600
    s, c = np.sin(theta), np.cos(theta)
    v = (z.left[:, None, :] * z.right.T).reshape(-1, n).T
    both = [np.concatenate([a, a.conj()]) for a in (z.mu, z.nu, v)]
    exact = s4.cauchy_sums(s, c, *both)
    (a, b), (d, e) = (
        np.split(S, 2, axis=-1) for S in np.split(s4.paired_sums(s, c, poles, weights), 2)
    )
    s, c = s[:, None], c[:, None]
    sums = c * b - s * d + 1j * (s * a + c * e)
    np.testing.assert_allclose(sums, exact, rtol=0, atol=1e3 * EPS * abs(exact).max())


@pytest.mark.parametrize("length", [1, 2, 33, 3000])
@pytest.mark.parametrize("n", [1, 6, 7])
@pytest.mark.parametrize("rank", [0, 1, 2, 3])
def test_spectra_are_resolvents_of_diagonal_plus_low_rank(rank, n, length):
    """e^{i theta}/2 C (i s diag(mu) - c diag(nu) + t P Q^*)^{-1} B: compiled, for pairs, plain."""
    for real in (True, False):
        z = fractions(n, rank, real)
        mu, nu, left, right = z.mu, z.nu, z.left, z.right
        if real:
            mu, nu, left = (np.concatenate([a, a.conj()], axis=-1) for a in (mu, nu, left))
            right = np.concatenate([right, right.conj()])
        s, c = s4._nodes(length, real)
        spectrum = s4._spectrum(z, length, np.dtype(float), None)
        assert spectrum.shape == (2, 3, s.size)
        for k in range(s.size)[:: max(1, length // 40)]:
            t = z.coupling[0] * c[k] + 1j * z.coupling[1] * s[k]
            M = np.diag(1j * s[k] * mu - c[k] * nu) + t * right[:, 3:] @ left[2:]
            exact = 0.5 * (c[k] + 1j * s[k]) * left[:2] @ np.linalg.solve(M, right[:, :3])
            atol = 100 * n * EPS * np.linalg.cond(M) * (1 + abs(exact).max())
            np.testing.assert_allclose(spectrum[:, :, k], exact, rtol=0, atol=atol)


def recurrence(value, u, x):
    """x_{k+1} = A x_k + B u_k, y_k = C x_k + D u_k, one signal (m, L): y (p, L), states."""
    A, B, C, D = matrices(value)
    y, states = [], []
    for k in range(u.shape[-1]):
        states.append(x)
        y.append(C @ x + D @ u[:, k])
        x = A @ x + B @ u[:, k]
    return np.stack(y, axis=-1), np.stack(states)


@pytest.mark.parametrize("start", [False, True])
@pytest.mark.parametrize("kind,channels,batch", CASES)
def test_every_simulation_is_the_recurrence(kind, channels, batch, start):
    value = system(kind, channels, batch)
    rng = np.random.default_rng(3)
    u = rng.normal(size=(2, *batch, *channels[1:], L))
    N = value.state_dim
    x = rng.normal(size=(2, *batch, N)) + 1j * rng.normal(size=(2, *batch, N)) if start else None
    outputs = {m: ht.lti.simulate(value, u, x, states=True, method=m) for m in SIMULATIONS}
    alone = {m: ht.lti.simulate(value, u, x, method=m) for m in SIMULATIONS}
    for index in np.ndindex(2, *batch):
        one = channel(value, index[1:]) if batch else value
        pairs = one.conjugate if isinstance(one, ht.DiagonalLTI) else False
        begin = x[index] if start else np.zeros(N)
        if pairs and kind == "conjugate of real poles":
            continue  # expanded, its real poles are merged: the next test
        begin = np.concatenate([begin, begin.conj()]) if pairs else begin
        signal = u[index] if channels else u[index][None]
        y, states = recurrence(one, signal, begin)
        for method, (got, kept) in outputs.items():
            for one_y in (got[index], alone[method][index]):
                one_y = one_y if channels else one_y[None]
                np.testing.assert_allclose(one_y, y, rtol=0, atol=4000 * EPS, err_msg=method)
            np.testing.assert_allclose(kept[index], states[:, :N], rtol=0, atol=4000 * EPS)


@pytest.mark.parametrize("kind,channels,batch", CASES)
def test_the_final_state_is_the_last_step(kind, channels, batch):
    value = system(kind, channels, batch)
    rng = np.random.default_rng(7)
    u = rng.normal(size=(2, *batch, *channels[1:], 23))
    x = start = rng.normal(size=(*batch, value.state_dim))
    for k in range(23):
        x, _ = ht.lti.step(value, x, u[..., k])
    got = ht.lti.final_state(value, u, start)
    np.testing.assert_allclose(got, x, rtol=0, atol=1000 * EPS)
    chunks = ht.lti.final_state(value, u[..., 9:], ht.lti.final_state(value, u[..., :9], start))
    np.testing.assert_allclose(chunks, x, rtol=0, atol=1000 * EPS)
    assert (ht.lti.final_state(value, u[..., :0], start) == np.broadcast_to(start, x.shape)).all()


@pytest.mark.parametrize("kind,channels,batch", [case for case in CASES if case[2]])
def test_an_indexed_system_is_that_channel_of_the_batch(kind, channels, batch):
    value = system(kind, channels, batch)
    u = np.random.default_rng(8).normal(size=(*batch, *channels[1:], L))
    y = ht.lti.simulate(value, u)
    for index in [*np.ndindex(batch), slice(1, None), (-1,)]:
        got = ht.lti.simulate(value[index], u[index])
        np.testing.assert_allclose(got, y[index], rtol=0, atol=4000 * EPS)
    assert len(list(value)) == batch[0]


@pytest.mark.parametrize("method", SIMULATIONS)
@pytest.mark.parametrize("kind", ["dense", "diagonal", "real diagonal", "dplr"])
def test_complex_signals_are_two_real_ones(kind, method):
    value = system(kind, (2, 3))
    rng = np.random.default_rng(6)
    a, b = rng.normal(size=(2, 3, L))
    y, x = ht.lti.simulate(value, a + 1j * b, states=True, method=method)
    (ya, xa), (yb, xb) = (ht.lti.simulate(value, u, states=True, method=method) for u in (a, b))
    np.testing.assert_allclose(y, ya + 1j * yb, rtol=0, atol=4000 * EPS)
    np.testing.assert_allclose(x, xa + 1j * xb, rtol=0, atol=4000 * EPS)


@pytest.mark.parametrize("lengths", [(1, 1), (1, 9), (9, 1), (5, 9), (9, 5), (300, 300)])
def test_convolution_is_the_double_loop_without_aliasing(lengths):
    rng = np.random.default_rng(7)
    h, u = (rng.normal(size=n) for n in lengths)
    y = [sum(h[j] * u[k - j] for j in range(min(k + 1, h.size))) for k in range(u.size)]
    atol = 8 * np.log2(sum(lengths)) * EPS * np.linalg.norm(h) * np.linalg.norm(u)
    np.testing.assert_allclose(ht.lti.convolve(h, u), y, rtol=0, atol=atol)
    z = ht.lti.convolve(h, u * (1 + 2j))
    np.testing.assert_allclose(z, np.array(y) * (1 + 2j), rtol=0, atol=3 * atol)


@pytest.mark.parametrize("method", ["chunked", "fft", "scan"])
def test_many_chunks_agree_with_the_recurrence_for_wide_systems(method):
    rng = np.random.default_rng(8)
    poles = 0.99 * np.exp(1j * rng.uniform(0, np.pi, 70))
    value = ht.DiagonalLTI(poles, np.ones(70), rng.normal(size=70), dt=1.0, conjugate=True)
    u = rng.normal(size=2000)
    y, x = ht.lti.simulate(value, u, states=True, method=method)
    exact, states = recurrence(value, u[None], np.zeros(140))
    np.testing.assert_allclose(y, exact[0], rtol=0, atol=1e4 * EPS * abs(exact).max())
    np.testing.assert_allclose(x, states[:, :70], rtol=0, atol=1e4 * EPS * abs(states).max())


def test_kernels_without_channels_are_a_batch_that_one_signal_goes_through():
    h, u = np.arange(12.0).reshape(3, 4), np.array([1.0, -2.0, 0.5, 3.0])
    y = ht.lti.convolve(h, u)
    for kernel, answer in zip(h, y, strict=True):
        np.testing.assert_allclose(answer, np.convolve(kernel, u)[:4], rtol=0, atol=400 * EPS)


def test_a_dplr_closed_under_conjugation_has_a_real_kernel_in_any_order():
    """Conjugates apart, and two pairs of the same frequency."""
    poles = 0.5 * np.array([-1 + 1j, -0.5 + 1j, -0.5 - 1j, -1 - 1j])
    one, D = np.ones(4), np.array([2.0, 2.0 * (1 + 1e-9j)])
    real, complex_ = (ht.lti.DPLR(poles, 0.1 * one, one, one, one, d, dt=1.0) for d in D)
    for method in ("naive", "krylov", "s4"):
        h = ht.lti.kernel(real, 8, method=method)
        assert h.dtype == float
        exact = ht.lti.markov_parameters(real, 8)
        np.testing.assert_allclose(h, exact.real, rtol=0, atol=4000 * EPS)
        assert abs(exact.imag).max() <= 100 * EPS
        assert ht.lti.kernel(complex_, 8, method=method)[0].imag == pytest.approx(2e-9, rel=1e-5)


def diagonal(*poles):
    """The dense form, which "s4" has to take apart."""
    ones = np.ones(len(poles))
    return ht.LTI(np.diag(poles), ones, ones, dt=1.0)


NEAR_NODES = {
    "1 and 1/2": diagonal(1.0, 0.5),
    "-1 and 1/2": diagonal(0.5, -1.0),
    "1 - 1e-12": diagonal(1 - 1e-12, 0.5),
    "0 and i": diagonal(0.0, 1j),
    "a pole at 0": ht.lti.DPLR([0j], [0.1], [0.1], [1.0], [1.0], dt=1.0),
    "a pole at 1e-290": ht.lti.DPLR([1e-290j, 0], [0.1, 0], [0.1, 0], [1, 1], [1, 1], dt=1.0),
    "equal poles": ht.lti.DPLR([0.5, 0.5], [0.1, 0.1], [0.1, 0.1], [1, 1], [1, 1], dt=1.0),
    "growth": ht.lti.DPLR([1.1, 0.5], [0.1, 0.1], [0.1, 0.1], [1, 1], [1, 1], dt=1.0),
}


@pytest.mark.parametrize("length", [1, 2, 3, 32])
@pytest.mark.parametrize("name", NEAR_NODES)
def test_s4_is_the_recurrence_with_poles_on_nodes_and_at_zero(name, length):
    system = NEAR_NODES[name]
    h = ht.lti.kernel(system, length, method="s4")
    exact = ht.lti.markov_parameters(system, length)
    assert abs(h - exact).max() <= 1e-13 * max(abs(exact).max(), 1.0)


def test_s4_refuses_what_it_would_get_wrong():
    """The discrete form of a fast analog filter looks diagonal plus low rank, and is not."""
    b, a = signal.butter(4, 2 * np.pi * 5e3, analog=True)
    filters = ht.lti.from_scipy(signal.StateSpace(*signal.tf2ss(b, a)))
    with pytest.raises((ValueError, np.linalg.LinAlgError), match="method 's4'"):
        ht.lti.kernel(filters, 64, dt=1 / 48e3, scheme="zoh", method="s4")


@pytest.mark.parametrize("method", ["auto", "naive", "krylov", "s4"])
def test_kernels_of_no_states_and_no_channels(method):
    nothing = ht.LTI(np.zeros((0, 0)), np.zeros(0), np.zeros(0), 2.0, dt=1.0)
    assert ht.lti.kernel(nothing, 3, method=method).tolist() == [2.0, 0.0, 0.0]
    unseen = ht.LTI(np.eye(2) / 2, np.zeros((2, 1)), np.ones((0, 2)), np.zeros((0, 1)), dt=1.0)
    assert ht.lti.kernel(unseen, 3, method=method).shape == (0, 1, 3)
