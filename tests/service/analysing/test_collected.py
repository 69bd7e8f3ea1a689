"""Values of collectors judged as they come: through the log on disk, to a notice in the lake."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from linewarden.collectors.contract import Quality, Samples, Tag
from linewarden.errors import StoreError
from linewarden.service.analysing.collected import CollectedAnalysing, writer_of
from linewarden.service.analysing.delays import Came, Delays
from linewarden.service.analysing.live import LiveAnalysing
from linewarden.service.analysing.settings import Analytics, Wanted
from linewarden.service.analysing.tags import Collected, Tags
from linewarden.service.collecting.blocks import Block
from linewarden.service.collecting.forwarder import Forwarder
from linewarden.service.collecting.lake_writer import LakeWriter
from linewarden.service.collecting.rows import Put, frame_of, readings
from linewarden.service.collecting.sample_log import SampleLog
from linewarden.service.collecting.sink import Gathering
from linewarden.service.collecting.tag_numbers import TagNumbers

BEGAN = 1_790_000_000
TAGS = ("LEVEL", "INFLOW", "OUTFLOW")
NORMAL, ALL = 1_500, 1_800


class Plant:
    """A gathering on disk, and what judges behind it."""

    def __init__(self, folder: Path) -> None:
        self.lake = folder / "lake"
        self.said: list[str] = []
        self.told: list[str] = []
        log, self.tags = SampleLog(folder / "spool"), TagNumbers(folder / "spool")
        forwarder = Forwarder(log, LakeWriter(self.lake, "works", "test"), self.tags.tag, self.said.append)
        self.gathering = Gathering(log, self.tags, forwarder, 1 << 28, 300 * 10**9)
        said = Analytics(wanted=Wanted(first_minutes=5, learn_hours=0.4))
        self.values = LiveAnalysing(said, None, lambda _: None, self.said.append)
        self.judging = CollectedAnalysing(
            self.values, self.tags.tag, writer_of(self.lake, "works"), lambda t: self.told.append(t.notice.msg),
            self.said.append,
        )  # fmt: skip
        self.gathering.on_made(self.judging.made)
        self.gathering.on_kept(self.judging.kept)
        self.gathering.start()
        self.judging.start()

    def put(self, rows: np.ndarray, second: int) -> None:
        """A minute of values, a row a second, that are told afterwards; on disk then."""
        self.begin(rows, second).result(10)

    def begin(self, rows: np.ndarray, second: int) -> Future[None]:
        """The same, on its way to disk."""
        numbers = [self.tags.number(Tag("10.0.0.5", "opcua", name)) for name in TAGS]
        samples = Samples(history=True)
        for at, row in enumerate(rows, start=second):
            for number, value in zip(numbers, row, strict=True):
                samples.add(number, float(value), source_ts=(BEGAN + at) * 10**9, server_ts=None)
        return self.gathering.put("press", samples)

    def put_all(self) -> None:
        """The normal time, and once it is known what is not normal."""
        rows = values()
        for second in range(0, ALL, 60):
            self.put(rows[second : second + 60], second)
            if second + 60 == NORMAL:
                self.known()

    def known(self) -> None:
        """Waits until what was learned is a model: it is made beside, and these minutes pass in moments."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            fits = [m._fitting for m in self.values.analysis.machines.values()]
            if self.judging.judged == 3 * NORMAL and all(fit is None or fit() is not None for fit in fits):
                return
            time.sleep(0.05)

    def close(self) -> None:
        self.gathering.close()
        self.judging.stop()


@pytest.fixture
def plant(tmp_path: Path) -> Iterator[Plant]:
    (tmp_path / "spool").mkdir()
    found = Plant(tmp_path)
    yield found
    found.close()


def until(what: Callable[[], object]) -> None:
    """Waits for it, a minute at most."""
    deadline = time.monotonic() + 60
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def values() -> np.ndarray:
    """A level that swings, with two flows that follow; later the level stands far off."""
    dice = np.random.default_rng(5)
    at = np.arange(ALL)
    swing = np.sin(at / 40)
    rows = np.column_stack([3 + 0.2 * swing, 10 + swing, 10 - swing]) + dice.normal(0, 0.02, (ALL, 3))
    rows[NORMAL:, 0] += 2.0
    return rows


def test_a_level_that_leaves_its_ways_is_a_notice_that_names_the_sample(plant: Plant) -> None:
    plant.put_all()
    deadline = time.monotonic() + 30
    while not plant.told and time.monotonic() < deadline:
        time.sleep(0.05)
    plant.close()
    assert plant.said == []
    assert plant.judging.judged == 3 * ALL and plant.judging.left_out == 0
    notices = pl.concat([pl.read_parquet(f) for f in (plant.lake / "stream=notice").rglob("*.parquet")])
    first = notices.sort("ts").row(0, named=True)
    assert "LEVEL" in first["msg"]
    assert first["capture"] == "collector:press"
    frame, tag = divmod(first["frame"] - 1, 3)
    assert TAGS[tag] == "LEVEL" and NORMAL <= frame < NORMAL + 120
    assert plant.judging.as_dict()["machines"] == 1


