"""Optimal approximation in the Hankel norm (AAK)."""

import dataclasses
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from hippo_theory import _check
from hippo_theory.hankel import _stable
from hippo_theory.hankel.norms import hankel_norm
from hippo_theory.hankel.spectrum import Spectrum, singular_values
from hippo_theory.lti import batches
from hippo_theory.lti.forms import assemble, channels, dense, expand, matrices
from hippo_theory.lti.minimal import minimal_realization
from hippo_theory.lti.values import LTI, DiagonalLTI

EPS = np.finfo(float).eps


@dataclass(frozen=True, slots=True, eq=False)
class OptimalApproximation:
    """The best approximation of its order in the Hankel norm.

    Attributes
    ----------
    system : DiagonalLTI or LTI
        Of as many poles as the order, stable if the given one is; real if the given one is,
        diagonal if it is and has one input and one output.
    error : float
        The Hankel norm of the difference, sigma_{order+1}; 0 at the McMillan degree.
    singular_values : Spectrum
        Hankel singular values of the given system, of whose hidden states none is left.
    """

    system: DiagonalLTI | LTI
    error: float
    singular_values: Spectrum

    def __repr__(self):
        order = expand(self.system).state_dim
        return f"<OptimalApproximation of order {order}, error {self.error:.6g}>"


@batches.nested
def optimal_approximation(system, order: int, *, rtol: float = 1e-9) -> OptimalApproximation:
    """The system of `order` states that is nearest in the Hankel norm (AAK).

    Use it where no system of that order may be better: its error is sigma_{order+1} exactly, and
    it tells what any other reduction could gain. `balanced_truncation` is a hundred times cheaper
    and bounds the H-infinity norm.

    Parameters
    ----------
    system : LTI, DiagonalLTI or DPLR
        Hidden states are dropped first (`lti.minimal_realization`), states that are not stable
        are kept (`lti.split_stable`).
    order : int
        Number of poles of the answer: 0 (only D is left) to the McMillan degree, where the answer
        is the minimal realization itself. States that are not stable count.
    rtol : float
        How near the Hankel norm of G - G_r must come to sigma_{order+1}; it is measured.

    Returns
    -------
    OptimalApproximation
        `.system` with exactly `order` poles and the D of `system`, `.error`, `.singular_values`.
        With one input and output the system is diagonal if the given one is, with the same datum
        (``log_poles``) and the same ``conjugate``; a real system is answered by a real one. With
        batch axes a tuple of answers, nested as the axes are.

    Raises
    ------
    ValueError
        If the order is above the McMillan degree, or below the number of states that are not
        stable.
    numpy.linalg.LinAlgError
        If sigma_{order+1} is not separated from its neighbours, or so small that an answer in
        double precision misses it by more than `rtol`.

    Notes
    -----
    With the Schmidt pair (U, Y) of sigma_{order+1}, the answer is the stable part of G - Y / U; its
    poles are the zeros of U in the region of stability. U is a sum over the all-pass chain of the
    poles, whose coefficients are the singular vector v of R^* S. Vector, zeros and residues are
    computed with 32 digits, residues are fitted to the rounded poles, and the Hankel norm of
    what is returned is computed with 32 digits again. After Adamyan, Arov and Krein; Haut and
    Beylkin. Dense systems take the same way where their eigenvectors allow it, otherwise the
    all-pass embedding, after Glover, answered in balanced coordinates; so do all systems with
    several inputs or outputs.

    What remains is the rounding of the answer, about eps sigma_1 / (1 - |mu|): with poles away from
    the boundary sigma_{order+1} may be as small as some 1e-7 sigma_1, with poles at 1e-3 from it
    1e-4. Dense systems that are not triangular and have nearly dependent eigenvectors know
    their data to double precision only. D enters the H-infinity norm alone. O(n^3): for n = 64
    a second, for HiPPO-LegS some five. docs/theory.md (6.12)-(6.14).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> G = ht.DiagonalLTI([-1.0, -2.0], [1.0, 1.0], [1.0, 1.0])
    >>> best = ht.hankel.optimal_approximation(G, 1)
    >>> round(ht.hankel.hankel_norm(G - best.system) / best.error, 9)
    1.0
    """
    order = _check.integer("order", order, 0)
    rtol = _check.number("rtol", rtol, above=0.0)
    system = minimal_realization(system)
    degree = expand(system).state_dim
    if order > degree:
        raise ValueError(
            f"order must be at most the {degree} states that inputs reach and outputs see, "
            f"got {order}"
        )
    stable, rest = _stable.parts(system)
    best = _optimum(stable, _stable.order_left(order, rest), rtol)
    return dataclasses.replace(best, system=_stable.joined(best.system, rest))


def _optimum(system, order, rtol) -> OptimalApproximation:
    """The answer for a stable and minimal system: the first that is measured to be near enough."""
    spectrum = singular_values(system)
    if order == spectrum.values.size:
        return OptimalApproximation(system, 0.0, spectrum)
    if order == 0:
        return OptimalApproximation(_feedthrough(system), hankel_norm(system), spectrum)
    _check_resolved(spectrum, order)
    reached, refusals = [], []
    for answer in _answers(system):
        try:
            with np.errstate(all="ignore"):  # what leaves the floats is not near sigma either
                best, sigma, attained = answer(order, spectrum)
        except np.linalg.LinAlgError as error:
            refusals.append(error)
            continue
        if abs(attained - 1) <= rtol:
            return OptimalApproximation(best, sigma, _with_value(spectrum, order, sigma))
        reached.append(attained - 1)
    if not reached:
        raise refusals[-1]
    raise np.linalg.LinAlgError(
        f"the optimum of order {order} is not resolved to rtol = {rtol:g} in double precision: "
        f"sigma_{order + 1} is {_ratio(spectrum, order):.1e} of the largest, the Hankel norm "
        f"reached is {min(reached):.1e} above it"
    )


