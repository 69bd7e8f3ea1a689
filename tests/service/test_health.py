"""Board, metrics and health pages, asked over HTTP by a client of the standard library."""

from __future__ import annotations

import json
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from prometheus_client.parser import text_string_to_metric_families

from linewarden.errors import ConfigError
from linewarden.sensor.sensor import Live, Port
from linewarden.service import board as board_module
from linewarden.service.board import Board
from linewarden.service.health import HealthServer, application
from linewarden.service.metrics import registry_of
from linewarden.service.schedule import Job, Schedule
from linewarden.service.watching import Status

LIVE = Live((Port("mirror0", True, 90, 3), Port("mirror1", False, 10, 0)), 1, (), 50, 5, 2)
STATUS = Status(1.0, 100, 6400, 10.0, 640.0, LIVE.ports, 7, None, LIVE)


@pytest.fixture
def board() -> Board:
    return Board(("line1",))


@pytest.fixture
def server(board: Board) -> Iterator[HealthServer]:
    schedule = Schedule([Job("compact", 60, lambda _: "")], lambda _: None)
    found = HealthServer(application(board, registry_of(board, schedule), lambda: {"ok": 1}), "127.0.0.1", 0)
    found.start()
    yield found
    found.stop()


def get(server: HealthServer, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{server.port}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_ready_only_when_each_sensor_has_heard(server: HealthServer, board: Board) -> None:
    assert get(server, "/readyz")[0] == 503
    board.ready()
    assert get(server, "/readyz")[0] == 503
    board.sensor("line1", STATUS)
    assert get(server, "/readyz") == (200, '{"ready":true}')


def test_health_names_what_is_ill_and_gets_well(server: HealthServer, board: Board) -> None:
    board.sensor("line1", STATUS)
    assert get(server, "/healthz")[0] == 200
    board.ill("state", "the database is away")
    code, text = get(server, "/healthz")
    assert code == 503
    assert json.loads(text)["ill"] == [{"part": "state", "text": "the database is away"}]
    board.ill("state", "")
    assert get(server, "/healthz")[0] == 200


def test_a_sensor_that_is_silent_is_ill(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    board.sensor("line1", STATUS)
    assert board.illnesses() == []
    monkeypatch.setattr(board_module, "STALE_S", -1.0)
    assert [i.part for i in board.illnesses()] == ["sensor line1"]


def test_a_database_that_is_away_is_no_reason_to_start_anew(board: Board) -> None:
    board.sensor("line1", STATUS)
    board.ill("state", "the database is away")
    assert board.illnesses()
    assert board.hangs() == []


def test_metrics_are_what_prometheus_reads(server: HealthServer, board: Board) -> None:
    board.sensor("line1", STATUS)
    board.fact("lake", bytes=123)
    families = {f.name: f for f in text_string_to_metric_families(get(server, "/metrics")[1])}
    samples = {(s.name, *sorted(s.labels.values())): s.value for f in families.values() for s in f.samples}
    assert samples["linewarden_packets_total", "line1"] == 100
    assert samples["linewarden_packets_lost_total", "line1"] == 3
    assert samples["linewarden_rows_lost_total", "line1"] == 2
    assert samples["linewarden_interface_up", "line1", "mirror1"] == 0
    assert samples["linewarden_interface_up", "line1", "mirror0"] == 1
    assert samples[("linewarden_lake_bytes",)] == 123
    assert families["linewarden_packets"].type == "counter"
    assert "process_resident_memory_bytes" in families


def test_there_is_nothing_to_change(server: HealthServer) -> None:
    request = urllib.request.Request(f"http://127.0.0.1:{server.port}/status", data=b"{}", method="POST")
    with pytest.raises(urllib.error.HTTPError) as found:
        urllib.request.urlopen(request, timeout=10)
    with found.value:
        assert found.value.code == 405
    assert get(server, "/anything")[0] == 404


@pytest.mark.parametrize(("host", "code"), [("localhost", 200), ("127.0.0.1:9480", 200), ("evil.example", 421)])
def test_on_loopback_another_name_reads_nothing(server: HealthServer, board: Board, host: str, code: int) -> None:
    """A page of another site can make its own name lead here (DNS rebinding)."""
    board.sensor("line1", STATUS)
    request = urllib.request.Request(f"http://127.0.0.1:{server.port}/healthz", headers={"Host": host})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            found = answer.status
    except urllib.error.HTTPError as error:
        with error:
            found = error.code
    assert found == code


def test_an_address_that_is_taken_is_said() -> None:
    with socket.socket() as port:
        port.bind(("127.0.0.1", 0))
        port.listen()
        taken = port.getsockname()[1]
        board = Board(())
        server = HealthServer(application(board, registry_of(board), dict), "127.0.0.1", taken)
        with pytest.raises(ConfigError, match=rf"127.0.0.1:{taken}"):
            server.start()
