"""Laws of the memory curve: group delay, closed forms of the usual pole sets, random ensembles."""

import numpy as np

from hippo_theory import _check
from hippo_theory.lti.pairings import one_minus
from hippo_theory.memory._poles import resolve


def group_delay(poles, omega) -> np.ndarray:
    """tau(w) = sum_i (1 - |l_i|^2) / |e^{iw} - l_i|^2, in samples; its mean over w is N.

    Parameters
    ----------
    poles
        As for `capacity`.
    omega : array_like
        Angular frequencies, radians per sample.

    Returns
    -------
    numpy.ndarray, shape of omega
        Group delay of the all-pass filter with these poles.

    Raises
    ------
    ValueError
        As for `capacity`.

    Notes
    -----
    |e^{iw} - l|^2 = (1 - |l|)^2 + 4 |l| sin^2((w - arg l) / 2) has no cancellation. O(N) per
    frequency. docs/theory.md (7.5).

    Examples
    --------
    >>> import numpy as np, hippo_theory as ht
    >>> ht.memory.group_delay([0.5], [0.0, np.pi])
    array([3.        , 0.33333333])
    """
    radius, angle, gap = _polar(poles)
    omega = _check.double("omega", omega, real=True)
    tau = np.zeros(omega.shape)
    for r, phi, g in zip(radius, angle, gap, strict=True):
        tau += g * (1 + r) / (g**2 + 4 * r * np.sin((omega - phi) / 2) ** 2)
    return tau


def bandwidth(poles, k, *, resolution=32) -> np.ndarray:
    """Share of the frequency band whose group delay exceeds k: the law MC(k) ~ bandwidth(k).

    Parameters
    ----------
    poles
        As for `capacity`.
    k : array_like
        Lags, non-negative.
    resolution : int
        Frequencies per pole at which tau is sampled, clustered around the pole's angle.

    Returns
    -------
    numpy.ndarray, shape of k

    Raises
    ------
    ValueError
        As for `capacity`, or if a lag is negative.

    Notes
    -----
    Memory is bandwidth times horizon: the integral over k is N. The law is semiclassical, good
    where many poles share every frequency; a comb of poles whose spacing is wide against
    1 - |l| follows its staircase instead (`cycle_capacity`). O(N^2 resolution).
    docs/theory.md (7.7).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> float(ht.memory.bandwidth([0.0, 0.0], 1.5)), float(ht.memory.bandwidth([0.0, 0.0], 2.5))
    (1.0, 0.0)
    """
    _, angle, gap = _polar(poles)
    k = _check.positive("k", k, zero=True)
    resolution = _check.size("resolution", resolution, by=4 * angle.size)
    share = (np.arange(resolution) + 0.5) / resolution
    # quantiles of the Poisson kernel of each pole: tan((w - phi)/2) = (1-r)/(1+r) tan(...)
    spread = 2 * np.arctan((gap / (2 - gap))[:, None] * np.tan(np.pi * (share - 0.5)))
    uniform = 2 * np.pi * np.arange(resolution * angle.size) / (resolution * angle.size)
    omega = np.sort(np.r_[np.mod(angle[:, None] + spread, 2 * np.pi).ravel(), uniform])
    tau, width = group_delay(poles, omega), np.diff(np.r_[omega, omega[0] + 2 * np.pi])
    low, high = np.sort([tau, np.roll(tau, -1)], axis=0)
    shares = [_share_above(level, low, high, width) for level in k.flat]
    return np.array(shares, float).reshape(k.shape)


