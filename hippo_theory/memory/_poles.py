"""Poles of this room's doors: an array, or a discrete system with one input.

What a state remembers is what its input wrote there. An array of poles stands for a recurrence
that the input controls (repeated poles: a chain); a system is asked whether it does.
"""

from typing import Any

import numpy as np
from scipy import linalg

from hippo_theory import _check, scales
from hippo_theory.lti.forms import expand, matrices, one_channel, spectrum
from hippo_theory.lti.values import DiagonalLTI, System


def resolve(poles) -> tuple[Any, Any]:
    """(poles, log_poles or None) of the controllable part, vectors inside the unit circle.

    Of a diagonal system: without the poles whose B is zero, coincident ones counted once. A dense
    system has to be controllable.
    """
    values, logs, b = _read(poles)
    if b is None:
        return values, logs
    driven = np.flatnonzero(b)
    if driven.size == 0:
        raise ValueError(
            f"poles must belong to a system that its input drives, got B = 0 in {poles!r}"
        )
    datum = values if logs is None else logs
    kept = driven[np.sort(np.unique(datum[driven], return_index=True)[1])]
    return values[kept], None if logs is None else logs[kept]


def every_pole(poles) -> tuple[Any, Any]:
    """(poles, log_poles or None) of every state, all driven, so that B can be rescaled."""
    values, logs, b = _read(poles)
    if b is not None and not b.all():
        raise ValueError(
            f"poles must belong to a system whose B has no zeros, got B = 0 at the pole "
            f"{values[np.argmin(np.abs(b))]:g}; leave that state out, or pass the poles"
        )
    return values, logs


def disk_nodes(poles) -> Any:
    """A vector in the closed unit disk, of poles or of any other nodes."""
    if isinstance(poles, System):
        return every_pole(poles)[0]
    nodes = _check.double("poles", poles, ndim=1).astype(complex)
    if nodes.size == 0:
        raise ValueError(f"poles must hold at least one pole, got shape {nodes.shape}")
    size = np.abs(nodes)
    if size.max() > 1 + 4 * np.finfo(float).eps:
        k = int(np.argmax(size))
        raise ValueError(
            f"poles must lie in the closed unit disk, got |pole| = {size[k]:.17g} at index {k}"
        )
    return nodes


def refuse_repeated(nodes) -> Any:
    """Distances of nodes that are all distinct, with ones on the diagonal."""
    distance = np.abs(nodes[:, None] - nodes) + np.eye(nodes.size)
    if not distance.all():
        i, j = np.argwhere(distance == 0)[0]
        raise ValueError(f"poles must be distinct, got equal ones at indices {i}, {j}")
    return distance


def single_discrete(name: str, system: System) -> None:
    """Refuse systems in continuous time and systems with batch axes."""
    if not system.is_discrete:
        raise ValueError(f"{name} must belong to a recurrence, got {system!r}; discretize it first")
    one_channel(system, name)


def _read(poles) -> tuple[Any, Any, Any]:
    """(poles, log_poles or None, B), B None where the input is known to control every pole."""
    if not isinstance(poles, System):
        return _check.poles("poles", poles), None, None
    single_discrete("poles", poles)
    if not poles.is_siso and poles.B.shape[-1] != 1:
        raise ValueError(
            f"poles must belong to a system with one input, got {poles.B.shape[-1]}; for one "
            "input that drives every pole pass lti.spectrum(system)"
        )
    if not isinstance(poles, DiagonalLTI):
        values = _check.poles("poles", spectrum(poles))
        _refuse_uncontrollable(poles)
        return values, None, None
    system: Any = expand(poles)
    b = system.B.reshape(-1)
    if system.log_poles is not None:
        _check.poles("log_poles", system.log_poles, discrete=False)
        return np.asarray(system.poles), system.log_poles, b
    return _check.poles("poles", system.poles), None, b


def _refuse_uncontrollable(system):
    """Hessenberg form with B along the first axis: a zero below its diagonal cuts states off.

    In balanced units of the states, which the question does not depend on.
    """
    A, B, _, _ = matrices(scales.scaled(system).system)
    N = A.shape[0]
    Q: Any = linalg.qr(B)[0]
    H: Any = linalg.hessenberg(Q.conj().T @ A @ Q)
    links = np.abs(np.r_[np.linalg.norm(B), np.diagonal(H, -1)])
    floor = np.r_[0.0, np.full(N - 1, N * np.finfo(float).eps * np.linalg.norm(A))]
    if (links <= floor).any():
        raise ValueError(
            "poles must belong to a system that is controllable beyond rounding, got "
            f"{int(np.argmax(links <= floor))} of {N} states within reach of the input of "
            f"{system!r}; pass the poles of its controllable part"
        )
