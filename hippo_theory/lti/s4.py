"""The S4 kernel: diagonal plus low rank, Cauchy sums at the roots of unity, one inverse FFT.

With w = exp(-2 i theta), theta = pi k / L, the first L terms of sum_l C A^l B w^l are
C~ (I - w A)^{-1} B with C~ = C (I - A^L), and I - w A is diagonal plus low rank, so that the
Woodbury identity leaves sums over n of products / (i s mu_n - c nu_n) with s = sin(theta),
c = cos(theta). A discrete pole l has mu = (1 + l)/2, nu = (l - 1)/2; a continuous one under
Tustin's rule mu = 1, nu = dt pole / 2, without rounding at small steps. Nothing is divided by
1 + w: the node w = -1 is one like the others. A becomes rho A with rho = exp(-1/L), which moves mu
and nu and leaves the nodes real, so that no node meets a pole that decays too little in L steps.

C~ and the weights of the sums are set up on the host; sums, Woodbury and FFT are plain calls of
the library that is asked for the kernel. Real systems take one pole of each conjugate pair, half
of the nodes, and real arithmetic throughout.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from array_api_compat import array_namespace

from hippo_theory import _array
from hippo_theory._array import Home
from hippo_theory.lti import growth, powers
from hippo_theory.lti._values import Array
from hippo_theory.lti.forms import matrices
from hippo_theory.lti.powers import cast
from hippo_theory.lti.response import markov_parameters
from hippo_theory.lti.values import DPLR, System

DAMPING = 1.0  # nodes at |w| = exp(-1/L): clear of poles that do not decay in L steps
CHECKED = 8  # terms that are compared with the recurrence
SINGLE = 1e-3  # of the largest term, in single precision
TABLE = 1 << 22  # entries of a table of nodes times poles on a device
CACHED = 1 << 14  # the same on the host: what a cache holds


@dataclass(frozen=True, slots=True, eq=False)
class Fractions:
    """S(theta) = sum_n left_n right_n / (i s mu_n - c nu_n), which Woodbury turns into the kernel.

    Attributes
    ----------
    mu, nu : array, shape (n,)
        With `real`, one of every conjugate pair.
    left, right : array, shape (p + r, n) and (n, m + r)
        C~ above Q^*, B beside P.
    coupling : tuple of two floats
        t = coupling[0] c + i coupling[1] s, which the low rank part is multiplied with.
    rank : int
    real : bool
    """

    mu: Array
    nu: Array
    left: Array
    right: Array
    coupling: tuple[float, float]
    rank: int
    real: bool


def sequence(
    system: System, discrete: System, L: int, dtype: np.dtype, there: Home | None = None
) -> Array:
    """C A^k B of `discrete` for k < L, shape (p, m, L), by the structure of `system`.

    `system` is `discrete` itself or the continuous one that Tustin's rule takes to it. With
    `there`, an array of that library on that device.
    """
    from scipy import fft as scipy_fft

    form, V = diagonal_plus_low_rank(system)
    C, real = powers.channels(discrete)[1] @ V, powers.is_real(system)
    fractions = _fractions(form, discrete, C, L, real)
    spectrum = _spectrum(fractions, L, dtype, there)
    fft: Any = there.xp.fft if there else scipy_fft
    terms = fft.irfft(spectrum, n=L) if fractions.real else fft.ifft(spectrum, n=L)
    undamped = np.exp(DAMPING * np.arange(L) / L).astype(dtype)
    terms = terms * (_array.to_home(there, undamped, terms.dtype) if there else undamped)
    _refuse_wrong(terms, discrete, dtype)
    return terms


def _refuse_wrong(terms, discrete, dtype) -> None:
    """Compare the first terms with the recurrence: what is lost is lost in all of them alike.

    Rounding of the sums is noise over the kernel, a pole that meets a node an oscillation, and an
    error of C~ decays no faster than the kernel itself.
    """
    L = terms.shape[-1]
    exact = markov_parameters(discrete, min(L, CHECKED) + 1)[..., 1:]
    largest = max(float(array_namespace(terms).max(abs(terms))), 1e-300) if L else 1.0
    first = _array.to_host(terms[..., :CHECKED])
    lost = 4 * np.abs(first - exact.reshape(first.shape)).max(initial=0.0) / largest
    limit = growth.LIMIT if np.dtype(dtype) == np.float64 else SINGLE
    if not lost <= limit:
        raise np.linalg.LinAlgError(
            f"method 's4' must keep {limit:g} of the largest value, got an error of some "
            f"{lost:.1e}; use method 'krylov' or 'auto'"
        )


def diagonal_plus_low_rank(system: System) -> tuple[DPLR, Array]:
    """The DPLR form of a system and the unitary V that leads to it, A V = V (diag - P Q^*).

    Raises
    ------
    ValueError
        If a dense A is not a multiple of the identity plus a skew matrix minus low rank.
    """
    if isinstance(system, DPLR):
        return system, np.eye(system.state_dim)
    given, B, C, D = matrices(system)
    scale = _balance(given)
    A, B, C = given * (scale / scale[:, None]), B / scale[:, None], C * scale  # in double precision
    shift, P, Q = _symmetric_part(A, np.finfo(given.dtype).eps)
    w, V = np.linalg.eigh(-0.5j * (A - A.conj().T))
    U = V.conj().T
    form = DPLR(shift + 1j * w, U @ P, U @ Q, U @ B, C @ V, D, dt=system.dt)
    return form, scale[:, None] * V


def cauchy_sums(s: Array, c: Array, mu: Array, nu: Array, weights: Array) -> Array:
    """sum_n weights[n, j] / (i s_k mu_n - c_k nu_n), shape (k, j): the definition, O(N) a node.

    Notes
    -----
    docs/theory.md (5.22).
    """
    return (1 / (1j * s[:, None] * mu - c[:, None] * nu)) @ weights


def paired_sums(s: Array, c: Array, poles: Array, weights: Array) -> Array:
    """Over one of each pair of poles and its conjugate: real X, Y (k, 2 j), one above the other.

    A pole with its conjugate is (i s alpha + c beta) / (x - i y) with alpha = 2 Re(v mu'),
    beta = -2 Re(v nu'), x = c^2 |nu|^2 - s^2 |mu|^2, y = 2 s c Re(mu nu') (primes conjugate); X
    and Y are sums of x / (x^2 + y^2) and y / (x^2 + y^2) with weights alpha, then beta. Rounding of
    x, the same in all sums, moves a pole; were it not the same, Woodbury would cancel and lose
    six digits (N = 64).
    """
    xp, (a, b, d) = array_namespace(s), (poles[k, :] for k in range(3))
    s, c = s[:, None], c[:, None]
    x, y = (c * c) * d - (s * s) * a, (s * c) * b
    scale = 1 / (x * x + y * y)
    return xp.concat([x * scale, y * scale], axis=0) @ weights


def real_form(system: DPLR) -> tuple[Array, Array, Array]:
    """Real A, B, C of a real map, two states for each pair of conjugate poles, or real pole."""
    B, C, _ = powers.channels(system)
    if not any(np.iscomplexobj(a) for a in (system.poles, system.P, system.Q, B, C)):
        return matrices(system)[0], B, C
    left, right = np.vstack([C, system.Q.conj().T]), np.hstack([B, system.P])
    poles, left, right = _halves(system.poles, left, right)
    rows, columns = _row(left, True), _column(right, True)
    p, m = C.shape[0], B.shape[1]
    return _matrix(poles, True) - columns[:, m:] @ rows[p:], columns[:, :m], rows[:p]


def power_minus_one(E: Array, L: int) -> Array:
    """(I + E)^L - I, with the digits of E at small steps, O(N^3 log L)."""
    return _times_power_minus_one(np.eye(len(E)), E, L)


def _fractions(form, discrete, C, L, real) -> Fractions:
    """With C~ in place of C, rho = exp(-DAMPING / L), and conjugates folded if the map is real."""
    B, r = powers.channels(form)[0], form.P.shape[1]
    poles, left, right = form.poles, np.vstack([C, form.Q.conj().T]), np.hstack([B, form.P])
    poles, left, right = (cast(a, np.float64) for a in (poles, left, right))
    if real:
        poles, left, right = _halves(poles, left, right)
    p, m = len(left) - r, right.shape[1] - r
    less = -math.expm1(-DAMPING / L) / 2
    more = 1 - less  # (1 -+ rho) / 2, rho = exp(-DAMPING / L)
    if form.dt is None:
        half = 0.5 * discrete.dt
        x = half * poles
        mu, nu, coupling = more - less * x, more * x - less, (more, less)
        right = np.hstack([2 * half * right[:, :m], half * right[:, m:]])
        gain = 1 / (1 - x)
        change, columns, rows = 2 * x * gain, 2 * gain[:, None] * right[:, m:], left[p:] * gain
        core = np.eye(r) + _row(rows, real) @ _column(right[:, m:], real)
    else:
        rho = more - less
        mu, nu = (1 + rho * poles) / 2, rho * (poles - 1) / 2 - less
        coupling, change, columns, rows = (rho / 2, -rho / 2), poles - 1, right[:, m:], left[p:]
        core = np.eye(r)
    E = _matrix(change, real) - _column(columns, real) @ np.linalg.solve(core, _row(rows, real))
    C = _row(left[:p], real)
    C = -np.expm1(-DAMPING) * C - np.exp(-DAMPING) * _times_power_minus_one(C, E, L)
    if real:
        n = poles.size
        C = np.sqrt(0.5) * (C[:, :n] - 1j * C[:, n:])
    return Fractions(mu, nu, np.vstack([C, left[p:]]), right, coupling, r, real)


def _halves(poles, left, right):
    """One of every pair of conjugate poles, and the others with half their weight.

    Any closed set may be averaged with its conjugate first: that is where poles near the real axis
    get their half from.
    """
    tiny = 1e-9 * abs(poles.imag).max(initial=0.0)
    keep = poles.imag >= -tiny
    weight = np.where(poles.imag > tiny, 1.0, 0.5)[keep]
    return poles[keep], left[:, keep], weight[:, None] * right[keep]


def _row(left, real):
    """left x + its conjugate = row [Re z; Im z] with z = sqrt(2) x."""
    return np.sqrt(2) * np.hstack([left.real, -left.imag]) if real else left


def _column(right, real):
    return np.sqrt(2) * np.vstack([right.real, right.imag]) if real else right


def _matrix(poles, real):
    """diag(poles), as it acts on [Re z; Im z]."""
    if not real:
        return np.diag(poles)
    n = poles.size
    matrix, k = np.zeros((2 * n, 2 * n)), np.arange(n)
    matrix[k, k] = matrix[n + k, n + k] = poles.real
    matrix[n + k, k], matrix[k, n + k] = poles.imag, -poles.imag
    return matrix


def _times_power_minus_one(C, E, L):
    """C ((I + E)^L - I): squarings of I + E, whose E keeps the digits of dt A at small steps."""
    result = np.zeros_like(C, dtype=np.result_type(C, E))
    while True:
        if L & 1:
            result = result + (C + result) @ E
        L >>= 1
        if not L:
            return result
        shifted = E.copy()
        shifted.reshape(-1)[:: len(E) + 1] += 2
        E = E @ shifted


def _nodes(L, real):
    """sin and cos of pi k / L, with k near 0: sines keep digits."""
    if not real:
        theta = np.pi * np.fft.fftfreq(L)
        return np.sin(theta), np.cos(theta)
    s = np.sin(np.pi * np.fft.rfftfreq(L))
    return s, s[::-1].copy() if L % 2 == 0 else np.cos(np.pi * np.fft.rfftfreq(L))


def _weights(z: Fractions):
    """Of every product of left and right: poles (3, n) and weights (n, 2 j) of `paired_sums`."""
    v = (z.left[:, None, :] * z.right.T).reshape(-1, z.mu.size)
    weights = np.concatenate([2 * (v * z.mu.conj()).real, -2 * (v * z.nu.conj()).real])
    return np.stack([abs(z.mu) ** 2, 2 * (z.mu * z.nu.conj()).real, abs(z.nu) ** 2]), weights.T


def _spectrum(z: Fractions, L, dtype, there):
    """C~ (I - w A)^{-1} B at the nodes, (p, m, nodes)."""
    s, c = _nodes(L, z.real)
    if z.real:
        poles, weights = _weights(z)
        if there is None:
            return _compiled(z, s, c, poles, weights, dtype)
        tables, sums, wide = [poles, weights], paired_sums, dtype
    else:
        products = (z.left[:, None, :] * z.right.T).reshape(-1, z.mu.size).T
        tables, sums, wide = [z.mu, z.nu, products], cauchy_sums, np.result_type(dtype, 1j)
    s, c = s.astype(dtype), c.astype(dtype)
    tables = [a.astype(wide) for a in tables]
    if there is not None:
        s, c = (_array.to_home(there, a, getattr(there.xp, s.dtype.name)) for a in (s, c))
        tables = [_array.to_home(there, a, getattr(there.xp, a.dtype.name)) for a in tables]
    size = max(1, (TABLE if there else CACHED) // max(1, z.mu.size))
    spans = [slice(k, min(k + size, s.shape[0])) for k in range(0, s.shape[0], size)]
    parts = [_woodbury(z, s[k], c[k], sums(s[k], c[k], *tables)) for k in spans]
    return array_namespace(s).concat(parts, axis=-1)


def _woodbury(z: Fractions, s, c, sums):
    """S_00 - t S_01 (I + t S_11)^{-1} S_10, times e^{i theta} / 2: (p, m, nodes)."""
    xp, r = array_namespace(s), z.rank
    rows, columns = len(z.left), z.right.shape[1]
    if z.real:
        R, J = xp.reshape(sums, (2, s.shape[0], -1)), rows * columns
        with_s, with_c = s[:, None] * R[:, :, :J], c[:, None] * R[:, :, J:]
        sums = (with_c[0, ...] - with_s[1, ...]) + 1j * (with_s[0, ...] + with_c[1, ...])
    S = xp.reshape(sums, (-1, rows, columns))
    p, m = rows - r, columns - r
    result, phase = S[:, :p, :m], 0.5 * c + 0.5j * s
    if r:
        t = (z.coupling[0] * c + 1j * z.coupling[1] * s)[:, None, None]
        core = t * S[:, p:, m:] + xp.eye(r, dtype=S.dtype, device=_array.compat.device(S))
        solved = S[:, p:, :m] / core if r == 1 else xp.linalg.solve(core, S[:, p:, :m])
        result = result - t * xp.matmul(S[:, :p, m:], solved)
    return xp.permute_dims(phase[:, None, None] * result, (1, 2, 0))


def _compiled(z: Fractions, s, c, poles, weights, dtype):
    """The same for real systems in NumPy: blocks of nodes that stay in the cache."""
    from hippo_theory.lti import _fast

    n, weights = z.mu.size, np.ascontiguousarray(weights.T, dtype)
    shape = len(z.left) - z.rank, z.right.shape[1] - z.rank, s.size
    spectrum = np.empty(shape, np.result_type(dtype, np.complex64))
    size = min(s.size, max(1, CACHED // max(1, n)))
    table, sums = np.empty((n, 2 * size), dtype), np.empty((len(weights), 2 * size), dtype)
    _fast.spectrum(s, c, poles, weights, *z.coupling, z.rank, table, sums, spectrum)
    return spectrum


def _symmetric_part(A, eps):
    """shift, P, Q of (A + A^*)/2 = shift I - P Q^* with few columns; Q is P up to signs."""
    n, H = len(A), (A + A.conj().T) / 2
    values, vectors = np.linalg.eigh(H)
    shift = np.median(values)
    excess = values - shift
    beyond = abs(excess) > 16 * n * eps * max(abs(A).sum(axis=0).max(), 1e-300)
    rank = int(beyond.sum())
    if rank > max(2, n // 2):
        raise ValueError(
            "A must be a multiple of the identity plus a skew matrix minus low rank for method "
            f"'s4', got rank {rank} of {n}; use method 'krylov', or give the system in "
            "continuous time with dt and the bilinear scheme"
        )
    P = vectors[:, beyond] * np.sqrt(abs(excess[beyond]))
    signs = -np.sign(excess[beyond])
    return _polish(H, P, signs)


def _polish(H, P, signs):
    """Digits of small rows: P from the entries beside the diagonal, the shift from the diagonal.

    eigh is exact to eps |H|, which is no digit of -1/2 beside N^2; H_ij = -sum P_i signs P_j is
    exact entry by entry, and every row of P solves its own small least-squares problem.
    """
    n, r = P.shape
    Q = P * signs
    for _ in range(2 if r else 0):
        R = H + P @ Q.conj().T
        R[np.diag_indices(n)] = 0
        gram = Q.conj().T @ Q - Q.conj()[:, :, None] * Q[:, None, :]
        step = np.einsum("nij,ni->nj", np.linalg.pinv(gram, rcond=1e-6, hermitian=True), -(R @ Q))
        P = P + step
        Q = P * signs
    low_rank = np.real(np.sum(P * Q.conj(), axis=1))
    diagonal = np.real(np.diagonal(H))
    n0 = np.argmin(abs(diagonal) + abs(low_rank))
    return diagonal[n0] + low_rank[n0], P, Q


def _balance(A):
    """The diagonal scaling that makes the moduli of A symmetric, where one row shows it."""
    first, row = abs(A[:, 0]), abs(A[0])
    if not (first.all() and row.all()):
        return np.ones(len(A))
    scale = np.sqrt(first / row)
    balanced = abs(A * (scale / scale[:, None]))
    is_symmetric = np.allclose(balanced, balanced.T, rtol=1e-9, atol=0)
    return scale / scale[0] if is_symmetric else np.ones(len(A))
