"""The memory curve MC(k) of a linear recurrence, exactly, from the Blaschke product of its poles.

MC(k) is the share of the variance of u_{t-k} that a linear readout of the state x_t recovers.
With B(z) = prod_i (z - conj(l_i)) / (1 - l_i z) = sum_j beta_j z^j,

    MC(k) = sum_{j > k} |beta_j|^2:

the survival function of a random lag J with P(J = j) = |beta_j|^2 and mean N. It depends on the
poles alone: not on the basis, not on the normality of A, nor on which B drives them all (those
that it does not drive remember nothing). Lag 0 is the newest input.
"""

import numpy as np
from scipy import linalg

from hippo_theory import _array, _check
from hippo_theory._array import Array
from hippo_theory.lti import batches, cascade
from hippo_theory.lti.pairings import pairings
from hippo_theory.memory._inputs import chain, has_several
from hippo_theory.memory._poles import resolve

LONGEST_FFT = 2**25
LONGEST_HORIZON = 2**30  # lags
LARGEST_LOSS = 1e-8  # of a projection computed by QR: refuse rather than return fewer digits


@batches.numbers
def capacity(
    poles, K, *, method="cascade", start=None, colour=None, xp=None, device=None, dtype=None
) -> Array:
    """MC(k), k = 0 .. K - 1: the share of the variance of u_{t-k} that the state x_t holds.

    Parameters
    ----------
    poles : array_like, shape (N,), or discrete system
        Inside the unit circle; repeated ones form a chain. A system with one input stands for its
        controllable part: the poles that B drives, coincident ones once; a dense one must be
        controllable. With several inputs it must be diagonal.
        Implied conjugates are listed; of a real layer pass both.
    K : int
        Number of lags.
    method : {"cascade", "fft"}
        The all-pass chain (high relative accuracy), or the Blaschke product on the circle
        (absolute accuracy, vectorised over frequencies).
    start : int, optional
        The state was zero this many samples ago, instead of infinitely many.
    colour : array_like, shape (n,), optional
        Impulse response of a filter whose output under white noise is the input; only the
        modulus of its transfer function matters. By default the input is white.
    xp, device : module and device of that library, optional
        Where the curve is wanted, with method "fft"; by default where the poles are.
    dtype : float32 or float64, optional
        To which the curve is rounded. By default that of poles of another library, else the
        widest of the device, in which it is calculated.

    Returns
    -------
    array, shape (K,), after the leading axes of a batch
        Values in [0, 1]. White input from the infinite past: non-increasing, with sum N over
        all lags. Of a system with m > 1 inputs, unrelated and of unit variance, (K, m): the share
        of each, with sum N over all lags and inputs.

    Raises
    ------
    ValueError
        If a pole is on or outside the unit circle, a system is dense and not controllable or has
        several inputs, K < 1, or options exclude each other.
    numpy.linalg.LinAlgError
        If `start` or `colour` lead to a projection with fewer than eight digits, or states with
        several inputs depend on each other.

    Notes
    -----
    The chain adds squares only: the relative error is at most of order (N + k) eps, also where MC
    is 1e-100 (measured: 5e-14 at N = 32, k = 32,598). O(N K), and
    O(N^2 n) for `start` and `colour`, whose n responses are orthogonalised. A dense system
    enters by its computed eigenvalues, and is controllable where the Hessenberg form that starts
    at B has no zero below the diagonal, to N eps |A|: O(N^3). Several inputs take a chain whose
    sections carry a direction each: O(N K m^2), absolute accuracy N eps. docs/theory.md (7.1),
    (7.2), (7.13), (7.26).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.memory.capacity([0.5, -0.5], 4)
    array([0.9375    , 0.9375    , 0.05859375, 0.05859375])
    """
    if has_several(poles):
        return _several(poles, K, method, (start, colour, xp, device), dtype)
    there = _array.home(poles=poles) if xp is None else _array.there(xp, device)
    given, (poles, log_poles) = poles, resolve(_array.to_host(poles))
    K = _check.size("K", K, by=4)
    _check.option("method", method, ["cascade", "fft"])
    dtype = None if dtype is None else _check.dtype("dtype", dtype)
    if dtype is None and there and xp is None:
        dtype = given
    if there and method != "fft":
        raise ValueError(f"method must be 'fft' on {there}, got {method!r}")
    chosen = [f"method={method!r}"] if method == "fft" else []
    chosen += [name for name, value in (("start", start), ("colour", colour)) if value is not None]
    if len(chosen) > 1:
        raise ValueError(f"options must be chosen one at a time, got {' and '.join(chosen)}")
    if start is not None:
        start = _check.size("start", start, by=2 * poles.size, itemsize=16)
        return _from_rest(poles, log_poles, K, start)
    if colour is not None:
        return _coloured(poles, log_poles, K, _colour(colour))
    if method == "fft":
        there = there or _array.HOST
        squares = there.xp.abs(_blaschke_fft(poles, K, there)) ** 2
        curve = there.xp.flip(there.xp.cumulative_sum(there.xp.flip(squares)))[1 : K + 1]
    else:
        curve = cascade.energy(poles, K, log_poles=log_poles)
    return curve if dtype is None else _array.rounded(curve, dtype)


