"""Compaction of real files: what the engine wrote is what is read, whatever happens in between."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import fields
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from linewarden.errors import StoreError
from linewarden.records import Command, Reading
from linewarden.sensor.sensor import Live, Sensor
from linewarden.service import compaction, lake_files
from linewarden.service.compaction import compact, recover
from linewarden.service.lake import Lake, Session, open_lake, plant_of, query
from linewarden.service.merging import Limits
from linewarden.service.retention import Retention, retain

DAY = date(2026, 11, 25)
NS = int(datetime(2026, 11, 25, tzinfo=UTC).timestamp()) * 10**9
LATER = max(time.time(), datetime(2026, 11, 26, tzinfo=UTC).timestamp()) + 86_400
"""When the day is over, and long quiet."""
NOTHING = Live((), 0, (), 0, 0, 0)


def command(n: int) -> tuple[Any, ...]:
    own = Command(protocol="modbus", verb="write", function="write_single", target=f"coil {n}", value=None)
    values = [getattr(own, f.name) for f in fields(own)]
    return (NS + n * 1_000_003 + 7, f"C{n % 7}", "local", "lo", n, "10.0.0.1", 5000, "10.0.0.2", None, *values)


def reading(n: int) -> tuple[Any, ...]:
    own = Reading(source="10.0.0.2", protocol="modbus", unit=None, values=[float(n)] * (n % 4), text="ü" * (n % 3))
    values = [getattr(own, f.name) for f in fields(own)]
    return (NS + n * 1_000_003, f"C{n % 7}", "local", "lo", n, *values)


def write(lake: Path, files: int, *, rows: int = 3, prefix: str = "live-local", first: int = 0) -> None:
    """Files as `watch` writes them, by the engine."""
    sensor = Sensor(lake=lake, prefix=prefix, live=True)
    for file in range(files):
        numbers = range(first + file * rows, first + (file + 1) * rows)
        sensor.append("command", [command(n) for n in numbers])
        sensor.append("reading", [reading(n) for n in numbers])
        sensor.flush(NOTHING)
    sensor.finish()


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    lake = tmp_path_factory.mktemp("lakes") / "lake"
    write(lake, 40)
    return lake


@pytest.fixture
def lake(written: Path, tmp_path: Path) -> Path:
    # A name in which quotes and patterns would mean something.
    return Path(shutil.copytree(written, tmp_path / "o'lake [1]*"))


def folder(lake: Path, stream: str = "command") -> Path:
    return lake / f"stream={stream}" / "site=default" / f"date={DAY}"


def frame(lake: Path, stream: str) -> pl.DataFrame:
    return pl.concat([pl.read_parquet(f, hive_partitioning=False, glob=False) for f in open_lake(lake).files(stream)])


def count(lake: Path, stream: str = "command") -> int:
    with query(open_lake(lake), f"SELECT count(*) FROM {stream}") as answer:
        return int(next(answer.rows)[0])


def names(lake: Path, stream: str = "command") -> list[str]:
    return sorted(os.listdir(folder(lake, stream)))


def test_a_day_becomes_one_file_a_stream_with_the_same_rows_types_and_order(lake: Path) -> None:
    before = {s: frame(lake, s) for s in ("command", "reading")}
    assert before["command"].height == 120
    plant = plant_of(open_lake(lake))
    done = compact(lake, now=LATER)
    assert (done.files, done.merged, done.rows, done.problems) == (80, 2, 240, [])
    assert done.bytes_out < done.bytes_in
    for stream in before:
        assert names(lake, stream) == ["live-local-00000~00039.parquet"]
        assert_frame_equal(frame(lake, stream), before[stream])
    assert frame(lake, "command").schema["ts"] == pl.Datetime("ns", "UTC")
    assert plant_of(open_lake(lake)) == plant
    again = compact(lake, now=LATER)
    assert (again.files, again.problems) == (0, [])


def test_the_newest_files_wait_and_numbers_go_on_behind_the_merged(lake: Path) -> None:
    done = compact(lake, now=NS / 1e9)
    assert done.merged == 2
    assert names(lake) == ["live-local-00000~00037.parquet", "live-local-00038.parquet", "live-local-00039.parquet"]
    write(lake, 2, first=120)
    assert names(lake)[-2:] == ["live-local-00040.parquet", "live-local-00041.parquet"]
    assert count(lake) == 126
    compact(lake, now=LATER)
    write(lake, 1, first=126)
    assert names(lake) == ["live-local-00000~00041.parquet", "live-local-00042.parquet"]
    assert count(lake) == 129


def test_merged_files_are_merged_again_with_those_of_the_engine(lake: Path) -> None:
    compact(lake, now=LATER)
    write(lake, 30, first=120)
    compact(lake, now=LATER)
    assert names(lake) == ["live-local-00000~00069.parquet"]
    assert frame(lake, "command")["frame"].to_list() == list(range(210))


def test_a_row_is_found_by_its_bloom_filter(lake: Path) -> None:
    import duckdb

    compact(lake, now=LATER)
    (folder(lake) / names(lake)[0]).rename(lake / "one.parquet")
    sql = "SELECT count(bloom_filter_offset) FROM parquet_metadata(?) WHERE path_in_schema = 'uid'"
    path = str(lake / "one.parquet").replace("[", "[[]").replace("*", "[*]")
    assert duckdb.execute(sql, [path]).fetchall() == [(1,)]


def test_what_read_out_wrote_and_strange_files_stay(lake: Path) -> None:
    for n in range(20):
        shutil.copy(folder(lake) / "live-local-00000.parquet", folder(lake) / f"0123456789abcdef-{n:05}.parquet")
    (folder(lake) / "notes.txt").write_text("mine")
    compact(lake, now=LATER)
    assert len(names(lake)) == 1 + 20 + 1
    assert count(lake) == 120 + 60


def test_a_damaged_file_is_left_and_told_and_the_others_are_merged_around_it(lake: Path) -> None:
    bad = folder(lake) / "live-local-00010.parquet"
    whole = bad.read_bytes()
    bad.write_bytes(whole[:4] + b"\xff" * 64 + whole[68:])
    cut = folder(lake, "reading") / "live-local-00020.parquet"
    cut.write_bytes(cut.read_bytes()[:-1])
    done = compact(lake, now=LATER)
    assert any(str(bad) in p and "damaged" in p for p in done.problems)
    assert any(str(cut) in p for p in done.problems)
    assert names(lake) == ["live-local-00000~00009.parquet", bad.name, "live-local-00011~00039.parquet"]
    assert names(lake, "reading") == ["live-local-00000~00019.parquet", cut.name, "live-local-00021~00039.parquet"]
    bad.write_bytes(whole)
    assert count(lake) == 120


def test_files_with_other_columns_are_not_merged_with_these(lake: Path) -> None:
    for n in range(40, 60):
        old = pl.read_parquet(folder(lake) / "live-local-00000.parquet", hive_partitioning=False, glob=False)
        old.with_columns(extra=pl.lit(n)).write_parquet(folder(lake) / f"live-local-{n:05}.parquet")
    done = compact(lake, now=LATER)
    assert not done.problems
    assert len(names(lake)) <= 3
    assert count(lake) == 180
    with query(open_lake(lake), "SELECT count(extra) FROM command") as answer:
        assert list(answer.rows) == [(60,)]


def test_a_file_that_appears_within_while_it_is_merged_stops_the_merge(
    lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = folder(lake) / "live-local-00005.parquet"
    late.rename(lake / "late")
    synced = compaction._synced

    def then_it_comes(file: Path) -> int:
        if file.parent == folder(lake):
            (lake / "late").rename(late)
        return synced(file)

    monkeypatch.setattr(compaction, "_synced", then_it_comes)
    compact(lake, now=LATER)
    assert len(names(lake)) == 40
    assert count(lake) == 120


@pytest.mark.parametrize("steps", range(6))
def test_killed_at_any_step_nothing_is_lost_or_doubled(lake: Path, monkeypatch: pytest.MonkeyPatch, steps: int) -> None:
    """The same steps as in a run to the end, cut off after some: as `kill -9` would."""

    class Killed(BaseException):
        pass

    left = [steps]

    def counted(real: Any) -> Any:
        def call(*args: Any, **options: Any) -> Any:
            if left[0] == 0:
                raise Killed
            left[0] -= 1
            return real(*args, **options)

        return call

    monkeypatch.setattr(compaction, "_synced", counted(compaction._synced))
    monkeypatch.setattr(os, "rename", counted(os.rename))
    monkeypatch.setattr(compaction, "_sync_folder", counted(compaction._sync_folder))

    def unlink_some(where: Path, some: Any) -> None:
        for name in some:
            counted(lambda f: f.unlink())(where / name)

    monkeypatch.setattr(compaction, "_unlink", unlink_some)
    with pytest.raises(Killed):
        compact(lake, now=LATER)
    monkeypatch.undo()
    assert (count(lake), count(lake, "reading")) == (120, 120)
    (folder(lake) / ".~live-local-00000~00007.parquet.tmp").write_bytes(b"half")
    cleared = recover(lake)
    assert (cleared.halves, cleared.problems) == (1, [])
    assert not lake_files.replaced(names(lake))
    assert (count(lake), count(lake, "reading")) == (120, 120)
    compact(lake, now=LATER)
    assert names(lake) == ["live-local-00000~00039.parquet"]
    assert (count(lake), count(lake, "reading")) == (120, 120)


KILLED = """
import sys
from pathlib import Path
from linewarden.service.compaction import compact
print("on", flush=True)
while True:
    compact(Path(sys.argv[1]), now=float(sys.argv[2]))
