"""Laws of the room `hankel`: Gramians, singular values, norms, reductions, and what they state."""

import dataclasses

import numpy as np

import hippo_theory as ht
from tests.measure import EPS, REFUSALS, gap, law, padded, refusable
from tests.oracle import Exact

# Gramians


def listed(row) -> Exact:
    """The system in the order of states in which `lti.expand` lists conjugates."""
    return Exact(ht.lti.expand(row.value)) if "pairs" in row.tags else row.exact


def gramians(row):
    """The errors of P and Q over those of a backward stable solution in balanced coordinates."""
    return beyond_rounding(listed(row), ht.hankel.gramians(row.value))


def gramian_factors(row):
    S, R = ht.hankel.gramian_factors(row.value)
    return beyond_rounding(listed(row), (S @ S.conj().T, R @ R.conj().T))


def beyond_rounding(exact, computed):
    units = exact.units[:, None] * exact.units
    worst = 0.0
    for got, wanted, scale, condition in zip(
        computed, exact.gramians, (1 / units, units), exact.gramian_conditions, strict=True
    ):
        allowed = 8 * exact.n * EPS * (1 + condition)
        worst = max(worst, gap(got * scale, wanted * scale) / allowed)
    return worst


def entries(row):
    exact = listed(row)
    worst = 0.0
    for got, wanted in zip(ht.hankel.gramians(row.value), exact.gramians, strict=True):
        zero = wanted == 0
        ratio = np.abs(got - wanted)[~zero] / np.abs(wanted)[~zero]
        worst = max(worst, ratio.max(initial=0.0), np.abs(got[zero]).max(initial=0.0))
    return worst


def h2_from_observability(row):
    """tr B^* Q B + |D|^2 from the package's Q: the other way to the same number."""
    if row.exact.h2_norm == np.inf:
        return 0.0
    _, Q = ht.hankel.gramians(row.value)
    _, B, _, D = ht.lti.matrices(ht.lti.expand(row.value))
    B = np.reshape(B, (Q.shape[0], -1))
    energy = np.trace(B.conj().T @ Q @ B).real + np.linalg.norm(D) ** 2
    allowed = 1e-10 + 8 * row.exact.n * EPS * listed(row).gramian_conditions[1]
    return gap(np.sqrt(max(energy, 0.0)), row.exact.h2_norm) / allowed


# singular values


def stated(spectrum):
    """Absolute errors that a spectrum states, inf where it states none."""
    if hasattr(spectrum, "error"):
        return np.asarray(spectrum.error)
    with np.errstate(invalid="ignore"):
        error = spectrum.relative_error * spectrum.values
    return np.where(np.isnan(error), np.inf, error)


def errors(row):
    """Of every singular value: what it is off, what is stated, and its truth."""
    spectrum = ht.hankel.singular_values(row.value)
    wanted = padded(row.exact.singular_values, spectrum.values.size)
    return np.abs(spectrum.values - wanted), stated(spectrum), wanted


def singular_values(row):
    error, allowed, wanted = errors(row)
    scale = 1e-10 * wanted.max(initial=0.0) + allowed
    return float(np.max(error / np.maximum(scale, 1e-300), initial=0.0))


def estimates(row):
    """Error of every singular value over what is stated of it: never above 1."""
    error, allowed, wanted = errors(row)
    return float(np.max(error / np.maximum(allowed + 2 * EPS * wanted, 1e-300), initial=0.0))


def usefulness(row):
    """What is stated of the largest value, against a part in a million."""
    _, allowed, wanted = errors(row)
    return float(allowed[0] / wanted[0]) if wanted.size and wanted[0] else 0.0


def digits(row):
    sigma = row.exact.singular_values
    values = [float(x) for x in ht.hankel.singular_values(row.value, digits=20).values]
    return gap(padded(values, sigma.size), sigma)


def log_values(row):
    spectrum, sigma = ht.hankel.singular_values(row.value), row.exact.singular_values
    known = stated(spectrum) < 1e-3 * spectrum.values
    wanted = padded(sigma, spectrum.values.size)
    allowed = 1e-10 * wanted.max(initial=0.0) + stated(spectrum)
    error = np.abs(np.exp(spectrum.log_values) - wanted)
    return float(np.max((error / np.maximum(allowed, 1e-300))[known], initial=0.0))


