"""Model reduction: balanced truncation and singular perturbation."""

from dataclasses import dataclass

import numpy as np

from hippo_theory import _check
from hippo_theory.hankel import _factors
from hippo_theory.hankel.gramians import gramian_factors
from hippo_theory.hankel.singular_values import Spectrum, singular_values
from hippo_theory.lti.forms import check_system, dense, matrices
from hippo_theory.lti.systems import LTI, DiagonalLTI


@dataclass(frozen=True, slots=True, eq=False)
class Reduction:
    """A reduced system and what is proved about it.

    Attributes
    ----------
    system : LTI
        The reduced system; its input-output map approximates that of the given one.
    singular_values : Spectrum
        Hankel singular values of the given system.
    error_bound : float
        Twice the sum of the discarded singular values, their estimated errors included: a bound
        of |G - G_r| in the H-infinity norm. inf where those errors are not promised.
    """

    system: LTI
    singular_values: Spectrum
    error_bound: float

    def __repr__(self):
        return f"<Reduction to {self.system.state_dim} states, error <= {self.error_bound:.3g}>"


def balanced_truncation(
    system, order: int | None = None, tolerance: float | None = None, *, method: str = "truncation"
) -> Reduction:
    """Keep the states that are most reachable and observable together.

    Parameters
    ----------
    system : LTI, DiagonalLTI or DPLR
        Stable, without batch axes.
    order : int, optional
        Number of states to keep.
    tolerance : float, optional
        Instead of `order`: the smallest order whose error bound is at most this.
    method : {"truncation", "singular_perturbation"}
        Drop the other states, exact at infinite frequency, or let them follow at once, exact at
        s = 0 or z = 1.

    Returns
    -------
    Reduction
        `.system` (real where A, B and C are real), `.singular_values`, `.error_bound`.

    Raises
    ------
    ValueError
        If a pole is not stable, neither or both of `order` and `tolerance` are given, the order
        does not exist, or no smaller order meets the tolerance.
    numpy.linalg.LinAlgError
        If states of the wanted order are below the rounding of the factors.

    Notes
    -----
    Square-root method on factors P = S S^*, Q = R R^*. |G - G_r| <= 2 sum_{j > r} sigma_j in the
    H-infinity norm, after Enns and Glover; in discrete time too. O(n^3). docs/theory.md (6.11).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> G = ht.DiagonalLTI([-1.0, -2.0], [1.0, 1.0], [1.0, 1.0])
    >>> ht.hankel.balanced_truncation(G, order=1)
    <Reduction to 1 states, error <= 0.038>
    """
    check_system(system)
    _factors.one_channel(system)
    method = _check.option("method", method, ["truncation", "singular_perturbation"])
    if (order is None) == (tolerance is None):
        raise ValueError(f"order or tolerance must be given, got order={order!r}, {tolerance=!r}")
    spectrum = singular_values(system)
    n = spectrum.values.size
    bounds = _tail_bounds(spectrum)
    order = _order(order, n) if order is not None else _meeting(bounds, tolerance)
    balanced = _balanced(system, order if method == "truncation" else n, spectrum)
    if method == "singular_perturbation":
        balanced = _residualize(balanced, order)
    return Reduction(balanced, spectrum, float(bounds[order]))


def _order(order, n):
    order = _check.integer("order", order)
    if order >= n:
        raise ValueError(f"order must be less than the {n} states, got {order}")
    return order


def _tail_bounds(spectrum):
    """2 sum_{j > r} sigma_j (1 + error_j) for r = 0 .. n."""
    with np.errstate(invalid="ignore"):
        terms = spectrum.values * (1 + spectrum.relative_error)
    terms = np.where(np.isnan(terms), 0.0, terms)  # 0 times inf: a state that nothing sees
    return 2 * np.append(np.cumsum(terms[::-1])[::-1], 0.0)


def _meeting(bounds, tolerance):
    tolerance = _check.number("tolerance", tolerance, above=0.0)
    met = np.flatnonzero(bounds[1:-1] <= tolerance)
    if not met.size:
        raise ValueError(
            f"tolerance must be at least {bounds[-2]:.3g}, what one state less costs, "
            f"got {tolerance:g}"
        )
    return int(met[0]) + 1


def _balanced(system, order, spectrum):
    """The balanced realisation of `order` states."""
    model = dense(system) if isinstance(system, DiagonalLTI) and system.conjugate else system
    S, R = gramian_factors(model)
    A, B, C, D = matrices(model)
    U, s, Vh = np.linalg.svd(R.conj().T @ S)
    floor = len(s) * np.finfo(float).eps * s.max(initial=0.0)
    if order and s[order - 1] <= floor:
        raise np.linalg.LinAlgError(
            f"order {order} needs singular values above the rounding error {floor:.3g} of the "
            f"factors, got {spectrum.values[order - 1]:.3g}"
        )
    root = np.sqrt(s[:order])
    left, right = (R @ U[:, :order] / root).conj().T, S @ Vh[:order].conj().T / root
    A, B, C = left @ A @ right, left @ B, C @ right
    if system.is_siso:
        return LTI(A, B[:, 0], C[0], D[0, 0], dt=system.dt)
    return LTI(A, B, C, D, dt=system.dt)


def _residualize(system, order):
    """Eliminate states r.. by 0 = A21 x1 + A22 x2 + B2 u, or x2 = A21 x1 + A22 x2 + B2 u."""
    A, B, C, D = matrices(system)
    r, n = order, len(A)
    M = A[r:, r:] - (np.eye(n - r) if system.is_discrete else 0.0)
    X, Y = np.linalg.solve(M, A[r:, :r]), np.linalg.solve(M, B[r:])
    A, B = A[:r, :r] - A[:r, r:] @ X, B[:r] - A[:r, r:] @ Y
    C, D = C[:, :r] - C[:, r:] @ X, D - C[:, r:] @ Y
    if system.is_siso:
        return LTI(A, B[:, 0], C[0], D[0, 0], dt=system.dt)
    return LTI(A, B, C, D, dt=system.dt)
