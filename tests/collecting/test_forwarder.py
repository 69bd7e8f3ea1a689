"""From the log into the lake: each once, wherever it is cut off, and whatever the lake says."""

from __future__ import annotations

import json
import resource
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from linewarden.collectors.contract import Samples, Tag
from linewarden.service import lake_files
from linewarden.service.collecting import durable, forwarder, lake_writer
from linewarden.service.collecting.blocks import Block, packed
from linewarden.service.collecting.forwarder import Forwarder
from linewarden.service.collecting.lake_writer import LakeWriter
from linewarden.service.collecting.rows import Put, frame_of
from linewarden.service.collecting.sample_log import KEPT_SEGMENTS, SampleLog
from linewarden.service.compaction import compact

DAY = 86_400 * 10**9
NOON = 1_795_780_800 * 10**9  # 2026-11-27 12:00 UTC
TAG = Tag("10.0.0.5", "modbus", "TANK.LEVEL", unit=1, ucum="m")


def block(first: int, count: int, *, step: int = 10**9, at: int = NOON) -> Block:
    samples = Samples()
    for i in range(count):
        samples.add(0, float(first + i), source_ts=at + i * step, server_ts=None)
    samples.history = True
    frame, _ = frame_of([Put(samples, at + count * step)], DAY)
    return Block("press", first, at, frame.height, packed(frame))


class Run:
    """One life of the process: what it opened is let go of at its end, written or not."""

    def __init__(self, folder: Path, site: str = "s1") -> None:
        self.said: list[str] = []
        self.log = SampleLog(folder / "spool", segment_bytes=2000)
        self.forwarder = Forwarder(
            self.log, LakeWriter(folder / "lake", site, self.log.id), lambda _n: TAG, self.said.append
        )

    def add(self, *blocks: Block) -> None:
        self.log.append(blocks)
        self.forwarder.added(self.log.end, sum(b.rows for b in blocks), blocks[0].arrived)

    def all(self) -> None:
        while self.forwarder.step():
            pass

    def end(self) -> None:
        self.log.close()


Rows = Callable[[Path], pl.DataFrame]


def test_samples_become_readings(tmp_path: Path, rows_of: Rows) -> None:
    run = Run(tmp_path)
    run.add(block(1, 3))
    run.all()
    rows = rows_of(tmp_path / "lake")
    assert rows.select("source", "protocol", "name", "unit", "capture", "sensor").unique().rows() == [
        ("10.0.0.5", "modbus", "TANK.LEVEL", 1, "collector:press", "press")
    ]
    assert rows.get_column("frame").to_list() == [1, 2, 3]
    assert rows.get_column("values").to_list() == [[1.0], [2.0], [3.0]]
    assert rows.get_column("ts")[0] == rows.get_column("source_ts")[0] == datetime(2026, 11, 27, 12, tzinfo=UTC)
    run.end()


class KilledError(Exception):
    """The process is gone here."""


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("at", range(8))
def test_wherever_it_is_cut_off_each_is_there_once(
    tmp_path: Path, rows_of: Rows, monkeypatch: pytest.MonkeyPatch, at: int, after: bool
) -> None:
    """Each file that is put is a moment at which a kill makes a difference: before it is there, and after."""
    left = [at]
    whole = durable.put

    def put(path: Path, data: bytes, temporary: Path | None = None) -> None:
        left[0] -= 1
        if left[0] == -1 and not after:
            raise KilledError
        whole(path, data, temporary)
        if left[0] == -1:
            raise KilledError

    run = Run(tmp_path)
    run.add(block(1, 20, step=DAY // 10), block(21, 5))  # over three days
    for module in (forwarder, lake_writer):
        monkeypatch.setattr(module, "put", put)
    try:
        run.all()
        run.add(block(26, 4))
        run.all()
    except KilledError:
        pass
    run.end()
    monkeypatch.undo()

    run = Run(tmp_path)
    first = max(run.forwarder.frames.get("press", 1), 26)
    run.add(block(first, 7))
    run.all()
    run.end()
    rows = rows_of(tmp_path / "lake")
    assert sorted(rows.get_column("frame").to_list()) == list(range(1, first + 7))


def test_a_batch_that_was_merged_meanwhile_is_not_written_again(tmp_path: Path, rows_of: Rows) -> None:
    run = Run(tmp_path)
    for first in range(1, 20):
        run.add(block(first, 1))
        run.all()
    before = json.loads((tmp_path / "spool" / "forwarded.json").read_text())
    run.add(block(20, 1))
    run.all()
    run.end()
    assert compact(tmp_path / "lake", now=(NOON + 2 * DAY) / 1e9).merged  # long after: all become one
    # The last mark did not come to disk: the batch was begun, and its file is part of a merged one now.
    until = json.loads((tmp_path / "spool" / "forwarded.json").read_text())
    before["until"] = [until["segment"], until["offset"]]
    (tmp_path / "spool" / "forwarded.json").write_text(json.dumps(before))
    run = Run(tmp_path)
    run.all()
    run.end()
    assert sorted(rows_of(tmp_path / "lake").get_column("frame").to_list()) == list(range(1, 21))


def test_a_lake_that_cannot_be_written_is_waited_for(tmp_path: Path, rows_of: Rows) -> None:
    (tmp_path / "lake").write_text("a file in its place")
    run = Run(tmp_path)
    run.add(block(1, 3))
    run.all()
    assert "lake" in run.forwarder.lake_error
    assert run.forwarder.held == 3
    assert len(run.said) == 1
    (tmp_path / "lake").unlink()
    run.add(block(4, 2))
    run.all()
    assert not run.forwarder.lake_error
    assert run.forwarder.held == 0
    assert rows_of(tmp_path / "lake").height == 5
    assert "again" in run.said[-1]
    run.end()


def test_a_full_disk_is_waited_for(tmp_path: Path, rows_of: Rows) -> None:
    run = Run(tmp_path)
    run.add(block(1, 500))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))  # a file cannot be larger: as a full disk
    try:
        run.all()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "File too large" in run.forwarder.lake_error
    assert rows_of(tmp_path / "lake").height == 0
    run.all()
    run.end()
    assert rows_of(tmp_path / "lake").height == 500
    assert not list((tmp_path / "lake").rglob("*.tmp"))


