"""How long the values of a lake last. Who only asks whether they are worth judging imports no analytics."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from linewarden.service.analysing.settings import Analytics
    from linewarden.service.lake import Lake


def worth_it(lake: Lake, said: Analytics) -> bool:
    """Whether the values of this lake last longer than the shortest time of learning."""
    if "reading" not in lake.streams:
        return False
    ends = [ends_of(scan(files, ("ts",))) for files in files_by_day(lake, "reading").values()]
    known = [e for e in ends if e is not None]
    least = min((w.first_minutes for w in (said.wanted, *(g.wanted for g in said.machines))), default=10.0)
    return bool(known) and max(b for _, b in known) - min(a for a, _ in known) > least * 60e9


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
