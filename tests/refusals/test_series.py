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


TIMES = [2000.0, 2000 + 30 / 365.25, 2000 + 31 / 365.25]
READABLE = {
    "compact dates": "20000101,1\n20000131,2\n20000201,3\n",
    "a time zone": "2000-01-01T00:00:00Z,1\n2000-01-31T00:00:00Z,2\n2000-02-01T00:00:00Z,3\n",
    "time zones": "2000-01-01T01+01:00,1\n2000-01-31T00:00Z,2\n2000-01-31T19:00-05:00,3\n",
    "spaces": "2000-01-01, 1\n 2000-01-31 ,2\n2000-02-01 00:00, 3 \n",
    "blank lines": "\n2000-01-01,1\n\n,\n2000-01-31,2\n2000-02-01,3\n\n",
    "quotes and carriage returns": '"2000-01-01","1"\r\n2000-01-31,2\r\n2000-02-01,3\r\n',
}


@pytest.mark.parametrize("text", READABLE.values(), ids=READABLE.keys())
def test_a_series_is_read_however_it_is_written(text, tmp_path):
    times, values = _series.from_csv(
        written(tmp_path / "s.csv", "day, heat\n" + text), "day", "heat"
    )
    assert times == pytest.approx(TIMES, abs=1e-9)
    assert values.tolist() == [1, 2, 3]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "latin-1", "utf-8"])
def test_encodings_are_known_by_their_mark_or_by_name(encoding, tmp_path):
    path = tmp_path / "s.csv"
    path.write_bytes("Jahr,Wärme\n1900,1\n1901,2\n".encode(encoding))
    named = encoding if encoding in ("latin-1", "utf-16-le") else "utf-8"
    times, values = _series.from_csv(path, "Jahr", "Wärme", encoding=named)
    assert (times.tolist(), values.tolist()) == ([1900, 1901], [1, 2])


@pytest.mark.parametrize("word", ["", "NA", "nan", "NULL", "-", "None"])
def test_missing_values_are_refused_or_dropped(word, tmp_path):
    path = written(tmp_path / "s.csv", f"year,heat\n1,2\n2,{word}\n3,4\n{word},5\n6,7\n")
    with pytest.raises(ValueError, match=r"got '.*' in line 5; --missing drop leaves such lines"):
        _series.from_csv(path, "year", "heat")
    times, values = _series.from_csv(path, "year", "heat", missing="drop")
    assert (times.tolist(), values.tolist()) == ([1, 3, 6], [2, 4, 7])


def test_integers_that_are_no_dates_are_numbers(tmp_path):
    path = written(tmp_path / "s.csv", "k,x\n20000101,1\n20000199,2\n")
    assert _series.from_csv(path, "k", "x")[0].tolist() == [20000101, 20000199]


def test_a_byte_that_cannot_be_read_is_named_with_its_line(tmp_path):
    path = tmp_path / "s.csv"
    path.write_bytes(b"year,heat\n1900,1\n1901,\xe9\n")
    with pytest.raises(ValueError, match=r"encoded in utf-8, got byte 0xe9 in line 3; name its"):
        _series.from_csv(path, "year", "heat")
    with pytest.raises(ValueError, match="encoding must be one that Python knows, got 'none'"):
        _series.from_csv(path, "year", "heat", encoding="none")


REFUSALS = [
    ("", "must have a line of column names, got an empty file"),
    ("year;heat\n1;2\n", "got ['year;heat']; cells must be separated by commas, not by ';'"),
    ("year,heat,heat\n1,2,3\n", "must have one column 'heat', got 2"),
    ("year,heat\n\n1,2\n\n2,3,4\n", "must have 2 cells in each line, got 3 in line 5"),
    ("year,heat\n\n1,2\n\n2,warm\n", "column 'heat', got 'warm' in line 5"),
    ("year,heat\n1,2\n2,1_000\n", "column 'heat', got '1_000' in line 3"),
    ("year,heat\n1,2\n2,inf\n", "column 'heat', got 'inf' in line 3"),
    ("year,heat\n2000-01-01,1\n2000-01-02,2\n7,3\n", "dates in column 'year', got '7' in line 4"),
    ("year,heat\n1,1\n2000-01-02,2\n7,3\n", "numbers in column 'year', got '2000-01-02' in line 3"),
    (
        "year,heat\n2000-01-01T00Z,1\n2000-01-02T00,2\n",
        "must have a time zone in all cells of column 'year' or in none, got none for "
        "'2000-01-02T00' in line 3",
    ),
    ("year,heat\n01/02/2000,1\n01/03/2000,2\n", "column 'year', got '01/02/2000' in line 2"),
    ('year,heat\n1,"2\n', "must be a CSV, got unexpected end of data in line 2"),
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
