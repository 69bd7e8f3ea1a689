"""Process values stand still that never did, or run through the same sequence again."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

import polars as pl

from linewarden.detections.detection import Case, Detection, Finding, Row, Severity, Watch, param
from linewarden.detections.knowledge import Knowledge
from linewarden.detections.memory import Bounded

KEY = ("source", "protocol", "unit", "area", "start", "name")
HISTORY = 600
"""Readings of a point that are remembered."""
FAST = 20.0
"""Readings a second beyond which only those with every eighth hash are looked at: a sequence that comes again has the
same ones."""


@dataclass(frozen=True, slots=True)
class Params:
    """How long it must last, and how lively it must have been before."""

    replayed: int = param(25, "readings", "in a row that equal an earlier sequence, value for value")
    distinct: int = param(12, "values", "different ones among them: short cycles and on/off are no replay")
    still: int = param(40, "readings", "in a row that are equal, of values that used to move")
    still_s: float = param(30.0, "s", "and for so long")
    lively: float = param(0.8, "", "share of readings that differed from the one before, until it stood still")
    known: int = param(120, "readings", "that must be known before")


@dataclass(slots=True)
class _Point:
    """The last readings as hashes, where each was seen last, and how the present one goes on."""

    count: int = 0
    changes: int = 0
    last: int | None = None
    same_since: int = 0
    same: int = 0
    past: deque[int] = field(default_factory=lambda: deque(maxlen=HISTORY))
    places: dict[int, int] = field(default_factory=dict)
    at: int = -1
    """Place in the whole sequence that the present one equals; -1 for none."""
    run: dict[int, int] = field(default_factory=dict)
    """Frame -> hash of the readings that followed it so far."""

    def follow(self, value: int, frame: int) -> None:
        """One more reading: does it go on as an earlier sequence did?"""
        first = self.count - len(self.past)
        goes_on = self.at >= 0 and first <= self.at + 1 < self.count and self.past[self.at + 1 - first] == value
        if goes_on:
            self.at += 1
        else:
            place = self.places.get(value, -1)
            self.at, self.run = (place if place >= first else -1), {}
        if self.at >= 0:
            self.run[frame] = value
        if len(self.past) == HISTORY and self.places.get(self.past[0]) == first:
            del self.places[self.past[0]]
        self.past.append(value)
        self.places[value] = self.count
        self.count += 1


def watch(params: Params) -> Watch:
    """Keeps hashes of the last readings of each run of points."""
    points: Bounded[tuple[object, ...], _Point] = Bounded(_Point, 2_000)

    def look(_stream: str, rows: pl.DataFrame, known: Knowledge) -> Iterator[Finding]:
        rows = rows.sort("ts", maintain_order=True)
        hashed = rows.select("ts", "frame", *KEY, pl.col("values").hash().alias("hash")).with_row_index("row")
        for key, group in hashed.group_by(*KEY, maintain_order=True):
            point = points.at(key)
            for row, kind, frames in _judged(point, group, params):
                yield _finding(rows.row(row, named=True), kind, frames, known)

    return look


def _judged(point: _Point, group: pl.DataFrame, params: Params) -> Iterator[tuple[int, str, tuple[int, ...]]]:
    """Row numbers at which something is to be told of this point, with what and the frames that show it."""
    times, hashes, numbers, frames = (group[c].to_list() for c in ("ts", "hash", "row", "frame"))
    fast = len(times) > FAST * max((times[-1] - times[0]) / 1e9, 1.0)
    for ts, value, number, frame in zip(times, hashes, numbers, frames, strict=True):
        if value == point.last:
            point.same += 1
            stood = point.same >= params.still and (ts - point.same_since) >= params.still_s * 1e9
            if stood and point.count >= params.known and point.changes >= params.lively * (point.count - 1):
                yield number, "still", ()
                point.count = point.changes = 0  # it has to become lively again first
                point.past.clear()
                point.places.clear()
                point.at = -1
            continue
        point.changes += 1
        point.last, point.same_since, point.same = value, ts, 1
        if fast and value % 8:
            continue
        point.follow(value, frame)
        replayed = len(point.run) >= params.replayed and len(set(point.run.values())) >= params.distinct
        if replayed and point.count >= params.known:
            yield number, "replayed", tuple(point.run)
            point.run.clear()


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
    fires=Case({"reading": _read([*_noise(130, 1), *_noise(130, 1)[40:70]])}),
    quiet=Case({"reading": _read([*_noise(130, 1), *_noise(50, 99)])}),
    params=Params(),
)
