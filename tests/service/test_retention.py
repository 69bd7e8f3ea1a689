"""Which days go, and that they go whole."""

from __future__ import annotations

import os
import time
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from linewarden.errors import ConfigError, StoreError
from linewarden.service import lake_files
from linewarden.service.compaction import recover
from linewarden.service.retention import DEFAULT, Day, Retention, days_of, plan, retain

TODAY = date(2026, 11, 26)


def day(stream: str, ago: int, size: int = 10, site: str = "a") -> Day:
    when = TODAY - timedelta(days=ago)
    return Day(Path(f"stream={stream}/site={site}/date={when}"), stream, when, size)


def gone(days: list[Day], retention: Retention) -> list[tuple[str, int]]:
    return [(d.stream, (TODAY - d.date).days) for d in plan(days, retention, TODAY)]


def test_each_stream_is_kept_as_long_as_is_said_and_others_by_default() -> None:
    days = [day(s, ago) for s in ("conn", "reading") for ago in (0, 1, 29, 30, 31, 90, 91)]
    retention = Retention({DEFAULT: 90, "reading": 30})
    assert gone(days, retention) == [("conn", 91), ("reading", 91), ("reading", 90), ("reading", 31)]
    assert gone(days, Retention({"reading": 30})) == [("reading", 91), ("reading", 90), ("reading", 31)]
    assert gone(days, Retention({DEFAULT: 0})) == sorted(
        [(d.stream, (TODAY - d.date).days) for d in days if d.date < TODAY], key=lambda p: (-p[1], p[0])
    )
    assert not gone(days, Retention())


def test_over_the_size_the_oldest_go_first_and_of_a_date_the_largest_stream() -> None:
    days = [day("conn", 2, 10), day("reading", 2, 50), day("reading", 1, 50), day("conn", 0, 1_000), day("conn", 3, 5)]
    assert gone(days, Retention(max_bytes=1_110)) == [("conn", 3)]
    assert gone(days, Retention(max_bytes=1_105)) == [("conn", 3), ("reading", 2)]
    assert gone(days, Retention(max_bytes=1)) == [("conn", 3), ("reading", 2), ("conn", 2), ("reading", 1)]


@given(
    st.lists(
        st.builds(
            day,
            st.sampled_from(["conn", "reading", "command"]),
            st.integers(-2, 60),
            st.integers(0, 100),
            st.uuids().map(str),
        ),
        max_size=40,
    ),
    st.dictionaries(st.sampled_from(["conn", "reading", DEFAULT]), st.integers(0, 60)),
    st.one_of(st.none(), st.integers(1, 1_000)),
)
def test_nothing_goes_without_a_reason_and_never_today(
    days: list[Day], kept: dict[str, float], size: int | None
) -> None:
    retention = Retention(kept, size)
    removed = plan(days, retention, TODAY)
    assert len(set(removed)) == len(removed)
    left = [d for d in days if d not in removed]
    assert all(d in left for d in days if d.date >= TODAY)
    old = [d for d in days if d.date < TODAY and (TODAY - d.date).days > kept.get(d.stream, kept.get(DEFAULT, 10**6))]
    assert set(old) <= set(removed)
    more = [d for d in removed if d not in old]
    if size is None:
        assert not more
        return
    total = sum(d.bytes for d in left)
    assert total <= size or all(d.date >= TODAY or not d.bytes for d in left)
    if more:
        assert total + more[-1].bytes > size  # one less would not have been enough
        assert all(d.date >= more[-1].date for d in left if d.bytes)


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    for stream in ("conn", "reading"):
        for ago in range(4):
            folder = tmp_path / day(stream, ago).path
            folder.mkdir(parents=True)
            (folder / "live-local-00000.parquet").write_bytes(b"x" * 1_000)
            (folder / ".live-local-00001.parquet.tmp").write_bytes(b"x" * 100)
            old = time.time() - 3_600
            os.utime(folder, (old, old))
    strange = tmp_path / "stream=conn" / "site=a" / "date=someday"
    strange.mkdir()
    return tmp_path


def left(lake: Path) -> list[str]:
    return sorted(str(f.relative_to(lake)) for f in lake.glob("stream=*/site=*/*"))


def test_days_go_whole_and_what_is_nobodys_stays(lake: Path) -> None:
    done = retain(lake, Retention({DEFAULT: 30, "reading": 1}), TODAY)
    assert [(d.stream, (TODAY - d.date).days) for d in done.removed] == [("reading", 3), ("reading", 2)]
    assert (done.bytes, done.bytes_left, done.problems) == (2_200, 6_600, [])
    assert len(left(lake)) == 7
    assert "stream=conn/site=a/date=someday" in left(lake)


def test_a_dry_run_changes_nothing(lake: Path) -> None:
    before = left(lake)
    assert len(retain(lake, Retention({DEFAULT: 1}), TODAY, dry_run=True).removed) == 4
    assert left(lake) == before


def test_a_folder_that_is_written_to_waits_for_the_next_time(lake: Path) -> None:
    busy = lake / day("conn", 3).path
    os.utime(busy)
    done = retain(lake, Retention({"conn": 2}), TODAY)
    assert not done.removed
    assert str(busy) in done.problems[0]
    assert busy.exists()


def test_what_was_hidden_and_not_deleted_goes_at_recovery(lake: Path) -> None:
    folder = lake / day("conn", 3).path
    folder.rename(folder.with_name(f".~{folder.name}-1"))
    assert len(lake_files.files(lake / "stream=conn")) == 3
    assert recover(lake).folders == 1
    assert not [n for n in left(lake) if ".~" in n]


def test_wrong_settings_and_a_lake_at_work_are_told(lake: Path) -> None:
    with pytest.raises(ConfigError, match="days of conn"):
        retain(lake, Retention({"conn": -1}), TODAY)
    with pytest.raises(ConfigError, match="max_bytes"):
        retain(lake, Retention(max_bytes=0), TODAY)
    with lake_files.alone_at_work(lake), pytest.raises(StoreError, match="another"):
        retain(lake, Retention({DEFAULT: 1}), TODAY)


def test_bytes_of_a_day_are_those_on_disk(lake: Path) -> None:
    assert {d.bytes for d in days_of(lake)} == {1_100}
