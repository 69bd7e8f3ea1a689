"""`linewarden serve` with collectors and no sensor: what health, status and metrics tell, and how it ends."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

PROGRAM = Path(__file__).with_name("program.py")
PATIENCE = 60


class Serve:
    """A service that counts."""

    def __init__(self, folder: Path, fails: str = "") -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.folder, self.lake = folder, folder / "data" / "lake"
        (folder / "c.toml").write_text(
            f'[service]\ndata = "data"\n[http]\nlisten = "127.0.0.1:{self.port}"\n[console]\nenabled = false\n'
            f'[[collector]]\nkind = "counting"\nname = "meters"\nfails = "{fails}"\n'
            f'[[collector.meters]]\nname = "energy"\nucum = "kW.h"\n'
        )
        with (folder / "log").open("ab") as log:
            command = [sys.executable, str(PROGRAM), "serve", str(folder / "c.toml")]
            self.process = subprocess.Popen(command, stdout=log, stderr=log)

    def ask(self, page: str) -> Any:
        """What a page says, with any code; None while nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{page}", timeout=10) as answer:
                text = answer.read().decode()
        except urllib.error.HTTPError as error:
            text = error.read().decode()
        except OSError:
            assert self.process.poll() is None, (self.folder / "log").read_text()
            return None
        return json.loads(text) if text.startswith("{") else text

    def until(self, what: Callable[[], Any]) -> Any:
        end = time.monotonic() + PATIENCE
        while not (found := what()):
            assert time.monotonic() < end, (self.folder / "log").read_text()
            time.sleep(0.05)
        return found

    def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)


@pytest.fixture
def folder() -> Iterator[Path]:
    """Root becomes somebody else, who may not be let into pytest's own."""
    with tempfile.TemporaryDirectory(prefix="linewarden-test-") as name:
        Path(name).chmod(0o777)
        yield Path(name)


def test_collectors_alone_are_served(folder: Path, rows_of: Callable[[Path], pl.DataFrame]) -> None:
    serve = Serve(folder)
    try:
        serve.until(lambda: (serve.ask("/readyz") or {}).get("ready"))
        serve.until(lambda: serve.lake.is_dir() and rows_of(serve.lake).height > 10)
        assert serve.ask("/healthz") == {"ok": True, "ill": []}
        status = serve.until(lambda: (s := serve.ask("/status")) and s["collectors"]["meters"]["samples"] and s)
        assert status["collectors"]["meters"]["peers"] == {"10.9.9.9": {"up": True, "why": ""}}
        assert status["spool"]["full"] is False
        metrics = serve.ask("/metrics")
        assert 'linewarden_collector_peers_up{collector="meters"} 1.0' in metrics
        assert "linewarden_spool_oldest_seconds" in metrics
        assert serve.end() == 0
    finally:
        serve.process.kill()
        serve.process.wait(PATIENCE)
    rows = rows_of(serve.lake)
    assert rows.get_column("frame").sort().to_list() == list(range(1, rows.height + 1))
    (said,) = serve.lake.glob("tags-said-*.json")
    assert "kW.h" in said.read_text()
    assert "stopped" in (folder / "log").read_text()


def test_one_that_fails_is_ill_and_does_not_bring_the_service_down(folder: Path) -> None:
    serve = Serve(folder, fails="no such register")
    try:
        ill = serve.until(lambda: (serve.ask("/healthz") or {}).get("ill"))
        assert ill[0]["part"] == "collector meters"
        assert "no such register" in ill[0]["text"]
        assert serve.end() == 0
    finally:
        serve.process.kill()
        serve.process.wait(PATIENCE)
    assert "begins again in 1 s" in (folder / "log").read_text()
