"""Is memory flat? A judgement of samples that does not mistake a sawtooth for a leak, nor a leak for noise.

What a leak raises is the floor: of each minute only the least sample counts. Through these floors goes the line of
Theil and Sen (the median of all slopes between two of them), which single jumps do not move; Kendall's variance says
between which slopes the true one lies (95 %), as in Gilbert, Statistical Methods for Environmental Pollution
Monitoring (1987), section 16.5. Not flat is what surely grows faster than the limit, or has grown by more than a share
of itself.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

PER_S = 600.0
"""Slopes are told in MB per ten minutes."""
LIMIT = 1.0
SHARE = 0.15
LEAST = 5
"""Floors, to say anything."""
SURE = 1.96


@dataclass(frozen=True, slots=True)
class Trend:
    """MB per ten minutes: the likely slope, and between which it lies; the growth from the first floors to the last."""

    slope: float
    low: float
    high: float
    grown: float
    first: float

    @property
    def flat(self) -> bool:
        """Whether nothing surely grows. Too few samples are no proof."""
        return not math.isnan(self.slope) and self.low <= LIMIT and self.grown <= SHARE * self.first

    def __str__(self) -> str:
        return f"{self.slope:+.2f} MB per 10 min ({self.low:+.2f} to {self.high:+.2f}), {self.grown:+.1f} MB in all"


def floors(samples: Sequence[tuple[float, float]], window_s: float) -> list[tuple[float, float]]:
    """The least value of each window, at the time when it was seen."""
    least: dict[int, tuple[float, float]] = {}
    for at, value in samples:
        window = int(at // window_s)
        if window not in least or value < least[window][1]:
            least[window] = (at, value)
    return [least[w] for w in sorted(least)]


def trend(samples: Sequence[tuple[float, float]], window_s: float = 60.0) -> Trend:
    """The trend of (s, MB) samples."""
    points = floors(samples, window_s)
    n = len(points)
    if n < LEAST:
        return Trend(math.nan, math.nan, math.nan, math.nan, math.nan)
    slopes = sorted(
        (b[1] - a[1]) / (b[0] - a[0]) * PER_S for i, a in enumerate(points) for b in points[i + 1 :] if b[0] > a[0]
    )
    reach = SURE * math.sqrt(n * (n - 1) * (2 * n + 5) / 18)
    low = slopes[max(0, math.floor((len(slopes) - reach) / 2))]
    high = slopes[min(len(slopes) - 1, math.ceil((len(slopes) + reach) / 2))]
    third = max(1, n // 3)
    first, last = (statistics.median(v for _, v in part) for part in (points[:third], points[-third:]))
    return Trend(statistics.median(slopes), low, high, last - first, first)
