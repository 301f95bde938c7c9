r"""One shared pole, any width, any start: the whole course of training in closed form.

Gradient flow tau b' = conj(c) e, tau c' = conj(b) e with e = sigma - eta w and w = sum b_j c_j
moves w and S = |b|^2 + |c|^2 by tau w' = S e, tau S' = 4 Re(conj(w) e), which conserves
Lambda^2 = S^2 - 4 |w|^2: width and initialisation enter through (w_0, S_0) alone. Turned by
arg sigma and with P = |b + conj c|^2, Q = |b - conj c|^2, R^2 = 4 sigma^2 + (eta Lambda)^2,
E = exp(-R t / tau), g = (1 - E) / R, k = 1 +- 2 sigma / R the solution is w = numerator / D,

    D = 2 E + (eta g / 2) (P_0 (k_+ + k_- E) + Q_0 (k_- + k_+ E)) + (eta Lambda g)^2,
    Re = Re w_0 (2 E + 4 sigma^2 g^2) + sigma S_0 g (1 + E) + eta sigma Lambda^2 g^2,
    Im = 2 E Im w_0.

Every term of D is positive. Those of the numerator cancel only where w_0 is opposite to the
target; there the same numerator is summed from P_0 and Q_0, in which the cancellation has been
carried out.
"""

import numpy as np

from hippo_theory import _check
from hippo_theory._check import positive
from hippo_theory.learning._arguments import factors as _factors
from hippo_theory.learning.one_pole_solution import clock, turned_gain
from hippo_theory.learning.one_pole_start import normalized, read_start, scaled
from hippo_theory.learning.statistics import one_pole


def gain(t, w0=None, S0=None, sigma=None, eta=None, tau=1.0, *, b0=None, c0=None) -> np.ndarray:
    """w(t) = sum_j b_j(t) c_j(t) of states that share a pole, under gradient flow on b and c.

    Parameters
    ----------
    t : array_like
        Times, non-negative, any shape; t in units of tau = 1 / learning rate.
    w0, S0 : array_like
        sum b c and |b|^2 + |c|^2 at t = 0, broadcast against t; S0 >= 2 |w0|.
    sigma, eta : array_like
        s and M of the pole; sigma may be complex, eta > 0. A `Statistics` of one pole in the place
        of sigma holds both.
    tau : array_like
        Inverse learning rate.
    b0, c0 : array_like, shape (..., N)
        The start itself in place of (w0, S0): keeps all digits near b = -conj(c), where S0 and
        w0 agree in most of theirs and the escape time hangs on the difference.

    Returns
    -------
    ndarray, the broadcast shape; complex where sigma or the start is

    Raises
    ------
    ValueError
        If eta or tau is not positive, a time is negative, S0 < 2 |w0|, both or neither of
        (w0, S0) and (b0, c0) are given, or eta S0 is below 1e-436 |sigma| and not 0 (farther
        where b0 and c0 are below 1e-150: with eta near sigma every start is taken).

    Notes
    -----
    O(1) a time, O(N) once; exact for every t, no step size. From (b0, c0) the relative error is
    a few eps times the condition number of the answer, which is about 1 + R t / tau before the
    gain has converged, and large only near a zero crossing. Real and complex, balanced,
    imbalanced and antiparallel starts are one formula.
    Derived here; for one real state this is the sigmoid of Saxe et al. (2014) [saxe2014exact]
    with the sums of Smékal et al. (2024) [smekal2024dynamics]. docs/theory.md (8.7), (8.8).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.learning.gain([0.0, 2.0, 20.0], 0.01, 0.02, sigma=2.0, eta=1.0).round(6)
    array([0.01     , 1.874841, 2.      ])
    >>> # opposite to the target but for 1e-8 in one weight: the start (w0, S0) would not tell
    >>> ht.learning.gain([0.0, 20.0], sigma=2.0, eta=1.0, b0=[1e-8, 1.0], c0=[0.0, -1.0]).round(6)
    array([-1.,  2.])
    """
    t = positive("t", t, zero=True)
    sigma, eta, tau = _problem(sigma, eta, tau)
    named = {"t": t, "w0": w0, "S0": S0, "sigma": sigma, "eta": eta, "tau": tau}
    _check.broadcast(**{name: value for name, value in named.items() if value is not None})
    phase = _phase(sigma)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # refused below
        start = read_start(w0, S0, b0, c0, phase)
        units = normalized(start, abs(sigma), eta, tau, liftable=True)
        at = clock(t, start.conserved, units)
        value, below = turned_gain(at, start, units)
        if start.v is not None:
            value = value + 1j * start.v * at.E
        # below is 0 only where the gain decays to it: w_0 = 0 = S_0, or b = -conj(c) to the end
        value /= np.maximum(below, np.finfo(float).smallest_subnormal)
        return _check.in_range("the gain", scaled(value, start.order + units.lift, phase))


