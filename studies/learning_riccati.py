"""Step by step the matrix Riccati solution keeps 11 digits; in one piece it loses all of them.

Layers of p inputs and outputs on one shared pole, singular values of the task decades apart. Left:
the gains of the singular directions of one draw, lines composed, dots integrated. Right: largest
relative error of C B against DOP853 at its tightest, of both evaluations. (compare learning_depth)
"""

from dataclasses import dataclass

import numpy as np
from scipy.integrate import solve_ivp

import hippo_theory as ht
from studies import _figures, _study


@dataclass(frozen=True)
class Params:
    channels: int = 3
    spread: float = 30.0
    """Largest over smallest singular value of the task."""
    start: float = 0.05
    """Singular values of B at the start."""
    imbalance: float = 0.02
    """C^* C - B B^* is this times the identity."""
    end: float = 40.0
    """Last time, over that of the largest singular value."""
    times: int = 41
    draws: int = 8


QUICK = Params(times=11, draws=2)


def cells(params):
    return [(params, draw) for draw in range(params.draws)]


def measure(cell, rng):
    params, draw = cell
    n = params.channels
    U, V, W = (np.linalg.qr(rng.normal(size=(n, n)))[0] for _ in range(3))
    sizes = np.geomspace(1, 1 / params.spread, n)
    sigma = U @ np.diag(sizes) @ V.T
    B = params.start * np.linalg.qr(rng.normal(size=(n, n)))[0]
    C = np.sqrt(params.imbalance + params.start**2) * W
    t = np.linspace(0.0, params.end, params.times)
    composed = ht.learning.matrix_gain(t, B, C, sigma, 1.0)
    exact, once = _integrated(t, B, C, sigma), np.array([_once(T, B, C, sigma, params) for T in t])
    scale = abs(exact).max()
    rows = []
    for k in range(t.size):
        modes = np.diag(U.T @ composed[k] @ V), np.diag(U.T @ exact[k] @ V)
        errors = [abs(v[k] - exact[k]).max() / scale for v in (composed, once)]
        rows += [
            {
                "draw": draw,
                "time": t[k],
                "mode": sizes[j],
                "gain": modes[0][j],
                "integrated": modes[1][j],
                "composed_error": errors[0],
                "once_error": min(errors[1], 1e3),
            }
            for j in range(n)
        ]
    return rows


def _integrated(t, B, C, sigma):
    def slope(_, x):
        b, c = x[: B.size].reshape(B.shape), x[B.size :].reshape(C.shape)
        e = sigma - c @ b
        return np.concatenate([(c.T @ e).ravel(), (e @ b.T).ravel()])

    start = np.concatenate([B.ravel(), C.ravel()])
    x = solve_ivp(slope, (0, t[-1]), start, "DOP853", t, rtol=3e-14, atol=1e-16).y
    return np.array([v[B.size :].reshape(C.shape) @ v[: B.size].reshape(B.shape) for v in x.T])


def _once(t, B, C, sigma, params):
    """The published solution, evaluated at once."""
    n = B.shape[0]
    half = params.imbalance / 2 * np.eye(n)
    F = np.block([[-half, sigma.T], [sigma, half]])
    rates, V = np.linalg.eigh(F)
    Q = V.T @ np.concatenate([B.T, C])
    x = rates * t
    growth = np.where(rates != 0, np.expm1(2 * x) / np.where(rates != 0, 2 * rates, 1), t)
    inner = np.eye(n) + Q.T @ (growth[:, None] * Q)
    left = V @ (np.exp(x)[:, None] * Q)
    try:
        X = left @ np.linalg.solve(inner, left.T)
    except np.linalg.LinAlgError:  # singular: nothing is left of it
        return np.full((n, n), np.inf)
    return X[n:, :n]


def check(table):
    composed = float(table.composed_error.max())
    once = float(table.groupby("draw").once_error.max().median())
    assert composed < 1e-11, f"the composed solution errs by {composed:.1e}"
    assert once > 0.1, f"the solution in one piece errs by {once:.1e} alone"
    return {"largest error, composed": composed, "median error, one piece": once}


def plot(table):
    figure = _figures.figure("double")
    left, right = figure.subplots(1, 2)
    for mode, rows in table[table.draw == 0].groupby("mode", sort=False):
        (line,) = left.plot(rows.time, rows.gain, marker="", label=f"$\\sigma={mode:.2g}$")
        left.plot(rows.time[::2], rows.integrated[::2], ".", color=line.get_color(), markersize=4)
    left.set(xlabel="time $\\sigma_1 t$", ylabel="gain of a direction")
    left.legend(loc="center right")
    floor = 1e-16
    for name, label in (("once_error", "in one piece"), ("composed_error", "step by step")):
        by = table.groupby("time")[name]
        (line,) = right.semilogy(by.median().clip(lower=floor), marker="", label=label)
        band = {"color": line.get_color(), "alpha": 0.15, "linewidth": 0}
        low, high = by.min().clip(lower=floor), by.max().clip(lower=floor)
        right.fill_between(low.index, low, high, **band)
    right.set(xlabel="time $\\sigma_1 t$", ylabel="relative error", ylim=(floor, 1e3))
    right.legend(loc="center right")
    return figure


if __name__ == "__main__":
    _study.main(__file__)
