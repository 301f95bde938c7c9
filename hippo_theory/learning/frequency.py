"""Training seen in frequency: how far the response is from its target, at any time of a course."""

import numpy as np

from hippo_theory import _check
from hippo_theory.learning.fixed_poles import Flow
from hippo_theory.learning.simulate import Training
from hippo_theory.learning.statistics import given
from hippo_theory.lti import transfer_function
from hippo_theory.lti.values import System


def frequency_error(path, omega, target=None, *, stats=None, length=None) -> np.ndarray:
    """|H(omega, t) - H*(omega)| along a course of training.

    Use it to see which frequencies are learned when: the learning front.

    Parameters
    ----------
    path : Flow or Training
        Gains `.w` (T, N) and poles: those of the statistics that a flow was made from, or `.poles`.
    omega : array_like, shape (K,)
        Frequencies, in radians a sample.
    target : discrete system, optional
        SISO, meant as it is: H* is its transfer function at e^{i omega}. None: the least-squares
        gains of the statistics, where the flow ends.
    stats : Statistics, optional
        In place of those of the flow; needed for a `Training` without a target.
    length : int, optional
        L of responses that are cut after L samples, as in statistics with the boundary
        "truncated"; poles on the unit circle need it.

    Returns
    -------
    ndarray, shape (T, K)

    Raises
    ------
    ValueError, TypeError
        If poles or target are not known, the path has several layers, or a pole on the unit circle
        has no finite response.

    Notes
    -----
    H(omega, t) = sum_j w_j(t) / (1 - a_j e^{-i omega}); O(T N K). Of singular statistics the
    target is the least-squares gain of least norm. docs/theory.md (8.32).

    Examples
    --------
    >>> import numpy as np, hippo_theory as ht
    >>> stats = ht.learning.population_statistics([0.9, -0.9], [0.9, -0.9], [1.0, 0.1])
    >>> path = ht.learning.flow(stats, [0.1, 0.1], [0.1, 0.1], [0.0, 1.0, 100.0])
    >>> ht.learning.frequency_error(path, [0.0, np.pi]).round(3) + 0.0
    array([[9.947, 1.421],
           [0.011, 0.637],
           [0.   , 0.   ]])
    """
    if not isinstance(path, (Flow, Training)):
        raise TypeError(f"path must be a Flow or a Training, got {_check.shown(path)}")
    stats = getattr(path, "stats", None) if stats is None else given(stats)
    poles = getattr(path, "poles", None)
    if poles is None:
        poles = stats.poles if stats is not None else None
    if poles is None:
        raise ValueError("poles must be known; make the statistics from signals or a teacher")
    _check.shape("path.w", path.w, ("T", poles.shape[-1]), "take one layer")
    omega = _check.double("omega", omega, ndim=1, real=True)
    length = length if length is None else _check.integer("length", length)
    z = np.exp(-1j * omega)
    with np.errstate(all="ignore"):  # refused below
        responses = _responses(poles[..., None] * z, length)  # (N, K), of moving poles (T, N, K)
        H = np.einsum("tj,...jk->tk" if responses.ndim == 2 else "tj,tjk->tk", path.w, responses)
    best = _target(target, stats, poles, responses, z)
    with np.errstate(all="ignore"):
        return _check.in_range("|H|", abs(H - best))


def _responses(q, length):
    """1 / (1 - q), or (1 - q^L) / (1 - q), which is L at q = 1."""
    if length is None:
        if (q == 1).any() or (abs(q) > 1 + 1e-12).any():
            raise ValueError("length must be given where poles do not lie inside the unit circle")
        return 1 / (1 - q)
    one = abs(1 - q) < 1e-12  # a root of unity at its own frequency, to rounding
    safe = np.where(one, 0.5, q)
    return np.where(one, length, (1 - safe**length) / (1 - safe))


def _target(target, stats, poles, responses, z):
    if target is not None:
        if not (isinstance(target, System) and target.is_discrete):
            raise TypeError(f"target must be a discrete system, got {_check.shown(target)}")
        return transfer_function(target, 1 / z)
    if stats is None or stats.poles is None or poles.ndim > 1:
        raise TypeError("target must be given for a course without statistics of fixed poles")
    best = np.linalg.lstsq(stats.M, stats.s)[0]
    return best @ responses
