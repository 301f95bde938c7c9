"""Laws of every door: single precision, batches, and memory that is the caller's own."""

import contextlib
import dataclasses
import warnings

import numpy as np

import hippo_theory as ht
from tests.measure import REFUSALS, gap, law

GRID = np.array([0.3 + 1.1j, -2.0 + 0.2j, 3.0])
SIGNAL = np.sign(np.sin(0.7 * np.arange(24.0)))


def signal(value):
    return SIGNAL if value.is_siso else np.broadcast_to(SIGNAL, (value.D.shape[-1], 24))


def discrete_only(door):
    return lambda value: door(value) if value.is_discrete else None


def continuous_only(door):
    return lambda value: None if value.is_discrete else door(value)


DOORS = {
    "transfer_function": lambda v: ht.lti.transfer_function(v, GRID),
    "markov_parameters": discrete_only(lambda v: ht.lti.markov_parameters(v, 16)),
    "kernel": discrete_only(lambda v: ht.lti.kernel(v, 16)),
    "simulate": discrete_only(lambda v: ht.lti.simulate(v, signal(v))),
    "discretize": continuous_only(lambda v: ht.lti.discretize(v, 0.125)),
    "zoh": continuous_only(lambda v: ht.lti.discretize(v, 0.125, "zoh")),
    "expand": ht.lti.expand,
    "dense": ht.lti.dense,
    "spectrum": ht.lti.spectrum,
    "gramians": ht.hankel.gramians,
    "gramian_factors": ht.hankel.gramian_factors,
    "singular_values": ht.hankel.singular_values,
    "h2_norm": ht.hankel.h2_norm,
    "hankel_norm": ht.hankel.hankel_norm,
    "hinf_norm": ht.hankel.hinf_norm,
    "mode_scores": ht.hankel.mode_scores,
    "balanced_truncation": lambda v: ht.hankel.balanced_truncation(v, order=1),
    "capacity": discrete_only(lambda v: ht.memory.capacity(v, 6)),
    "fisher_memory": discrete_only(lambda v: ht.memory.fisher_memory(v, 6)),
}


def arrays(result) -> list[np.ndarray]:
    """Every array in a result: of a record, of a tuple, or itself."""
    if dataclasses.is_dataclass(result):
        return [x for f in dataclasses.fields(result) for x in arrays(getattr(result, f.name))]
    if isinstance(result, (tuple, list)):
        return [x for part in result for x in arrays(part)]
    return [np.asarray(result)] if isinstance(result, (np.ndarray, float, complex)) else []


def answer(door, value):
    """The arrays of the answer; None where the door refuses. Warnings have a law of their own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return arrays(door(value))
        except (*REFUSALS, TypeError):
            return None


def leaked(row):
    """Warnings of arithmetic that reach the caller."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for door in DOORS.values():
            with contextlib.suppress(*REFUSALS, TypeError):
                door(row.value)
    return float(len(caught))


def narrow(value, wide):
    """The value with arrays in single precision, and the same numbers in double precision."""
    fields = {}
    for f in dataclasses.fields(value):
        array = getattr(value, f.name)
        if isinstance(array, np.ndarray) and f.name not in ("dt", "log_poles"):
            single = array.astype(np.complex64 if array.dtype.kind == "c" else np.float32)
            fields[f.name] = single.astype(array.dtype) if wide else single
    logs = {"log_poles": None} if hasattr(value, "log_poles") else {}
    return dataclasses.replace(value, **fields, **logs)


def single_precision(row):
    """Every door answers single-precision data like the same numbers in double precision."""
    with np.errstate(over="ignore"):
        if not all(np.isfinite(x.astype(np.complex64)).all() for x in arrays(row.value)):
            return 0.0  # nothing that single precision can hold
    single, double = narrow(row.value, False), narrow(row.value, True)
    worst = 0.0
    for door in DOORS.values():
        got, wanted = answer(door, single), answer(door, double)
        if (got is None) != (wanted is None):
            return np.inf
        for a, b in zip(got or [], wanted or [], strict=True):
            rounding = 2e-6 if a.dtype in (np.float32, np.complex64) else 1e-13
            worst = max(worst, gap(np.nan_to_num(a), np.nan_to_num(b)) / rounding)
    return worst


def shared_memory(row):
    """Arrays of answers that can be written to and share memory with the system."""
    own = [x for x in arrays(row.value) if x.size]
    shared = 0
    for door in DOORS.values():
        for array in answer(door, row.value) or []:
            shared += array.flags.writeable and any(np.shares_memory(array, x) for x in own)
    return float(shared)


def batch_of(*names):
    """Two systems in one value are answered like one after the other; a refusal counts 1."""

    def residual(row):
        first = dataclasses.replace(row.value, log_poles=None)
        moved = {"B": first.B * 0.5, "poles": first.poles * 0.75}
        members = (first, dataclasses.replace(first, **moved))
        arrays_of = {
            name: np.stack([getattr(member, name) for member in members])
            for name in ("poles", "B", "C", "D")
        }
        both = dataclasses.replace(first, **arrays_of)
        return max(compared(DOORS[name], both, members) for name in names)

    return residual


def compared(door, both, members):
    got, worst = answer(door, both), 0.0
    for k, member in enumerate(members):
        wanted = answer(door, member)
        if (got is None) != (wanted is None):
            return 1.0
        for a, b in zip(got or [], wanted or [], strict=True):
            if b.dtype.kind in "fc" and a.ndim > b.ndim:
                worst = max(worst, gap(np.nan_to_num(a[k]), np.nan_to_num(b)))
    return worst


RESPONSES = ("transfer_function", "markov_parameters", "kernel", "discretize", "zoh")
OPERATORS = ("singular_values", "mode_scores", "gramians", "gramian_factors")
NORMS = ("h2_norm", "hankel_norm", "hinf_norm")
CURVES = ("capacity", "fisher_memory")
LAWS = (
    law(
        "single precision is read as the same numbers",
        "every door",
        single_precision,
        1.0,
        needs="stable, few, states",
        without="units",
    ),
    law("answers share no memory with the system", "every door", shared_memory, 0.0, needs="few"),
    law("no door warns", "every door", leaked, 0.0, needs="small"),
    *(
        law(
            f"a batch of {what} is that of its members",
            "every door",
            batch_of(*names),
            1e-12,
            needs="diagonal, few, states",
        )
        for what, names in (
            ("responses", RESPONSES),
            ("operators", OPERATORS),
            ("norms", NORMS),
            ("memory curves", CURVES),
        )
    ),
)
