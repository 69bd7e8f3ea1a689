"""How long it takes from the arrival of a sample to its score."""

from __future__ import annotations

import time
from collections import deque


class Delays:
    """Of the latest samples: those whose row of time has been judged."""

    def __init__(self, kept: int = 4_096) -> None:
        self._open: deque[tuple[float, int]] = deque(maxlen=65_536)
        self._told: deque[float] = deque(maxlen=kept)

    def came(self, ts: float, arrived: int) -> None:
        """A batch: its latest time, s UTC, and when its first sample arrived, ns UTC."""
        self._open.append((ts, arrived))

    def judged(self, until: float) -> None:
        """All rows up to this time, s UTC, were judged now."""
        now = time.time_ns()
        while self._open and self._open[0][0] <= until:
            self._told.append((now - self._open.popleft()[1]) / 1e6)

    def as_dict(self) -> dict[str, float]:
        """ms: the middle one, the 99th of a hundred, the longest; empty before the first."""
        told = sorted(self._told)
        if not told:
            return {}
        ninety_ninth = told[min(len(told) - 1, len(told) * 99 // 100)]
        return {"p50_ms": told[len(told) // 2], "p99_ms": ninety_ninth, "max_ms": told[-1]}
