"""The runner: the same bytes on a rerun, in parallel and after an interruption."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

import studies
from studies import __main__ as command_line
from studies import _figures, _origin, _outputs, _study
from tests.studies.conftest import TOY

KINDS = ("csv", "json", "pdf", "png")


def contents(folder):
    """The files of a folder; what is kept of cells is none of them."""
    files = sorted(path for path in Path(folder).iterdir() if path.is_file())
    return {path.name: path.read_bytes() for path in files}


def interrupt_after(count, measure):
    """`measure`, until Ctrl-C at the start of cell number `count`; and the cells it was given."""
    seen = []

    def interrupted(cell, rng):
        if len(seen) == count:
            raise KeyboardInterrupt
        seen.append(cell)
        return measure(cell, rng)

    return interrupted, seen


def test_a_rerun_has_the_same_bytes(toy, tmp_path):
    _study.run(toy, out=tmp_path)
    first = contents(tmp_path)
    assert sorted(first) == [f"toy.{kind}" for kind in KINDS]
    _study.run(toy, out=tmp_path, fresh=True)
    assert contents(tmp_path) == first


def test_serial_and_parallel_runs_agree_to_the_bit(toy, tmp_path):
    _study.run(toy, out=tmp_path / "serial", seed=7)
    _study.run(toy, out=tmp_path / "parallel", seed=7, jobs=2)
    assert contents(tmp_path / "serial") == contents(tmp_path / "parallel")


@pytest.mark.parametrize("finished", [0, 3])
def test_an_interrupted_run_continues_to_the_same_bits(toy, tmp_path, capsys, finished):
    _study.run(toy, out=tmp_path / "whole")
    whole = toy.measure
    first, _ = interrupt_after(finished, whole)
    toy.measure = first
    with pytest.raises(KeyboardInterrupt):
        _study.run(toy, out=tmp_path / "resumed")
    assert contents(tmp_path / "resumed") == {}
    assert f"{finished} of 5 cells are finished" in capsys.readouterr().err
    second, measured = interrupt_after(math.inf, whole)
    toy.measure = second
    _study.run(toy, out=tmp_path / "resumed")
    assert len(measured) == 5 - finished
    assert contents(tmp_path / "resumed") == contents(tmp_path / "whole")


@pytest.mark.parametrize(
    "change, word",
    [
        ({"params": {"scale": 2.0}}, "parameters, cells"),
        ({"seed": 1}, "seed"),
        ({"sources": "# changed"}, "sources"),
    ],
)
def test_cells_of_another_run_are_kept_and_not_taken(toy, tmp_path, capsys, change, word):
    whole, kept = toy.measure, tmp_path / "kept"
    toy.measure, _ = interrupt_after(3, whole)
    with pytest.raises(KeyboardInterrupt):
        _study.run(toy, out=kept)
    capsys.readouterr()
    if "sources" in change:
        Path(toy.__file__).write_text(TOY + change["sources"])
    toy.measure, measured = interrupt_after(math.inf, whole)
    params, seed = toy.Params(**change.get("params", {})), change.get("seed", 0)
    _study.run(toy, params, seed=seed, out=kept)
    assert len(measured) == 5
    assert f"another run, with other {word}; this run" in capsys.readouterr().err
    toy.measure = whole
    _study.run(toy, params, seed=seed, out=tmp_path / "fresh")
    assert contents(kept) == contents(tmp_path / "fresh")
    Path(toy.__file__).write_text(TOY)
    toy.measure, measured = interrupt_after(math.inf, whole)
    _study.run(toy, out=kept)  # an edit that is taken back finds its cells again
    assert len(measured) == 2


def test_two_runs_at_once_share_the_work_and_lose_none_of_it(toy, tmp_path):
    whole = toy.measure
    _study.run(toy, out=tmp_path / "alone")

    def meanwhile(cell, rng):
        """The first run's second cell; the same run starts once more, and ends before it."""
        if cell.size == 2:
            toy.measure, others = interrupt_after(math.inf, whole)
            _study.run(toy, out=tmp_path / "both")
            assert [cell.size for cell in others] == [2, 3, 4, 5]
        return whole(cell, rng)

    toy.measure, seen = interrupt_after(math.inf, meanwhile)
    _study.run(toy, out=tmp_path / "both")
    assert [cell.size for cell in seen] == [1, 2]
    assert contents(tmp_path / "both") == contents(tmp_path / "alone")


