"""Brings a database to the tables of this program, one program at a time.

Alembic's parts are used as a library: the steps are files of the package, and no alembic.ini or env.py is needed.
All steps are one transaction on both databases: after a kill the database is as it was, or as it should be.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.engine import Connection

from linewarden.errors import StoreError
from linewarden.service.state import (  # noqa: F401 - in METADATA
    case_tables,
    maintenance_tables,
    people_tables,
    queries,
    zone_tables,
)
from linewarden.service.state.tables import METADATA

FOLDER = Path(__file__).parent / "migrations"
LOCK = 0x4C57_7374_6174_65  # "LWstate": the number of our advisory lock in PostgreSQL
LOCK_WAIT_S = 30


@cache
def scripts() -> ScriptDirectory:
    """The steps that this program knows, read once."""
    return ScriptDirectory(str(FOLDER))


def newest() -> str:
    """The revision that this program brings a database to."""
    return scripts().get_current_head() or ""


def revision_of(connection: Connection) -> str:
    """The revision of a database; empty: it has no tables of ours yet. Raises StoreError if it is newer than we are."""
    found = MigrationContext.configure(connection).get_current_heads()
    known = {s.revision for s in scripts().walk_revisions()}
    if strange := sorted(set(found) - known):
        raise StoreError(
            f"its tables are newer ({strange[0]}) than this program ({newest()}); install the newer Linewarden again, "
            "or name another database in [state] url"
        )
    return found[0] if found else ""


def migrate(connection: Connection) -> str:
    """Runs the steps that are missing, in the connection's transaction. Gives the revision before, if there was one.

    Raises StoreError if the database is newer than this program.
    """
    _alone(connection)
    before = revision_of(connection)
    if before != newest():
        with _environment(connection) as environment:
            environment.run_migrations()
    return before


def _alone(connection: Connection) -> None:
    """Waits for others that migrate: a lock until the end of the transaction. SQLite's began with one."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_WAIT_S}s'"))
        connection.execute(text("SET LOCAL statement_timeout = 0"))  # a large table may take its time
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": LOCK})


def _environment(connection: Connection) -> EnvironmentContext:
    steps = scripts()

    def missing(revision: Any, _context: Any) -> Any:
        return steps._upgrade_revs("head", revision)

    environment = EnvironmentContext(Config(), steps, fn=missing)
    environment.configure(
        connection=connection, target_metadata=METADATA, fn=missing, transactional_ddl=True, render_as_batch=True
    )
    return environment
