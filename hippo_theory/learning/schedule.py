"""Saddle to saddle: from a vanishing start poles switch on one by one, at times in closed form.

With weights of size lambda the gains b c wait at w = 0 until z_j = (2 / log(1 / lambda)) times
the integral of (s - M w)_j reaches +-1, and between such events w is the best fit of the poles that
are on, z_j w_j >= 0. Time counted in log(1 / lambda) becomes exact as lambda -> 0.
"""

from dataclasses import dataclass

import numpy as np

from hippo_theory.learning.limits import constrained, restricted
from hippo_theory.learning.statistics import Statistics, given


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Schedule:
    """The order in which poles are learnt.

    Attributes
    ----------
    times : ndarray, shape (E,)
        Of the events, in units of tau log(1 / lambda).
    poles : ndarray of int, shape (E,)
        The pole that switches on.
    w : ndarray, shape (E + 1, N)
        Gains of the plateaus: w[k] after k events.
    """

    times: np.ndarray
    poles: np.ndarray
    w: np.ndarray

    def __repr__(self):
        return f"Schedule({self.times.size} events of {self.w.shape[1]} poles)"


def activation_schedule(stats: Statistics) -> Schedule:
    """Events and plateaus of gradient flow on b and c from a vanishing start.

    Parameters
    ----------
    stats : Statistics
        `.s` (N,) and regular `.M` (N, N).

    Returns
    -------
    Schedule
        `.times`, `.poles`, `.w`; the last plateau is the least-squares solution M^{-1} s.

    Raises
    ------
    ValueError
        If M is singular.

    Notes
    -----
    For starts with |b_j^2 - c_j^2| = lambda and b c = 0, an event is at time
    `times` tau log(1 / lambda), with a relative error of order 1 / log(1 / lambda). A pole whose
    gain falls back to zero is off again until its z_j returns to +-1. Complex weights keep no sign:
    the length of the path of z_j counts, the integral of 2 |s - M w|_j, since a weight that has
    grown along one phase goes on growing along another, and a pole that is on stays on. O(N^3) an
    event, linear in time between two. After Pesme and Flammarion (2023) [pesme2023saddle]; for the
    responses of poles, and complex, derived here. docs/theory.md (8.27).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> poles = [0.95, 0.8, 0.5, -0.4]
    >>> stats = ht.learning.population_statistics(poles, poles, [1.0, -0.5, 0.7, 0.3])
    >>> schedule = ht.learning.activation_schedule(stats)
    >>> schedule.times.round(4)
    array([0.0514, 0.7753, 1.5018, 9.1619])
    >>> schedule.poles
    array([0, 3, 2, 1])
    """
    smallest, largest = np.linalg.eigvalsh(given(stats).M)[[0, -1]]
    N, eps = stats.s.size, np.finfo(float).eps
    if smallest <= N * eps * largest:
        raise ValueError(f"M must be regular, got the eigenvalues {smallest:g} to {largest:g}")
    if np.iscomplexobj(stats.M) or np.iscomplexobj(stats.s):
        return _complex_schedule(stats)
    z, w, time = np.zeros(N), np.zeros(N), 0.0
    on = np.zeros(N, bool)
    times, poles, plateaus = [], [], [w]
    while True:
        force = stats.s - stats.M @ w
        force[abs(force) <= 64 * N * eps * (abs(stats.s) + abs(stats.M) @ abs(w))] = 0
        on &= (w != 0) | (force == 0)
        moving = ~on & (force != 0)
        if not moving.any():
            return Schedule(np.array(times), np.array(poles, int), np.array(plateaus))
        wait = np.full(N, np.inf)
        wait[moving] = (1 - np.sign(force[moving]) * z[moving]) / (2 * abs(force[moving]))
        j = int(np.argmin(wait))
        time += wait[j]
        z[moving] += 2 * force[moving] * wait[j]
        z[j], on[j] = np.sign(force[j]), True
        w = constrained(stats, np.where(on & (z > 0), np.inf, 0), np.where(on & (z < 0), np.inf, 0))
        times.append(time)
        poles.append(j)
        plateaus.append(w)


def _complex_schedule(stats) -> Schedule:
    """Poles switch on once and for all, when the path of z_j has the length 1."""
    N, time = stats.s.size, 0.0
    length, on = np.zeros(N), np.zeros(N, bool)
    times, poles, plateaus = [], [], [np.zeros(N, complex)]
    while True:
        w = plateaus[-1]
        force = abs(stats.s - stats.M @ w)
        noise = 64 * N * np.finfo(float).eps * (abs(stats.s) + abs(stats.M) @ abs(w))
        force[on | (force <= noise)] = 0
        if not force.any():
            return Schedule(np.array(times), np.array(poles, int), np.array(plateaus))
        wait = np.full(N, np.inf)
        wait[force > 0] = (1 - length[force > 0]) / (2 * force[force > 0])
        j = int(np.argmin(wait))
        time += wait[j]
        length += 2 * force * wait[j]
        on[j] = True
        times.append(time)
        poles.append(j)
        plateaus.append(restricted(stats, on))
