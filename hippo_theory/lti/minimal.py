"""The smallest system with the same input-output map, stable or not."""

import dataclasses
from typing import Any

import numpy as np
from scipy.sparse.csgraph import connected_components

from hippo_theory import _check, scales
from hippo_theory.lti import batches
from hippo_theory.lti._values import Array
from hippo_theory.lti.degree import profiles
from hippo_theory.lti.forms import assemble, channels, dense, expand, matrices
from hippo_theory.lti.powers import cast
from hippo_theory.lti.values import LTI, DiagonalLTI, System

EPS = np.finfo(float).eps
APART = 1e-6  # coupling to what exactly there is not, relative, above which the states are refused


@batches.nested
def minimal_realization(system: System, tolerance: float | None = None) -> LTI | DiagonalLTI:
    """The system without the states that inputs do not reach or outputs do not see.

    Use it after connecting systems (``G + G``, ``G1 @ G2``), before anything that needs a minimal
    one, or to read the McMillan degree, which is the number of its states.

    Parameters
    ----------
    system : LTI, DiagonalLTI or DPLR
        Stable or not.
    tolerance : float, optional
        The smallest part of what drives all states, or of residues that cancel, that counts as
        not zero, in balanced units of the states. By default 10 N eps of what drives every
        single one: what is above rounding.

    Returns
    -------
    LTI or DiagonalLTI
        Diagonal where the given one is, with the same ``conjugate`` and ``log_poles``; the given
        one where nothing is hidden. With batch axes a tuple of systems, nested as the axes are.

    Raises
    ------
    ValueError
        If `tolerance` is not between 0 and 1.
    numpy.linalg.LinAlgError
        If rounding couples hidden states to the others by more than 1e-6 of what drives all.

    Notes
    -----
    Dense systems: equal blocks of A that nothing couples are added where B or C is equal too, as in
    ``G + G``. Then orthonormal bases of what B, A B, A^2 B, ... span, one power at a time, in
    balanced units of the states, and the same for C. By default every power adds at most as many
    states as without rounding, counted modulo a prime: there are never more states than the
    McMillan degree of the matrices as they are stored. There are fewer where states do not stand
    out of rounding. States that are hidden only up to rounding, as after a change of coordinates,
    may be kept where small couplings enlarge that. Diagonal systems: poles that are equal are
    merged by the rank of the sum of their residues. O(N^3), of integers too, else O(N).
    docs/theory.md (5.2).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> G = ht.LTI([[-1.0, 1.0], [0.0, 2.0]], [1.0, 0.0], [1.0, 1.0])
    >>> ht.lti.minimal_realization(G).A
    array([[-1.]])
    >>> F = ht.DiagonalLTI([-1.0, -2.0], [1.0, 1.0], [1.0, 3.0])
    >>> ht.lti.minimal_realization(F + F)
    <DiagonalLTI: 2 poles, SISO, continuous time>
    """
    if tolerance is not None:
        tolerance = _check.number("tolerance", tolerance, above=0.0, below=1.0)
    if isinstance(system, DiagonalLTI):
        return _merged(system, tolerance or 10 * max(system.state_dim, 1) * EPS)
    return _reached(system, tolerance)


def _reached(system, tolerance):
    """Keep what B reaches, then what C sees of that."""
    system = _added(dense(system))
    unit = scales.scaled(system, clock=False)
    A, B, C, _ = matrices(unit.system)
    size = np.abs(A)
    reached, seen = profiles(A, B, C) if tolerance is None else (None, None)
    Q, lost = _krylov(A, size, B, np.abs(B).sum(axis=1), tolerance, reached)
    read = np.abs(C).sum(axis=0)
    if Q.shape[1] < len(A):
        A, B, C = Q.conj().T @ A @ Q, Q.conj().T @ B, C @ Q
        size, read = np.abs(Q).T @ size @ np.abs(Q), np.abs(Q).T @ read
    Q, unseen = _krylov(A.conj().T, size.T, C.conj().T, read, tolerance, seen)
    if max(lost, unseen) > APART:
        raise np.linalg.LinAlgError(
            f"hidden states must be apart from the {sum(seen or [])} others in double precision, "
            f"got couplings of {max(lost, unseen):.1g} by rounding"
        )
    if Q.shape[1] == system.state_dim:
        return system
    A, B, C = Q.conj().T @ A @ Q, Q.conj().T @ B, C @ Q
    B, C = unit.back("B", B, inputs=1), unit.back("C", C, outputs=1)
    return assemble(A, B, C, matrices(system)[3], dt=system.dt, siso=system.is_siso)


def _added(system):
    """One block of A for all that are equal and driven alike, then for all that are read alike."""
    A, B, C, D = (cast(M, np.float64) + 0.0 for M in matrices(system))  # no zero has a sign
    for _ in range(2):
        A, B, C = _once(A, B, C)
        A, B, C = A.T, C.T, B.T
    if len(A) == system.state_dim:
        return system
    return assemble(A, B, C, D, dt=system.dt, siso=system.is_siso)


