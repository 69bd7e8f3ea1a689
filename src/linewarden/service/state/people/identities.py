"""Which account belongs to whom at a provider of identities."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from linewarden.people.model import Account
from linewarden.service.state.people.accounts import Accounts
from linewarden.service.state.people.base import insert_for
from linewarden.service.state.people_tables import ACCOUNT_IDENTITY

C = ACCOUNT_IDENTITY.c


class Identities(Accounts):
    """The table `account_identity`."""

    __slots__ = ()

    def account_by(self, issuer: str, subject: str) -> Account | None:
        """The account that is linked to it."""
        row = self._one(select(C.account).where(C.issuer == issuer, C.subject == subject))
        return self.account(row["account"]) if row else None

    def identities(self, account: str) -> Sequence[tuple[str, str]]:
        """Those of an account, sorted."""
        found = select(C.issuer, C.subject).where(C.account == account).order_by(C.issuer, C.subject)
        return [(row["issuer"], row["subject"]) for row in self._all(found)]

    def link(self, account: str, issuer: str, subject: str, now: datetime) -> bool:
        """Links an account. False: the identity is linked already."""
        row = {"account": account, "issuer": issuer, "subject": subject, "linked": now}
        with self._write() as connection:
            new = insert_for(connection, ACCOUNT_IDENTITY).values(row).on_conflict_do_nothing().returning(C.account)
            return connection.execute(new).first() is not None