def test_what_judging_cannot_follow_is_left_out_and_counted_but_kept(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("linewarden.service.analysing.collected.MOST_WAITING", 10)
    plant.put(values()[:60], 0)
    assert plant.judging.left_out == 180


def test_a_mistake_of_ours_is_said_once_and_stops_nothing_else(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a mistake")

    monkeypatch.setattr(plant.values.analysis, "values", broken)
    for second in (0, 60, 120):
        plant.put(values()[:60], second)
        time.sleep(0.1)
    assert [s for s in plant.said if "judged no more" in s] == plant.said[:1] and len(plant.said) == 1


def test_what_never_began_ends_at_once(tmp_path: Path) -> None:
    values = LiveAnalysing(Analytics(), None, lambda _: None, lambda _: None)
    tags = TagNumbers(tmp_path)
    CollectedAnalysing(values, tags.tag, writer_of(tmp_path, "works"), lambda _: None, lambda _: None).stop()


def test_delays_are_those_of_rows_that_were_judged_and_their_stages_are_all_of_them() -> None:
    delays, ms = Delays(), 1_000_000
    now = time.time_ns()
    both = np.array([0, 1])
    delays.came(Came(now - 90 * ms, now - 60 * ms, now - 50 * ms, both, np.array([1.0, 2.0])))
    delays.came(Came(now, now, now, both, np.array([1.0, 9.0])))
    delays.judged(np.array([5.0, 5.0]), now - 20 * ms)
    told = delays.as_dict()
    stages = told["stages"]
    assert isinstance(stages, dict) and list(stages) == ["gather", "queue", "row", "judge"]
    assert [stages[s]["p50_ms"] for s in ("gather", "queue", "row")] == [30.0, 10.0, 30.0]
    assert told["p50_ms"] == told["max_ms"] == pytest.approx(70 + stages["judge"]["p50_ms"], abs=0.2)
    assert Delays().as_dict() == {}


def test_a_lake_that_takes_no_notice_does_not_end_the_judging(plant: Plant) -> None:
    def full(_told: object) -> None:
        raise StoreError("lake: no space left")

    plant.judging._write = full
    plant.put_all()
    plant.close()
    assert plant.told, "who follows notices is told all the same"
    assert plant.judging.judged == 3 * ALL
    assert plant.said and all("no space left" in line for line in plant.said)


def test_a_disk_that_takes_its_time_holds_up_no_score_but_notices(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = threading.Event()
    append = plant.gathering.writer.log.append

    def slow(blocks: Sequence[Block]) -> None:
        free.wait(60)
        append(blocks)

    rows = values()
    for second in range(0, NORMAL, 60):
        plant.put(rows[second : second + 60], second)
    plant.known()
    monkeypatch.setattr(plant.gathering.writer.log, "append", slow)
    done = [plant.begin(rows[second : second + 60], second) for second in range(NORMAL, ALL, 60)]
    until(lambda: plant.judging.judged == 3 * ALL and plant.judging._held)
    assert not any(d.done() for d in done), "nothing of it is on disk"
    assert plant.told == []
    free.set()
    until(lambda: plant.told)
    assert plant.judging.as_dict()["delay"]["stages"]["disk"]["max_ms"] > 0


def test_a_disk_that_is_full_does_not_keep_an_alarm_back_for_ever(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("linewarden.service.analysing.collected.HOLD_S", 0.0)
    rows = values()
    for second in range(0, NORMAL, 60):
        plant.put(rows[second : second + 60], second)
    plant.known()

    def full(_blocks: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(plant.gathering.writer.log, "append", full)
    for second in range(NORMAL, ALL, 60):
        plant.begin(rows[second : second + 60], second)
    until(lambda: plant.told)


def test_samples_are_judged_by_numbers_as_their_rows_in_the_lake_would_be() -> None:
    said = [Tag("10.0.0.5", "modbus", "", unit=3, area="holding_register", start=40), Tag("a/b", "sparkplug", "T")]
    samples = Samples()
    for at, value in enumerate((1.0, "on", None, 2.0)):
        for number in (1, 0):
            samples.add(number, value, source_ts=(BEGAN + at) * 10**9, server_ts=None, quality=Quality(at % 3))
    frame, _ = frame_of([Put(samples, BEGAN * 10**9)], 10**12)
    by_rows, by_numbers = Tags(10, lambda *_: None), Tags(10, lambda *_: None)
    one = by_rows.of(readings([("press", 7, frame)], said.__getitem__))
    other = by_numbers.collected(Collected("press", 7, frame), said.__getitem__)
    assert by_rows.all == by_numbers.all and len(by_rows.all) == 2
    for name in ("at", "tag", "value", "mark"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    assert {by_rows.place(m) for m in one.mark.tolist()} == {by_numbers.place(m) for m in other.mark.tolist()}
