"""How soon is a record there, and how much can be listened to? With real frames over a veth pair, as root.

Two tables: the time from a frame to its record in the lake, for single writes to a controller; and packets lost and
CPU time at several rates of Modbus polling. The goals: the slowest record within 2 s, nothing lost at 100,000
packets/s. Ends with 1 if one was missed, with 2 where there is no right to make network namespaces.

usage: python benchmarks/live.py [--data ../shared/data] [--records 20] [--seconds 3]
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, ClassVar

HERE = Path(__file__).resolve().parent
if str(HERE) not in sys.path:
    sys.path.insert(0, str(HERE))

from _speed import flood_capture  # noqa: E402

SENDER = HERE / "_speed" / "sender.py"
SPACE, FAR, NEAR = f"lw-live-{os.getpid()}", "far0", "near0"
RATES = (25_000, 50_000, 100_000, 200_000, 400_000, 1_000_000)
ONE_BY_ONE = """
import socket, sys
port = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
port.bind((sys.argv[1], 0))
for line in sys.stdin:
    port.send(bytes.fromhex(line))
"""
GOAL_S, GOAL_RATE = 2.0, 100_000


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


def frames(n: int) -> tuple[bytes, bytes]:
    """A Modbus write and its answer, on a connection of their own: one row of `modbus`."""
    body = struct.pack("!HHHBBHH", n, 0, 6, 1, 6, 100, n)
    client, server = b"\x0a\0\0\x01", b"\x0a\0\1\x02"
    ask = flood_capture._tcp(client, server, 20_000 + n, 502, 1, 1, body)
    return ask, flood_capture._tcp(server, client, 502, 20_000 + n, 1, 1 + len(body), body)


class Listener:
    """`linewarden watch` in the namespace, its last status, and its CPU time."""

    running: ClassVar[list[subprocess.Popen[bytes]]] = []

    def __init__(self, out: Path) -> None:
        self.errors = (out / "errors.txt").open("w+")
        self.status = out / "status.json"
        command = ["ip", "netns", "exec", SPACE, sys.executable, "-m", "linewarden", "watch", NEAR, "--json"]
        command += ["--out", str(out / "lake"), "--user", "root", "--every", "0.5"]
        self.process = subprocess.Popen(command, stdout=self.status.open("w"), stderr=self.errors)
        self.running.append(self.process)
        while not self.status.read_text().count("\n"):
            if self.process.poll() is not None:
                sys.exit((out / "errors.txt").read_text())
            time.sleep(0.1)

    def last(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.status.read_text().rpartition("\n")[0].splitlines()[-1])
        return found

    def cpu(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def settle(self) -> dict[str, Any]:
        """Waits until nothing more comes."""
        before = -1
        while (now := self.last())["packets"] != before:
            before = now["packets"]
            time.sleep(1.5)
        return now

    def end(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)


def delays(out: Path, records: int) -> list[float]:
    """s from each frame to its row."""
    import polars as pl

    listener = Listener(out)
    found = []
    command = ["ip", "netns", "exec", SPACE, sys.executable, "-c", ONE_BY_ONE, FAR]
    sender = subprocess.Popen(command, stdin=subprocess.PIPE, text=True)
    assert sender.stdin is not None
    seen: set[Path] = set()
    for n in range(1, records + 1):
        time.sleep(random.uniform(0.1, 1.2))  # not in step with the ticks
        sender.stdin.writelines(f.hex() + "\n" for f in frames(n))
        sender.stdin.flush()
        sent, there = time.monotonic(), False
        while not there and time.monotonic() - sent < 10:
            new = set((out / "lake").glob("stream=modbus/*/*/*.parquet"))
            for file in sorted(new - seen):
                rows = pl.read_parquet(file, hive_partitioning=False)
                there |= 20_000 + n in rows["id.orig_p"].to_list()
            seen |= new
            time.sleep(0.01)
        found.append(time.monotonic() - sent)
    sender.stdin.close()
    sender.wait()
    listener.end()
    return found


def rate_of(out: Path, rate: int, seconds: float) -> tuple[float, int, int, float]:
    """Packets/s reached, packets heard and lost, and CPU seconds per million packets."""
    pcap = out / f"{rate}.pcap"
    packets = flood_capture.write(pcap, int(rate * seconds), False)
    listener = Listener(out)
    start, cpu = listener.settle(), listener.cpu()
    command = [
        "ip",
        "netns",
        "exec",
        SPACE,
        sys.executable,
        str(HERE / "_speed" / "sender.py"),
        FAR,
        str(pcap),
        str(rate),
    ]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    end, used = listener.settle(), listener.cpu() - cpu
    listener.end()
    pcap.unlink()
    heard, lost = end["packets"] - start["packets"], end["lost"] - start["lost"]
    if heard + lost < packets:
        lost = packets - heard
    return float(ran.stdout.split()[1]), heard, lost, used / max(heard, 1) * 1e6


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="not needed: frames are made here")
    parser.add_argument("--records", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=3, help="of each rate")
    args = parser.parse_args()
    if os.geteuid() != 0 or shutil.which("ip") is None:
        print("live: not measured: needs root and the program ip")
        return 2
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that nothing of it stays behind
    ip("netns", "add", SPACE)
    try:
        ip("-n", SPACE, "link", "add", FAR, "type", "veth", "peer", "name", NEAR)
        for end in (FAR, NEAR):
            ip("-n", SPACE, "link", "set", end, "up")
        return measured(args.records, args.seconds)
    finally:
        for process in Listener.running:
            process.kill()  # those that ended do not hear it
            process.wait()
        ip("netns", "del", SPACE)


def measured(records: int, seconds: float) -> int:
    """Prints the tables and says whether the goals hold."""
    with tempfile.TemporaryDirectory(prefix="linewarden-live-") as place:
        out = Path(place) / "delay"
        out.mkdir()
        found = sorted(delays(out, records))
        print(f"{'records':>10} {'median s':>10} {'worst s':>10}")
        print(f"{len(found):>10} {statistics.median(found):>10.2f} {found[-1]:>10.2f}\n")
        print(f"{'asked/s':>10} {'sent/s':>10} {'heard':>10} {'lost':>10} {'CPU s/M':>10}")
        losses, clean = {}, 0.0
        for rate in RATES:
            out = Path(place) / str(rate)
            out.mkdir()
            reached, heard, lost, cpu = rate_of(out, rate, seconds)
            losses[rate] = lost
            clean = max(clean, 0 if lost else reached)
            print(f"{rate:>10,} {reached:>10,.0f} {heard:>10,} {lost:>10,} {cpu:>10.2f}", flush=True)
    holds = found[-1] <= GOAL_S and losses[GOAL_RATE] == 0
    print(
        f"live: worst delay {found[-1]:.2f} s (goal {GOAL_S:g} s), nothing lost at {clean:,.0f} packets/s "
        f"(goal {GOAL_RATE:,}): {'holds' if holds else 'MISSED'}"
    )
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
