"""Powers of two taken out of B, C and D, so that their products stay in the range of floats.

Scaling by powers of two rounds nothing. States of a diagonal system are scaled one by one, which
changes neither A nor the input-output map; any other system has one power for B and one for C.
"""

import dataclasses
import math
from typing import Any

import numpy as np

from hippo_theory.lti._values import Array
from hippo_theory.lti.forms import dense
from hippo_theory.lti.values import DiagonalLTI


def normalized(system: Any, *, feedthrough: bool = False, clock: int = 0) -> tuple[Any, int]:
    """A system with G 2^-E of entries at most 1, and the even number E; D is zero if left out.

    `clock` is the power of two by which time was rescaled, see `unit_time`.
    """
    rows, columns = exponents(system)
    total = rows + columns
    seen = np.ones(total.shape, bool)
    if isinstance(system, DiagonalLTI):  # elsewhere a state that is driven reaches all others
        seen = _sizes(system.B).astype(bool) & _sizes(system.C.T).astype(bool)
    tops = [int(total[seen].max())] if seen.any() else []
    if feedthrough and np.any(system.D):
        tops.append(int(np.frexp(_parts(system.D).max())[1]) + clock)
    even = 2 * math.ceil(max(tops, default=0) / 2)
    shift = np.minimum(total - even, 0)
    half = shift // 2
    D = ldexp(system.D, clock - even) if feedthrough else np.zeros_like(system.D)
    return scaled(system, half - rows, shift - half - columns, D), even - clock


def unit_time(system):
    """A continuous system with A 2^-e near 1, and the even number e.

    Its B and C belong to 2^e G(2^e s), and so does its D once that is scaled by `normalized`.
    """
    if system.is_discrete or not system.state_dim:
        return system, 0
    if isinstance(system, DiagonalLTI):
        ends = np.frexp([np.abs(system.poles).max(), np.abs(system.poles.real).min()])[1]
        e = int(ends.sum()) // 4 * 2
        return dataclasses.replace(system, poles=ldexp(system.poles, -e)), e
    system = dense(system)
    e = int(np.frexp(_parts(system.A).max())[1]) // 2 * 2
    return dataclasses.replace(system, A=ldexp(system.A, -e)), e


def exponents(system) -> tuple[Array, Array]:
    """e and f, (N,): rows of B are below 2^e, columns of C below 2^f; all equal if A is dense."""
    sizes = [_sizes(M) for M in (system.B, system.C.T)]
    if not isinstance(system, DiagonalLTI):
        sizes = [np.full(size.shape, size.max(initial=0.0)) for size in sizes]
    rows, columns = (np.frexp(size)[1] for size in sizes)
    return rows, columns


def scaled(system, rows, columns, D):
    """Rows of B times 2^rows, columns of C times 2^columns."""
    rows = rows if system.is_siso else rows[:, None]
    return dataclasses.replace(system, B=ldexp(system.B, rows), C=ldexp(system.C, columns), D=D)


def restored(what: str, values: Any, exponent: Any = 0) -> Array:
    """Values times 2^exponent; refused where that leaves the range of floating point."""
    with np.errstate(over="ignore"):
        result = ldexp(values, exponent)
    if not np.isfinite(result).all():
        with np.errstate(divide="ignore", invalid="ignore"):
            size = np.log10(np.abs(values)) + np.multiply(exponent, math.log10(2.0))
        raise np.linalg.LinAlgError(
            f"{what} must stay in the range of floating point, got 10^{size.max():.0f}"
        )
    return result


def ldexp(values: Any, exponent: Any) -> Array:
    """Values times 2^exponent in double precision, complex ones too."""
    values = np.asarray(values)
    if not np.iscomplexobj(values):
        return np.ldexp(values.astype(np.float64), exponent)
    result = np.empty(np.broadcast_shapes(values.shape, np.shape(exponent)), np.complex128)
    result.real = np.ldexp(values.real.astype(np.float64), exponent)
    result.imag = np.ldexp(values.imag.astype(np.float64), exponent)
    return result


def _parts(values):
    return np.maximum(np.abs(values.real), np.abs(values.imag))


def _sizes(rows):
    """The largest part of an entry of every row."""
    return _parts(rows if rows.ndim == 2 else rows[:, None]).max(axis=1, initial=0.0)