def factors(t, b0, c0, sigma, eta=None, tau=1.0) -> tuple[np.ndarray, np.ndarray]:
    """b(t) and c(t) of real states that share a pole: one number f(t) moves them all.

    Parameters
    ----------
    t : array_like, shape (T,)
        Times, non-negative.
    b0, c0 : array_like, shape (N,)
        Real start.
    sigma, eta, tau : float
        As in `gain`.

    Returns
    -------
    b, c : ndarray, shape (T, N)

    Notes
    -----
    b + c = (b_0 + c_0) f and b - c = (b_0 - c_0) / f, with f^2 = P / P_0 = Q_0 / Q =
    (k_+ + k_- E + eta Q_0 g) / (k_- + k_+ E + eta P_0 g) in the symbols of this file. O(T N).
    docs/theory.md (8.9).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> b, c = ht.learning.factors([0.0, 50.0], [0.5, 0.1], [0.0, 0.1], sigma=1.0, eta=1.0)
    >>> (b * c).sum(1).round(12)
    array([0.01, 1.  ])
    """
    t = positive("t", t, zero=True)
    _check.double("t", t, ndim=1)
    sigma, eta = one_pole(sigma, eta)
    sigma, eta, tau = (_check.number(*v) for v in (("sigma", sigma), ("eta", eta), ("tau", tau)))
    positive("eta", eta)
    positive("tau", tau)
    b0, c0 = (np.atleast_1d(_check.double(n, v, real=True)) for n, v in (("b0", b0), ("c0", c0)))
    _check.shape("b0", b0, ("N",))
    _factors(b0, c0)
    sign = 1.0 if sigma >= 0 else -1.0
    start = read_start(None, None, b0, c0, sign)
    units = normalized(start, abs(sigma), eta, tau)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        E, _, g, plus, minus, *_ = clock(t, start.conserved, units)
        up = plus + minus * E + units.eta * start.Q * g
        down = minus + plus * E + units.eta * start.P * g
        f = np.sqrt(up / down)[:, None]
        plus, minus = b0 + sign * c0, b0 - sign * c0
        p, q = np.where(plus == 0, 0.0, plus * f), np.where(minus == 0, 0.0, minus / f)
        b, c = (p + q) / 2, sign * (p - q) / 2
    return _check.in_range("b(t)", b), _check.in_range("c(t)", c)


def time_to(w, b0, c0, sigma, eta=None, tau=1.0) -> np.ndarray:
    """Time at which gradient flow from real (b0, c0) reaches the gain w.

    Parameters
    ----------
    w : array_like
        Targets between the start sum(b0 c0) and the limit, which is sigma / eta unless
        c0 = -sign(sigma) b0, when it is 0. Any shape.
    b0, c0 : array_like, shape (N,)
        Real start.
    sigma, eta, tau : float
        As in `gain`.

    Returns
    -------
    ndarray, the shape of w, in the units of tau

    Raises
    ------
    ValueError
        If a target is already passed or never reached.

    Notes
    -----
    t = (tau / R) log1p(2 R (w - w_0) (Q + P_+) / ((P_0 + Q) (Q_0 + P_+) (sigma - eta w))), for
    sigma > 0, with Q = sqrt(4 w^2 + Lambda^2) - 2 w and eta P_+ = 2 sigma + R: no cancellation
    but that of w - w_0 and sigma - eta w, which are data. O(N) once, O(1) a target.
    docs/theory.md (8.10).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> round(float(ht.learning.time_to(0.99, [0.05], [0.05], sigma=1.0, eta=1.0)), 6)
    5.292041
    """
    w = _check.double("w", w, real=True)
    sigma, eta = one_pole(sigma, eta)
    sigma, eta, tau = (_check.number(*v) for v in (("sigma", sigma), ("eta", eta), ("tau", tau)))
    positive("eta", eta)
    positive("tau", tau)
    b0, c0 = (np.atleast_1d(_check.double(n, v, real=True)) for n, v in (("b0", b0), ("c0", c0)))
    _factors(b0, c0)
    flip = -1.0 if sigma < 0 or (sigma == 0 and b0 @ c0 > 0) else 1.0
    start = read_start(None, None, b0, c0, flip)
    sigma, eta, tau, *_ = normalized(start, flip * sigma, eta, tau)
    target = scaled(flip * w, -start.order)
    limit = sigma / eta if start.P > 0 or sigma == 0 else 0.0
    _reachable(w, target, float(start.w), float(limit), lambda v: flip * scaled(v, start.order))
    R = float(np.hypot(2 * sigma, eta * np.sqrt(start.conserved)))
    root = np.hypot(2 * target, np.sqrt(start.conserved))
    Q = np.where(target > 0, start.conserved / (root + 2 * abs(target)), root - 2 * target)
    top = (2 * sigma + R) / eta
    z = 2 * (target - start.w) * (Q + top)
    z = z / ((start.P + Q) * (start.Q + top) * (sigma - eta * target))
    with np.errstate(over="ignore"):
        time = tau * (np.log1p(R * z) / R if np.finfo(float).tiny <= R else z)
    return _check.in_range("the time", time)


