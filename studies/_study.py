"""A study is cells, a measurement of each and a figure; this file runs it.

A module ``studies/NAME.py`` is a study. Line 1 of its docstring is its claim, and it has

* ``Params``: a frozen dataclass with defaults, whose fields are the study's flags;
* ``QUICK``: a ``Params`` that takes at most 10 s;
* ``cells(params) -> list``, or a generator: the independent pieces of work, each JSON-able (a
  frozen dataclass, dict or tuple); bad data, and parameters that are bad beyond the bounds of
  their fields (see ``_bounds``), are refused here, by ValueError;
* ``measure(cell, rng) -> list``: the tidy rows of one cell, flat dicts of numbers and words, or
  a data frame where they are many;
* ``plot(table) -> Figure``: the figure, drawn from the CSV as read back;
* ``check(table) -> dict``, where the claim can be checked: the numbers of the claim, taken from
  the CSV as read back; it asserts what the claim says of the default parameters;
* ``bytes_needed(params) -> float``, where a cell may be too large: what the largest one takes;
* ``TOLERANCES = {column: (relative, absolute)}``, where another machine moves more than last
  digits; see ``_reproduce``;
* ``TIMING = True`` where rows hold timings: table and record then name the machine.

None of them writes, prints or keeps state. A seed belongs to a cell, so serial, parallel and
resumed runs agree to the bit.
"""

import importlib
import os
import sys
import time
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd

import studies
from hippo_theory import _check
from studies import _cells, _claims, _files, _job, _outputs, _pool, _reproduce
from studies._cells import CellError as CellError
from studies._claims import Contradicted as Contradicted
from studies._claims import claim as claim
from studies._job import FigureError as FigureError
from studies._job import Refused as Refused
from studies._job import folder as folder
from studies._job import name_of as name_of
from studies._reproduce import Differs as Differs

CONTRACT = ("Params", "QUICK", "cells", "measure", "plot")
PathLike = str | os.PathLike[str]


class NotHere(Exception):  # noqa: N818  nothing is wrong with the study
    """Raised by ``cells``: the study cannot run on this machine; the message says why."""


def load(name: str) -> ModuleType:
    """Return the study called `name`."""
    _check.option("study", name, studies.names())
    study = importlib.import_module(f"studies.{name}")
    missing = [word for word in CONTRACT if not hasattr(study, word)]
    if missing or not study.__doc__:
        raise TypeError(f"study {name!r} must have {', '.join(missing) or 'a docstring'}")
    return study


def run(
    study: ModuleType,
    params: Any = None,
    *,
    out: PathLike | None = None,
    seed: int = 0,
    jobs: int | None = None,
    limit: float | None = None,
    scheduler: str | None = None,
    fresh: bool = False,
) -> pd.DataFrame:
    """Measure every cell of `study` and write NAME.csv, .json, .png and .pdf in `out`.

    Parameters
    ----------
    study : module
        See the contract above.
    params : study.Params, optional
        None: the defaults.
    out : path, optional
        Folder of the outputs. Finished cells are kept there, in ``.cells``. None: see `folder`.
    seed : int
        Cell k draws from ``SeedSequence(seed).spawn(len(cells))[k]``.
    jobs : int, optional
        Processes that measure, as joblib counts them. A cell that ends its process is tried again
        alone, and then fails alone. None: the cells are measured in this process.
    limit : float, optional
        Seconds that a cell may take before its process is ended; the cell has then failed.
    scheduler : str, optional
        Address or scheduler file of a dask cluster whose workers measure.
    fresh : bool
        Whether cells that an earlier run has finished are measured again. Timings always are.

    Returns
    -------
    DataFrame
        The table, as read back from the CSV.

    Raises
    ------
    NotHere
        If the study cannot run on this machine. Nothing is written.
    Refused
        If `out`, `seed`, `jobs`, the parameters or their data are wrong. Nothing is written.
    CellError
        If a cell failed. All the others are finished and kept: the next run starts from them.
    Contradicted
        If the table of the default parameters contradicts the claim. It is written as
        NAME.refuted.csv, without figure and record; files of an earlier run stay as they are.
    FigureError
        If `plot` raises. Table and record are written.
    """
    began = time.perf_counter()
    front = _front(jobs, limit, scheduler)
    job = _job.prepare(study, params, out=out, seed=seed)
    fresh = fresh or job.is_timed_already
    finished = set() if fresh else job.store.finished(len(job.cells))
    todo = sorted(set(range(len(job.cells))) - finished)
    _measure(job, front, todo, total=len(job.cells), fresh=fresh)
    return _collect(job, began, "" if len(finished) < len(job.cells) else ", from finished cells")


def run_part(
    study: ModuleType,
    params: Any = None,
    *,
    part: tuple[int, int],
    out: PathLike | None = None,
    seed: int = 0,
    jobs: int | None = None,
    limit: float | None = None,
) -> None:
    """Measure part i of n of the cells of `study`, for `gather` to collect.

    The parts may run at once on machines that share the folder `out`, with the same sources,
    versions and parameters. Part (i, n) holds the cells i - 1, i - 1 + n, i - 1 + 2 n, ...
    """
    number, count = part
    with _job.refusals():
        _check.integer("the number of parts", count)
        if not 1 <= number <= count:
            raise ValueError(
                f"part must be one of 1/{count} to {count}/{count}, got {number}/{count}"
            )
    front = _front(jobs, limit, None)
    job = _job.prepare(study, params, out=out, seed=seed)
    mine = range(number - 1, len(job.cells), count)
    finished = job.store.finished(len(job.cells))
    _measure(job, front, [cell for cell in mine if cell not in finished], total=len(mine))
    there = sum(job.store.path(cell).exists() for cell in range(len(job.cells)))
    print(
        f"part {number}/{count} of {job.name}: {len(mine)} cells are finished, "
        f"{there} of {len(job.cells)} in all; gather {job.name}, with the same flags, "
        "collects them",
        flush=True,
    )


