"""Parameters of trained layers: arrays, lists and tensors on the CPU, in double precision."""

from typing import Any

import array_api_compat as compat
import numpy as np

from hippo_theory import _array, _check
from hippo_theory.lti._values import Array


def on_host(name: str, value: Any) -> Any:
    """Return numbers as NumPy reads them: arrays of any library on the CPU, bfloat16 widened."""
    if _check.is_foreign(value):
        if "cpu" not in str(compat.device(value)).lower():
            return _check.on_host(name, value)
        if compat.is_torch_array(value) and value.is_floating_point():
            value = value.double()  # NumPy knows no bfloat16 of its own
        value = _array.to_host(value)
    narrow = isinstance(value, np.ndarray) and value.dtype.kind == "V" and not value.dtype.names
    if narrow and np.can_cast(value.dtype, np.float64):  # those of ml_dtypes
        return value.astype(np.float64)
    return value


def real(name: str, value: Any, expected: tuple) -> Array:
    """Return real values of a shape in double precision."""
    array = _check.array(name, on_host(name, value), real=True)
    _check.shape(name, array, expected)
    return array.astype(np.float64)


def exponential(name: str, value: Any, expected: tuple) -> Array:
    """Return exp of real values, refusing what it takes beyond double precision."""
    logs = real(name, value, expected)
    with np.errstate(over="ignore"):
        result = np.exp(logs)
    if not np.isfinite(result).all():
        raise ValueError(f"{name} must be at most 709, got {logs.max():g}")
    return result


def complex_(name: str, value: Any, expected: tuple) -> Array:
    """Return complex values, or real ones in pairs along a last axis of length 2."""
    array = _check.array(name, on_host(name, value))
    if array.dtype.kind == "c":
        _check.shape(name, array, expected)
        return array.astype(np.complex128)
    _check.shape(name, array, (*expected, 2), "the last axis holds real and imaginary parts")
    return array[..., 0].astype(np.float64) + 1j * array[..., 1]


def elementwise(D: Any, p: int, m: int) -> Array:
    """Return the diagonal matrix of a feedthrough that multiplies entry by entry."""
    D = _check.array("D", on_host("D", D), real=True).astype(np.float64)
    if D.ndim == 0 and D == 0:
        return np.zeros((p, m))
    if p != m:
        raise ValueError(f"D must be 0 for {m} inputs and {p} outputs, got shape {D.shape}")
    _check.shape("D", D, (p,) if D.ndim else ())
    return np.diag(np.broadcast_to(D, (p,)))
