"""H2 and Hankel norms of systems, and scores of single modes."""

import numpy as np

from hippo_theory import _check, scales
from hippo_theory.digits import product
from hippo_theory.hankel import factors
from hippo_theory.hankel.lyapunov import Equation, improved
from hippo_theory.hankel.spectrum import singular_values
from hippo_theory.lti import batches
from hippo_theory.lti.forms import check_system, dense, matrices
from hippo_theory.lti.pairings import pairings
from hippo_theory.lti.values import DPLR, DiagonalLTI

EPS = np.finfo(float).eps
ACCURATE = 1e-12  # relative error up to which an H2 norm in double precision is kept
LEFT = 1e-30  # relative error of sums in 32 digits
DOUBTFUL = 1e-13  # estimate above which a Hankel norm is computed with 32 digits
FEW = 256  # states of which that takes seconds


@batches.numbers
def h2_norm(system) -> float:
    """sqrt(tr(C P C^*)), in discrete time plus |D|^2: the energy of the impulse response.

    Parameters
    ----------
    system : LTI, DiagonalLTI or DPLR
        Stable.

    Returns
    -------
    float, or numpy.ndarray with the batch axes of `system`
        inf in continuous time where D is not zero.

    Raises
    ------
    ValueError
        If a pole is not stable.
    numpy.linalg.LinAlgError
        If C S cancels so far that less than ten digits are left.

    Notes
    -----
    |C S|_F with the factor P = S S^*; where that loses digits tr(C P C^*), P and its sums in 32
    digits, so that ten digits are right. O(n^3). docs/theory.md (6.15), (6.26).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> round(ht.hankel.h2_norm(ht.DiagonalLTI([0.6], [1.0], [1.0], dt=1.0)), 12)
    1.25
    """
    check_system(system)
    factors.one_channel(system)
    factors.check_stable(system)
    if np.any(system.D) and not system.is_discrete:
        return np.inf
    unit = scales.scaled(system)
    energy = unit.back("the H2 norm", _energy(unit.system), gain=1, time=0.5)
    of_D = scales.exponent(system.D)
    through = scales.ldexp(np.linalg.norm(scales.ldexp(system.D, -of_D)), of_D)
    return float(scales.restored("the H2 norm", np.hypot(energy, through)))


def _energy(system) -> float:
    """|C S|_F; where that cancels, tr(C P C^*) in twice the digits."""
    if not system.state_dim:
        return 0.0
    reach, C = factors.reach(system), factors.outputs(system)
    S = reach.factor()
    plain = float(np.linalg.norm(C @ S))
    terms = float(np.linalg.norm(np.abs(C) @ np.abs(S)))
    lost = len(S) * EPS * terms
    if not terms:
        return 0.0
    if isinstance(reach, Equation):
        lost += np.linalg.norm(C @ reach.lack(S, rough=True) @ C.conj().T) / max(plain, lost)
    if lost <= ACCURATE * plain:
        return plain
    return _energy_in_digits(factors.reach(system, exact=True), S, C)


def _energy_in_digits(reach, S, C) -> float:
    """The root of |C S|^2 + tr(C dP C^*), dP what S S^* lacks, with the sums in 32 digits."""
    S = improved(reach, S, 0.0)
    image = product(C, S)
    square = float(np.trace(product(image, image.conj.T).high).real)
    square += float(np.trace(C @ reach.lack(S) @ C.conj().T).real)
    wrong = LEFT * np.linalg.norm(C) ** 2 * np.linalg.norm(S) ** 2
    if wrong <= 1e-10 * square or not wrong:
        return float(np.sqrt(max(square, 0.0)))
    raise np.linalg.LinAlgError(
        f"the H2 norm must be above {np.sqrt(1e10 * LEFT):.0e} of |C| |S|, which cancel in it, "
        f"got {np.sqrt(max(square, 0.0) / (wrong / LEFT)):.1e} of them"
    )


@batches.numbers
def hankel_norm(system) -> float:
    """The largest Hankel singular value, the norm from past inputs to future outputs.

    Parameters
    ----------
    system : LTI, DiagonalLTI or DPLR
        Stable. With batch axes the answer is an array of that shape.

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
    spectrum = singular_values(factors.one_channel(system))
    doubtful = spectrum.relative_error[:1].max(initial=0.0) > DOUBTFUL
    if doubtful and system.is_siso and spectrum.values.size <= FEW:
        from hippo_theory.hankel import _triangular

        try:
            return _triangular.system_norm(dense(system) if isinstance(system, DPLR) else system)
        except np.linalg.LinAlgError:  # eigenvectors that are nearly dependent
            pass
    return float(spectrum.values.max(initial=0.0))


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
    factors.check_stable(system)
    if not system.state_dim:
        return np.zeros((*system.batch_shape, 0))
    rows = [_mode_scores(one, norm) for one in factors.channels(system)]
    return np.reshape(rows, (*system.batch_shape, system.state_dim))


def _mode_scores(system, norm):
    system = system.in_double()
    plain = DiagonalLTI(system.poles, system.B, system.C, dt=system.dt)
    rows, columns = (scales.scaled(plain, clock=False, toward=t) for t in ("inputs", "outputs"))
    B, C = matrices(rows.system)[1], matrices(columns.system)[2]
    size = np.linalg.norm(B, axis=1) * np.linalg.norm(C, axis=0)
    pairs = pairings(system.poles, discrete=system.is_discrete, log_poles=system.log_poles)
    diagonal = pairs.diagonal
    closest = diagonal / (1 + abs(system.poles)) if system.is_discrete else diagonal / 2
    scores = size / {"hinf": closest, "h2": np.sqrt(diagonal), "hankel": diagonal}[norm]
    return scales.restored("scores", scores, rows.states - columns.states)
