"""Gradient flow of coupled poles against Taylor series of 80 bits, LSODA and its own limit."""

import numpy as np
import pytest

from hippo_theory import learning
from hippo_theory.learning import _collocation

LONG = np.longdouble


def taylor(stats, b0, c0, t, order=26):
    """Literal Taylor series of b' = conj(c) e, c' = conj(b) e, e = s - M (b c), short steps."""
    kind = np.clongdouble if np.iscomplexobj(np.r_[b0, c0, stats.s]) else LONG
    M, s, b, c = (np.asarray(v).astype(kind) for v in (stats.M, stats.s, b0, c0))
    now, end = LONG(0), LONG(t)
    while now < end:
        size = abs(b) ** 2 + abs(c) ** 2
        pull = abs(s - M @ (b * c)).max() + (abs(M) @ size).max()
        h = min(LONG(0.3) / pull, end - now)
        B, C, E = [b], [c], []
        for k in range(order):
            w = sum(B[i] * C[k - i] for i in range(k + 1))
            E.append((s if k == 0 else 0) - M @ w)
            B.append(sum(C[i].conj() * E[k - i] for i in range(k + 1)) / (k + 1))
            C.append(sum(B[i].conj() * E[k - i] for i in range(k + 1)) / (k + 1))
        b, c = (sum(v * h**k for k, v in enumerate(series)) for series in (B, C))
        now += h
    return b * c


def problem(N, kind, seed=1):
    """Statistics of N poles on the real line or in the disk, and a start of the kind named."""
    rng = np.random.default_rng(seed)
    poles = np.linspace(-0.9, 0.9, N) if kind != "complex" else 0.8 * np.exp(2j * np.arange(N))
    weights = rng.normal(size=N) + (1j * rng.normal(size=N) if kind == "complex" else 0)
    stats = learning.population_statistics(poles, poles, weights)
    b, c = rng.normal(size=(2, N)) * 0.3
    if kind == "complex":
        b = b + 0.2j
    if kind == "balanced":
        c = b
    if kind == "tiny":
        b, c = 1e-30 * b, 1e-30 * c
    if kind == "asleep":  # balanced and too small to be felt until it wakes
        b = c = 1e-30 * b
    return stats, b, c


@pytest.mark.skipif(np.finfo(LONG).eps > 1e-18, reason="long doubles have no more digits here")
@pytest.mark.parametrize("kind", ["real", "balanced", "tiny", "asleep", "complex"])
@pytest.mark.parametrize("N, t", [(3, 12.0), (6, 4.0)])
def test_flow_is_its_taylor_series(N, t, kind):
    stats, b, c = problem(N, kind)
    path = learning.flow(stats, b, c, [t / 2, t])
    assert path.method.startswith("integrated")
    for time, w in zip(path.t, path.w, strict=True):
        exact = taylor(stats, b, c, time)
        # w(t) from a start of 1e-30 hangs on the rounding of its logarithm, as data hang on eps
        np.testing.assert_allclose(w, exact.astype(w.dtype), rtol=0, atol=3e-12 * abs(exact).max())
    assert path.drift <= 1e-12


def test_every_horizon_returns_and_ends_at_least_squares():
    for N in (2, 4, 8):
        stats, b, c = problem(N, "real")
        path = learning.flow(stats, b, c, [1.0, 1e3, 1e8, 1e16])
        best = np.linalg.solve(stats.M, stats.s)
        error = 64 * np.finfo(float).eps * np.linalg.cond(stats.M) * abs(best).max()
        np.testing.assert_allclose(path.w[-1], best, rtol=0, atol=error)
        assert (np.diff([learning.loss(stats, w) for w in path.w]) <= 1e-12 * stats.energy).all()


@pytest.mark.parametrize("N", [2, 5, 9])
def test_balanced_starts_of_every_size_end_at_their_limit(N):
    stats, b, _ = problem(N, "real", seed=N)
    for size in (1.0, 1e-40):
        for c in (b, -b, b * (-1.0) ** np.arange(N)):
            path = learning.flow(stats, size * b, size * c, [1e6, 1e9])
            limit = learning.flow_limit(stats, size * b, size * c)
            np.testing.assert_allclose(path.w[1], limit, rtol=0, atol=1e-9 * abs(limit).max())
            excess = learning.loss(stats, path.w[1]) - learning.loss(
                stats, np.linalg.solve(stats.M, stats.s)
            )
            assert path.optimal == (excess < 1e-9 * stats.energy)