def _once(A, B, C):
    """Blocks that nothing couples to the rest, added to the first with equal A and B."""
    count, labels = connected_components(A != 0, directed=False)
    first, C = {}, C.copy()
    for k in range(count):
        block = np.flatnonzero(labels == k)
        key = A[np.ix_(block, block)].tobytes(), B[block].tobytes()
        kept = first.setdefault(key, block)
        if kept is not block:
            C[:, kept] += C[:, block]
    kept = np.sort(np.concatenate([np.zeros(0, int), *first.values()]))
    return A[np.ix_(kept, kept)], B[kept], C[:, kept]


def _krylov(A, size, B, weight, tolerance, exact) -> tuple[Array, float]:
    """An orthonormal basis of the span of B, A B, A^2 B, ..., and the most it left out.

    One power at a time. `size` and `weight` bound the entries of A and the rows of B before
    rounding: row by row, what a power adds must stand out of the rounding of the products that
    make it, or altogether by the tolerance. `exact` tells how many states each power adds without
    rounding: if more stand out, they are rounding that small couplings have enlarged.
    """
    Q, block, rounding, lost = B[:, :0], B, 10 * len(A) * EPS, 0.0
    most = np.cumsum([len(A)] if exact is None else [*exact, 0])
    for power in range(len(A)):
        weight = weight + np.abs(Q) @ (np.abs(Q).T @ weight)
        weight = weight if tolerance is None else np.full(len(A), weight.max())
        for _ in range(2):
            block = block - Q @ (Q.conj().T @ block)
        some = weight > 0
        _, s, Vh = np.linalg.svd(block[some] / weight[some, None], full_matrices=False)
        count = int((s > (tolerance or rounding)).sum())
        room = most[min(power, len(most) - 1)] - Q.shape[1]
        if count > room:
            _, s, Vh = np.linalg.svd(block, full_matrices=False)
            count, lost = room, max(lost, s[room] / weight.max())
        if not count:
            break
        added = block @ Vh[:count].conj().T
        new = np.linalg.qr(added / np.linalg.norm(added, axis=0))[0]
        Q = np.concatenate([Q, new], axis=1)
        block, weight = A @ new, size @ np.abs(new).sum(axis=1)
    return Q, lost


def _merged(system: DiagonalLTI, tolerance):
    """One state for each rank of the residue of a pole."""
    B, C, _ = channels(system)
    poles, logs, B, C = _folded(system, B.astype(complex), C.astype(complex))
    kept, rows, columns = [], [], []
    for group in _groups(poles, logs):
        b, c = B[group], C[:, group]
        left, right = _factored(b, c, system.conjugate and poles[group[0]].imag == 0, tolerance)
        kept += [group[0]] * left.shape[1]
        rows.append(right)
        columns.append(left)
    B: Any = np.concatenate([B[:0], *rows])
    C: Any = np.concatenate([C[:, :0], *columns], axis=1)
    if not any(map(np.iscomplexobj, (system.poles, system.B, system.C))):
        B, C, poles = B.real, C.real, poles.real
    merged = dataclasses.replace(
        system,
        poles=poles[kept],
        B=B[:, 0] if system.is_siso else B,
        C=C[0] if system.is_siso else C,
        log_poles=None if logs is None else logs[kept],
    )
    return merged if expand(merged).state_dim < expand(system).state_dim else system


def _folded(system, B, C):
    """Poles and rows with implied conjugates turned to the upper half-plane: Re(c x) stays."""
    poles, logs = system.poles.astype(complex), system.log_poles
    if system.conjugate:
        lower = poles.imag < 0
        poles = np.where(lower, poles.conj(), poles)
        logs = None if logs is None else np.where(lower, logs.conj(), logs)
        B, C = np.where(lower[:, None], B.conj(), B), np.where(lower, C.conj(), C)
    return poles, logs, B, C


def _groups(poles, logs):
    """Indices of equal poles, in the order of the first of each."""
    left = list(range(len(poles)))
    while left:
        group = [k for k in left if _equal(poles, logs, left[0], k)]
        left = [k for k in left if k not in group]
        yield group


def _equal(poles, logs, i, k):
    """Whether two poles are equal; logarithms may differ by rounding, and by turns."""
    if i == k or logs is None:
        return poles[i] == poles[k]
    apart, size = logs[i] - logs[k], max(1.0, abs(logs[i]), abs(logs[k]))
    turn = abs(np.angle(np.exp(1j * apart.imag)))
    room = min(4 * EPS * size, 1e-12 * abs(logs[i].real))
    return max(abs(apart.real), turn) <= room


def _factored(b, c, real, tolerance):
    """c b as a product of full rank; its real part where the pole and its conjugate are one."""
    residue = c @ b
    residue = residue.real if real else residue
    size = (np.linalg.norm(b, axis=1) * np.linalg.norm(c, axis=0)).sum()
    U, s, Vh = np.linalg.svd(residue, full_matrices=False)
    rank = int((s > tolerance * size).sum())
    if rank == len(b) and not (real and residue.size > 1):
        return c, b
    root = np.sqrt(s[:rank])
    return U[:, :rank] * root, root[:, None] * Vh[:rank]
