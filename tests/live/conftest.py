"""A network namespace with a cable in it, and `linewarden watch` at one end."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.cli.conftest import capture
from tests.protocols import harness

SENDER = """
import socket, struct, sys, time
port = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
port.bind((sys.argv[1], 0))
data, at = sys.stdin.buffer.read(), 24
while at < len(data):
    length = struct.unpack_from("<I", data, at + 8)[0]
    port.send(data[at + 16 : at + 16 + length])
    at += 16 + length
    time.sleep(0.001)
"""
PATIENCE = 30.0
"""s that a loaded machine is given for what takes one or two."""


def waited(what: Callable[[], Any], patience: float) -> Any:
    """Waits for a true value, but not longer than this (s); the last one."""
    end = time.monotonic() + patience
    while not (found := what()) and time.monotonic() < end:
        time.sleep(0.1)
    return found


def until(what: Callable[[], Any], patience: float = PATIENCE) -> Any:
    """Waits for a true value; fails where there is none in time."""
    return waited(what, patience) or pytest.fail("waited in vain")


class Space:
    """A namespace with a veth pair: `far` sends, `near` is listened to."""

    far, near = "far0", "near0"

    def __init__(self, name: str) -> None:
        self.name = name

    def ip(self, *arguments: str) -> None:
        subprocess.run(["ip", "-n", self.name, *arguments], check=True, capture_output=True)

    def command(self, *arguments: str) -> list[str]:
        return ["ip", "netns", "exec", self.name, *arguments]

    def cable(self) -> None:
        self.ip("link", "add", self.far, "type", "veth", "peer", "name", self.near)
        for end in (self.far, self.near):
            self.ip("link", "set", end, "up")

    def send(self, pcap: bytes) -> None:
        subprocess.run(self.command(sys.executable, "-c", SENDER, self.far), input=pcap, check=True)

    def modbus(self, *functions: int, client: int, times: int = 3) -> None:
        """Polls and writes, in a connection of its own."""
        if client == 50_000:
            return self.send(capture(*functions, times=times))
        from tests.cli.conftest import modbus

        messages = [m for f in functions for m in modbus(f, times)]
        return self.send(harness.pcap(harness.tcp_frames(messages, 502, client_port=client)))


@contextmanager
def a_space() -> Iterator[Space]:
    """A namespace of its own with a cable into it; one at a time in each process."""
    if os.geteuid() != 0:
        pytest.skip("needs root, for a network namespace")
    if shutil.which("ip") is None:
        pytest.skip("needs the program ip (iproute2)")
    found = Space(f"lw-{os.getpid()}")
    made = subprocess.run(["ip", "netns", "add", found.name], capture_output=True, text=True, check=False)
    if made.returncode:
        pytest.skip(f"no network namespace here: {made.stderr.strip()}")
    try:
        found.cable()
        yield found
    finally:
        subprocess.run(["ip", "netns", "del", found.name], check=False, capture_output=True)


@pytest.fixture
def space() -> Iterator[Space]:
    with a_space() as found:
        yield found


class Watch:
    """A running `linewarden watch`."""

    def __init__(self, space: Space, out: Path, *options: object, through: Sequence[object] = ()) -> None:
        self.out = out
        command = [*through, sys.executable, "-m", "linewarden", "watch", space.near]
        command += ["--out", out, "--user", "root", *options]
        # Without sysfs mounted anew `ip netns exec` and this are the same process, so signals reach it.
        self.process = subprocess.Popen(
            space.command(*map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line.rstrip())

    def said(self, text: str) -> bool:
        return any(text in line for line in self.lines)

    def listening(self) -> Watch:
        until(lambda: self.said("listening to") or self.process.poll() is not None)
        assert self.process.poll() is None, self.lines
        time.sleep(0.3)
        return self

    def rows(self, stream: str) -> pl.DataFrame:
        files = sorted(self.out.glob(f"stream={stream}/*/*/*.parquet"))
        return pl.concat([pl.read_parquet(f, hive_partitioning=False) for f in files]) if files else pl.DataFrame()

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        code = self.process.wait(PATIENCE)
        self._reader.join(5)
        return code


@contextmanager
def watches(space: Space, lake: Path) -> Iterator[Callable[..., Watch]]:
    """Starts `watch`, and ends what is left of it."""
    running: list[Watch] = []

    def start(*options: object, out: Path | None = None, through: Sequence[object] = ()) -> Watch:
        running.append(Watch(space, out or lake, *options, through=through))
        return running[-1]

    yield start
    for one in running:
        if one.process.poll() is None:
            one.process.kill()
        one.process.wait(PATIENCE)
        for stream in (one.process.stdout, one.process.stderr):
            if stream is not None:
                stream.close()


@pytest.fixture
def watch(space: Space, tmp_path: Path) -> Iterator[Callable[..., Watch]]:
    with watches(space, tmp_path / "lake") as start:
        yield start
