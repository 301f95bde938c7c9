"""Gramian factors P = S S^*, Q = R R^*, and what rounding them does to singular values."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.linalg import norm

from hippo_theory import digits
from hippo_theory.digits import DoubleDouble
from hippo_theory.hankel.lyapunov import DiagonalEquation, Equation, improved, rounded, step
from hippo_theory.lti import blocks
from hippo_theory.lti._values import Array
from hippo_theory.lti.forms import expand, matrices, spectrum
from hippo_theory.lti.forms import one_channel as one_channel
from hippo_theory.lti.pairings import pairings
from hippo_theory.lti.values import DPLR, LTI, DiagonalLTI

EPS = np.finfo(float).eps
GOOD = 1e-12  # of what S S^* lacks of P, up to which S is not improved
FIRST_ORDER = 0.1  # of the same, up to which corrections of first order tell the error


def check_stable(system) -> None:
    """Refuse unstable and marginal systems, with the index and value of the pole."""
    logs: Array = getattr(system, "log_poles", None)
    if logs is not None:
        sizes, rule, what = logs.real, "inside the unit circle", "log|pole|"
        outside = sizes >= 0
    else:
        diagonal = isinstance(system, DiagonalLTI)
        poles: Any = system.poles if diagonal else spectrum(system)
        sizes = abs(poles) if system.is_discrete else poles.real
        rule = "inside the unit circle" if system.is_discrete else "in the open left half-plane"
        what = "|pole|" if system.is_discrete else "real part"
        outside = sizes >= (1 if system.is_discrete else 0)
    if outside.any() and not (isinstance(system, (LTI, DPLR)) and system.is_stable):
        index = tuple(int(i) for i in np.argwhere(outside)[0])
        where = index[0] if len(index) == 1 else index
        raise ValueError(
            f"system must have its poles {rule}, got {what} = {sizes[index]:.17g} at index {where}"
        )


def channels(system: DiagonalLTI):
    """The systems of a batch, in C order."""
    batch, n = system.batch_shape, system.poles.ndim - 1

    dt = np.broadcast_to(np.nan if system.dt is None else system.dt, batch).ravel()

    def full(x):
        return np.broadcast_to(x, batch + x.shape[n:]).reshape((len(dt), *x.shape[n:]))

    poles, B, C, D = (full(x) for x in (system.poles, system.B, system.C, system.D))
    logs = None if system.log_poles is None else full(system.log_poles)
    for k in range(len(dt)):
        yield DiagonalLTI(
            poles[k],
            B[k],
            C[k],
            D[k],
            dt=None if system.dt is None else float(dt[k]),
            conjugate=system.conjugate,
            log_poles=None if logs is None else logs[k],
        )


@dataclass(frozen=True, slots=True, eq=False)
class Factors:
    """S and R with P = S S^* and Q = R R^*, and the equations of P and Q."""

    S: Array
    R: Array
    reach: Any
    observe: Any

    @property
    def size(self) -> float:
        """|S| |R|, a rounding error of which singular values of R^* S carry."""
        return float(np.linalg.norm(self.S, 2) * np.linalg.norm(self.R, 2)) if self.S.size else 0.0

    def error(self) -> float:
        """What S and R lack, in the norm of R^* S, twice, and the rounding of that product.

        All singular values are off by no more, after Weyl; to first order, and inf where that
        does not suffice.
        """
        if not self.S.size:
            return 0.0
        lacks = self.reach.lack(self.S), self.observe.lack(self.R)
        pairs = zip(lacks, (self.S, self.R), strict=True)
        if not all(norm(dP) <= FIRST_ORDER * norm(S) ** 2 for dP, S in pairs):
            return np.inf
        change = self.R.conj().T @ step(self.S, lacks[0])
        change = change + step(self.R, lacks[1]).conj().T @ self.S
        return float(2 * norm(change, 2) + (4 + np.sqrt(len(self.S))) * EPS * self.size)


def factors(system):
    """(S, R) with P = S S^* and Q = R R^*, in the coordinates of the listed (expanded) states."""
    found = factored(system)
    return found.S, found.R


def factored(system) -> Factors:
    """Factors of the Gramians of a dense system, improved, or of a diagonal one."""
    if not system.state_dim:
        return Factors(np.zeros((0, 0)), np.zeros((0, 0)), None, None)
    if not isinstance(system, DiagonalLTI):
        A, B, C, _ = matrices(system)
        return of_matrices(A, B, C, system.is_discrete)
    first = reach(system)
    C = outputs(system).conj().T
    second = DiagonalEquation(C, first.pairs, system.is_discrete, adjoint=True)
    return Factors(first.factor(), second.factor(), first, second)


def reach(system, *, exact: bool = False) -> Any:
    """The equation of P; with `exact`, one whose residual of a factor has twice the digits."""
    full: Any = expand(system)
    A, B, _, _ = matrices(full)
    if not isinstance(full, DiagonalLTI):
        return Equation(A, B, *blocks.schur(A), full.is_discrete)
    if not exact:
        pairs = pairings(full.poles, discrete=full.is_discrete, log_poles=full.log_poles)
        return DiagonalEquation(B, pairs, full.is_discrete)
    poles = digits.exact(full.poles) if full.log_poles is None else digits.exp(full.log_poles)
    unit = np.eye(len(A))
    return Equation(poles * unit, B, A, unit, full.is_discrete)


def outputs(system) -> Array:
    """C, (p, n), of the expanded system."""
    return matrices(expand(system))[2]


def of_matrices(A, B, C, discrete) -> Factors:
    """Factors of the Gramians of matrices in double precision or 32 digits, improved."""
    form = blocks.schur(rounded(A))
    reach = Equation(A, B, *form, discrete)
    observe = Equation(_adjoint(A), _adjoint(C), *form, discrete, adjoint=True)
    S, R = (improved(e, e.factor(), GOOD) for e in (reach, observe))
    return Factors(S, R, reach, observe)


def _adjoint(M):
    return M.conj.T if isinstance(M, DoubleDouble) else M.conj().T


def real_factor(S: Array) -> Array:
    """A real square factor of the real matrix S S^*."""
    R: Array = np.linalg.qr(np.concatenate([S.real, S.imag], axis=1).T, mode="r")
    return R.T
