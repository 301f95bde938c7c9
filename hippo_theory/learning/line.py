"""A cascade from any start: its gain moves on a straight line at the pace of its levels.

Let w be the product of the layers' gains w_l = sum_j b_lj c_lj and e = sigma - eta w. Every factor
moves by the conjugate product of the others times e, so tau w' = K e with K real and positive:
w never leaves the segment from w_0 to sigma / eta, in the complex plane as well. With
S_l = |b_l|^2 + |c_l|^2 and Lambda_l of (8.6), the 2 D numbers (S_l +- Lambda_l) / 2 move together,
as X + level, their product is |w|^2, and K = |w|^2 sum 1 / (X + level).
"""

import numpy as np

from hippo_theory import _check
from hippo_theory.learning import one_pole
from hippo_theory.learning._collocation import integrate

_EPS = np.finfo(float).eps
_LEAST = 1e-300


class Line:
    """tau p' = eta K (p* - p) for the position p on the line, in p = unit sinh q or p = +-exp q.

    p is counted from the foot of the perpendicular from 0, of the length `distance`. `levels` is
    None for the limit of many layers, where K = |w|^2. The second coordinate is for a line through
    0 with K = 0 there, which no gain passes.
    """

    def __init__(self, w0, target, levels, eta):
        self.turn, self.eta = (target - w0) / abs(target - w0), eta
        first, last = (np.conj(self.turn) * v for v in (w0, target))
        self.distance, self.last = np.imag(first), np.real(last)
        first = np.real(first)
        with np.errstate(divide="ignore"):
            self.log_levels = None if levels is None else np.log(levels)
        self.sign = np.sign(first) if self.distance == 0 and stops(levels) else 0.0
        self.unit = _LEAST if self.sign else self._unit(first)
        start = np.log(abs(first)) if self.sign else np.arcsinh(first / self.unit)
        self.start = np.atleast_1d(start)

    def _unit(self, first):
        """Size of p below which K is nearly constant, or below the start."""
        sizes = [abs(self.distance), abs(first) * 1e-8]
        if not (self.log_levels is None or stops(np.exp(self.log_levels))):
            gap = min(v for v in self.log_levels if v > -np.inf)
            sizes.append(np.exp(np.logaddexp(gap, self.log_levels).sum() / 2))
        return max(*sizes, _LEAST)

    def _position(self, q):
        """P and |dp/dq|."""
        if self.sign:
            size = np.exp(q)
            return self.sign * size, np.maximum(size, _LEAST)
        p = self.unit * np.sinh(q)
        return p, np.hypot(p, self.unit)

    def gains(self, q):
        """W at the coordinates q."""
        return self.turn * (self._position(q)[0] + 1j * self.distance)

    def _pace(self, p):
        """K, and d log K / d log |w|."""
        size = np.maximum(np.hypot(p, self.distance), _LEAST)
        if self.log_levels is None:
            return size**2, np.full(size.shape, 2.0)
        log_X = lowest(self.log_levels, np.log(size))
        logs = np.logaddexp(log_X[..., None], self.log_levels)
        others = np.exp(logs.sum(-1)[..., None] - logs)
        shares = np.exp(logs.min(-1)[..., None] - logs)
        return others.sum(-1), 2 - 2 * (shares**2).sum(-1) / shares.sum(-1) ** 2

    def slope(self, x):
        """dq/dt."""
        p, reach = self._position(x)
        return self.eta * self._pace(p)[0] * (self.last - p) / reach * (self.sign or 1.0)

    def jacobian(self, x):
        """Derivative of the slope."""
        p, reach = self._position(x)
        rest, turn = self.last - p, self.sign or 1.0
        K, power = self._pace(p)
        bend = power * p * reach / np.maximum(np.hypot(p, self.distance), _LEAST) ** 2
        flat = 1.0 if self.sign else p / reach
        return (self.eta * K / reach * (rest * (turn * bend - flat) - turn * reach) * turn)[:, None]

    def tolerance(self, x, rtol):
        """Of the coordinate, a logarithm beyond `unit`."""
        return rtol + 8 * _EPS * abs(x)

    def reach(self, x):
        """Three."""
        return 3.0

    def state(self, x):
        """Return x itself."""
        return x

    def settle(self, x):
        """Keep the coordinate."""

    def shown(self, x):
        """The coordinate: its error is the relative one of p beyond `unit`."""
        return x


def stops(levels) -> bool:
    """Whether K vanishes with w: more than one factor is then zero."""
    return levels is None or (levels == 0).sum() > 1


def lowest(log_levels, log_size):
    """log X with the product of X + level equal to |w|^2: Newton's method on a convex function."""
    log_X = 2 * log_size / log_levels.size  # not below the solution
    for _ in range(200):
        logs = np.logaddexp(log_X[..., None], log_levels)
        gap = logs.sum(-1) - 2 * log_size
        step = gap / np.exp(log_X[..., None] - logs).sum(-1)
        log_X = log_X - step
        if not (abs(step) > 4 * _EPS * (1 + abs(log_X))).any():  # a trial step may be NaN
            return log_X
    raise np.linalg.LinAlgError("the levels of the layers must be solved for, got no convergence")


def start_levels(b0, c0):
    """Product of the layers' gains, and levels (2 D,) of weights (D, N) above the lowest."""
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        w, parts = (b0 * c0).sum(-1), abs(b0) ** 2 + abs(c0) ** 2
        product = np.prod(w)
    size, apart = parts.sum(-1), one_pole.imbalance(b0, c0)
    _check.in_range("the product of the layers' gains", product)
    lost = (w != 0) & (abs(w) < 1e-150) | (size < 1e-300) & ((b0 != 0) | (c0 != 0)).any(-1)
    if lost.any() or ((w != 0).all() and abs(product) < 1e-300):
        raise ValueError(
            "the gains of layers must be zero or at least 1e-150 and their product 1e-300, got "
            f"{np.min(abs(w)):g} and {abs(product):g}"
        )
    upper = (size + apart) / 2
    lower = abs(w) ** 2 / np.where(upper > 0, upper, 1.0)
    lower = lower - lower.min()
    return product, np.concatenate([lower, lower + apart])


def gains_on_line(t, w0, levels, sigma, eta, rtol=1e-13):
    """w (len(t),) at increasing times in units of tau."""
    target = sigma / eta
    if target == w0 or (w0 == 0 and stops(levels)):
        return np.full(t.shape, w0)
    with np.errstate(all="ignore"):  # trial steps may overflow: they are taken again, shorter
        line = Line(w0, target, levels, eta)
        w = line.gains(integrate(line, t, rtol)[:, 0])
    return w if np.iscomplexobj(w0) or np.iscomplexobj(sigma) else w.real
