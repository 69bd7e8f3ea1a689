"""Bytes of files to tables."""

from __future__ import annotations

import io
import random
from typing import Any

import polars as pl
import pytest
from hypothesis import given, strategies as st

from linewarden.collectors._polling.table_parsing import Csv, parsed

PLAIN = Csv("", "utf-8", 0, False)


@given(
    st.binary(max_size=300) | st.text("a,;\t|\"'\r\n1.5x", max_size=200).map(str.encode),
    st.booleans(),
    st.integers(0, 3),
)
def test_any_bytes_are_a_table_or_told_in_one_line(data: bytes, units: bool, skip: int) -> None:
    try:
        found = parsed("a.csv", data, Csv("", "utf-8", skip, units))
    except ValueError as error:
        said = str(error)
    else:
        said = ""
        assert len(set(found.frame.columns)) == found.frame.width
    assert "\n" not in said


def test_damaged_parquet_is_told_too() -> None:
    """polars ends the process on some of these."""
    out = io.BytesIO()
    pl.DataFrame({"t": list(range(50)), "a": [1.5] * 50, "s": ["x"] * 50}).write_parquet(out)
    dice, told = random.Random(5), 0
    for _ in range(40):
        data = bytearray(out.getvalue())
        for _ in range(dice.randrange(1, 6)):
            data[dice.randrange(len(data))] = dice.randrange(256)
        try:
            parsed("a.parquet", bytes(data), PLAIN)
        except ValueError:
            told += 1
    assert told > 10


@pytest.mark.parametrize(
    ("text", "csv", "rows"),
    [
        ("t;a\n1;2,5\n", PLAIN, [("1", "2,5")]),
        ("t,a\r\n1,2\r\n", PLAIN, [("1", "2")]),
        ("t\ta b\n1\tx\n", PLAIN, [("1", "x")]),
        ('t,"a, b"\n1,"x\ny"\n', PLAIN, [("1", "x\ny")]),
        ("no header\nt|a\n1|2\n", Csv("|", "utf-8", 1, False), [("1", "2")]),
        ("t,a\n,bar\n1,2\n", Csv(",", "utf-8", 0, True), [("1", "2")]),
        ("t,a\n1,\n", PLAIN, [("1", None)]),
    ],
)
def test_csv_in_the_ways_in_which_it_is_written(text: str, csv: Csv, rows: list[Any]) -> None:
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        assert parsed("x.CSV", text.encode(encoding), csv).frame.rows() == rows


def test_a_last_line_without_an_end_is_seen() -> None:
    assert parsed("a.csv", b"t,a\n1,2", PLAIN).cut
    assert not parsed("a.csv", b"t,a\n1,2\n", PLAIN).cut
