"""H2-optimal reduction of diagonal systems, in coordinates where every model is a stable layer."""

from dataclasses import dataclass, replace
from typing import Any

from hippo_theory import _check
from hippo_theory.hankel import factors
from hippo_theory.hankel._descent import STARTS, Problem
from hippo_theory.hankel.norms import h2_norm
from hippo_theory.lti.forms import check_system, expand, one_channel
from hippo_theory.lti.values import DiagonalLTI, System


@dataclass(frozen=True, slots=True, eq=False)
class H2Optimum:
    """The best local minimum found of the H2 error.

    Attributes
    ----------
    system : DiagonalLTI
        The reduced system, stable, in conjugate pairs where the given one is real.
    error : float
        |G - G_r| in the H2 norm.
    stationarity : float
        The largest derivative of the squared error over |G|^2, in the coordinates of the search:
        0 at a minimum.
    start : str
        Where the search began: "balanced" or "modal".
    """

    system: DiagonalLTI
    error: float
    stationarity: float
    start: str

    def __repr__(self):
        return f"<H2 optimum of {_states(self.system)} states, error {self.error:.3g}>"


def h2_optimal(system: System, order: int) -> H2Optimum:
    """A system of `order` states with an H2 error that no small change makes smaller.

    Use it to shrink a layer: the error in the mean over white inputs is mostly smaller than that of
    `balanced_truncation`, poles stay stable, and the result is a diagonal layer again.

    Parameters
    ----------
    system : DiagonalLTI
        Stable, continuous or discrete, without batch axes. D is kept.
    order : int
        Number of states, below that of the system. Where conjugates are implied the result has
        pairs and real poles, as many as the start has; a system that lists its poles is taken as
        complex.

    Returns
    -------
    H2Optimum
        The best of the searches from balanced truncation and from the strongest modes: a local
        minimum, no proof of a global one.

    Raises
    ------
    TypeError
        If the system is not diagonal.
    ValueError
        If a pole is not stable, or the order does not fit.

    Notes
    -----
    Poles are exp(-e^nu + i theta), or -e^nu + i theta in continuous time, output vectors are
    eliminated, and the gradient is in closed form by Cauchy sums; BFGS. O((n + r) r m) a step.
    At the result G and G_r agree with their derivatives, along input and output vectors, at the
    mirror images of its poles (after Meier and Luenberger). docs/theory.md (6.27).

    Examples
    --------
    >>> import numpy as np
    >>> import hippo_theory as ht
    >>> ring = ht.lti.family("lru_ring", 8, rng=np.random.default_rng(0), r_min=0.8)
    >>> best = ht.hankel.h2_optimal(ring, 8)
    >>> bool(best.error <= ht.hankel.h2_norm(ring - ht.hankel.balanced_truncation(ring, 8).system))
    True
    """
    check_system(system)
    if not isinstance(system, DiagonalLTI):
        raise TypeError(f"system must be a DiagonalLTI, got {system!r}")
    one_channel(system)
    factors.check_stable(system)
    whole: Any = expand(system)
    order = _check.integer("order", order, maximum=max(whole.state_dim - 1, 1))
    strictly = replace(system, D=0 * system.D)
    problem = Problem(strictly)
    found = []
    for name, start in STARTS.items():
        reduced, slope = problem.search(*start(strictly, order))
        error = h2_norm(strictly - reduced)
        found.append(H2Optimum(replace(reduced, D=system.D), error, slope, name))
    return min(found, key=lambda answer: answer.error)


def _states(system: DiagonalLTI) -> int:
    whole: Any = expand(system)
    return whole.state_dim
