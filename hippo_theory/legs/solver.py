"""solve, step, reconstruct: states of the LegS equation on a time grid, and back to functions."""

import math
from dataclasses import dataclass
from typing import Literal, overload

import numpy as np

from hippo_theory import _array, _check
from hippo_theory.legs import _arrays, _holds
from hippo_theory.legs._advance import advance, refuse_unless_fit
from hippo_theory.legs._legendre import norms
from hippo_theory.legs._signal import Signal, as_signal, from_rows, real_rows
from hippo_theory.legs.schemes import SCHEMES, Collocation, Hold, Scheme

_CHUNK = 2**20  # numbers of input held at a time: memory stays O(N) for any number of steps


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """The states of a LegS equation on a time grid.

    Attributes
    ----------
    t : ndarray, shape (L,)
        Times, in the caller's unit.
    coefficients : ndarray, shape (..., L, N)
        c(t_k) in the orthonormal shifted Legendre basis.
    scheme : Scheme
        The row of SCHEMES that computed them.
    signal : Signal or None
        What the scheme read, for the error bounds; None for arrays of another library.
    """

    t: np.ndarray
    coefficients: np.ndarray
    scheme: Scheme
    signal: Signal | None = None

    def __repr__(self):
        batch, N = self.coefficients.shape[:-2], self.coefficients.shape[-1]
        of = f"{batch} sequences" if batch else "one sequence"
        return (
            f"LegS states of {of}, N = {N}, {self.t.size} times in "
            f"[{self.t[0]:g}, {self.t[-1]:g}], by {self.scheme!r}"
        )


