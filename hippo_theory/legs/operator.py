"""The LegS operator A, B: matrices, O(N) apply and solve, the propagator r^A, the resolvent."""

import numpy as np
from scipy.linalg import get_lapack_funcs

from hippo_theory import _check
from hippo_theory.legs._legendre import norms


def matrices(N: int) -> tuple[np.ndarray, np.ndarray]:
    """A and B of the LegS equation t c'(t) = -A c(t) + B f(t).

    Parameters
    ----------
    N : int
        State dimension: Legendre polynomials of degree 0..N-1.

    Returns
    -------
    A : ndarray, shape (N, N)
        Lower triangular, A_nj = sqrt((2n+1)(2j+1)) for n > j and A_nn = n + 1.
    B : ndarray, shape (N,)
        B_n = sqrt(2n+1).

    Raises
    ------
    ValueError, TypeError
        If N is not a positive integer.

    Notes
    -----
    The basis is orthonormal, p_n(x) = sqrt(2n+1) P_n(2x-1) on [0, 1], and c_n(t) is the mean of
    f(s) p_n(s/t) over [0, t]. Exact identities: A e_0 = B and A + A^T = I + B B^T, so the
    numerical range of A lies in Re >= 1/2. Public LegS codes store -A. O(N^2). After Gu et al.
    2020 [gu2020hippo]; docs/theory.md (1.1)-(1.4).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> A, B = ht.legs.matrices(2)
    >>> A.round(4)
    array([[1.    , 0.    ],
           [1.7321, 2.    ]])
    >>> B.round(4)
    array([1.    , 1.7321])
    """
    N = _check.integer("N", N)
    _check.room("N", N, N)
    B = norms(N)
    A = np.tril(np.outer(B, B), -1)
    A[np.diag_indices(N)] = np.arange(1.0, N + 1)
    return A, B


def apply(c) -> np.ndarray:
    """A c in O(N) by a running sum.

    Parameters
    ----------
    c : array_like, shape (..., N)
        Coefficients.

    Returns
    -------
    ndarray, shape (..., N)

    Raises
    ------
    ValueError, TypeError
        If c is not an array of finite numbers with at least one axis.
    LinAlgError
        If an entry of the result exceeds double precision.

    Notes
    -----
    (A c)_n = (n + 1) c_n + q_n sum_{j<n} q_j c_j with q_n = sqrt(2n+1). docs/theory.md (1.5).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.legs.apply([1.0, 0.0]).round(4)
    array([1.    , 1.7321])
    """
    c = _check.array("c", c, minimum_ndim=1)
    N = _check.integer("N", c.shape[-1])
    before = np.zeros(c.shape, np.result_type(c, np.float64))
    with np.errstate(over="ignore", invalid="ignore"):
        before[..., 1:] = np.cumsum(c[..., :-1] * norms(N)[:-1], axis=-1)
        return _check.in_range("A c", norms(N) * before + np.arange(1, N + 1) * c)


def solve_shifted(alpha, v) -> np.ndarray:
    """(I + alpha A)^{-1} v in O(N) by one bidiagonal solve.

    Parameters
    ----------
    alpha : float or complex
        Shift; -1/alpha must not be an eigenvalue 1..N of A.
    v : array_like, shape (..., N)
        Right-hand sides.

    Returns
    -------
    ndarray, shape (..., N)
        Complex if alpha or v is.

    Raises
    ------
    ValueError, TypeError
        If an argument is not finite, or I + alpha A is singular.
    LinAlgError
        If an entry exceeds double precision.

    Notes
    -----
    In the unnormalised coordinates z_n = c_n / sqrt(2n+1) first differences turn A into a
    bidiagonal matrix: E A_z = F with E = bidiag(1, -1), F = bidiag(n+1, n-1), and the
    system is (E + alpha F) z = E v_z. Forward error below 1e-14 at N = 4096 for alpha in
    [1e-6, 0.5]. docs/theory.md (1.6).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.legs.solve_shifted(1.0, [1.0, 1.0]).round(4)
    array([0.5   , 0.0447])
    """
    v = _check.array("v", v, minimum_ndim=1)
    shift = _check.array("alpha", alpha, ndim=0)
    N = _check.integer("N", v.shape[-1])
    n = np.arange(N)
    with np.errstate(over="ignore", invalid="ignore"):
        diagonal = _check.in_range("I + alpha A", 1 + shift * (n + 1))
    if (diagonal == 0).any():
        raise ValueError(f"alpha must differ from -1/1, ..., -1/{N}, got {alpha}")
    dtype = np.result_type(diagonal, v, np.float64)
    band = np.array([diagonal, np.append(-1 + shift * n[:-1], 0)], dtype=dtype)
    z = (v / norms(N)).reshape(-1, N).T
    with np.errstate(over="ignore"):
        rhs = np.diff(z, axis=0, prepend=0).astype(dtype)
    (tbtrs,) = get_lapack_funcs(("tbtrs",), dtype=dtype)
    solution, info = tbtrs(band, rhs, uplo="L")
    if info:
        raise np.linalg.LinAlgError(f"I + alpha A is singular at row {info - 1}")
    with np.errstate(over="ignore", invalid="ignore"):
        result = (solution.T * norms(N)).reshape(v.shape)
    return _check.in_range("the solution", result)


