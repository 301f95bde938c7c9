"""Coefficients in mpmath at its working precision, by hypergeometric forms."""

from fractions import Fraction


def number(value):
    """`value` as an exact mpmath number; Fractions to the working precision."""
    import mpmath

    if isinstance(value, Fraction):
        return mpmath.mpf(value.numerator) / value.denominator
    return mpmath.mpmathify(value if isinstance(value, mpmath.mpf) else float(value))


def norm(n: int):
    """Return sqrt(2n + 1)."""
    import mpmath

    return mpmath.sqrt(2 * n + 1)


def exponential(z, n: int):
    """int_0^1 e^(z x) p_n(x) dx = sqrt(2n+1) z^n n!/(2n+1)! 1F1(n+1; 2n+2; z)."""
    import mpmath

    scale = mpmath.factorial(n) / mpmath.factorial(2 * n + 1)
    return norm(n) * scale * z**n * mpmath.hyp1f1(n + 1, 2 * n + 2, z)


def monomial(p, n: int):
    """int_0^1 x^p p_n(x) dx = sqrt(2n+1) (p-n+1)_n / (p+1)_{n+1}, p > -1 or complex."""
    import mpmath

    return norm(n) * mpmath.rf(p - n + 1, n) / mpmath.rf(p + 1, n + 1)


def power_after(t, a, p, n: int):
    """(1/t) int_a^t (s-a)^p p_n(s/t) ds, zero for t <= a."""
    import mpmath

    if t <= a:
        return mpmath.mpf(0)
    scale = (t - a) ** (p + 1) / (t * (p + 1))
    return norm(n) * scale * _polynomial(n, p, (t - a) / t)


def power_before(t, a, p, n: int):
    """(1/t) int_0^min(a,t) (a-s)^p p_n(s/t) ds."""
    import mpmath

    if t > a:
        scale = a ** (p + 1) / (t * (p + 1))
        return (-1) ** n * norm(n) * scale * _polynomial(n, p, a / t)
    if t == a:
        return (-1) ** n * a**p * monomial(p, n)
    # Rodrigues: (1/n!) int g^(n)(x) x^n (1-x)^n dx with g(x) = (1 - x t/a)^p
    scale = mpmath.rf(-p, n) * mpmath.factorial(n) / mpmath.factorial(2 * n + 1)
    ratio = t / a
    tail = mpmath.hyp2f1(n - p, n + 1, 2 * n + 2, ratio)
    return norm(n) * a**p * scale * ratio**n * tail


def piece(t, left, right, coefficients, n: int):
    """(1/t) int over [left, min(right, t)] of sum_d coefficients[d] (s-left)^d p_n(s/t) ds.

    The polynomial from `left` on less its continuation from `right` on: absolute errors stay at
    the working precision, however narrow the piece.
    """
    import mpmath

    total = sum(
        (c * power_after(t, left, d, n) for d, c in enumerate(coefficients) if c), mpmath.mpf(0)
    )
    if t <= right:
        return total
    for d in range(len(coefficients)):
        shifted = sum(
            mpmath.binomial(j, d) * coefficients[j] * (right - left) ** (j - d)
            for j in range(d, len(coefficients))
        )
        total -= shifted * power_after(t, right, d, n)
    return total


def _polynomial(n: int, p, u):
    """2F1(-n, n+1; p+2; u), also where it vanishes."""
    import mpmath

    return mpmath.hyp2f1(-n, n + 1, p + 2, u, zeroprec=2 * mpmath.mp.prec)
