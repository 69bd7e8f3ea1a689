"""Receivers that are away, slow, or come back; and that nobody who gives a notice waits for them."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time as clock, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from linewarden.cases.model import Event
from linewarden.detections.run import Told
from linewarden.records.notice import Notice
from linewarden.service.board import Board
from linewarden.service.exporting import forwarding
from linewarden.service.exporting.carrier import Carrier
from linewarden.service.exporting.destination import destination
from linewarden.service.exporting.exporter import Exporter, Receiver
from linewarden.service.exporting.mail import Mailer, Post
from linewarden.service.exporting.opening import open_carrier
from linewarden.service.exporting.timetable import Timetable, next_due
from tests.cases.test_export import read_syslog
from tests.service.exporting.receivers import Hook, Listening, MailServer, SyslogServer, running, until


def told(number: int, severity: str = "high") -> Told:
    """A notice as a sensor tells it."""
    notice = Notice(
        note="program_download", msg="x wrote.", severity=severity, notice_id=f"n{number:06d}",
        tactic="lateral_movement", techniques="T0843", frames="4 5",
    )  # fmt: skip
    return Told(10**18 + number, "Cx", "line1", "live.pcapng", 4, "10.0.0.9", 50_000, "10.0.0.1", 102, notice)


class Run:
    """An exporter, and what it said."""

    def __init__(self, folder: Path, *receivers: Receiver) -> None:
        self.board, self.said = Board(()), list[str]()
        self.exporter = Exporter(receivers, folder, self.board, lambda who, text: self.said.append(f"{who}: {text}"))
        self.exporter.start()

    def take(self, *numbers: int, severity: str = "high") -> None:
        for number in numbers:
            self.exporter.take(told(number, severity))

    def of(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.exporter.as_dict()[name]
        return found

    @property
    def ill(self) -> list[str]:
        return [f"{i.part}: {i.text}" for i in self.board.illnesses()]


@pytest.fixture
def runs() -> Iterator[list[Run]]:
    """Those that are put in are stopped at the end."""
    found: list[Run] = []
    yield found
    for run in found:
        run.exporter.stop()


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests have no minutes."""
    monkeypatch.setattr(forwarding, "FIRST_WAIT_S", 0.05)
    monkeypatch.setattr(forwarding, "MOST_WAIT_S", 0.2)


def syslog(port: int, name: str = "siem", least: str = "medium") -> Receiver:
    to = destination(f"syslog+tcp://127.0.0.1:{port}")
    return Receiver(name, str(to), open_carrier(to), least, 10_000_000)


def ids(server: SyslogServer) -> list[str]:
    return [read_syslog(m)[1]["linewarden@32473"]["id"] for m in server.messages]


def numbered(numbers: range) -> list[str]:
    return [f"n{n:06d}" for n in numbers]


def test_notices_go_on_as_they_come_and_light_ones_stay(tmp_path: Path, runs: list[Run]) -> None:
    with running(SyslogServer()) as server:
        runs.append(run := Run(tmp_path, syslog(server.port)))
        run.take(1)
        run.take(2, severity="low")
        run.take(3, severity="medium")
        until(lambda: len(server.messages) == 2)
        assert ids(server) == ["n000001", "n000003"]
        until(lambda: run.of("siem") == {"to": f"syslog+tcp://127.0.0.1:{server.port}", "sent": 2, "waiting": 0,
                                         "refused": 0, "lost": 0})  # fmt: skip
        assert run.ill == [] and run.said == []
        assert run.board.facts()["export"] == {"sent": 2, "waiting": 0, "refused": 0, "lost": 0}


def test_what_waits_while_the_receiver_is_away_comes_when_it_is_back(tmp_path: Path, runs: list[Run]) -> None:
    with running(SyslogServer()) as server:
        port = server.port
    runs.append(run := Run(tmp_path, syslog(port)))
    run.take(*range(250))
    until(lambda: run.ill)
    assert "connection refused" in run.ill[0]
    assert run.of("siem")["waiting"] == 250
    with running(SyslogServer(port=port)) as server:
        until(lambda: len(server.messages) == 250)
        assert ids(server) == numbered(range(250))
        until(lambda: not run.ill)
        assert len(run.said) == 2 and "is back" in run.said[-1], "said once, not at each try"


