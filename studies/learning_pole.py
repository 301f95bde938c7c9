"""In the pole itself the curvature grows like (1 - a)^-2; in tanh and log coordinates it stays.

Left: paths of a complex pole to the teacher (star) in three coordinates, gain always optimal; grey:
circles of equal loss. The pole itself takes the paths of tanh at another speed. Middle: curvature
at the minimum over the energy of the teacher's output. Right: the interval from which the pole
descends to the teacher, with L samples in place of infinitely many: it reaches beyond the unit
circle, and above it has no end up to 3. (compare learning_steps)
"""

from dataclasses import dataclass
from typing import Annotated

import numpy as np

import hippo_theory as ht
from studies import _figures, _study
from studies._bounds import Bound


@dataclass(frozen=True)
class Params:
    radius: Annotated[float, Bound(below=1)] = 0.9
    """Of the teacher's complex pole."""
    angle: float = 0.9
    starts: int = 6
    """Starting poles on a circle."""
    distances: Annotated[tuple[float, ...], Bound(below=0.5)] = (0.3, 0.1, 0.03, 0.01, 1e-3, 1e-4)
    """1 - a, for the curvature."""
    a_star: Annotated[float, Bound(above=-1, below=1)] = 0.6
    """The teacher's real pole, for the basin."""
    lengths: tuple[int, ...] = (4, 8, 16, 32, 64, 128, 256)


QUICK = Params(starts=1, distances=(0.3, 0.1), lengths=(4, 16))
DRAWN = ("tanh", "exp-exp", "stable")


def cells(params):
    turns = 2 * np.pi * np.arange(params.starts) / params.starts
    paths = [(params, "path", f"{name} {k}") for name in DRAWN for k in range(turns.size)]
    names = [(params, "curvature", name) for name in ht.learning.POLE_COORDINATES]
    return paths + names + [(params, "basin", str(L)) for L in params.lengths]


def measure(cell, rng):
    params, part, name = cell
    return PARTS[part](params, name)


def _path(params, name):
    coordinate, k = name.split()
    a_star = params.radius * np.exp(1j * params.angle)
    a0 = 0.6 * np.exp(2j * np.pi * (int(k) + 0.3) / params.starts)
    t = np.concatenate([[0.0], np.geomspace(1e-3, 1e3, 80)])
    path = ht.learning.pole_flow(t, a0, a_star, 1.0, coordinate=coordinate, rtol=1e-9)
    delta = abs((path.a - a_star) / (1 - np.conj(a_star) * path.a))
    turn = np.angle((path.a - a_star) / (1 - np.conj(a_star) * path.a))
    return [
        _row("path", coordinate, int(k), x=a.real, y=a.imag, size=d, turn=v)
        for a, d, v in zip(path.a, delta, turn, strict=True)
    ]


def _curvature(params, name):
    rows = []
    for rest in params.distances:
        a = 1 - rest
        curve = ht.learning.pole_curvature(a, 1.0, name).projected * (1 - a * a)
        rows.append(_row("curvature", name, 0, x=rest, y=curve))
    return rows


def _basin(params, name):
    """Ends of the valley of the projected loss of white input, exact mean over L samples."""
    L, a = int(name), np.linspace(-3, 3, 120_001)
    n = np.arange(L)
    with np.errstate(over="ignore", invalid="ignore"):
        own = np.polyval((n + 1.0), a * a)  # sum (L - n) a^2n, highest power first
        both = np.polyval((n + 1.0), a * params.a_star)
        gained = both**2 / own
    middle = int(np.argmin(abs(a - params.a_star)))
    gained = np.where(np.isfinite(gained), gained, 0.0)
    falls = np.diff(gained)
    up = np.flatnonzero(falls[middle + 1 :] > 0)
    down = np.flatnonzero(falls[: middle - 1][::-1] < 0)
    high = a[middle + 1 + up[0]] if up.size else np.inf
    low = a[middle - 1 - down[0]] if down.size else -np.inf
    return [_row("basin", name, L, x=low, y=high)]


