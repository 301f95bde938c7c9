"""The numbers that an audit gives of one trained channel, or of one layer with many inputs."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from hippo_theory import hankel, memory
from hippo_theory.lti.forms import channels, expand, spectrum
from hippo_theory.lti.pairings import expm1, pairings
from hippo_theory.lti.values import DiagonalLTI, System

EPS = np.finfo(float).eps
SHARE = 0.01  # of the largest gain, that a reduced order may lose
IDLE = 1e-3  # of the H2 norm, below which a mode is idle
FORMATS = ("bfloat16", "float16", "float32")
GOLDEN = (np.sqrt(5) - 1) / 2


def numbers(system: System, length: int | None) -> dict[str, Any]:
    """The numbers of one discrete system without batch axes; None where one has no meaning."""
    logs: Any = _logarithms(system)
    row = of_poles(logs, float(system.dt))
    is_stable = bool((logs.real < 0).all()) if logs.size else True
    row |= of_map(system) if is_stable else dict.fromkeys(MAP)
    if isinstance(system, DiagonalLTI):
        row |= of_modes(system, row["h2"], row["gain"], length)
        row |= of_states(system, logs) if is_stable else dict.fromkeys(STATES)
        return row
    row |= dict.fromkeys((*MODES, *STATES))
    if is_stable and channels(system)[0].shape[1] == 1:
        row["horizon"] = _or_none(lambda: memory.horizon(system))
    return row


def of_poles(logs, dt: float) -> dict[str, Any]:
    """Time scales in steps, quality factors, margin, poles outside, beyond Nyquist and equal."""
    with np.errstate(divide="ignore"):
        times = 1 / np.abs(logs.real)
        quality = np.where(logs == 0, 1, np.abs(logs)) * np.where(logs == 0, 1, times) / 2
    ends = (times.min(), np.median(times), times.max()) if logs.size else (None,) * 3
    return {
        "states": logs.size,
        "dt": dt,
        "shortest": ends[0],
        "median_time": ends[1],
        "longest": ends[2],
        "quality": quality.max(initial=0.0),
        "margin": float(-np.expm1(logs.real.max())) if logs.size else 1.0,
        "unstable": int((logs.real >= 0).sum()),
        "aliased": int((np.abs(logs.imag) > np.pi * (1 + 4 * EPS)).sum()),
        "coincident": logs.size - distinct(logs).size,
    }


MAP = (
    "h2",
    "gain",
    "gain_bound",
    "frequency",
    "rank_1e-2",
    "rank_1e-4",
    "rank_1e-8",
    "hankel_error",
    "order_needed",
    "order_sure",
    "instant",
)


def of_map(system: System) -> dict[str, Any]:
    """Norms, Hankel singular values and orders of a stable system."""
    h2 = hankel.h2_norm(system)
    spectrum = hankel.singular_values(system)
    tails = 2 * np.append(np.cumsum((spectrum.values + spectrum.error)[::-1])[::-1], 0.0)
    through = float(np.linalg.norm(np.atleast_2d(system.D), 2))
    bound = through + tails[0]
    if isinstance(system, DiagonalLTI) and system.is_siso:
        gain, frequency = largest_gain(system)
    else:
        peak = hankel.hinf_peak(system, rtol=1e-6)
        gain, frequency, bound = peak.lower, peak.frequency * system.dt, min(bound, peak.upper)
    ranks = {
        f"rank_{word}": hankel.epsilon_rank(spectrum, float(word))
        for word in ("1e-2", "1e-4", "1e-8")
    }
    kept = spectrum.values > 1e-8 * spectrum.values.max(initial=0.0)
    energy = float(np.linalg.norm(system.D) ** 2)
    return {
        "h2": h2,
        "gain": gain,
        "gain_bound": bound,
        "frequency": frequency,
        **ranks,
        "hankel_error": float(spectrum.relative_error[kept].max(initial=0.0)),
        "order_needed": int(np.sum(spectrum.values - spectrum.error > SHARE * bound)),
        "order_sure": int(np.argmax(tails <= SHARE * gain)) if gain else 0,
        "instant": energy / h2**2 if h2 else 0.0,
    }


MODES = (
    "aliased_share",
    "idle",
    "cancellation",
    "sensitivity",
    "beyond",
)


def of_modes(system: DiagonalLTI, h2: Any, gain: Any, length: int | None) -> dict[str, Any]:
    """What single modes are to the whole: energies, cancellation, sensitivity, the tail."""
    if not h2:
        return dict.fromkeys(MODES)
    logs, B, C = _double(system)
    size, square = (np.linalg.norm(C, axis=0) * np.linalg.norm(B, axis=1)) ** 2, 0.0
    if system.conjugate:
        pure = (C * C).sum(axis=0) * (B * B).sum(axis=1)
        square = 2 * (pure / -np.expm1(2 * logs)).real
        size = 2 * size
    energies = np.sqrt(np.maximum(size / -np.expm1(2 * logs.real) + square, 0.0))
    folded = np.abs(logs.imag) > np.pi * (1 + 4 * EPS)
    tail = None
    if length is not None:
        late = replace(system, C=system.C * np.exp((length - 1) * logs), D=0 * system.D)
        tail = (hankel.h2_norm(late) / h2) ** 2
    peaks = np.sqrt(size) / np.expm1(logs.real) ** 2
    return {
        "aliased_share": (hankel.h2_norm(_part(system, folded)) / h2) ** 2 if folded.any() else 0.0,
        "idle": int(np.sum(energies < IDLE * h2)),
        "cancellation": float(energies.sum() / h2),
        "sensitivity": float(peaks.max(initial=0.0) / gain) if gain else None,
        "beyond": tail,
    }


STATES = ("horizon", *(f"dimension_{name}" for name in FORMATS), "separation", "log10_condition")


def of_states(system: DiagonalLTI, logs) -> dict[str, Any]:
    """What states remember, in formats too, and how different they are; equal poles are one."""
    whole: Any = expand(system)
    B, apart = channels(whole)[0], distinct(logs)
    if B.shape[1] > 1:
        return dict.fromkeys(STATES) | {"horizon": horizon_of_inputs(logs, B)}
    driven = apart[B[apart, 0] != 0]
    if not driven.size:
        return dict.fromkeys(STATES)
    one = np.ones(driven.size)
    states = DiagonalLTI(np.exp(logs[driven]), one, one, dt=1.0, log_poles=logs[driven])
    w = pairings(states.poles, log_poles=logs[driven])
    i, j = np.triu_indices(driven.size, 1)
    distances = np.abs(w.difference(i, j) / w.denominator(i, j))
    limits = _or_none(lambda: memory.gram_log10_condition(states))
    dimensions = {
        f"dimension_{name}": _or_none(lambda n=name: memory.effective_dimension(states, n))
        for name in FORMATS
    }
    return {
        "horizon": _or_none(lambda: memory.horizon(states)),
        **dimensions,
        "separation": float(distances.min(initial=1.0)),
        "log10_condition": None if limits is None else limits[1],
    }


def distinct(logs) -> np.ndarray:
    """The indices of poles that are not one of those before, to rounding and modulo 2 pi i."""
    real, angle = logs.real, np.mod(logs.imag, 2 * np.pi)
    close = np.abs(real[:, None] - real) <= 4 * EPS * np.maximum(1, np.abs(logs))
    turn = np.abs(angle[:, None] - angle)
    turn = np.minimum(turn, 2 * np.pi - turn)
    close &= turn <= 4 * EPS * np.maximum(1, np.abs(logs))
    return np.flatnonzero(~np.tril(close, -1).any(axis=1))


def largest_gain(system: DiagonalLTI) -> tuple[float, float]:
    """The largest |G| found on the circle, and its angle; every local maximum of modes' angles.

    A lower bound of the H-infinity norm: golden sections between neighbours, O(N^2).
    """
    whole: Any = expand(system)
    logs, B, C = _double(whole)
    residues, D = C[0] * B[:, 0], channels(system)[2][0, 0]

    def gain(angle):
        z = np.exp(1j * angle)
        steps = expm1(logs.real, logs.imag, angle[..., None])  # z - l = -z (e^{lp - i angle} - 1)
        return np.abs(D - (residues / steps).sum(axis=-1) / z)

    if not logs.size:
        return float(np.abs(D)), 0.0
    angles = np.concatenate([logs.imag, logs.imag + logs.real, logs.imag - logs.real, [0, np.pi]])
    angles = np.unique(np.mod(angles + np.pi, 2 * np.pi) - np.pi)
    angles = np.r_[angles[-1] - 2 * np.pi, angles, angles[0] + 2 * np.pi]
    values = gain(angles)
    top = np.flatnonzero((values[1:-1] >= values[:-2]) & (values[1:-1] >= values[2:])) + 1
    low, high = angles[top - 1], angles[top + 1]
    for _ in range(40):
        inner = np.stack([high - GOLDEN * (high - low), low + GOLDEN * (high - low)])
        left, right = gain(inner)
        low, high = np.where(left < right, inner[0], low), np.where(left < right, high, inner[1])
    ends = np.concatenate([angles, (low + high) / 2])
    values = gain(ends)
    best = int(np.argmax(values))
    angle = float(np.mod(ends[best] + np.pi, 2 * np.pi) - np.pi)
    return float(values[best]), abs(angle) if system.conjugate else angle


def horizon_of_inputs(logs, B, level: float = 0.5) -> int:
    """The largest lag at which the state holds `level` of the variance of the mean input."""
    A, R = orthonormal(logs, B)
    longest = int(len(logs) / (level * B.shape[1])) + 1
    lag = -1
    for k in range(longest):
        if (np.abs(R) ** 2).sum() < level * B.shape[1]:
            break
        lag, R = k, A @ R
    return lag


def orthonormal(logs, B) -> tuple[Any, Any]:
    """A and B of the same states in coordinates of covariance I, with many inputs.

    Pivot by pivot the rows of B lose the direction of the pivot's; sections of all-pass factors
    along these directions then make the recurrence, A A^* + B B^* = I. O(N^2 m).
    """
    w = pairings(np.exp(logs), log_poles=logs)
    rows, left, kept = B.astype(complex), list(range(len(logs))), []
    while left:
        sizes = [np.vdot(rows[i], rows[i]).real / w.diagonal[i] for i in left]
        p = left[int(np.argmax(sizes))]
        norm = np.linalg.norm(rows[p])
        if norm <= 64 * EPS * np.linalg.norm(B[p]):
            break
        left.remove(p)
        q = rows[p] / norm
        kept.append((p, q))
        index = np.array(left, int)
        factor = w.difference(index, p) / w.denominator(index, p)
        rows[index] += ((factor - 1) * (rows[index] @ q.conj()))[:, None] * q
    n, m = len(kept), B.shape[1]
    A, out = np.zeros((n, n), complex), np.zeros((n, m), complex)
    R, states = np.eye(m, dtype=complex), np.zeros((m, n), complex)
    for k, (p, q) in enumerate(kept):
        pole, s = np.exp(logs[p]), np.sqrt(w.diagonal[p])
        through, past = q @ R, q @ states
        A[k], out[k] = s * past, s * through
        A[k, k] = pole
        turn = -(pole.conj() + 1)
        R = R + np.outer(q.conj(), turn * through)
        states = states + np.outer(q.conj(), turn * past)
        states[:, k] += s * q.conj()
    return A, out


def _logarithms(system: System):
    """Logarithms of all poles, conjugates listed; those of poles that are 0 are -1000."""
    whole: Any = expand(system)
    logs = getattr(whole, "log_poles", None)
    if logs is not None:
        return logs.astype(complex)
    poles = np.asarray(spectrum(whole)).astype(complex)
    return np.where(poles == 0, -1000.0, np.log(np.where(poles == 0, 1, poles)))


def _double(system: DiagonalLTI) -> tuple[Any, Any, Any]:
    """Logarithms of the listed poles, B (N, m) and C (p, N)."""
    B, C, _ = channels(system)
    logs = system.log_poles
    if logs is None:
        poles = system.poles.astype(complex)
        logs = np.where(poles == 0, -1000.0, np.log(np.where(poles == 0, 1, poles)))
    return logs.astype(complex), B, C


def _part(system: DiagonalLTI, chosen) -> DiagonalLTI:
    """Some of the modes of a system, without its feedthrough."""
    B = system.B[chosen]
    logs = None if system.log_poles is None else system.log_poles[chosen]
    return replace(
        system,
        poles=system.poles[chosen],
        B=B,
        C=system.C[..., chosen],
        D=0 * system.D,
        log_poles=logs,
    )


def _or_none(number: Callable[[], Any]) -> Any:
    """The number, or None where it is refused: as for poles that nearly coincide."""
    try:
        return number()
    except (ValueError, np.linalg.LinAlgError):
        return None
