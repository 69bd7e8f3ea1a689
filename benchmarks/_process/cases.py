"""What is done to the plant, and which tags show it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from _process.line import Block, Course, Spoof, commands, normal_course, write
from linewarden.baseline.expected import Expected, Window
from linewarden.detections.run import Told
from linewarden.exercises.line import DEVICES
from linewarden.exercises.physics import Controls, Plant
from linewarden.records.notice import Notice

SECOND = 1_000_000_000
Change = Callable[[int, Controls, Plant], Controls]


@dataclass(frozen=True)
class Case:
    """kind: attack, fault or work. change: what is asked from second `begins` on. writes: (second after that, who,
    whom, target, value, verb). right: (device, area, address) of tags that show it. replayed: devices that tell what
    they told 60 s before, from then on. drift: (device, address, share an hour). between: (attacker, victims)."""

    name: str
    kind: str
    right: tuple[tuple[str, str, int], ...]
    change: Change = lambda second, asked, plant: asked
    writes: tuple[tuple[int, str, str, str, str, str], ...] = ()
    begins: int = 300
    seconds: int = 1200
    replayed: tuple[str, ...] = ()
    drift: tuple[str, int, float] | None = None
    between: tuple[str, tuple[str, ...]] | None = None
    announced: tuple[str, ...] = ()
    _past: dict[tuple[str, str], list[list[float]]] = field(default_factory=dict, compare=False)

    def course(self) -> Course:
        """Orders as usual, and the change."""
        usual = normal_course(3)

        def course(second: int, asked: Controls, plant: Plant) -> Controls:
            asked = usual(second, asked, plant)
            return self.change(second - self.begins, asked, plant) if second >= self.begins else asked

        return course

    def spoof(self) -> Spoof:
        """What devices tell instead of what they measure."""
        replayed = {DEVICES[name].address for name in self.replayed}
        self._past.clear()

        def spoof(second: int, block: Block, words: list[float]) -> list[float]:
            drifts = self.drift is not None and block.source == DEVICES[self.drift[0]].address
            if self.drift is not None and drifts and block.area == "input_register" and second >= self.begins:
                share = 1 + self.drift[2] * (second - self.begins) / 3600
                words[self.drift[1]] = float(round(words[self.drift[1]] * share))
            if block.source not in replayed:
                return words
            past = self._past.setdefault((block.source, block.area), [])
            past.append(words)
            return past[self.begins - 60 + (second - self.begins) % 60] if second >= self.begins else words

        return spoof

    def deed(self, second: int, began: int) -> pl.DataFrame | None:
        """What is asked in this second."""
        ts = began + second * SECOND
        rows: list[dict[str, Any]] = [
            write(ts, who, whom, target, value, verb=verb)
            for after, who, whom, target, value, verb in self.writes
            if self.begins + after == second
        ]
        return commands(rows) if rows else None

    def notices(self, second: int, began: int) -> Iterator[Told]:
        """What detections say of it: only that somebody stands between, as they do in the recorded scenario."""
        if self.between is None or second != self.begins - 5:
            return
        attacker, victims = self.between
        for victim in victims:
            notice = Notice("arp_poisoning", f"{attacker} answers in the place of {victim}.", "high", f"arp-{victim}",
                            "collection", "T0830")  # fmt: skip
            yield Told(began + second * SECOND, "", "bench", "physics", 1, DEVICES[attacker].address, None,
                       DEVICES[victim].address, None, notice)  # fmt: skip

    def expected(self) -> Expected | None:
        """What was announced."""
        if not self.announced:
            return None
        who = tuple(DEVICES[name].address for name in self.announced)
        return Expected([Window("work-1", 0, 2**62, "change 4711", who)])

    def has_right(self, told: Told) -> bool:
        """Whether one of the right tags is among the first three."""
        process = next((w for w in told.notice.why.split("; ") if w.startswith("process: ")), "")
        first = process.removeprefix("process: ").split(", ")[:3]
        wanted = [f"{area} {address} of {device} ({DEVICES[device].address})" for device, area, address in self.right]
        return any(tag.startswith(w) for tag in first for w in wanted)


def _to(**asked: float) -> Change:
    return lambda second, now, plant: replace(now, **asked)


IN, HOLD = "input_register", "holding_register"
CASES: tuple[Case, ...] = (
    Case("fill set-point 470 ml", "attack",
         (("plc-filler", HOLD, 0), ("plc-filler", IN, 2), ("io-filler", IN, 1)), _to(fill_ml=470.0),
         ((0, "historian", "plc-filler", "holding_register 0", "470", "write"),)),
    Case("pressure set-point 11.5 bar", "attack",
         (("plc-utilities", HOLD, 0), ("plc-utilities", IN, 0), ("safety-line1", IN, 2)), _to(pressure_bar=11.5),
         ((0, "historian", "plc-utilities", "holding_register 0", "1150", "write"),)),
    Case("pasteuriser at 64 degrees", "attack",
         (("plc-utilities", HOLD, 1), ("plc-utilities", IN, 3), ("io-filler", IN, 2)), _to(pasteur_c=64.0),
         ((0, "laptop-service", "plc-utilities", "holding_register 1", "640", "write"),)),
    Case("tank at 1400 mm", "attack",
         (("plc-filler", HOLD, 2), ("plc-filler", IN, 0), ("io-filler", IN, 0), ("drive-pump", IN, 1)),
         _to(tank_mm=1400.0), ((0, "laptop-service", "plc-filler", "holding_register 2", "1400", "write"),)),
    Case("line speed 240 bottles/min", "attack",
         (("plc-filler", HOLD, 1), ("plc-filler", IN, 1), ("drive-conveyor", IN, 0)), _to(speed_bpm=240.0),
         ((0, "eng-station", "plc-filler", "holding_register 1", "240", "write"),)),
    Case("capper stopped", "attack",
         (("plc-filler", IN, 1), ("drive-conveyor", IN, 0), ("drive-conveyor", IN, 1), ("plc-filler", IN, 4)),
         _to(capper_run=0.0), ((0, "laptop-service", "plc-capper", "", "", "stop"),)),
    Case("man in the middle, 450 ml", "attack",
         (("io-filler", IN, 1), ("plc-filler", HOLD, 0), ("plc-filler", IN, 2)), _to(fill_ml=450.0),
         ((0, "laptop-service", "plc-filler", "holding_register 0", "450", "write"),),
         replayed=("plc-filler",), between=("laptop-service", ("plc-filler", "hmi-line1"))),
    Case("safety function inhibited", "attack", (("safety-line1", IN, 1),), _to(safety_armed=0.0),
         ((0, "eng-station", "safety-line1", "holding_register 1", "1", "write"),)),
    Case("bearing wears in three days", "fault",
         (("drive-conveyor", IN, 3), ("drive-conveyor", IN, 1), ("drive-conveyor", IN, 2), ("safety-line1", IN, 3)),
         _to(wear_rate=40.0), begins=0, seconds=2 * 86_400),
    Case("filling sensor drifts", "fault", (("io-filler", IN, 1),), drift=("io-filler", 1, 0.008), begins=0,
         seconds=6 * 3600),
    Case("announced: content 480 ml", "work", (("plc-filler", HOLD, 0),), _to(fill_ml=480.0),
         ((0, "eng-station", "plc-filler", "holding_register 0", "480", "write"),),
         announced=("plc-filler", "io-filler", "drive-conveyor", "drive-pump")),
    Case("another product by the panel", "work", (("plc-filler", HOLD, 0),), _to(fill_ml=330.0, nominal_ml=330.0),
         ((0, "hmi-line1", "plc-filler", "holding_register 0", "330", "write"),)),
)  # fmt: skip
