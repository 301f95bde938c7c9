"""What the singular point t = 0 of t c' = -A c + B f forces, and what it leaves free: nothing.

Solutions differ by homogeneous ones, s^{-A} v, sums of s^{-1}, ..., s^{-N}: none is bounded, and
exactly one solution has t c(t) -> 0.
"""

import numpy as np

from hippo_theory import _check
from hippo_theory.legs.operator import transfer_function

_EPS = np.finfo(np.float64).eps
_LARGEST_RATIO = 1e300  # of two times: its product with an entry below 1 must stay a number


def initial_derivatives(f_derivatives, N: int) -> np.ndarray:
    """c(0+), c'(0+), c''(0+), ...: the j-th is (j I + A)^{-1} B f^(j)(0+).

    Parameters
    ----------
    f_derivatives : array_like, shape (..., J)
        f(0+), f'(0+), ..., f^(J-1)(0+), in the unit of f over powers of the unit of time.
    N : int
        State dimension.

    Returns
    -------
    ndarray, shape (..., J, N)
        Row 0 is the forced initial value f(0+) e_0; row j has j + 1 non-zero entries.

    Raises
    ------
    ValueError, TypeError
        If f_derivatives are not finite numbers or N is not a positive integer.

    Notes
    -----
    Assumes f to be J - 1 times continuously differentiable from the right at 0; c then is, too.
    Its Taylor sum is the exact state of f's: a start at t > 0 to any order. No solution has any
    other limit at 0, as A c(0+) = B f(0+) with A invertible. Relative error O(N eps), O(J N).
    Well-posedness from the forced value alone is after Park et al. 2024 [park2024hippo]; derived
    here. docs/theory.md (4.1), (4.2).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.legs.initial_derivatives([2.0, 1.0], 3).round(4) + 0.0
    array([[2.    , 0.    , 0.    ],
           [0.5   , 0.2887, 0.    ]])
    """
    derivatives = _check.array("f_derivatives", f_derivatives, minimum_ndim=1)
    N = _check.integer("N", N)
    orders = np.arange(derivatives.shape[-1])
    return derivatives[..., None] * np.real(transfer_function(orders, N))


def homogeneous_mode(k: int, N: int) -> np.ndarray:
    """The unit vector v with A v = k v: the one direction that grows like t^{-k} alone.

    Parameters
    ----------
    k : int
        Exponent, 1 <= k <= N.
    N : int
        State dimension.

    Returns
    -------
    ndarray, shape (N,)
        Zero before entry k - 1, which is positive.

    Raises
    ------
    ValueError, TypeError
        If k > N, an argument is not a positive integer, or an entry leaves the range of doubles
        (from N of about 400 on).

    Notes
    -----
    v_n = (-1)^(n-k+1) sqrt(2n+1) binom(n+k-1, 2k-2) up to scale: the (k-1)-st derivative of p at
    0, so that t^{-k} v is the state of a point mass (k = 1) or multipole at t = 0, which no
    later input shows. Relative error of every entry O(N eps), cost O(N). The modes are far from
    orthogonal (condition above 1e19 at N = 32): never expand a state in them; `growth_exponent`
    asks the dual question. docs/theory.md (4.3), (4.4).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.legs.homogeneous_mode(1, 3) * 3
    array([ 1.        , -1.73205081,  2.23606798])
    """
    N = _check.size("N", N)
    k = _check.integer("k", k)
    if k > N:
        raise ValueError(f"k must be at most N = {N}, got {k}")
    n = np.arange(k - 1, N - 1)
    # v_n / v_{n+1}, at most 1 in size: downwards, entries can only underflow
    ratios = -np.sqrt((2 * n + 1) / (2 * n + 3)) * (n - k + 2) / (n + k)
    entries = np.append(np.cumprod(ratios[::-1])[::-1], 1.0)
    entries *= np.sign(entries[0]) / np.linalg.norm(entries)
    if not abs(entries[0]) >= np.finfo(np.float64).tiny:
        raise ValueError(f"N must keep mode {k} within double precision, got {N}")
    return np.append(np.zeros(k - 1), entries)


