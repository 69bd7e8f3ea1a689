"""Readings of single tags, as they come, to rows on a grid of time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import floor, isfinite, nan

import numpy as np

from linewarden.analytics.contract import Rows, Series


@dataclass(frozen=True)
class Reading:
    """One value of one tag. at: seconds."""

    at: float
    tag: str
    value: float


@dataclass
class Counts:
    """What did not become part of a row of its own."""

    late: int = 0
    repeated: int = 0
    unknown: int = 0


class Grid:
    """One row each `seconds`: the last value of each tag in it. A tag that said nothing keeps its value for `stale`
    seconds and is NaN after that. A row is closed once a reading came that is `wait` seconds past its end; what comes
    for a closed row is late.

    At most `most` rows are made of one gap: after a longer silence time goes on where it is.
    """

    def __init__(
        self, tags: Sequence[str], seconds: float, *, stale: float, wait: float = 0.0, most: int = 1000
    ) -> None:
        self.tags = tuple(tags)
        self.seconds, self.stale, self.wait, self.most = seconds, stale, wait, most
        self.counts = Counts()
        self._place = {tag: k for k, tag in enumerate(self.tags)}
        self._open: dict[int, dict[int, Reading]] = {}
        self._next: int | None = None
        self._newest = -np.inf
        self._held: dict[int, Reading] = {}

    def rows(self, readings: Iterable[Reading]) -> tuple[Rows, Series]:
        """Rows that these readings closed, (n, tags), and the time at the end of each."""
        for reading in readings:
            self._take(reading)
        ready = floor((self._newest - self.wait) / self.seconds) if isfinite(self._newest) else 0
        return self._closed(ready)

    def flush(self) -> tuple[Rows, Series]:
        """All rows that were begun: at the end of a file."""
        return self._closed(max(self._open, default=-1) + 1)

    def _take(self, reading: Reading) -> None:
        column = self._place.get(reading.tag)
        if column is None or not isfinite(reading.at):
            self.counts.unknown += 1
            return
        row = floor(reading.at / self.seconds)
        if self._next is None:
            self._next = row
        if row < self._next:
            self.counts.late += 1
            return
        before = self._open.setdefault(row, {}).get(column)
        if before is not None and before.at >= reading.at:
            self.counts.repeated += 1
            return
        self._open[row][column] = reading
        self._newest = max(self._newest, reading.at)

    def _closed(self, until: int) -> tuple[Rows, Series]:
        if self._next is None or until <= self._next:
            return np.empty((0, len(self.tags))), np.empty(0)
        first = self._next if until - self._next <= self.most else until - self.most
        for row in sorted(r for r in self._open if r < first):
            self._held.update(self._open.pop(row))
        out = [self._row(row) for row in range(first, until)]
        self._next = until
        at = (np.arange(first, until, dtype=np.float64) + 1.0) * self.seconds
        return np.array(out, np.float64), at

    def _row(self, row: int) -> list[float]:
        self._held.update(self._open.pop(row, {}))
        end = (row + 1) * self.seconds
        held = (self._held.get(k) for k in range(len(self.tags)))
        return [r.value if r is not None and end - r.at <= self.stale + self.seconds else nan for r in held]
