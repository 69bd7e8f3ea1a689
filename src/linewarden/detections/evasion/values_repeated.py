"""Process values stand still that never did, or run through the same sequence again."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice, pairwise
from typing import Any, NamedTuple

import polars as pl

from linewarden.detections.detection import Case, Detection, Finding, Row, Severity, Watch, param
from linewarden.detections.knowledge import Knowledge
from linewarden.detections.memory import Bounded
from linewarden.records.order import in_order

ENVELOPE = ("ts", "uid", "sensor", "capture", "frame")
KEY = ("source", "protocol", "unit", "area", "start", "name")
HISTORY = 600
"""Readings of a point that are remembered."""
SAMPLED = 4
"""One in so many different readings is looked at, the same ones whenever they come."""
LOOKED = ("ts", "hash", "by turn", "by hash", "frame", "sum")
SHOWN = 6
"""Values of a reading that are told."""
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
    run: _Replay = field(default_factory=lambda: _Replay())

    def stood(self, runs: _Runs, params: Params) -> bool:
        """Takes many readings at once, and says True, if none of them can be found to stand still too long."""
        if runs.begin // SECOND == self.second:
            return False
        goes_on = runs.values[0] == self.last
        starts, values, times = (part[1:] if goes_on else part for part in (runs.starts, runs.values, runs.times))
        ends = pairwise([-self.same, *starts, runs.size])
        for changes, (first, end) in enumerate(ends, self.changes):
            moved = self.count + first
            if end - first >= params.still and moved >= params.known and changes >= params.lively * moved:
                return False
        if starts:
            self.last, self.same_since, self.same = values[-1], times[-1], runs.size - starts[-1]
        else:
            self.same += runs.size
        self.count, self.changes, self.second = self.count + runs.size, self.changes + len(starts), runs.end // SECOND
        return True

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

    def passed(self, values: Sequence[int]) -> bool:
        """Takes many readings at once, no two alike in a row, and says True, if none of them was there before."""
        fresh = values[1:] if values and self.past and values[0] == self.past[-1] else values
        if not self.places.keys().isdisjoint(fresh) or len(set(fresh)) < len(fresh):
            return False
        if fresh:
            self.at, self.run = -1, _Replay()
        first, gone = self.seen - len(self.past), max(len(self.past) + len(fresh) - HISTORY, 0)
        for place, value in enumerate(islice(self.past, gone), first):
            if self.places.get(value) == place:
                del self.places[value]
        self.past.extend(fresh)
        self.seen += len(fresh)
        new = min(len(fresh), HISTORY)
        self.places.update(zip(fresh[len(fresh) - new :], range(self.seen - new, self.seen), strict=True))
        return True

    def follows(self, readings: Iterable[tuple[int, int, float]], params: Params) -> Iterator[int]:
        """Of readings (value, frame, sum): which of them go on as an earlier sequence did, for long enough?"""
        past, places, seen, at, run = self.past, self.places, self.seen, self.at, self.run
        for number, (value, frame, total) in enumerate(readings):
            if past and past[-1] == value:
                continue  # a pause in both
            first = seen - len(past)
            if at >= 0 and first <= at + 1 < seen and past[at + 1 - first] == value:
                at += 1
            else:
                at = places.get(value, -1)
                at = at if at >= first else -1
                run = _Replay()
            if len(past) == HISTORY and places.get(past[0]) == first:
                del places[past[0]]
            past.append(value)
            places[value] = seen
            seen += 1
            self.seen, self.at, self.run = seen, at, run
            if at < 0:
                continue
            run.add(frame, total)
            if seen >= params.known and run.tells(params):
                yield number
                run = self.run = _Replay()


@dataclass(slots=True)
class _Replay:
    """Readings that followed an earlier sequence so far: frame -> sum of the values. Only up, or only down, is a
    counter that began anew, or a machine that starts as it always does."""

    frames: dict[int, float] = field(default_factory=dict)
    sums: set[float] = field(default_factory=set)
    last: float | None = None
    rises: bool = True
    falls: bool = True

    def add(self, frame: int, total: float) -> None:
        """One more."""
        last = total if self.last is None else self.last
        self.rises, self.falls = self.rises and total >= last, self.falls and total <= last
        self.last = self.frames[frame] = total
        self.sums.add(total)

    def tells(self, params: Params) -> bool:
        """Enough of them, and neither a cycle of a few values nor a ramp."""
        enough = len(self.frames) >= params.replayed and len(self.sums) >= params.distinct
        return enough and not self.rises and not self.falls


def watch(params: Params) -> Watch:
    """Keeps hashes of the last readings of each run of points."""
    points: Bounded[tuple[object, ...], _Point] = Bounded(_Point, 2_000)

    def look(_stream: str, rows: pl.DataFrame, known: Knowledge) -> Iterator[Finding]:
        for key, place, runs, chosen in _series(rows):
            point = points.at(key)
            # Most values either always move or never do, and do not come again: that is seen of all at once.
            stood = point.stood(runs, params)
            if stood and point.passed(chosen.values):
                continue
            if stood:
                for which in point.follows(zip(chosen.values, chosen.frames, chosen.sums, strict=True), params):
                    row = rows.row(chosen.numbers[which], named=True)
                    yield _finding(row, "replayed", tuple(point.run.frames), known)
                continue
            own = rows[place].select(LOOKED)
            for number, ts, value, by_turn, by_hash, frame, total in zip(place, *_columns(own, *LOOKED), strict=True):
                if by_turn and point.stands(ts, value, params):
                    yield _finding(rows.row(number, named=True), "still", (), known)
                    points.drop(key)  # it has to become lively again first
                    break
                if by_hash:
                    for _ in point.follows([(value, frame, total)], params):
                        yield _finding(rows.row(number, named=True), "replayed", tuple(point.run.frames), known)

    return look


def _columns(frame: pl.DataFrame, *names: str) -> list[list[Any]]:
    return [frame.get_column(name).to_list() for name in names]


class _Runs(NamedTuple):
    """Readings of one point by turn: how many, from when to when; of each run of equal ones the first."""

    size: int
    begin: int
    end: int
    starts: list[int]
    """How many readings came before."""
    values: list[int]
    times: list[int]


class _Chosen(NamedTuple):
    """Readings of one point by number, no two alike in a row, and which rows they are."""

    values: list[int]
    numbers: list[int]
    frames: list[int]
    sums: list[float]


_NONE = _Chosen([], [], [], [])


def _series(rows: pl.DataFrame) -> Iterator[tuple[tuple[Any, ...], pl.Series, _Runs, _Chosen]]:
    """Each point: its key, the numbers of its rows, and the two samples of them."""
    groups = rows.select(KEY).with_row_index("number").group_by(KEY, maintain_order=True).agg("number")
    points = groups.select("number").with_row_index("point").explode("number").sort("number").get_column("point")
    moved = (pl.col("hash") != pl.col("hash").shift()).over("point").fill_null(value=True).alias("moved")
    by_point = rows.select("ts", "hash", "by turn", "by hash", points)
    turns = by_point.filter("by turn").with_columns(moved).group_by("point").agg(
        pl.len(), pl.col("ts").first().alias("begin"), pl.col("ts").last().alias("end"),
        pl.col("moved").arg_true().alias("starts"), pl.col("hash", "ts").filter("moved"),
    ).sort("point")  # fmt: skip
    numbered = by_point.with_columns(rows.select("frame", "sum")).with_row_index("number")
    chosen = numbered.filter("by hash").with_columns(moved).filter("moved").group_by("point")
    each = chosen.agg("hash", "number", "frame", "sum").iter_rows()
    different = {point: _Chosen(*columns) for point, *columns in each}
    for place, (key, (_, *runs)) in enumerate(zip(groups.select(KEY).iter_rows(), turns.iter_rows(), strict=True)):
        yield key, groups.get_column("number")[place], _Runs(*runs), different.get(place, _NONE)


def boil(rows: pl.DataFrame) -> pl.DataFrame:
    """A number that is equal for equal values; of these a sample by time, the first of each second, and one by number.

    Sums and ends tell values apart nearly as well as all of them, at a tenth of the cost. What stands still does so in
    every sample by time, and a sequence that comes again has the same sample by number.
    """
    if "hash" not in rows.columns:
        return _numbered(rows)
    second = pl.col("ts").to_physical() // SECOND
    turn = (second != second.shift()).over(KEY).fill_null(value=True)
    return in_order(rows).with_columns(turn.alias("by turn")).filter(pl.col("by turn") | pl.col("by hash"))


def _numbered(rows: pl.DataFrame) -> pl.DataFrame:
    """Both samples, in any order yet: the earliest of a second, be they several, and those of the chosen numbers."""
    values, ts = pl.col("values").list, pl.col("ts")
    total = values.sum().alias("sum")
    parts = pl.struct(total, values.first().alias("first"), values.last().alias("last"))
    earliest = (ts == ts.min().over(*KEY, ts.to_physical() // SECOND)).alias("by turn")
    chosen = (pl.col("hash") % SAMPLED == 0).alias("by hash")
    numbered = rows.select(*ENVELOPE, *KEY, "values", total, parts.hash().alias("hash")).with_columns(earliest, chosen)
    return numbered.filter(pl.col("by turn") | pl.col("by hash")).with_columns(values.head(SHOWN))


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
        why=(f"{row['protocol']}, now {', '.join(f'{v:g}' for v in row['values'] or [])}",),
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
    boil={"reading": boil},
    fires=Case({"reading": _read([*_noise(200, 1), *_noise(200, 1)[100:160]])}),
    quiet=Case({"reading": _read([*_noise(200, 1), *_noise(50, 99)])}),
    params=Params(),
)
