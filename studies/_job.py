"""A job is one run of a study: its cells, where they are kept, and what is written of them."""

import dataclasses
import os
import sys
import traceback
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd

from hippo_theory import _check
from studies import _bounds, _claims, _files, _memory, _origin, _outputs, _store
from studies._cells import CellError
from studies._claims import Contradicted

ROOM_FOR_CELLS = 2**30  # bytes: cells are small, and what is large in them is shared


class Refused(ValueError):  # noqa: N818  so that its sentence stands alone
    """Folder, seed, jobs, parameters or data are wrong; the message says which."""


class FigureError(RuntimeError):
    """The figure cannot be drawn; the table is written."""


@dataclasses.dataclass(frozen=True)
class Job:
    """One run of a study with its parameters, seed and folder."""

    study: ModuleType
    params: Any
    seed: int
    cells: list
    out: Path
    says: dict[str, Any]
    """What the record says of a run before there is one."""
    origin: dict[str, Any]
    store: _store.Store

    @property
    def name(self) -> str:
        """The study's name, the stem of its outputs."""
        return name_of(self.study)

    @property
    def stem(self) -> Path:
        """The path of the outputs without their suffixes."""
        return self.out / self.name

    @property
    def is_timed_already(self) -> bool:
        """Whether the cells hold timings whose table is written: the next run takes new ones."""
        return "machine" in self.says and self.store.is_collected()


def prepare(study: ModuleType, params: Any, *, out: Any, seed: int) -> Job:
    """Return the job of a run; Refused if anything that the user gave is wrong."""
    params = study.Params() if params is None else params
    with refusals():
        seed = _check.integer("seed", seed, 0)
        if out is not None:
            _must_be_folder(Path(out))
        _bounds.check(study, params)
        _must_fit(study, params)
        cells = _cells_of(study, params)
        out = folder(study, params, seed) if out is None else Path(out)
        says = _says(study, params, seed)
        rests_on = {"sources": _origin.sources(study), "data": _data(params)}
        rests_on["cells"] = [_files.digest(cell) for cell in cells]
        store = _store.open_store(out, name_of(study), {**says, **rests_on})
    return Job(study, params, seed, cells, out, says, _origin.of_sources(), store)


def collect(job: Job) -> tuple[pd.DataFrame, _claims.Verdict]:
    """Write table, record and figure of a job whose cells are finished; judge the table.

    Raises Contradicted, with a table that is put aside, if it contradicts the claim of a default
    run, and FigureError if it cannot be drawn.
    """
    count, csv = len(job.cells), job.stem.with_suffix(".csv")
    written = _write(job)
    table = _outputs.read_table(written)
    verdict = _claims.judge(job.study, table)
    if verdict.fault and job.params == job.study.Params() and job.seed == 0:
        aside = job.stem.with_suffix(".refuted.csv")
        os.replace(written, aside)
        raise Contradicted(
            f"{aside} contradicts the claim {_claims.claim(job.study)!r}: {verdict.fault}"
        )
    os.replace(written, csv)
    record = {**job.says, **job.store.origins(count), **job.origin}
    _outputs.write_record(job.stem.with_suffix(".json"), record)
    job.store.collect(_files.digest_of(csv))
    draw(job.study, job.stem, table)
    return table, verdict


def draw(study: ModuleType, stem: Path, table: pd.DataFrame) -> None:
    """Draw NAME.png and NAME.pdf; FigureError if `plot` raises."""
    try:
        _outputs.draw(study, stem, table)
    except OSError:
        raise
    except Exception as error:
        traceback.print_exc(file=sys.stderr)
        raise FigureError(
            f"{stem}.csv is written and its figure failed: {type(error).__name__}: {error}; "
            f"python -m studies figure {stem.name} --out {stem.parent} draws it again"
        ) from error


def folder(study: ModuleType, params: Any, seed: int = 0) -> Path:
    """Return where a run's files go unless it is told: only default runs write ``figures``.

    Runs of QUICK go to ``build/quick``, all others to a folder of their own in ``build``.
    """
    if seed == 0 and params == study.Params():
        return Path("figures")
    if seed == 0 and params == study.QUICK:
        return Path("build/quick")
    told = _files.digest([params, seed, _data(params)])
    return Path("build") / f"{name_of(study)}-{told[:8]}"


def name_of(study: ModuleType) -> str:
    """Return the name of a study, the stem of its outputs."""
    return study.__name__.rpartition(".")[2]


def _must_fit(study: ModuleType, params: Any) -> None:
    """Refuse a largest cell that needs more than this machine has, by the study's estimate."""
    needed, there = getattr(study, "bytes_needed", lambda _: 0)(params), _memory.available()
    if needed > there:
        raise ValueError(
            f"the largest cell of {params!r} needs {_memory.words(needed)} of memory, "
            f"and {_memory.words(there)} are there"
        )


def _cells_of(study: ModuleType, params: Any) -> list:
    """Return the cells, refusing parameters that make none or far too many."""
    try:
        with _memory.at_most(ROOM_FOR_CELLS):
            cells = _bounds.counted(study.cells(params))
    except MemoryError:
        limit = _memory.words(ROOM_FOR_CELLS)
        raise ValueError(f"the list of cells of {params!r} takes more than {limit}") from None
    if not cells:
        raise ValueError(f"{params!r} leaves no cell to measure")
    return cells


def _must_be_folder(out: Path) -> None:
    for path in (out, *out.parents):
        if path.is_file():
            raise ValueError(f"out must be a folder, got the file {path}")


@contextmanager
def refusals() -> Iterator[None]:
    """Turn the errors of a user's mistakes into Refused."""
    try:
        yield
    except (ValueError, TypeError, OSError) as error:
        raise Refused(str(error)) from error


def _write(job: Job) -> Path:
    """Write the table beside its cells, until it is known to bear out the claim."""
    table = job.store.table(len(job.cells))
    if table.empty:
        raise CellError(f"the {len(job.cells)} cells of {job.name} have left no row")
    if "machine" in job.says:
        table["machine"] = job.says["machine"]
    path = job.store.folder / f"table.{uuid.uuid4().hex}.csv"
    with _files.replacing(path) as file:
        _outputs.write_table(file, table)
    return path


def _says(study: ModuleType, params: Any, seed: int) -> dict[str, Any]:
    says = {
        "study": name_of(study),
        "claim": _claims.claim(study),
        "parameters": params,
        "seed": seed,
        "versions": _origin.versions(),
    }
    return {**says, "machine": _origin.timed_on()} if getattr(study, "TIMING", False) else says


def _data(params: Any) -> dict[str, str]:
    """Return the digests of the files that parameters name."""
    values = [getattr(params, field.name) for field in dataclasses.fields(params)]
    paths = [value for value in values if isinstance(value, Path) and value.is_file()]
    return {path.name: _files.digest_of(path) for path in paths}