def test_what_was_forwarded_goes_from_the_disk(tmp_path: Path) -> None:
    run = Run(tmp_path)
    for first in range(1, 200, 20):
        run.add(block(first, 20))
    many = len(run.log.segments())
    run.all()
    assert many > KEPT_SEGMENTS + 2
    assert len(run.log.segments()) == KEPT_SEGMENTS + 1, "the last ones tell what comes again after a kill"
    assert run.log.bytes == 0
    run.end()


def test_a_lost_mark_is_said_and_nothing_is_lost(tmp_path: Path, rows_of: Rows) -> None:
    run = Run(tmp_path)
    run.add(block(1, 3))
    run.all()
    run.add(block(4, 3))
    run.end()
    (tmp_path / "spool" / "forwarded.json").write_text("{")
    run = Run(tmp_path)
    assert "damaged" in run.said[0]
    run.all()
    run.end()
    assert set(rows_of(tmp_path / "lake").get_column("frame").to_list()) == {1, 2, 3, 4, 5, 6}


def test_a_log_that_lost_its_end_under_a_batch_loses_nothing_more(tmp_path: Path, rows_of: Rows) -> None:
    run = Run(tmp_path)
    run.add(block(1, 3))
    run.all()
    run.add(block(4, 3))
    end = run.log.end
    run.end()
    mark = json.loads((tmp_path / "spool" / "forwarded.json").read_text())
    mark["until"] = [end.segment, end.offset]
    (tmp_path / "spool" / "forwarded.json").write_text(json.dumps(mark))
    path = tmp_path / "spool" / f"{end.segment:08}.samples"
    path.write_bytes(path.read_bytes()[:-100])  # the disk lost what it had said to have
    run = Run(tmp_path)
    run.add(block(7, 3))
    run.all()
    run.end()
    assert rows_of(tmp_path / "lake").get_column("frame").to_list() == [1, 2, 3, 7, 8, 9]


def test_a_spool_that_begins_anew_gives_no_number_twice(tmp_path: Path, rows_of: Rows) -> None:
    run = Run(tmp_path)
    run.add(block(run.forwarder.mark.first, 3))
    run.all()
    run.end()
    shutil.rmtree(tmp_path / "spool")  # as a restored machine, or a second one at the same lake
    run = Run(tmp_path)
    run.add(block(run.forwarder.mark.first, 3))
    run.all()
    run.end()
    rows = rows_of(tmp_path / "lake")
    assert rows.height == 6
    assert rows.get_column("frame").n_unique() == 6


def test_rows_are_in_the_folder_of_their_day(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.add(block(1, 4, step=DAY // 2))
    run.all()
    run.end()
    for file in lake_files.files(tmp_path / "lake" / "stream=reading"):
        day = date.fromisoformat(file.parent.name.removeprefix("date="))
        assert set(pl.read_parquet(file, hive_partitioning=False).get_column("ts").dt.date()) == {day}
