"""The processes of an exercise: started in their namespaces, with a log each, and ended as groups."""

from __future__ import annotations

import os
import signal
import socket
import struct
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from linewarden.exercises.network import Network

LISTEN = "0A"
"""State of a listening socket in /proc/net/tcp, proc(5)."""
POLITENESS = 5
"""Niceness of the devices: a laptop stays usable while the plant runs."""


class Processes:
    """`name` is the device, or what runs; one log a name in `folder/logs`."""

    def __init__(self, folder: Path, network: Network | None) -> None:
        self._logs, self._network = folder / "logs", network
        self._logs.mkdir(exist_ok=True)
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._devices: set[str] = set()

    def start(self, device: str, name: str, argv: list[str]) -> None:
        """Starts `argv` in the device's namespace ('' for the switches'), in a session of its own."""
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"}
        out, errors = self._log(name, "out"), self._log(name, "log")
        if device == name:
            self._devices.add(name)

        def popen() -> subprocess.Popen[bytes]:
            with out.open("wb") as said, errors.open("ab") as log:
                return subprocess.Popen(  # noqa: S603 - our own modules
                    ["nice", "-n", str(POLITENESS), *argv], stdin=subprocess.DEVNULL, stdout=said, stderr=log,  # noqa: S607
                    start_new_session=True, env=environment, cwd=self._logs.parent,
                )  # fmt: skip

        self._running[name] = self._within(device, popen)

    def _within(self, device: str, popen: Callable[[], subprocess.Popen[bytes]]) -> subprocess.Popen[bytes]:
        return popen() if self._network is None or not device else self._network.within(device, popen)

    def _log(self, name: str, kind: str) -> Path:
        return self._logs / f"{name}.{kind}"

    def status(self, name: str) -> int | None:
        """Exit status, None while it runs."""
        return self._running[name].poll()

    def ended_devices(self) -> list[str]:
        """Devices that should run and do not."""
        return [name for name in sorted(self._devices) if self.status(name) is not None]

    def says(self, name: str, word: str, wait: float) -> bool:
        """Waits until a process has printed `word`."""
        end = time.monotonic() + wait
        while time.monotonic() < end:
            if word in self._log(name, "out").read_text(errors="replace"):
                return True
            if self.status(name) is not None:
                return False
            time.sleep(0.05)
        return False

    def wait(self, name: str, seconds: float) -> None:
        """Gives a process time to end by itself, then ends it."""
        try:
            self._running[name].wait(seconds)
        except subprocess.TimeoutExpired:
            self.end(name)

    def said(self, name: str) -> str:
        """All that a process printed, errors last."""
        return "".join(self._log(name, kind).read_text(errors="replace") for kind in ("out", "log"))

    def last_line(self, name: str, wait: float = 0.0) -> str:
        """The last line that a process printed, when it has ended; '' if it has not or printed none."""
        if name not in self._running:
            return ""
        try:
            self._running[name].wait(wait)
        except subprocess.TimeoutExpired:
            return ""
        lines = self._log(name, "out").read_text(errors="replace").splitlines()
        return lines[-1] if lines else ""

    def listens(self, device: str, address: str, port: int) -> bool:
        """Whether something accepts TCP connections there, told by the kernel's table without connecting."""
        table = Path("/proc/thread-self/net/tcp").read_text if self._network is None else None
        text = table() if table else self._network.within(device, Path("/proc/thread-self/net/tcp").read_text)  # type: ignore[union-attr]
        (number,) = struct.unpack("=I", socket.inet_aton(address))
        places = {f"{number:08X}:{port:04X}", f"00000000:{port:04X}"}
        rows = [line.split() for line in text.splitlines()[1:]]
        return any(row[1] in places and row[3] == LISTEN for row in rows if len(row) > 3)

    def end(self, name: str, wait: float = 3.0) -> None:
        """Asks one process to end, and makes it."""
        process = self._running[name]
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(wait)
            except subprocess.TimeoutExpired:
                _signal_group(process, signal.SIGKILL)

    def end_all(self) -> None:
        """Ends every process group; those of ended processes too, since they may have left children."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            for process in self._running.values():
                _signal_group(process, number)
            end = time.monotonic() + 3
            while time.monotonic() < end and any(p.poll() is None for p in self._running.values()):
                time.sleep(0.05)


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    try:
        os.killpg(process.pid, number)
    except (ProcessLookupError, PermissionError):
        return
