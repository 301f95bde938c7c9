"""Connections, changes of coordinates and the layer reading of LTI systems."""

import dataclasses
import numbers
from typing import Any

import numpy as np
from scipy.linalg import block_diag

from hippo_theory import _check
from hippo_theory.lti._values import Array
from hippo_theory.lti.forms import (
    assemble,
    check_system,
    dense,
    expand,
    matrices,
    with_channels,
)
from hippo_theory.lti.powers import cast
from hippo_theory.lti.values import DPLR, LTI, DiagonalLTI, System


def parallel(first: System, second: System) -> System:
    """G1 + G2: both systems read the input, their outputs add.

    Diagonal systems stay diagonal and DPLR systems DPLR; any other pair becomes dense.

    Notes
    -----
    docs/theory.md (5.2).
    """
    first, second = _same_kind(first, second)
    if first.channel_shape != second.channel_shape:
        raise ValueError(
            "systems in parallel must have the same channels (p, m), got "
            f"{first.channel_shape} and {second.channel_shape}"
        )
    if isinstance(first, DiagonalLTI) and isinstance(second, DiagonalLTI):
        return _parallel_diagonal(first, second)
    if isinstance(first, DPLR) and isinstance(second, DPLR):
        return DPLR(
            poles=np.concatenate([first.poles, second.poles]),
            P=block_diag(first.P, second.P),
            Q=block_diag(first.Q, second.Q),
            **_stacked_channels(first, second),
        )
    first, second = dense(first), dense(second)
    return LTI(A=block_diag(first.A, second.A), **_stacked_channels(first, second))


def series(first: System, second: System) -> LTI:
    """G1 @ G2: G1 after G2, with the state (x2, x1); dense.

    Notes
    -----
    docs/theory.md (5.2).
    """
    first, second = _same_kind(first, second)
    if first.channel_shape[1:] != second.channel_shape[:1]:
        raise ValueError(
            "the first system must have as many inputs as the second has outputs, got channels "
            f"(p, m) = {first.channel_shape} and {second.channel_shape}"
        )
    (A1, B1, C1, D1), (A2, B2, C2, D2) = (
        [cast(a, np.float64) for a in matrices(system)] for system in (first, second)
    )
    A = np.block([[A2, np.zeros((A2.shape[0], A1.shape[0]))], [B1 @ C2, A1]])
    B, C, D = np.concatenate([B2, B1 @ D2]), np.concatenate([D1 @ C2, C1], axis=1), D1 @ D2
    return assemble(A, B, C, D, dt=first.dt, siso=first.is_siso)


def scale(system: System, factor: Any) -> System:
    """Multiply the output by a number; by a real one where conjugates are implied.

    Notes
    -----
    docs/theory.md (5.2).
    """
    if not isinstance(factor, numbers.Number):
        raise TypeError(f"factor must be a number, got {factor!r}")
    real = isinstance(system, DiagonalLTI) and system.conjugate
    value = _check.array("factor", factor, ndim=0, real=real)[()]
    C, D = (value * cast(a, np.float64) for a in (system.C, system.D))
    return dataclasses.replace(system, C=C, D=D)


def select(system: System, outputs: Any = None, inputs: Any = None) -> System:
    """The part of a system between some of its inputs and some of its outputs.

    Use it to look at one pair of channels of a layer, or to drop those that are not needed.

    Parameters
    ----------
    system : LTI, DiagonalLTI or DPLR
        SISO values have one channel each.
    outputs, inputs : int, slice or sequence of int, optional
        Which channels, in the order wanted; all by default.

    Returns
    -------
    LTI, DiagonalLTI or DPLR
        With the states of `system`; a SISO value if `outputs` and `inputs` are two integers.

    Raises
    ------
    ValueError
        If there is no such channel.

    Notes
    -----
    States that are no longer driven or read stay in the value. docs/theory.md (5.2).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> G = ht.LTI([[-1.0]], [[1.0, 2.0]], [[1.0], [3.0]])
    >>> ht.lti.select(G, outputs=1, inputs=0).C
    array([3.])
    >>> ht.lti.select(G, inputs=[1]).B
    array([[2.]])
    """
    check_system(system)
    if outputs is None and inputs is None:
        return system
    system = with_channels(system)
    p, m = system.channel_shape
    rows, columns = _channels("outputs", outputs, p), _channels("inputs", inputs, m)
    B, C, D = system.B[..., columns], system.C[..., rows, :], system.D[..., rows, :][..., columns]
    if all(isinstance(k, (int, np.integer)) for k in (outputs, inputs)):
        B, C, D = B[..., 0], C[..., 0, :], D[..., 0, 0]
    return dataclasses.replace(system, B=B, C=C, D=D)


