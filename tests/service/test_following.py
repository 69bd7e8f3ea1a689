"""What a live judge wrote down, followed: rows that nobody judged, rows that were lost, and midnight."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from linewarden.detections.knowledge import Knowledge, Role
from linewarden.detections.known_since import about, knowledge_from
from linewarden.service.following import Batch, _Rows
from linewarden.service.journal import DAY_NS, Journal, by_day


def frame(*times: int) -> pl.DataFrame:
    ns = pl.Series("ts", times, dtype=pl.Int64).cast(pl.Datetime("ns", "UTC"))
    return pl.DataFrame({"ts": ns, "capture": ["live"] * len(times), "frame": [t % 1000 for t in times]})


def batch(first: int, rows: int) -> Batch:
    return Batch(0, 0, "conn", rows, (first, "live", first % 1000))


def times(frames: list[pl.DataFrame]) -> list[list[int]]:
    return [f.get_column("ts").to_physical().to_list() for f in frames]


@pytest.fixture
def rows(tmp_path: Path) -> _Rows:
    """1 to 10, in three files: in the order in which they were heard."""
    cuts = ([1, 2, 3], [4, 5, 6], [7, 9, 8, 10])
    files = [tmp_path / f"live-a-{n:05}.parquet" for n in range(3)]
    for file, part in zip(files, cuts, strict=True):
        frame(*part).write_parquet(file)
    return _Rows(files)


def test_batches_are_cut_as_they_were_whatever_the_files(rows: _Rows) -> None:
    assert times([f for b in (batch(1, 2), batch(3, 5), batch(8, 2)) for f in rows.take(b)]) == [
        [1, 2], [3, 4, 5, 6, 7], [9], [8, 10],
    ]  # fmt: skip
    assert list(rows.rest()) == []


def test_rows_that_nobody_judged_come_before_the_next_batch_or_at_the_end(rows: _Rows) -> None:
    assert times(list(rows.take(batch(5, 2)))) == [[1, 2, 3, 4], [5, 6]]
    assert sorted(t for f in times(list(rows.rest())) for t in f) == [7, 8, 9, 10]


def test_a_batch_that_a_full_disk_took_is_passed_over(rows: _Rows) -> None:
    assert times(list(rows.take(batch(1, 1)))) == [[1]]
    assert list(rows.take(batch(77, 3))) == []
    assert times(list(rows.take(batch(2, 2)))) == [[2, 3]]


def test_a_batch_over_midnight_is_judged_as_the_lake_keeps_it() -> None:
    (one,) = by_day(frame(1, 2))
    assert one.height == 2
    late = frame(DAY_NS + 1, DAY_NS - 1, DAY_NS + 2, DAY_NS - 2)
    assert times(list(by_day(late))) == [[DAY_NS - 1, DAY_NS - 2], [DAY_NS + 1, DAY_NS + 2]]


class Kept:
    """A sensor that keeps what is appended."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, tuple[Any, ...]]] = []

    def append(self, stream: str, rows: list[tuple[Any, ...]]) -> None:
        self.rows += [(stream, row) for row in rows]


def known(journal: Journal) -> list[tuple[str, str | None, str | None]]:
    """Address, asset and role of what was noted since the last time."""
    kept = Kept()
    journal.write(kept)  # type: ignore[arg-type]
    return [(row[7], row[8], row[9]) for stream, row in kept.rows if stream == "known"]


def test_only_what_changed_is_noted_and_once_a_day_all_of_it() -> None:
    journal = Journal("tap", usual=0)
    first = Knowledge(roles={"10.0.0.1": Role.CONTROLLER}, ids={"10.0.0.1": "plc", "10.0.0.9": "pc"})
    journal.know(first, now=DAY_NS)
    assert known(journal) == [("10.0.0.1", "plc", "controller"), ("10.0.0.9", "pc", None)]
    journal.know(first, now=DAY_NS + 10)
    assert known(journal) == []
    plc = "10.0.0.1"
    later = Knowledge(roles={plc: Role.CONTROLLER}, ids={plc: "plc"}, guessed=frozenset({plc}))
    journal.know(later, now=DAY_NS + 20)
    assert known(journal) == [(plc, "plc", "controller"), ("10.0.0.9", None, None)]
    journal.know(later, now=2 * DAY_NS)
    assert known(journal) == [("10.0.0.1", "plc", "controller")]
    about_plc = about(later, "10.0.0.1")
    assert knowledge_from([("10.0.0.1", about_plc), ("10.0.0.9", about(later, "10.0.0.9"))]) == later
