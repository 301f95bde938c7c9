"""The gain of a shared pole at many times: numerator and denominator in normalized units.

Both are quadratic in E = exp(-R t / tau) and g = (1 - E) / R. Because g E = g - R g^2, a quadratic
in E and g can be written c E + g (a + b E). So a time costs one exponential, one expm1 and a few
products.
"""

from typing import NamedTuple

import numpy as np

from hippo_theory.learning.one_pole_start import Start, Units


class Clock(NamedTuple):
    """What the time enters by, and how R is shared between sigma and eta Lambda."""

    E: np.ndarray
    lifted: np.ndarray  # 2^lift E
    g: np.ndarray  # (1 - E) / R
    plus: np.ndarray  # k_+- = 1 +- 2 sigma / R, k_- free of cancellation
    minus: np.ndarray
    share: np.ndarray  # sigma / R
    spread: np.ndarray  # eta Lambda / R


def clock(t, conserved, units: Units) -> Clock:
    """Read the clock at the times t."""
    spread = units.eta * np.sqrt(conserved)
    R = np.hypot(2 * units.sigma, spread)
    still = np.finfo(float).tiny > R  # 1 / R overflows; E = 1 and g = t / tau to rounding
    safe = np.where(still, 1.0, R)
    x = t * (-R / units.tau)
    E, g = np.exp(x), np.expm1(x)
    g *= -1 / safe
    lifted = _lifted(E, x, units.lift)
    if still.any():
        g = np.where(still, t / units.tau, g)
    plus, spread = 1 + 2 * units.sigma / safe, spread / safe
    minus = np.where(still, 1.0, spread**2 / plus)
    return Clock(E, lifted, g, plus, minus, units.sigma / safe, spread)


def _lifted(E, x, lift):
    """2^lift exp(x), of full relative precision where E is, and alive where E has underflowed."""
    if not lift.any():
        return E
    return np.where(x > -700, np.ldexp(E, lift), np.exp(x + np.log(2.0) * lift))


def turned_gain(at: Clock, start: Start, units: Units) -> tuple[np.ndarray, np.ndarray]:
    """Numerator of the real part of the turned gain and 2^lift times the denominator, halved.

    With w_0 well on the target's side the numerator is taken from w_0 and S_0; opposite to it,
    from P_0 and Q_0: r (P_0 (k_+ - k_- E^2) + Q_0 (k_- - k_+ E^2)) / 2 + k_+ k_- E (P_0 - Q_0) / 2
    + eta sigma Lambda^2 g^2 with r = sigma / R.
    """
    w, S, P, Q = start.w, start.S, start.P, start.Q
    _, lifted, _, plus, minus, r, spread = at
    bend = units.lifted_eta * np.sqrt(start.conserved) * spread
    first = units.lifted_eta / 2 * (P * plus + Q * minus) + bend
    second = units.lifted_eta / 2 * (P * minus + Q * plus) - bend
    below = _affine(first / 2, second / 2, at)
    below += lifted
    drive, late, rest = units.sigma * S, r * (4 * units.sigma * w + units.eta * start.conserved), w
    opposite, split = (-4 * w > S) & (4 * r > 1), None
    if opposite.any():
        both = r * (P * plus + Q * minus - (P * minus + Q * plus) * at.E**2) / 4
        split = np.where(opposite, both, 0.0)
        drive = np.where(opposite, 0.0, drive)
        late = np.where(opposite, r * units.eta * start.conserved, late)
        rest = np.where(opposite, plus * minus, 1.0) * w
    above = _affine((drive + late) / 2, (drive - late) / 2, at)
    above += rest * at.E
    return (above if split is None else above + split), below


def _affine(a, b, at: Clock):
    """g (a + b E), in place: at.E has the shape of all that it came from."""
    value = b * at.E
    value += a
    value *= at.g
    return value
