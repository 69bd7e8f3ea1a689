"""_opcua/feed.py, past.py, keeper.py: connections that break, servers that end, ours that ends; nothing lost or twice.

The counter of the server is the measure. What a server's process did not get to publish or keep before it was killed is
nobody's: there, the server's own history is the measure.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

pytest.importorskip("asyncua")

from linewarden.collectors._opcua.link import READS
from linewarden.collectors.opcua import OpcUa
from tests.collectors.opcua_house import Line, MemorySink, Server, collecting, free_port, services, until, whole

NAME = "Line1/Counter"
PLAIN = OpcUa(
    endpoint="", security="None", trees=("Objects",), publishing_ms=100, sampling_ms=0, keepalive_s=1, timeout_s=3
)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server(
        "asyncua", every_ms=40, history=str(tmp_path / "history.db"), kept=str(tmp_path / "count"), many=2
    ) as s:
        yield s


@pytest.fixture
def line(server: Server) -> Iterator[Line]:
    with closing(Line(server.port)) as one:
        yield one


def through(line: Line, **more: object) -> OpcUa:
    return replace(PLAIN, endpoint=f"opc.tcp://127.0.0.1:{line.port}/line/", **more)  # type: ignore[arg-type]


def grows(sink: MemorySink, by: int = 25, seconds: float = 60.0) -> None:
    """Values go on coming, live."""
    before = len([r for r in sink.of(NAME) if not r["history"]])
    until(lambda: len([r for r in sink.of(NAME) if not r["history"]]) > before + by, seconds, str(sink.downs))


def counted(sink: MemorySink) -> tuple[int, int]:
    return whole([v for v in sink.numbers(NAME) if v >= 0])


def broken(line: Line) -> None:
    line.cut()
    time.sleep(2)
    line.mend()


def frozen(line: Line) -> None:
    line.frozen.set()
    time.sleep(7)
    line.mend()


@pytest.mark.parametrize("harm", [broken, pytest.param(frozen, marks=pytest.mark.slow)])
def test_line_that_breaks_loses_nothing(line: Line, harm: Callable[[Line], None]) -> None:
    sink = MemorySink()
    with collecting(through(line), sink):
        grows(sink)
        for _ in range(2):
            harm(line)
            grows(sink)
    assert counted(sink) == (0, 0)
    assert not any(r["history"] for r in sink.rows)  # the server held the messages: Republish
    assert len(sink.downs) >= 2 and len(sink.ups) == 3


def test_only_services_that_read_are_heard_on_the_line(server: Server, line: Line, tmp_path: Path) -> None:
    """A whole life: discovery, browsing, subscription, a break, a restart of the server with its history, the end."""
    from asyncua import ua

    sink = MemorySink()
    with collecting(through(line, state=tmp_path / "state.json"), sink):
        grows(sink)
        broken(line)
        grows(sink)
        server.kill()
        server.start()
        grows(sink)
        until(lambda: any(r["history"] for r in sink.rows))
    number = {n: getattr(ua.ObjectIds, f"{n}_Encoding_DefaultBinary") for n in READS}
    heard = services(line)
    assert heard <= set(number.values())
    assert heard >= {number[n] for n in ("ReadRequest", "BrowseRequest", "PublishRequest", "HistoryReadRequest")}


def kept(path: Path) -> list[tuple[float, int]]:
    """What the server has in its history: value, and µs UTC."""
    with closing(sqlite3.connect(path)) as db:
        rows = db.execute('SELECT Value, SourceTimestamp FROM "2_1001" ORDER BY SourceTimestamp').fetchall()
    return [(float(v), round(datetime.fromisoformat(t).timestamp() * 1e6)) for v, t in rows]


@pytest.mark.parametrize("end", ["kill", pytest.param("stop", marks=pytest.mark.slow)])
def test_server_that_ends_and_comes_back_is_read_from_its_history(server: Server, tmp_path: Path, end: str) -> None:
    sink = MemorySink()
    with collecting(replace(PLAIN, endpoint=server.url), sink):
        grows(sink)
        getattr(server, end)()
        time.sleep(1)
        server.start()
        grows(sink)
        until(lambda: any(r["history"] for r in sink.rows))
        grows(sink)
    got = sorted((r["value"], r["source_ts"] // 1000) for r in sink.of(NAME))
    assert len(got) == len(set(got)), "a value came twice"
    begin, last = min(t for _, t in got), max(t for _, t in got)
    there = {(v, t) for v, t in kept(tmp_path / "history.db") if begin <= t <= last}
    assert there <= set(got), sorted(there - set(got))
    said = " ".join(sink.said)
    assert "values of 1 tags from history" in said
    assert "values of 2 tags may be missing" in said and "keeps no history" in said  # V0 and V1 are not kept


@pytest.mark.parametrize("said", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_history_in_pages_is_read_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: bool) -> None:
    """Whether the server says that there is more, or cuts off at what was asked for."""
    options = {"history": str(tmp_path / "h.db"), "kept": str(tmp_path / "count"), "page": 7 if said else 10_000}
    monkeypatch.setattr("linewarden.collectors._opcua.past.PAGE", 2000 if said else 10)
    with Server("asyncua", every_ms=20, **options) as server, closing(Line(server.port)) as line:
        sink = MemorySink()
        with collecting(through(line), sink):
            grows(sink)
            server.kill()
            server.start()
            time.sleep(3)
            grows(sink)
            until(lambda: "from history" in " ".join(sink.said))
        got = {(r["value"], r["source_ts"] // 1000) for r in sink.of(NAME)}
        begin, last = min(t for _, t in got), max(t for _, t in got)
        assert {(v, t) for v, t in kept(tmp_path / "h.db") if begin <= t <= last} <= got


def test_nothing_is_acknowledged_before_it_is_safe(server: Server, line: Line) -> None:
    """While the sink keeps nothing safe, the server still holds all messages: a new process gets them all."""
    sink = MemorySink()
    with collecting(through(line, state=None), sink):
        grows(sink)
        sink.hold.set()
        grows(sink)
        broken(line)  # the acknowledgements that are missing do not disturb what comes after
        grows(sink)
        sink.release()
        grows(sink)
    assert counted(sink) == (0, 0)


def test_store_that_fails_is_said_and_nothing_is_lost_meanwhile(server: Server) -> None:
    from linewarden.errors import StoreError

    sink = MemorySink()
    with collecting(replace(PLAIN, endpoint=server.url), sink):
        grows(sink)
        sink.fail = StoreError("no space left on /var/lib/linewarden")
        until(lambda: any("no space left" in d for d in sink.said))
        time.sleep(2)
        sink.fail = None
        grows(sink)
    assert counted(sink) == (0, 0)


def test_our_own_restart_loses_nothing(server: Server, tmp_path: Path) -> None:
    settings, sink = replace(PLAIN, endpoint=server.url, state=tmp_path / "state" / "line.json"), MemorySink()
    for _ in range(3):  # stopped before the history of the first stop is read, too: that gap is remembered
        with collecting(settings, sink):
            grows(sink)
        time.sleep(1)
    with collecting(settings, sink):
        until(lambda: counted(sink) == (0, 0))


def test_without_history_the_gap_is_said_with_its_times(tmp_path: Path) -> None:
    with Server("asyncua", every_ms=40, kept=str(tmp_path / "count")) as server:
        sink = MemorySink()
        with collecting(replace(PLAIN, endpoint=server.url), sink):
            grows(sink)
            server.kill()
            server.start()
            grows(sink)
            until(lambda: any("keeps no history" in s for s in sink.said))
    (said,) = [s for s in sink.said if "keeps no history" in s]
    assert NAME in said and " UTC to " in said


@pytest.mark.slow
def test_server_that_never_was_there_comes_later() -> None:
    port = free_port()
    sink = MemorySink()
    with collecting(replace(PLAIN, endpoint=f"opc.tcp://127.0.0.1:{port}/line/"), sink):
        until(lambda: sink.downs)
        with Server("asyncua", port=port):
            grows(sink, 5)
