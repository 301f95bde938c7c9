"""What is known of the error of a LegS state: bounds, and an estimate that knows when it fails."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from hippo_theory import _check
from hippo_theory.legs._effective import effective_input, signal_of
from hippo_theory.legs._quadrature import squared_norm
from hippo_theory.legs._signal import as_signal, real_rows
from hippo_theory.legs.inputs import Input
from hippo_theory.legs.schemes import SCHEMES, Scheme
from hippo_theory.legs.solver import Solution, reconstruct, solve

EPS = float(np.finfo(np.float64).eps)
HALVINGS = 50  # of the first cell towards 0: what is left weighs less than rounding
DRIFT = 0.1  # of differences from a geometric sequence, still trusted: an empirical constant


def input_error_bound(f, solution: Solution) -> np.ndarray:
    """|c(T) - c_K| <= T^{-1/2} ||f - f_h||_{L2(0, T)}, f_h being the input that the scheme used.

    Parameters
    ----------
    f : Input or callable
        The true input: an Input (split at its `breaks`), or times (L,) -> values (..., L).
    solution : Solution
        From `solve`, by any scheme, from values or averages.

    Returns
    -------
    ndarray, shape (...)
        A bound of the Euclidean norm of the error of the last coefficients, for every N, in
        units of f; inf where the quadrature of f - f_h cannot be trusted.

    Raises
    ------
    ValueError, TypeError
        If f is not callable, or its values do not fit the solution.

    Notes
    -----
    For the holds f_h is the interpolant (or the averages), and the bound is Bessel's. The states
    of other rows solve the equation exactly for no input: f_h is found from the states, and what
    it leaves of each step, delta_k, adds T^{-1/2} sum_k t_{k+1}^{1/2} |delta_k|, since
    ||r^A|| <= r^{1/2}. So no property of the scheme is used, not even its stability.

    Exact but for rounding (`error_budget` adds it) and quadrature: Gauss rules on halved cells,
    whose differences are added; inf where they stay above 1/32 of the result, and for an Input
    that is not Riemann integrable, of which values at points say too little.
    A callable must be bounded, its features must not hide between 16 points in each cell: give
    what jumps as an Input, whose breaks are known. With t[0] > 0 the initial coefficients are
    taken as exact. docs/theory.md (3.3).

    The cost is that of the quadrature, O(L); for rows other than holds a hold step for each cell.

    Examples
    --------
    >>> import numpy as np, hippo_theory as ht
    >>> f, t = ht.legs.inputs.cosine(6.0), np.linspace(0, 1, 101)
    >>> for scheme in ("foh", "midpoint"):
    ...     solution = ht.legs.solve(f, t, 8, scheme=scheme)
    ...     error = np.linalg.norm(solution.coefficients[-1] - f.project([1.0], 8)[0])
    ...     print(f"{error:.1e} <= {ht.legs.input_error_bound(f, solution):.1e}")
    2.1e-04 <= 2.3e-04
    2.9e-04 <= 7.0e-04
    """
    truth = _truth(f, solution)
    held = effective_input(solution)
    squares = np.full(len(held.values), np.inf)
    if getattr(f, "riemann_integrable", True):
        noise = 64 * EPS * abs(held.values).max()
        squares = squared_norm(lambda s: truth(s) - held(s), _edges(f, solution.t), noise)
    norms = np.sqrt(squares) + held.unexplained
    return _batched(norms, solution) / np.sqrt(solution.t[-1])


def step_doubling_estimate(f, t, N, *, scheme="midpoint") -> np.ndarray:
    """|c_h - c_2h| / (2^p - 1), the error of the last coefficients; inf where p is not observed.

    Parameters
    ----------
    f : Input, callable or array_like, shape (..., L)
        The input, as for `solve`.
    t : array_like, shape (L,)
        The finest grid; L - 1 must be a multiple of 8.
    N : int
        State dimension.
    scheme : str or Scheme
        A row of SCHEMES.

    Returns
    -------
    ndarray, shape (...)
        In units of f. An estimate, not a bound: `input_error_bound` is one.

    Raises
    ------
    ValueError, TypeError
        If an argument is not of the form above.

    Notes
    -----
    Every second, fourth and eighth time is taken too. The differences of neighbouring grids must
    shrink twice by 2^p, as vectors, to within 10 %, and stay above rounding; else the estimate is
    inf. p is the row's order, or an Input's final order if that is smaller. What they drift from
    the geometric sequence enlarges the estimate: 2^p (1 - drift) stands for 2^p. On jumps and
    kinks off the grid differences can vanish while the error does not (aliasing): an Input with
    a break off the eighth times gives inf at once, but samples and callables cannot tell, and a
    kink in them may pass unseen. Costs less than two runs of `solve`. docs/theory.md (3.4).

    Examples
    --------
    >>> import numpy as np, hippo_theory as ht
    >>> f, t = ht.legs.inputs.cosine(6.0), np.linspace(0, 1, 257)
    >>> error = ht.legs.solve(f, t, 8, store="final") - f.project([1.0], 8)[0]
    >>> estimate = ht.legs.step_doubling_estimate(f, t, 8)
    >>> bool(1 < estimate / np.linalg.norm(error) < 1.05)
    True
    >>> ht.legs.step_doubling_estimate(f + ht.legs.inputs.step(0.3), t, 8)
    array(inf)
    """
    t = _check.times("t", t)
    N = _check.integer("N", N)
    row = _check.choice("scheme", scheme, SCHEMES, Scheme)
    if (t.size - 1) % 8:
        raise ValueError(f"t must have a multiple of 8 steps, got {t.size - 1}")
    values = np.empty(t.size) if callable(f) else _check.array("f", f, minimum_ndim=1)
    if not callable(f):
        _check.shape("f", values, (..., t.size))
    order = min(row.order, f.final_order) if isinstance(f, Input) else row.order
    steady = not isinstance(f, Input) or (order > 0 and f.has_slope(t[::8]))
    finals = [
        solve(f if callable(f) else values[..., ::k], t[::k], N, scheme=row, store="final")
        for k in (1, 2, 4, 8)
    ]
    drift, size = _drift(finals, 2.0**order)
    with np.errstate(over="ignore"):
        largest = np.linalg.norm(finals[0], axis=-1)
    rounding = (N + 8) * EPS * np.sqrt(t[1:] / t[-1]).sum() * largest
    trusted = steady & (drift <= DRIFT) & (size > rounding)
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        estimate = size / (2**order * (1 - drift) - 1) + rounding
    return np.asarray(np.where(trusted, estimate, np.inf))


def _drift(finals, factor: float):
    """How far differences of neighbouring grids are from a geometric sequence; the last size."""
    first, second, third = (fine - coarse for fine, coarse in pairwise(finals))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        drifts = [
            np.linalg.norm(before - factor * after, axis=-1) / np.linalg.norm(before, axis=-1)
            for before, after in ((third, second), (second, first))
        ]
        size = np.linalg.norm(first, axis=-1)
    return np.max(np.nan_to_num(drifts, nan=np.inf), axis=0), size


@dataclass(frozen=True, slots=True, eq=False)
class ErrorBudget:
    """Where the error of a memory comes from, as root mean squares over [0, T], in units of f.

    Attributes
    ----------
    projection : ndarray, shape (...)
        T^{-1/2} ||f - g||: what the N coefficients at T miss of f.
    discretization : ndarray, shape (...)
        Bound of |c(T) - c_K|: what samples and scheme do to the coefficients.
    rounding : ndarray, shape (...)
        What double precision (or that of the samples) does to them.
    """

    projection: np.ndarray
    discretization: np.ndarray
    rounding: np.ndarray

    @property
    def total(self) -> np.ndarray:
        """Root mean square of f - g_K: the parts beyond N and within are orthogonal."""
        return np.hypot(self.projection, self.discretization + self.rounding)

    def __repr__(self):
        names = ("projection", "discretization", "rounding", "total")
        parts = (f"{name} {np.max(getattr(self, name)):.2g}" for name in names)
        batch = "" if np.ndim(self.projection) == 0 else f"largest of {np.shape(self.projection)}: "
        return batch + ", ".join(parts)


def error_budget(f, solution: Solution) -> ErrorBudget:
    """Projection + discretization + rounding: what a solution's last state may miss of f.

    Parameters
    ----------
    f : Input or callable
        The true input.
    solution : Solution
        From t = 0.

    Returns
    -------
    ErrorBudget
        `.projection`, `.discretization`, `.rounding`, `.total`; none is below the truth.

    Raises
    ------
    ValueError, TypeError
        As `input_error_bound`; or if the solution starts after t = 0.

    Notes
    -----
    The projection is measured with the computed state, g_K = sum_n c_n p_n(s/T), by the
    quadrature of `input_error_bound`: the best approximation is no farther. Oscillation without
    end at t = 0 is resolved from halving to halving of the first cell. Without f between its
    samples see `energy_error`. Discretization is `input_error_bound`. Rounding takes
    (2 N + 16) 2^-53 (|c_k| + max|f|) for a hold step (at most half was measured against ball
    arithmetic, N <= 96), carried to T by t^{1/2}, and the storage of c_K: a worst case, above
    the true sum by about the root of the number of steps. docs/theory.md (3.5).

    Examples
    --------
    >>> import numpy as np, hippo_theory as ht
    >>> f, t = ht.legs.inputs.cosine(6.0), np.linspace(0, 1, 101)
    >>> ht.legs.error_budget(f, ht.legs.solve(f, t, 6, scheme="hold3"))
    projection 0.014, discretization 1.6e-07, rounding 3.6e-13, total 0.014
    """
    truth = _truth(f, solution)
    t = solution.t
    if t[0] != 0:
        raise ValueError(f"solution must start at t = 0, got t[0] = {t[0]:g}")

    def missed(s):
        memory = reconstruct(solution, s.ravel())
        return truth(s) - real_rows(memory).reshape(-1, *s.shape)

    samples = signal_of(solution)
    largest = abs(samples.read(0, t.size - samples.averages)).max()
    squares = np.full(_row_count(solution), np.inf)
    if getattr(f, "riemann_integrable", True):
        squares = squared_norm(missed, _edges(f, t), 64 * EPS * largest)
    projection = _batched(np.sqrt(squares), solution) / np.sqrt(t[-1])
    return ErrorBudget(projection, input_error_bound(f, solution), _rounding(solution, largest))


@np.errstate(over="ignore", invalid="ignore")
def _rounding(solution: Solution, largest: float) -> np.ndarray:
    t, c = solution.t, solution.coefficients
    sizes = np.linalg.norm(c.astype(np.result_type(c, np.float64)), axis=-1)
    carried = (sizes[..., :-1] + largest) @ np.sqrt(t[1:] / t[-1])
    return (c.shape[-1] + 8) * EPS * carried + np.finfo(c.dtype).eps * sizes[..., -1]


def _truth(f, solution: Solution):
    """f at points (I, M), as real rows (S, I, M)."""
    if not isinstance(solution, Solution):
        raise TypeError(f"solution must be a Solution, got {type(solution).__name__}")
    if not callable(f):
        raise TypeError(
            f"f must be an Input or a callable, got {type(f).__name__}; "
            "samples say nothing between their times"
        )
    signal = as_signal(f, (solution.t[:-1] + solution.t[1:]) / 2, "values")
    expected = signal_of(solution).batch_shape
    if signal.batch_shape != expected:
        raise ValueError(
            f"f must have the leading axes of the solution, {expected}, got {signal.batch_shape}"
        )
    if (signal.dtype.kind == "c") != (solution.coefficients.dtype.kind == "c"):
        raise TypeError("f must be complex if and only if the solution is")
    evaluate = signal.evaluate
    assert evaluate is not None
    return lambda s: evaluate(s.ravel()).reshape(-1, *s.shape)


def _edges(f, t: np.ndarray) -> np.ndarray:
    """Cells and breaks; the first cell is cut towards 0, where f may oscillate without end."""
    breaks = np.array(getattr(f, "breaks", ()))
    edges = np.union1d(t, breaks[(breaks > t[0]) & (breaks < t[-1])])
    if t[0] > 0:
        return edges
    towards_zero = np.ldexp(edges[1], -np.arange(1, HALVINGS))
    return np.union1d(edges, towards_zero[towards_zero > 0])


def _row_count(solution: Solution) -> int:
    c = solution.coefficients
    return c[..., 0, 0].size * (2 if c.dtype.kind == "c" else 1)


def _batched(norms: np.ndarray, solution: Solution) -> np.ndarray:
    """Norms of real rows -> norms of the caller's sequences."""
    c = solution.coefficients
    if c.dtype.kind == "c":
        norms = np.hypot(*np.split(norms, 2))
    return norms.reshape(c.shape[:-2])
