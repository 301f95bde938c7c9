"""Laws of reductions: errors below their bounds, balanced coordinates, optimal errors."""

import numpy as np

import hippo_theory as ht
from tests.laws_hankel import FINITE, listed, stated
from tests.measure import EPS, gap, law
from tests.oracle import Exact


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


def counted(row, r):
    """Twice the values that are left out and their stated errors, over the bound: at most 1."""
    reduced = ht.hankel.balanced_truncation(row.value, order=r)
    spectrum = reduced.singular_values
    tail = 2 * float((spectrum.values[r:] + stated(spectrum)[r:]).sum())
    return tail / reduced.error_bound


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


LAWS = (
    law(
        "the bound counts the errors of singular values",
        "hankel.balanced_truncation",
        at_the_cut(counted),
        1.0 + 1e-14,
        needs=FINITE,
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
)
