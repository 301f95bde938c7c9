"""Implicit collocation of high order: smooth stiff equations x' = f(x) to near rounding.

On a step of length h the answer is a polynomial of degree S whose derivative is f at the S Radau
points (Hairer and Wanner's Radau IIA family of any number of stages). Its Legendre coefficients
say how well it is resolved, and it is the answer at every time of the step. Newton's method keeps
one Jacobian a step. Errors are judged in the coordinates that the equation shows.
"""

from functools import cache
from typing import NamedTuple, Protocol

import numpy as np
from numpy.polynomial import legendre

STAGES = 16  # fastest of 8 to 20 on flows of 2 to 50 poles at 1e-12
STEPS = 10_000
_EPS = np.finfo(float).eps
_ITERATIONS = 14


class Equation(Protocol):
    """An autonomous equation, as the integrator needs it."""

    start: np.ndarray  # (n,)

    def slope(self, x: np.ndarray) -> np.ndarray:
        """Return f at the rows of x, (k, n)."""
        ...

    def jacobian(self, x: np.ndarray) -> np.ndarray:
        """Return df/dx at x, (n, n)."""
        ...

    def shown(self, x: np.ndarray) -> np.ndarray:
        """Return the quantities (k, m), linear in x, whose errors count."""
        ...

    def tolerance(self, x: np.ndarray, rtol: float) -> np.ndarray:
        """Return the errors of `shown` that are allowed at x, at least its rounding."""
        ...

    def reach(self, x: np.ndarray) -> float | np.ndarray:
        """Return the changes of `shown` beyond which an extrapolation is not trusted."""
        ...

    def state(self, x: np.ndarray) -> np.ndarray:
        """Return what is asked for at the rows of x, (k, m)."""
        ...

    def settle(self, x: np.ndarray) -> np.ndarray | None:
        """Change coordinates after a step, and return x in them; None for no change."""
        ...


class Stages(NamedTuple):
    """What does not depend on the equation."""

    points: np.ndarray  # (S,) of (0, 1]
    coefficients: np.ndarray  # (S + 1, S): Legendre series of a polynomial that is 0 at 0
    inverse: np.ndarray  # (S, S): values at the points to derivatives there
    eigenvalues: np.ndarray  # (S / 2,) of `inverse`, one of every conjugate pair
    vectors: np.ndarray  # (S, S / 2), counting both of a pair
    dual: np.ndarray  # (S / 2, S)


@cache
def stages(S: int = STAGES) -> Stages:
    """Return the tables of S stages."""
    defining = np.zeros(S + 1)
    defining[S - 1 :] = -1.0, 1.0  # P_S - P_{S-1} vanishes at the points
    x = np.sort(legendre.legroots(defining))
    for _ in range(3):
        x -= legendre.legval(x, defining) / legendre.legval(x, legendre.legder(defining))
    x[-1] = 1.0
    series = np.linalg.inv(legendre.legvander(np.concatenate([[-1.0], x]), S))[:, 1:]
    slopes = np.stack([legendre.legval(x, legendre.legder(e)) for e in np.eye(S + 1)], axis=1)
    inverse = 2 * slopes @ series
    eigenvalues, vectors = np.linalg.eig(inverse)
    dual = np.linalg.inv(vectors)
    first = np.imag(eigenvalues) > 0
    return Stages(
        (x + 1) / 2, series, inverse, eigenvalues[first], 2 * vectors[:, first], dual[first]
    )