"""


def test_kill_9_while_it_compacts(lake: Path) -> None:
    for turn in range(6):
        write(lake, 20, first=120 + turn * 60)
        child = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(lake), str(LATER + 10**6)], stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        assert child.stdout.readline() == "on\n"
        time.sleep(0.05 + turn * 0.06)
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
        assert count(lake) == 120 + (turn + 1) * 60
        recover(lake)
        assert count(lake) == 120 + (turn + 1) * 60
        assert frame(lake, "command")["frame"].n_unique() == 120 + (turn + 1) * 60


def test_two_at_a_time_are_refused_and_a_reader_defers_what_is_removed(lake: Path) -> None:
    with lake_files.alone_at_work(lake), pytest.raises(StoreError, match="another"):
        compact(lake, now=LATER)
    with lake_files.nobody_reads(lake) as free:
        assert free
    with lake_files.reading(lake):
        compact(lake, now=LATER)
        assert len(names(lake)) == 41
        assert count(lake) == 120
    compact(lake, now=LATER)
    assert names(lake) == ["live-local-00000~00039.parquet"]


def test_a_full_disk_stops_the_pass_and_loses_nothing(lake: Path, tmp_path: Path) -> None:
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=460k", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("mounting a small tmpfs needs root")
    try:
        shutil.copytree(lake, place / "lake")
        with pytest.MonkeyPatch.context() as patch:
            free = os.statvfs(place)
            (place / "filler").write_bytes(b"x" * max(0, (free.f_bavail - 1) * free.f_frsize))
            done = compact(place / "lake", now=LATER)
            patch.undo()
        assert done.merged == 0
        assert any("nothing is lost" in p for p in done.problems), done.problems
        assert count(place / "lake") == 120
        assert not [n for n in names(place / "lake") if n.startswith(".")]
    finally:
        subprocess.run(["umount", str(place)], check=True)


def test_it_ends_when_it_is_asked_to(lake: Path) -> None:
    assert compact(lake, should_end=lambda: True, now=LATER).merged == 0


def merge_pairs(lake: Path, turns: threading.Semaphore, stop: threading.Event) -> None:
    """Merges neighbours one by one, with no heed of readers' locks: files go while they are about to be read."""
    place = folder(lake)
    while turns.acquire(timeout=60) and not stop.is_set():
        there = [n for n in map(lake_files.numbered, lake_files.visible(os.listdir(place))) if n]
        if len(there) < 2:
            return
        a, b = there[:2]
        both = [pl.read_parquet(place / n.name, hive_partitioning=False, glob=False) for n in (a, b)]
        name = lake_files.merged_name(a.prefix, a.first, b.last)
        pl.concat(both).write_parquet(place / f".~{name}.tmp")
        (place / f".~{name}.tmp").rename(place / name)
        (place / a.name).unlink()
        (place / b.name).unlink()


