"""A small bottling works for pictures of the console: the recorded plant that Linewarden ships, and what it lacks.

To the recorded packets come an hour of a filler and a capper (learned, then attacked and worn), five weeks of a meter
and a machine's counters, units that ran until they failed, and a service whose collectors ask machines on loopback.
All of it is made by Linewarden's own commands in a folder that is thrown away.
"""

from __future__ import annotations

import contextlib
import csv
import json
import math
import os
import random
import shutil
import socket
import socketserver
import struct
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / "src/linewarden/exercises/data"
SITE = "bottling"
FILLER, CAPPER, PANEL, STRANGER = "10.20.1.11", "10.20.1.12", "10.20.1.21", "10.20.1.50"
LEARNED, WATCHED, ATTACKED = 50_000, 2_400, 300
"""Seconds: so long all is well, so long it is watched then, and after so many of these somebody attacks."""
BEGAN = datetime(2026, 11, 23, 16, 6, 40, tzinfo=UTC) - timedelta(seconds=LEARNED)
"""The good time ends as the recorded packets do."""
WEEKS = 5
CONFIG = """
[service]
site = "{site}"
data = "data"
[lake]
folder = "data/lake"
[http]
listen = "127.0.0.1:{http}"
[console]
enabled = false
[tariff]
currency = "EUR"
energy = 0.17
demand = 9.5
[[tariff.band]]
hours = "mon-fri 06:00-22:00"
energy = 0.21
[[collector]]
kind = "table_file"
name = "line-1-book"
device = "packer 1"
path = "line-1.csv"
follow = false
time_column = "time"
[[collector.tags]]
column = "Power"
ucum = "kW"
description = "Main meter of the packing hall"
[[collector.tags]]
column = "State"
[[collector.tags]]
column = "Bottles"
[[collector.tags]]
column = "Rejects"
[[collector]]
kind = "modbus"
name = "washer"
device = "bottle washer"
host = "127.0.0.1"
port = {modbus}
tags = [{{name = "Bath temperature", address = 0, scale = 0.1, ucum = "Cel"}},
        {{name = "Caustic", address = 1, scale = 0.01, ucum = "%"}}, {{name = "Speed", address = 2}}]
[[collector]]
kind = "http_json"
name = "compressor"
device = "compressor 2"
url = "http://127.0.0.1:{json}/state"
interval = 1
tags = [{{name = "Pressure", path = "$.pressure", ucum = "bar"}}, {{name = "Dew point", path = "$.dew", ucum = "Cel"}}]
[[collector]]
kind = "modbus"
name = "chiller"
device = "chiller 1"
host = "127.0.0.1"
port = {nobody}
tags = [{{name = "Glycol temperature", address = 0, ucum = "Cel"}}]
[[collector]]
kind = "mqtt"
name = "cell-gateway"
servers = ["mqtt://127.0.0.1:{nobody}"]
topics = [{{topic = "cell/+/state"}}]
"""
TAGS = (
    (FILLER, "holding_register 100", "Fill set-point", "g"), (FILLER, "holding_register 101", "Fill weight", "g"),
    (FILLER, "holding_register 102", "Product flow", "L/min"),
    (FILLER, "holding_register 103", "Bowl temperature", "Cel"),
    (CAPPER, "holding_register 100", "Cap torque set", "N.cm"), (CAPPER, "holding_register 101", "Cap torque", "N.cm"),
    (CAPPER, "holding_register 102", "Motor current", "A"),
    (CAPPER, "holding_register 103", "Bearing temperature", "Cel"),
)  # fmt: skip
"""Device, tag, what people call it, unit."""


def build(folder: Path, ports: dict[str, int]) -> Path:
    """The works in a folder, read and judged. Returns its configuration."""
    file = configure(folder, ports)
    lake = folder / "data/lake"
    say("read", DATA / "demo-plant.pcapng.zst", "--names", DATA / "demo-plant.names.csv", "--site", SITE,
        "--out", lake, "--quiet")  # fmt: skip
    learn(folder, file)
    say("detect", lake, "--write", found=True)
    watch(folder, lake)
    for device, tag, name, unit in TAGS:
        say("tags", "set", lake, tag, f"alias={name}", f"ucum={unit}", "--device", device)
    book(folder / "line-1.csv")
    wear_out(folder, file)
    return file


def configure(folder: Path, ports: dict[str, int]) -> Path:
    """The configuration, at these ports."""
    file = folder / "linewarden.toml"
    file.write_text(CONFIG.format(site=SITE, **ports))
    return file


