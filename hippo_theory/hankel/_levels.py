"""The largest |G| of a dense system and a proved bound of it, by levels.

The largest value is looked for at and beside the poles' frequencies, polished, and raised where
the Hamiltonian matrix of a level has eigenvalues on the boundary (after Boyd and Balakrishnan,
Bruinsma and Steinbuch). What is found is evaluated again with 32 digits, and `_bounded_real`
proves that nothing lies above.
"""

from typing import Any

import numpy as np
import scipy.linalg as sla

from hippo_theory.digits import ROUNDING, exact, product
from hippo_theory.hankel import _bounded_real
from hippo_theory.hankel._coordinates import doubled, driven_alike
from hippo_theory.lti._values import Array

EPS = np.finfo(float).eps
RAISED = 30  # times a level is raised to a peak above it
WIDER = [1.0, 30.0, 1e3, 3e4, 1e6, 3e7, 1e9, 1e11]  # times rtol, until a proof succeeds
FAR = 16  # frequencies beyond the fastest pole, by factors of two
PEAKS = 4  # local maxima that are polished
REFINEMENTS = 6
CANCELLED = 16  # eps beside |C| |(z - A)^{-1} B|, of a width that needs no proof


def bounds(A, B, C, D, rtol, *, discrete):
    """(value, lower, upper, frequency, floor) of sup |G|; upper is inf where no proof succeeds.

    The bounds are as near as `rtol` and the floor of rounding errors ask, if they can be proved.
    """
    system = driven_alike(A, B, C, D, discrete=discrete)
    places, sizes, states, respond = _candidates(system)
    best = _polished(respond, places, sizes)
    floor = CANCELLED * EPS * np.linalg.norm(system.C.high) + 1e3 * system.errors[2]
    floor = float(floor * states.max())
    for wider in WIDER:
        width = min(wider * rtol, 1e3)
        best, upper = _proof(system, respond, best, (sizes, states), width, np.sqrt(wider) * floor)
        if upper is not None:
            value, lower = _evaluated(system, best[1])
            return value, lower, max(upper * (1 + 4 * EPS), value), best[1], 4 * floor
    return *_evaluated(system, best[1]), np.inf, best[1], 0.0


def _proof(system, respond, best, candidates, width, floor):
    """(|G|, frequency) of the highest peak found, and a level proved to lie above it or None."""
    sizes, states = candidates
    for _ in range(RAISED):
        square = best[0] ** 2 * (1 + 1.8 * width) + floor**2
        at = np.append(states, respond(best[1])[1])
        room = square - np.minimum(np.append(sizes, best[0]), best[0]) ** 2
        w = 0.5 * (room / np.maximum(at, 1e-9 * at.max()) ** 2).min()
        gamma = np.sqrt(square)
        X, crossings = _bounded_real.subspace(system, gamma, w)
        middles = (crossings + np.roll(crossings, -1)) / 2
        higher = [(respond(p)[0], p) for p in np.concatenate([crossings, middles])]
        if not higher or max(higher)[0] <= gamma:
            starts = (x for x in (X, _bounded_real.lossless(system, w)) if x is not None)
            proved = any(_bounded_real.proved(system, gamma, w, x) for x in starts)
            return best, gamma if proved else None
        best = max(higher)
    return best, None


def _candidates(system):
    """Frequencies at and beside those of the poles, |G| and |(z - A)^{-1} B| there, a function."""
    A, B, C, D = system.rounded
    form: Array = sla.schur(A.astype(complex), output="complex")
    T, Z = form
    B, C = Z.conj().T @ B, C @ Z

    def respond(place):
        if np.isinf(place):
            return _largest(D), 0.0
        z = np.exp(1j * place) if system.discrete else 1j * place
        x = sla.solve_triangular(z * np.eye(len(T)) - T, B, check_finite=False)
        return _largest(D + C @ x), float(np.linalg.norm(x))

    poles: Array = np.linalg.eigvals(A)  # conjugate to the last bit if A is real
    if not any(np.iscomplexobj(M) for M in system.rounded):
        poles = poles[poles.imag >= 0]
    at, beside = poles.imag, poles.real
    if system.discrete:
        at, beside = np.angle(poles), 1 - np.abs(poles)
    places = np.concatenate([at, at - beside, at + beside, [0.0]])
    if system.discrete:
        places = np.append((places + np.pi) % (2 * np.pi) - np.pi, [-np.pi, np.pi])
    else:
        far = np.abs(poles).max() * 2.0 ** np.arange(1, FAR)
        places = np.concatenate([places, far, -far, [-np.inf, np.inf]])
    if not any(np.iscomplexobj(M) for M in system.rounded):
        places = np.abs(places)
    places = np.unique(places)
    sizes, states = np.transpose([respond(p) for p in places])
    return places, sizes, states, respond


