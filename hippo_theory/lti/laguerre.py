"""The all-pass chain of one repeated pole that a HOPE layer is, as a state-space value."""

from typing import Any

import numpy as np

from hippo_theory import _check
from hippo_theory.lti import cascade
from hippo_theory.lti._values import Array
from hippo_theory.lti.values import LTI


def chain(n: int, dt: Any) -> dict[str, Any]:
    """Poles of the n sections, as logarithms where that keeps 1 - |a|."""
    dt = _check.number("dt", dt, above=0.0)
    if 0.5 < dt < 2.0:
        return {"poles": np.full(n, (1 - dt) / (1 + dt))}
    log = -2 * np.arctanh(min(dt, 1 / dt)) + (0j if dt < 1 else np.pi * 1j)
    return {"poles": None, "log_poles": np.full(n, log)}


def taps_after_sections(h: Array, dt: Any, feedthrough: float = 0.0) -> LTI:
    """The sum of h[k - 1] times the output of section k, and of the input times a number."""
    A, b = (np.real(x) for x in cascade.matrices(**chain(h.size, dt)))
    a, s = A[0, 0], b[0]
    C, through, D = np.zeros(h.size, h.dtype), np.zeros(h.size), feedthrough
    feed = 1.0  # v_m = through . x[k-1] + feed u[k]
    for m in range(h.size):
        through, feed = -a * through, -a * feed
        through[m] += s
        C, D = C + h[m] * through, D + h[m] * feed
    return LTI(A, b, C, D, dt=dt)
