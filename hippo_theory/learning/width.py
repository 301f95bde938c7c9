"""Over-parameterisation: N states on one pole, by three explicit readings of "N times as many".

All three give H = g sum_j b_j c_j. They differ in what is trained, hence in how fast:

tied         the N states share one b and one c, so their gradients add: sigma and N eta at
             1/N of tau. Rates N sqrt(4 sigma^2 + (N eta lambda)^2), up to N^2.
independent  every state has its own b and c, all started alike: w_0 and Lambda grow with N,
             the balanced rate 2 sigma does not.
random       independent, started at N(0, b^2) and N(0, c^2).

The rates O(N sigma) and O(N^2 eta) that Smékal et al. (2024) report come out, both at once, when
tied; tying multiplies the effective learning rate, and steps at the stability limit show none of
it (`steps_at_limit`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from hippo_theory import _check
from hippo_theory._table import Table
from hippo_theory.learning.one_pole import rate, time_to


class Widened(NamedTuple):
    """An equivalent start on one pole: pass b0, c0 and tau / speed to `gain`, `time_to`, `rate`."""

    b0: np.ndarray
    c0: np.ndarray
    speed: float


@dataclass(frozen=True, slots=True, eq=False)
class Width:
    """One reading of over-parameterisation.

    Attributes
    ----------
    name : str
    trained : str
        What has its own parameters.
    start : callable (N, b, c, rng) -> (b0, c0)
        Weights whose gain and Lambda are those of the widened system.
    speed : callable N -> float
        Factor on the learning rate.
    random : bool
        Whether `start` draws from rng.
    """

    name: str
    trained: str
    start: Callable
    speed: Callable
    random: bool = False


WIDTHS = Table(
    [
        Width(
            "tied",
            "one b and one c for all states",
            start=lambda N, b, c, rng: (np.array([b * N**0.5]), np.array([c * N**0.5])),
            speed=float,
        ),
        Width(
            "independent",
            "b and c of every state, started alike",
            start=lambda N, b, c, rng: (np.full(N, b), np.full(N, c)),
            speed=lambda N: 1.0,
        ),
        Width(
            "random",
            "b and c of every state, started at N(0, b^2), N(0, c^2)",
            start=lambda N, b, c, rng: (b * rng.normal(size=N), c * rng.normal(size=N)),
            speed=lambda N: 1.0,
            random=True,
        ),
    ],
    columns=("name", "trained"),
)


def widen(width, N: int, b, c, *, rng: np.random.Generator | None = None) -> Widened:
    """N states in place of one, as a start on one pole and a factor of speed.

    Parameters
    ----------
    width : str or Width
        A name in `WIDTHS`, or a row.
    N : int
        Number of states.
    b, c : float
        Start of each state; standard deviations for `random`.
    rng : numpy.random.Generator
        Needed by `random` alone.

    Returns
    -------
    Widened
        `.b0`, `.c0`, `.speed`.

    Notes
    -----
    Tied: w = N b c obeys the one-state flow from (sqrt(N) b, sqrt(N) c) with tau / N. O(N).
    docs/theory.md (8.12).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> start = ht.learning.widen("tied", 16, 0.05, 0.05)
    >>> t = ht.learning.time_to(0.99, start.b0, start.c0, 1.0, 1.0, tau=1 / start.speed)
    >>> round(float(t), 4)
    0.2429
    """
    row = _check.choice("width", width, WIDTHS, Width)
    N = _check.size("N", N, by=2)
    b, c = _check.number("b", b), _check.number("c", c)
    if row.random and not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng must be a numpy.random.Generator for {row.name!r}, got {rng!r}")
    b0, c0 = row.start(N, b, c, rng)
    return Widened(b0, c0, row.speed(N))


def crossover_width(scale, sigma, eta) -> float:
    """Width N_c = |sigma| / (eta scale^2) at which starts N(0, scale^2) turn from rich to lazy.

    Parameters
    ----------
    scale : float
        Standard deviation of every b and c.
    sigma, eta : float
        As in `gain`.

    Returns
    -------
    float
        Below it the rate is 2 |sigma|, above it eta Lambda, Lambda ~ 2 N scale^2; there they meet.

    Notes
    -----
    Lambda / (2 N scale^2) = 1 + O(N^-1/2) for independent normal weights. docs/theory.md (8.12).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> round(ht.learning.crossover_width(0.05, sigma=1.0, eta=1.0))
    400
    """
    scale = _check.number("scale", scale, above=0.0)
    sigma, eta = _check.number("sigma", sigma), _check.number("eta", eta, above=0.0)
    with np.errstate(over="ignore", under="ignore"):
        width = np.float64(abs(sigma)) / scale / eta / scale
    return float(_check.in_range("the width", width))


def steps_at_limit(w, b0, c0, sigma, eta=None) -> np.ndarray:
    """`time_to` in steps of the largest stable learning rate, time_to * rate / 2.

    Parameters
    ----------
    w, b0, c0, sigma, eta
        As in `time_to`.

    Returns
    -------
    ndarray, the shape of w
        Whatever multiplies the learning rate (tying does) has dropped out.

    Notes
    -----
    A flow time in units of 2 / rate, the stability limit at the minimum; gradient descent that
    close to the limit is not the flow (see `gain_steps`). docs/theory.md (8.12).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> round(float(ht.learning.steps_at_limit(0.99, [0.05], [0.05], 1.0, 1.0)), 3)
    5.292
    """
    return time_to(w, b0, c0, sigma, eta) * rate(b0, c0, sigma, eta) / 2
