"""What the logic asks of whoever keeps the accounts. Each method is one transaction, `together` one of several.

The service has it in SQL (service/state/people/); tests have it in memory as well, and hold both to the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from linewarden.people.model import Account, Grant, OneTime, Passkey, Purpose, Session, Token, Tries


class AccountStore(Protocol):
    """Accounts and what they were granted."""

    def accounts(self) -> Sequence[Account]:
        """All, by login."""

    def account(self, id: str) -> Account | None:
        """The one with this id."""

    def account_of(self, login: str) -> Account | None:
        """The one with this login, as `login_of` gives it."""

    def add_account(self, account: Account, grants: Sequence[Grant]) -> bool:
        """Makes an account. False: its login is taken."""

    def set_password(self, id: str, password: str, *, instead_of: str | None = None) -> bool:
        """Sets the hash; with `instead_of` only if that is still the one. False: nothing was changed."""

    def set_totp(self, id: str, secret: str, step: int) -> None:
        """Sets the secret of the second factor (empty: none), and the step of the code that was shown for it."""

    def totp_secret(self, id: str) -> str:
        """The secret of the second factor in base32, empty without one."""

    def take_step(self, id: str, step: int) -> bool:
        """Marks the step of a code as used. False: it, or a later one, was used before."""

    def set_disabled(self, id: str, since: datetime | None) -> None:
        """Disables an account, or enables it again."""

    def grants(self, id: str) -> Sequence[Grant]:
        """What an account was granted, sorted."""

    def set_rights(self, id: str, grants: Sequence[Grant], shifts: frozenset[str] | None) -> None:
        """Grants exactly this, and counts one more change of rights."""


class IdentityStore(Protocol):
    """Who a person is at a provider of identities: an issuer, and a subject that it never gives to another."""

    def account_by(self, issuer: str, subject: str) -> Account | None:
        """The account that is linked to it."""

    def identities(self, account: str) -> Sequence[tuple[str, str]]:
        """Those of an account, sorted."""

    def link(self, account: str, issuer: str, subject: str, now: datetime) -> bool:
        """Links an account. False: the identity is linked already."""


class CodeStore(Protocol):
    """One-time codes."""

    def add_codes(self, codes: Sequence[OneTime]) -> None:
        """Keeps codes."""

    def redeem(self, digest: str, purpose: Purpose, now: datetime, account: str | None = None) -> OneTime | None:
        """Takes a code away for good and gives it; None if there is none (of this account), or it has expired."""

    def drop_codes(self, purpose: Purpose, account: str) -> None:
        """Forgets codes of one purpose and account."""

    def bound_codes(self, purpose: Purpose, account: str, most: int) -> None:
        """Forgets those that expire first, where there are more than so many."""

    def count_codes(self, purpose: Purpose, account: str) -> int:
        """How many there are."""


class SessionStore(Protocol):
    """Sessions."""

    def add_session(self, session: Session) -> None:
        """Keeps a session."""

    def session(self, digest: str) -> Session | None:
        """The session with this digest."""

    def replace_session(self, digest: str, new: Session) -> bool:
        """Puts another in its place. False: it was gone."""

    def end_session(self, digest: str, why: str = "") -> None:
        """Forgets a session; `why` is for who keeps a log of it."""

    def end_sessions(self, account: str, why: str = "") -> None:
        """Forgets all sessions of an account."""


class TriesStore(Protocol):
    """Attempts that failed, and from where somebody signed in before."""

    def change_tries(self, key: str, change: Callable[[Tries | None], Tries | None]) -> None:
        """Reads and writes in one transaction. A `change` that gives None forgets the key."""

    def is_familiar(self, account: str, source: str, since: datetime) -> bool:
        """Did the account sign in from there since then?"""

    def make_familiar(self, account: str, source: str, now: datetime) -> None:
        """It did, now."""


class TokenStore(Protocol):
    """API tokens."""

    def add_token(self, token: Token) -> None:
        """Keeps a token."""

    def token(self, prefix: str) -> Token | None:
        """The token with this prefix."""

    def tokens(self) -> Sequence[Token]:
        """All, the newest first."""

    def revoke_token(self, prefix: str, now: datetime) -> bool:
        """Ends a token. False: there is none, or it was revoked before."""

    def token_used(self, prefix: str, now: datetime) -> None:
        """Remembers when it was last shown."""


class PasskeyStore(Protocol):
    """Passkeys."""

    def add_passkey(self, passkey: Passkey) -> bool:
        """Keeps a passkey. False: it is there already."""

    def passkey(self, id: str) -> Passkey | None:
        """The passkey with this id."""

    def passkeys(self, account: str) -> Sequence[Passkey]:
        """Those of an account, the oldest first."""

    def passkey_used(self, id: str, count: int, now: datetime) -> bool:
        """Remembers its count. False: that is not more than it was (where it counts at all), as of a copy."""

    def drop_passkey(self, account: str, id: str) -> bool:
        """Forgets one of an account. False: there is none."""


class Store(AccountStore, IdentityStore, CodeStore, SessionStore, TriesStore, TokenStore, PasskeyStore, Protocol):
    """All of it."""

    def together(self) -> AbstractContextManager[None]:
        """What is asked within is kept as a whole or not at all, and no other `together` runs meanwhile."""

    def prune(
        self,
        now: datetime,
        began_before: datetime,
        seen_before: datetime,
        tries_before: datetime,
        familiar_before: datetime,
    ) -> None:
        """Forgets expired codes, sessions that began or were last used before, old tries and familiar sources."""
