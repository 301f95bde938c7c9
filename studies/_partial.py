"""Rows of finished cells on disk, so that an interrupted run continues where it stopped.

`NAME.partial.jsonl` holds a header that says what its rows belong to, then one line for each
finished cell: ``{"run": digest of the header, "cell": 3, "rows": [...]}``, so that two runs at
once share a file and not each other's rows. Floats are written by their shortest exact form.
"""

import dataclasses
import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

Rows = list[dict[str, Any]]


def dumps(value: Any, **options: Any) -> str:
    """JSON of `value`; also of dataclasses, paths and NumPy's numbers and arrays."""
    return json.dumps(value, default=_plain, **options)


def loads(text: str) -> Any:
    """Read what `dumps` wrote, floats to the last bit."""
    return json.loads(text)


def digest(value: Any) -> str:
    """SHA-256 of bytes, or of a value's JSON."""
    content = value if isinstance(value, bytes) else dumps(value).encode()
    return hashlib.sha256(content).hexdigest()


def resume(path: Path, header: dict[str, str]) -> dict[int, Rows]:
    """Return the rows of the cells finished under the same `header`; leave a sound file at `path`.

    A line cut short is dropped. A file with another header is started afresh, with a word.
    """
    lines = _lines(path)
    if lines and lines[0] != header:
        found = lines[0] or {}
        changed = [key for key in header if key not in found or found[key] != header[key]]
        reason = f"other {', '.join(changed)}" if found else "its header cannot be read"
        print(f"{path} is started afresh: {reason}", file=sys.stderr)
        lines = []
    run = digest(header)
    finished = {line["cell"]: line["rows"] for line in lines[1:] if line.get("run") == run}
    sound = [dumps(header), *(_line(header, cell, rows) for cell, rows in finished.items())]
    write_whole(path, ("\n".join(sound) + "\n").encode())
    return finished


def append(path: Path, header: dict[str, str], cell: int, rows: Rows) -> None:
    """Add the rows of one cell finished under `header`."""
    with path.open("a", encoding="utf-8") as file:
        file.write(_line(header, cell, rows) + "\n")


def write_whole(path: Path, content: bytes) -> None:
    """Put `content` at `path` all at once: a reader sees the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(content)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _line(header: dict[str, str], cell: int, rows: Rows) -> str:
    return dumps({"run": digest(header), "cell": cell, "rows": rows})


def _lines(path: Path) -> list[Any]:
    """Every whole line of the file; a run killed while it wrote leaves one that is not."""
    if not path.exists():
        return []
    lines = []
    for text in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            lines.append(json.loads(text))
        except ValueError:
            if not lines:
                return [None]
    return lines


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, Path):
        return value.as_posix()
    raise TypeError(f"a value must be JSON-able, got {type(value).__name__}")
