"""Those who listen to an interface: `linewarden watch`, and Suricata."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from _speed import tools
from _speed.cable import NEAR, Cable

RING_MB = 32
"""Memory for packets in waiting that each one has, in MiB: the default of `linewarden watch`."""
PATIENCE_S = 60.0

# The configuration for files (tools.py), with an interface instead. `ring-size` counts packets of at most one MTU.
LIVE = """
stats: {{enabled: yes, interval: 1}}
af-packet:
  - interface: {interface}
    threads: {threads}
    cluster-id: 99
    cluster-type: cluster_flow
    defrag: yes
    use-mmap: yes
    tpacket-v3: yes
    block-size: 1048576
    ring-size: {packets}
    checksum-checks: no
"""
# In a file of its own, which is read while the others are written.
STATS = """outputs:
  - eve-log: {enabled: yes, filetype: regular, filename: stats.json, types: [stats: {totals: yes}]}
"""


@dataclass(frozen=True, slots=True)
class Heard:
    """What a listener heard, and what that cost it from when it was ready until it had ended."""

    packets: int
    lost: int
    cpu_s: float
    peak_mb: float
    rows: dict[str, int]


class Listener:
    """A process that listens; kill what is left with `end_all`."""

    name: ClassVar[str]
    running: ClassVar[list[subprocess.Popen[bytes]]] = []

    def __init__(self, command: Sequence[str], out: Path) -> None:
        self.out = out
        self._log = (out / "log.txt").open("wb")
        with (out / "status.json").open("wb") as status:
            self.process = subprocess.Popen(list(command), stdout=status, stderr=self._log)
        self.running.append(self.process)
        end = time.monotonic() + PATIENCE_S
        while not self.ready():
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{self.name} does not listen:\n{(out / 'log.txt').read_text()[-2_000:]}")
            time.sleep(0.1)
        self._cpu_before = self.cpu()

    def ready(self) -> bool:
        """Whether it listens."""
        raise NotImplementedError

    def counts(self) -> tuple[int, int]:
        """Packets heard and lost so far, as the listener itself counts them."""
        raise NotImplementedError

    def rows(self) -> dict[str, int]:
        """What it wrote, by kind."""
        raise NotImplementedError

    def cpu(self) -> float:
        """CPU seconds so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def settle(self) -> None:
        """Waits until nothing more comes."""
        before = None
        while (now := self.counts()) != before:
            before = now
            time.sleep(2.2)  # both tell once a second

    def end(self) -> Heard:
        """Ends it, and reads what is left in its files."""
        self.settle()
        self.process.send_signal(signal.SIGTERM)
        _, status, used = os.wait4(self.process.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        self._log.close()
        if self.process.returncode:
            raise RuntimeError(f"{self.name} ended with {self.process.returncode}: see {self.out}")
        heard, lost = self.counts()
        cpu = used.ru_utime + used.ru_stime - self._cpu_before
        return Heard(heard, lost, cpu, peak_mb(used), self.rows())


def peak_mb(used: resource.struct_rusage) -> float:
    """The peak of resident memory; the mapped ring is not in it until packets were there."""
    return used.ru_maxrss / 1024


def end_all() -> None:
    """Kills every listener that is left."""
    for process in Listener.running:
        if process.returncode is None:
            process.kill()
            process.wait()


class Ours(Listener):
    """`linewarden watch`."""

    name = "linewarden"

    def __init__(self, cable: Cable, out: Path) -> None:
        command = [sys.executable, "-m", "linewarden", "watch", NEAR, "--json", "--out", str(out / "lake")]
        command += ["--user", "root", "--every", "0.5", "--ring", str(RING_MB)]
        super().__init__(cable.command(*command), out)

    def last(self) -> dict[str, Any]:
        """The last status."""
        lines = (self.out / "status.json").read_text().rpartition("\n")[0].splitlines()
        found: dict[str, Any] = json.loads(lines[-1]) if lines else {}
        return found

    def ready(self) -> bool:
        return bool(self.last())

    def counts(self) -> tuple[int, int]:
        status = self.last()
        return status["packets"], status["lost"]

    def rows(self) -> dict[str, int]:
        return {k: n for k, n in tools.lake_rows(self.out / "lake").items() if k != "bytes"}


class Suricata(Listener):
    """Suricata with the configuration that it has for files, and a ring of as much memory."""

    name = "suricata"

    def __init__(self, cable: Cable, out: Path) -> None:
        threads = len(os.sched_getaffinity(0))
        base = tools.SURICATA.format(out=out).replace("stats: {enabled: no}\n", "").replace("outputs:\n", STATS, 1)
        base = base.replace("default-log-level: error", "default-log-level: notice")
        # It divides by its own idea of a frame: the MTU and a header, in whole 16 bytes.
        packets = (RING_MB << 20) // threads // 9_216
        live = LIVE.format(interface=NEAR, threads=threads, packets=packets)
        (out / "suricata.yaml").write_text(base + live, encoding="utf-8")
        command = ["suricata", "-c", str(out / "suricata.yaml"), "--af-packet", "--runmode", "workers"]
        super().__init__(cable.command(*command, "-k", "none", "-l", str(out), "-S", "/dev/null"), out)

    def ready(self) -> bool:
        said = (self.out / "log.txt").read_bytes() + (self.out / "status.json").read_bytes()
        return b"Engine started" in said

    def counts(self) -> tuple[int, int]:
        path = self.out / "stats.json"
        last = path.read_bytes().rpartition(b"\n")[0].rpartition(b"\n")[2] if path.exists() else b""
        capture = json.loads(last)["stats"]["capture"] if last else {}
        lost = capture.get("kernel_drops", 0)
        return capture.get("kernel_packets", 0) - lost, lost

    def rows(self) -> dict[str, int]:
        return {k: n for k, n in tools.eve_events(self.out / "eve.json").items() if k != "bytes"}
