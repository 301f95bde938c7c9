"""A recurrence whose state is really rounded at every step, to hold the noise model against."""

import math
from typing import Any

import numpy as np

from hippo_theory import _check, scales
from hippo_theory.lti.forms import channels, check_system, dense
from hippo_theory.lti.values import DiagonalLTI
from hippo_theory.memory._poles import single_discrete
from hippo_theory.memory.precision import PRECISIONS, Precision


def simulate_rounded(system, u, precision="bfloat16", *, rng=None) -> np.ndarray:
    """x_k = round(A x_{k-1} + B u_k) from x = 0: states that are stored in few bits.

    Use it to see what a format really does to a layer, and where the model `rounding_noise` ends.

    Parameters
    ----------
    system : discrete system
        In its own coordinates; of implied conjugates, the listed poles run.
    u : array_like, shape (..., L), or (..., m, L) of a system with channels
    precision : str, Precision or int
        A name in `PRECISIONS`, or a number of significant bits without limits of the exponent.
    rng : numpy.random.Generator, optional
        Stochastic rounding, up or down with the probabilities that make it unbiased. By default
        to nearest, ties to even.

    Returns
    -------
    numpy.ndarray, shape (..., L, N)
        States that have read their sample, real where system and u are.

    Raises
    ------
    ValueError
        If the system is not discrete or has batch axes, or u has the wrong shape.
    numpy.linalg.LinAlgError
        If a state leaves the range of the format.

    Notes
    -----
    Only the state is rounded, real and imaginary parts apart, below the smallest normal number to
    its last place; weights, inputs and the sums of a step are those of double precision. Compiled,
    O(N) per sample for diagonal systems, O(N^2) otherwise. docs/theory.md (7.19), (7.21).

    Examples
    --------
    >>> import numpy as np, hippo_theory as ht
    >>> system = ht.DiagonalLTI([0.9], [1.0], [1.0], dt=1.0)
    >>> ht.memory.simulate_rounded(system, [1.0, 0.0, 0.0], 3).ravel()
    array([1.   , 0.875, 0.75 ])
    """
    check_system(system)
    single_discrete("system", system)
    row = _format(precision)
    if rng is not None and not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng must be a numpy.random.Generator, got {_check.shown(rng)}")
    A: Any = system.poles if isinstance(system, DiagonalLTI) else dense(system).A
    B = channels(system)[0]
    u = _check.double("u", u, minimum_ndim=1)
    if system.is_siso:
        u = u[..., None, :]
    _check.shape("u", u, (..., B.shape[1], "L"))
    drive = np.swapaxes(u, -1, -2) @ B.T
    items = (math.prod(drive.shape[:-2]), *drive.shape[-2:])
    states: Any = _run(A, drive.reshape(items), row, rng).reshape(drive.shape)
    return states if np.iscomplexobj(A) or np.iscomplexobj(drive) else states.real.copy()


def _format(precision) -> Precision:
    if isinstance(precision, (int, np.integer)) and not isinstance(precision, bool):
        bits = _check.integer("precision", precision, maximum=53)
        return Precision(f"{bits} bits", bits)
    return _check.choice("precision", precision, PRECISIONS, Precision)


def _run(A, drive, row, rng):
    from hippo_theory.memory import _fast

    _check.size("L", max(drive.shape[1], 1), by=4 * max(drive.shape[0] * drive.shape[2], 1))
    states: Any = np.zeros(drive.shape, complex)
    chances = np.zeros((0, 0, 0, 0)) if rng is None else rng.random((*drive.shape, 2))
    kernel = _fast.diagonal if A.ndim == 1 else _fast.dense
    A, drive = (np.ascontiguousarray(x, dtype=complex) for x in (A, drive))
    kernel(A, drive, row.bits, row.lowest, chances, states)
    size = scales.parts(states).max(initial=0.0)
    if not size <= row.largest:
        raise np.linalg.LinAlgError(
            f"states must stay within {row.largest:g} in {row.name}, got {size:g}; scale B down"
        )
    return states