def say(*words: object, found: bool = False) -> None:
    """A command of Linewarden. found: it ends with 1 where it found something, which is what it is for."""
    command = [sys.executable, "-m", "linewarden", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode in ((0, 1) if found else (0,)), f"{' '.join(command)}\n{done.stdout}{done.stderr}"


def learn(folder: Path, file: Path) -> None:
    """From good values alone how filler and capper run."""
    good = folder / "good"
    write(good, reading=readings(range(LEARNED)), command=[beat(second) for second in range(0, LEARNED, 60)])
    say("analytics", "learn", good, "--out", folder / "data/analytics/by-hand", "--config", file)
    shutil.rmtree(good)


def watch(folder: Path, lake: Path) -> None:
    """What was learned judges the time after it, in a lake of its own, whose records then go to the others."""
    watched = folder / "watched"
    write(watched, reading=readings(range(LEARNED, LEARNED + WATCHED)), command=[attack()])
    shutil.copy(lake / "plant.json", watched)
    say("detect", watched, "--analytics", folder / "data/analytics/by-hand", "--write", found=True)
    for file in watched.rglob("*.parquet"):
        target = lake / file.relative_to(watched).with_name(f"watched-{file.name}")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, target)
    shutil.rmtree(watched)


def readings(seconds: range) -> list[dict[str, Any]]:
    """What filler and capper are read to be, a row a second and machine."""
    return [row for s in seconds for row in (reading(FILLER, s, filler(s)), reading(CAPPER, s, capper(s)))]


def filler(second: int) -> list[float]:
    """Set-point, weight, flow and temperature. Somebody lowers the set-point, and the weight follows."""
    dice = random.Random(second)
    low = 50.0 if second >= LEARNED + ATTACKED + 1 else 0.0
    weight = 500 - low + dice.gauss(0, 1)
    return [500 - low, weight, weight / 10 + dice.gauss(0, 0.1), 60 + 3 * math.sin(second / 50)]


def capper(second: int) -> list[float]:
    """Torque asked for and reached, current and bearing: it gets stiff."""
    dice = random.Random(-second)
    worn = max(second - LEARNED - 60, 0) * 0.002
    torque = 180 - worn / 5 + dice.gauss(0, 0.8)
    return [180.0, torque, torque / 60 + worn * 0.1 + dice.gauss(0, 0.02), 48 + worn + 2 * math.sin(second / 70)]


def stamp(second: float) -> int:
    return int((BEGAN.timestamp() + second) * 1e9)


def reading(source: str, second: int, values: list[float]) -> dict[str, Any]:
    return {"ts": stamp(second + 0.25), "uid": f"C{source}", "sensor": "cell-tap", "capture": "live",
            "frame": second + 1, "source": source, "protocol": "modbus", "unit": 1, "area": "holding_register",
            "start": 100, "values": values}  # fmt: skip


def beat(second: int) -> dict[str, Any]:
    """What the panel writes all the time."""
    return command(second, PANEL, "holding_register 109", str(second % 1000))


def attack() -> dict[str, Any]:
    """A device that has no business there writes the filler's set-point."""
    return command(LEARNED + ATTACKED, STRANGER, "holding_register 100", "450")


def command(second: int, who: str, target: str, value: str) -> dict[str, Any]:
    return {"ts": stamp(second), "uid": f"C{who}", "sensor": "cell-tap", "capture": "live", "frame": 7_000_000,
            "id.orig_h": who, "id.resp_h": FILLER, "protocol": "modbus", "verb": "write",
            "function": "write_single_register", "target": target, "value": value, "count": 1,
            "answered": 1, "errors": 0}  # fmt: skip


def write(lake: Path, **streams: list[dict[str, Any]]) -> None:
    """Records, written as a sensor writes them."""
    from linewarden.sensor.sensor import Sensor
    from linewarden.service.catalogue import streams_as_dicts

    columns = {s["name"]: [c["name"] for c in s["columns"]] for s in streams_as_dicts()}
    sensor = Sensor(lake=lake, site=SITE, prefix="cell-tap")
    for stream, rows in streams.items():
        sensor.append(stream, [tuple(row.get(c) for c in columns[stream]) for row in rows])
    sensor.finish()


def book(file: Path) -> None:
    """Five weeks of a packer, a row each five minutes: power of the hall, state, bottles and rejects."""
    dice, step = random.Random(7), timedelta(minutes=5)
    end = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    at, made, bad, stopped = end - timedelta(weeks=WEEKS), 0, 0, 0
    with file.open("w", newline="") as opened:
        table = csv.writer(opened)
        table.writerow(("time", "Power", "State", "Bottles", "Rejects"))
        while at <= end:
            shift = at.weekday() < 5 and 5 <= at.hour < 21  # 06:00 to 22:00 in Berlin
            stopped = max(stopped - 1, 0) or (dice.choice((1, 1, 2, 5, 9)) if shift and dice.random() < 0.025 else 0)
            state = 0 if not shift else 3 if at.hour == 13 and at.minute < 20 else 2 if stopped else 1
            load = {0: 46.0, 1: 212.0, 2: 118.0, 3: 104.0}[state] - (14 if at.weekday() == 6 else 0)
            power = load + 9 * math.sin(at.hour / 24 * math.tau) + dice.gauss(0, 5)
            table.writerow((at.isoformat(), round(power, 1), state, made, bad))
            if state == 1:
                pieces = dice.randint(520, 590)
                made, bad = made + pieces, bad + (dice.random() < 0.6) * dice.randint(1, 18)
            at += step


