"""The four files of a study, NAME.csv .png .pdf .json, byte-identical when it is run again."""

import importlib.metadata
import io
import json
import os
import platform
import subprocess
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd

import hippo_theory
from studies import _figures, _partial

PACKAGES = ("hippo_theory", "numpy", "scipy", "numba", "matplotlib", "pandas")
HOUSE = Path(hippo_theory.__file__).parent
STUDIES = Path(__file__).parent
# From pandas 3.1 on, floats are read exactly by default and asking for it is deprecated.
OLD_PANDAS = tuple(map(int, pd.__version__.split(".")[:2])) < (3, 1)
EXACT: dict[str, Any] = {"float_precision": "round_trip"} if OLD_PANDAS else {}
# Whatever matplotlib would write here names the day or its version.
METADATA: dict[str, dict[str, None]] = {
    "png": {"Software": None},
    "pdf": {"Creator": None, "Producer": None, "CreationDate": None},
}


def write_table(path: Path, rows: _partial.Rows) -> None:
    """Write tidy `rows` as CSV; each float in the shortest decimals that give it back."""
    text = pd.DataFrame(rows).to_csv(index=False, lineterminator="\n", na_rep="nan")
    _partial.write_whole(path, text.encode())


def read_table(path: Path) -> pd.DataFrame:
    """Read what `write_table` wrote: floats to the last bit, and no word is taken for a number."""
    return pd.read_csv(path, keep_default_na=False, na_values=["nan"], **EXACT)


def draw(study: ModuleType, stem: Path) -> pd.DataFrame:
    """Draw the figure of the CSV as PNG and PDF; return the table."""
    table = read_table(stem.with_suffix(".csv"))
    with _figures.style():
        figure = study.plot(table.copy())
        for kind, metadata in METADATA.items():
            buffer = io.BytesIO()
            figure.savefig(buffer, format=kind, metadata=metadata)
            _partial.write_whole(stem.with_suffix(f".{kind}"), buffer.getvalue())
    return table


def write_record(path: Path, record: dict[str, Any]) -> None:
    """Write the JSON record, completed by the CSV's digest and the commit.

    A record that says the same from a clean commit is kept: it names the commit that first
    produced these bytes.
    """
    table = _partial.digest(path.with_suffix(".csv").read_bytes())
    record = _partial.loads(_partial.dumps({**record, "csv_sha256": table, "commit": commit()}))
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        first = found["commit"]
    except (OSError, ValueError, KeyError, TypeError):
        found = first = None
    clean = isinstance(first, str) and not first.endswith("-dirty")
    if not (clean and found == {**record, "commit": first}):
        _partial.write_whole(path, (json.dumps(record, indent=2) + "\n").encode())


def versions() -> dict[str, str | None]:
    """Versions of Python and of the packages that the numbers rest on; None: not installed."""
    found: dict[str, str | None] = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = None
    return found


def sources(study: ModuleType) -> dict[str, str]:
    """Digests of the package's files, the studies' own helpers and the study."""
    files = [*HOUSE.rglob("*.py"), *STUDIES.glob("_*.py")]
    files += [Path(file) for file in [study.__file__] if file]
    return {str(file): _partial.digest(file.read_bytes()) for file in sorted(files)}


def machine() -> str:
    """CPU model and number of cores, for tables that hold timings."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
        names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
        model = names[0] if names else model
    return f"{model}, {os.cpu_count()} cores"


def commit() -> str | None:
    """Git's HEAD, with "-dirty" where the package or the studies differ from it; None: no git."""
    try:
        _git("ls-files", "--error-unmatch", __file__)  # not a site-packages inside a repository
        head = _git("rev-parse", "HEAD")
        changes = _git("status", "--porcelain", "--", str(HOUSE), str(STUDIES))
    except (OSError, subprocess.CalledProcessError):
        return None
    return f"{head}-dirty" if changes else head


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(STUDIES), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
