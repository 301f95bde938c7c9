"""Cells in processes of this machine that may die, or be ended, without harm to the others.

Each process has a pipe of its own and is given one cell at a time. The pools of joblib and of
concurrent.futures are lost as a whole with one of their processes, and cannot say which task it
had; this one is the standard library's `multiprocessing`. Its processes end with their parent.
"""

import ctypes
import multiprocessing
import os
import signal
import sys
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import connection
from threading import Thread
from typing import Any, Self

import cloudpickle
import joblib
from threadpoolctl import threadpool_limits

from studies._trouble import Trouble

Task = Callable[[int], Trouble | None]
Ended = tuple[int, Trouble | None]
PRELOADED = ["numpy", "scipy.linalg", "pandas", "matplotlib.figure", "threadpoolctl"]
STARTS = 3  # processes in a row that die before their first cell: more are no chance
TICK = 1.0  # seconds between looks at the clock
PR_SET_PDEATHSIG = 1  # Linux, sys/prctl.h


class CannotStart(RuntimeError):  # noqa: N818  so that its sentence stands alone
    """No process comes up; the message says how the last one ended."""


def run(
    task: Task, cells: Sequence[int], *, jobs: int, limit: float | None = None
) -> Iterator[Ended]:
    """Yield each cell with what went wrong in it (None: nothing), in the order of their ends.

    Parameters
    ----------
    task : callable
        Does the work of one cell and returns what went wrong. It is pickled.
    cells : sequence of int
        What to do.
    jobs : int
        Processes, as joblib counts them.
    limit : float, optional
        Seconds that a cell may take; one that takes longer is ended with its process.

    Raises
    ------
    CannotStart
        If processes die before they are given a cell.

    Notes
    -----
    A cell whose process dies is tried once more after all others, alone: it may have died of the
    memory of its neighbours.
    """
    waiting, died = deque(cells), deque()
    width = min(joblib.effective_n_jobs(jobs), len(waiting))
    with _Pool(task, limit) as pool:
        for cell, trouble in pool.work(waiting, width):
            if trouble is not None and trouble.died:
                died.append(cell)
            else:
                yield cell, trouble
        pool.close()
        yield from pool.work(died, 1)


@dataclass(eq=False)
class _Process:
    """A process, its pipe, and the cell that it has."""

    process: Any
    pipe: connection.Connection
    ready: bool = False
    cell: int | None = None
    since: float = 0.0


class _Pool:
    """The processes of one task; the block ends them."""

    def __init__(self, task: Task, limit: float | None) -> None:
        method = "forkserver" if sys.platform != "win32" else "spawn"
        self._context: Any = multiprocessing.get_context(method)
        self._context.set_forkserver_preload(PRELOADED)
        self._blob = cloudpickle.dumps(task)
        self._limit = limit
        self._processes: list[_Process] = []
        self._stillborn = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """End all processes at once."""
        for one in self._processes:
            one.process.kill()
        for one in list(self._processes):
            self._bury(one)

    def work(self, waiting: deque[int], width: int) -> Iterator[Ended]:
        """Give the cells to `width` processes and yield those that have ended."""
        while waiting or any(one.cell is not None for one in self._processes):
            self._give_out(waiting, width)
            ended = [self._hear(one) for one in self._wait()]
            ended += [self._stop_late(one) for one in list(self._processes)]
            yield from (one for one in ended if one is not None)

    def _give_out(self, waiting: deque[int], width: int) -> None:
        free = [one for one in self._processes if one.cell is None]
        for _ in range(min(width - len(self._processes), len(waiting) - len(free))):
            self._start()
        for one in free:
            if one.ready and waiting:
                one.cell, one.since = waiting.popleft(), time.monotonic()
                with suppress(OSError):  # it has died: the next look at it tells
                    one.pipe.send(one.cell)

    def _start(self) -> None:
        here, there = self._context.Pipe()
        process = self._context.Process(target=_serve, args=(there, self._blob), daemon=True)
        try:
            process.start()
        except (EOFError, OSError) as error:  # the fork server has just been killed
            here.close()
            self._count_stillborn(f"{type(error).__name__}: {error}")
        else:
            self._processes.append(_Process(process, here))
        there.close()

    def _wait(self) -> list[_Process]:
        """Return the processes that have something to tell, or have ended."""
        watched: dict[Any, _Process] = {one.pipe: one for one in self._processes}
        watched |= {one.process.sentinel: one for one in self._processes}
        told = connection.wait(list(watched), TICK if self._limit is None else self._limit / 20)
        return list(dict.fromkeys(watched[key] for key in told))

    def _hear(self, one: _Process) -> Ended | None:
        try:
            word, what = one.pipe.recv()
        except (EOFError, OSError):
            return self._mourn(one)
        if word == "broken":
            raise CannotStart(what)
        self._stillborn = 0
        one.ready, cell, one.cell = True, one.cell, None
        return None if cell is None else (cell, what)

    def _mourn(self, one: _Process) -> Ended | None:
        """Tell the death of a process, with the cell that it had."""
        one.process.join(TICK)
        trouble = Trouble.of_death(one.process.exitcode)
        self._bury(one)
        if not one.ready:
            self._count_stillborn(trouble.sentence)
        return None if one.cell is None else (one.cell, trouble)

    def _count_stillborn(self, how: str) -> None:
        self._stillborn += 1
        if self._stillborn >= STARTS:
            raise CannotStart(f"a process of the pool cannot start: {how}")

    def _stop_late(self, one: _Process) -> Ended | None:
        if self._limit is None or one.cell is None or time.monotonic() - one.since < self._limit:
            return None
        one.process.kill()
        self._bury(one)
        return one.cell, Trouble.of_limit(self._limit)

    def _bury(self, one: _Process) -> None:
        one.process.join(TICK)
        one.pipe.close()
        self._processes.remove(one)


def _serve(pipe: connection.Connection, blob: bytes) -> None:
    """Do cells in a process of the pool until the pipe is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends the pool on Ctrl-C
    _end_with_parent()
    try:
        task = cloudpickle.loads(blob)
    except BaseException:
        pipe.send(("broken", traceback.format_exc()))
        return
    with threadpool_limits(1), suppress(EOFError, OSError):
        pipe.send(("ready", None))
        while True:
            cell = pipe.recv()
            pipe.send(("ended", task(cell)))


def _end_with_parent() -> None:
    """Let this process be killed when its parent ends, however that ends.

    A thread watches the parent. On Linux the kernel does it, too, for no thread runs while
    compiled code holds Python's lock: it watches the fork server, which ends with the parent.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    parent = multiprocessing.parent_process()
    if parent is not None:
        Thread(target=lambda: (parent.join(), os._exit(1)), daemon=True).start()