@overload
def solve(
    f, t, N: int, *, scheme=..., initial=..., samples: str = ..., store: Literal["all"] = ...
) -> Solution: ...
@overload
def solve(
    f, t, N: int, *, scheme=..., initial=..., samples: str = ..., store: Literal["final"]
) -> np.ndarray: ...
def solve(f, t, N, *, scheme="midpoint", initial=None, samples="values", store="all"):
    """States c(t_k) of t c'(t) = -A c(t) + B f(t) on any increasing times.

    Parameters
    ----------
    f : Input, callable or array_like, shape (..., L)
        The input: a row of INPUTS, a function that maps times (L,) to values (..., L), or its
        samples at t. With samples="averages": its means over the cells, shape (..., L - 1).
    t : array_like, shape (L,)
        Strictly increasing times, t[0] >= 0, in any unit (only ratios matter).
    N : int
        State dimension.
    scheme : str or Scheme
        A row of SCHEMES.
    initial : array_like, shape (..., N), optional
        c(t[0]), needed if and only if t[0] > 0: at t = 0 the equation forces c = f(0) e_0.
    samples : {"values", "averages"}
        What an array f holds. Averages make every Riemann or Lebesgue integrable input
        converge; an Input then gives its exact averages.
    store : {"all", "final"}
        "final" keeps O(N) memory for any number of steps.

    Returns
    -------
    Solution or ndarray, shape (..., N)
        `.t`, `.coefficients` (..., L, N), `.scheme`; or the final coefficients.

    Raises
    ------
    ValueError, TypeError
        If an argument is not of the form above; a callable that returns NaN is named with its time.
    LinAlgError
        If the final state overflows, as forward Euler's does from N = 448.

    Notes
    -----
    Assumes f integrable on (0, T]; the solution with t c(t) -> 0 is then unique. One-step and
    collocation rows cost O(N) a step. The holds (`zoh`, `foh`, `hold2`..) are exact for their
    interpolant: with N above about half of the number of steps take "foh", since the states of
    other rows then hold little of the samples (100 samples of white noise, N = 200: mean square
    1.08 of what is reconstructed amiss by midpoint, 0.017 by foh); `energy_error` measures it.
    All states of a hold cost O(N) a step once the step number exceeds about N^2, at most
    O(N^2) before; the final state is one quadrature over all cells, without a recurrence, O(N)
    a node. Single-precision samples are carried in double and the result is rounded once.
    docs/theory.md (2.1)-(2.9).

    Samples of another array library (CuPy, PyTorch, JAX, ..) give states of that library, on
    their device: the final state is one product of the samples with a matrix that the host
    makes in O(L N), so that `solve(torch_samples, t, N, store="final")` needs nothing else; all
    states are products by blocks of cells, set up in O(N^2) a cell (holds: O(N^3)), which pays
    for batches. CuPy runs one-step rows by one kernel, single precision with compensation.
    Collocation rows need NumPy.

    Examples
    --------
    >>> import numpy as np, hippo_theory as ht
    >>> t = np.linspace(0, 1, 201)
    >>> solution = ht.legs.solve(np.cos(6 * t), t, 8)
    >>> exact = ht.legs.inputs.cosine(6.0).project(t, 8)
    >>> bool(abs(solution.coefficients - exact).max() < 2e-4)
    True
    """
    t = _check.times("t", _array.to_host(t))
    N = _check.integer("N", N)
    row = _check.choice("scheme", scheme, SCHEMES, Scheme)
    _check.option("samples", samples, ("values", "averages"))
    _check.option("store", store, ("all", "final"))
    there = _array.home(f=f, initial=initial)
    if there:
        states = _arrays.solve(row, t, N, f, initial, samples, store, there)
        return states if store == "final" else Solution(t, states, row)
    signal = as_signal(f, t, samples)
    refuse_unless_fit(row, signal, t)
    kept = 1 + (t.size if store == "all" else 0)
    _check.room("N", N, kept, max(math.prod(signal.batch_shape), 1))
    state = initial_state(signal, t, N, initial)
    out = np.empty((state.shape[1], t.size, N) if store == "all" else (0, 0, 0))
    if store == "all":
        out[:, 0] = state.T
    chunk = max(_CHUNK // max(state.shape[1], 1), 1)
    spans = [(k, min(k + chunk, t.size - 1)) for k in range(0, t.size - 1, chunk)]
    if isinstance(row, Hold) and store == "final":
        _holds.propagate(t[0] / t[-1], state)
        for span in spans:
            _holds.finish(row.degree, t, signal, span, state)
    else:
        for span in spans:
            advance(row, t, signal, span, state, out)
    refuse_overflow(row, N, t, state, out)
    if store == "final":
        return from_rows(state.T, signal.batch_shape, signal.dtype)
    coefficients = from_rows(out, signal.batch_shape, signal.dtype)
    return Solution(t, coefficients, row, signal.kept(t.size - signal.averages))


def refuse_overflow(row: Scheme, N: int, t, state, out) -> None:
    """Raise LinAlgError if the final state is not finite, with the first such time in `out`."""
    if np.isfinite(state).all():
        return
    lost = ~np.isfinite(out).all(axis=(0, 2))
    when = f" at t = {t[lost][0]:g}" if lost.any() else ""
    remedy = "scale the input down" if row.is_contractive else "a contractive scheme does not"
    raise np.linalg.LinAlgError(f"scheme {row.name!r} overflowed at N = {N}{when}; {remedy}")


def initial_state(signal: Signal, t, N, initial):
    """c(t[0]) as real columns (N, S): forced at t = 0, given later."""
    if t[0] == 0:
        if initial is not None:
            raise ValueError(
                "initial must be None when t[0] = 0, where the equation forces f(0) e_0"
            )
        first = signal.read(0, 1)[:, 0]
        state = np.zeros((N, first.size))
        state[0] = first
        return state
    if initial is None:
        raise ValueError(
            f"initial must be given when t[0] > 0, got t[0] = {t[0]:g}; "
            "without a past before t[0], solve on t - t[0]"
        )
    initial = _check.array("initial", initial, minimum_ndim=1)
    _check.shape("initial", initial, (..., N))
    try:
        whole = np.broadcast_to(initial, (*signal.batch_shape, N))
    except ValueError:
        raise ValueError(
            f"initial must broadcast to {(*signal.batch_shape, N)}, got {initial.shape}"
        ) from None
    if whole.dtype.kind == "c" and signal.dtype.kind != "c":
        raise TypeError("initial must be real when f is, got a complex array")
    whole = whole.astype(np.result_type(whole, signal.dtype))
    return np.array(real_rows(whole).T, order="C")


def step(c, t0, t1, f0, f1, *, scheme="midpoint") -> np.ndarray:
    """Carry the coefficients from t0 to t1, for data that arrive sample by sample.

    Parameters
    ----------
    c : array_like, shape (..., N)
        c(t0); at t0 = 0 this must be f0 e_0.
    t0, t1 : float
        0 <= t0 < t1, in the unit of time used throughout.
    f0, f1 : array_like, shape (...)
        The input at t0 and t1.
    scheme : str or Scheme
        A row of SCHEMES that uses no more than the two samples of its cell.

    Returns
    -------
    ndarray, shape (..., N)
        c(t1); the same numbers as `solve` on the same samples.

    Raises
    ------
    ValueError, TypeError
        If an argument is not of the form above.

    Notes
    -----
    O(N); `zoh` and `foh` O(N^2) while t1 / (t1 - t0) is below about N^2.

    Examples
    --------
    >>> import hippo_theory as ht
    >>> c = ht.legs.step([1.0, 0.0], 0.0, 0.1, 1.0, 1.2)
    >>> c.round(4)
    array([1.1  , 0.0577])
    """
    c = _array.check("c", c, minimum_ndim=1)
    _check.integer("N", c.shape[-1])
    t = _check.times("(t0, t1)", [_check.number("t0", t0), _check.number("t1", t1)])
    row = _check.choice("scheme", scheme, SCHEMES, Scheme)
    if isinstance(row, Collocation) or getattr(row, "degree", 0) > 1:
        raise ValueError(f"scheme must use two samples only, got {row.name!r}")
    f0, f1 = _array.check("f0", f0), _array.check("f1", f1)
    there = _array.home(c=c, f0=f0, f1=f1)
    if t[0] == 0:
        _refuse_unless_forced(_array.to_host(c), _array.to_host(f0))
    if there:
        return _arrays.step(row, t, c, f0, f1, there)
    try:
        values = np.stack(np.broadcast_arrays(f0, f1, c[..., 0])[:2], axis=-1)
    except ValueError:
        raise ValueError(
            f"f0 and f1 must have shape {c.shape[:-1]}, got {f0.shape} and {f1.shape}"
        ) from None
    dtype = np.result_type(values, c)
    signal = as_signal(values.astype(dtype), t, "values")
    state = np.array(
        real_rows(np.broadcast_to(c, (*signal.batch_shape, c.shape[-1])).astype(dtype)).T
    )
    state = np.ascontiguousarray(state)
    advance(row, t, signal, (0, 1), state, np.empty((0, 0, 0)))
    return from_rows(state.T, signal.batch_shape, dtype)


def _refuse_unless_forced(c, f0) -> None:
    """At t = 0 the equation leaves no freedom: c = f0 e_0, here to single precision."""
    forced = np.zeros_like(c)
    forced[..., 0] = f0
    off = abs(c - forced).max(initial=0.0)
    if off > 1e-6 * abs(forced).max(initial=0.0):
        raise ValueError(
            f"c must be f0 e_0 at t0 = 0, where the equation forces it, got {off:g} off"
        )


def reconstruct(state, t, s=None) -> np.ndarray:
    """The N-term approximation sum_n c_n p_n(s/t) of the input on [0, t], at times s.

    Parameters
    ----------
    state : Solution or array_like, shape (..., N)
        A solution, whose last time is used: `reconstruct(solution, s)`; or coefficients at
        one time t: `reconstruct(coefficients, t, s)`.
    t : float
        The time of the coefficients, t > 0 (left out with a solution).
    s : array_like, of any shape
        Times in [0, t]: any grid or a single one, in the same unit as t.

    Returns
    -------
    ndarray, shape (...) + shape of s
        The best L2(0, t) polynomial of degree < N, when the coefficients are exact.

    Raises
    ------
    ValueError, TypeError
        If s leaves [0, t]: outside, the polynomial means nothing.
    LinAlgError
        If a value exceeds double precision.

    Notes
    -----
    Clenshaw's recurrence, O(N) for each time and sequence. docs/theory.md (2.10).

    Examples
    --------
    >>> import numpy as np, hippo_theory as ht
    >>> t = np.linspace(0, 2, 401)
    >>> solution = ht.legs.solve(t**2, t, 4)
    >>> ht.legs.reconstruct(solution, [0.0, 1.0, 2.0]).round(3) + 0.0
    array([0., 1., 4.])
    """
    if isinstance(state, Solution):
        if s is not None:
            raise TypeError("reconstruct must be called as (solution, s) or (coefficients, t, s)")
        coefficients, end, s = state.coefficients[..., -1, :], float(state.t[-1]), t
    elif s is None:
        raise TypeError("s must be given with coefficients: reconstruct(coefficients, t, s)")
    else:
        coefficients = _array.check("coefficients", state, minimum_ndim=1)
        end = _check.number("t", t, above=0)
    _check.integer("N", coefficients.shape[-1])
    s = _check.array("s", _array.to_host(s), real=True).astype(np.float64)
    outside = (s < 0) | (s > end)
    if outside.any():
        raise ValueError(f"s must lie in [0, {end:g}], got {s[outside][0]:g}")
    there = _array.home(coefficients=coefficients)
    if there:  # linear in the coefficients: the values of the basis, made on the host
        basis = reconstruct(np.eye(coefficients.shape[-1]), end, s.reshape(-1))
        values = _array.product(coefficients, basis, there)
        return there.xp.reshape(values, (*coefficients.shape[:-1], *s.shape))
    with np.errstate(over="ignore", invalid="ignore"):
        weighted = np.moveaxis(coefficients * norms(coefficients.shape[-1]), -1, 0)
        values = np.polynomial.legendre.legval(2 * (s / end) - 1, weighted)
        return _array.rounded(_check.in_range("the polynomial", values), coefficients)
