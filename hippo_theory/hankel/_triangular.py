"""Triangular systems with 32 digits: Gramian factors, and Hankel norms however much cancels.

The recurrence of `hammarling`. With w(z, l) = 1 - z conj(l) or -(z + conj(l)), the columns of S are
taken from the last one so that for one input S^{-1} T S is the chain

    t_m(z) = sqrt(w_mm) / w(z, l_m) prod_{j < m} (z - l_j) / w(z, l_j)

of the poles in that order: B^* w(z, T)^{-*} S^{-*} v = sum_m v_m t_m(z), an orthonormal sum.
"""

from dataclasses import dataclass, replace

import numpy as np

from hippo_theory import digits as dd
from hippo_theory import scales
from hippo_theory.hankel._eigen import modal_form
from hippo_theory.hankel.gramians import gramian_factors
from hippo_theory.lti import blocks
from hippo_theory.lti.forms import matrices
from hippo_theory.lti.values import DiagonalLTI


@dataclass(frozen=True, slots=True, eq=False)
class Triangular:
    """C (z - T)^{-1} B with T = diag(poles) + strict, which is strictly upper triangular.

    poles (n,), strict (n, n), B (n, m), C (p, n).
    """

    poles: dd.DoubleDouble
    strict: dd.DoubleDouble
    B: dd.DoubleDouble
    C: dd.DoubleDouble
    discrete: bool

    def adjoint(self):
        """The system of T^*, C^*, B^* with its states in reverse."""
        poles, B, C = self.poles.conj[::-1], self.C.conj.T[::-1], self.B.conj.T[:, ::-1]
        return Triangular(poles, self.strict.conj.T[::-1, ::-1], B, C, self.discrete)

    def beside(self, other):
        """G1 + G2."""
        n, m = self.poles.shape[0], other.poles.shape[0]
        strict = dd.exact(np.zeros((n + m, n + m)))
        for block, at in ((self.strict, slice(0, n)), (other.strict, slice(n, n + m))):
            strict.high[at, at], strict.low[at, at] = block.high, block.low
        pairs = (self.poles, other.poles), (self.B, other.B), (self.C.T, other.C.T)
        poles, B, C = (dd.concatenate(pair) for pair in pairs)
        C = C.T
        return Triangular(poles, strict, B, C, self.discrete)


def of_modes(poles, residues, discrete, *, conjugate=False) -> Triangular:
    """sum_j r_j / (z - l_j), r (n,), and the conjugates of what is not real if implied."""
    poles, residues = dd.exact(poles), dd.exact(residues)
    if conjugate:
        poles, residues = with_conjugates(poles, residues)
    n = poles.shape[0]
    zeros, ones = dd.exact(np.zeros((n, n))), dd.exact(np.ones((n, 1)))
    return Triangular(poles, zeros, ones, residues[None], discrete)


def modal(A, B, C, discrete) -> Triangular:
    """Of dense matrices with independent eigenvectors."""
    poles, B, C, _ = modal_form(dd.exact(A), dd.exact(B), dd.exact(C))
    return Triangular(poles, dd.exact(np.zeros(A.shape)), B, C, discrete)


def of(system) -> tuple[Triangular, scales.Scaled]:
    """The strictly proper part in balanced units.

    Raises
    ------
    numpy.linalg.LinAlgError
        If A is not triangular and its eigenvectors are nearly dependent.
    """
    if isinstance(system, DiagonalLTI):
        unit = scales.scaled(system)
        return _modes(unit.system), unit
    form, _, unit = of_dense(system)
    return form, unit


def of_dense(system):
    """The triangular form of a dense system, Z and the units: Z x are states for states x of it."""
    unit = scales.scaled(system)
    A, B, C, _ = (dd.exact(x) for x in matrices(unit.system))
    i, Z = np.arange(A.shape[0]), np.eye(A.shape[0])
    if not np.triu(A.high, 1).any():
        A, B, C, Z = A[::-1, ::-1], B[::-1], C[:, ::-1], Z[::-1]
    if np.tril(A.high, -1).any():
        poles, B, C, Z = _diagonalized(unit.system, A, B, C)
        zeros = dd.exact(np.zeros(A.shape))
        return Triangular(poles, zeros, B, C, system.is_discrete), Z, unit
    return (
        Triangular(A[i, i], dd.exact(np.triu(A.high, 1)), B, C, system.is_discrete),
        dd.exact(Z),
        unit,
    )


def _diagonalized(system, A, B, C):
    """`modal_form`, by way of balanced coordinates where eigenvectors are nearly dependent."""
    try:
        return modal_form(A, B, C)
    except np.linalg.LinAlgError:
        S, R = gramian_factors(system)
        _, s, Vh = np.linalg.svd(R.conj().T @ S)
        if not s[-1] > len(s) * np.finfo(float).eps * s[0]:
            raise
        T = dd.exact(S @ Vh.conj().T / np.sqrt(s))
        poles, B, C, Z = modal_form(dd.solve(T, A @ T), dd.solve(T, B), C @ T)
        return poles, B, C, T @ Z


