"""No study accepts impossible parameters, whether or not its author thought of them."""

import dataclasses
import math
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import pandas as pd
import pytest

import studies
from studies import __main__ as command_line
from studies import _bounds, _job, _memory, _study
from studies._bounds import Bound


def impossible(value):
    """Values that cannot stand in a field whose usual value is `value`."""
    if isinstance(value, bool) or value is None:
        return []
    if isinstance(value, int):
        return [1.5, "x", math.nan] + [-3] * (value > 0)
    if isinstance(value, float):
        return ["x", math.nan, math.inf, -math.inf] + [-1e7] * (value > 0)
    if isinstance(value, tuple):
        return [(), *((bad,) for bad in impossible(min(value)))]
    return []


@pytest.mark.parametrize("name", studies.names())
def test_no_study_accepts_impossible_parameters(name):
    study = _study.load(name)
    for params in (study.Params(), study.QUICK):
        _bounds.check(study, params)
    for field in dataclasses.fields(study.QUICK):
        for bad in impossible(getattr(study.Params(), field.name)):
            params = dataclasses.replace(study.QUICK, **{field.name: bad})
            with pytest.raises((ValueError, TypeError), match=f"^{field.name} must "):
                _bounds.check(study, params)


@pytest.mark.parametrize("name", [n for n in studies.names() if n.startswith("learning")])
def test_fixed_poles_of_learning_studies_lie_inside_the_unit_circle(name):
    study = _study.load(name)
    for field in dataclasses.fields(study.QUICK):
        if field.name in ("pole", "poles", "teacher_pole") and field.type is not int:
            usual = getattr(study.Params(), field.name)
            bad = (1.0,) if isinstance(usual, tuple) else 1.0
            params = dataclasses.replace(study.QUICK, **{field.name: bad})
            with pytest.raises(ValueError, match=f"^{field.name} must be less than 1, got 1$"):
                _bounds.check(study, params)


def test_one_layer_learns_without_noise_from_negative_weights():
    study = _study.load("learning_one_layer")
    params = dataclasses.replace(study.QUICK, noise=0.0, b0=-0.6, c0=-0.05, pole=-0.5)
    _bounds.check(study, params)
    for cell in study.cells(params):
        study.check(pd.DataFrame(study.measure(cell, np.random.default_rng(0))))


@dataclasses.dataclass(frozen=True)
class Params:
    count: int = 3
    rates: tuple[float, ...] = (0.5, 0.25)
    shift: float = -1.0
    rest: float = 0.0
    pole: Annotated[float, Bound(above=-1, below=1)] = 0.5
    even: Annotated[tuple[int, ...], Bound(multiple_of=2)] = (4,)
    noise: Annotated[float, Bound(minimum=0)] = 0.1
    kind: Literal["a", "b"] = "a"
    path: Path | None = None
    flag: bool = False


class Toy:
    Params, QUICK = Params, Params()


@pytest.mark.parametrize(
    "name, value, sentence",
    [
        ("count", 0, "--count must be a positive integer, got 0"),
        ("rates", (), "--rates must hold at least one value, got ()"),
        ("rates", (0.5, 0.0), "--rates must be greater than 0, got 0"),
        ("shift", math.nan, "--shift must be finite, got nan"),
        ("rest", -1.0, "--rest must be at least 0, got -1"),
        ("pole", 1.0, "--pole must be less than 1, got 1"),
        ("pole", -1.0, "--pole must be greater than -1, got -1"),
        ("even", (4, 3), "--even must be a multiple of 2, got 3"),
        ("even", (0,), "--even must be a positive integer, got 0"),
        ("noise", -0.1, "--noise must be at least 0, got -0.1"),
        ("kind", "c", "unknown --kind 'c', expected one of ['a', 'b']"),
        ("path", Path("none"), "--path must be a file, got none"),
    ],
)
def test_a_field_is_held_to_its_bounds(name, value, sentence):
    with pytest.raises((ValueError, TypeError)) as error:
        _bounds.check(Toy, dataclasses.replace(Params(), **{name: value}), prefix="--")
    assert str(error.value) == sentence


