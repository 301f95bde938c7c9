"""LegS cannot be diagonalised, cond V = 2^(2.5 N); as diagonal plus low rank it is unitary.

Left: condition (Frobenius) of the column-normalised eigenvectors, exactly, in rational numbers.
Middle: kernel of L samples by LAPACK's eigenvectors of a rotated LegS, and by the S4 form. Right:
S4D-LegS (A + B B^T/2, B/2, the normal part of LegS) does not converge to LegS: the largest
distance of the states (s - A)^{-1} B over a grid of frequencies grows with N while at a fixed
frequency and state it goes down. (compare s4_kernel)
"""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

import hippo_theory as ht
from studies import _figures, _study


@dataclass(frozen=True)
class Params:
    dims: tuple[int, ...] = (4, 8, 16, 24, 32, 48, 64)
    """State dimensions."""
    L: int = 1024
    """Length of the kernels."""
    dt: float = 0.01
    frequencies: int = 400
    """Points of the grid, from 0.01 to N^2 radians per unit of time, beside the resonances."""


QUICK = Params(dims=(4, 8), L=64, frequencies=40)


def cells(params):
    return [(N, params.L, params.dt, params.frequencies) for N in params.dims]


def measure(cell, rng):
    N, L, dt, frequencies = cell
    G = ht.lti.family("legs", N, C=rng.normal(size=N))
    exact = ht.lti.kernel(G, L, dt=dt, layer=True, method="naive")
    rotation = np.linalg.qr(rng.normal(size=(N, N)))[0]
    rotated = ht.lti.similarity(G, rotation)
    eigenvalues, V = np.linalg.eig(rotated.A)
    form = ht.lti.DiagonalLTI(eigenvalues + 0j, np.linalg.solve(V, rotated.B), rotated.C @ V)
    with np.errstate(over="ignore", invalid="ignore"):
        try:
            eig = ht.lti.kernel(form, L, dt=dt, layer=True).real
        except np.linalg.LinAlgError:
            eig = np.full(L, np.inf)
    s4 = ht.lti.kernel(rotated, L, dt=dt, layer=True, method="s4")
    everywhere, fixed = _distance(G, frequencies)
    return [
        {
            "N": N,
            "log2_condition": _log2_condition(N),
            "eigenvalue_error": np.abs(np.sort(-eigenvalues.real) - np.arange(1, N + 1)).max(),
            "kernel_error_eig": np.linalg.norm(eig - exact) / np.linalg.norm(exact),
            "kernel_error_s4": np.linalg.norm(s4 - exact) / np.linalg.norm(exact),
            "s4d_distance": everywhere,
            "s4d_distance_first_state": fixed,
        }
    ]


def _log2_condition(N):
    """Of V with unit columns, from exact eigenvectors in x_n = sqrt(2n + 1) z_n.

    A z = -(j + 1) z reads (j - n) z_n = sum_{j<=k<n} (2k + 1) z_k; the rows of the inverse have
    (j - k) w_k = (2k + 1) sum_{k<n<=j} w_n.
    """
    total = Fraction(0)
    for j in range(N):
        z, running = {j: Fraction(1)}, Fraction(2 * j + 1)
        for n in range(j + 1, N):
            z[n] = running / (j - n)
            running += (2 * n + 1) * z[n]
        w, running = {j: Fraction(1)}, Fraction(1)
        for k in range(j - 1, -1, -1):
            w[k] = (2 * k + 1) * running / (j - k)
            running += w[k]
        column = sum((2 * n + 1) * value**2 for n, value in z.items())
        row = sum(value**2 / (2 * k + 1) for k, value in w.items())
        total += column * row
    return (np.log2(N) + np.log2(float(total))) / 2


def _distance(G, frequencies):
    """sup_w |x(iw) - x'(iw)| / sup_w |x(iw)|, and |x_0 - x'_0| / |x_0| at w = 1."""
    N = G.state_dim
    normal = G.A + np.outer(G.B, G.B) / 2
    resonances = np.linalg.eigvalsh(-0.5j * (normal - normal.T))
    s = 1j * np.concatenate([np.geomspace(0.01, N**2, frequencies), resonances, [1.0]])
    x, other = (
        ht.lti.transfer_function(ht.LTI(A, B[:, None], np.eye(N)), s)[:, 0]
        for A, B in ((G.A, G.B), (normal, G.B / 2))
    )
    everywhere = np.linalg.norm(x - other, axis=0).max() / np.linalg.norm(x, axis=0).max()
    return everywhere, abs(x[0, -1] - other[0, -1]) / abs(x[0, -1])


def plot(table):
    figure = _figures.figure("double", 2.5)
    left, middle, right = figure.subplots(1, 3)
    left.plot(table.N, table.log2_condition, label="exact")
    left.plot(table.N, 2.5 * table.N, color=_figures.GREY, marker="", linestyle="-", label="$2.5N$")
    left.set(xlabel="$N$", ylabel=r"$\log_2$ cond $V$")
    left.legend()
    middle.semilogy(table.N, table.kernel_error_eig, label="LAPACK eigenvectors")
    middle.semilogy(table.N, table.kernel_error_s4, label="S4 form")
    middle.set(xlabel="$N$", ylabel="relative kernel error")
    middle.legend()
    right.semilogy(table.N, table.s4d_distance, label="all states, all $\\omega$")
    right.semilogy(table.N, table.s4d_distance_first_state, label="first state, $\\omega = 1$")
    right.set(xlabel="$N$", ylabel="S4D-LegS to LegS, relative")
    right.legend()
    return figure


if __name__ == "__main__":
    _study.main(__file__)
