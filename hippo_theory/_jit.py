"""The package's `numba.njit`: compiled code is kept on disk where there is a place for it.

Numba's own refuses to compile where the sources and the home directory cannot be written, as in
containers and on clusters, and fails where the disk is full or a kept file is torn.
"""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import numba
from numba.core.caching import FunctionCache


class _Cache(FunctionCache):
    """Numba's cache, in which a file that cannot be read or written only costs its time."""

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return the kept code; None where there is none that can be read."""
        try:
            return super().load_overload(sig, target_context)
        except Exception:  # torn pickles raise what they like
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep the code, if it can be kept."""
        try:
            super().save_overload(sig, data)
        except Exception:
            self.disable()


def njit(function: Callable | None = None, *, cache: bool = False, **options: Any) -> Any:
    """Compile as `numba.njit` does; with `cache`, code is kept on disk if that is possible."""
    if function is None:
        return partial(njit, cache=cache, **options)
    compiled: Any = numba.njit(**options)(function)
    if cache:
        with suppress(RuntimeError):  # no folder can be written: compile without
            compiled._cache = _Cache(function)
    return compiled