def test_a_new_start_goes_on_where_the_last_one_was(tmp_path: Path, runs: list[Run]) -> None:
    with running(SyslogServer()) as server:
        port = server.port
    first = Run(tmp_path, syslog(port))
    first.take(*range(20))
    began = time.monotonic()
    first.exporter.stop()
    assert time.monotonic() - began < forwarding.LAST_S + 2, "a receiver that is away does not hold up the end"
    assert "20 notices wait" in first.said[-1]
    with running(SyslogServer(port=port)) as server:
        runs.append(run := Run(tmp_path, syslog(port)))
        run.take(*range(20, 25))
        until(lambda: len(server.messages) == 25)
        assert ids(server) == numbered(range(25))


def test_what_came_last_is_sent_before_the_end(tmp_path: Path) -> None:
    with running(SyslogServer()) as server:
        run = Run(tmp_path, syslog(server.port))
        run.take(*range(150))
        run.exporter.stop()
        until(lambda: len(server.messages) == 150, 1)
        assert not run.said


class Stuck(Listening):
    """Takes a connection, and then nothing: as a firewall that drops, or a server that hangs."""

    def __init__(self) -> None:
        self._end = threading.Event()
        super().__init__()

    def serve(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)  # so that its system soon takes nothing either
        self._end.wait(60)

    def close(self) -> None:
        self._end.set()
        super().close()


def test_nobody_waits_for_a_receiver_that_hangs(tmp_path: Path, runs: list[Run]) -> None:
    with running(Stuck()) as stuck, running(SyslogServer()) as server:
        runs.append(run := Run(tmp_path, syslog(stuck.port, "stuck"), syslog(server.port)))
        run.take(0)
        until(lambda: stuck.accepted)
        slowest = 0.0
        for number in range(1, 2000):
            began = time.perf_counter()
            run.take(number)
            slowest = max(slowest, time.perf_counter() - began)
        assert slowest < 0.5
        until(lambda: len(server.messages) == 2000)
        assert ids(server) == numbered(range(2000)), "nor does another receiver"


def test_a_webhook_that_fails_and_then_takes_gets_each_in_order(tmp_path: Path, runs: list[Run]) -> None:
    with running(Hook((503, {}), (204, {}), (500, {}), (204, {}), (400, {}))) as hook:
        to = destination(f"http://127.0.0.1:{hook.port}/")
        runs.append(run := Run(tmp_path, Receiver("hook", str(to), open_carrier(to), "info", 10_000_000)))
        run.take(*range(5))
        until(lambda: run.of("hook")["waiting"] == 0)
        sent = [headers["X-Linewarden-Id"] for _, headers, _ in hook.requests]
        assert sent == ["n000000", "n000000", "n000001", "n000001", "n000002", "n000003", "n000004"]
        assert run.of("hook")["refused"] == 1 and run.of("hook")["sent"] == 4
        assert any("n000002" in line and "not tried again" in line for line in run.said)


class Stumbles:
    """A way with a mistake of ours in it."""

    most = 10

    def __init__(self) -> None:
        self.taken: list[str] = []

    def send(self, events: Sequence[Event]) -> list[str]:
        if any(e.notice_id == "n000003" for e in events):
            raise KeyError("a mistake")
        self.taken += [e.notice_id for e in events]
        return []

    def close(self) -> None:
        pass


def test_a_notice_that_cannot_be_told_does_not_hold_up_the_others(tmp_path: Path, runs: list[Run]) -> None:
    way: Carrier = Stumbles()
    runs.append(run := Run(tmp_path, Receiver("x", "x", way, "info", 10_000_000)))
    run.take(*range(6))
    until(lambda: run.of("x")["waiting"] == 0)
    assert set(getattr(way, "taken")) == {"n000000", "n000001", "n000002", "n000004", "n000005"}  # noqa: B009
    assert any("n000003" in line for line in run.said)


