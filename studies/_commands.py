"""What the commands of ``python -m studies`` do."""

import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import field, fields, make_dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, get_args, get_type_hints

import tyro
from tyro.conf import FlagCreatePairsOff, OmitArgPrefixes

import studies
from hippo_theory import _check
from studies import _bounds, _catalogue, _job, _store, _study
from studies._options import Check, Clean, Figure, Gather, List, Options, Place, Reproduce, Run

PROGRAM = "python -m studies"


def obey(arguments: Sequence[str]) -> int:
    """Obey a command line and return its exit status."""
    names = list(arguments[1:])[: _flags_from(arguments[1:])]
    if arguments[0] in ONE_STUDY and len(names) == 1 and names != ["all"]:
        return _one(arguments[0], names[0], arguments[2:])
    strange = [flag for flag in arguments[1:] if arguments[0] in ONE_STUDY and _is_strange(flag)]
    if strange:
        sentence = (
            f"{strange[0]} must follow the name of one study: {arguments[0]} NAME {strange[0]}"
        )
        return _complain(ValueError(sentence), 2)
    command = tyro.cli(
        List | Run | Gather | Check | Reproduce | Figure | Clean,
        prog=PROGRAM,
        args=arguments,
        config=(FlagCreatePairsOff,),
    )
    return COMMANDS[type(command)](command)


def _flags_from(words: Sequence[str]) -> int:
    """Return the index of the first flag."""
    return next((k for k, word in enumerate(words) if word.startswith("-")), len(words))


def _is_strange(word: str) -> bool:
    """Whether a word is a flag, and none that all studies have."""
    known = {f"--{option.name}" for option in fields(Options)} | {"--help"}
    return word.startswith("--") and word.partition("=")[0] not in known


def _list(_: List) -> int:
    for line in _catalogue.lines():
        print(line)
    return 0


def _run(command: Run) -> int:
    return _each(
        command.names, lambda study: _measure(study, _usual(study, command.quick), command)
    )


def _gather(command: Gather) -> int:
    return _each(
        command.names, lambda study: _collect(study, _usual(study, command.quick), command)
    )


def _one(word: str, name: str, flags: Sequence[str]) -> int:
    """Run or gather one study, whose parameters are flags."""
    kind, act = ONE_STUDY[word]

    def one(study: ModuleType) -> None:
        usual = _usual(study, "--quick" in flags)
        options = tyro.cli(
            _with_parameters(kind, study.Params, usual),
            prog=f"{PROGRAM} {word} {name}",
            description=study.__doc__,
            args=_separated(flags, study.Params),
            config=(FlagCreatePairsOff, OmitArgPrefixes),
        )
        with _job.refusals():
            _bounds.check(study, options.study, prefix="--")
        act(study, options.study, options)

    return _each((name,), one)


def _usual(study: ModuleType, quick: bool) -> Any:
    return study.QUICK if quick else study.Params()


def _with_parameters(base: type, kind: type, usual: Any) -> type:
    """Return `base` with a study's parameters beside its options."""
    study = ("study", kind, field(default=usual))
    return make_dataclass("OneStudy", [study], bases=(base,), frozen=True, kw_only=True)


def _separated(flags: Sequence[str], kind: type) -> list[str]:
    """Split "16,64,256" in three after the flags of fields that hold several values."""
    hints = get_type_hints(kind)
    several = {f"--{name}" for name, hint in hints.items() if tuple in (hint, *get_args(hint))}
    several |= {
        f"--{name}" for name, hint in hints.items() if getattr(hint, "__origin__", 0) is tuple
    }
    words, splits = [], False
    for flag in flags:
        if flag.startswith("--"):
            flag, _, value = flag.partition("=")
            splits = flag.replace("-", "_").replace("__", "--", 1) in several
            words += [flag, *_split(value, splits)] if value else [flag]
        else:
            words += _split(flag, splits)
    return words


def _split(word: str, splits: bool) -> list[str]:
    return [part for part in re.split(r"\s*,\s*", word) if part] if splits else [word]


def _measure(study: ModuleType, params: Any, options: Options) -> None:
    how = {"out": options.out, "seed": options.seed, "limit": options.limit}
    jobs = 1 if options.jobs is None and options.scheduler is None else options.jobs
    if options.part is not None:
        _study.run_part(study, params, part=_part(options.part), jobs=jobs, **how)
        return
    _study.run(study, params, jobs=jobs, scheduler=options.scheduler, fresh=options.fresh, **how)


def _part(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d+)/(\d+)", text)
    if not found:
        raise _study.Refused(f"part must be i/n, as 1/8 is the first of eight, got {text!r}")
    return int(found[1]), int(found[2])


def _collect(study: ModuleType, params: Any, options: Place) -> None:
    _study.gather(study, params, out=options.out, seed=options.seed)


def _check_claims(command: Check) -> int:
    def one(study: ModuleType) -> None:
        try:
            _study.check(study, out=command.out)
        except FileNotFoundError as missing:
            if tuple(command.names) != ("all",):
                raise
            print(missing)

    return _each(command.names, one)


def _reproduce(command: Reproduce) -> int:
    return _each(
        command.names, lambda study: _study.reproduce(study, out=command.out, jobs=command.jobs)
    )


def _figure(command: Figure) -> int:
    return _each(command.names, lambda study: _study.redraw(study, out=command.out))


def _clean(command: Clean) -> int:
    def one(study: ModuleType) -> None:
        outs = [Path("figures"), *Path("build").glob("*")] if command.out is None else [command.out]
        for out in outs:
            for gone in _store.clean(out, _study.name_of(study), unfinished=command.unfinished):
                print(f"{gone} is removed")

    return _each(command.names, one)


def _each(names: Sequence[str], act: Callable[[ModuleType], object]) -> int:
    """Act on the named studies one after another; one that fails leaves the others their turn."""
    known = studies.names()
    chosen = known if tuple(names) == ("all",) else names
    try:
        if "all" in chosen:
            raise ValueError("all must stand alone, without names of studies")
        for name in chosen:
            _check.option("study", name, known)
        if not names:
            raise ValueError("NAME must be given: one or more studies, or all")
    except ValueError as error:
        return _complain(error, 2)
    return max((_guarded(name, act) for name in chosen), default=0)


def _guarded(name: str, act: Callable[[ModuleType], object]) -> int:
    """Act on a study and return the exit status of what happens."""
    try:
        act(_study.load(name))
    except _study.NotHere as reason:
        print(f"{name} cannot run here: {reason}")
    except (_study.CellError, _study.Contradicted, _study.Differs, _study.FigureError) as error:
        return _complain(error, 1)
    except BrokenPipeError:
        raise
    except (_study.Refused, OSError) as error:
        return _complain(error, 2)
    return 0


def _complain(error: Exception, status: int) -> int:
    print(error, file=sys.stderr)
    return status


ONE_STUDY: dict[str, tuple[type, Callable]] = {
    "run": (Options, _measure),
    "gather": (Place, _collect),
}
COMMANDS: dict[type, Callable[[Any], int]] = {
    List: _list,
    Run: _run,
    Gather: _gather,
    Check: _check_claims,
    Reproduce: _reproduce,
    Figure: _figure,
    Clean: _clean,
}
