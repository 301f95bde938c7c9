"""What a change of poles, residues or Markov parameters does to a system."""

import numpy as np

from hippo_theory import _check, scales
from hippo_theory.hankel import factors
from hippo_theory.hankel.hinf import hinf_norm
from hippo_theory.hankel.spectrum import (
    _simple_poles,
    _with_conjugates,
    complex_generators,
)
from hippo_theory.lti import batches, graded, szego
from hippo_theory.lti.forms import check_system
from hippo_theory.lti.pairings import pairings
from hippo_theory.lti.values import DiagonalLTI


def pole_perturbation_bound(system, change) -> float:
    """Bound of |G - G'| in the H-infinity norm when the poles move by `change`.

    Parameters
    ----------
    system : DiagonalLTI
        Stable, one input and one output, without batch axes.
    change : array_like, shape (N,)
        Added to the listed poles; the moved system must be stable.

    Returns
    -------
    float
        sum_j |r_j| |change_j| / (m_j m'_j), where m is the distance -Re l or 1 - |l| to the
        boundary; twice that where conjugates are implied.

    Raises
    ------
    ValueError
        If a pole, or a moved one, is not stable.

    Notes
    -----
    r / (z - l) - r / (z - l') = r (l - l') / ((z - l)(z - l')), of any size of change. One pole
    that moves towards or away from the boundary attains it (`worst_pole_change`).
    docs/theory.md (6.19).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> G = ht.DiagonalLTI([-1.0 + 2j], [1.0], [1.0])
    >>> ht.hankel.pole_perturbation_bound(G, [0.5])
    1.0
    """
    _check_diagonal(system)
    change = _check.array("change", change, ndim=1)
    _check.shape("change", change, (system.state_dim,))
    discrete = system.is_discrete
    moved = _check.poles("poles + change", system.poles + change, discrete=discrete)
    unit = scales.scaled(system, clock=False)
    system = unit.system
    weights = np.abs(system.B * system.C) * (2 if system.conjugate else 1)
    margins = _margins(system.poles, discrete) * _margins(moved, discrete)
    with np.errstate(over="ignore"):
        bound = (weights * np.abs(change) / margins).sum()
    return float(unit.back("the bound", bound, gain=1))


def worst_pole_change(system, size: float) -> np.ndarray:
    """The change of one pole by `size` (relative to its modulus) with the largest effect on G.

    Parameters
    ----------
    system : DiagonalLTI
        Stable, one input and one output, without batch axes.
    size : float
        |change| / |pole|, small enough that the pole stays stable.

    Returns
    -------
    numpy.ndarray, shape (N,)
        Zero but for one pole, which moves towards the boundary; `pole_perturbation_bound` is
        then attained (up to the factor of two of implied conjugates).

    Notes
    -----
    docs/theory.md (6.19).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.hankel.worst_pole_change(ht.DiagonalLTI([-1.0, -4.0], [1.0, 1.0], [1.0, 1.0]), 0.5)
    array([0.5+0.j, 0. +0.j])
    """
    _check_diagonal(system)
    size = _check.number("size", size, above=0.0)
    system = scales.scaled(system, clock=False).system
    poles, radius = system.poles.astype(complex), np.abs(system.poles)
    margin = _margins(system.poles, system.is_discrete)
    room = margin - size * radius
    effect = np.abs(system.B * system.C) * radius / np.where(room > 0, margin * room, np.inf)
    j = int(np.argmax(effect))
    if room[j] <= 0:
        raise ValueError(f"size must keep a pole stable, got {size:g}")
    if not radius[j]:  # no relative change moves a pole at 0, and no other one has an effect
        return np.zeros(poles.size, complex)
    outward = poles[j] / radius[j] if system.is_discrete else 1.0
    change = np.zeros(poles.size, complex)
    change[j] = size * radius[j] * outward
    return change


def markov_perturbation_bound(change) -> float:
    """sqrt(n) |dh|_2, a bound of |G - G'| in the H-infinity norm when n Markov parameters move.

    Parameters
    ----------
    change : array_like, shape (n,)

    Notes
    -----
    |sum_k dh_k z^-k| <= |dh|_1 <= sqrt(n) |dh|_2, for taps on delays and on any all-pass chain
    (HOPE); attained by dh_k of equal modulus whose phases align at one frequency.
    docs/theory.md (6.20).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.hankel.markov_perturbation_bound([1.0, -1.0, 1.0, -1.0])
    4.0
    """
    change = _check.array("change", change, ndim=1)
    exponent = scales.exponent(change)
    bound = np.sqrt(change.size) * np.linalg.norm(scales.ldexp(change, -exponent))
    return float(scales.restored("the bound", bound, exponent))


