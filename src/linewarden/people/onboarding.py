"""How accounts come to be, and come back: the first owner, invitations, recovery, the second factor.

Each goes through a code that works once and expires, of which only the hash is kept. There is no default password, and
none that one person sets for another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from linewarden.errors import AccessError
from linewarden.people import totp
from linewarden.people.model import Account, Grant, OneTime, Purpose, Tools, login_of
from linewarden.people.passwords import Passwords, refused
from linewarden.people.secret import code_digest, new_code
from linewarden.people.store import Store

FIRST_OWNER_FOR = timedelta(hours=24)
INVITATION_FOR = timedelta(days=7)
RECOVERY_FOR = timedelta(hours=1)
SECOND_FACTOR_FOR = timedelta(days=3650)
RECOVERY_CODES = 10
RECOVERY_CODE_BYTES = 10
OWNER = "owner"
NEW_PASSWORD = "a new password was set"  # noqa: S105 - why a session ended


class Onboarding:
    """Makes accounts and brings them back. What is not possible raises AccessError, with the way out."""

    def __init__(self, store: Store, tools: Tools, passwords: Passwords) -> None:
        self._store, self._tools, self._passwords = store, tools, passwords

    # --- codes ---

    def first_owner(self, site: str) -> str:
        """A code for whoever sets up the site, in place of any before; refused once somebody can sign in."""
        if any(a.usable for a in self._store.accounts()):
            raise AccessError("there is an account already; an owner invites others, `linewarden people recover` helps "
                              "who cannot sign in")  # fmt: skip
        with self._store.together():
            self._store.drop_codes(Purpose.FIRST_OWNER, "")
            return self._code(Purpose.FIRST_OWNER, FIRST_OWNER_FOR, site=site)

    def invite(self, login: str, name: str, grants: Sequence[Grant]) -> str:
        """A new account, with what it will be granted; gives the code of the invitation."""
        account = self._new_account(login, name)
        with self._store.together():
            if not self._store.add_account(account, grants):
                raise _taken(account)
            return self._code(Purpose.INVITATION, INVITATION_FOR, account.id)

    def recover(self, login: str) -> str:
        """A code to set a new password with, in place of any before. The second factor stays."""
        account = self.found(login)
        if account.disabled:
            raise AccessError(f"{account.login}: is disabled; enable it first")
        purpose = Purpose.RECOVERY if account.password else Purpose.INVITATION
        with self._store.together():
            self._store.drop_codes(purpose, account.id)
            return self._code(purpose, RECOVERY_FOR if account.password else INVITATION_FOR, account.id)

    # --- what is done with them ---

    def accept_first_owner(self, code: str, login: str, name: str, password: str) -> Account:
        """The first owner's account."""
        account = self._new_account(login, name)
        self._check(password, account)
        if self._store.account_of(account.login) is not None:
            raise _taken(account)
        hashed = self._passwords.hash(password)  # before the code is used up: it may fail for want of memory
        with self._store.together():
            found = self._redeemed(code, Purpose.FIRST_OWNER)
            if not self._store.add_account(replace(account, password=hashed), [Grant(OWNER, found.site)]):
                raise _taken(account)
        return self.found(account.login)

    def accept(self, code: str, login: str, password: str) -> Account:
        """Sets the password of an invitation or a recovery. All sessions of the account end."""
        account = self.found(login, "the code or login is wrong, or the code has expired; ask for a new one")
        self._check(password, account)
        hashed = self._passwords.hash(password)
        with self._store.together():
            self._redeemed(code, Purpose.RECOVERY if account.password else Purpose.INVITATION, account.id)
            self._store.set_password(account.id, hashed)
            self._store.end_sessions(account.id, NEW_PASSWORD)
        return self.found(account.login)

    def change_password(self, account: Account, old: str, new: str) -> None:
        """By who knows the old one. All sessions end: they sign in again."""
        if not self._passwords.fits(account.password, old):
            raise AccessError("the old password is wrong")
        self._check(new, account)
        hashed = self._passwords.hash(new)
        with self._store.together():
            self._store.set_password(account.id, hashed)
            self._store.end_sessions(account.id, NEW_PASSWORD)

    # --- second factor ---

    def new_totp(self, account: Account) -> tuple[str, str]:
        """A secret for the app, and the same as the URI of a QR code. It counts once `confirm_totp` was."""
        secret = totp.new_secret(self._tools.random)
        return secret, totp.uri(secret, account.login)

    def confirm_totp(self, account: Account, secret: str, code: str) -> list[str]:
        """The app shows the right code: from now on it is asked for. Gives the recovery codes, to be shown once."""
        now = self._tools.now()
        step = totp.matching_step(secret, code, now)
        if step is None:
            raise AccessError("the code is not the one of now; check the clock of the phone, and try the next")
        with self._store.together():
            self._store.set_totp(account.id, secret, step)
            return self._recovery_codes(account)

    def remove_totp(self, account: Account) -> None:
        """Without a second factor, for who lost it. All sessions end."""
        with self._store.together():
            self._store.set_totp(account.id, "", 0)
            self._store.drop_codes(Purpose.SECOND_FACTOR, account.id)
            self._store.end_sessions(account.id, "the second factor was taken away")

    def _recovery_codes(self, account: Account) -> list[str]:
        self._store.drop_codes(Purpose.SECOND_FACTOR, account.id)
        codes = [new_code(self._tools.random, RECOVERY_CODE_BYTES) for _ in range(RECOVERY_CODES)]
        until = self._tools.now() + SECOND_FACTOR_FOR
        self._store.add_codes([OneTime(code_digest(c), Purpose.SECOND_FACTOR, until, account.id) for c in codes])
        return codes

    # --- common ---

    def found(self, login: str, otherwise: str = "") -> Account:
        """The account with this login. Raises AccessError if there is none."""
        try:
            account = self._store.account_of(login_of(login))
        except ValueError:
            account = None
        if account is None:
            raise AccessError(otherwise or f"{login}: no such account; `linewarden people list` has all")
        return account

    def _new_account(self, login: str, name: str) -> Account:
        try:
            known = login_of(login)
        except ValueError as error:
            raise AccessError(f"{login}: is no login; {error}") from error
        return Account(self._tools.random(16).hex(), known, name or known, self._tools.now())

    def _code(self, purpose: Purpose, span: timedelta, account: str = "", site: str = "") -> str:
        code = new_code(self._tools.random)
        self._store.add_codes([OneTime(code_digest(code), purpose, self._tools.now() + span, account, site)])
        return code

    def _redeemed(self, code: str, purpose: Purpose, account: str = "") -> OneTime:
        found = self._store.redeem(code_digest(code), purpose, self._tools.now(), account)
        if found is None:
            raise AccessError("the code or login is wrong, or the code has expired; ask for a new one")
        return found

    def _check(self, password: str, account: Account) -> None:
        if why := refused(password, (account.login, account.name)):
            raise AccessError(f"the password is not taken: {why}")


def _taken(account: Account) -> AccessError:
    return AccessError(f"{account.login}: there is such an account already; choose another login")
