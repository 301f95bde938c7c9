"""Real series: two that statsmodels ships and a user's CSV, as increasing times and values."""

from pathlib import Path

import numpy as np
import pandas as pd

DAYS_PER_YEAR = 365.25


def sunspots() -> tuple[np.ndarray, np.ndarray]:
    """Yearly sunspot numbers since 1700: (years, numbers)."""
    from statsmodels.datasets import sunspots as source

    table = source.load_pandas().data
    return table["YEAR"].to_numpy(float), table["SUNACTIVITY"].to_numpy(float)


def co2() -> tuple[np.ndarray, np.ndarray]:
    """Weekly CO2 at Mauna Loa since 1958, its missing weeks left out: (years, ppm)."""
    from statsmodels.datasets import co2 as source

    series = source.load_pandas().data["co2"].dropna()
    return _years(series.index), series.to_numpy(float)


def from_csv(path: Path, time: str, value: str) -> tuple[np.ndarray, np.ndarray]:
    """Two columns of a CSV: times (numbers, or dates read as years) and values.

    Raises ValueError that names the column, or the line of the first cell that is no number.
    """
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    for column in (time, value):
        if column not in table:
            raise ValueError(f"{path} must have a column {column!r}, got {list(table.columns)}")
    times = _numbers(table[time], path, dates=True)
    values = _numbers(table[value], path)
    if times.size < 2:
        raise ValueError(f"{path} must hold at least 2 rows, got {times.size}")
    late = np.flatnonzero(np.diff(times) <= 0)
    if late.size:
        line = late[0] + 3
        raise ValueError(
            f"{path} must have increasing times, got {table[time][line - 2]!r} in line {line}"
        )
    if np.ptp(values) == 0:
        raise ValueError(f"{path} must vary in column {value!r}, got {values[0]:g} throughout")
    return times, values


def _years(stamps) -> np.ndarray:
    """Dates as years of 365.25 days, 2000-01-01 being 2000."""
    return (
        2000
        + np.asarray((stamps - pd.Timestamp(2000, 1, 1)) / pd.Timedelta(days=1)) / DAYS_PER_YEAR
    )


def _numbers(column: pd.Series, path: Path, *, dates: bool = False) -> np.ndarray:
    numbers = pd.to_numeric(column, errors="coerce").to_numpy(float)
    if dates and numbers.size and not np.isfinite(numbers).any():
        numbers = _years(pd.to_datetime(column, errors="coerce", format="ISO8601"))
    bad = np.flatnonzero(~np.isfinite(numbers))
    if bad.size:
        raise ValueError(
            f"{path} must hold numbers in column {column.name!r}, "
            f"got {column.iloc[bad[0]]!r} in line {bad[0] + 2}"
        )
    return numbers
