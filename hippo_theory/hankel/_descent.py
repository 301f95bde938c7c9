"""Descent of the H2 error in poles and input vectors, with the best output vectors at each step."""

from typing import Any

import numpy as np
from scipy import linalg, optimize

from hippo_theory.hankel.norms import h2_norm, mode_scores
from hippo_theory.hankel.reduction import balanced_truncation
from hippo_theory.lti.forms import channels, expand, matrices
from hippo_theory.lti.values import DiagonalLTI

STEPS = 4000
FLAT = 1e-9  # slope, relative to |G|^2, where a search ends
FEW = 400  # coordinates up to which BFGS keeps a matrix


class Problem:
    """The squared error over |G|^2 as a function of nu, theta and input vectors."""

    def __init__(self, system: DiagonalLTI, order: int):
        self.system, self.pairs = system, system.conjugate
        self.many = channels(system)[0].shape[1] > 1
        self.count = order // 2 if self.pairs else order
        self.scale = h2_norm(system) or 1.0
        whole: Any = expand(system)
        self.p = _coordinates(whole)
        self.B, self.C = channels(whole)[0].astype(complex), channels(whole)[1].T / self.scale

    def search(self, q, beta) -> tuple[DiagonalLTI, float]:
        """Return where a descent from poles and input vectors ends, and the largest slope there."""
        beta = beta / np.linalg.norm(beta, axis=1, keepdims=True)
        start = self.packed(np.log(-q.real) + 1j * q.imag, beta)

        def objective(x):
            q, beta = self.unpacked(x, beta_0)
            value, _, of_q, of_beta = self.error(q, beta)
            return value, self.packed(of_q.real * q.real + 1j * of_q.imag, of_beta)

        beta_0 = beta
        method = "BFGS" if start.size <= FEW else "L-BFGS-B"
        with np.errstate(all="ignore"):  # a step too far is taken back
            answer = optimize.minimize(
                objective, start, jac=True, method=method, options={"maxiter": STEPS, "gtol": FLAT}
            )
            slope = float(np.abs(objective(answer.x)[1]).max())
        return self.value(*self.unpacked(answer.x, beta)), slope

    def packed(self, q, beta):
        """Real coordinates of poles and, where there are many inputs, of input vectors."""
        parts = [q, beta.ravel()] if self.many else [q]
        return np.concatenate([half for part in parts for half in (part.real, part.imag)])

    def unpacked(self, x, beta):
        """Poles and input vectors of real coordinates."""
        n, rest = self.count, x[2 * self.count :]
        if self.many:
            half = rest.size // 2
            beta = (rest[:half] + 1j * rest[half:]).reshape(beta.shape)
        return -np.exp(x[:n]) + 1j * x[n : 2 * n], beta

    def error(self, q, beta):
        """The squared error with the best output vectors, these, and real slopes in q and beta."""
        twins = (lambda v: np.concatenate([v, v.conj()])) if self.pairs else (lambda v: v)
        Q, beta = twins(q), twins(beta)
        own, own_slope = self._kernel(Q[:, None] + Q.conj())
        cross, cross_slope = self._kernel(self.p[:, None] + Q.conj())
        own_B, cross_B = beta @ beta.conj().T, self.B @ beta.conj().T
        target = (cross * cross_B).T @ self.C
        solved: Any = linalg.lstsq((own * own_B).T, target, cond=1e-15)
        gamma = solved[0]
        value = 1.0 - float(np.sum(gamma.conj() * target).real)
        own_C, cross_C = gamma @ gamma.conj().T, self.C @ gamma.conj().T
        of_q = (own_slope * own_B * own_C).sum(axis=0)
        of_q = of_q - (cross_slope * cross_B * cross_C).sum(axis=0)
        of_beta = (own * own_C).T @ beta - (cross * cross_C).T @ self.B
        times = 4.0 if self.pairs else 2.0
        n = self.count
        return max(value, 0.0), gamma[:n], times * of_q[:n], times * of_beta[:n]

    def value(self, q, beta) -> DiagonalLTI:
        """The reduced system with the best output vectors."""
        gamma = self.error(q, beta)[1] * self.scale
        discrete = self.system.is_discrete
        B, C = (beta[:, 0], gamma[:, 0]) if self.system.is_siso else (beta, gamma.T)
        return DiagonalLTI(
            np.exp(q) if discrete else q,
            B,
            C,
            0 * self.system.D,
            self.system.dt,
            self.pairs,
            log_poles=q if discrete else None,
        )

    def _kernel(self, s):
        """1/(1 - x conj y) of logarithms, or -1/(x + conj y), and its derivative in s."""
        if not self.system.is_discrete:
            return -1 / s, 1 / s**2
        change = np.expm1(s)
        return -1 / change, (change + 1) / change**2


def _coordinates(system: DiagonalLTI):
    """Poles in continuous time, their logarithms in discrete time; a pole 0 as e^-700."""
    if not system.is_discrete:
        return system.poles.astype(complex)
    if system.log_poles is not None:
        return system.log_poles.astype(complex)
    poles = system.poles.astype(complex)
    return np.where(poles == 0, -700.0, np.log(np.where(poles == 0, 1, poles)))


def _modal(system: DiagonalLTI, order: int):
    """The strongest modes and their input vectors."""
    source: Any = system if system.conjugate else expand(system)
    count = order // 2 if system.conjugate else order
    scores = mode_scores(source, norm="h2")
    kept = np.argsort(-scores, kind="stable")[:count]
    return _apart(_coordinates(source)[kept]), channels(source)[0][kept].astype(complex)


def _balanced(system: DiagonalLTI, order: int):
    """Poles and input vectors of balanced truncation; two real poles as one narrow pair."""
    reduced = balanced_truncation(system, order=order).system
    A, B, _, _ = matrices(reduced)
    found, vectors = np.linalg.eig(A)
    inputs = np.linalg.lstsq(vectors, B.astype(complex), rcond=None)[0]
    poles: Any = found.astype(complex)
    if system.is_discrete:
        poles = np.log(np.where(poles == 0, 1e-300, poles))
    if poles.size < order:
        return _modal(system, order)
    if not system.conjugate:
        return _apart(poles), inputs
    is_real = np.abs(np.sin(poles.imag) if system.is_discrete else poles.imag) <= 1e-12
    upper = np.flatnonzero(~is_real & (poles.imag > 0))
    first, second = np.array_split(np.flatnonzero(is_real), 2)
    n = min(len(first), len(second))
    middle = (poles[first[:n]] + poles[second[:n]]) / 2
    q = np.concatenate([poles[upper], middle + 0.1j * np.abs(middle.real)])
    beta = np.concatenate([inputs[upper], inputs[first[:n]] + 1j * inputs[second[:n]]])
    if len(q) < order // 2:
        return _modal(system, order)
    return _apart(q[: order // 2]), beta[: order // 2]


def _apart(q):
    """Starts a little apart, and damped, so that their Gram matrix is not singular."""
    decay = np.minimum(q.real, -1e-12)
    return decay * (1 + 1e-3 * np.arange(q.size)) + 1j * q.imag


STARTS = {"balanced": _balanced, "modal": _modal}
