"""What owners change about accounts. A site never loses its last owner by it: nobody could bring one back."""

from __future__ import annotations

from collections.abc import Iterable

from linewarden.errors import AccessError
from linewarden.people.model import Account, Grant, Purpose, Tools
from linewarden.people.onboarding import OWNER
from linewarden.people.store import Store


class Administration:
    """Changes accounts."""

    def __init__(self, store: Store, tools: Tools) -> None:
        self._store, self._tools = store, tools

    def disable(self, account: Account) -> None:
        """Nobody signs in with it any more; its sessions and codes end now. Raises AccessError for a last owner."""
        with self._store.together():
            self._not_the_last(account, self._owned(account))
            self._store.set_disabled(account.id, self._tools.now())
            self._store.end_sessions(account.id, "the account was disabled")
            for purpose in (Purpose.INVITATION, Purpose.RECOVERY):
                self._store.drop_codes(purpose, account.id)

    def enable(self, account: Account) -> None:
        """It can be used again, with the password and roles that it had."""
        self._store.set_disabled(account.id, None)

    def set_rights(self, account: Account, grants: Iterable[Grant], shifts: frozenset[str] | None) -> None:
        """Exactly these grants. Raises AccessError if a site would lose its last owner."""
        new = list(grants)
        kept = {g.site for g in new if g.role == OWNER and not g.zone}
        with self._store.together():
            self._not_the_last(account, self._owned(account) - kept)
            self._store.set_rights(account.id, new, shifts)

    def _owned(self, account: Account) -> set[str]:
        return {g.site for g in self._store.grants(account.id) if g.role == OWNER and not g.zone}

    def _not_the_last(self, account: Account, sites: set[str]) -> None:
        if not sites or not account.usable:
            return
        others = [a for a in self._store.accounts() if a.usable and a.id != account.id]
        left = sites - {site for other in others for site in self._owned(other)}
        if left:
            raise AccessError(f"{account.login}: is the last owner of {', '.join(sorted(left))} who can sign in; make "
                              "another one first")  # fmt: skip
