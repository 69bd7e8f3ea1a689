"""The state as one SQLite file, whatever database it is in; and back. Consistent while the service goes on."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import BigInteger, Connection, Table, func, insert, select, text

from linewarden.errors import ConfigError, StoreError
from linewarden.service.state import open_state
from linewarden.service.state.engine import engine_of, said
from linewarden.service.state.migrate import newest, revision_of
from linewarden.service.state.tables import METADATA

ROWS = 1_000


def snapshot(source: Path, copy: Path) -> None:
    """An SQLite file as it is at one moment (the backup API of SQLite). Raises StoreError."""
    try:
        with (
            closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as there,
            closing(sqlite3.connect(copy)) as here,
        ):
            there.backup(here)
            here.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as error:
        raise StoreError(f"{source}: cannot be copied ({error})") from error


def dump(url: str, password: str | None, copy: Path) -> None:
    """The tables of a PostgreSQL database as one transaction sees them. Raises StoreError and ConfigError."""
    engine, where = engine_of(url, password)
    target = open_state(f"sqlite:///{copy}")
    try:
        with said(where), engine.connect().execution_options(isolation_level="REPEATABLE READ") as there:
            if revision_of(there) != newest():
                raise ConfigError(f"{where}: its tables are not those of this version; start the service once")
            there.execute(text("SET LOCAL statement_timeout = 0"))
            with target.engine.begin() as here:
                _copy(there, here)
    finally:
        engine.dispose()
        target.close()
    with closing(sqlite3.connect(copy)) as file:
        file.execute("PRAGMA journal_mode=DELETE")


def load(copy: Path, url: str, password: str | None) -> None:
    """Brings a dumped state into an empty database: all of it, or nothing. Raises StoreError if it is not empty."""
    source, target = open_state(f"sqlite:///{copy}"), open_state(url, password=password)
    try:
        with said(target.where), target.engine.begin() as here, source.engine.connect() as there:
            full = [
                t.name for t in METADATA.sorted_tables if here.execute(select(func.count()).select_from(t)).scalar()
            ]
            if full:
                raise StoreError(f"is not empty ({', '.join(full)}); nothing was restored into it")
            _copy(there, here)
            for table in METADATA.sorted_tables if here.dialect.name == "postgresql" else ():
                _number_on(here, table)
    finally:
        source.close()
        target.close()


def _copy(there: Connection, here: Connection) -> None:
    for table in METADATA.sorted_tables:
        ordered = select(table).order_by(*table.primary_key.columns)
        for rows in there.execute(ordered).mappings().partitions(ROWS):
            here.execute(insert(table), [dict(row) for row in rows])


def _number_on(connection: Connection, table: Table) -> None:
    """Rows that come are numbered behind those that were restored."""
    column = next(iter(table.primary_key.columns))
    if column.autoincrement is not True or not isinstance(column.type, BigInteger):
        return
    last = connection.execute(select(func.max(column))).scalar()
    if last is not None:
        name = {"table": table.name, "column": column.name, "last": last}
        connection.execute(text("SELECT setval(pg_get_serial_sequence(:table, :column), :last)"), name)


def check_file(copy: Path) -> None:
    """Raises StoreError if an SQLite file is damaged."""
    try:
        with closing(sqlite3.connect(copy)) as file:
            found = [row[0] for row in file.execute("PRAGMA integrity_check")]
    except sqlite3.Error as error:
        found = [str(error)]
    if found != ["ok"]:
        raise StoreError(f"{copy.name}: is damaged ({found[0]})")
