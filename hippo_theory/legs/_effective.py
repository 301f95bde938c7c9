"""The input whose exact solution a scheme's states are, as nearly as they are one."""

from dataclasses import dataclass, replace

import numpy as np

from hippo_theory.legs._holds import advance, lagrange, leftmost
from hippo_theory.legs._signal import Signal, real_rows
from hippo_theory.legs.schemes import Collocation, Hold
from hippo_theory.legs.solver import Solution

LARGEST = 3  # coefficients of a correction: higher ones change no bound by much (measured)


@dataclass(frozen=True, slots=True, eq=False)
class EffectiveInput:
    """f_h on the cells of a grid, and what of the states no input explains.

    Attributes
    ----------
    t : ndarray, shape (L,)
    values : ndarray, shape (S, L) or (S, L - 1)
        Samples or averages.
    degree : int
        Of the interpolant.
    corrections : ndarray, shape (S, L - 1, Q)
        Polynomials added on each cell, in Legendre polynomials of mean square 1.
    unexplained : ndarray, shape (S,)
        sum over cells of sqrt(t_{k+1}) |c_{k+1} - exact step from c_k|, corrections included.
    """

    t: np.ndarray
    values: np.ndarray
    degree: int
    corrections: np.ndarray
    unexplained: np.ndarray

    def __call__(self, s: np.ndarray) -> np.ndarray:
        """f_h at points (I, M), each row inside one cell: (S, I, M)."""
        cell = np.searchsorted(self.t, s[:, 0], side="right") - 1
        left = leftmost(cell, self.degree, self.values.shape[1])
        start, width = self.t[cell, None], np.diff(self.t)[cell, None]
        x = (s - start) / width
        picks = left[:, None] + np.arange(self.degree + 1)
        basis = lagrange((self.t[picks] - start) / width, x)
        held = np.einsum("imj,bij->bim", basis, self.values[:, picks])
        polynomials = _legendre(2 * x - 1, self.corrections.shape[-1])
        return held + np.einsum("bij,jim->bim", self.corrections[:, cell], polynomials)


def effective_input(solution: Solution) -> EffectiveInput:
    """The interpolant itself for a hold; for other rows found from their states.

    Notes
    -----
    An exact hold step from c_k misses the computed c_{k+1} by some delta. A polynomial added to
    the input of the cell explains most of it: the ridge regression that minimises
    |correction|^2 + K t_{k+1} |rest|^2, an upper bound of what the two add to the error bound
    (Cauchy-Schwarz over the K cells). Any correction is valid; this one is small. One hold step
    for each cell: O(N) to O(N^2).
    """
    t, signal, row = solution.t, signal_of(solution), solution.scheme
    degree = _degree(solution)
    values = signal.read(0, t.size - signal.averages)
    cells = t.size - 1
    if isinstance(row, Hold):
        exact = np.zeros((len(values), cells, 0)), np.zeros(len(values))
        return EffectiveInput(t, values, degree, *exact)
    states = _state_rows(solution)
    count = min(degree + 1, LARGEST)
    found = [_cell(degree, signal, t, states, k, count) for k in range(cells)]
    corrections, rest = (np.stack(part, axis=1) for part in zip(*found, strict=True))
    return EffectiveInput(t, values, degree, corrections, rest @ np.sqrt(t[1:]))


def signal_of(solution: Solution) -> Signal:
    """What the scheme read; refuses solutions that did not keep it."""
    if solution.signal is None:
        raise TypeError(
            "solution must be of NumPy arrays, got states of another array library; "
            "solve with samples on the host"
        )
    return solution.signal


def _degree(solution: Solution) -> int:
    row = solution.scheme
    if isinstance(row, Hold):
        return row.degree
    if signal_of(solution).averages:
        return 0
    wanted = int(row.order) - 1 if isinstance(row, Collocation) else 1
    return min(wanted, solution.t.size - 1)


def _state_rows(solution: Solution) -> np.ndarray:
    """Coefficients as real rows, (S, L, N)."""
    c = solution.coefficients
    flat = real_rows(c.reshape(*c.shape[:-2], -1))
    return flat.reshape(-1, *c.shape[-2:])


def _cell(degree: int, signal: Signal, t, states, k: int, count: int):
    """The correction (S, count) on cell k, and the norm of what it leaves (S,)."""
    sequences, _, N = states.shape
    h = t[k + 1] - t[k]

    def read(start, stop):
        x = (2 * t[start:stop] - t[k] - t[k + 1]) / h
        return np.concatenate([signal.read(start, stop), _legendre(x, count)])

    state = np.zeros((N, sequences + count))
    state[:, :sequences] = states[:, k].T
    advance(degree, t, replace(signal, read=read), (k, k + 1), state, np.empty((0, 0, 0)))
    missed, responses = states[:, k + 1].T - state[:, :sequences], state[:, sequences:]
    weight = np.sqrt((t.size - 1) * t[k + 1])
    system = np.concatenate([weight * responses, np.sqrt(h) * np.eye(count)])
    target = np.concatenate([weight * missed, np.zeros((count, sequences))])
    correction = np.linalg.lstsq(system, target, rcond=None)[0]
    return correction.T, np.linalg.norm(missed - responses @ correction, axis=0)


def _legendre(x, count: int) -> np.ndarray:
    """sqrt(2j+1) P_j(x) for j < count: (count, *x.shape)."""
    values = np.polynomial.legendre.legvander(x, max(count - 1, 0))[..., :count]
    return np.moveaxis(values * np.sqrt(2 * np.arange(count) + 1.0), -1, 0)
