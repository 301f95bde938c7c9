"""What is known of the error of a LegS state from its own numbers."""

import numpy as np

from hippo_theory import _check
from hippo_theory.legs._legendre import norms
from hippo_theory.legs.solver import Solution


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
    ndarray, shape (...)
        Units of f^2 times time.

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
    values = _check.array("f_values", f_values)
    _check.shape("f_values", values, solution.coefficients.shape[:-1])
    newest = solution.coefficients @ norms(solution.coefficients.shape[-1])
    return np.asarray(np.trapezoid(abs(values - newest) ** 2, solution.t, axis=-1))
