"""The three stores: made once, kept in the benchmark's folder, and each with a way to ask it."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from _lake import records
from _lake.records import DAYS, SHARES, day_of, rows_of, select
from linewarden.service.lake_files import merged_name
from linewarden.service.merging import Limits

Ask = Callable[[str], list[tuple[Any, ...]]]
BATCH = 20_000
INDEXES = {
    "conn": ("ts", "uid", '"id.orig_h", "id.resp_h"'),
    "command": ("ts", "uid", '"id.orig_h", "id.resp_h"'),
    "modbus": ("ts", "uid", '"id.orig_h", "id.resp_h"'),
    "reading": ("ts", "uid"),
}


def database(path: str = ":memory:") -> duckdb.DuckDBPyConnection:
    """DuckDB with a bound that leaves room for others."""
    connection = duckdb.connect(path, config={"memory_limit": "6GB"})
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def make_lake(
    lake: Path, total: int, say: Callable[[str], None], clients: int = records.CLIENTS, servers: int = records.SERVERS
) -> float:
    """Files as compaction leaves them: one a stream and day (or more, past its limits), with its settings. Gives s."""
    began = time.monotonic()
    limits = Limits()
    with database() as connection:
        for day in range(DAYS):
            for name in SHARES:
                folder = lake / f"stream={name}" / "site=default" / f"date={day_of(day):%Y-%m-%d}"
                folder.mkdir(parents=True, exist_ok=True)
                file = folder / merged_name("live-local", 0, 86_399)
                connection.execute(
                    f"COPY ({select(name, day, rows_of(name, total), clients, servers)}) TO '{file}' "
                    f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {limits.group_rows})"
                )
            say(f"lake: day {day + 1} of {DAYS}")
    return time.monotonic() - began


def make_duckdb(path: Path, lake: Path, say: Callable[[str], None]) -> float:
    """The same rows as tables of a DuckDB file, in the order of time, so that its zone maps help. No index: an ART of
    as many keys does not fit into the memory that the others have. Gives s."""
    began = time.monotonic()
    with database(str(path)) as connection:
        for name in SHARES:
            files = [str(f) for f in sorted((lake / f"stream={name}").rglob("*.parquet"))]
            rows = f"SELECT * FROM read_parquet({files}, hive_partitioning=false)"  # noqa: S608
            connection.execute(f'CREATE TABLE "{name}" AS {rows}')
            say(f"DuckDB file: {name}")
    return time.monotonic() - began


def make_sqlite(path: Path, lake: Path, days: int, say: Callable[[str], None]) -> float:
    """The rows of the last days as tables of SQLite, with indexes on time, uid and pair of addresses. Gives s."""
    began = time.monotonic()
    with database() as source, sqlite3.connect(path) as target:
        target.execute("PRAGMA journal_mode = OFF")
        target.execute("PRAGMA synchronous = OFF")
        for name in SHARES:
            columns = [(f'"{c.name}"', records.SQL_TYPES[c.type]) for c in records.stream(name).columns]
            target.execute(f'CREATE TABLE "{name}" ({", ".join(c for c, _ in columns)})')
            marks = ", ".join("?" * len(columns))
            for day in range(DAYS - days, DAYS):
                files = str(lake / f"stream={name}" / "*" / f"date={day_of(day):%Y-%m-%d}" / "*.parquet")
                wanted = ", ".join(_for_sqlite(c, kind) for c, kind in columns)
                rows = source.execute(f"SELECT {wanted} FROM read_parquet('{files}')")  # noqa: S608
                while batch := rows.fetchmany(BATCH):
                    target.executemany(f'INSERT INTO "{name}" VALUES ({marks})', batch)  # noqa: S608
            for number, key in enumerate(INDEXES[name]):
                target.execute(f'CREATE INDEX "{name}_{number}" ON "{name}" ({key})')
            target.commit()
            say(f"SQLite: {name}")
        target.execute("ANALYZE")
    target.close()
    return time.monotonic() - began


def _for_sqlite(column: str, kind: str) -> str:
    if kind == "TIMESTAMPTZ_NS":
        return f"epoch_ns({column})"
    return f"to_json({column})::VARCHAR" if kind.endswith("[]") else column


@contextmanager
def opened(store: str, path: Path) -> Iterator[Ask]:
    """A way to ask a store: ours as the console does, through a session; the others by their own libraries."""
    if store == "lake":
        from linewarden.service.lake import Session

        with Session(path) as session:

            def ask(sql: str) -> list[tuple[Any, ...]]:
                with session.query(sql) as answer:
                    return list(answer.rows)

            yield ask
    elif store == "duckdb":
        with duckdb.connect(str(path), read_only=True, config={"memory_limit": "1GB"}) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            yield lambda sql: connection.execute(_readable(sql)).fetchall()
    else:
        file = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        try:
            yield lambda sql: file.execute(sql).fetchall()
        finally:
            file.close()


def _readable(sql: str) -> str:
    """Times as text: Python has none with ns."""
    return f"SELECT COLUMNS(*)::VARCHAR FROM ({sql})"  # noqa: S608


def bytes_of(path: Path) -> int:
    """Bytes on disk."""
    files = [path] if path.is_file() else [f for f in path.rglob("*") if f.is_file()]
    return sum(f.stat().st_size for f in files)


def forget(path: Path) -> None:
    """Drops a store from the page cache."""
    files = [path] if path.is_file() else [f for f in path.rglob("*") if f.is_file()]
    for file in files:
        with file.open("rb") as handle:
            os.fsync(handle.fileno())
            os.posix_fadvise(handle.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def asked(store: str, path: Path, sql: str, times: int) -> dict[str, Any]:
    """Asks so often over one open store. `first` has the opening in it."""
    began = time.perf_counter()
    seconds = []
    rows: list[tuple[Any, ...]] = []
    with opened(store, path) as ask:
        for _ in range(times):
            rows = ask(sql)
            seconds.append(time.perf_counter() - began)
            began = time.perf_counter()
    answer = {"first": seconds[0], "again": seconds[1:], "rows": len(rows), "sum": _sum(rows)}
    return {**answer, "peak_mb": _peak_mb()}


def _peak_mb() -> float:
    """Most memory that this program held. `ru_maxrss` would have that of the process which started it, too."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    kib = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(kib) * 1024 / 1e6


def _sum(rows: list[tuple[Any, ...]]) -> str:
    """What tells answers apart: the numbers of the rows, in order; times differ by their form."""
    return json.dumps([[v for v in map(_plain, row) if v is not None] for row in rows[:50]])


def _plain(value: Any) -> Any:
    text = str(value)
    if text.isdigit():
        return int(text) if int(text) < 10**12 else None
    return None if ":" in text else text
