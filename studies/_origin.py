"""Where numbers come from: packages, sources, commit, CPU and BLAS."""

import importlib.metadata
import io
import os
import platform
import subprocess
import tarfile
from pathlib import Path
from types import ModuleType

from threadpoolctl import threadpool_info

import hippo_theory
from studies import _files

PACKAGES = ("hippo_theory", "numpy", "scipy", "numba", "matplotlib", "pandas")
HOUSE = Path(hippo_theory.__file__).parent
STUDIES = Path(__file__).parent


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
    """Digests of the package's files, the studies' own helpers and the study, by their names."""
    files = _named(HOUSE, "*.py") | _named(STUDIES, "_*.py")
    if study.__file__:
        files["study"] = Path(study.__file__).read_bytes()
    return {name: _files.digest(files[name]) for name in sorted(files)}


def of_sources() -> dict[str, str | None]:
    """Name the digest of all sources and the commit that they are."""
    return {"code": code(), "commit": commit()}


def machine() -> dict[str, str]:
    """Name the CPU and the BLAS of this process."""
    return {"cpu": cpu(), "blas": blas()}


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


def timed_on() -> str:
    """CPU model and number of cores, for tables that hold timings."""
    return f"{cpu()}, {os.cpu_count()} cores"


def code() -> str:
    """Digest of all sources of the package and of the studies, by their names in the checkout."""
    return _code(_named(HOUSE, "*.py") | _named(STUDIES, "*.py"))


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


def _named(home: Path, pattern: str) -> dict[str, bytes]:
    """Contents of files below a folder, by names that do not depend on where it lies."""
    names = (
        (f"{home.name}/{path.relative_to(home).as_posix()}", path) for path in home.rglob(pattern)
    )
    return {name: path.read_bytes() for name, path in names}


def _code(files: dict[str, bytes]) -> str:
    return _files.digest({name: _files.digest(files[name]) for name in sorted(files)})


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
