"""Model reduction in balanced coordinates: truncation and singular perturbation."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from hippo_theory import _check
from hippo_theory._table import Table
from hippo_theory.hankel import _balanced, _stable, factors
from hippo_theory.hankel.spectrum import Spectrum
from hippo_theory.lti import batches
from hippo_theory.lti.forms import assemble, dense, expand
from hippo_theory.lti.values import LTI


@dataclass(frozen=True, slots=True, eq=False)
class Reduction:
    """A reduced system and what is proved about it.

    Attributes
    ----------
    system : LTI
        The reduced system; its input-output map approximates that of the given one.
    singular_values : Spectrum
        Hankel singular values of the given system, of its stable part.
    error_bound : float
        A bound of |G - G_r| in the H-infinity norm: twice the sum of the discarded singular
        values and of their errors, and the rounding of the reduced matrices. inf over a band or
        a horizon.
    """

    system: LTI
    singular_values: Spectrum
    error_bound: float

    def __repr__(self):
        return f"<Reduction to {self.system.state_dim} states, error <= {self.error_bound:.3g}>"


@dataclass(frozen=True, slots=True, eq=False)
class Method:
    """What becomes of the states of a balanced realization that are not kept.

    Attributes
    ----------
    name : str
    exact_at : str
        The frequency where the reduced system equals the given one.
    rule : callable
        (A, B, C, D), order, discrete -> (A, B, C, D).
    """

    name: str
    exact_at: str
    rule: Callable[..., tuple]


@batches.nested
def balanced_truncation(
    system,
    order: int | None = None,
    tolerance: float | None = None,
    *,
    method: str | Method = "truncation",
    band=None,
    horizon=None,
) -> Reduction:
    """Keep the states that are most reachable and observable together.

    Use it to find out how many states a system needs, and to get the system with that many.

    Parameters
    ----------
    system : LTI, DiagonalLTI or DPLR
        The stable part is reduced, the rest (`lti.split_stable`) is kept.
    order : int, optional
        Number of states to keep, 0 (only D is left) to the number that rounding errors leave;
        states that are not stable count.
    tolerance : float, optional
        Instead of `order`: the smallest order whose error bound is at most this.
    method : {"truncation", "singular_perturbation"} or a row of `METHODS`
        Drop the other states, exact at infinite frequency, or let them follow at once, exact at
        s = 0 or z = 1.
    band : (float, float), optional
        Only angular frequencies between the two count, in radians per unit of time or per sample;
        of a real system the mirrored band counts too.
    horizon : float or int, optional
        Only inputs and outputs on [0, horizon) count: units of time, or a number of samples.

    Returns
    -------
    Reduction
        `.system` (real where A, B and C are real), `.singular_values`, `.error_bound`. With batch
        axes a tuple of reductions, nested as the axes are.

    Raises
    ------
    ValueError
        If neither or both of `order` and `tolerance` are given, the order is above the number of
        states or below that of states that are not stable, both limits or a limit and a
        tolerance are given.
    numpy.linalg.LinAlgError
        If states of the wanted order are below the rounding of the factors; the sentence names
        the largest order.

    Notes
    -----
    Square-root method on factors P = S S^*, Q = R R^*; states below the rounding of R^* S go
    first. |G - G_r| <= 2 sum_{j > r} sigma_j in the H-infinity norm, after Enns and Glover; in
    discrete time too; of a system that is not stable on the boundary, once its parts are given.
    A tolerance below what rounding costs is met by the given system itself.
    The reduced Gramians are both diag(sigma) after truncation. O(n^3). docs/theory.md (6.11).

    With a band or a horizon the Gramians are `gramians(band=, horizon=)`, after Gawronski and
    Juang. The error is then small inside, but no bound of it is known: `error_bound` is inf, the
    reduced system may be unstable, and `.singular_values` are those of the limited Gramians.
    docs/theory.md (6.5).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> G = ht.DiagonalLTI([-1.0, -2.0], [1.0, 1.0], [1.0, 1.0])
    >>> ht.hankel.balanced_truncation(G, order=1)
    <Reduction to 1 states, error <= 0.038>
    >>> ht.hankel.balanced_truncation(G, order=1, horizon=0.5)
    <Reduction to 1 states, error <= inf>
    """
    row = _check.choice("method", method, METHODS, Method)
    if (order is None) == (tolerance is None):
        raise ValueError(
            f"order or tolerance must be given, got order={_check.shown(order)}, "
            f"tolerance={_check.shown(tolerance)}"
        )
    if order is None:
        tolerance = _check.number("tolerance", tolerance, above=0.0)
    else:
        order = _order(order, system)
    stable, rest = _stable.parts(system)
    balancing = _balancing(stable, tolerance, band, horizon)
    bounds = balancing.bounds()
    if order is None:
        met = np.flatnonzero(bounds <= tolerance)
        if not met.size:
            return Reduction(dense(system), balancing.spectrum, 0.0)
        order = int(met[0])
    else:
        order = _stable.order_left(order, rest)
    balancing.check(order)
    parts = row.rule(balancing.realization(), order, system.is_discrete)
    reduced = assemble(*parts, dt=system.dt, siso=system.is_siso)
    return Reduction(_stable.joined(reduced, rest), balancing.spectrum, float(bounds[order]))


@batches.nested
def balanced_realization(system) -> LTI:
    """The system in coordinates where both Gramians are diag(sigma), without hidden states.

    Use it to see which states matter, or as well-scaled coordinates to compute in.

    Parameters
    ----------
    system : LTI, DiagonalLTI or DPLR
        Stable.

    Returns
    -------
    LTI
        Of as many states as singular values are above rounding; real where the system is. With
        batch axes a tuple of them, nested as the axes are.

    Raises
    ------
    ValueError
        If a pole is not stable.

    Notes
    -----
    `balanced_truncation` to the largest order; that tells the error too. O(n^3).
    docs/theory.md (6.3), (6.11).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> G = ht.DiagonalLTI([-1.0, -2.0, -3.0], [1.0, 1.0, 0.0], [1.0, 1.0, 1.0])
    >>> balanced = ht.hankel.balanced_realization(G)
    >>> [P.round(3).tolist() for P in ht.hankel.gramians(balanced)]
    [[[0.731, 0.0], [0.0, 0.019]], [[0.731, 0.0], [0.0, 0.019]]]
    """
    parts = _balanced.of(system).realization()
    return assemble(*parts, dt=system.dt, siso=system.is_siso)


def _order(order, system):
    order = _check.integer("order", order, 0)
    n = expand(system).state_dim
    if order > n:
        raise ValueError(f"order must be at most the {n} states, got {order}")
    return order


def _balancing(system, tolerance, band, horizon):
    """Balance the whole response, or what a horizon or a band leaves of it."""
    if band is None and horizon is None:
        return _balanced.of(system)
    if band is not None and horizon is not None:
        raise ValueError("band must be left out where horizon is given, got both")
    if tolerance is not None:
        raise ValueError(
            "tolerance must be left out where band or horizon is given, as no bound of the error "
            f"is known, got {tolerance:g}; give order"
        )
    factors.check_stable(system)
    return _balanced.limited_to(system, band=band, horizon=horizon)


def _truncate(parts, order, discrete):
    """A11, B1, C1 and D."""
    A, B, C, D = parts
    return A[:order, :order], B[:order], C[:, :order], D


def _residualize(parts, order, discrete):
    """Eliminate states r.. by 0 = A21 x1 + A22 x2 + B2 u, or x2 = A21 x1 + A22 x2 + B2 u."""
    A, B, C, D = parts
    r, n = order, len(A)
    M = A[r:, r:] - (np.eye(n - r) if discrete else 0.0)
    X, Y = np.linalg.solve(M, A[r:, :r]), np.linalg.solve(M, B[r:])
    A, B = A[:r, :r] - A[:r, r:] @ X, B[:r] - A[:r, r:] @ Y
    return A, B, C[:, :r] - C[:, r:] @ X, D - C[:, r:] @ Y


METHODS: Table[Method] = Table(
    [
        Method("truncation", "infinite frequency", _truncate),
        Method("singular_perturbation", "s = 0 or z = 1", _residualize),
    ],
    ("name", "exact_at"),
)
