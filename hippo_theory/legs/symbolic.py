"""The LegS operator in exact symbols, and its identities as residuals that sympy proves zero."""

import math
from typing import Any

from hippo_theory import _check

__all__ = [
    "identities",
    "matrices",
    "modes",
    "propagator",
    "transfer_function",
]

# Expressions of sympy, which is imported where it is used.
Expression = Any

LARGEST = 2**10  # state dimension: entries of N^2 expressions


def matrices(N: int) -> tuple[Expression, Expression]:
    """A and B of `legs.matrices` with exact square roots.

    Parameters
    ----------
    N : int
        State dimension; small, up to about 6.

    Returns
    -------
    A : sympy.Matrix, shape (N, N)
    B : sympy.Matrix, shape (N, 1)

    Raises
    ------
    ValueError, TypeError
        If N is not a positive integer.

    Notes
    -----
    docs/theory.md (1.2).

    Examples
    --------
    >>> from hippo_theory.legs import symbolic
    >>> A, B = symbolic.matrices(2)
    >>> A, B.T
    (Matrix([
    [      1, 0],
    [sqrt(3), 2]]), Matrix([[1, sqrt(3)]]))
    """
    import sympy

    N = _check.integer("N", N, maximum=LARGEST)
    B: Expression = sympy.Matrix([sympy.sqrt(2 * n + 1) for n in range(N)])
    A = sympy.Matrix(N, N, lambda i, j: B[i] * B[j] if i > j else (i + 1) * int(i == j))
    return A, B


def transfer_function(s: Expression, N: int) -> Expression:
    """(s I + A)^{-1} B in closed form, for a number or symbol s.

    Parameters
    ----------
    s : sympy expression or number
    N : int
        State dimension.

    Returns
    -------
    sympy.Matrix, shape (N, 1)

    Raises
    ------
    ValueError, TypeError
        If N is not a positive integer.

    Notes
    -----
    docs/theory.md (1.9).

    Examples
    --------
    >>> import sympy
    >>> from hippo_theory.legs import symbolic
    >>> symbolic.transfer_function(sympy.Symbol("s"), 2)
    Matrix([
    [                        1/(s + 1)],
    [sqrt(3)*s/((s + 1)*(s + 2))]])
    """
    import sympy

    N = _check.integer("N", N, maximum=LARGEST)
    s = _expression("s", s)
    entries = []
    for n in range(N):
        falling = math.prod((s - j for j in range(n)), start=sympy.Integer(1))
        rising = math.prod((s + j for j in range(1, n + 2)), start=sympy.Integer(1))
        entries.append(sympy.sqrt(2 * n + 1) * falling / rising)
    return sympy.Matrix(entries)


def propagator(r: Expression, N: int) -> Expression:
    """r^A for a number or symbol r > 0, its entries as polynomials in r.

    Parameters
    ----------
    r : sympy expression or number
    N : int
        State dimension.

    Returns
    -------
    sympy.Matrix, shape (N, N)

    Raises
    ------
    ValueError, TypeError
        If N is not a positive integer.

    Notes
    -----
    r^{i+1} on the diagonal; below it -q_i q_j (1-r) r^{j+1} P_{i-j-1}^{(1,2j+1)}(2r-1)/(i-j).
    docs/theory.md (1.7).

    Examples
    --------
    >>> import sympy
    >>> from hippo_theory.legs import symbolic
    >>> symbolic.propagator(sympy.Rational(1, 2), 2)
    Matrix([
    [       1/2,   0],
    [-sqrt(3)/4, 1/4]])
    """
    import sympy

    _, B = matrices(N)
    r = _expression("r", r)

    def entry(i, j):
        if i <= j:
            return r ** (i + 1) if i == j else sympy.Integer(0)
        jacobi = sympy.jacobi(i - j - 1, 1, 2 * j + 1, 2 * r - 1)
        return sympy.expand(-B[i] * B[j] * (1 - r) * r ** (j + 1) * jacobi / (i - j))

    return sympy.Matrix(len(B), len(B), entry)


