"""What must hold of every system: each law compares a door with numbers from outside the package.

A law is `Law(name, doors, residual, tolerance, needs, without)`. The residual is a float that is
zero for an exact answer, judged on every row of `zoo.py` that has all tags in `needs` and none in
`without`. Where a law says that a door may refuse, `refusable(...)` counts a sentence as right.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

import hippo_theory as ht
from tests.oracle import Exact
from tests.zoo import SYSTEMS, System

EPS = np.finfo(float).eps
POINTS = np.array([0.0, 0.01, 0.1, 0.3, 1.0, 3.0, 10.0])  # in units of the system's own frequencies


@dataclass(frozen=True)
class Law:
    """One law: what it is about, how far a row is from it, and how far it may be."""

    name: str
    doors: tuple[str, ...]
    residual: Callable[[System], float]
    tolerance: float
    needs: frozenset[str] = frozenset()
    without: frozenset[str] = frozenset()

    def __str__(self):
        return self.name

    def judges(self, row: System) -> bool:
        return self.needs <= row.tags and not self.without & row.tags

    @property
    def rows(self):
        return [row for row in SYSTEMS if self.judges(row)]


def law(name, doors, residual, tolerance, *, needs=(), without=()) -> Law:
    return Law(
        name, tuple(doors.split()), residual, tolerance, frozenset(needs), frozenset(without)
    )


REFUSALS = (ValueError, np.linalg.LinAlgError)


def refusable(residual):
    """The residual, or zero where the door refuses in a sentence."""

    def measured(row):
        try:
            return residual(row)
        except REFUSALS as error:
            return 0.0 if " " in str(error) else np.inf

    return measured


def gap(got, wanted, scale=None) -> float:
    """max |got - wanted| over max |wanted| (over `scale`); inf for a NaN or another shape."""
    got, wanted = np.asarray(got), np.asarray(wanted)
    if got.shape != wanted.shape:
        return np.inf
    size = np.abs(wanted).max(initial=0.0) if scale is None else scale
    error = np.abs(got - wanted).max(initial=0.0)
    if not error:
        return 0.0
    return float(error / size) if np.isfinite(error) and size else np.inf


def channels(row, values) -> np.ndarray:
    """(..., p, m) in the shape of the package: without channels for one input and one output."""
    return values[..., 0, 0] if row.exact.is_siso else values


# responses


def points(row) -> np.ndarray:
    """Where G is compared: on the boundary of stability near every pole, and off it."""
    z = boundary_and_off(row)
    return z[np.abs(z[:, None] - row.exact.poles).min(axis=1, initial=np.inf) > 0]


def boundary_and_off(row):
    poles = row.exact.poles[:8]
    sizes = np.unique(np.abs(poles)[np.abs(poles) > 0])
    if row.value.dt is not None:
        angles = np.r_[np.angle(poles), 0.0, 0.5, 2.0, np.pi]
        return np.r_[np.exp(1j * angles), 1.5, -1.2 + 0.5j]
    sizes = sizes if sizes.size else np.ones(1)
    return np.r_[
        1j * poles.imag + sizes.min() / 8,
        1j * POINTS * sizes.max(),
        1j * sizes.min(),
        1.5 * sizes.max(),
    ]


def transfer_function(row):
    z = points(row)
    wanted = np.moveaxis(row.exact.transfer_function(z), 0, -1)
    got = ht.lti.transfer_function(row.value, z)
    return gap(got, wanted[0, 0] if row.exact.is_siso else wanted)


def rounded_once(row):
    """The error at each point over what one rounding of every entry of A, B and C costs there."""
    z = points(row)
    wanted = row.exact.transfer_function(z)
    got = np.moveaxis(
        np.asarray(ht.lti.transfer_function(row.value, z)).reshape(*wanted.shape[1:], -1), -1, 0
    )
    cost = 32 * max(row.exact.n, 1) * EPS * row.exact.sensitivity(z)
    return float(np.max(np.abs(got - wanted) / np.maximum(cost, 1e-300), initial=0.0))


LENGTH, LONG = 64, 1024


def length(row):
    return 12 if "huge" in row.tags else LONG if "filter" in row.tags else LENGTH


def markov_parameters(row):
    L = length(row)
    return gap(ht.lti.markov_parameters(row.value, L), wanted_kernel(row, L))


def wanted_kernel(row, L):
    """(..., L) or (p, m, L)."""
    h = row.exact.markov_parameters(L)
    h = h[:, 0, 0] if row.exact.is_siso else np.moveaxis(h, 0, -1)
    return h.real if row.exact.is_real else h


def kernel_by(method):
    def residual(row):
        L = length(row)
        return gap(ht.lti.kernel(row.value, L, method=method), wanted_kernel(row, L))

    return residual


def simulate_by(method, *, batch=0):
    """The impulse after a step, that is all of the recurrence, as one signal or many."""

    def residual(row):
        L = length(row)
        u = np.sign(np.sin(0.7 * np.arange(L))) + np.eye(L)[0]
        us = np.array([np.roll(u, k) for k in range(row.exact.m)])
        wanted = convolved(row, us)
        signal, wanted = (us[0], wanted[0]) if row.exact.is_siso else (us, wanted)
        if batch:
            signal, wanted = (np.broadcast_to(a, (batch, *a.shape)) for a in (signal, wanted))
        return gap(ht.lti.simulate(row.value, signal, method=method), wanted)

    return residual


def convolved(row, us):
    """y (p, L) as the literal sum over exact Markov parameters: every term is within 1e-16."""
    h = row.exact.markov_parameters(us.shape[1])
    y = sum(
        np.apply_along_axis(np.convolve, 0, h[:, :, j], us[j])[: us.shape[1]]
        for j in range(row.exact.m)
    )
    return (y.real if row.exact.is_real else y).T


# Hankel operators


def padded(values, n):
    """Descending values with zeros where a merged or hidden state has none."""
    values = np.asarray(values)
    return np.concatenate([values[:n], np.zeros(max(n - values.size, 0))])


def gramians(row):
    wanted = Exact(ht.lti.expand(row.value)).gramians
    return max(gap(got, X) for got, X in zip(ht.hankel.gramians(row.value), wanted, strict=True))


def gramian_factors(row):
    S, R = ht.hankel.gramian_factors(row.value)
    P, Q = Exact(ht.lti.expand(row.value)).gramians
    return max(gap(S @ S.conj().T, P), gap(R @ R.conj().T, Q))


def singular_values(row):
    sigma = row.exact.singular_values
    return gap(padded(ht.hankel.singular_values(row.value).values, sigma.size), sigma)


def digits(row):
    sigma = row.exact.singular_values
    values = np.array([float(x) for x in ht.hankel.singular_values(row.value, digits=20).values])
    return gap(padded(values, sigma.size), sigma)


def log_values(row):
    spectrum, sigma = ht.hankel.singular_values(row.value), row.exact.singular_values
    known = spectrum.relative_error < 1e-3
    wanted = padded(sigma, spectrum.values.size)[known]
    return gap(np.exp(spectrum.log_values[known]), wanted) if known.any() else 0.0


def estimates(row):
    """Error of every singular value over what is stated of it: never above 1."""
    spectrum, sigma = ht.hankel.singular_values(row.value), row.exact.singular_values
    wanted = padded(sigma, spectrum.values.size)
    error = np.abs(spectrum.values - wanted)
    known = np.isfinite(spectrum.relative_error)
    stated = spectrum.relative_error[known] * spectrum.values[known] + EPS * wanted[known]
    return float(np.max(error[known] / np.maximum(stated, 1e-300), initial=0.0))


def factors_agree(row):
    """The singular values of R^* S, which the factors have by definition."""
    S, R = ht.hankel.gramian_factors(row.value)
    values = np.linalg.svd(R.conj().T @ S, compute_uv=False)
    return gap(padded(values, row.exact.n), row.exact.singular_values)


def from_markov_parameters(row):
    """Those of the truncated Hankel matrix, once the rest has decayed."""
    L = 256
    h = ht.lti.markov_parameters(row.value, L + 1)[..., 1:]
    sigma = row.exact.singular_values
    return gap(padded(ht.hankel.markov_singular_values(h), sigma.size), sigma)


def h2_norm(row):
    return (
        gap(ht.hankel.h2_norm(row.value), row.exact.h2_norm)
        if row.exact.h2_norm < np.inf
        else float(ht.hankel.h2_norm(row.value) != np.inf)
    )


def hankel_norm(row):
    return gap(ht.hankel.hankel_norm(row.value), row.exact.singular_values.max(initial=0.0))


def hinf_norm(row):
    return gap(ht.hankel.hinf_norm(row.value), row.exact.hinf[0])


def certificate(row):
    """How far the largest |G| that is known to occur lies outside the proved interval."""
    _, lower, upper = ht.hankel.hinf_norm(row.value, certificate=True)
    truth = row.exact.hinf[0]
    below = max(truth * (1 - 8 * EPS) - upper, lower - truth * (1 + 1e-9), 0.0)
    return below / truth if truth else below


def certificate_width(row):
    _, lower, upper = ht.hankel.hinf_norm(row.value, certificate=True)
    return (upper - lower) / row.exact.hinf[0] if row.exact.hinf[0] else upper


def order(row):
    """An order that cuts between two values that differ, near the middle."""
    sigma = row.exact.singular_values
    wide = [
        r
        for r in range(1, sigma.size)
        if 1e-9 * sigma[0] < sigma[r] < 0.9 * sigma[r - 1] and sigma[r - 1] > 1e-9 * sigma[0]
    ]
    return wide[len(wide) // 2] if wide else None


def error_response(row, reduced):
    """max |G - G_r| over frequencies where G and its error are large."""
    z = boundary(row)
    G = row.exact.response(z)
    return np.linalg.norm(G - Exact(reduced).response(z), 2, axis=(1, 2)).max()


def boundary(row):
    poles, peak = row.exact.poles, row.exact.hinf[1]
    if row.value.dt is not None:
        w = np.r_[np.angle(poles), np.linspace(-np.pi, np.pi, 25)]
    else:
        w = np.r_[
            poles.imag,
            np.outer([-1, 1], np.outer(np.abs(poles), [0.3, 1.0, 3.0]).ravel()).ravel(),
            0.0,
        ]
    return np.r_[w, peak if np.isfinite(peak) else 0.0]


def truncation_bound(row):
    """The error over its bound, which must be finite and at most 2 % above twice the tail."""
    r = order(row)
    if r is None:
        return 0.0
    reduced = ht.hankel.balanced_truncation(row.value, order=r)
    return (
        float(error_response(row, reduced.system) / reduced.error_bound)
        if reduced.error_bound < np.inf
        else np.inf
    )


def truncation_bound_size(row):
    r = order(row)
    tail = 2 * row.exact.singular_values[r:].sum() if r else 0.0
    floor = 1e-9 * row.exact.singular_values[0] if r else 0.0
    return (
        ht.hankel.balanced_truncation(row.value, order=r).error_bound / (tail + floor) if r else 0.0
    )


def balanced(row):
    """Both Gramians of the reduced system are the diagonal matrix of the values that were kept."""
    r = order(row)
    if r is None:
        return 0.0
    reduced = Exact(ht.hankel.balanced_truncation(row.value, order=r).system)
    sigma = np.diag(row.exact.singular_values[:r])
    return max(gap(X, sigma) for X in reduced.gramians)


def optimum(row):
    """The Hankel norm of the error is the first value that is left out, at 600 bits."""
    r = order(row)
    if r is None:
        return 0.0
    best = ht.hankel.optimal_approximation(row.value, r)
    error = Exact(ht.lti.dense(row.value) - best.system).singular_values[0]
    return max(
        gap(error, row.exact.singular_values[r]), gap(best.error, row.exact.singular_values[r])
    )


# memory


def capacity(row):
    return gap(ht.memory.capacity(row.value, 12), row.exact.capacity(12))


def fisher_memory(row):
    return gap(ht.memory.fisher_memory(row.value, 12), row.exact.fisher_memory(12))


def stability(row):
    return float(row.value.is_stable != ("stable" in row.tags))


STABLE = ("stable", "not huge")
SMALL = ("stable", "small")
LAWS: tuple[Law, ...] = (
    law("is_stable is that of exact poles", "lti.LTI", stability, 0.0),
    law(
        "transfer_function is the resolvent",
        "lti.transfer_function",
        refusable(transfer_function),
        1e-10,
    ),
    law(
        "transfer_function errs by one rounding",
        "lti.transfer_function",
        refusable(rounded_once),
        1.0,
        without=("huge",),
    ),
    law(
        "markov_parameters are C A^(k-1) B",
        "lti.markov_parameters",
        refusable(markov_parameters),
        1e-9,
        needs=("discrete",),
    ),
    law(
        "kernel is the recurrence",
        "lti.kernel",
        refusable(kernel_by("auto")),
        1e-9,
        needs=("discrete",),
    ),
    law(
        "naive kernel is the recurrence",
        "lti.kernel",
        refusable(kernel_by("naive")),
        1e-9,
        needs=("discrete",),
    ),
    law(
        "krylov kernel is the recurrence",
        "lti.kernel",
        refusable(kernel_by("krylov")),
        1e-9,
        needs=("discrete",),
    ),
    law(
        "s4 kernel is the recurrence",
        "lti.kernel",
        refusable(kernel_by("s4")),
        1e-9,
        needs=("discrete",),
        without=("diagonal",),
    ),
    law(
        "vandermonde kernel is the recurrence",
        "lti.kernel",
        refusable(kernel_by("vandermonde")),
        1e-9,
        needs=("discrete", "diagonal"),
    ),
    law(
        "simulate is the recurrence",
        "lti.simulate",
        refusable(simulate_by("auto")),
        1e-9,
        needs=("discrete",),
    ),
    law(
        "simulate of 32 signals is the recurrence",
        "lti.simulate",
        refusable(simulate_by("auto", batch=32)),
        1e-9,
        needs=("discrete",),
    ),
    law(
        "scan is the recurrence",
        "lti.simulate",
        refusable(simulate_by("scan")),
        1e-9,
        needs=("discrete",),
    ),
    law(
        "chunked simulation is the recurrence",
        "lti.simulate",
        refusable(simulate_by("chunked")),
        1e-9,
        needs=("discrete",),
    ),
    law(
        "fft simulation is the recurrence",
        "lti.simulate",
        refusable(simulate_by("fft")),
        1e-9,
        needs=("discrete",),
    ),
    law("gramians solve their equations", "hankel.gramians", gramians, 1e-9, needs=STABLE),
    law("factors of the gramians", "hankel.gramian_factors", gramian_factors, 1e-9, needs=STABLE),
    law(
        "singular values are roots of eig(P Q)",
        "hankel.singular_values",
        singular_values,
        1e-10,
        needs=SMALL,
    ),
    law("singular values in 20 digits", "hankel.singular_values", digits, 1e-13, needs=SMALL),
    law("log_values are logarithms", "hankel.singular_values", log_values, 1e-10, needs=SMALL),
    law(
        "stated errors of singular values hold",
        "hankel.singular_values",
        estimates,
        1.0,
        needs=SMALL,
    ),
    law(
        "singular values of the factors",
        "hankel.gramian_factors",
        factors_agree,
        1e-10,
        needs=SMALL,
    ),
    law("h2_norm is tr C P C*", "hankel.h2_norm", refusable(h2_norm), 1e-10, needs=STABLE),
    law(
        "hankel_norm is the largest singular value",
        "hankel.hankel_norm",
        refusable(hankel_norm),
        1e-10,
        needs=SMALL,
    ),
    law("hinf_norm is the supremum", "hankel.hinf_norm", refusable(hinf_norm), 1e-9, needs=SMALL),
    law(
        "the H-infinity certificate holds",
        "hankel.hinf_norm",
        refusable(certificate),
        0.0,
        needs=SMALL,
    ),
    law(
        "the H-infinity certificate is narrow",
        "hankel.hinf_norm",
        refusable(certificate_width),
        2e-10,
        needs=SMALL,
    ),
    law(
        "truncation errs less than its bound",
        "hankel.balanced_truncation",
        truncation_bound,
        1.0,
        needs=SMALL,
    ),
    law(
        "the bound of truncation is twice the tail",
        "hankel.balanced_truncation",
        truncation_bound_size,
        1.02,
        needs=SMALL,
    ),
    law(
        "truncated systems are balanced",
        "hankel.balanced_truncation",
        balanced,
        1e-7,
        needs=(*SMALL, "continuous"),
    ),
    law(
        "the optimum errs by the next singular value",
        "hankel.optimal_approximation",
        optimum,
        1e-8,
        needs=(*SMALL, "siso"),
    ),
    law(
        "capacity is b* A^k* P^-1 A^k b",
        "memory.capacity",
        refusable(capacity),
        1e-9,
        needs=("stable", "discrete", "one input", "small"),
        without=("hidden",),
    ),
    law(
        "fisher_memory is its definition",
        "memory.fisher_memory",
        refusable(fisher_memory),
        1e-9,
        needs=("stable", "discrete", "one input", "small"),
        without=("zero", "pairs"),
    ),
)
