"""A user's CSV is read exactly, or refused with its column and line."""

import numpy as np
import pytest

from studies import _series

GOOD = "year,heat\n1900,1\n1901.5,2.5\n1903,-1\n"


def written(path, text):
    path.write_text(text)
    return path


def test_numbers_are_read_exactly(tmp_path):
    times, values = _series.from_csv(written(tmp_path / "s.csv", GOOD), "year", "heat")
    assert times.tolist() == [1900, 1901.5, 1903]
    assert values.tolist() == [1, 2.5, -1]


def test_dates_are_read_as_years(tmp_path):
    text = "day,heat\n2000-01-01,1\n2001-01-01,2\n2004-01-01,3\n"
    times, _ = _series.from_csv(written(tmp_path / "s.csv", text), "day", "heat")
    assert times == pytest.approx([2000, 2000 + 366 / 365.25, 2004], abs=1e-9)


REFUSALS = [
    ("year,cold\n1,2\n2,3\n", "must have a column 'heat', got ['year', 'cold']"),
    ("year,heat\n1900,1\n1901,warm\n", "column 'heat', got 'warm' in line 3"),
    ("year,heat\n1900,1\n,2\n", "column 'year', got '' in line 3"),
    ("year,heat\n1900,\n1901,2\n", "column 'heat', got '' in line 2"),
    ("year,heat\n1900,1\n1901,2\n1901,3\n", "increasing times, got '1901' in line 4"),
    ("year,heat\n1900,1\n", "must hold at least 2 rows, got 1"),
    ("year,heat\n", "must hold at least 2 rows, got 0"),
    ("year,heat\n1900,2\n1901,2\n", "must vary in column 'heat', got 2 throughout"),
    ("year,heat\nmonday,1\ntuesday,2\n", "column 'year', got 'monday' in line 2"),
]


@pytest.mark.parametrize("text, sentence", REFUSALS, ids=[s for _, s in REFUSALS])
def test_a_bad_csv_is_refused_with_its_place(text, sentence, tmp_path):
    with pytest.raises(ValueError) as refusal:
        _series.from_csv(written(tmp_path / "s.csv", text), "year", "heat")
    assert sentence in str(refusal.value)


def test_shipped_series_are_complete_and_increasing():
    for load, count in ((_series.sunspots, 309), (_series.co2, 2225)):
        times, values = load()
        assert times.size == values.size == count
        assert (np.diff(times) > 0).all()
        assert np.isfinite(values).all()
