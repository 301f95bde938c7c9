"""Cells on the workers of a dask cluster, each a future of its own.

Futures tell what joblib's dask backend keeps to itself: that a worker was killed, and with which
cell. A worker measures only if its sources and versions are this process's: rows of another
checkout would otherwise go under this one's name.
"""

import importlib
import io
import queue
import socket
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import cloudpickle
from distributed import Client, Future, KilledWorker
from threadpoolctl import threadpool_limits

from studies import _files, _origin, _pool
from studies._cells import Task
from studies._job import Refused
from studies._trouble import Trouble

AHEAD = 2  # cells given out for each thread of the cluster, so that none waits for this process
RETRIES = 2  # of a cell whose result does not arrive
TICK = 1.0  # seconds between looks at the scheduler
PATIENCE = 10.0  # seconds to reach the scheduler, and without workers before that is told
Identity = dict[str, str | None]


class NoCluster(OSError):  # noqa: N818  so that its sentence stands alone
    """The cluster is lost."""


def run(task: Task, cells: Sequence[int], *, address: str) -> Iterator[_pool.Ended]:
    """Yield each cell with what went wrong in it (None: nothing), in the order of their ends.

    Parameters
    ----------
    task : Task
        Is sent to the cluster once; the rows of its cells are kept by this process.
    cells : sequence of int
        What to do.
    address : str
        HOST:PORT of a scheduler, or the path of its scheduler file.

    Raises
    ------
    Refused
        If no scheduler answers, or a worker differs in sources or versions.
    NoCluster
        If the scheduler is lost.

    Notes
    -----
    What a lost worker had is measured by another one. A cell that several have died with (dask's
    `allowed-failures`) is tried once more after all others, alone: then it is known that they
    died of it, and not of another one. Workers should have one thread: measurements are not made
    to share a process. What runs on a worker cannot be stopped when this process ends; little is
    given out ahead.
    """
    if not cells:
        return
    with _connected(address) as client:
        work = _Work(client, task)
        died = []
        for cell, trouble in work.do(cells, lambda: AHEAD * sum(client.nthreads().values())):
            if trouble is not None and trouble.died:
                died.append(cell)
            else:
                yield cell, trouble
        yield from work.do(died, lambda: 1)


class _Work:
    """A task on a cluster whose workers have been held against this process."""

    def __init__(self, client: Client, task: Task) -> None:
        self._client, self._task, self._study = client, task, task.measure.__module__
        self._expected = identity(self._study)
        _meet(client, self._study, self._expected)
        self._shared = _shared(client, task)
        self._ended: queue.SimpleQueue[Future] = queue.SimpleQueue()

    def do(self, cells: Sequence[int], width: Callable[[], int]) -> Iterator[_pool.Ended]:
        """Yield each cell with what went wrong; at most `width()` of them are given out at once."""
        waiting, given = list(cells)[::-1], {}
        while waiting or given:
            for _ in range(min(max(width(), 1) - len(given), len(waiting))):
                cell = waiting.pop()
                future = self._give(cell)
                given[future.key] = cell, future
            for future in _news(self._ended, self._client):
                cell, _ = given.pop(future.key)
                yield cell, _keep(self._task, cell, future)

    def _give(self, cell: int) -> Future:
        key = _key(self._task, cell)
        arguments = (self._shared, cell, self._study, self._expected)
        future = self._client.submit(measure, *arguments, key=key, retries=RETRIES)
        future.add_done_callback(self._ended.put)
        return future


def measure(task: Task, cell: int, study: str, expected: Identity) -> bytes | Trouble:
    """Measure a cell on a worker; return what its file holds, or what went wrong."""
    differs = _difference(expected, identity(study), socket.gethostname())
    if differs:
        return Trouble(differs, differs, differs, stops=True)
    _pin()
    file = io.BytesIO()
    trouble = task.write(file, cell)
    return file.getvalue() if trouble is None else trouble


@lru_cache
def identity(study: str) -> Identity:
    """Name the sources and versions of this process, for the study with the module name `study`."""
    module = importlib.import_module(study)
    return {"sources": _files.digest(_origin.sources(module)), **_origin.versions()}


def _meet(client: Client, study: str, expected: Identity) -> None:
    """Wait for workers, hold them against this process and say who they are."""
    waited = time.monotonic()
    while not client.nthreads():
        if time.monotonic() - waited > PATIENCE:
            print("waiting for a worker: the scheduler has none", file=sys.stderr)
            waited = float("inf")
        time.sleep(0.1)
    try:
        workers = client.run(_introduce, study)
    except Exception as error:
        raise Refused(f"a worker cannot import {study}: {error}") from error
    for host, found, _ in workers.values():
        differs = _difference(expected, found, host)
        if differs:
            raise Refused(differs)
    kinds = sorted({f"{host} ({machine})" for host, _, machine in workers.values()})
    print(f"{len(workers)} workers on {', '.join(kinds)}", file=sys.stderr)


def _introduce(study: str) -> tuple[str, Identity, str]:
    """Say, on a worker, where it is, what it would run and on what."""
    return socket.gethostname(), identity(study), ", ".join(_origin.machine().values())


def _difference(expected: Identity, found: Identity, host: str) -> str | None:
    """Say how a worker differs; None: not at all."""
    other = [key for key in expected if found.get(key) != expected[key]]
    if not other:
        return None
    words = [f"{key} {found.get(key)} for {expected[key]}" for key in other if key != "sources"]
    words += ["another checkout of the sources"] * ("sources" in other)
    return f"the worker on {host} has {', '.join(words)}; start it again from this checkout"


def _shared(client: Client, task: Task) -> Future:
    """Send the task to the cluster once, as a value that lost workers do not take along."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # dask finds large inputs worth a warning
        return client.submit(cloudpickle.loads, cloudpickle.dumps(task), key=_key(task, "task"))


def _key(task: Task, what: object) -> str:
    return f"{task.store.folder.parent.name}-{task.store.folder.name}-{what}"


def _news(ended: queue.SimpleQueue, client: Client) -> list[Future]:
    """Wait a little for futures that have ended; NoCluster if the scheduler is lost."""
    try:
        return [ended.get(timeout=TICK)]
    except queue.Empty:
        if client.status != "running":
            raise NoCluster("the scheduler is lost") from None
        return []


def _keep(task: Task, cell: int, future: Future) -> Trouble | None:
    """Keep the rows of a future that has ended; return what went wrong."""
    if future.status == "error":
        error = future.exception()
        name = type(error).__name__
        words = f"{name}: {error}"
        return Trouble(name, words, words, died=isinstance(error, KilledWorker))
    if future.status != "finished":
        raise NoCluster("the scheduler is lost, with the cells in progress")
    content = future.result()
    if isinstance(content, Trouble):
        return content
    _files.write_whole(task.store.path(cell), content)
    return None


@contextmanager
def _connected(address: str) -> Iterator[Client]:
    """Connect with a scheduler, whose loss is told in one sentence."""
    where = {"scheduler_file": address} if Path(address).exists() else {"address": address}
    try:
        client = Client(**where, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        raise Refused(f"no scheduler answers at {address}: {error}") from error
    with client:
        try:
            yield client
        except OSError as error:
            if isinstance(error, NoCluster):
                raise
            raise NoCluster(f"the scheduler at {address} is lost: {error}") from error


@lru_cache
def _pin() -> None:
    """Give BLAS one thread for good: threads of a worker must not undo each other's limits."""
    threadpool_limits(1)
