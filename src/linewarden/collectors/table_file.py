"""Files of values: CSV and Parquet, one or a folder that is watched. They are read, never moved, changed or removed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Literal

from linewarden.collectors._polling.table_layout import Column, Layout
from linewarden.collectors._polling.times import PER_SECOND, zone_of
from linewarden.collectors.contract import Kind, Sink, Tag, setting

GOOD = ("good", "ok", "192", "0x00000000")
"""192 is OPC DA's good. 0 is good in OPC UA and bad in OPC DA: a site says which."""
UNCERTAIN = ("uncertain", "64")
BAD = ("bad", "no data", "nodata", "error", "null", "n/a", "na", "#n/a", "bad input", "comm fail", "i/o timeout")
"""Words that historians and spreadsheets write where there is no value."""


@dataclass(frozen=True, slots=True)
class TableTag:
    """What a column (or a name in a long table) means."""

    column: str = setting("heading of the column, or name in a long table", examples=("TI101",))
    name: str = setting("name of the tag; that of the column if empty", default="", examples=("OVEN.TEMPERATURE",))
    scale: float = setting("the value is what stands there, times scale, plus offset", default=1.0)
    offset: float = setting("see scale; in the unit of the value", default=0.0)
    ucum: str = setting("unit of the value in UCUM's code", default="", examples=("Cel",))
    description: str = setting("for people", default="")
    low: float | None = setting("least value of the range", default=None)
    high: float | None = setting("greatest value of the range", default=None)


@dataclass(frozen=True, slots=True)
class TableFile:
    """A file, or a folder of files of one layout."""

    path: Path = setting("a file, or a folder", examples=("/srv/export",))
    time_column: str = setting("column of the time", examples=("timestamp",))
    device: str = setting("name the values are kept under; that of the file or folder if empty", default="")
    files: tuple[str, ...] = setting("which names in a folder", default=("*.csv", "*.parquet"))
    follow: bool = setting("watch for new files and new rows; else take what is there, and end", default=True)
    state: Path | None = setting(
        "file that remembers what was taken, over a restart of ours; without: collectors/NAME.json in the data folder",
        default=None,
    )
    interval: float = setting("how often the folder is looked at", default=10.0, unit="s", least=0.1, most=86_400)
    settle: float = setting(
        "how long a file must not have changed to be complete", default=10.0, unit="s", least=0, most=86_400
    )
    most_mb: int = setting(
        "longest file; it is held in memory while it is read", default=512, unit="MB", least=1, most=8192
    )
    time_format: str = setting("iso, s, ms, us or ns since 1970, or a format such as %d.%m.%Y %H:%M:%S", default="iso")
    zone: str = setting("zone of times that say none", default="UTC", examples=("Europe/Berlin",))
    name_column: str = setting("long: column of the tag's name; empty: wide, a column a tag", default="")
    value_column: str = setting("long: column of the value", default="")
    quality_column: str = setting("long: column of the quality, if there is one", default="")
    good: tuple[str, ...] = setting("words for a good value", default=GOOD)
    uncertain: tuple[str, ...] = setting("words for an uncertain value; all others are bad", default=UNCERTAIN)
    bad: tuple[str, ...] = setting("words that stand in place of a value that is bad", default=BAD)
    separator: str = setting("between cells; empty: as the header shows", default="", examples=(";",))
    decimal: Literal[".", ","] = setting("in numbers; with a comma, points are thousands", default=".")
    encoding: str = setting("of a CSV; UTF-16 is seen by its mark", default="utf-8", examples=("cp1252",))
    skip_lines: int = setting("lines before the header", default=0, least=0, most=10_000)
    units_row: bool = setting("the row behind the header tells units", default=False)
    tags: tuple[TableTag, ...] = setting("what columns mean; those that are not here keep their names", default=())
    only: bool = setting("take only the columns of tags", default=False)
    retry_first: float = setting("wait after a loss; doubled each time", default=1.0, unit="s", least=0.05, most=3600)
    retry_most: float = setting("longest wait after a loss", default=60.0, unit="s", least=0.05, most=86_400)