@pytest.mark.parametrize("jobs", [None, 2])
def test_a_cell_that_raises_is_named_and_the_others_are_kept(toy, tmp_path, capsys, jobs):
    whole = toy.measure

    def broken(cell, rng):
        if cell.size == 2:
            raise ArithmeticError("no digits left")
        return whole(cell, rng)

    toy.measure = broken
    with pytest.raises(_study.CellError) as error:
        _study.run(toy, out=tmp_path, jobs=jobs)
    sentence = "cell 1, Cell(size=2, scale=1.0): ArithmeticError: no digits left\n1 of 5 cells"
    assert str(error.value).startswith(sentence)
    assert "in broken" in capsys.readouterr().err
    toy.measure, measured = interrupt_after(math.inf, whole)
    _study.run(toy, out=tmp_path)
    assert [cell.size for cell in measured] == [2]


@pytest.mark.parametrize(
    "rows, word",
    [
        ({"a": 1}, "measure must return a list of dicts, got {'a': 1}"),
        ([{"a": np.zeros(2)}], "a row must hold real numbers and words, got 'a': array([0., 0.])"),
        ([{"a": 1j}], "a row must hold real numbers and words, got 'a': 1j"),
        ([{1: 1}], "a row must hold real numbers and words, got 1: 1"),
    ],
)
def test_untidy_rows_are_refused(toy, tmp_path, rows, word):
    toy.measure = lambda cell, rng: rows
    with pytest.raises(_study.CellError) as error:
        _study.run(toy, out=tmp_path)
    assert word in str(error.value)


def test_every_float_and_word_survives_the_csv(tmp_path):
    bits = np.random.default_rng(0).integers(0, 2**64, size=20_000, dtype=np.uint64)
    x = [*bits.view(np.float64), 0.1, -0.0, 5e-324, 1.7976931348623157e308, math.inf, -math.inf]
    words = np.resize(["NA", "", "None", "comma, and\nline", "é", 'quote"'], len(x)).tolist()
    rows = [
        {"x": float(a), "word": b, "count": k}
        for k, (a, b) in enumerate(zip(x, words, strict=True))
    ]
    path = tmp_path / "survives.csv"
    with path.open("wb") as file:
        _outputs.write_table(file, pd.DataFrame(rows))
    table = _outputs.read_table(path)
    assert list(table["word"]) == words
    assert list(table["count"]) == list(range(len(x)))
    number = ~np.isnan(x)
    assert np.array_equal(
        table["x"].to_numpy()[number].view(np.int64), np.asarray(x)[number].view(np.int64)
    )
    assert table["x"].isna().to_numpy()[~number].all()


def test_the_figure_is_drawn_from_the_csv(toy, tmp_path):
    _study.run(toy, out=tmp_path)
    first = contents(tmp_path)
    table = tmp_path / "toy.csv"
    frame = pd.read_csv(table)
    frame["norm"] *= 2
    frame.to_csv(table, index=False)
    _study.redraw(toy, out=tmp_path)
    assert (tmp_path / "toy.png").read_bytes() != first["toy.png"]
    table.write_bytes(first["toy.csv"])
    _study.redraw(toy, out=tmp_path)
    assert contents(tmp_path) == first


def test_the_record_names_the_commit_that_first_gave_these_bytes(toy, tmp_path, monkeypatch):
    def record_at(commit, **options):
        monkeypatch.setattr(_origin, "commit", lambda: commit)
        _study.run(toy, out=tmp_path, **options)
        return json.loads((tmp_path / "toy.json").read_text())["commit"]

    monkeypatch.setattr(_origin, "code_of", {"b": _origin.code()}.get)
    assert record_at("a-dirty") == "a-dirty"
    assert record_at("b") == "b"
    assert record_at("c") == "b"
    assert record_at("c-dirty") == "b"
    assert record_at("d", seed=1) == "d"
    assert record_at("e", seed=1) == "e"  # for d does not hold the code that its record names


def test_the_record_says_what_was_run(toy, tmp_path):
    _study.run(toy, toy.Params(scale=0.5), seed=3, out=tmp_path)
    record = json.loads((tmp_path / "toy.json").read_text())
    assert record["study"] == "toy"
    assert record["claim"] == "Rows of random numbers differ (compare nothing)."
    assert record["parameters"] == {"sizes": [1, 2, 3, 4, 5], "scale": 0.5}
    assert record["seed"] == 3
    assert record["versions"]["numpy"] == np.__version__
    assert record["cpu"] == _origin.cpu()
    assert "openblas" in record["blas"]
    assert record["code"] == _origin.code()
    assert "machine" not in record


def test_timings_name_their_machine(toy, tmp_path):
    toy.TIMING = True
    table = _study.run(toy, out=tmp_path)
    assert set(table["machine"]) == {_origin.timed_on()}
    assert json.loads((tmp_path / "toy.json").read_text())["machine"] == _origin.timed_on()


