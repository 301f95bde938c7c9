"""Many inputs and outputs on one shared pole: a matrix Riccati equation, composed step by step.

With tau B' = C^* E, tau C' = E B^*, E = Sigma - eta C B and C^* C - B B^* = lambda I, the stacked
Q = [B^*; C] gives X = Q Q^* with tau X' = F X + X F - eta X^2. Its solution in one piece loses all
digits when singular values differ. Over a step h with |F| h <= 2 it loses none, and is exact:

    Q <- e^{F h} Q L^{-*},   L L^* = I + eta Q^* (integral of e^{2 F s} over 0..h) Q.
"""

import numpy as np

from hippo_theory import _check

_EPS = np.finfo(float).eps
_LONGEST = 2.0  # |F| h of a step: the condition number of L L^* stays below e^8
_STEPS = 1_000_000


def matrix_gain(t, B0, C0, sigma, eta, tau=1.0) -> np.ndarray:
    """C B(t) of a layer whose N states share one pole, with m inputs and p outputs.

    Use it for layers with several channels; for one channel `gain` needs no condition on the start.

    Parameters
    ----------
    t : array_like, shape (T,)
        Times, non-negative and increasing; in the units of tau.
    B0 : array_like, shape (N, m)
    C0 : array_like, shape (p, N)
        Start, real or complex, with C0^* C0 - B0 B0^* = lambda I for some lambda.
    sigma : array_like, shape (p, m)
        Sums of y phi^*, phi the responses of the pole to the inputs.
    eta : float
        The sums of phi phi^* are eta I: inputs are white after the pole. eta > 0.
    tau : float
        Inverse learning rate.

    Returns
    -------
    ndarray, shape (T, p, m)

    Raises
    ------
    ValueError
        If the imbalance of the start is no multiple of the identity.
    numpy.linalg.LinAlgError
        If a time is too late: more than a million steps of the fastest mode.

    Notes
    -----
    Exact for every step length; O((m + p)^2 N) a step. Steps end where Q no longer moves.
    The equation with lambda is after Dominé et al. (2024) [domine2024lazy]; the composed form is
    derived here. docs/theory.md (8.35).

    Examples
    --------
    >>> import numpy as np, hippo_theory as ht
    >>> B0, C0, sigma = 0.1 * np.eye(2), 0.1 * np.eye(2), np.diag([2.0, 1.0])
    >>> ht.learning.matrix_gain([0.0, 1.5, 40.0], B0, C0, sigma, 1.0)[:, [0, 1], [0, 1]].round(4)
    array([[0.01  , 0.01  ],
           [1.3393, 0.1687],
           [2.    , 1.    ]])
    """
    t = _check.times("t", t, 1)
    B, C = _check.double("B0", B0, ndim=2), _check.double("C0", C0, ndim=2)
    _check.shape("C0", C, ("p", B.shape[0]))
    sigma = _check.double("sigma", sigma, ndim=2)
    _check.shape("sigma", sigma, (C.shape[0], B.shape[1]))
    eta = _check.number("eta", eta, above=0.0)
    with np.errstate(over="ignore"):
        clock = t / _check.number("tau", tau, above=0.0)
    _check.in_range("t / tau", clock)
    F = _generator(B, C, sigma, eta)
    return _composed(clock, np.concatenate([B.conj().T, C]), F, eta, B.shape[1])


def _generator(B, C, sigma, eta):
    """F, refusing starts whose imbalance is no multiple of the identity."""
    gap = C.conj().T @ C - B @ B.conj().T
    middle = np.trace(gap).real / gap.shape[0]
    most = abs(gap - middle * np.eye(gap.shape[0])).max()
    if most > 1e-12 * (np.linalg.norm(B) ** 2 + np.linalg.norm(C) ** 2):
        raise ValueError(
            f"C0^* C0 - B0 B0^* must be a multiple of the identity, got {most:g} off; "
            "gradient_descent takes any start"
        )
    half = eta * middle / 2
    p, m = sigma.shape
    return np.block([[-half * np.eye(m), sigma.conj().T], [sigma, half * np.eye(p)]])


def _composed(t, Q, F, eta, m):
    """C B at the times, in the eigenvectors of F."""
    rates, V = np.linalg.eigh(F)
    Q, now, settled = V.conj().T @ Q, 0.0, False
    out = np.empty((t.size, F.shape[0] - m, m), np.result_type(Q))
    count = np.ceil(t[-1] * abs(rates).max() / _LONGEST)
    for k, end in enumerate(t):
        steps = max(1, int(np.ceil(min((end - now) * abs(rates).max() / _LONGEST, _STEPS))))
        for _ in range(0 if settled else steps):
            before, Q = Q, _step(Q, rates, (end - now) / steps, eta)
            settled = steps > 1 and abs(Q - before).max() <= 4 * _EPS * abs(Q).max()
            if settled:
                break
        if count > _STEPS and not settled:
            raise np.linalg.LinAlgError(
                f"t / tau must be at most {_STEPS * _LONGEST / abs(rates).max():g}, got {end:g}"
            )
        now, X = end, V @ Q
        out[k] = X[m:] @ X[:m].conj().T
    return out


def _step(Q, rates, h, eta):
    x = rates * h
    growth = np.where(x != 0, np.expm1(2 * x) / np.where(x != 0, 2 * rates, 1.0), h)
    L = np.linalg.cholesky(np.eye(Q.shape[1]) + eta * Q.conj().T @ (growth[:, None] * Q))
    return np.linalg.solve(L, (np.exp(x)[:, None] * Q).conj().T).conj().T
