"""Layers from checkpoints are the published formulas, and their parameters come back.

Every layer is evaluated literally, as its implementation writes it, with NumPy: a recurrence with
matrices, a sum over a kernel, or spectra.
"""

import ml_dtypes
import numpy as np
import pytest

import hippo_theory as ht

lti = ht.lti
EPS = np.finfo(float).eps
H, N, L = 3, 4, 24


def draw(rng, *shape):
    return rng.normal(size=shape) + 1j * rng.normal(size=shape)


def pairs(values):
    return np.stack([values.real, values.imag], axis=-1)


def kernels(layers):
    """(H, c, L) of the layers of a tuple or of a batch."""
    one = [np.atleast_2d(lti.markov_parameters(layers[h], L).squeeze()) for h in range(H)]
    return np.stack(one)


def s4_parameters(rng, S, outputs, rank):
    return {
        "inv_dt": rng.uniform(-4, -2, (H, 1)),
        "A_real": rng.uniform(-1, 0, (S, N)),
        "A_imag": 5 * rng.random((S, N)),
        "B": pairs(draw(rng, 1, S, N)),
        "C": pairs(draw(rng, outputs, H, N)),
        "P": pairs(0.3 * draw(rng, rank, S, N)),
        "D": rng.normal(size=(outputs, H)),
    }


def s4_kernel(p, sign=-1, stored=0):
    """C A_d^k B with matrices of 2N states, real by its conjugate halves, D at 0: (H, c, L)."""
    values = {name: p[name][..., 0] + 1j * p[name][..., 1] for name in "BCP"}
    both = lambda x: np.concatenate([x, x.conj()], -1)  # noqa: E731
    S, rows = len(p["A_real"]), np.zeros((H, p["C"].shape[0], L))
    for h in range(H):
        A = both(-np.exp(p["A_real"][h % S]) + sign * 1j * p["A_imag"][h % S])
        P = both(values["P"][:, h % S])
        A, dt = np.diag(A) - P.T @ P.conj(), np.exp(p["inv_dt"][h, 0])
        I = np.eye(2 * N)  # noqa: E741
        A_bar = np.linalg.solve(I - dt / 2 * A, I + dt / 2 * A)
        x = np.linalg.solve(I - dt / 2 * A, dt * both(values["B"][0, h % S]))
        C = both(values["C"][:, h])
        if stored:
            C = C @ np.linalg.inv(I - np.linalg.matrix_power(A_bar, stored))
        for k in range(L):
            rows[h, :, k] = (C @ x).real
            x = A_bar @ x
        rows[h, :, 0] += p["D"][:, h]
    return rows


@pytest.mark.parametrize("S, outputs, rank", [(1, 1, 1), (3, 1, 2), (2, 2, 1)])
def test_s4_is_its_recurrence_of_two_coupled_halves(S, outputs, rank):
    p = s4_parameters(np.random.default_rng(0), S, outputs, rank)
    expected = s4_kernel(p)
    got = kernels(lti.from_s4(**p))
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e3 * L * EPS * abs(expected).max())


def test_s4_undoes_the_length_that_the_file_multiplies_for():
    p = s4_parameters(np.random.default_rng(1), 1, 1, 1)
    layer = {f"model.layers.0.layer.kernel.{name}": v for name, v in p.items() if name != "D"}
    layer |= {"model.layers.0.layer.D": p["D"], "model.layers.0.layer.kernel.l_kernel": 1000}
    expected = s4_kernel(p, stored=1000)
    got = kernels(lti.from_state_dict(layer, "s4"))
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-11 * abs(expected).max())


def test_older_s4_has_a_plus_and_other_names():
    p = s4_parameters(np.random.default_rng(2), 1, 1, 1)
    names = {"inv_dt": "log_dt", "A_real": "inv_w_real", "A_imag": "w_imag"}
    old = {f"kernel.kernel.{names.get(n, n)}": v for n, v in p.items() if n != "D"} | {"D": p["D"]}
    old["kernel.kernel.log_dt"] = p["inv_dt"][:, 0]
    old |= {"kernel.kernel.L": 0, "kernel.kernel.omega": np.ones((L, 2)), "out.weight": np.eye(2)}
    expected = s4_kernel(p, sign=1)
    got = kernels(lti.from_state_dict(old, "s4"))
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e3 * L * EPS * abs(expected).max())


