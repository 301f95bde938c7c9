"""Laws of the room `hankel`: Gramians, singular values, norms, reductions, and what they state."""

import numpy as np

import hippo_theory as ht
from tests.measure import EPS, gap, law, padded, refusable
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
        allowed = 8 * max(exact.n, 1) * EPS * (1 + condition)
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
    nothing = 1e-60 * wanted.max(initial=0.0)  # zeros are known no better at 600 bits
    return float(
        np.max(error / np.maximum(allowed + 2 * EPS * wanted + nothing, 1e-300), initial=0.0)
    )


def usefulness(row):
    """What is stated of the largest value, beside it."""
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


def perturbation(row):
    """sum |r| |change| / (margin margin') over all poles: conjugates count too."""
    value = row.value
    poles, gaps = np.asarray(value.poles, complex), row.exact.gaps[: value.state_dim]
    margins = gaps / 2 if value.dt is None else gaps / (1 + np.abs(poles))
    change = 0.1 * margins.min() * np.exp(1j * np.arange(poles.size))
    moved = np.abs(poles + change)
    after = -(poles + change).real if value.dt is None else 1 - moved
    terms = np.abs(value.B * value.C) * np.abs(change) / (margins * after)
    wanted = terms.sum() * (2 if value.conjugate else 1)
    return gap(ht.hankel.pole_perturbation_bound(value, change), wanted)


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
        2e-11,
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
    law("h2_norm answers every filter", "hankel.h2_norm", h2_norm, 1e-10, needs="filter, stable"),
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
        "the bound of moved poles is its sum",
        "hankel.pole_perturbation_bound",
        perturbation,
        1e-6,
        needs="stable, diagonal, siso, small, states",
        without="single",
    ),
    law(
        "scores of modes have closed forms",
        "hankel.mode_scores",
        scores,
        1e-14,
        needs="stable, diagonal, small",
    ),
)
