"""Hankel matrices of Markov parameters: products, singular values, realisation."""

from typing import Any

import numpy as np
from scipy.linalg import hankel as _dense_hankel

from hippo_theory import _check, scales
from hippo_theory.lti.values import LTI

DENSE = 1024  # below this size a dense SVD takes less than a second


def hankel_matrix(h) -> np.ndarray:
    """H_ij = h[i + j], zero beyond the end.

    Parameters
    ----------
    h : array_like, shape (n,)
        For a system pass ``lti.markov_parameters(system, n + 1)[1:]``: h_0 = D does not belong.

    Returns
    -------
    numpy.ndarray, shape (n, n)

    Notes
    -----
    docs/theory.md (6.1).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.hankel.hankel_matrix([3.0, 2.0, 1.0])
    array([[3., 2., 1.],
           [2., 1., 0.],
           [1., 0., 0.]])
    """
    return _dense_hankel(_vector(h))


def hankel_product(h, x) -> np.ndarray:
    """H x for the n x n Hankel matrix of `h`, by one convolution.

    Parameters
    ----------
    h : array_like, shape (n,)
    x : array_like, shape (..., n)

    Returns
    -------
    numpy.ndarray, shape (..., n)

    Notes
    -----
    O(n log n); the errors are those of an FFT, eps log(n) |h| |x|. docs/theory.md (6.22).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.hankel.hankel_product([3.0, 2.0, 1.0], [1.0, 1.0, 1.0]).round(12)
    array([6., 3., 1.])
    """
    h, x = _vector(h), _check.array("x", x, minimum_ndim=1)
    _check.shape("x", x, (..., h.size))
    with np.errstate(over="ignore", invalid="ignore"):  # refused below
        return scales.restored("the product", _convolver(h)(x))


def markov_singular_values(h, k: int | None = None) -> np.ndarray:
    """Singular values of the n x n Hankel matrix H_ij = h[i + j], zero beyond the end.

    Parameters
    ----------
    h : array_like, shape (n,) or, for all values, (..., n)
    k : int, optional
        The k largest; all of them by default.

    Returns
    -------
    numpy.ndarray, shape (n,), (..., n) or (k,)
        Descending.

    Raises
    ------
    ValueError
        If `k` is not between 1 and n.

    Notes
    -----
    With `k` and n > 1024 Lanczos on FFT products, O(n log n) a step: on H itself, which is
    symmetric, where h is real (ARPACK), by Golub-Kahan (PROPACK) where it is complex. Dense
    otherwise, O(n^3). Errors are eps times the largest value. docs/theory.md (6.22), (6.25).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.hankel.markov_singular_values([1.0, 0.0])
    array([1., 0.])
    """
    h = _check.array("h", h, minimum_ndim=1)
    n = h.shape[-1]
    if n == 0:
        raise ValueError(f"h must hold at least one value, got shape {h.shape}")
    if k is not None:
        h, k = _vector(h), _check.integer("k", k)
        if k > n:
            raise ValueError(f"k must be at most the {n} Markov parameters, got {k}")
    h, exponent = _unit(h)
    if k is None or n <= DENSE or k > n // 4:
        padded = np.concatenate([h, np.zeros_like(h)], axis=-1)
        index = np.arange(n)
        values = np.linalg.svd(padded[..., index[:, None] + index], compute_uv=False)[..., :k]
    else:
        values = _lanczos(h, k) if h.any() else np.zeros(k)
    return scales.restored("singular values", values, exponent)


