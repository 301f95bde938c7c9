"""How much of the gradient of a state with respect to an old input survives."""

import numpy as np

from hippo_theory import _check
from hippo_theory.lti.pairings import pairings
from hippo_theory.memory._poles import every_pole


def gradient_norms(poles, lag, *, unit_variance=True) -> np.ndarray:
    """|d x_T / d u_{T-k}| of every mode: sqrt(1 - |l|^2) |l|^k.

    Parameters
    ----------
    poles : array_like, shape (N,), or discrete system
        A system stands for its poles, which its one input must all drive; B is rescaled to that
        of unit-variance states.
    lag : array_like of non-negative numbers
        k.
    unit_variance : bool
        True: B = sqrt(1 - |l|^2), the normalisation of an LRU. False: B = 1, so |l|^k.

    Returns
    -------
    numpy.ndarray, shape (*lag.shape, N)

    Raises
    ------
    ValueError
        If a pole is not inside the unit circle or not driven, or a lag is negative.

    Notes
    -----
    O(1) per entry. docs/theory.md (7.24).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.memory.gradient_norms([0.6, 0.8], [0, 1])
    array([[0.8 , 0.6 ],
           [0.48, 0.48]])
    """
    poles, log_poles = every_pole(poles)
    lag = _check.positive("lag", lag, zero=True)[..., None]
    if log_poles is None:
        power = np.abs(poles) ** lag
    else:
        power = np.exp(lag * log_poles.real)
    if not _check.flag("unit_variance", unit_variance):
        return power
    return np.sqrt(pairings(poles, log_poles=log_poles).diagonal) * power


def best_radius(lag) -> np.ndarray:
    """|l| = sqrt(k / (k + 1)): the unit-variance mode with the largest gradient at lag k.

    Parameters
    ----------
    lag : array_like of non-negative numbers
        k.

    Returns
    -------
    numpy.ndarray, shape of lag

    Raises
    ------
    ValueError
        If a lag is negative.

    Notes
    -----
    Maximises (1 - |l|^2) |l|^{2k}, the mode's memory under state noise as well as its gradient.
    docs/theory.md (7.24).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.memory.best_radius([0, 3])
    array([0.       , 0.8660254])
    """
    lag = _check.positive("lag", lag, zero=True)
    return np.sqrt(lag / (lag + 1))


def best_gradient(lag) -> np.ndarray:
    """sqrt((1 / (k + 1)) (k / (k + 1))^k) ~ 1 / sqrt(e k): the largest gradient at lag k.

    Parameters
    ----------
    lag : array_like of non-negative numbers
        k.

    Returns
    -------
    numpy.ndarray, shape of lag
        Of a unit-variance mode. It falls like a power of k: gradients vanish exponentially only
        for a radius that does not move with the lag.

    Raises
    ------
    ValueError
        If a lag is negative.

    Notes
    -----
    docs/theory.md (7.24).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.memory.best_gradient([0, 1])
    array([1. , 0.5])
    """
    lag = _check.positive("lag", lag, zero=True)
    return np.exp(-0.5 * lag * np.log1p(1 / np.maximum(lag, 1e-300))) / np.sqrt(lag + 1)


def noisy_capacity_bound(N, lag, noise) -> np.ndarray:
    """N / (noise (k + 1)) (k / (k + 1))^k, at most 1: no diagonal recurrence does better.

    Parameters
    ----------
    N : int
        Number of unit-variance modes.
    lag : array_like of non-negative numbers
        k.
    noise : float
        Noise variance of every mode, relative to its own.

    Returns
    -------
    numpy.ndarray, shape of lag

    Raises
    ------
    ValueError
        If a lag is negative or the noise not positive.

    Notes
    -----
    MC_D(k) <= |v_k|^2 / noise, and no mode has a larger gradient than `best_gradient`: memory at
    level m reaches lags up to about N / (e m noise). docs/theory.md (7.25).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.memory.noisy_capacity_bound(8, [0, 100], 0.1)
    array([1.        , 0.29284056])
    """
    N = _check.integer("N", N)
    noise = _check.number("noise", noise, above=0.0)
    return np.minimum(1.0, min(N / noise, 1e300) * best_gradient(lag) ** 2)
