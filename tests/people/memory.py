"""The store in memory; and a clock and dice that tests hold in their hands."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from linewarden.people.model import Account, Grant, OneTime, Passkey, Purpose, Session, Token, Tools, Tries


class World:
    """A clock that stands until it is moved, and dice that are always the same."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 26, 10, 0, tzinfo=UTC)
        self._dice = random.Random(1)
        self.tools = Tools(lambda: self.now, self._dice.randbytes)

    def pass_by(self, **span: float) -> None:
        self.now += timedelta(**span)


class MemoryStore:
    """`people.store.Store`, without a database."""

    def __init__(self) -> None:
        self._accounts: dict[str, Account] = {}
        self._steps: dict[str, int] = {}
        self._secrets: dict[str, str] = {}
        self._identities: dict[tuple[str, str], str] = {}
        self._grants: dict[str, list[Grant]] = {}
        self._codes: dict[str, OneTime] = {}
        self._sessions: dict[str, Session] = {}
        self._tries: dict[str, Tries] = {}
        self._familiar: dict[tuple[str, str], datetime] = {}
        self._tokens: dict[str, Token] = {}
        self._passkeys: dict[str, Passkey] = {}

    # --- accounts ---

    def accounts(self) -> Sequence[Account]:
        return sorted(self._accounts.values(), key=lambda a: a.login)

    def account(self, id: str) -> Account | None:
        return self._accounts.get(id)

    def account_of(self, login: str) -> Account | None:
        return next((a for a in self._accounts.values() if a.login == login), None)

    def add_account(self, account: Account, grants: Sequence[Grant]) -> bool:
        if self.account_of(account.login):
            return False
        self._accounts[account.id], self._grants[account.id] = account, sorted(set(grants))
        return True

    def set_password(self, id: str, password: str, *, instead_of: str | None = None) -> bool:
        account = self._accounts.get(id)
        if account is None or (instead_of is not None and account.password != instead_of):
            return False
        self._accounts[id] = replace(account, password=password)
        return True

    def set_totp(self, id: str, secret: str, step: int) -> None:
        self._accounts[id], self._steps[id] = replace(self._accounts[id], totp=bool(secret)), step
        self._secrets[id] = secret

    def totp_secret(self, id: str) -> str:
        return self._secrets.get(id, "")

    def take_step(self, id: str, step: int) -> bool:
        if self._steps.get(id, 0) >= step:
            return False
        self._steps[id] = step
        return True

    def set_disabled(self, id: str, since: datetime | None) -> None:
        self._accounts[id] = replace(self._accounts[id], disabled=since)

    def grants(self, id: str) -> Sequence[Grant]:
        return self._grants.get(id, [])

    def set_rights(self, id: str, grants: Sequence[Grant], shifts: frozenset[str] | None) -> None:
        account = self._accounts[id]
        self._accounts[id] = replace(account, rights=account.rights + 1, shifts=shifts)
        self._grants[id] = sorted(set(grants))

    # --- codes ---

    def add_codes(self, codes: Sequence[OneTime]) -> None:
        self._codes |= {c.digest: c for c in codes}

    def redeem(self, digest: str, purpose: Purpose, now: datetime, account: str | None = None) -> OneTime | None:
        code = self._codes.get(digest)
        if code is None or code.purpose != purpose or code.expires <= now or account not in (None, code.account):
            return None
        return self._codes.pop(digest)

    def drop_codes(self, purpose: Purpose, account: str) -> None:
        self._codes = {d: c for d, c in self._codes.items() if (c.purpose, c.account) != (purpose, account)}

    def bound_codes(self, purpose: Purpose, account: str, most: int) -> None:
        those = [c for c in self._codes.values() if (c.purpose, c.account) == (purpose, account)]
        for code in sorted(those, key=lambda c: c.expires, reverse=True)[most:]:
            del self._codes[code.digest]

    def count_codes(self, purpose: Purpose, account: str) -> int:
        return sum((c.purpose, c.account) == (purpose, account) for c in self._codes.values())

    # --- sessions ---

    def add_session(self, session: Session) -> None:
        self._sessions[session.digest] = session

    def session(self, digest: str) -> Session | None:
        return self._sessions.get(digest)

    def replace_session(self, digest: str, new: Session) -> bool:
        if self._sessions.pop(digest, None) is None:
            return False
        self._sessions[new.digest] = new
        return True

    def end_session(self, digest: str, why: str = "") -> None:
        self._sessions.pop(digest, None)

    def end_sessions(self, account: str, why: str = "") -> None:
        self._sessions = {d: s for d, s in self._sessions.items() if s.account != account}

    # --- identities ---

    def account_by(self, issuer: str, subject: str) -> Account | None:
        return self._accounts.get(self._identities.get((issuer, subject), ""))

    def identities(self, account: str) -> Sequence[tuple[str, str]]:
        return sorted(identity for identity, whose in self._identities.items() if whose == account)

    def link(self, account: str, issuer: str, subject: str, now: datetime) -> bool:
        if (issuer, subject) in self._identities:
            return False
        self._identities[issuer, subject] = account
        self._accounts[account] = replace(self._accounts[account], linked=True)
        return True

    # --- tries ---

    def change_tries(self, key: str, change: Callable[[Tries | None], Tries | None]) -> None:
        new = change(self._tries.pop(key, None))
        if new is not None:
            self._tries[key] = new

    def is_familiar(self, account: str, source: str, since: datetime) -> bool:
        seen = self._familiar.get((account, source))
        return seen is not None and seen >= since

    def make_familiar(self, account: str, source: str, now: datetime) -> None:
        self._familiar[account, source] = now

    # --- tokens ---

    def add_token(self, token: Token) -> None:
        self._tokens[token.prefix] = token

    def token(self, prefix: str) -> Token | None:
        return self._tokens.get(prefix)

    def tokens(self) -> Sequence[Token]:
        return sorted(self._tokens.values(), key=lambda t: (-t.created.timestamp(), t.prefix))

    def revoke_token(self, prefix: str, now: datetime) -> bool:
        token = self._tokens.get(prefix)
        if token is None or token.revoked:
            return False
        self._tokens[prefix] = replace(token, revoked=now)
        return True

    def token_used(self, prefix: str, now: datetime) -> None:
        self._tokens[prefix] = replace(self._tokens[prefix], used=now)

    # --- passkeys ---

    def add_passkey(self, passkey: Passkey) -> bool:
        if passkey.id in self._passkeys:
            return False
        self._passkeys[passkey.id] = passkey
        return True

    def passkey(self, id: str) -> Passkey | None:
        return self._passkeys.get(id)

    def passkeys(self, account: str) -> Sequence[Passkey]:
        return sorted((p for p in self._passkeys.values() if p.account == account), key=lambda p: (p.created, p.id))

    def passkey_used(self, id: str, count: int, now: datetime) -> bool:
        passkey = self._passkeys.get(id)
        if passkey is None or not (count > passkey.count or count == passkey.count == 0):
            return False
        self._passkeys[id] = replace(passkey, count=count, used=now)
        return True

    def drop_passkey(self, account: str, id: str) -> bool:
        passkey = self._passkeys.get(id)
        return passkey is not None and passkey.account == account and self._passkeys.pop(id) is passkey

    def together(self) -> AbstractContextManager[None]:
        return nullcontext()

    def prune(
        self,
        now: datetime,
        began_before: datetime,
        seen_before: datetime,
        tries_before: datetime,
        familiar_before: datetime,
    ) -> None:
        self._codes = {d: c for d, c in self._codes.items() if c.expires > now}
        left = self._sessions.items()
        self._sessions = {d: s for d, s in left if s.began >= began_before and s.seen >= seen_before}
        self._tries = {k: t for k, t in self._tries.items() if t.last >= tries_before}
        self._familiar = {k: t for k, t in self._familiar.items() if t >= familiar_before}
