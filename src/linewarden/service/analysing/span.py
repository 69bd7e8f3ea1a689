"""The records of a lake in the order of time, in steps. Imports no analytics."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from linewarden.service.lake import Lake

STEP_NS = 600_000_000_000
"""Of a lake's time that is read at once."""


def files_by_day(lake: Lake, stream: str) -> dict[str, list[Path]]:
    """The files of a stream by the folder of their day."""
    found: dict[str, list[Path]] = {}
    for file in lake.files(stream) if stream in lake.streams else ():
        found.setdefault(file.parent.name, []).append(file)
    return found


def scan(files: list[Path], columns: Iterable[str]) -> pl.LazyFrame:
    """Some columns of them."""
    return pl.scan_parquet(files, hive_partitioning=False, glob=False).select(columns)


def ends_of(scan: pl.LazyFrame) -> tuple[int, int] | None:
    """The first and the last time, ns UTC; None if there is no row."""
    ts = pl.col("ts").to_physical()
    first, last = scan.select(ts.min().alias("first"), ts.max().alias("last")).collect().row(0)
    return None if first is None else (int(first), int(last))


def steps(
    lake: Lake, columns: Mapping[str, Iterable[str]], where: pl.Expr | None = None
) -> Iterator[tuple[int, str, pl.DataFrame]]:
    """End of a step of time (ns UTC), stream and rows by time; within a step the streams in the order of `columns`.
    `where`: only these rows.

    Raises PolarsError or OSError where a file cannot be read.
    """
    days: dict[str, dict[str, list[Path]]] = {}
    for stream in columns:
        for day, files in files_by_day(lake, stream).items():
            days.setdefault(day, {})[stream] = files
    for day in sorted(days):
        scans = {s: scan(days[day][s], columns[s]) for s in columns if s in days[day]}
        ends = [e for e in map(ends_of, scans.values()) if e is not None]
        if not ends:
            continue
        begin, end = min(a for a, _ in ends), max(b for _, b in ends)
        for at in range(begin // STEP_NS * STEP_NS, end + 1, STEP_NS):
            inside = (pl.col("ts") >= moment(at)) & (pl.col("ts") < moment(at + STEP_NS))
            inside = inside if where is None else inside & where
            for stream, part in scans.items():
                if (rows := part.filter(inside).collect()).height:
                    yield at + STEP_NS, stream, rows.sort("ts", "frame", maintain_order=True)


def moment(ns: int) -> pl.Expr:
    """As a column of times has it."""
    return pl.lit(ns).cast(pl.Datetime("ns", "UTC"))
