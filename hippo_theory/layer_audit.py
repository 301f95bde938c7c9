"""One trained layer in one page of numbers, with what is wrong with it in words."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from hippo_theory import _check, lti
from hippo_theory._layer_numbers import SHARE, numbers
from hippo_theory.lti.values import DiagonalLTI, System

DEAD = 1e-3  # of the median H2 norm
ALIKE = 0.999  # correlation of kernels
SHOWN = ("h2", "gain", "longest", "horizon", "order_sure", "dimension_bfloat16", "beyond")
LINES = 12


@dataclass(frozen=True, slots=True, eq=False)
class Audit:
    """The numbers of every channel of a layer.

    Attributes
    ----------
    columns : dict of str to list
        One entry for each channel; None where a number has no meaning. See `audit`.
    findings : tuple of str
        What is wrong, in words; empty if nothing was found.
    """

    columns: dict[str, list]
    findings: tuple[str, ...]

    def table(self):
        """The columns as a data frame, sorted by "h2"; needs pandas."""
        try:
            import pandas as pd
        except ImportError:
            raise ImportError("table needs pandas, of the extra 'studies'") from None
        return pd.DataFrame(self.columns).sort_values("h2", ascending=False)

    def __repr__(self):
        shown = [name for name in ("channel", *SHOWN) if any(map(_known, self.columns[name]))]
        order = np.argsort([-(h if _known(h) else np.inf) for h in self.columns["h2"]])
        rows = [shown, *([_cell(self.columns[n][k]) for n in shown] for k in order[:LINES])]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ["  ".join(c.rjust(w) for c, w in zip(r, widths, strict=True)) for r in rows]
        if len(order) > LINES:
            lines.append(f"... {len(order) - LINES} more channels")
        return "\n".join([*lines, *(f"- {sentence}" for sentence in self.findings)])


def audit(
    layer: Any,
    *,
    length: int | None = None,
    progress: Callable[[Iterable], Iterable] | None = None,
) -> Audit:
    """What a trained layer does, how much of its state it uses, and what is wrong with it.

    Use it on a layer read by `lti.from_state_dict` before you trust, shrink or quantize it.

    Parameters
    ----------
    layer : LTI, DiagonalLTI or DPLR, or sequence of them
        Discrete. The systems of a batch, or of the sequence, are the channels.
    length : int, optional
        Length of the sequences that it was trained on: adds what lies beyond.
    progress : callable, optional
        Wraps the loop over channels, as ``tqdm`` does.

    Returns
    -------
    Audit
        A record that prints as a table, strongest channels first. Its columns, None where a number
        has no meaning (as for unstable channels):

        - "states", "dt", "unstable", "margin" (1 - |pole|, the least), "coincident" poles;
        - time scales 1 / |log |pole|| in steps: "shortest", "median_time", "longest"; "quality",
          the largest |lp| / 2 |Re lp| of the logarithms lp of poles;
        - "aliased" poles, beyond Nyquist in the continuous parameters, and the share of energy
          that they have alone, "aliased_share";
        - "h2"; "gain", the largest |G| found, at the angle "frequency" a sample, and a proved
          "gain_bound" of it (many channels: both are bounds of the supremum);
        - numbers of Hankel singular values above 1e-2, 1e-4, 1e-8 of the largest, "rank_1e-2" and
          so on, with the largest relative error of those, "hankel_error"; with "order_needed" and
          "order_sure" states an error of 1 % of the gain is not yet excluded, and is certain;
        - "horizon", the last lag of which half is remembered; effective dimensions
          "dimension_bfloat16", "dimension_float16", "dimension_float32", with one input;
        - "separation", the least pseudo-hyperbolic distance of poles, "log10_condition", a bound
          for unit-variance states; both with one input;
        - "cancellation", the sum of the H2 norms of modes over that of the channel; "idle" modes,
          below 1e-3 of it; "sensitivity", the largest |residue| / (1 - |pole|)^2 over the gain;
        - "instant", the share of energy in the answer to the present sample; "beyond", that after
          `length` samples;
        - "correlation", the largest of the kernel with that of another channel, which is "like";
          "bfloat16_error", the relative H2 error if the parameters of S4D were rounded: for
          diagonal layers with one input a channel.

    Raises
    ------
    ValueError
        If a system is in continuous time or there is none.
    TypeError
        If the layer is no system.

    Notes
    -----
    Equal poles count once where states are asked for. O(N^3) a channel; some 0.05 s for 64 states,
    mostly Hankel singular values. docs/theory.md (5.24), (6.3), (7.6), (7.18).

    Examples
    --------
    >>> import numpy as np
    >>> import hippo_theory as ht
    >>> frequencies = np.array([[1.0, 2.0], [1.0, 900.0]])
    >>> S4D = ht.lti.from_s4d([-4.0, -4.0], np.zeros((2, 2)), frequencies, np.ones((2, 2)) + 0j)
    >>> ht.audit(S4D, length=1024).findings[0]
    '1 of 2 channels have poles beyond Nyquist (up to 1% of the energy): channels 1'
    """
    systems = _systems(layer)
    length = None if length is None else _check.integer("length", length)
    wrapped = systems if progress is None else progress(systems)
    rows = [{"channel": k, **numbers(one, length)} for k, one in enumerate(wrapped)]
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    columns |= _alike(systems) | {"bfloat16_error": _rounded(systems)}
    return Audit(columns, tuple(_findings(columns, length)))


def _systems(layer: Any) -> list:
    """Return the channels of a layer, one discrete system each."""
    parts = list(layer) if isinstance(layer, (tuple, list)) else [layer]
    systems = []
    for part in parts:
        if not isinstance(part, System):
            raise TypeError(
                f"layer must be a system or a sequence of them, got {_check.shown(part)}"
            )
        if not part.is_discrete:
            raise ValueError(f"layer must be discrete, got {part!r}; discretize it first")
        systems += [part[k] for k in np.ndindex(part.batch_shape)] if part.batch_shape else [part]
    if not systems:
        raise ValueError("layer must hold at least one system, got none")
    return systems


def _alike(systems) -> dict[str, list]:
    """The largest correlation of each kernel with another, by its Cauchy sums."""
    none: dict[str, list] = {n: [None] * len(systems) for n in ("correlation", "like")}
    sizes = {one.state_dim for one in systems}
    fit = all(isinstance(s, DiagonalLTI) and s.is_siso and s.is_stable for s in systems)
    if len(systems) < 2 or not fit or len(sizes) > 1:
        return none
    whole: list[Any] = [lti.expand(s) for s in systems]
    poles = np.concatenate([s.poles for s in whole])
    C = np.concatenate([s.B * s.C for s in whole])
    first, D = np.r_[0, np.cumsum([s.state_dim for s in whole])], np.array([s.D for s in systems])
    gram: Any = np.empty((len(systems),) * 2)
    for h, one in enumerate(whole):
        sums: Any = C.conj() / (1 - one.poles[:, None] * poles.conj())
        gram[h] = np.real(np.add.reduceat((one.B * one.C) @ sums, first[:-1])) if len(C) else 0.0
    gram = gram + np.real(D[:, None] * D.conj())
    size = np.sqrt(np.diagonal(gram))
    size = np.where(size > 0, size, np.inf)
    gram = np.abs(gram / size / size[:, None])
    np.fill_diagonal(gram, -1.0)
    like = gram.argmax(axis=1)
    return {"correlation": list(gram.max(axis=1)), "like": [int(k) for k in like]}


def _rounded(systems) -> list:
    """The relative H2 errors of S4D channels whose parameters are rounded to bfloat16."""
    return [_rounding_error(one) for one in systems]


def _rounding_error(system) -> float | None:
    from hippo_theory import hankel

    try:
        parameters = lti.to_s4d(system)
        near = lti.from_s4d(**{name: _bfloat16(value) for name, value in parameters.items()})[0]
        plain = DiagonalLTI(
            near.poles, near.B, near.C, near.D, system.dt, True, log_poles=near.log_poles
        )
        if not plain.is_stable:
            return float("inf")
        return hankel.h2_norm(system - plain) / hankel.h2_norm(system)
    except (TypeError, ValueError, ZeroDivisionError, np.linalg.LinAlgError):
        return None


def _bfloat16(values):
    """Values rounded to eight bits, to even, in double precision."""
    if np.iscomplexobj(values):
        return _bfloat16(values.real) + 1j * _bfloat16(values.imag)
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32).astype(np.uint64)
    bits = (bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000
    return bits.astype(np.uint32).view(np.float32).astype(np.float64)


def _findings(columns, length):
    """Sentences about what is wrong, the worst first."""
    count = len(columns["channel"])

    def those(test, *names):
        rows = zip(*(columns[n] for n in names), strict=True)
        return [k for k, row in enumerate(rows) if all(map(_known, row)) and test(*row)]

    def of(channels, what):
        first = ", ".join(map(str, channels[:8])) + (", ..." if len(channels) > 8 else "")
        return f"{len(channels)} of {count} channels {what}: channels {first}"

    unstable = those(lambda n: n > 0, "unstable")
    if unstable:
        yield of(unstable, "have poles on or outside the unit circle, and no norms")
    strength = [h for h in columns["h2"] if _known(h)]
    median = float(np.median(strength)) if strength else 0.0
    if dead := those(lambda h: h < DEAD * median, "h2"):
        yield of(dead, "are dead (H2 norm below 1e-3 of the median)")
    if twins := those(lambda c: c > ALIKE, "correlation"):
        yield of(twins, "are like another (correlation above 0.999)")
    if folded := those(lambda n: n > 0, "aliased"):
        share = max(columns["aliased_share"][k] or 0.0 for k in folded)
        yield of(folded, f"have poles beyond Nyquist (up to {share:.0%} of the energy)")
    if equal := those(lambda n: n > 0, "coincident"):
        yield of(
            equal, f"have equal poles ({max(columns['coincident'][k] for k in equal)} at most)"
        )
    if forgotten := those(lambda d, n: d < 0.5 * n, "dimension_bfloat16", "states"):
        yield of(forgotten, "lose more than half of their states to rounding in bfloat16")
    if fragile := those(lambda e: e > 0.1, "bfloat16_error"):
        yield of(fragile, "change by more than 10% if their parameters are rounded to bfloat16")
    if against := those(lambda c, n: c > np.sqrt(n), "cancellation", "states"):
        yield of(against, "have modes that cancel")
    if idle := those(lambda i, n: i > 0.25 * n, "idle", "states"):
        yield of(idle, "have idle modes, more than a quarter of their states")
    if length and (late := those(lambda t: t > length, "longest")):
        yield of(late, f"have time scales beyond the {length} samples of training")
    orders = [n for n in columns["order_sure"] if _known(n)]
    if orders and sum(orders) < 0.75 * sum(columns["states"]):
        yield (
            f"{sum(orders)} states in place of {sum(columns['states'])} would do for "
            f"{SHARE:.0%} of the gain of every channel"
        )


def _known(value: Any) -> bool:
    return value is not None


def _cell(value: Any) -> str:
    return "-" if value is None else str(value) if isinstance(value, int) else f"{value:.3g}"
