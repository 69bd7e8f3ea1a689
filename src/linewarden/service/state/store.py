"""The methods of the state: each one transaction, each StoreError where the database does not take part.

What grows is bounded: the oldest rows go when there are too many.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Column, Connection, Engine, Select, Table, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from linewarden.service.state.engine import READS, said
from linewarden.service.state.rows import Event, JobRun, ServiceRun, storable
from linewarden.service.state.tables import EVENT, JOB_RUN, SERVICE_RUN

Also = Callable[[Connection, int], None]
"""What belongs to a change and is kept with it or not at all; it gets the number of the run."""
RUNS = 1_000
JOB_RUNS = 1_000
"""Turns that are kept of each job."""
EVENTS = 100_000


@dataclass(frozen=True, slots=True)
class State:
    """An open database. Its methods may be called from every thread. `where` names it, without a password."""

    engine: Engine
    where: str

    def close(self) -> None:
        """Lets go of the connections."""
        self.engine.dispose()

    # --- runs of the service ---

    def begin_run(self, version: str, host: str, pid: int, also: Also | None = None) -> int:
        """The service has begun; gives the number of the run, for `end_run`. `also` is done in the same transaction."""
        row = {"started": datetime.now(UTC), "version": version[:64], "host": storable(host, 255), "pid": pid}
        with said(self.where), self.engine.begin() as connection:
            number = connection.execute(insert(SERVICE_RUN).values(row).returning(SERVICE_RUN.c.id)).scalar_one()
            _bound(connection, SERVICE_RUN, SERVICE_RUN.c.id, RUNS)
            if also is not None:
                also(connection, int(number))
        return int(number)

    def end_run(self, run: int, *, clean: bool, also: Also | None = None) -> None:
        """The service ends; `clean`: because it was asked to."""
        ended = {"ended": datetime.now(UTC), "clean": clean}
        with said(self.where), self.engine.begin() as connection:
            connection.execute(update(SERVICE_RUN).where(SERVICE_RUN.c.id == run).values(ended))
            if also is not None:
                also(connection, run)

    def runs(self, limit: int = 100) -> list[ServiceRun]:
        """The last runs, newest first."""
        return [ServiceRun(**r) for r in self._read(select(SERVICE_RUN).order_by(SERVICE_RUN.c.id.desc()), limit)]

    def unclean_runs(self, but: int | None = None, limit: int = 100) -> list[ServiceRun]:
        """Runs that did not end as asked (killed, or failed), newest first, without the one that runs now (`but`)."""
        found = select(SERVICE_RUN).where(SERVICE_RUN.c.clean.is_(False)).order_by(SERVICE_RUN.c.id.desc())
        return [
            ServiceRun(**r) for r in self._read(found if but is None else found.where(SERVICE_RUN.c.id != but), limit)
        ]

    # --- turns of jobs ---

    def record_job(self, job: str, began: datetime, seconds: float, detail: str = "", *, failed: bool = False) -> None:
        """A job had a turn. The same turn told twice is kept once."""
        name = storable(job, 100)
        row = {
            "job": name, "started": began, "ended": began + timedelta(seconds=seconds),
            "outcome": "failed" if failed else "ok", "detail": storable(detail, 4000),
        }  # fmt: skip
        with said(self.where), self.engine.begin() as connection:
            _insert_new(connection, JOB_RUN, [row])
            _bound(connection, JOB_RUN, JOB_RUN.c.id, JOB_RUNS, job=name)

    def jobs(self, job: str | None = None, limit: int = 100) -> list[JobRun]:
        """The last turns of all jobs, or of one, newest first."""
        c = JOB_RUN.c
        found = select(c.job, c.started, c.ended, c.outcome, c.detail).order_by(c.id.desc())
        return [JobRun(**r) for r in self._read(found if job is None else found.where(c.job == job), limit)]

    # --- events ---

    def add_events(self, events: Sequence[Event]) -> None:
        """Keeps events in this order: all or none, and those whose id is there already not again."""
        rows = [{"id": e.id, "ts": e.ts, "severity": e.severity, "source": e.source, "text": e.text} for e in events]
        if not rows:
            return
        with said(self.where), self.engine.begin() as connection:
            _insert_new(connection, EVENT, rows)
            _bound(connection, EVENT, EVENT.c.seq, EVENTS)

    def events(
        self,
        since: datetime | None = None,
        limit: int = 100,
        *,
        severity: str | None = None,
        source: str | None = None,
    ) -> list[Event]:
        """Events, the last to come first; `since` is a time with its zone."""
        c = EVENT.c
        found = select(c.ts, c.severity, c.source, c.text, c.id).order_by(c.seq.desc())
        for column, value in ((c.severity, severity), (c.source, source)):
            found = found if value is None else found.where(column == value)
        return [Event(**r) for r in self._read(found if since is None else found.where(c.ts >= since), limit)]

    def _read(self, what: Select[Any], limit: int) -> list[dict[str, Any]]:
        with said(self.where), self.engine.connect().execution_options(**READS) as connection:
            return [dict(row) for row in connection.execute(what.limit(limit)).mappings()]


def _insert_new(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    """Inserts rows but for those that are there. Row by row, as that keeps the order of their numbers."""
    new: Any = postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)
    for row in rows:
        connection.execute(new.on_conflict_do_nothing().values(row))


def _bound(connection: Connection, table: Table, number: Column[Any], most: int, **of: str) -> None:
    """The rows before the last `most` go; `of` are values that tell whose rows are meant."""
    whose = [table.c[name] == value for name, value in of.items()]
    past = select(number).where(*whose).order_by(number.desc()).offset(most).limit(1).scalar_subquery()
    connection.execute(delete(table).where(*whose, number <= past))
