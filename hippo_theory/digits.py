"""Twice the digits of a double: rounding errors of sums and products, numbers of 32 digits.

Sums and products of doubles have rounding errors that are doubles themselves (Knuth, Dekker), so
that complex arrays `high + low` are added and multiplied in a few dozen array operations, with
relative errors of some 1e-31. Real and imaginary parts are rounded apart: a product is accurate
beside its modulus. Magnitudes must stay within 1e+-140.
"""

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = Any

STEPS = 12
SLICES, BITS = 5, 21  # 105 bits of every number
TERMS = 2 ** (53 - 2 * BITS)  # sums of so many products of two slices are exact
ROUNDING = 2.0**-102  # of `product`, beside the number of terms and the maxima of row and column


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


@dataclass(frozen=True, slots=True, eq=False)
class DoubleDouble:
    """high + low, complex arrays of one shape, |low| <= eps |high| / 2 in either part."""

    high: Array
    low: Array

    __array_ufunc__ = None  # NumPy arrays on the left leave their operators to this class

    @property
    def shape(self):
        """Shape of the arrays."""
        return self.high.shape

    @property
    def conj(self):
        """The complex conjugate."""
        return DoubleDouble(self.high.conj(), self.low.conj())

    @property
    def real(self):
        """The real part, as a complex number."""
        return DoubleDouble(self.high.real + 0j, self.low.real + 0j)

    @property
    def T(self):
        """The transposed matrix."""
        return DoubleDouble(self.high.T, self.low.T)

    def __getitem__(self, index):
        return DoubleDouble(self.high[index], self.low[index])

    def __neg__(self):
        return DoubleDouble(-self.high, -self.low)

    def __add__(self, other):
        other = exact(other)
        s, e = two_sum(self.high, other.high)
        t, f = two_sum(self.low, other.low)
        s, e = _fast_two_sum(s, e + t)
        return DoubleDouble(*_fast_two_sum(s, e + f))

    def __sub__(self, other):
        return self + -exact(other)

    def __rsub__(self, other):
        return -self + other

    def __mul__(self, other):
        other = exact(other)
        a, b = self.high, other.high
        p, e = two_product(a.real, b.real)
        q, f = two_product(a.imag, b.imag)
        u, g = two_product(a.real, b.imag)
        v, h = two_product(a.imag, b.real)
        real, d = two_sum(p, -q)
        imag, c = two_sum(u, v)
        low = _complex(d + (e - f), c + (g + h)) + (a * other.low + self.low * b)
        return DoubleDouble(*_fast_two_sum(_complex(real, imag), low))

    __radd__, __rmul__ = __add__, __mul__

    def __truediv__(self, other):
        other = exact(other)
        first = self.high / other.high
        rest = self - other * first
        second = rest.high / other.high
        third = (rest - other * second).high / other.high
        return DoubleDouble(*_fast_two_sum(first, second)) + third

    def __rtruediv__(self, other):
        return exact(other) / self

    def __matmul__(self, other):
        """Of vectors and matrices."""
        other = exact(other)
        if self.high.ndim == 1:
            return total(self * other if other.high.ndim == 1 else self[:, None] * other)
        if other.high.ndim == 1:
            return total(self.T * other[:, None])
        result = exact(np.zeros((self.shape[0], other.shape[1])))
        for k in range(other.shape[0]):
            result = result + self[:, k, None] * other[k]
        return result

    def __rmatmul__(self, other):
        return exact(other) @ self


def exact(x: Any) -> DoubleDouble:
    """Doubles as they are."""
    if isinstance(x, DoubleDouble):
        return x
    x = np.asarray(x, complex)
    return DoubleDouble(x, np.zeros_like(x))


def total(terms: DoubleDouble) -> DoubleDouble:
    """The sum along the first axis."""
    while terms.shape[0] > 1:
        half = terms.shape[0] // 2
        rest = terms[2 * half :]
        terms = concatenate([terms[:half] + terms[half : 2 * half], rest])
    return terms[0] if terms.shape[0] else exact(np.zeros(terms.shape[1:]))


def where(condition, x: DoubleDouble, y: DoubleDouble) -> DoubleDouble:
    """x where the condition holds, y elsewhere."""
    return DoubleDouble(np.where(condition, x.high, y.high), np.where(condition, x.low, y.low))


def real_where(condition, x: DoubleDouble) -> DoubleDouble:
    """x with its imaginary part dropped where the condition holds."""
    return where(condition, x.real, x)


def concatenate(parts) -> DoubleDouble:
    """Parts one after the other along the first axis."""
    parts = [exact(p) for p in parts]
    return DoubleDouble(
        np.concatenate([p.high for p in parts]), np.concatenate([p.low for p in parts])
    )


