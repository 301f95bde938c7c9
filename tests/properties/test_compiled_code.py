"""Compiled code needs no folder that can be written, and survives torn files of its cache."""

import pickle
import re
from pathlib import Path

import pytest

import hippo_theory
from hippo_theory import _jit

ROOT = Path(hippo_theory.__file__).parents[1]
TWICE = "def twice(x):\n    return 2 * x\n"


def test_code_compiles_where_nothing_can_be_kept():
    names = {}
    exec(compile(TWICE, "/nowhere/at/all.py", "exec"), names)  # numba's own refuses this one
    assert _jit.njit(cache=True)(names["twice"])(2.5) == 5.0


def _twice(folder):
    path = folder / "kept.py"
    path.write_text(TWICE)
    names = {}
    exec(compile(TWICE, str(path), "exec"), names)
    return _jit.njit(names["twice"], cache=True)


@pytest.mark.parametrize("kind", ["nbi", "nbc"])
def test_a_torn_file_of_the_cache_is_compiled_again(tmp_path, monkeypatch, kind):
    monkeypatch.setattr("numba.core.config.CACHE_DIR", str(tmp_path / "cache"))
    assert _twice(tmp_path)(2.5) == 5.0
    again = _twice(tmp_path)
    assert again(2.5) == 5.0
    assert sum(again.stats.cache_hits.values()) == 1
    (kept,) = (tmp_path / "cache").rglob(f"*.{kind}")
    content = kept.read_bytes()
    for torn in (content[: len(content) // 2], b"", pickle.dumps("nonsense")):
        kept.write_bytes(torn)
        assert _twice(tmp_path)(2.5) == 5.0


def test_a_full_disk_costs_only_the_cache(tmp_path, monkeypatch):
    monkeypatch.setattr("numba.core.config.CACHE_DIR", str(tmp_path / "cache"))

    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("numba.core.caching.IndexDataCacheFile.save", full)
    assert _twice(tmp_path)(2.5) == 5.0


def test_all_kernels_are_compiled_by_the_house():
    files = [*ROOT.glob("hippo_theory/**/*.py"), *ROOT.glob("studies/**/*.py")]
    direct = re.compile(r"from numba import.*\bnjit\b|numba\.njit")
    found = [path.name for path in files if direct.search(path.read_text())]
    assert found == ["_jit.py"]
