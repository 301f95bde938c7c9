"""Continuous systems along samples at irregular times, step by exact step."""

from typing import Any

import numpy as np

from hippo_theory._jit import njit
from hippo_theory.lti._phi import phi1, phi2
from hippo_theory.lti._values import Array
from hippo_theory.lti.forms import channels, matrices
from hippo_theory.lti.values import DiagonalLTI, System

SCHEMES = ("zoh", "foh", "bilinear")
BLOCK = 1 << 20  # entries of a table of steps times states


def along(system: System, u: Array, x: Array, times: Array, scheme: str) -> tuple[Array, Array]:
    """Outputs C x(t_k), (..., p, L), and states x(t_k), (..., L, N), of signals u (..., m, L).

    The state is that of the differential equation and does not depend on the steps: u is held from
    t_k to t_{k+1} (zoh), interpolated (foh), or enters by the trapezoidal rule (bilinear).
    """
    B, C, _ = channels(system)
    steps, L = np.diff(times), times.size
    batch = np.broadcast_shapes(x.shape[:-1], u.shape[:-2], system.batch_shape)
    N = system.state_dim
    states = np.empty((*batch, L, N), np.result_type(x, u, B, _spectrum_dtype(system)))
    states[..., 0, :] = x
    size = max(1, BLOCK // max(1, N))
    advance = _diagonal if isinstance(system, DiagonalLTI) else _dense
    for first in range(0, L - 1, size):
        part = slice(first, min(first + size, L - 1))
        ahead = slice(first, part.stop + 1)
        advance(system, steps[part], u[..., ahead], states[..., ahead, :], scheme)
    y = np.swapaxes(states @ np.swapaxes(C, -1, -2), -1, -2)
    if isinstance(system, DiagonalLTI) and system.conjugate:
        y = 2 * y.real
    return y, states


def _spectrum_dtype(system: System) -> Any:
    return np.result_type(*(np.asarray(getattr(system, n, 0.0)) for n in ("A", "poles", "P", "Q")))


def _diagonal(system: Any, steps: Array, u: Array, states: Array, scheme: str) -> None:
    """Fill states (..., K + 1, N) from the first, for K steps: x_{k+1} = E_k x_k + v_k."""
    B = channels(system)[0]
    z = steps[:, None] * system.poles[..., None, :]
    now, ahead = (np.swapaxes(B @ part, -1, -2) for part in (u[..., :-1], u[..., 1:]))
    d = steps[:, None]
    if scheme == "bilinear":
        E = (1 + z / 2) / (1 - z / 2)
        v = d / 2 * (now + ahead) / (1 - z / 2)
    else:
        E, v = np.exp(z), d * phi1(z) * now
        if scheme == "foh":
            v = v + d * phi2(z) * (ahead - now)
    shape = (*states.shape[:-2], len(steps), states.shape[-1])
    E, v = (np.broadcast_to(a, shape).reshape(-1, *shape[-2:]) for a in (E, v))
    rows = np.ascontiguousarray(states).reshape(-1, *states.shape[-2:])
    dtype = rows.dtype
    scan(np.ascontiguousarray(E, dtype), np.ascontiguousarray(v, dtype), rows)
    states[...] = rows.reshape(states.shape)


@njit(cache=True)
def scan(E, v, states):
    """states[:, k + 1] = E[:, k] * states[:, k] + v[:, k]."""
    for s in range(states.shape[0]):
        for k in range(E.shape[1]):
            for n in range(E.shape[2]):
                states[s, k + 1, n] = E[s, k, n] * states[s, k, n] + v[s, k, n]


def _dense(system: Any, steps: Array, u: Array, states: Array, scheme: str) -> None:
    """The same with matrices: one exponential, or one factorization, for each distinct step."""
    A, B, _, _ = matrices(system)
    distinct, which = np.unique(steps, return_inverse=True)
    rules = [_rule(A, B, d, scheme) for d in distinct]
    for k, row in enumerate(which):
        E, now, ahead = rules[row]
        forced = now @ u[..., k, None] + ahead @ u[..., k + 1, None]
        states[..., k + 1, :] = states[..., k, :] @ E.T + forced[..., 0]


def _rule(A: Array, B: Array, d: float, scheme: str) -> tuple[Array, Array, Array]:
    """x(t + d) as matrices times x, u(t) and u(t + d)."""
    from scipy import linalg

    n, m = B.shape
    if scheme == "bilinear":
        left = np.eye(n) - d / 2 * A
        half = np.linalg.solve(left, d / 2 * B)
        return np.linalg.solve(left, np.eye(n) + d / 2 * A), half, half
    big: Any = np.zeros((n + 2 * m, n + 2 * m), np.result_type(A, B))
    big[:n, :n], big[:n, n : n + m] = d * A, d * B
    big[n : n + m, n + m :] = np.eye(m)
    big = linalg.expm(big)
    E, first, second = big[:n, :n], big[:n, n : n + m], big[:n, n + m :]
    if scheme == "zoh":
        return E, first, np.zeros_like(first)
    return E, first - second, second
