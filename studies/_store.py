"""One file for each finished cell, so that an interrupted run continues where it stopped.

``OUT/.cells/NAME/RUN/K.json`` holds the rows of cell K as columns, one a line, and at its end the
SHA-256 of all before. RUN is the digest of what the rows rest on: study, sources, parameters,
seed, versions, data. A file that is there is finished: it appears all at once, nothing is shared,
and nothing of another run is touched, so that any number of runs may work in one folder.
"""

import hashlib
import math
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pandas as pd

from studies import _files

Columns = dict[str, list | pd.Series]
HOME = ".cells"
ABOUT = "run.json"  # what the cells of a run rest on
COLLECTED = "collected.json"  # the digest of the table that holds them


@dataclass(frozen=True)
class Store:
    """The finished cells of one run in one folder."""

    folder: Path

    def path(self, cell: int) -> Path:
        """Return the file of a cell."""
        return self.folder / f"{cell}.json"

    def put(self, cell: int, columns: Columns, origin: dict[str, str]) -> None:
        """Keep the columns of a finished cell, and where they were measured."""
        with _files.replacing(self.path(cell)) as file:
            write(file, self.folder.name, cell, columns, origin)

    def finished(self, count: int) -> set[int]:
        """Return the cells below `count` that are finished; what does not verify is told."""
        there = {cell for cell in range(count) if self.path(cell).exists()}
        sound = {cell for cell in there if self.has(cell)}
        for cell in sorted(there - sound):
            print(
                f"{_files.shown(self.path(cell))} does not verify: measured again", file=sys.stderr
            )
        return sound

    def has(self, cell: int) -> bool:
        """Whether the cell is finished: its file is there, whole and its own."""
        seal, last = hashlib.sha256(), b""
        try:
            with self.path(cell).open("rb") as file:
                for line in file:
                    seal.update(last)
                    last = line
            if last != _end(seal):
                return False
            head = self._head(cell)
        except OSError:
            return False
        return (head["run"], head["cell"]) == (self.folder.name, cell)

    def columns(self, cell: int) -> Iterator[tuple[str, Any]]:
        """Yield name and values of each column of a finished cell; numbers as arrays."""
        with self.path(cell).open("rb") as file:
            for name in _parsed_head(file.readline())["names"]:
                yield name, _compact(_files.loads(file.readline().rstrip(b",\n")))

    def table(self, count: int) -> pd.DataFrame:
        """Return the rows of all cells in order, all of them being finished."""
        parts: dict[str, dict[int, Any]] = {}
        lengths = np.zeros(count, int)
        for cell in range(count):
            for name, values in self.columns(cell):
                parts.setdefault(name, {})[cell] = values
                lengths[cell] = len(values)
        return pd.DataFrame({name: _joined(parts.pop(name), lengths) for name in list(parts)})

    def origins(self, count: int) -> dict[str, str]:
        """Name the CPUs and BLAS libraries that measured the cells."""
        heads = [self._head(cell)["origin"] for cell in range(count)]
        return {key: "; ".join(sorted({head[key] for head in heads})) for key in heads[0]}

    def is_collected(self) -> bool:
        """Whether the table of these cells has been written."""
        return (self.folder / COLLECTED).exists()

    def collect(self, table: str) -> None:
        """Note that the table with the digest `table` holds these cells."""
        _files.write_whole(self.folder / COLLECTED, _files.dumps({"csv_sha256": table}).encode())

    def _head(self, cell: int) -> dict[str, Any]:
        with self.path(cell).open("rb") as file:
            return _parsed_head(file.readline())


def open_store(out: Path, name: str, rests_on: dict[str, Any]) -> Store:
    """Return the store in `out` of the run of study `name` that `rests_on` describes.

    Where other runs have left cells and this one has not, what has changed since is told.
    """
    digests = {key: _files.digest(value) for key, value in rests_on.items()}
    home = out / HOME / name
    store = Store(home.absolute() / _files.digest(digests)[:16])
    about = store.folder / ABOUT
    if _files.read_json(about) != digests:
        _tell_of_another_run(home, digests)
        _files.write_whole(about, _files.dumps(digests, indent=1).encode())
    return store


def write(file: BinaryIO, run: str, cell: int, columns: Columns, origin: dict[str, str]) -> None:
    """Write the file of a cell: JSON, a line for its head, for each column and for its seal."""
    head = {"run": run, "cell": cell, "origin": origin, "names": list(columns)}
    seal = hashlib.sha256()

    def put(line: str) -> None:
        seal.update(line.encode())
        file.write(line.encode())

    put(_files.dumps(head)[:-1] + ', "columns": [\n')
    for number, values in enumerate(columns.values(), 1):
        put(_files.dumps(_plain(values)) + (",\n" if number < len(columns) else "\n"))
    file.write(_end(seal))


def columns_of(rows: Any) -> Columns:
    """Return a list of flat dicts, or a data frame, as columns; NaN where a row lacks one."""
    if isinstance(rows, pd.DataFrame):
        return {name: rows[name] for name in rows}
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name, math.nan) for row in rows] for name in names}


def clean(out: Path, name: str, *, unfinished: bool = False) -> list[Path]:
    """Remove the cells of collected runs, or of all runs, of a study in `out`; return what went."""
    home = out / HOME / name
    runs = [Store(path) for path in sorted(home.glob("*")) if (path / ABOUT).exists()]
    gone = [store.folder for store in runs if unfinished or store.is_collected()]
    for folder in gone:
        shutil.rmtree(folder)
    for folder in (home, home.parent):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
    return gone


def _tell_of_another_run(home: Path, digests: dict[str, str]) -> None:
    """Say what is different from the latest run whose cells have not been collected."""
    left = [path for path in home.glob(f"*/{ABOUT}") if not Store(path.parent).is_collected()]
    if not left:
        return
    latest = max(left, key=lambda path: path.stat().st_mtime)
    found = _files.read_json(latest)
    changed = [key for key in digests if found.get(key) != digests[key]]
    print(
        f"{_files.shown(latest.parent.absolute())} keeps the cells of another run, with other "
        f"{', '.join(changed)}; this run starts afresh",
        file=sys.stderr,
    )


def _parsed_head(line: bytes) -> dict[str, Any]:
    return _files.loads(line.removesuffix(b', "columns": [\n') + b"}")


def _end(seal: Any) -> bytes:
    return f'], "sha256": "{seal.hexdigest()}"}}\n'.encode()


def _compact(values: list) -> Any:
    """Numbers of one kind as an array; else the list, equal words being one object."""
    kinds = set(map(type, values))
    if kinds == {float}:
        return np.array(values)
    if kinds == {int} and min(values) >= -(2**63) and max(values) < 2**63:
        return np.array(values, np.int64)
    return [sys.intern(value) if isinstance(value, str) else value for value in values]


def _joined(parts: dict[int, Any], lengths: np.ndarray) -> Any:
    """One column of all cells, as pandas would read it from all rows at once."""
    pieces = [parts.get(cell, np.full(n, np.nan)) for cell, n in enumerate(lengths)]
    pieces = [piece for piece in pieces if len(piece)]
    if all(isinstance(piece, np.ndarray) for piece in pieces):
        return np.concatenate(pieces)
    return pd.Series([value for piece in pieces for value in _plain(piece)])


def _plain(piece: Any) -> list:
    return piece if isinstance(piece, list) else piece.tolist()
