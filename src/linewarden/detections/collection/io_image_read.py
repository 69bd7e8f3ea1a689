"""A stranger reads all inputs and outputs of a controller."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from linewarden.detections.commands import OT, said
from linewarden.detections.detection import Case, Detection, Finding, Row, Severity, Watch
from linewarden.detections.knowledge import FIELD, STATIONS, Knowledge
from linewarden.detections.memory import Bounded
from linewarden.detections.novelties import SURE
from linewarden.detections.series import in_time
from linewarden.detections.settings import Settings, param
from linewarden.detections.thinning import Ends

INPUTS, OUTPUTS = ("discrete_input", "input_register", "i", "binary_input", "analog_input"), (
    "coil", "holding_register", "q", "binary_output", "analog_output"
)  # fmt: skip


class Params(Settings):
    """How much of each side."""

    points: int = param(64, "points", "of inputs and of outputs that one station reads")


@dataclass(slots=True)
class _Read:
    """The ranges that one read of another, by area, the last row of it, and whether it is news that it reads there."""

    spans: dict[str, tuple[int, int]]
    row: Row | None = None
    new: bool = False
    told: bool = False

    def add(self, row: Row) -> None:
        """One more range."""
        area, _, span = row["target"].partition(" ")
        first, _, last = span.partition("-")
        if area in INPUTS + OUTPUTS and first.isdigit():
            low, high = self.spans.get(area, (int(first), int(first)))
            self.spans[area] = min(low, int(first)), max(high, int(last) if last.isdigit() else int(first))
            self.row = row

    def whole(self, points: int) -> bool:
        """True if it is a picture of both sides."""
        return self._size(INPUTS) >= points and self._size(OUTPUTS) >= points

    def _size(self, areas: tuple[str, ...]) -> int:
        return sum(high - low + 1 for area, (low, high) in self.spans.items() if area in areas)


def watch(params: Params) -> Watch:
    """By who and whom. A capture makes a panel of whoever reads: there the baseline says who is new."""
    reads: Bounded[tuple[str, str], _Read] = Bounded(lambda: _Read({}))

    def look(stream: str, rows: pl.DataFrame, known: Knowledge) -> Iterator[Finding]:
        for row in in_time(rows).iter_rows(named=True):
            who, whom = row["id.orig_h"], row["id.resp_h"]
            read = reads.at((who, whom))
            if stream == "novelty":
                read.new = True
            else:
                read.add(row)
            stranger = read.new or known.role(who) not in STATIONS | FIELD
            if read.row is not None and stranger and not read.told and read.whole(params.points):
                read.told = True
                yield _finding(read, read.row, known)

    return look


def _finding(read: _Read, row: Row, known: Knowledge) -> Finding:
    who, whom = row["id.orig_h"], row["id.resp_h"]
    return Finding(
        row,
        f"{known.name(who)} reads all inputs and outputs of {known.name(whom)}.",
        (who, whom),
        why=(", ".join(f"{a} {lo}-{hi}" for a, (lo, hi) in sorted(read.spans.items())), said(row),
             *(["it never read there before"] if read.new else [])),
        confidence=0.6,
    )  # fmt: skip


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
        & pl.col("target").is_not_null(),
        "novelty": (pl.col("kind") == "peer") & (pl.col("confidence") >= SURE),
    },
    # A range that is read again makes the picture no larger.
    thin={"command": Ends(("id.orig_h", "id.resp_h", "target"))},
    watch=watch,
    fires=Case({"command": [_read("input_register", 99), _read("coil", 99)]}),
    quiet=Case({"command": [_read("input_register", 99), _read("coil", 9)]}),
    params=Params(),
)
