"""Stochastic gradients: the stationary variance of a gain, and the learning rate it allows."""

from typing import NamedTuple

import numpy as np

from hippo_theory import _check
from hippo_theory._check import positive
from hippo_theory.learning._arguments import pole_array


class BatchCurvature(NamedTuple):
    """Mean and variance of eta over random batches."""

    eta: float
    variance: float


def sgd_variance(learning_rate, eta, curvature_variance, gradient_variance) -> np.ndarray:
    """Stationary variance of the gain under stochastic gradients, one factor trained.

    Parameters
    ----------
    learning_rate : array_like
        alpha, below `sgd_limit`.
    eta, curvature_variance : array_like
        Mean and variance over batches of eta = sum phi^2.
    gradient_variance : array_like
        Variance over batches of the gradient at the minimum.

    Returns
    -------
    ndarray
        E (w - w*)^2 = alpha S / (2 eta - alpha (eta^2 + Var eta)); the other factor is one.

    Raises
    ------
    ValueError
        If the learning rate is not below the limit: there is no stationary variance.
    numpy.linalg.LinAlgError
        If the variance exceeds double precision.

    Notes
    -----
    Exact for batches drawn independently at each step, however curvature and gradient noise
    depend on each other, since the stationary mean of w is w*. O(1). docs/theory.md (8.23).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> round(float(ht.learning.sgd_variance(0.1, 1.0, 0.0, 1.0)), 6)
    0.052632
    """
    alpha = positive("learning_rate", learning_rate)
    _check.broadcast(
        learning_rate=learning_rate,
        eta=eta,
        curvature_variance=curvature_variance,
        gradient_variance=gradient_variance,
    )
    noise = positive("gradient_variance", gradient_variance, zero=True)
    limit = sgd_limit(eta, curvature_variance)
    if (alpha >= limit).any():
        raise ValueError(
            f"learning_rate must be below the mean-square limit {np.min(limit):g}, "
            f"got {np.max(alpha):g}"
        )
    # alpha S / (2 eta - alpha (eta^2 + Var eta)) with the bracket 2 eta / limit
    eta = positive("eta", eta)
    with np.errstate(over="ignore"):
        variance = (alpha / (1 - alpha / limit)) * (noise / eta) / 2
    return _check.in_range("the variance", variance)


def sgd_limit(eta, curvature_variance) -> np.ndarray:
    """Learning rate 2 eta / (eta^2 + Var eta) above which the variance of the gain grows.

    Parameters
    ----------
    eta, curvature_variance : array_like
        Mean and variance over batches of eta = sum phi^2.

    Returns
    -------
    ndarray
        Never above the deterministic 2 / eta.

    Raises
    ------
    ValueError
        If eta is not positive or the variance negative.
    numpy.linalg.LinAlgError
        If the limit exceeds double precision.

    Notes
    -----
    Mean-square stability, one factor trained (the other is one), batches independent. O(1).
    docs/theory.md (8.23).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> float(ht.learning.sgd_limit(1.0, 1.0))
    1.0
    """
    eta = positive("eta", eta)
    spread = positive("curvature_variance", curvature_variance, zero=True)
    _check.broadcast(eta=eta, curvature_variance=spread)
    with np.errstate(over="ignore"):  # a mean or a variance above 1e308 / eta: the limit is 0
        return _check.in_range("the limit", 2 / (eta + spread / eta))


def batch_curvature(pole: float, L: int, batch_size: int = 1) -> BatchCurvature:
    """Mean and variance of eta = sum phi^2 over batches of white Gaussian sequences.

    Parameters
    ----------
    pole : float
        Real, inside the unit circle.
    L : int
        Length of each sequence, unit variance.
    batch_size : int
        Sequences a batch, summed.

    Returns
    -------
    BatchCurvature
        eta = n tr G and variance = 2 n ||G||_F^2 with G the covariance of phi from zero state,
        G_ij = a^|i-j| (1 - a^(2 min(i,j) + 2)) / (1 - a^2). For the loss that is a mean over n L
        samples divide them by n L and (n L)^2.

    Notes
    -----
    O(L): the row sums of a^(2|i-j|) are geometric. docs/theory.md (8.24).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.learning.batch_curvature(0.0, 10)
    BatchCurvature(eta=10.0, variance=20.0)
    """
    a = _check.number("pole", pole)
    pole_array(a, inside=True, name="pole")
    L, n = _check.size("L", L, by=4), _check.integer("batch_size", batch_size)
    powers = a ** (2 * np.arange(L))
    diagonal = np.cumsum(powers)  # G_ii = (1 - a^(2 i + 2)) / (1 - a^2)
    later = (diagonal - 1)[::-1]  # sum_{d=1}^{L-1-i} a^(2 d)
    norm = (diagonal**2 * (1 + 2 * later)).sum()
    return BatchCurvature(float(n * diagonal.sum()), float(2 * n * norm))
