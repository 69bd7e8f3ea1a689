"""How the service of a configuration is, or in a line why that is not known."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from linewarden.service.board import Board
from linewarden.service.config import Config
from linewarden.service.health import HealthServer, application
from linewarden.service.metrics import registry_of
from linewarden.service.running_service import status_of
from linewarden.service.schedule import Schedule


def config(http: dict[str, object], folder: Path) -> Config:
    tables = {"service": {"site": "s", "data": str(folder)}, "secrets": {}, "http": http}
    return Config.model_validate(tables, context={"folder": folder, "only_looks": True})


@pytest.fixture
def other() -> Iterator[int]:
    """Another program's port: it lists files, and has no /status."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_a_service_that_runs_is_understood(tmp_path: Path, host: str) -> None:
    board = Board(())
    app = application(board, registry_of(board, Schedule([], lambda _: None)), lambda: {"version": "9", "ready": True})
    server = HealthServer(app, host, 0)
    server.start()
    try:
        found = status_of(config({"listen": f"{host}:{server.port}", "allow_remote": True}, tmp_path))
    finally:
        server.stop()
    assert (found.said, found.why) == ({"version": "9", "ready": True}, "")


@pytest.mark.parametrize(
    ("http", "says"),
    [
        ({"listen": "127.0.0.1:9"}, "is `linewarden serve` running"),
        ({"listen": "127.0.0.1:0"}, "give it one of its own"),
        ({"enabled": False}, "set it to true"),
    ],
)
def test_why_it_is_not_known_is_said(tmp_path: Path, http: dict[str, object], says: str) -> None:
    found = status_of(config(http, tmp_path))
    assert says in found.why and found.said == {}


def test_another_program_is_none(tmp_path: Path, other: int) -> None:
    found = status_of(config({"listen": f"127.0.0.1:{other}"}, tmp_path))
    assert "no service of Linewarden" in found.why
