"""What a change of coordinates, units or direction does to singular values and norms."""

import dataclasses

import numpy as np

import hippo_theory as ht
from tests.laws_hankel import listed
from tests.measure import EPS, REFUSALS, gap, law, padded


def numbers(value, sigma, h2, hinf):
    """The largest error of singular values and norms of a value, where they are given."""
    worst = 0.0
    for door, wanted in (
        (lambda: padded(ht.hankel.singular_values(value).values, sigma.size), sigma),
        (lambda: ht.hankel.h2_norm(value), h2),
        (lambda: ht.hankel.hankel_norm(value), sigma.max(initial=0.0)),
        (lambda: ht.hankel.hinf_norm(value), hinf),
    ):
        try:
            got = door()
        except REFUSALS:
            continue
        worst = max(
            worst,
            float(got != wanted) if np.ndim(got) == 0 and wanted == np.inf else gap(got, wanted),
        )
    return worst


def after(transform, *, gain=1.0, root_time=1.0):
    def residual(row):
        exact = row.exact
        sigma, h2, hinf = exact.singular_values, exact.h2_norm, exact.hinf[0]
        value = transform(row.value)
        allowed = 1e-9 + 8 * exact.n * EPS * sum(listed(row).gramian_conditions)
        return numbers(value, gain * sigma, gain * root_time * h2, gain * hinf) / allowed

    return residual


def columns(d, array, siso):
    return array * (d if siso else d[:, None])


def in_units(value):
    """States in units that are powers of two up to 2^20 apart."""
    d = 2.0 ** np.round(20 * np.cos(np.arange(value.state_dim) * 2.1))
    fields = {"B": columns(d, value.B, value.is_siso), "C": value.C / d}
    if hasattr(value, "A"):
        fields["A"] = value.A * d[:, None] / d
    if hasattr(value, "P"):
        fields |= {"P": value.P * d[:, None], "Q": value.Q / d[:, None]}
    return dataclasses.replace(value, **fields)


def louder(value):
    """2^20 G, with powers of two that differ between input and output."""
    return dataclasses.replace(
        value, B=value.B * 2.0**30, C=value.C * 2.0**-10, D=value.D * 2.0**20
    )


def names(value):
    return {f.name for f in dataclasses.fields(value)}


def faster(value):
    """G(s / 2^24)."""
    moved = names(value) & {"A", "P", "poles", "B"}
    return dataclasses.replace(value, **{k: getattr(value, k) * 2.0**24 for k in moved})


def dual(value):
    """G^T."""
    turn = (lambda x: x) if value.is_siso else np.transpose
    fields = {"B": turn(value.C), "C": turn(value.B), "D": turn(value.D)}
    if hasattr(value, "A"):
        fields["A"] = value.A.T
    if hasattr(value, "P"):
        fields |= {"P": value.Q.conj(), "Q": value.P.conj()}
    return dataclasses.replace(value, **fields)


def with_a_hidden_state(value):
    """One more state that the output reads and no input drives."""
    n = value.state_dim
    A = np.zeros((n + 1, n + 1), value.A.dtype)
    A[:n, :n], A[n, n] = value.A, 0.5 if value.dt is not None else -np.abs(value.A).max(initial=1.0)
    B = np.concatenate([value.B, np.zeros((1, *value.B.shape[1:]))])
    C = np.concatenate([value.C, np.ones((*value.C.shape[:-1], 1))], axis=-1)
    return dataclasses.replace(value, A=A, B=B, C=C)


LAWS = (
    law("units of states change no number", "hankel", after(in_units), 1.0, needs="stable, few"),
    law(
        "a gain multiplies every number",
        "hankel",
        after(louder, gain=2.0**20),
        1.0,
        needs="stable, few",
    ),
    law(
        "time multiplies H2 by its root",
        "hankel",
        after(faster, root_time=2.0**12),
        1.0,
        needs="stable, few, continuous",
    ),
    law(
        "the transposed system has the same numbers",
        "hankel",
        after(dual),
        1.0,
        needs="stable, few",
    ),
    law(
        "a hidden state changes no number",
        "hankel",
        after(with_a_hidden_state),
        1.0,
        needs="stable, few, dense",
    ),
)
