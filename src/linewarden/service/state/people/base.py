"""How the tables of people are read and written: each call one transaction, or part of one that several share; each
failure a StoreError.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Connection, Engine, Insert, Select, Table, text
from sqlalchemy.dialects import postgresql, sqlite

from linewarden.service.state.engine import READS, said

LOCK = 0x4C57_7065_6F70_6C  # "LWpeopl": the number of our advisory lock in PostgreSQL
_OPEN: ContextVar[tuple[Engine, Connection] | None] = ContextVar("linewarden_people", default=None)
"""The transaction that this thread has open, and of which database."""


class Sealer(Protocol):
    """What seals secrets before they are kept."""

    def seal(self, secret: str) -> str:
        """As it is kept. Raises StoreError."""

    def open(self, kept: str) -> str:
        """The secret. Raises StoreError."""


@dataclass(frozen=True, slots=True)
class Rows:
    """An open database. `where` names it in messages, without a password; `sealer` seals what is secret in it."""

    engine: Engine
    where: str
    sealer: Sealer

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """What is read and written within is one transaction, and nobody else's `together` runs meanwhile."""
        with self._write() as connection:
            if connection.dialect.name == "postgresql":  # SQLite's writing transactions are alone anyway
                connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": LOCK})
            yield

    @contextlib.contextmanager
    def _write(self) -> Iterator[Connection]:
        if (shared := self._shared()) is not None:
            yield shared
            return
        with said(self.where), self.engine.begin() as connection:
            token = _OPEN.set((self.engine, connection))
            try:
                yield connection
            finally:
                _OPEN.reset(token)

    def _all(self, what: Select[Any]) -> list[dict[str, Any]]:
        if (shared := self._shared()) is not None:
            return [dict(row) for row in shared.execute(what).mappings()]
        with said(self.where), self.engine.connect().execution_options(**READS) as connection:
            return [dict(row) for row in connection.execute(what).mappings()]

    def _shared(self) -> Connection | None:
        found = _OPEN.get()
        return found[1] if found is not None and found[0] is self.engine else None

    def _one(self, what: Select[Any]) -> dict[str, Any] | None:
        found = self._all(what.limit(1))
        return found[0] if found else None


def insert_for(connection: Connection, table: Table) -> Any:
    """An INSERT that knows ON CONFLICT."""
    new: Insert = postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)
    return new
