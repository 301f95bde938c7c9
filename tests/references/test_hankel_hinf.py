"""H-infinity certificates of near-marginal and nearly cancelling systems, in ball arithmetic."""

import flint
import numpy as np
import pytest

import hippo_theory as ht
from hippo_theory import hankel

EPS = np.finfo(float).eps
DAMPING = [1e-3, 1e-6, 1e-8, 1e-10]


def near_marginal(n, least, discrete, seed=0):
    """A real system of conjugate pairs at least `least` from the boundary, dense and rotated."""
    rng = np.random.default_rng(seed)
    damping = least * 10 ** np.linspace(0, 2, n // 2)
    angle = np.linspace(0.3, 2.8, n // 2) + 0.05 * rng.random(n // 2)
    poles = (1 - damping) * np.exp(1j * angle) if discrete else angle * (-damping + 1j)
    B, C = rng.normal(size=(2, n // 2)) + 1j * rng.normal(size=(2, n // 2))
    blocks = ht.lti.dense(ht.DiagonalLTI(poles, B, C, dt=1.0 if discrete else None, conjugate=True))
    V = np.linalg.qr(rng.normal(size=(n, n)))[0] * (1 + rng.random(n))
    inverse = np.linalg.inv(V)
    return ht.LTI(V @ blocks.A @ inverse, V @ blocks.B, blocks.C @ inverse, dt=blocks.dt)


def largest(G, angles):
    """max |G| over the given frequencies, of the exact floats A, B and C."""
    flint.ctx.dps = 60
    n = G.state_dim
    ball = lambda M: flint.acb_mat(*M.shape, [float(x) for x in M.ravel()])  # noqa: E731
    A, B, C = ball(G.A), ball(G.B[:, None]), ball(G.C[None])
    one = flint.acb_mat(n, n, [float(i == j) for i in range(n) for j in range(n)])
    points = [flint.acb(0, float(w)) for w in angles]
    points = [z.exp() for z in points] if G.is_discrete else points
    return max(float(abs((C * (z * one - A).solve(B))[0, 0]).mid()) for z in points)


@pytest.mark.parametrize("discrete", [False, True])
@pytest.mark.parametrize("least", DAMPING)
@pytest.mark.parametrize("n", [4, 16, 32])
def test_dense_certificates_are_narrow_however_near_the_boundary(n, least, discrete):
    G = near_marginal(n, least, discrete)
    value, lower, upper = hankel.hinf_norm(G, certificate=True)
    assert lower <= value <= upper <= lower * (1 + 1e-6)
    near = G.poles[G.poles.imag > 0]  # eigenvalues rounded by some eps, to find the peaks by
    centres = np.angle(near) if discrete else near.imag
    damping = 1 - abs(near) if discrete else -near.real
    found = largest(G, np.concatenate([centres, centres + 0.3 * damping]))
    assert found <= upper
    assert found > 0.5 * lower


@pytest.mark.parametrize("discrete", [False, True])
@pytest.mark.parametrize("distance", [1e-3, 1e-6, 1e-9, 1e-13])
def test_the_difference_of_two_close_poles_keeps_its_digits(discrete, distance):
    a = 0.5 if discrete else -0.5
    b = a * (1 + distance)
    G, H = (ht.DiagonalLTI([x], [1.0], [3.0], dt=1.0 if discrete else None) for x in (a, b))
    value, lower, upper = hankel.hinf_norm(G - H, certificate=True)
    exact = 3 * abs(b - a) / abs((discrete - a) * (discrete - b))  # at z = 1 or s = 0
    assert lower <= exact * (1 + 4 * EPS)
    assert exact * (1 - 4 * EPS) <= upper <= lower * (1 + 2e-10)
    np.testing.assert_allclose(value, exact, rtol=1e-10)


@pytest.mark.parametrize("discrete", [False, True])
@pytest.mark.parametrize("distance", [1e-6, 1e-10, 1e-14])
@pytest.mark.parametrize("n", [4, 32])
def test_the_difference_of_two_close_systems_is_certified(n, distance, discrete):
    rng = np.random.default_rng(n)
    turns = np.exp(1j * rng.uniform(0.1, 3.0, n))
    poles = rng.uniform(0.3, 0.95, n) * turns if discrete else -rng.uniform(0.1, 1, n) + 3 * turns
    poles = poles if discrete else np.minimum(poles.real, -0.1) + 1j * poles.imag
    moved = poles * (1 + distance * rng.normal(size=n))
    dt, C = (1.0 if discrete else None), rng.normal(size=n)
    other = C * (1 + distance * rng.normal(size=n))
    pairs = [(poles, C), (moved, other)]
    G, H = (ht.DiagonalLTI(x, np.ones(n), c, dt=dt, conjugate=True) for x, c in pairs)
    value, lower, upper = hankel.hinf_norm(G - H, certificate=True)
    assert lower <= value <= upper <= lower * (1 + 1e-8)
    flint.ctx.dps = 60
    grid = np.concatenate([np.linspace(0, 3.2, 400), np.angle(poles) if discrete else poles.imag])
    ball = lambda z: flint.acb(float(z.real), float(z.imag))  # noqa: E731

    def response(system, z):
        full = ht.lti.expand(system)
        terms = zip(full.poles, full.B * full.C, strict=True)
        return sum((ball(complex(r)) / (z - ball(p)) for p, r in terms), flint.acb(0))

    points = [flint.acb(0, float(w)) for w in grid]
    points = [z.exp() for z in points] if discrete else points
    found = max(float(abs(response(G, z) - response(H, z)).mid()) for z in points)
    assert 0.99 * lower <= found <= upper


def supremum(G, points=2000):
    """Maximum of |G| over the boundary: grid maxima, refined by golden sections in balls."""
    grid = np.linspace(-np.pi, np.pi, points)
    grid = grid if G.is_discrete else np.tan(grid / 2)
    values = abs(ht.lti.transfer_function(G, np.exp(1j * grid) if G.is_discrete else 1j * grid))
    inner = values[1:-1]
    tops = 1 + np.flatnonzero((inner >= values[:-2]) & (inner >= values[2:]))
    tops = np.r_[tops[np.argsort(values[tops])[-3:]], 1, points - 2]
    return max(_golden(lambda w: largest(G, [w]), grid[k - 1], grid[k + 1]) for k in tops)


def _golden(f, a, b, steps=40):
    shrink = (np.sqrt(5) - 1) / 2
    x, y = b - shrink * (b - a), a + shrink * (b - a)
    fx, fy = f(x), f(y)
    for _ in range(steps):
        if fx > fy:
            b, y, fy = y, x, fx
            x = b - shrink * (b - a)
            fx = f(x)
        else:
            a, x, fx = x, y, fy
            y = a + shrink * (b - a)
            fy = f(y)
    return max(fx, fy)


def rank_deficient(rng):
    A = rng.normal(size=(4, 2)) @ rng.normal(size=(2, 4))
    return 0.9 * A / abs(np.linalg.eigvals(A)).max()


def skew(rng):
    X = rng.normal(size=(3, 3))
    return 0.9 * (X - X.T) / abs(np.linalg.eigvals(X - X.T)).max()


def dependent_columns(rng):
    A = rng.normal(size=(3, 3))
    A[:, 2] = 2 * A[:, 0]
    return 0.8 * A / max(abs(np.linalg.eigvals(A)).max(), 0.1)


def projector(rng):
    v = rng.normal(size=3)
    return 0.9 * (np.eye(3) - np.outer(v, v) / (v @ v))


def nilpotent(rng):
    T = np.triu(rng.normal(size=(4, 4)), 1)
    Q = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    return Q @ T @ Q.T


def fir(rng):
    return np.eye(5, k=-1)


def pole_at_minus_two_over_step(rng):
    T = np.diag([-2.0, -0.3, -1.0]) + np.triu(rng.normal(size=(3, 3)), 1)
    return np.linalg.solve(np.eye(3) - T / 2, np.eye(3) + T / 2)


SINGULAR = [rank_deficient, skew, dependent_columns, projector, nilpotent, fir]
SINGULAR += [pole_at_minus_two_over_step]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("family", SINGULAR, ids=lambda f: f.__name__)
def test_certificates_of_singular_matrices_contain_the_supremum(family, seed):
    rng = np.random.default_rng(seed)
    A = family(rng)
    B, C = rng.normal(size=(2, len(A)))
    G = ht.LTI(A, B, C, dt=1.0)
    value, lower, upper = hankel.hinf_norm(G, certificate=True)
    exact = supremum(G)
    assert lower * (1 - 1e-14) <= exact <= upper
    assert exact * (1 - 1e-8) <= value <= upper
