"""How many Sparkplug metrics a second does the collector read, and how soon are they with the sink?

First the reading alone, on one core: payloads of 1, 10 and 100 metrics, by name and by alias, to samples. Then the
whole way: a process publishes at a rate (QoS 0), a real mosquitto carries the messages, the collector reads them and
hands them to a sink that counts them and looks at their time. CPU of the publisher and of mosquitto is set apart.
Goals: 100,000 metrics/s read on one core; 100,000 metrics/s live, none lost, p99 from publishing to the sink < 250 ms.

usage: python benchmarks/sparkplug.py [--rates 20000,50000,100000] [--seconds 10] [--per-message 20] [--data DIR]
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from linewarden.collectors._mqtt.host import Homes, Host, Options
from linewarden.collectors._mqtt.metrics import Register
from linewarden.collectors._mqtt.readings import Readings
from linewarden.collectors._mqtt.schema import payload_class
from linewarden.collectors.contract import Numbers, Samples, Tag
from linewarden.collectors.sparkplug import Collecting, Sparkplug

GOAL_RATE, GOAL_P99_MS = 100_000, 250.0
METRICS = 100
CHUNK_S = 0.01


@dataclass
class Counting:
    """A sink that counts, and looks at how old each batch is."""

    tags: int = 0
    values: int = 0
    ages: list[tuple[float, int]] = field(default_factory=list)
    """Of the oldest value of a batch, in ms, with the batch's size."""
    up_: threading.Event = field(default_factory=threading.Event)

    def tag(self, tag: Tag) -> int:
        self.tags += 1
        return self.tags

    def put(self, samples: Samples | Numbers) -> Future[None]:
        if samples.server_ts and (sent := next((t for t in samples.server_ts if t), None)):
            self.ages.append(((time.time_ns() - sent) / 1e6, len(samples)))
        self.values += len(samples)
        done: Future[None] = Future()
        done.set_result(None)
        return done

    def put_all(self, out: Readings) -> None:
        for part in out.parts():
            self.put(part)

    def up(self, peer: str) -> None:
        self.up_.set()

    def down(self, peer: str, why: str) -> None:
        print(f"  {peer}: {why}", file=sys.stderr)

    def say(self, text: str) -> None:
        print(f"  {text}", file=sys.stderr)


def message(kind: str, seq: int, numbers: range, *, named: bool, stamp: int) -> bytes:
    payload = payload_class()(timestamp=stamp, seq=seq)
    for number in numbers:
        metric = payload.metrics.add(timestamp=stamp, double_value=number + 0.5)
        if named or kind == "NBIRTH":
            metric.name = f"Line 1/Machine {number % 7}/Sensor {number}".encode()
        if not named:
            metric.alias = number
        if kind == "NBIRTH":
            metric.datatype = 10
    data: bytes = payload.SerializeToString()
    return data


