"""What N coefficients miss of an input: the energy that the innovations f - B.c add up to."""

import numpy as np

from hippo_theory import _array, _check
from hippo_theory.legs._holds import lagrange, leftmost
from hippo_theory.legs._legendre import cell_points, gauss, norms
from hippo_theory.legs._signal import as_signal, real_rows
from hippo_theory.legs.schemes import SCHEMES, Scheme
from hippo_theory.legs.solver import Solution, solve

_CHUNK = 2**18  # values of basis functions held at a time


def energy_error(f_values, solution: Solution) -> np.ndarray:
    """||f_h - g_T||^2 in L2(0, T): what N coefficients miss of samples and what lies between.

    Use it where the input is known by its samples alone; with a callable f, `error_budget` says
    what lies between them, too.

    Parameters
    ----------
    f_values : array_like, shape (..., L)
        The input at `solution.t`.
    solution : Solution
        From t = 0; g_T is its N-term approximation at the last time T.

    Returns
    -------
    array, shape (...)
        Units of f^2 times time, in the precision of f_values; inf where a square overflows.

    Raises
    ------
    ValueError, TypeError
        If the shapes differ, f_values are not finite, or the solution starts after t = 0.

    Notes
    -----
    f_h is the interpolant of f_values that the scheme would read: constant in each cell for zoh,
    of degree d for hold d, else linear. Its distance from g_T is exact but for rounding, whatever
    the scheme and however N compares with the number of steps: Gauss rules in each cell, with
    the points that N and the width of the cell ask for, O(L N) times some 10 points or, where N
    is not small against the number of steps, up to N.

    A large value says that the state holds little of the samples. Rows that are not exact for an
    interpolant (midpoint, bilinear, Euler) do so where N is above about half of the number of
    steps; "foh" does not.

    By the energy identity d/dt (t |c|^2) = f^2 - (f - B.c)^2 the same number is, for the exact
    state, the integral of the squared innovation f - B.c. docs/theory.md (3.1), (3.2).

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
    there = _array.home(f_values=f_values, solution=solution.coefficients) or _array.HOST
    wide, c = (
        there.xp.astype(part, _array.work_dtype(there, part))
        for part in (values, solution.coefficients[..., -1, :])
    )
    degree = _degree(solution.scheme)
    energy = _missed(wide, 0, solution.t, degree, c, (0, solution.t.size - 1), there)
    return _array.rounded(there.xp.asarray(energy), values)


def solve_with_energy(f, t, N, *, scheme="midpoint") -> tuple[np.ndarray, np.ndarray]:
    """The final coefficients and `energy_error`, in O(N) memory: no state is stored.

    Use it for long inputs, whose states would not fit into memory.

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
    The numbers of `energy_error(f(t), solve(f, t, N))`, in double precision. f is read twice: a
    callable must give the same values again.

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
    final = solve(f, t, N, scheme=row, store="final")
    signal = as_signal(f, t, "values")
    rows, degree = real_rows(final), _degree(row)
    energy = np.zeros(len(rows))
    chunk = max(_CHUNK // len(rows), 1)
    for start in range(0, t.size - 1, chunk):
        stop = min(start + chunk, t.size - 1)
        low, high = max(start - degree, 0), min(stop + degree + 1, t.size)  # room for the stencils
        values = signal.read(low, high)
        energy += _missed(values, low, t, degree, rows, (start, stop), _array.HOST)
    if signal.dtype.kind == "c":
        energy = np.sum(np.split(energy, 2), axis=0)
    return final, energy.reshape(signal.batch_shape)


def _degree(row: Scheme) -> int:
    """The degree of the interpolant of samples on the grid that a scheme reads."""
    return getattr(row, "degree", 1)


def _missed(values, low: int, t, degree: int, c, span, there):
    """Integrate |f_h - g_T|^2 over the cells of span; `values` begin at the sample `low`."""
    N, cells, energy = c.shape[-1], np.arange(*span), 0.0
    widths = np.diff(t[span[0] : span[1] + 1])
    counts = np.maximum(2 * cell_points(widths / t[-1], N, 0), degree) + 1
    for size in map(int, np.unique(counts)):
        chosen = cells[counts == size]
        for part in np.array_split(chosen, -(-chosen.size * size * N // _CHUNK)):
            energy = energy + _squares(values, low, t, degree, c, part, size, there)
    return energy


def _squares(values, low: int, t, degree: int, c, cells, size: int, there):
    """Integrate |f_h - g_T|^2 over some cells, by `size` Gauss points in each."""
    xp, (x, _, w) = there.xp, gauss(size)
    picks = leftmost(cells, degree, t.size)[:, None] + np.arange(degree + 1)
    start, width = t[cells, None], (t[cells + 1] - t[cells])[:, None]
    basis = _array.to_home(there, lagrange((t[picks] - start) / width, x), values.dtype)
    held: _array.Array = 0.0
    for j in range(degree + 1):
        entries = xp.asarray(picks[:, j] - low, device=there.device)
        held = held + xp.take(values, entries, axis=-1)[..., None] * basis[..., j]
    memory = _array.product(c, _basis((start + width * x) / t[-1], c.shape[-1]), there)
    missed = held - xp.reshape(memory, held.shape)
    with np.errstate(over="ignore"):  # a square that overflows is inf
        squares = xp.abs(missed) ** 2 * _array.to_home(there, width * w)
        return xp.sum(squares, axis=(-2, -1))


def _basis(x: np.ndarray, N: int) -> np.ndarray:
    """p_n at points of [0, 1], one column each: (N, x.size)."""
    return np.polynomial.legendre.legvander(2 * x.reshape(-1) - 1, N - 1).T * norms(N)[:, None]
