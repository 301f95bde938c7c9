"""The same system in another form: conjugates listed, matrices written out, poles alone."""

from dataclasses import replace
from typing import Any

import numpy as np

from hippo_theory import _check
from hippo_theory.lti._values import Array
from hippo_theory.lti.values import DPLR, LTI, DiagonalLTI, System


def expand(system: System) -> System:
    """The plain system that lists every pole: conjugates appended, real poles merged into one.

    Parameters
    ----------
    system : LTI, DiagonalLTI or DPLR
        Anything but a `DiagonalLTI` with implied conjugates is returned as it is.

    Returns
    -------
    LTI, DiagonalLTI or DPLR
        Listed poles first, then the conjugates of those that are not real.

    Raises
    ------
    ValueError
        If a pole is real in some channels of a batch only: the channels would not have equally
        many poles.

    Notes
    -----
    A real pole and its conjugate are one pole, and B is turned to real: (|b|, 2 Re(c b/|b|)).
    With several inputs whose B is not real the pair is of rank two, and stays as the two
    real poles with inputs Re b and Im b. O(N). docs/theory.md (5.4).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> G = ht.DiagonalLTI([-1.0, -1 + 2j], [1.0, 1.0], [1.0, 1j], conjugate=True)
    >>> ht.lti.expand(G).poles
    array([-1.+0.j, -1.+2.j, -1.-2.j])
    """
    check_system(system)
    if not (isinstance(system, DiagonalLTI) and system.conjugate):
        return system
    B, C, is_real, keep = _split(system)
    second = is_real[:, None]
    B = np.concatenate(
        [np.where(second, B.real, B), np.where(second, B.imag, B.conj())[..., keep, :]], axis=-2
    )
    C = np.concatenate(
        [np.where(is_real, 2 * C.real, C), np.where(is_real, -2 * C.imag, C.conj())[..., keep]],
        axis=-1,
    )
    logs = system.log_poles
    return DiagonalLTI(
        poles=np.concatenate([system.poles, system.poles.conj()[..., keep]], axis=-1),
        B=B[..., 0] if system.is_siso else B,
        C=C[..., 0, :] if system.is_siso else C,
        D=system.D,
        dt=system.dt,
        log_poles=None if logs is None else np.concatenate([logs, logs.conj()[..., keep]], -1),
    )


def dense(system: System) -> LTI:
    """The same system with its matrices written out.

    Parameters
    ----------
    system : LTI, DiagonalLTI or DPLR
        Without batch axes.

    Returns
    -------
    LTI
        Of a diagonal system with implied conjugates, the real form with the state
        (Re x, Im x), where a real pole has one entry (see `expand`).

    Raises
    ------
    ValueError
        If the system has batch axes.

    Notes
    -----
    O(N^2). docs/theory.md (5.4).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> G = ht.DiagonalLTI([-1 + 2j], [1.0], [1.0], conjugate=True)
    >>> ht.lti.dense(G).A
    array([[-1., -2.],
           [ 2., -1.]])
    """
    check_system(system)
    if isinstance(system, LTI):
        return system
    return assemble(*matrices(system), dt=system.dt, siso=system.is_siso)


def spectrum(poles_or_system) -> Array:
    """The poles of a system, conjugates and all; an array of poles is returned as it is.

    Parameters
    ----------
    poles_or_system : array_like of shape (..., N), or LTI, DiagonalLTI or DPLR

    Returns
    -------
    ndarray, shape (..., n)
        Every eigenvalue of the recurrence; n >= N where conjugates are implied.

    Notes
    -----
    Eigenvalues of a dense or DPLR system are computed by LAPACK and can be as
    ill-conditioned as those of HiPPO matrices: their error is not estimated here. O(N^3) for
    those, else O(N). docs/theory.md (5.4).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.lti.spectrum(ht.DiagonalLTI([0.5, 0.5j], [1, 1], [1, 1], dt=1.0, conjugate=True))
    array([0.5+0.j , 0. +0.5j, 0. -0.5j])
    """
    if isinstance(poles_or_system, DPLR):
        return dense(poles_or_system).poles
    if isinstance(poles_or_system, System):
        return expand(poles_or_system).poles  # pyright: ignore[reportAttributeAccessIssue]
    return np.array(_check.array("poles", poles_or_system, minimum_ndim=1))


