"""Accounts and all that belongs to them in the SQL state: what `people.store.Store` asks for."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, or_

from linewarden.service.state.people.codes import Codes
from linewarden.service.state.people.identities import Identities
from linewarden.service.state.people.passkeys import PasskeyRows
from linewarden.service.state.people.sessions import SessionRows
from linewarden.service.state.people.tokens import TokenRows
from linewarden.service.state.people.tries import TriesRows
from linewarden.service.state.people_tables import FAMILIAR_SOURCE, ONE_TIME_CODE, SESSION, SIGN_IN_TRIES

__all__ = ["PeopleState"]


class PeopleState(Identities, Codes, SessionRows, TriesRows, TokenRows, PasskeyRows):
    """All of it, over the engine of an open state. May be used from every thread."""

    def prune(
        self,
        now: datetime,
        began_before: datetime,
        seen_before: datetime,
        tries_before: datetime,
        familiar_before: datetime,
    ) -> None:
        """Forgets expired codes, sessions that began or were last used before, old tries and familiar sources."""
        c = SESSION.c
        with self._write() as connection:
            connection.execute(delete(ONE_TIME_CODE).where(ONE_TIME_CODE.c.expires <= now))
            connection.execute(delete(SESSION).where(or_(c.began < began_before, c.seen < seen_before)))
            connection.execute(delete(SIGN_IN_TRIES).where(SIGN_IN_TRIES.c.last < tries_before))
            connection.execute(delete(FAMILIAR_SOURCE).where(FAMILIAR_SOURCE.c.seen < familiar_before))
