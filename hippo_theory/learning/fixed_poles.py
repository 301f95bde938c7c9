"""Gradient flow of many fixed poles: closed forms where statistics allow, else integration.

tau b_j' = conj(c_j) (s - M w)_j and tau c_j' = conj(b_j) (s - M w)_j, w_j = b_j c_j. For real
weights the logarithms of p_j = b_j + c_j and q_j = b_j - c_j move by +- the same amount, so

    p_j = p_j(0) exp(z_j),  q_j = q_j(0) exp(-z_j),  tau z' = s - M w(z):

z is asinh(2 w / lambda) / 2 up to its start, and stays regular at lambda = b^2 - c^2 = 0. This is
the mirror flow of a diagonal linear network whose features are the poles' responses.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from hippo_theory import _check
from hippo_theory._check import positive
from hippo_theory._table import Table
from hippo_theory.learning import one_pole
from hippo_theory.learning._arguments import factors, pole_array
from hippo_theory.learning.statistics import Statistics, coherence, given

_ROUNDING = 256 * np.finfo(float).eps  # what sums over many samples leave of an exact zero


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Flow:
    """The course of gradient flow.

    Attributes
    ----------
    t : ndarray, shape (T,)
    w : ndarray, shape (T, N)
        Gains b c.
    method : str
        What was used, and in which sense it is exact.
    """

    t: np.ndarray
    w: np.ndarray
    method: str

    def __repr__(self):
        return f"Flow({self.w.shape[1]} gains at {self.t.size} times, {self.method})"


@dataclass(frozen=True, slots=True, eq=False)
class Structure:
    """A case of the flow with a solution of its own.

    Attributes
    ----------
    name : str
    method : str
        What `Flow.method` says.
    applies : callable (stats, b0, c0) -> bool
    solve : callable (stats, b0, c0, t) -> ndarray (T, N)
        At tau = 1.
    """

    name: str
    method: str
    applies: Callable
    solve: Callable


def flow(
    stats: Statistics, b0, c0, t, tau: float = 1.0, train: str = "both", *, rtol: float = 1e-12
) -> Flow:
    """Gains w(t) of gradient flow on b and c (or one of them) with fixed poles.

    Parameters
    ----------
    stats : Statistics
        `.s` (N,) and `.M` (N, N).
    b0, c0 : array_like, shape (N,)
        Start.
    t : array_like, shape (T,)
        Times, non-negative and increasing.
    tau : float
        Inverse learning rate.
    train : {"both", "b", "c"}
    rtol : float
        Relative tolerance of the integrator, where one is used.

    Returns
    -------
    Flow
        `.t`, `.w` (T, N), `.method`.

    Raises
    ------
    numpy.linalg.LinAlgError
        If the integrator fails.

    Notes
    -----
    The first row of `STRUCTURES` that applies is used: one factor trained is a linear equation
    (O(N^3 + T N^2)); diagonal M, equal poles with real weights, and circulant-like M with equal
    starts are `gain` (O(T N)). Any other M has no closed form in the interior and is integrated
    in the coordinates z of this file by Radau with the analytic Jacobian (real), or on (b, c)
    (complex). docs/theory.md (8.13), (8.15), (8.16).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> stats = ht.learning.population_statistics([0.9, 0.5], [0.9, 0.5], [1.0, -0.5])
    >>> path = ht.learning.flow(stats, [0.5, 0.5], [0.1, 0.1], [0.0, 200.0])
    >>> path.w.round(9) + 0.0
    array([[ 0.05,  0.05],
           [ 1.  , -0.5 ]])
    >>> path.method
    'integrated: Radau in asinh coordinates, rtol 1e-12'
    """
    b0, c0 = factors(b0, c0, width=given(stats).s.size)
    _check.shape("b0", b0, (stats.s.size,))
    t = _check.times("t", t, 1)
    tau = float(positive("tau", _check.number("tau", tau)))
    rtol = _check.number("rtol", rtol, above=0.0, below=1.0)
    if _check.option("train", train, ("both", "b", "c")) != "both":
        kept, moved = (b0, c0) if train == "c" else (c0, b0)
        return Flow(t, _one_sided(stats, kept, moved, t / tau), "closed form: linear, one factor")
    for row in STRUCTURES.values():
        if row.applies(stats, b0, c0):
            return Flow(t, row.solve(stats, b0, c0, t / tau), row.method)
    real = not any(map(np.iscomplexobj, (stats.s, stats.M, b0, c0)))
    solve, where = (_mirror, "asinh coordinates") if real else (_factored, "(b, c)")
    return Flow(
        t, solve(stats, b0, c0, t / tau, rtol), f"integrated: Radau in {where}, rtol {rtol:g}"
    )


def invariants(poles, b, c) -> tuple[np.ndarray, np.ndarray]:
    """Distinct poles and the Lambda of each: what gradient flow with fixed poles conserves.

    Parameters
    ----------
    poles, b, c : array_like, shape (N,)
        Of a discrete system in place of poles, its poles alone are read.

    Returns
    -------
    distinct : ndarray, shape (G,)
        Sorted distinct poles.
    conserved : ndarray, shape (G,)
        `imbalance` of the states on each; |  |b_j|^2 - |c_j|^2 | for a pole of its own.

    Notes
    -----
    Equal poles act as one state of larger gain: multiplicity changes the start alone. O(N log N).
    docs/theory.md (8.14).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.learning.invariants([0.5, 0.9, 0.5], [1.0, 2.0, 0.0], [0.0, 1.0, 1.0])
    (array([0.5, 0.9]), array([2., 3.]))
    """
    poles = pole_array(poles)
    b, c = factors(b, c, width=poles.size, names=("b", "c"))
    distinct, member = np.unique(poles, return_inverse=True)
    groups = [member == g for g in range(distinct.size)]
    return distinct, np.array([one_pole.imbalance(b[g], c[g]) for g in groups])


def _is_real(stats, b0, c0):
    return not any(map(np.iscomplexobj, (stats.s, stats.M, b0, c0)))


def _is_shared(stats, b0, c0):
    same = abs(stats.M - stats.M[0, 0]).max() <= _ROUNDING * abs(stats.M[0, 0])
    return (
        same and np.ptp(stats.s) <= _ROUNDING * abs(stats.s[0])
        if _is_real(stats, b0, c0)
        else False
    )


def _has_equal_rows(stats, b0, c0):
    rows = stats.M.sum(1)
    level = [(rows, abs(stats.M).sum(1).max()), *((v, abs(v).max()) for v in (stats.s, b0, c0))]
    return all(abs(v - v[0]).max() <= _ROUNDING * scale for v, scale in level)


def _solve_diagonal(stats, b0, c0, t):
    eta = np.real(np.diag(stats.M))
    rows = max(1, 2**13 // stats.s.size)  # at a time: what stays in a processor's cache
    blocks = [
        one_pole.gain(t[k : k + rows, None], sigma=stats.s, eta=eta, b0=b0[:, None], c0=c0[:, None])
        for k in range(0, t.size, rows)
    ]
    return np.concatenate(blocks)


def _solve_shared(stats, b0, c0, t):
    b, c = one_pole.factors(t, b0, c0, float(stats.s[0]), float(stats.M[0, 0]))
    return b * c


def _solve_equal_rows(stats, b0, c0, t):
    eta = float(stats.M.sum(1)[0].real)
    w = one_pole.gain(t, sigma=stats.s[0], eta=eta, b0=b0[:1], c0=c0[:1])
    return np.repeat(w[:, None], stats.s.size, axis=1)


STRUCTURES = Table(
    [
        Structure(
            "diagonal",
            "closed form: independent gains, M diagonal",
            applies=lambda stats, b0, c0: (
                coherence(stats) <= _ROUNDING and (np.real(np.diag(stats.M)) > 0).all()
            ),
            solve=_solve_diagonal,
        ),
        Structure(
            "shared pole",
            "closed form: one shared pole",
            applies=lambda stats, b0, c0: stats.M[0, 0].real > 0 and _is_shared(stats, b0, c0),
            solve=_solve_shared,
        ),
        Structure(
            "equal rows",
            "closed form: equal starts, rows of M with equal sums",
            applies=lambda stats, b0, c0: (
                stats.M.sum(1)[0].real > 0 and _has_equal_rows(stats, b0, c0)
            ),
            solve=_solve_equal_rows,
        ),
    ],
    columns=("name", "method"),
)


def _one_sided(stats, kept, moved, t):
    """moved' = conj(kept) (s - M (kept moved)) by the eigenvectors of conj(kept) M kept."""
    values, vectors = np.linalg.eigh(kept.conj()[:, None] * stats.M * kept)
    values = np.maximum(values, 0.0)
    force = vectors.conj().T @ (kept.conj() * (stats.s - stats.M @ (kept * moved)))
    x = values * t[:, None]
    growth = t[:, None] * np.where(x > 0, -np.expm1(-x) / np.where(x > 0, x, 1.0), 1.0)
    return kept * (moved + (growth * force) @ vectors.T)


