"""Attempts to sign in that failed, and from where somebody signed in before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import delete, select

from linewarden.people.model import Tries
from linewarden.service.state.people.base import Rows, insert_for
from linewarden.service.state.people_tables import FAMILIAR_SOURCE, SIGN_IN_TRIES

NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class TriesRows(Rows):
    """The tables `sign_in_tries` and `familiar_source`."""

    __slots__ = ()

    def change_tries(self, key: str, change: Callable[[Tries | None], Tries | None]) -> None:
        """Reads and writes in one transaction. The row is made first, so that there is something to lock; if it was
        deleted before it was locked, it counts as none.
        """
        c = SIGN_IN_TRIES.c
        with self._write() as connection:
            empty = {"key": key, "count": 0, "last": NEVER}
            connection.execute(insert_for(connection, SIGN_IN_TRIES).values(empty).on_conflict_do_nothing())
            row = connection.execute(select(c.count, c.last).where(c.key == key).with_for_update()).first()
            new = change(Tries(row[0], row[1]) if row and row[0] else None)
            if new is None:
                connection.execute(delete(SIGN_IN_TRIES).where(c.key == key))
                return
            values = {"count": new.count, "last": new.last}
            put = insert_for(connection, SIGN_IN_TRIES).values(key=key, **values)
            connection.execute(put.on_conflict_do_update(index_elements=["key"], set_=values))

    def is_familiar(self, account: str, source: str, since: datetime) -> bool:
        """Did the account sign in from there since then?"""
        c = FAMILIAR_SOURCE.c
        found = select(c.seen).where(c.account == account, c.source == source, c.seen >= since)
        return self._one(found) is not None

    def make_familiar(self, account: str, source: str, now: datetime) -> None:
        """It did, now."""
        row = {"account": account, "source": source, "seen": now}
        with self._write() as connection:
            new = insert_for(connection, FAMILIAR_SOURCE).values(row)
            connection.execute(new.on_conflict_do_update(index_elements=["account", "source"], set_={"seen": now}))