def test_queries_give_exact_counts_while_files_vanish_under_them(lake: Path) -> None:
    one = folder(lake) / "live-local-00000.parquet"
    for n in range(40, 200):
        shutil.copy(one, folder(lake) / f"live-local-{n:05}.parquet")
    rows, frames = 200 * 3, sum(range(120)) + 160 * 3
    stop = threading.Event()
    turns = threading.Semaphore(0)
    thread = threading.Thread(target=merge_pairs, args=(lake, turns, stop))
    thread.start()
    try:
        with Session(lake) as session:
            for _ in range(8):
                while turns.acquire(blocking=False):
                    pass
                turns.release(6)  # fewer than a query's tries: on a busy machine none is in vain
                with session.query("SELECT count(*), sum(frame) FROM command") as answer:
                    assert list(answer.rows) == [(rows, frames)]
                assert count(lake) == rows
    finally:
        stop.set()
        turns.release()
        thread.join()
    assert len(names(lake)) < 200
    assert lake_files.numbered(names(lake)[0]) is not None


def test_queries_beside_compaction_and_a_writer_see_each_row_once(lake: Path) -> None:
    stop = threading.Event()
    failed: list[BaseException] = []
    written = [120]

    def append() -> None:
        sensor = Sensor(lake=lake, prefix="live-local", live=True)
        while not stop.is_set():
            sensor.append("command", [command(written[0])])
            sensor.flush(NOTHING)
            written[0] += 1
        sensor.finish()

    def merge() -> None:
        while not stop.is_set():
            compact(lake, Limits(fan=3, newest=1), now=NS / 1e9)

    def told(work: Any) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - told below
            failed.append(error)

    threads = [threading.Thread(target=told, args=(work,)) for work in (append, merge)]
    for thread in threads:
        thread.start()
    asked = 0
    try:
        with Session(lake) as session:
            end = time.monotonic() + 4
            while time.monotonic() < end and not failed:
                least = written[0]
                # What is written while the folder is listed may be in the answer or not; what was there before must.
                sql = f"SELECT count(*) FILTER (frame < {least}), count(*), count(DISTINCT frame) FROM command"
                with session.query(sql) as answer:
                    [(before, rows, different)] = list(answer.rows)
                assert (before, rows) == (least, different)
                asked += 1
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert not failed
    assert asked > 5
    assert any("~" in n for n in names(lake))
    assert frame(lake, "command")["frame"].to_list() == list(range(written[0]))


