"""How far a run has come: a bar on a terminal, a line with the time now and then in a log."""

import sys
import time
from threading import Event, Thread, Timer
from typing import Self

from tqdm import tqdm

PATIENCE = 2.0  # seconds without a bar
PAUSES = (10.0, 20.0, 30.0, 60.0)  # seconds between lines of a log; the last one repeats


class Bar:
    """A bar for what takes longer than `PATIENCE`, even while the first cell is at work."""

    def __init__(self, name: str, total: int, finished: int) -> None:
        options = {"desc": name, "total": total, "initial": finished, "leave": False}
        self._bar = tqdm(delay=PATIENCE, **options)
        self._show = Timer(PATIENCE, self._bar.refresh)
        self._show.daemon = True

    def __enter__(self) -> Self:
        self._show.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._show.cancel()
        self._bar.close()

    def step(self) -> None:
        """Count a finished cell."""
        self._bar.update()

    def say(self, text: str) -> None:
        """Print lines above the bar."""
        self._bar.write(text, file=sys.stderr)


class Log:
    """Lines with date and time, rate and time left, for what takes longer than ten seconds."""

    def __init__(self, name: str, total: int, finished: int) -> None:
        self.name, self.total, self.finished, self.before = name, total, finished, finished
        self._began = time.monotonic()
        self._over = Event()
        self._thread = Thread(target=self._tell, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join()

    def step(self) -> None:
        """Count a finished cell."""
        self.finished += 1

    def say(self, text: str) -> None:
        """Print lines."""
        print(text, file=sys.stderr, flush=True)

    def line(self, seconds: float) -> str:
        """Say how far the run has come after so many seconds."""
        new = self.finished - self.before
        left = (self.total - self.finished) * seconds / new if new else None
        rate = (
            f"{_span(seconds / new)} a cell, about {_span(left)} left" if left is not None else ""
        )
        told = f"{self.name}: {self.finished} of {self.total} cells after {_span(seconds)}"
        return f"{told}, {rate}" if rate else told

    def _tell(self) -> None:
        pauses = list(PAUSES)
        while not self._over.wait(pauses.pop(0) if len(pauses) > 1 else pauses[0]):
            stamp = time.strftime("%Y-%m-%d %H:%M:%S")
            self.say(f"{stamp} {self.line(time.monotonic() - self._began)}")


def progress(name: str, total: int, finished: int) -> Bar | Log:
    """Return the bar or the log of a run, whichever suits stderr."""
    return (Bar if sys.stderr.isatty() else Log)(name, total, finished)


def _span(seconds: float) -> str:
    """Write a length of time with its unit."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        if seconds >= 2 * size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.2g} s"
