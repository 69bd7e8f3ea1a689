"""Process values stand still that never did, or run through the same sequence again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl

from linewarden.detections.detection import FRAMES, Case, Detection, Finding, Row, Sample, Severity, Watch
from linewarden.detections.knowledge import Knowledge
from linewarden.detections.settings import Settings, param
from linewarden.records.order import in_order
from linewarden.sensor.points import Points, sampled

ENVELOPE = ("ts", "uid", "sensor", "capture", "frame")
KEY = ("source", "protocol", "unit", "area", "start", "name")
SAMPLED = 4
"""One in so many different readings is looked at, the same ones whenever they come."""
LOOKED = ("point", "ts", "hash", "by turn", "by hash", "frame", "sum")
SECOND = 1_000_000_000


class Params(Settings):
    """How long it must last, and how lively it must have been before."""

    replayed: int = param(10, "readings", "of those looked at (one in four) that follow an earlier sequence")
    distinct: int = param(8, "values", "different ones among them: short cycles and on/off are no replay")
    still: int = param(20, "readings", "in a row (one a second at most) that are equal, of values that used to move")
    still_s: float = param(30.0, "s", "and for so long")
    lively: float = param(0.8, "", "share of readings that differed from the one before, until it stood still")
    known: int = param(30, "readings", "that must be known before, of those looked at")


def watch(params: Params) -> Watch:
    """Tells what the points find, or what was found for it."""
    points = points_of(params)

    def look(_stream: str, rows: pl.DataFrame, known: Knowledge) -> Iterator[Finding]:
        if FRAMES in rows.columns:  # they were found within the engine
            for row in rows.iter_rows(named=True):
                yield _finding(row, row[FRAMES], known)
            return
        for number, frames in points.look(rows.select(LOOKED)):
            yield _finding(rows.row(number, named=True), frames, known)

    return look


def points_of(params: Params) -> Points:
    """What remembers the last readings of each run of points."""
    return Points(2_000, **params.values())


def boil(rows: pl.DataFrame) -> pl.DataFrame:
    """A number that is equal for equal values; of these a sample by time, the first of each second, and one by number.

    Sums and ends tell values apart nearly as well as all of them, at a tenth of the cost. What stands still does so in
    every sample by time, and a sequence that comes again has the same sample by number.
    """
    if FRAMES in rows.columns:
        return rows
    if "hash" not in rows.columns:
        return _sampled(rows)
    second = pl.col("ts").to_physical() // SECOND
    turn = (second != second.shift()).over("point").fill_null(value=True)
    return in_order(rows).with_columns(turn.alias("by turn")).filter(pl.col("by turn") | pl.col("by hash"))


def _sampled(rows: pl.DataFrame) -> pl.DataFrame:
    """Both samples, in any order yet: the earliest of a second, be they several, and those of the chosen numbers."""
    chosen = pl.DataFrame(sampled(rows.select("ts", *KEY, "values"), SAMPLED))
    return rows.select(*ENVELOPE, *KEY)[chosen.get_column("number")].hstack(chosen.drop("number"))


def _finding(row: Row, frames: Sequence[int] | None, known: Knowledge) -> Finding:
    kind = "still" if frames is None else "replayed"
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
        frames=tuple(frames or ()),
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
    sample={"reading": Sample(SAMPLED, points_of)},
    fires=Case({"reading": _read([*_noise(200, 1), *_noise(200, 1)[100:160]])}),
    quiet=Case({"reading": _read([*_noise(200, 1), *_noise(50, 99)])}),
    params=Params(),
)
