"""Maintenance: work that is proposed, what it is expected to cost, what people answer, and the models behind it.

Written by `make client` from the routes; do not edit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from linewarden.api.client.transport import Transport
from linewarden.api.listing import Format, Page
from linewarden.api.routes.maintenance import Answer, MaintenanceRow, ModelOut, UnitOut
from linewarden.service.maintenance.calendar import State

if TYPE_CHECKING:
    from polars import DataFrame


class MaintenanceCalls(Transport):
    """Maintenance: work that is proposed, what it is expected to cost, what people answer, and the models behind it."""

    def list_maintenance(
        self,
        *,
        q: str | None = None,
        sort: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        state: Sequence[State] | None = None,
    ) -> Page[MaintenanceRow]:
        """Maintenance that is proposed or decided, by time."""
        return self._ask(
            Page[MaintenanceRow],
            "GET",
            "/maintenance",
            query={"q": q, "sort": sort, "limit": limit, "cursor": cursor, "state": state},
        )

    def save_maintenance(
        self,
        to: Path | str,
        format: Format | str = "arrow",
        *,
        q: str | None = None,
        sort: str | None = None,
        state: Sequence[State] | None = None,
    ) -> Path:
        """Into a file, as it comes: maintenance that is proposed or decided, by time."""
        return self._save(to, "GET", "/maintenance", query={"q": q, "sort": sort, "state": state}, format=str(format))

    def frame_maintenance(
        self, *, q: str | None = None, sort: str | None = None, state: Sequence[State] | None = None
    ) -> DataFrame:
        """As a Polars frame: maintenance that is proposed or decided, by time."""
        return self._frame("GET", "/maintenance", query={"q": q, "sort": sort, "state": state})

    def all_maintenance(
        self,
        *,
        q: str | None = None,
        sort: str | None = None,
        limit: int | None = None,
        state: Sequence[State] | None = None,
    ) -> Iterator[MaintenanceRow]:
        """Every row, page by page: maintenance that is proposed or decided, by time."""
        return self._rows(
            Page[MaintenanceRow], "GET", "/maintenance", query={"q": q, "sort": sort, "limit": limit, "state": state}
        )

    def get_maintenance_calendar(self, *, state: State | None = None) -> bytes:
        """The same for other calendars."""
        return self._bytes("GET", "/maintenance/calendar.ics", query={"state": state})

    def save_maintenance_calendar(self, to: Path | str, *, state: State | None = None) -> Path:
        """Into a file, as it comes: the same for other calendars."""
        return self._save(to, "GET", "/maintenance/calendar.ics", query={"state": state})

    def list_maintenance_models(self) -> list[ModelOut]:
        """The models in the folder of models (`analytics.models`), with what is known of each."""
        return self._ask(list[ModelOut], "GET", "/maintenance/models")

    def list_maintenance_units(self) -> list[UnitOut]:
        """The units whose remaining life the service scores, the shortest life first."""
        return self._ask(list[UnitOut], "GET", "/maintenance/units")

    def get_maintenance(self, id: str) -> MaintenanceRow:
        """One entry."""
        return self._ask(MaintenanceRow, "GET", "/maintenance/{id}", path_values={"id": id})

    def answer_maintenance(self, id: str, body: Answer) -> MaintenanceRow:
        """Accepts or declines a proposal."""
        return self._ask(MaintenanceRow, "POST", "/maintenance/{id}/answer", path_values={"id": id}, body=body)
