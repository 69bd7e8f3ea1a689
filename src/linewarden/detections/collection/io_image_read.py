"""A stranger reads all inputs and outputs of a controller."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from linewarden.detections.commands import OT, said
from linewarden.detections.detection import Case, Detection, Finding, Severity, Watch, param
from linewarden.detections.knowledge import FIELD, STATIONS, Knowledge
from linewarden.detections.memory import Bounded

INPUTS, OUTPUTS = ("discrete_input", "input_register", "i", "binary_input", "analog_input"), (
    "coil", "holding_register", "q", "binary_output", "analog_output"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Params:
    """How much of each side."""

    points: int = param(64, "points", "of inputs and of outputs that one station reads")


@dataclass(slots=True)
class _Read:
    """The ranges that were read, by area; told once."""

    spans: dict[str, tuple[int, int]]
    told: bool = False

    def size(self, areas: tuple[str, ...]) -> int:
        """Points between the lowest and the highest that were read."""
        return sum(high - low + 1 for area, (low, high) in self.spans.items() if area in areas)


def watch(params: Params) -> Watch:
    """Keeps what range of each area a stranger read, by who and whom."""
    reads: Bounded[tuple[str, str], _Read] = Bounded(lambda: _Read({}))

    def look(_stream: str, rows: pl.DataFrame, known: Knowledge) -> Iterator[Finding]:
        for row in rows.sort("ts").iter_rows(named=True):
            who, whom = row["id.orig_h"], row["id.resp_h"]
            if known.role(who) in STATIONS | FIELD:
                continue
            area, _, span = row["target"].partition(" ")
            first, _, last = span.partition("-")
            if area not in INPUTS + OUTPUTS or not first.isdigit():
                continue
            read = reads.at((who, whom))
            low, high = read.spans.get(area, (int(first), int(first)))
            read.spans[area] = min(low, int(first)), max(high, int(last) if last.isdigit() else int(first))
            if not read.told and read.size(INPUTS) >= params.points and read.size(OUTPUTS) >= params.points:
                read.told = True
                yield Finding(
                    row,
                    f"{known.name(who)} reads all inputs and outputs of {known.name(whom)}.",
                    (who, whom),
                    why=(", ".join(f"{a} {lo}-{hi}" for a, (lo, hi) in sorted(read.spans.items())), said(row)),
                    confidence=0.6,
                )

    return look


def _read(area: str, last: int) -> dict[str, object]:
    return {
        "verb": "read", "protocol": "modbus", "function": f"read_{area}s", "target": f"{area} 0-{last}",
        "id.orig_h": "10.0.0.66", "id.resp_h": "10.0.0.1", "answered": 1, "result": "ok",
    }  # fmt: skip


DETECTION = Detection(
    title="Whole I/O image read",
    severity=Severity.LOW,
    attack=("T0877", "T0861"),
    meaning="With a picture of all inputs and outputs over time an intruder learns how the machine works, and which "
    "point does what.",
    runbook=(
        "Find out what stands at the sending address, and who uses it.",
        "See whether it wrote anything, too.",
        "If nobody answers for it, take it off the network at the switch.",
    ),
    benign="A data collector or a historian whose role is not known yet.",
    needs={
        "command": (pl.col("verb") == "read")
        & OT
        & (pl.col("answered") > pl.col("errors"))
        & pl.col("target").is_not_null()
    },
    watch=watch,
    fires=Case({"command": [_read("input_register", 99), _read("coil", 99)]}),
    quiet=Case({"command": [_read("input_register", 99), _read("coil", 9)]}),
    params=Params(),
)
