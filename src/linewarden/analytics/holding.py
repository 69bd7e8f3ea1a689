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
    """After something rare, only what is rarer by `more` counts for `rows` rows. arms: from where on the period
    begins."""

    def __init__(self, rows: int, arms: float, more: float) -> None:
        self.rows, self.arms, self.more = rows, arms, more
        self._left = 0
        self._peak = 0.0

    def passes(self, rare: float) -> float:
        """The value of the next row, or 0 where it is held back."""
        self._left -= 1
        if self._left < 0:
            self._peak = 0.0
        if self._peak and rare <= self._peak + self.more:
            return 0.0
        if rare > self.arms:
            self._peak, self._left = rare, self.rows
        return rare