def test_a_session_that_has_seen_many_files_begins_anew_and_goes_on(
    lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("linewarden.service.lake.MOST_KNOWN", 42)
    with Session(lake) as session:
        connections = set()
        for turn in range(4):
            write(lake, 1, first=120 + turn * 3)
            with session.query("SELECT count(*), max(frame) FROM command") as answer:
                assert list(answer.rows) == [(123 + turn * 3, 122 + turn * 3)]
            connections.add(session._connection)
        assert len(connections) == 2


def test_recovery_of_a_lake_of_20_000_files_is_quick(tmp_path: Path) -> None:
    for stream in range(20):
        day = tmp_path / f"stream=s{stream}" / "site=default" / f"date={DAY}"
        day.mkdir(parents=True)
        for n in range(1_000):
            (day / f"live-local-{n:05}.parquet").touch()
        (day / "live-local-00000~00009.parquet").touch()
    began = time.monotonic()
    done = recover(tmp_path)
    assert time.monotonic() - began < 2
    assert done.replaced == 200


def test_retention_beside_a_session_is_an_answer_without_the_day(lake: Path) -> None:
    old = time.time() - 1_000
    for stream in ("command", "reading"):
        os.utime(folder(lake, stream), (old, old))
    with Session(lake) as session:
        with session.query("SELECT count(*) FROM command") as answer:
            assert list(answer.rows) == [(120,)]
        assert len(retain(lake, Retention({"reading": 1.0}), date(2026, 12, 1)).removed) == 1
        with session.query("SELECT count(*) FROM command") as answer:
            assert list(answer.rows) == [(120,)]
    assert open_lake(lake) == Lake(lake, ("command",))
