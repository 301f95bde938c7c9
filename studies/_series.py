"""Real series: two that statsmodels ships and a user's CSV, as times from the first observation."""

from pathlib import Path

import numpy as np
import pandas as pd

DAYS_PER_YEAR = 365.25


def sunspots() -> tuple[np.ndarray, np.ndarray]:
    """Yearly sunspot numbers since 1700: (years since then, numbers)."""
    from statsmodels.datasets import sunspots as source

    table = source.load_pandas().data
    years = table["YEAR"].to_numpy(float)
    return years - years[0], table["SUNACTIVITY"].to_numpy(float)


def co2() -> tuple[np.ndarray, np.ndarray]:
    """Weekly CO2 at Mauna Loa since 1958, its missing weeks left out: (years since, ppm)."""
    from statsmodels.datasets import co2 as source

    series = source.load_pandas().data["co2"].dropna()
    days = (series.index - series.index[0]) / pd.Timedelta(days=1)
    return np.asarray(days, float) / DAYS_PER_YEAR, series.to_numpy(float)


def from_csv(path: Path, time: str, value: str) -> tuple[np.ndarray, np.ndarray]:
    """Two columns of a CSV: times (numbers, or dates read as years) from the first on, and values.

    Raises ValueError that names the column, or the line of the first cell that is no number.
    """
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    for column in (time, value):
        if column not in table:
            raise ValueError(f"{path} must have a column {column!r}, got {list(table.columns)}")
    times = _numbers(table[time], path, dates=True)
    values = _numbers(table[value], path)
    late = np.flatnonzero(np.diff(times) <= 0)
    if late.size:
        line = late[0] + 3
        raise ValueError(
            f"{path} must have increasing times, got {table[time][line - 2]!r} in line {line}"
        )
    if times.size < 2:
        raise ValueError(f"{path} must hold at least 2 rows, got {times.size}")
    return times - times[0], values


def _numbers(column: pd.Series, path: Path, *, dates: bool = False) -> np.ndarray:
    numbers = pd.to_numeric(column, errors="coerce").to_numpy(float)
    if dates and not np.isfinite(numbers).any():
        stamps = pd.to_datetime(column, errors="coerce", format="ISO8601")
        numbers = ((stamps - stamps.iloc[0]) / pd.Timedelta(days=DAYS_PER_YEAR)).to_numpy(float)
    bad = np.flatnonzero(~np.isfinite(numbers))
    if bad.size:
        raise ValueError(
            f"{path} must hold numbers in column {column.name!r}, "
            f"got {column.iloc[bad[0]]!r} in line {bad[0] + 2}"
        )
    return numbers
