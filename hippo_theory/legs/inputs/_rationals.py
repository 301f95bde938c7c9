"""Functions that ask whether a time is rational, and the rule by which a float is."""

import math
import numbers
from bisect import bisect_left
from fractions import Fraction
from itertools import count

import numpy as np

from hippo_theory import _check
from hippo_theory.legs._legendre import project_pieces
from hippo_theory.legs.inputs import _digits
from hippo_theory.legs.inputs._value import Input, single

LARGEST_COVER = 2**15  # intervals: one of width 2^-j takes j bits


def read_fraction(x) -> Fraction:
    """The fraction that a number stands for.

    Parameters
    ----------
    x : float, int or Fraction
        Integers and Fractions stand for themselves. A float stands for the fraction p/q with the
        smallest q within 2 units in its last place (ulp, of double precision).

    Returns
    -------
    Fraction

    Raises
    ------
    ValueError, TypeError
        If x is not a finite real number.

    Notes
    -----
    The simplest fraction of an interval, by continued fractions in exact integers. Two ulp cover
    the rounding of k * h and of k / K on uniform grids.

    Examples
    --------
    >>> from hippo_theory.legs.inputs import read_fraction
    >>> read_fraction(0.1 + 0.2)
    Fraction(3, 10)
    """
    if isinstance(x, numbers.Rational):
        return Fraction(x)
    x = _check.number("x", x)
    radius = 2 * Fraction(math.ulp(x))
    low, high = Fraction(x) - radius, Fraction(x) + radius
    return _simplest(low.numerator, low.denominator, high.numerator, high.denominator)


def thomae() -> Input:
    """f(p/q) = 1/q in lowest terms, 0 at irrational times; f(0) = 1.

    Notes
    -----
    Riemann integrable and zero almost everywhere: c(t) = 0. Floats are read by `read_fraction`.
    Order 1 (times log K on K = 2^m cells) at the final time, none in the maximum over time since
    f(0) = 1.

    Examples
    --------
    >>> from hippo_theory.legs import inputs
    >>> inputs.thomae()([0.5, 0.1, 2.0])
    array([0.5, 0.1, 1. ])
    """
    return _null("thomae()", lambda t: _map(lambda x: 1 / read_fraction(x).denominator, t), True)


def dirichlet() -> Input:
    """The indicator of the rationals, which is 1 at every float and every Fraction.

    Notes
    -----
    Not Riemann integrable, and zero almost everywhere: c(t) = 0, while every scheme that samples
    returns e_0.

    Examples
    --------
    >>> from hippo_theory.legs import inputs
    >>> inputs.dirichlet()([0.5, 2.0]), inputs.dirichlet().riemann_integrable
    (array([1., 1.]), False)
    """
    return _null("dirichlet()", lambda t: np.ones(np.shape(t)), False)


