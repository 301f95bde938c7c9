"""H-infinity norms with proved bounds, where they are attained, and L-infinity norms."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from hippo_theory import _check, scales
from hippo_theory.hankel import factors
from hippo_theory.lti.forms import check_system, expand, matrices, spectrum
from hippo_theory.lti.values import DiagonalLTI

WIDE = 16  # channels beyond which a proof by matrices costs less than bounds over intervals
MARGINAL = 1e-6  # least distance of a pole from the boundary, beside |A|, for matrices to go first


@dataclass(frozen=True, slots=True)
class Peak:
    """The largest |G| found on the boundary, and proved bounds of the supremum.

    Attributes
    ----------
    value : float
        |G| at `frequency`. This and the others are arrays of the batch shape where there is one.
    frequency : float
        In radians per unit of time; inf where the feedthrough of a continuous system is largest.
    lower, upper : float
        The supremum lies between them. `upper` is inf where no bound could be proved.
    """

    value: Any
    frequency: Any
    lower: Any
    upper: Any


def hinf_norm(system, *, certificate: bool = False, rtol: float = 1e-10) -> Any:
    """sup |G| over the imaginary axis or the unit circle, in the spectral norm.

    Use it for the largest gain of a stable system, and for errors of models, G - G_r; `hinf_peak`
    tells the frequency as well.

    Parameters
    ----------
    system : LTI, DiagonalLTI or DPLR
        Stable; batch axes are kept.
    certificate : bool
        Return (value, lower, upper) instead of the value, however far apart the bounds are.
    rtol : float
        Wanted relative width of the bounds, at least 1e-12.

    Returns
    -------
    float or (float, float, float)
        `value` is the largest |G| found; the supremum lies between `lower` and `upper`. Arrays of
        the batch shape where there is one.

    Raises
    ------
    ValueError
        If a pole is not stable.
    numpy.linalg.LinAlgError
        If the proved bounds are further apart than twice `rtol` and the rounding errors of terms
        that cancel (64 eps |C| |(z - A)^{-1} B|), and no certificate is asked for.

    Notes
    -----
    Both bounds are proved, rounding errors included; that poles are stable is believed of the
    eigenvalues that LAPACK finds. Diagonal systems with few channels: intervals of frequency are
    discarded by a Taylor bound of |G|^2 over them. Distances of poles are taken from the data
    (`log_poles` are exact), those that nearly coincide by divided differences, so that neither
    near-marginal poles nor the difference of two close systems cost digits; O(n) an interval.
    Other systems: in coordinates with a Gramian near the identity, a matrix X is looked for that
    makes gamma^2 - G^* G positive by the bounded real lemma, and checked with 32 digits; O(n^3),
    whatever the number of channels. Poles that lie within 1e-6 of the boundary go by eigenvectors
    of 32 digits and intervals first. docs/theory.md (6.16), (6.17).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> round(ht.hankel.hinf_norm(ht.DiagonalLTI([-1.0], [1.0], [2.0])), 12)
    2.0
    """
    certificate = _check.flag("certificate", certificate)
    return _answer(_stable_peak(system, rtol), certificate, rtol)


def hinf_peak(system, *, rtol: float = 1e-10) -> Peak:
    """The frequency at which |G| is largest, with |G| there and proved bounds of sup |G|.

    Parameters
    ----------
    system : LTI, DiagonalLTI or DPLR
        Stable; batch axes are kept.
    rtol : float
        Wanted relative width of the bounds, at least 1e-12. Where it is missed, they say so.

    Returns
    -------
    Peak
        `.value`, `.frequency`, `.lower`, `.upper`. Of several peaks of one height one is named;
        of a real system the frequency is not negative.

    Raises
    ------
    ValueError
        If a pole is not stable.

    Notes
    -----
    Methods and cost are those of `hinf_norm`. A flat peak is known in height, not in place.

    Examples
    --------
    >>> import hippo_theory as ht
    >>> peak = ht.hankel.hinf_peak(ht.DiagonalLTI([-0.1 + 2j], [1.0], [1.0]))
    >>> round(peak.value, 9), round(peak.frequency, 9)
    (10.0, 2.0)
    """
    return _stable_peak(system, rtol)[0]


def linf_norm(system, *, certificate: bool = False, rtol: float = 1e-10) -> Any:
    """sup |G| over the imaginary axis or the unit circle, of systems with unstable poles too.

    Use it for what `hinf_norm` refuses: the gain of a system that is not read forward in time,
    such as the difference of a stable system and an unstable one.

    Parameters
    ----------
    system : LTI, DiagonalLTI or DPLR
        Without poles on the boundary; batch axes are kept.
    certificate, rtol
        As for `hinf_norm`.

    Returns
    -------
    float or (float, float, float)
        As for `hinf_norm`, which it equals for stable systems.

    Raises
    ------
    ValueError
        If a pole lies on the boundary.
    numpy.linalg.LinAlgError
        As for `hinf_norm`.

    Notes
    -----
    The bounded real lemma with an indefinite X; O(n^3). docs/theory.md (6.17).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> round(ht.hankel.linf_norm(ht.LTI([[1.0]], [1.0], [3.0])), 9)
    3.0
    """
    certificate = _check.flag("certificate", certificate)
    check_system(system)
    return _answer(_over_batch(_gain_off_poles, system, rtol), certificate, rtol)


def _answer(found, certificate, rtol):
    peak, missed = found
    if certificate:
        return peak.value, peak.lower, peak.upper
    if missed:
        raise np.linalg.LinAlgError(
            f"bounds of the largest gain must meet within rtol = {rtol:g}, got "
            f"[{missed[0].lower:.12g}, {missed[0].upper:.12g}]; certificate=True returns them"
        )
    return peak.value


def _stable_peak(system, rtol):
    check_system(system)
    factors.check_stable(system)
    return _over_batch(lambda one, rtol: _peak(one, rtol, stable=True), system, rtol)


def _over_batch(peak, system, rtol):
    """The Peak of every channel, and those whose bounds are further apart than `rtol` asks."""
    rtol = _check.number("rtol", rtol, minimum=1e-12, below=1.0)
    if not system.batch_shape:
        found, met = peak(system, rtol)
        return found, [] if met else [found]
    rows = [peak(one, rtol) for one in factors.channels(system)]
    columns = [[getattr(p, name) for p, _ in rows] for name in Peak.__slots__]
    arrays = [np.reshape(np.array(x, float), system.batch_shape) for x in columns]
    return Peak(*arrays), [p for p, met in rows if not met]


def _gain_off_poles(system, rtol):
    poles = spectrum(system)
    away = np.abs(poles) - 1 if system.is_discrete else poles.real
    if not away.all():
        index = int(np.argmin(np.abs(away)))
        rule = "off the unit circle" if system.is_discrete else "off the imaginary axis"
        what = f"{poles[index]:.17g} at index {index}"
        raise ValueError(f"system must have its poles {rule}, got {what}")
    return _peak(system, rtol, stable=bool((away < 0).all()) or system.is_stable)


def _peak(system, rtol, *, stable):
    """The Peak, and whether its bounds are as near as `rtol` and rounding ask."""
    once = scales.scaled(system, feedthrough=True)
    unit = scales.scaled(once.system, feedthrough=True)  # time again, by balanced states
    value, lower, upper, place, floor = _bounds(unit.system, rtol, stable)
    met = _met(value, lower, upper, floor, rtol)
    name, gain = "the H-infinity norm", once.gain + unit.gain
    value, lower = (float(x) for x in scales.restored(name, [value, lower], gain))
    upper = float(scales.restored(name, upper, gain)) if np.isfinite(upper) else np.inf
    place = abs(place) if _is_real(system) else place
    frequency = float(np.ldexp(place, once.time + unit.time))
    if system.is_discrete:
        frequency = place / float(system.dt)
    return Peak(value, frequency, lower, upper), met


def _met(_, lower, upper, floor, rtol):
    return bool(np.isfinite(upper) and upper - lower <= 2 * rtol * upper + floor)


def _is_real(system):
    """Whether |G| is even in the frequency."""
    return not any(np.iscomplexobj(M) for M in matrices(system))


def _bounds(system, rtol, stable):
    """The first bounds that meet of those that are tried, or the best of all."""
    constant = float(np.linalg.norm(np.atleast_2d(system.D), 2)) if np.size(system.D) else 0.0
    if not (system.state_dim and np.any(system.B) and np.any(system.C)):
        return constant, constant, constant, 0.0, 0.0
    found = []
    for attempt in _attempts(system, stable):
        bounds = attempt(system, rtol)
        if bounds is not None:
            found.append(bounds)
            if _met(*bounds[:3], bounds[4], rtol):
                return bounds
    if not found:
        return constant, 0.0, np.inf, 0.0, 0.0
    value, lower, _, place, floor = max(found, key=lambda bounds: bounds[1])
    return value, lower, max(value, min(bounds[2] for bounds in found)), place, floor


def _attempts(system, stable):
    """Ways to bounds, in the order in which they are worth trying."""
    if not stable:
        return [_by_matrices]
    if isinstance(system, DiagonalLTI):
        rounded = system.log_poles is not None and np.max(np.abs(system.poles)) >= 1
        wide = min(system.channel_shape, default=1) > WIDE and not rounded
        return [_by_matrices, _by_intervals] if wide else [_by_intervals]
    A, poles = matrices(system)[0], spectrum(system)
    if not (A - np.diag(np.diagonal(A))).any():
        return [_by_intervals, _by_matrices]
    gap = np.min(1 - np.abs(poles) if system.is_discrete else -poles.real)
    near = gap < MARGINAL * np.linalg.norm(A)
    return [_by_intervals, _by_matrices] if near else [_by_matrices, _by_intervals]


def _by_matrices(system, rtol):
    from hippo_theory.hankel import _levels

    return _levels.bounds(*matrices(expand(system)), rtol, discrete=system.is_discrete)


def _by_intervals(system, rtol):
    from hippo_theory.hankel import _intervals, _modes

    diagonal = isinstance(system, DiagonalLTI)
    modes = _modes.of_diagonal(system) if diagonal else _modes.of_dense(system)
    return modes and _intervals.bounds(modes, rtol)
