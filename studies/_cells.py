"""Measure the cells of a study, here or in processes elsewhere, to the same bits."""

import sys
import textwrap
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, BinaryIO

import numpy as np
import pandas as pd
import scipy.linalg  # noqa: F401  its BLAS must be loaded before threadpool_limits can pin it
from threadpoolctl import threadpool_limits

from studies import _files, _origin, _pool, _store
from studies._progress import progress
from studies._trouble import Trouble

Front = Callable[["Task", Sequence[int]], Any]  # a generator of (cell, Trouble or None)
PLAIN = {float, int, str, bool}
NAMED = 10  # failed cells in the final message; each kind of failure is told when it happens


class CellError(RuntimeError):
    """Some cells failed; the rows of all others are kept for the next run."""


@dataclass(frozen=True)
class Task:
    """The work of a run: cell k draws from ``SeedSequence(seed).spawn(...)[k]``.

    BLAS has one thread, since the order of its sums depends on their number.
    """

    measure: Callable[[Any, np.random.Generator], Any]
    cells: Sequence[Any]
    seed: int
    store: _store.Store
    fresh: bool = False
    """Whether what another run finishes meanwhile is measured all the same."""

    def __call__(self, cell: int) -> Trouble | None:
        """Measure a cell and keep its rows; return what went wrong."""
        if not self.fresh and self.store.has(cell):
            return None
        columns = self.columns(cell)
        if isinstance(columns, Trouble):
            return columns
        try:
            self.store.put(cell, columns, _here())
        except OSError as error:
            return Trouble.of(error, stops=True)
        return None

    def write(self, file: BinaryIO, cell: int) -> Trouble | None:
        """Measure a cell and write what its file holds to `file`."""
        columns = self.columns(cell)
        if isinstance(columns, Trouble):
            return columns
        _store.write(file, self.store.folder.name, cell, columns, _here())
        return None

    def columns(self, cell: int) -> _store.Columns | Trouble:
        """Measure a cell; return its rows as columns, or what went wrong."""
        seed = np.random.SeedSequence(self.seed, spawn_key=(cell,))
        try:
            with threadpool_limits(1):
                rows = self.measure(self.cells[cell], np.random.default_rng(seed))
            return _tidy(rows)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # SystemExit is a failure of the cell alone
            return Trouble.of(error)


def in_this_process(task: Task, todo: Sequence[int]) -> Iterable[_pool.Ended]:
    """Measure one cell after another."""
    for cell in todo:
        yield cell, task(cell)


def measure_all(task: Task, todo: Sequence[int], front: Front, *, name: str, total: int) -> None:
    """Measure the cells in `todo`, of `total` wanted ones, and keep their rows in the store.

    Raises CellError, when all others are finished, if cells have failed.
    """
    failed: dict[int, Trouble] = {}
    done = total - len(todo)
    folder = _files.shown(task.store.folder)
    kept = f"{folder} keeps the finished ones and the same command continues from there"
    try:
        with progress(name, total, done) as shown, closing(front(task, todo)) as results:
            for cell, trouble in results:
                if trouble is None:
                    done += 1
                    shown.step()
                    continue
                if trouble.stops:
                    raise OSError(trouble.sentence)
                if trouble.kind not in {known.kind for known in failed.values()}:
                    shown.say(f"{_title(task, cell)}\n{trouble.text}")
                failed[cell] = trouble
    except KeyboardInterrupt:
        print(f"\n{done} of {total} cells are finished; {kept}", file=sys.stderr)
        raise
    except (OSError, _pool.CannotStart) as error:
        raise CellError(f"{error}\n{done} of {total} cells are finished; {kept}") from error
    if failed:
        named = sorted(failed)[:NAMED]
        words = [f"{_title(task, cell)}: {failed[cell].sentence}" for cell in named]
        raise CellError("\n".join([*words, f"{len(failed)} of {total} cells failed; {kept}"]))


@lru_cache(1)
def _here() -> dict[str, str]:
    return _origin.machine()


def _tidy(rows: Any) -> _store.Columns:
    """Return rows as columns, refusing what is no flat table of numbers and words."""
    is_list = isinstance(rows, list) and all(isinstance(row, dict) for row in rows)
    if not is_list and not isinstance(rows, pd.DataFrame):
        raise TypeError(f"measure must return a list of dicts, got {_short(rows)}")
    columns = _store.columns_of(rows)
    for name, values in columns.items():
        known = isinstance(name, str) and _is_plain(values)
        for value in () if known else values:
            if not isinstance(name, str) or np.ndim(value) != 0 or isinstance(value, complex):
                raise TypeError(f"a row must hold real numbers and words, got {name!r}: {value!r}")
    return columns


def _is_plain(values: list | pd.Series) -> bool:
    """Whether all values are real numbers or words, as most columns show at once."""
    if isinstance(values, pd.Series) and values.dtype.kind in "fiub":
        return True
    return set(map(type, values)) <= PLAIN


def _title(task: Task, cell: int) -> str:
    return f"cell {cell}, {_short(task.cells[cell])}"


def _short(value: Any) -> str:
    return textwrap.shorten(repr(value), 200, placeholder=" ...")
