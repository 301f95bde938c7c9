"""Hankel singular values, every one to high relative accuracy where the system allows it."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np

from hippo_theory import _check, digits, scales
from hippo_theory.hankel import factors
from hippo_theory.lti import graded, real_generators, szego
from hippo_theory.lti.forms import check_system, expand, matrices
from hippo_theory.lti.values import DiagonalLTI

EPS = np.finfo(float).eps
ROOM = 1000  # bits left to the largest residue, so that small ones do not underflow
LOSS = 1e-13  # of the largest value, that rounding R^* S may cost before coordinates change
REAL_ENOUGH = 1e-13  # estimate per state up to which real arithmetic, four times faster, is kept


@dataclass(frozen=True, slots=True, eq=False)
class Spectrum:
    """Hankel singular values in descending order.

    Attributes
    ----------
    values : numpy.ndarray, shape (..., n)
        sigma_1 >= sigma_2 >= ...; 0 below the smallest float. With ``digits`` an object array of
        mpmath numbers.
    log_values : numpy.ndarray, shape (..., n)
        Natural logarithms, which do not underflow; -inf for a state that no input or output sees.
    method : str
        "generator" (diagonal, single input and output), "factors" (any system) or "mpmath".
    estimate : callable
        Gives `error` and `relative_error`; called once, when one of them is first read.
    """

    values: np.ndarray
    log_values: np.ndarray
    method: str
    estimate: Callable[[], tuple[np.ndarray, np.ndarray]] = field(repr=False)

    @property
    def error(self) -> np.ndarray:
        """Estimates of the absolute errors, (..., n), never below the true ones; computed once."""
        return self.estimate()[0]

    @property
    def relative_error(self) -> np.ndarray:
        """`error` over `values`; of values that underflow too, where they are known so well."""
        return self.estimate()[1]

    def __repr__(self):
        return f"<Spectrum: {self.values.shape[-1]} values, {self.method}>"


def absolute(error) -> Callable[[], tuple[np.ndarray, np.ndarray]]:
    """An estimate from a function of no arguments that gives values and their absolute errors."""

    @cache
    def estimate():
        values, errors = error()
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            return errors, np.where(errors == 0, 0.0, errors / values)

    return estimate


def relative(values, errors) -> Callable[[], tuple[np.ndarray, np.ndarray]]:
    """An estimate from the relative errors of values; where nothing is known, zeros too."""
    with np.errstate(over="ignore", invalid="ignore"):
        found = np.where(errors == 0, 0.0, np.asarray(values, float) * errors)
    found = np.where(np.isinf(errors), np.inf, found)
    return lambda: (found, errors)


def singular_values(system, *, digits: int | None = None) -> Spectrum:
    """Hankel singular values sqrt(eig(P Q)) of a stable system.

    Parameters
    ----------
    system : LTI, DiagonalLTI or DPLR
        Continuous or discrete. Implied conjugates are expanded, batch axes answered one by one.
    digits : int, optional
        Number of correct decimal digits wanted of every value; mpmath then computes, at a cost of
        seconds for some dozen states. By default double precision.

    Returns
    -------
    Spectrum
        `.values` (..., n), `.log_values`, `.error`, `.relative_error`, `.method`; n counts all
        poles. The errors are estimated when they are first read.

    Raises
    ------
    ValueError
        If a pole is not stable.
    numpy.linalg.LinAlgError
        If more `digits` are wanted than the largest working precision yields, or a value is
        above the largest float.

    Notes
    -----
    Diagonal systems with one input and output take generators: scaled so that B = C = sqrt(r),
    P = X D^2 X^* is factored from differences of poles alone, entry by entry to relative accuracy,
    and sigma are the singular values of D (X^T X) D, all of them to eps times a condition number
    of the leading minors of X^T X, which is the estimate: by one-sided Jacobi or, beyond some 64
    states, from a bidiagonal form whose entries tell that it is as precise. After Haut and
    Beylkin, Demmel, and Drmac and Veselic. Poles and residues are taken as exact; equal poles
    are one, and the values that they lack are 0. Real systems
    (``conjugate=True`` or real poles) use real arithmetic where it keeps the digits. O(n^3).

    Other systems take the square-root method on factors of the Gramians (`gramian_factors`), whose
    errors are absolute and the same for all values. `.error` is twice what the residuals of both
    Lyapunov equations, in 32 digits, tell to first order; where rounding the factors alone costs
    digits, as of filters in companion form, coordinates are changed in 32 digits first.
    docs/theory.md (6.3), (6.4), (6.8), (6.9), (6.26).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> G = ht.DiagonalLTI([-1.0, -2.0], [1.0, 1.0], [1.0, 1.0])
    >>> ht.hankel.singular_values(G).values.round(6)
    array([0.731, 0.019])
    """
    check_system(system)
    if digits is not None:
        digits = _check.integer("digits", digits)
    factors.check_stable(system)
    if system.batch_shape:
        spectra = [singular_values(one, digits=digits) for one in factors.channels(system)]
        return _stacked(spectra, system.batch_shape)
    if digits is not None:
        from hippo_theory.hankel._precise import singular_values as precise

        values, logs, errors = precise(system, digits)
        return Spectrum(values, logs, "mpmath", relative(values, errors))
    if isinstance(system, DiagonalLTI) and system.is_siso:
        unit = scales.scaled(system, room=ROOM)
        return _from_generators(unit.system, unit.gain)
    unit = scales.scaled(system)
    return _from_factors(unit)


def _stacked(spectra, batch) -> Spectrum:
    """The spectra of the channels of a batch as one."""
    values, logs = (
        np.stack([getattr(s, name) for s in spectra]).reshape(*batch, -1)
        for name in ("values", "log_values")
    )

    @cache
    def estimate():
        both = zip(*(s.estimate() for s in spectra), strict=True)
        error, relative_error = (np.stack(x).reshape(*batch, -1) for x in both)
        return error, relative_error

    return Spectrum(values, logs, spectra[0].method, estimate)


def epsilon_rank(spectrum, eps):
    """Number of singular values above eps times the largest, #{j: sigma_j > eps sigma_1}.

    Parameters
    ----------
    spectrum : Spectrum or array_like of shape (..., n)
        A spectrum is read by its logarithms, so that any positive eps is answered.
    eps : float
        Between 0 and 1.

    Returns
    -------
    int, or numpy.ndarray of int with the batch axes of `spectrum`

    Raises
    ------
    ValueError
        If `eps` is not in (0, 1).

    Notes
    -----
    n poles drawn independently with P(1 - |l| <= delta) ~ delta^alpha have an expected epsilon-rank
    of order n^beta, `rank_exponent(alpha)`, up to logarithms. docs/theory.md (6.10).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.hankel.epsilon_rank([4.0, 1.0, 1e-3], 0.1)
    2
    """
    eps = _check.number("eps", eps, above=0.0, below=1.0)
    if isinstance(spectrum, Spectrum):
        logs = spectrum.log_values
    else:
        values = _check.array("spectrum", spectrum, minimum_ndim=1, real=True)
        if (values < 0).any():
            raise ValueError(f"spectrum must not be negative, got {values.min():g}")
        with np.errstate(divide="ignore"):
            logs = np.log(values)
    largest = logs.max(axis=-1, keepdims=True, initial=-np.inf)
    ranks = (logs > np.where(np.isfinite(largest), largest, 0.0) + np.log(eps)).sum(axis=-1)
    return int(ranks) if np.ndim(ranks) == 0 else ranks


def rank_exponent(alpha: float) -> float:
    """beta = 1 / (1 + alpha): epsilon-ranks of n random poles grow as n^beta.

    Parameters
    ----------
    alpha : float
        Positive exponent of P(1 - |l| <= delta) ~ delta^alpha; 1 for the uniform disk.

    Notes
    -----
    Of n poles about n delta^alpha lie within delta of the circle, the others contribute about
    log(1/eps) / delta; delta = (log(1/eps) / n)^(1 / (1 + alpha)) balances the two. Derived here,
    as an upper bound on the order of growth; it says nothing of poles that are not random.
    docs/theory.md (6.10).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.hankel.rank_exponent(1.0)
    0.5
    """
    return 1.0 / (1.0 + _check.number("alpha", alpha, above=0.0))


def _from_generators(system: DiagonalLTI, gain: int) -> Spectrum:
    """Values of 2^gain G: the power of two goes to the pivots, so that no value underflows."""
    poles, residues, logs = _merged_poles(system)
    n = expand(system).state_dim
    if poles.size == 0:
        zeros = np.zeros(n)
        return Spectrum(zeros, np.full(n, -np.inf), "generator", relative(zeros, zeros))
    values, logs, errors = _generator_values(system, poles, residues, logs, gain)
    hidden = (0, n - logs.size)  # states that no input or output sees: sigma = 0 exactly
    values, errors = np.pad(values, hidden), np.pad(errors, hidden)
    logs = np.pad(logs, hidden, constant_values=-np.inf)
    return Spectrum(values, logs, "generator", relative(values, errors))


def _generator_values(system, poles, residues, logs, gain):
    """Values, logarithms and estimates: in real arithmetic where that keeps the digits."""
    listed = poles.size
    if system.conjugate:
        poles, residues, logs = _with_conjugates(poles, residues, logs)
    options = {"discrete": system.is_discrete, "log_poles": logs}
    if not (np.any(np.imag(poles)) or np.any(np.imag(residues))):
        K, mantissas, exponents = real_generators.from_real_poles(poles, residues, **options)
        return graded.singular_values(K, mantissas, exponents + gain)
    factors = szego.generator_cholesky(poles, np.sqrt(residues.astype(complex)), **options)
    if system.conjugate:
        K, mantissas, exponents = real_generators.from_pairs(
            poles, residues, listed, factors.pivots, **options
        )
        U = graded.eliminate(K)
        if graded.rounding(K, mantissas, exponents, U) < REAL_ENOUGH * len(U):
            return graded.singular_values(K, mantissas, exponents + gain, eliminated=U)
    K, mantissas, exponents = _symmetric_form(factors)
    return graded.singular_values(K, mantissas, exponents + gain)


def complex_generators(poles, residues, *, discrete, log_poles):
    """K = X^T X and D^2 of the factor R = X D of P with b = sqrt(residues)."""
    b = np.sqrt(residues.astype(complex))
    return _symmetric_form(
        szego.generator_cholesky(poles, b, discrete=discrete, log_poles=log_poles)
    )


def _symmetric_form(factors):
    X = factors.factor
    return X.T @ X, factors.mantissas, factors.exponents


def _with_conjugates(poles, residues, logs):
    pair = poles.imag != 0
    full = [np.concatenate([x, x[pair].conj()]) for x in (poles, residues)]
    return *full, None if logs is None else np.concatenate([logs, logs[pair].conj()])


def _merged_poles(system: DiagonalLTI):
    """`_simple_poles` with equal poles as one, whose residue is the sum of theirs, rounded once."""
    data = system.poles if system.log_poles is None else system.log_poles
    below = (data.imag < 0) & system.conjugate  # such a pole stands for the one above, too
    _, first, group = np.unique(
        np.where(below, data.conj(), data), return_index=True, return_inverse=True
    )
    if first.size == data.size:
        return _simple_poles(system)
    products = digits.exact(system.B) * digits.exact(system.C)
    products = digits.where(below, products.conj, products)
    sums = [digits.total(products[group == k]).high for k in range(first.size)]
    turned = np.where(below, system.poles.conj(), system.poles)[first]
    logs = None if system.log_poles is None else np.where(below, data.conj(), data)[first]
    merged = replace(system, poles=turned, B=np.ones(first.size), C=np.array(sums), log_poles=logs)
    return _simple_poles(merged)


def _simple_poles(system: DiagonalLTI):
    """Listed poles with residues b c, logarithms; unseen poles dropped, real ones counted twice."""
    residues = system.B.astype(complex) * system.C
    if system.conjugate:
        residues = np.where(system.poles.imag == 0, 2 * residues.real, residues)
    seen = residues != 0
    logs = None if system.log_poles is None else system.log_poles[seen]
    return system.poles[seen].astype(complex), residues[seen], logs


def _from_factors(unit) -> Spectrum:
    found = _in_better_coordinates(unit.system, factors.factored(unit.system))
    scaled_values = _values(found)
    values = unit.back("singular values", scaled_values, gain=1)

    def error():
        return values, np.full(values.shape, unit.back("errors", found.error(), gain=1))

    with np.errstate(divide="ignore"):
        logs = np.log(scaled_values) + unit.gain * np.log(2.0)
    return Spectrum(values, logs, "factors", absolute(error))


def _values(found):
    return np.linalg.svd(found.R.conj().T @ found.S, compute_uv=False)


def _in_better_coordinates(system, found):
    """Factors in coordinates where P is near 1, if the products of those given are too large.

    As those of a filter in companion form, whose P and Q are far from alike.
    """
    if not found.S.size or isinstance(system, DiagonalLTI):
        return found
    if found.size * EPS <= LOSS * np.linalg.norm(found.R.conj().T @ found.S):
        return found
    from hippo_theory.hankel._coordinates import driven_alike

    form = driven_alike(*matrices(system), discrete=system.is_discrete)
    try:
        other = factors.of_matrices(form.A, form.B, form.C, system.is_discrete)
    except ValueError:  # poles that rounding has moved out of the region of stability
        return found
    return other if other.size < found.size else found
