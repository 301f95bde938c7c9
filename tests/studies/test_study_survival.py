"""Sweeps survive what kills cells, processes and runs: never a wrong number, never lost work."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import studies
from studies import __main__ as command_line
from studies import _cells, _files, _job, _outputs, _pool, _progress, _store, _study
from tests.studies.conftest import TOY

ROOT = Path(studies.__file__).parents[1]


def bytes_of(folder):
    return {path.name: path.read_bytes() for path in sorted(Path(folder).glob("toy.*"))}


def misbehaving(measure, how):
    """`measure`, but for the cell of size 2."""

    def measured(cell, rng):
        if cell.size == 2:
            how()
        return measure(cell, rng)

    return measured


def kill_myself():
    os.kill(os.getpid(), signal.SIGKILL)


def sleep_long():
    time.sleep(600)


@pytest.mark.parametrize(
    "how, limit, sentence",
    [
        (kill_myself, None, "its process died of signal 9 (SIGKILL, out of memory?)"),
        (os.abort, None, "its process died of signal 6 (SIGABRT)"),
        (lambda: os._exit(7), None, "its process died with exit status 7"),
        (lambda: sys.exit(3), None, "SystemExit: 3"),
        (sleep_long, 0.5, "ran past the limit of 0.5 s and was ended"),
    ],
)
def test_a_cell_that_ends_its_process_fails_alone(toy, tmp_path, how, limit, sentence):
    whole = toy.measure
    _study.run(toy, out=tmp_path / "whole")
    toy.measure = misbehaving(whole, how)
    with pytest.raises(_study.CellError) as error:
        _study.run(toy, out=tmp_path / "survived", jobs=2, limit=limit)
    said = f"cell 1, Cell(size=2, scale=1.0): {sentence}\n1 of 5 cells failed; "
    assert str(error.value).startswith(said)
    measured = []
    toy.measure = lambda cell, rng: measured.append(cell.size) or whole(cell, rng)
    _study.run(toy, out=tmp_path / "survived")
    assert measured == [2]
    assert bytes_of(tmp_path / "survived") == bytes_of(tmp_path / "whole")


def test_a_cell_that_died_of_its_neighbours_is_measured_alone(toy, tmp_path):
    whole, died = toy.measure, tmp_path / "died"

    def once():
        if not died.exists():
            died.touch()
            kill_myself()

    toy.measure = misbehaving(whole, once)
    _study.run(toy, out=tmp_path / "once", jobs=2)
    toy.measure = whole
    _study.run(toy, out=tmp_path / "whole")
    assert died.exists()
    assert bytes_of(tmp_path / "once") == bytes_of(tmp_path / "whole")


def test_processes_that_cannot_start_are_no_cells_fault(toy, tmp_path, monkeypatch):
    monkeypatch.setattr(_pool, "_serve", os.abort)  # is called with arguments, and dies
    with pytest.raises(_study.CellError, match="cannot start: its process died with exit status 1"):
        _study.run(toy, out=tmp_path, jobs=2)


def test_a_kind_of_failure_is_told_once(toy, tmp_path, capsys):
    def broken(cell, rng):
        raise ArithmeticError(f"{cell.size} digits left")

    toy.measure = broken
    with pytest.raises(_study.CellError, match=r"cell 4, .* 5 digits left\n5 of 5 cells failed"):
        _study.run(toy, out=tmp_path)
    assert capsys.readouterr().err.count("Traceback") == 1


ROWS = [
    [{"a": 1, "b": 0.1, "w": "x"}, {"a": 2, "b": float("nan"), "w": "é"}],
    [],
    [{"b": 5e-324, "c": True}, {"d": None, "a": 2**70}],
    [{"a": np.int64(3), "b": np.float32(0.1), "w": ""}],
]


@pytest.mark.parametrize("cells", [ROWS, ROWS[:1], ROWS[::-1], ROWS[1:3], [ROWS[3], ROWS[0]]])
def test_a_table_of_kept_cells_is_the_table_of_their_rows(tmp_path, cells):
    store = _store.Store(tmp_path / "run")
    for cell, rows in enumerate(cells):
        store.put(cell, _store.columns_of(rows), {"cpu": "c", "blas": "b"})
    rows = [_files.loads(_files.dumps(row)) for cell in cells for row in cell]
    expected = pd.DataFrame(rows).to_csv(index=False, na_rep="nan")
    assert store.table(len(cells)).to_csv(index=False, na_rep="nan") == expected


def test_what_does_not_verify_is_measured_again(tmp_path, capsys):
    store = _store.Store(tmp_path / "run")
    columns = {"x": [0.1, 2.0], "word": ["a", "b"]}
    store.put(3, columns, {"cpu": "c", "blas": "b"})
    whole = store.path(3).read_bytes()
    assert store.finished(4) == {3}
    for place in range(len(whole)):
        for altered in (whole[:place], whole[:place] + b"7" + whole[place + 1 :]):
            store.path(3).write_bytes(altered)
            assert store.finished(4) == ({3} if altered == whole else set())
    assert f"{store.path(3)} does not verify: measured again" in capsys.readouterr().err
    store.put(3, columns, {"cpu": "c", "blas": "b"})
    os.replace(store.path(3), store.path(2))  # whole, but of another cell
    assert store.finished(4) == set()
    assert _files.loads(whole)["columns"] == [[0.1, 2.0], ["a", "b"]]  # JSON for everybody


SLOWLY = """def measure(cell, rng):
    time.sleep(0.03)
    if (cell.size, cell.scale) == (5, 3.0):
        os._exit(9)
