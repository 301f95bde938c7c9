"""Coordinates in which a pole is trained, and what each makes of the curvature of the loss.

Gradient descent on s with a = a(s) moves a by (da/ds)^2 times the gradient: a coordinate is a
metric, and the flow needs the speed da/ds as a function of a alone. Of a complex pole the radius
is trained through a(s) and the angle as it is, so the angular speed is |a|, unless the coordinate
is isotropic.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from hippo_theory import _check
from hippo_theory._table import Table
from hippo_theory.learning._arguments import pole_array
from hippo_theory.learning.population import one_minus_product


@dataclass(frozen=True, slots=True, eq=False)
class Coordinate:
    """One row of `POLE_COORDINATES`.

    Attributes
    ----------
    name : str
    formula : str
        a as a function of the trained number s.
    pole : callable
        a(s) for real s.
    parameter : callable
        s(a) for real a.
    speed : callable
        da/ds as a function of a, 1 + a and 1 - a, for real a or a radius.
    least : float
        Real poles must lie above it.
    isotropic : bool
        Whether a complex pole moves at the same speed in all directions.
    """

    name: str
    formula: str
    pole: Callable
    parameter: Callable
    speed: Callable
    least: float
    isotropic: bool = False


POLE_COORDINATES = Table(
    [
        Coordinate(
            "pole", "a = s", lambda s: s, lambda a: a, lambda a, up, down: np.ones_like(up), -1.0,
            isotropic=True,
        ),
        Coordinate(
            "tanh", "a = tanh s", np.tanh, np.arctanh, lambda a, up, down: up * down, -1.0,
            isotropic=True,
        ),
        Coordinate(
            "exp-exp", "a = exp(-exp s), of an LRU or S4D", lambda s: np.exp(-np.exp(s)),
            lambda a: np.log(-np.log(a)),
            lambda a, up, down: a * np.where(a > 0.5, np.log1p(-down), np.log(a)), 0.0,
        ),
        Coordinate(
            "softplus", "a = exp(-log(1 + exp s)), of Mamba with A = -1",
            lambda s: 1 / (1 + np.exp(s)), lambda a: np.log(1 / a - 1),
            lambda a, up, down: -a * down, 0.0,
        ),
        Coordinate(
            "stable", "a = 1 - 1 / (s^2 + 1/2), s > 0", lambda s: 1 - 1 / (s * s + 0.5),
            lambda a: np.sqrt(1 / (1 - a) - 0.5),
            lambda a, up, down: np.sqrt(2 * up * down) * down, -1.0,
        ),
    ],
    columns=("name", "formula"),
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Curvature:
    """Second derivatives of the loss at its minimum.

    Attributes
    ----------
    hessian : ndarray, shape (2, 2)
        In the gain w and the trained number s.
    projected : float
        In s, the gain always optimal: the Schur complement.
    learning_rate_limit : float
        2 over the largest eigenvalue of `hessian`: descent on (w, s) is stable below it.
    """

    hessian: np.ndarray
    projected: float
    learning_rate_limit: float


def pole_curvature(a_star, w_star, coordinate="pole", *, correlation: float = 0.0) -> Curvature:
    """Curvature of the loss of one real pole and its gain at the teacher's own values.

    Use it to choose the coordinate of a slow pole: in a itself the curvature grows like
    1 / (1 - a)^3, which is the largest stable step for a long memory.

    Parameters
    ----------
    a_star, w_star : float
        The teacher, |a_star| < 1 and inside the range of the coordinate.
    coordinate : str or Coordinate
        A row of `POLE_COORDINATES`.
    correlation : float
        rho of the unit-variance AR(1) input.

    Returns
    -------
    Curvature
        `.hessian`, `.projected`, `.learning_rate_limit`; per sample, infinite horizon.

    Notes
    -----
    O(1). White input: the projected curvature is E_0 (da/ds)^2 / (1 - a^2)^2 with
    E_0 = w^2 / (1 - a^2), hence E_0 in tanh and E_0 / 4 in exp-exp as a -> 1. No entry is a
    difference of larger numbers, at any a and rho, but the mixed one near its zero. The stable
    coordinate is of the kind of Wang and Li (2024) [wang2024stablessm]; its numbers are ours.
    docs/theory.md (8.29), (8.30).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> round(ht.learning.pole_curvature(0.999, 1.0).projected / 1e6, 1)
    125.2
    >>> energy = 1 / (1 - 0.999**2)
    >>> [round(ht.learning.pole_curvature(0.999, 1.0, name).projected / energy, 3)
    ...  for name in ("tanh", "exp-exp", "softplus", "stable")]
    [1.0, 0.25, 0.25, 0.001]
    """
    row = _check.choice("coordinate", coordinate, POLE_COORDINATES, Coordinate)
    a, w = _check.number("a_star", a_star), _check.number("w_star", w_star)
    pole_array(a, inside=True, name="a_star")
    in_range("a_star", np.float64(a), row)
    rho = _check.number("correlation", correlation, above=-1.0, below=1.0)
    speed = float(row.speed(np.float64(a), np.float64(1 + a), np.float64(1 - a)))
    inner, outer, other = (one_minus_product(x, a) for x in (a, rho, -rho))
    rest = one_minus_product(rho, rho)
    narrow = (1 - abs(rho)) + abs(rho) * inner  # 1 - |rho| a^2
    gain = other / (inner * outer)
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):  # refused below
        mixed = w * (a * rest + rho * inner * other) / (inner * outer) ** 2 * speed
        shape = rest * narrow * (1 + abs(rho) * a * a) / (inner**3 * other * outer**3)
        projected = w * w * shape * speed**2
        own = projected + mixed * (mixed / gain)
    hessian = np.array([[gain, mixed], [mixed, own]])
    for what, part in (("the hessian", hessian), ("the projected curvature", projected)):
        _check.in_range(what, part)
    return Curvature(hessian, float(projected), float(2 / np.linalg.eigvalsh(hessian)[-1]))


def in_range(name, a, row: Coordinate):
    """Refuse a pole that the coordinate cannot express; complex poles have a radius."""
    if not np.iscomplexobj(a) and a <= row.least:
        raise ValueError(
            f"{name} must be greater than {row.least:g} in the coordinate {row.name!r}, got {a:g}"
        )


def overlap(a, b, rho, rest=None):
    """E conj(phi_a) phi_b of unit-variance AR(1) input; rest = 1 - conj(a) b where it is known."""
    rest = one_minus_product(a, b) if rest is None else rest
    scale = one_minus_product(a, rho) * one_minus_product(rho, b)
    return one_minus_product(rho * rho * a, b) / (rest * scale)


def slope(a, b, rho, rest=None):
    """Derivative of `overlap` in conj(a)."""
    rest = one_minus_product(a, b) if rest is None else rest
    logs = b / rest + rho / one_minus_product(a, rho)
    logs = logs - rho * rho * b / one_minus_product(rho * rho * a, b)
    return overlap(a, b, rho, rest) * logs
