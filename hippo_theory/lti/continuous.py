"""From recurrences back to differential equations, and layers at another rate."""

import dataclasses
from typing import Any

import numpy as np
from scipy import linalg

from hippo_theory import _check
from hippo_theory.lti import algebra
from hippo_theory.lti._values import Array
from hippo_theory.lti.discretize import SCHEMES, Scheme, discretize
from hippo_theory.lti.forms import assemble, check_system, matrices
from hippo_theory.lti.values import DiagonalLTI, System

LOST = 1e-8  # of the largest entry, that the logarithm of a matrix may lose


def continuous(system: System, scheme: str | Scheme = "zoh", layer: bool = False) -> System:
    """The system in continuous time of which `discretize` makes this recurrence.

    Use it to take a layer, or a model that was identified from samples, to another step, or to
    samples at irregular times by `simulate`.

    Parameters
    ----------
    system : LTI, DiagonalLTI or DPLR
        Discrete.
    scheme : str or Scheme
        The rule that was used, a name in `SCHEMES` or a row with its alpha.
    layer : bool
        Whether the recurrence has the layer reading, as all that `from_s4d` and its kin return.

    Returns
    -------
    LTI or DiagonalLTI
        Diagonal systems stay diagonal, others are dense.

    Raises
    ------
    ValueError
        If the system is in continuous time, has a pole 0 under a hold or a layer reading, or a real
        one has a negative real pole under a hold.
    numpy.linalg.LinAlgError
        If no system has this recurrence by the rule: -1 is a pole under the bilinear rule.

    Notes
    -----
    Holds take logarithms of poles: `log_poles` where they are known, so that the branch is kept,
    else those with |Im| <= pi: frequencies beyond Nyquist come back as their aliases, with the same
    samples. O(N); dense O(N^3), compared with the recurrence. docs/theory.md (5.7), (5.10).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> G = ht.lti.discretize(ht.LTI([[-1.0]], [1.0], [1.0]), 0.5, "zoh")
    >>> ht.lti.continuous(G).A
    array([[-1.]])
    """
    check_system(system)
    if not system.is_discrete:
        raise ValueError(f"system must be discrete, got {system!r}")
    row = _check.choice("scheme", scheme, SCHEMES, Scheme)
    if row.takes_alpha:
        raise ValueError("scheme must have its alpha; pass lti.generalized_bilinear(alpha)")
    if _check.flag("layer", layer) and not row.has_layer:
        raise ValueError(f"layer must be False for {row.name}, which has no layer reading")
    if isinstance(system, DiagonalLTI):
        return _diagonal(system, row, layer)
    return _dense(system, row, layer)


def resample(layer: System, factor: float, scheme: str | Scheme = "zoh") -> System:
    """The layer on samples that are `factor` times as far apart, with the same response in time.

    Use it to run a trained layer at another rate than that of its training.

    Parameters
    ----------
    layer : LTI, DiagonalLTI or DPLR
        Discrete, with the layer reading, as all that `from_s4d` and its kin return.
    factor : float
        Of the step: 2 for every other sample.
    scheme : str or Scheme
        The rule of the layer.

    Returns
    -------
    LTI or DiagonalLTI

    Raises
    ------
    ValueError
        If the factor is not positive, or as for `continuous`.

    Notes
    -----
    Exact under zoh: poles become l^factor and B is multiplied by (l^factor - 1)/(l - 1). With B
    kept, as where only poles are raised to the power, slow modes are 1/factor times as strong.
    Frequencies beyond the new Nyquist are aliased. docs/theory.md (5.10).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> G = ht.lti.from_s4d([-2.0], [[0.0]], [[0.0]], [[1.0 + 0j]])
    >>> twice = ht.lti.resample(G, 2.0)
    >>> bool(abs(twice.poles - G.poles**2).max() < 1e-15)
    True
    """
    check_system(layer)
    factor = _check.number("factor", factor, above=0.0)
    original = continuous(layer, scheme, layer=True)
    return discretize(original, factor * np.asarray(layer.dt)[()], scheme, layer=True)


