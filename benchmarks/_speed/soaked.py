"""What is soaked: `linewarden watch`, or `linewarden serve`; started, asked and looked at from outside."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from _speed.cable import NEAR, Cable

KEEP_MB = 64
SERVE = """
[service]
site = "soak"
data = "{data}"
[[sensor]]
name = "local"
interfaces = ["{near}"]
user = "root"
[lake]
compact_every_s = 10
[http]
listen = "127.0.0.1:9480"
"""
ASK = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:9480/status', timeout=5).read().decode())"
PATIENCE_S = 60


@dataclass(frozen=True, slots=True)
class Sample:
    """A look at the process, `at` s after its start. `anon_mb`: what is neither file nor shared ring."""

    at: float
    rss_mb: float
    anon_mb: float
    fds: int
    threads: int
    packets: int
    lost: int
    rows: int
    rows_lost: int
    assets: int


class Watch:
    """`linewarden watch IFACE --keep`, which tells its status on standard output."""

    name = "linewarden watch"
    compacts = False

    def __init__(self, cable: Cable, place: Path) -> None:
        self.cable, self.place, self.lake, self.ring = cable, place, place / "lake", place / "packets"
        self.log = place.parent / "log.txt"
        self.began = time.monotonic()
        self._out = place.parent / "status.jsonl"
        with self._out.open("wb") as out, self.log.open("wb") as log:
            self.process = subprocess.Popen(cable.command(*self.command()), stdout=out, stderr=log)
        end = time.monotonic() + PATIENCE_S
        while not self.status():
            if self.process.poll() is not None or time.monotonic() > end:
                self.process.kill()
                raise RuntimeError(f"{self.name} did not begin:\n{self.log.read_text()[-2_000:]}")
            time.sleep(0.2)

    def command(self) -> list[str]:
        """How it is called."""
        keep = ["--keep", str(self.ring), "--keep-mb", str(KEEP_MB)]
        call = [sys.executable, "-m", "linewarden", "watch", NEAR, "--out", str(self.lake), *keep]
        return [*call, "--user", "root", "--json", "--every", "2"]

    def status(self) -> dict[str, Any]:
        """What it says of itself; empty if it does not yet."""
        size = self._out.stat().st_size
        with self._out.open("rb") as file:
            file.seek(max(0, size - 8_192))
            lines = file.read().rpartition(b"\n")[0].splitlines()
        found: dict[str, Any] = json.loads(lines[-1]) if lines else {}
        return found

    def sample(self) -> Sample:
        """The process as the kernel sees it, and its status. Raises RuntimeError when it has ended."""
        if self.process.poll() is not None:
            raise RuntimeError(f"{self.name} ended with {self.process.returncode}: {self.log.read_text()[-2_000:]}")
        place = Path(f"/proc/{self.process.pid}")
        text = (place / "status").read_text()
        found = {k: v.split()[0] for k, _, v in (line.partition(":") for line in text.splitlines()) if v.split()}
        status = self.status()
        return Sample(
            at=time.monotonic() - self.began,
            rss_mb=int(found["VmRSS"]) / 1024,
            anon_mb=int(found["RssAnon"]) / 1024,
            fds=len(os.listdir(place / "fd")),
            threads=int(found["Threads"]),
            **{k: int(status.get(k, 0)) for k in ("packets", "lost", "rows", "rows_lost", "assets")},
        )

    def lake_files(self) -> int:
        """Files that the lake has now."""
        return sum(1 for _ in self.lake.glob("stream=*/site=*/date=*/*.parquet"))

    def ring_mb(self) -> float:
        """Size of the packets that are kept."""
        return sum(f.stat().st_size for f in self.ring.glob("*.pcapng")) / 1e6 if self.ring.exists() else 0.0

    def end(self) -> int:
        """Ends it as systemd does; the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


class Serve(Watch):
    """`linewarden serve CONFIG`, which is asked over HTTP; its lake is compacted."""

    name = "linewarden serve"
    compacts = True

    def command(self) -> list[str]:
        self.cable.ip("link", "set", "lo", "up")
        data, config = self.place / "data", self.place.parent / "linewarden.toml"
        config.write_text(SERVE.format(data=data, near=NEAR), encoding="utf-8")
        self.lake = data / "lake"
        return [sys.executable, "-m", "linewarden", "serve", str(config)]

    def status(self) -> dict[str, Any]:
        asked = subprocess.run(
            self.cable.command(sys.executable, "-I", "-S", "-c", ASK), capture_output=True, text=True, check=False
        )
        if asked.returncode:
            return {}
        sensors: dict[str, dict[str, Any]] = json.loads(asked.stdout)["sensors"]
        return next(iter(sensors.values()), {})
