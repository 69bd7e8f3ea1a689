"""The practice plant's physics, run in this process, told as its Modbus devices tell it: frames of `reading`.

A day of plant time takes some seconds. Registers, factors and addresses are those of `exercises/devices`, so what is
learned here is what a sensor at the mirror port would read, once a second, without jitter or loss.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from linewarden.detections.knowledge import STATIONS, Knowledge, Role
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


Spoof = Callable[[int, Block, list[float]], list[float]]
"""Second, who tells, what it measures -> what it tells."""


def blocks() -> list[Block]:
    """All that is polled."""
    found = [Block(DEVICES["plc-filler"].address, "input_register", filler.MEASURED),
             Block(DEVICES["plc-filler"].address, "holding_register", filler.ASKED)]  # fmt: skip
    for name, part in DEVICE_PARTS.items():
        found.append(Block(DEVICES[name].address, "input_register", MEASURED[part]))
        if asked := ASKED[part]:
            found.append(Block(DEVICES[name].address, "holding_register", asked))
    return found


def run(
    course: Course, seconds: int, seed: int, plant: Plant | None = None, controls: Controls | None = None
) -> Iterator[tuple[int, Plant, Controls]]:
    """Second by second: number of the second, the plant after it, and what was asked."""
    now, asked = plant or Plant(), controls or Controls()
    for second in range(seconds):
        asked = course(second, asked, now)
        now = step(now, asked, 1.0, seed)
        yield second, now, asked


def normal_course(seed: int) -> Course:
    """Orders of one to three hours with pauses between, of two products, as the MES starts them."""
    dice, wait = random.Random(seed), [-1]

    def course(second: int, asked: Controls, plant: Plant) -> Controls:
        if plant.order_done < asked.order_bottles or plant.order_number != asked.order_number:
            return asked
        if wait[0] < 0:
            wait[0] = second + dice.randint(300, 1500)
        if second < wait[0]:
            return asked
        wait[0] = -1
        cola = dice.random() < 0.4
        return replace(
            asked, order_number=asked.order_number + 1, order_bottles=1000.0 * dice.randint(12, 36),
            fill_ml=330.0 if cola else 500.0, nominal_ml=330.0 if cola else 500.0, torque_nm=1.7 if cola else 1.8,
        )  # fmt: skip

    return course


def known(guessed: bool = False) -> Knowledge:
    """Who is who, as a sensor knows it after some minutes. guessed: stations' roles are only guesses from what they
    do, and whoever writes, the laptop of service too, is taken for a panel."""
    kinds = {"controller": Role.CONTROLLER, "remote I/O": Role.IO, "drive": Role.DRIVE, "HMI": Role.HMI,
             "SCADA server": Role.SCADA, "safety controller": Role.SAFETY_CONTROLLER, "historian": Role.HISTORIAN,
             "engineering workstation": Role.ENGINEERING}  # fmt: skip
    there = list(DEVICES.values())
    field = [d for d in there if d.role in ("remote I/O", "drive")]
    roles = {d.address: kinds[d.role] for d in there if d.role in kinds}
    if guessed:
        roles[DEVICES["laptop-service"].address] = Role.HMI
    return Knowledge(
        roles=roles,
        names={d.address: d.name for d in there},
        ids={d.address: d.mac for d in there},
        masters={d.address: frozenset({DEVICES["plc-filler"].mac}) for d in field},
        guessed=frozenset(a for a, role in roles.items() if guessed and role in STATIONS),
    )


def write(ts: int, who: str, whom: str, target: str, value: str, count: int = 1, verb: str = "write") -> dict[str, Any]:
    """A row of `command`, of names of devices."""
    return {
        "ts": ts, "uid": "Cwrites", "sensor": "bench", "capture": "physics", "frame": ts // 1_000_000 % 1_000_000_007,
        "id.orig_h": DEVICES[who].address, "id.resp_h": DEVICES[whom].address, "protocol": "modbus", "verb": verb,
        "function": "write_single_register", "target": target, "value": value, "count": count, "answered": count,
        "errors": 0,
    }  # fmt: skip


def commands(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Rows of `command` as a frame."""
    return pl.DataFrame(rows).with_columns(pl.col("ts").cast(pl.Datetime("ns", "UTC")))


def usual_writes(frame: pl.DataFrame, second: int) -> pl.DataFrame:
    """What is written all the time: the panel's heartbeat, and the filler's demands of its drives."""
    first = int(frame.get_column("ts").to_physical()[0])
    rows = []
    for k in range(8):
        rows.append(write(first + k, "hmi-line1", "plc-filler", "holding_register 4", str((second + k) % 30_000 + 1)))
        rows.append(write(first + k, "plc-filler", "drive-conveyor", "holding_register 0", "180"))
        rows.append(write(first + k, "plc-filler", "drive-pump", "holding_register 0", str((second + 7 * k) % 50)))
    return commands(rows)


class Teller:
    """Collects what the devices say into frames of `reading`, one of at most `rows` seconds at a time."""

    def __init__(self, begin_ns: int = FIRST_NS, rows: int = 600, spoof: Spoof | None = None) -> None:
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
            kept.append(words if self.spoof is None else self.spoof(second, block, words))
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
