"""A table that contradicts its claim is refused, and every committed table bears its claim out."""

import json
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest

import studies
from studies import __main__ as command_line
from studies import _claims, _origin, _study

ROOT = Path(studies.__file__).parents[1]
FIGURES = ROOT / "figures"


def least(table):
    """A check: the norms of the toy are at least 2."""
    smallest = table["norm"].min()
    assert smallest > 2, f"a norm is {smallest:.3g}"
    return {"smallest norm": smallest, "rows": len(table), "verdict": "large"}


def most(table):
    """A check that every table of the toy fails."""
    assert table["norm"].max() < 0


def test_a_table_that_contradicts_its_claim_leaves_the_last_figure_alone(known, tmp_path, capsys):
    known.check = least
    command = ["run", "toy", "--out", str(tmp_path)]
    assert command_line.main(command) == 0
    first, *numbers, files = capsys.readouterr().out.splitlines()
    assert first == "toy holds: Rows of random numbers differ (compare nothing)."
    assert [line.partition(":")[0].strip() for line in numbers] == [
        "smallest norm",
        "rows",
        "verdict",
    ]
    assert files.startswith(f"{tmp_path}/toy.csv .json .png .pdf: 15 rows in ")
    before = {path.name: path.read_bytes() for path in tmp_path.glob("toy.*")}
    known.check = most
    assert command_line.main(command) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"{tmp_path}/toy.refuted.csv contradicts the claim")
    assert 'assert table["norm"].max() < 0' in said
    assert (tmp_path / "toy.refuted.csv").read_bytes() == before["toy.csv"]
    assert all((tmp_path / name).read_bytes() == content for name, content in before.items())


def test_other_parameters_may_not_show_the_claim_and_say_so(known, tmp_path, capsys):
    known.check = least
    assert command_line.main(["run", "toy", "--scale", "0.1", "--out", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert said.startswith("toy: these parameters do not show its claim: a norm is ")
    assert (tmp_path / "toy.png").exists()


def test_check_reads_the_table_and_its_record(known, tmp_path, capsys):
    command = ["check", "toy", "--out", str(tmp_path)]
    assert command_line.main(command) == 2
    assert "toy.csv must exist to be checked" in capsys.readouterr().err
    assert command_line.main(["check", "all", "--out", str(tmp_path)]) == 0
    assert "toy.csv must exist to be checked" in capsys.readouterr().out
    assert command_line.main(["run", "toy", "--out", str(tmp_path)]) == 0
    capsys.readouterr()
    assert command_line.main(command) == 0
    assert capsys.readouterr().out == "toy has no check\n"
    known.check = least
    assert command_line.main(command) == 0
    assert "  rows: 15\n" in capsys.readouterr().out
    path = tmp_path / "toy.csv"
    path.write_text(path.read_text().replace("\n1,", "\n2,", 1))
    assert command_line.main(command) == 1
    assert "must be the record of" in capsys.readouterr().err


def test_a_table_is_reproduced_to_rounding(known, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert command_line.main(["run", "toy"]) == 0
    assert command_line.main(["reproduce", "toy"]) == 0
    assert capsys.readouterr().out.endswith("toy is reproduced to the last bit\n")
    whole = known.measure

    def moved(by):
        return lambda cell, rng: [{**r, "norm": r["norm"] * (1 + by)} for r in whole(cell, rng)]

    known.measure = moved(1e-12)
    assert command_line.main(["reproduce", "toy"]) == 0
    assert "toy is reproduced: 15 numbers differ, by 1.0e-12 of" in capsys.readouterr().out
    known.measure = moved(1e-6)
    assert command_line.main(["reproduce", "toy"]) == 1
    said = "toy differs from the committed table in 15 rows of column 'norm', first in row 0: "
    assert capsys.readouterr().err.startswith(said)
    known.TOLERANCES = {"norm": (1e-5, 0.0)}
    assert command_line.main(["reproduce", "toy"]) == 0
    known.measure = lambda cell, rng: whole(cell, rng)[:1]
    assert command_line.main(["reproduce", "toy"]) == 1
    assert "toy has 5 rows of" in capsys.readouterr().err


@pytest.mark.parametrize(
    "answer, word",
    [
        (None, "check must return a dict of numbers, got None"),
        ({"a": [1]}, "check must return numbers and words, got 'a': [1]"),
        ({"a": float("nan")}, "check must return numbers, got 'a': nan"),
    ],
)
def test_a_check_without_numbers_is_a_fault(toy, answer, word):
    toy.check = lambda table: answer
    assert word in str(_claims.judge(toy, pd.DataFrame()).fault)


@pytest.mark.parametrize("name", studies.names())
def test_a_committed_table_bears_out_its_claim(name):
    if not (FIGURES / f"{name}.csv").exists():
        pytest.skip("no committed table")
    _study.check(_study.load(name), out=FIGURES)


def _is_whole_repository():
    command = ["git", "-C", str(ROOT), "rev-parse", "--is-shallow-repository"]
    if shutil.which("git") is None:
        return False
    return subprocess.run(command, capture_output=True, text=True).stdout.strip() == "false"


def test_the_commit_of_a_record_holds_the_code_that_made_it():
    if not _is_whole_repository():
        pytest.skip("no git history here")
    records = {path.name: json.loads(path.read_text()) for path in FIGURES.glob("*.json")}
    stated = {name: record for name, record in records.items() if "code" in record}
    astray = [name for name, r in stated.items() if not _origin.holds(r["commit"], r["code"])]
    assert astray == []


def test_code_is_that_of_its_commit(tmp_path, monkeypatch):
    for folder in ("hippo_theory/room", "studies"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "file.py").write_text("x = 1\n")
    monkeypatch.setattr(_origin, "HOUSE", tmp_path / "hippo_theory")
    monkeypatch.setattr(_origin, "STUDIES", tmp_path / "studies")
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "first"]):
        subprocess.run([*git, *words], check=True)
    head = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True)
    first = _origin.code()
    assert _origin.holds(head.stdout.strip(), first)
    assert not _origin.holds("0" * 40, first)
    (tmp_path / "studies/file.py").write_text("x = 2\n")
    assert not _origin.holds(head.stdout.strip(), _origin.code())
