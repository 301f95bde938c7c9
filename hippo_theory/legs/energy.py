"""The energy identity: what N coefficients miss of an input, from the innovations f - B.c."""

from dataclasses import replace

import numpy as np

from hippo_theory import _array, _check
from hippo_theory.legs import _arrays
from hippo_theory.legs._advance import advance, refuse_unless_fit
from hippo_theory.legs._legendre import norms
from hippo_theory.legs._signal import Signal, as_signal, from_rows
from hippo_theory.legs.schemes import SCHEMES, Scheme
from hippo_theory.legs.solver import Solution, initial_state, refuse_overflow

_CHUNK = 2**18  # numbers of states held at a time


def energy_error(f_values, solution: Solution) -> np.ndarray:
    """||f - g_T||^2 in L2(0, T): what N coefficients miss of the input, from innovations.

    Parameters
    ----------
    f_values : array_like, shape (..., L)
        The input at `solution.t`.
    solution : Solution
        From t = 0; g_T is its N-term approximation at the last time T.

    Returns
    -------
    array, shape (...)
        Units of f^2 times time, in the precision of f_values.

    Raises
    ------
    ValueError, TypeError
        If the shapes differ, f_values are not finite, or the solution starts after t = 0.

    Notes
    -----
    The energy identity d/dt (t |c|^2) = f^2 - (f - B.c)^2 makes the projection error the
    integral of the squared innovation f - B.c, taken here by the trapezoidal rule: second
    order in the step for smooth f, O(L N). docs/theory.md (3.1), (3.2).

    Examples
    --------
    >>> import numpy as np, hippo_theory as ht
    >>> t = np.linspace(0, 1, 4001)
    >>> f = np.cos(6 * t) + np.sin(3 * t)
    >>> error = ht.legs.energy_error(f, ht.legs.solve(f, t, 4))
    >>> bool(abs(error - 0.0234465170623) < 1e-6)
    True
    """
    if not isinstance(solution, Solution):
        raise TypeError(f"solution must be a Solution, got {type(solution).__name__}")
    if solution.t[0] != 0:
        raise ValueError(f"solution must start at t = 0, got t[0] = {solution.t[0]:g}")
    values = _array.check("f_values", f_values)
    _check.shape("f_values", values, tuple(solution.coefficients.shape[:-1]))
    there = _array.home(f_values=f_values, solution=solution.coefficients)
    if there:
        return _arrays.energy_error(values, solution.t, solution.coefficients, there)
    newest = solution.coefficients @ norms(solution.coefficients.shape[-1])
    energy = np.asarray(np.trapezoid(abs(values - newest) ** 2, solution.t, axis=-1))
    return _array.rounded(energy, values)


def solve_with_energy(f, t, N, *, scheme="midpoint") -> tuple[np.ndarray, np.ndarray]:
    """The final coefficients and `energy_error`, accumulated online: no state is stored.

    Parameters
    ----------
    f : Input, callable or array_like, shape (..., L)
        The input, as for `solve`.
    t : array_like, shape (L,)
        Strictly increasing times from t[0] = 0.
    N : int
        State dimension.
    scheme : str or Scheme
        A row of SCHEMES.

    Returns
    -------
    final : ndarray, shape (..., N)
        c(T).
    energy : ndarray, shape (...)
        ||f - g_T||^2 in L2(0, T), in units of f^2 times time.

    Raises
    ------
    ValueError, TypeError
        If an argument is not of the form above.
    LinAlgError
        If the final state overflows.

    Notes
    -----
    The numbers of `energy_error(f(t), solve(f, t, N))` in O(N) memory, in double precision.

    Examples
    --------
    >>> import numpy as np, hippo_theory as ht
    >>> t = np.linspace(0, 1, 4001)
    >>> final, energy = ht.legs.solve_with_energy(lambda s: np.cos(6 * s) + np.sin(3 * s), t, 4)
    >>> bool(abs(energy - 0.0234465170623) < 1e-6)
    True
    """
    t = _check.times("t", t)
    N = _check.integer("N", N)
    row = _check.choice("scheme", scheme, SCHEMES, Scheme)
    if t[0] != 0:
        raise ValueError(f"t must start at 0, got {t[0]:g}")
    signal = as_signal(f, t, "values")
    refuse_unless_fit(row, signal, t)
    state = initial_state(signal, t, N, None)
    energy = np.zeros(state.shape[1])
    chunk = max(_CHUNK // state.size, 1)
    for start in range(0, t.size - 1, chunk):
        energy += _chunk_energy(row, t, signal, (start, min(start + chunk, t.size - 1)), state)
    refuse_overflow(row, N, t, state, np.empty((0, 0, 0)))
    if signal.dtype.kind == "c":
        energy = np.sum(np.split(energy, 2), axis=0)
    final = from_rows(state.T, signal.batch_shape, signal.dtype)
    return final, energy.reshape(signal.batch_shape)


def _chunk_energy(row: Scheme, t, signal: Signal, span, state) -> np.ndarray:
    """Carry `state` over span; the trapezoidal sum of squared innovations for each row."""
    start, stop = span
    degree = getattr(row, "degree", 0)
    low, high = max(start - degree, 0), min(stop + degree + 1, t.size)  # room for the stencils
    window = replace(signal, read=lambda a, b: signal.read(a + low, b + low))
    out = np.empty((state.shape[1], high - low, len(state)))
    out[:, start - low] = state.T
    advance(row, t[low:high], window, (start - low, stop - low), state, out)
    with np.errstate(over="ignore", invalid="ignore"):  # an overflowing state is refused later
        newest = out[:, start - low : stop - low + 1] @ norms(len(state))
        missed = signal.read(start, stop + 1) - newest
        return np.trapezoid(missed**2, t[start : stop + 1], axis=1)
