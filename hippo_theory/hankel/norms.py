"""Norms of systems: H2, Hankel, and H-infinity with a certificate; scores of single modes."""

from typing import Any

import numpy as np

from hippo_theory import _check, scales
from hippo_theory.hankel import _factors
from hippo_theory.hankel.singular_values import singular_values
from hippo_theory.lti.forms import check_system, dense, matrices
from hippo_theory.lti.pairings import pairings
from hippo_theory.lti.values import DPLR, DiagonalLTI

DOUBTFUL = 1e-13  # estimate above which a Hankel norm is computed with 32 digits
FEW = 256  # states of which that takes seconds

WIDE = 4  # channels from which on a level test costs less than bounds over intervals


def h2_norm(system) -> float:
    """sqrt(tr(C P C^*)), in discrete time plus |D|^2: the energy of the impulse response.

    Parameters
    ----------
    system : LTI, DiagonalLTI or DPLR
        Stable, without batch axes.

    Returns
    -------
    float
        inf in continuous time where D is not zero.

    Raises
    ------
    ValueError
        If a pole is not stable.

    Notes
    -----
    |C S|_F with the factor P = S S^*, so that nothing negative is ever rooted. O(n^3).
    docs/theory.md (6.15).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> round(ht.hankel.h2_norm(ht.DiagonalLTI([0.6], [1.0], [1.0], dt=1.0)), 12)
    1.25
    """
    check_system(system)
    _factors.one_channel(system)
    _factors.check_stable(system)
    if np.any(system.D) and not system.is_discrete:
        return np.inf
    unit = scales.scaled(system)
    Z, T, B, C = _factors.triangular_form(unit.system)
    S, _ = _factors.controllability_factor(
        T,
        B,
        discrete=system.is_discrete,
        log_poles=_factors.exact_logarithms(system),
        diagonal=Z is None,
    )
    energy = unit.back("the H2 norm", np.linalg.norm(C @ S), gain=1, time=0.5)
    of_D = scales.exponent(system.D)
    through = scales.ldexp(np.linalg.norm(scales.ldexp(system.D, -of_D)), of_D)
    return float(scales.restored("the H2 norm", np.hypot(energy, through)))


def hankel_norm(system) -> float:
    """The largest Hankel singular value, the norm from past inputs to future outputs.

    Parameters
    ----------
    system : LTI, DiagonalLTI or DPLR
        Stable, without batch axes.

    Notes
    -----
    Where most of the residues cancel, as in the difference of a system and its approximation, the
    largest of `singular_values` has few digits by its own estimate; with one input and output and
    up to 256 states it is then computed with 32 digits. docs/theory.md (6.3).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> round(ht.hankel.hankel_norm(ht.DiagonalLTI([-1.0], [1.0], [1.0])), 12)
    0.5
    """
    check_system(system)
    spectrum = singular_values(_factors.one_channel(system))
    doubtful = spectrum.relative_error[:1].max(initial=0.0) > DOUBTFUL
    if doubtful and system.is_siso and spectrum.values.size <= FEW:
        from hippo_theory.hankel import _triangular

        try:
            return _triangular.system_norm(dense(system) if isinstance(system, DPLR) else system)
        except np.linalg.LinAlgError:  # eigenvectors that are nearly dependent
            pass
    return float(spectrum.values.max(initial=0.0))


