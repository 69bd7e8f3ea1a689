"""What systemd hears, over a socket of our own in its place."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from linewarden.service import supervisor


def test_it_tells_whoever_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(str(tmp_path / "notify"))
        ear.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        assert supervisor.tell("READY=1")
        assert ear.recv(100) == b"READY=1"


@pytest.mark.parametrize("place", ["", "relative", "/no/such/socket"])
def test_where_nobody_listens_it_goes_on(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", place)
    assert not supervisor.tell("READY=1")


def test_the_watchdog_is_for_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "120000000")
    assert supervisor.watchdog_s() == 60
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid() + 1))
    assert supervisor.watchdog_s() is None
    monkeypatch.delenv("WATCHDOG_USEC")
    assert supervisor.watchdog_s() is None
