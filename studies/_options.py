"""What can be typed after ``python -m studies``: the commands and their flags."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro
from tyro.conf import Positional

NAMES = tyro.conf.arg(metavar="NAME [NAME ...] | all", help="See list.", help_behavior_hint="")


@dataclass(frozen=True, kw_only=True)
class Place:
    """Which run of a study is meant."""

    quick: bool = False
    """Quick parameters: at most 10 s a study."""
    out: Path | None = None
    """Folder of the outputs (None: figures; build/quick with --quick; a folder in build of its
    own with other parameters or another seed)."""
    seed: int = 0
    """Every cell draws from a seed of its own, spawned from this one."""


@dataclass(frozen=True, kw_only=True)
class Options(Place):
    """How studies run."""

    jobs: int | None = None
    """Processes, as joblib counts them: -1 for all cores (None: one)."""
    limit: float | None = None
    """Seconds that a cell may take; one that takes longer has failed."""
    part: str | None = None
    """i/n: measure only this part of the cells; gather collects the parts of an array job."""
    scheduler: str | None = None
    """HOST:PORT or scheduler file of a dask cluster that measures the cells."""
    fresh: bool = False
    """Measure again the cells that an earlier run has finished."""


@dataclass(frozen=True)
class List:
    """Print every study with its claim, a line a study."""


@dataclass(frozen=True, kw_only=True)
class Run(Options):
    """Measure studies and write NAME.csv .json .png .pdf of each.

    A run that was interrupted continues where it stopped. A study's own parameters are flags
    that follow its name: see run NAME --help.
    """

    names: Annotated[Positional[tuple[str, ...]], NAMES]


@dataclass(frozen=True, kw_only=True)
class Gather(Place):
    """Write table and figure from cells that parts have finished (run NAME --part i/n)."""

    names: Annotated[Positional[tuple[str, ...]], NAMES]


@dataclass(frozen=True, kw_only=True)
class Check:
    """Check claims against the tables NAME.csv and print their numbers."""

    names: Annotated[Positional[tuple[str, ...]], NAMES]
    out: Path = Path("figures")
    """Folder of the CSV and its record."""


@dataclass(frozen=True, kw_only=True)
class Reproduce:
    """Run studies anew in build/reproduce and compare with the tables NAME.csv, to rounding."""

    names: Annotated[Positional[tuple[str, ...]], NAMES]
    out: Path = Path("figures")
    """Folder of the CSV."""
    jobs: int = 1
    """Processes, as joblib counts them: -1 for all cores."""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """Draw NAME.png .pdf again from NAME.csv."""

    names: Annotated[Positional[tuple[str, ...]], NAMES]
    out: Path = Path("figures")
    """Folder of the CSV and the figure."""


@dataclass(frozen=True, kw_only=True)
class Clean:
    """Remove the kept cells of runs whose tables are written."""

    names: Annotated[Positional[tuple[str, ...]], NAMES]
    out: Path | None = None
    """Folder of the outputs (None: figures and the folders in build)."""
    unfinished: bool = False
    """Remove the cells of interrupted runs, too."""
