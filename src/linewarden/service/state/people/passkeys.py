"""Passkeys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import delete, select, update

from linewarden.people.model import Passkey
from linewarden.service.state.people.base import Rows, insert_for
from linewarden.service.state.people_tables import PASSKEY
from linewarden.service.state.rows import storable

C = PASSKEY.c


class PasskeyRows(Rows):
    """The table `passkey`."""

    __slots__ = ()

    def add_passkey(self, passkey: Passkey) -> bool:
        """Keeps a passkey. False: it is there already."""
        row = asdict(passkey) | {"name": storable(passkey.name, 200)}
        with self._write() as connection:
            new = insert_for(connection, PASSKEY).values(row).on_conflict_do_nothing().returning(C.id)
            return connection.execute(new).first() is not None

    def passkey(self, id: str) -> Passkey | None:
        """The passkey with this id."""
        row = self._one(select(PASSKEY).where(C.id == id))
        return Passkey(**row) if row else None

    def passkeys(self, account: str) -> Sequence[Passkey]:
        """Those of an account, the oldest first."""
        found = select(PASSKEY).where(C.account == account).order_by(C.created, C.id)
        return [Passkey(**row) for row in self._all(found)]

    def passkey_used(self, id: str, count: int, now: datetime) -> bool:
        """Remembers its count. False: that is not more than it was (where it counts at all), as of a copy."""
        counts = C.count < count if count else C.count == 0
        with self._write() as connection:
            used = update(PASSKEY).where(C.id == id, counts).values(count=count, used=now)
            return bool(connection.execute(used).rowcount)

    def drop_passkey(self, account: str, id: str) -> bool:
        """Forgets one of an account. False: there is none."""
        with self._write() as connection:
            return bool(connection.execute(delete(PASSKEY).where(C.id == id, C.account == account)).rowcount)
