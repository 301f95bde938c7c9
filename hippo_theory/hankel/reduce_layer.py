"""Layers with fewer states: read as recurrences, reduced, and read as layers again."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from hippo_theory import _check
from hippo_theory.hankel.h2_optimal import h2_optimal
from hippo_theory.hankel.norms import h2_norm
from hippo_theory.hankel.optimal import optimal_approximation
from hippo_theory.hankel.reduction import balanced_truncation
from hippo_theory.lti import algebra
from hippo_theory.lti.forms import check_system, matrices, with_channels
from hippo_theory.lti.values import DiagonalLTI, System


@dataclass(frozen=True, slots=True, eq=False)
class LayerReduction:
    """A layer with fewer states, and what it lacks.

    Attributes
    ----------
    system : DiagonalLTI
        The layer, with the D of the given one, as `lti.to_s4d` and `lti.to_lru` take it.
    error : float or numpy.ndarray
        H2 norms of the difference, of each channel; measured on the result.
    relative_error : float or numpy.ndarray
        The same over the H2 norm of the layer without its D.
    """

    system: DiagonalLTI
    error: Any
    relative_error: Any

    def __repr__(self):
        worst = float(np.max(self.relative_error))
        return f"<Layer of {self.system.state_dim} pairs, error <= {worst:.3g} of H2>"


def reduce_layer(layer: System, order: int, *, method: str = "h2") -> LayerReduction:
    """The layer with `order` states a channel: a layer again, with the same D.

    Use it to shrink a trained S4D, S5 or LRU layer and to train on from there. Reducing the value
    of a layer as it stands gives a D that mixes channels, which no layer has.

    Parameters
    ----------
    layer : DiagonalLTI
        Discrete, with the layer reading and implied conjugates, as `lti.from_s4d` and its kin
        return it; batch axes are the channels.
    order : int
        States a channel, two for each conjugate pair.
    method : {"h2", "balanced", "hankel"}
        `h2_optimal`, `balanced_truncation` or `optimal_approximation` of C (z - A)^{-1} B.

    Returns
    -------
    LayerReduction
        Batches are filled up where channels need different numbers of pairs, by pairs with C = 0.

    Raises
    ------
    TypeError
        If the layer is not diagonal.
    ValueError
        If it is in continuous time, lists all poles, has a pole 0 or outside the unit circle.
    numpy.linalg.LinAlgError
        If the reduced matrix has no eigenvectors to speak of.

    Notes
    -----
    The layer reading multiplies C (z - A)^{-1} B by z, of modulus 1 on the circle: errors in the H2
    and H-infinity norms are those of the reduction. Cost is that of the method, a channel.
    docs/theory.md (5.3), (6.27).

    Examples
    --------
    >>> import numpy as np
    >>> import hippo_theory as ht
    >>> rng = np.random.default_rng(0)
    >>> C = rng.normal(size=(2, 8)) + 0j
    >>> frequencies = np.pi * np.arange(8) * np.ones((2, 1))
    >>> layer = ht.lti.from_s4d([-3.0, -4.0], -np.ones((2, 8)), frequencies, C, 1.0)
    >>> smaller = ht.hankel.reduce_layer(layer, 8)
    >>> smaller.relative_error.shape, ht.lti.to_s4d(smaller.system)["D"].round(12)
    ((2,), array([1., 1.]))
    """
    check_system(layer)
    reduce = METHODS[_check.option("method", method, METHODS)]
    order = _check.integer("order", order)
    if not isinstance(layer, DiagonalLTI):
        raise TypeError(f"layer must be a DiagonalLTI, got {layer!r}")
    if not (layer.is_discrete and layer.conjugate):
        raise ValueError(f"layer must be discrete and imply its conjugates, got {layer!r}")
    if not layer.poles.all():
        raise ValueError("layer must have no pole 0 to be read as a recurrence, got one")
    batch = layer.batch_shape
    if 0 in batch:
        raise ValueError(f"layer must hold at least one system, got batch axes {batch}")
    rows = [_reduced(layer[k] if batch else layer, order, reduce) for k in np.ndindex(batch)]
    if not batch:
        return LayerReduction(*rows[0])
    errors = (np.array([row[k] for row in rows]).reshape(batch) for k in (1, 2))
    return LayerReduction(_stacked([row[0] for row in rows], batch, layer.dt), *errors)


def _reduced(layer: DiagonalLTI, order: int, reduce) -> tuple[DiagonalLTI, float, float]:
    """The reduced layer of one channel, its H2 error, absolute and relative."""
    logs: Any = layer.log_poles
    logs = np.log(layer.poles.astype(complex)) if logs is None else logs
    inner = replace(layer, C=layer.C * np.exp(-logs), D=0 * layer.D)
    through = layer.D - algebra.first_markov_parameter(inner)
    reduced = reduce(inner, order)
    size, error = h2_norm(inner), h2_norm(inner - reduced)
    value: Any = algebra.layer(replace(reduced, D=through))
    return value, error, error / size if size else 0.0


def _pairs(reduced: System) -> DiagonalLTI:
    """A real system with one pole of each pair, real ones with half of C."""
    if isinstance(reduced, DiagonalLTI) and reduced.conjugate:
        return reduced
    A, B, C, D = matrices(reduced)
    found, vectors = np.linalg.eig(A)
    poles: Any = found.astype(complex)
    condition = np.linalg.cond(vectors) if len(A) else 1.0
    if condition > 1e10:
        raise np.linalg.LinAlgError(
            f"eigenvectors of the reduced matrix must be independent, got condition {condition:.0e}"
        )
    B, C = np.linalg.solve(vectors, B.astype(complex)), C @ vectors
    kept = poles.imag >= 0
    half = np.where(poles.imag[kept] == 0, 0.5, 1.0)
    B, C = B[kept], half * C[:, kept]
    poles, D = poles[kept], np.real(D)
    if reduced.is_siso:
        B, C, D = B[:, 0], C[0], D[0, 0]
    return DiagonalLTI(poles, B, C, D, reduced.dt, True)


def _stacked(systems, batch, dt) -> DiagonalLTI:
    """Channels as one batch, filled up by pairs that C does not read."""
    count = max(one.state_dim for one in systems)
    siso = systems[0].is_siso
    parts = []
    for one in map(with_channels, systems):
        row: Any = one
        repeats = np.r_[np.arange(row.state_dim), np.zeros(count - row.state_dim, int)]
        logs = row.log_poles
        logs = np.log(row.poles.astype(complex)) if logs is None else logs
        C = np.where(np.arange(count) < row.state_dim, row.C[:, repeats], 0)
        parts.append((logs[repeats], row.B[repeats], C, row.D))
    logs, B, C, D = (np.stack(p).reshape(*batch, *p[0].shape) for p in zip(*parts, strict=True))
    if siso:
        B, C, D = B[..., 0], C[..., 0, :], D[..., 0, 0]
    return DiagonalLTI(np.exp(logs), B, C, D, dt, True, log_poles=logs)


METHODS = {
    "h2": lambda system, order: h2_optimal(system, order).system,
    "balanced": lambda system, order: _pairs(balanced_truncation(system, order=order).system),
    "hankel": lambda system, order: _pairs(optimal_approximation(system, order).system),
}
