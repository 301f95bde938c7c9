"""Sums and products of floats with their rounding errors (Knuth, Dekker and Veltkamp)."""

from typing import Any


def two_sum(a: Any, b: Any) -> tuple[Any, Any]:
    """The rounded sum of a and b, and its rounding error exactly."""
    s = a + b
    z = s - a
    return s, (a - (s - z)) + (b - z)


def two_product(a: Any, b: Any) -> tuple[Any, Any]:
    """The rounded product of a and b, and its rounding error exactly."""
    p = a * b
    a_high, a_low = _split(a)
    b_high, b_low = _split(b)
    return p, ((a_high * b_high - p) + a_high * b_low + a_low * b_high) + a_low * b_low


def _split(a):
    c = 134217729.0 * a  # 2^27 + 1 halves the 53 bits
    high = c - (c - a)
    return high, a - high