@pytest.mark.parametrize("jobs", [None, 2])
def test_cell_k_draws_from_spawned_seed_k(toy, tmp_path, jobs):
    toy.measure = lambda cell, rng: [{"size": cell.size, "norm": rng.random()}]
    table = _study.run(toy, out=tmp_path, seed=9, jobs=jobs)
    seeds = np.random.SeedSequence(9).spawn(5)
    assert list(table["norm"]) == [np.random.default_rng(seed).random() for seed in seeds]


def test_blas_has_one_thread(toy, tmp_path):
    def counting(cell, rng):
        pools = threadpool_info()
        assert pools
        return [{"size": 1, "norm": pool["num_threads"]} for pool in pools]

    toy.measure = counting
    with threadpool_limits(2):
        assert set(_study.run(toy, out=tmp_path)["norm"]) == {1}
        assert set(_study.run(toy, out=tmp_path, jobs=1, fresh=True)["norm"]) == {1}


def test_matplotlibs_settings_are_left_alone(toy, tmp_path):
    before = dict(matplotlib.rcParams)
    _study.run(toy, out=tmp_path)
    assert dict(matplotlib.rcParams) == before


def test_a_users_matplotlib_settings_do_not_reach_the_figure(toy, tmp_path):
    _study.run(toy, out=tmp_path)
    first = contents(tmp_path)
    with matplotlib.rc_context({"font.size": 20, "axes.facecolor": "red"}):
        _study.redraw(toy, out=tmp_path)
    assert contents(tmp_path) == first


def test_list_prints_a_line_a_study_under_its_room(capsys):
    assert command_line.main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    words = [line.split(maxsplit=1) for line in lines if not line.startswith("# ")]
    assert sorted(name for name, _ in words) == studies.names()
    assert lines[0] == "# legs"
    assert all(claim == _study.claim(_study.load(name)) for name, claim in words)


def test_run_writes_to_figures_and_quick_to_build(known, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert command_line.main(["run", "all", "--quick"]) == 0
    assert list(contents("build/quick")) == [f"toy.{kind}" for kind in KINDS]
    assert not Path("figures").exists()
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert out.startswith(f"{Path('build/quick/toy')}.csv .json .png .pdf: 3 rows in ")
    assert command_line.main(["run", "toy"]) == 0
    assert command_line.main(["run", "toy", "--quick", "--out", "elsewhere"]) == 0
    assert contents("elsewhere") == contents("build/quick")
    assert len(pd.read_csv("figures/toy.csv")) == 15
    (Path("figures") / "toy.png").unlink()
    assert command_line.main(["figure", "toy"]) == 0
    assert list(contents("figures")) == [f"toy.{kind}" for kind in KINDS]


def test_other_parameters_leave_the_figures_alone(known, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert command_line.main(["run", "toy", "--scale", "2"]) == 0
    assert command_line.main(["run", "toy", "--seed", "2"]) == 0
    assert command_line.main(["run", "toy", "--scale", "2", "--quick"]) == 0
    folders = sorted(Path("build").iterdir())
    assert len(folders) == 3
    assert all(folder.name.startswith("toy-") for folder in folders)
    assert not Path("figures").exists()


def test_parameters_are_flags(known, tmp_path):
    arguments = ["--sizes", "3", "4", "--scale", "2", "--seed", "5", "--jobs", "1"]
    assert command_line.main(["run", "toy", *arguments, "--out", str(tmp_path)]) == 0
    record = json.loads((tmp_path / "toy.json").read_text())
    assert record["parameters"] == {"sizes": [3, 4], "scale": 2.0}
    assert record["seed"] == 5


def test_flags_of_a_quick_run_change_the_quick_parameters(known, tmp_path):
    arguments = ["--scale", "2", "--quick", "--out", str(tmp_path)]
    assert command_line.main(["run", "toy", *arguments]) == 0
    record = json.loads((tmp_path / "toy.json").read_text())
    assert record["parameters"] == {"sizes": [1, 2], "scale": 2.0}


def test_help_names_the_claim_and_the_flags(known, capsys):
    with pytest.raises(SystemExit) as stop:
        command_line.main(["run", "toy", "--help"])
    assert stop.value.code == 0
    out = capsys.readouterr().out
    assert "Rows of random numbers differ" in out
    assert "--sizes" in out
    assert "--quick" in out


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        ("run toi", "unknown study 'toi', expected one of ['toy']; did you mean 'toy'?"),
        ("run toy tie", "unknown study 'tie', expected one of ['toy']"),
        ("figure tow", "unknown study 'tow', expected one of ['toy']; did you mean 'toy'?"),
        ("run", "NAME must be given: one or more studies, or all"),
        ("run toy --scale -1", "--scale must be at least 0, got -1"),
        ("run toy --scale 200", "scale must be at most 100, got 200.0"),
        ("run toy --seed -1", "seed must be an integer of at least 0, got -1"),
        ("run toy --jobs 0", "jobs must not be 0; -1 means all cores"),
        (
            "figure toy",
            f"{Path('figures/toy.csv')} must exist to be drawn; "
            "python -m studies run toy writes it",
        ),
    ],
)
def test_a_refused_command_line_says_one_sentence(
    known, tmp_path, monkeypatch, capsys, arguments, sentence
):
    monkeypatch.chdir(tmp_path)
    assert command_line.main(arguments.split()) == 2
    assert capsys.readouterr().err == sentence + "\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("out", ["file", "file/below"])
