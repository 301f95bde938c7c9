"""C (z - A)^{-1} B at many points: back substitution in a Schur form, corrected by residuals.

A Schur form is backward stable in the norm of A alone: a response far below the others, or that
of a companion form, drowns in its rounding errors. Corrections solve for what the equations lack
as they stand, with the same Schur form, so that errors are those of one rounding of every entry
of A (after Skeel); where that still costs digits, residuals have twice the digits. Where G is so
far below the terms of residuals that these cost digits, at a zero or far above the poles, each
point is solved by elimination. Triangular matrices need none of it.
"""

import numpy as np

from hippo_theory import digits
from hippo_theory.lti import blocks
from hippo_theory.lti._values import Array

EPS = np.finfo(float).eps
ROUNDS = 10
SETTLED = 1e-13  # a last change of G, beside G
GOOD = 1e-10  # a change that is no longer accepted
FLOOR = 1e-28  # rounding errors of sums of 32 digits, beside their terms


class Resolvent:
    """(z - A)^{-1} B and its image under C, for real or complex A, B, C in balanced units."""

    def __init__(self, A, B, C):
        self.A, self.B, self.C = A, B, C
        self.T, self.U = blocks.schur(A)
        self.b, self.c = self.U.conj().T @ B, C @ self.U
        self.triangular = ((self.U == 0) | (self.U == 1)).all()  # in some order
        wrong = self.U.conj().T @ (self.U @ self.T @ self.U.conj().T - A) @ self.U
        self.wrong = np.abs(wrong) + 2 * EPS * np.abs(self.T)  # what T is off by, beside rounding

    def response(self, z) -> Array:
        """G at points z, (p, m, k).

        Raises
        ------
        numpy.linalg.LinAlgError
            If corrections do not settle: a pole is too near.
        """
        X = _substituted(self.T, self.b[:, None], z)
        G = _read(self.c, X)
        if not self.triangular:
            rough = (self._error(X, z) > SETTLED * np.abs(G)).any(axis=(0, 1))
            if rough.any():
                G[..., rough] = self._corrected(self._turned(X[:, rough]), z[rough])
        return G

    def _error(self, X, z):
        """What the errors of T, b and c move G by, (p, m, k): |c (z - T)^{-1}| times them."""
        Y = _substituted(self.T.conj().T[::-1, ::-1], self.c.conj().T[::-1, None], z.conj())
        moved = np.tensordot(self.wrong, np.abs(X), axes=1) + EPS * np.abs(self.b)[:, None]
        return np.einsum("nkp,nkm->pmk", np.abs(Y[::-1]), moved) + EPS * _read(
            np.abs(self.c), np.abs(X)
        )

    def _corrected(self, X, z):
        """G of solutions X, corrected by residuals until it settles."""
        G, todo = _read(self.C, X), np.arange(z.size)
        last = np.full(G.shape, np.inf)
        for _ in range(ROUNDS):
            change = self._solved(self._residual(X[:, todo], z[todo]), z[todo])
            X[:, todo] += change
            step, G[..., todo] = self._step(change), _read(self.C, X[:, todo])
            moving = step > SETTLED * np.abs(G[..., todo])
            going = (moving & (step < last[..., todo] / 2)).any(axis=(0, 1))
            last[..., todo] = step
            todo = todo[going]
            if not todo.size:
                break
        rough = (last > SETTLED * np.abs(G)).any(axis=(0, 1))
        if rough.any():
            X, z = X[:, rough], z[rough]
            found, lost = self._in_digits(X, z)
            for k in np.flatnonzero((lost > GOOD * np.abs(found)).any(axis=(0, 1))):
                answer, error = self._eliminated(z[k])
                found[..., k] = np.where(error < lost[..., k], answer, found[..., k])
            G[..., rough] = found if np.iscomplexobj(G) else found.real
        return G

    def _in_digits(self, X, z):
        """G from residuals of 32 digits, and what their own rounding may cost."""
        n, k, m = X.shape
        lost = FLOOR * self._terms(np.abs(X).max(axis=0), z)
        X = digits.exact(X.reshape(n, k * m))
        G: Array = np.zeros(lost.shape)
        step, bound = np.full(G.shape, np.inf), lost
        points = digits.exact(np.repeat(z, m))
        right = digits.exact(np.tile(self.B, k))
        for _ in range(ROUNDS):
            rest = (right - X * points + digits.product(self.A, X)).high
            change = self._solved(rest.reshape(n, k, m), z)
            X = X + digits.exact(change.reshape(n, k * m))
            G = np.moveaxis(digits.product(self.C, X).high.reshape(-1, k, m), 1, 2)
            step = self._step(change)
            bound = np.maximum(SETTLED * np.abs(G), lost)
            if (step <= bound).all():
                break
        unsettled = (~(step <= bound * (GOOD / SETTLED))).any(axis=(0, 1))
        if unsettled.any():
            raise np.linalg.LinAlgError(
                f"z must not be so near a pole that no digit is left, got {z[unsettled][0]}"
            )
        return G, lost

    def _step(self, change):
        """What a change of X moves G by, and by how much it may itself be off, (p, m, k)."""
        sizes = np.linalg.norm(self.C, axis=1)[:, None, None] * np.linalg.norm(change, axis=0).T
        return np.abs(_read(self.C, change)) + EPS * sizes

    def _terms(self, largest, z):
        """The terms whose sum is G, those of residuals too, for X of the largest entries."""
        Y = _substituted(self.T.conj().T[::-1, ::-1], self.c.conj().T[::-1, None], z.conj())
        rows = np.abs(self.A).sum(axis=1)[:, None, None] + np.abs(z)[:, None]
        added = np.abs(self.B)[:, None] + rows * largest
        terms = np.einsum("nkp,nkm->pmk", np.abs(self._turned(Y[::-1])), added)
        return terms + np.abs(self.C).sum(axis=1)[:, None, None] * largest.T

    def _eliminated(self, z):
        """G at one point, and the error of residuals that round every entry once, else inf.

        Elimination with one correction keeps the digits of states however far below each other
        (after Skeel); the test is that of Oettli and Prager.
        """
        M = z * np.eye(len(self.A)) - self.A
        X, Y = np.linalg.solve(M, self.B), np.linalg.solve(M.T, self.C.T)
        X += np.linalg.solve(M, self.B - M @ X)
        rest, terms = np.abs(self.B - M @ X), np.abs(M) @ np.abs(X) + np.abs(self.B)
        rounding = 4 * len(M) * EPS * terms
        error = np.abs(Y.T) @ rounding + len(M) * EPS * np.abs(self.C) @ np.abs(X)
        return self.C @ X, np.where((rest <= rounding).all(), error, np.inf)

    def _residual(self, X, z):
        """B - (z - A) X."""
        image = self.A @ X.reshape(len(X), z.size * X.shape[2])
        return self.B[:, None] - z[:, None] * X + image.reshape(X.shape)

    def _solved(self, right, z):
        """(z - A)^{-1} times right, (n, k, m)."""
        n, k, m = right.shape
        right = (self.U.conj().T @ right.reshape(n, k * m)).reshape(right.shape)
        return self._turned(_substituted(self.T, right, z))

    def _turned(self, X):
        """U X, (n, k, m)."""
        n, k, m = X.shape
        return (self.U @ X.reshape(n, k * m)).reshape(X.shape)


def _substituted(T, right, z):
    """(z - T)^{-1} times right, (n, k, m) or (n, 1, m), by back substitution at all points."""
    (n, _, m), k = right.shape, z.size
    difference = z - np.diagonal(T)[:, None]
    X = np.empty((n, k, m), np.result_type(T, right, z))
    for i in reversed(range(n)):
        known = np.tensordot(T[i, i + 1 :], X[i + 1 :], axes=1)
        X[i] = (right[i] + known) / difference[i][:, None]
    return X


def _read(C, X):
    """C X, (p, m, k)."""
    return np.moveaxis(np.tensordot(C, X, axes=1), 1, 2)