@pytest.mark.parametrize("change", [{"shift": -5.0}, {"rest": 2.0}, {"noise": 0.0}, {"pole": 0.0}])
def test_what_the_study_uses_may_be_used(change):
    _bounds.check(Toy, dataclasses.replace(Params(), **change))


def test_an_impossible_flag_is_refused_before_anything_is_written(known, tmp_path, capsys):
    known.cells = None  # is not asked
    arguments = ["run", "toy", "--sizes", "1", "-3", "--out", str(tmp_path / "out")]
    assert command_line.main(arguments) == 2
    assert capsys.readouterr().err == "--sizes must be a positive integer, got -3\n"
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "flags", [["16", "64", "256"], ["16,64,256"], ["16,", "64,256"], ["16, 64, 256"]]
)
def test_values_are_separated_by_spaces_or_commas(known, tmp_path, flags):
    known.measure = lambda cell, rng: [{"size": cell.size, "norm": 1.0}]
    assert command_line.main(["run", "toy", "--sizes", *flags, "--out", str(tmp_path)]) == 0
    assert (tmp_path / "toy.csv").read_text() == "size,norm\n16,1.0\n64,1.0\n256,1.0\n"


def test_a_flag_of_one_study_among_several_says_where_it_belongs(known, capsys):
    assert command_line.main(["run", "all", "--scale", "2"]) == 2
    assert (
        capsys.readouterr().err == "--scale must follow the name of one study: run NAME --scale\n"
    )


def test_too_many_cells_are_refused_while_they_are_counted(toy, monkeypatch):
    monkeypatch.setattr(_bounds, "MOST_CELLS", 1000)
    toy.cells = lambda params: iter(range(10**12))
    with pytest.raises(_study.Refused, match="make more than 1,000 cells; give fewer"):
        _study.run(toy)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs Linux")
def test_a_list_of_cells_that_would_fill_memory_is_refused(toy, monkeypatch):
    monkeypatch.setattr(_job, "ROOM_FOR_CELLS", 2**24)
    toy.cells = lambda params: [(k, str(k)) for k in range(10**9)]
    began = time.monotonic()
    with pytest.raises(_study.Refused, match=r"the list of cells of Params\(.*\) takes more than"):
        _study.run(toy)
    assert time.monotonic() - began < 60  # and not when memory ends


def test_a_cell_too_large_for_the_machine_is_refused(toy, tmp_path):
    toy.bytes_needed = lambda params: 8.0 * 10**18 * params.scale
    with pytest.raises(_study.Refused, match=r"needs 8e\+06 TB of memory, and .* are there"):
        _study.run(toy, out=tmp_path)
    (tmp_path / "memory.max").write_text("1000000\n")
    assert _memory.available(tmp_path) == 1_000_000
    (tmp_path / "memory.max").write_text("max\n")
    assert _memory.available(tmp_path) > 1_000_000


def test_a_missing_package_is_named_with_what_installs_it():
    program = """
import sys
sys.modules["tyro"] = None
from studies.__main__ import main
sys.exit(main(["run", "legs_memory"]))
"""
    root = Path(studies.__file__).parents[1]
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, cwd=root)
    assert done.returncode == 2
    said = "python -m studies needs tyro, which is not installed: "
    assert done.stderr == said + "pip install 'hippo_theory[studies]'\n"


def test_the_list_of_claims_imports_no_study():
    program = """
import sys
from studies.__main__ import main
main(["list"])
heavy = {"numpy", "pandas", "matplotlib", "tyro", "hippo_theory"} & set(sys.modules)
sys.exit(f"imported {heavy}" if heavy else 0)
"""
    root = Path(studies.__file__).parents[1]
    subprocess.run([sys.executable, "-c", program], check=True, stdout=subprocess.DEVNULL, cwd=root)
