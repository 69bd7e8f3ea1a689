"""Plant time: real time until the plant is up, and from then on `scale` times as fast."""

from __future__ import annotations

import time
from dataclasses import dataclass


@dataclass(frozen=True)
class PlantClock:
    """`start_ns`: the moment, in both times, from which plant time runs faster (ns since 1970, UTC).

    Before it, devices start and find each other; at a high scale that alone would be hours of the plant's life.
    """

    start_ns: int
    scale: float

    def plant_ns(self, real_ns: int) -> int:
        """Plant time of a moment in real time. Integers: a double would lose the nanoseconds of a date."""
        passed = real_ns - self.start_ns
        if passed <= 0:
            return real_ns
        if self.scale == int(self.scale):
            return self.start_ns + passed * int(self.scale)
        return self.start_ns + round(passed * self.scale)

    def now_ns(self) -> int:
        """Plant time now."""
        return self.plant_ns(time.time_ns())

    def now_ms(self) -> int:
        """Plant time now in milliseconds, as Sparkplug stamps it."""
        return self.now_ns() // 1_000_000
