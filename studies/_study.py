"""A study is cells, a measurement of each and a figure; this file runs it.

A module ``studies/NAME.py`` is a study. Line 1 of its docstring is its claim, and it has

* ``Params``: a frozen dataclass with defaults, whose fields are the study's flags;
* ``QUICK``: a ``Params`` that takes at most 10 s;
* ``cells(params) -> list``: the independent pieces of work, each JSON-able (a frozen dataclass,
  dict or tuple); bad parameters and data are refused here, by ValueError;
* ``measure(cell, rng) -> list``: the tidy rows of one cell, flat dicts of numbers and words;
* ``plot(table) -> Figure``: the figure, drawn from the CSV as read back;
* ``check(table) -> dict``, where the claim can be checked: the numbers of the claim, taken from
  the CSV as read back; it asserts what the claim says of the default parameters;
* ``TIMING = True`` where rows hold timings: table and record then name the machine.

None of them writes, prints or keeps state. A seed belongs to a cell, so serial, parallel and
resumed runs agree to the bit.
"""

import dataclasses
import importlib
import io
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
from studies import _cells, _claims, _outputs, _partial
from studies._cells import CellError as CellError
from studies._claims import Contradicted as Contradicted
from studies._claims import claim as claim

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


def run(
    study: ModuleType,
    params: Any = None,
    *,
    out: PathLike | None = None,
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
    out : path, optional
        Folder of the outputs. Rows are kept there as cells finish, in NAME.partial.jsonl. None:
        see `folder`.
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
    Contradicted
        If the table of the default parameters contradicts the claim. It is written as
        NAME.refuted.csv, without figure and record; files of an earlier run stay as they are.
    """
    began = time.perf_counter()
    params = study.Params() if params is None else params
    with _refusals():
        seed = _check.integer("seed", seed, 0)
        if jobs == 0:
            raise ValueError("jobs must not be 0; -1 means all cores")
        if out is not None and Path(out).is_file():
            raise ValueError(f"out must be a folder, got the file {out}")
        cells = list(study.cells(params))
        if not cells:
            raise ValueError(f"{params!r} leaves no cell to measure")
        out = folder(study, params, seed) if out is None else Path(out)
    stem = out / name_of(study)
    says, origin = _says(study, params, seed), _outputs.origin()
    rests_on = {"sources": _outputs.sources(study), "data": _data(params), "cells": cells}
    partial = stem.with_suffix(".partial.jsonl")
    header = {key: _partial.digest(value) for key, value in {**says, **rests_on}.items()}
    rows = _cells.measure_all(
        study.measure, cells, seed=seed, jobs=jobs, partial=partial, header=header
    )
    if "machine" in says:
        rows = [{**row, "machine": says["machine"]} for row in rows]
    text = _outputs.table_bytes(rows)
    verdict = _claims.judge(study, _outputs.read_table(io.BytesIO(text)))
    if verdict.fault and params == study.Params() and seed == 0:
        _partial.write_whole(stem.with_suffix(".refuted.csv"), text)
        raise Contradicted(
            f"{stem}.refuted.csv contradicts the claim {_claims.claim(study)!r}: {verdict.fault}"
        )
    _partial.write_whole(stem.with_suffix(".csv"), text)
    _outputs.write_record(stem.with_suffix(".json"), {**says, **origin})
    partial.unlink(missing_ok=True)
    table = _outputs.draw(study, stem)
    seconds = time.perf_counter() - began
    for line in _found(study, verdict):
        print(line)
    print(f"{stem}.csv .json .png .pdf: {len(table)} rows in {seconds:.1f} s", flush=True)
    return table


def check(study: ModuleType, *, out: PathLike = "figures") -> dict[str, Any]:
    """Print and return the numbers of the claim of `study`, from NAME.csv in `out`.

    Raises Contradicted if the table contradicts the claim, or the record names another table.
    """
    stem = Path(out) / name_of(study)
    path = _must_exist(stem, "checked")
    record = _outputs.read_record(stem.with_suffix(".json"))
    if record.get("csv_sha256") != _partial.digest(path.read_bytes()):
        raise Contradicted(f"{stem}.json must be the record of {path}, but names another table")
    verdict = _claims.judge(study, _outputs.read_table(path))
    if verdict.fault:
        raise Contradicted(
            f"{path} contradicts the claim {_claims.claim(study)!r}: {verdict.fault}"
        )
    for line in _found(study, verdict) or [f"{name_of(study)} has no check"]:
        print(line)
    return verdict.numbers


def redraw(study: ModuleType, *, out: PathLike = "figures") -> pd.DataFrame:
    """Draw NAME.png and NAME.pdf again from NAME.csv in `out`; return the table."""
    began = time.perf_counter()
    stem = Path(out) / name_of(study)
    _must_exist(stem, "drawn")
    table = _outputs.draw(study, stem)
    print(f"{stem}.png .pdf: drawn in {time.perf_counter() - began:.1f} s", flush=True)
    return table


def folder(study: ModuleType, params: Any, seed: int = 0) -> Path:
    """Return where a run's files go unless it is told: only default runs write ``figures``.

    Runs of QUICK go to ``build/quick``, all others to a folder of their own in ``build``.
    """
    if seed == 0 and params == study.Params():
        return Path("figures")
    if seed == 0 and params == study.QUICK:
        return Path("build/quick")
    told = _partial.digest([params, seed, _data(params)])
    return Path("build") / f"{name_of(study)}-{told[:8]}"


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


def _must_exist(stem: Path, done: str) -> Path:
    path = stem.with_suffix(".csv")
    if not path.exists():
        raise FileNotFoundError(
            f"{path} must exist to be {done}; python -m studies run {stem.name} writes it"
        )
    return path


def _found(study: ModuleType, verdict: _claims.Verdict) -> list[str]:
    """Say what was found: whether the claim holds, and its numbers."""
    if not _claims.has_check(study):
        return []
    if verdict.fault:
        return [f"{name_of(study)}: these parameters do not show its claim: {verdict.fault}"]
    return [f"{name_of(study)} holds: {_claims.claim(study)}", *verdict.lines()]


def _says(study: ModuleType, params: Any, seed: int) -> dict[str, Any]:
    """Return what the JSON record says of a run before there is one."""
    says = {
        "study": name_of(study),
        "claim": _claims.claim(study),
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
