"""How long it takes from the arrival of a sample to its score, and where that time goes.

arrival --gather--> numbered --queue--> taken --row--> its row is over --judge--> score
                            +--disk--> synced (not waited for, but by notices)
"""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

STAGES = ("gather", "queue", "row", "judge")
"""Of a score, in their order; together they are all of it."""
MOST_OPEN = 4_096
"""Blocks that wait for their rows at most: more are of machines that fell silent, and are not told."""
Whole = npt.NDArray[np.int64]
Series = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Came:
    """A block. arrived: of its first sample; made: it became a block; taken: by who judges; all in ns UTC. owners and
    latest: the machines that its samples are of, and the latest time of each, s UTC."""

    arrived: int
    made: int
    taken: int
    owners: Whole
    latest: Series


class Delays:
    """Of the latest blocks: those of which all rows have been judged. `kept`: so many."""

    def __init__(self, kept: int = 4_096) -> None:
        self._open: list[Came] = []
        self._told: deque[tuple[float, ...]] = deque(maxlen=kept)
        self._disk: deque[float] = deque(maxlen=kept)
        self._lock = threading.Lock()

    def came(self, block: Came) -> None:
        """A block that is to be judged."""
        self._open = [*self._open[-MOST_OPEN:], block]

    def judged(self, ends: Series, began: int) -> None:
        """Rows were judged now. ends: by machine until when, s UTC; began: when that was begun, ns UTC."""
        now, still = time.time_ns(), []
        for block in self._open:
            if (ends[block.owners] > block.latest).all():
                began_here = max(began, block.taken)
                times = (block.arrived, block.made, block.taken, began_here, now)
                with self._lock:
                    self._told.append(tuple((b - a) / 1e6 for a, b in pairwise(times)))
            else:
                still.append(block)
        self._open = still

    def synced(self, made: int) -> None:
        """A block that was made then, ns UTC, is on disk now. From another thread."""
        with self._lock:
            self._disk.append((time.time_ns() - made) / 1e6)

    def as_dict(self) -> dict[str, object]:
        """ms: the middle one, the 99th of a hundred, the longest, of all and of each stage; empty before the first."""
        with self._lock:
            told, disk = np.array(self._told), np.array(self._disk)
        if not len(told):
            return {}
        stages = dict(zip(STAGES, map(_of, told.T), strict=True))
        if len(disk):
            stages["disk"] = _of(disk)
        return {**_of(told.sum(axis=1)), "stages": stages}


def _of(ms: Series) -> dict[str, float]:
    ordered = np.sort(ms)
    places = {"p50_ms": len(ordered) // 2, "p99_ms": min(len(ordered) - 1, len(ordered) * 99 // 100), "max_ms": -1}
    return {name: round(float(ordered[place]), 1) for name, place in places.items()}
