"""The practice plant's physics, run in this process, told as its Modbus devices tell it: frames of `reading`.

A day of plant time takes some seconds. Registers, factors and addresses are those of `exercises/devices`, so what is
learned here is what a sensor at the mirror port would read, once a second, without jitter or loss.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from linewarden.exercises.devices import filler
from linewarden.exercises.devices._modbus import Point
from linewarden.exercises.devices.modbus_field import ASKED, MEASURED
from linewarden.exercises.line import DEVICES
from linewarden.exercises.physics import Controls, Plant, step

FIRST_NS = 1_780_000_000_000_000_000
"""Plant time begins here; any time will do."""
HOUR = 3600
DEVICE_PARTS = {
    "io-filler": "io", "drive-conveyor": "conveyor", "drive-pump": "pump", "plc-utilities": "utilities",
    "safety-line1": "safety",
}  # fmt: skip
Course = Callable[[int, Controls, Plant], Controls]
"""Second of plant time, what is asked now, how the plant is -> what is asked then."""


@dataclass(frozen=True)
class Block:
    """Registers of a device that are read together."""

    source: str
    area: str
    points: tuple[Point, ...]

    @property
    def width(self) -> int:
        """Registers."""
        return max(p.address + (2 if p.wide else 1) for p in self.points)


def blocks() -> list[Block]:
    """All that is polled."""
    found = [Block(DEVICES["plc-filler"].address, "input_register", filler.MEASURED),
             Block(DEVICES["plc-filler"].address, "holding_register", filler.ASKED)]  # fmt: skip
    for name, part in DEVICE_PARTS.items():
        found.append(Block(DEVICES[name].address, "input_register", MEASURED[part]))
        if asked := ASKED[part]:
            found.append(Block(DEVICES[name].address, "holding_register", asked))
    return found


def run(course: Course, seconds: int, seed: int, plant: Plant | None = None, wanted: Callable[[str], float] | None = None) -> Iterator[tuple[int, Plant, Controls]]:
    """Second by second: number of the second, the plant after it, and what was asked."""
    now, controls = plant or Plant(), Controls()
    for second in range(seconds):
        controls = course(second, controls, now)
        now = step(now, controls, 1.0, seed)
        yield second, now, controls


class Teller:
    """Collects what the devices say into frames of `reading`, one of at most `rows` seconds at a time."""

    def __init__(self, begin_ns: int = FIRST_NS, rows: int = 3600, spoof: Callable[[int, str, list[float]], list[float]] | None = None) -> None:
        self.begin_ns, self.rows, self.spoof = begin_ns, rows, spoof
        self.blocks = blocks()
        self._second: list[int] = []
        self._words: list[list[list[float]]] = [[] for _ in self.blocks]

    def add(self, second: int, plant: Plant, controls: Controls) -> pl.DataFrame | None:
        """One more second; a frame when it is full."""
        self._second.append(second)
        for block, kept in zip(self.blocks, self._words, strict=True):
            words = [0.0] * block.width
            for point in block.points:
                owner, name = point.signal.split(".")
                value = getattr(plant if owner == "plant" else controls, name)
                told = point.words(value)
                words[point.address : point.address + len(told)] = [float(w) for w in told]
            kept.append(words if self.spoof is None else self.spoof(second, block.source, words))
        return self.frame() if len(self._second) >= self.rows else None

    def frame(self) -> pl.DataFrame:
        """What waits, by time."""
        ts = self.begin_ns + np.array(self._second, np.int64) * 1_000_000_000
        frames = [self._block(number, block, ts) for number, block in enumerate(self.blocks)]
        self._second = []
        self._words = [[] for _ in self.blocks]
        return pl.concat(frames).sort("ts", maintain_order=True)

    def _block(self, number: int, block: Block, ts: np.ndarray) -> pl.DataFrame:
        count = len(ts)
        values = np.array(self._words[number], np.float64)
        return pl.DataFrame(
            {
                "ts": pl.Series(ts + number * 20_000_000).cast(pl.Datetime("ns", "UTC")),
                "uid": [f"C{number:06d}"] * count, "sensor": ["bench"] * count, "capture": ["physics"] * count,
                "frame": pl.Series(np.array(self._second, np.uint64) * np.uint64(10) + np.uint64(number + 1)),
                "source": [block.source] * count, "protocol": ["modbus"] * count,
                "unit": pl.Series([1] * count, dtype=pl.Int64), "area": [block.area] * count,
                "start": pl.Series([0] * count, dtype=pl.Int64), "name": pl.Series([None] * count, dtype=pl.String),
                "values": pl.Series(values).arr.to_list(),
            }
        )  # fmt: skip
