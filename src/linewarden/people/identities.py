"""Who a provider of identities says somebody is, and which account that is here.

Linked by issuer and subject, which the provider never gives to another (OpenID Connect Core 1.0, 5.7); never by e-mail
or login, which it may: whoever can choose their name there could become anybody here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from linewarden.errors import AccessError
from linewarden.people.administering import Administration
from linewarden.people.model import Account, Grant, Tools, login_of
from linewarden.people.store import Store


@dataclass(frozen=True, slots=True)
class Identity:
    """What a provider said, and its signature was right. `grants`: what its groups mean here, None: nothing, as roles
    are given here. `proved`: when they proved to it who they are; None: it does not say. `create`: may it make an
    account?
    """

    issuer: str
    subject: str
    login: str
    name: str
    grants: Sequence[Grant] | None = None
    proved: datetime | None = None
    create: bool = False


class Identities:
    """Finds, makes and renews accounts by identities."""

    def __init__(self, store: Store, tools: Tools) -> None:
        self._store, self._tools = store, tools

    def account(self, identity: Identity) -> Account:
        """The account, with the rights that the provider's groups mean now. Raises AccessError, with the way out."""
        found = self._store.account_by(identity.issuer, identity.subject)
        if found is None:
            return self._made(identity)
        if found.disabled:
            raise AccessError(f"{found.login}: is disabled")
        if identity.grants is not None and set(identity.grants) != set(self._store.grants(found.id)):
            Administration(self._store, self._tools).set_rights(found, identity.grants, found.shifts)
        return self._store.account(found.id) or found

    def link(self, account: Account, issuer: str, subject: str) -> None:
        """This account is that identity. Raises AccessError if the identity has one."""
        if not self._store.link(account.id, issuer, subject, self._tools.now()):
            raise AccessError(f"{subject} of {issuer}: is linked to an account already")

    def _made(self, identity: Identity) -> Account:
        if not identity.create or not identity.grants:
            raise AccessError(
                f"{identity.subject} of {identity.issuer}: has no account here, and no group that would make one; an "
                "owner can link one (`linewarden people link`)"
            )
        try:
            login = login_of(identity.login)
        except ValueError as error:
            raise AccessError(f"{identity.login or 'no login'}: cannot be a login here; {error}") from error
        account = Account(self._tools.random(16).hex(), login, identity.name or login, self._tools.now())
        with self._store.together():
            if not self._store.add_account(account, identity.grants):
                raise AccessError(
                    f"{login}: there is such an account already, which is not linked to {identity.issuer}; an owner "
                    "can link it (`linewarden people link`)"
                )
            self.link(account, identity.issuer, identity.subject)
        return self._store.account(account.id) or account
