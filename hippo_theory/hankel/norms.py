"""Norms of systems: H2, Hankel, and H-infinity with a certificate; scores of single modes."""

from typing import Any

import numpy as np

from hippo_theory import _check
from hippo_theory.hankel import _factors, _scales
from hippo_theory.hankel.singular_values import singular_values
from hippo_theory.lti.forms import check_system, matrices
from hippo_theory.lti.pairings import pairings
from hippo_theory.lti.systems import DiagonalLTI


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
    strictly_proper, exponent = _scales.normalized(system)
    Z, T, B, C = _factors.triangular_form(strictly_proper)
    S, _ = _factors.controllability_factor(
        T,
        B,
        discrete=system.is_discrete,
        log_poles=_factors.exact_logarithms(system),
        diagonal=Z is None,
    )
    of_D = np.frexp(np.abs(system.D).max(initial=0.0))[1]
    through = np.ldexp(np.linalg.norm(_scales.ldexp(system.D, -of_D)), of_D)
    energy = _scales.restored("the H2 norm", np.linalg.norm(C @ S), exponent)
    return float(_scales.restored("the H2 norm", np.hypot(energy, through)))


def hankel_norm(system) -> float:
    """The largest Hankel singular value, the norm from past inputs to future outputs.

    Parameters
    ----------
    system : LTI, DiagonalLTI or DPLR
        Stable, without batch axes.

    Notes
    -----
    docs/theory.md (6.3).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> round(ht.hankel.hankel_norm(ht.DiagonalLTI([-1.0], [1.0], [1.0])), 12)
    0.5
    """
    check_system(system)
    return float(singular_values(_factors.one_channel(system)).values.max(initial=0.0))


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
        If the bounds cannot be brought together, or poles of a system with several channels are
        on the circle once exp(log_poles) is rounded.

    Notes
    -----
    Diagonal with one input and output: intervals of frequency are discarded by a bound on
    |G|^2 of second order, whose rounding errors are added; near-marginal poles only make
    intervals short, O(n) each, and `log_poles` are exact data. Others: eigenvalues of the
    Hamiltonian matrix on the imaginary axis, after Boyd and Balakrishnan, Bruinsma and Steinbuch
    (discrete systems through the Cayley map, which keeps the norm); a level without such
    eigenvalues is the upper bound. O(n^3).
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
    system, exponent = _scales.normalized(system, feedthrough=True)
    if isinstance(system, DiagonalLTI) and system.channel_shape in ((), (1, 1)):
        from hippo_theory.hankel._intervals import bounds
    else:
        from hippo_theory.hankel._hamiltonian import bounds
    found = _scales.restored("the H-infinity norm", bounds(system, rtol), exponent)
    value, lower, upper = (float(x) for x in found)
    return (value, lower, upper) if certificate else value


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
    rows, columns = _scales.exponents(plain)
    _, B, C, _ = matrices(_scales.scaled(plain, -rows, -columns, plain.D))
    size = np.linalg.norm(B, axis=1) * np.linalg.norm(C, axis=0)
    pairs = pairings(system.poles, discrete=system.is_discrete, log_poles=system.log_poles)
    diagonal = pairs.diagonal
    closest = diagonal / (1 + abs(system.poles)) if system.is_discrete else diagonal / 2
    scores = size / {"hinf": closest, "h2": np.sqrt(diagonal), "hankel": diagonal}[norm]
    return _scales.restored("scores", scores, rows + columns)
