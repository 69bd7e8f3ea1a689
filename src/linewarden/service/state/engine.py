"""The connection to the database: SQLite with what makes it safe, PostgreSQL with what makes it give up soon.

In SQLite a transaction that writes takes its lock at the beginning (BEGIN IMMEDIATE), so that two writers wait for each
other (up to WAIT_S) and never fail half-way; readers never wait (WAL). `synchronous=FULL`: a commit is on disk.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from sqlalchemy import create_engine, event
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from linewarden.errors import ConfigError, StoreError

CONNECT_S = 5
"""How long to wait for a server that does not answer."""
WAIT_S = 5
"""How long to wait for another who writes."""
STATEMENT_S = 10
READS = {"linewarden_reads": True}
"""Execution options of a connection that only reads."""


def engine_of(text: str, password: str | None) -> tuple[Engine, str]:
    """An engine, and what to call the database in a message: never with a password."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise ConfigError("[state] url: is no URL of a database; use sqlite:///FILE or postgresql://...") from None
    if password is not None and not url.drivername.startswith("sqlite"):
        url = url.set(password=password)
    where = url.render_as_string(hide_password=True)
    try:
        engine = create_engine(url, connect_args=_arguments(url), **_pool(url))
    except (ModuleNotFoundError, NoSuchModuleError) as error:
        raise ConfigError(f"{where}: a driver is missing ({error}); pip install 'linewarden[postgres]'") from error
    _set_up(engine)
    return engine, where


def _pool(url: URL) -> dict[str, Any]:
    """Which connections are kept. One to a file costs nothing to keep, much to open, and is never found to be gone."""
    return {"pool_size": 16} if url.drivername.startswith("sqlite") else {"pool_size": 2, "pool_pre_ping": True}


def _arguments(url: URL) -> dict[str, Any]:
    if url.drivername.startswith("sqlite"):
        return {"timeout": WAIT_S}
    # tcp_user_timeout: a server whose cable was pulled never says that it is gone.
    return {"connect_timeout": CONNECT_S, "tcp_user_timeout": CONNECT_S * 1000, "application_name": "linewarden"}


def _set_up(engine: Engine) -> None:
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _begin_sqlite)
        event.listen(engine, "begin", _begin_transaction)
    else:
        event.listen(engine, "connect", _begin_postgresql)


def _begin_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # Python's module would begin transactions by itself, and late
    for pragma in (f"busy_timeout={WAIT_S * 1000}", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_transaction(connection: Connection) -> None:
    reads = connection.get_execution_options().get("linewarden_reads")
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _begin_postgresql(connection: Any, _record: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET statement_timeout = '{STATEMENT_S}s'")
    connection.commit()


@contextlib.contextmanager
def said(where: str) -> Iterator[None]:
    """What goes wrong with the database, as a StoreError of one line."""
    try:
        yield
    except StoreError as error:
        raise StoreError(f"{where}: {error}") from error
    except SQLAlchemyError as error:
        cause = getattr(error, "orig", None) or error
        lines = str(cause).strip().splitlines()
        why = lines[0].strip() if lines else type(cause).__name__
        raise StoreError(f"{where}: {why}; check that the database runs and [state] url") from error
