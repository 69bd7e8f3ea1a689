"""How the tables of people are read and written: each call one transaction, each failure a StoreError."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, Insert, Select, Table
from sqlalchemy.dialects import postgresql, sqlite

from linewarden.service.state.engine import READS, said


@dataclass(frozen=True, slots=True)
class Rows:
    """An open database. `where` names it in messages, without a password."""

    engine: Engine
    where: str

    @contextlib.contextmanager
    def _write(self) -> Iterator[Connection]:
        with said(self.where), self.engine.begin() as connection:
            yield connection

    def _all(self, what: Select[Any]) -> list[dict[str, Any]]:
        with said(self.where), self.engine.connect().execution_options(**READS) as connection:
            return [dict(row) for row in connection.execute(what).mappings()]

    def _one(self, what: Select[Any]) -> dict[str, Any] | None:
        found = self._all(what.limit(1))
        return found[0] if found else None


def insert_for(connection: Connection, table: Table) -> Any:
    """An INSERT that knows ON CONFLICT."""
    new: Insert = postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)
    return new