def integrate(equation: Equation, t, rtol: float) -> np.ndarray:
    """Return the states (len(t), m) at increasing times t from x(0) = start.

    Errors of `shown` stay below the tolerance. A step that moves nothing beyond it is followed by
    one to the end. Raises LinAlgError with the time reached where steps become too small or too
    many.
    """
    x, now = equation.start, 0.0
    out = np.repeat(equation.state(x[None]), t.size, axis=0)
    h, last = _first_step(equation, t[-1]), None
    for _ in range(STEPS):
        if now >= t[-1]:
            return out
        h = min(h, t[-1] - now)
        if now + h == now:
            break
        series, shrink, grow = _step(equation, x, h, last, rtol)
        if series is None:
            h *= shrink
            continue
        end = t[-1] if h == t[-1] - now else now + h
        due = slice(*np.searchsorted(t, [now, end], side="right"))
        if due.stop > due.start:
            out[due] = equation.state(x + _values(series, 2 * ((t[due] - now) / h) - 1))
        x, now, last = x + series.sum(0), end, (h, series)
        h = t[-1] if grow == np.inf else h * grow
        turned = equation.settle(x)
        x, last = (x, last) if turned is None else (turned, None)
    raise np.linalg.LinAlgError(
        f"flow must reach t / tau = {t[-1]:g} in {STEPS} steps of at least its rounding, got to "
        f"{now:g}; ask for earlier times or a larger rtol"
    )


def _step(equation, x, h, last, rtol):
    """Series of one step, and the factors of the next step after a failure and a success."""
    table = stages()
    Z = _predict(equation, x, h, last, table.points)
    rounding = equation.tolerance(x, 0.0) + 8 * _EPS * abs(equation.shown(Z[-1:]))
    scale = equation.tolerance(x, rtol) + rounding
    Z, rounds = _newton(equation, x, h, Z, table, scale)
    if Z is None:
        return None, 0.3, 1.0
    series = table.coefficients @ Z
    tail = abs(equation.shown(series[-2:])).sum(0) - rounding / 4
    tail = (np.maximum(tail, 0.0) / scale).max()
    factor = 0.9 * max(tail, 1e-30) ** (-1 / (STAGES - 1))
    if tail > 1:
        return None, max(0.2, factor), 1.0
    still = (abs(equation.shown(Z[-1:])) <= scale).all()
    slow = 1.0 if rounds > 8 else 8.0
    return series, 1.0, np.inf if still else min(slow, factor)


def _newton(equation, x, h, Z, table, scale):
    """Solve f(x + Z) = inverse Z / h by Newton's method with one Jacobian; None where it fails."""
    J = equation.jacobian(x + Z[STAGES // 2])
    if not np.isfinite(J).all():
        return None, 0
    shifted = table.eigenvalues[:, None, None] / h * np.eye(x.size) - J
    solve, before = np.linalg.inv(shifted), np.inf
    for k in range(_ITERATIONS):
        gap = equation.slope(x + Z) - table.inverse @ Z / h
        step = (table.vectors @ (solve @ (table.dual @ gap)[:, :, None])[:, :, 0]).real
        size = (abs(equation.shown(step)) / scale).max()
        if not np.isfinite(size):
            return None, k
        Z = Z + step
        rate = size / before
        if size <= 0.02 or (k > 0 and rate < 0.3 and size * rate / (1 - rate) <= 0.02):
            return Z, k
        if rate > 0.8 and k > 1:
            return (Z, k) if size <= 0.3 else (None, k)  # what rounding leaves, or divergence
        before = size
    return None, _ITERATIONS


def _predict(equation, x, h, last, points):
    """Continue the last step by the smooth part of its polynomial, or go along the slope."""
    reach = equation.reach(x)
    if last is not None:
        before, series = last
        series = series[:7]
        Z = _values(series, 1 + 2 * points * (h / before)) - series.sum(0)
        if (abs(equation.shown(Z)) < reach).all():
            return Z
    Z = points[:, None] * (h * equation.slope(x[None]))
    return Z if (abs(equation.shown(Z)) < reach).all() else np.zeros_like(Z)


def _values(series, x):
    return legendre.legvander(x, series.shape[0] - 1) @ series


def _first_step(equation, end):
    x = equation.start
    rate = abs(equation.jacobian(x)).sum(1).max(initial=0.0)  # at least the spectral radius
    rate += (abs(equation.shown(equation.slope(x[None]))) / equation.tolerance(x, 1.0)).max(
        initial=0.0
    )
    return min(end, 2 / rate) if rate > 0 else end
