"""The store of people with a witness: what it changes is in the audit log, in the same transaction.

Here, below all logic, nothing can be changed past the log, whoever calls. Not recorded is what is no decision of
anybody: when a session or token was last used, counts of attempts, challenges that wait for an answer.
No entry has a secret in it, nor what could be tried against one: of a session the first digits of its hash.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from linewarden.people.model import Account, Grant, OneTime, Passkey, Purpose, Session, Token
from linewarden.service.audit.entry import Change
from linewarden.service.audit.ledger import Ledger
from linewarden.service.principals import grant_text
from linewarden.service.state.people import PeopleState

UNRECORDED = frozenset({Purpose.NEW_PASSKEY, Purpose.PASSKEY, Purpose.PROVIDER})
"""Challenges: who asks for one has decided nothing yet, and anybody may ask."""
REHASHED = {"why": "the same password, hashed with the parameters of today"}


@dataclass(frozen=True)
class RecordedPeople(PeopleState):
    """As PeopleState. What cannot be recorded is not changed."""

    ledger: Ledger

    @contextmanager
    def _recorded(self) -> Iterator[list[Change]]:
        """A transaction; what is in the list at its end is recorded last."""
        changes: list[Change] = []
        with self._write() as connection:
            yield changes
            self._tell(connection, changes)

    def _tell(self, connection: Connection, changes: Sequence[Change]) -> None:
        for change in changes:
            self.ledger.record(connection, change)

    def _login(self, id: str) -> str:
        account = self.account(id) if id else None
        return account.login if account else "-"

    # --- accounts ---

    def add_account(self, account: Account, grants: Sequence[Grant]) -> bool:
        """`account.add`"""
        with self._recorded() as told:
            if done := super().add_account(account, grants):
                after = {"name": account.name, **_rights(grants, account.shifts), "password": bool(account.password)}
                told.append(Change("account.add", account.login, after=after))
        return done

    def set_password(self, id: str, password: str, *, instead_of: str | None = None) -> bool:
        """`account.password`"""
        with self._recorded() as told:
            if done := super().set_password(id, password, instead_of=instead_of):
                detail = {} if instead_of is None else REHASHED
                told.append(Change("account.password", self._login(id), detail=detail))
        return done

    def set_totp(self, id: str, secret: str, step: int) -> None:
        """`account.second_factor`"""
        with self._recorded() as told:
            before = self.account(id)
            super().set_totp(id, secret, step)
            if before is not None and (before.totp or secret):
                told.append(Change("account.second_factor", before.login, before.totp, bool(secret)))

    def set_disabled(self, id: str, since: datetime | None) -> None:
        """`account.disable`, `account.enable`"""
        with self._recorded() as told:
            super().set_disabled(id, since)
            told.append(Change("account.enable" if since is None else "account.disable", self._login(id)))

    def set_rights(self, id: str, grants: Sequence[Grant], shifts: frozenset[str] | None) -> None:
        """`account.rights`"""
        with self._recorded() as told:
            account, before = self.account(id), self.grants(id)
            super().set_rights(id, grants, shifts)
            if account is not None:
                told.append(
                    Change("account.rights", account.login, _rights(before, account.shifts), _rights(grants, shifts))
                )

    def link(self, account: str, issuer: str, subject: str, now: datetime) -> bool:
        """`account.link`"""
        with self._recorded() as told:
            if done := super().link(account, issuer, subject, now):
                told.append(Change("account.link", self._login(account), after={"issuer": issuer, "subject": subject}))
        return done

    # --- one-time codes ---

    def add_codes(self, codes: Sequence[OneTime]) -> None:
        """`code.make`"""
        with self._recorded() as told:
            super().add_codes(codes)
            for of in dict.fromkeys((c.purpose, c.account, c.site, c.expires) for c in codes):
                purpose, account, site, expires = of
                if purpose not in UNRECORDED:
                    detail = {"purpose": str(purpose), "expires": expires, "codes": len(codes)}
                    told.append(Change("code.make", site or self._login(account), detail=detail))

    def redeem(self, digest: str, purpose: Purpose, now: datetime, account: str | None = None) -> OneTime | None:
        """`code.use`"""
        with self._recorded() as told:
            found = super().redeem(digest, purpose, now, account)
            if found is not None and purpose not in UNRECORDED:
                told.append(
                    Change("code.use", found.site or self._login(found.account), detail={"purpose": str(purpose)})
                )
        return found

    def drop_codes(self, purpose: Purpose, account: str) -> None:
        """`code.drop`"""
        with self._recorded() as told:
            count = self.count_codes(purpose, account)
            super().drop_codes(purpose, account)
            if count and purpose not in UNRECORDED:
                told.append(Change("code.drop", self._login(account), detail={"purpose": str(purpose), "codes": count}))

    # --- sessions ---

    def add_session(self, session: Session) -> None:
        """`session.begin`"""
        with self._recorded() as told:
            super().add_session(session)
            told.append(Change("session.begin", self._login(session.account), after=_of(session.digest)))

    def replace_session(self, digest: str, new: Session) -> bool:
        """`session.renew`, if it has a new secret; that it was used is not told."""
        with self._recorded() as told:
            old = self.session(digest) if digest != new.digest else None
            done = super().replace_session(digest, new)
            if done and old is not None:
                why = "its rights changed" if old.authenticated == new.authenticated else "who it is was proved again"
                detail = {"why": why}
                told.append(
                    Change("session.renew", self._login(new.account), _of(digest), _of(new.digest), detail=detail)
                )
        return done

    def end_session(self, digest: str, why: str = "") -> None:
        """`session.end`"""
        with self._recorded() as told:
            session = self.session(digest)
            if session is not None:
                super().end_session(digest, why)
                told.append(Change("session.end", self._login(session.account), _of(digest), detail={"why": why}))

    def end_sessions(self, account: str, why: str = "") -> None:
        """`session.end`"""
        with self._recorded() as told:
            count = self.count_sessions(account)
            if count:
                super().end_sessions(account, why)
                told.append(Change("session.end", self._login(account), detail={"why": why, "sessions": count}))

    # --- tokens and passkeys ---

    def add_token(self, token: Token) -> None:
        """`token.make`"""
        with self._recorded() as told:
            super().add_token(token)
            after = {
                "name": token.name, "scopes": sorted(token.scopes), "expires": token.expires,
                "places": sorted(f"{site}/{zone}".rstrip("/") for site, zone in token.places),
            }  # fmt: skip
            told.append(Change("token.make", f"lw_{token.prefix}", after=after))

    def revoke_token(self, prefix: str, now: datetime) -> bool:
        """`token.revoke`"""
        with self._recorded() as told:
            if done := super().revoke_token(prefix, now):
                told.append(Change("token.revoke", f"lw_{prefix}"))
        return done

    def add_passkey(self, passkey: Passkey) -> bool:
        """`passkey.add`"""
        with self._recorded() as told:
            if done := super().add_passkey(passkey):
                after = {"passkey": passkey.id[:16], "name": passkey.name}
                told.append(Change("passkey.add", self._login(passkey.account), after=after))
        return done

    def drop_passkey(self, account: str, id: str) -> bool:
        """`passkey.remove`"""
        with self._recorded() as told:
            if done := super().drop_passkey(account, id):
                told.append(Change("passkey.remove", self._login(account), {"passkey": id[:16]}))
        return done


def session_name(digest: str) -> str:
    """What a session is called where its secret must not stand."""
    return digest[:12]


def _of(digest: str) -> dict[str, str]:
    return {"session": session_name(digest)}


def _rights(grants: Sequence[Grant], shifts: frozenset[str] | None) -> dict[str, Any]:
    return {"roles": [grant_text(g) for g in sorted(set(grants))], "shifts": None if shifts is None else sorted(shifts)}