def propagator(r, N: int) -> np.ndarray:
    """r^A, which carries the coefficients from time s to time t = s/r while f = 0.

    Parameters
    ----------
    r : float
        Ratio s/t of the two times, 0 <= r <= 1.
    N : int
        State dimension.

    Returns
    -------
    ndarray, shape (N, N)
        Lower triangular, diagonal r^{n+1}; zero at r = 0, the identity at r = 1.

    Raises
    ------
    ValueError, TypeError
        If r is not in [0, 1] or N is not a positive integer.

    Notes
    -----
    (r^A)_ij = r <p_i(r y), p_j(y)>: rows are the coefficients of dilated polynomials, so the
    three-term recurrence of p_i gives each row from the two before, in O(N^2) altogether,
    with no exponential, eigenvector or power of r that could underflow. Largest entry
    error 1e-14 at N = 256 and 1e-13 at N = 2048. ||r^A||_2 <= sqrt(r) for every N, and
    r^A s^A = (r s)^A. docs/theory.md (1.7), (1.8).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.legs.propagator(0.5, 2)
    array([[ 0.5      ,  0.       ],
           [-0.4330127,  0.25     ]])
    """
    r = _check.number("r", r, minimum=0, maximum=1)
    N = _check.integer("N", N)
    _check.room("N", N, N)
    n = np.arange(N)
    # X is the Jacobi matrix of p_n: x p_n = X_{n,n-1} p_{n-1} + p_n / 2 + X_{n,n+1} p_{n+1}
    offdiagonal = (n + 1) / (2 * np.sqrt((2 * n + 1.0) * (2 * n + 3)))
    rows = np.zeros((N, N))
    rows[0, 0] = 1
    for i in range(N - 1):
        row = rows[i, : i + 2]
        image = (r - 1) / 2 * row
        image[1:] += r * row[:-1] * offdiagonal[: i + 1]
        image[:-1] += r * row[1:] * offdiagonal[: i + 1]
        if i:
            image[:i] -= offdiagonal[i - 1] * rows[i - 1, :i]
        rows[i + 1, : i + 2] = image / offdiagonal[i]
    return r * rows


def transfer_function(s, N: int) -> np.ndarray:
    """(s I + A)^{-1} B, the response in log-time to t^s, in closed form.

    Parameters
    ----------
    s : complex or array_like, shape (...)
        Points other than -1, ..., -N.
    N : int
        State dimension.

    Returns
    -------
    ndarray of complex, shape (..., N)
        Entry n is sqrt(2n+1) s(s-1)...(s-n+1) / ((s+1)(s+2)...(s+n+1)): the coefficients
        of the input t^s at t = 1.

    Raises
    ------
    ValueError, TypeError
        If s is not finite or hits a pole, or N is not a positive integer.

    Notes
    -----
    A running product, relative error O(N eps). docs/theory.md (1.9).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.legs.transfer_function(1.0, 3).real.round(4)
    array([0.5   , 0.2887, 0.    ])
    """
    s = _check.array("s", s).astype(complex)
    N = _check.size("N", N, by=max(s.size, 1), itemsize=16)
    n = np.arange(N)
    poles = s[..., None] + n + 1
    if (poles == 0).any():
        raise ValueError(
            f"s must avoid the poles -1, ..., -{N}, got {s[(poles == 0).any(-1)][0]:g}"
        )
    factors = np.empty(poles.shape, complex)
    factors[..., 0] = 1 / poles[..., 0]
    factors[..., 1:] = (s[..., None] - n[:-1]) / poles[..., 1:]
    return norms(N) * np.cumprod(factors, axis=-1)
