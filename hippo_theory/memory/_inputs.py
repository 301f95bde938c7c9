"""A diagonal recurrence with several inputs as a chain of all-pass sections.

Section n carries one pole and one direction q of the m inputs (after Blaschke and Potapov):
x = l x + s q^* v, v' = v + q (y - q^* v) with y = s x - conj(l) q^* v of the old x. Its states are
orthonormal under white input. A state with the row b of B belongs to the span of the first
sections' states where their product at conj(l) takes w = b^* to zero: that gives the directions,
and the components s_i s_n conj(q_n^* w) / (1 - l_i conj(l_n)) of the state.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from hippo_theory import _check, digits, scales
from hippo_theory.lti import DiagonalLTI
from hippo_theory.lti.forms import expand
from hippo_theory.lti.pairings import pairings
from hippo_theory.memory._poles import single_discrete

LARGEST_LOSS = 1e-11  # of a direction
NEGLIGIBLE = 1e-32  # signal-to-noise ratio of directions that are left out


@dataclass(frozen=True, slots=True, eq=False)
class Chain:
    """Sections in their order, and what the unit-variance states are in their coordinates.

    Attributes
    ----------
    poles, gains : numpy.ndarray, shape (r,)
        l and s of each section.
    directions : numpy.ndarray, shape (r, m)
    factor : numpy.ndarray, shape (N, r)
        Phi, rows in the order of the poles that were given.
    gap : numpy.ndarray, shape (N,)
        1 - |l|^2 of the poles that were given.
    """

    poles: Any
    gains: Any
    directions: Any
    factor: Any
    gap: Any

    def responses(self, K):
        """Of each section's state to an impulse in one input: arrays (K, m), one by one."""
        m = self.directions.shape[1]
        v = np.zeros((K, m, m), complex)
        v[0] = np.eye(m)
        for pole, s, q in zip(self.poles, self.gains, self.directions, strict=True):
            yield _passed(v, pole, s, q)


def has_several(poles) -> bool:
    """Whether these are a system with more than one input."""
    B = getattr(poles, "B", None)
    return B is not None and not poles.is_siso and B.shape[-1] > 1


def chain(system: Any, weigh=None) -> Chain:
    """The chain of a diagonal system; `weigh(gap)` are noise variances, far below which it ends."""
    single_discrete("poles", system)
    if not isinstance(system, DiagonalLTI):
        raise ValueError(
            f"poles must belong to a diagonal system where there are several inputs, got {system!r}"
        )
    system = system.in_double()
    _check.poles("poles", system.poles)
    system = expand(system)
    driven = system.B.any(axis=-1)
    if not driven.any() or (weigh is not None and not driven.all()):
        raise ValueError(
            f"poles must belong to a system whose B has no rows of zeros, got one at the pole "
            f"{system.poles[np.argmin(driven)]:g}; leave that state out"
        )
    poles, B = np.asarray(system.poles)[driven], system.B[driven]
    logs = None if system.log_poles is None else system.log_poles[driven]
    gap = pairings(poles, log_poles=logs).diagonal
    ratio = np.ones(poles.size) if weigh is None else 1 / np.sqrt(weigh(gap))
    exact = digits.exact(poles) if logs is None else digits.exp(logs)
    found = _directions(exact, B, ratio, 0.0 if weigh is None else NEGLIGIBLE**0.5)
    order, directions, factor = found
    root = np.sqrt(gap)
    factor = factor * root[:, None] * root[order]
    return Chain(poles[order], root[order], directions, factor, gap)


def _directions(poles, B, ratio, least):
    """Order, vectors q and conj(q^* w) / (1 - l_i conj(l_n)): the largest of what is left first."""
    rows = digits.exact(scales.ldexp(np.conj(B), -scales.exponent(B, axis=1)))
    sizes = np.linalg.norm(rows.high, axis=1)
    ratio = ratio / sizes
    left, order, directions, columns = np.arange(sizes.size), [], [], []
    while left.size:
        size = np.linalg.norm(rows.high, axis=1)
        k = int(np.argmax(size * ratio[left]))
        if size[k] * ratio[left[k]] < least:
            break
        _refuse_loss(size[k] / sizes[left[k]], sizes.size, complex(poles.high[left[k]]))
        pivot, q = poles[left[k]], rows[k] / digits.sqrt(digits.total(rows[k] * rows[k].conj).real)
        along = digits.total((rows * q.conj[None]).T)
        apart = 1 - poles[left].conj * pivot
        column = np.zeros(sizes.size, complex)
        column[left] = (along / apart).high.conj()
        order.append(left[k])
        directions.append(q.high)
        columns.append(column)
        kept = np.arange(left.size) != k
        turn = (poles[left].conj - pivot.conj) / apart - 1
        rows = (rows + (turn * along)[:, None] * q[None])[kept]
        left = left[kept]
    return np.array(order), np.array(directions), np.stack(columns, 1) / sizes[:, None]


def _refuse_loss(size, N, pole):
    loss = 8 * N * digits.ROUNDING / size if size else np.inf
    if loss > LARGEST_LOSS:
        raise np.linalg.LinAlgError(
            f"states must be independent in 32 digits, got an error of {loss:.0e} for the pole "
            f"{pole:g}; leave out states that repeat others"
        )


def _passed(v, pole, s, q):
    """The state of one section; v, (K, m, inputs), becomes what leaves the section."""
    from scipy import signal

    driven = np.einsum("m,kmj->kj", q.conj(), v)
    x: Any = signal.lfilter([s], [1.0, -pole], driven, axis=0)
    before = np.concatenate([np.zeros((1, x.shape[1])), x[:-1]])
    v += q[:, None] * (s * before - (1 + np.conj(pole)) * driven)[:, None]
    return x
