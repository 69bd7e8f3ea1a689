"""Values that stand still or come again, in plain words: what the engine's `Points` must find, reading by reading."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import NamedTuple

HISTORY = 600
SECOND = 1_000_000_000


class Reading(NamedTuple):
    """Of one point, as the engine samples it."""

    point: int
    ts: int
    hash: int
    sum: float
    frame: int
    by_turn: bool
    by_hash: bool


class Params(NamedTuple):
    """As those of `values_repeated`."""

    replayed: int
    distinct: int
    still: int
    still_s: float
    lively: float
    known: int


@dataclass
class _Point:
    seen: list[tuple[int, int]] = field(default_factory=list)
    """Time and value, one a second at most."""
    past: list[int] = field(default_factory=list)
    """The chosen values, no two alike in a row."""
    gone: int = 0
    at: int | None = None
    run: dict[int, float] = field(default_factory=dict)
    sums: list[float] = field(default_factory=list)

    def stands(self, ts: int, value: int, p: Params) -> bool:
        """Has it stood still too long for what it was?"""
        if self.seen and self.seen[-1][0] // SECOND == ts // SECOND:
            return False
        self.seen.append((ts, value))
        same = next((n for n, (_, v) in enumerate(reversed(self.seen)) if v != value), len(self.seen))
        moved = len(self.seen) - same
        changes = 1 + sum(a[1] != b[1] for a, b in zip(self.seen, self.seen[1:], strict=False))
        long = ts - self.seen[-same][0] >= p.still_s * 1e9
        return same > 1 and same >= p.still and long and moved >= p.known and changes >= p.lively * moved

    def follows(self, value: int, frame: int, total: float, p: Params) -> list[int] | None:
        """The packets that followed an earlier sequence, if they are enough."""
        if self.past and self.past[-1] == value:
            return None
        there = self.past[self.gone :]
        if self.at is not None and self.gone <= self.at + 1 < len(self.past) and self.past[self.at + 1] == value:
            self.at += 1
        else:
            places = [self.gone + n for n, v in enumerate(there) if v == value]
            self.at, self.run, self.sums = places[-1] if places else None, {}, []
        self.past.append(value)
        self.gone = max(self.gone, len(self.past) - HISTORY)
        if self.at is None:
            return None
        self.run[frame] = total
        self.sums.append(total)
        steps = list(zip(self.sums, self.sums[1:], strict=False))
        moves_both_ways = any(b < a for a, b in steps) and any(b > a for a, b in steps)
        enough = len(self.run) >= p.replayed and len(set(self.sums)) >= p.distinct
        if not (len(self.past) >= p.known and enough and moves_both_ways):
            return None
        frames, self.run, self.sums = list(self.run), {}, []
        return frames


class PlainPoints:
    """The same as `linewarden.sensor.points.Points`."""

    def __init__(self, most: int, params: Params) -> None:
        self.most, self.params = most, params
        self.held: OrderedDict[int, _Point] = OrderedDict()

    def look(self, readings: list[Reading]) -> list[tuple[int, list[int] | None]]:
        """Point by point."""
        found: list[tuple[int, list[int] | None]] = []
        for key in dict.fromkeys(r.point for r in readings):
            if key not in self.held and len(self.held) >= self.most:
                self.held.popitem(last=False)
            point = self.held.setdefault(key, _Point())
            self.held.move_to_end(key)
            for number, r in ((n, r) for n, r in enumerate(readings) if r.point == key):
                if r.by_turn and point.stands(r.ts, r.hash, self.params):
                    found.append((number, None))
                    point = self.held[key] = _Point()
                    continue
                frames = point.follows(r.hash, r.frame, r.sum, self.params) if r.by_hash else None
                if frames is not None:
                    found.append((number, frames))
        return found
