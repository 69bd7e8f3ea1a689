"""Sessions."""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy import delete, func, insert, select, update

from linewarden.people.model import Session
from linewarden.service.state.people.base import Rows
from linewarden.service.state.people_tables import SESSION


class SessionRows(Rows):
    """The table `session`."""

    __slots__ = ()

    def add_session(self, session: Session) -> None:
        """Keeps a session."""
        with self._write() as connection:
            connection.execute(insert(SESSION).values(asdict(session)))

    def session(self, digest: str) -> Session | None:
        """The session with this digest."""
        row = self._one(select(SESSION).where(SESSION.c.digest == digest))
        return Session(**row) if row else None

    def replace_session(self, digest: str, new: Session) -> bool:
        """Puts another in its place. False: it was gone."""
        with self._write() as connection:
            changed = update(SESSION).where(SESSION.c.digest == digest).values(asdict(new))
            return bool(connection.execute(changed).rowcount)

    def end_session(self, digest: str, why: str = "") -> None:
        """Forgets a session."""
        with self._write() as connection:
            connection.execute(delete(SESSION).where(SESSION.c.digest == digest))

    def end_sessions(self, account: str, why: str = "") -> None:
        """Forgets all sessions of an account."""
        with self._write() as connection:
            connection.execute(delete(SESSION).where(SESSION.c.account == account))

    def count_sessions(self, account: str) -> int:
        """How many an account has."""
        row = self._one(select(func.count().label("n")).where(SESSION.c.account == account))
        return int(row["n"]) if row else 0
