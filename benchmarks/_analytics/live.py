"""The live path: values over Sparkplug (a real mosquitto) and OPC UA (asyncua) to a running service: kept, and judged.

The rate is raised step by step. It holds where everything is judged, nothing is left out, and 99 of a hundred blocks of
samples have their score within 250 ms of the arrival of their first sample. Rows are 0.05 s, and one is judged once a
value came that is behind its end. What generators and broker use of the processor is told apart.
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from _speed.rule import FOLDER, Goal

from _analytics._set import Set, Table

BESIDE = Path(__file__).resolve().parent.parent / "_live"
NODES, METRICS, VARIABLES = 20, 50, 50
OPCUA_RATE = 1_000.0
RATES = (10_000, 20_000, 40_000, 60_000, 80_000, 100_000)
WARM_S, STEP_S = 210.0, 15.0
GOAL_RATE, GOAL_MS = 100_000, 250.0
MOSQUITTO = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin")
CONFIG = """
[service]
data = "data"
[http]
listen = "127.0.0.1:{http}"
[console]
enabled = false
[analytics]
seconds = 0.05
first_minutes = 1
learn_hours = 0.05
[[collector]]
kind = "sparkplug"
name = "line"
servers = ["mqtt://127.0.0.1:{mqtt}"]
[[collector]]
kind = "opcua"
name = "press"
endpoint = "opc.tcp://127.0.0.1:{opcua}/bench"
security = "None"
trees = ["Plant"]
publishing_ms = 50
sampling_ms = 10
queue = 1000
"""


class Part:
    """A process beside the service; a line of its standard input is an order."""

    def __init__(self, name: str, command: list[str], folder: Path, *, says_ready: bool = True) -> None:
        self.name = name
        self._log = (folder / f"{name}.log").open("w")
        self.process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE if says_ready else self._log,
            stderr=self._log, text=True,
        )  # fmt: skip
        if says_ready and self.process.stdout is not None and self.process.stdout.readline().strip() != "ready":
            raise RuntimeError(f"{name} did not start: {(folder / f'{name}.log').read_text()[-500:]}")

    def order(self, line: str) -> None:
        """Tells it a rate, or to end."""
        if self.process.stdin is not None:
            self.process.stdin.write(f"{line}\n")
            self.process.stdin.flush()

    def cpu_s(self) -> float:
        """Of the processor so far."""
        words = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / 100.0

    def end(self) -> None:
        """Asks, and then insists."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._log.close()


def ports(count: int) -> list[int]:
    """Free ones of loopback."""
    import socket

    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    found = [int(p.getsockname()[1]) for p in probes]
    for probe in probes:
        probe.close()
    return found


def status(port: int) -> dict[str, Any]:
    """What the service says of itself."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/status", timeout=10) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def ready(port: int) -> None:
    """Waits until the service answers."""
    limit = time.monotonic() + 60
    while True:
        try:
            status(port)
            return
        except OSError:
            if time.monotonic() > limit:
                raise
            time.sleep(0.2)


def step(parts: list[Part], http: int, rate: float) -> tuple[list[str], float]:
    """A row of the table at a rate asked for, and the rate if it holds (else 0)."""
    service, edges = parts[0], next(p for p in parts if p.name == "edge nodes")
    edges.order(str(rate))
    time.sleep(4)  # what waits from before is gone, and the last 4,096 delays are of this step
    before, used = status(http), [p.cpu_s() for p in parts]
    began = time.monotonic()
    time.sleep(STEP_S)
    after, took = status(http), time.monotonic() - began
    busy = [(p.cpu_s() - u) / took for p, u in zip(parts, used, strict=True)]
    values = after["values"]
    came = sum(c["samples"] for c in after["collectors"].values()) - sum(
        c["samples"] for c in before["collectors"].values()
    )
    judged = values["judged"] - before["values"]["judged"]
    left = values["left_out"] - before["values"]["left_out"]
    ninety_ninth = values["delay"].get("p99_ms", float("inf"))
    asked = rate + OPCUA_RATE
    holds = came / took >= 0.97 * asked and judged >= 0.97 * came and not left and ninety_ninth <= GOAL_MS
    row = [
        f"{asked:,.0f}", f"{came / took:,.0f}", f"{judged / took:,.0f}", f"{left:,}",
        f"{values['delay'].get('p50_ms', float('nan')):.0f}", f"{ninety_ninth:.0f}",
        f"{busy[0]:.2f}", f"{sum(busy[1:]):.2f}", "yes" if holds else "no",
    ]  # fmt: skip
    assert service.process.poll() is None
    return row, came / took if holds else 0.0


def measure(_folder: Path) -> Table:
    """Needs mosquitto and the packages of collectors; makes all else."""
    lacking = [n for n in ("paho", "asyncua") if find_spec(n) is None] + ([] if MOSQUITTO else ["mosquitto"])
    heading = f"Live: {NODES} edge nodes of {METRICS} metrics over Sparkplug, and {VARIABLES} variables over OPC UA"
    columns = (
        "readings/s asked for", "collected/s", "judged/s", "left out", "p50 ms", "p99 ms", "cores: service",
        "cores: generators and broker", "holds",
    )  # fmt: skip
    if lacking:
        return Table(heading, columns, [], [Goal(f"live: not measured, no {', '.join(lacking)}", False)])
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=FOLDER) as name:
        Path(name).chmod(0o755)  # root's service becomes somebody else
        rows, best = _run(Path(name))
    text = f"live {best:,.0f} readings/s with p99 within {GOAL_MS:.0f} ms (goal {GOAL_RATE:,})"
    return Table(heading, columns, rows, [Goal(text, best >= 0.97 * GOAL_RATE)])


def _run(folder: Path) -> tuple[list[list[str]], float]:
    http, mqtt, opcua = ports(3)
    (folder / "mosquitto.conf").write_text(f"listener {mqtt} 127.0.0.1\nallow_anonymous true\nuser root\n")
    (folder / "plant.toml").write_text(CONFIG.format(http=http, mqtt=mqtt, opcua=opcua))
    program, python = Path(sys.executable).with_name("linewarden"), sys.executable
    parts: list[Part] = []
    try:
        broker = Part("broker", [str(MOSQUITTO), "-c", "mosquitto.conf"], folder, says_ready=False)
        parts.append(broker)
        parts.append(Part("opcua", [python, str(BESIDE / "opcua_server.py"), str(opcua), str(VARIABLES)], folder))
        parts.insert(0, Part("service", [str(program), "serve", "plant.toml"], folder, says_ready=False))
        ready(http)
        time.sleep(3)  # a node that is born before somebody listens is asked for its births
        edges = Part("edge nodes", [python, str(BESIDE / "edge_nodes.py"), str(mqtt), str(NODES), str(METRICS)], folder)
        parts.append(edges)
        parts[2].order(str(OPCUA_RATE))
        edges.order("10000")
        time.sleep(WARM_S)
        rows, best = [], 0.0
        for rate in RATES:
            row, held = step(parts, http, rate - OPCUA_RATE)
            rows.append(row)
            best = max(best, held)
            if not held:
                break
        return rows, best
    finally:
        for part in reversed(parts):
            part.end()


SET = Set("live", (), measure)
