"""Real series: two that statsmodels ships and a user's CSV, as increasing times and values."""

import csv
import io
import math
import re
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

DAYS_PER_YEAR = 365.25
MARKS = {  # a byte order mark names the encoding, whatever else is said
    b"\xef\xbb\xbf": "utf-8-sig",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}
MISSING = {"", "-", "na", "n/a", "nan", "null", "none", "nat"}
ZONE = re.compile(r"[T ]\d.*(Z|[+-]\d\d(:?\d\d)?)$")
COMPACT = re.compile(r"[12]\d{3}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])")


def sunspots() -> tuple[np.ndarray, np.ndarray]:
    """Yearly sunspot numbers since 1700: (years, numbers)."""
    from statsmodels.datasets import sunspots as source

    table = source.load_pandas().data
    return table["YEAR"].to_numpy(float), table["SUNACTIVITY"].to_numpy(float)


def co2() -> tuple[np.ndarray, np.ndarray]:
    """Weekly CO2 at Mauna Loa since 1958, its missing weeks left out: (years, ppm)."""
    from statsmodels.datasets import co2 as source

    series = source.load_pandas().data["co2"].dropna()
    return _years(series.index), series.to_numpy(float)


def from_csv(
    path: Path,
    time: str,
    value: str,
    *,
    missing: Literal["refuse", "drop"] = "refuse",
    encoding: str = "utf-8",
) -> tuple[np.ndarray, np.ndarray]:
    """Two columns of a CSV: increasing times and values.

    Times are numbers, or ISO dates, which are read as years of 365.25 days: 2020-01-31,
    20200131, 2020-01-31T12:00Z. Blank lines and spaces beside commas mean nothing. `missing`
    says what is done with lines in which a cell is empty or says NA, nan, null or -.

    Raises ValueError that names the file and the column, or the line, of what cannot be read.
    """
    times, values = _columns(path, (time, value), encoding)
    if missing == "drop":
        pairs = zip(times.words, values.words, strict=True)
        keep = [MISSING.isdisjoint((a.lower(), b.lower())) for a, b in pairs]
        times, values = times.only(keep), values.only(keep)
    t, x = times.numbers(dates=True), values.numbers()
    if t.size < 2:
        raise ValueError(f"{path} must hold at least 2 rows, got {t.size}")
    late = np.flatnonzero(np.diff(t) <= 0)
    if late.size:
        raise ValueError(f"{path} must have increasing times, got {times.place(late[0] + 1)}")
    if np.ptp(x) == 0:
        raise ValueError(f"{path} must vary in column {value!r}, got {x[0]:g} throughout")
    return t, x


@dataclass(frozen=True)
class _Column:
    """A column as it is written, with the lines of its cells."""

    path: Path
    name: str
    words: Sequence[str]
    lines: Sequence[int]

    def only(self, keep: Sequence[bool]) -> "_Column":
        """Return the cells that are kept."""
        words, lines = (
            [one for one, kept in zip(all_, keep, strict=True) if kept]
            for all_ in (self.words, self.lines)
        )
        return _Column(self.path, self.name, words, lines)

    def place(self, cell: int) -> str:
        """Name a cell by its words and its line."""
        return f"{self.words[cell]!r} in line {self.lines[cell]}"

    def numbers(self, *, dates: bool = False) -> np.ndarray:
        """Return the numbers, or the dates as years; ValueError at the first cell that is none.

        Whether a column holds dates is said by most of its cells, so that the stray one is named.
        """
        numbers = np.array([_number(word) for word in self.words])
        kind = "numbers"
        if dates and self._holds_dates(numbers):
            numbers, kind = self._dates(), "dates"
        bad = np.flatnonzero(~np.isfinite(numbers))
        if bad.size:
            word = self.words[bad[0]].lower()
            remedy = "; --missing drop leaves such lines out" if word in MISSING else ""
            raise ValueError(
                f"{self.path} must hold {kind} in column {self.name!r}, "
                f"got {self.place(bad[0])}{remedy}"
            )
        return numbers

    def _holds_dates(self, numbers: np.ndarray) -> bool:
        words = [word for word in self.words if word.lower() not in MISSING]
        if words and all(COMPACT.fullmatch(word) for word in words):
            return True
        candidates = pd.to_datetime(pd.Series(words), format="ISO8601", errors="coerce", utc=True)
        return bool(candidates.notna().sum() > np.isfinite(numbers).sum())

    def _dates(self) -> np.ndarray:
        zoned = [bool(ZONE.search(word)) for word in self.words]
        if any(zoned) and not all(zoned):
            raise ValueError(
                f"{self.path} must have a time zone in all cells of column {self.name!r} or in "
                f"none, got none for {self.place(zoned.index(False))}"
            )
        stamps = pd.to_datetime(pd.Series(self.words), format="ISO8601", errors="coerce", utc=True)
        return _years(stamps.dt.tz_localize(None))


def _columns(path: Path, names: Sequence[str], encoding: str) -> list[_Column]:
    """Read the named columns as words."""
    reader = csv.reader(io.StringIO(_text(path, encoding)), skipinitialspace=True, strict=True)
    rows = (row for row in reader if any(word.strip() for word in row))
    try:
        header = [word.strip() for word in next(rows, [])]
        if not header:
            raise ValueError(f"{path} must have a line of column names, got an empty file")
        places = [_place(path, header, name) for name in names]
        words, lines = [[] for _ in places], array("q")
        for row in rows:
            if len(row) != len(header):
                raise ValueError(
                    f"{path} must have {len(header)} cells in each line, got {len(row)} in line "
                    f"{reader.line_num}"
                )
            lines.append(reader.line_num)
            for column, place in zip(words, places, strict=True):
                column.append(row[place].strip())
    except csv.Error as error:
        raise ValueError(f"{path} must be a CSV, got {error} in line {reader.line_num}") from None
    return [
        _Column(path, header[place], column, lines)
        for column, place in zip(words, places, strict=True)
    ]


def _place(path: Path, header: list[str], name: str) -> int:
    """Return where the column called `name` stands."""
    count = header.count(name.strip())
    if count == 1:
        return header.index(name.strip())
    if count:
        raise ValueError(f"{path} must have one column {name!r}, got {count}")
    other = [mark for mark in (";", "\t") if len(header) == 1 and mark in header[0]]
    hint = f"; cells must be separated by commas, not by {other[0]!r}" if other else ""
    raise ValueError(f"{path} must have a column {name!r}, got {header}{hint}")


def _text(path: Path, encoding: str) -> str:
    content = path.read_bytes()
    marked = [named for mark, named in MARKS.items() if content.startswith(mark)]
    named = marked[0] if marked else encoding
    try:
        return content.decode(named)
    except LookupError:
        raise ValueError(f"encoding must be one that Python knows, got {encoding!r}") from None
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ValueError(
            f"{path} must be encoded in {named}, got byte {content[error.start]:#04x} in line "
            f"{line}; name its encoding, as --encoding latin-1"
        ) from None


def _number(word: str) -> float:
    """A plain decimal number; NaN for anything else."""
    try:
        return math.nan if "_" in word else float(word)
    except ValueError:
        return math.nan


def _years(stamps) -> np.ndarray:
    """Dates as years of 365.25 days, 2000-01-01 being 2000."""
    return (
        2000
        + np.asarray((stamps - pd.Timestamp(2000, 1, 1)) / pd.Timedelta(days=1)) / DAYS_PER_YEAR
    )
