"""Signing in: a password, and a code where the account has a second factor; or a passkey, which is both.

Whatever is wrong, the answer is the same and takes as long: nobody learns which logins there are.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from linewarden.errors import AccessError, BusyError
from linewarden.people import totp
from linewarden.people.identities import Identities, Identity
from linewarden.people.model import Account, Purpose, Tools, login_of
from linewarden.people.passwords import Passwords
from linewarden.people.secret import code_digest
from linewarden.people.sessions import Sessions
from linewarden.people.store import Store
from linewarden.people.throttle import Throttle

if TYPE_CHECKING:
    from linewarden.people.passkeys import Passkeys


class Answer(StrEnum):
    """How an attempt ended."""

    IN = "in"
    CODE = "code"
    """The password is right; a code is wanted too."""
    REFUSED = "refused"
    WAIT = "wait"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended: with the secret of a session, or how long to wait. `why` it was refused stands only where
    that tells nothing to who guesses.
    """

    answer: Answer
    secret: str = ""
    wait: timedelta = timedelta(0)
    why: str = ""


REFUSED = Outcome(Answer.REFUSED)
NEVER = datetime(1970, 1, 1, tzinfo=UTC)
BUSY_FOR = timedelta(seconds=5)
"""Until another attempt makes sense, where too many sign in at once."""


class SignIn:
    """The door."""

    def __init__(self, store: Store, tools: Tools, passwords: Passwords, sessions: Sessions) -> None:
        self._store, self._tools, self._passwords, self._sessions = store, tools, passwords, sessions
        self._throttle = Throttle(store)

    def with_password(self, login: str, password: str, code: str, source: str, *, instead_of: str = "") -> Outcome:
        """An attempt. `code` is of the app or a recovery code, empty at first; `source` is where it comes from (an
        address); `instead_of` the secret of a session that the browser had before, which ends.
        """
        now, name = self._tools.now(), _login(login)
        account = self._store.account_of(name) if name else None
        attempt = self._throttle.take(name, source, account.id if account else None, now)
        if isinstance(attempt, timedelta):
            return Outcome(Answer.WAIT, wait=attempt)
        kept = account.password if account and account.usable else ""
        try:
            right = self._passwords.fits(kept, password)
        except BusyError:
            self._throttle.withdraw(attempt)
            return Outcome(Answer.WAIT, wait=BUSY_FOR)
        if not right or account is None:
            return REFUSED
        if account.totp:
            if not code:
                return Outcome(Answer.CODE)
            if not self.second_factor(account, code, now):
                return REFUSED
        self._throttle.succeeded(attempt, account.id, source, now)
        if self._passwords.outdated(account.password):
            with contextlib.suppress(BusyError):  # then at the next sign-in
                self._store.set_password(account.id, self._passwords.hash(password), instead_of=account.password)
        return self._let_in(account, instead_of)

    def with_passkey(self, passkeys: Passkeys, answer: str, *, instead_of: str = "") -> Outcome:
        """An attempt; `answer` is what the browser says (JSON). Not slowed down: there is nothing to guess."""
        account = passkeys.proved(answer)
        return self._let_in(account, instead_of) if account else REFUSED

    def with_identity(self, identity: Identity, *, instead_of: str = "") -> Outcome:
        """Somebody of whom a provider said who they are. The session is as fresh as their proof to the provider; where
        it does not say when that was, it is not fresh at all. A second factor is the provider's to ask for.
        """
        try:
            account = Identities(self._store, self._tools).account(identity)
        except AccessError as error:
            return Outcome(Answer.REFUSED, why=str(error))
        proved = min(identity.proved or NEVER, self._tools.now())
        return Outcome(Answer.IN, self._sessions.begin(account, instead_of=instead_of, proved=proved))

    def second_factor(self, account: Account, code: str, now: datetime) -> bool:
        """Is it a code of the app that was not used yet, or a recovery code? It is used up by this."""
        step = totp.matching_step(self._store.totp_secret(account.id), code, now)
        if step is not None:
            return self._store.take_step(account.id, step)
        return self._store.redeem(code_digest(code), Purpose.SECOND_FACTOR, now, account.id) is not None

    def _let_in(self, account: Account, instead_of: str) -> Outcome:
        return Outcome(Answer.IN, self._sessions.begin(account, instead_of=instead_of))


def _login(text: str) -> str:
    try:
        return login_of(text[:1000])
    except ValueError:
        return ""