def hinf_norm(system, *, certificate: bool = False, rtol: float = 1e-10) -> Any:
    """sup |G| over the imaginary axis or the unit circle, in the spectral norm.

    Parameters
    ----------
    system : LTI, DiagonalLTI or DPLR
        Stable, without batch axes.
    certificate : bool
        Return (value, lower, upper) instead of the value.
    rtol : float
        Wanted relative width of the certificate, at least 1e-12.

    Returns
    -------
    float or (float, float, float)
        `value` is |G| at the worst frequency found, `lower` the same less its rounding error.

    Raises
    ------
    ValueError
        If a pole is not stable.
    numpy.linalg.LinAlgError
        If the bounds cannot be brought together.

    Notes
    -----
    Intervals of frequency are discarded by a Taylor bound of |G|^2 over them, whose remainder and
    rounding errors are added, so that both ends are proved. Distances between poles and to the
    boundary are taken from the data (`log_poles` are exact), and poles that nearly coincide by
    divided differences: neither near-marginal poles nor the difference of two close systems cost
    digits. O(n) an interval. Dense systems are brought to modes, with eigenvectors refined to
    twice the precision: the width grows as eps times the square of their condition number over
    the distance of the poles from the boundary. Where that exceeds `rtol` (no basis of
    eigenvectors, say), the eigenvalues of the Hamiltonian matrix decide in double precision,
    after Boyd and Balakrishnan, Bruinsma and Steinbuch (discrete systems through a Cayley map,
    which keeps the norm): a width of n eps |A| times the squared resolvents, an estimate. O(n^3).
    docs/theory.md (6.16), (6.17).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> round(ht.hankel.hinf_norm(ht.DiagonalLTI([-1.0], [1.0], [2.0])), 12)
    2.0
    """
    check_system(system)
    _factors.one_channel(system)
    _factors.check_stable(system)
    rtol = _check.number("rtol", rtol, minimum=1e-12, below=1.0)
    unit = scales.scaled(system, feedthrough=True)
    found = unit.back("the H-infinity norm", _hinf_bounds(unit.system, rtol), gain=1)
    value, lower, upper = (float(x) for x in found)
    return (value, lower, upper) if certificate else value


def _hinf_bounds(system, rtol):
    """The first bounds that meet of those from modes and from levels, or the best of both."""
    from hippo_theory.hankel import _hamiltonian, _intervals, _modes

    def from_modes():
        diagonal = isinstance(system, DiagonalLTI)
        modes = _modes.of_diagonal(system) if diagonal else _modes.of_dense(system)
        return modes and _intervals.bounds(modes, rtol)

    def from_levels():
        return _hamiltonian.bounds(system, rtol)

    if not system.state_dim:
        return (np.linalg.norm(np.atleast_2d(system.D), 2),) * 3
    wide = min(system.channel_shape, default=1) > WIDE
    found = []
    for attempt in (from_levels, from_modes) if wide else (from_modes, from_levels):
        bounds = attempt()
        if bounds:
            found.append(bounds)
            if bounds[2] - bounds[1] <= 2 * rtol * bounds[0]:
                return bounds
    if not found:
        raise np.linalg.LinAlgError("the H-infinity bounds did not meet, nor by intervals")
    value, lower, _ = max(found, key=lambda bounds: bounds[1])
    return value, lower, max(value, min(bounds[2] for bounds in found))


def mode_scores(system, *, norm: str = "hinf") -> np.ndarray:
    """Norm of every mode r / (z - l) of a diagonal system by itself.

    Parameters
    ----------
    system : DiagonalLTI
        Stable; batch axes are kept.
    norm : {"hinf", "h2", "hankel"}
        |r| / (1 - |l|), |r| / sqrt(1 - |l|^2), |r| / (1 - |l|^2); in continuous time with
        -Re l, -2 Re l, -2 Re l in place of the denominators.

    Returns
    -------
    numpy.ndarray, shape (..., N)
        Of listed poles; several channels count by |b| |c|.

    Notes
    -----
    docs/theory.md (6.18).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.hankel.mode_scores(ht.DiagonalLTI([-1.0, -0.1], [1.0, 1.0], [1.0, 1.0]))
    array([ 1., 10.])
    """
    check_system(system)
    if not isinstance(system, DiagonalLTI):
        raise TypeError(f"system must be a DiagonalLTI, got {type(system).__name__}")
    norm = _check.option("norm", norm, ["hinf", "h2", "hankel"])
    _factors.check_stable(system)
    rows = [_mode_scores(one, norm) for one in _factors.channels(system)]
    return np.reshape(rows, (*system.batch_shape, system.state_dim))


def _mode_scores(system, norm):
    plain = DiagonalLTI(system.poles, system.B, system.C, dt=system.dt)
    rows, columns = (scales.scaled(plain, clock=False, toward=t) for t in ("inputs", "outputs"))
    B, C = matrices(rows.system)[1], matrices(columns.system)[2]
    size = np.linalg.norm(B, axis=1) * np.linalg.norm(C, axis=0)
    pairs = pairings(system.poles, discrete=system.is_discrete, log_poles=system.log_poles)
    diagonal = pairs.diagonal
    closest = diagonal / (1 + abs(system.poles)) if system.is_discrete else diagonal / 2
    scores = size / {"hinf": closest, "h2": np.sqrt(diagonal), "hankel": diagonal}[norm]
    return scales.restored("scores", scores, rows.states - columns.states)