def ho_kalman(h, order: int, *, dt: float = 1.0) -> LTI:
    """A discrete system of `order` states whose Markov parameters are near D, h_1, h_2, ...

    Parameters
    ----------
    h : array_like, shape (L,)
        Markov parameters with h[0] = D; a Hankel matrix of L // 2 rows and (L - 1) // 2 columns
        is used.
    order : int
        Number of states, at most (L - 1) // 2.
    dt : float
        Sampling step of the answer.

    Returns
    -------
    LTI
        Balanced for the finite Hankel matrix.

    Raises
    ------
    ValueError
        If `order` is too large for the number of Markov parameters.
    numpy.linalg.LinAlgError
        If the Hankel matrix has a smaller numerical rank.

    Notes
    -----
    The singular value decomposition of H = U S V^*, A = S^{-1/2} U^* H' V S^{-1/2} with the
    shifted H'. Exact for exact data of a system of that order, after Ho and Kalman, Kung. O(L^3).
    docs/theory.md (6.22).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.hankel.ho_kalman([0.0, 1.0, 0.5, 0.25, 0.125], 1).A.round(12)
    array([[0.5]])
    """
    h, order = _vector(h), _check.integer("order", order)
    rows, columns = h.size // 2, (h.size - 1) // 2
    if order > columns:
        raise ValueError(
            f"order must be less than {columns + 1} for {h.size} values of h, got {order}"
        )
    data, exponent = _unit(h[1:])
    index = np.arange(rows)[:, None] + np.arange(columns)
    U, s, Vh = np.linalg.svd(data[index])
    floor = rows * np.finfo(float).eps * s[0]
    if s[order - 1] <= floor:
        raise np.linalg.LinAlgError(
            f"order {order} is more than the numerical rank {int((s > floor).sum())} of the "
            "Hankel matrix"
        )
    root = np.sqrt(s[:order])
    left, right = U[:, :order] / root, Vh[:order].conj().T / root
    A = left.conj().T @ data[index + 1] @ right
    root = np.ldexp(root, int(exponent[0]) // 2)
    return LTI(A, root * Vh[:order, 0], U[0, :order] * root, h[0], dt=dt)


def _vector(h):
    h = _check.array("h", h, ndim=1)
    if h.size == 0:
        raise ValueError("h must hold at least one value, got shape (0,)")
    return h


def _unit(h):
    """h / 2^e of largest part at most 1, and the even numbers e, (..., 1)."""
    exponent = (scales.exponent(h, axis=-1) + 1) // 2 * 2
    return scales.ldexp(h, -exponent), exponent


def _convolver(h):
    """x -> H x: entries n-1 .. 2n-2 of the convolution of h (then zeros) with x reversed."""
    from scipy import fft as module

    fft: Any = module
    n = h.size
    size = fft.next_fast_len(3 * n, real=not np.iscomplexobj(h))
    if np.iscomplexobj(h):
        full: Any = fft.fft(h, size)
        return lambda x: fft.ifft(full * fft.fft(x[..., ::-1], size))[..., n - 1 : 2 * n - 1]
    transform: Any = fft.rfft(h, size)

    def product(x):
        if np.iscomplexobj(x):
            return product(x.real) + 1j * product(x.imag)
        spectrum = transform * fft.rfft(x[..., ::-1], size)
        return fft.irfft(spectrum, size)[..., n - 1 : 2 * n - 1]

    return product


def _lanczos(h, k):
    from scipy.sparse import linalg as module

    linalg: Any = module  # whose stubs know no LinearOperator of functions

    n, product = h.size, _convolver(h)
    start = np.random.default_rng(0).standard_normal(n)
    if not np.iscomplexobj(h):
        H = linalg.LinearOperator((n, n), matvec=lambda x: product(x.ravel()), dtype=np.float64)
        values = linalg.eigsh(H, k=k, which="LM", return_eigenvectors=False, v0=start)
        return np.sort(np.abs(values))[::-1]
    adjoint = _convolver(h.conj())  # H is symmetric, so H^* is its conjugate
    H = linalg.LinearOperator(
        (n, n),
        matvec=lambda x: product(x.ravel()),
        rmatvec=lambda x: adjoint(x.ravel()),
        dtype=np.complex128,
    )
    values = linalg.svds(
        H, k=k, return_singular_vectors=False, solver="propack", v0=start.astype(complex), rng=0
    )
    return np.sort(values)[::-1]