@batches.numbers
def lag_distribution(poles, K) -> np.ndarray:
    """P(J = j) = |beta_j|^2, j = 0 .. K - 1: the law whose survival function is MC.

    Parameters
    ----------
    poles, K
        As for `capacity`.

    Returns
    -------
    numpy.ndarray, shape (K,)

    Raises
    ------
    ValueError
        As for `capacity`.

    Notes
    -----
    Sum 1, mean N, variance `lag_variance` over all lags. O(N K). docs/theory.md (7.3).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.memory.lag_distribution([0.5], 3)
    array([0.25    , 0.5625  , 0.140625])
    """
    poles, log_poles = resolve(poles)
    K = _check.integer("K", K)
    return np.abs(cascade.allpass_coefficients(poles, K, log_poles=log_poles)) ** 2


@batches.numbers
def lag_variance(poles) -> float:
    """Var J = sum_ij 2 Re(l_i conj(l_j) / (1 - l_i conj(l_j))): squared width of the memory edge.

    Parameters
    ----------
    poles
        As for `capacity`.

    Returns
    -------
    float
        In squared samples.

    Raises
    ------
    ValueError
        As for `capacity`.

    Notes
    -----
    0 only for the shift register, whose memory ends sharply at lag N. Compensated denominators;
    the sum cancels where the poles form a cycle. O(N^2). docs/theory.md (7.4).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.memory.lag_variance([0.0, 0.0, 0.0]), round(ht.memory.lag_variance([0.5]), 12)
    (0.0, 0.666666666667)
    """
    poles, log_poles = resolve(poles)
    pairs = pairings(poles, log_poles=log_poles)
    i = np.arange(poles.size)
    rows = [(poles[j] * (poles.conj() / pairs.denominator(j, i))).real.sum() for j in i]
    return max(0.0, 2 * float(np.sum(rows)))


def capacity_ceiling(N, k) -> np.ndarray:
    """min(1, N / (k + 1)): no linear recurrence with N states exceeds it at lag k.

    Parameters
    ----------
    N : int
        State dimension: real states, or complex states under complex input.
    k : array_like of int
        Lags.

    Returns
    -------
    numpy.ndarray, shape of k

    Raises
    ------
    ValueError
        If N is not a positive integer or a lag is negative.

    Notes
    -----
    MC is non-increasing with sum N, so (k + 1) MC(k) <= N. docs/theory.md (7.6).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.memory.capacity_ceiling(8, [0, 7, 31])
    array([1.  , 1.  , 0.25])
    """
    N = _check.integer("N", N)
    k = _check.positive("k", k, zero=True)
    return np.minimum(1.0, N / (k + 1))


@batches.numbers
def horizon(poles, level=0.5) -> int:
    """Largest lag k with MC(k) >= level; -1 where even the newest input falls short.

    Parameters
    ----------
    poles
        As for `capacity`.
    level : float
        Between 0 and 1.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        As for `capacity`, or if the level is not in (0, 1].

    Notes
    -----
    At most N / level - 1, by the ceiling, which is how far the curve is computed. O(N^2 / level).
    docs/theory.md (7.6).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.memory.horizon([0.5, -0.5]), ht.memory.horizon([0.0, 0.0, 0.0], 1.0)
    (1, 2)
    """
    poles, log_poles = resolve(poles)
    level = _check.number("level", level, above=0.0, maximum=1.0)
    longest = poles.size / level
    if longest > LONGEST_HORIZON:
        raise ValueError(
            f"level must be at least {poles.size / LONGEST_HORIZON:.3g} for {poles.size} poles, "
            f"got {level:g}"
        )
    curve = cascade.energy(poles, int(longest) + 1, log_poles=log_poles)
    reached = np.flatnonzero(curve >= level * (1 - 4 * poles.size * np.finfo(float).eps))
    return int(reached[-1]) if reached.size else -1