def homogeneous_solution(v, t, s) -> np.ndarray:
    """(t/s)^A v: the solution for f = 0 that has the value v at t, at any times s.

    Parameters
    ----------
    v : array_like, shape (..., N)
        Real states at time t.
    t : float
        Positive time.
    s : array_like, of any shape
        Positive times, before or after t, with 1e-300 < t/s < 1e300.

    Returns
    -------
    ndarray, shape (...) + shape of s + (N,)

    Raises
    ------
    ValueError, TypeError
        If an argument is not of the form above, or the solution at some s leaves the range of
        doubles; `backward_growth` works in logarithms.

    Notes
    -----
    The rows of r^A are dilated polynomials for r > 1 as well, where no entry of r^A is negative;
    the recurrence of `propagator` is run with a power of two split off each row, O(N^2) a time. The
    result is exact for a v with every entry changed by a relative O(N eps): what a v as an array
    of doubles can mean. Rounding a mode excites the others, so use s^{-k} `homogeneous_mode`
    for these. docs/theory.md (4.3), (4.6).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.legs.homogeneous_solution([1.0, 0.0], 1.0, [2.0, 1.0, 0.1]).round(4)
    array([[  0.5   ,  -0.433 ],
           [  1.    ,   0.    ],
           [ 10.    , 155.8846]])
    """
    v, t, s = _perturbation(v, t, s)
    mantissas, exponents = _carried(v, t / s)
    with np.errstate(over="ignore"):
        values = np.ldexp(mantissas, exponents)
    batch = tuple(range(v.ndim - 1))
    lost = ~np.isfinite(values).all(axis=(*batch, -1))
    if lost.any():
        raise ValueError(
            f"s must keep the solution within double precision, got {s[lost][0]:g}; "
            "backward_growth gives its logarithm"
        )
    return values


