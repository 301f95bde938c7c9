"""Powers of two: taken out of a system before the arithmetic, put back into what was computed.

Multiplying by a power of two rounds nothing. A system in other units of its states, inputs, outputs
and time has the same input-output map but for a gain:

    A = 2^t T A' T^-1,   B = 2^i T B',   C = 2^o C' T^-1,   T = diag(2^d),
    G(z) = 2^g G'(z / 2^t),   g = i + o - t.

`scaled` chooses d, i, o and t so that A', B' and C' are balanced and near 1, and `Scaled.back`
is the way back: it is told how the computed quantity depends on every unit.
"""

import math
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from scipy.linalg import lapack

ROUNDS = 8  # of balancing B and C with A


class System(Protocol):
    """What a value must tell of itself to be scaled."""

    @property
    def is_discrete(self) -> bool:
        """Whether time comes in steps, which have no other unit."""
        raise NotImplementedError

    @property
    def D(self) -> Any:
        """The feedthrough."""

    def sizes(self) -> tuple[Any, Any, Any]:
        """|A|, (N, N), or None if A is diagonal; the largest entries of B's rows, C's columns."""
        raise NotImplementedError

    def pace(self, states) -> int:
        """An even t for which A in units 2^states, over 2^t, is near 1."""
        raise NotImplementedError

    def in_units(self, states, inputs: int, outputs: int, time: int, D) -> Any:
        """A', B', C' as above."""


@dataclass(frozen=True, slots=True, eq=False)
class Scaled:
    """A system in balanced units.

    Attributes
    ----------
    system : LTI, DiagonalLTI or DPLR
        A', B', C' and D' = D / 2^g, or D' = 0 where the feedthrough is left out.
    states : numpy.ndarray of int, shape (N,)
        d.
    inputs, outputs, time : int
        i, o, t; t is even, and 0 in discrete time.
    """

    system: Any
    states: np.ndarray
    inputs: int
    outputs: int
    time: int

    @property
    def gain(self) -> int:
        """g of G(z) = 2^g G'(z / 2^t)."""
        return self.inputs + self.outputs - self.time

    def back(
        self,
        what: str,
        values: Any,
        *,
        gain: float = 0,
        time: float = 0,
        inputs: int = 0,
        outputs: int = 0,
        rows: int = 0,
        columns: int = 0,
    ) -> Any:
        """A quantity of the given system, from that of `system` and its degree in every unit.

        Singular values have degree 1 in the gain, H2 norms 1/2 in time as well, S of P = S S^*
        1 in inputs, -1/2 in time and 1 in the states of its rows. Refused where a value leaves the
        range of floating point.
        """
        exponent = gain * self.gain + time * self.time
        exponent += inputs * self.inputs + outputs * self.outputs
        powers: Any = int(exponent)
        if rows:
            powers = powers + rows * self.states[:, None]
        if columns:
            powers = powers + columns * self.states
        return restored(what, values, powers)


def scaled(
    system: System,
    *,
    feedthrough: bool = False,
    clock: bool = True,
    toward: str = "both",
    room: int = 0,
) -> Scaled:
    """The system in balanced units, in which entries of G' are at most about 1.

    Parameters
    ----------
    system : LTI, DiagonalLTI or DPLR
        Without batch axes.
    feedthrough : bool
        Keep D, and choose the gain so that it is at most 1 too.
    clock : bool
        Choose the unit of time as well.
    toward : {"both", "inputs", "outputs"}
        Of states that nothing couples: rows of B' as large as columns of C', or of size 1 each.
    room : int
        Let entries of G' be some 2^room, so that products of B and C underflow later.
    """
    coupling, drive, read = system.sizes()
    if coupling is None:
        states, inputs, outputs = _separate(drive, read, toward)
    else:
        states = _balance(coupling, drive, read)
        inputs, outputs = _top(drive, -states), _top(read, states)
    time = system.pace(states) if clock and not system.is_discrete else 0
    inputs, outputs = inputs - room // 2, outputs - (room - room // 2)
    D = np.zeros_like(system.D)
    if feedthrough:
        excess = max(exponent(system.D) - (inputs + outputs - time), 0) if np.any(system.D) else 0
        inputs, outputs = inputs + excess // 2, outputs + excess - excess // 2
        D = ldexp(system.D, time - inputs - outputs)
    return Scaled(system.in_units(states, inputs, outputs, time, D), states, inputs, outputs, time)


