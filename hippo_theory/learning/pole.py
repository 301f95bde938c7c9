"""A trained pole: with the gain always optimal, the loss is a squared hyperbolic distance.

For white input, a teacher w* / (1 - a* z^-1) and the best gain for every a,

    loss(a) = E_0 |delta|^2 / 2,  delta = (a - a*) / (1 - conj(a*) a),  E_0 = |w*|^2 / (1 - |a*|^2):

the squared pseudo-hyperbolic distance of the poles, times half the teacher's energy per sample.
"""

import numpy as np

from hippo_theory import _check
from hippo_theory._check import positive
from hippo_theory.learning._arguments import pole_array
from hippo_theory.learning.population import one_minus_product


def pole_path(t, a0, a_star, w_star, tau=1.0) -> np.ndarray:
    """Pole a(t) under gradient flow in the hyperbolic coordinate, the gain always optimal.

    Parameters
    ----------
    t : array_like
        Times, non-negative, any shape; loss per sample, in the units of tau.
    a0, a_star : float or complex
        Poles of the start and of the teacher, inside the unit circle.
    w_star : float or complex
        The teacher's gain, not zero.
    tau : float
        Inverse learning rate.

    Returns
    -------
    ndarray, the shape of t; complex where a pole is

    Notes
    -----
    Flow for the metric |da|^2 / (1 - |a|^2)^2: the gradient flow of artanh(a) for a real pole, a
    geodesic of the disk for a complex one. With z^2 = |delta|^2 / (1 - |delta|^2) it is explicit,
    z^2 + log z^2 = z_0^2 + log z_0^2 - 2 E_0 t / tau, solved by the Wright omega function; O(1) a
    time. Far starts wait for a time z_0^2 / (2 E_0). The whole disk is the basin of a*.
    docs/theory.md (8.19).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.learning.pole_path([0.0, 1.0, 30.0], 0.0, 0.9, 1.0).round(6)
    array([0.      , 0.881527, 0.9     ])
    """
    from scipy.special import wrightomega

    t = positive("t", t, zero=True)
    a0, a_star, amplitude = teacher(a0, a_star, w_star)
    tau = float(positive("tau", _check.number("tau", tau)))
    inside = one_minus_product(a_star, a0)
    scale = _one_minus_square(a0) * _one_minus_square(a_star)
    start = abs(a0 - a_star) ** 2 / scale  # z_0^2 = sinh^2 of the distance
    if start == 0:
        return np.full(t.shape, a0)
    with np.errstate(over="ignore"):  # a late time is at the teacher
        time = (amplitude * (np.sqrt(t) / np.sqrt(tau))) ** 2  # E_0 t / tau
    left = wrightomega(start + np.log(start) - 2 * time)
    direction = (a0 - a_star) / inside / abs((a0 - a_star) / inside)
    if not np.iscomplexobj(direction):  # no sum of opposite numbers near the circle
        return np.tanh(np.arctanh(a_star) + direction * np.arcsinh(np.sqrt(left)))
    delta = direction * np.sqrt(left / (1 + left))
    return (a_star + delta) / (1 + np.conj(a_star) * delta)


def pole_loss(a, a_star, w_star) -> np.ndarray:
    """Loss per sample at the pole a with its best gain, half E_0 times the squared distance.

    Parameters
    ----------
    a : array_like
        Poles inside the unit circle, any shape.
    a_star, w_star : float or complex
        The teacher.

    Returns
    -------
    ndarray, the shape of a

    Raises
    ------
    numpy.linalg.LinAlgError
        If a loss leaves the range of floating point.

    Notes
    -----
    White unit-variance input, infinite horizon. O(1). Curvature at a*, for E_0 = 1: 1 in
    artanh(a), 1 / (1 - a^2)^2 in a itself, (a log a)^2 / (1 - a^2)^2 -> 1/4 in log(-log a).
    docs/theory.md (8.18).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> round(float(ht.learning.pole_loss(0.0, 0.5, 1.0)) * 24, 12)
    4.0
    """
    a = _check.double("a", a)
    pole_array(a.ravel(), inside=True, name="a")
    _, a_star, amplitude = teacher(0.0, a_star, w_star)
    delta = (a - a_star) / one_minus_product(a_star, a)
    with np.errstate(over="ignore"):
        loss = 0.5 * (amplitude * abs(delta)) ** 2
    if not np.isfinite(loss).all():
        raise np.linalg.LinAlgError(
            f"the loss must stay in the range of floating point, got w_star = {w_star}"
        )
    return loss


def teacher(a0, a_star, w_star):
    """Start, pole and root-mean-square amplitude of a teacher, checked."""
    a0, a_star, w_star = (
        _check.double(name, value, ndim=0)[()]
        for name, value in (("a0", a0), ("a_star", a_star), ("w_star", w_star))
    )
    pole_array(a0, inside=True, name="a0")
    pole_array(a_star, inside=True, name="a_star")
    if w_star == 0:
        raise ValueError("w_star must not be zero, got 0: the teacher would have no pole")
    with np.errstate(over="ignore"):
        amplitude = abs(w_star) / np.sqrt(_one_minus_square(a_star))
    return a0, a_star, _check.in_range("|w_star| / sqrt(1 - |a_star|^2)", amplitude)


def _one_minus_square(a):
    return one_minus_product(a, a).real