def modes(N: int) -> Expression:
    """The matrix whose column k - 1 is the homogeneous mode of t^{-k}, exact and unscaled.

    Parameters
    ----------
    N : int
        State dimension.

    Returns
    -------
    sympy.Matrix, shape (N, N)
        Entry (n, k-1) is (-1)^(n-k+1) sqrt(2n+1) binom(n+k-1, 2k-2).

    Raises
    ------
    ValueError, TypeError
        If N is not a positive integer.

    Notes
    -----
    docs/theory.md (4.4).

    Examples
    --------
    >>> from hippo_theory.legs import symbolic
    >>> symbolic.modes(2)
    Matrix([
    [       1,       0],
    [-sqrt(3), sqrt(3)]])
    """
    import sympy

    _, B = matrices(N)

    def entry(n, j):
        return (-1) ** (n - j) * B[n] * sympy.binomial(n + j, 2 * j) if n >= j else 0

    return sympy.Matrix(len(B), len(B), entry)


def identities(N: int) -> dict[str, Expression]:
    """The identities of the LegS operator, each with its residual: zero, so each is proved.

    Parameters
    ----------
    N : int
        State dimension; up to 6 in a few seconds.

    Returns
    -------
    dict
        Identity in words -> sympy Matrix or expression, left side minus right side, expanded.

    Raises
    ------
    ValueError, TypeError
        If N is not a positive integer.

    Notes
    -----
    Every side is a polynomial in its symbols (the resolvent's after multiplication by its poles),
    so that expansion decides equality: a residual of zero is a proof for this N.
    docs/theory.md (1.3), (1.4), (1.7), (1.9), (3.1), (4.4).

    Examples
    --------
    >>> from hippo_theory.legs import symbolic
    >>> for identity, residual in symbolic.identities(3).items():
    ...     print(identity, "  proved:", not any(residual))
    A e_0 = B   proved: True
    A + A^T = I + B B^T   proved: True
    (s I + A) x(s) = B   proved: True
    r d/dr r^A = A r^A   proved: True
    r^A = I at r = 1   proved: True
    A V = V diag(1, ..., N)   proved: True
    d/dt (t |c|^2) = f^2 - (f - B.c)^2   proved: True
    """
    import sympy

    A, B = matrices(N)
    s, r, f = sympy.symbols("s r f")
    c = sympy.Matrix(sympy.symbols(f"c:{len(B)}"))
    one, power = sympy.eye(len(B)), propagator(r, N)
    poles = math.prod((s + k for k in range(1, len(B) + 1)), start=sympy.Integer(1))
    resolvent = (poles * transfer_function(s, N)).applyfunc(sympy.cancel)
    slope = -A * c + B * f  # t c'
    energy = c.dot(c) + 2 * c.dot(slope) - f**2 + (f - B.dot(c)) ** 2
    residuals = {
        "A e_0 = B": A[:, 0] - B,
        "A + A^T = I + B B^T": A + A.T - one - B * B.T,
        "(s I + A) x(s) = B": (s * one + A) * resolvent - poles * B,
        "r d/dr r^A = A r^A": r * power.diff(r) - A * power,
        "r^A = I at r = 1": power.subs(r, 1) - one,
        "A V = V diag(1, ..., N)": A * modes(N) - modes(N) * sympy.diag(*range(1, len(B) + 1)),
        "d/dt (t |c|^2) = f^2 - (f - B.c)^2": sympy.Matrix([energy]),
    }
    return {identity: residual.applyfunc(sympy.expand) for identity, residual in residuals.items()}


def _expression(name: str, value: Expression) -> Expression:
    """Return a number, symbol or expression, refusing what sympy does not read as one."""
    import sympy

    try:
        result = sympy.sympify(value)
    except (sympy.SympifyError, TypeError, ValueError, AttributeError, SyntaxError):
        result = None
    if not isinstance(result, sympy.Expr) or isinstance(value, (bool, bytes)):
        raise TypeError(f"{name} must be a number or an expression, got {_check.shown(value)}")
    return result


def __dir__():
    """Name what is meant for users, for completion."""
    return __all__
