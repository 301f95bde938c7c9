"""The memory curve from samples, with its bias removed and its standard error."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from hippo_theory import _check
from hippo_theory.lti import graded

CHUNK = 2**22  # entries of the table of lagged inputs that are in memory at once


@dataclass(frozen=True, slots=True, eq=False)
class CapacityEstimate:
    """A sampled memory curve.

    Attributes
    ----------
    capacity : numpy.ndarray, shape (K,)
        Bias-corrected; can be slightly negative where nothing is remembered.
    standard_error : numpy.ndarray, shape (K,)
    raw : numpy.ndarray, shape (K,)
        In-sample shares of variance, too large by about (1 - MC) regressors / samples.
    samples, regressors : int
        Rows of the regression, and the numerical rank of the (real) states.
    """

    capacity: np.ndarray
    standard_error: np.ndarray
    raw: np.ndarray
    samples: int
    regressors: int

    def __repr__(self):
        total, error = self.capacity.sum(), np.sqrt(np.sum(self.standard_error**2))
        return (
            f"{self.capacity.size} lags, total capacity {total:.3f} +- {error:.3f} "
            f"from {self.samples} samples and {self.regressors} regressors"
        )


def estimate_capacity(states, inputs, K) -> CapacityEstimate:
    """Estimate MC(0 .. K - 1) by least squares of past inputs on states, bias-corrected.

    Parameters
    ----------
    states : array_like, shape (T, N)
        ``states[t]`` has read ``inputs[t]``; of a real layer with complex states, real and
        imaginary parts are both regressors. States of `lti.simulate` have not read u_k yet: pair
        ``x[1:]`` with ``u[:-1]``.
    inputs : array_like, shape (T,)
        Real samples of zero mean, independent in time, not all equal.
    K : int
        Number of lags.

    Returns
    -------
    CapacityEstimate
        `.capacity`, `.standard_error`, `.raw`.

    Raises
    ------
    ValueError
        If there are not more samples than lags and regressors, or the mean of the inputs is more
        than eight standard errors off zero: a mean is remembered by any state with a mean.

    Notes
    -----
    1 - (1 - R^2) n / (n - p), n rows and p regressors, removes the expectation of the in-sample
    bias. It and the standard error take rows as independent: where the memory is not short
    against the run, the correction takes off too much (4 horizons of a comb read 40 % low).
    Directions of the states below rounding are left out of the regression: for ill-conditioned
    states the estimate is that of the rounded recurrence, not of its spectrum; `capacity` has no
    such floor. O(T N (N + K)). docs/theory.md (7.1), (7.14).

    Examples
    --------
    >>> import numpy as np, hippo_theory as ht
    >>> u = np.random.default_rng(0).normal(size=4000)
    >>> shifted = np.stack([u, np.r_[0.0, u[:-1]]], axis=1)
    >>> ht.memory.estimate_capacity(shifted, u, 4).capacity.round(2)
    array([ 1.,  1., -0., -0.])
    """
    states, inputs, K = _samples(states, inputs, K)
    rows = states[K - 1 :]
    basis = _orthonormal_columns(rows)
    n, p = basis.shape
    if n <= p + 1:
        raise ValueError(f"states must hold more than {K + p} samples, got {n + K - 1}")
    lagged = np.lib.stride_tricks.sliding_window_view(inputs, K)[:, ::-1]  # row t: lags 0 .. K-1
    projections, power, step = np.zeros((p, K)), np.zeros(K), max(1, CHUNK // K)
    for first in range(0, n, step):
        part = slice(first, first + step)
        targets = np.ascontiguousarray(lagged[part])  # strided views miss the fast product
        projections += basis[part].T @ targets
        power += np.sum(targets**2, axis=0)
    raw = np.sum(projections**2, axis=0) / power
    corrected = 1 - (1 - raw) * n / (n - p)
    level = np.clip(corrected, 0, 1)
    variance = (1 - level) ** 2 * (4 * level / n + 2 * p / (n * (n - p)))
    return CapacityEstimate(corrected, np.sqrt(variance), raw, n, p)


def _samples(states, inputs, K) -> tuple[Any, Any, int]:
    K = _check.integer("K", K)
    inputs = _check.double("inputs", inputs, ndim=1, real=True)
    x: Any = _check.double("states", states, ndim=2)
    _check.shape("states", x, (inputs.size, "N"))
    if inputs.size < K:
        raise ValueError(f"inputs must hold at least K = {K} samples, got {inputs.size}")
    if not np.any(inputs):
        raise ValueError("inputs must not be zero, got zeros only")
    given, inputs = np.abs(inputs).max(), _scaled(inputs)
    mean, spread = float(inputs.mean()), float(inputs.std())
    if abs(mean) * np.sqrt(inputs.size) > 8 * spread:
        unit = given / np.abs(inputs).max()
        raise ValueError(
            f"inputs must have zero mean and vary, got mean {mean * unit:g} and standard deviation "
            f"{spread * unit:g}; subtract the mean, and from the states the response to it"
        )
    if np.iscomplexobj(x):
        x = np.concatenate([x.real, x.imag], axis=1)
    return _scaled(x), inputs, K


def _scaled(x):
    """Columns by powers of two, which the capacity does not see, so that squares are floats."""
    return np.ldexp(x, -np.frexp(np.abs(x).max(axis=0, initial=0.0))[1])


def _orthonormal_columns(rows):
    scale = np.linalg.norm(rows, axis=0)
    Q, R, _ = graded.qr(rows[:, scale > 0] / scale[scale > 0])
    pivots = np.abs(R.diagonal())
    return Q[:, : pivots.size][:, pivots > pivots[:1] * max(rows.shape) * np.finfo(float).eps]