def _channels(name: str, wanted: Any, count: int) -> Array:
    """Return which of `count` channels are wanted, as a list of indices."""
    if isinstance(wanted, slice) or wanted is None:
        return np.arange(count)[wanted if wanted is not None else slice(None)]
    given = wanted
    try:
        wanted = np.atleast_1d(np.asarray(wanted))
    except ValueError:
        wanted = np.empty((0, 0))
    if wanted.dtype.kind not in "iu" or wanted.ndim != 1:
        raise TypeError(f"{name} must be integers or a slice, got {_check.shown(given)}")
    if ((wanted < -count) | (wanted >= count)).any():
        raise ValueError(f"{name} must be below the {count} that there are, got {wanted.tolist()}")
    return np.arange(count)[wanted]


def similarity(system: System, T) -> System:
    """The same input-output map in the coordinates T x: (T A T^{-1}, T B, C T^{-1}, D).

    Parameters
    ----------
    system : LTI, DiagonalLTI or DPLR
    T : array_like, shape (N,) or (N, N)
        A vector scales the states, and keeps the structure (DiagonalLTI: also (..., N));
        a matrix is applied to the dense form.

    Returns
    -------
    LTI, DiagonalLTI or DPLR

    Raises
    ------
    numpy.linalg.LinAlgError
        If T is singular.

    Notes
    -----
    O(N) for a vector, O(N^3) for a matrix. docs/theory.md (5.2).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> G = ht.DiagonalLTI([-1.0, -2.0], [1.0, 1.0], [1.0, 1.0])
    >>> ht.lti.similarity(G, [2.0, 4.0]).C
    array([0.5 , 0.25])
    """
    check_system(system)
    T = _check.array("T", T, minimum_ndim=1)
    if T.ndim == 1 or (isinstance(system, DiagonalLTI) and system.batch_shape):
        return _scaled_states(system, T)
    A, B, C, D = matrices(system)
    _check.shape("T", T, A.shape)
    if np.linalg.matrix_rank(T) < T.shape[0]:
        raise np.linalg.LinAlgError("T is singular to working precision")
    inverse_on_right = np.linalg.solve(T.T, np.concatenate([T @ A, C]).T).T
    A, C = inverse_on_right[: A.shape[0]], inverse_on_right[A.shape[0] :]
    return assemble(A, T @ B, C, D, dt=system.dt, siso=system.is_siso)


def layer(system: System) -> System:
    """The layer reading (A, B, C A, C B + D): the output follows the update of the state.

    Parameters
    ----------
    system : LTI, DiagonalLTI or DPLR
        A discrete value whose matrices are meant as x_k = A x_{k-1} + B u_k,
        y_k = C x_k + D u_k, as deep-learning layers are.

    Returns
    -------
    LTI, DiagonalLTI or DPLR
        The value with exactly that input-output map in the convention of this package:
        its Markov parameters are K_k = C A^k B, plus D at k = 0.

    Raises
    ------
    ValueError
        If the system is in continuous time.

    Notes
    -----
    One step differs from the map of the value given, so that Hankel singular values
    differ too. Implied conjugates give D + 2 Re(C B). O(N), dense O(N^2). docs/theory.md (5.3).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.lti.layer(ht.LTI([[0.5]], [1.0], [1.0], dt=1.0)).D
    array(1.)
    """
    check_system(system)
    if not system.is_discrete:
        raise ValueError("system must be discrete to have a layer reading; discretize it first")
    D = system.D + first_markov_parameter(system)
    return dataclasses.replace(system, C=_times_A(system), D=D)


def first_markov_parameter(system: System) -> Array:
    """C B, of the shape of D; 2 Re(C B) where conjugates are implied."""
    C = cast(system.C, np.float64)
    product = (C * system.B).sum(axis=-1) if system.is_siso else C @ system.B
    conjugate = isinstance(system, DiagonalLTI) and system.conjugate
    return 2 * product.real if conjugate else product


