"""The two sums (s, M) of the data that fix how a linear state-space model learns.

With regressors phi_i = g_i * u, phi_i[t] = a_i phi_i[t-1] + u[t], and gains w_i = b_i c_i the
output is sum_i w_i phi_i, and half the sum of squared errors is the quadratic

    loss(w) = (energy - 2 Re(s^* w) + w^* M w) / 2,
    s_i = sum conj(phi_i) y,   M_ij = sum conj(phi_i) phi_j,   energy = sum |y|^2.

Everything in this room is exact for whatever (s, M) it is given; the edges of a finite sequence
matter only here.
"""

import math
from dataclasses import dataclass

import numpy as np

from hippo_theory import _check
from hippo_theory.learning._arguments import pole_array
from hippo_theory.learning.weights import filtered, response

BOUNDARIES = ("causal", "periodic", "truncated")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Statistics:
    """The quadratic (energy - 2 Re(s^* w) + w^* M w) / 2 that training descends.

    Attributes
    ----------
    s : ndarray, shape (N,)
        sum conj(phi_i) y.
    M : ndarray, shape (N, N)
        sum conj(phi_i) phi_j: Hermitian, positive semidefinite.
    energy : float
        sum |y|^2.
    source : str
        What was summed, in words.
    poles : ndarray, shape (N,), or None
        Poles of the responses, where they are known.

    Raises
    ------
    ValueError
        If M is not Hermitian and positive semidefinite, or if |s_i|^2 > M_ii energy.
    """

    s: np.ndarray
    M: np.ndarray
    energy: float
    source: str = "given"
    poles: np.ndarray | None = None

    def __post_init__(self):
        s = np.array(np.atleast_1d(_check.double("s", self.s)))
        M = np.array(np.atleast_2d(_check.double("M", self.M)))
        _check.shape("s", s, ("N",))
        _check.shape("M", M, (s.size, s.size))
        energy = _check.number("energy", self.energy, minimum=0.0)
        rounding = 1e3 * s.size * np.finfo(float).eps * max(abs(M).max(), np.finfo(float).tiny)
        if abs(M - M.conj().T).max() > rounding:
            raise ValueError(f"M must be Hermitian, got |M - M^*| = {abs(M - M.conj().T).max():g}")
        lowest = float(np.linalg.eigvalsh(M)[0])
        if lowest < -rounding:
            raise ValueError(f"M must be positive semidefinite, got the eigenvalue {lowest:g}")
        with np.errstate(over="ignore", invalid="ignore"):
            excess = abs(s) ** 2 - (1 + 1e-9) * np.real(np.diag(M)) * energy
        _check.in_range("|s|^2 and M_ii energy", excess)
        if (excess > 0).any():
            i = int(np.argmax(excess))
            raise ValueError(
                f"energy must be at least |s_i|^2 / M_ii = {abs(s[i]) ** 2 / M[i, i].real:g}, "
                f"got {energy:g} at index {i}"
            )
        for name, value in (("s", s.copy()), ("M", M.copy()), ("energy", energy)):
            object.__setattr__(self, name, value)
        if self.poles is not None:
            poles = pole_array(self.poles)
            _check.shape("poles", poles, (s.size,))
            object.__setattr__(self, "poles", poles.copy())

    def __repr__(self):
        return f"Statistics(N={self.s.size}, energy={self.energy:.6g}, {self.source})"


