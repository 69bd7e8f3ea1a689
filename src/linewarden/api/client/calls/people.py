"""People: accounts, what each may, invitations.

Written by `make client` from the routes; do not edit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from linewarden.api.client.transport import Transport
from linewarden.api.listing import Format, Page
from linewarden.api.routes.people import Code, Invitation, PersonRow, Rights

if TYPE_CHECKING:
    from polars import DataFrame


class PeopleCalls(Transport):
    """People: accounts, what each may, invitations."""

    def list_people(
        self,
        *,
        q: str | None = None,
        sort: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        state: Sequence[str] | None = None,
    ) -> Page[PersonRow]:
        """The accounts that have a role at this site, or at none."""
        return self._ask(
            Page[PersonRow],
            "GET",
            "/people",
            query={"q": q, "sort": sort, "limit": limit, "cursor": cursor, "state": state},
        )

    def save_people(
        self,
        to: Path | str,
        format: Format | str = "arrow",
        *,
        q: str | None = None,
        sort: str | None = None,
        state: Sequence[str] | None = None,
    ) -> Path:
        """Into a file, as it comes: the accounts that have a role at this site, or at none."""
        return self._save(to, "GET", "/people", query={"q": q, "sort": sort, "state": state}, format=str(format))

    def frame_people(
        self, *, q: str | None = None, sort: str | None = None, state: Sequence[str] | None = None
    ) -> DataFrame:
        """As a Polars frame: the accounts that have a role at this site, or at none."""
        return self._frame("GET", "/people", query={"q": q, "sort": sort, "state": state})

    def all_people(
        self,
        *,
        q: str | None = None,
        sort: str | None = None,
        limit: int | None = None,
        state: Sequence[str] | None = None,
    ) -> Iterator[PersonRow]:
        """Every row, page by page: the accounts that have a role at this site, or at none."""
        return self._rows(
            Page[PersonRow], "GET", "/people", query={"q": q, "sort": sort, "limit": limit, "state": state}
        )

    def invite(self, asked: Invitation) -> Code:
        """Makes an account, and the code with which its person chooses a password."""
        return self._ask(Code, "POST", "/people", body=asked)

    def set_rights(self, login: str, asked: Rights) -> PersonRow:
        """Gives a person exactly these roles and shifts."""
        return self._ask(PersonRow, "PUT", "/people/{login}/rights", path_values={"login": login}, body=asked)

    def set_disabled(self, login: str, *, disabled: bool) -> PersonRow:
        """Ends an account, with its sessions and codes."""
        return self._ask(
            PersonRow, "PUT", "/people/{login}/disabled", path_values={"login": login}, body={"disabled": disabled}
        )

    def recover(self, login: str, *, without_second_factor: bool | None = None) -> Code:
        """A code for who cannot sign in any more."""
        return self._ask(
            Code,
            "POST",
            "/people/{login}/recovery",
            path_values={"login": login},
            body={"without_second_factor": without_second_factor},
        )
