"""The highest rate at which a listener loses nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from _speed.cable import Cable
from _speed.listeners import Heard, Listener

GOAL_RATE = 100_000
RATES = (GOAL_RATE, 200_000, 400_000, 800_000, 1_600_000)
BISECTIONS = 3
CALM = 0.97
"""A rate was reached if the sender came so near to it; below, it is the sender that is the limit."""


@dataclass(frozen=True, slots=True)
class Mix:
    """Traffic to send."""

    name: str
    path: Path
    packets: int


@dataclass(frozen=True, slots=True)
class Probe:
    """One rate, tried by one listener."""

    asked: int
    rate: float
    packets: int
    lost: int
    heard: Heard

    @property
    def clean(self) -> bool:
        """Whether nothing was lost."""
        return self.lost == 0

    @property
    def cpu_per_million(self) -> float:
        """CPU seconds of the listener for a million packets."""
        return self.heard.cpu_s / max(self.heard.packets, 1) * 1e6


@dataclass(frozen=True, slots=True)
class Best:
    """What was found for a listener: its highest rate without a loss (0: none), and the cost there."""

    mix: str
    tool: str
    rate: float
    sender_is_limit: bool
    cpu_per_million: float
    cpu_at_goal: float
    peak_mb: float
    rows: int

    def __str__(self) -> str:
        limit = "sender" if self.sender_is_limit else "listener"
        return (
            f"{self.mix:>10} {self.tool:>11} {self.rate:>11,.0f} {limit:>9} {self.cpu_per_million:>8.2f} "
            f"{self.cpu_at_goal:>10.2f} {self.peak_mb:>8.0f} {self.rows:>11,}"
        )


HEAD = (
    f"{'mix':>10} {'tool':>11} {'asked/s':>10} {'sent/s':>10} {'sent':>10} {'lost':>9} {'CPU s/M':>8} "
    f"{'peak MB':>8} {'rows':>10}"
)
BEST_HEAD = (
    f"{'mix':>10} {'tool':>11} {'clean at/s':>11} {'limit':>9} {'CPU s/M':>8} {'at 100k/s':>10} "
    f"{'peak MB':>8} {'rows':>11}"
)


@dataclass(frozen=True, slots=True)
class Bench:
    """Where and how long."""

    cable: Cable
    place: Path
    seconds: float

    def probe(self, kind: Callable[[Cable, Path], Listener], mix: Mix, rate: int) -> Probe:
        """A new listener hears a mix at a rate."""
        out = self.place / "probe"
        out.mkdir()
        listener = kind(self.cable, out)
        sent = self.cable.send(mix.path, rate, min(mix.packets, int(rate * self.seconds)))
        heard = listener.end()
        # What the listener counts as lost, or what is missing: the larger, should its own counters be wrong.
        lost = max(heard.lost, sent.packets - heard.packets)
        found = Probe(rate, sent.rate, sent.packets, lost, heard)
        shutil.rmtree(out)
        print(
            f"{mix.name:>10} {listener.name:>11} {rate:>10,} {sent.rate:>10,.0f} {sent.packets:>10,} {lost:>9,} "
            f"{found.cpu_per_million:>8.2f} {heard.peak_mb:>8.0f} {sum(heard.rows.values()):>10,}",
            flush=True,
        )
        return found


def search(bench: Bench, kind: type[Listener], mix: Mix) -> Best:
    """Doubles the rate until something is lost, then halves the interval; the best is tried a second time."""
    probes: list[Probe] = []

    def clean(rate: int) -> bool:
        probes.append(bench.probe(kind, mix, rate))
        return probes[-1].clean

    low, high = 0, 0
    for rate in RATES:
        if not clean(rate):
            high = rate
            break
        low = rate
        if probes[-1].rate < CALM * rate:
            break
    for _ in range(BISECTIONS if high and low else 0):
        middle = (low + high) // 2
        low, high = (middle, high) if clean(middle) else (low, middle)
    return best_of(bench, kind, mix, probes)


def best_of(bench: Bench, kind: type[Listener], mix: Mix, probes: list[Probe]) -> Best:
    """The highest clean rate that is clean a second time, too: once may be luck."""
    at_goal = next(p for p in probes if p.asked == GOAL_RATE)
    for probe in sorted((p for p in probes if p.clean), key=lambda p: -p.rate):
        again = bench.probe(kind, mix, probe.asked)
        if again.clean:
            limited = again.rate < CALM * again.asked
            cpu = (probe.cpu_per_million + again.cpu_per_million) / 2
            peak = max(probe.heard.peak_mb, again.heard.peak_mb)
            rows = sum(again.heard.rows.values())
            return Best(
                mix.name, kind.name, min(probe.rate, again.rate), limited, cpu, at_goal.cpu_per_million, peak, rows
            )
    return Best(mix.name, kind.name, 0, False, float("nan"), at_goal.cpu_per_million, at_goal.heard.peak_mb, 0)
