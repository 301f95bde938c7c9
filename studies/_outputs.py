"""The four files of a study, NAME.csv .png .pdf .json, byte-identical when it is run again."""

import io
import json
from pathlib import Path
from types import ModuleType
from typing import Any, BinaryIO

import pandas as pd

from studies import _files, _origin

# From pandas 3.1 on, floats are read exactly by default and asking for it is deprecated.
PANDAS = tuple(map(int, pd.__version__.split(".")[:2]))
EXACT: dict[str, Any] = {"float_precision": "round_trip"} if PANDAS < (3, 1) else {}
# Whatever matplotlib would write here names the day or its version.
METADATA: dict[str, dict[str, None]] = {
    "png": {"Software": None},
    "pdf": {"Creator": None, "Producer": None, "CreationDate": None},
}
ORIGIN = ("cpu", "blas", "code", "commit")  # what a record keeps of the first run with its bytes


def write_table(file: BinaryIO, table: pd.DataFrame) -> None:
    """Write a tidy table as CSV; each float in the shortest decimals that give it back."""
    table.to_csv(file, index=False, lineterminator="\n", na_rep="nan", mode="wb")


def read_table(path: Path) -> pd.DataFrame:
    """Read what `write_table` wrote: floats to the last bit, and no word is taken for a number."""
    return pd.read_csv(path, keep_default_na=False, na_values=["nan"], **EXACT)


def lent(table: pd.DataFrame) -> pd.DataFrame:
    """Return a copy to be changed at will; from pandas 3.0 on, data are copied when written to."""
    return table.copy(deep=PANDAS < (3, 0))


def draw(study: ModuleType, stem: Path, table: pd.DataFrame) -> None:
    """Draw the figure of the table as PNG and PDF."""
    from studies import _figures  # not before a figure is drawn: parts of a sweep draw none

    with _figures.style():
        figure = study.plot(lent(table))
        for kind, metadata in METADATA.items():
            buffer = io.BytesIO()
            figure.savefig(buffer, format=kind, metadata=metadata)
            _files.write_whole(stem.with_suffix(f".{kind}"), buffer.getvalue())


def write_record(path: Path, record: dict[str, Any]) -> None:
    """Write the JSON record, completed by the CSV's digest.

    A record that says the same and whose commit holds its code is kept: it names the commit and
    the machine that first produced these bytes.
    """
    table = _files.digest_of(path.with_suffix(".csv"))
    record = _files.loads(_files.dumps({**record, "csv_sha256": table}))
    found = _files.read_json(path)
    firsts = {key: found[key] for key in ORIGIN if key in found}
    same = len(firsts) == len(ORIGIN) and found == {**record, **firsts}
    if not (same and _origin.holds(found["commit"], found["code"])):
        _files.write_whole(path, (json.dumps(record, indent=2) + "\n").encode())