def test_a_folder_that_cannot_be_one_is_refused_and_not_overwritten(
    known, tmp_path, monkeypatch, capsys, out
):
    monkeypatch.chdir(tmp_path)
    Path("file").write_text("mine")
    assert command_line.main(["run", "toy", "--out", out]) == 2
    assert capsys.readouterr().err == "out must be a folder, got the file file\n"
    assert contents(".") == {"file": b"mine"}


@pytest.mark.parametrize("arguments", [["list"], ["--help"]])
def test_a_reader_that_has_gone_is_no_error(arguments):
    command = [sys.executable, "-m", "studies", *arguments]
    reader, writer = os.pipe()
    os.close(reader)
    root = str(Path(studies.__file__).parents[1])
    with os.fdopen(writer, "wb") as gone:
        done = subprocess.run(command, stdout=gone, stderr=subprocess.PIPE, cwd=root)
    assert (done.returncode, done.stderr) == (141, b"")


def test_a_study_that_cannot_run_here_says_why_and_writes_nothing(
    known, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    assert command_line.main(["run", "toy", "--scale", "0"]) == 0
    assert capsys.readouterr().out == "toy cannot run here: it needs a scale.\n"
    assert list(tmp_path.iterdir()) == []


def test_a_failed_cell_is_exit_status_one(known, tmp_path, capsys):
    known.measure = lambda cell, rng: [][1]
    assert command_line.main(["run", "toy", "--out", str(tmp_path)]) == 1
    assert "5 of 5 cells failed" in capsys.readouterr().err


def test_a_study_is_a_script_whatever_the_working_directory(tmp_path):
    checkout, elsewhere = tmp_path / "checkout" / "studies", tmp_path / "elsewhere"
    checkout.mkdir(parents=True)
    elsewhere.mkdir()
    for path in Path(studies.__file__).parent.glob("_*.*"):
        (checkout / path.name).write_bytes(path.read_bytes())
    (checkout / "toy.py").write_text(TOY)
    command = [sys.executable, str(checkout / "toy.py"), "--quick", "--scale", "2"]
    root = str(Path(studies.__file__).parents[1])
    subprocess.run(command, check=True, cwd=elsewhere, env={**os.environ, "PYTHONPATH": root})
    (out,) = (elsewhere / "build").iterdir()
    assert list(contents(out)) == [f"toy.{kind}" for kind in KINDS]
    record = json.loads((out / "toy.json").read_text())
    assert record["parameters"] == {"sizes": [1, 2], "scale": 2.0}
    assert record["commit"] is None


def test_a_reference_slope_has_its_slope_and_says_so():
    axes = _figures.figure().subplots()
    line = _figures.reference_slope(axes, -2, (10, 1000), 0.5)
    x, y = (np.asarray(values) for values in line.get_data())
    assert y[0] == 0.5
    assert np.diff(np.log(y)) / np.diff(np.log(x)) == pytest.approx(-2, abs=4e-16)
    assert [text.get_text() for text in axes.texts] == ["slope $-2$"]
    assert axes.get_xscale() == axes.get_yscale() == "log"


def test_the_colours_of_the_style_grow_lighter():
    with _figures.style():
        cycle = matplotlib.rcParams["axes.prop_cycle"].by_key()
    colours = np.array([matplotlib.colors.to_rgb(colour) for colour in cycle["color"]])
    grey = colours @ [0.299, 0.587, 0.114]
    assert (np.diff(grey) > 0.08).all()
    assert len(set(cycle["marker"])) == len(set(map(str, cycle["linestyle"]))) == len(colours)