def wear_out(folder: Path, file: Path) -> None:
    """A model of pumps that failed, and what it proposes for two that run."""
    past, now, model = folder / "pumps.csv", folder / "pumps-now.csv", folder / "data/models/dosing-pump.json"
    dice = random.Random(3)
    _histories(past, [(f"P{n:02}", dice.randint(90, 190), None) for n in range(1, 25)], dice)
    _histories(now, [("Dosing pump 3", 130, 112), ("Dosing pump 5", 150, 96)], dice)
    model.parent.mkdir(parents=True, exist_ok=True)
    say("health", "train", past, "--unit", "unit", "--time", "hour", "--out", model)
    for unit in ("Dosing pump 3", "Dosing pump 5"):
        say("health", "propose", now, "--model", model, "--of", unit, "--failure-cost", 18_000, "--planned-cost", 2_100,
            "--failure-hours", 12, "--planned-hours", 3, "--hour-cost", 900,
            "--hours", 1, "--enter", "--config", file)  # fmt: skip


def _histories(file: Path, units: list[tuple[str, int, int | None]], dice: random.Random) -> None:
    """unit, hours until it fails, hours that are written (all where None)."""
    with file.open("w", newline="") as opened:
        table = csv.writer(opened)
        table.writerow(("unit", "hour", "vibration", "seal temperature", "stroke time"))
        for unit, life, until in units:
            for hour in range(until or life):
                worn = math.exp((hour - life) / 28)
                table.writerow((unit, hour, round(1.4 + 3.2 * worn + dice.gauss(0, 0.08), 3),
                                round(41 + 17 * worn + dice.gauss(0, 0.5), 2),
                                round(820 + 90 * worn + dice.gauss(0, 6), 1)))  # fmt: skip


class Washer(socketserver.BaseRequestHandler):
    """A Modbus/TCP device that is only read: holding registers that sway."""

    def handle(self) -> None:
        while len(head := self.request.recv(12)) == 12:
            transaction, _, _, unit, function, _, count = struct.unpack(">HHHBBHH", head)
            now = [round(value + 4 * math.sin(time.time() / 7 + n)) for n, value in enumerate((782, 164, 310))]
            body = struct.pack(f">BBB{count}H", unit, function, 2 * count, *(now * count)[:count])
            self.request.sendall(struct.pack(">HHH", transaction, 0, len(body)) + body)


class Compressor(BaseHTTPRequestHandler):
    """An endpoint with JSON."""

    def do_GET(self) -> None:
        sway = math.sin(time.time() / 9)
        body = json.dumps({"pressure": round(7.2 + 0.2 * sway, 2), "dew": round(3.4 + 0.3 * sway, 1)}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing: the pictures' output is a list of files."""


@contextlib.contextmanager
def running(file: Path, ports: dict[str, int]) -> Iterator[None]:
    """The service of the works, its machines on loopback, and a while in which values came."""
    washer = socketserver.ThreadingTCPServer(("127.0.0.1", ports["modbus"]), Washer)
    compressor = ThreadingHTTPServer(("127.0.0.1", ports["json"]), Compressor)
    for server in (washer, compressor):
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
    give_away(file.parent)
    command = [sys.executable, "-m", "linewarden", "serve", str(file), "--quiet"]
    with (file.parent / "serve.log").open("wb") as log:
        service = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        wait_for_samples(f"http://127.0.0.1:{ports['http']}/status", service)
        yield
    finally:
        service.terminate()
        service.wait(60)
        for server in (washer, compressor):
            server.shutdown()
            server.server_close()


def give_away(folder: Path) -> None:
    """The service of root becomes somebody without rights, who must be let into the folder."""
    if os.geteuid() == 0:
        from linewarden.service import rights

        user = rights.user_to_be(None)
        for path in (folder, *folder.rglob("*")):
            shutil.chown(path, user.pw_name if user else "root")


def wait_for_samples(url: str, service: subprocess.Popen[bytes]) -> None:
    """Until each collector that can has brought something."""
    for _ in range(600):
        assert service.poll() is None, "the service ended; see its serve.log"
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - ours
            said = json.load(answer)["collectors"]
            if said["line-1-book"]["state"] == "ended" and all(
                said[c]["samples"] > 20 for c in ("washer", "compressor")
            ):
                return
        time.sleep(0.2)
    raise AssertionError("the collectors brought nothing in two minutes")


def free_ports() -> dict[str, int]:
    """Of the service's status, of both machines, and one at which nobody answers."""
    with contextlib.ExitStack() as held:
        found = [held.enter_context(socket.socket()) for _ in range(4)]
        for one in found:
            one.bind(("127.0.0.1", 0))
        return dict(zip(("http", "modbus", "json", "nobody"), (s.getsockname()[1] for s in found), strict=True))