def _separate(drive, read, toward):
    """Units of states that nothing couples; those that are not driven or not read weigh nothing."""
    rows, columns = np.frexp(drive)[1], np.frexp(read)[1]
    seen = (drive > 0) & (read > 0)
    total = int((rows + columns)[seen].max()) if seen.any() else 0
    rows = np.where(drive > 0, rows, total - columns)
    columns = np.where(seen, columns, total - rows)
    if toward == "both":
        inputs = total // 2
        return (rows - columns + total) // 2 - inputs, inputs, total - inputs
    return (rows, 0, total) if toward == "inputs" else (-columns, total, 0)


def _top(sizes, powers):
    """The least e for which sizes times 2^powers are below 2^e."""
    some = sizes > 0
    return int((np.frexp(sizes)[1] + powers)[some].max()) if some.any() else 0


def _balance(coupling, drive, read):
    """Exponents of the states for which rows and columns of [[A, B], [C, 0]] are alike.

    A comes first; then B and C, as large as the cycles of one or two states of A, which no units
    change, decide where A couples nothing, or in one direction.
    """
    n = len(drive)
    if not n:
        return np.zeros(0, int)
    coupling = ldexp(coupling, -exponent(coupling))
    states = balanced(coupling)
    for _ in range(ROUNDS):
        whole = np.zeros((n + 1, n + 1))
        whole[:n, :n] = ldexp(coupling, states - states[:, None])
        cycles = np.sqrt(whole * whole.T)
        size = exponent(cycles) if cycles.any() else exponent(whole)
        whole[:n, n] = ldexp(drive, size - states - _top(drive, -states))
        whole[n, :n] = ldexp(read, size + states - _top(read, states))
        more = balanced(whole)
        change = more[:n] - more[n]
        states = states + change
        if not np.ptp(change):
            break
    return states


def balanced(M):
    """Exponents of states for which rows and columns of a real matrix have norms alike.

    Off the diagonal, which units do not change, and which LAPACK counts.
    """
    if not M.size:
        return np.zeros(0, int)
    M = M - np.diag(np.diagonal(M))
    (gebal,) = lapack.get_lapack_funcs(("gebal",), (M,))  # matrix_balance warns at large scales
    return np.frexp(gebal(M, scale=1, permute=0)[3])[1].astype(int) - 1


def restored(what: str, values: Any, exponent: Any = 0) -> Any:
    """Values times 2^exponent; refused where that leaves the range of floating point."""
    with np.errstate(over="ignore"):
        result = ldexp(values, exponent)
    if not np.isfinite(result).all():
        with np.errstate(divide="ignore", invalid="ignore"):
            size = np.log10(np.abs(values)) + np.multiply(exponent, math.log10(2.0))
        got = f"10^{size.max():.0f}" if np.isfinite(size.max()) else "more than 10^308"
        raise np.linalg.LinAlgError(f"{what} must stay in the range of floating point, got {got}")
    return result


def exponent(values: Any, *, axis: int | None = None) -> Any:
    """The least e for which every part of the values is below 2^e; 0 if all are zero.

    Of all of them, or along an axis, which is kept with length 1.
    """
    largest = parts(np.asarray(values)).max(axis=axis, initial=0.0, keepdims=axis is not None)
    return int(np.frexp(largest)[1]) if axis is None else np.frexp(largest)[1]


def parts(values: Any) -> Any:
    """The larger of the moduli of real and imaginary part, which does not overflow."""
    return np.maximum(np.abs(values.real), np.abs(values.imag))


def ldexp(values: Any, exponent: Any) -> Any:
    """Values times 2^exponent in double precision, complex ones too."""
    values = np.asarray(values)
    if not np.iscomplexobj(values):
        return np.ldexp(values.astype(np.float64), exponent)
    result = np.empty(np.broadcast_shapes(values.shape, np.shape(exponent)), np.complex128)
    result.real = np.ldexp(values.real.astype(np.float64), exponent)
    result.imag = np.ldexp(values.imag.astype(np.float64), exponent)
    return result
