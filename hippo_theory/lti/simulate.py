"""Outputs and states of discrete systems along signals: recurrence, chunks, FFT."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from hippo_theory import _array, _check
from hippo_theory._table import Table
from hippo_theory.lti import _signals, _times, growth, powers, products, recurrence
from hippo_theory.lti._values import Array
from hippo_theory.lti.forms import channels, check_system
from hippo_theory.lti.values import DPLR, LTI, DiagonalLTI, System


@dataclass(frozen=True, slots=True, eq=False)
class Method:
    """One way to run x_{k+1} = A x_k + B u_k, y_k = C x_k + D u_k.

    Attributes
    ----------
    name, cost : str
    outputs, states : callable
        (system, u (..., m, L), initial state (..., N)) to y - D u (..., p, L), or to that and the
        states (..., L, N).
    nanoseconds : callable
        Sizes to the time that "auto" compares, one thread; the constants are empirical.
    squared : callable
        (system, L, states) to the powers that are made by squaring, which is what loses digits.
    """

    name: str
    cost: str
    outputs: Callable[[System, Array, Array], Array]
    states: Callable[[System, Array, Array], tuple[Array, Array]]
    nanoseconds: Callable[[Any], float]
    squared: Callable[[System, int, bool], int]


def simulate(
    system: System,
    u: Any,
    initial_state: Any = None,
    states: bool = False,
    method: str | Method = "auto",
    *,
    times: Any = None,
    scheme: str | None = None,
) -> Any:
    """Outputs y_k = C x_k + D u_k of x_{k+1} = A x_k + B u_k along a signal.

    Parameters
    ----------
    system : LTI, DiagonalLTI or DPLR
        Discrete.
    u : array_like, shape (..., L) or (..., m, L)
        Signal, with m channels where the system has channels; leading axes broadcast against
        the batch axes of the system. Real where the system has implied conjugates.
    initial_state : array_like, shape (..., N), optional
        x_0; zero by default.
    states : bool
        Whether to return the states too.
    method : str or Method
        A name in `SIMULATIONS`, or "auto".
    times : array_like, shape (L,), optional
        Increasing times of the samples, for a system in continuous time: y_k = C x(t_k) + D u_k.
    scheme : {"zoh", "foh", "bilinear"}, optional
        With `times`: u is held from t_k to t_{k+1} (by default), interpolated between them, or
        enters by the trapezoidal rule.

    Returns
    -------
    y : ndarray, shape (..., L) or (..., p, L)
        Real for real systems, signals and initial states, and where conjugates are implied.
    x : ndarray, shape (..., L, N)
        With ``states=True``: each state as it stood before its sample was read, x[..., 0, :]
        the initial state. Of implied conjugates the listed half.

    Raises
    ------
    ValueError
        If the system is in continuous time without `times`, or a shape does not fit.
    TypeError
        If u is complex for a system with implied conjugates.
    numpy.linalg.LinAlgError
        If the output leaves the range of floating point, as that of unstable systems does, or a
        method that squares A ("chunked", or "fft" with states) would lose more than 1e-9 of the
        largest output.

    Notes
    -----
    Errors of dense and DPLR systems stay below 1e-9 of the largest output: the loss by rounding is
    estimated from the powers of A, and where they grow too much before they decay, as those of
    narrow filters in companion form do, or the kernel is far below |C| |B|, the recurrence runs in
    twice the digits. Of diagonal systems they stay below 1e-14 L of the sums of
    |C_n B_n| |pole_n|^k, in which residues cannot cancel (see `kernel`).

    "scan" is the recurrence, compiled: O(N) a sample for diagonal systems, O(N r) for DPLR, O(N^2)
    for dense ones, in double precision, with the least rounding. "chunked" is a product with the
    Toeplitz matrix of one chunk plus what its initial state sends on, "fft" a convolution with the
    kernel plus the free response. "auto" is the least time in the table's cost model: scans of few
    states or short signals, chunks of dense systems and of many signals, FFT of many states where
    all poles are stable. Signals of another array library are run on their device, in double
    precision where it has it, by chunks or FFT; a DPLR system then as the dense one.

    At `times` the state is that of the differential equation, whatever the steps, and under a hold
    exact: compiled, O(N) a sample for diagonal systems, an exponential for each distinct step of
    others. docs/theory.md (5.5), (5.6), (5.10).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> G = ht.DiagonalLTI([0.5], [1.0], [1.0], dt=1.0)
    >>> ht.lti.simulate(G, [1.0, 0.0, 0.0, 0.0])
    array([0.  , 1.  , 0.5 , 0.25])
    >>> ht.lti.simulate(G, [1.0, 0.0], states=True)[1]
    array([[0.],
           [1.]])
    """
    names, states = ["auto", *SIMULATIONS], _check.flag("states", states)
    row = method if isinstance(method, Method) else _check.option("method", method, names)
    if times is not None or scheme is not None:
        return _at_times(system, u, initial_state, states, row, times, scheme)
    _discrete(system)
    there = _array.home(u=u, initial_state=initial_state)
    given, (u, batch) = u, _signal(system, u)
    x = _initial(system, "initial_state", initial_state, batch, there)
    real = _gives_real_outputs(system, u, initial_state)
    if there:
        name = row if isinstance(row, str) else row.name
        return _simulate_there(system, u, x, states, name, real, given, there)
    if not isinstance(row, Method):
        row = _quickest(system, u, x, states) if row == "auto" else SIMULATIONS[row]
    growth.refuse(_loss(row, system, u, x, states), f"for method {row.name!r}")
    D = channels(system)[2]
    with np.errstate(over="ignore", invalid="ignore"):  # refused below
        y, kept = row.states(system, u, x) if states else (row.outputs(system, u, x), None)
        y = y + D @ u
    if not np.isfinite(y).all():
        raise _overflow(y)
    dtype = np.result_type(powers.result_dtype(system, u), np.float32 if real else np.complex64)
    y = (y.real if real else y).astype(dtype, copy=False)
    y = y[..., 0, :] if system.is_siso else y
    return (y, kept) if states else y


def _at_times(system, u, initial_state, states, method, times, scheme):
    """`simulate` of a system in continuous time at irregular times."""
    from hippo_theory.lti import irregular

    check_system(system)
    scheme = _check.option("scheme", "zoh" if scheme is None else scheme, irregular.SCHEMES)
    if times is None:
        raise ValueError(f"times must be given for scheme {scheme!r}, got None")
    if system.is_discrete:
        raise ValueError(f"system must be in continuous time for times, got {system!r}")
    if method != "auto":
        raise ValueError(f"method must be 'auto' for times, got {method!r}")
    times = _check.times("times", times, minimum_length=1)
    u, batch = _signal(system, _check.on_host("u", u))
    _check.shape("u", u, (..., times.size))
    x = _initial(
        system, "initial_state", _check.on_host("initial_state", initial_state), batch, None
    )
    real = _gives_real_outputs(system, u, initial_state)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # refused below
        y, kept = irregular.along(system, u, x, times, scheme)
        y = y + channels(system)[2] @ u
    if not (np.isfinite(y).all() and np.isfinite(kept).all()):
        raise _overflow(np.where(np.isfinite(kept).all(axis=-1)[..., None, :], y, np.inf))
    y = y.real.copy() if real else y
    y = y[..., 0, :] if system.is_siso else y
    return (y, kept) if states else y


def _overflow(y):
    k = int(np.argwhere(~np.isfinite(y))[:, -1].min())
    return np.linalg.LinAlgError(f"the output leaves the range of floating point at sample {k}")


def _simulate_there(system, u, x, states, name, real, given, there):
    """`simulate` on the device of u, in its widest precision, rounded once to that of `given`."""
    if name not in ("auto", "chunked", "fft"):
        raise ValueError(f"method must be 'chunked' or 'fft' for arrays of {there}, got {name!r}")
    squared = 1 if name == "fft" and not states else recurrence.chunk(system, u.shape[-1])
    host_x = _array.to_host(x)
    lost = recurrence.loss(system, host_x, u.shape[-1], squared, states=states)
    if lost > growth.LIMIT:
        return _carried(system, u, host_x, states, name, real, given, there)
    xp, simple = there.xp, _signals.simple(system)
    u = xp.astype(u, _array.work_dtype(there, u))
    kept = _signals.states(simple, u, x, there) if states else None
    y = _signals.outputs(simple, u, x, there, fft=name == "fft")
    y = y + products.times(_array.to_home(there, channels(system)[2]), u)
    if not bool(xp.all(xp.isfinite(y))):
        raise _overflow(_array.to_host(y))
    y = xp.real(y) if real and _array.is_complex(y) else y
    y = _array.rounded(y[..., 0, :] if system.is_siso else y, given)
    return (y, _array.rounded(kept, given)) if states else y


def _carried(system, u, x, states, name, real, given, there):
    """`simulate` on the host in twice the digits, where squarings would lose too many."""
    if name != "auto":
        growth.refuse(np.inf, f"for method {name!r}")
    result = simulate(system, _array.to_host(u), x, states, "scan")
    y, kept = result if states else (result, None)
    y = _array.rounded(_array.to_home(there, y.real if real else y), given)
    return (y, _array.rounded(_array.to_home(there, kept), given)) if states else y


def final_state(system: System, u: Any, initial_state: Any = None) -> Array:
    """x_L, the state after the last sample of a signal, for the next chunk of a stream.

    The last of the states of `simulate` has not read its sample yet; this one has.

    Parameters
    ----------
    system : LTI, DiagonalLTI or DPLR
        Discrete.
    u : array_like, shape (..., L) or (..., m, L)
        As for `simulate`; L = 0 gives the initial state.
    initial_state : array_like, shape (..., N), optional
        x_0; zero by default.

    Returns
    -------
    array, shape (..., N)
        Of the library of u. Of implied conjugates the listed half.

    Raises
    ------
    ValueError
        If the system is in continuous time or a shape does not fit.
    numpy.linalg.LinAlgError
        If the state leaves the range of floating point.

    Notes
    -----
    O(N) a sample for diagonal systems, O(N r) for DPLR, O(N^2) for dense ones, and O(N sqrt L)
    memory; arrays of another library by all their states. docs/theory.md (5.5).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> G = ht.DiagonalLTI([0.5], [1.0], [1.0], dt=1.0)
    >>> x = ht.lti.final_state(G, [1.0, 0.0])
    >>> ht.lti.simulate(G, [0.0, 0.0], initial_state=x)
    array([0.5 , 0.25])
    """
    _discrete(system)
    there = _array.home(u=u, initial_state=initial_state)
    u, batch = _signal(system, u, minimum=0)
    x = _initial(system, "initial_state", initial_state, batch, there)
    if u.shape[-1] == 0:
        return there.xp.asarray(x, copy=True) if there else x.copy()
    if there:
        given = u[..., 0, :] if system.is_siso else u
        last = simulate(system, given, x, states=True)[1][..., -1, :]
        return step(system, last, given[..., -1])[0]
    with np.errstate(over="ignore", invalid="ignore"):  # refused below
        x = recurrence.final(system, u, x)
    if not np.isfinite(x).all():
        raise np.linalg.LinAlgError("the final state leaves the range of floating point")
    return x


def step(system: System, state: Any, u: Any) -> tuple[Array, Array]:
    """One sample: (A x + B u, C x + D u), for data that arrives sample by sample.

    Parameters
    ----------
    system : LTI, DiagonalLTI or DPLR
        Discrete.
    state : array_like, shape (..., N)
    u : array_like, shape (...) or (..., m)

    Returns
    -------
    state : array, shape (..., N)
    y : array, shape (...) or (..., p)

    Raises
    ------
    ValueError
        If the system is in continuous time or a shape does not fit.

    Notes
    -----
    O(N), O(N r), O(N^2) for diagonal, DPLR and dense systems. Arrays of another library stay on
    their device; state and output are rounded to the precision of the state. docs/theory.md (5.5).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> G = ht.DiagonalLTI([0.5], [1.0], [3.0], D=1.0, dt=1.0)
    >>> ht.lti.step(G, [2.0], 10.0)
    (array([11.]), array(16.))
    """
    _discrete(system)
    there, given = _array.home(state=state, u=u), state if _check.is_foreign(state) else u
    u = _array.check("u", u)
    u, batch = _signal(system, u[..., None])
    x = _initial(system, "state", state, batch, there)
    u, real = u[..., 0], _gives_real_outputs(system, u, state)
    if there:
        return _step_there(system, x, u, real, given, there)
    B, _, D = channels(system)
    with np.errstate(over="ignore", invalid="ignore"):  # refused below
        y = recurrence.read(system, x[..., None, :])[..., 0, :] + (D @ u[..., None])[..., 0]
        new = recurrence.advance(system, x) + (B @ u[..., None])[..., 0]
    if not (np.isfinite(new).all() and np.isfinite(y).all()):
        raise np.linalg.LinAlgError(
            f"the step leaves the range of floating point, got a state {new} and an output {y}"
        )
    y = y[..., 0] if system.is_siso else y
    return new, y.real if real else y


def _step_there(system, x, u, real, given, there):
    """`step` on the device of `given`, in its widest precision, rounded once to that of `given`."""
    u = u if _check.is_foreign(u) else _array.to_home(there, u)
    new, y = _signals.step(system, x, u, there)
    if not all(bool(there.xp.all(there.xp.isfinite(a))) for a in (new, y)):
        raise np.linalg.LinAlgError("the step leaves the range of floating point")
    y = y[..., 0] if system.is_siso else y
    y = there.xp.real(y) if real and _array.is_complex(y) else y
    return _array.rounded(new, given), _array.rounded(y, given)


def _discrete(system: Any) -> None:
    check_system(system)
    if not system.is_discrete:
        raise ValueError("system must be discrete to be simulated; discretize it first")


def _signal(system: System, u: Any, minimum: int = 1) -> tuple[Array, tuple[int, ...]]:
    """Return u as (..., m, L) and the common leading axes."""
    u = _array.check("u", u, minimum_ndim=1)
    if isinstance(system, DiagonalLTI) and system.conjugate and _array.is_complex(u):
        raise TypeError(
            f"u must be real for a system with implied conjugates, got dtype {u.dtype}; "
            "expand the system"
        )
    if u.shape[-1] < minimum:
        raise ValueError(f"u must have at least one sample, got shape {u.shape}")
    if system.is_siso:
        u = u[..., None, :]
    else:
        _check.shape("u", u, (..., system.channel_shape[1], "L"))
    try:
        return u, np.broadcast_shapes(system.batch_shape, u.shape[:-2])
    except ValueError:
        raise ValueError(
            f"leading axes of u must broadcast against those of the system {system.batch_shape}, "
            f"got {u.shape[:-2]}"
        ) from None


def _initial(system: System, name: str, state: Any, batch: tuple[int, ...], there: Any) -> Array:
    """The initial state as (*batch, N), or N zeros; in its library if that is not NumPy."""
    N = system.state_dim
    state = _array.check(name, np.zeros(N) if state is None else state, minimum_ndim=1)
    _check.shape(name, state, (..., N))
    try:
        shape = (*np.broadcast_shapes(tuple(state.shape[:-1]), batch), N)
    except ValueError:
        raise ValueError(
            f"{name} must have shape {(*batch, N)}, got {tuple(state.shape)}"
        ) from None
    if there:
        state = state if _check.is_foreign(state) else _array.to_home(there, state)
        return there.xp.broadcast_to(state, shape)
    return np.broadcast_to(state, shape)


def _gives_real_outputs(system: System, u: Array, state: Any) -> bool:
    if isinstance(system, DiagonalLTI) and system.conjugate:
        return True
    if isinstance(system, DPLR) and np.iscomplexobj(system.poles) and state is not None:
        return False  # in the coordinates of the form no state is known to be real
    given = [
        a if _check.is_foreign(a) else np.asarray(a) for a in (u, 0.0 if state is None else state)
    ]
    return not any(map(_array.is_complex, given)) and powers.is_real(system)


def _loss(row: Method, system: System, u: Array, x: Array, states: bool) -> float:
    """Estimate the error of a method that squares A, relative to the largest output or state."""
    squared = row.squared(system, u.shape[-1], states)
    if squared < 2:
        return 0.0
    return recurrence.loss(system, x, u.shape[-1], squared, states=states)


def _quickest(system: System, u: Array, x: Array, states: bool) -> Method:
    """Choose the method of least time of those that keep the digits."""
    p, m = system.channel_shape or (1, 1)
    sizes = _times.Sizes(
        N=system.state_dim,
        rank=system.P.shape[1] if isinstance(system, DPLR) else 0,
        outputs=p,
        inputs=m,
        L=u.shape[-1],
        signals=math.prod(np.broadcast_shapes(system.batch_shape, u.shape[:-2])),
        systems=math.prod(system.batch_shape),
        is_dense=isinstance(system, LTI),
        is_bounded=isinstance(system, DiagonalLTI) and system.is_stable,
        states=states,
    )
    row = min(SIMULATIONS.values(), key=lambda row: row.nanoseconds(sizes))
    keeps = _loss(row, system, u, x, states) <= growth.LIMIT
    return row if keeps else SIMULATIONS["scan"]


SIMULATIONS: Table[Method] = Table(
    [
        Method(
            "scan",
            "O(N) to O(N^2) a sample",
            recurrence.scan,
            recurrence.scan_states,
            _times.scan,
            lambda system, L, states: 1,
        ),
        Method(
            "chunked",
            "(2 T + 8 N) flops a sample in chunks of T",
            recurrence.chunked,
            recurrence.chunked_states,
            _times.chunked,
            lambda system, L, states: recurrence.chunk(system, L),
        ),
        Method(
            "fft",
            "O(log L) a sample",
            recurrence.fft,
            recurrence.fft_states,
            _times.fft,
            lambda system, L, states: L if states else 1,
        ),
    ],
    columns=("name", "cost"),
)
