"""The collector against node-opcua, a server that shares no line with our library: losses, takeover, queues, security.

It looks at a value every 50 ms at most, so that the counter counts slower than elsewhere. `make setup` installs
it in tests/collectors/node; LINEWARDEN_NODE_OPCUA names another node_modules.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

pytest.importorskip("asyncua")

from linewarden.collectors._opcua.own import own_certificate
from linewarden.collectors.opcua import OpcUa
from linewarden.service import lake_files
from tests.collectors.opcua_certificates import make
from tests.collectors.opcua_house import NODE_MODULES, Line, MemorySink, Server, collecting, until, whole
from tests.collectors.opcua_runner import collectors

pytestmark = pytest.mark.skipif(
    shutil.which("node") is None or not (NODE_MODULES / "node-opcua").is_dir(),
    reason="node-opcua is not installed: npm ci --prefix tests/collectors/node",
)
NAME = "Line1/Counter"
PLAIN = OpcUa(
    endpoint="", security="None", trees=("Objects",), publishing_ms=100, sampling_ms=0, keepalive_s=1, timeout_s=4
)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    options = {"folder": str(tmp_path / "none"), "kept": str(tmp_path / "count"), "many": 2, "history": True}
    with Server("node", every_ms=150, **options) as s:
        yield s


@pytest.fixture
def safe(tmp_path: Path) -> Iterator[Server]:
    """With certificates; it trusts ours, and lets anybody or `reader` in."""
    folder = make("node server", uri="urn:test:node").write(tmp_path / "server")
    with Server("node", every_ms=150, pki=str(folder), kept=str(tmp_path / "count"), many=2) as s:
        yield s


def guarded(tmp_path: Path, port: int, **more: Any) -> OpcUa:
    trusted = tmp_path / "pki" / "trusted"
    trusted.mkdir(parents=True, exist_ok=True)
    shutil.copy(tmp_path / "server" / "cert.der", trusted / "server.der")
    own_certificate(tmp_path / "pki", "station", "urn:station:linewarden")
    url = f"opc.tcp://127.0.0.1:{port}/line/"
    return replace(PLAIN, endpoint=url, security="Aes256_Sha256_RsaPss", pki=tmp_path / "pki", **more)


def through(line: Line) -> OpcUa:
    return replace(PLAIN, endpoint=f"opc.tcp://127.0.0.1:{line.port}/line/")


def grows(sink: MemorySink, by: int = 15, seconds: float = 60.0) -> None:
    before = len([r for r in sink.of(NAME) if not r["history"]])
    until(lambda: len([r for r in sink.of(NAME) if not r["history"]]) > before + by, seconds, str(sink.downs))


def counted(sink: MemorySink) -> tuple[int, int]:
    return whole([v for v in sink.numbers(NAME) if v >= 0])


def test_line_that_breaks_or_stands_still_loses_nothing(server: Server) -> None:
    sink = MemorySink()
    with closing(Line(server.port)) as line, collecting(through(line), sink):
        grows(sink)
        line.cut()
        time.sleep(2)
        line.mend()
        grows(sink)
        line.frozen.set()
        time.sleep(8)
        line.mend()
        grows(sink)
    assert counted(sink) == (0, 0)
    assert not any(r["history"] for r in sink.rows)


def test_queue_that_ran_over_is_said_and_read_from_history(server: Server) -> None:
    sink = MemorySink()
    with closing(Line(server.port)) as line, collecting(replace(through(line), queue=5), sink):
        grows(sink)
        line.cut()
        time.sleep(4)
        line.mend()
        grows(sink)
        until(lambda: "from history" in " ".join(sink.said))
        # So short a queue runs over on a busy machine without any break, too: each time it is read from history.
        until(lambda: counted(sink) == (0, 0), what="values are missing")
    said = " ".join(sink.said)
    assert "queues of 3 tags at the server ran over" in said


def test_unit_and_range(server: Server) -> None:
    sink = MemorySink()
    with collecting(replace(PLAIN, endpoint=server.url, paths=("Line1/Level",), trees=()), sink):
        until(lambda: sink.rows)
    tag = sink.info("Line1/Level")
    assert (tag.ucum, tag.low, tag.high, sink.rows[0]["value"]) == ("Cel", 0.0, 100.0, 12.5)


def test_percent_deadband_leaves_small_changes_out(server: Server) -> None:
    """It has a range; Counter has none and is taken without a deadband."""
    sink = MemorySink()
    settings = replace(PLAIN, endpoint=server.url, paths=("Line1/Level", NAME), trees=(), deadband_percent=5.0)
    with collecting(settings, sink):
        grows(sink)
    assert sink.of("Line1/Level") and not any("refused" in s for s in sink.said)


def test_our_restart_takes_the_subscription_over(safe: Server, tmp_path: Path) -> None:
    """Nothing is kept in a history here: what came in between was held by the server's queues."""
    settings, sink = guarded(tmp_path, safe.port, state=tmp_path / "state.json"), MemorySink()
    for _ in range(3):
        with collecting(settings, sink):
            grows(sink)
        time.sleep(2)
    assert counted(sink) == (0, 0), sink.said
    assert not any("gap" in s for s in sink.said)


@pytest.mark.parametrize("mode", ["Sign", "SignAndEncrypt"])
@pytest.mark.parametrize("policy", ["Basic256Sha256", "Aes128_Sha256_RsaOaep", "Aes256_Sha256_RsaPss"])
def test_each_policy_and_mode(safe: Server, tmp_path: Path, policy: Any, mode: Any) -> None:
    sink = MemorySink()
    with collecting(replace(guarded(tmp_path, safe.port), security=policy, mode=mode), sink):
        until(lambda: sink.rows or sink.downs)
    assert sink.rows, sink.downs


def test_our_death_loses_nothing_and_doubles_nothing(safe: Server, tmp_path: Path) -> None:
    """Killed, not stopped: what was on disk and not yet acknowledged is sent again, and known by the log."""
    settings = guarded(tmp_path, safe.port, state=tmp_path / "state.json", trees=("Line1",))
    given = json.dumps({**asdict(settings), "pki": str(settings.pki), "state": str(settings.state)})

    def values() -> list[float]:
        files = lake_files.files(tmp_path / "lake" / "stream=reading")
        rows = [pl.read_parquet(f, hive_partitioning=False).filter(pl.col("name") == NAME) for f in files]
        return [v for frame in rows for v in frame.get_column("values").list.first().drop_nulls().to_list()]

    for _ in range(3):
        before = len(values())
        command = [sys.executable, "-m", "tests.collectors.opcua_runner", given, str(tmp_path)]
        with subprocess.Popen(command, cwd=Path(__file__).parents[2]) as process:
            until(lambda n=before: len(values()) > n + 60, 90)  # type: ignore[misc]
            process.kill()
        time.sleep(1)
    before = len(values())
    last = collectors(settings, tmp_path)
    last.start()
    until(lambda: len(values()) > before + 60, 90)
    last.stop()
    assert whole([v for v in values() if v >= 0]) == (0, 0)
