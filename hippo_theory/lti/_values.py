"""The checks behind LTI values: shapes, read-only copies, exact logarithms, stability."""

from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np

from hippo_theory import _check, scales

Array: TypeAlias = Any  # an ndarray; NumPy's stubs have no type for "real or complex"


def freeze(value, **fields):
    """Store the fields, every array as a read-only copy that the caller cannot reach."""
    for name, field in fields.items():
        if isinstance(field, np.ndarray):
            field = np.array(field)
            field.setflags(write=False)
        object.__setattr__(value, name, field)


def channels(system, n: int, batch: int, real_feedthrough: bool = False) -> dict:
    """Check B, C, D of n states with `batch` leading axes; B and C become both matrices or none."""
    B, B_is_matrix = _aligned("B", system.B, (n, "m"), (n,), batch)
    C, C_is_matrix = _aligned("C", system.C, ("p", n), (n,), batch)
    D = _check.array("D", system.D, real=real_feedthrough)
    if not (B_is_matrix or C_is_matrix):
        if D.ndim > batch:
            words = "a scalar" if batch == 0 else f"at most {batch} axes"
            raise ValueError(f"D must be {words} for vectors B and C, got shape {D.shape}")
        return {"B": B, "C": C, "D": D.reshape((1,) * (batch - D.ndim) + D.shape)}
    B = B if B_is_matrix else B[..., None]
    C = C if C_is_matrix else C[..., None, :]
    pair = (C.shape[-2], B.shape[-1])
    if D.ndim == 0:
        D = np.full(pair, D)
    _check.shape("D", D, (..., *pair))
    if D.ndim > batch + 2:
        raise ValueError(f"D must have at most {batch + 2} axes, got shape {D.shape}")
    return {"B": B, "C": C, "D": D.reshape((1,) * (batch + 2 - D.ndim) + D.shape)}


def _aligned(name, value, matrix, vector, batch):
    """`value` with exactly `batch` leading axes, and whether the rest is a matrix."""
    array = _check.array(name, value, minimum_ndim=1)
    is_matrix = array.ndim == batch + 2
    if array.ndim > batch + 2:
        raise ValueError(f"{name} must have at most {batch + 2} axes, got shape {array.shape}")
    expected = matrix if is_matrix else vector
    _check.shape(name, array, (..., *expected) if batch else expected)
    missing = batch + len(expected) - array.ndim
    return array.reshape((1,) * missing + array.shape), is_matrix


def in_double(system):
    """A value with arrays in double precision, poles anew from `log_poles` where these are data."""
    fields = {name: getattr(system, name) for name in system.__dataclass_fields__}
    arrays = {k: x for k, x in fields.items() if isinstance(x, np.ndarray)}
    wide = {k: x.astype(np.result_type(x, np.float64), copy=False) for k, x in arrays.items()}
    if all(wide[k] is x for k, x in arrays.items()):
        return system
    if "log_poles" in wide:
        wide["poles"] = np.exp(wide["log_poles"])
    return replace(system, **wide)


def sizes(system) -> tuple[Array, Array]:
    """The largest parts of entries of every row of B and column of C, (N,)."""
    B, C = scales.parts(system.B), scales.parts(system.C)
    return (B, C) if system.is_siso else (B.max(axis=1, initial=0.0), C.max(axis=0, initial=0.0))


def pace(A, states) -> int:
    """The even exponent of the largest entry of A in units 2^states."""
    return scales.exponent(scales.ldexp(A, states - states[:, None])) // 2 * 2


def in_units(system, states, inputs: int, outputs: int) -> dict:
    """B and C in units 2^states of the states, 2^inputs and 2^outputs."""
    rows, columns = -states - inputs, states - outputs
    return {
        "B": scales.ldexp(system.B, rows if system.is_siso else rows[:, None]),
        "C": scales.ldexp(system.C, columns),
    }


def columns(name: str, value: Any, n: int) -> Array:
    """`value` as (N, r)."""
    array = _check.array(name, value, minimum_ndim=1)
    _check.shape(name, array, (n,) if array.ndim == 1 else (n, "r"))
    return array.reshape(n, -1) if array.size else array.reshape(n, 0)


def sampling_step(dt: Any, batch: int) -> Any:
    """A positive number, or one for each channel."""
    if dt is None:
        return None
    if isinstance(dt, (bool, np.bool_)):
        raise TypeError(f"dt must be a real number, got {dt}")
    if not isinstance(dt, (list, tuple)) and np.ndim(dt) == 0:
        return _check.number("dt", dt, above=0.0)
    steps = _check.array("dt", dt, real=True)
    if steps.ndim != batch:
        raise ValueError(f"dt must be a number or have the {batch} batch axes, got {steps.shape}")
    if not (steps > 0).all():
        raise ValueError(f"dt must be greater than 0, got {steps.min():g}")
    return steps


def logarithms(log_poles: Any, poles: Array, dt: Any) -> Array | None:
    """Check the exact datum: exp(x) carries a relative rounding of |x| eps."""
    if log_poles is None:
        return None
    if dt is None:
        raise ValueError("log_poles must be None for a system in continuous time, got an array")
    logs = _check.array("log_poles", log_poles)
    _check.shape("log_poles", logs, poles.shape, "log_poles must have the shape of poles")
    eps = max(np.finfo(logs.dtype).eps, np.finfo(poles.dtype).eps)
    wrong = abs(np.exp(logs) - poles) > 8 * eps * (1 + abs(logs)) * abs(poles) + 1e-300
    if wrong.any():
        k = tuple(int(i) for i in np.argwhere(wrong)[0])
        raise ValueError(
            f"log_poles must be logarithms of poles, got exp({logs[k]}) for the pole {poles[k]} "
            f"at index {k[0] if len(k) == 1 else k}"
        )
    return logs


def is_stable(poles: Array, is_discrete: bool) -> bool:
    """Whether every pole lies strictly inside the left half-plane or the unit disk.

    Of eigenvalues by LAPACK this is a safe question even where they lose every digit (off by 52
    for LegS at N = 64, rotated): they lie in the numerical range of A up to rounding, so that a
    dissipative A or a contraction is not called unstable.
    """
    return bool(((abs(poles) < 1) if is_discrete else (poles.real < 0)).all())