def check(settings: TableFile) -> list[tuple[str, str]]:
    """What is wrong with settings that are right one by one."""
    s = settings
    found = list(_of_table(s))
    columns: set[str] = set()
    for at, tag in enumerate(s.tags):
        if tag.column in columns:
            found.append((f"tags[{at}].column", f"{tag.column} is there twice; give each column once"))
        columns.add(tag.column)
        if tag.low is not None and tag.high is not None and tag.low >= tag.high:
            found.append((f"tags[{at}].low", f"{tag.column}: is not below high ({tag.low:g}, {tag.high:g})"))
    return found


def _of_table(s: TableFile) -> Iterator[tuple[str, str]]:
    if bool(s.name_column) != bool(s.value_column):
        yield "value_column", "a long table has name_column and value_column; give both, or none for a wide one"
    if s.quality_column and not s.name_column:
        yield "quality_column", "is of a long table; give name_column and value_column, too"
    if s.only and not s.tags:
        yield "only", "takes nothing without tags; add [[collector.tags]], or only = false"
    if len(s.separator) > 1 or (s.separator and s.separator == s.decimal):
        yield "separator", "use a single character that is not that of decimal"
    if s.decimal == "," and not s.separator:
        yield "separator", 'with a decimal comma say it, such as separator = ";"'
    try:
        "".encode(s.encoding)
    except LookupError:
        yield "encoding", f"{s.encoding} is not known; use utf-8, cp1252, latin-1 or utf-16"
    try:
        zone_of(s.zone)
    except ValueError as error:
        yield "zone", str(error)
    if s.time_format not in ("iso", *PER_SECOND) and "%" not in s.time_format:
        yield "time_format", f"is {s.time_format}; use iso, s, ms, us, ns, or a format such as %d.%m.%Y %H:%M:%S"


def run(settings: TableFile, sink: Sink, stop: Event) -> None:
    """Takes files until `stop` is set, or (follow = false) what is there."""
    from linewarden.collectors._polling.file_session import FileSession, Place
    from linewarden.collectors._polling.loop import Poller
    from linewarden.collectors._polling.table_parsing import Csv
    from linewarden.collectors._polling.trouble import LostError

    s = settings
    if s.follow and s.state is None:
        sink.say(f"{s.path}: without state, all files are taken again after a restart; give state = a file of its own")
    csv = Csv(s.separator, s.encoding, s.skip_lines, s.units_row)
    place = Place(s.path, s.files, s.settle, s.most_mb * 10**6)
    session = FileSession(place, csv, _layout(s), s.state, sink, stop, s.follow)
    peer = str(s.path)
    if s.follow:
        Poller(session, {"files": s.interval}, sink, peer, (s.retry_first, s.retry_most)).run(stop)
        return
    try:
        session.open()
        session.poll("files")
        sink.up(peer)
    except LostError as lost:
        sink.down(peer, str(lost).removeprefix(f"{peer}: "))


def _layout(s: TableFile) -> Layout:
    source = s.device or s.path.stem
    columns = {}
    for t in s.tags:
        tag = Tag(source, "file", t.name or t.column, ucum=t.ucum, description=t.description, low=t.low, high=t.high)
        columns[t.column] = Column(tag, t.scale, t.offset)
    good, uncertain, bad = (frozenset(word.casefold() for word in of) for of in (s.good, s.uncertain, s.bad))
    where = (
        source,
        "file",
        s.time_column,
        s.time_format,
        zone_of(s.zone),
        s.name_column,
        s.value_column,
        s.quality_column,
        s.decimal,
    )
    return Layout(*where, good, uncertain, bad, columns, s.only)


LOADS = (
    "polars",
    "duckdb",
    "linewarden.collectors._polling.loop",
    "linewarden.collectors._polling.file_session",
)
KIND = Kind("table_file", "CSV and Parquet files", TableFile, run, loads=LOADS, check=check)