def statistics(u, y, poles, boundary: str = "causal", *, weight=None) -> Statistics:
    """Sums s_i = sum conj(phi_i) y and M_ij = sum conj(phi_i) phi_j over all sequences.

    Parameters
    ----------
    u, y : array_like, shape (..., L)
        Inputs and targets, time last; all leading axes are summed over.
    poles : array_like, shape (N,), or a scalar, or a discrete system
        Poles of the recurrences; a system stands for its poles alone, B and C are not read.
    boundary : {"causal", "periodic", "truncated"}
        `causal` is the recurrence phi[t] = a phi[t-1] + u[t] started at zero, which is what
        training runs. `periodic` is what multiplying length-L transforms by 1/(1 - a e^{-i w})
        means: u repeats for ever. `truncated` is the circular convolution with a^n, n < L.
    weight : (b, a), optional
        Stable filter F = b / a in powers of e^{-i omega}: the loss sums |F error|^2, so that
        frequencies count by |F|^2. Causal from rest, or circular as the boundary says.

    Returns
    -------
    Statistics
        `.s`, `.M`, `.energy`: sums, not means; `.poles`.

    Raises
    ------
    ValueError
        If the shapes of u and y differ, a system is in continuous time, the boundary is unknown,
        or it is periodic and a pole is not inside the unit circle.

    Notes
    -----
    O(P L N^2) for P sequences, plus O(P L log L) where transforms are used. Exact up to rounding.
    Zero-padding to 2 L makes the outputs of a transform causal but not its sum of squares, which
    then runs on over the tail t >= L; use `causal`. After Smékal et al. (2024)
    [smekal2024dynamics], whose two scalars these are for N = 1.
    docs/theory.md (8.1), (8.2), (8.33).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.learning.statistics([1.0, 0.0, 0.0], [1.0, 0.5, 0.25], [0.5]).s
    array([1.3125])
    """
    _check.option("boundary", boundary, BOUNDARIES)
    poles = pole_array(poles, inside=boundary == "periodic")
    u, y = signals(u, y)
    source = f"{boundary} sums over {u.shape[0]} x {u.shape[1]} samples"
    source += "" if weight is None else ", weighted"
    if boundary == "causal":
        u, y = (u, y) if weight is None else filtered(u, y, weight)
        energy = float((np.abs(y) ** 2).sum())
        s, M = _causal(u, y, poles)
    else:
        U, Y = np.fft.fft(u), np.fft.fft(y)
        L = u.shape[1]
        W = 1.0 if weight is None else response(weight, 2 * math.pi * np.arange(L) / L)
        power, cross = W * (abs(U) ** 2).sum(0), W * (U.conj() * Y).sum(0)
        energy = float((W * abs(Y) ** 2).sum() / L)
        s, M = _from_spectra(power, cross, poles, boundary)
        if not any(map(np.iscomplexobj, (u, y, poles))):
            s, M = s.real, M.real
    return _finite(s, M, energy, source, poles)


def spectral_statistics(power, cross, poles, energy, boundary: str = "periodic") -> Statistics:
    """Statistics from the spectra of the data on the grid w_k = 2 pi k / L.

    Parameters
    ----------
    power : array_like, shape (L,)
        sum over sequences of |U_k|^2, U the length-L transform of u (numpy.fft.fft).
    cross : array_like, shape (L,)
        sum over sequences of conj(U_k) Y_k.
    poles : array_like, shape (N,), or a scalar, or a discrete system
        Poles of the recurrences; a system stands for its poles alone, B and C are not read.
    energy : float
        sum |y|^2.
    boundary : {"periodic", "truncated"}
        As in `statistics`; a spectrum alone does not determine the causal sums.

    Returns
    -------
    Statistics
        Complex s and M: s_i = (1/L) sum conj(G_i) cross, M_ij = (1/L) sum conj(G_i) G_j power.

    Notes
    -----
    O(L N^2). docs/theory.md (8.2).

    Examples
    --------
    >>> import numpy as np, hippo_theory as ht
    >>> flat = np.ones(64)  # white in the mean, one unit a bin
    >>> float(ht.learning.spectral_statistics(flat, flat, 0.5, 1.0).M[0, 0].real) * 0.75
    1.0
    """
    _check.option("boundary", boundary, BOUNDARIES[1:])
    poles = pole_array(poles, inside=boundary == "periodic")
    power = _check.double("power", power, ndim=1, real=True)
    cross = _check.double("cross", cross, ndim=1)
    _check.shape("cross", cross, power.shape)
    if (power < 0).any():
        k = int(np.argmax(power < 0))
        raise ValueError(f"power must be non-negative, got {power[k]:g} at index {k}")
    s, M = _from_spectra(power, cross, poles, boundary)
    return _finite(s, M, energy, f"{boundary} sums from {power.size} frequencies", poles)


