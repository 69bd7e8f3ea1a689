"""Sessions: an unguessable secret in a cookie, of which only the hash is kept.

A new one at each sign-in (no session from before it is taken over), a new secret at each change of rights, an end after
a time without use and, in any case, after a day's work.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from linewarden.people.model import Account, Session, Tools
from linewarden.people.secret import digest, new_secret
from linewarden.people.store import Store

TOUCH = timedelta(minutes=1)
"""`seen` is written no oftener than this."""


@dataclass(frozen=True, slots=True)
class Limits:
    """When a session ends by itself."""

    idle: timedelta = timedelta(minutes=30)
    absolute: timedelta = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Seen:
    """A session that holds. `secret`: the new one to hand out, if it was changed."""

    session: Session
    account: Account
    secret: str | None = None


class Sessions:
    """Begins, finds and ends sessions."""

    def __init__(self, store: Store, tools: Tools, limits: Limits | None = None) -> None:
        self._store, self._tools, self.limits = store, tools, limits or Limits()

    def begin(self, account: Account, *, instead_of: str = "", proved: datetime | None = None) -> str:
        """A session of somebody who has proved who they are (`proved`: when, if not just now); gives its secret. What
        they had before ends.
        """
        secret, now = new_secret(self._tools.random), self._tools.now()
        with self._store.together():
            if instead_of:
                self._store.end_session(_digest(instead_of), "another began in its place")
            self._store.add_session(Session(_digest(secret), account.id, now, now, proved or now, account.rights))
        return secret

    def look(self, secret: str) -> Seen | None:
        """The session of a secret, if it still holds."""
        now = self._tools.now()
        session = self._store.session(_digest(secret))
        if session is None:
            return None
        account = self._store.account(session.account)
        if account is None or account.disabled or self._is_over(session, now):
            self._store.end_session(session.digest, "its time is over" if account else "its account is gone")
            return None
        if session.rights != account.rights:
            return self._rotated(session, account, now)
        if now - session.seen < TOUCH:
            return Seen(session, account)
        touched = replace(session, seen=now)
        return Seen(touched, account) if self._store.replace_session(session.digest, touched) else None

    def proved(self, secret: str) -> str | None:
        """They proved again who they are: a new secret, of the same session, that is fresh. None: it is over."""
        seen = self.look(secret)
        if seen is None:
            return None
        now, new = self._tools.now(), new_secret(self._tools.random)
        fresh = replace(seen.session, digest=_digest(new), authenticated=now, seen=now)
        return new if self._store.replace_session(seen.session.digest, fresh) else None

    def end(self, secret: str) -> None:
        """Signs out."""
        self._store.end_session(_digest(secret), "signed out")

    def _rotated(self, session: Session, account: Account, now: datetime) -> Seen | None:
        secret = new_secret(self._tools.random)
        new = replace(session, digest=_digest(secret), rights=account.rights, seen=now)
        return Seen(new, account, secret) if self._store.replace_session(session.digest, new) else None

    def _is_over(self, session: Session, now: datetime) -> bool:
        return now - session.seen >= self.limits.idle or now - session.began >= self.limits.absolute


def _digest(secret: str) -> str:
    return digest("session", secret[:256])
