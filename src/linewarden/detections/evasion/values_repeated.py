"""Process values stand still that never did, or run through the same sequence again."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

import polars as pl

from linewarden.detections.detection import Case, Detection, Finding, Row, Severity, Watch, param
from linewarden.detections.knowledge import Knowledge
from linewarden.detections.memory import Bounded
from linewarden.detections.series import in_time, series_of

KEY = ("source", "protocol", "unit", "area", "start", "name")
HISTORY = 600
"""Readings of a point that are remembered."""
SAMPLED = 4
"""One in so many different readings is looked at, the same ones whenever they come."""
SECOND = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Params:
    """How long it must last, and how lively it must have been before."""

    replayed: int = param(10, "readings", "of those looked at (one in four) that follow an earlier sequence")
    distinct: int = param(8, "values", "different ones among them: short cycles and on/off are no replay")
    still: int = param(20, "readings", "in a row (one a second at most) that are equal, of values that used to move")
    still_s: float = param(30.0, "s", "and for so long")
    lively: float = param(0.8, "", "share of readings that differed from the one before, until it stood still")
    known: int = param(30, "readings", "that must be known before, of those looked at")


@dataclass(slots=True)
class _Point:
    """The last readings as hashes: how lively they were, and which earlier sequence they follow."""

    count: int = 0
    changes: int = 0
    last: int | None = None
    same_since: int = 0
    same: int = 0
    second: int = -1
    seen: int = 0
    past: deque[int] = field(default_factory=lambda: deque(maxlen=HISTORY))
    places: dict[int, int] = field(default_factory=dict)
    """Hash -> where in the whole sequence it was seen last."""
    at: int = -1
    """Place in the whole sequence that the present one equals; -1 for none."""
    run: dict[int, float] = field(default_factory=dict)
    """Frame -> sum of the values of the readings that followed it so far."""

    def stands(self, ts: int, value: int, params: Params) -> bool:
        """One more reading: has it stood still too long for what it was?"""
        if ts // SECOND == self.second:
            return False
        self.second = ts // SECOND
        self.count += 1
        if value != self.last:
            self.changes += 1
            self.last, self.same_since, self.same = value, ts, 1
            return False
        self.same += 1
        moved = self.count - self.same
        return (
            self.same >= params.still
            and ts - self.same_since >= params.still_s * 1e9
            and moved >= params.known
            and self.changes >= params.lively * moved
        )

    def follows(self, value: int, frame: int, total: float, params: Params) -> bool:
        """One more reading: does it go on as an earlier sequence did, for long enough?"""
        if self.past and self.past[-1] == value:
            return False  # a pause in both
        first = self.seen - len(self.past)
        if self.at >= 0 and first <= self.at + 1 < self.seen and self.past[self.at + 1 - first] == value:
            self.at += 1
        else:
            place = self.places.get(value, -1)
            self.at, self.run = (place if place >= first else -1), {}
        if self.at >= 0:
            self.run[frame] = total
        if len(self.past) == HISTORY and self.places.get(self.past[0]) == first:
            del self.places[self.past[0]]
        self.past.append(value)
        self.places[value] = self.seen
        self.seen += 1
        enough = len(self.run) >= params.replayed and self.seen >= params.known
        return enough and len(set(self.run.values())) >= params.distinct and not _ramp([*self.run.values()])


def _ramp(values: list[float]) -> bool:
    """Only up or only down: a counter that began anew, or a machine that starts as it always does."""
    return values in (sorted(values), sorted(values, reverse=True))


def watch(params: Params) -> Watch:
    """Keeps hashes of the last readings of each run of points."""
    points: Bounded[tuple[object, ...], _Point] = Bounded(_Point, 2_000)

    def look(_stream: str, rows: pl.DataFrame, known: Knowledge) -> Iterator[Finding]:
        rows = in_time(rows)
        columns = ("number", "ts", "frame", "hash", "sum", "by turn", "by hash")
        for key, series in series_of(_looked_at(rows), KEY, columns):
            point = points.at(key)
            for _, number, ts, frame, value, total, by_turn, by_hash in series:
                if by_turn and point.stands(ts, value, params):
                    yield _finding(rows.row(number, named=True), "still", (), known)
                    points.drop(key)  # it has to become lively again first
                    break
                if by_hash and point.follows(value, frame, total, params):
                    yield _finding(rows.row(number, named=True), "replayed", tuple(point.run), known)
                    point.run = {}

    return look


def _looked_at(rows: pl.DataFrame) -> pl.DataFrame:
    """A number that is equal for equal values; a sample by time, and one by that number.

    Sums and ends tell values apart nearly as well as all of them, at a tenth of the cost. What stands still does so in
    every sample by time, and a sequence that comes again has the same sample by number.
    """
    values = pl.col("values").list
    total = values.sum().alias("sum")
    parts = pl.struct(total, values.first().alias("first"), values.last().alias("last"))
    hashed = rows.select("ts", "frame", *KEY, total, parts.hash().alias("hash")).with_row_index("number")
    second = pl.col("ts") // SECOND
    turn = (second != second.shift()).over(KEY).fill_null(value=True)
    chosen = (pl.col("hash") % SAMPLED == 0).alias("by hash")
    return hashed.with_columns(turn.alias("by turn"), chosen).filter(pl.col("by turn") | pl.col("by hash"))


def _finding(row: Row, kind: str, frames: tuple[int, ...], known: Knowledge) -> Finding:
    where = " ".join(str(part) for part in (row["name"] or row["area"] or "values", row["start"]) if part is not None)
    whose = known.name(row["source"])
    told = {
        "still": f"{where} of {whose} stand still, and never did before.",
        "replayed": f"{where} of {whose} run through an earlier sequence again, value for value.",
    }
    return Finding(
        row,
        told[kind],
        (row["source"], str(row["unit"]), str(row["area"]), str(row["start"]), str(row["name"]), kind),
        why=(f"{row['protocol']}, now {', '.join(f'{v:g}' for v in (row['values'] or [])[:6])}",),
        severity=Severity.LOW if kind == "still" else None,
        resp=row["source"],
        frames=frames,
        confidence=0.5 if kind == "still" else 0.7,
    )


def _read(values: list[int]) -> list[dict[str, object]]:
    return [
        {"source": "10.0.0.1", "protocol": "modbus", "unit": 1, "area": "input_register", "start": 0,
         "values": [float(v), float(v % 7)]}
        for v in values
    ]  # fmt: skip


def _noise(count: int, seed: int) -> list[int]:
    found, state = [], seed
    for _ in range(count):
        state = (state * 1103515245 + 12345) % 2**31
        found.append(state >> 16)
    return found


DETECTION = Detection(
    title="Values stand still or repeat",
    severity=Severity.MEDIUM,
    attack=("T0856", "T0832"),
    meaning="A process has noise and never does exactly the same twice. Values that repeat come from a recording: "
    "the operators may be looking at a plant that is not there.",
    runbook=(
        "Compare one of the values with the gauge at the machine.",
        "See whether somebody stands between (ARP tables, two machines with one address).",
        "If it is a recording: run the machine by its own panel until the way is clean.",
    ),
    benign="A simulator or a test with canned data; a sensor that has failed, or a machine that stands.",
    needs={"reading": pl.col("values").list.len() > 0},
    watch=watch,
    fires=Case({"reading": _read([*_noise(200, 1), *_noise(200, 1)[100:160]])}),
    quiet=Case({"reading": _read([*_noise(200, 1), *_noise(50, 99)])}),
    params=Params(),
)
