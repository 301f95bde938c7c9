"""Gradient descent with finite steps: the exact map of one pole, its limits, its modified equation.

With a common pole the steps of real b and c move p_j = b_j + c_j and q_j = b_j - c_j by common
factors, p -> p (1 + alpha r), q -> q (1 - alpha r), r = sigma - eta w: descent of any width is a
map of the two numbers P = |p|^2 and Q = |q|^2. Lambda^2 = P Q shrinks by (1 - alpha^2 r^2)^2 a
step, where the flow conserves it.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from hippo_theory import _check
from hippo_theory.learning._arguments import factors
from hippo_theory.learning.one_pole import imbalance
from hippo_theory.learning.statistics import Statistics, given, one_pole


@dataclass(frozen=True, slots=True, eq=False)
class GainSteps:
    """Gradient descent on one pole.

    Attributes
    ----------
    w : ndarray, shape (steps + 1,)
        Gains sum b c.
    S : ndarray, shape (steps + 1,)
        |b|^2 + |c|^2; eta S is the largest Hessian eigenvalue at a minimum.
    imbalance : ndarray, shape (steps + 1,)
        Lambda; eta Lambda' and 4 sigma^2 make the limit 2 / sqrt(4 sigma^2 + (eta Lambda)^2).
    """

    w: np.ndarray
    S: np.ndarray
    imbalance: np.ndarray


def gain_steps(b0, c0, sigma, eta=None, learning_rate: Any = None, steps: Any = None) -> GainSteps:
    """Gains of gradient descent, step by step, from the exact two-number map.

    Parameters
    ----------
    b0, c0 : array_like, shape (N,)
        Start.
    sigma : float or complex
    eta : float
        s and M of the pole, eta > 0; a `Statistics` of it in the place of sigma holds both.
    learning_rate : float
    steps : int

    Returns
    -------
    GainSteps
        `.w`, `.S`, `.imbalance`.

    Raises
    ------
    numpy.linalg.LinAlgError
        If descent diverges.

    Notes
    -----
    O(N + steps) whatever the length of the data. Complex data have a map of (w, S) in place of
    that of (P, Q): w + alpha e S + alpha^2 e^2 conj(w), e = sigma - eta w. Equal to
    training by recurrences up to rounding, at every learning rate: beyond the limit the
    imbalance shrinks until the limit holds (self-balancing), the gain keeps oscillating where
    there is nothing left to balance, or descent diverges. docs/theory.md (8.20).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> path = ht.learning.gain_steps([1.5], [0.1], 1.0, 1.0, learning_rate=0.5, steps=100)
    >>> path.w[[0, 1, -1]].round(6)
    array([0.15    , 1.137594, 1.      ])
    """
    b0, c0 = factors(b0, c0)
    _check.shape("b0", b0, ("N",))
    for name, value in (("b0", b0), ("c0", c0)):
        if (abs(value) >= 1e150).any():  # their squares are summed
            raise ValueError(f"{name} must be smaller than 1e150, got {abs(value).max():g}")
    sigma, eta = one_pole(sigma, eta)
    sigma = _check.double("sigma", sigma, ndim=0)[()]
    eta = _check.number("eta", eta, above=0.0)
    learning_rate = _check.number("learning_rate", learning_rate, above=0.0)
    steps = _check.size("steps", steps, 0, by=4)
    run = _complex_steps if any(map(np.iscomplexobj, (b0, c0, sigma))) else _real_steps
    path = run(b0, c0, sigma, eta, learning_rate, steps)
    if not np.isfinite(path.w).all():
        k = int(np.argmin(np.isfinite(path.w))) - 1
        raise np.linalg.LinAlgError(
            f"gradient descent diverged: the gain is {path.w[k]:g} at step {k} and not finite "
            f"after; lower learning_rate = {learning_rate:g}"
        )
    return path


def learning_rate_limit(stats: Statistics, b, c, *, train: str = "both") -> float:
    """Largest stable learning rate 2 / lambda_max(D^(1/2) M D^(1/2)) at a minimum (b, c).

    Parameters
    ----------
    stats : Statistics
    b, c : array_like, shape (N,)
        Weights at the minimum, where M (b c) = s.
    train : {"both", "b", "c"}
        D = |b|^2 + |c|^2 when both are trained, |c|^2 or |b|^2 when one is.

    Returns
    -------
    float
        Gradient descent contracts to the minimum below it and is repelled above; `inf` where
        D^(1/2) M D^(1/2) = 0.

    Notes
    -----
    O(N^3). D^(1/2) M D^(1/2) has the non-zero Hessian eigenvalues at a minimum with M w = s; away
    from one they are those of the Gauss-Newton matrix. For one pole this is 2 / rate.
    docs/theory.md (8.21).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> stats = ht.learning.population_statistics([0.5], [0.5], [1.0])
    >>> round(ht.learning.learning_rate_limit(stats, [1.0], [1.0]), 12)
    0.75
    """
    b, c = factors(b, c, width=given(stats).s.size, names=("b", "c"))
    _check.shape("b", b, (stats.s.size,))
    roots = {"both": np.hypot(abs(b), abs(c)), "b": abs(c), "c": abs(b)}
    root = roots[_check.option("train", train, roots)]
    scale = np.ldexp(1.0, np.frexp(root.max())[1] - 1)  # squares of extreme weights are no floats
    root = root / scale
    top = float(np.linalg.eigvalsh(root[:, None] * stats.M * root)[-1])
    if top <= 0:
        return np.inf
    return float(_check.in_range("the limit", 2 / top / scale / scale))


def modified_time(w, w0, sigma, eta=None, learning_rate: Any = None) -> np.ndarray:
    """Time learning_rate * steps at which balanced gradient descent reaches w, to second order.

    Parameters
    ----------
    w : array_like
        Targets in [w0, sigma / eta), any shape.
    w0 : float
        Start b0 c0 with b0 = c0; positive.
    sigma, eta : float
        Positive.
    learning_rate : float
        alpha; alpha sigma < 2.

    Returns
    -------
    ndarray, the shape of w

    Notes
    -----
    Descent follows w' = w (sigma - eta w) (2 + alpha (3 eta w - sigma)) up to O(alpha^2); this is
    its solution by partial fractions. The flow itself (`time_to`) is off by O(alpha). O(1).
    docs/theory.md (8.22).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> flow = ht.learning.time_to(0.5, [0.1], [0.1], 1.0, 1.0)
    >>> corrected = ht.learning.modified_time(0.5, 0.01, 1.0, 1.0, learning_rate=0.1)
    >>> round(float(flow), 3), round(float(corrected), 3)
    (2.298, 2.364)
    """
    w = _check.double("w", w, real=True)
    sigma, eta = one_pole(sigma, eta)
    w0, sigma, eta, alpha = (
        _check.number(name, value, above=0.0)
        for name, value in (
            ("w0", w0),
            ("sigma", sigma),
            ("eta", eta),
            ("learning_rate", learning_rate),
        )
    )
    if alpha * sigma >= 2:
        raise ValueError(f"learning_rate must be below 2 / sigma = {2 / sigma:g}, got {alpha:g}")
    with np.errstate(over="ignore"):
        inside = (w >= w0) & (w * eta < sigma)
    if not inside.all():
        outside = w[~inside][0]
        raise ValueError(
            f"w must lie between w0 = {w0:g} and sigma / eta = {sigma / eta:g}, got {outside:g}"
        )
    A, B = 2 - alpha * sigma, 3 * alpha * eta
    step = w - w0
    logs = [  # log of w, 1 / (sigma - eta w) and A + B w, less their values at w0
        np.log(w) - np.log(w0) if w0 < 1e-290 else np.log1p(step / w0),
        np.log1p(eta * step / (sigma - eta * w)),
        np.log1p(B * step / (A + B * w0)),
    ]
    end = A + B * sigma / eta
    return logs[0] / (sigma * A) + logs[1] / (sigma * end) - B / (A * eta * end) * logs[2]


def _real_steps(b0, c0, sigma, eta, learning_rate, steps):
    from hippo_theory.learning import _fast

    P, Q = ((b0 + c0) ** 2).sum(), ((b0 - c0) ** 2).sum()
    up, down, w = _fast.two_numbers(P, Q, sigma, eta, learning_rate, steps)
    with np.errstate(over="ignore", invalid="ignore"):  # divergence is the caller's to refuse
        return GainSteps(w, (P * up**2 + Q * down**2) / 2, abs(up * down) * np.sqrt(P * Q))


def _complex_steps(b0, c0, sigma, eta, learning_rate, steps):
    from hippo_theory.learning import _fast

    S0 = (abs(b0) ** 2 + abs(c0) ** 2).sum()
    w, S, shrink = _fast.gain_and_norm(
        complex(b0 @ c0), S0, complex(sigma), eta, learning_rate, steps
    )
    return GainSteps(w, S, abs(shrink) * imbalance(b0, c0))