def matrices(system: System) -> tuple[Array, Array, Array, Array]:
    """A (N, N), B (N, m), C (p, N), D (p, m) of a system without batch axes.

    Parameters
    ----------
    system : LTI, DiagonalLTI or DPLR

    Returns
    -------
    A, B, C, D : ndarray
        Matrices also where B and C of the value are vectors; with implied conjugates those of
        the real form (see `dense`).

    Raises
    ------
    ValueError
        If the system has batch axes.

    Notes
    -----
    O(N^2). docs/theory.md (5.4).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> A, B, C, D = ht.lti.matrices(ht.DiagonalLTI([-1.0, -2.0], [1.0, 1.0], [1.0, 3.0]))
    >>> B.shape, C.shape, D.shape
    ((2, 1), (1, 2), (1, 1))
    """
    check_system(system)
    B, C, D = channels(one_channel(system))
    if isinstance(system, LTI):
        return system.A, B, C, D
    if isinstance(system, DPLR):
        wide = system.in_double()
        return np.diag(wide.poles) - wide.P @ wide.Q.conj().T, B, C, D
    assert isinstance(system, DiagonalLTI)
    if not system.conjugate:
        return np.diag(system.poles), B, C, D
    B, C, _, keep = _split(system)
    re, im = np.diag(system.poles.real), np.diag(system.poles.imag)
    A = np.block([[re, -im[:, keep]], [im[keep], re[np.ix_(keep, keep)]]])
    B = np.concatenate([B.real, B.imag[keep]])
    return A, B, np.concatenate([2 * C.real, -2 * C.imag[:, keep]], axis=1), D


def assemble(A: Array, B: Array, C: Array, D: Array, *, dt: Any, siso: bool) -> LTI:
    """The inverse of `matrices`: an LTI value, its channel axes dropped if `siso`."""
    return LTI(A, B[:, 0], C[0], D[0, 0], dt=dt) if siso else LTI(A, B, C, D, dt=dt)


def channels(system: System) -> tuple[Array, Array, Array]:
    """B (..., N, m), C (..., p, N), D (..., p, m): vectors written as one column or row."""
    if not system.is_siso:
        return system.B, system.C, system.D
    return system.B[..., None], system.C[..., None, :], system.D[..., None, None]


def with_channels(system: System) -> System:
    """The same value with axes of channels: a SISO one as that of one input and one output."""
    if not system.is_siso:
        return system
    B, C, D = channels(system)
    return replace(system, B=B, C=C, D=D)


def _split(system: DiagonalLTI):
    """B (..., N, m), C (..., p, N), which poles are real, and which keep an imaginary part.

    A real pole with one input (or a real B) drives one real state once B is turned to real.
    """
    B, C, _ = channels(system)
    real = system.poles.imag == 0
    batch = tuple(range(real.ndim - 1))
    is_real = real.all(axis=batch)
    if (real != is_real).any():
        index = int(np.argmax((real != is_real).any(axis=batch)))
        raise ValueError(
            "poles must be real in all channels or in none to be expanded, got both at index "
            f"{index}; expand the channels one by one"
        )
    if B.shape[-1] == 1:
        size = np.abs(B)
        turn = np.where(is_real[:, None] & (size > 0), B / np.where(size > 0, size, 1), 1)
        C = C * np.swapaxes(turn, -1, -2)
        B = np.where(is_real[:, None], size, B)
    double = (B.imag != 0).any(axis=(*range(B.ndim - 2), -1))
    return B, C, is_real, ~is_real | double


def one_channel(system: System, name: str = "system") -> System:
    """Return `system`, refusing batch axes: for doors that answer for one system."""
    if system.batch_shape:
        raise ValueError(
            f"{name} must have no batch axes, got {system.batch_shape}; take one channel at a time"
        )
    return system


def check_system(value: Any) -> None:
    """Refuse what is not one of the three values."""
    if not isinstance(value, System):
        raise TypeError(f"system must be an LTI, DiagonalLTI or DPLR, got {type(value).__name__}")