def amplification(system, perturbed, size: float) -> float:
    """|G - G'| / |G| in the H-infinity norm, over the relative size of what was changed.

    Parameters
    ----------
    system, perturbed : LTI, DiagonalLTI or DPLR
        Stable, without batch axes.
    size : float
        Relative size of the change of the parameters.

    Returns
    -------
    float
        0 where G = G', also where both are zero.

    Raises
    ------
    ValueError
        If a pole is not stable, or G alone is zero.
    numpy.linalg.LinAlgError
        If an H-infinity norm is not resolved: see `hinf_norm`.

    Notes
    -----
    docs/theory.md (6.19).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> G, H = (ht.DiagonalLTI([-1.0], [1.0], [c]) for c in (1.0, 1.001))
    >>> round(ht.hankel.amplification(G, H, 0.001), 6)
    1.0
    """
    for value in (system, perturbed):
        check_system(value)
    size = _check.number("size", size, above=0.0)
    change, norm = (hinf_norm(G, rtol=1e-6) for G in (system - perturbed, system))
    if change == 0:
        return 0.0
    if norm == 0:
        raise ValueError(
            f"system must not be zero where it changes, got |G| = 0, |G'| = {change:g}"
        )
    with np.errstate(over="ignore"):
        return float(scales.restored("the amplification", np.divide(change, norm) / size))


@batches.stacked
def gradients(system) -> tuple[np.ndarray, np.ndarray]:
    """Gradients of all Hankel singular values with respect to poles and residues.

    Parameters
    ----------
    system : DiagonalLTI
        Stable, simple poles with residues r = b c that are not zero, one input and one output.

    Returns
    -------
    by_poles, by_residues : numpy.ndarray, complex, shape (..., n, N)
        Row k belongs to sigma_k: d sigma_k = Re(sum_j by_poles[k, j] dl_j + by_residues[k, j] dr_j)
        with the listed poles; n counts all poles.

    Raises
    ------
    ValueError
        If a pole is not stable or poles coincide.

    Notes
    -----
    With Schmidt functions v and conj(v) of a symmetric kernel, d sigma = Re <w, dH v> gives
    V(l_j)^2 for r_j and 2 r_j V(l_j) V'(l_j) for l_j, V(l) = integral of exp(l t) v(t), or
    sum_k l^k v_k. Rows of singular values that coincide depend on the choice of their vectors.
    The relative accuracy is that of V in the norm, not entry by entry. O(n^3).
    docs/theory.md (6.21).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> by_poles, by_residues = ht.hankel.gradients(ht.DiagonalLTI([-1.0], [1.0], [2.0]))
    >>> by_poles.real.round(12), by_residues.real.round(12)
    (array([[1.]]), array([[0.5]]))
    """
    _check_diagonal(system)
    factors.check_stable(system)
    unit = scales.scaled(system, clock=False)  # which leaves d sigma / d r as it is
    system = unit.system
    data = _simple_poles(system)
    poles, residues, logs = data
    if residues.size < system.state_dim:
        raise ValueError("residues must not be zero where gradients are wanted, got zeros")
    listed, pair = poles.size, np.flatnonzero(np.imag(poles) != 0)
    if system.conjugate:
        poles, residues, logs = _with_conjugates(*data)
    by_poles, by_residues = _gradients(poles, residues, logs, system.is_discrete)
    if system.conjugate:
        for gradient in (by_poles, by_residues):
            gradient[:, pair] += gradient[:, listed:].conj()
        single = np.imag(poles[:listed]) == 0
        by_residues[:, :listed][:, single] *= 2  # a listed real pole counts 2 Re r
        by_poles, by_residues = by_poles[:, :listed], by_residues[:, :listed]
    return unit.back("gradients", by_poles, gain=1), by_residues


def _gradients(poles, residues, logs, discrete):
    options = {"discrete": discrete, "log_poles": logs}
    b = np.sqrt(residues)
    factors = szego.generator_cholesky(poles, b, **options)
    K, mantissas, exponents = complex_generators(poles, residues, **options)
    D = np.sqrt(np.ldexp(mantissas, exponents))
    U, _, V = graded.jacobi(D[:, None] * K * D, vectors=True)
    turns = (V * U).sum(axis=0)
    V = V * np.sqrt(turns / np.abs(turns)).conj()  # Takagi vectors: u = conj(v)
    X = factors.factor
    image = X @ (D[:, None] * V) / b[:, None]  # V(l_j), one column for each value
    g = np.linalg.solve(X.conj().T, V / D[:, None])
    i = np.arange(poles.size)
    w = pairings(poles, **options).denominator(i[:, None], i)
    turn = poles.conj() if discrete else 1.0
    slopes = (turn / w**2) @ (b.conj()[:, None] * g)
    return (2 * residues[:, None] * image * slopes).T, (image**2).T


def _check_diagonal(system):
    check_system(system)
    if not isinstance(system, DiagonalLTI):
        raise TypeError(f"system must be a DiagonalLTI, got {type(system).__name__}")
    factors.one_channel(system)
    if not system.is_siso:
        raise ValueError(
            f"system must have a single input and output, got channels {system.channel_shape}"
        )
    factors.check_stable(system)


def _margins(poles, discrete):
    diagonal = pairings(poles, discrete=discrete).diagonal
    return diagonal / (1 + np.abs(poles)) if discrete else diagonal / 2
