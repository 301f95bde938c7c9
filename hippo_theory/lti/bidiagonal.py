"""Singular values of a graded matrix from its bidiagonal form, which tells whether they are right.

With A = C diag(c), C well conditioned, relative precision needs errors eps c_j in column j.
Reflections from the left keep to that. The one from the right that gathers the row r of step k
into its norm e_k mixes columns in the ratio r_j / e_k; as |r_j| <= c_j, column j then errs by at
most eps c_j times max(c) / e_k, over the columns that are left. Both are read off the bidiagonal
form. In a dense spectrum the ratio is of order one; where large and small columns hardly meet,
it is not, and LAPACK's singular values may lose every digit.
"""

import ctypes
from typing import Any

import numpy as np
from scipy.linalg import (
    cython_lapack,  # pyright: ignore[reportAttributeAccessIssue]
    qr,
)

from hippo_theory.lti._values import Array

BLOCK = 64  # columns that LAPACK reduces at once, at most
CAPSULE_NAME = ctypes.PYFUNCTYPE(ctypes.c_char_p, ctypes.py_object)(
    ("PyCapsule_GetName", ctypes.pythonapi)
)
CAPSULE_POINTER = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(
    ("PyCapsule_GetPointer", ctypes.pythonapi)
)


def singular_values(G) -> tuple[np.ndarray, float]:
    """Values of G = D K D, descending, and their relative errors in units of n eps.

    Notes
    -----
    With D descending and leading minors of K well conditioned, the rows of R in G = Q R are graded
    as D^2 is, and R^* takes the part of A above. Its conditioning after scaling multiplies the
    errors: `growth`, or sigma_1 / sigma_n if that is less. 4 n^3 flops, complex four times as many.
    """
    R: Array = qr(G, mode="r", check_finite=False)[0]
    diagonal, above = bidiagonal(R.conj().T)
    values = bidiagonal_values(diagonal, above)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        spread = np.nan_to_num(values[0] / values[-1], nan=np.inf, posinf=np.inf)
    return values, float(min(growth(diagonal, above), spread))


def growth(diagonal, above) -> float:
    """Mean over the steps k of max(1, max_{i > k} (d_i, e_i) / e_k)."""
    if diagonal.size < 3:
        return 1.0  # a row of one entry mixes nothing
    later = np.maximum(diagonal[1:], np.append(above[1:], 0.0))
    later = np.maximum.accumulate(later[::-1])[::-1]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        mean = np.maximum(later[:-1] / above[:-1], 1.0).mean()
    return float(np.nan_to_num(mean, nan=np.inf, posinf=np.inf))


def bidiagonal(A) -> tuple[np.ndarray, np.ndarray]:
    """Moduli of the diagonal (n,) and of what is above it (n - 1,) of Q^* A P, unitary Q and P."""
    A = np.array(A, order="F")
    n, routine = len(A), "zgebrd" if np.iscomplexobj(A) else "dgebrd"
    d, e, tau = np.zeros(n), np.zeros(n), np.zeros((2, n), A.dtype)
    work = np.zeros(BLOCK * n, A.dtype)
    _lapack(routine, n, n, A, n, d, e, tau[0], tau[1], work, work.size)
    return np.abs(d), np.abs(e[: n - 1])


def bidiagonal_values(diagonal, above):
    """Singular values of diag(diagonal) + diag(above, 1), descending, with nearly all digits."""
    d, e = diagonal.copy(), np.append(above, 0.0)
    _lapack("dlasq1", d.size, d, e, np.zeros(4 * d.size))
    return d


def _lapack(name, *arguments):
    """A routine of LAPACK that SciPy carries without a wrapper; its last argument is info."""
    capsule: Any = cython_lapack.__pyx_capi__[name]
    signature = CAPSULE_NAME(capsule)
    integer = np.intc if signature.startswith(b"void (int *") else np.int64
    info = np.zeros(1, integer)
    boxed = [np.array([x], integer) if isinstance(x, int) else x for x in (*arguments, info)]
    routine = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * len(boxed))
    routine(CAPSULE_POINTER(capsule, signature))(*(x.ctypes.data for x in boxed))
    if info[0] != 0:
        raise np.linalg.LinAlgError(f"{name} did not converge, LAPACK info = {info[0]}")
