"""Tags of a lake that grows: each value counted once, memory bounded, and new values there at the next look."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from linewarden.service.values import Book, Trends, recent
from linewarden.service.values.book import LOOK_S, PARTS

BEGAN = datetime(2026, 3, 1, tzinfo=UTC)


def readings(first_s: int, many: int, **more: Any) -> pl.DataFrame:
    """One a second: two registers of a device, the second twice the first."""
    rows = [
        {"ts": BEGAN + timedelta(seconds=n), "source": "10.0.0.5", "protocol": "modbus", "unit": 1, "name": None,
         "area": "holding_register", "start": 40, "values": [float(n), 2.0 * n], **more}
        for n in range(first_s, first_s + many)
    ]  # fmt: skip
    types = {"ts": pl.Datetime("ns", "UTC"), "unit": pl.Int64, "name": pl.String, "start": pl.Int64}
    return pl.DataFrame(rows, infer_schema_length=None, schema_overrides=types)


def write(lake: Path, name: str, frame: pl.DataFrame) -> Path:
    folder = lake / "stream=reading/site=here/date=2026-03-01"
    folder.mkdir(parents=True, exist_ok=True)
    frame.write_parquet(folder / name)
    return folder / name


def counts(book: Book) -> dict[str, int]:
    book.look()
    return {t.key.label: t.count for t in book.tags()}


def test_each_value_once_also_when_files_are_merged(tmp_path: Path) -> None:
    book = Book(tmp_path)
    assert counts(book) == {}
    files = [write(tmp_path, "live-00001.parquet", readings(0, 10))]
    assert counts(book) == {"holding_register 40": 10, "holding_register 41": 10}
    files.append(write(tmp_path, "live-00002.parquet", readings(10, 5)))
    assert counts(book) == {"holding_register 40": 15, "holding_register 41": 15}
    write(tmp_path, "live-00001~00002.parquet", readings(0, 15))
    for file in files:
        file.unlink()
    assert counts(book)["holding_register 40"] == 15
    write(tmp_path, "live-00001~00003.parquet", readings(0, 20))  # with rows that were not read yet
    assert counts(book)["holding_register 40"] == 20


def test_what_is_known_of_a_tag(tmp_path: Path) -> None:
    write(tmp_path, "live-00001.parquet", readings(0, 3_000))
    book = Book(tmp_path)
    book.look()
    tag = next(t for t in book.tags() if t.key.address == 41)
    assert (tag.low, tag.high, tag.last) == (0, 5998, 5998)
    assert tag.interval_s == pytest.approx(1.0)
    course = [v for v in book.course(tag) if v is not None]
    assert PARTS / 2 <= len(course) <= PARTS
    assert course == sorted(course)


def test_what_is_no_number_is_no_value(tmp_path: Path) -> None:
    frame = readings(0, 3).with_columns(pl.Series("values", [[1.0, float("nan")], [], [2.0, float("inf")]]))
    write(tmp_path, "live-00001.parquet", frame)
    assert counts(Book(tmp_path)) == {"holding_register 40": 2}


def test_a_new_value_is_there_at_the_next_look(tmp_path: Path) -> None:
    write(tmp_path, "live-00001.parquet", readings(0, 10))
    trends = Trends(tmp_path)
    tag = trends.book.fresh().tags()[0]
    write(tmp_path, "live-00002.parquet", readings(10, 1))
    time.sleep(LOOK_S)
    trends.book.fresh()
    end = tag.last_ts
    found = trends.of([tag], end - 1_000_000_000, end, 100)[0]
    assert found.mean[-1] == tag.last
    assert found.n == [1, 1]
    trends.close()


def test_values_that_are_no_longer_in_memory_come_from_the_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recent, "MOST", 1_000)
    for n in range(4):
        write(tmp_path, f"live-{n:05}.parquet", readings(n * 400, 400))
    trends = Trends(tmp_path)
    trends.book.look()
    assert trends.book.recent.since > 0
    newest = trends.book.tags()[0].last_ts
    assert trends.book.recent.of([0], newest - 100_000_000_000, newest) is not None  # what came last is there
    tag = next(t for t in trends.book.tags() if t.key.address == 40)
    whole = trends.of([tag], tag.first_ts, tag.last_ts, 50)[0]
    assert sum(whole.n) == 1_600
    assert (min(whole.low), max(whole.high)) == (0, 1_599)
    trends.close()


@pytest.mark.parametrize("name", ["x' OR '1'='1", 'a"b', "it's", "%s {x}", "ä;--"])
def test_names_from_the_wire_are_no_sql(tmp_path: Path, name: str) -> None:
    write(tmp_path, "live-00001.parquet", readings(0, 5, name=name, area="o'brien"))
    trends = Trends(tmp_path)
    trends.book.look()
    trends.book.recent.since = 1 << 62  # from the files
    tags = trends.book.tags()
    found = trends.of(tags, tags[0].first_ts, tags[0].last_ts, 100)
    assert [sum(f.n) for f in found] == [5, 5]
    trends.close()
