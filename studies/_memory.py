"""The memory of this machine: how much there is, and work that may only take so much."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

GROUPS = ("memory.max", "memory/memory.limit_in_bytes")  # of control groups, versions 2 and 1


def available(root: Path = Path("/sys/fs/cgroup")) -> int:
    """Return the bytes that this process may still take, by the machine and its control group."""
    limits = [psutil.virtual_memory().available]
    for name in GROUPS:
        with suppress(OSError, ValueError):
            limits.append(int((root / name).read_text()))
    return min(limits)


@contextmanager
def at_most(count: int) -> Iterator[None]:
    """Let a block take at most `count` more bytes: beyond, it raises MemoryError (on Linux)."""
    if sys.platform != "linux":
        yield
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = psutil.Process().memory_info().vms + count
    known = [one for one in (soft, hard) if one != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_AS, (min([limit, *known]), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def words(count: float) -> str:
    """Write a number of bytes with its unit."""
    for unit, size in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return f"{count:.0f} bytes"
