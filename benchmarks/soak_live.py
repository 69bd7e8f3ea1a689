"""Does memory stay flat, and what must be bounded bounded, while a sensor listens for an hour and things go wrong?

`linewarden watch` (or `serve`) on a veth pair, under polling, connections that come and go, devices that come and go,
damaged frames and bursts (`_speed/soak_load.py`); meanwhile its interface goes down and away, its disk is full, and the
whole process stands still. Memory is sampled every few seconds. Prints a line a minute; ends with 1 where a goal is
missed, with 2 where it cannot be run. Needs root.

usage: python benchmarks/soak_live.py [--seconds 3600] [--serve] [--rate 3000] [--data ../shared/data]
"""

from __future__ import annotations

import argparse
import contextlib
import math
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

HERE = Path(__file__).resolve().parent
if str(HERE) not in sys.path:
    sys.path.insert(0, str(HERE))

from _speed import flatness, rule, tools  # noqa: E402
from _speed.cable import FAR, NEAR, Cable, why_not  # noqa: E402
from _speed.soaked import KEEP_MB, Sample, Serve, Watch  # noqa: E402

DISK = "1g"
"""Memory, in the end: what an hour writes fits twice, and a full disk is not a full machine."""
SAMPLE_S = 3.0
LARGEST_CAPTURE, CAPTURES = 200_000, 40
"""Bytes of a capture that is played, too, and how many."""
WARM_UP, CYCLES = 1 / 3, 5
"""In this share of the time everything is seen so many times, and memory grows as it must: conversations that nobody
ends are kept for 15 minutes, and the C library needs some cycles until its free places fit what comes again."""
MORE_FDS, MORE_THREADS = 16, 2
MERGING_FDS, MERGING_THREADS = 64, 12
"""The service opens the files that it merges, for a moment, and the threads that read them."""
PEACE_S = 45.0
"""Nothing goes wrong for so long before the end, and no more rows may be lost."""
UNSURE = 2_000
"""Frames around each time when nothing can be heard, as the load tells only once a second how many it has sent."""
HEAD = (
    f"{'minute':>6} {'packets':>11} {'lost':>6} {'RSS MB':>7} {'own MB':>7} {'rows':>11} {'rows lost':>9} "
    f"{'assets':>7} {'files':>7} {'ring MB':>7} {'fds':>4} {'threads':>7}  what happened"
)


