"""A study is cells, a measurement of each and a figure; this file runs it.

A module ``studies/NAME.py`` is a study. Line 1 of its docstring is its claim, and it has

* ``Params``: a frozen dataclass with defaults, whose fields are the study's flags;
* ``QUICK``: a ``Params`` that takes at most 10 s;
* ``cells(params) -> list``: the independent pieces of work, each JSON-able (a frozen dataclass,
  dict or tuple); bad parameters and data are refused here, by ValueError;
* ``measure(cell, rng) -> list``: the tidy rows of one cell, flat dicts of numbers and words;
* ``plot(table) -> Figure``: the figure, drawn from the CSV as read back;
* ``TIMING = True`` where rows hold timings: table and record then name the machine.

None of them writes, prints or keeps state. A seed belongs to a cell, so serial, parallel and
resumed runs agree to the bit.
"""

import dataclasses
import importlib
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd

import studies
from hippo_theory import _check
from studies import _cells, _outputs, _partial
from studies._cells import CellError as CellError

CONTRACT = ("Params", "QUICK", "cells", "measure", "plot")
PathLike = str | os.PathLike[str]


class NotHere(Exception):  # noqa: N818  nothing is wrong with the study
    """Raised by ``cells``: the study cannot run on this machine; the message says why."""


class Refused(ValueError):  # noqa: N818  so that its sentence stands alone
    """Folder, seed, jobs, parameters or data are wrong; the message says which."""


def load(name: str) -> ModuleType:
    """Return the study called `name`."""
    _check.option("study", name, studies.names())
    study = importlib.import_module(f"studies.{name}")
    missing = [word for word in CONTRACT if not hasattr(study, word)]
    if missing or not study.__doc__:
        raise TypeError(f"study {name!r} must have {', '.join(missing) or 'a docstring'}")
    return study


def claim(study: ModuleType) -> str:
    """Return the first line of a study's docstring."""
    return (study.__doc__ or "").strip().partition("\n")[0]


def run(
    study: ModuleType,
    params: Any = None,
    *,
    out: PathLike = "figures",
    seed: int = 0,
    jobs: int | None = None,
) -> pd.DataFrame:
    """Measure every cell of `study` and write NAME.csv, .json, .png and .pdf in `out`.

    Parameters
    ----------
    study : module
        See the contract above.
    params : study.Params, optional
        None: the defaults.
    out : path
        Folder of the outputs. Rows are kept there as cells finish, in NAME.partial.jsonl.
    seed : int
        Cell k draws from ``SeedSequence(seed).spawn(len(cells))[k]``.
    jobs : int, optional
        Processes, as joblib counts them. None: what ``joblib.parallel_config`` says, else one.

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
        If a cell raised. All the others are finished and kept: the next run starts from them.
    """
    began = time.perf_counter()
    params = study.Params() if params is None else params
    with _refusals():
        seed = _check.integer("seed", seed, 0)
        if jobs == 0:
            raise ValueError("jobs must not be 0; -1 means all cores")
        if Path(out).is_file():
            raise ValueError(f"out must be a folder, got the file {out}")
        cells = list(study.cells(params))
        if not cells:
            raise ValueError(f"{params!r} leaves no cell to measure")
    stem = Path(out) / name_of(study)
    says = _says(study, params, seed)
    rests_on = {"sources": _outputs.sources(study), "data": _data(params), "cells": cells}
    partial = stem.with_suffix(".partial.jsonl")
    header = {key: _partial.digest(value) for key, value in {**says, **rests_on}.items()}
    rows = _cells.measure_all(
        study.measure, cells, seed=seed, jobs=jobs, partial=partial, header=header
    )
    if "machine" in says:
        rows = [{**row, "machine": says["machine"]} for row in rows]
    _outputs.write_table(stem.with_suffix(".csv"), rows)
    _outputs.write_record(stem.with_suffix(".json"), says)
    partial.unlink(missing_ok=True)
    table = _outputs.draw(study, stem)
    seconds = time.perf_counter() - began
    print(f"{stem}.csv .json .png .pdf: {len(table)} rows in {seconds:.1f} s", flush=True)
    return table


def redraw(study: ModuleType, *, out: PathLike = "figures") -> pd.DataFrame:
    """Draw NAME.png and NAME.pdf again from NAME.csv in `out`; return the table."""
    began = time.perf_counter()
    stem = Path(out) / name_of(study)
    if not stem.with_suffix(".csv").exists():
        raise FileNotFoundError(
            f"{stem}.csv must exist to be drawn; python -m studies run {stem.name} writes it"
        )
    table = _outputs.draw(study, stem)
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


def name_of(study: ModuleType) -> str:
    """Return the name of a study, the stem of its outputs."""
    return study.__name__.rpartition(".")[2]


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except (ValueError, OSError) as error:
        raise Refused(str(error)) from error


def _says(study: ModuleType, params: Any, seed: int) -> dict[str, Any]:
    """Return what the JSON record says of a run before there is one."""
    says = {
        "study": name_of(study),
        "claim": claim(study),
        "parameters": params,
        "seed": seed,
        "versions": _outputs.versions(),
    }
    return {**says, "machine": _outputs.machine()} if getattr(study, "TIMING", False) else says


def _data(params: Any) -> dict[str, str]:
    """Return the digests of the files that parameters name."""
    values = [getattr(params, field.name) for field in dataclasses.fields(params)]
    paths = [value for value in values if isinstance(value, Path) and value.is_file()]
    return {str(path): _partial.digest(path.read_bytes()) for path in paths}