def loss(stats: Statistics, w) -> np.ndarray:
    """Half the sum of squared errors at gains w, (energy - 2 Re(s^* w) + w^* M w) / 2.

    Parameters
    ----------
    stats : Statistics
    w : array_like, shape (..., N)

    Returns
    -------
    ndarray, shape (...)

    Notes
    -----
    O(N^2) each. Near a perfect fit the three terms cancel; the error is eps times the energy.
    docs/theory.md (8.1).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> stats = ht.learning.statistics([1.0, 0.0], [2.0, 1.0], [0.5])
    >>> float(ht.learning.loss(stats, [0.0])), float(ht.learning.loss(stats, [2.0]))
    (2.5, 0.0)
    """
    stats, w = given(stats), _check.double("w", w, minimum_ndim=1)
    _check.shape("w", w, (..., stats.s.size))
    linear = np.real(w @ stats.s.conj())
    quadratic = np.real(np.einsum("...i,ij,...j->...", w.conj(), stats.M, w))
    return 0.5 * (stats.energy - 2 * linear + quadratic)


def coherence(stats: Statistics) -> float:
    """Largest |M_ij| / sqrt(M_ii M_jj), i != j: 0 where states learn alone, 1 where two coincide.

    Notes
    -----
    O(N^2). A state with M_ii = 0 takes no part. docs/theory.md (8.1).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> round(ht.learning.coherence(ht.learning.population_statistics([0.5, -0.5], [0.5], [1])), 12)
    0.6
    """
    scale = np.sqrt(np.real(np.diag(given(stats).M)))
    scale = np.where(scale > 0, scale, 1.0)
    M = abs(stats.M) / scale[:, None] / scale
    np.fill_diagonal(M, 0.0)
    return float(M.max())


def given(stats) -> Statistics:
    """Return `stats`, refusing what is not a Statistics."""
    if not isinstance(stats, Statistics):
        raise TypeError(
            f"stats must be a Statistics, got {type(stats).__name__}; learning.statistics makes one"
        )
    return stats


def one_pole(sigma, eta):
    """Return sigma and eta of one pole; a Statistics in the place of sigma holds both."""
    if isinstance(sigma, Statistics):
        if eta is not None:
            raise TypeError("eta must be left out where sigma is a Statistics")
        if sigma.s.size != 1:
            raise ValueError(f"sigma must be of one pole, got {sigma!r}; flow takes many")
        return sigma.s[0], sigma.M[0, 0].real
    if sigma is None or eta is None:
        raise TypeError("sigma and eta must be given")
    return sigma, eta


def signals(u, y):
    """Return paired signals as two arrays (P, L)."""
    u = _check.double("u", u, minimum_ndim=1)
    y = _check.double("y", y, minimum_ndim=1)
    _check.shape("y", y, u.shape, "u and y are paired sample by sample")
    if u.size == 0:
        raise ValueError(f"u must hold at least one sample, got shape {u.shape}")
    return u.reshape(-1, u.shape[-1]), y.reshape(-1, y.shape[-1])


def recurrence(u, poles):
    """Return regressors phi_i[t] = a_i phi_i[t-1] + u[t] of u (P, L), shape (N, P, L)."""
    from scipy.signal import lfilter

    return np.stack([lfilter([1.0], [1.0, -a], u, axis=-1) for a in poles])


def _causal(u, y, poles):
    N, L = poles.size, u.shape[1]
    s = np.zeros(N, np.result_type(u, y, poles))
    M = np.zeros((N, N), s.dtype)
    block = max(1, 2**24 // (N * L))  # a bound on memory: 128 MiB of regressors at a time
    with np.errstate(over="ignore", invalid="ignore"):  # |pole| > 1 may overflow: refused after
        for k in range(0, u.shape[0], block):
            phi = recurrence(u[k : k + block], poles).reshape(N, -1)
            s += phi.conj() @ y[k : k + block].ravel()
            M += phi.conj() @ phi.T
    return s, M


def _from_spectra(power, cross, poles, boundary):
    L = power.size
    omega = 2 * math.pi * np.arange(L) / L
    if boundary == "periodic":
        G = 1 / (1 - poles[:, None] * np.exp(-1j * omega))
    else:
        with np.errstate(over="ignore", invalid="ignore"):
            G = np.fft.fft(poles[:, None] ** np.arange(L))
    return G.conj() @ cross / L, (G.conj() * power) @ G.T / L


def _finite(s, M, energy, source, poles) -> Statistics:
    if not (np.isfinite(s).all() and np.isfinite(M).all()):
        raise np.linalg.LinAlgError("the regressors overflow: a pole is too far outside the circle")
    return Statistics(s, (M + M.conj().T) / 2, energy, source, poles)