def read_alone(per: int, *, named: bool, total: int = 300_000) -> float:
    """Metrics a second of one core's CPU time."""
    sink = Counting()
    host = Host("s", Options(), sink, Register(sink, 10**6), Homes())
    host.receive("spBv1.0/G/NBIRTH/N", message("NBIRTH", 0, range(METRICS), named=named, stamp=1), 1, 0.0, Readings())
    prepared = [message("NDATA", (n + 1) % 256, range(per), named=named, stamp=n + 1) for n in range(total // per)]
    out, begun = Readings(), time.process_time()
    for at, data in enumerate(prepared):
        host.receive("spBv1.0/G/NDATA/N", data, 1, 0.0, out)
        if at % 512 == 511:  # as many as are handed on at once
            sink.put_all(out)
            out = Readings()
    seconds = time.process_time() - begun
    assert host.counts["metrics"] == METRICS + per * len(prepared)
    return per * len(prepared) / seconds


# The publisher: a process of its own that writes prepared PUBLISH packets.


def packet(topic: str, payload: bytes) -> bytes:
    body = len(topic).to_bytes(2, "big") + topic.encode() + payload
    size, left = bytearray(), len(body)
    while True:
        left, low = divmod(left, 128)
        size.append(low | (0x80 if left else 0))
        if not left:
            return b"\x30" + bytes(size) + body


def publish(port: int, rate: int, seconds: float, per: int) -> None:
    """Plays one edge node; says how many metrics it sent and its own CPU seconds."""
    sock = socket.create_connection(("127.0.0.1", port))
    sock.sendall(b"\x10\x12\x00\x04MQTT\x04\x02\x00\x00\x00\x06bench1")
    assert sock.recv(4)[3] == 0
    now = time.time_ns() // 1_000_000
    sock.sendall(packet("spBv1.0/G/NBIRTH/N", message("NBIRTH", 0, range(METRICS), named=False, stamp=now)))
    sent, seq, begun = 0, 1, time.monotonic()
    while (passed := time.monotonic() - begun) < seconds:
        want = int(passed * rate)
        stamp, chunk = time.time_ns() // 1_000_000, bytearray()
        while sent < want:
            chunk += packet("spBv1.0/G/NDATA/N", message("NDATA", seq, range(per), named=False, stamp=stamp))
            seq, sent = (seq + 1) % 256, sent + per
        sock.sendall(chunk)
        time.sleep(CHUNK_S)
    time.sleep(1.0)
    print(sent, time.process_time(), flush=True)
    sock.sendall(b"\xe0\x00")
    sock.close()


def cpu_of(pid: int) -> float:
    """CPU seconds of a process so far."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Live:
    """One rate. sent, kept: metrics; p50, p99: ms; CPU in seconds a second."""

    rate: int
    sent: int
    kept: int
    p50: float
    p99: float
    cpu: float
    broker: float
    publisher: float


def live(port: int, broker: int, rate: int, seconds: float, per: int) -> Live:
    sink = Counting()
    collecting = Collecting(Sparkplug(servers=(f"mqtt://127.0.0.1:{port}",)), sink)
    stop = threading.Event()
    thread = threading.Thread(target=collecting.run, args=(stop,))
    thread.start()
    assert sink.up_.wait(20)
    time.sleep(0.5)
    ours, theirs = time.process_time(), cpu_of(broker)
    command = [sys.executable, __file__, "--publish", str(port), "--rates", str(rate), "--seconds", str(seconds)]
    done = subprocess.run([*command, "--per-message", str(per)], capture_output=True, text=True, check=True)
    sent, publisher = int(done.stdout.split()[0]), float(done.stdout.split()[1])
    limit = time.monotonic() + 60
    while collecting.totals().get("metrics", 0) < sent + METRICS and time.monotonic() < limit:
        time.sleep(0.1)
    ours, theirs = time.process_time() - ours, cpu_of(broker) - theirs
    stop.set()
    thread.join()
    kept = collecting.totals().get("metrics", 0) - METRICS
    ages = sorted(age for age, size in sink.ages for _ in range(max(1, size // per)))
    p99 = ages[int(0.99 * (len(ages) - 1))]
    return Live(rate, sent, kept, statistics.median(ages), p99, ours / seconds, theirs / seconds, publisher / seconds)


@contextlib.contextmanager
def mosquitto() -> Any:
    program = shutil.which("mosquitto", path="/usr/sbin:/usr/bin")
    if program is None:
        sys.exit("no mosquitto: scripts/install-test-deps.sh installs it")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    with tempfile.TemporaryDirectory() as folder:
        settings = Path(folder) / "mosquitto.conf"
        settings.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\nuser root\n")
        process = subprocess.Popen([program, "-c", str(settings)], stderr=subprocess.DEVNULL)
        time.sleep(0.5)
        yield port, process.pid
        process.terminate()
        process.wait(10)


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="not used: the messages are made up")
    parser.add_argument("--rates", default="20000,50000,100000", help="metrics/s that are published")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--per-message", type=int, default=20, help="metrics in a message")
    parser.add_argument("--publish", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    rates = [int(rate) for rate in options.rates.split(",")]
    if options.publish:
        publish(options.publish, rates[0], options.seconds, options.per_message)
        return 0
    print(f"load before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n")
    print("| metrics in a message | by alias, metrics/s of a core | by name |\n| --- | --- | --- |")
    alone = {per: (read_alone(per, named=False), read_alone(per, named=True)) for per in (1, 10, 100)}
    for per, (alias, name) in alone.items():
        print(f"| {per} | {alias:,.0f} | {name:,.0f} |")
    print(f"\n{options.per_message} metrics a message\n")
    print("| published, metrics/s | sent | read | p50 ms | p99 ms | CPU | mosquitto | publisher |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    found = []
    with mosquitto() as (port, pid):
        for rate in rates:
            one = live(port, pid, rate, options.seconds, options.per_message)
            found.append(one)
            print(f"| {rate:,} | {one.sent:,} | {one.kept:,} | {one.p50:.0f} | {one.p99:.0f} | {one.cpu:.2f} | "
                  f"{one.broker:.2f} | {one.publisher:.2f} |", flush=True)  # fmt: skip
    held = [one.rate for one in found if one.kept == one.sent and one.p99 < GOAL_P99_MS]
    best, reads = max(held, default=0), alone[10][0]
    good = reads >= GOAL_RATE and best >= GOAL_RATE
    print(f"\nload after: {os.getloadavg()[0]:.1f}")
    print(f"read {reads:,.0f} metrics/s on a core; live {best:,} metrics/s, none lost, p99 < {GOAL_P99_MS:.0f} ms: "
          f"{'goals hold' if good else 'goals do not hold'}")  # fmt: skip
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