def _diagonal(system: DiagonalLTI, row: Scheme, layer: bool) -> DiagonalLTI:
    """Divide by the factors of the rule at x = dt pole."""
    hold = row.degree is not None
    if (layer or hold) and not system.poles.all():
        raise ValueError("system must have no pole 0 to be taken to continuous time, got one")
    logs: Any = system.log_poles
    if logs is None and (layer or hold):
        logs = _real_or_complex(np.log(system.poles.astype(complex)), system, hold)
    with np.errstate(divide="ignore", invalid="ignore"):  # refused below
        x: Any = logs if hold else _substituted(system.poles, logs, row.alpha)
        b, c, d = row.diagonal(x, row.alpha)[2:]
    if not (np.isfinite(x).all() and np.isfinite(b).all()):
        raise np.linalg.LinAlgError(
            f"poles must be such as {row.name} makes, got {system.poles[~np.isfinite(x)][:3]}"
        )
    dt = np.asarray(system.dt)[..., None]
    C: Any = system.C
    D: Any = system.D
    if layer:
        back = np.exp(-np.asarray(logs))
        C, c, d = C * (back if system.is_siso else back[..., None, :]), np.ones_like(c), 0 * d
        D = D - algebra.first_markov_parameter(dataclasses.replace(system, C=C))
    b, d = dt * b, dt * d
    if not system.is_siso:
        b, c, d = b[..., None], c[..., None, :], d[..., None]
    B, C = system.B / b, C / c
    through = algebra.first_markov_parameter(dataclasses.replace(system, B=d * B, C=C))
    return DiagonalLTI(x / dt, B, C, D - through, conjugate=system.conjugate)


def _real_or_complex(logs: Array, system: DiagonalLTI, hold: bool) -> Array:
    """Logarithms, real where poles are positive, refused where a hold made no such listed pole."""
    if np.iscomplexobj(system.poles):
        return logs
    if hold and not system.conjugate and (system.poles < 0).any():
        raise ValueError(
            "system must have no negative real pole to be taken back from a hold, got "
            f"{system.poles.min():g}"
        )
    return logs if logs.imag.any() else logs.real


def _substituted(poles: Array, logs: Array | None, alpha: Any) -> Array:
    """x with pole = (1 + (1 - alpha) x)/(1 - alpha x)."""
    if logs is not None and alpha == 0.5:
        return 2 * np.tanh(logs / 2)
    change = poles - 1 if logs is None else np.expm1(logs)
    return change / (1 + alpha * change)


def _dense(system: System, row: Scheme, layer: bool) -> System:
    """The same with matrices."""
    A, B, C, D = matrices(system)
    n, identity = len(A), np.eye(len(A))
    dt, alpha = system.dt, float(row.alpha or 0.0)
    if layer:
        C = _right_quotient(C, A)
        D = D - C @ B
    if row.degree is None:
        x = _right_quotient(A - identity, (1 - alpha) * identity + alpha * A)
        left = identity - alpha * x
        B = left @ B / dt
        if not layer:
            D = D - alpha * dt * C @ B
            C = C @ left
        return assemble(x / dt, B, C, D, dt=None, siso=system.is_siso)
    x = _logarithm(A)
    big = np.zeros((3 * n, 3 * n), x.dtype)
    big[:n, :n] = x
    big[:n, n : 2 * n] = big[n : 2 * n, 2 * n :] = identity
    big = linalg.expm(big)
    first, second = big[:n, n : 2 * n], big[:n, 2 * n :]
    B = np.linalg.solve(first if not row.degree else first @ first, B) / dt
    D = D - C @ second @ B * dt if row.degree else D
    return assemble(x / dt, B, C, D, dt=None, siso=system.is_siso)


def _logarithm(A: Array) -> Array:
    """log A, refused where it is not real for a real A, or not exact."""
    poles = np.linalg.eigvals(A)
    if not poles.all() or (not np.iscomplexobj(A) and ((poles.imag == 0) & (poles.real < 0)).any()):
        raise ValueError(
            "system must have no pole 0 and no negative real pole to be taken back from a hold, "
            f"got {poles[np.argmin(poles.real)]:g}"
        )
    x: Any = linalg.logm(A)
    x = x.real if not np.iscomplexobj(A) else x
    lost = np.abs(linalg.expm(x) - A).max(initial=0.0) / np.abs(A).max(initial=1e-300)
    if not lost <= LOST:
        raise np.linalg.LinAlgError(f"the logarithm of A must keep {LOST:g}, got {lost:.1e}")
    return x


def _right_quotient(X: Array, Y: Array) -> Array:
    """X Y^{-1}, refusing a singular Y."""
    try:
        return np.linalg.solve(Y.T, X.T).T
    except np.linalg.LinAlgError:
        raise np.linalg.LinAlgError(
            "A must have no eigenvalue that the rule cannot have made, got a singular matrix"
        ) from None
