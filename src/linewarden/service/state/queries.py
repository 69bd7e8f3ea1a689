"""Queries that people keep: those that they saved, of which some are for all, and those that they ran last."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Index,
    String,
    Table,
    Text,
    and_,
    delete,
    insert,
    or_,
    select,
)

from linewarden.service.state.engine import READS, said
from linewarden.service.state.rows import storable
from linewarden.service.state.store import State
from linewarden.service.state.tables import METADATA, UtcTime

RECENT = 30
"""Of each person."""
SAVED = 500

QUERY = Table(
    "query",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("account", String(32), ForeignKey("account.id", ondelete="CASCADE"), nullable=False),
    Column("title", String(200), nullable=False),
    Column("sql", Text, nullable=False),
    Column("shared", Boolean, nullable=False),
    Column("made", UtcTime, nullable=False),
    Index("ix_query_account_made", "account", "made"),
)
C = QUERY.c


@dataclass(frozen=True, slots=True)
class Kept:
    """A query of somebody. Without a title it is one that they ran."""

    account: str
    title: str
    sql: str
    shared: bool = False
    made: datetime = field(default_factory=lambda: datetime.now(UTC))
    id: str = field(default_factory=lambda: secrets.token_hex(16))


Also = Callable[[Connection], None]
"""What is kept in the same transaction."""


@dataclass(frozen=True, slots=True)
class Queries:
    """The table. Every method is one transaction; StoreError where the database does not take part."""

    state: State

    def of(self, account: str) -> list[Kept]:
        """Theirs, and those that others share; the newest first."""
        wanted = (
            select(QUERY).where(or_(C.account == account, and_(C.shared, C.title != ""))).order_by(C.made.desc(), C.id)
        )
        with said(self.state.where), self.state.engine.connect().execution_options(**READS) as connection:
            return [Kept(**row) for row in connection.execute(wanted).mappings()]

    def ran(self, account: str, sql: str) -> None:
        """Remembers what they ran; the same again is only newer, and the oldest go."""
        with said(self.state.where), self.state.engine.begin() as connection:
            connection.execute(delete(QUERY).where(C.account == account, C.title == "", C.sql == sql))
            connection.execute(insert(QUERY).values(asdict(Kept(account, "", sql))))
            newest = select(C.id).where(C.account == account, C.title == "").order_by(C.made.desc(), C.id).limit(RECENT)
            kept = [row.id for row in connection.execute(newest)]
            connection.execute(delete(QUERY).where(C.account == account, C.title == "", C.id.not_in(kept)))

    def save(self, query: Kept, also: Also) -> bool:
        """Keeps it. False: they have SAVED of them already."""
        with said(self.state.where), self.state.engine.begin() as connection:
            mine = select(C.id).where(C.account == query.account, C.title != "").limit(SAVED)
            if len(connection.execute(mine).all()) >= SAVED:
                return False
            row = asdict(query) | {"title": storable(query.title, 200), "sql": query.sql.replace("\0", "")}
            connection.execute(insert(QUERY).values(row))
            also(connection)
            return True

    def remove(self, id: str, account: str, also: Also) -> bool:
        """Forgets one of theirs. False: they have none with this id."""
        with said(self.state.where), self.state.engine.begin() as connection:
            found = connection.execute(delete(QUERY).where(C.id == id, C.account == account)).rowcount
            if found:
                also(connection)
            return bool(found)
