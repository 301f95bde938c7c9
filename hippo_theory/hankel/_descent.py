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

    def __init__(self, system: DiagonalLTI):
        self.system, self.pairs = system, system.conjugate
        self.many = channels(system)[0].shape[1] > 1
        self.scale = h2_norm(system) or 1.0
        whole: Any = expand(system)
        self.p = _coordinates(whole)
        self.B, self.C = channels(whole)[0].astype(complex), channels(whole)[1].T / self.scale

    def search(self, q, beta, single) -> tuple[DiagonalLTI, float]:
        """Return where a descent from poles and input vectors ends, and the largest slope there."""
        beta = beta / np.linalg.norm(beta, axis=1, keepdims=True)
        turned = q.imag

        def unpacked(x):
            return self.unpacked(x, turned, beta, single)

        def objective(x):
            q, beta = unpacked(x)
            value, _, of_q, of_beta = self.error(q, beta, single)
            return value, self.packed(of_q.real * q.real + 1j * of_q.imag, of_beta, single)

        start = self.packed(np.log(-q.real) + 1j * q.imag, beta, single)
        method = "BFGS" if start.size <= FEW else "L-BFGS-B"
        with np.errstate(all="ignore"):  # a step too far is taken back
            answer = optimize.minimize(
                objective, start, jac=True, method=method, options={"maxiter": STEPS, "gtol": FLAT}
            )
            slope = float(np.abs(objective(answer.x)[1]).max())
        return self.value(*unpacked(answer.x), single), slope

    def packed(self, q, beta, single):
        """Real coordinates of poles and, with many inputs, of input vectors; real ones have one."""
        parts = [q.real, q.imag[~single]]
        if self.many:
            parts += [beta.real.ravel(), beta.imag[~single].ravel()]
        return np.concatenate(parts)

    def unpacked(self, x, turned, beta, single):
        """Poles and input vectors of real coordinates; real poles stay where they are turned to."""
        n, pairs, m = single.size, int(np.sum(~single)), beta.shape[1]
        decay, angle, rest = x[:n], x[n : n + pairs], x[n + pairs :]
        imag = turned.copy()
        imag[~single] = angle
        if self.many:
            beta = rest[: n * m].reshape(n, m).astype(complex)
            beta[~single] += 1j * rest[n * m :].reshape(pairs, m)
        return -np.exp(decay) + 1j * imag, beta

    def error(self, q, beta, single):
        """The squared error with the best output vectors, these, and real slopes in q and beta."""
        doubled = ~single if self.pairs else np.zeros(single.shape, bool)
        Q, beta = (np.concatenate([v, v[doubled].conj()]) for v in (q, beta))
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
        times, n = np.where(doubled, 4.0, 2.0), q.size
        return max(value, 0.0), gamma[:n], times * of_q[:n], times[:, None] * of_beta[:n]

    def value(self, q, beta, single) -> DiagonalLTI:
        """The reduced system with the best output vectors."""
        gamma = self.error(q, beta, single)[1] * self.scale
        if self.pairs:
            gamma = np.where(single[:, None], gamma.real / 2, gamma)
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
    """The strongest modes, their input vectors, and which are real; a half pair is made real."""
    q: Any = _coordinates(system)
    inputs: Any = channels(system)[0].astype(complex)
    if not system.conjugate:
        kept = np.argsort(-mode_scores(system, norm="h2"), kind="stable")[:order]
        return _apart(q[kept]), inputs[kept], np.zeros(kept.size, bool)
    is_real, kept, single, left = _is_real(system, q), [], [], order
    for k in np.argsort(-mode_scores(system, norm="h2"), kind="stable"):
        if left:
            kept.append(k)
            single.append(bool(is_real[k]) or left == 1)
            left -= 1 if single[-1] else 2
    q, single = q[kept], np.array(single)
    beta: Any = inputs[kept]
    beta = np.where(single[:, None] & ~beta.real.any(axis=1)[:, None], 1.0, beta)
    beta = np.where(single[:, None], beta.real, beta)
    q = np.where(single & ~is_real[kept], q.real, q)
    return _apart(q), beta, single


def _is_real(system, q):
    """Which coordinates belong to real poles, of either sign."""
    return np.abs(np.sin(q.imag) if system.is_discrete else q.imag) <= 1e-12


def _balanced(system: DiagonalLTI, order: int):
    """Poles and input vectors of balanced truncation, one of each pair, and which are real."""
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
        return _apart(poles), inputs, np.zeros(order, bool)
    single = _is_real(system, poles)
    kept = single | (poles.imag > 0)
    single, poles, inputs = single[kept], poles[kept], inputs[kept]
    size = np.linalg.norm(inputs.real, axis=1, keepdims=True)
    real = np.where(size > 0, inputs.real, 1.0)
    return _apart(poles), np.where(single[:, None], real, inputs), single


def _apart(q):
    """Starts a little apart, and damped, so that their Gram matrix is not singular."""
    decay = np.minimum(q.real, -1e-12)
    return decay * (1 + 1e-3 * np.arange(q.size)) + 1j * q.imag


STARTS = {"balanced": _balanced, "modal": _modal}
