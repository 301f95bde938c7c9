"""A pole and its gain trained together, or the pole alone with the gain always optimal.

The state of the integration is the geodesic coordinate z about the teacher's pole,
(a - a*) / (1 - conj(a*) a) = tanh|z| z / |z|: regular at the teacher, and with all digits of the
distance to the unit circle far from it.
"""

from dataclasses import dataclass

import numpy as np

from hippo_theory import _check
from hippo_theory._check import positive
from hippo_theory.learning._collocation import integrate
from hippo_theory.learning.pole import teacher
from hippo_theory.learning.pole_coordinates import (
    POLE_COORDINATES,
    Coordinate,
    in_range,
    overlap,
    slope,
)
from hippo_theory.learning.population import one_minus_product


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class PoleFlow:
    """The course of one trained pole.

    Attributes
    ----------
    t : ndarray, shape (T,)
    a : ndarray, shape (T,)
        Pole.
    w : ndarray, shape (T,)
        Gain b c.
    loss : ndarray, shape (T,)
        Per sample.
    method : str
    """

    t: np.ndarray
    a: np.ndarray
    w: np.ndarray
    loss: np.ndarray
    method: str

    def __repr__(self):
        return f"PoleFlow(a = {self.a[0]:.6g} -> {self.a[-1]:.6g}, {self.method})"


def pole_flow(
    t,
    a0,
    a_star,
    w_star,
    tau: float = 1.0,
    coordinate="pole",
    *,
    b0=None,
    c0=None,
    correlation: float = 0.0,
    rtol: float = 1e-11,
) -> PoleFlow:
    """Gradient flow of one pole, with its gain trained beside it or always optimal.

    Use it where `pole_path`, the closed form of one metric, does not apply: other coordinates,
    coloured input, a gain that has to be learnt too.

    Parameters
    ----------
    t : array_like, shape (T,)
        Times, non-negative and increasing; loss per sample, in the units of tau.
    a0, a_star : float or complex
        Poles of the start and of the teacher, inside the unit circle.
    w_star : float or complex
        The teacher's gain, not zero.
    tau : float
        Inverse learning rate, of all parameters.
    coordinate : str or Coordinate
        A row of `POLE_COORDINATES`: the number that descends in the pole's place.
    b0, c0 : float or complex, optional
        Weights of the start, trained with the pole. None: the best gain for every pole
        (variable projection).
    correlation : float
        rho of the unit-variance AR(1) input.
    rtol : float
        Tolerance, relative to |w*| for the gain, in hyperbolic distance for the pole.

    Returns
    -------
    PoleFlow
        `.t`, `.a`, `.w`, `.loss`, `.method`.

    Raises
    ------
    numpy.linalg.LinAlgError
        If the integrator cannot reach the last time; the message says how far it came.

    Notes
    -----
    O(1) a step of a collocation of order 31. A flow ends at a stationary point: with the best gain
    the teacher is the only one in the disk, in every coordinate whose speed does not vanish
    between. Real poles stay real. Complex poles train |a| by the coordinate and the angle as it
    is; "pole" and "tanh" move alike in all directions. docs/theory.md (8.31).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> path = ht.learning.pole_flow([0.0, 1.0, 30.0], 0.0, 0.9, 1.0, coordinate="tanh")
    >>> path.a[1:].round(6)  # the closed form is pole_path
    array([0.881527, 0.9     ])
    >>> joint = ht.learning.pole_flow([0.0, 300.0], 0.1, 0.9, 1.0, b0=0.5, c0=0.5)
    >>> joint.a.round(6), joint.w.round(6)
    (array([0.1, 0.9]), array([0.25, 1.  ]))
    """
    t = _check.times("t", t, 1).copy()
    row = _check.choice("coordinate", coordinate, POLE_COORDINATES, Coordinate)
    a0, a_star, amplitude = teacher(a0, a_star, w_star)
    for name, value in (("a0", a0), ("a_star", a_star)):
        in_range(name, value, row)
    tau = float(positive("tau", _check.number("tau", tau)))
    rho = _check.number("correlation", correlation, above=-1.0, below=1.0)
    rtol = _check.number("rtol", rtol, above=0.0, below=1.0)
    if (b0 is None) != (c0 is None):
        raise TypeError("b0 and c0 must be given together or not at all")
    start = (
        None if b0 is None else [_check.double(n, v, ndim=0) for n, v in (("b0", b0), ("c0", c0))]
    )
    with np.errstate(over="ignore", under="ignore"):
        clock = _check.in_range("t / tau", t / tau)
        _check.in_range("|w_star|^2 / (1 - |a_star|^2)", amplitude**2)
    equation = Disk(a0, a_star, _check.double("w_star", w_star, ndim=0)[()], row, rho, start)
    with np.errstate(all="ignore"):  # trial steps may overflow: they are taken again, shorter
        a, w, loss = equation.course(integrate(equation, clock, rtol))
    for what, part in (("the pole", a), ("the gain", w), ("the loss", loss)):
        _check.in_range(what, part)
    gains = "the best gain" if start is None else "b and c"
    return PoleFlow(
        t, a, w, loss, f"integrated: collocation of {row.name!r} with {gains}, rtol {rtol:g}"
    )


