"""An input is a weighted sum of terms, each a function with its exact LegS coefficients."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from math import inf
from numbers import Real
from typing import Any

import numpy as np

from hippo_theory import _check


@dataclass(frozen=True, slots=True, eq=False)
class Term:
    """One function on [0, end] with exact coefficients c_n(t) = int_0^1 f(t x) p_n(x) dx.

    Attributes
    ----------
    name : str
        The call that makes it.
    values : callable
        ``values(t)`` for non-negative times of any shape, float64 (any dtype with `exact`).
    project : callable
        ``project(t, N)`` -> (len(t), N) for positive times (K,), double precision.
    coefficient : callable
        ``coefficient(t, n)`` -> c_n(t) for one positive mpmath time at mpmath's working
        precision, by another formula than `project`.
    origin : float or None
        The limit of c_0 at t = 0; None where it does not exist.
    regularity : str
        In words.
    final_order, max_order : float
        The order that this function allows to a scheme of high order, at the final time and in
        the maximum over time; inf where it sets no limit, 0 where no order can be promised.
    breaks : tuple of float
        Interior points where smoothness fails.
    steady : bool
        False where errors oscillate with the number of steps for a reason other than breaks.
    riemann_integrable : bool
        Whether it is bounded and continuous almost everywhere, on every [0, T].
    end : float
        The last time at which the function is known.
    exact : bool
        Whether `values` asks for the exact number (`fractions.Fraction`) behind a time.
    """

    name: str
    values: Callable[[np.ndarray], np.ndarray]
    project: Callable[[np.ndarray, int], np.ndarray]
    coefficient: Callable[[Any, int], Any]
    origin: float | None
    regularity: str
    final_order: float
    max_order: float
    breaks: tuple[float, ...] = ()
    steady: bool = True
    riemann_integrable: bool = True
    end: float = inf
    exact: bool = False

    def __post_init__(self):
        if not 0 <= self.max_order <= self.final_order:
            raise ValueError(
                f"max_order must lie in [0, final_order = {self.final_order:g}], "
                f"got {self.max_order:g}"
            )


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Input:
    """A function f on [0, inf) with exact LegS coefficients; inputs add and scale.

    Made by the functions of `hippo_theory.legs.inputs`.

    Attributes
    ----------
    terms : tuple of (float, Term)
        f is the sum of weight * term.

    Examples
    --------
    >>> from hippo_theory.legs import inputs
    >>> f = 2 * inputs.cosine(6.0) + inputs.step(0.3)
    >>> f
    2 * cosine(6) + step(0.3)
    >>> f.final_order, f.breaks
    (1.0, (0.3,))
    >>> f.project([1.0], 2).round(6)
    array([[0.606862, 0.194745]])
    """

    terms: tuple[tuple[float, Term], ...]

    __array_ufunc__ = None  # so that np.float64(2) * f is f scaled, not an object array

    def __call__(self, t):
        """Values f(t) at times of any shape.

        Parameters
        ----------
        t : array_like
            Non-negative times: floats, integers or `fractions.Fraction`. Functions that ask
            whether a time is rational read a float by the rule of `inputs.read_fraction`.

        Returns
        -------
        ndarray of t's shape, or float for one time
            A singularity has the value inf.
        """
        raw = np.asarray(_check.on_host("t", t))
        times = self._times(raw)
        exact = raw if raw.dtype.kind in "Oiu" else times
        total = np.zeros(times.shape)
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            for weight, term in self.terms:
                total = total + weight * term.values(exact if term.exact else times)
        undefined = np.isnan(total)
        if undefined.any():
            at = times[undefined].flat[0]
            raise ValueError(f"t must avoid the infinite terms of {self} that cancel, got {at:g}")
        return float(total) if total.ndim == 0 else total

    def project(self, t, N) -> np.ndarray:
        """Exact coefficients c_n(t) = int_0^1 f(t x) p_n(x) dx, n < N.

        Parameters
        ----------
        t : array_like, shape (...)
            Non-negative times, in any order; one time is a time of shape ().
        N : int
            State dimension.

        Returns
        -------
        ndarray, shape (..., N)
            At t = 0 the limit f(0+) e_0.

        Raises
        ------
        ValueError
            If t holds a 0 and the limit does not exist there, if t reaches beyond the data, or if
            a coefficient leaves the range of double precision.

        Notes
        -----
        Closed forms or quadrature that is exact to rounding; errors are small multiples of
        1e-16 times the size of f. O(N) per time and term (piece, for piecewise polynomials).
        """
        N = _check.integer("N", N)
        raw = np.asarray(_check.on_host("t", t))
        times = self._times(raw).reshape(-1)
        start = times == 0
        total = np.zeros((times.size, N))
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            for weight, term in self.terms:
                total[~start] += weight * term.project(times[~start], N)
                if start.any():
                    total[start, 0] += weight * _origin(term)
        lost = ~np.isfinite(total).all(axis=1)
        if lost.any():
            raise ValueError(
                f"t must keep the coefficients of {self} within double precision, "
                f"got {times[lost][0]:g}"
            )
        return total.reshape(*raw.shape, N)

    def coefficient(self, t, n, *, digits: int = 40):
        """One coefficient c_n(t) to any number of digits, as an mpmath number.

        Parameters
        ----------
        t : float, Fraction or mpmath number
            One positive time, read exactly.
        n : int
            Degree, n >= 0.
        digits : int
            Decimal digits; the absolute error is about 10^-digits times the size of f.

        Returns
        -------
        mpmath.mpf

        Notes
        -----
        The formulas differ from those of `project`, so each checks the other.
        """
        import mpmath

        from hippo_theory.legs.inputs import _digits

        n = _check.integer("n", n, minimum=0)
        digits = _check.integer("digits", digits)
        _check.number("t", t, above=0.0)
        self._times(np.asarray(float(t)))
        with mpmath.workdps(digits + 15):
            time = _digits.number(t)
            total = sum((w * term.coefficient(time, n) for w, term in self.terms), mpmath.mpf(0))
        with mpmath.workdps(digits):
            return +total

    @property
    def regularity(self) -> str:
        """The regularity of all terms in words."""
        return "; ".join(dict.fromkeys(term.regularity for _, term in self.terms)) or "zero"

    @property
    def riemann_integrable(self) -> bool:
        """Whether every term is Riemann integrable."""
        return all(term.riemann_integrable for _, term in self.terms)

    @property
    def final_order(self) -> float:
        """The order at the final time that f allows to a scheme of high order."""
        return min((term.final_order for _, term in self.terms), default=inf)

    @property
    def max_order(self) -> float:
        """The order in the maximum over time that f allows to a scheme of high order."""
        return min((term.max_order for _, term in self.terms), default=inf)

    @property
    def breaks(self) -> tuple[float, ...]:
        """Interior points where smoothness fails, ascending."""
        return tuple(sorted({b for _, term in self.terms for b in term.breaks}))

    def has_slope(self, t) -> bool:
        """Whether errors on grids like t fall with a slope: every break is a time of the grid.

        Otherwise they oscillate with the number of steps, as with the place of a break in its
        cell: measure the envelope.
        """
        grid = _check.times("t", t)
        inside = [b for b in self.breaks if b < grid[-1]]
        return all(term.steady for _, term in self.terms) and bool(np.isin(inside, grid).all())

    def __add__(self, other):
        if not isinstance(other, Input):
            return NotImplemented
        weights: dict[Term, float] = {}
        for weight, term in self.terms + other.terms:
            weights[term] = weights.get(term, 0.0) + weight
        return Input(tuple((w, term) for term, w in weights.items() if w))

    def __mul__(self, scale):
        if not isinstance(scale, Real):
            return NotImplemented
        factor = _check.number("scale", scale)
        return Input(tuple((factor * w, term) for w, term in self.terms if factor))

    __rmul__ = __mul__

    def __neg__(self):
        return -1.0 * self

    def __sub__(self, other):
        return self + (-other) if isinstance(other, Input) else NotImplemented

    def __repr__(self):
        return reduce(_join, (_scaled(w, term.name) for w, term in self.terms), "") or "0"

    def _times(self, raw: np.ndarray) -> np.ndarray:
        """Times as float64, refusing what lies outside every term's [0, end]."""
        if raw.dtype.kind == "O":
            try:
                raw = raw.astype(np.float64)
            except (TypeError, ValueError):
                raise TypeError("t must hold real numbers") from None
        times = _check.array("t", raw, real=True).astype(np.float64, copy=False)
        if times.size and times.min() < 0:
            raise ValueError(f"t must be non-negative, got {times.min():g}")
        for _, term in self.terms:
            if times.size and times.max() > term.end:
                raise ValueError(
                    f"t must be at most {term.end:g}, the end of {term.name}, got {times.max():g}"
                )
        return times


def single(**attributes) -> Input:
    """The input of one term."""
    return Input(((1.0, Term(**attributes)),))


def call(name: str, *arguments: float, **options: float) -> str:
    """The call as text, numbers with the digits that they were given with."""
    words = [f"{float(a):.15g}" for a in arguments]
    words += [f"{key}={float(value):.15g}" for key, value in options.items()]
    return f"{name}({', '.join(words)})"


def _origin(term: Term) -> float:
    if term.origin is None:
        raise ValueError(f"t must be positive, got 0: {term.name} has no limit of c(t) there")
    return term.origin


def _scaled(weight: float, name: str) -> str:
    return {1.0: name, -1.0: f"-{name}"}.get(weight, f"{weight:.15g} * {name}")


def _join(text: str, term: str) -> str:
    if not text:
        return term
    return f"{text} - {term[1:]}" if term.startswith("-") else f"{text} + {term}"
