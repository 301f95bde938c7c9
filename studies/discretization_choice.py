"""Bilinear and zoh are different models at S4D-Lin rates; e^x - 1 loses digits at small dt.

Left: the frequency that each rule gives the modes of S4D-Lin, w_d = 2 atan(w dt/2) and w dt (both
mod 2 pi). Middle: relative distance of the two kernels. Right: worst relative error over the modes
of B_d / B, by `discretize` (expm1) and by (e^x - 1)/pole in the precision named, against mpmath.
(compare s4_views)
"""

from dataclasses import dataclass

import mpmath
import numpy as np

import hippo_theory as ht
from studies import _figures, _study


@dataclass(frozen=True)
class Params:
    N: int = 32
    """Conjugate pairs of S4D-Lin."""
    duration: float = 8.0
    """Length of the kernels in units of time."""
    steps: tuple[float, ...] = (1e-1, 3e-2, 1e-2, 3e-3, 1e-3, 3e-4, 1e-4)
    """Sizes dt."""


QUICK = Params(N=4, steps=(1e-1, 1e-2))


def cells(params):
    return [(params.N, params.duration, dt) for dt in params.steps]


def measure(cell, rng):
    N, duration, dt = cell
    C = rng.normal(size=N) + 1j * rng.normal(size=N)
    G = ht.lti.family("s4d_lin", N, C=C)
    L = max(2, round(duration / dt))
    zoh, bilinear = (ht.lti.kernel(G, L, dt, scheme, layer=True) for scheme in ("zoh", "bilinear"))
    exact = _inputs(G.poles, dt)
    single, double = (_naive(G.poles, dt, kind) for kind in (np.complex64, np.complex128))
    ours = ht.lti.discretize(G, dt, "zoh").B
    common = {
        "dt": dt,
        "kernel_distance": np.linalg.norm(bilinear - zoh) / np.linalg.norm(zoh),
        "error_expm1": abs(ours / exact - 1).max(),
        "error_naive_double": abs(double / exact - 1).max(),
        "error_naive_single": abs(single / exact - 1).max(),
    }
    angles = ht.lti.discretize(G, dt, "bilinear").log_poles.imag
    frequencies = zip(G.poles.imag * dt, angles, strict=True)
    return [{**common, "frequency_dt": w, "bilinear_frequency": a} for w, a in frequencies]


def _inputs(poles, dt):
    """(e^{dt l} - 1)/l in 50 digits, rounded once."""
    with mpmath.workdps(50):
        step = mpmath.mpf(dt)
        return np.array([complex(mpmath.expm1(step * complex(z)) / complex(z)) for z in poles])


def _naive(poles, dt, kind):
    poles = poles.astype(kind)
    return (np.exp(poles * kind(dt)) - kind(1)) / poles


def plot(table):
    figure = _figures.figure("double", 2.5)
    left, middle, right = figure.subplots(1, 3)
    modes = table[table.dt == table.dt.max()]
    w = np.linspace(0, modes.frequency_dt.max(), 500)
    left.plot(
        w, 2 * np.arctan(w / 2), marker="", label=r"bilinear, $2\,\mathrm{atan}(\omega dt/2)$"
    )
    folded = (w + np.pi) % (2 * np.pi) - np.pi
    folded[1:][abs(np.diff(folded)) > 3] = np.nan
    left.plot(w, folded, marker="", label=r"zoh, $\omega dt$ mod $2\pi$")
    left.plot(modes.frequency_dt, modes.bilinear_frequency, "o", color=_figures.GREY, markersize=2)
    left.set(xlabel=r"$\omega\,dt$ (radians), modes at largest dt", ylabel="angle of discrete pole")
    left.set_ylim(-3.3, 6.5)
    left.legend(loc="upper left")
    rows = table.groupby("dt").first().reset_index()
    middle.loglog(rows.dt, rows.kernel_distance)
    _figures.reference_slope(middle, 2, (1.2e-4, 1.2e-3), rows.kernel_distance.min() / 3)
    middle.set(xlabel="$dt$", ylabel="bilinear to zoh, relative 2-norm")
    right.loglog(rows.dt, rows.error_naive_single, label="$e^x - 1$, float32")
    right.loglog(rows.dt, rows.error_naive_double, label="$e^x - 1$, float64")
    right.loglog(rows.dt, rows.error_expm1, label="discretize")
    right.set(xlabel="$dt$", ylabel="relative error of $B_d$")
    right.legend(loc="center right")
    return figure


if __name__ == "__main__":
    _study.main(__file__)
