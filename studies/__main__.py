"""Run studies from the command line: ``python -m studies list | run | check | figure``."""

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, make_dataclass
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

import tyro
from tyro.conf import FlagCreatePairsOff, OmitArgPrefixes, Positional

import studies
from hippo_theory import _check

PROGRAM = "python -m studies"
NAMES = tyro.conf.arg(metavar="NAME [NAME ...] | all", help="See list.", help_behavior_hint="")


@dataclass(frozen=True)
class List:
    """Print the names of all studies, one a line."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """How studies run."""

    quick: bool = False
    """Quick parameters: at most 10 s a study."""
    out: Path | None = None
    """Folder of the outputs (None: figures; build/quick with --quick; a folder in build of its
    own with other parameters or another seed)."""
    jobs: int | None = None
    """Processes, as joblib counts them: -1 for all cores (None: one)."""
    seed: int = 0
    """Every cell draws from a seed of its own, spawned from this one."""


@dataclass(frozen=True, kw_only=True)
class Run(Options):
    """Measure studies and write NAME.csv .json .png .pdf of each.

    A run that was interrupted continues where it stopped. A study's own parameters are flags
    that follow its name: see run NAME --help.
    """

    names: Annotated[Positional[tuple[str, ...]], NAMES]


@dataclass(frozen=True, kw_only=True)
class Figure:
    """Draw NAME.png .pdf again from NAME.csv."""

    names: Annotated[Positional[tuple[str, ...]], NAMES]
    out: Path = Path("figures")
    """Folder of the CSV and the figure."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """Check claims against the tables NAME.csv and print their numbers."""

    names: Annotated[Positional[tuple[str, ...]], NAMES]
    out: Path = Path("figures")
    """Folder of the CSV and its record."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Obey a command line (None: this process's) and return its exit status.

    0: done, or a study cannot run here and said why; 1: a cell failed, or a table contradicts
    its claim; 2: refused; 130 and 141: stopped by Ctrl-C, or by a reader of the output that has
    gone (``| head``).
    """
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    try:
        try:
            return _obey(arguments)
        finally:
            sys.stdout.flush()
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for the flush at exit
        return 141


def _obey(arguments: list[str]) -> int:
    if not arguments:
        return _introduce()
    if _names_one_study(arguments):
        return _run_one(arguments[1], arguments[2:])
    command = tyro.cli(
        List | Run | Check | Figure, prog=PROGRAM, args=arguments, config=(FlagCreatePairsOff,)
    )
    return COMMANDS[type(command)](command)


def _names_one_study(arguments: Sequence[str]) -> bool:
    """Whether this is ``run NAME`` and then flags, among which NAME's own may be."""
    words = [*arguments[:3], "-"]
    one = words[1] != "all" and not words[1].startswith("-")
    return words[0] == "run" and one and words[2].startswith("-")


def _introduce() -> int:
    """Say what can be typed: the commands, and every study with its claim."""
    from studies import _study

    print(f"{PROGRAM} list | run NAME [NAME ...] | check NAME | figure NAME   (--help says more)\n")
    width = max(map(len, studies.names()))
    for name in studies.names():
        print(f"{name:{width}}  {_study.claim(_study.load(name))}")
    return 0


def _list(_: List) -> int:
    for name in studies.names():
        print(name)
    return 0


def _run(command: Run) -> int:
    def one(study: ModuleType) -> None:
        _measure(study, study.QUICK if command.quick else study.Params(), command)

    return _each(command.names, one)


def _run_one(name: str, flags: Sequence[str]) -> int:
    def one(study: ModuleType) -> None:
        usual = study.QUICK if "--quick" in flags else study.Params()
        options = tyro.cli(
            _with_parameters(study.Params, usual),
            prog=f"{PROGRAM} run {name}",
            description=study.__doc__,
            args=flags,
            config=(FlagCreatePairsOff, OmitArgPrefixes),
        )
        _measure(study, options.study, options)

    return _each((name,), one)


def _with_parameters(kind: type, usual: Any) -> type:
    """Return `Options` with a study's parameters beside them."""
    study = ("study", kind, field(default=usual))
    return make_dataclass("OneStudy", [study], bases=(Options,), frozen=True, kw_only=True)


def _measure(study: ModuleType, params: Any, options: Options) -> None:
    from studies import _study

    _study.run(study, params, out=options.out, seed=options.seed, jobs=options.jobs)


def _figure(command: Figure) -> int:
    from studies import _study

    return _each(command.names, lambda study: _study.redraw(study, out=command.out))


def _check_claims(command: Check) -> int:
    from studies import _study

    def one(study: ModuleType) -> None:
        try:
            _study.check(study, out=command.out)
        except FileNotFoundError as missing:
            if tuple(command.names) != ("all",):
                raise
            print(missing)

    return _each(command.names, one)


def _each(names: Sequence[str], act: Callable[[ModuleType], object]) -> int:
    """Act on the named studies one after another; one that fails leaves the others their turn."""
    known = studies.names()
    chosen = known if tuple(names) == ("all",) else names
    try:
        for name in chosen:
            _check.option("study", name, known)
        if not names:
            raise ValueError("NAME must be given: one or more studies, or all")
    except ValueError as error:
        return _complain(error, 2)
    from studies import _study

    status = 0
    for name in chosen:
        try:
            act(_study.load(name))
        except _study.NotHere as reason:
            print(f"{name} cannot run here: {reason}")
        except (_study.CellError, _study.Contradicted) as error:
            status = max(status, _complain(error, 1))
        except BrokenPipeError:
            raise
        except (_study.Refused, OSError) as error:
            status = _complain(error, 2)
    return status


def _complain(error: Exception, status: int) -> int:
    print(error, file=sys.stderr)
    return status


COMMANDS: dict[type, Callable[[Any], int]] = {
    List: _list,
    Run: _run,
    Check: _check_claims,
    Figure: _figure,
}

if __name__ == "__main__":
    sys.exit(main())
