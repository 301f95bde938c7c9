"""How the solver reads an input: samples, cell averages, or a callable, as rows of real numbers."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from hippo_theory import _check


@dataclass(frozen=True, slots=True, eq=False)
class Signal:
    """An input on the grid t, one real row for each sequence of the batch.

    Attributes
    ----------
    read : callable
        (start, stop) -> (S, stop - start), the samples or cell averages of these indices.
    evaluate : callable or None
        times -> (S, len(times)); None when only samples are known.
    averages : bool
        Whether `read` returns the means over the cells [t_k, t_{k+1}].
    batch_shape : tuple of int
    dtype : numpy dtype
        Of the caller's samples; complex ones are two real rows here.
    """

    read: Callable
    evaluate: Callable | None
    averages: bool
    batch_shape: tuple
    dtype: np.dtype

    def kept(self, count: int) -> "Signal":
        """The same signal, safe from later changes of the caller's array of `count` entries."""
        if self.evaluate is not None:
            return self
        rows = self.read(0, count).copy()
        return replace(self, read=lambda start, stop: rows[:, start:stop])


def as_signal(f, t: np.ndarray, samples: str) -> Signal:
    """Read the user's f; refuse a wrong length and any NaN, with its time."""
    averages = samples == "averages"
    if averages and hasattr(f, "project"):
        integrals = (
            t * f.project(t, 1)[:, 0] if t[0] else np.append(0, t[1:] * f.project(t[1:], 1)[:, 0])
        )
        f = np.diff(integrals) / np.diff(t)
    if callable(f):
        if averages:
            raise TypeError("f must be an Input or an array of cell averages, got a callable")
        return _from_callable(f, t)
    values = _check.array("f", f, minimum_ndim=1)
    expected = t.size - averages
    _check.shape("f", values, (..., expected), f"t has {t.size} entries")
    rows = real_rows(values)
    return Signal(
        read=lambda start, stop: rows[:, start:stop],
        evaluate=None,
        averages=averages,
        batch_shape=values.shape[:-1],
        dtype=values.dtype,
    )


def _from_callable(f, t):
    first = _evaluate(f, t[:1])

    def evaluate(times):
        values = _evaluate(f, times)
        if values.shape[:-1] != first.shape[:-1]:
            raise ValueError(
                f"f(t) must keep its leading axes {first.shape[:-1]}, got shape {values.shape}"
            )
        return real_rows(values.astype(first.dtype, copy=False))

    return Signal(
        read=lambda start, stop: evaluate(t[start:stop]),
        evaluate=evaluate,
        averages=False,
        batch_shape=first.shape[:-1],
        dtype=first.dtype,
    )


def _evaluate(f, times):
    try:
        values = _check.array("f(t)", f(times), finite=False)
    except TypeError as error:
        raise TypeError(f"f must map times (L,) to values (..., L): {error}") from error
    if values.shape[-1:] != times.shape:
        raise ValueError(
            f"f(t) must have shape (..., {times.size}) for {times.size} times from "
            f"t = {times[0]:g}, got {values.shape}"
        )
    bad = ~np.isfinite(values).reshape(-1, times.size).all(axis=0)
    if bad.any():
        raise ValueError(f"f(t) must be finite, got {_worst(values, bad)} at t = {times[bad][0]:g}")
    return values


def _worst(values, bad):
    at_first = values[..., bad][..., 0].ravel()
    return at_first[~np.isfinite(at_first)][0]


def real_rows(values: np.ndarray) -> np.ndarray:
    """(..., L) -> (S, L) float64; the imaginary parts of complex values are rows of their own."""
    flat = values.reshape(-1, values.shape[-1])
    if flat.dtype.kind == "c":
        flat = np.concatenate([np.real(flat), np.imag(flat)])
    return flat.astype(np.float64, copy=False)


def from_rows(rows: np.ndarray, batch_shape: tuple, dtype: np.dtype) -> np.ndarray:
    """(S, ...) real rows -> (*batch_shape, ...) of the caller's dtype."""
    if dtype.kind == "c":
        rows = rows[: len(rows) // 2] + 1j * rows[len(rows) // 2 :]
    whole = rows.reshape(*batch_shape, *rows.shape[1:])
    if dtype.itemsize >= whole.itemsize:
        return whole.astype(dtype, copy=False)
    with np.errstate(over="ignore"):
        narrow = whole.astype(dtype)
    if np.isfinite(whole).all() and not np.isfinite(narrow).all():
        raise np.linalg.LinAlgError("the states must stay in single precision, got more than 3e38")
    return narrow
