"""The systems that all tests draw from: plants, filters and layers as they occur.

A row is `System(name, build, tags)`. The tags that are typed say what is notable; those that follow
from the data (kind, clock, channels) are derived from it. A fault that somebody finds
becomes a row here, a law in `laws.py` or a mutant in `mutants.toml`.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy import signal

import hippo_theory as ht
from tests.oracle import Exact, floats
from tests.plants import (
    ab09,
    analog,
    building,
    chain,
    companion,
    convection,
    delay,
    digital,
    discretized,
    family,
    fir,
    from_tf,
    full,
    grcar,
    heat,
    hidden,
    in_units,
    jordan,
    ladder,
    many_channels,
    masses,
    modes,
    moore,
    pade,
    pairs,
    penzl,
    rotated,
    scaled,
    sections,
    sensitivity,
    single,
    twice,
    two_masses,
    units_example,
    vehicles,
    weyl,
    zpk,
)

# up to FEW states every law is quick; eigenvalues are slow from LARGE on, and all else from HUGE
FEW, LARGE, HUGE = 8, 40, 60


@dataclass(frozen=True)
class System:
    """One system: its name, how it is made, and what is notable about it."""

    name: str
    build: Callable[[], Any]
    typed: frozenset[str] = frozenset()

    def __str__(self):
        return self.name

    @cached_property
    def value(self):
        with warnings.catch_warnings():  # scipy.signal doubts the coefficients of narrow filters
            warnings.simplefilter("ignore", signal.BadCoefficients)
            return self.build()

    @cached_property
    def exact(self) -> Exact:
        return Exact(self.value)

    @property
    def radius(self) -> float:
        """Of the poles as LAPACK gives them; inf in continuous time."""
        A = floats(self.exact.A)
        return np.inf if self.value.dt is None else np.abs(np.linalg.eigvals(A)).max(initial=0.0)

    @cached_property
    def tags(self) -> frozenset[str]:
        """The typed tags and those that follow from the data."""
        value, exact = self.value, self.exact
        kind = {"LTI": "dense", "DiagonalLTI": "diagonal", "DPLR": "dplr"}[type(value).__name__]
        derived = {
            kind,
            "continuous" if value.dt is None else "discrete",
            "siso" if exact.is_siso else "mimo",
            "real" if exact.is_real else "complex",
            "large" if exact.n > LARGE else "small",
            "huge" if exact.n > HUGE else "not huge",
            *(() if "unstable" in self.typed else ("stable",)),
            "one input" if exact.m == 1 else "many inputs",
            "pairs" if getattr(value, "conjugate", False) else "listed",
            "states" if exact.n else "no states",
            "square" if exact.p == exact.m else "oblong",
            "few" if exact.n <= FEW else "several",
            "short" if self.radius < 0.88 else "long",
        }
        return self.typed | derived


def system(name, build, *tags) -> System:
    return System(name, build, frozenset(tags))


SCHEMES = ("forward_euler", "backward_euler", "bilinear", "zoh", "foh", "generalized_bilinear")
CONTINUOUS = {
    "legs8": lambda: family("legs", 8),
    "legs8 dplr": lambda: family("legs", 8, form="dplr"),
    "s4d_lin8": lambda: family("s4d_lin", 8),
    "masses2": lambda: masses(2, 1),
}


def every_scheme():
    """Each kind of value by each scheme that it has."""
    for name, build in CONTINUOUS.items():
        for scheme in SCHEMES:
            if "dplr" in name and scheme in ("zoh", "foh"):
                continue
            dt = 0.02 if scheme == "forward_euler" else 0.1
            grows = (name, scheme) == ("s4d_lin8", "forward_euler")
            yield system(
                f"{name} {scheme}",
                lambda b=build, s=scheme, d=dt: discretized(b(), s, d),
                "layer",
                *(("unstable",) if grows else ()),
            )


KHZ = 2 * np.pi * 1e3
SYSTEMS: tuple[System, ...] = (
    # plants
    system("moore", moore),
    system("moore controller", lambda: from_tf([1.0, 4], np.poly([-1.0, -3, -5, -10]))),
    system("ab09", ab09),
    system("chain5", lambda: chain(5, -1.0)),
    system("chain5 discrete", lambda: chain(5, 0.3, 1.0)),
    system("chain20", lambda: chain(20, -2.0)),
    system("masses4", lambda: masses(4, 2)),
    system("two masses", two_masses),
    system("ladder20", lambda: ladder(20)),
    system("ladder50", lambda: ladder(50)),
    system("heat20", lambda: heat(20)),
    system("heat200", lambda: heat(200)),
    system("convection12", lambda: convection(12)),
    system("beam12", lambda: modes((np.pi * np.arange(1, 7)) ** 2, 0.01)),
    system("building16", lambda: building(8)),
    system("light damping", lambda: modes([1.0, 1.01, 3.0, 7.0], 1e-4)),
    system("penzl16", lambda: penzl(10)),
    system("grcar10", lambda: grcar(10)),
    system("vehicles6", lambda: vehicles(3)),
    system("companion controller8", lambda: companion(8, "controller")),
    system("companion observer8", lambda: companion(8, "observer")),
    system("companion controller14", lambda: companion(14, "controller")),
    system("sensitivity12", sensitivity),
    # filters
    system("butter4", lambda: analog(signal.butter, 4, 1.0), "filter"),
    system("butter4 1kHz", lambda: analog(signal.butter, 4, KHZ), "filter"),
    system("butter4 1MHz", lambda: analog(signal.butter, 4, 1e3 * KHZ), "filter"),
    system("butter4 1GHz", lambda: analog(signal.butter, 4, 1e6 * KHZ), "filter"),
    system("butter8 zpk 1MHz", lambda: zpk(signal.butter, 8, 1e3 * KHZ, analog=True), "filter"),
    system("butter2 digital", lambda: digital(signal.butter, 2, 0.3), "filter"),
    system("butter6 digital", lambda: digital(signal.butter, 6, 0.05), "filter"),
    system("butter4 low", lambda: digital(signal.butter, 4, 0.01), "filter"),
    system("butter4 band", lambda: digital(signal.butter, 4, [0.1, 0.12], "bandpass"), "filter"),
    system(
        "butter4 wide band", lambda: digital(signal.butter, 4, [0.13, 0.16], "bandpass"), "filter"
    ),
    system("cheby6", lambda: digital(signal.cheby1, 6, 1, 0.05), "filter"),
    system("cheby8", lambda: digital(signal.cheby1, 8, 1, 0.05), "filter"),
    system("cheby8 zpk", lambda: zpk(signal.cheby1, 8, 1, 0.05), "filter"),
    system("ellip6", lambda: digital(signal.ellip, 6, 1, 60, 0.05), "filter"),
    system(
        "sections5",
        lambda: sections(signal.butter(5, [49 / 22000, 51 / 22000], "bandpass", output="sos")),
        "filter",
    ),
    system("sections6", lambda: sections(signal.ellip(6, 1, 60, 0.2, output="sos")), "filter"),
    system("delay6", lambda: delay(6), "filter"),
    system("fir8", lambda: fir(weyl(9)), "filter"),
    system("pade4", lambda: pade(4), "filter"),
    system("pade8", lambda: pade(8), "filter"),
    # structure
    system("jordan3", lambda: jordan(3, 0.7, 1.0)),
    system("jordan5 slow", lambda: jordan(5, -0.01)),
    system(
        "rank one",
        lambda: ht.LTI(
            np.array([[0.1, 0.2], [0.3, 0.6]]) * 0.9 / 0.7, [1.0, -2], [2.0, -1], dt=1.0
        ),
    ),
    system(
        "skew3",
        lambda: ht.LTI(
            [[0, 0.5, -0.3], [-0.5, 0, 0.4], [0.3, -0.4, 0]], [1.0, 0.5, -1], [0.2, 1, 1], dt=1.0
        ),
    ),
    system(
        "rank two of five",
        lambda: ht.LTI(
            0.5 * np.outer(weyl(5), weyl(5, seed=1))
            + 0.3 * np.outer(weyl(5, seed=2), weyl(5, seed=3)),
            weyl(5, seed=4),
            weyl(5, seed=5),
            dt=1.0,
        ),
    ),
    system("uncontrollable", lambda: hidden(False, True), "hidden"),
    system("unobservable", lambda: hidden(True, False), "hidden"),
    system("hidden both", lambda: hidden(False, False), "hidden"),
    system("hidden rotated", lambda: rotated(hidden(False, False)), "hidden"),
    system("twice", lambda: twice(units_example()), "hidden", "twice"),
    system("twice masses2", lambda: twice(masses(2, 1)), "hidden", "twice"),
    system(
        "twice discrete",
        lambda: twice(
            ht.LTI(
                [[0.6, -0.8, 0.1], [-0.2, -0.1, -0.1], [-0.6, -0.1, -0.3]],
                [3.3, 0.2, -0.4],
                [-0.3, -0.7, -1.1],
                dt=1.0,
            )
        ),
        "hidden",
        "twice",
    ),
    system("twice s4d_lin4", lambda: twice(family("s4d_lin", 4)), "hidden", "twice", "equal poles"),
    system(
        "equal poles",
        lambda: ht.DiagonalLTI([-1.0, -1.0, -2.0], [1.0, 2, 1], [1.0, 1, -1]),
        "hidden",
        "equal poles",
    ),
    system(
        "feedthrough",
        lambda: ht.LTI(np.zeros((0, 0)), np.zeros((0, 2)), np.zeros((3, 0)), weyl(3, 2), dt=1.0),
    ),
    system("no states", lambda: ht.LTI(np.zeros((0, 0)), np.zeros(0), np.zeros(0), 0.5, dt=1.0)),
    system(
        "no states, two inputs",
        lambda: ht.LTI(np.zeros((0, 0)), np.zeros((0, 2)), np.zeros((1, 0)), [[1.0, 2.0]], dt=1.0),
    ),
    system("no states continuous", lambda: ht.LTI(np.zeros((0, 0)), np.zeros(0), np.zeros(0))),
    system("no poles", lambda: ht.DiagonalLTI([], [], [], dt=1.0)),
    system("one state", lambda: ht.LTI([[-2.0]], [3.0], [0.5])),
    system("one state discrete", lambda: ht.LTI([[0.5]], [[3.0]], [[0.5]], dt=0.1)),
    system("one pole", lambda: ht.DiagonalLTI([0.3 + 0.4j], [1.0], [2.0], dt=1.0)),
    system("nothing driven", lambda: ht.LTI(-np.eye(2), [0.0, 0], [1.0, 1]), "hidden", "zero"),
    system(
        "nothing read",
        lambda: ht.LTI(0.5 * np.eye(2), [1.0, 1], [0.0, 0], dt=1.0),
        "hidden",
        "zero",
    ),
    system(
        "complex dense",
        lambda: ht.LTI(
            full(4, 1, 1, dt=1.0).A * (1 + 0.2j) * 0.9,
            weyl(4) + 1j * weyl(4, seed=1),
            weyl(4, seed=2) - 1j,
            dt=1.0,
        ),
    ),
    system(
        "complex dense continuous",
        lambda: ht.LTI(
            full(4, 1, 1).A + 1j * np.diag([1.0, 2, -3, 0]), weyl(4) + 1j, weyl(4, seed=2) * 1j
        ),
    ),
    system(
        "complex diagonal",
        lambda: ht.DiagonalLTI([-0.1 + 5j, -0.3 - 1j, -2.0], [1.0, 2j, 1], [1.0, 1, 1 - 1j]),
    ),
    system("full6", lambda: full(6, 1, 1, siso=True)),
    system("full6 discrete", lambda: full(6, 1, 1, dt=0.5, siso=True)),
    system("tall", lambda: full(5, 2, 4)),
    system("tall discrete", lambda: full(5, 2, 4, dt=1.0)),
    system("wide", lambda: full(5, 4, 2, seed=3)),
    system("wide discrete", lambda: full(5, 4, 2, dt=1.0, seed=3)),
    system("more channels than states", lambda: full(2, 3, 4)),
    system("more channels than states discrete", lambda: full(2, 4, 3, dt=1.0)),
    system("pairs", lambda: pairs(5, discrete=False)),
    system("pairs discrete", lambda: pairs(5, discrete=True)),
    system("diagonal 2x3", lambda: many_channels(4, 3, 2, discrete=False, conjugate=False)),
    system("diagonal pairs 3x2", lambda: many_channels(4, 2, 3, discrete=True, conjugate=True)),
    system(
        "resonator",
        lambda: ht.LTI(
            (1 - 1e-7) * np.array([[np.cos(0.3), np.sin(0.3)], [-np.sin(0.3), np.cos(0.3)]]),
            [1.0, 0],
            [0.0, 1],
            dt=1.0,
        ),
    ),
    system(
        "near circle",
        lambda: ht.DiagonalLTI(
            (1 - np.array([1e-9, 1e-6, 1e-3])) * np.exp(1j * np.array([0.2, 0.5, 1])),
            [1.0, 1, 1],
            [1.0, 2, 1],
            dt=1.0,
        ),
    ),
    system("stiff", lambda: ht.LTI(np.diag([-1e-9, -1, -1e9]), np.ones(3), np.ones(3))),
    system("stiff diagonal", lambda: ht.DiagonalLTI([-1e-9, -1, -1e9], np.ones(3), np.ones(3))),
    # layers
    *(
        system(f"{n}12", lambda n=n: family(n, 12), "layer")
        for n in ("legs", "legt", "lmu", "lagt", "fout")
    ),
    *(
        system(f"{n}12 dplr", lambda n=n: family(n, 12, form="dplr"), "layer")
        for n in ("legs", "fout")
    ),
    *(
        system(f"{n}8", lambda n=n: family(n, 8), "layer")
        for n in ("s4d_lin", "s4d_inv", "s4d_legs", "s4d_real")
    ),
    system(
        "lru ring8",
        lambda: ht.lti.family("lru_ring", 8, rng=np.random.default_rng(1), r_min=0.5, r_max=0.99),
        "layer",
    ),
    system("roots of unity8", lambda: family("roots_of_unity", 8), "layer"),
    system("uniform disk8", lambda: family("uniform_disk", 8, radius=0.95), "layer"),
    system("lagt after legs", lambda: family("lagt", 8) @ family("legs", 8), "layer"),
    *every_scheme(),
    # units
    system("units down", lambda: in_units(units_example(), [27, 0, -30]), "units"),
    system("units up", lambda: in_units(units_example(), [-27, 0, 30]), "units"),
    system("units discrete", lambda: in_units(units_example(0.1), [40, 0, -40]), "units"),
    system(
        "units masses4", lambda: in_units(masses(4, 2), [40, -40, 20, 0, -20, 40, 10, -7]), "units"
    ),
    system(
        "units sections6",
        lambda: in_units(
            sections(signal.ellip(6, 1, 60, 0.2, output="sos")), [-40, 40, 3, 0, 20, -20]
        ),
        "units",
        "filter",
    ),
    system("gain 1e9", lambda: scaled(moore(), gain=1e9), "units"),
    system("gain 1e-9", lambda: scaled(moore(), gain=1e-9), "units"),
    system("fast 1e9", lambda: scaled(masses(2, 1), time=1e9), "units"),
    system("slow 1e-9", lambda: scaled(masses(2, 1), time=1e-9), "units"),
    # single precision
    system(
        "single triangular",
        lambda: single(
            ht.LTI(
                [[0.7, 0.3, 0.1], [0, 0.7, 0.2], [0, 0, 0.45]], np.ones(3), [1.0, -2, 0.5], dt=1.0
            )
        ),
        "single",
    ),
    system("single masses2", lambda: single(masses(2, 1)), "single"),
    system("single pairs", lambda: single(pairs(4, discrete=True)), "single"),
    # no stable systems
    system("integrator", lambda: ht.LTI([[0.0, 1], [0, -1]], [0.0, 1], [1.0, 0]), "unstable"),
    system(
        "unstable and stable",
        lambda: rotated(ht.LTI(np.diag([0.5, -1, -2.0]), [1.0, 1, 1], [1.0, 2, -1])),
        "unstable",
    ),
    system(
        "unstable discrete",
        lambda: ht.LTI(np.diag([1.2, 0.5]) + 0.1, [1.0, 1], [1.0, -1], dt=1.0),
        "unstable",
    ),
)
BY_NAME = {row.name: row for row in SYSTEMS}
