"""A cluster measures the same bytes, whoever is killed: a worker, the client or the scheduler."""

import importlib.util
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from studies import _cluster, _study
from tests.studies.test_study_survival import (
    bytes_of,
    cells_of,
    checkout,
    children_of,
    command,
    needs_proc,
    wait_for,
)

pytest.importorskip("distributed")
pytestmark = needs_proc
__all__ = ["checkout"]  # a fixture
CLUSTER = """
import os, sys, time
from distributed import LocalCluster
if __name__ == "__main__":
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with LocalCluster(**options) as cluster:
        temporary = sys.argv[1] + ".tmp"
        with open(temporary, "w") as file:
            file.write(cluster.scheduler_address)
        os.replace(temporary, sys.argv[1])
        while os.getppid() == int(sys.argv[2]):
            time.sleep(0.1)
"""


class Cluster:
    """A scheduler and two workers, in processes of their own, with the sources of `home`."""

    def __init__(self, home):
        file = home / "address"
        script = home / "cluster.py"
        script.write_text(CLUSTER)
        self.process = subprocess.Popen(
            [sys.executable, str(script), str(file), str(os.getpid())],
            cwd=home,
            env={
                **os.environ,
                "PYTHONPATH": str(home),
                "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1",
                "DASK_DISTRIBUTED__WORKER__MEMORY__TERMINATE": "false",
            },
            stderr=subprocess.DEVNULL,
        )
        wait_for(file.exists)
        self.address = file.read_text()


@pytest.fixture(scope="module")
def cluster(checkout):
    started = Cluster(checkout)
    yield started
    started.process.kill()
    started.process.wait()


@pytest.fixture
def slow(checkout, monkeypatch):
    """The study of the checkout, as this process and the workers know it."""
    spec = importlib.util.spec_from_file_location("studies.toy", checkout / "studies/toy.py")
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "studies.toy", module)
    spec.loader.exec_module(module)
    _cluster.identity.cache_clear()
    yield module
    _cluster.identity.cache_clear()


@pytest.fixture
def whole(slow, tmp_path):
    """What a serial run in this process writes."""
    _study.run(slow, out=tmp_path / "whole")
    return bytes_of(tmp_path / "whole")


def after(count, out, act):
    """Act, in a thread, as soon as so many cells are finished."""

    def wait():
        wait_for(lambda: len(cells_of(out)) >= count)
        act()

    threading.Thread(target=wait, daemon=True).start()


def kill_a_worker(cluster):
    def is_worker(pid):
        return b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()

    workers = [pid for pid in children_of(cluster.process.pid) if is_worker(pid)]
    os.kill(workers[0], signal.SIGKILL)


def test_a_cluster_that_loses_a_worker_measures_the_same_bytes(cluster, slow, whole, tmp_path):
    out = tmp_path / "cluster"
    after(5, out, lambda: kill_a_worker(cluster))
    _study.run(slow, out=out, scheduler=cluster.address)
    assert bytes_of(out) == whole


def test_a_cell_that_kills_its_workers_fails_alone(cluster, slow, tmp_path):
    with pytest.raises(_study.CellError) as error:
        _study.run(slow, slow.Params(scale=3.0), out=tmp_path, scheduler=cluster.address)
    assert str(error.value).startswith("cell 4, Cell(size=5, scale=3.0): KilledWorker: ")
    assert "\n1 of 40 cells failed; " in str(error.value)


def test_a_killed_client_loses_nothing(cluster, slow, whole, tmp_path, checkout):
    out = tmp_path / "client"
    words = ("run", "toy", "--out", out, "--scheduler", cluster.address.removeprefix("tcp://"))
    process = subprocess.Popen(**command(checkout, *words))
    wait_for(lambda: len(cells_of(out)) >= 5)
    process.kill()
    process.communicate()
    kept = {path: path.stat().st_mtime_ns for path in cells_of(out)}
    assert len(kept) < 40
    _study.run(slow, out=out, scheduler=cluster.address)
    assert bytes_of(out) == whole
    assert kept.items() <= {path: path.stat().st_mtime_ns for path in cells_of(out)}.items()


def test_workers_of_another_checkout_are_refused_by_their_host(cluster, slow, tmp_path, capsys):
    path = Path(slow.__file__)
    text = path.read_text()
    path.write_text(text + "# edited\n")
    try:
        with pytest.raises(_study.Refused, match=r"the worker on \S+ has another checkout of"):
            _study.run(slow, out=tmp_path, scheduler=cluster.address)
    finally:
        path.write_text(text)
    assert cells_of(tmp_path) == []


def test_a_scheduler_that_is_not_there_is_refused(slow, tmp_path, monkeypatch):
    monkeypatch.setattr(_cluster, "PATIENCE", 1.0)
    with pytest.raises(_study.Refused, match=r"no scheduler answers at 127\.0\.0\.1:1"):
        _study.run(slow, out=tmp_path, scheduler="127.0.0.1:1")


def test_a_scheduler_that_is_lost_costs_the_cells_in_progress(cluster, slow, whole, tmp_path):
    out = tmp_path / "scheduler"
    after(5, out, cluster.process.kill)
    with pytest.raises(_study.CellError, match=r"is lost.*\n\d+ of 40 cells are finished"):
        _study.run(slow, out=out, scheduler=cluster.address)
    kept = {path: path.stat().st_mtime_ns for path in cells_of(out)}
    assert len(kept) >= 5
    _study.run(slow, out=out)
    assert bytes_of(out) == whole
    assert kept.items() <= {path: path.stat().st_mtime_ns for path in cells_of(out)}.items()
