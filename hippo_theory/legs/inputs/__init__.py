"""Functions of time with exact LegS projections, their regularity, and the orders they allow."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass

from hippo_theory._table import Table
from hippo_theory.legs.inputs._pieces import from_samples, piecewise_polynomial
from hippo_theory.legs.inputs._powers import log_chirp, monomial, power_singularity, ramp, step
from hippo_theory.legs.inputs._rationals import (
    dirichlet,
    rational_neighbourhood,
    read_fraction,
    thomae,
)
from hippo_theory.legs.inputs._value import Input, Term
from hippo_theory.legs.inputs._waves import cosine, exponential, sine, weierstrass

__all__ = [
    "INPUTS",
    "Input",
    "InputFamily",
    "Term",
    "cosine",
    "dirichlet",
    "exponential",
    "from_samples",
    "log_chirp",
    "monomial",
    "piecewise_polynomial",
    "power_singularity",
    "ramp",
    "rational_neighbourhood",
    "read_fraction",
    "sine",
    "step",
    "thomae",
    "weierstrass",
]


@dataclass(frozen=True, slots=True, eq=False)
class InputFamily:
    """A row of INPUTS.

    Attributes
    ----------
    factory : callable
        Makes the `Input`.
    example : tuple
        Arguments of one member.
    final_order, max_order : str
        The orders that a member allows, in its parameters; the numbers are on the `Input`.
    source : str
        Where the coefficients come from.
    """

    factory: Callable[..., Input]
    example: tuple
    final_order: str
    max_order: str
    source: str

    @property
    def name(self) -> str:
        """The factory's name."""
        return self.factory.__name__

    @property
    def arguments(self) -> str:
        """The factory's parameters."""
        return ", ".join(str(p) for p in inspect.signature(self.factory).parameters.values())

    @property
    def regularity(self) -> str:
        """The regularity of the example in words."""
        return self.factory(*self.example).regularity

    @property
    def riemann_integrable(self) -> bool:
        """Whether members are Riemann integrable."""
        return self.factory(*self.example).riemann_integrable


INPUTS = Table(
    [
        InputFamily(cosine, (6.0,), "inf", "inf", "spherical Bessel functions"),
        InputFamily(sine, (3.0,), "inf", "inf", "spherical Bessel functions"),
        InputFamily(exponential, (-2.0,), "inf", "inf", "modified spherical Bessel functions"),
        InputFamily(monomial, (0.5,), "1 + p", "p", "Mellin transform of p_n"),
        InputFamily(log_chirp, (3.0,), "1", "none", "Mellin transform of p_n at i omega"),
        InputFamily(step, (0.3,), "1", "1", "Legendre antiderivative"),
        InputFamily(ramp, (0.3,), "2", "2", "Legendre antiderivative, twice"),
        InputFamily(power_singularity, (0.3, 0.5), "1 + p", "1 + p", "2F1, contiguous relation"),
        InputFamily(
            piecewise_polynomial,
            ([0.0, 0.3, 1.0], [[1.0, -1.0], [0.0, 0.5]]),
            "1 + lowest derivative that jumps",
            "same",
            "Gauss-Legendre, exact",
        ),
        InputFamily(weierstrass, (0.5,), "alpha", "alpha", "sum of cosines"),
        InputFamily(thomae, (), "1", "none", "zero almost everywhere"),
        InputFamily(dirichlet, (), "none", "none", "zero almost everywhere"),
        InputFamily(
            rational_neighbourhood,
            ([16], 1 / 16),
            "none",
            "none",
            "exact union of intervals, Gauss-Legendre",
        ),
        InputFamily(
            from_samples,
            ([0.0, 0.25, 1.0], [0.0, 1.0, -1.0]),
            "2",
            "2",
            "Gauss-Legendre, exact",
        ),
    ],
    columns=("name", "arguments", "regularity", "riemann_integrable", "final_order", "max_order"),
)


def __dir__():
    """Name what is meant for users, for completion."""
    return __all__