def of_the_factors(row):
    """The singular values of R^* S, which the factors have by definition."""
    S, R = ht.hankel.gramian_factors(row.value)
    values = np.linalg.svd(R.conj().T @ S, compute_uv=False)
    allowed = 1e-12 + 8 * row.exact.n * EPS * sum(listed(row).gramian_conditions)
    return gap(padded(values, row.exact.n), row.exact.singular_values) / allowed


def of_markov_parameters(row):
    """Those of the truncated Hankel matrix, once the rest has decayed."""
    h = ht.lti.markov_parameters(row.value, 257)[..., 1:]
    sigma = row.exact.singular_values
    return gap(padded(ht.hankel.markov_singular_values(h), sigma.size), sigma)


def realization(row):
    """ho_kalman of exact Markov parameters has the Markov parameters that it was given."""
    n, sigma = row.exact.n, row.exact.singular_values
    if not n or sigma[-1] <= 1e-6 * sigma[0]:
        return 0.0
    h = ht.lti.markov_parameters(row.value, 4 * n + 1)
    found = ht.hankel.ho_kalman(h, n, dt=row.value.dt)
    wanted = row.exact.markov_parameters(4 * n + 1)
    return gap(Exact(found).markov_parameters(4 * n + 1), wanted) + float(found.dt != row.value.dt)


# norms


def h2_norm(row):
    got, wanted = ht.hankel.h2_norm(row.value), row.exact.h2_norm
    return float(got != wanted) if wanted == np.inf else gap(got, wanted)


def hankel_norm(row):
    return gap(ht.hankel.hankel_norm(row.value), row.exact.singular_values.max(initial=0.0))


def hinf_norm(row):
    return gap(ht.hankel.hinf_norm(row.value), row.exact.hinf[0])


def certificate(row):
    """How far the largest |G| that is known to occur lies outside the proved interval."""
    _, lower, upper = ht.hankel.hinf_norm(row.value, certificate=True)
    truth = row.exact.hinf[0]
    outside = max(truth * (1 - 8 * EPS) - upper, lower - truth * (1 + 1e-9), 0.0)
    return outside / truth if truth else outside


def certificate_width(row):
    _, lower, upper = ht.hankel.hinf_norm(row.value, certificate=True)
    return (upper - lower) / row.exact.hinf[0] if row.exact.hinf[0] else upper


def peak(row):
    """|G| at the frequency that is given falls short of the supremum by this."""
    found = ht.hankel.hinf_peak(row.value)
    w = found.frequency * (1.0 if row.value.dt is None else row.value.dt)
    if not np.isfinite(w) or not row.exact.hinf[0]:
        return 0.0
    signs = [w, -w] if not row.exact.is_real else [w]
    attained = np.linalg.norm(row.exact.response(signs), 2, axis=(1, 2)).max()
    return max(1 - attained / row.exact.hinf[0], 0.0)


def scores(row):
    """Norms of every mode by their closed forms."""
    value = row.value
    B, C = (np.asarray(x, complex) for x in (value.B, value.C))
    if row.exact.is_siso:
        B, C = B[:, None], C[None, :]
    size = np.linalg.norm(B, axis=1) * np.linalg.norm(C, axis=0)
    gaps = row.exact.gaps[: value.state_dim]  # 1 - |pole|^2, or -2 Re pole
    nearest = (
        gaps / 2 if value.dt is None else gaps / (1 + np.abs(np.asarray(value.poles, complex)))
    )
    shares = {"hinf": nearest, "h2": np.sqrt(gaps), "hankel": gaps}
    return max(gap(ht.hankel.mode_scores(value, norm=k), size / g) for k, g in shares.items())


# reductions


