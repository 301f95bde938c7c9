"""Lyapunov equations: their solutions, and corrections of computed Gramian factors.

Rounding errors leave S with the residual F = A S S^* + S S^* A^* + B B^*, or
F = A S S^* A^* - S S^* + B B^* in discrete time. The solution of the same equation with F in place
of B B^* is what S S^* lacks of P, so that S can be improved, and its error be known, once F is
computed with twice the digits: the errors of two large sums that cancel. docs/theory.md (6.26).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import lapack, solve_triangular

from hippo_theory.digits import DoubleDouble, product
from hippo_theory.hankel import hammarling
from hippo_theory.lti._values import Array
from hippo_theory.lti.pairings import Pairings, pairings

ROUNDS = 4  # of improvement, each of which squares the error
TINY = 1e-16  # relative size of columns of S that are not improved


@dataclass(frozen=True, slots=True, eq=False)
class Equation:
    """A P + P A^* + B B^* = 0, or P = A P A^* + B B^*, with A = Z T Z^*.

    With `adjoint`, A^* Q + Q A + C^* C = 0 and its kin: A and B stand for A^* and C^*, T and Z are
    still those of A itself.
    """

    A: Any  # doubles or numbers of 32 digits, as B is
    B: Any
    T: Array
    Z: Array
    discrete: bool
    adjoint: bool = False

    def factor(self) -> Array:
        """S with P = S S^*, by Hammarling's recurrence in double precision."""
        T, B = self.T, self.Z.conj().T @ rounded(self.B)
        pairs = pairings(np.diagonal(T), discrete=self.discrete)
        if not self.adjoint:
            return self.Z @ hammarling.factor(T, B, pairs, discrete=self.discrete)
        T, B, pairs = T.conj().T[::-1, ::-1], B[::-1], hammarling.flipped(pairs)
        return self.Z @ hammarling.factor(T, B, pairs, discrete=self.discrete)[::-1]

    def solution(self, F) -> Array:
        """The solution for F in place of B B^*, in double precision."""
        T, F = self.T.astype(complex), self.Z.conj().T @ F @ self.Z
        if self.discrete:
            T, F = self._continuous(T, F)
        sides: dict[str, Any] = {"trana": "C"} if self.adjoint else {"tranb": "C"}
        X, scale, _ = lapack.ztrsyl(  # pyright: ignore[reportAttributeAccessIssue]
            T, T, -F, **sides
        )
        return self.Z @ (X / scale) @ self.Z.conj().T

    def _continuous(self, T, F):
        """The Cayley map of the equation, which keeps the solution, from a point far from poles."""
        angles = np.sort(np.angle(np.diagonal(T)))
        gaps = np.diff(np.append(angles, angles[0] + 2 * np.pi))
        turn = -np.exp(1j * (angles + gaps / 2)[np.argmax(gaps)])
        T, unit = T / turn, np.eye(len(T))
        inverse = solve_triangular(T + unit, unit, check_finite=False)
        left = inverse.conj().T if self.adjoint else inverse
        return inverse @ (T - unit), 2 * left @ F @ left.conj().T

    def residual(self, S) -> Array:
        """F of S, its sums in twice the digits, rounded."""
        image = product(self.A, S)
        if self.discrete:
            rows = _beside(image, S, self.B), _beside(image, -S, self.B)
        else:
            rows = _beside(image, S, self.B), _beside(S, image, self.B)
        return product(rows[0], rows[1].conj.T).high

    def rough_residual(self, S) -> Array:
        """F of S in double precision: little more than rounding errors, as large as F itself."""
        A, B = rounded(self.A), rounded(self.B)
        image = A @ S
        if self.discrete:
            F = image @ image.conj().T - S @ S.conj().T
        else:
            F = image @ S.conj().T
            F = F + F.conj().T
        return F + B @ B.conj().T

    def lack(self, S, *, rough: bool = False) -> Array:
        """P - S S^*, to first order; with `rough`, something of that size."""
        return self.solution(self.rough_residual(S) if rough else self.residual(S))


@dataclass(frozen=True, slots=True, eq=False)
class DiagonalEquation:
    """The equation of a diagonal A, solved by B B^* / w entry by entry, Q by C^* C / conj(w)."""

    B: Array
    pairs: Pairings
    discrete: bool
    adjoint: bool = False

    def factor(self) -> Array:
        """S with P = S S^*, by Hammarling's recurrence: what cancels are poles alone."""
        n, B, pairs = len(self.B), self.B, self.pairs
        B, pairs = (B[::-1], hammarling.flipped(pairs)) if self.adjoint else (B, pairs)
        options = {"discrete": self.discrete, "diagonal": True}
        S = hammarling.factor(np.zeros((n, n)), B, pairs, **options)
        return S[::-1] if self.adjoint else S

    def lack(self, S) -> Array:
        """P - S S^*, but for a rounding of the entries of P."""
        i = np.arange(len(self.B))
        w = self.pairs.denominator(i[:, None], i)
        P = (self.B @ self.B.conj().T) / (w.conj() if self.adjoint else w)
        return P - product(S, S.conj().T).high


def step(S, lack) -> Array:
    """dS with dS S^* + S dS^* = lack: the smallest, for columns of S that are not tiny."""
    U, s, Vh = np.linalg.svd(S)
    D = U.conj().T @ lack @ U
    squares = s[:, None] ** 2 + s**2
    known = squares > (TINY * s.max(initial=0.0)) ** 2
    Y = np.where(known, D * s / np.where(known, squares, 1.0), 0.0)
    return U @ Y @ Vh


def improved(equation: Equation, S, good: float) -> Array:
    """S improved until what S S^* lacks is below `good` beside P, or no longer shrinks."""
    size = np.linalg.norm(S) ** 2
    left = _ratio(equation.lack(S, rough=True), size)
    for _ in range(ROUNDS):
        if left <= good:
            break
        lack = equation.lack(S)
        before, left = left, _ratio(lack, size)
        if not left < 0.1 or left > before * 4:
            break
        S = S + step(S, lack)
        left = max(left**2, np.finfo(float).eps)
    return S


def _ratio(lack, size) -> float:
    change = float(np.linalg.norm(lack))
    return change / size if size else change


def rounded(M) -> Array:
    """The high parts of numbers of 32 digits; doubles as they are."""
    return M.high if isinstance(M, DoubleDouble) else M


def _beside(*parts):
    """The columns of several matrices, doubles or numbers of 32 digits, side by side."""
    high = [x.high if isinstance(x, DoubleDouble) else x for x in parts]
    low = [x.low if isinstance(x, DoubleDouble) else np.zeros_like(x) for x in parts]
    return DoubleDouble(np.concatenate(high, axis=1), np.concatenate(low, axis=1))
