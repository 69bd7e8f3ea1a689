"""The records of the packets that a notice names: what was said, in fields."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from linewarden.service import lake_files
from linewarden.service.lake import Lake

if TYPE_CHECKING:
    import polars as pl

MOST_RECORDS = 64
"""Records of one notice that are given; those of its first packet come first."""
DAY_NS = 86_400 * 10**9
_ENVELOPE = ("ts", "uid", "sensor", "capture", "frame")


@dataclass(frozen=True, slots=True)
class Record:
    """A record of a stream: when (ns UTC), of which flow and packet, and its fields that are not empty."""

    stream: str
    ts: int
    uid: str
    capture: str
    frame: int
    fields: dict[str, Any]


def evidence(lake: Lake, notice_id: str) -> tuple[Record, ...]:
    """The records, of all streams, of the packets that this notice names."""
    return evidence_of(lake, [notice_id])[notice_id]


def evidence_of(lake: Lake, notice_ids: Iterable[str]) -> dict[str, tuple[Record, ...]]:
    """The same of many notices, with one look at each stream."""
    import polars as pl

    found: dict[str, list[tuple[int, Record]]] = {notice_id: [] for notice_id in notice_ids}
    with lake_files.reading(lake.path):
        named = _named(lake, list(found))
        for stream in lake.streams if named.height else ():
            if stream == "notice":
                continue
            scan = pl.scan_parquet(lake.files(stream), hive_partitioning=False, glob=False)
            times = {name for name, kind in scan.collect_schema().items() if kind == pl.Datetime}
            for row in _joined(scan, named).iter_rows(named=True):
                found[row["notice_id"]].append((row["first"], _record(stream, row, times)))
    for records in found.values():
        records.sort(key=lambda r: (r[0], r[1].ts, r[1].frame, r[1].stream))
    return {notice_id: tuple(r for _, r in records[:MOST_RECORDS]) for notice_id, records in found.items()}


def _named(lake: Lake, notice_ids: list[str]) -> pl.DataFrame:
    """A row for each packet that is named: notice, capture, frame, uid (only of the first), and about when."""
    import polars as pl

    files = lake.files("notice") if "notice" in lake.streams else []
    if not files:
        return pl.DataFrame()
    columns = ["notice_id", "sensor", "capture", "frame", "frames", "uid", pl.col("ts").to_physical().alias("told")]
    wanted = pl.col("notice_id").is_in(notice_ids) & ~pl.col("again")
    rows = pl.scan_parquet(files, hive_partitioning=False, glob=False).filter(wanted).select(columns).collect()
    others = pl.col("frames").str.extract_all("[0-9]+").cast(pl.List(pl.UInt64))
    every = pl.concat_list(pl.concat_list("frame"), others).list.unique().alias("named")
    spread = rows.unique("notice_id").with_columns(every).explode("named")
    spread = spread.with_columns((pl.col("named") != pl.col("frame")).cast(pl.Int8).alias("first"))
    return spread.select("notice_id", "sensor", "capture", "told", "first", pl.col("named").alias("frame"),
        pl.when(pl.col("first") == 0).then("uid").alias("told_uid"))  # fmt: skip


def _joined(scan: pl.LazyFrame, named: pl.DataFrame) -> pl.DataFrame:
    """The records of these packets. One of the same name and number, but of another flow or day, is another's."""
    import polars as pl
    from polars import selectors

    rows = (
        scan.with_columns(selectors.datetime().to_physical(), pl.col("sensor", "capture", "uid").cast(pl.String))
        .filter(pl.col("frame").is_in(named["frame"].unique().to_list()))
        .collect()
        .join(named.with_columns(pl.col("sensor", "capture").cast(pl.String)), on=["sensor", "capture", "frame"])
    )
    of_flow = pl.col("told_uid").is_null() | (pl.col("told_uid").cast(pl.String) == pl.col("uid"))
    return rows.filter(of_flow & ((pl.col("ts") - pl.col("told")).abs() < DAY_NS))


def _record(stream: str, row: dict[str, Any], times: set[str]) -> Record:
    from linewarden.reports.words import iso

    beside = {*_ENVELOPE, "notice_id", "told", "first", "told_uid"}
    given = {k: v for k, v in row.items() if k not in beside and v is not None and v != "" and v != []}
    fields = {k: iso(v) if k in times else plain(v) for k, v in given.items()}
    return Record(stream, row["ts"], row["uid"], row["capture"], row["frame"], fields)


def plain(value: Any) -> Any:
    """A value that JSON has too: `nan` and infinities as text."""
    if isinstance(value, list):
        return [plain(v) for v in value]
    return value if not isinstance(value, float) or math.isfinite(value) else str(value)