class Load:
    """The process that speaks, and how many frames it has sent."""

    def __init__(self, cable: Cable, rate: float, cycle_s: float, captures: Sequence[Path]) -> None:
        command = [sys.executable, str(HERE / "_speed" / "soak_load.py"), FAR, str(rate), str(cycle_s)]
        self.process = subprocess.Popen(cable.command(*command, *map(str, captures)), stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.sent = 0
        threading.Thread(target=self._read, args=(self.process.stdout,), daemon=True).start()

    def _read(self, lines: IO[str]) -> None:
        for line in lines:
            self.sent = int(line)

    def end(self) -> None:
        self.process.kill()
        self.process.wait()


@dataclass(slots=True)
class Soak:
    """What is going on, and what was seen."""

    cable: Cable
    subject: Watch
    load: Load
    disk: Path
    samples: list[Sample] = field(default_factory=list)
    files: list[tuple[float, int]] = field(default_factory=list)
    ring_mb: float = 0.0
    unjudged: int = 0
    """Frames that were sent while nothing could be heard."""

    def troubles(self) -> Iterator[Callable[[], str]]:
        """What goes wrong, in turn, for ever."""
        while True:
            yield from (self.down, self.stopped, self.away, self.full)

    @contextlib.contextmanager
    def deaf(self) -> Iterator[None]:
        """The load tells once a second how much it has sent: what is sent in the seconds around counts as unheard."""
        time.sleep(1.1)
        before = self.load.sent
        yield
        time.sleep(3.5)  # it is noticed, and told, within a second or two
        self.unjudged += self.load.sent - before + UNSURE

    def down(self) -> str:
        with self.deaf():
            self.cable.ip("link", "set", NEAR, "down")
            time.sleep(3)
            self.cable.ip("link", "set", NEAR, "up")
        return "interface down for 3 s"

    def away(self) -> str:
        with self.deaf():
            self.cable.ip("link", "del", FAR)
            time.sleep(3)
            self.cable.plug()
        return "interface gone for 3 s, made anew"

    def stopped(self) -> str:
        self.subject.process.send_signal(signal.SIGSTOP)
        time.sleep(1.5)
        self.subject.process.send_signal(signal.SIGCONT)
        return "process stood still for 1.5 s"

    def full(self) -> str:
        filler = self.disk / "filler"
        with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(1 << 20))
        time.sleep(6)
        filler.unlink()
        return "disk full for 6 s"

    def run(self, seconds: float) -> None:
        """Until the time is over: samples, a trouble now and then, a line a minute."""
        troubles, every = self.troubles(), max(20.0, seconds / 40)
        began = time.monotonic()
        trouble_at, line_at, happened = began + every, began, list[str]()
        while (now := time.monotonic()) < began + seconds:
            self.samples.append(self.subject.sample())
            if now >= line_at:
                line_at += 60
                self.line(happened)
                happened = []
            if now >= trouble_at and now < began + seconds - PEACE_S - 15:
                trouble_at = now + every
                happened.append(next(troubles)())
            time.sleep(SAMPLE_S)
        self.samples.append(self.subject.sample())
        self.line(happened)

    def line(self, happened: Sequence[str]) -> None:
        s = self.samples[-1]
        files, ring = self.subject.lake_files(), self.subject.ring_mb()
        self.files.append((s.at, files))
        self.ring_mb = max(self.ring_mb, ring)
        print(
            f"{s.at / 60:>6.1f} {s.packets:>11,} {s.lost:>6,} {s.rss_mb:>7.1f} {s.anon_mb:>7.1f} {s.rows:>11,} "
            f"{s.rows_lost:>9,} {s.assets:>7,} {files:>7,} {ring:>7.1f} {s.fds:>4} {s.threads:>7}  "
            f"{'; '.join(happened)}",
            flush=True,
        )

    def goals(self, seconds: float, code: int) -> list[rule.Goal]:
        """What must hold, after the end."""
        steady = [s for s in self.samples if s.at >= WARM_UP * seconds]
        trend = flatness.trend([(s.at, s.anon_mb) for s in steady], min(60.0, seconds / 20))
        fds = max(s.fds for s in steady) - steady[0].fds
        threads = max(s.threads for s in steady) - steady[0].threads
        merges = self.subject.compacts
        most_fds, most_threads = (MERGING_FDS, MERGING_THREADS) if merges else (MORE_FDS, MORE_THREADS)
        log = self.subject.log.read_text(errors="replace")
        last = self.subject.status() if not self.subject.compacts else {}
        heard, lost = self.samples[-1].packets, self.samples[-1].lost
        goals = [
            rule.Goal(f"memory {steady[-1].anon_mb:.0f} MB, {trend} (goal {flatness.LIMIT:g})", trend.flat),
            rule.Goal(f"{lost} packets lost", lost == 0),
            rule.Goal(f"{fds:+} file descriptors, {threads:+} threads", fds <= most_fds and threads <= most_threads),
            rule.Goal(f"ended with {code}, {log.count('Traceback')} tracebacks", code == 0 and "Traceback" not in log),
        ]
        calm = next(s for s in self.samples if s.at >= self.samples[-1].at - PEACE_S)
        late = self.samples[-1].rows_lost - calm.rows_lost
        goals.append(rule.Goal(f"{late:,} rows lost after the disk was full for the last time", late == 0))
        if last:
            heard = last["packets"]
            rows = sum(n for k, n in tools.lake_rows(self.subject.lake).items() if k != "bytes")
            goals.append(rule.Goal(f"{rows:,} rows in the lake of {last['rows']:,} told", rows == last["rows"]))
            goals.append(rule.Goal(f"packets kept {self.ring_mb:.0f} MB", self.ring_mb <= KEEP_MB * 1.1))
        unheard = max(0, self.load.sent - heard - self.unjudged)
        goals.append(rule.Goal(f"{unheard} frames unheard while the interface was up", unheard == 0))
        if self.subject.compacts:
            goals.append(self.bounded_files())
        return goals

    def bounded_files(self) -> rule.Goal:
        """Files are merged as fast as they come: no more in the last third than in the one before, but for some."""
        third = max(1, len(self.files) // 3)
        middle, last = (
            max(n for _, n in part) for part in (self.files[-2 * third : -third] or self.files, self.files[-third:])
        )
        return rule.Goal(f"{last:,} files, {middle:,} before", last <= middle * 1.2 + 100)


def captures(data: Path) -> list[Path]:
    """Small captures that are played, too; as they are in a folder that may be missing."""
    folder = data / "captures"
    found = sorted(p for p in folder.glob("*.pcap") if p.stat().st_size <= LARGEST_CAPTURE) if folder.is_dir() else []
    return found[:: max(1, math.ceil(len(found) / CAPTURES))]


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    rule.add_data(parser, "captures that are played, too")
    parser.add_argument("--seconds", type=float, default=3_600)
    parser.add_argument("--rate", type=float, default=3_000, help="packets/s of polling; the rest comes on top")
    parser.add_argument("--serve", action="store_true", help="`linewarden serve` instead of `watch`")
    args = parser.parse_args()
    if why := why_not("mount"):
        print(f"soak-live: not run: {why}")
        return 2
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that nothing of it stays behind
    with tempfile.TemporaryDirectory(prefix="linewarden-soak-") as place, Cable("lw-soak") as cable:
        disk = Path(place) / "disk"
        disk.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}", "linewarden-soak", str(disk)], check=True)
        try:
            return soaked(args, cable, disk)
        finally:
            subprocess.run(["umount", "-l", str(disk)], check=False)


def soaked(args: argparse.Namespace, cable: Cable, disk: Path) -> int:
    """The run, and what it says."""
    subject = (Serve if args.serve else Watch)(cable, disk)
    try:
        load = Load(cable, args.rate, WARM_UP * args.seconds / CYCLES, captures(args.data))
        try:
            soak = Soak(cable, subject, load, disk)
            print(f"soak-live: {subject.name} for {args.seconds:,.0f} s\n{HEAD}", flush=True)
            soak.run(args.seconds)
        finally:
            load.end()
        time.sleep(4)  # what is on the way is heard, and told
        soak.samples.append(subject.sample())
        code = subject.end()
        return rule.verdict("soak-live", soak.goals(args.seconds, code))
    finally:
        subject.end()


if __name__ == "__main__":
    sys.exit(main())