def _row(part, name, number, *, x, y, size=np.nan, turn=np.nan):
    return {
        "part": part,
        "name": name,
        "number": number,
        "x": x,
        "y": y,
        "size": size,
        "turn": turn,
    }


PARTS = {"path": _path, "curvature": _curvature, "basin": _basin}


def check(table):
    found = {}
    for name, rows in table[table.part == "curvature"].groupby("name"):
        rows = rows.sort_values("x")
        found[f"slope in {name}"] = float(
            np.diff(np.log(rows.y.to_numpy()[:2]))[0] / np.diff(np.log(rows.x.to_numpy()[:2]))[0]
        )
    laws = {"pole": -2, "tanh": 0, "exp-exp": 0, "softplus": 0, "stable": 1}
    for name, law in laws.items():
        slope = found[f"slope in {name}"]
        assert abs(slope - law) < 0.02, f"slope {slope:.3f} in {name}, law {law}"
    paths = table[table.part == "path"]
    ends = paths.groupby(["name", "number"]).tail(1)
    assert ends["size"].max() < 1e-3, "a path does not end at the teacher"
    straight = paths[(paths.name == "tanh") & (paths["size"] > 1e-6)].groupby("number").turn
    found["turn of the geodesics"] = float((straight.max() - straight.min()).max())
    assert found["turn of the geodesics"] < 1e-6, "a path in tanh is no geodesic"
    basin = table[table.part == "basin"]
    assert (basin.y > 1).all(), "a basin ends inside the circle"
    found["basin ends at, longest"] = float(basin.sort_values("number").x.iloc[-1])
    return found


def plot(table):
    figure = _figures.figure("double", 2.5)
    left, middle, right = figure.subplots(1, 3)
    paths = table[table.part == "path"]
    end = paths.iloc[-1]
    star, around = complex(end.x, end.y), np.exp(1j * np.linspace(0, 2 * np.pi, 200))
    left.plot(around.real, around.imag, marker="", linestyle="-", color="0.3", linewidth=0.8)
    for size in (0.3, 0.6, 0.8, 0.9, 0.95):
        ring = (star + size * around) / (1 + np.conj(star) * size * around)
        left.plot(ring.real, ring.imag, marker="", linestyle="-", color="0.85", linewidth=0.6)
    for number, name in enumerate(DRAWN):
        look = {"color": f"C{number}", "linestyle": ("-", "--", ":")[number], "marker": ""}
        for k, rows in paths[paths.name == name].groupby("number"):
            left.plot(rows.x, rows.y, label=name if k == 0 else None, linewidth=1, **look)
    left.plot(star.real, star.imag, "k*", markersize=7)
    left.set(
        aspect="equal", xlabel="Re $a$", ylabel="Im $a$", xlim=(-1.05, 1.05), ylim=(-1.05, 1.05)
    )
    place = {"loc": "lower center", "bbox_to_anchor": (0.5, 1.0)}
    left.legend(ncols=3, columnspacing=0.8, handlelength=1.3, handletextpad=0.4, **place)
    for name, rows in table[table.part == "curvature"].groupby("name", sort=False):
        middle.loglog(rows.x, rows.y, label=name)
    middle.set(xlabel="$1-a$", ylabel="curvature over $E_0$", ylim=(1e-5, 1e14))
    middle.invert_xaxis()
    middle.legend(loc="upper left")
    basin = table[table.part == "basin"].sort_values("number")
    low = np.maximum(basin.x, -3)
    high = np.minimum(basin.y, 3)
    right.fill_between(basin.number, low, high, color="0.85", linewidth=0)
    right.plot(basin.number, high, label="upper end")
    right.plot(basin.number, low, label="lower end")
    for y in (-1, 1):
        right.axhline(y, color=_figures.GREY, linewidth=0.7)
    right.set(xscale="log", xlabel="samples $L$", ylabel="start $a_0$", ylim=(-3.2, 3.2))
    right.set_xticks(basin.number[::2], [f"{L:g}" for L in basin.number[::2]])
    right.minorticks_off()
    right.legend(loc="center right")
    return figure


if __name__ == "__main__":
    _study.main(__file__)
