"""A dense system in other coordinates, with 32 digits and proved errors.

T^{-1} A T, T^{-1} B and C T are computed in twice the precision, and what they differ by from the
matrices of a system with the exact G is bounded. Two T are of use: one whose square T T^* is near
the controllability Gramian, which makes (z - A)^{-1} B as small as any coordinates do, and one of
eigenvectors.
"""

from dataclasses import dataclass

import numpy as np

from hippo_theory.digits import ROUNDING, DoubleDouble, product
from hippo_theory.hankel import factors
from hippo_theory.lti._values import Array
from hippo_theory.lti.values import LTI

EPS = np.finfo(float).eps
FLOOR = 1e-12  # of the roots of the Gramian, beside the largest: T keeps an inverse
SKEWED = 1e5  # condition of T from which on another round of coordinates pays
ROUNDS = 2
REFINEMENTS = 3


@dataclass(frozen=True, slots=True, eq=False)
class Coordinates:
    """A, B, C with 32 digits and D of a system, and bounds of the errors of A, B and C.

    Attributes
    ----------
    discrete : bool
    A, B, C : DoubleDouble
    D : numpy.ndarray
    errors : (float, float, float)
        Norms of what A, B and C differ by from the matrices of a system with the exact G.
    """

    discrete: bool
    A: DoubleDouble
    B: DoubleDouble
    C: DoubleDouble
    D: Array
    errors: tuple[float, float, float]

    @property
    def rounded(self):
        """A, B, C and D in double precision."""
        return self.A.high, self.B.high, self.C.high, self.D


def driven_alike(A, B, C, D, *, discrete: bool) -> Coordinates:
    """Coordinates in which the Gramian is near the identity; those given if none is known.

    States that are driven by more or less are first scaled by powers of two, which is exact.
    """
    S, T = _gramian_factor(A, B, C, D, discrete), np.eye(len(A))
    if S is not None:
        units = np.ldexp(1.0, np.frexp(np.linalg.norm(S, axis=1))[1])
        A, B, C = A * (units / units[:, None]), B / units[:, None], C * units
        S = S / units[:, None]
    result = transformed(A, B, C, D, T, discrete=discrete)
    for k in range(ROUNDS):
        S = _gramian_factor(*result.rounded, discrete) if k else S
        if S is None:
            break
        T = T @ _invertible(S)
        condition = np.linalg.cond(T)
        if not condition < 1 / (64 * len(A) * EPS):
            break
        result = transformed(A, B, C, D, T, discrete=discrete)
        if condition < SKEWED:
            break
    return result


def doubled(M) -> DoubleDouble:
    """Doubles as numbers of 32 digits, real ones as real ones."""
    return M if isinstance(M, DoubleDouble) else DoubleDouble(M, 0.0 * M)


def transformed(A, B, C, D, T, *, discrete: bool) -> Coordinates:
    """T^{-1} A T, T^{-1} B and C T of doubles or numbers of 32 digits."""
    A, B, C, T = (doubled(M) for M in (A, B, C, T))
    norm, n = np.linalg.norm, T.shape[0]
    inverse = np.linalg.inv(T.high)
    near = norm(inverse @ T.high - np.eye(n)) + 4 * n * EPS * norm(inverse) * norm(T.high)
    size = norm(A.high) * norm(T.high)
    turned, of_A = _solved(T, inverse, near, product(A, T), size)
    driven, of_B = _solved(T, inverse, near, B, 0.0)
    of_C = (n + 8) * ROUNDING * norm(C.high) * norm(T.high)
    return Coordinates(discrete, turned, driven, product(C, T), D, (of_A, of_B, float(of_C)))


def _solved(T, inverse, near, right, size):
    """T^{-1} right, and a bound of its error if `right` is off by ROUNDING times `size`."""
    x = doubled(inverse @ right.high)
    for _ in range(REFINEMENTS):
        x = x + doubled(inverse @ (right - product(T, x)).high)
    rest, norm = np.linalg.norm(inverse @ (right - product(T, x)).high), np.linalg.norm
    lost = norm(np.abs(inverse) @ np.abs(T.high).max(axis=1)) * norm(np.abs(x.high).max(axis=0))
    lost = (len(inverse) + 8) * ROUNDING * (lost + norm(inverse) * (size + norm(right.high)))
    return x, float(2 * (rest + lost)) if near < 0.5 else np.inf


def _gramian_factor(A, B, C, D, discrete):
    """S with S S^* near the controllability Gramian, of moved poles if unstable, or None."""
    system = LTI(A, B, C, D, dt=1.0 if discrete else None)
    poles = system.poles
    if discrete:
        radius = np.abs(poles).max()
        A = A / (1.1 * radius) if radius >= 1 else A
    elif poles.real.max() >= 0:
        A = A - (2 * poles.real.max() + 1e-3 * np.abs(poles).max()) * np.eye(len(A))
    try:
        S, _ = factors.factors(LTI(A, B, C, D, dt=system.dt))
    except (np.linalg.LinAlgError, ValueError):
        return None
    S = S if any(np.iscomplexobj(M) for M in (A, B)) else factors.real_factor(S)
    return S if np.isfinite(S).all() else None


def _invertible(S):
    """T, lower triangular, with T T^* = S S^* but for what keeps an inverse."""
    least = FLOOR * np.diag(np.maximum(np.linalg.norm(S, axis=1), np.linalg.norm(S) * FLOOR))
    R: Array = np.linalg.qr(np.concatenate([S.conj().T, least]), mode="r")
    return R.conj().T