"""
SLOW = (
    TOY.replace("def measure(cell, rng):\n", SLOWLY)
    .replace("from dataclasses", "import os\nimport time\nfrom dataclasses", 1)
    .replace("from studies import _cells, _figures, _study", "from studies import _study")
    .replace("    figure = _figures", "    from studies import _figures\n\n    figure = _figures")
    .replace("(1, 2, 3, 4, 5)", repr(tuple(range(1, 41))))
)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A checkout whose only study is slow; the package is that of this one."""
    home = tmp_path_factory.mktemp("checkout")
    (home / "studies").mkdir()
    for path in (ROOT / "studies").glob("_*.*"):
        (home / "studies" / path.name).write_bytes(path.read_bytes())
    (home / "studies/toy.py").write_text(SLOW)
    (home / "hippo_theory").symlink_to(ROOT / "hippo_theory")
    return home


def command(checkout, *words):
    return {
        "args": [sys.executable, "-m", "studies", *map(str, words)],
        "cwd": checkout,
        "stdout": subprocess.PIPE,
        "stderr": subprocess.PIPE,
        "text": True,
        "env": {**os.environ, "PYTHONPATH": ""},
    }


@pytest.fixture(scope="module")
def uninterrupted(checkout):
    subprocess.run(**command(checkout, "run", "toy", "--out", "whole"), check=True)
    return bytes_of(checkout / "whole")


def cells_of(out):
    return list(Path(out).glob(".cells/toy/*/[0-9]*.json"))


