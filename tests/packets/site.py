"""A small plant of network namespaces, so that real programs speak to each other and tcpdump hears them.

    office 10.77.4.0/24 ---+
    control 10.77.1.0/24 --+-- wall (a router; it records)
    out 198.51.100.0/24 ---+

Nothing leaves: no namespace has a way to the machine's own cards. 198.51.100.0/24 (RFC 5737) stands for the internet.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from linewarden.cli import main

OFFICE, COLLEAGUE, PLC, HMI, OUT = "10.77.4.10", "10.77.4.11", "10.77.1.10", "10.77.1.20", "198.51.100.7"
HOSTS = {
    "office": OFFICE, "colleague": COLLEAGUE, "guest": "10.77.4.12", "printer": "10.77.4.13", "plc": PLC, "hmi": HMI,
    "out": OUT,
}  # fmt: skip
ROOT = Path(__file__).parents[2]
Said = pytest.CaptureFixture[str]
PATIENCE_S = 20.0
_PATH = {**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin", "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"}


def tool(name: str) -> str:
    """The path of a program; without it the test is skipped."""
    found = shutil.which(name, path=_PATH["PATH"])
    if found is None:
        pytest.skip(f"needs the program {name}")
    return found


@dataclass
class Site:
    """The running namespaces, and what was started in them."""

    tag: str
    folder: Path
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)
    recorded: int = 0

    def build(self) -> None:
        """Makes router, bridges, hosts and their cables."""
        for name in ("wall", *HOSTS):
            _ip("netns", "add", self.space(name))
            self.ip(name, "link", "set", "lo", "up")
        for zone in {_zone(a) for a in HOSTS.values()}:
            bridge = _bridge(zone)
            self.ip("wall", "link", "add", bridge, "type", "bridge", "mcast_snooping", "0")
            self.ip("wall", "address", "add", f"{zone}.1/24", "dev", bridge)
            self.ip("wall", "link", "set", bridge, "up")
        for index, (name, address) in enumerate(HOSTS.items()):
            self._plug(name, address, f"p{index}")
        self.run("wall", "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")

    def _plug(self, name: str, address: str, port: str) -> None:
        peer = ("peer", "name", "eth0", "netns", self.space(name))
        self.ip("wall", "link", "add", port, "type", "veth", *peer)
        self.ip("wall", "link", "set", port, "master", _bridge(_zone(address)), "up")
        self.ip(name, "address", "add", f"{address}/24", "dev", "eth0")
        self.ip(name, "link", "set", "eth0", "up")
        self.ip(name, "route", "add", "default", "via", f"{_zone(address)}.1")

    def space(self, name: str) -> str:
        return f"{self.tag}-{name}"

    def ip(self, name: str, *arguments: str) -> None:
        _ip("-n", self.space(name), *arguments)

    def inside(self, name: str, *command: str) -> list[str]:
        return ["ip", "netns", "exec", self.space(name), *command]

    def run(self, name: str, *command: object, check: bool = True, timeout: float = 60.0, text: str = "") -> str:
        """Runs a program at a host and gives what it says; raises if it fails and `check`."""
        done = subprocess.run(
            self.inside(name, *map(str, command)), env=_PATH, input=text, cwd=self.folder, capture_output=True,
            text=True, errors="replace", timeout=timeout, check=False,
        )  # fmt: skip
        if check and done.returncode:
            raise AssertionError(f"{command}: {done.stdout[-500:]} {done.stderr[-500:]}")
        return done.stdout + done.stderr

    def act(self, name: str, what: str, *arguments: object, check: bool = True) -> str:
        """A module of tests/packets/acts as a client."""
        return self.run(name, sys.executable, "-m", f"tests.packets.acts.{what}", *arguments, check=check)

    def start(self, name: str, *command: object, port: int, udp: bool = False) -> subprocess.Popen[bytes]:
        """Starts a server at a host, and waits until it listens."""
        with (self.folder / f"{Path(str(command[0])).name}-{len(self.started)}.log").open("wb") as log:
            process = subprocess.Popen(
                self.inside(name, *map(str, command)), env=_PATH, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, start_new_session=True,
            )  # fmt: skip
        self.started.append(process)
        end = time.monotonic() + PATIENCE_S
        while f":{port} " not in self.run(name, "ss", "-Hlun" if udp else "-Hltn"):
            if time.monotonic() > end or process.poll() is not None:
                raise AssertionError(f"{command}: does not listen on {port}: {Path(log.name).read_text()[-800:]}")
            time.sleep(0.05)
        return process

    def serve(self, name: str, what: str, *arguments: object, port: int, udp: bool = False) -> None:
        """A module of tests/packets/acts as a server."""
        self.start(name, sys.executable, "-m", f"tests.packets.acts.{what}", *arguments, port=port, udp=udp)

    @contextmanager
    def recording(self, zone: str = "10.77.1", port_of: str = "") -> Iterator[Path]:
        """All frames on that zone's switch, as its mirror port shows them; or what comes to the port of one host.

        It begins with the plant's own polling.
        """
        place = f"p{list(HOSTS).index(port_of)}" if port_of else _bridge(zone)
        self.recorded += 1
        path = self.folder / f"heard-{self.recorded}.pcap"
        command = self.inside("wall", tool("tcpdump"), "-U", "-n", "-s0", "-i", place, "-w", str(path))
        recorder = subprocess.Popen([*command, "--immediate-mode"], stderr=subprocess.PIPE, env=_PATH)
        assert recorder.stderr is not None
        while b"listening on" not in recorder.stderr.readline():
            assert recorder.poll() is None
        try:
            self.act("hmi", "modbus", "poll", PLC)
            yield path
            time.sleep(0.3)
        finally:
            recorder.terminate()
            recorder.wait(PATIENCE_S)
            recorder.stderr.close()

    def end(self) -> None:
        """Ends what was started, and takes the namespaces away."""
        for process in self.started:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
        for process in self.started:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(5)
        for name in ("wall", *HOSTS):
            subprocess.run(["ip", "netns", "del", self.space(name)], check=False, capture_output=True)


def told(capsys: Said, *captures: Path) -> list[dict[str, Any]]:
    """The notices of `linewarden detect CAPTURE`."""
    capsys.readouterr()
    assert main(["detect", *map(str, captures), "--json", "--no-progress"]) == 0
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return found


def of(notices: Sequence[dict[str, Any]], note: str) -> list[dict[str, Any]]:
    return [n for n in notices if n["note"] == note]


def only(notices: Sequence[dict[str, Any]], note: str) -> dict[str, Any]:
    """The one notice of this name."""
    found = of(notices, note)
    assert len(found) == 1, [f"{n['note']}: {n['msg']}" for n in notices]
    return found[0]


def grave(notices: Sequence[dict[str, Any]]) -> list[str]:
    return [f"{n['note']}: {n['msg']}" for n in notices if n["severity"] in ("high", "critical")]


def _zone(address: str) -> str:
    return address.rpartition(".")[0]


def _bridge(zone: str) -> str:
    return "br" + zone.replace(".", "-")


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)
