"""Values of linear time-invariant systems: dense, diagonal, diagonal plus low rank."""

from dataclasses import dataclass, replace
from functools import reduce
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from hippo_theory import _check, scales
from hippo_theory.lti import _values, blocks
from hippo_theory.lti._values import Array


class System:
    """What the three values share: their properties and their arithmetic."""

    __slots__ = ()
    __array_ufunc__ = None  # NumPy numbers on the left leave `*` to __rmul__

    B: Array
    C: Array
    D: Any
    dt: Any
    __dataclass_fields__: ClassVar[dict[str, Any]]  # every value is a dataclass

    @property
    def state_dim(self) -> int:
        """N, the number of entries of a state (of listed poles where conjugates are implied)."""
        return self.C.shape[-1]

    @property
    def is_discrete(self) -> bool:
        """Whether the value is a recurrence (it has a `dt`) and not a differential equation."""
        return self.dt is not None

    @property
    def is_siso(self) -> bool:
        """Whether signals have no channel axis: B and C are vectors."""
        return self.channel_shape == ()

    @property
    def batch_shape(self) -> tuple[int, ...]:
        """The leading axes, one system each; only diagonal systems have any."""
        return ()

    @property
    def channel_shape(self) -> tuple[int, ...]:
        """() for single input and output, else (p, m): outputs, inputs."""
        return self.D.shape[len(self.batch_shape) :]

    def in_double(self) -> Any:
        """The same numbers with every array in double precision; itself where they are."""
        return _values.in_double(self)

    if TYPE_CHECKING:  # `algebra` attaches the arithmetic, which needs the forms of these values

        def __neg__(self) -> Any: ...
        def __add__(self, other: Any) -> Any: ...
        def __sub__(self, other: Any) -> Any: ...
        def __mul__(self, factor: Any) -> Any: ...
        def __rmul__(self, factor: Any) -> Any: ...
        def __matmul__(self, other: Any) -> Any: ...

    def __getitem__(self, index: Any) -> Any:
        raise TypeError(
            f"system must have leading batch axes to be indexed, got {self!r}; lti.select takes "
            "channels"
        )

    def __repr__(self):
        return f"<{type(self).__name__}: {self._states()}, {_signals(self)}, {_clock(self)}>"

    def _states(self) -> str:
        return f"{self.state_dim} states"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class LTI(System):
    """x' = A x + B u, y = C x + D u; with `dt`, x_{k+1} = A x_k + B u_k, y_k = C x_k + D u_k.

    Parameters
    ----------
    A : array_like, shape (N, N)
    B : array_like, shape (N,) or (N, m)
        A vector for one input without a channel axis; if only one of B and C is a vector,
        it is read as one column or row.
    C : array_like, shape (N,) or (p, N)
    D : array_like, scalar or shape (p, m)
        A scalar stands for every pair of an output and an input.
    dt : float, optional
        Sampling step in units of time; None for continuous time.

    Raises
    ------
    ValueError
        If shapes do not fit, an entry is not finite or `dt` is not positive.

    Notes
    -----
    G(z) = D + C (z I - A)^{-1} B, Markov parameters h_0 = D, h_k = C A^{k-1} B: the numbers of
    scipy.signal, python-control and MATLAB. Arrays are copied and read-only.
    ``G1 + G2`` is the parallel and ``G1 @ G2`` the series connection (G1 after G2).
    docs/theory.md (5.1).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> integrator = ht.LTI([[0.0]], [1.0], [1.0])
    >>> integrator @ integrator
    <LTI: 2 states, SISO, continuous time>
    """

    A: Array
    B: Array
    C: Array
    D: Any = 0.0
    dt: float | None = None

    def __post_init__(self):
        A = _check.array("A", self.A, ndim=2)
        if A.shape[0] != A.shape[1]:
            raise ValueError(f"A must be square, got shape {A.shape}")
        _values.freeze(
            self, A=A, dt=_values.sampling_step(self.dt, 0), **_values.channels(self, A.shape[0], 0)
        )

    @property
    def poles(self) -> Array:
        """Eigenvalues of A, shape (N,): of its diagonal blocks where it is block triangular."""
        return blocks.eigenvalues(self.A)

    @property
    def is_stable(self) -> bool:
        """Whether every eigenvalue lies strictly inside the left half-plane or unit disk."""
        return _values.is_stable(self.poles, self.is_discrete)

    def sizes(self) -> tuple[Array, Array, Array]:
        """|A| and the largest entries of B's rows and C's columns, for `scales.scaled`."""
        return scales.parts(self.A), *_values.sizes(self)

    def pace(self, states) -> int:
        """The even exponent of the largest entry of A in units 2^states."""
        return _values.pace(self.A, states)

    def in_units(self, states, inputs: int, outputs: int, time: int, D) -> "LTI":
        """The system in units 2^states, 2^inputs, 2^outputs, 2^-time, in double precision."""
        A = scales.ldexp(self.A, states - states[:, None] - time)
        return LTI(A, **_values.in_units(self, states, inputs, outputs), D=D, dt=self.dt)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class DiagonalLTI(System):
    """An LTI system whose A is diag(poles), with leading batch axes: one system per channel.

    Parameters
    ----------
    poles : array_like, shape (..., N)
        Has all the batch axes of the value, of length 1 where they are shared.
    B : array_like, shape (..., N) or (..., N, m)
        As many axes as `poles`, or fewer, is (..., N); one axis more is (..., N, m).
    C : array_like, shape (..., N) or (..., p, N)
    D : array_like, scalar or shape (...) or (..., p, m)
        Real where `conjugate` is set.
    dt : float or array_like of shape (...), optional
        Sampling step in units of time, of all channels or of each; None for continuous time.
    conjugate : bool
        Each listed pole stands for itself and its conjugate, y = 2 Re(C x) + D u for a real u;
        False lists every pole. N counts listed poles.
    log_poles : array_like, shape of `poles`, optional
        The exact datum where a discrete system has poles = exp(log_poles).

    Raises
    ------
    ValueError
        If shapes do not fit, an entry is not finite, `dt` is not positive, or `log_poles`
        does not agree with `poles` to rounding.

    Notes
    -----
    Batch axes follow NumPy broadcasting and are stored as given, so that what channels share
    is computed once. The LRU reads Re(C x): halve its C. Arrays are copied and read-only.
    ``system[h]`` is one system of the batch, ``system[2:5]`` several. docs/theory.md (5.4).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.DiagonalLTI([-0.5 + 3j, -0.5 + 6j], [1.0, 1.0], [1.0, 1.0], conjugate=True)
    <DiagonalLTI: 2 conjugate pairs, SISO, continuous time>
    """

    poles: Array
    B: Array
    C: Array
    D: Any = 0.0
    dt: Any = None
    conjugate: bool = False
    log_poles: Array | None = None

    def __post_init__(self):
        conjugate = _check.flag("conjugate", self.conjugate)
        poles = _check.array("poles", self.poles, minimum_ndim=1)
        batch = poles.ndim - 1
        channels = _values.channels(self, poles.shape[-1], batch, real_feedthrough=conjugate)
        log_poles = _values.logarithms(self.log_poles, poles, self.dt)
        _values.freeze(
            self,
            poles=poles,
            dt=_values.sampling_step(self.dt, batch),
            log_poles=log_poles,
            conjugate=conjugate,
            **channels,
        )
        self.batch_shape  # noqa: B018  (refuses batch axes that do not broadcast)

    @property
    def batch_shape(self) -> tuple[int, ...]:
        """The common leading axes of poles, B, C, D and dt."""
        n = self.poles.ndim - 1
        arrays = [
            self.poles,
            self.B,
            self.C,
            self.D,
            np.asarray(0.0 if self.dt is None else self.dt),
        ]
        shapes = [a.shape[:n] for a in arrays]
        try:
            return np.broadcast_shapes(*shapes)
        except ValueError:
            raise ValueError(
                f"leading axes of poles, B, C, D, dt must broadcast, got {shapes}"
            ) from None

    @property
    def is_stable(self) -> bool:
        """Whether every pole of every channel is strictly inside the half-plane or disk."""
        if self.log_poles is not None:
            return bool((self.log_poles.real < 0).all())
        return _values.is_stable(self.poles, self.is_discrete)

    def sizes(self) -> tuple[None, Array, Array]:
        """None and the largest entries of B's rows and C's columns, for `scales.scaled`."""
        return None, *_values.sizes(self)

    def pace(self, states) -> int:
        """The even exponent midway between the largest pole and the smallest damping."""
        if not self.state_dim:
            return 0
        ends = (np.abs(self.poles.real).min(), scales.parts(self.poles).max())
        return sum(map(scales.exponent, ends)) // 4 * 2

    def in_units(self, states, inputs: int, outputs: int, time: int, D) -> "DiagonalLTI":
        """The system in units 2^states, 2^inputs, 2^outputs, 2^-time, in double precision."""
        logs = None if self.log_poles is None else self.log_poles.astype(np.complex128)
        return replace(
            self,
            poles=scales.ldexp(self.poles, -time) if logs is None else np.exp(logs),
            log_poles=logs,
            D=D,
            **_values.in_units(self, states, inputs, outputs),
        )

    def __getitem__(self, index: Any) -> "DiagonalLTI":
        """One system of a batch, or several: integers and slices of the leading axes."""
        batch = self.batch_shape
        index = index if isinstance(index, tuple) else (index,)
        if len(index) > len(batch) or any(k is None or k is Ellipsis for k in index):
            raise IndexError(f"index must have at most {len(batch)} entries, got {index}")
        rest = np.zeros(batch, bool)[index].ndim

        def taken(array):
            tail = array.shape[len(batch) :]
            if all(size == 1 for size in array.shape[: len(batch)]):  # what is shared stays shared
                return array.reshape((1,) * rest + tail)
            return np.broadcast_to(array, batch + tail)[index]

        names = ("poles", "B", "C", "D", "log_poles")
        parts = {name: getattr(self, name) for name in names}
        parts = {name: None if part is None else taken(part) for name, part in parts.items()}
        dt = taken(self.dt) if np.ndim(self.dt) else self.dt
        return replace(self, **parts, dt=dt)

    def _states(self) -> str:
        kind = "conjugate pairs" if self.conjugate else "poles"
        return f"{self.state_dim} {kind}"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class DPLR(System):
    """An LTI system with A = diag(poles) - P Q^*, diagonal plus low rank.

    Parameters
    ----------
    poles : array_like, shape (N,)
        The diagonal part. These are not the eigenvalues of A: see `spectrum`.
    P, Q : array_like, shape (N,) or (N, r)
    B : array_like, shape (N,) or (N, m)
    C : array_like, shape (N,) or (p, N)
    D : array_like, scalar or shape (p, m)
    dt : float, optional
        Sampling step in units of time; None for continuous time.

    Raises
    ------
    ValueError
        If shapes do not fit, an entry is not finite or `dt` is not positive.

    Notes
    -----
    P and Q are stored as (N, r). A acts in O(N r); (z I - A)^{-1} in O(N r) by the Woodbury
    identity. The bilinear and Euler rules keep the form. Arrays are copied and read-only.
    docs/theory.md (5.11), (5.15).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.lti.DPLR([-0.5 + 1j, -0.5 - 1j], [1.0, 1.0], [1.0, 1.0], [1.0, 1.0], [1.0, 1.0])
    <DPLR: 2 states, rank 1, SISO, continuous time>
    """

    poles: Array
    P: Array
    Q: Array
    B: Array
    C: Array
    D: Any = 0.0
    dt: float | None = None

    def __post_init__(self):
        poles = _check.array("poles", self.poles, ndim=1)
        n = poles.size
        P, Q = (_values.columns(name, value, n) for name, value in (("P", self.P), ("Q", self.Q)))
        _check.shape("Q", Q, P.shape, "Q must have the shape of P")
        _values.freeze(
            self,
            poles=poles,
            P=P,
            Q=Q,
            dt=_values.sampling_step(self.dt, 0),
            **_values.channels(self, n, 0),
        )

    @property
    def is_stable(self) -> bool:
        """Whether every eigenvalue lies strictly inside the left half-plane or unit disk."""
        return _values.is_stable(blocks.eigenvalues(self._dense()), self.is_discrete)

    def sizes(self) -> tuple[Array, Array, Array]:
        """|A| and the largest entries of B's rows and C's columns, for `scales.scaled`."""
        return scales.parts(self._dense()), *_values.sizes(self)

    def pace(self, states) -> int:
        """The even exponent of the largest entry of A in units 2^states."""
        return _values.pace(self._dense(), states)

    def in_units(self, states, inputs: int, outputs: int, time: int, D) -> "DPLR":
        """The system in units 2^states, 2^inputs, 2^outputs, 2^-time, in double precision."""
        return replace(
            self,
            poles=scales.ldexp(self.poles, -time),
            P=scales.ldexp(self.P, (-states - time)[:, None]),
            Q=scales.ldexp(self.Q, states[:, None]),
            D=D,
            **_values.in_units(self, states, inputs, outputs),
        )

    def _dense(self) -> Array:
        value = self.in_double()
        return np.diag(value.poles) - value.P @ value.Q.conj().T

    def _states(self) -> str:
        return f"{self.state_dim} states, rank {self.P.shape[1]}"


def _signals(system: System) -> str:
    words = "SISO"
    if not system.is_siso:
        p, m = system.channel_shape
        words = f"{m} input{'s' * (m != 1)}, {p} output{'s' * (p != 1)}"
    batch = system.batch_shape
    return f"{words}, {reduce(int.__mul__, batch)} systems {batch}" if batch else words


def _clock(system: System) -> str:
    if system.dt is None:
        return "continuous time"
    steps = np.asarray(system.dt)
    if steps.ndim == 0:
        return f"dt = {steps:g}"
    return f"dt from {steps.min():g} to {steps.max():g}"