def gather(
    study: ModuleType, params: Any = None, *, out: PathLike | None = None, seed: int = 0
) -> pd.DataFrame:
    """Write table, record and figure from cells that parts have finished; return the table.

    Raises CellError, and names the cells, if some are missing.
    """
    began = time.perf_counter()
    job = _job.prepare(study, params, out=out, seed=seed)
    missing = sorted(set(range(len(job.cells))) - job.store.finished(len(job.cells)))
    if missing:
        named = ", ".join(map(str, missing[:10])) + (", ..." if len(missing) > 10 else "")
        raise CellError(
            f"{len(missing)} of {len(job.cells)} cells of {job.name} are missing in "
            f"{_files.shown(job.store.folder)}: {named}"
        )
    return _collect(job, began, f", from {len(job.cells)} finished cells")


def check(study: ModuleType, *, out: PathLike = "figures") -> dict[str, Any]:
    """Print and return the numbers of the claim of `study`, from NAME.csv in `out`.

    Raises Contradicted if the table contradicts the claim, or the record names another table.
    """
    stem = Path(out) / name_of(study)
    path = _must_exist(stem, "checked")
    record = _files.read_json(stem.with_suffix(".json"))
    if record.get("csv_sha256") != _files.digest_of(path):
        raise Contradicted(f"{stem}.json must be the record of {path}, but names another table")
    verdict = _claims.judge(study, _outputs.read_table(path))
    if verdict.fault:
        raise Contradicted(f"{path} contradicts the claim {claim(study)!r}: {verdict.fault}")
    for line in _claims.found(study, verdict) or [f"{stem.name} has no check"]:
        print(line)
    return verdict.numbers


def reproduce(
    study: ModuleType,
    *,
    out: PathLike = "figures",
    scratch: PathLike = "build/reproduce",
    jobs: int | None = None,
) -> str:
    """Run the defaults of `study` anew in the folder `scratch` and compare with NAME.csv in `out`.

    Returns, and prints, how far the tables are apart; raises Differs if that is more than the
    study allows (see `_reproduce.compare`).
    """
    committed = _outputs.read_table(_must_exist(Path(out) / name_of(study), "reproduced"))
    here = run(study, out=scratch, jobs=jobs, fresh=True)
    said = _reproduce.compare(study, here, committed)
    print(said)
    return said


def redraw(study: ModuleType, *, out: PathLike = "figures") -> pd.DataFrame:
    """Draw NAME.png and NAME.pdf again from NAME.csv in `out`; return the table."""
    began = time.perf_counter()
    stem = Path(out) / name_of(study)
    table = _outputs.read_table(_must_exist(stem, "drawn"))
    _job.draw(study, stem, table)
    print(f"{stem}.png .pdf: drawn in {time.perf_counter() - began:.1f} s", flush=True)
    return table


def main(path: PathLike) -> None:
    """Do for the study in the file `path` what ``python -m studies run NAME`` does."""
    here = Path(path).resolve()
    sys.path[0] = str(here.parents[1])
    # An installed copy may have been imported by now; the checkout that holds `path` is meant.
    for module in [m for m in sys.modules if m.partition(".")[0] in ("studies", "hippo_theory")]:
        del sys.modules[module]
    command_line = importlib.import_module("studies.__main__")
    sys.exit(command_line.main(["run", here.stem, *sys.argv[1:]]))


def _front(jobs: int | None, limit: float | None, scheduler: str | None) -> _cells.Front:
    """Return what measures: this process, processes of this machine, or a cluster."""
    with _job.refusals():
        if jobs == 0:
            raise ValueError("jobs must not be 0; -1 means all cores")
        if limit is not None:
            _check.number("limit", limit, above=0)
        if scheduler is not None and (jobs is not None or limit is not None):
            raise ValueError("jobs and limit are of this machine; a scheduler has its own")
    if scheduler is not None:
        from studies import _cluster

        return partial(_cluster.run, address=scheduler)
    if jobs is None and limit is None:
        return _cells.in_this_process
    return partial(_pool.run, jobs=1 if jobs is None else jobs, limit=limit)


def _measure(
    job: _job.Job, front: _cells.Front, todo: list[int], *, total: int, fresh: bool = False
) -> None:
    task = _cells.Task(job.study.measure, job.cells, job.seed, job.store, fresh)
    _cells.measure_all(task, todo, front, name=job.name, total=total)


def _collect(job: _job.Job, began: float, how: str) -> pd.DataFrame:
    table, verdict = _job.collect(job)
    for line in _claims.found(job.study, verdict):
        print(line)
    seconds = time.perf_counter() - began
    files = f"{job.stem}.csv .json .png .pdf"
    print(f"{files}: {len(table)} rows in {seconds:.1f} s{how}", flush=True)
    return table


def _must_exist(stem: Path, done: str) -> Path:
    path = stem.with_suffix(".csv")
    if not path.exists():
        raise FileNotFoundError(
            f"{path} must exist to be {done}; python -m studies run {stem.name} writes it"
        )
    return path