def backward_growth(v, t, s) -> np.ndarray:
    """log |(t/s)^A v|_2: how large a perturbation v of the state at t is when carried to s < t.

    Parameters
    ----------
    v : array_like, shape (..., N)
        Real non-zero perturbations of the state at time t.
    t : float
        Positive time.
    s : array_like, of any shape
        Positive times, with 1e-300 < t/s < 1e300.

    Returns
    -------
    ndarray, shape (...) + shape of s
        Natural logarithms of Euclidean norms, which never overflow.

    Raises
    ------
    ValueError, TypeError
        If an argument is not of the form above, or v is zero.

    Notes
    -----
    For s < t it is at least log |v| + log(t/s)/2 for every N, and as s -> 0 its slope against
    log(1/s) tends to `growth_exponent(v)`, at least 1 and generically N. So s c(s) -> 0 holds for
    one solution only. The local slope is (1 + (B.c)^2/|c|^2)/2. O(N^2) a time; accuracy as in
    `homogeneous_solution`. docs/theory.md (4.3), (4.6), (4.7).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> growth = ht.legs.backward_growth([1.0] * 40, 1.0, [1e-199, 1e-200])
    >>> bool(abs(growth[1] - growth[0] - 40 * 2.302585092994046) < 1e-9)
    True
    """
    v, t, s = _perturbation(v, t, s)
    if not v.any(axis=-1).all():
        raise ValueError("v must be non-zero, got 0")
    mantissas, exponents = _carried(v, t / s)
    mantissas, own = np.frexp(mantissas)
    own = np.where(mantissas == 0, np.iinfo(np.int32).min // 2, own + exponents)
    largest = own.max(axis=-1, keepdims=True)
    norms = np.linalg.norm(np.ldexp(mantissas, own - largest), axis=-1)
    return np.log(norms) + np.log(2.0) * largest[..., 0]


def growth_exponent(v) -> np.ndarray:
    """The k with |(t/s)^A v| ~ s^{-k} as s -> 0, to the rounding of v; 0 for v = 0.

    Parameters
    ----------
    v : array_like, shape (..., N)
        Real perturbations of a state.

    Returns
    -------
    ndarray of int, shape (...)
        1..N; a state perturbed by v != 0 leaves the uniqueness class t c(t) -> 0.

    Raises
    ------
    ValueError, TypeError
        If v is not an array of finite real numbers.

    Notes
    -----
    t^k times the moment int_0^1 x^(k-1) v(x) dx of v(x) = sum_n v_n p_n(x) is constant along
    homogeneous solutions, so the exponent is the largest k whose moment is not zero. One that is
    below the rounding of v's entries is read as zero: 8 N eps of the sum of its terms' sizes.
    O(N^2). docs/theory.md (4.5).

    Examples
    --------
    >>> import numpy as np, hippo_theory as ht
    >>> ht.legs.growth_exponent([np.ones(8), ht.legs.homogeneous_mode(1, 8)])
    array([8, 1])
    """
    v = _check.array("v", v, minimum_ndim=1, real=True)
    N = _check.integer("N", v.shape[-1])
    # row k - 1 is x^(k-1) in the basis p_n, the left eigenvector of A for k; no entry is negative
    powers = np.real(transfer_function(np.arange(N), N)).T
    seen = abs(v @ powers) > 8 * N * _EPS * (abs(v) @ powers)
    return (seen * np.arange(1, N + 1)).max(axis=-1)


def log_chirp_orbit(omega, N: int, phase) -> np.ndarray:
    """Im(e^(i phase) (i omega I + A)^{-1} B): where the states of sin(omega log t) go round.

    Parameters
    ----------
    omega : float
        Angular frequency in log-time.
    N : int
        State dimension.
    phase : array_like, shape (...)
        Radians; the state at t > 0 has phase omega log t.

    Returns
    -------
    ndarray, shape (..., N)
        An ellipse about 0, passed once whenever t falls by the factor exp(2 pi/omega).

    Raises
    ------
    ValueError, TypeError
        If omega or a phase is not finite, or N is not a positive integer.

    Notes
    -----
    A bounded, Riemann integrable input whose c(0+) does not exist, although the solution with
    t c(t) -> 0 does: the mean square of the orbit is |v|^2/2 with
    |v| = |(i omega I + A)^{-1} B| = N/sqrt(N^2 + omega^2). O(N) a phase.
    docs/theory.md (4.8), (4.9).

    Examples
    --------
    >>> import numpy as np, hippo_theory as ht
    >>> orbit = ht.legs.log_chirp_orbit(3.0, 2, [0.0, np.pi / 2])
    >>> orbit.round(4)
    array([[-0.3   , -0.2798],
           [ 0.1   ,  0.3597]])
    >>> bool(abs((orbit**2).sum() - 4 / 13) < 1e-15)
    True
    """
    omega = _check.number("omega", omega)
    phase = _check.array("phase", phase, real=True).astype(np.float64)
    return np.imag(np.exp(1j * phase)[..., None] * transfer_function(1j * omega, N))


def _perturbation(v, t, s):
    v = _check.array("v", v, minimum_ndim=1, real=True).astype(np.float64)
    _check.integer("N", v.shape[-1])
    t = _check.number("t", t, above=0)
    s = _check.array("s", s, real=True).astype(np.float64)
    with np.errstate(over="ignore", divide="ignore"):
        ratios = np.where(s > 0, t / s, np.inf)
    outside = ~((ratios < _LARGEST_RATIO) & (ratios > 1 / _LARGEST_RATIO))
    if outside.any():
        raise ValueError(
            f"s must be positive with t/s between 1e-300 and 1e300, got {s[outside][0]:g} "
            f"with t = {t:g}"
        )
    return v, t, s


def _carried(v: np.ndarray, ratios: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """r^A v for all ratios r > 0, as mantissas (..., *r.shape, N) and exponents (*r.shape, N).

    The three-term recurrence of `operator.propagator`; each row and the one before it share a
    power of two, which keeps them in range for r > 1.
    """
    N, count = v.shape[-1], ratios.size
    large = 64 if abs(v).max(initial=0.0) > 1e280 else 0  # room for the products with rows
    v = np.ldexp(v, -large)
    n = np.arange(N)
    offdiagonal = (n + 1) / (2 * np.sqrt((2 * n + 1.0) * (2 * n + 3)))
    r = ratios.reshape(-1, 1)
    before, row = np.zeros((count, N)), np.zeros((count, N))
    row[:, 0] = 1
    scale = np.zeros((count, 1), int)
    mantissas, exponents = np.empty((*v.shape[:-1], count, N)), np.empty((count, N), int)
    for i in range(N):
        mantissas[..., i] = r[:, 0] * (v @ row.T)
        exponents[:, i] = scale[:, 0]
        image = (r - 1) / 2 * row
        image[:, 1:] += r * row[:, :-1] * offdiagonal[:-1]
        image[:, :-1] += r * row[:, 1:] * offdiagonal[:-1]
        if i:
            image -= offdiagonal[i - 1] * before
        image /= offdiagonal[i]
        _, shift = np.frexp(abs(image).max(axis=1, keepdims=True))
        before, row = np.ldexp(row, -shift), np.ldexp(image, -shift)
        scale = scale + shift
    shape = (*ratios.shape, N)
    return mantissas.reshape(*v.shape[:-1], *shape), exponents.reshape(shape) + large