def test_twenty_coupled_poles_reach_a_million_time_units():
    from scipy.integrate import solve_ivp

    N = 20
    stats, _, _ = problem(N, "real")
    b, c = np.full(N, 0.3), np.full(N, 0.1)
    path = learning.flow(stats, b, c, [1e4, 1e6])

    def slope(_, x):
        e = stats.s - stats.M @ (x[:N] * x[N:])
        return np.concatenate([x[N:] * e, x[:N] * e])

    x = solve_ivp(slope, (0, 1e6), np.r_[b, c], "LSODA", path.t, rtol=1e-12, atol=1e-14).y
    # what eps |M| t of rounding in s and M does to directions that M hardly sees
    uncertain = 2 * np.finfo(float).eps * np.linalg.norm(stats.M, 2) * path.t[:, None]
    assert (abs(path.w - (x[:N] * x[N:]).T) <= 1e-10 + uncertain).all()


def test_dense_output_is_the_flow_asked_for_one_time():
    stats, b, c = problem(5, "real")
    t = np.linspace(0.0, 30.0, 200)
    path = learning.flow(stats, b, c, t)
    for k in (1, 50, 111, 199):
        np.testing.assert_allclose(
            learning.flow(stats, b, c, t[k : k + 1]).w[0], path.w[k], atol=1e-11
        )


def test_a_flow_that_is_cut_off_says_how_far_it_came(monkeypatch):
    monkeypatch.setattr(_collocation, "STEPS", 3)
    stats, b, c = problem(5, "real")
    with pytest.raises(np.linalg.LinAlgError, match=r"flow must reach t / tau = 1e\+06 .* got to"):
        learning.flow(stats, b, c, [1e6])


@pytest.mark.parametrize("b, c, held", [
    ([0.3, 0.3], [0.3, 0.3], [1]), ([0.3, 0.3], [0.3, -0.3], []), ([0.3, 0.0], [0.1, 0.0], [1]),
    ([-0.3, 0.3], [0.3, 0.1], [0]),
])  # fmt: skip
def test_a_start_that_cannot_reach_the_minimum_is_told(b, c, held):
    stats = learning.population_statistics([0.9, 0.5], [0.9, 0.5], [1.0, -0.5])
    path = learning.flow(stats, b, c, [0.0, 1e4])
    excess = learning.loss(stats, path.w[-1])
    assert path.optimal == (not held) == (excess < 1e-12)
    assert (str(held) in path.note) == bool(held)
    if held:
        assert f"{excess:.3g} above" in path.note
        assert path.note in repr(path)


def test_flow_takes_extreme_units_or_refuses_them():
    stats, b, c = problem(3, "real")
    expected = learning.flow(stats, b, c, [0.0, 2.0]).w
    for tau in (1e-290, 1e290):
        np.testing.assert_allclose(
            learning.flow(stats, b, c, [0, 2 * tau], tau).w, expected, rtol=1e-12
        )
    with pytest.raises(ValueError, match="t / tau must be finite, got t = 2"):
        learning.flow(stats, b, c, [0.0, 2.0], tau=5e-324)
    with pytest.raises(np.linalg.LinAlgError, match="got to 0"):
        learning.flow(stats, 1e200 * b, 1e200 * c, [0.0, 2.0])
    with np.errstate(all="raise"):
        np.testing.assert_array_equal(learning.flow(stats, b, c, [0.0, 2.0]).w, expected)
    t = np.array([0.0, 2.0])
    assert not np.shares_memory(learning.flow(stats, b, c, t).t, t)


@pytest.mark.parametrize("train", ["both", "b"])
def test_the_latest_times_that_are_doubles_show_the_minimum(train):
    stats = learning.population_statistics([0.9, 0.5], [0.9, 0.5], [1.0, -0.5])
    path = learning.flow(stats, [0.5, 0.5], [0.1, 0.1], [0.0, 1.0], 1e-308, train)
    np.testing.assert_allclose(path.w[1], [1.0, -0.5], rtol=1e-12)