def rational_neighbourhood(denominators, measure) -> Input:
    """The indicator of a small open neighbourhood of all p/q in [0, 1] with q listed.

    Parameters
    ----------
    denominators : sequence of int
        The q whose fractions p/q, 0 <= p <= q, are covered.
    measure : float
        The j-th fraction (q in the order given, then p; j = 1, 2, ...) lies in the middle of an
        open interval of width measure 2^-j, so the measure of the union is below this. In (0, 1).

    Notes
    -----
    f = 1 at every listed fraction, so every sampling scheme on a grid with one of these
    denominators returns e_0, yet 0 <= c_0(t) <= measure/t. The union over *all* fractions is open
    and dense, its indicator is not Riemann integrable, and no change on a null set repairs that.
    A program holds finitely many intervals, and their indicator *is* Riemann integrable: on grids
    with other denominators sampling starts to converge as soon as the widest intervals are
    resolved. Claim failure only for the listed grids. Membership is decided in exact fractions
    (floats read by `read_fraction`): the widths fall below the spacing of floats at j = 50.

    Examples
    --------
    >>> from hippo_theory.legs import inputs
    >>> f = inputs.rational_neighbourhood([8], 1 / 16)
    >>> f([0.125, 0.75, 0.8])
    array([1., 1., 0.])
    >>> bool(f.project([1.0], 1)[0, 0] <= 1 / 16)
    True
    """
    if not np.iterable(denominators):
        raise TypeError(
            f"denominators must be a sequence of integers, got {_check.shown(denominators)}"
        )
    qs = [_check.integer("denominators", q, maximum=LARGEST_COVER) for q in denominators]
    if sum(qs) > LARGEST_COVER:  # interval j has a denominator of j bits
        raise ValueError(f"denominators must add up to at most {LARGEST_COVER}, got {sum(qs)}")
    if not qs:
        raise ValueError(f"denominators must hold at least one integer, got {denominators!r}")
    size = _check.number("measure", measure, above=0.0, below=1.0)
    intervals = _merge(_cover(qs, Fraction(measure if isinstance(measure, Fraction) else size)))
    lefts = [low for low, _ in intervals]
    left = np.array([float(low) for low in lefts])
    width = np.array([float(high - low) for low, high in intervals])

    def inside(x):
        x = read_fraction(x)
        i = bisect_left(lefts, x) - 1
        return float(x == 0 or (i >= 0 and lefts[i] < x < intervals[i][1]))

    return single(
        name=f"rational_neighbourhood(<{len(qs)} denominators up to {max(qs)}>, {size:.15g})",
        values=lambda t: _map(inside, t),
        project=lambda t, N: project_pieces(t, N, left, width, np.ones((1, left.size))),
        coefficient=lambda t, n: _cover_digits(t, n, intervals),
        origin=1.0,
        regularity="indicator of finitely many intervals, 1 at every listed fraction",
        final_order=0.0,
        max_order=0.0,
        steady=False,
        breaks=tuple(sorted({float(e) for interval in intervals for e in interval if e})),
        exact=True,
    )


def _null(name: str, values, riemann: bool) -> Input:
    """A function that is zero almost everywhere."""
    return single(
        name=name,
        values=values,
        project=lambda t, N: np.zeros((t.size, N)),
        coefficient=lambda t, n: _digits.number(0.0),
        origin=0.0,
        regularity="zero but at rationals" + ("" if riemann else ", continuous nowhere"),
        final_order=1.0 if riemann else 0.0,
        max_order=0.0,
        steady=False,
        riemann_integrable=riemann,
        exact=True,
    )


def _map(function, t) -> np.ndarray:
    t = np.asarray(t)
    exact = t.astype(object) if t.dtype.kind in "iu" else t
    return np.array([function(x) for x in exact.flat], dtype=np.float64).reshape(t.shape)


def _simplest(a: int, b: int, c: int, d: int) -> Fraction:
    """The fraction of smallest denominator in [a/b, c/d], c > 0."""
    p0, q0, p1, q1 = 0, 1, 1, 0
    while True:
        whole = -(-a // b)
        if whole * d <= c:
            return Fraction(p1 * whole + p0, q1 * whole + q0)
        whole -= 1
        p0, q0, p1, q1 = p1, q1, p1 * whole + p0, q1 * whole + q0
        a, b, c, d = d, c - whole * d, b, a - whole * b


def _cover(denominators: list[int], measure: Fraction) -> list[tuple[Fraction, Fraction]]:
    fractions = dict.fromkeys(Fraction(p, q) for q in denominators for p in range(q + 1))
    halves = (measure / 2 ** (j + 1) for j in count(1))
    return sorted((max(r - e, Fraction(0)), r + e) for r, e in zip(fractions, halves, strict=False))


def _merge(intervals: list[tuple[Fraction, Fraction]]) -> list[tuple[Fraction, Fraction]]:
    """The union of sorted open intervals; intervals that only touch stay apart."""
    merged = [intervals[0]]
    for low, high in intervals[1:]:
        if low < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], high))
        else:
            merged.append((low, high))
    return merged


def _cover_digits(t, n: int, intervals):
    one = [_digits.number(1.0)]
    ends = (map(_digits.number, interval) for interval in intervals)
    return sum(_digits.piece(t, low, high, one, n) for low, high in ends)
