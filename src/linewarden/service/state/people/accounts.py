"""Accounts and what they were granted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, exists, insert, select, update

from linewarden.people.model import Account, Grant
from linewarden.service.state.people.base import Rows, insert_for
from linewarden.service.state.people_tables import ACCOUNT, ACCOUNT_GRANT, ACCOUNT_IDENTITY
from linewarden.service.state.rows import storable

C = ACCOUNT.c
LINKED = exists().where(ACCOUNT_IDENTITY.c.account == C.id).label("linked")
READ = select(
    *(column for column in C if column.name not in ("totp", "totp_step")), (C.totp != "").label("totp"), LINKED
)


class Accounts(Rows):
    """The tables `account` and `account_grant`."""

    __slots__ = ()

    def accounts(self) -> Sequence[Account]:
        """All, by login."""
        return [_account(row) for row in self._all(READ.order_by(C.login))]

    def account(self, id: str) -> Account | None:
        """The one with this id."""
        row = self._one(READ.where(C.id == id))
        return _account(row) if row else None

    def account_of(self, login: str) -> Account | None:
        """The one with this login."""
        row = self._one(READ.where(C.login == login))
        return _account(row) if row else None

    def add_account(self, account: Account, grants: Sequence[Grant]) -> bool:
        """Makes an account. False: its login is taken."""
        row = {n: getattr(account, n) for n in ("id", "login", "created", "password", "disabled", "rights")}
        row |= {"name": storable(account.name, 200), "shifts": _list(account.shifts), "totp": "", "totp_step": 0}
        with self._write() as connection:
            new = insert_for(connection, ACCOUNT).values(row).on_conflict_do_nothing(index_elements=["login"])
            if connection.execute(new.returning(C.id)).first() is None:
                return False
            _grant(connection, account.id, grants)
        return True

    def set_password(self, id: str, password: str, *, instead_of: str | None = None) -> bool:
        """Sets the hash; with `instead_of` only if that is still the one."""
        change = update(ACCOUNT).where(C.id == id).values(password=password)
        if instead_of is not None:
            change = change.where(C.password == instead_of)
        with self._write() as connection:
            return bool(connection.execute(change).rowcount)

    def set_totp(self, id: str, secret: str, step: int) -> None:
        """Sets the secret of the second factor, and the step of the code that was shown for it."""
        kept = self.sealer.seal(secret) if secret else ""
        with self._write() as connection:
            connection.execute(update(ACCOUNT).where(C.id == id).values(totp=kept, totp_step=step))

    def totp_secret(self, id: str) -> str:
        """The secret of the second factor, opened with the site's key."""
        row = self._one(select(C.totp).where(C.id == id))
        return self.sealer.open(row["totp"]) if row and row["totp"] else ""

    def take_step(self, id: str, step: int) -> bool:
        """Marks the step of a code as used. False: it, or a later one, was used before."""
        with self._write() as connection:
            taken = update(ACCOUNT).where(C.id == id, C.totp_step < step).values(totp_step=step)
            return bool(connection.execute(taken).rowcount)

    def set_disabled(self, id: str, since: datetime | None) -> None:
        """Disables an account, or enables it again."""
        with self._write() as connection:
            connection.execute(update(ACCOUNT).where(C.id == id).values(disabled=since))

    def grants(self, id: str) -> Sequence[Grant]:
        """What an account was granted, sorted."""
        g = ACCOUNT_GRANT.c
        return sorted(Grant(**row) for row in self._all(select(g.role, g.site, g.zone).where(g.account == id)))

    def set_rights(self, id: str, grants: Sequence[Grant], shifts: frozenset[str] | None) -> None:
        """Grants exactly this, and counts one more change of rights."""
        with self._write() as connection:
            changed = update(ACCOUNT).where(C.id == id).values(rights=C.rights + 1, shifts=_list(shifts))
            if connection.execute(changed).rowcount:
                connection.execute(delete(ACCOUNT_GRANT).where(ACCOUNT_GRANT.c.account == id))
                _grant(connection, id, grants)


def _grant(connection: Connection, id: str, grants: Sequence[Grant]) -> None:
    rows = [{"account": id, "role": g.role, "site": g.site, "zone": g.zone} for g in sorted(set(grants))]
    if rows:
        connection.execute(insert(ACCOUNT_GRANT), rows)


def _account(row: dict[str, Any]) -> Account:
    shifts = row.pop("shifts")
    row |= {"totp": bool(row["totp"]), "linked": bool(row["linked"])}
    return Account(**row, shifts=None if shifts is None else frozenset(shifts))


def _list(shifts: frozenset[str] | None) -> list[str] | None:
    return None if shifts is None else sorted(shifts)
