"""One-time codes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, func, insert, select

from linewarden.people.model import OneTime, Purpose
from linewarden.service.state.people.base import Rows
from linewarden.service.state.people_tables import ONE_TIME_CODE

C = ONE_TIME_CODE.c


class Codes(Rows):
    """The table `one_time_code`. That of the first owner has no account yet: NULL."""

    __slots__ = ()

    def add_codes(self, codes: Sequence[OneTime]) -> None:
        """Keeps codes."""
        rows = [
            {"digest": c.digest, "purpose": str(c.purpose), "expires": c.expires, "account": c.account or None,
             "site": c.site} for c in codes
        ]  # fmt: skip
        with self._write() as connection:
            connection.execute(insert(ONE_TIME_CODE), rows)

    def redeem(self, digest: str, purpose: Purpose, now: datetime, account: str | None = None) -> OneTime | None:
        """Takes a code away for good and gives it: of two who come at once, one gets it."""
        which: list[ColumnElement[bool]] = [C.digest == digest, C.purpose == str(purpose), C.expires > now]
        if account is not None:
            which.append(_of(account))
        with self._write() as connection:
            taken = connection.execute(delete(ONE_TIME_CODE).where(*which).returning(*C)).mappings().first()
        return _code(dict(taken)) if taken else None

    def drop_codes(self, purpose: Purpose, account: str) -> None:
        """Forgets codes of one purpose and account."""
        with self._write() as connection:
            connection.execute(delete(ONE_TIME_CODE).where(C.purpose == str(purpose), _of(account)))

    def bound_codes(self, purpose: Purpose, account: str, most: int) -> None:
        """Forgets those that expire first, where there are more than so many."""
        which = (C.purpose == str(purpose), _of(account))
        newest = select(C.digest).where(*which).order_by(C.expires.desc(), C.digest).limit(most)
        with self._write() as connection:
            connection.execute(delete(ONE_TIME_CODE).where(*which, C.digest.not_in(newest)))

    def count_codes(self, purpose: Purpose, account: str) -> int:
        """How many there are."""
        row = self._one(select(func.count().label("n")).where(C.purpose == str(purpose), _of(account)))
        return int(row["n"]) if row else 0


def _of(account: str) -> ColumnElement[bool]:
    return C.account == account if account else C.account.is_(None)


def _code(row: dict[str, Any]) -> OneTime:
    return OneTime(row["digest"], Purpose(row["purpose"]), row["expires"], row["account"] or "", row["site"])