class Disk:
    """Flow of z (and of b, c) as a real vector: real parts, then imaginary ones if complex."""

    def __init__(self, a0, a_star, w_star, row, rho, start):
        self.a_star, self.w_star, self.row, self.rho = a_star, w_star, row, rho
        self.near = one_minus_product(a_star, a_star).real
        parts = [self._geodesic(a0), *(() if start is None else start)]
        self.complex = any(map(np.iscomplexobj, (a0, a_star, w_star, *parts)))
        first = np.array(parts, complex)
        self.start = _stack(first) if self.complex else np.real(first)
        unit = max(abs(w_star) ** 0.5, *abs(first[1:]), 0.0) if first.size > 1 else 1.0
        units = np.array([1.0, unit, unit])[: first.size]
        self.units = np.tile(units, 2) if self.complex else units

    def _geodesic(self, a):
        delta = (a - self.a_star) / one_minus_product(self.a_star, a)
        size = abs(delta)
        scale = one_minus_product(a, a).real * self.near
        length = np.arcsinh(abs(a - self.a_star) / np.sqrt(scale))  # of size / sqrt(1 - size^2)
        return delta * (length / size) if size > 0 else delta

    def _parts(self, x):
        """z (k,), b and c (None where the gain is the best one)."""
        if self.complex:
            half = x.shape[-1] // 2
            x = x[..., :half] + 1j * x[..., half:]
        return (x[..., 0], None, None) if x.shape[-1] == 1 else tuple(np.moveaxis(x, -1, 0))

    def _pole(self, z):
        """a, 1 + conj(a*) delta, 1 - |a|^2 and 1 - conj(a) a*, without cancellation."""
        length = abs(z)
        delta = np.where(length > 0, np.tanh(length) / np.where(length > 0, length, 1), 1.0) * z
        turn = 1 + np.conj(self.a_star) * delta
        own = self.near / (np.cosh(length) * abs(turn)) ** 2
        a = (self.a_star + delta) / turn if self.complex else np.tanh(np.arctanh(self.a_star) + z)
        return a, turn, own, np.conj(self.near / turn)

    def _sums(self, x):
        """a, w, b, c, 1 - |a|^2, overlaps (a, a) and (a, a*), gradient, 1 + conj(a*) delta."""
        z, b, c = self._parts(x)
        a, turn, rest, both = self._pole(z)
        own, pull = (f(a, a, self.rho, rest) for f in (overlap, slope))
        both, back = (f(a, self.a_star, self.rho, both) for f in (overlap, slope))
        w = self.w_star * both / own.real if b is None else b * c
        gradient = abs(w) ** 2 * pull - np.conj(w) * self.w_star * back
        return a, w, b, c, rest, own.real, both, gradient, turn

    def course(self, x):
        """a, w and the loss at the rows of x."""
        a, w, _, _, _, own, both, *_ = self._sums(x)
        most = abs(self.w_star) ** 2 * overlap(self.a_star, self.a_star, self.rho, self.near).real
        loss = (abs(w) ** 2 * own + most) / 2 - (np.conj(w) * self.w_star * both).real
        return a, w, np.maximum(loss, 0.0)

    def slope(self, x):
        """dz/dt, db/dt and dc/dt at the rows of x."""
        a, w, b, c, rest, own, both, gradient, turn = self._sums(x)
        moves = [self._to_geodesic(self._parts(x)[0], turn, self._metric(a, rest, -gradient))]
        if b is not None and c is not None:
            e = self.w_star * both - w * own
            moves += [np.conj(v) * e for v in (c, b)]
        stacked = np.stack(moves, axis=-1)
        return _stack(stacked) if self.complex else stacked

    def _metric(self, a, rest, force):
        """The velocity of a: force times the squared speed, by direction; rest = 1 - |a|^2."""
        size = abs(a)
        near, far = rest / (1 + size), 1 + size  # 1 - |a| and 1 + |a|
        if not self.complex:
            up, down = np.where(a < 0, near, far), np.where(a < 0, far, near)
            return force * self.row.speed(a, up, down) ** 2
        along = self.row.speed(size, far, near) ** 2
        if self.row.isotropic:
            return force * along
        turn = np.where(size > 0, np.conj(a) / np.where(size > 0, size, 1.0), 1.0)
        turned = force * turn
        return (turned.real * along + 1j * turned.imag * size**2) / turn

    def _to_geodesic(self, z, turn, velocity):
        """dz of a velocity of a: radial and tangential parts scale differently."""
        delta = velocity * turn**2 / self.near
        length = abs(z)
        if not self.complex:
            return delta * np.cosh(z) ** 2
        along = np.where(length > 0, z / np.where(length > 0, length, 1), 1.0)
        turned = delta * np.conj(along)
        wide = np.where(length > 0, length / np.tanh(np.where(length > 0, length, 1)), 1.0)
        return along * (turned.real * np.cosh(length) ** 2 + 1j * turned.imag * wide)

    def jacobian(self, x):
        """Differences: Newton's method needs it to some digits alone."""
        steps = 1e-7 * (self.units + abs(x)) * np.eye(x.size)
        ends = self.slope(np.concatenate([x + steps, x - steps]))
        return ((ends[: x.size] - ends[x.size :]) / (2 * steps.sum(1))[:, None]).T

    def tolerance(self, x, rtol):
        """Of what is shown, and at least its rounding."""
        return rtol + 8 * np.finfo(float).eps * abs(x / self.units)

    def reach(self, x):
        """Three."""
        return 3.0

    def state(self, x):
        """Return x itself."""
        return x

    def settle(self, x):
        """Keep the coordinates."""

    def shown(self, x):
        """Hyperbolic distance, and weights in their units."""
        return x / self.units


def _stack(z):
    return np.concatenate([np.real(z), np.imag(z)], axis=-1)
