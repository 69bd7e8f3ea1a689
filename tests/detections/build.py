"""Frames of records for detections: what a test leaves out is what a sensor would write."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import polars as pl

from linewarden.baseline.novelty import Novelty
from linewarden.detections.detection import Case, Detection
from linewarden.detections.knowledge import Knowledge
from linewarden.detections.run import Run, Told
from linewarden.records import COMMON, Stream, stream_of
from linewarden.sensor.tables import streams

DTYPES = {
    "ts": pl.Datetime("ns", "UTC"), "str": pl.String, "text": pl.String, "bool": pl.Boolean, "u8": pl.UInt8,
    "u16": pl.UInt16, "u32": pl.UInt32, "u64": pl.UInt64, "i64": pl.Int64, "f64": pl.Float64,
    "list[f64]": pl.List(pl.Float64),
}  # fmt: skip
NS = 1_700_000_000_000_000_000


@cache
def stream(name: str) -> Stream:
    """The declared stream. KeyError: there is none of that name."""
    return {s.name: s for s in (*streams(), stream_of(Novelty))}[name]


@cache
def defaults(name: str) -> dict[str, Any]:
    """What a record class gives for what is not said."""
    record = {r.STREAM: r for r in (*COMMON, Novelty)}.get(name)  # type: ignore[attr-defined]
    if record is None:
        return {}
    return {f.metadata["name"] or f.name: _default(f) for f in dataclasses.fields(record)}


def _default(field: Any) -> Any:
    return field.default_factory() if field.default is dataclasses.MISSING else field.default


def frame(name: str, rows: Sequence[Mapping[str, Any]], first: int = 1) -> pl.DataFrame:
    """A batch of a stream. `ts` in rows is ns after the beginning; frames count on from `first`."""
    columns = {c.name: c for c in stream(name).columns}
    if unknown := {k for row in rows for k in row} - set(columns):
        raise KeyError(f"{name} has no column {sorted(unknown)}; it has {list(columns)}")
    full = []
    for i, row in enumerate(rows):
        said = {"uid": "C1", "sensor": "test", "capture": "test.pcap", "frame": first + i} | defaults(name) | dict(row)
        said["ts"] = NS + int(row.get("ts", i * 10**9))
        full.append({c: said.get(c, _empty(columns[c])) for c in columns})
    schema = {c.name: DTYPES[c.type] for c in columns.values()}
    times = [k for k, t in schema.items() if isinstance(t, pl.Datetime)]
    made = pl.DataFrame(full, schema=schema | dict.fromkeys(times, pl.Int64), orient="row")
    # The engine hands times over as they are in Arrow; detections see them as the runner gives them.
    return made.with_columns(pl.col(times).cast(pl.Datetime("ns", "UTC")))


def _empty(column: Any) -> Any:
    if column.nullable:
        return None
    return {"str": "", "text": "", "bool": False, "f64": 0.0, "list[f64]": []}.get(column.type, 0)


def play(detection: Detection, records: Mapping[str, Sequence[Mapping[str, Any]]], known: Knowledge) -> list[Told]:
    """What one detection tells of these records, each stream one batch."""
    run = Run([detection], known)
    told, first = [], 1
    for name, rows in records.items():
        told += run.add(name, frame(name, rows, first))
        first += len(rows)
    return told


def play_case(detection: Detection, case: Case) -> list[Told]:
    """What it tells of one of its own cases."""
    return play(detection, case.records, case.knowledge)