def test_a_notice_that_cannot_be_read_ends_no_sensor(tmp_path: Path, runs: list[Run]) -> None:
    runs.append(run := Run(tmp_path, Receiver("x", "x", Stumbles(), "info", 10_000_000)))
    run.exporter.take(replace(told(1), notice=replace(told(1).notice, severity="nonsense")))
    assert len(run.said) == 1 and "report it" in run.said[0]


def test_what_a_sensor_tells_before_all_is_open_is_sent_too(tmp_path: Path) -> None:
    with running(SyslogServer()) as server:
        exporter = Exporter([syslog(server.port)], tmp_path, Board(()), lambda *_: None)
        exporter.take(told(1))
        exporter.start()
        exporter.take(told(2))
        exporter.stop()
        until(lambda: ids(server) == ["n000001", "n000002"], 2)


# --- digest ---


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone()


@pytest.mark.parametrize(
    ("last", "every", "due"),
    [
        ("2026-11-26T06:59:59", "daily", "2026-11-26T07:00:00"),
        ("2026-11-26T07:00:00", "daily", "2026-11-27T07:00:00"),
        ("2026-11-26T23:59:00", "daily", "2026-11-27T07:00:00"),
        ("2026-11-26T06:10:00", "hourly", "2026-11-26T07:00:00"),
        ("2026-12-31T23:00:00", "hourly", "2027-01-01T00:00:00"),
    ],
)
def test_when_a_digest_is_due(last: str, every: str, due: str) -> None:
    assert next_due(local(last), every, clock(7)) == local(due)


@given(st.integers(10**9, 4 * 10**9), st.times(), st.sampled_from(["daily", "hourly"]))
def test_a_digest_is_always_due_soon_and_never_at_once(last: int, at: clock, every: str) -> None:
    minute = at.replace(second=0, microsecond=0, tzinfo=None)
    begun = datetime.fromtimestamp(last, UTC)
    wait = next_due(begun, every, minute) - begun
    assert timedelta(0) < wait <= (timedelta(hours=25) if every == "daily" else timedelta(hours=1))


def test_a_digest_that_was_due_while_nobody_ran_comes_at_the_start(tmp_path: Path) -> None:
    now = [local("2026-11-26T06:00")]
    table = Timetable(tmp_path / "last", "daily", clock(7), lambda: now[0])
    assert table.wait_s() == 3600
    now[0] = local("2026-11-26T09:00")
    again = Timetable(tmp_path / "last", "daily", clock(7), lambda: now[0])
    assert again.wait_s() == 0
    again.passed()
    assert again.wait_s() == 22 * 3600
    (tmp_path / "last").write_text("nonsense")
    assert Timetable(tmp_path / "last", "daily", clock(7), lambda: now[0]).wait_s() == 22 * 3600


def test_a_digest_sums_up_and_comes_only_when_there_is_something(
    tmp_path: Path, runs: list[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forwarding, "IDLE_S", 0.05)
    folder = tmp_path / "digest"
    folder.mkdir()
    with running(MailServer()) as server:
        post = Post("localhost", server.port, "none", "lw@plant.example", ("shift@plant.example",), "s1")
        mailbox = Receiver("digest", "mail", Mailer(post, None), "medium", 10_000_000, "hourly", clock(7))
        (folder / "last-digest").write_text((datetime.now(UTC) - timedelta(hours=3)).isoformat())
        run = Run(tmp_path, mailbox)
        until(lambda: (datetime.now(UTC) - local((folder / "last-digest").read_text())) < timedelta(hours=1))
        run.exporter.stop()
        assert server.mails == [], "nothing was found"
        first = Run(tmp_path, mailbox)
        first.take(*range(30))
        first.exporter.stop()
        assert server.mails == [], "it is not due yet"
        (folder / "last-digest").write_text((datetime.now(UTC) - timedelta(hours=3)).isoformat())
        runs.append(again := Run(tmp_path, mailbox))
        until(lambda: again.of("digest")["waiting"] == 0)
        assert len(server.mails) == 1 and b"30 high" in server.mails[0]