def _largest(G):
    """The largest singular value."""
    if 1 in G.shape:
        return float(np.linalg.norm(G))
    G = G if G.shape[0] >= G.shape[1] else G.conj().T
    return float(np.sqrt(np.linalg.eigvalsh(G.conj().T @ G)[-1]))


def _polished(respond, places, sizes):
    """(|G|, frequency) of the largest of the best local maxima."""
    from scipy.optimize import minimize_scalar

    k = np.argsort(sizes)[-1]
    found = [(float(sizes[k]), float(places[k]))]
    around = np.concatenate([[-np.inf], sizes, [-np.inf]])
    tops = np.flatnonzero((sizes >= around[:-2]) & (sizes >= around[2:]) & np.isfinite(places))
    for k in tops[np.argsort(sizes[tops])[-PEAKS:]]:
        low, high = places[max(k - 1, 0)], places[min(k + 1, len(places) - 1)]
        reach = 4 * abs(places[k]) + 1
        low, high = max(low, places[k] - reach), min(high, places[k] + reach)
        if low < high:
            peak: Any = minimize_scalar(
                lambda p: -respond(p)[0],
                bounds=(low, high),
                method="bounded",
                options={"xatol": 1e-9 * (high - low), "maxiter": 60},
            )
            found.append((-float(peak.fun), float(peak.x)))
    most = max(found)[0] * (1 - 8 * EPS)
    return next(peak for peak in found if peak[0] >= most)  # not one that rounding raised


def _evaluated(system, place):
    """|G| and a proved lower bound of it at a point of the boundary, with 32 digits."""
    norm = np.linalg.norm
    if np.isinf(place):
        size = float(norm(system.D, 2))
        return size, size * (1 - 8 * len(system.D) * EPS)
    M = exact(np.eye(len(system.A.high))) * _point(place, system.discrete) - system.A
    inverse, n = np.linalg.inv(M.high), len(M.high)
    near = norm(inverse @ M.high - np.eye(n)) + 4 * n * EPS * norm(inverse) * norm(M.high)
    G = system.D + system.C.high @ inverse @ system.B.high
    v = np.linalg.svd(G)[2][:1].conj().T
    right, x = product(system.B, v), exact(np.zeros((n, 1)))
    for _ in range(REFINEMENTS):
        x = x + inverse @ (right - product(M, x)).high
    y = (product(system.C, x) + product(doubled(system.D), v)).high
    of_A, of_B, of_C = system.errors
    unit = ROUNDING * (n + sum(system.D.shape) + 8)
    sizes = [norm(K.high) for K in (M, system.B, system.C, x)]
    m, b, c, at = sizes
    wrong = norm(inverse @ (right - product(M, x)).high)
    wrong += norm(inverse) * ((of_A + unit * m) * at + (of_B + unit * b) * norm(v))
    error = 2 * c * wrong + of_C * at + unit * (c * at + norm(system.D) * norm(v))
    value = float(norm(y) / norm(v))
    lower = (norm(y) * (1 - 8 * n * EPS) - error) / norm(v) * (1 - 8 * n * EPS)
    return value, float(max(lower, 0.0)) if near < 0.5 else 0.0


def _point(place, discrete):
    """i w, or a point of the circle right to 32 digits: by the tangent of half its angle."""
    if not discrete:
        return exact(1j * place)
    t = np.tan(place / 2)
    flipped = abs(t) > 1
    t = exact(1 / t if flipped else t)
    square = t * t
    real = (square - 1.0) if flipped else (1.0 - square)
    return (real + t * 2j) / (square + 1.0)
