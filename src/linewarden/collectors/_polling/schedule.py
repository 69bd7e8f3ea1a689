"""When each group of tags is due, on a clock of seconds that never goes back. Pure: the clock is handed in."""

from __future__ import annotations

import math
import random
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

SOON = 2.0
"""Seconds within which each group is asked for the first time, however long its interval."""


@dataclass(slots=True)
class _Group:
    interval: float
    phase: float
    due: float


class Schedule:
    """Each group has its own phase, so that many devices, and the groups of one, are not asked in the same moment.

    intervals: seconds by name of the group. key: what tells this device from others. The phase is made from both: it is
    the same after a restart.
    """

    def __init__(self, intervals: Mapping[str, float], key: str, now: float) -> None:
        self._groups: dict[str, _Group] = {}
        for name, interval in intervals.items():
            part = zlib.crc32(f"{key}/{name}".encode()) / 2**32
            self._groups[name] = _Group(interval, part * interval, now + part * min(interval, SOON))

    def due(self, now: float) -> list[tuple[str, int]]:
        """(group, how many of its polls were left out before) of all that are due, longest waiting first. Each is then
        due again at its next place; what was missed is not made up for."""
        found = sorted((g.due, name) for name, g in self._groups.items() if g.due <= now)
        return [(name, self._advance(self._groups[name], now)) for _, name in found]

    @staticmethod
    def _advance(group: _Group, now: float) -> int:
        missed = math.floor((now - group.due) / group.interval)
        steps = math.floor((now - group.phase) / group.interval) + 1
        group.due = group.phase + steps * group.interval
        if group.due <= now:  # a rounding of floats
            group.due += group.interval
        return missed

    def pass_by(self, now: float) -> int:
        """How many polls were due until now; all are given up."""
        return sum(missed + 1 for _, missed in self.due(now))

    def soon(self, now: float) -> None:
        """Every group is due at once: a machine has just come back."""
        for group in self._groups.values():
            group.due = min(group.due, now)

    def wait(self, now: float) -> float:
        """Seconds until something is due."""
        return max(0.0, min(g.due for g in self._groups.values()) - now)


class Backoff:
    """How long to wait before another try: twice as long each time, with dice, so that not all come back at once."""

    def __init__(self, first: float = 1.0, most: float = 60.0) -> None:
        self.first, self.most, self.tries = first, max(first, most), 0

    def next(self) -> float:
        """Seconds to wait now."""
        whole = min(self.most, self.first * 2.0 ** min(self.tries, 30))
        self.tries += 1
        return whole * random.uniform(0.75, 1.0)  # noqa: S311 - no secret

    def reset(self) -> None:
        """It worked."""
        self.tries = 0