def stack(rows) -> DoubleDouble:
    """Rows along a new first axis."""
    return DoubleDouble(np.stack([x.high for x in rows]), np.stack([x.low for x in rows]))


def sqrt(x: DoubleDouble) -> DoubleDouble:
    """The principal square root of nonzero numbers."""
    root = np.sqrt(x.high)
    return exact(root) + (x - exact(root) * root) / (2 * root)


def solve(M: DoubleDouble, right: DoubleDouble) -> DoubleDouble:
    """M^{-1} times a vector or matrix, refined from double precision while that helps."""
    inverse = np.linalg.inv(M.high)
    x, size = exact(np.zeros(right.shape)), np.inf
    for _ in range(STEPS):
        step = inverse @ (right - M @ x).high
        before, size = size, np.abs(step).max(initial=0.0)
        if not size < before / 2:
            break
        x = x + step
    return x


def exp(z: Array) -> DoubleDouble:
    """Exponentials of doubles, by mpmath."""
    import mpmath

    with mpmath.workdps(40):
        values = [mpmath.exp(complex(x)) for x in z]
        high = [complex(x) for x in values]
        low = [complex(x - y) for x, y in zip(values, high, strict=True)]
    return DoubleDouble(np.array(high, complex), np.array(low, complex))


def log(z: DoubleDouble) -> Array:
    """Logarithms in double precision, by mpmath: right beside 1 too."""
    import mpmath

    with mpmath.workdps(40):
        pairs = zip(z.high.tolist(), z.low.tolist(), strict=True)
        return np.array([complex(mpmath.log(mpmath.mpc(x) + y)) for x, y in pairs], complex)


def product(x: Any, y: Any) -> DoubleDouble:
    """x @ y of matrices by products of doubles that round nothing: fast, real ones stay real.

    Rows of x and columns of y are cut into slices of 21 bits beside their largest entries; the
    products of slices that matter are exact and are added by two_sum. After Ozaki et al. Errors
    of an entry stay below (terms + 8) ROUNDING times the maxima of its row and its column, which
    is why `@` is better for graded matrices.
    """
    x, y = (z if isinstance(z, DoubleDouble) else DoubleDouble(z, 0.0 * z) for z in (x, y))
    width = x.shape[1]
    if width > TERMS:
        return product(x[:, :TERMS], y[:TERMS]) + product(x[:, TERMS:], y[TERMS:])
    if np.iscomplexobj(x.high) or np.iscomplexobj(y.high):
        (a, b), (c, d) = _parts(x), _parts(y)
        real, imag = product(a, c) - product(b, d), product(a, d) + product(b, c)
        return DoubleDouble(_complex(real.high, imag.high), _complex(real.low, imag.low))
    left, right = _slices(x, 1), _slices(y, 0)
    total, lost = np.zeros((2, x.shape[0], y.shape[1]))
    for k in range(SLICES):
        for i in range(k + 1):
            total, error = two_sum(total, left[i] @ right[k - i])
            lost = lost + error
    return DoubleDouble(*two_sum(total, lost))


def matrix_product(a: Any, b: Any) -> tuple[Any, Any]:
    """`product` of two matrices given as pairs of high and low, as such a pair."""
    result = product(DoubleDouble(*a), DoubleDouble(*b))
    return result.high, result.low


def _parts(z):
    return (DoubleDouble(z.high.real, z.low.real), DoubleDouble(z.high.imag, z.low.imag))


def _slices(z, axis):
    """Arrays that add up to z, each of 21 bits beside the maximum of its row (axis 1) or column."""
    exponent = np.frexp(np.abs(z.high).max(axis=axis, keepdims=True, initial=0.0))[1]
    rest, tail, result = z.high, 0.0, []
    for k in range(SLICES):
        rounder = np.ldexp(1.5, exponent + 52 - BITS * (k + 1))  # adding it rounds to the slice
        result.append((rest + rounder) - rounder)
        rest = rest - result[-1]
        if k == 1:  # what is left of either part lies below 2^-42
            rest, tail = two_sum(rest, z.low)
    result[-1] = result[-1] + tail
    return result


def _fast_two_sum(a, b):
    """a + b and its rounding error, |a| >= |b|."""
    s = a + b
    return s, b - (s - a)


def _complex(real, imag):
    z = np.empty(np.broadcast(real, imag).shape, complex)
    z.real, z.imag = real, imag
    return z


def _split(a):
    c = 134217729.0 * a  # 2^27 + 1 halves the 53 bits
    high = c - (c - a)
    return high, a - high
