"""A small plant on disk, and the command line as a function."""

from __future__ import annotations

import json
import signal
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from linewarden.cli import main
from tests.protocols import harness


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Ran]


def modbus(function: int, times: int = 3) -> list[tuple[str, bytes]]:
    """Polls (function 3), or writes one register (function 6)."""
    messages = []
    for n in range(1, times + 1):
        body = struct.pack("!BBHH", 1, function, 100, 2)
        answer = struct.pack("!BBBHH", 1, 3, 4, 7, 8) if function == 3 else body
        messages += [("c", struct.pack("!HHH", n, 0, len(body)) + body)]
        messages += [("s", struct.pack("!HHH", n, 0, len(answer)) + answer)]
    return messages


def capture(*functions: int, times: int = 3) -> bytes:
    """A pcap of a client that polls and writes a Modbus server."""
    messages = [m for f in functions for m in modbus(f, times)]
    return harness.pcap(harness.tcp_frames(messages, 502, client_port=50_000))


def hear_ctrl_c() -> None:
    """A shell starts background jobs deaf to it, and children inherit that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*argv: object) -> Ran:
        capsys.readouterr()
        try:
            code = main([str(a) for a in argv])
        except SystemExit as end:
            code = int(end.code or 0)
        said = capsys.readouterr()
        return Ran(code, said.out, said.err)

    return call


@pytest.fixture
def polled(tmp_path: Path) -> Path:
    path = tmp_path / "polled.pcap"
    path.write_bytes(capture(3))
    return path


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "written.pcap"
    path.write_bytes(capture(3, 6))
    return path


@pytest.fixture
def lake(run: Run, written: Path, tmp_path: Path) -> Path:
    out = tmp_path / "lake"
    assert run("read", written, "--out", out, "--quiet").code == 0
    return out
