"""JSON of plain values, digests, and files that are there as a whole or not at all."""

import dataclasses
import hashlib
import json
import os
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np


def dumps(value: Any, **options: Any) -> str:
    """JSON of `value`; also of dataclasses, paths and NumPy's numbers and arrays."""
    return json.dumps(value, default=_plain, **options)


def loads(text: str | bytes) -> Any:
    """Read what `dumps` wrote, floats to the last bit."""
    return json.loads(text)


def read_json(path: Path) -> dict[str, Any]:
    """Return the JSON object at `path`; empty where there is none or it is torn."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def digest(value: Any) -> str:
    """SHA-256 of bytes, or of a value's JSON, arrays standing for their own digests."""
    content = value if isinstance(value, bytes) else json.dumps(value, default=_brief).encode()
    return hashlib.sha256(content).hexdigest()


def digest_of(path: Path) -> str:
    """SHA-256 of a file, which may be larger than memory."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def shown(path: Path) -> Path:
    """Return a path as it is told: from the working directory where it is below that."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Write a file that appears at `path` all at once, and on disk, when the block ends.

    A reader finds the old file or the new one, also if the machine stops. The temporary name is
    this host's and this process's own, so that writers on one network folder do not collide.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    own = f"{socket.gethostname()}.{os.getpid()}.{uuid.uuid4().hex[:8]}"
    temporary = path.with_name(f".{path.name}.{own}.tmp")
    try:
        with temporary.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_whole(path: Path, content: bytes) -> None:
    """Put `content` at `path` all at once."""
    with replacing(path) as file:
        file.write(content)


def _brief(value: Any) -> Any:
    if isinstance(value, np.ndarray) and value.dtype.kind in "fiub":
        return [str(value.dtype), value.shape, digest(np.ascontiguousarray(value).tobytes())]
    return _plain(value)


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
