"""Fixed poles whose statistics give gradient flow in closed form, as rows of a table."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from hippo_theory._table import Table
from hippo_theory.learning import one_pole
from hippo_theory.learning.statistics import coherence

_ROUNDING = 256 * np.finfo(float).eps  # what sums over many samples leave of an exact zero


@dataclass(frozen=True, slots=True, eq=False)
class Structure:
    """A case of the flow with a solution of its own.

    Attributes
    ----------
    name : str
    method : str
        What `Flow.method` says.
    applies : callable (stats, b0, c0) -> bool
    solve : callable (stats, b0, c0, t) -> ndarray (T, N)
        At tau = 1.
    """

    name: str
    method: str
    applies: Callable
    solve: Callable


def is_real(stats, b0, c0) -> bool:
    """Whether data and weights are all real."""
    return not any(map(np.iscomplexobj, (stats.s, stats.M, b0, c0)))


def _is_shared(stats, b0, c0):
    same = abs(stats.M - stats.M[0, 0]).max() <= _ROUNDING * abs(stats.M[0, 0])
    return (
        same and np.ptp(stats.s) <= _ROUNDING * abs(stats.s[0]) if is_real(stats, b0, c0) else False
    )


def _has_equal_rows(stats, b0, c0):
    rows = stats.M.sum(1)
    level = [(rows, abs(stats.M).sum(1).max()), *((v, abs(v).max()) for v in (stats.s, b0, c0))]
    return all(abs(v - v[0]).max() <= _ROUNDING * scale for v, scale in level)


def _solve_diagonal(stats, b0, c0, t):
    eta = np.real(np.diag(stats.M))
    rows = max(1, 2**13 // stats.s.size)  # at a time: what stays in a processor's cache
    blocks = [
        one_pole.gain(t[k : k + rows, None], sigma=stats.s, eta=eta, b0=b0[:, None], c0=c0[:, None])
        for k in range(0, t.size, rows)
    ]
    return np.concatenate(blocks)


def _solve_shared(stats, b0, c0, t):
    b, c = one_pole.factors(t, b0, c0, float(stats.s[0]), float(stats.M[0, 0]))
    return b * c


def _solve_equal_rows(stats, b0, c0, t):
    eta = float(stats.M.sum(1)[0].real)
    w = one_pole.gain(t, sigma=stats.s[0], eta=eta, b0=b0[:1], c0=c0[:1])
    return np.repeat(w[:, None], stats.s.size, axis=1)


STRUCTURES = Table(
    [
        Structure(
            "diagonal",
            "closed form: independent gains, M diagonal",
            applies=lambda stats, b0, c0: (
                coherence(stats) <= _ROUNDING and (np.real(np.diag(stats.M)) > 0).all()
            ),
            solve=_solve_diagonal,
        ),
        Structure(
            "shared pole",
            "closed form: one shared pole",
            applies=lambda stats, b0, c0: stats.M[0, 0].real > 0 and _is_shared(stats, b0, c0),
            solve=_solve_shared,
        ),
        Structure(
            "equal rows",
            "closed form: equal starts, rows of M with equal sums",
            applies=lambda stats, b0, c0: (
                stats.M.sum(1)[0].real > 0 and _has_equal_rows(stats, b0, c0)
            ),
            solve=_solve_equal_rows,
        ),
    ],
    columns=("name", "method"),
)
