"""Where gradient flow of fixed poles ends: what the start decides once the data have decided.

With p_j = b_j + c_j and q_j = b_j - c_j the flow moves z alone, w = (p^2 e^{2z} - q^2 e^{-2z}) / 4
at its start values, along the range of M. So signs are frozen where b = +-c (p or q is 0), and
among the minimisers that are left w is the one that the range of M reaches: the nearest in the
Bregman divergence of sum (w asinh(2 w / lambda) - sqrt(4 w^2 + lambda^2) / 2) / 2, the potential
of which z is the gradient.
"""

import numpy as np

from hippo_theory.learning._arguments import factors
from hippo_theory.learning.statistics import Statistics, given

_EPS = np.finfo(float).eps
_NEWTON = 2000  # steps of |dz| <= 1: from starts of 1e-300 to gains of 1e300 and back


def flow_limit(stats: Statistics, b0, c0) -> np.ndarray:
    """w(infinity) of gradient flow on b and c with fixed poles.

    Parameters
    ----------
    stats : Statistics
        `.s` (N,) and `.M` (N, N); M may be singular where all is real.
    b0, c0 : array_like, shape (N,)
        Start. Where real b0 = c0 the gain keeps to w >= 0, where b0 = -c0 to w <= 0; a pole with
        b0 = c0 = 0 never learns.

    Returns
    -------
    ndarray, shape (N,)

    Raises
    ------
    ValueError
        If M is singular and something is complex, or a start is balanced.
    numpy.linalg.LinAlgError
        If Newton's method does not converge.

    Notes
    -----
    Regular M: the least-squares gains, under the frozen signs non-negative least squares
    (`scipy.optimize.nnls`), hence possibly not a global minimum. Frozen signs are a property of
    exactly balanced starts: any asymmetry leaves them in the end. Singular M (fewer samples than
    poles): of all gains with M w = s the limit is near the one of least |w|_2 for large
    imbalance |b0^2 - c0^2| and of least |w|_1 for small, by Newton's method on a convex function
    of rank(M) unknowns. O(N^3) a step. Eigenvalues of M below N eps of the largest count as
    zero. Complex weights turn as they grow, so that no start but b = c = 0 holds them, except for
    a set of starts of measure zero. After Woodworth et al. (2020) [woodworth2020kernel].
    docs/theory.md (8.25), (8.26).

    Examples
    --------
    >>> import numpy as np, hippo_theory as ht
    >>> stats = ht.learning.Statistics([2.0, 4.0], [[1.0, 2.0], [2.0, 4.0]], 10.0)  # one sample
    >>> ht.learning.flow_limit(stats, [10.0, 10.0], [0.0, 0.0]).round(2)
    array([0.4, 0.8])
    >>> ht.learning.flow_limit(stats, [1e-9, 1e-9], [0.0, 0.0]).round(2)
    array([0., 1.])
    """
    b0, c0 = factors(b0, c0, width=given(stats).s.size)
    values, vectors = np.linalg.eigh(stats.M)
    kept = values > values.size * _EPS * values[-1]
    if any(map(np.iscomplexobj, (stats.s, stats.M, b0, c0))):
        if not kept.all():
            raise ValueError("M must be regular where weights or statistics are complex")
        return restricted(stats, (b0 != 0) | (c0 != 0))
    p, q = b0 + c0, b0 - c0
    up, down = p != 0, q != 0
    if kept.all():
        return constrained(stats, np.where(up, np.inf, 0.0), np.where(down, np.inf, 0.0))
    if not (up & down).all():
        j = int(np.argmin(up & down))
        raise ValueError(
            f"b0 must differ from c0 and -c0 where M is singular, got b0 = {b0[j]:g}, "
            f"c0 = {c0[j]:g} at index {j}"
        )
    basis = vectors[:, kept]
    return _nearest(basis, basis.T @ stats.s / values[kept], p, q)


def constrained(stats: Statistics, upper, lower) -> np.ndarray:
    """Minimum of w^T M w / 2 - s^T w with w_j <= 0 or >= 0 where a bound is 0.

    upper and lower are 0 or inf: w_j in [-lower_j, upper_j], by columns of both signs. For
    singular M one of the minima.
    """
    from scipy.optimize import nnls

    root, target = _root(stats)
    rises, falls = np.flatnonzero(upper), np.flatnonzero(lower)
    w = np.zeros(stats.s.size)
    if rises.size + falls.size:
        columns = np.concatenate([root[:, rises], -root[:, falls]], axis=1)
        both, _ = nnls(columns, target)
        np.add.at(w, rises, both[: rises.size])
        np.subtract.at(w, falls, both[rises.size :])
    return w


def restricted(stats: Statistics, free) -> np.ndarray:
    """Least-squares gains with zeros where not `free`, complex."""
    w = np.zeros(stats.s.size, complex)
    w[free] = np.linalg.lstsq(stats.M[np.ix_(free, free)], stats.s[free])[0]
    return w


def excess_loss(stats: Statistics, rises, falls) -> tuple[float, list[int]]:
    """Least loss with gains of the signs that are possible, above the least loss of all.

    rises and falls (N,) tell which gains can be positive and negative; for complex statistics
    they agree. The gains whose bound costs something are listed; none where rounding explains it.
    """
    free = rises & falls
    if free.all():
        return 0.0, []
    if np.iscomplexobj(stats.M) or np.iscomplexobj(stats.s):
        w = restricted(stats, free)
    else:
        w = constrained(stats, np.where(rises, np.inf, 0.0), np.where(falls, np.inf, 0.0))
    force = stats.s - stats.M @ w
    size = abs(stats.s) + abs(stats.M) @ abs(w)
    held = np.flatnonzero(~free & (abs(force) > 1e-10 * size) & (w == 0))
    step = np.linalg.lstsq(stats.M, force)[0]
    return float(np.vdot(step, force).real / 2), held.tolist()


def _root(stats):
    """R and R^-T s with R^T R = M, of as many rows as M has rank."""
    values, vectors = np.linalg.eigh(stats.M)
    kept = values > values.size * _EPS * values[-1]
    if kept.all():
        L = np.linalg.cholesky(stats.M)
        return L.T, np.linalg.solve(L, stats.s)
    root = np.sqrt(values[kept])
    return root[:, None] * vectors[:, kept].T, vectors[:, kept].T @ stats.s / root


def _nearest(basis, target, p, q):
    """w(z) with z = basis a and basis^T w = target: Newton's method on its convex potential."""
    a, gap = np.zeros(target.size), target
    for _ in range(_NEWTON):
        z = basis @ a
        up, down = (p * np.exp(z) / 2) ** 2, (q * np.exp(-z) / 2) ** 2
        gap = target - basis.T @ (up - down)
        rounding = 8 * target.size * _EPS * (1 + abs(z).max())  # of the exponentials
        if np.linalg.norm(gap) <= rounding * np.linalg.norm(up + down):
            return up - down
        step = np.linalg.solve(basis.T @ (2 * (up + down)[:, None] * basis), gap)
        a = a + step / max(1.0, abs(basis @ step).max())
    raise np.linalg.LinAlgError(
        f"Newton's method must reach M w = s, got a gap of {abs(gap).max():g}"
    )