@pytest.mark.parametrize("per_state", [False, True])
@pytest.mark.parametrize("scheme", ["zoh", "bilinear"])
def test_shared_s4d_is_the_sum_over_its_states(per_state, scheme):
    rng, S = np.random.default_rng(3), 2
    p = s4_parameters(rng, S, 1, 1)
    del p["P"]
    p["inv_dt"] = rng.uniform(-4, -2, (H, N if per_state else 1))
    system = lti.from_state_dict({"kernel": p}, "s4d", scheme=scheme, transforms=["softplus"] * 3)
    soft = lambda x: np.log(1 + np.exp(x))  # noqa: E731
    k, B, C = np.arange(L), *(p[n][..., 0] + 1j * p[n][..., 1] for n in "BC")
    for h in range(H):
        A, dt = -soft(p["A_real"][h % S]) - 1j * soft(p["A_imag"][h % S]), soft(p["inv_dt"][h])
        pole, gain = np.exp(dt * A), (np.exp(dt * A) - 1) / A
        if scheme == "bilinear":
            pole, gain = (1 + dt * A / 2) / (1 - dt * A / 2), dt / (1 - dt * A / 2)
        expected = 2 * ((C[0, h] * B[0, h % S] * gain) @ pole[:, None] ** k).real
        expected[0] += p["D"][0, h]
        got = lti.markov_parameters(system[h], L)
        np.testing.assert_allclose(got, expected, rtol=0, atol=1e-13 * abs(expected).max())


def test_bidirectional_layers_are_two_systems():
    p = s4_parameters(np.random.default_rng(4), 1, 2, 1)
    p["D"] = p["D"][:1]  # C has twice as many rows
    forward, backward = lti.from_state_dict(p, "s4")
    both = s4_kernel(p | {"D": np.stack([p["D"][0], 0 * p["D"][0]])})
    for layers, expected in zip((forward, backward), np.moveaxis(both, 1, 0), strict=True):
        np.testing.assert_allclose(kernels(layers)[:, 0], expected, atol=1e-13 * abs(both).max())
    rng = np.random.default_rng(5)
    s5 = {"Lambda_re": -rng.random(N), "Lambda_im": rng.normal(size=N), "B": draw(rng, N, 2)}
    s5 |= {"C": draw(rng, 2, 2 * N), "D": np.ones(2), "log_step": np.zeros((N, 1))}
    halves = s5 | {"C1": s5["C"][:, :N], "C2": s5["C"][:, N:]}
    del halves["C"]
    for layer in (s5, halves):
        forward, backward = lti.from_state_dict(layer, "s5")
        alone = lti.from_s5(**(s5 | {"C": s5["C"][:, N:], "D": 0.0}))
        np.testing.assert_array_equal(backward.C, alone.C)
        assert abs(forward.D - backward.D).max() > 0.5