def order(row, least=1e-9):
    """An order that cuts between two values that differ, near the middle of those that count."""
    sigma = row.exact.singular_values
    cuts = [r for r in range(1, sigma.size) if least * sigma[0] < sigma[r] < 0.9 * sigma[r - 1]]
    return cuts[len(cuts) // 2] if cuts else None


def at_the_cut(residual):
    """Zero where no order cuts the spectrum."""
    return lambda row: 0.0 if order(row) is None else residual(row, order(row))


def error_response(row, reduced):
    """max |G - G_r| over frequencies where G and its error are large."""
    w = boundary(row)
    return np.linalg.norm(row.exact.response(w) - Exact(reduced).response(w), 2, axis=(1, 2)).max()


def boundary(row):
    poles, peak = row.exact.poles, row.exact.hinf[1]
    if row.value.dt is not None:
        w = np.r_[np.angle(poles), np.linspace(-np.pi, np.pi, 25)]
    else:
        sizes = np.outer(np.abs(poles), [0.3, 1.0, 3.0]).ravel()
        w = np.r_[poles.imag, sizes, -sizes, 0.0]
    return np.r_[w, peak if np.isfinite(peak) else 0.0]


def bound_of(method):
    """The error over its bound."""

    def residual(row, r):
        reduced = ht.hankel.balanced_truncation(row.value, order=r, method=method)
        if reduced.system.state_dim != r or not np.isfinite(reduced.error_bound):
            return np.inf
        return float(error_response(row, reduced.system) / reduced.error_bound)

    return residual


def bound_size(row, r):
    """The bound over twice the tail and what rounding may cost."""
    sigma = row.exact.singular_values
    bound = ht.hankel.balanced_truncation(row.value, order=r).error_bound
    return float(bound / (2 * sigma[r:].sum() + 1e-9 * sigma[0]))


def balanced(row, r):
    """Both Gramians of the reduced system are the diagonal matrix of the values that were kept."""
    reduced = Exact(ht.hankel.balanced_truncation(row.value, order=r).system)
    sigma = np.diag(row.exact.singular_values[:r])
    return max(gap(X, sigma) for X in reduced.gramians) / balancing_cost(row, r)


def balancing_cost(row, r):
    sigma = row.exact.singular_values
    condition = sum(listed(row).gramian_conditions)
    return 1e-10 + 8 * row.exact.n * EPS * (1 + condition) * sigma[0] / sigma[r - 1]


def static_gain(row, r):
    """Singular perturbation is exact at s = 0 and z = 1."""
    reduced = ht.hankel.balanced_truncation(row.value, order=r, method="singular_perturbation")
    z = [0.0 if row.value.dt is None else 1.0]
    scale = row.exact.hinf[0]
    got, wanted = Exact(reduced.system).transfer_function(z), row.exact.transfer_function(z)
    return gap(got, wanted, scale) / balancing_cost(row, r)


def tolerance(row):
    """The smallest order whose bound is at most a tolerance between two tails."""
    r, sigma = order(row, 1e-4), row.exact.singular_values
    if r is None:
        return 0.0
    between = 2 * np.sqrt(sigma[r:].sum() * sigma[r - 1 :].sum())
    reduced = ht.hankel.balanced_truncation(row.value, tolerance=between)
    return float(abs(reduced.system.state_dim - r))


def realized(row):
    """Both Gramians of the balanced realization are diag(sigma), and its map is G."""
    value = ht.hankel.balanced_realization(row.value)
    found, n = Exact(value), value.A.shape[0]
    sigma = row.exact.singular_values
    if not n:
        return sigma.max(initial=0.0)
    z = row.exact.elsewhere
    cost = balancing_cost(row, n)
    of_map = gap(found.transfer_function(z), row.exact.transfer_function(z))
    return max(of_map, *(gap(X, np.diag(sigma[:n])) for X in found.gramians)) / cost


def optimum(row, r):
    """The Hankel norm of the error is the first value that is left out, at 600 bits."""
    best = ht.hankel.optimal_approximation(row.value, r)
    error = Exact(ht.lti.dense(row.value) - best.system).singular_values[0]
    sigma = row.exact.singular_values[r]
    return max(gap(error, sigma), gap(best.error, sigma))


# what a change of coordinates, units or direction does to the numbers


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


FINITE = "stable, small"
LAWS = (
    law("gramians solve their equations", "hankel.gramians", gramians, 1.0, needs="stable, small"),
    law(
        "gramians of diagonal systems are right in every entry",
        "hankel.gramians",
        entries,
        1e-12,
        needs="stable, small, diagonal",
    ),
    law(
        "factors of the gramians",
        "hankel.gramian_factors",
        gramian_factors,
        1.0,
        needs="stable, small",
    ),
    law(
        "tr B* Q B is the square of h2_norm",
        "hankel.gramians",
        h2_from_observability,
        1.0,
        needs="stable, small, states",
    ),
    law(
        "singular values are roots of eig(P Q)",
        "hankel.singular_values",
        singular_values,
        1.0,
        needs=FINITE,
    ),
    law(
        "stated errors of singular values hold",
        "hankel.singular_values",
        estimates,
        1.0,
        needs=FINITE,
    ),
    law(
        "the stated error of the largest value is small",
        "hankel.singular_values",
        usefulness,
        1e-6,
        needs=FINITE,
    ),
    law(
        "singular values in 20 digits",
        "hankel.singular_values",
        digits,
        1e-13,
        needs="stable, few",
        without="twice",
    ),
    law("log_values are logarithms", "hankel.singular_values", log_values, 1.0, needs=FINITE),
    law(
        "singular values of the factors",
        "hankel.gramian_factors",
        of_the_factors,
        1.0,
        needs=FINITE,
    ),
    law(
        "singular values of the Hankel matrix",
        "hankel.markov_singular_values",
        of_markov_parameters,
        1e-11,
        needs="stable, few, short, siso",
    ),
    law(
        "ho_kalman realizes what it is given",
        "hankel.ho_kalman",
        realization,
        1e-7,
        needs="stable, few, short, siso",
    ),
    law(
        "h2_norm is tr C P C*",
        "hankel.h2_norm",
        refusable(h2_norm),
        1e-10,
        needs="stable, not huge",
    ),
    law(
        "hankel_norm is the largest singular value",
        "hankel.hankel_norm",
        refusable(hankel_norm),
        1e-10,
        needs=FINITE,
    ),
    law("hinf_norm is the supremum", "hankel.hinf_norm", refusable(hinf_norm), 1e-9, needs=FINITE),
    law(
        "the H-infinity certificate holds",
        "hankel.hinf_norm",
        refusable(certificate),
        0.0,
        needs=FINITE,
    ),
    law(
        "the H-infinity certificate is narrow",
        "hankel.hinf_norm",
        refusable(certificate_width),
        2e-10,
        needs=FINITE,
    ),
    law(
        "the peak is where it is said to be",
        "hankel.hinf_peak",
        refusable(peak),
        1e-9,
        needs=FINITE,
    ),
    law(
        "scores of modes have closed forms",
        "hankel.mode_scores",
        scores,
        1e-14,
        needs="stable, diagonal, small",
    ),
    law(
        "truncation errs less than its bound",
        "hankel.balanced_truncation",
        at_the_cut(bound_of("truncation")),
        1.0,
        needs=FINITE,
    ),
    law(
        "singular perturbation errs less than its bound",
        "hankel.balanced_truncation",
        at_the_cut(bound_of("singular_perturbation")),
        1.0,
        needs=FINITE,
    ),
    law(
        "the bound of truncation is twice the tail",
        "hankel.balanced_truncation",
        at_the_cut(bound_size),
        1.02,
        needs=FINITE,
    ),
    law(
        "truncated systems are balanced",
        "hankel.balanced_truncation",
        at_the_cut(balanced),
        1.0,
        needs="stable, small, continuous",
    ),
    law(
        "singular perturbation keeps the static gain",
        "hankel.balanced_truncation",
        at_the_cut(static_gain),
        1.0,
        needs=FINITE,
    ),
    law(
        "a tolerance finds its order",
        "hankel.balanced_truncation",
        tolerance,
        0.0,
        needs=FINITE,
    ),
    law(
        "balanced realizations are balanced",
        "hankel.balanced_realization",
        realized,
        1.0,
        needs=FINITE,
    ),
    law(
        "the optimum errs by the next singular value",
        "hankel.optimal_approximation",
        at_the_cut(optimum),
        1e-8,
        needs="stable, small, siso",
    ),
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
