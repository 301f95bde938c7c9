"""Measure the cells of a study, one after another or in parallel, to the same bits."""

import sys
import textwrap
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from typing import Any

import numpy as np
import scipy.linalg  # noqa: F401  its BLAS must be loaded before threadpool_limits can pin it
from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from studies import _partial

Measure = Callable[[Any, np.random.Generator], _partial.Rows]
PATIENCE = 2.0  # seconds without a progress bar
NAMED = 10  # failed cells in the final message; each new traceback is printed when it happens


class CellError(RuntimeError):
    """Some cells raised; the rows of all others are kept for the next run."""


def measure_all(
    measure: Measure,
    cells: Sequence[Any],
    *,
    seed: int,
    jobs: int | None,
    partial: Path,
    header: dict[str, Any],
) -> _partial.Rows:
    """Return the rows of all cells in order, measuring those that `partial` lacks.

    Cell k draws from ``SeedSequence(seed).spawn(len(cells))[k]``, whoever measures it and when.
    BLAS has one thread, since the order of its sums depends on their number.
    """
    finished = _partial.resume(partial, header)
    failed: dict[int, str] = {}
    kept = f"{partial} keeps the finished ones and the same command continues from there"
    try:
        with _progress(partial.name.partition(".")[0], len(cells), len(finished)) as bar:
            for cell, rows, trouble in _results(measure, cells, seed, jobs, finished):
                if trouble is not None:
                    if trouble not in failed.values():
                        bar.write(f"{_title(cells, cell)}\n{trouble}", file=sys.stderr)
                    failed[cell] = trouble
                    continue
                _partial.append(partial, header, cell, rows)
                finished[cell] = rows
                bar.update()
    except KeyboardInterrupt:
        print(f"\n{len(finished)} of {len(cells)} cells are finished; {kept}", file=sys.stderr)
        raise
    if failed:
        named = sorted(failed)[:NAMED]
        words = [f"{_title(cells, cell)}: {_last_line(failed[cell])}" for cell in named]
        raise CellError("\n".join([*words, f"{len(failed)} of {len(cells)} cells failed; {kept}"]))
    return [row for cell in range(len(cells)) for row in finished[cell]]


def _results(
    measure: Measure, cells: Sequence[Any], seed: int, jobs: int | None, finished: dict
) -> Iterator[tuple[int, _partial.Rows, str | None]]:
    """Yield cell, rows and what went wrong, in the order in which cells finish."""
    seeds = np.random.SeedSequence(seed).spawn(len(cells))
    work = [
        delayed(_result)(measure, cell, cells[cell], seeds[cell])
        for cell in range(len(cells))
        if cell not in finished
    ]
    # One cell a batch: what is finished is saved, and never waits for its neighbours.
    options: dict[str, Any] = {"return_as": "generator_unordered", "batch_size": 1}
    results: Any = Parallel(n_jobs=jobs, **options)(work)
    with threadpool_limits(1):
        for cell, text, trouble in results:
            yield cell, _partial.loads(text), trouble


def _result(
    measure: Measure, index: int, cell: Any, seed: np.random.SeedSequence
) -> tuple[int, str, str | None]:
    """Measure one cell: its rows as they will be saved, so that a resumed run sees the same."""
    try:
        with threadpool_limits(1):
            rows = measure(cell, np.random.default_rng(seed))
        return index, _partial.dumps(_tidy(rows)), None
    except Exception:
        return index, "[]", traceback.format_exc()


def _tidy(rows: Any) -> _partial.Rows:
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise TypeError(f"measure must return a list of dicts, got {_short(rows)}")
    for row in rows:
        for name, value in row.items():
            if not isinstance(name, str) or np.ndim(value) != 0 or isinstance(value, complex):
                raise TypeError(f"a row must hold real numbers and words, got {name!r}: {value!r}")
    return rows


@contextmanager
def _progress(name: str, total: int, finished: int) -> Iterator[tqdm]:
    """Show a bar for what takes longer than `PATIENCE`, even while the first cell is at work."""
    pace = 0.1 if sys.stderr.isatty() else 10.0  # seconds between lines of a log
    with tqdm(
        desc=name,
        total=total,
        initial=finished,
        delay=PATIENCE,
        mininterval=pace,
        leave=False,
    ) as bar:
        show = Timer(PATIENCE, bar.refresh)
        show.daemon = True
        show.start()
        try:
            yield bar
        finally:
            show.cancel()


def _title(cells: Sequence[Any], cell: int) -> str:
    return f"cell {cell}, {_short(cells[cell])}"


def _short(value: Any) -> str:
    return textwrap.shorten(repr(value), 200, placeholder=" ...")


def _last_line(text: str) -> str:
    return text.strip().rpartition("\n")[2]
