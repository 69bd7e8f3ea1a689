"""`linewarden serve` at one end of a cable: what it writes, says, and how it ends."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from linewarden.errors import StoreError
from linewarden.service.audit.checking import check
from linewarden.service.audit.ledger import entries
from linewarden.service.audit.places import ledger_at
from linewarden.service.lake import open_lake, query
from linewarden.service.state import open_state
from tests.live.conftest import PATIENCE, Space, until

CONFIG = """
[service]
site = "test"
data = "data"
log = {{ format = "json" }}
[[sensor]]
name = "cable"
interfaces = ["{near}"]
user = "root"
[lake]
compact_every_s = 1
[http]
listen = "127.0.0.1:9481"
"""
ASK = "import sys, urllib.request as u; sys.stdout.buffer.write(u.urlopen(sys.argv[1], timeout=5).read())"


class Serve:
    """A running service."""

    def __init__(self, space: Space, folder: Path, more: str = "") -> None:
        self.space, self.data = space, folder / "data"
        (folder / "c.toml").write_text(CONFIG.format(near=space.near) + more)
        self.log = folder / "log"
        command = space.command(sys.executable, "-m", "linewarden", "serve", str(folder / "c.toml"))
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(command, stdout=out, stderr=out)

    def ask(self, page: str) -> Any:
        """A page as JSON, or None while it does not answer with success."""
        url = f"http://127.0.0.1:9481{page}"
        ran = subprocess.run(
            self.space.command(sys.executable, "-c", ASK, url), capture_output=True, check=False, timeout=30
        )
        return json.loads(ran.stdout) if ran.returncode == 0 else None

    def ready(self) -> Serve:
        until(lambda: self.process.poll() is not None or self.ask("/readyz"))
        assert self.process.poll() is None, self.log.read_text()
        return self

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What the lake answers; nothing while there is none."""
        try:
            with query(open_lake(self.data / "lake"), sql) as answer:
                return list(answer.rows)
        except StoreError:
            return []

    def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


@pytest.fixture
def serve(space: Space, tmp_path: Path) -> Iterator[Serve]:
    space.ip("link", "set", "lo", "up")
    found = Serve(space, tmp_path)
    yield found
    if found.process.poll() is None:
        found.process.kill()
        found.process.wait(PATIENCE)


def test_it_hears_keeps_judges_and_ends_clean(serve: Serve, space: Space) -> None:
    serve.ready()
    assert serve.ask("/healthz") == {"ok": True, "ill": []}
    sql = "SELECT count(*) FROM command WHERE verb = 'write'"
    for turn in range(3):  # in files of their own, which are merged meanwhile
        space.modbus(6, client=60_000 + turn)
        until(lambda turn=turn: serve.rows(sql) == [(3 * (turn + 1),)] if "command" in streams(serve) else False)
    status = serve.ask("/status")
    assert status["sensors"]["cable"]["packets"] > 0
    assert status["jobs"]["compact"]["error"] == ""
    assert serve.end() == 0
    assert serve.rows(sql) == [(9,)]
    log = serve.log.read_text()
    assert all(json.loads(line)["level"] != "error" for line in log.splitlines()), log
    state = open_state(f"sqlite:///{serve.data / 'state.db'}")
    (run,) = state.runs()
    assert run.clean
    state.close()
    with ledger_at(serve.data.parent / "c.toml") as ledger:
        found = check(ledger)
        actions = [e.action for e in entries(ledger.state)]
    assert actions == ["audit.begin", "service.start", "service.stop"]
    assert (found.covered, found.problems) == (3, [])


def streams(serve: Serve) -> tuple[str, ...]:
    try:
        return open_lake(serve.data / "lake").streams
    except StoreError:
        return ()


def test_after_a_kill_it_goes_on_and_says_so(serve: Serve, space: Space, tmp_path: Path) -> None:
    serve.ready()
    sql = "SELECT count(*) FROM command WHERE verb = 'write'"
    space.modbus(6, client=61_000)
    until(lambda: serve.rows(sql) == [(3,)] if "command" in streams(serve) else False)
    serve.process.kill()
    serve.process.wait(PATIENCE)
    again = Serve(space, tmp_path)
    try:
        again.ready()
        assert again.rows(sql) == [(3,)]
        space.modbus(6, client=61_001)
        until(lambda: again.rows(sql) == [(6,)])
    finally:
        assert again.end() == 0
    state = open_state(f"sqlite:///{serve.data / 'state.db'}")
    assert [r.clean for r in state.runs()] == [True, False]
    state.close()


def test_what_happens_is_an_event(serve: Serve, space: Space) -> None:
    serve.ready()
    space.ip("link", "set", space.near, "down")
    until(lambda: "is down" in serve.log.read_text())
    space.ip("link", "set", space.near, "up")
    until(lambda: "is up again" in serve.log.read_text())
    time.sleep(0.1)
    assert serve.end() == 0
    state = open_state(f"sqlite:///{serve.data / 'state.db'}")
    told = [e.text for e in state.events() if e.source == "sensor cable"]
    assert [t for t in told if "is down" in t] and [t for t in told if "is up again" in t]
    state.close()


def test_a_wrong_configuration_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text("[service]\nsite = 3\n")
    command = [sys.executable, "-m", "linewarden", "serve", str(tmp_path / "c.toml")]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert len(ran.stderr.splitlines()) == 1
    assert "c.toml" in ran.stderr
