"""The S4 kernel: diagonal plus low rank, Cauchy sums at the roots of unity, one inverse FFT.

With w = exp(-2 i theta), theta = pi k / L, the first L terms of sum_l C A^l B w^l are
C~ (I - w A)^{-1} B with C~ = C (I - A^L), and I - w A is diagonal plus low rank, so that the
Woodbury identity leaves sums over n of products / (i s mu_n - c nu_n) with s = sin(theta),
c = cos(theta). A discrete pole l has mu = (1 + l)/2, nu = (l - 1)/2; a continuous one under
Tustin's rule mu = 1, nu = dt pole / 2, without rounding at small steps. Nothing is divided by
1 + w: the node w = -1 is one like the others.
"""

import numpy as np

from hippo_theory.lti import _powers
from hippo_theory.lti._values import Array
from hippo_theory.lti.forms import matrices
from hippo_theory.lti.products import cast
from hippo_theory.lti.systems import DPLR, System

BLOCK = 1 << 15  # entries of a table of nodes times poles: what a cache holds
NODES = 512  # nodes of a block of compiled reciprocals


def sequence(system: System, discrete: System, L: int, dtype: np.dtype) -> Array:
    """C A^k B of `discrete` for k < L, shape (p, m, L), by the structure of `system`.

    `system` is `discrete` itself or the continuous one that Tustin's rule takes to it.
    """
    form, V = diagonal_plus_low_rank(system)
    damping = _damping(form, discrete, L)
    C = _powers.channels(discrete)[1]
    truncated = C - np.exp(-damping) * (C + C @ _power_minus_one(system, discrete, L))
    real = _powers.is_real(system)
    turns = np.fft.rfftfreq(L) if real else np.fft.fftfreq(L)  # theta near 0: sines keep digits
    theta = np.pi * turns - (0.5j * damping / L if damping else 0)
    spectrum = _generating_function(form, discrete, truncated @ V, theta, real, dtype)
    terms = np.fft.irfft(spectrum, L) if real else np.fft.ifft(spectrum, L)
    return np.exp(damping * np.arange(L) / L).astype(dtype) * terms if damping else terms


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
    """sum_n weights[j, n] / (i s_k mu_n - c_k nu_n), shape (j, k): the definition, O(N) a node.

    Notes
    -----
    docs/theory.md (5.22).
    """
    step = max(1, BLOCK // max(1, mu.size))
    blocks = [slice(k, k + step) for k in range(0, s.size, step)]
    return np.concatenate(
        [weights @ (1 / (1j * s[b] * mu[:, None] - c[b] * nu[:, None])) for b in blocks], axis=-1
    )


def _damping(form, discrete, L):
    """0, or 1 for nodes at |w| = exp(-1/L): clear of poles that decay too little in L steps.

    On the circle a pole with decay d is met at d of the spacing of the nodes, which costs 1/d.
    """
    poles = form.poles
    decay = -discrete.dt * poles.real if form.dt is None else 1 - abs(poles)
    return 0.0 if L * decay.min() > 0.1 else 1.0


def _power_minus_one(system, discrete, L):
    """A_d^L - I by squarings of I + E, whose E keeps the digits of dt A at small steps."""
    A = matrices(system)[0]
    identity = np.eye(len(A))
    E = A - identity
    if system is not discrete:
        E = np.linalg.solve(identity - 0.5 * discrete.dt * A, discrete.dt * A)
    power = np.zeros_like(E)
    while L:
        if L & 1:
            power = power + E + power @ E
        E, L = 2 * E + E @ E, L >> 1
    return power


def _generating_function(form, discrete, rows, theta, real, dtype):
    """C~ (I - w A)^{-1} B at the nodes, (p, m, nodes)."""
    B, s, c = _powers.channels(form)[0], np.sin(theta), np.cos(theta)
    if form.dt is None:
        half = 0.5 * discrete.dt
        mu, nu = np.ones_like(form.poles), half * form.poles
        columns, coupling = np.concatenate([2 * half * B, half * form.P], 1), 2 * c
    else:
        mu, nu = (1 + form.poles) / 2, (form.poles - 1) / 2
        columns, coupling = np.concatenate([B, form.P], 1), c - 1j * s
    rows = np.concatenate([rows, form.Q.conj().T])
    products = (rows[:, None, :] * columns.T).reshape(-1, form.state_dim)
    sums = (_paired_sums if real else _plain_sums)(s, c, mu, nu, products, dtype)
    sums = sums.reshape(len(rows), -1, theta.size)
    return _woodbury(sums, c + 1j * s, coupling, form.P.shape[1])


def _woodbury(sums, phase, coupling, r):
    """R00 - t R01 (I + t R11)^{-1} R10 with R = phase/2 sums and t = coupling/phase."""
    p, m = len(sums) - r, sums.shape[1] - r
    phase = (0.5 * phase).astype(sums.dtype)
    half = (0.5 * coupling).astype(sums.dtype if coupling.dtype.kind == "c" else sums.real.dtype)
    core = np.eye(r, dtype=sums.dtype)[..., None] + half * sums[p:, m:]
    if r == 1:
        solved = sums[p:, :m] / core
    else:
        last, first = (-1, 0), (0, -1)
        solved = np.linalg.solve(*(np.moveaxis(a, *last) for a in (core, sums[p:, :m])))
        solved = np.moveaxis(solved, *first)
    correction = sum(sums[:p, m + k, None] * solved[k] for k in range(r))
    return phase * (sums[:p, :m] - half * correction)


def _plain_sums(s, c, mu, nu, products, dtype):
    wide = np.result_type(dtype, np.complex64)
    return cauchy_sums(*(a.astype(wide) for a in (s, c, mu, nu, products)))


def _paired_sums(s, c, mu, nu, products, dtype):
    """The same for sums closed under conjugation, by compiled real arithmetic on half the poles.

    A pole with its conjugate is 2 (i s Re(v mu') - c Re(v nu')) over
    c^2 |nu|^2 - 2 i s c Re(mu nu') - s^2 |mu|^2 (primes conjugate); any closed set of poles may be
    averaged with its conjugate first, which gives poles near the real axis their half weight.
    """
    from hippo_theory.lti import _fast

    height = (nu * mu.conj()).imag
    tiny = 1e-9 * abs(height).max(initial=0.0)
    keep = height >= -tiny
    weight = np.where(height > tiny, 1.0, 0.5)[keep]
    mu, nu, v = mu[keep], nu[keep], products[:, keep] * weight
    poles = np.stack([abs(mu) ** 2, 2 * (mu * nu.conj()).real, abs(nu) ** 2])
    weights = np.concatenate([2 * (v * mu.conj()).real, -2 * (v * nu.conj()).real]).astype(dtype)
    nodes = np.stack([part for a in (s * s, s * c, c * c) for part in (a.real, a.imag)])
    nodes, poles, s, c = nodes.astype(dtype), poles.astype(dtype), cast(s, dtype), cast(c, dtype)
    sums = np.empty((len(products), s.size), np.result_type(dtype, np.complex64))
    for k in range(0, s.size, NODES):
        span = slice(k, min(k + NODES, s.size))
        reciprocals = np.empty((poles.shape[1], 2 * (span.stop - k)), dtype)
        _fast.reciprocals(nodes[:, span], poles, reciprocals)
        with_s, with_c = np.split((weights @ reciprocals).view(sums.dtype), 2)
        sums[:, span] = 1j * (s[span] * with_s) + c[span] * with_c
    return sums


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
