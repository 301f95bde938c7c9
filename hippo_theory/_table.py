"""A literal table of named rows that prints as a table."""

from collections.abc import Mapping
from typing import Any, TypeVar

from hippo_theory import _check

Row = TypeVar("Row")


class Table(Mapping[str, Row]):
    """Read-only mapping from a name to its row; ``repr`` is the table itself.

    Parameters
    ----------
    rows : iterable of rows, each with a ``name``
    columns : the attributes of a row that are printed
    """

    def __init__(self, rows, columns: tuple[str, ...]):
        self._rows = {row.name: row for row in rows}
        self._columns = columns

    def __getitem__(self, name: str) -> Row:
        if name not in self:
            kind = type(next(iter(self._rows.values()))).__name__.lower()
            raise KeyError(_check.unknown(kind, name, self))
        return self._rows[name]

    def __contains__(self, name: object) -> bool:
        return name in self._rows

    def __iter__(self):
        return iter(self._rows)

    def __len__(self):
        return len(self._rows)

    def keys(self):
        """The names; like the two below a view of a dict, which prints what it holds."""
        return self._rows.keys()

    def values(self):
        """The rows."""
        return self._rows.values()

    def items(self):
        """The names and their rows."""
        return self._rows.items()

    def __repr__(self):
        lines = [self._columns]
        lines += [tuple(_cell(getattr(row, c)) for c in self._columns) for row in self.values()]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        return "\n".join(
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
            for line in lines
        )


def _cell(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