def _mirror(stats, b0, c0, t, rtol):
    """Radau on z with Jacobian -M diag(dw/dz), dw/dz = (P e^{2 z} + Q e^{-2 z}) / 2."""
    P, Q = (b0 + c0) ** 2 / 4, (b0 - c0) ** 2 / 4

    def parts(z):
        turned = 2 * np.clip(z, -340, 340)  # trial stages of Newton's method may overshoot,
        return (np.minimum(v, 1e140) for v in (P * np.exp(turned), Q * np.exp(-turned)))

    def slope(_, z):
        up, down = parts(z)
        return stats.s - stats.M @ (up - down)

    def jacobian(_, z):
        up, down = parts(z)
        return -2 * stats.M * (up + down)

    up, down = parts(_radau(slope, np.zeros(stats.s.size), t, rtol, jacobian))
    return up - down


def _factored(stats, b0, c0, t, rtol):
    """Radau on the real and imaginary parts of (b, c), with the Jacobian d -> A d + B conj(d)."""
    N = stats.s.size

    def unpack(x):
        z = x[: 2 * N] + 1j * x[2 * N :]
        return z[:N], z[N:]

    def slope(_, x):
        b, c = unpack(x)
        e = stats.s - stats.M @ (b * c)
        z = np.concatenate([c.conj() * e, b.conj() * e])
        return np.concatenate([np.real(z), np.imag(z)])

    def jacobian(_, x):
        b, c = unpack(x)
        other = np.concatenate([c, b])
        A = -other.conj()[:, None] * np.tile(stats.M, (2, 2)) * other
        B = np.kron([[0, 1], [1, 0]], np.diag(stats.s - stats.M @ (b * c)))
        return np.block([[(A + B).real, (B - A).imag], [(A + B).imag, (A - B).real]])

    z0 = np.concatenate([b0, c0]).astype(complex)
    b, c = unpack(_radau(slope, np.concatenate([np.real(z0), np.imag(z0)]), t, rtol, jacobian).T)
    return (b * c).T


def _radau(slope, start, t, rtol, jacobian=None):
    from scipy.integrate import solve_ivp

    if t[-1] == 0:
        return np.repeat(start[None], t.size, axis=0)
    scale = max(abs(start).max(), 1.0)
    solution = solve_ivp(
        slope, (0.0, t[-1]), start, "Radau", t, rtol=rtol, atol=rtol * scale, jac=jacobian
    )
    if not solution.success:
        raise np.linalg.LinAlgError(
            f"the integrator stopped at t = {solution.t[-1]:g}: {solution.message}"
        )
    return solution.y.T
