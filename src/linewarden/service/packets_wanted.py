"""Which packets the records of a lake name: those of a notice, of a case, or of a flow."""

from __future__ import annotations

from pathlib import Path

from linewarden.errors import ConfigError, StoreError
from linewarden.service import lake_files
from linewarden.service.lake import Lake, open_lake
from linewarden.service.packets import Named, of_notice

_NOTICE = ("note", "capture", "frame", "ts", "frames", "notice_id")


def by_notice(path: Path, start: str) -> tuple[Named, ...]:
    """The packets of the notice whose id begins so. Raises ConfigError if there is none, or more than one."""
    import polars as pl

    lake = _with_notices(path)
    with lake_files.reading(lake.path):
        scan = pl.scan_parquet(lake.files("notice"), hive_partitioning=False, glob=False)
        wanted = pl.col("notice_id").str.starts_with(start) & ~pl.col("again")
        rows = scan.filter(wanted).select(_NOTICE).collect()
    found = rows.with_columns(pl.col("ts").to_physical()).unique("notice_id", keep="first").rows()
    if len(found) != 1:
        what = "more than one notice begins so" if found else "no notice has this id"
        sql = "SELECT ts, notice_id, msg FROM notice ORDER BY ts"
        raise ConfigError(f"{start}: {what}; `linewarden query {path} '{sql}'` lists them")
    note, capture, frame, ts, frames, _ = found[0]
    return of_notice(note, capture, frame, ts, frames)


def by_case(path: Path, start: str) -> tuple[Named, ...]:
    """The packets of the case whose id begins so. Raises ConfigError as `Cases.find` does."""
    from linewarden.service.casing import cases_of, named_by

    return named_by(cases_of(path).find(start)[1])


def by_uid(path: Path, uid: str) -> tuple[Named, ...]:
    """The packets of a flow that are told of in records; what is said about them is in which streams.

    Raises ConfigError if no record has this uid.
    """
    import polars as pl

    lake = open_lake(path)
    said: dict[tuple[str, int], dict[str, int]] = {}
    with lake_files.reading(lake.path):
        for stream in lake.streams:
            scan = pl.scan_parquet(lake.files(stream), hive_partitioning=False, glob=False)
            rows = scan.filter(pl.col("uid") == uid).select("capture", "frame", pl.col("ts").to_physical()).collect()
            for capture, frame, ts in rows.iter_rows():
                said.setdefault((capture, frame), {}).setdefault(stream, ts)
    if not said:
        raise ConfigError(f"{uid}: no record has this uid; it is the column `uid` of conn and other streams")
    named = [Named(*packet, _time(streams), ", ".join(streams)) for packet, streams in said.items()]
    return tuple(sorted(named, key=lambda n: (n.ts or 0, n.capture, n.frame)))


def _time(streams: dict[str, int]) -> int | None:
    """When a packet was, by the records of it. A `weird` that is counted has the packet of an earlier one."""
    return next((ts for stream, ts in streams.items() if stream not in ("weird", "notice")), None)


def by_frames(capture: str, text: str) -> tuple[Named, ...]:
    """Packets of a capture by their numbers, `1,2,10-12`. Raises ConfigError for what is none."""
    found: dict[int, None] = {}
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        ends = (first, last or first)
        if not all(e.isascii() and e.isdigit() and 0 < len(e) < 12 for e in ends) or int(first) == 0:
            raise ConfigError(f"--frames {text}: use numbers from 1, as in 1,2,10-12")
        if not 0 <= int(ends[1]) - int(first) < 100_000:
            raise ConfigError(f"--frames {text}: {part.strip()} is no range of at most 100,000 packets")
        found.update(dict.fromkeys(range(int(first), int(ends[1]) + 1)))
    return tuple(Named(capture, n, None, f"packet {n} of {Path(capture).name}") for n in found)


def by_name(text: str) -> Named:
    """A packet as CAPTURE:FRAME, the columns of a record. Raises ConfigError for what is none."""
    capture, colon, frame = text.rpartition(":")
    if not colon or not frame.isascii() or not frame.isdigit():
        raise ConfigError(f"--of {text}: use CAPTURE:FRAME, as a record names it")
    return Named(capture, int(frame), None, text)


def _with_notices(path: Path) -> Lake:
    lake = open_lake(path)
    if "notice" not in lake.streams:
        raise StoreError(f"{path}: no notices yet; find them with `linewarden detect {path} --write`")
    return lake
