"""Historian collector: rows of a table or view over SQL, as they come, in transactions that cannot write."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from linewarden.collectors._polling import table_settings as tabular, usual
from linewarden.collectors._polling.table_settings import TableTag, layout_of, wrong_table
from linewarden.collectors._polling.times import ns_of, zone_of
from linewarden.collectors.contract import Kind, Sink, setting


@dataclass(frozen=True, slots=True)
class Historian:
    """A table of values, and how it is read."""

    url: str = setting(
        "of the database, without a password", examples=("postgresql://reader@10.0.0.30/historian", "sqlite:///hist.db")
    )
    table: str = setting("table or view; with a schema: SCHEMA.TABLE", examples=("public.samples",))
    time_column: str = tabular.time_column("ts")
    password: str = setting("of the user in url", default="", secret=True)
    device: str = usual.device("host or database")
    name_column: str = tabular.name_column()
    value_column: str = tabular.value_column()
    quality_column: str = tabular.quality_column()
    good: tuple[str, ...] = tabular.good()
    uncertain: tuple[str, ...] = tabular.uncertain()
    bad: tuple[str, ...] = tabular.bad()
    time_format: str = setting("of a number or text: iso, or s, ms, us or ns since 1970", default="iso")
    zone: str = usual.zone()
    begin: str = setting("first time to take; empty: all that is there", default="", examples=("2026-11-01T00:00:00Z",))
    state: Path | None = usual.state()
    interval: float = setting("how often it is asked for what is new", default=10.0, unit="s", least=0.1, most=86_400)
    overlap: float = setting("so late a row may come and is still taken", default=300.0, unit="s", least=0, most=86_400)
    pause: float = setting(
        "rest between two SELECTs, as a mercy for the server", default=0.1, unit="s", least=0, most=60
    )
    timeout: float = setting("how long a SELECT may take", default=60.0, unit="s", least=0.1, most=3600)
    tags: tuple[TableTag, ...] = setting("what columns or names mean; others keep their names", default=())
    only: bool = setting("take only those of tags", default=False)
    retry_first: float = usual.retry_first()
    retry_most: float = usual.retry_most()


def check(settings: Historian) -> list[tuple[str, str]]:
    """What is wrong with settings that are right one by one."""
    return [*_of_database(settings), *wrong_table(settings), *_of_times(settings)]


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


def _of_times(s: Historian) -> Iterator[tuple[str, str]]:
    wrong = list(usual.wrong_times(s.zone, s.time_format, own_forms=False))
    yield from wrong
    try:
        _ = ns_of(s.begin, "iso", zone_of("UTC" if wrong else s.zone)) if s.begin else 0
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
    layout = layout_of(s, s.device or host or Path(database).stem, "sql")
    session = HistorianSession(reader, layout, s.state, begin, s.overlap, s.pause, sink, peer, stop)
    Poller(session, {"rows": s.interval}, sink, peer, (s.retry_first, s.retry_most)).run(stop)


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
