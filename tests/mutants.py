"""Plants one fault at a time in a copy of the tree and runs the tests that should notice it.

    python tests/mutants.py                    all of mutants.toml
    python tests/mutants.py --of 10 --part 3   every tenth, from the third
    python tests/mutants.py --of 10 --today    the part whose turn it is by the date
    python tests/mutants.py NAME ...           those whose name holds one of the words
    python tests/mutants.py --green ...        after a run of all tests that passed: not run again

A mutant is killed if one of its tests fails with the fault and passes without. One whose `old`
text does not occur exactly once, or whose tests select nothing or fail anyway, is an error. The
program fails where one survives or errs.
"""

import argparse
import datetime
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TABLE = Path(__file__).with_suffix(".toml")
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", "figures", "build", "__pycache__", ".*_cache")
LONGEST = 900.0  # seconds of one selection of tests: an endless loop is a failure too
FAILED, NOTHING = 1, 5  # exit codes of pytest


@dataclass(frozen=True)
class Mutant:
    """One text in one file, what replaces it, and the tests that should fail then."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    def planted(self, root: Path) -> str:
        """The text of the file with the fault in it."""
        text = (root / self.file).read_text()
        if text.count(self.old) != 1:
            raise ValueError(f"{self.name}: old must occur once in {self.file}, got {self.old!r}")
        return text.replace(self.old, self.new)


def mutants() -> list[Mutant]:
    rows = tomllib.loads(TABLE.read_text())["mutant"]
    return [Mutant(**{**row, "tests": tuple(row["tests"])}) for row in rows]


def verdict(mutant: Mutant, tree: Path, green: bool) -> str:
    """'killed', 'survived', or what went wrong."""
    path = tree / mutant.file
    text = path.read_text()
    for selection in mutant.tests:
        if code := 0 if green else healthy(selection, tree):
            return "nothing to run" if code == NOTHING else f"fails anyway: {selection}"
        try:
            path.write_text(mutant.planted(tree))
            code = outcome(selection, tree)
            if code == FAILED:
                return "killed"
            if code:
                return f"exit code {code}: {selection}"
        except ValueError as error:
            return str(error)
        finally:
            path.write_text(text)
    return "survived"


@cache
def healthy(selection: str, tree: Path) -> int:
    """The exit code of tests in the tree as it is."""
    return outcome(selection, tree)


def outcome(selection: str, tree: Path) -> int:
    command = [sys.executable, "-m", "pytest", "-n0", "-x", "-q", "-p", "no:cacheprovider"]
    alone = {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        return subprocess.run(
            [*command, *shlex.split(selection)],
            cwd=tree,
            env=alone,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=LONGEST,
        ).returncode
    except subprocess.TimeoutExpired:
        return FAILED


def chosen(arguments) -> list[Mutant]:
    rows = mutants()
    if arguments.names:
        return [row for row in rows if any(name in row.name for name in arguments.names)]
    today = datetime.date.today().toordinal() % arguments.of
    return rows[today if arguments.today else arguments.part :: arguments.of]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*")
    parser.add_argument("--of", type=int, default=1)
    parser.add_argument("--part", type=int, default=0)
    parser.add_argument("--today", action="store_true")
    parser.add_argument("--green", action="store_true")
    arguments = parser.parse_args()
    lost = 0
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        shutil.copytree(ROOT, tree, ignore=LEFT_OUT)
        for mutant in chosen(arguments):
            result = verdict(mutant, tree, arguments.green)
            lost += result != "killed"
            print(f"{result:10} {mutant.name} ({mutant.file})", flush=True)
    print(f"{lost} not killed")
    return min(lost, 1)


if __name__ == "__main__":
    sys.exit(main())
