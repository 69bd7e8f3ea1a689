"""Process values of a lake, judged in the order of time: the same functions as live, tap by tap."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from linewarden.errors import StoreError
from linewarden.service.analysing import doings, kept, tags
from linewarden.service.analysing.analysis import Analysis
from linewarden.service.analysing.settings import Analytics
from linewarden.service.analysing.span import files_by_day, moment, scan, steps

if TYPE_CHECKING:
    from linewarden.analytics.contract import Series
    from linewarden.baseline.expected import Expected
    from linewarden.detections.knowledge import Knowledge
    from linewarden.detections.run import Told
    from linewarden.service.analysing.worth import Devices
    from linewarden.service.lake import Lake

COLUMNS = {"command": doings.COLUMNS, "reading": tags.COLUMNS}


def taps_of(lake: Lake, said: Analytics, folder: Path, expected: Expected | None) -> dict[str, Analysis]:
    """What was learned before, for every sensor of the lake. Raises StoreError if the folder holds none of it."""
    if not any(kept.machine_files(folder)):
        raise StoreError(f"{folder}: nothing that a machine learned; make it with `linewarden analytics learn`")
    names = pl.scan_parquet(lake.files("reading"), hive_partitioning=False, glob=False).select(
        pl.col("sensor").cast(pl.String).unique()
    )
    found = {}
    for name in names.collect().get_column("sensor").sort().to_list():
        found[name] = Analysis(said, expected)
        kept.load_all(folder, found[name])
    return found


def analyse_lake(
    lake: Lake,
    said: Analytics,
    notices: Sequence[Told] = (),
    *,
    known: Knowledge | None = None,
    expected: Expected | None = None,
    taps: dict[str, Analysis] | None = None,
    only: Devices | None = None,
) -> list[Told]:
    """What is odd in the values of a lake, by time. `notices`: what detections found there; `taps`: by sensor, what was
    learned before; they learn on. `only`: of other devices nothing but the times of their readings is looked at, by
    which time passes. Raises StoreError if a file of the lake cannot be read."""
    taps = {} if taps is None else taps
    told: list[Told] = []
    waiting = sorted(notices, key=lambda t: t.ts)
    place = 0
    for end, stream, rows in _slices(lake):
        while place < len(waiting) and waiting[place].ts < end:
            if (tap := taps.get(waiting[place].sensor)) is not None:
                tap.notice(waiting[place])
            place += 1
        for (sensor,), mine in rows.group_by("sensor", maintain_order=True):
            name = str(sensor)
            if name not in taps:
                taps[name] = Analysis(said, expected)
                for early in waiting[:place]:
                    if early.sensor == name:
                        taps[name].notice(early)
            if known is not None:
                taps[name].know(known)
            if stream == "reading" and only is not None:
                taps[name].readings(*_parted(mine, only.get(name, frozenset())))
            else:
                taps[name].take(stream, mine)
            if stream == "reading":
                told += taps[name].turn()
    for tap in taps.values():
        told += tap.end()
    return sorted(told, key=lambda t: (t.ts, t.notice.note, t.notice.notice_id))


def _parted(rows: pl.DataFrame, devices: Collection[str]) -> tuple[pl.DataFrame, Series]:
    """The readings of these devices, and the times of all others that have values, s UTC."""
    mine = rows.get_column("source").cast(pl.String).is_in(devices)
    others = rows.filter(~mine & (rows.get_column("values").list.len() > 0)).get_column("ts")
    return rows.filter(mine), others.to_physical().to_numpy() / 1e9


def readings_between(lake: Lake, begin: int, end: int, sources: Sequence[str]) -> Iterator[pl.DataFrame]:
    """Readings of these devices from `begin` to `end` (ns UTC), by time. Raises StoreError."""
    for _, files in sorted(files_by_day(lake, "reading").items()):
        inside = (pl.col("ts") >= moment(begin)) & (pl.col("ts") <= moment(end))
        try:
            mine = pl.col("source").cast(pl.String).is_in(sources)
            rows = scan(files, COLUMNS["reading"]).filter(inside & mine).collect()
        except (pl.exceptions.PolarsError, OSError) as error:
            raise StoreError(f"{lake.path}: a file of it cannot be read ({error}); delete it and read again") from error
        if rows.height:
            yield rows.sort("ts", "frame", maintain_order=True)


def _slices(lake: Lake) -> Iterator[tuple[int, str, pl.DataFrame]]:
    """End of the slice (ns UTC), stream and rows by time; of each slice the commands first."""
    try:
        yield from steps(lake, COLUMNS)
    except (pl.exceptions.PolarsError, OSError) as error:
        text = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise StoreError(f"{lake.path}: a file of it cannot be read ({text}); delete it and read again") from error