def wait_for(condition, seconds=60.0):
    """Wait until something is so; a machine at work on other things may take its time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.002)


def children_of(pid):
    """All processes below one, by /proc."""
    parents = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(status.parent.name)] = int(fields[1])
    found, new = set(), {pid}
    while new:
        new = {child for child, parent in parents.items() if parent in new} - found
        found |= new
    return found


def is_running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at /proc")
MOMENTS = [0, 1, 4, 9, 16, 23, 31, 39]  # finished cells at the kill
SIGNALS = [signal.SIGKILL, signal.SIGTERM, signal.SIGKILL, signal.SIGHUP] * 2


@needs_proc
def test_a_run_killed_again_and_again_continues_to_the_same_bytes(checkout, uninterrupted):
    out = checkout / "killed"
    words = ("run", "toy", "--out", out, "--jobs", 2)
    before = {}
    for moment, number in zip(MOMENTS, SIGNALS, strict=True):
        process = subprocess.Popen(**command(checkout, *words))
        wait_for(lambda: len(cells_of(out)) >= moment and children_of(process.pid))  # noqa: B023
        below = children_of(process.pid)
        process.send_signal(number)
        said = process.communicate()[1]
        assert process.returncode == (-number if number == signal.SIGKILL else 128 + number)
        stopped = re.search(r"\d+ of 40 cells are finished; .* the same command continues", said)
        assert bool(stopped) == (number != signal.SIGKILL)
        wait_for(lambda: not any(map(is_running, below)), 10.0)  # noqa: B023
        kept = {path: path.stat().st_mtime_ns for path in cells_of(out)}
        assert before.items() <= kept.items()  # nothing is lost or measured again
        assert len(kept) >= moment
        before = kept
    time.sleep(0.1)
    assert len(cells_of(out)) == len(before)  # nobody goes on
    subprocess.run(**command(checkout, *words), check=True)
    assert bytes_of(out) == uninterrupted


@needs_proc
def test_killed_processes_of_the_pool_cost_their_cells_only_time(checkout, uninterrupted):
    out = checkout / "pool"
    words = ("run", "toy", "--out", out, "--jobs", 2)
    process = subprocess.Popen(**command(checkout, *words))
    for count, victim in ((5, "worker"), (15, "fork server")):
        wait_for(lambda: len(cells_of(out)) >= count)  # noqa: B023
        servers = [pid for pid in children_of(process.pid) if children_of(pid)]
        workers = [pid for server in servers for pid in children_of(server)]
        os.kill((workers if victim == "worker" else servers)[0], signal.SIGKILL)
    said = process.communicate()[1]
    assert process.returncode == 0, said
    assert bytes_of(out) == uninterrupted


def test_parts_are_gathered_to_the_same_bytes(known, tmp_path, capsys):
    _study.run(known, out=tmp_path / "whole")
    out = tmp_path / "parts"

    def studies_of(*words):
        status = command_line.main([*words, "--out", str(out)])
        return status, capsys.readouterr()

    for i in (1, 3):
        assert studies_of("run", "toy", "--part", f"{i}/3")[0] == 0
    assert bytes_of(out) == {}
    status, said = studies_of("gather", "toy")
    assert (status, said.out) == (1, "")
    (folder,) = out.glob(".cells/toy/*")
    assert said.err == f"2 of 5 cells of toy are missing in {folder}: 1, 4\n"
    said = studies_of("run", "toy", "--part", "2/3")[1]
    assert said.out.startswith("part 2/3 of toy: 2 cells are finished, 5 of 5 in all; ")
    assert studies_of("gather", "toy")[0] == 0
    assert bytes_of(out) == bytes_of(tmp_path / "whole")
    assert studies_of("clean", "toy")[1].out == f"{folder} is removed\n"
    assert not (out / ".cells").exists()
    assert bytes_of(out) == bytes_of(tmp_path / "whole")


@pytest.mark.parametrize("part", ["0/3", "4/3", "3", "1/0", "-1/3", "a/b"])
def test_parts_that_are_none_are_refused(known, tmp_path, capsys, part):
    assert command_line.main(["run", "toy", f"--part={part}", "--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_stops_the_run_and_keeps_what_is_finished(toy, tmp_path, monkeypatch):
    put, count = _store.Store.put, []

    def full(self, *arguments):
        if len(count) == 3:
            raise OSError(28, "No space left on device")
        count.append(1)
        put(self, *arguments)

    monkeypatch.setattr(_store.Store, "put", full)
    with pytest.raises(_study.CellError, match="No space left on device\n3 of 5 cells are fin"):
        _study.run(toy, out=tmp_path)
    monkeypatch.setattr(_store.Store, "put", put)
    whole, measured = toy.measure, []
    toy.measure = lambda cell, rng: measured.append(cell.size) or whole(cell, rng)
    _study.run(toy, out=tmp_path)
    assert measured == [4, 5]


def test_a_figure_that_fails_leaves_the_table(toy, tmp_path, capsys):
    plot = toy.plot
    toy.plot = lambda table: [][1]
    with pytest.raises(_study.FigureError, match=r"toy\.csv is written and its figure failed: Ind"):
        _study.run(toy, out=tmp_path)
    assert set(bytes_of(tmp_path)) == {"toy.csv", "toy.json"}
    toy.plot = plot
    _study.redraw(toy, out=tmp_path)
    assert set(bytes_of(tmp_path)) == {"toy.csv", "toy.json", "toy.png", "toy.pdf"}


def test_timings_are_taken_anew(toy, tmp_path):
    whole, measured = toy.measure, []
    toy.TIMING = True
    toy.measure = lambda cell, rng: measured.append(cell.size) or whole(cell, rng)
    _study.run(toy, out=tmp_path)
    _study.run(toy, out=tmp_path)
    assert measured == [1, 2, 3, 4, 5] * 2


def test_a_data_frame_is_rows(toy, tmp_path):
    whole = toy.measure
    _study.run(toy, out=tmp_path / "rows")
    toy.measure = lambda cell, rng: pd.DataFrame(whole(cell, rng))
    _study.run(toy, out=tmp_path / "frames")
    assert bytes_of(tmp_path / "rows") == bytes_of(tmp_path / "frames")


def test_cells_that_leave_no_row_are_told(toy, tmp_path):
    toy.measure = lambda cell, rng: []
    with pytest.raises(_cells.CellError, match="the 5 cells of toy have left no row"):
        _study.run(toy, out=tmp_path)
    assert bytes_of(tmp_path) == {}
    assert _job.name_of(toy) == "toy"


def test_plot_and_check_may_change_their_tables(toy, tmp_path):
    plot = toy.plot

    def changing(table):
        table["norm"] = table["norm"] * 2
        table.loc[0, "size"] = 7
        return plot(table)

    def check(table):
        del table["norm"]
        return {"rows": len(table)}

    toy.plot, toy.check = changing, check
    table = _study.run(toy, out=tmp_path)
    pd.testing.assert_frame_equal(table, _outputs.read_table(tmp_path / "toy.csv"))


@needs_proc
def test_a_table_of_a_million_rows_would_take_less_than_500_megabytes(tmp_path):
    program = f"""
