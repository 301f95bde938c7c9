"""From a scheme's row to the arrays that its compiled kernel runs on."""

from functools import singledispatch

import numpy as np

from hippo_theory.legs import _holds
from hippo_theory.legs._signal import Signal
from hippo_theory.legs.schemes import Collocation, Hold, OneStep, Scheme

FARTHEST = 138.0  # log of the ratio of steps: a product of up to seven must stay a number


def refuse_unless_fit(scheme: Scheme, signal: Signal, t: np.ndarray) -> None:
    """Refuse inputs that a scheme cannot use, before any arithmetic."""
    name, degree = scheme.name, getattr(scheme, "degree", 0)
    if isinstance(scheme, Collocation) and signal.evaluate is None:
        raise TypeError(
            f"f must be callable for scheme {name!r}, which evaluates it between samples"
        )
    if signal.averages and degree > 0:
        raise ValueError(
            f"samples must be 'values' for scheme {name!r}, got 'averages'; "
            "zoh and the one-step schemes take averages"
        )
    if degree > 1 and np.ptp(np.log(np.diff(t))) > FARTHEST:
        raise ValueError(
            f"t must have steps within a factor of 1e60 of each other for scheme {name!r}, got "
            f"{np.diff(t).min():g} and {np.diff(t).max():g}; foh takes any"
        )
    if t.size < degree + 1:
        raise ValueError(
            f"t must hold at least {degree + 1} times for scheme {name!r}, got {t.size}"
        )


@singledispatch
def advance(scheme, t, signal, span, state, out) -> None:
    """Carry `state` (N, S) over the cells span = (start, stop), writing every state into `out`.

    `out` is (S, len(t), N), entry k + 1 being the state at the end of cell k, or empty.
    """
    raise TypeError(f"scheme must be a row of SCHEMES, got {scheme!r}")


@advance.register
def _(scheme: OneStep, t, signal, span, state, out):
    from hippo_theory.legs import _fast

    start, stop = span
    a, b, w0, w1 = scheme.steps(t[start : stop + 1])
    if signal.averages:
        drive = (w0 + w1) * signal.read(start, stop)
    else:
        values = signal.read(start, stop + 1)
        drive = w0 * values[:, :-1] + w1 * values[:, 1:]
    _fast.ladder(a, b, np.ascontiguousarray(drive.T), state, out, start + 1)


@advance.register
def _(scheme: Collocation, t, signal, span, state, out):
    from hippo_theory.legs import _fast

    start, stop = span
    t0, h = t[start:stop, None], np.diff(t[start : stop + 1])[:, None]
    stage_times = t0 + h * np.array(scheme.nodes)
    assert signal.evaluate is not None
    inputs = signal.evaluate(stage_times.ravel()).reshape(-1, *stage_times.shape)
    # Y = c 1 + h a diag(1/t_i) (-A Y + B f): diagonalised, one shifted solve for each eigenvalue
    coupling = h[..., None] * scheme.stages / stage_times[:, None, :]
    shifts, vectors = np.linalg.eig(coupling)
    inverse = np.linalg.inv(vectors)
    from_stages = scheme.weights @ np.linalg.inv(scheme.stages)
    outgoing = from_stages @ vectors
    carried = outgoing * inverse.sum(axis=-1)
    driven = outgoing[:, :, None] * (inverse @ coupling @ inputs.transpose(1, 2, 0).astype(complex))
    # of a conjugate pair one solve is enough: keep imag >= 0, first in each row
    order = np.argsort(-np.imag(shifts), axis=1)
    shifts = np.take_along_axis(shifts, order, 1).astype(complex)
    factor = 1.0 + np.sign(np.imag(shifts))
    carried = factor * np.take_along_axis(carried, order, 1)
    driven = factor[:, :, None] * np.take_along_axis(driven, order[:, :, None], 1)
    solves = (np.imag(shifts) >= 0).sum(axis=1)
    keep = 1 - from_stages.sum()
    _fast.resolvents(keep, solves, shifts, carried, driven, state, out, start + 1)


@advance.register
def _(scheme: Hold, t, signal, span, state, out):
    _holds.advance(scheme.degree, t, signal, span, state, out)
