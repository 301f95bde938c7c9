"""Run studies from the command line: ``python -m studies list | run | check | figure | ...``.

Nothing is imported before it is needed: the list of claims is there at once, and where a package
is missing, the message says what to install.
"""

import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

PROGRAM = "python -m studies"
EXTRA = "pip install 'hippo_theory[studies]'"


class Stopped(KeyboardInterrupt):
    """A signal asked this process to end."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


def main(arguments: Sequence[str] | None = None) -> int:
    """Obey a command line (None: this process's) and return its exit status.

    0: done, or a study cannot run here and said why; 1: a cell or a figure failed, or a table
    contradicts its claim; 2: refused; 129, 130, 143 and 141: stopped by SIGHUP, Ctrl-C or
    SIGTERM, or by a reader of the output that has gone (``| head``).
    """
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    try:
        with _signals():
            try:
                return _obey(arguments)
            finally:
                sys.stdout.flush()
    except Stopped as stopped:
        return 128 + stopped.number
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for the flush at exit
        return 141


def _obey(arguments: list[str]) -> int:
    if not arguments or arguments == ["list"]:
        return _list(introduced=not arguments)
    os.environ["MPLBACKEND"] = "agg"  # nothing is shown
    try:
        from studies import _commands
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] in ("studies", "hippo_theory"):
            raise
        print(f"{PROGRAM} needs {missing.name}, which is not installed: {EXTRA}", file=sys.stderr)
        return 2
    return _commands.obey(arguments)


def _list(*, introduced: bool) -> int:
    """Print every study with its claim, after what can be typed."""
    from studies import _catalogue

    if introduced:
        print(f"{PROGRAM} list | run NAME [NAME ...] | check NAME   (--help says more)\n")
    for line in _catalogue.lines():
        print(line)
    return 0


@contextmanager
def _signals() -> Iterator[None]:
    """Raise Stopped on SIGTERM and SIGHUP within the block, unless they are ignored (nohup)."""

    def stop(number: int, _: Any) -> None:
        raise Stopped(number)

    known = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    if threading.current_thread() is not threading.main_thread():
        known = []
    before = {number: signal.getsignal(number) for number in known}
    mine = [number for number, handler in before.items() if handler == signal.SIG_DFL]
    for number in mine:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number in mine:
            signal.signal(number, before[number])


if __name__ == "__main__":
    sys.exit(main())
