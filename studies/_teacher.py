"""Sequences for the learning studies: AR(1) inputs and the noisy output of a one-pole teacher."""

import numpy as np
from scipy.signal import lfilter


def sequences(rng, shape, *, correlation=0.0):
    """Return unit-variance AR(1) inputs of shape (P, L), stationary from the first sample."""
    count, L = shape
    first = rng.normal(size=(count, 1))
    steps = (1 - correlation**2) ** 0.5 * rng.normal(size=(count, L - 1))
    return np.asarray(lfilter([1.0], [1.0, -correlation], np.hstack([first, steps]), axis=-1))


def answers(rng, u, pole, weight, noise):
    """Return weight (g * u) + noise for the recurrence g of one pole, from zero state."""
    output = np.asarray(lfilter([1.0], [1.0, -pole], u, axis=-1))
    return weight * output + noise * rng.normal(size=u.shape)


def thin(count, points):
    """Return at most `points` indices of range(count), evenly spread, both ends included."""
    return np.unique(np.linspace(0, count - 1, points).round().astype(int))