def test_hope_is_the_product_of_spectra():
    """A circular convolution of 4096 samples, which the kernel leaves as zeros."""
    rng, n, length = np.random.default_rng(6), 5, 4096
    log_dt, h, D = np.log([0.2, 1.0, 3.0]), draw(rng, H, n), rng.normal(size=H)
    checkpoint = {"kernel.log_dt": log_dt, "kernel.H": pairs(h), "D": D}
    z = np.exp(2j * np.pi * np.arange(length) / length)
    for k, layer in enumerate(lti.from_state_dict(checkpoint, "hope")):
        dt = np.exp(log_dt[k])
        w = ((1 + dt) * z + dt - 1) / ((dt - 1) * z + dt + 1)
        spectrum = sum(h[k, j] * np.exp(-1j * (j + 1) * np.angle(w)) for j in range(n))
        u = np.r_[rng.normal(size=length // 4), np.zeros(3 * length // 4)]
        y = np.fft.ifft(np.fft.fft(u) * spectrum).real + D[k] * u
        got = lti.simulate(layer, u)
        np.testing.assert_allclose(got, y, rtol=0, atol=1e-11 * abs(y).max())


S4D = {
    "log_dt": np.log([0.1, 0.01, 0.3]),
    "log_A_real": np.random.default_rng(7).normal(size=(H, N)),
    "A_imag": 30 * np.random.default_rng(8).normal(size=(H, N)),  # also beyond Nyquist
    "C": draw(np.random.default_rng(9), H, N),
    "D": np.ones(H),
}
RNG = np.random.default_rng(10)
LRU = {
    "nu_log": RNG.uniform(-6, 0, N), "theta_log": RNG.uniform(-3, 1.8, N),
    "gamma_log": np.zeros(N), "B_re": RNG.normal(size=(N, 2)), "B_im": RNG.normal(size=(N, 2)),
    "C_re": RNG.normal(size=(2, N)), "C_im": RNG.normal(size=(2, N)), "D": np.ones(2),
}  # fmt: skip
LRU["gamma_log"] = 0.5 * np.log1p(-np.exp(-2 * np.exp(LRU["nu_log"])))
S5 = {
    "Lambda_re": np.r_[0.01, -RNG.random(N - 1)], "Lambda_im": 5 * RNG.normal(size=N),
    "B": draw(RNG, N, 2), "C": draw(RNG, 2, N), "D": np.ones(2),
    "log_step": RNG.uniform(-4, -1, N),
}  # fmt: skip


@pytest.mark.parametrize("scheme", ["zoh", "bilinear"])
def test_parameters_come_back(scheme):
    rule = {"scheme": scheme}
    slow = S4D | {"A_imag": S4D["A_imag"] / (100 if scheme == "bilinear" else 1)}
    trips = [
        (slow, lti.to_s4d(lti.from_s4d(**slow, **rule), **rule)),
        (LRU, lti.to_lru(lti.from_lru(**LRU))),
        (S5, lti.to_s5(lti.from_s5(**S5, **rule), np.exp(S5["log_step"]), **rule)),
    ]
    for given, back in trips:
        assert list(back) == list(given)
        for name, values in given.items():
            error = abs(back[name] - values).max()
            assert error <= 1e-13 * max(abs(values).max(), 1.0), (name, error)


MIMO = ht.DiagonalLTI([0.9 + 0.3j, -0.4, 0.7], RNG.normal(size=(3, 2)), RNG.normal(size=(2, 3)),
                      dt=0.5, conjugate=True)  # fmt: skip
LISTED = ht.DiagonalLTI(
    [0.5, 0.3 - 0.6j, -0.7, 0.3 + 0.6j], [1.0, 2 - 1j, 3.0, 1.0], [1.0, 1j, 2.0, 1 - 2j], 0.4, 0.5
)


@pytest.mark.parametrize("kind", ["s4d", "lru", "s5"])
@pytest.mark.parametrize("which", ["one", "many"])
def test_systems_that_no_layer_made_are_layers_too(kind, which):
    """Real poles of either sign, conjugates listed in any order."""
    system = LISTED
    if which == "many":
        system = lti.layer(MIMO)
        if kind == "s4d":
            with pytest.raises(ValueError, match="must have one input and output a channel"):
                lti.to_s4d(system)
            return
    layer = {
        "s4d": lambda: lti.from_s4d(**lti.to_s4d(system))[0],
        "lru": lambda: lti.from_lru(**lti.to_lru(system)),
        "s5": lambda: lti.from_s5(**lti.to_s5(system, 0.3)),
    }[kind]()
    got, expected = (lti.markov_parameters(s, 40).reshape(-1, 40) for s in (layer, system))
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-13 * abs(expected).max())


def test_a_pole_close_to_the_circle_keeps_its_distance():
    near = S4D | {"log_A_real": np.full((H, N), np.log(1e-12)), "A_imag": np.ones((H, N))}
    back = lti.to_s4d(lti.from_s4d(**near))
    np.testing.assert_allclose(back["log_A_real"], near["log_A_real"], rtol=1e-14)


def test_lists_and_bfloat16_are_read_as_their_values():
    lists = {name: values.tolist() for name, values in S5.items() if name not in "BC"}
    one = lti.from_s5(B=S5["B"], C=S5["C"], **lists)
    np.testing.assert_array_equal(one.poles, lti.from_s5(**S5).poles)
    narrow = {name: values.astype(ml_dtypes.bfloat16) for name, values in LRU.items()}
    wide = {name: values.astype(np.float64) for name, values in narrow.items()}
    np.testing.assert_array_equal(lti.from_lru(**narrow).poles, lti.from_lru(**wide).poles)
    assert abs(wide["nu_log"] - LRU["nu_log"]).max() > 1e-4


BAD = [
    (lambda: lti.from_state_dict({"kernel.log_dt": 1, "kernel.A_imag": 1, "kernel.C_": 1}, "s4d"),
     "below one prefix for kind 's4d', got none of ['log_A_real', 'C']"),
    (lambda: lti.from_state_dict({"a": S5, "b": S5}, "s5"), "prefix must name one layer"),
    (lambda: lti.from_state_dict(S4D | {"P": 1}, "s4d"), "unknown entry below '' 'P'"),
    (lambda: lti.from_state_dict(S5, "s5", conjsym=True), "did you mean 'conj_sym'?"),
    (lambda: lti.from_state_dict(S5, "s6"), "unknown kind 's6'"),
    (lambda: lti.to_lru(MIMO), "must have a diagonal D, read as a layer, for an LRU layer"),
    (lambda: lti.to_lru(lti.from_s5(**S5)), "must have its poles inside the unit circle"),
    (lambda: lti.to_s5(ht.LTI([[0.5]], [1.0], [1.0], dt=1.0)), "must be a DiagonalLTI to be such"),
    (lambda: lti.to_s5(ht.DiagonalLTI([-1.0], [1.0], [1.0])), "must be discrete to be a layer"),
    (lambda: lti.to_s5(ht.DiagonalLTI([0.0], [1.0], [1.0], dt=1.0)), "none of them 0"),
    (lambda: lti.to_s5(ht.DiagonalLTI([0.5j], [1.0], [1.0], dt=1.0)), "in conjugate pairs"),
    (lambda: lti.from_s4(**s4_parameters(RNG, 1, 1, 1), sign=0), "sign must be 1 or -1, got 0"),
    (lambda: lti.from_hope([0.0], np.ones((2, 3, 2))), "H must have shape (1, n, 2)"),
]  # fmt: skip


@pytest.mark.parametrize("call, sentence", BAD, ids=[s for _, s in BAD])
def test_refusals_of_checkpoints(call, sentence):
    with pytest.raises((ValueError, TypeError)) as refusal:
        call()
    assert sentence in str(refusal.value)