def _several(system, K, method, others, dtype):
    """MC (K, m) of a diagonal system with m inputs."""
    if method != "cascade" or any(value is not None for value in others):
        raise ValueError(
            f"options must be left at their defaults for several inputs, got {system!r}"
        )
    m = system.B.shape[-1]
    K = _check.size("K", K, by=m * (m + 4), itemsize=16)
    curve = np.zeros((K, m))
    for x in chain(system).responses(K):
        curve += np.abs(x) ** 2
    return curve if dtype is None else _array.rounded(curve, _check.dtype("dtype", dtype))


def _blaschke_fft(poles, K, there):
    """Coefficients of B from its values on the circle; aliasing below 50 eps or a refusal."""
    xp, radius = there.xp, np.abs(poles).max()
    M = 2 ** int(np.ceil(np.log2(max(2 * K, 40 / (1 - radius), 64))))
    aliased = 2000 * float(np.finfo(there.precision).eps) ** 2
    complex_dtype = _array.work_dtype(there, poles)
    while M <= LONGEST_FFT:
        index = xp.arange(M, device=there.device)
        angle = 2 * np.pi / M * xp.astype(index, _array.work_dtype(there))
        z = xp.astype(xp.cos(angle), complex_dtype) + 1j * xp.sin(angle)
        values = xp.ones(M, dtype=complex_dtype, device=there.device)
        for pole in poles:
            w = 1 - complex(pole) * z
            values = values * (z * (xp.conj(w) / w))
        beta = xp.fft.fft(values) / M
        if float(xp.sum(xp.abs(beta[M - M // 8 :]) ** 2)) < aliased:
            return beta
        M *= 2
    raise ValueError(
        f"method 'fft' must meet poles with a memory below {LONGEST_FFT} samples, got max |pole| = "
        f"{radius:.17g}; use method='cascade'"
    )


def _from_rest(poles, log_poles, K, start):
    """Leverage of lag k among the first `start` responses; inputs not yet read score 0."""
    result = np.zeros(max(K, start))
    if start <= poles.size:  # as many independent states as inputs: all are recovered
        result[:start] = 1.0
        return result[:K]
    Q = _orthogonalize(cascade.impulse_response(poles, start, log_poles=log_poles))
    result[:start] = np.sum(np.abs(Q) ** 2, axis=1)
    return result[:K]


def _coloured(poles, log_poles, K, colour):
    """Norms of the projections of z^k h on the span of the states' responses to h."""
    length = 2 * max(K, colour.size, poles.size)
    while True:
        signal = np.zeros(length, colour.dtype)
        signal[: colour.size] = colour
        rest = cascade.readout(poles, signal, log_poles=log_poles)[1]
        if np.linalg.norm(rest) < 1e-16 * np.linalg.norm(colour):
            break
        length *= 2
    Q = _orthogonalize(cascade.states(poles, signal, log_poles=log_poles))
    M = length + colour.size
    spectrum = np.fft.fft(Q, M, axis=0).conj() * np.fft.fft(colour, M)[:, None]
    projections = np.fft.fft(spectrum, axis=0)[:K] / M
    return np.sum(np.abs(projections) ** 2, axis=1) / np.linalg.norm(colour) ** 2


def _orthogonalize(responses):
    Q, R = linalg.qr(responses, mode="economic")  # pyright: ignore[reportAssignmentType]
    sizes = linalg.svdvals(R)
    loss = np.finfo(float).eps * sizes[0] / sizes[-1] if sizes[-1] else np.inf
    if loss > LARGEST_LOSS:
        raise np.linalg.LinAlgError(
            f"the states' responses must be independent to eight digits, got condition "
            f"{sizes[0] / sizes[-1] if sizes[-1] else np.inf:.3g}"
        )
    return Q


def _colour(colour):
    colour = _check.double("colour", colour, ndim=1)
    if not np.any(colour):
        raise ValueError(f"colour must not be zero, got {colour.size} zeros")
    return colour / abs(colour).max()
