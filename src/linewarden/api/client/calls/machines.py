"""Machines: how far the analytics know how each runs, what was odd of it, and what people say to that.

Written by `make client` from the routes; do not edit.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from linewarden.api.client.transport import Transport
from linewarden.api.listing import Format, Page
from linewarden.api.routes.machines import Approved, Freeze, MachineOut, MachineRow, TimeIn

if TYPE_CHECKING:
    from polars import DataFrame


class MachinesCalls(Transport):
    """Machines: how far the analytics know how each runs, what was odd of it, and what people say to that."""

    def list_machines(
        self, *, q: str | None = None, sort: str | None = None, limit: int | None = None, cursor: str | None = None
    ) -> Page[MachineRow]:
        """The machines that the analytics learn, and how far each is known."""
        return self._ask(
            Page[MachineRow], "GET", "/machines", query={"q": q, "sort": sort, "limit": limit, "cursor": cursor}
        )

    def save_machines(
        self, to: Path | str, format: Format | str = "arrow", *, q: str | None = None, sort: str | None = None
    ) -> Path:
        """Into a file, as it comes: the machines that the analytics learn, and how far each is known."""
        return self._save(to, "GET", "/machines", query={"q": q, "sort": sort}, format=str(format))

    def frame_machines(self, *, q: str | None = None, sort: str | None = None) -> DataFrame:
        """As a Polars frame: the machines that the analytics learn, and how far each is known."""
        return self._frame("GET", "/machines", query={"q": q, "sort": sort})

    def all_machines(
        self, *, q: str | None = None, sort: str | None = None, limit: int | None = None
    ) -> Iterator[MachineRow]:
        """Every row, page by page: the machines that the analytics learn, and how far each is known."""
        return self._rows(Page[MachineRow], "GET", "/machines", query={"q": q, "sort": sort, "limit": limit})

    def get_machine(self, id: str) -> MachineOut:
        """One of them: its tags, and when it was odd."""
        return self._ask(MachineOut, "GET", "/machines/{id}", path_values={"id": id})

    def approve_machine(self, id: str, body: TimeIn) -> Approved:
        """Says that what was odd in a time is normal: the machine learns it."""
        return self._ask(Approved, "POST", "/machines/{id}/approve", path_values={"id": id}, body=body)

    def forget_machine(self, id: str) -> None:
        """Lets a machine learn anew: after a repair or a rebuild."""
        self._nothing("POST", "/machines/{id}/forget", path_values={"id": id})

    def freeze_machine(self, id: str, body: Freeze) -> None:
        """Says that a machine learns nothing more by itself, but is judged."""
        self._nothing("POST", "/machines/{id}/freeze", path_values={"id": id}, body=body)
