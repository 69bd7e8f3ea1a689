"""When an alarm begins, how long it is held, and when the next may be told."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Flags = npt.NDArray[np.bool_]


class Hold:
    """An alarm lasts until `quiet` rows in a row were below the limit. quiet 0: only while above it."""

    def __init__(self, quiet: int) -> None:
        self.quiet = quiet
        self._left = 0

    def over(self, hot: Flags) -> Flags:
        """(n,) above the limit -> (n,) alarm."""
        n = len(hot)
        if not n:
            return hot.copy()
        place = np.arange(n)
        last = np.maximum.accumulate(np.where(hot, place, self._left - 1 - self.quiet))
        alarm = (place - last) <= self.quiet if self.quiet else hot.copy()
        self._left = max(0, int(self.quiet - (n - 1 - last[-1]))) if self.quiet else 0
        return alarm


class Refractory:
    """After something was told, only what is clearly worse is told again within `rows` rows."""

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self._until = -1
        self._now = -1
        self._told = 0.0

    def passes(self, score: float, limit: float) -> bool:
        """Whether the next row's score is told anew."""
        self._now += 1
        if self._now > self._until:
            self._told = 0.0
        if score <= max(limit, self._told):
            return False
        self._told = score
        self._until = self._now + self.rows
        return True