def rounded(system):
    """`of_dense` by the Schur form in double precision."""
    unit = scales.scaled(system)
    A, B, C, _ = matrices(unit.system)
    T, Z = blocks.schur(A)
    poles, strict = dd.exact(np.diagonal(T)), dd.exact(np.triu(T, 1))
    B, C = dd.exact(Z.conj().T @ B), dd.exact(C @ Z)
    return Triangular(poles, strict, B, C, system.is_discrete), dd.exact(Z), unit


def system_norm(system) -> float:
    """The Hankel norm of a SISO system."""
    form, unit = of(system)
    S, R = factors(form)
    return float(unit.back("singular values", norm(R.conj.T @ S), gain=1))


def norm(G) -> float:
    """The largest singular value; nan where numbers have left the range of floats."""
    return float(np.linalg.norm(G.high, 2)) if np.isfinite(G.high).all() else np.nan


def factors(form: Triangular):
    """(S, R) with P = S S^*, Q = R R^*; the Hankel singular values are those of R^* S."""
    return controllability(form), controllability(form.adjoint())[::-1]


def response(form: Triangular, x, z):
    """C (z - T)^{-1} x at points z, for one output."""
    rows, total = [], dd.exact(np.zeros(z.shape))
    for i in range(x.shape[0] - 1, -1, -1):
        right = x[i]
        if rows and form.strict.high[i].any():
            right = right + dd.total(form.strict[i, i + 1 :, None] * dd.stack(rows[::-1]))
        rows.append(right / (z - form.poles[i]))
        total = total + form.C[0, i] * rows[-1]
    return total


def difference(first: Triangular, second: Triangular):
    """R^* S of G1 - G2."""
    second = replace(second, C=-second.C)
    n = first.poles.shape[0]
    S = controllability(second.beside(first))  # a diagonal block is cheap where it comes last
    R = controllability(first.beside(second).adjoint())[::-1]
    return dd.concatenate([R[n:], R[:n]]).conj.T @ S


def controllability(form: Triangular):
    """S, upper triangular, with P = S S^*."""
    poles, B, n = form.poles, form.B, form.poles.shape[0]
    s = roots(poles, form.discrete)
    coupled = form.strict.high.any(axis=0)
    free = int(np.argmax(coupled)) if coupled.any() else n  # columns before are diagonal
    S = dd.exact(np.zeros((n, n)))
    for k in range(n - 1, -1, -1):
        size, q = _direction(B[k])
        b = B[:k] @ q.conj
        first, T = size / s[k], form.strict[:k, :k]
        beside = form.strict[:k, k] * first
        d = w(poles[:k], poles[k], form.discrete)
        if form.discrete:
            u = _substituted(d, T * poles[k].conj, beside * poles[k].conj + s[k] * b, free)
            image = poles[:k] * u + beside
            if free < k:
                image = image + T @ u
            turned = s[k] * image - poles[k] * b
        else:
            u = _substituted(d, T, beside + s[k] * b, free)
            turned = s[k] * u - b
        B = B[:k] + (turned - b)[:, None] * q if q.shape[0] > 1 else turned[:, None]
        S.high[:k, k], S.low[:k, k] = u.high, u.low
        S.high[k, k], S.low[k, k] = first.high, first.low
    return S


def _direction(row):
    """The size of a row of B and its direction q; of one input the number itself, and 1."""
    if row.shape[0] == 1:
        return row[0], dd.exact(np.ones(1))
    if not row.high.any():
        return dd.exact(0.0), dd.exact(np.eye(row.shape[0])[0])
    size = dd.sqrt(dd.total(row * row.conj).real)
    return size, row / size


def _substituted(d, T, right, free):
    """(diag(d) - T)^{-1} right, for T whose first `free` columns are zero."""
    rows, inverse = [], 1.0 / d
    for j in range(d.shape[0] - 1, free - 1, -1):
        rows.append(right[j : j + 1] * inverse[j])
        right = right[:j] + T[:j, j] * rows[-1]
    return dd.concatenate([right * inverse[: right.shape[0]], *rows[::-1]])


def w(z, lam, discrete):
    """1 - z conj(l) or -(z + conj(l))."""
    return 1.0 - z * lam.conj if discrete else -(z + lam.conj)


def roots(lam, discrete):
    """sqrt(w_jj)."""
    return dd.sqrt(w(lam, lam, discrete).real)


def _modes(unit) -> Triangular:
    if unit.log_poles is None:
        poles = dd.exact(unit.poles)
    else:
        poles = dd.exp(unit.log_poles)
    residues = dd.exact(unit.B) * unit.C
    if unit.conjugate:
        real = unit.poles.imag == 0
        poles, residues = (
            dd.real_where(real, poles),
            dd.real_where(real, residues + residues * real),
        )
    seen = residues.high != 0
    return of_modes(poles[seen], residues[seen], unit.is_discrete, conjugate=unit.conjugate)


def with_conjugates(poles, *others):
    """Arrays with the conjugates of what belongs to poles that are not real appended."""
    pair = poles.high.imag != 0
    return tuple(dd.concatenate([x, x[pair].conj]) for x in (poles, *others))