def rate(b0, c0, sigma, eta=None, tau=1.0) -> np.ndarray:
    """Late rate sqrt(4 |sigma|^2 + (eta Lambda)^2) / tau at which the gain converges.

    Parameters
    ----------
    b0, c0 : array_like, shape (..., N)
        Start (or any point of the course: Lambda is conserved).
    sigma, eta, tau
        As in `gain`.

    Returns
    -------
    ndarray, shape (...)
        With tau = 1 also the largest Hessian eigenvalue eta (|b|^2 + |c|^2) at the minimum:
        gradient descent is stable there for learning rates below 2 / rate.

    Notes
    -----
    2 |sigma| / tau when balanced (rich), eta Lambda / tau when Lambda >> 2 |sigma| / eta (lazy).
    docs/theory.md (8.11).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> float(ht.learning.rate([0.1], [0.1], sigma=1.5, eta=1.0))
    3.0
    """
    sigma, eta, tau = _problem(sigma, eta, tau)
    with np.errstate(over="ignore"):
        return _check.in_range("the rate", np.hypot(2 * abs(sigma), eta * imbalance(b0, c0)) / tau)


def imbalance(b, c) -> np.ndarray:
    """Lambda = sqrt((|b|^2 + |c|^2)^2 - 4 |sum b c|^2), conserved by gradient flow.

    Parameters
    ----------
    b, c : array_like, shape (..., N)
        Weights of the states that share one pole.

    Returns
    -------
    ndarray, shape (...)
        |b + c| |b - c| for real weights; | |b|^2 - |c|^2 | for one state.

    Notes
    -----
    O(N). Gradient descent with steps alpha multiplies it by |1 - alpha^2 |e|^2| each step.
    docs/theory.md (8.6).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> float(ht.learning.imbalance([2.0], [1.0]))
    3.0
    """
    b, c = _factors(b, c, names=("b", "c"))
    start = read_start(None, None, b, c, 1.0)
    return _check.in_range("Lambda", scaled(np.sqrt(start.conserved), start.order))


def _problem(sigma, eta, tau):
    sigma, eta = one_pole(sigma, eta)
    return _check.double("sigma", sigma), positive("eta", eta), positive("tau", tau)


def _phase(sigma):
    if not np.iscomplexobj(sigma):
        return np.where(sigma < 0, -1.0, 1.0)[()]
    size = abs(sigma)
    return (np.where(size > 0, sigma, 1.0) / np.where(size > 0, size, 1.0))[()]


def _reachable(w, target, start, limit, turned_back):
    """Refuse targets outside [start, limit), all turned so that the limit is non-negative."""
    low, high = sorted((start, limit))
    rising = limit > start
    reached = (target >= low) & (target < high) if rising else (target > low) & (target <= high)
    if start == limit:
        reached = target == start
    if not reached.all():
        index = np.unravel_index(np.argmin(reached), reached.shape)
        at = f" at index {int(index[0])}" if w.ndim == 1 else ""
        raise ValueError(
            f"w must lie between the start {turned_back(start):g} and the limit "
            f"{turned_back(limit):g}, "
            f"which flow approaches and never reaches, got {w[index]:g}{at}"
        )