def _answers(system):
    """Functions of order and spectrum: the answer, sigma, and its Hankel error over sigma."""
    from hippo_theory.hankel import _triangular

    if isinstance(system, DiagonalLTI) and system.is_siso:
        return [partial(_by_zeros, system, *_triangular.of(system))]
    model = dense(system)
    try:
        form, Z, unit = _triangular.of_dense(model)
    except np.linalg.LinAlgError:  # eigenvectors that are nearly dependent
        return [partial(_by_embedding, model, *_triangular.rounded(model), exact=False)]
    embedding = partial(_by_embedding, model, form, Z, unit, exact=True)
    if form.strict.high.any() or not system.is_siso:
        return [embedding]
    return [partial(_by_zeros, model, form, unit), embedding]


def _by_zeros(system, form, unit, order, spectrum):
    """A sum of poles and residues."""
    from hippo_theory.hankel import _aak

    real, diagonal = _is_real(system), isinstance(system, DiagonalLTI)
    logs = diagonal and system.log_poles is not None
    found = _aak.approximate(form, order, real=real, by_logarithms=logs)
    single = real & (found.poles.imag == 0)  # stands for itself and its conjugate
    poles = found.poles.real if real and single.all() else found.poles
    best: Any = DiagonalLTI(
        unit.back("poles", poles, time=1),
        np.ones(single.size),
        unit.back("residues", found.residues / (1 + single), gain=1, time=1),
        D=system.D,
        dt=system.dt,
        conjugate=real,
        log_poles=found.log_poles,
    )
    if not diagonal:
        best = dense(best)
    elif not system.conjugate:
        best = expand(best)
    return best, float(unit.back("singular values", found.sigma, gain=1)), found.attained


def _by_embedding(system, form, Z, unit, order, spectrum, *, exact):
    """A dense realisation; `exact` if `form` has the digits to measure the error with."""
    from hippo_theory.hankel import _glover, _triangular

    A, B, C, sigma = _glover.approximate(form, Z, order, real=_is_real(system))
    C_given = unit.back("C of the optimum", C, gain=1, time=1)
    A_given, D = unit.back("A", A, time=1), matrices(system)[3]
    best = assemble(A_given, B, C_given, D, dt=system.dt, siso=system.is_siso)
    if exact:
        error = _triangular.difference(form, _triangular.modal(A, B, C, form.discrete))
        attained = _triangular.norm(error) / sigma
    else:
        attained = singular_values(system - best).values[0] / spectrum.values[order]
    return best, float(unit.back("singular values", sigma, gain=1)), attained


def _is_real(system):
    if isinstance(system, DiagonalLTI) and system.conjugate:
        return True
    poles = system.poles if isinstance(system, DiagonalLTI) else system.A
    return not any(map(np.iscomplexobj, (poles, system.B, system.C)))


def _feedthrough(system):
    """The system without its states."""
    if isinstance(system, DiagonalLTI):
        B, C, _ = channels(system)
        B, C = (B[:0, 0], C[0, :0]) if system.is_siso else (B[:0], C[:, :0])
        logs = None if system.log_poles is None else system.log_poles[:0]
        return dataclasses.replace(system, poles=system.poles[:0], B=B, C=C, log_poles=logs)
    A, B, C, D = matrices(system)
    return assemble(A[:0, :0], B[:0], C[:, :0], D, dt=system.dt, siso=system.is_siso)


def _check_resolved(spectrum, order):
    """Refuse a value below the rounding of poles, or near its neighbours beside its error."""
    logs, ratio = spectrum.log_values, _ratio(spectrum, order)
    if ratio < EPS:
        raise np.linalg.LinAlgError(
            f"singular value {order + 1} must be above the rounding {EPS:.1e} of poles in double "
            f"precision, got {ratio:.1e} of the largest"
        )
    error = min(spectrum.relative_error[order], logs.size * EPS / ratio)
    near = [k for k in (order - 1, order + 1) if 0 <= k < logs.size]
    gap = min((abs(logs[k] - logs[order]) for k in near), default=np.inf)
    if not gap > 10 * error:
        raise np.linalg.LinAlgError(
            f"singular value {order + 1} must be simple beside its relative error {error:.1e}, "
            f"got relative distance {gap:.1e} to its neighbour"
        )


def _ratio(spectrum, order):
    return float(np.exp(spectrum.log_values[order] - spectrum.log_values[0]))


def _with_value(spectrum, order, sigma):
    """The spectrum with the value known to 32 digits in its place."""
    values, logs, errors, relative = (
        x.copy() for x in (spectrum.values, spectrum.log_values, *spectrum.estimate())
    )
    values[order], logs[order] = sigma, np.log(sigma)
    errors[order], relative[order] = EPS * sigma, EPS
    return dataclasses.replace(
        spectrum, values=values, log_values=logs, estimate=lambda: (errors, relative)
    )