import re, numpy as np, pandas as pd
from pathlib import Path
from studies import _outputs, _store
def peak():  # of this program alone: getrusage counts what forked it, too
    return int(re.search(r"VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text())[1])
before = peak()
store = _store.Store(Path({str(tmp_path / "run")!r}))
curve = np.linspace(0.0, 1.0, 100_000) / 3
for cell in (0, 1):
    frame = {{"series": "a", "kind": "memory", "N": cell, "x": curve, "y": curve, "z": curve}}
    store.put(cell, _store.columns_of(pd.DataFrame(frame)), {{"cpu": "", "blas": ""}})
with open({str(tmp_path / "big.csv")!r}, "wb") as file:
    _outputs.write_table(file, store.table(2))
table = _outputs.read_table(Path({str(tmp_path / "big.csv")!r}))
print(len(table), before, peak())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, cwd=ROOT, text=True)
    rows, before, after = map(int, done.stdout.split())
    assert rows == 200_000
    assert before + 5 * (after - before) < 500_000  # kilobytes


def test_a_log_says_how_fast_and_how_long(monkeypatch, capsys):
    log = _progress.Log("toy", total=40, finished=10)
    for _ in range(6):
        log.step()
    assert log.line(30.0) == "toy: 16 of 40 cells after 30 s, 5 s a cell, about 2 min left"
    assert _progress.Log("toy", 40, 10).line(30.0) == "toy: 10 of 40 cells after 30 s"
    monkeypatch.setattr(_progress, "PAUSES", (0.01, 60.0))
    with _progress.Log("toy", total=4, finished=0):
        wait_for(lambda: "cells" in capsys.readouterr().err)
