"""Causal convolution of kernels and signals, without aliasing."""

from typing import Any

import numpy as np
from array_api_compat import array_namespace

from hippo_theory import _array, _check
from hippo_theory._array import Array


def convolve(kernel: Any, u: Any, *, multichannel: bool | None = None) -> Array:
    """Causal convolution y_k = sum_{j<=k} kernel_j u_{k-j}, of the length of u.

    Parameters
    ----------
    kernel : array, shape (..., K) or (..., p, m, K)
    u : array, shape (..., L) or (..., m, L)
    multichannel : bool, optional
        Whether the axes before the last are outputs and inputs (p, m) of the kernel and inputs
        m of u. By default they are if the kernel has one axis more than u, and at least three.

    Returns
    -------
    array, shape (..., L) or (..., p, L)
        Of the array type given; real for real arguments.

    Raises
    ------
    ValueError
        If axes do not broadcast.
    numpy.linalg.LinAlgError
        If the result, or the FFT on the way to it, leaves the range of floating point.

    Notes
    -----
    By FFT of a length of at least K + L - 1, so that nothing wraps around: O(L log L), with an
    error of a few eps |kernel| |u| (2-norms), the same at every sample. docs/theory.md (5.5).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.lti.convolve([1.0, 0.5], [1.0, 0.0, 2.0]).round(12)
    array([1. , 0.5, 2. ])
    """
    _array.home(kernel=kernel, u=u)
    kernel, u = (_operand(name, value) for name, value in (("kernel", kernel), ("u", u)))
    if multichannel is None:
        multichannel = kernel.ndim == u.ndim + 1 and kernel.ndim >= 3
    if _check.flag("multichannel", multichannel):
        if kernel.ndim < 3 or u.ndim < 2 or kernel.shape[-2] != u.shape[-2]:
            raise ValueError(
                "kernel must have shape (..., p, m, K) for u of shape (..., m, L), got "
                f"{tuple(kernel.shape)} and {tuple(u.shape)}"
            )
        products = _convolve(kernel, u[..., None, :, :])
        return array_namespace(products).sum(products, axis=-2)
    try:
        np.broadcast_shapes(kernel.shape[:-1], u.shape[:-1])
    except ValueError:
        raise ValueError(
            "leading axes of kernel and u must broadcast, got "
            f"{tuple(kernel.shape)} and {tuple(u.shape)}"
        ) from None
    return _convolve(kernel, u)


def _convolve(kernel, u):
    from scipy.fft import next_fast_len

    xp = array_namespace(kernel, u)
    L = u.shape[-1]
    kernel = kernel[..., : min(L, kernel.shape[-1])]
    real = not (_array.is_complex(kernel) or _array.is_complex(u))
    dtype = xp.result_type(kernel, u)  # FFTs of the standard take complex arrays
    kernel, u = (xp.astype(a, dtype, copy=False) for a in (kernel, u))
    n = next_fast_len(L + kernel.shape[-1] - 1, real=real)
    forward, backward = (xp.fft.rfft, xp.fft.irfft) if real else (xp.fft.fft, xp.fft.ifft)
    with np.errstate(over="ignore", invalid="ignore"):  # refused below
        y = backward(forward(kernel, n=n) * forward(u, n=n), n=n)[..., :L]
    if not bool(xp.all(xp.isfinite(y))):
        sizes = " and ".join(f"{float(xp.max(xp.abs(a))):.3g}" for a in (kernel, u))
        raise np.linalg.LinAlgError(
            "the convolution must stay in the range of floating point, got a kernel and a signal "
            f"of sizes {sizes}"
        )
    return y


def _operand(name: str, value: Any) -> Array:
    array: Array = _array.check(name, value)
    if array.ndim == 0 or array.shape[-1] == 0:
        raise ValueError(f"{name} must have at least one sample, got shape {tuple(array.shape)}")
    return array
