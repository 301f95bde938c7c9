"""The four files of a study, NAME.csv .png .pdf .json, byte-identical when it is run again."""

import importlib.metadata
import io
import json
import os
import platform
import subprocess
import tarfile
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd
from threadpoolctl import threadpool_info

import hippo_theory
from studies import _figures, _partial

PACKAGES = ("hippo_theory", "numpy", "scipy", "numba", "matplotlib", "pandas")
HOUSE = Path(hippo_theory.__file__).parent
STUDIES = Path(__file__).parent
ORIGIN = ("cpu", "blas", "code", "commit")  # what a record keeps of the first run with its bytes
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
    _partial.write_whole(path, table_bytes(rows))


def table_bytes(rows: _partial.Rows) -> bytes:
    """Return the CSV that `write_table` writes."""
    return pd.DataFrame(rows).to_csv(index=False, lineterminator="\n", na_rep="nan").encode()


def read_table(path: Path | io.BytesIO) -> pd.DataFrame:
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
    """Write the JSON record, completed by the CSV's digest.

    A record that says the same and whose commit holds its code is kept: it names the commit and
    the machine that first produced these bytes.
    """
    table = _partial.digest(path.with_suffix(".csv").read_bytes())
    record = _partial.loads(_partial.dumps({**record, "csv_sha256": table}))
    found = read_record(path)
    firsts = {key: found[key] for key in ORIGIN if key in found}
    same = len(firsts) == len(ORIGIN) and found == {**record, **firsts}
    if not (same and holds(found["commit"], found["code"])):
        _partial.write_whole(path, (json.dumps(record, indent=2) + "\n").encode())


def read_record(path: Path) -> dict[str, Any]:
    """Return the JSON record at `path`; empty where there is none or it is torn."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


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


def origin() -> dict[str, str | None]:
    """Name the machine and the sources of a run."""
    return dict(zip(ORIGIN, (cpu(), blas(), code(), commit()), strict=True))


def cpu() -> str:
    """Return the model of the CPU."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
        names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
        if names:
            return names[0]
    return platform.processor() or platform.machine()


def blas() -> str:
    """Name the BLAS libraries that are loaded, with their versions and the cores they serve."""
    words = ("internal_api", "version", "architecture")
    pools = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
    return ", ".join(sorted({" ".join(str(pool.get(w) or "") for w in words) for pool in pools}))


def machine() -> str:
    """CPU model and number of cores, for tables that hold timings."""
    return f"{cpu()}, {os.cpu_count()} cores"


def code() -> str:
    """Digest of all sources of the package and of the studies, by their names in the checkout."""
    return _code(
        {
            f"{home.name}/{path.relative_to(home).as_posix()}": path.read_bytes()
            for home in (HOUSE, STUDIES)
            for path in home.rglob("*.py")
        }
    )


def code_of(commit: str) -> str | None:
    """Return what `code` was at `commit`; None: there is no such commit here."""
    try:
        named = _git("archive", f"{commit}^{{commit}}", "--", HOUSE.name, STUDIES.name)
    except (OSError, subprocess.CalledProcessError):
        return None
    with tarfile.open(fileobj=io.BytesIO(named)) as archive:
        streams = {f.name: archive.extractfile(f) for f in archive if f.name.endswith(".py")}
        return _code({name: stream.read() for name, stream in streams.items() if stream})


def holds(commit: str | None, code: str) -> bool:
    """Whether `commit` exists here and its sources are those of the digest `code`."""
    return isinstance(commit, str) and not commit.endswith("-dirty") and code_of(commit) == code


def _code(files: dict[str, bytes]) -> str:
    return _partial.digest({name: _partial.digest(files[name]) for name in sorted(files)})


def commit() -> str | None:
    """Git's HEAD, with "-dirty" where the package or the studies differ from it; None: no git."""
    try:
        _git("ls-files", "--error-unmatch", __file__)  # not a site-packages inside a repository
        head = _git("rev-parse", "HEAD").decode().strip()
        changes = _git("status", "--porcelain", "--", str(HOUSE), str(STUDIES))
    except (OSError, subprocess.CalledProcessError):
        return None
    return f"{head}-dirty" if changes else head


def _git(*arguments: str) -> bytes:
    command = ["git", "-C", str(STUDIES.parent), *arguments]
    return subprocess.run(command, check=True, capture_output=True).stdout
