"""The tables as they are now; how a database comes to them is in migrations/, and a test holds the two equal."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
)
from sqlalchemy.engine import Dialect


class UtcTime(TypeDecorator[datetime]):
    """A time with its zone, kept in UTC also where the database knows no zones (SQLite)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To the database."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """From the database."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# SQLite numbers rows by itself only where the type is INTEGER.
Number = BigInteger().with_variant(Integer(), "sqlite")

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _numbered(name: str, number: str, *more: Any) -> Table:
    """A table whose rows are numbered, and no number ever given again, also after rows are gone."""
    return Table(
        name, METADATA, Column(number, Number, primary_key=True, autoincrement=True), *more, sqlite_autoincrement=True
    )


SERVICE_RUN = _numbered(
    "service_run",
    "id",
    Column("started", UtcTime, nullable=False),
    Column("ended", UtcTime),
    Column("clean", Boolean, nullable=False, server_default=false()),
    Column("version", String(64), nullable=False),
    Column("host", String(255), nullable=False),
    Column("pid", Integer, nullable=False),
)

JOB_RUN = _numbered(
    "job_run",
    "id",
    Column("job", String(100), nullable=False),
    Column("started", UtcTime, nullable=False),
    Column("ended", UtcTime, nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("detail", String(4000), nullable=False),
    UniqueConstraint("job", "started"),  # told again after a lost answer, a turn is still one
    Index(None, "job", "id"),
)

EVENT = _numbered(
    "event",
    "seq",
    Column("id", String(64), nullable=False),
    Column("ts", UtcTime, nullable=False),
    Column("severity", String(16), nullable=False),
    Column("source", String(200), nullable=False),
    Column("text", String(4000), nullable=False),
    UniqueConstraint("id"),
    Index(None, "ts"),
)

# The audit log (service/audit): what was changed, the tree over it, its signed heads, and changes of files under way.
AUDIT_ENTRY = Table(
    "audit_entry",
    METADATA,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),  # the leaf's place in the tree: no gaps
    Column("ts", UtcTime, nullable=False),
    Column("action", String(64), nullable=False),
    Column("body", Text, nullable=False),  # canonical JSON: exactly what was hashed
    Column("leaf", LargeBinary(32), nullable=False),
    Index(None, "ts"),
    Index(None, "action"),
)

AUDIT_NODE = Table(
    "audit_node",
    METADATA,
    Column("level", SmallInteger, primary_key=True, autoincrement=False),
    Column("place", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary(32), nullable=False),
)

AUDIT_HEAD = Table(
    "audit_head",
    METADATA,
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("ts", UtcTime, nullable=False),
    Column("note", Text, nullable=False),
)

AUDIT_PENDING = Table(
    "audit_pending",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("host", String(255), nullable=False),
    Column("path", Text, nullable=False),
    Column("before", String(64)),
    Column("body", Text, nullable=False),
)
