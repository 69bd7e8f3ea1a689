"""A cable in a network namespace, the service at one end of it, and writes to a controller that come in at the other.

All of it, this program too, is in a namespace of its own (`unshare --net`), which ends with it.
"""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from _speed import flood_capture

FAR, NEAR = "far0", "near0"
LOOPS = 64


def lay_cable() -> None:
    """Two interfaces, joined."""
    ip("link", "add", FAR, "type", "veth", "peer", "name", NEAR)
    for end in (FAR, NEAR, "lo"):
        ip("link", "set", end, "up")


def ip(*arguments: str) -> None:
    """The program `ip`."""
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


class Load(threading.Thread):
    """Single writes to a controller, each with a number that no other has."""

    def __init__(self, first: int, per_second: float) -> None:
        super().__init__(daemon=True)
        self.number = first
        self._pause = 1 / per_second
        self._over = threading.Event()

    def run(self) -> None:
        """Sends until it is ended."""
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as port:
            port.bind((FAR, 0))
            due = time.monotonic()
            while not self._over.is_set():
                self.number += 1
                for frame in write_frames(self.number):
                    with contextlib.suppress(OSError):  # the interface is down for a moment
                        port.send(frame)
                due = max(due + self._pause, time.monotonic() - 0.1)
                time.sleep(max(0.0, due - time.monotonic()))

    def end(self) -> int:
        """The last number that was sent."""
        self._over.set()
        self.join(10)
        return self.number


def write_frames(n: int) -> tuple[bytes, bytes]:
    """A Modbus write of the number `n` into two registers, and its answer, in one of a few long conversations."""
    client, server, port, turn = b"\x0a\0\0\x01", b"\x0a\0\1\x02", 40_000 + n % LOOPS, n // LOOPS
    ask = struct.pack("!HHHBBHHBI", n & 0xFFFF, 0, 11, 1, 16, 100, 2, 4, n)
    answer = struct.pack("!HHHBBHH", n & 0xFFFF, 0, 6, 1, 16, 100, 2)
    asked, answered = 1 + turn * len(ask), 1 + turn * len(answer)
    return (
        flood_capture._tcp(client, server, port, 502, asked, answered, ask),
        flood_capture._tcp(server, client, 502, port, answered, asked + len(ask), answer),
    )


class Server:
    """`linewarden serve`. `start_s`: s until it said that it was ready."""

    running: ClassVar[list[subprocess.Popen[bytes]]] = []

    def __init__(self, config: Path, port: int, log: Path) -> None:
        self.port = port
        self._log = log.open("ab")
        began = time.monotonic()
        command = [sys.executable, "-m", "linewarden", "serve", str(config)]
        self.process = subprocess.Popen(command, stdout=self._log, stderr=self._log)
        self.running.append(self.process)
        while self.ask("/readyz")[0] != 200:
            if self.process.poll() is not None or time.monotonic() - began > 60:
                sys.exit(f"crash: the service does not start: {log.read_text()[-2000:]}")
            time.sleep(0.02)
        self.start_s = time.monotonic() - began

    def ask(self, page: str) -> tuple[int, bytes]:
        """Code and text of one of its pages; 0 if it does not answer."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{page}", timeout=5) as answer:
                return int(answer.status), answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()
        except OSError:
            return 0, b""

    def status(self) -> dict[str, Any]:
        """`/status`."""
        found: dict[str, Any] = json.loads(self.ask("/status")[1] or "{}")
        return found

    def kill(self) -> None:
        """kill -9."""
        if self.process.poll() is not None:
            sys.exit(f"crash: the service ended by itself: {Path(self._log.name).read_text()[-2000:]}")
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self._log.close()

    def end(self) -> int:
        """Asks it to end; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(90)
        self._log.close()
        return code


@contextlib.contextmanager
def nothing_left() -> Iterator[None]:
    """No service outlives this."""
    try:
        yield
    finally:
        for process in Server.running:
            process.kill()  # those that ended do not hear it
            process.wait()
