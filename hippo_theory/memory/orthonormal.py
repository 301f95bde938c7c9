"""The same recurrence in orthonormal coordinates, where white input makes unrelated states."""

from dataclasses import dataclass

import numpy as np

from hippo_theory import _check
from hippo_theory.lti import LTI, cascade, szego
from hippo_theory.memory._poles import every_pole

LARGEST_RESIDUAL = 1e-10  # of the identities that a realization must fulfil


@dataclass(frozen=True, slots=True, eq=False)
class OrthonormalRealization:
    """x~_k = A x~_{k-1} + b u_k with the given poles; white input makes states of covariance I.

    Attributes
    ----------
    poles : numpy.ndarray, shape (N,)
        In the order of the states.
    block : int
        States that are stepped together; 1 is the Takenaka-Malmquist chain in the order given.
    A : numpy.ndarray, shape (N, N)
        Lower triangular, no entry above 1.
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
    """Takenaka-Malmquist coordinates of a diagonal recurrence, one by one or in blocks.

    Use it to run a recurrence in few bits: rounding costs nearly no memory here.

    Parameters
    ----------
    poles : array_like, shape (N,), or discrete system
        Distinct, inside the unit circle. A system stands for its poles, which its one input must
        all drive; B is rescaled to that of unit-variance states.
    block : int, optional
        At most N. Blocks of this many states are stepped by one small dense product and hand one
        number on to the next block: N / block sequential steps instead of N. By default 1, in
        the order given; larger blocks take every (N / block)-th pole of the spectrum sorted by
        angle and modulus.

    Returns
    -------
    OrthonormalRealization
        `.A`, `.b`, `.poles`, `.transform`, `.system`.

    Raises
    ------
    ValueError
        If poles coincide or are not inside the unit circle, or block is not between 1 and N.
    numpy.linalg.LinAlgError
        If A A^* + b b^* = I or T A = diag(poles) T fails by more than 1e-10.

    Notes
    -----
    The state covariance under white input is the identity for every block size. The chain in
    O(N) per sample, without matrices, is `lti.cascade.states`. O(N^3). docs/theory.md (5.31),
    (7.21).

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
    transform = szego.triangular_factor(poles, log_poles=log_poles)
    A, b = cascade.matrices(poles, log_poles=log_poles)
    _refuse_residual(poles, A, b, transform)
    return OrthonormalRealization(poles, size, A, b, transform)


def strided_blocks(poles, block) -> list[np.ndarray]:
    """Index arrays of blocks of at most `block` poles, each spread over the whole spectrum."""
    size = _check.integer("block", block)
    if size > poles.size:
        raise ValueError(f"block must be at most N = {poles.size}, got {size}")
    order = np.lexsort((np.abs(poles), np.angle(poles)))
    count = -(-poles.size // size)
    return [order[first::count] for first in range(count)]


def _refuse_residual(poles, A, b, transform):
    """Check that A, b are orthonormal and are the diagonal recurrence seen through T."""
    unit = np.abs(A @ A.conj().T + np.outer(b, b.conj()) - np.eye(b.size)).max()
    same = np.abs(transform @ A - poles[:, None] * transform).max()
    residual = max(unit, same)
    if not residual <= LARGEST_RESIDUAL:
        raise np.linalg.LinAlgError(
            f"poles must have orthonormal coordinates to {LARGEST_RESIDUAL:g}, got an error of "
            f"{residual:.1e}"
        )
