"""Historian collector: rows of a table or view over SQL, as they come, in transactions that cannot write."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from linewarden.collectors._polling.table_layout import Column, Layout
from linewarden.collectors._polling.times import PER_SECOND, ns_of, zone_of
from linewarden.collectors.contract import Kind, Sink, Tag, setting
from linewarden.collectors.table_file import BAD, GOOD, UNCERTAIN, TableTag


@dataclass(frozen=True, slots=True)
class Historian:
    """A table of values, and how it is read."""

    url: str = setting(
        "of the database, without a password", examples=("postgresql://reader@10.0.0.30/historian", "sqlite:///hist.db")
    )
    table: str = setting("table or view; with a schema: SCHEMA.TABLE", examples=("public.samples",))
    time_column: str = setting("column of the time", examples=("ts",))
    password: str = setting("of the user in url", default="", secret=True)
    device: str = setting("name the values are kept under; host or database if empty", default="")
    name_column: str = setting("long: column of the tag's name; empty: wide, a column a tag", default="")
    value_column: str = setting("long: column of the value", default="")
    quality_column: str = setting("long: column of the quality, if there is one", default="")
    good: tuple[str, ...] = setting("words for a good value", default=GOOD)
    uncertain: tuple[str, ...] = setting("words for an uncertain value; all others are bad", default=UNCERTAIN)
    bad: tuple[str, ...] = setting("words that stand in place of a value that is bad", default=BAD)
    time_format: str = setting("of a number or text: iso, or s, ms, us or ns since 1970", default="iso")
    zone: str = setting("zone of times that say none", default="UTC", examples=("Europe/Berlin",))
    begin: str = setting("first time to take; empty: all that is there", default="", examples=("2026-11-01T00:00:00Z",))
    state: Path | None = setting(
        "file that remembers what was taken, over a restart of ours; without: collectors/NAME.json in the data folder",
        default=None,
    )
    interval: float = setting("how often it is asked for what is new", default=10.0, unit="s", least=0.1, most=86_400)
    overlap: float = setting("so late a row may come and is still taken", default=300.0, unit="s", least=0, most=86_400)
    pause: float = setting(
        "rest between two SELECTs, as a mercy for the server", default=0.1, unit="s", least=0, most=60
    )
    timeout: float = setting("how long a SELECT may take", default=60.0, unit="s", least=0.1, most=3600)
    tags: tuple[TableTag, ...] = setting("what columns or names mean; others keep their names", default=())
    only: bool = setting("take only those of tags", default=False)
    retry_first: float = setting("wait after a loss; doubled each time", default=1.0, unit="s", least=0.05, most=3600)
    retry_most: float = setting("longest wait after a loss", default=60.0, unit="s", least=0.05, most=86_400)


def check(settings: Historian) -> list[tuple[str, str]]:
    """What is wrong with settings that are right one by one."""
    s = settings
    found = [*_of_database(s), *_of_table(s)]
    columns: set[str] = set()
    for at, tag in enumerate(s.tags):
        if tag.column in columns:
            found.append((f"tags[{at}].column", f"{tag.column} is there twice; give each column once"))
        columns.add(tag.column)
    return found


def _of_database(s: Historian) -> Iterator[tuple[str, str]]:
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(s.url)
    except (ArgumentError, ValueError):
        yield "url", "is no URL of a database; use postgresql://USER@HOST/DATABASE"
        return
    if url.password or "password" in url.query:
        yield "url", "holds a password; give password of its own"
    if url.drivername.startswith("sqlite") and (not url.database or url.database == ":memory:"):
        yield "url", "names no file; use sqlite:///FILE"


def _of_table(s: Historian) -> Iterator[tuple[str, str]]:
    if bool(s.name_column) != bool(s.value_column):
        yield "value_column", "a long table has name_column and value_column; give both, or none for a wide one"
    if s.quality_column and not s.name_column:
        yield "quality_column", "is of a long table; give name_column and value_column, too"
    if s.only and not s.tags:
        yield "only", "takes nothing without tags; add [[collector.tags]], or only = false"
    if s.time_format not in ("iso", *PER_SECOND):
        yield "time_format", f"is {s.time_format}; use iso, s, ms, us or ns"
    try:
        zone = zone_of(s.zone)
    except ValueError as error:
        yield "zone", str(error)
        return
    try:
        _ = ns_of(s.begin, "iso", zone) if s.begin else 0
    except (ValueError, OverflowError):
        yield "begin", f"{s.begin} is no time; use 2026-11-01T00:00:00Z"


def run(settings: Historian, sink: Sink, stop: Event) -> None:
    """Reads until `stop` is set."""
    from linewarden.collectors._polling.historian_session import HistorianSession
    from linewarden.collectors._polling.loop import Poller
    from linewarden.collectors._polling.sql_reading import Query, SqlReader, names_of

    s = settings
    if s.state is None:
        sink.say(f"{s.table}: without state, all is taken again after a restart; give state = a file of its own")
    host, database = names_of(s.url)
    peer = f"{host}/{database}" if host else database
    zone = zone_of(s.zone)
    listed = tuple(t.column for t in s.tags)
    if s.name_column:
        columns = (s.time_column, s.name_column, s.value_column, *([s.quality_column] if s.quality_column else []))
    else:
        columns = (s.time_column, *listed) if s.only else ()
    names = listed if s.name_column and s.only else ()
    query = Query(s.table, s.time_column, s.time_format, zone, columns, s.name_column, names, s.timeout)
    begin = ns_of(s.begin, "iso", zone) if s.begin else None
    reader = SqlReader(s.url, s.password, query, peer)
    layout = _layout(s, s.device or host or Path(database).stem)
    session = HistorianSession(reader, layout, s.state, begin, s.overlap, s.pause, sink, peer, stop)
    Poller(session, {"rows": s.interval}, sink, peer, (s.retry_first, s.retry_most)).run(stop)


def _layout(s: Historian, source: str) -> Layout:
    columns = {}
    for t in s.tags:
        tag = Tag(source, "sql", t.name or t.column, ucum=t.ucum, description=t.description, low=t.low, high=t.high)
        columns[t.column] = Column(tag, t.scale, t.offset)
    good, uncertain, bad = (frozenset(word.casefold() for word in of) for of in (s.good, s.uncertain, s.bad))
    where = (
        source,
        "sql",
        s.time_column,
        s.time_format,
        zone_of(s.zone),
        s.name_column,
        s.value_column,
        s.quality_column,
        ".",
    )
    return Layout(*where, good, uncertain, bad, columns, s.only)


LOADS = (
    "encodings.idna",
    "polars",
    "sqlalchemy.dialects.postgresql",
    "sqlalchemy.dialects.sqlite",
    "psycopg",
    "linewarden.collectors._polling.loop",
    "linewarden.collectors._polling.historian_session",
)
KIND = Kind("historian", "Historian's table over SQL", Historian, run, loads=LOADS, check=check)
