"""Rows of a historian's table by time, in transactions that can only read."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Any

from linewarden.collectors._polling.times import PER_SECOND
from linewarden.collectors._polling.trouble import LostError, reason

if TYPE_CHECKING:
    import sqlalchemy as sa

CONNECT_S = 10
_READ_ONLY = {
    "postgresql": "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
    "mysql": "SET SESSION TRANSACTION READ ONLY",
    "mariadb": "SET SESSION TRANSACTION READ ONLY",
    "sqlite": "PRAGMA query_only = ON",
}
"""Said once to each connection. What is not here (Oracle, SQL Server) gets SELECTs alone, and each is rolled back."""
_TIMEOUT = {"postgresql": "SET statement_timeout = {ms}", "mysql": "SET SESSION MAX_EXECUTION_TIME = {ms}"}


@dataclass(frozen=True, slots=True)
class Query:
    """Which table and columns. names: only these, in the column name (empty: all). timeout: s for a statement."""

    table: str
    time: str
    form: str
    zone: tzinfo
    columns: tuple[str, ...] = ()
    name: str = ""
    names: tuple[str, ...] = ()
    timeout: float = 60.0


class SqlReader:
    """One database. peer: how it is named in messages, without a password."""

    def __init__(self, url: str, password: str, query: Query, peer: str) -> None:
        self._url, self._password, self._query, self._peer = url, password, query, peer
        self._engine: sa.Engine | None = None
        self._table: sa.Table | None = None
        self._written: str | None = None
        """A time as it stands in the table, where it is kept as text."""

    def open(self) -> None:
        """Connects and looks at the table. Raises LostError."""
        import sqlalchemy as sa

        self.close()
        with self._told():
            self._engine = sa.create_engine(_url(self._url, self._password), poolclass=sa.pool.NullPool)
            sa.event.listen(self._engine, "connect", self._begin)
            schema, _, name = self._query.table.rpartition(".")
            with self._engine.connect() as connection:
                self._table = sa.Table(name, sa.MetaData(), schema=schema or None, autoload_with=connection)
                lacking = [c for c in (self._query.time, *self._query.columns) if c not in self._table.c]
                if lacking:
                    has = ", ".join(map(repr, list(self._table.c.keys())[:8]))
                    text = f"{self._query.table} has no column {lacking[0]!r}; it has {has}"
                    raise LostError(f"{self._peer}: {text}")
                self._written = self._sample(connection)

    def close(self) -> None:
        """Ends the connection."""
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    def columns(self) -> tuple[str, ...]:
        """What is read, in order."""
        assert self._table is not None
        return self._query.columns or tuple(self._table.c.keys())

    @property
    def local(self) -> bool:
        """Times say no zone, and theirs has summer time: an hour comes twice in autumn."""
        import sqlalchemy as sa

        assert self._table is not None
        kind = self._table.c[self._query.time].type
        plain = isinstance(kind, sa.DateTime) and not kind.timezone
        written = self._written is not None and datetime.fromisoformat(self._written).tzinfo is None
        return (plain or written) and str(self._query.zone) not in ("UTC", "Etc/UTC")

    def rows(self, since: int | None, limit: int) -> list[tuple[Any, ...]]:
        """At most `limit` rows in order of time, from `since` (ns UTC) on. Raises LostError."""
        import sqlalchemy as sa

        assert self._engine is not None
        time = self._column(self._query.time)
        chosen = sa.select(*(self._column(name) for name in self.columns()))
        if self._query.names:
            chosen = chosen.where(self._column(self._query.name).in_(self._query.names))
        with self._told(), self._engine.connect() as connection:
            if since is not None:
                self._written = self._written or self._sample(connection)  # there were no rows before
                chosen = chosen.where(time >= self._bound(since))
            found = [tuple(row) for row in connection.execute(chosen.order_by(time).limit(limit))]
            connection.rollback()
        return found

    def _column(self, name: str) -> Any:
        """A column; of SQLite as it is stored, as each cell there may be of another type than its column."""
        import sqlalchemy as sa

        assert self._table is not None and self._engine is not None
        column = self._table.c[name]
        return sa.type_coerce(column, sa.types.NullType()) if self._engine.dialect.name == "sqlite" else column

    def _sample(self, connection: sa.Connection) -> str | None:
        """A time of the table if it keeps them as text. Raises LostError where such texts have no order in time."""
        import sqlalchemy as sa

        time = self._column(self._query.time)
        if not isinstance(time.type, (sa.String, sa.types.NullType)):
            return None
        value = connection.execute(sa.select(time).where(time.is_not(None)).limit(1)).scalar()
        if not isinstance(value, str):
            return None
        try:
            datetime.fromisoformat(value)
        except ValueError:
            text = f"{self._query.time} is text ({value[:30]!r}) that has no order in time"
            raise LostError(f"{self._peer}: {text}; ask for a view with a time stamp") from None
        return value

    def _bound(self, ns: int) -> Any:
        """A moment as the column has it, never later than it is."""
        import sqlalchemy as sa

        assert self._table is not None
        moment = datetime.fromtimestamp(ns // 10**9, UTC)
        if self._written is not None:
            sample = datetime.fromisoformat(self._written)
            local = moment.astimezone(sample.tzinfo or self._query.zone).replace(tzinfo=None)
            return local.isoformat(self._written[10:11] or " ", "seconds")
        kind = self._column(self._query.time).type
        if isinstance(kind, sa.DateTime):
            return moment if kind.timezone else moment.astimezone(self._query.zone).replace(tzinfo=None)
        return ns // PER_SECOND[self._query.form] if self._query.form in PER_SECOND else moment

    def _begin(self, connection: Any, _record: object) -> None:
        assert self._engine is not None
        dialect = self._engine.dialect.name
        cursor = connection.cursor()
        for text in (_READ_ONLY.get(dialect), _TIMEOUT.get(dialect)):
            if text:
                cursor.execute(text.format(ms=int(self._query.timeout * 1000)))
        cursor.close()
        if dialect != "sqlite":
            connection.commit()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What goes wrong, in one line without secrets."""
        import sqlalchemy as sa

        try:
            yield
        except sa.exc.NoSuchTableError:
            text = f"there is no table {self._query.table} that we may see; check table (SCHEMA.TABLE) and rights"
            raise LostError(f"{self._peer}: {text}") from None
        except (ModuleNotFoundError, sa.exc.NoSuchModuleError) as error:
            text = f"a driver is missing ({reason(error)}); pip install one for url, such as 'linewarden[postgres]'"
            raise LostError(f"{self._peer}: {text}") from None
        except (sa.exc.SQLAlchemyError, OSError, ValueError, TypeError) as error:
            said = reason(getattr(error, "orig", None) or error)[:300]
            if self._password:
                said = said.replace(self._password, "***")
            raise LostError(f"{self._peer}: {said}; check url, user, password and rights") from None


def _url(text: str, password: str) -> sa.URL:
    import sqlalchemy as sa

    url = sa.make_url(text)
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    if url.drivername.startswith("postgresql"):
        url = url.update_query_dict({"connect_timeout": str(CONNECT_S), "application_name": "linewarden"})
    if url.drivername.startswith("sqlite"):  # never made anew where it is not there
        file = os.path.abspath(url.database or "")
        return url.set(database=f"file:{file}").update_query_dict({"mode": "ro", "uri": "true"})
    return url.set(password=password) if password else url


def names_of(url: str) -> Sequence[str]:
    """(host, database) for a message and for a source."""
    import sqlalchemy as sa

    found = sa.make_url(url)
    return (found.host or "", os.path.basename(found.database or ""))
