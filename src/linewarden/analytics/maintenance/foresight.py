"""Watches a value that has a limit, and warns while there is still time to act.

One value a row (an hour's mean, say). With each row the trend of the last ones is asked when it meets the limit
(`limits`); a warning is given when that is within `horizon` for `hold` rows in a row, so that a few odd values are not
taken for wear.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from linewarden.analytics.maintenance.limits import AGAIN, FEWEST, Reach, time_to_limit

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Warned:
    """at: when it was said. reach: what the trend said then."""

    at: float
    reach: Reach


@dataclass(frozen=True, slots=True)
class LimitWatch:
    """limit: is passed upwards, or `below`: downwards. horizon: of the warning, in the unit of the times. rows: of the
    trend. moved: least change within them, in robust standard deviations of the values around their trend, before a
    trend is believed at all."""

    limit: float
    horizon: float
    below: bool = False
    rows: int = 48
    hold: int = 3
    moved: float = 3.0
    coverage: float = 0.9

    def reach(self, at: Floats, values: Floats, new: float | None = None, *, interval: bool = True) -> Reach | None:
        """What the last rows say; None where they are too few, or do not move. new: the value without wear."""
        at, values = at[-self.rows :], values[-self.rows :]
        there = np.isfinite(values)
        if there.sum() < max(FEWEST, self.rows // 2):
            return None
        again = AGAIN if interval else 0
        found = time_to_limit(
            at[there], values[there], self.limit, self.coverage, below=self.below, new=new, again=again
        )
        if found.reached:
            return found
        t, y = at[there], values[there]
        half = len(y) // 2
        step = abs(float(np.median(y[half:]) - np.median(y[:half])))
        noise = 1.4826 * float(np.median(np.abs(np.diff(y) - np.median(np.diff(y))))) / 2**0.5
        return found if t[-1] > t[0] and step > self.moved * noise / max(half, 1) ** 0.5 else None

    def first(self, at: Floats, values: Floats) -> Warned | None:
        """The first warning along the history of a machine from when it was new, as it would have been given then; None
        where there is none. What it is without wear is told from the first half of as many rows as a trend has."""
        early = values[: self.rows // 2]
        new = float(np.nanmin(early)) - float(np.nanstd(early)) if np.isfinite(early).any() else None
        if new is not None and self.below:
            new = float(np.nanmax(early)) + float(np.nanstd(early))
        close = 0
        for row in range(1, len(at) + 1):
            found = self.reach(at[:row], values[:row], new, interval=False)
            close = close + 1 if found is not None and found.left <= self.horizon else 0
            if close >= self.hold and found is not None:
                return Warned(float(at[row - 1]), self.reach(at[:row], values[:row], new) or found)
        return None
