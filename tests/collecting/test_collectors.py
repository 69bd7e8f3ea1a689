"""Collectors as they run: samples, peers, failures, a spool that is full, and what is told of all that."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from linewarden.collectors.contract import Kind, Quality, Samples, Sink, Tag
from linewarden.errors import ConfigError, StoreError
from linewarden.service.board import Board
from linewarden.service.collecting import log_writer, tag_numbers
from linewarden.service.collecting.collectors import Collecting, Collectors
from linewarden.service.collecting.running import Source
from linewarden.service.metrics import registry_of

S = 10**9
Rows = Callable[[Path], pl.DataFrame]
Do = Callable[[Sink, threading.Event], None]


@dataclass(frozen=True)
class Nothing:
    """No settings."""


def source(name: str, do: Do, needs: tuple[str, ...] = ()) -> Source:
    return Source(Kind("test", "A test", Nothing, lambda _s, sink, stop: do(sink, stop), needs), name, Nothing())


class Run:
    """Collectors of a function each, over a folder."""

    def __init__(self, folder: Path, most_bytes: int = 1 << 30, tolerance_s: float = 300.0, **do: Do) -> None:
        self.lake, self.board, self.lines = folder / "lake", Board(()), [""]
        sources = tuple(source(name, one) for name, one in do.items())
        collecting = Collecting(sources, folder / "spool", self.lake, "s1", most_bytes, tolerance_s)
        self.collectors = Collectors(collecting, self.board, lambda name, text: self.lines.append(f"{name}: {text}"))

    def __enter__(self) -> Run:
        self.collectors.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.collectors.stop()

    def ill(self) -> dict[str, str]:
        return {i.part: i.text for i in self.board.illnesses()}


def until(what: Callable[[], Any], patience_s: float = 20.0) -> Any:
    end = time.monotonic() + patience_s
    while not (found := what()):
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.01)
    return found


def waits(_sink: Sink, stop: threading.Event) -> None:
    stop.wait()


def test_all_that_a_sample_says_is_kept(tmp_path: Path, rows_of: Rows) -> None:
    now = time.time_ns()

    def do(sink: Sink, _stop: threading.Event) -> None:
        level = sink.tag(Tag("10.0.0.5", "opcua", "ns=2;s=Level", area="tank", start=7, ucum="m"))
        state = sink.tag(Tag("10.0.0.5", "opcua", "ns=2;s=State"))
        samples = Samples()
        samples.add(level, 3.25, source_ts=now - S, server_ts=now)
        samples.add(state, "running", source_ts=None, server_ts=None, quality=Quality.UNCERTAIN)
        samples.add(level, None, source_ts=now, server_ts=None, quality=Quality.BAD, status="BadSensorFailure")
        sink.put(samples).result(10)

    with Run(tmp_path, plc=do) as run:
        until(run.collectors.ended)
    rows = rows_of(tmp_path / "lake").to_dicts()
    assert [r["values"] for r in rows] == [[3.25], [], []]
    assert [r["text"] for r in rows] == [None, "running", None]
    assert [r["quality"] for r in rows] == ["good", "uncertain", "bad: BadSensorFailure"]
    assert (rows[0]["area"], rows[0]["start"], rows[0]["name"]) == ("tank", 7, "ns=2;s=Level")
    assert [(r["capture"], r["frame"]) for r in rows] == [
        ("collector:plc", 1),
        ("collector:plc", 2),
        ("collector:plc", 3),
    ]
    frame = rows_of(tmp_path / "lake")
    assert frame.get_column("ts").to_physical()[0] == frame.get_column("source_ts").to_physical()[0] == now - S
    assert frame.get_column("server_ts").to_physical()[0] == now
    assert run.board.collectors()[0]["plc"].samples == 3
    assert run.board.collectors()[0]["plc"].bad == 1


def test_a_time_that_makes_no_sense_is_not_believed_and_that_is_said(tmp_path: Path, rows_of: Rows) -> None:
    now = time.time_ns()

    def do(sink: Sink, _stop: threading.Event) -> None:
        tag = sink.tag(Tag("10.0.0.5", "modbus", "x"))
        live, history = Samples(), Samples(history=True)
        for ts in (now - 3600 * S, now + 3600 * S, now - 10 * S):
            live.add(tag, 1.0, source_ts=ts, server_ts=None)
            history.add(tag, 2.0, source_ts=ts, server_ts=None)
        history.add(tag, 2.0, source_ts=-(1 << 70), server_ts=None)
        sink.put(live).result(10)
        sink.put(history).result(10)

    with Run(tmp_path, plc=do) as run:
        until(run.collectors.ended)
    rows = rows_of(tmp_path / "lake").with_columns(t=pl.col("ts").to_physical(), s=pl.col("source_ts").to_physical())
    rows = rows.sort("frame")
    believed = (rows.get_column("t") == rows.get_column("s")).to_list()
    assert believed == [False, False, True, True, False, True, None]
    assert all(abs(t - now) < 60 * S for t, b in zip(rows.get_column("t"), believed, strict=True) if not b)
    assert rows.get_column("s")[0] == now - 3600 * S
    said = [line for line in run.lines if "its time is" in line]
    assert len(said) == 1
    assert "10.0.0.5" in said[0]
    assert "clock_tolerance_s" in said[0]


def test_one_that_fails_begins_again_and_the_others_go_on(tmp_path: Path, rows_of: Rows) -> None:
    times: list[float] = []

    def fails(sink: Sink, stop: threading.Event) -> None:
        times.append(time.monotonic())
        if len(times) < 3:
            raise ValueError("no such register")
        well(sink, stop)

    def well(sink: Sink, stop: threading.Event) -> None:
        samples = Samples()
        samples.add(sink.tag(Tag("a", "b", "c")), 1.0, source_ts=None, server_ts=None)
        sink.put(samples)
        stop.wait()

    with Run(tmp_path, bad=fails, good=well) as run:
        until(lambda: "no such register" in run.ill().get("collector bad", ""))
        until(lambda: run.board.collectors()[0]["bad"].samples)
        until(lambda: "collector bad" not in run.ill())
    assert times[2] - times[1] > 1.5  # twice as long as the first time
    assert run.board.collectors()[0]["bad"].restarts == 2
    assert any("bad: failed, and begins again" in line for line in run.lines)
    assert rows_of(tmp_path / "lake").height == 2


def test_peers_go_and_come(tmp_path: Path) -> None:
    sinks: list[Sink] = []

    def do(sink: Sink, stop: threading.Event) -> None:
        sinks.append(sink)
        stop.wait()

    with Run(tmp_path, plc=do) as run:
        until(lambda: sinks)
        sinks[0].up("10.0.0.5")
        for _ in range(3):
            sinks[0].down("10.0.0.6", "refuses our certificate; trust it there")
        until(lambda: "10.0.0.6 (refuses our certificate" in run.ill().get("collector plc", ""))
        assert "1 of 2 do not answer" in run.ill()["collector plc"]
        sinks[0].up("10.0.0.6")
        until(lambda: "collector plc" not in run.ill())
    assert [line for line in run.lines if "10.0.0.6" in line] == [
        "plc: 10.0.0.6: refuses our certificate; trust it there", "plc: 10.0.0.6 answers again",
    ]  # fmt: skip


def putting(done: list[Future[None]]) -> Do:
    def do(sink: Sink, stop: threading.Event) -> None:
        tag = sink.tag(Tag("a", "b", "c"))
        n = 0
        while not stop.is_set():
            samples = Samples()
            for _ in range(5000):
                n += 1
                samples.add(tag, math.sin(n), source_ts=n * S + (1 << 60), server_ts=n)
            done.append(sink.put(samples))
            stop.wait(0.001)

    return do


def test_a_full_spool_makes_collectors_wait_and_drops_nothing(tmp_path: Path, rows_of: Rows) -> None:
    (tmp_path / "lake").write_text("a file in the place of the lake")
    done: list[Future[None]] = []
    with Run(tmp_path, most_bytes=1_500_000, fast=putting(done)) as run:
        until(lambda: "the spool is full" in run.ill().get("collecting", ""))
        assert "spool_mb" in run.ill()["collecting"]
        until(lambda: "lake cannot be written" in run.ill().get("collecting", ""))
        until(lambda: len(done) > 30)
        time.sleep(0.3)
        waiting = len(done)
        time.sleep(0.5)
        assert len(done) == waiting  # `put` waits: that is what back-pressure is
        assert not done[-1].done()
        (tmp_path / "lake").unlink()
        until(lambda: len(done) > waiting + 20, 40)
        # The collector never rests, so that the spool may well be full again.
        until(lambda: "lake cannot be written" not in run.ill().get("collecting", ""), 40)
        until(lambda: done[waiting].done())
    kept = sum(1 for one in done if one.exception() is None)
    assert kept == len(done) or run.board.collectors()[0]["fast"].refused == (len(done) - kept) * 5000
    rows = rows_of(tmp_path / "lake")
    assert rows.height == kept * 5000
    assert rows.get_column("frame").n_unique() == rows.height


def test_what_cannot_be_kept_at_the_end_is_told(tmp_path: Path, rows_of: Rows) -> None:
    (tmp_path / "lake").write_text("a file in the place of the lake")
    done: list[Future[None]] = []
    with Run(tmp_path, most_bytes=600_000, fast=putting(done)) as run:
        until(lambda: "the spool is full" in run.ill().get("collecting", ""))
        began = time.monotonic()
    assert time.monotonic() - began < 12  # `put` that waits for room does not hold up the end
    assert all(one.done() for one in done)
    lost = [one for one in done if one.exception() is not None]
    assert lost
    with pytest.raises(StoreError, match="not kept"):
        lost[0].result()
    assert run.board.collectors()[0]["fast"].refused == len(lost) * 5000
    (tmp_path / "lake").unlink()
    with Run(tmp_path, fast=waits):
        until(lambda: (tmp_path / "lake").exists() and rows_of(tmp_path / "lake").height)
    assert rows_of(tmp_path / "lake").height == (len(done) - len(lost)) * 5000


def test_who_follows_samples_is_told_and_cannot_stop_a_collector(tmp_path: Path) -> None:
    told: list[tuple[str, float]] = []

    def do(sink: Sink, _stop: threading.Event) -> None:
        for n in range(3):
            samples = Samples()
            samples.add(sink.tag(Tag("a", "b", "c")), n, source_ts=None, server_ts=None)
            sink.put(samples).result(10)

    def breaks(_name: str, _samples: Samples, _at: int) -> None:
        raise ValueError("mine")

    def breaks_too(_made: object) -> None:
        raise ValueError("his")

    run = Run(tmp_path, plc=do)
    run.collectors.on_samples(breaks)
    run.collectors.on_kept(breaks_too)
    run.collectors.on_samples(lambda name, samples, _at: told.extend((name, v) for v in samples.value))
    with run:
        until(run.collectors.ended)
    assert told == [("plc", 0.0), ("plc", 1.0), ("plc", 2.0)]
    assert sum("mine" in line for line in run.lines) == 1
    assert sum("his" in line for line in run.lines) == 1
    assert run.board.collectors()[0]["plc"].refused == 0


def test_what_is_no_sample_is_refused_and_the_rest_kept(tmp_path: Path, rows_of: Rows) -> None:
    wrong: list[Future[None]] = []

    def do(sink: Sink, _stop: threading.Event) -> None:
        good, bad = Samples(), Samples()
        good.add(sink.tag(Tag("a", "b", "c")), 1.0, source_ts=None, server_ts=None)
        bad.add(-5, 1.0, source_ts=None, server_ts=None)
        wrong.append(sink.put(bad))
        sink.put(good).result(10)

    with Run(tmp_path, plc=do) as run:
        until(run.collectors.ended)
    with pytest.raises(StoreError, match="report it"):
        wrong[0].result()
    assert rows_of(tmp_path / "lake").height == 1


def test_made_up_names_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tag_numbers, "MOST", 3)
    tags = tag_numbers.TagNumbers(tmp_path)
    first, second = (tags.number(Tag("a", "b", "x" * 5000 + end)) for end in "12")
    assert first != second
    assert len(tags.tag(first).name) == 1000
    tags.number(Tag("a", "b", "c"))
    with pytest.raises(StoreError, match="makes up more"):
        tags.number(Tag("a", "b", "d"))
    assert tags.number(Tag("a", "b", "c")) == 2


def test_a_missing_package_is_said_with_the_way_to_have_it(tmp_path: Path) -> None:
    collecting = Collecting((source("plc", waits, ("no_such_package_here",)),), tmp_path / "s", tmp_path / "l", "s1")
    with pytest.raises(ConfigError, match=r"pip install 'linewarden\[collectors\]'"):
        Collectors(collecting, Board(()), lambda _n, _t: None).start()


def test_tags_keep_their_numbers_and_what_is_said_of_them(tmp_path: Path) -> None:
    numbers: list[int] = []

    def first(sink: Sink, _stop: threading.Event) -> None:
        samples = Samples()
        for name in "xyz":
            numbers.append(sink.tag(Tag("a", "b", name, ucum="m")))
            samples.add(numbers[-1], 1.0, source_ts=None, server_ts=None)
        sink.put(samples).result(10)

    def again(sink: Sink, _stop: threading.Event) -> None:
        numbers.append(sink.tag(Tag("a", "b", "y", description="pressure")))

    with Run(tmp_path, plc=first) as run:
        until(run.collectors.ended)
    with Run(tmp_path, plc=again) as run:
        until(run.collectors.ended)
        tag = run.collectors.tags.tag(numbers[1])
    assert numbers[3] == numbers[1]
    assert (tag.name, tag.ucum, tag.description) == ("y", "m", "pressure")


@pytest.fixture
def metrics(tmp_path: Path) -> dict[str, float]:
    def do(sink: Sink, _stop: threading.Event) -> None:
        samples = Samples()
        samples.add(sink.tag(Tag("a", "b", "c")), 1.0, source_ts=None, server_ts=None)
        sink.up("a")
        sink.down("b", "refuses")
        sink.put(samples).result(10)

    with Run(tmp_path, plc=do) as run:
        until(run.collectors.ended)
    families = registry_of(run.board).collect()
    return {s.name: s.value for f in families for s in f.samples if f.name.startswith("linewarden")}


def test_metrics_tell_of_samples_peers_and_the_spool(metrics: dict[str, float]) -> None:
    assert metrics["linewarden_samples_total"] == 1
    assert metrics["linewarden_collector_peers"] == 2
    assert metrics["linewarden_collector_peers_up"] == 1
    assert metrics["linewarden_samples_forwarded_total"] == 1
    assert metrics["linewarden_spool_samples"] == 0


def test_what_an_earlier_run_had_on_disk_is_known_again_and_what_it_had_not_is_kept(
    tmp_path: Path, rows_of: Rows
) -> None:
    """As a machine says it again that was not told any more that it is on disk."""

    def says(*what: tuple[str, int | None, float | str]) -> Do:
        def do(sink: Sink, _stop: threading.Event) -> None:
            samples = Samples(history=True)
            for name, at, value in what:
                ts = None if at is None else (1_790_000_000 + at) * S
                samples.add(sink.tag(Tag("a", "b", name)), value, source_ts=ts, server_ts=None)
            sink.put(samples).result(10)

        return do

    first = (("x", 1, 1.0), ("x", 2, math.nan), ("y", 2, "on"), ("y", None, 5.0))
    with Run(tmp_path, plc=says(*first)) as run:
        until(run.collectors.ended)
    again = (*first, ("x", 2, 3.0), ("y", 3, "on"), ("z", 1, 1.0))
    with Run(tmp_path, plc=says(*again), other=says(("x", 1, 1.0))) as run:
        until(run.collectors.ended)
    assert run.collectors.spool().repeated == 3, "not where no time is told, nor what another collector says"
    assert rows_of(tmp_path / "lake").height == len(first) + 4 + 1
    with Run(tmp_path, plc=says(*again)) as run:
        until(run.collectors.ended)
    assert run.collectors.spool().repeated == 6
    with Run(tmp_path, plc=says(*again[:3])) as run:
        until(run.collectors.ended)
    assert rows_of(tmp_path / "lake").height == len(first) + 4 + 1 + 1, "all of a message may be known"


def test_nobody_else_has_the_frame_that_is_written_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Polars holds it meanwhile, and asks for the GIL at each write: whoever looked at it would stop all threads."""
    made, written = list[Any](), list[Any]()
    real = log_writer.packed

    def packed(frame: pl.DataFrame) -> bytes:
        written.append(frame._df)
        return real(frame)

    monkeypatch.setattr(log_writer, "packed", packed)

    def do(sink: Sink, _stop: threading.Event) -> None:
        samples = Samples()
        samples.add(sink.tag(Tag("a", "b", "c")), 1.0, source_ts=None, server_ts=None)
        sink.put(samples).result(10)

    run = Run(tmp_path, plc=do)
    run.collectors.on_made(lambda those: made.extend(one.frame._df for one in those))
    with run:
        until(run.collectors.ended)
    assert len(made) == len(written) == 1 and made[0] is not written[0]
