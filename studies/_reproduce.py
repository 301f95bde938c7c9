"""Whether a table made here is the committed one, to rounding."""

from types import ModuleType

import numpy as np
import pandas as pd

RELATIVE, ABSOLUTE = 1e-8, 1e-12  # of the value; of the largest finite value of its column


class Differs(RuntimeError):  # noqa: N818  so that its sentence stands alone
    """The tables differ by more than the study allows; the message says where."""


def compare(study: ModuleType, here: pd.DataFrame, committed: pd.DataFrame) -> str:
    """Say how far two tables of `study` are apart.

    Numbers agree within 1e-8 of themselves and 1e-12 of the largest of their column, or within
    the pair (relative, absolute) that ``study.TOLERANCES`` states for a column. Of studies that
    take times only words, and the columns in TOLERANCES, are compared.

    Raises Differs if shapes, columns, words or numbers do not agree.
    """
    name = study.__name__.rpartition(".")[2]
    if list(here.columns) != list(committed.columns) or len(here) != len(committed):
        raise Differs(
            f"{name} has {len(here)} rows of {list(here.columns)}, and the committed table "
            f"{len(committed)} of {list(committed.columns)}"
        )
    largest, count = 0.0, 0
    for column in _compared(study, here):
        apart = _apart(study, name, here[column], committed[column])
        count += int((apart > 0).sum())
        largest = max(largest, float(apart.max(initial=0.0)))
    if not count:
        return f"{name} is reproduced to the last bit"
    return f"{name} is reproduced: {count} numbers differ, by {largest:.1e} of themselves at most"


def _compared(study: ModuleType, table: pd.DataFrame) -> list[str]:
    if not getattr(study, "TIMING", False):
        return list(table.columns)
    stated = getattr(study, "TOLERANCES", {})
    words = [column for column in table if not pd.api.types.is_numeric_dtype(table[column])]
    return [column for column in table if column in stated or column in words[:-1]]


def _apart(study: ModuleType, name: str, here: pd.Series, committed: pd.Series) -> np.ndarray:
    """Return relative differences, once they are seen to be within the tolerances."""
    if not all(pd.api.types.is_numeric_dtype(one) for one in (here, committed)):
        bad = np.flatnonzero(here.astype(str).to_numpy() != committed.astype(str).to_numpy())
        sizes = np.zeros(0)
    else:
        a, b = here.to_numpy(float), committed.to_numpy(float)
        same = (a == b) | (np.isnan(a) & np.isnan(b))
        with np.errstate(all="ignore"):
            sizes = np.where(same, 0.0, abs(a - b) / np.maximum(abs(a), abs(b)))
            relative, absolute = getattr(study, "TOLERANCES", {}).get(
                here.name, (RELATIVE, ABSOLUTE * abs(b[np.isfinite(b)]).max(initial=0.0))
            )
            bad = np.flatnonzero(~(same | (abs(a - b) <= relative * abs(b) + absolute)))
    if bad.size:
        raise Differs(
            f"{name} differs from the committed table in {bad.size} rows of column "
            f"{here.name!r}, first in row {bad[0]}: {here[bad[0]]} for {committed[bad[0]]}"
        )
    return sizes