def cycle_capacity(N, radius, k) -> np.ndarray:
    """MC(k) = q^m (1 - q), q = radius^{2N}, m = floor(k / N): poles radius e^{2 pi i n / N}.

    Parameters
    ----------
    N : int
        Number of poles.
    radius : float
        Between 0 and 1.
    k : array_like of int
        Lags.

    Returns
    -------
    numpy.ndarray, shape of k

    Raises
    ------
    ValueError
        If the radius is not in (0, 1) or a lag is no natural number.

    Notes
    -----
    Exact. The Blaschke product is (z^N - r^N) / (1 - r^N z^N) up to a phase. docs/theory.md (7.9).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.memory.cycle_capacity(2, 0.5, [0, 1, 2])
    array([0.9375    , 0.9375    , 0.05859375])
    """
    N = _check.integer("N", N)
    radius = _check.number("radius", radius, above=0.0, below=1.0)
    log_q = 2 * N * np.log(radius)
    return np.exp(log_q * (_lags(k) // N)) * -np.expm1(log_q)


def s4d_lin_capacity(N, dt, k, *, decay=0.5) -> np.ndarray:
    """MC(k) ~ (N dt / 2) (1 - q) q^floor(k dt / 2), q = e^{-4 decay}: S4D-Lin with small steps.

    Parameters
    ----------
    N : int
        Number of poles exp(dt (-decay + i pi n)), conjugates included, of a run of n.
    dt : float
        Step in units of time, N dt <= 2: wider combs wrap around the circle.
    k : array_like of int
        Lags.
    decay : float
        Minus the real part of the continuous poles; 1/2 in S4D-Lin.

    Returns
    -------
    numpy.ndarray, shape of k

    Raises
    ------
    ValueError
        If dt is not in (0, 2 / N], the decay not positive, or a lag no natural number.

    Notes
    -----
    Inside its band the comb is a cycle of 2 / dt poles. Asymptotic in N; the error sits at the
    edges of the band and decays like 1 / N. docs/theory.md (7.10).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.memory.s4d_lin_capacity(256, 0.001, [0, 2000]).round(4)
    array([0.1107, 0.015 ])
    """
    N = _check.integer("N", N)
    dt = _check.number("dt", dt, above=0.0, maximum=2.0 / N)
    decay = _check.number("decay", decay, above=0.0)
    rate = 4 * min(decay, 1e6)  # e^-rate is 0 long before
    teeth = np.minimum(np.floor(_lags(k) * dt / 2), 1e300)
    return N * dt / 2 * -np.expm1(-rate) * np.exp(-rate * teeth)


def ring_lag_variance(N, r_min, r_max) -> float:
    """E Var J = 2 N (log((1 - a) / (1 - b)) / (b - a) - 1), a = r_min^2, b = r_max^2.

    Parameters
    ----------
    N : int
        Number of independent poles, uniform by area on the ring r_min <= |l| <= r_max.
    r_min, r_max : float
        0 <= r_min < r_max < 1.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If the radii are not in order and range.

    Notes
    -----
    Exact expectation of `lag_variance`: uniform phases leave the diagonal of the sum,
    2 N E |l|^2 / (1 - |l|^2). docs/theory.md (7.11).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> round(ht.memory.ring_lag_variance(256, 0.9, 0.99))
    6279
    """
    N = _check.integer("N", N)
    r_min, r_max = _ring(r_min, r_max, below=1.0)
    width = (r_max - r_min) * (r_max + r_min)
    gap = (1 - r_max) * (1 + r_max)
    if width > gap:
        return 2 * N * (float(np.log1p(width / gap)) / width - 1)
    # the closed form cancels: the mean of x / (1 - x), whose pole is farther than the interval
    t, weight = np.polynomial.legendre.leggauss(24)
    t = (t + 1) / 2
    return N * float(weight @ ((r_min**2 + width * t) / (gap + width * (1 - t))))


def ring_log_determinant(N, r_min=0.0, r_max=1.0) -> float:
    """E log det of the unit-diagonal Gram matrix for N poles uniform by area on a ring.

    Parameters
    ----------
    N : int
        Number of independent poles.
    r_min, r_max : float
        0 <= r_min < r_max <= 1; the unit disk by default.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If the radii are not in order and range.

    Notes
    -----
    Exact: averaging phases, log |l - m|^2 leaves log max(|l|^2, |m|^2) and log |1 - l conj(m)|^2
    leaves 0, so the mean is N (N - 1) / 2 times E log max(|l|^2, |m|^2), the energy of a Coulomb
    gas: -1/2 on the disk. docs/theory.md (7.12).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.memory.ring_log_determinant(2)
    -0.5
    """
    N = _check.integer("N", N)
    r_min, r_max = _ring(r_min, r_max, maximum=1.0)
    inner = r_min**2 / ((r_max - r_min) * (r_max + r_min))
    # E log max = log r_max^2 minus the integral of F(x) / x, F the law of the larger square
    if inner < 1:
        lost = 0.5 - inner + inner**2 * np.log1p(1 / inner) if inner else 0.5
    else:  # the closed form cancels on thin rings
        t, weight = np.polynomial.legendre.leggauss(24)
        t = (t + 1) / 2
        lost = np.sum(weight / 2 * t**2 / (inner + t))
    return N * (N - 1) / 2 * float(2 * np.log(r_max) - lost)


def real_log_determinant(N) -> float:
    """E log det of the unit-diagonal Gram matrix for N poles uniform on (0, 1).

    Parameters
    ----------
    N : int
        Number of independent poles.

    Returns
    -------
    float

    Notes
    -----
    Exact: N (N - 1) / 2 times 1 - pi^2 / 3 = -2.29. Against -1/2 on the disk, this is what real
    poles cost in volume in diagonal coordinates. docs/theory.md (7.12).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> round(ht.memory.real_log_determinant(2), 3)
    -2.29
    """
    N = _check.integer("N", N)
    return N * (N - 1) / 2 * (1 - np.pi**2 / 3)


def _polar(poles):
    poles, log_poles = resolve(poles)
    if log_poles is not None:
        return np.exp(log_poles.real), log_poles.imag, -np.expm1(log_poles.real)
    radius = np.abs(poles)
    return radius, np.angle(poles), one_minus(poles, poles).real / (1 + radius)


def _share_above(level, low, high, width):
    inside = (low < level) & (level < high)
    part = np.where(inside, (high - level) / np.where(inside, high - low, 1.0), low >= level)
    return np.sum(width * part) / (2 * np.pi)


def _lags(k):
    k = _check.double("k", k, real=True)
    if np.any(k < 0) or np.any(k != np.floor(k)):
        raise ValueError("k must hold integers of at least 0, got others")
    return k


def _ring(r_min, r_max, **limits):
    r_min = _check.number("r_min", r_min, minimum=0.0, below=1.0)
    return r_min, _check.number("r_max", r_max, above=r_min, **limits)