def _same_kind(first: System, second: System) -> tuple[System, System]:
    """Return two systems of one clock, both with channel axes where one of them has some."""
    check_system(first)
    check_system(second)
    a, b = first.dt, second.dt
    if (a is None) != (b is None) or (a is not None and not np.all(np.equal(a, b))):
        raise ValueError(f"connected systems must have the same dt, got {a} and {b}")
    if first.is_siso == second.is_siso:
        return first, second
    return with_channels(first), with_channels(second)


def _stacked_channels(first: System, second: System) -> dict:
    """B over B, C beside C, and the sum of the feedthroughs."""
    return {
        "B": np.concatenate([first.B, second.B]),
        "C": np.concatenate([first.C, second.C], axis=-1),
        "D": first.D + second.D,
        "dt": first.dt,
    }


def _parallel_diagonal(first: DiagonalLTI, second: DiagonalLTI) -> DiagonalLTI:
    if first.conjugate != second.conjugate:
        first, second = expand(first), expand(second)  # pyright: ignore[reportAssignmentType]
    batch = np.broadcast_shapes(first.batch_shape, second.batch_shape)

    def joined(a, b, axis):
        tails = (a.shape[len(first.batch_shape) :], b.shape[len(second.batch_shape) :])
        pair = [np.broadcast_to(x, batch + t) for x, t in zip((a, b), tails, strict=True)]
        return np.concatenate(pair, axis=axis)

    logs = _logarithms(first), _logarithms(second)
    known = first.log_poles is not None or second.log_poles is not None
    return DiagonalLTI(
        poles=joined(first.poles, second.poles, -1),
        B=joined(first.B, second.B, -1 if first.is_siso else -2),
        C=joined(first.C, second.C, -1),
        D=first.D + second.D,
        dt=first.dt,
        conjugate=first.conjugate,
        log_poles=joined(*logs, -1) if known and logs[0] is not None is not logs[1] else None,
    )


def _logarithms(system: DiagonalLTI) -> Array | None:
    if system.log_poles is not None or not system.poles.all():
        return system.log_poles
    return np.log(system.poles.astype(np.result_type(system.poles, np.complex64)))


def _scaled_states(system: System, T: Array) -> System:
    n = system.state_dim
    _check.shape("T", T, (..., n) if system.batch_shape else (n,))
    if not T.all():
        raise np.linalg.LinAlgError("T must have no zero on its diagonal")
    rows, columns = (T, T) if system.is_siso else (T[..., None], T[..., None, :])
    with np.errstate(over="ignore", invalid="ignore"):  # refused where the new value is made
        new = {"B": rows * system.B, "C": system.C / columns}
        if isinstance(system, LTI):
            new["A"] = T[:, None] * system.A / T
    if isinstance(system, DPLR):
        new |= {"P": T[:, None] * system.P, "Q": system.Q / T[:, None].conj()}
    return dataclasses.replace(system, **new)


def _times_A(system: System) -> Array:
    """C A, in double precision."""
    C = cast(system.C, np.float64)
    if isinstance(system, LTI):
        return C @ system.A
    assert isinstance(system, (DiagonalLTI, DPLR))
    poles = system.poles if system.is_siso else system.poles[..., None, :]
    if isinstance(system, DPLR):
        return C * poles - (C @ system.P) @ system.Q.conj().T
    return C * poles


def _or_not_implemented(operation):
    """Make an operator of a function of two systems."""
    return lambda a, b: operation(a, b) if isinstance(b, System) else NotImplemented


def _times(system: System, factor: Any) -> Any:
    return NotImplemented if isinstance(factor, System) else scale(system, factor)


OPERATORS: dict[str, Any] = {
    "__neg__": lambda system: scale(system, -1.0),
    "__add__": _or_not_implemented(parallel),
    "__sub__": _or_not_implemented(lambda a, b: parallel(a, scale(b, -1.0))),
    "__matmul__": _or_not_implemented(series),
    "__mul__": _times,
    "__rmul__": _times,
}
for name, operator in OPERATORS.items():
    setattr(System, name, operator)
