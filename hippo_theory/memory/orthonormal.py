"""The same recurrence in orthonormal coordinates, where white input makes unrelated states."""

from dataclasses import dataclass

import numpy as np
from scipy import linalg

from hippo_theory import _check
from hippo_theory.lti import LTI, cascade, szego
from hippo_theory.lti.pairings import pairings
from hippo_theory.memory._poles import every_pole
from hippo_theory.memory.precision import strided_blocks


@dataclass(frozen=True, slots=True, eq=False)
class OrthonormalRealization:
    """x~_k = A x~_{k-1} + b u_k with the given poles; states of different blocks uncorrelated.

    Attributes
    ----------
    poles : numpy.ndarray, shape (N,)
        In the order of the states.
    block : int
        States that share a diagonal block; 1 is the Takenaka-Malmquist chain.
    A : numpy.ndarray, shape (N, N)
    b : numpy.ndarray, shape (N,)
    transform : numpy.ndarray, shape (N, N)
        T: the unit-variance diagonal states of `poles` are T x~, so a readout c of those is
        c T here.
    """

    poles: np.ndarray
    block: int
    A: np.ndarray
    b: np.ndarray
    transform: np.ndarray

    @property
    def system(self) -> LTI:
        """The value with all states as outputs; a state of `lti.simulate` has not read u_k."""
        return LTI(self.A, self.b[:, None], np.eye(self.b.size), dt=1.0)

    def __repr__(self):
        return f"orthonormal realization of {self.b.size} poles in blocks of {self.block}"


def orthonormal_realization(poles, block=None) -> OrthonormalRealization:
    """Takenaka-Malmquist coordinates of a diagonal recurrence, or their block form.

    Parameters
    ----------
    poles : array_like, shape (N,), or discrete system
        Distinct, inside the unit circle. A system stands for its poles, which its one input must
        all drive; B is rescaled to that of unit-variance states.
    block : int, optional
        At most N. Blocks of this many poles run as diagonal recurrences, with an all-pass filter
        from block to block: N / block sequential scans instead of N. By default 1, in the order
        given; larger blocks take every (N / block)-th pole of the spectrum sorted by angle and
        modulus.

    Returns
    -------
    OrthonormalRealization
        `.A`, `.b`, `.poles`, `.transform`, `.system`.

    Raises
    ------
    ValueError
        If poles coincide or are not inside the unit circle, or block is not between 1 and N.

    Notes
    -----
    State covariance under white input: the identity for block 1, block diagonal with unit
    diagonal otherwise. The chain in O(N) per sample, without matrices, is
    `lti.cascade.states`. O(N^3). docs/theory.md (7.21).

    Examples
    --------
    >>> import numpy as np, hippo_theory as ht
    >>> r = ht.memory.orthonormal_realization([0.9, 0.8, 0.7])
    >>> bool(np.allclose(r.A @ r.A.conj().T + np.outer(r.b, r.b.conj()), np.eye(3)))
    True
    """
    poles, log_poles = every_pole(poles)
    size = 1 if block is None else _check.integer("block", block)
    parts = [np.arange(poles.size)] if size == 1 else strided_blocks(poles, size)
    order = np.concatenate(parts)
    poles, log_poles = poles[order], None if log_poles is None else log_poles[order]
    phi = szego.triangular_factor(poles, log_poles=log_poles)
    if size == 1:
        A, b = cascade.matrices(poles, log_poles=log_poles)
        return OrthonormalRealization(poles, 1, A, b, phi)
    ends = np.cumsum([part.size for part in parts])
    slices = [slice(end - part.size, end) for end, part in zip(ends, parts, strict=True)]
    factors = [_block_factor(poles, log_poles, rows) for rows in slices]
    A, b = _block_chain(poles, log_poles, slices, factors)
    transform = linalg.solve_triangular(linalg.block_diag(*factors).T, phi.T).T
    return OrthonormalRealization(poles, size, A, b, transform)


def _block_factor(poles, log_poles, rows):
    logs = None if log_poles is None else log_poles[rows]
    return szego.triangular_factor(poles[rows], log_poles=logs)


def _block_chain(poles, log_poles, slices, factors):
    """Diagonal blocks fed by v; v leaves a block through its all-pass filter c x + d v."""
    N = poles.size
    s = np.sqrt(pairings(poles, log_poles=log_poles).diagonal)
    A, b, through = np.zeros((N, N), complex), np.zeros(N, complex), np.zeros(N + 1, complex)
    through[N] = 1.0  # how v depends on the old states, and on u in the last place
    for rows, factor in zip(slices, factors, strict=True):
        A[rows] = s[rows, None] * through[:N]
        b[rows] = s[rows] * through[N]
        A[rows, rows] += np.diag(poles[rows])
        later = np.cumprod(np.r_[1.0, -poles[rows][::-1].conj()])[::-1]
        through *= later[0]
        through[rows] += linalg.solve_triangular(factor.T, s[rows] * later[1:])
    return A, b
