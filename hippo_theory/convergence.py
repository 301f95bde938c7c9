"""Observed orders of convergence, with the interval that the data support."""

from dataclasses import dataclass

import numpy as np

from hippo_theory import _check

__all__ = [
    "Envelope",
    "ObservedOrder",
    "envelope",
    "observed_order",
]


@dataclass(frozen=True, slots=True, eq=False)
class ObservedOrder:
    """A least-squares order p in error ~ C steps^-p.

    Attributes
    ----------
    order : float
        Minus the slope of log(error) against log(steps).
    interval : tuple of float
        The smallest and largest order between neighbouring step counts: the whole spread
        of the data, not a confidence level.
    constant : float
        C of the fitted line.
    """

    order: float
    interval: tuple[float, float]
    constant: float

    def __repr__(self):
        low, high = self.interval
        return (
            f"order {self.order:.3f}, between neighbours [{low:.3f}, {high:.3f}], "
            f"error ~ {self.constant:.3g} steps^-{self.order:.3f}"
        )


@dataclass(frozen=True, slots=True, eq=False)
class Envelope:
    """Bounds of steps^order * error over all the step counts given.

    Attributes
    ----------
    lower, upper : float
        Smallest and largest scaled error; `upper` is the observed constant of the bound
        error <= upper * steps^-order.
    order : float
        The order by which errors were scaled.
    """

    lower: float
    upper: float
    order: float

    def __repr__(self):
        return f"{self.lower:.3g} <= steps^{self.order:g} error <= {self.upper:.3g}"


def observed_order(steps, errors) -> ObservedOrder:
    """Order p of error ~ C steps^-p by least squares in logarithms, with its spread.

    Parameters
    ----------
    steps : array_like, shape (K,)
        Numbers of steps, strictly increasing, K >= 2.
    errors : array_like, shape (K,)
        Positive errors, one for each.

    Returns
    -------
    ObservedOrder
        `.order`, `.interval`, `.constant`.

    Raises
    ------
    ValueError
        If an error is not positive: an exact result has no order.

    Notes
    -----
    A slope means nothing where the error oscillates with the step count, as it does for a
    jump off the grid; use `envelope` there. O(K).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.convergence.observed_order([10, 20, 40], [1e-2, 2.5e-3, 6.25e-4])
    order 2.000, between neighbours [2.000, 2.000], error ~ 1 steps^-2.000
    """
    steps, errors = _steps_and_errors(steps, errors)
    if not (errors > 0).all():
        k = int(np.argmin(errors > 0))
        raise ValueError(
            f"errors must be positive, got {errors[k]:g} at index {k}; an exact result has no order"
        )
    x, y = np.log(steps), np.log(errors)
    neighbours = -np.diff(y) / np.diff(x)
    slope, intercept = np.polynomial.polynomial.polyfit(x - x.mean(), y, 1)[::-1]
    return ObservedOrder(
        order=float(-slope),
        interval=(float(neighbours.min()), float(neighbours.max())),
        constant=float(np.exp(intercept - slope * x.mean())),
    )


def envelope(steps, errors, order: float = 1.0) -> Envelope:
    """Bounds of steps^order * error, for errors that oscillate with the step count.

    Parameters
    ----------
    steps : array_like, shape (K,)
        Numbers of steps, strictly increasing, K >= 2.
    errors : array_like, shape (K,)
        Non-negative errors, one for each.
    order : float
        The order to scale by; 1 for a jump off the grid.

    Returns
    -------
    Envelope
        `.lower`, `.upper`, `.order`.

    Raises
    ------
    ValueError
        If an error is negative, or the steps do not increase.

    Notes
    -----
    A claim of this order holds over the steps given if `upper` stays bounded as they grow,
    and is sharp if `upper` does not tend to zero. O(K).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.convergence.envelope([10, 20, 40], [0.1, 0.01, 0.02])
    0.2 <= steps^1 error <= 1
    """
    steps, errors = _steps_and_errors(steps, errors)
    order, errors = _check.number("order", order), _check.positive("errors", errors, zero=True)
    with np.errstate(over="ignore", invalid="ignore"):
        scaled = _check.in_range("steps^order error", steps**order * errors)
    return Envelope(lower=float(scaled.min()), upper=float(scaled.max()), order=order)


def _steps_and_errors(steps, errors):
    steps = _check.times("steps", steps)
    errors = _check.double("errors", errors, ndim=1, real=True)
    _check.shape("errors", errors, (steps.size,))
    if steps[0] == 0:
        raise ValueError("steps must be positive, got 0 at index 0")
    return steps, errors


def __dir__():
    """Name what is meant for users, for completion."""
    return __all__
