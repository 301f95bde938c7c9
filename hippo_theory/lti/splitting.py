"""A system as the sum of its stable part and the rest."""

import dataclasses
from typing import Any

import numpy as np
import scipy.linalg as sla

from hippo_theory import scales
from hippo_theory.lti._values import Array
from hippo_theory.lti.forms import assemble, check_system, dense, matrices, one_channel, spectrum
from hippo_theory.lti.values import LTI, DiagonalLTI, System

EPS = np.finfo(float).eps
APART = 1e-6  # relative error of the parts, estimated, above which they are refused


def split_stable(system: System) -> tuple[System, System]:
    """(stable, rest) with stable + rest = system: what decays, and what does not.

    Use it to ask of a system with integrators or unstable poles what can only be asked of stable
    ones: reduce the stable part and add the rest again.

    Parameters
    ----------
    system : LTI, DiagonalLTI or DPLR
        Without batch axes.

    Returns
    -------
    stable, rest : DiagonalLTI of a DiagonalLTI, else LTI
        `stable` has the poles inside the unit circle or in the open left half-plane, and the
        feedthrough D; `rest` has the marginal and the unstable ones, and D = 0. Either may be
        without states.

    Raises
    ------
    ValueError
        If the system has batch axes.
    numpy.linalg.LinAlgError
        If stable and other poles are so nearly equal, or so strongly coupled, that the parts would
        have relative errors above 1e-6.

    Notes
    -----
    Poles of a diagonal system are selected, which is exact. Of a dense system an ordered real Schur
    form A = [[A1, A12], [0, A2]] is made block diagonal by X with A1 X - X A2 = -A12; errors are
    some N eps (1 + |X|)^2 of the norms of A, B and C in balanced units, and a computed pole within
    8 N eps |A| of the boundary counts as marginal, unless A is triangular. O(N^3), else O(N).
    docs/theory.md (5.2).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> G = ht.LTI([[-1.0, 1.0], [0.0, 2.0]], [0.0, 3.0], [1.0, 0.0])
    >>> stable, rest = ht.lti.split_stable(G)
    >>> stable.A, rest.A
    (array([[-1.]]), array([[2.]]))
    """
    check_system(system)
    one_channel(system)
    system = system.in_double()
    return _selected(system) if isinstance(system, DiagonalLTI) else _decoupled(system)


def _selected(system):
    """The poles of a diagonal system by their sides."""
    if system.log_poles is not None:
        inside = system.log_poles.real < 0
    elif system.is_discrete:
        inside = np.abs(system.poles) < 1
    else:
        inside = system.poles.real < 0

    def part(chosen, D):
        logs = None if system.log_poles is None else system.log_poles[chosen]
        columns = system.C[..., chosen]
        return dataclasses.replace(
            system, poles=system.poles[chosen], B=system.B[chosen], C=columns, D=D, log_poles=logs
        )

    return part(inside, system.D), part(~inside, 0.0 * system.D)


def _decoupled(system):
    """The diagonal blocks of an ordered Schur form, once nothing couples them."""
    D, unit = matrices(system)[3], scales.scaled(system)
    A, B, C, _ = matrices(unit.system)
    triangular = not (np.tril(A, -1).any() and np.triu(A, 1).any())  # with its poles in sight
    margin = 0.0 if triangular else 8 * len(A) * EPS * np.linalg.norm(A)
    if system.is_stable and not _marginal(unit.system, margin):  # by structure, perhaps
        nothing = np.zeros((0, 0)), np.zeros((0, D.shape[1])), np.zeros((D.shape[0], 0)), 0.0 * D
        return dense(system), assemble(*nothing, dt=system.dt, siso=system.is_siso)
    T, Z, count = _ordered(A, margin, system.is_discrete)
    B, C, k = Z.conj().T @ B, C @ Z, count
    A1, A2 = T[:k, :k], T[k:, k:]
    X = sla.solve_sylvester(A1, -A2, -T[:k, k:]) if 0 < k < len(A) else np.zeros((k, len(A) - k))
    error = len(A) * EPS * (1 + np.linalg.norm(X)) ** 2
    if not error < APART:
        raise np.linalg.LinAlgError(
            f"stable and other poles must be apart, got parts with relative errors of {error:.1g}"
        )
    stable = A1, B[:k] - X @ B[k:], C[:, :k], D
    rest = A2, B[k:], C[:, :k] @ X + C[:, k:], 0.0 * D
    return _restored(unit, *stable, system), _restored(unit, *rest, system)


def _marginal(system, margin):
    """Whether a computed pole is so near the boundary that its side is not known."""
    poles = spectrum(system)
    away = np.abs(poles) - 1 if system.is_discrete else poles.real
    return bool((np.abs(away) <= margin).any())


def _ordered(A, margin, discrete):
    """(T, Z, count) of a Schur form with the stable poles first."""

    def inside(re, im=0.0):
        z = complex(re) if np.iscomplexobj(re) else complex(re, im)
        return abs(z) < 1 - margin if discrete else z.real < -margin

    if not len(A):
        return A, A, 0
    kind: Any = "complex" if np.iscomplexobj(A) else "real"
    form: Array = sla.schur(A, output=kind, sort=inside)
    return form


def _restored(unit, A, B, C, D, system) -> LTI:
    """A part in the units of the given system."""
    A = scales.restored("A", A, unit.time)
    B, C = scales.restored("B", B, unit.inputs), scales.restored("C", C, unit.outputs)
    return assemble(A, B, C, D, dt=system.dt, siso=system.is_siso)
