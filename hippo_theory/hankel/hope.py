"""The HOPE layer: a filter h on frequency-warped delays, y = sum_k h_k A^k u.

A(z) = (z^-1 - a) / (1 - a z^-1) with a = (1 - dt) / (1 + dt) is all-pass, so the layer is a
Laguerre chain: one pole a repeated n times, an O(n) recurrence, P = I, and its Hankel singular
values are those of the Hankel matrix of h for every dt. dt = 1 gives plain delays.
"""

import numpy as np

from hippo_theory import _array, _check, scales
from hippo_theory.lti import cascade, laguerre
from hippo_theory.lti.convolution import convolve
from hippo_theory.lti.values import LTI

__all__ = [
    "frequency_response",
    "kernel",
    "simulate",
    "to_lti",
]


def frequency_response(h, L: int, dt: float) -> np.ndarray:
    """K_l = sum_{k=1..n} h[k-1] exp(-i k theta_l), tan(theta_l / 2) = tan(pi l / L) / dt.

    Parameters
    ----------
    h : array_like, shape (..., n)
    L : int
        Number of equally spaced frequencies 2 pi l / L, l = 0 .. L - 1.
    dt : float
        Positive step.

    Returns
    -------
    numpy.ndarray, complex, shape (..., L)

    Notes
    -----
    The layer that multiplies length-L spectra by K without zero padding convolves circularly and
    wraps what `kernel` has beyond L; its real part of the output depends on Re h alone.
    Horner's rule, O(n L). docs/theory.md (6.24).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.hankel.hope.frequency_response([1.0, 2.0], 2, 0.5).real.round(12)
    array([3., 1.])
    """
    there = _array.home(h=h) or _array.HOST
    given, dt = _taps(h), _check.number("dt", dt, above=0.0)
    angle = np.pi * np.arange(_check.size("L", L, by=8)) / L
    half = np.arctan2(-np.sin(angle), dt * np.cos(angle))
    x = _array.to_home(there, np.exp(2j * half))  # exp(-i theta), also at theta = pi
    h = there.xp.astype(given, x.dtype)
    K = h[..., -1:] * x
    with np.errstate(over="ignore", invalid="ignore"):  # refused below
        for k in range(h.shape[-1] - 2, -1, -1):
            K = (K + h[..., k, None]) * x
    if not there.xp.all(there.xp.isfinite(K)):
        raise np.linalg.LinAlgError("the response must stay in the range of floating point")
    return _array.rounded(K, given)


def kernel(h, L: int, dt: float) -> np.ndarray:
    """First L samples of the impulse response of the layer, g_0 .. g_{L-1}.

    Parameters
    ----------
    h : array_like, shape (..., n)
    L : int
    dt : float
        Positive step.

    Returns
    -------
    numpy.ndarray, shape (..., L)
        Real where h is.

    Notes
    -----
    The chain's response to an impulse, O(n L), with no aliasing: `frequency_response` is its
    discrete-time Fourier transform. About n / dt samples matter at low frequencies.
    docs/theory.md (6.23).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.hankel.hope.kernel([0.0, 1.0], 4, 1.0)
    array([0., 0., 1., 0.])
    """
    h, there = _taps(h), _array.home(h=h)
    if there:  # linear in h
        return _array.product(h, kernel(np.eye(h.shape[-1]), L, dt), there)
    impulse = np.zeros(_check.size("L", L, by=4), np.real(h).dtype)
    impulse[0] = 1.0
    return simulate(h, np.broadcast_to(impulse, (*h.shape[:-1], L)), dt)


def simulate(h, u, dt: float) -> np.ndarray:
    """The output of the layer from rest, y = g * u, by its recurrence.

    Parameters
    ----------
    h : array_like, shape (..., n)
        Leading axes, one layer each, broadcast against those of `u`.
    u : array_like, shape (..., L)
    dt : float
        Positive step.

    Returns
    -------
    numpy.ndarray, shape (..., L)
        Real where h and u are.

    Raises
    ------
    numpy.linalg.LinAlgError
        If the output leaves the range of floating point.

    Notes
    -----
    O(n) per sample; each section is unitary, so rounding errors do not grow. Arrays of another
    library are convolved with `kernel` by FFT, on their device. docs/theory.md (6.23).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.hankel.hope.simulate([1.0], [1.0, 2.0, 3.0], 1.0)
    array([0., 1., 2.])
    """
    h, u, there = _taps(h), _array.check("u", u, minimum_ndim=1), _array.home(h=h, u=u)
    if there:
        return convolve(kernel(h, u.shape[-1], dt), u, multichannel=False)
    chain = laguerre.chain(h.shape[-1], dt)
    try:
        batch = np.broadcast_shapes(h.shape[:-1], u.shape[:-1])
    except ValueError:
        raise ValueError(
            f"leading axes of h and u must broadcast, got {h.shape[:-1]} and {u.shape[:-1]}"
        ) from None
    y = np.empty((*batch, u.shape[-1]), complex)
    for index in np.ndindex(batch):
        taps = np.broadcast_to(h, (*batch, h.shape[-1]))[index]
        signal = np.broadcast_to(u, y.shape)[index]
        with np.errstate(over="ignore", invalid="ignore"):  # refused below
            y[index], _ = cascade.readout(tap_weights=np.r_[0.0, taps], u=signal, **chain)
    dtype = np.result_type(np.float32, h, u)
    with np.errstate(over="ignore"):
        y = (y if dtype.kind == "c" else np.real(y)).astype(dtype, copy=False)
    scales.restored("the output", y)
    return y


def to_lti(h, dt: float) -> LTI:
    """The layer as a state-space value with the same input-output map, D = g_0 included.

    Parameters
    ----------
    h : array_like, shape (n,)
    dt : float
        Positive step; also the `dt` of the value.

    Returns
    -------
    LTI
        Lower triangular, with P = I: all n eigenvalues are a.

    Notes
    -----
    docs/theory.md (6.23), (6.25).

    Examples
    --------
    >>> import numpy as np
    >>> import hippo_theory as ht
    >>> G = ht.hankel.hope.to_lti([1.0, 0.5], 0.5)
    >>> bool(np.allclose(ht.hankel.singular_values(G).values,
    ...                  ht.hankel.markov_singular_values([1.0, 0.5])))
    True
    """
    h = _taps(_check.on_host("h", h))
    if h.ndim != 1:
        raise ValueError(f"h must have 1 axis, got shape {h.shape}")
    return laguerre.taps_after_sections(h, dt)


def _taps(h):
    h = _array.check("h", h, minimum_ndim=1)
    if h.shape[-1] == 0:
        raise ValueError(f"h must hold at least one value, got shape {h.shape}")
    return h


def __dir__():
    """Name what is meant for users, for completion."""
    return __all__
