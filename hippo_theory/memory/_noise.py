"""Noise that every step adds to a state, as it stands after infinitely many steps."""

import numpy as np

from hippo_theory import digits

EPS = np.finfo(float).eps
LARGEST_LOSS = 1e-6  # of `accumulated`
LARGEST_ERROR = 1e-9  # of a `Whitening`


def accumulated(A, Q):
    """sum_j A^j Q (A^j)^*, by doubling: positive terms only; refused below six digits."""
    N, total, power, loss = A.shape[0], Q, A, A.shape[0] * EPS
    while True:
        added = power @ total @ power.conj().T
        total = total + (added + added.conj().T) / 2
        if not np.abs(added).max(initial=0.0) > EPS * np.abs(total).max() / N:
            return total
        power, loss = power @ power, 2 * loss
        if loss > LARGEST_LOSS:
            raise np.linalg.LinAlgError(
                f"the noise of the states must be known to six digits, got an error of {loss:.0e} "
                "where the slowest pole still adds to it"
            )


def exactly_accumulated(A, Q) -> digits.DoubleDouble:
    """The sum of `accumulated` in 32 digits."""
    total, power = digits.exact(Q), digits.exact(A)
    while True:
        added = _congruence(power, total)
        total = total + added
        if not np.abs(added.high).max(initial=0.0) > digits.ROUNDING * np.abs(total.high).max():
            return total
        power = digits.product(power, power)


class Whitening:
    """L^{-1} for C = sum_j A^j (A^j)^* = L D L^*, with a proved error of x^* C^{-1} x.

    R = C - I - A C A^* of the computed C, |R|_2 <= r, says how much noise a step would have to
    add for C to be exact: between (1 - r) I and (1 + r) I. So the true sum lies between C / (1 + r)
    and C / (1 - r), in the order of matrices. Units are those in which C has a diagonal near 1.
    """

    def __init__(self, A):
        C, self.error = digits.exact(np.eye(A.shape[0])), np.inf
        with np.errstate(over="ignore", invalid="ignore"):
            sizes = exactly_accumulated(A, np.eye(A.shape[0])).high.diagonal().real
            if np.isfinite(sizes).all():
                self.units = 2.0 ** (np.frexp(sizes)[1] // 2)
                C = self._solved(A * self.units / self.units[:, None])
        if not self.error <= LARGEST_ERROR:
            raise np.linalg.LinAlgError(
                f"noise must be known to nine digits in every direction, got an error of "
                f"{self.error:.1e} of covariances up to {sizes.max():.1e}; balance the states"
            )
        self.columns, self.pivots = _factored(C)

    def _solved(self, A):
        """C of A in these units, with the error that is left after at most two refinements."""
        rounding, added = 8 * (A.shape[0] + 8) * digits.ROUNDING, np.diag(self.units**-2)
        C = exactly_accumulated(A, added)
        for last in (False, False, True):
            lack = C - _congruence(digits.exact(A), C) - added
            bound = np.abs(lack.high) + rounding * _bound(A, C)
            self.error = np.linalg.norm(self.units[:, None] * bound * self.units)
            if last or self.error <= LARGEST_ERROR / 10:
                break
            C = C - exactly_accumulated(A, lack.high)
        return C

    def __call__(self, X):
        """D^{-1/2} L^{-1} X for a matrix of numbers of 32 digits, in double precision."""
        X, rows = X * (1 / self.units)[:, None], []
        for column, pivot in zip(self.columns, self.pivots, strict=True):
            rows.append(X[0].high / np.sqrt(pivot))
            X = X[1:] - column[:, None] * X[0][None]
        return np.array(rows)


def _bound(A, C):
    """Entries of A C A^* and C with maxima of rows and columns in place of their terms."""
    row, column = np.abs(A).max(axis=1), np.abs(C.high).max(axis=0)
    image = np.abs(A) @ np.abs(C.high)
    both = np.outer(row, np.abs(A) @ column) + np.outer(image.max(axis=1), row)
    return both + np.abs(C.high)


def _congruence(A, X):
    """A X A^* of a Hermitian X, Hermitian again."""
    image = digits.product(digits.product(A, X), A.conj.T)
    return (image + image.conj.T) * 0.5


def _factored(C):
    """Columns of the unit lower triangle below the diagonal, and pivots, of L D L^*."""
    columns, pivots = [], []
    while C.shape[0]:
        first, pivot = C[1:, 0], C[0, 0].real
        column = first / pivot
        C = C[1:, 1:] - column[:, None] * first.conj[None]
        columns.append(column)
        pivots.append(pivot.high.real)
    return columns, pivots
