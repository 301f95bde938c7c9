"""Gradient flow of many fixed poles: a closed form where statistics allow, else integration.

tau b_j' = conj(c_j) (s - M w)_j and tau c_j' = conj(b_j) (s - M w)_j, w_j = b_j c_j: for real
weights the mirror flow of a diagonal linear network whose features are the poles' responses.
"""

from dataclasses import dataclass

import numpy as np

from hippo_theory import _check
from hippo_theory._check import positive
from hippo_theory.learning import one_pole
from hippo_theory.learning._arguments import factors, pole_array
from hippo_theory.learning._collocation import integrate
from hippo_theory.learning.coordinates import Factors, Mirror
from hippo_theory.learning.limits import excess_loss
from hippo_theory.learning.statistics import Statistics, given
from hippo_theory.learning.structures import STRUCTURES, is_real

LINEAR = "closed form: linear, one factor"


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
    drift : float
        Largest change of |b_j|^2 - |c_j|^2 over the times, relative to the largest
        |b_j|^2 + |c_j|^2; 0 where the method cannot change it.
    optimal : bool
        Whether the flow tends to a least-squares gain. False where the start does not let it: a
        balanced start keeps the sign of its gain, and a weight that is not trained may be zero.
    note : str
        Why it is not optimal, in one sentence; else empty.
    stats : Statistics
        What was descended.
    """

    t: np.ndarray
    w: np.ndarray
    method: str
    drift: float = 0.0
    optimal: bool = True
    note: str = ""
    stats: Statistics | None = None

    def __repr__(self):
        note = f"; {self.note}" if self.note else ""
        return f"Flow({self.w.shape[1]} gains at {self.t.size} times, {self.method}{note})"


def flow(
    stats: Statistics, b0, c0, t, tau: float = 1.0, train: str = "both", *, rtol: float = 1e-12
) -> Flow:
    """Gains w(t) of gradient flow on b and c (or one of them) with fixed poles.

    Use it for poles that learn together. `gain` is the case of one pole.

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
        Relative tolerance of the gains where they are integrated.

    Returns
    -------
    Flow
        `.t`, `.w` (T, N), `.method`, `.drift`, `.optimal`, `.note`.

    Raises
    ------
    ValueError
        If an argument is out of range or t / tau overflows.
    numpy.linalg.LinAlgError
        If the integrator cannot reach the last time; the message says how far it came.

    Notes
    -----
    The first row of `STRUCTURES` that applies is used: one factor trained is a linear equation
    (O(N^3 + T N^2)); diagonal M, equal poles with real weights, and circulant-like M with equal
    starts are `gain` (O(T N)). Any other M has no closed form in the interior and is integrated
    by implicit collocation of order 31 with the analytic Jacobian: in the logarithms z (real), or
    on (b, c) (complex). Steps grow with the time, so that late times cost their logarithm; a step
    costs O(N^3). Real weights start from any size: only the logarithms of b0 + c0 and b0 - c0
    enter. Eigenvalues of M below 4 eps of the largest are rounding and count as zero.

    Close poles make late gains uncertain, whatever integrates them: an error e of s - M w, rounding
    of s and M at the least, moves z by up to sqrt(|M| / m) e t / tau, m the least eigenvalue that
    counts. For 20 poles from -0.9 to 0.9 started at 1e-8 this integrator, the one in (b, c) and
    LSODA agree to 1e-11 at t = 100, and to 1e-2 alone at t = 1e4.
    docs/theory.md (8.13), (8.15), (8.16).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> stats = ht.learning.population_statistics([0.9, 0.5], [0.9, 0.5], [1.0, -0.5])
    >>> path = ht.learning.flow(stats, [0.5, 0.5], [0.1, 0.1], [0.0, 200.0])
    >>> path.w.round(9) + 0.0
    array([[ 0.05,  0.05],
           [ 1.  , -0.5 ]])
    >>> path.method
    'integrated: collocation in asinh coordinates, rtol 1e-12'
    >>> balanced = ht.learning.flow(stats, [0.5, 0.5], [0.5, 0.5], [0.0, 200.0])
    >>> balanced.optimal, balanced.note
    (False, 'the start keeps gains [1] from the minimum: the flow ends 0.0882 above the least loss')
    """
    b0, c0 = factors(b0, c0, width=given(stats).s.size)
    _check.shape("b0", b0, (stats.s.size,))
    t = _check.times("t", t, 1).copy()
    tau = float(positive("tau", _check.number("tau", tau)))
    rtol = _check.number("rtol", rtol, above=0.0, below=1.0)
    with np.errstate(over="ignore"):
        clock = t / tau
    if not np.isfinite(clock[-1]):
        raise ValueError(f"t / tau must be finite, got t = {t[-1]:g} and tau = {tau:g}")
    if _check.option("train", train, ("both", "b", "c")) != "both":
        kept, moved = (b0, c0) if train == "c" else (c0, b0)
        w, method, drift = _one_sided(stats, kept, moved, clock), LINEAR, 0.0
        rises = falls = kept != 0
    else:
        w, method, drift = _both(stats, b0, c0, clock, rtol)
        rises, falls = _reachable(stats, b0, c0)
    _check.in_range("the gains", w)
    excess, held = excess_loss(stats, rises, falls)
    note = (
        f"the start keeps gains {held} from the minimum: the flow ends {excess:.3g} above the "
        "least loss"
    )
    return Flow(t, w, method, drift, not held, note if held else "", stats)


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


def _both(stats, b0, c0, t, rtol):
    """Gains, method and drift of the first case that applies."""
    for row in STRUCTURES.values():
        if row.applies(stats, b0, c0):
            return row.solve(stats, b0, c0, t), row.method, 0.0
    real = is_real(stats, b0, c0)
    coordinates, where = (Mirror, "asinh coordinates") if real else (Factors, "(b, c)")
    with np.errstate(all="ignore"):  # trial steps may overflow: they are taken again, shorter
        equation = coordinates(stats, b0, c0)
        w, drift = equation.gains(integrate(equation, t, rtol / 2))
    return w, f"integrated: collocation in {where}, rtol {rtol:g}", drift


def _reachable(stats, b0, c0):
    """Which gains can become positive, and which negative (any, for complex weights)."""
    if is_real(stats, b0, c0):
        return b0 + c0 != 0, b0 - c0 != 0
    alive = (b0 != 0) | (c0 != 0)
    return alive, alive


def _one_sided(stats, kept, moved, t):
    """moved' = conj(kept) (s - M (kept moved)) by the eigenvectors of conj(kept) M kept."""
    with np.errstate(all="ignore"):  # what overflows is refused
        matrix = _check.in_range(
            "M times the weights that stay", kept.conj()[:, None] * stats.M * kept
        )
        values, vectors = np.linalg.eigh(matrix)
        values = np.maximum(values, 0.0)
        force = vectors.conj().T @ (kept.conj() * (stats.s - stats.M @ (kept * moved)))
        x = values * t[:, None]
        moves = x > np.finfo(float).tiny
        growth = np.where(moves, -np.expm1(-x) / np.where(moves, values, 1.0), t[:, None])
        return kept * (moved + (growth * force) @ vectors.T)
