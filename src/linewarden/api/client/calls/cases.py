"""Cases: what belongs together, the most urgent first.

Written by `make client` from the routes; do not edit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from linewarden.api.client.transport import Transport
from linewarden.api.listing import Format, Page
from linewarden.api.routes.cases import CaseOut, CaseRow
from linewarden.service.casework.model import CaseState

if TYPE_CHECKING:
    from polars import DataFrame


class CasesCalls(Transport):
    """Cases: what belongs together, the most urgent first."""

    def list_cases(
        self,
        *,
        q: str | None = None,
        sort: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        severity: Sequence[Literal["critical", "high", "medium", "low", "info"]] | None = None,
        asset: Sequence[str] | None = None,
        tactic: Sequence[str] | None = None,
        priority_from: int | None = None,
        state: Sequence[CaseState] | None = None,
        show: Literal["all", "open", "mine", "closed"] | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        hours: int | None = None,
    ) -> Page[CaseRow]:
        """The cases that the caller may see: those in all of whose zones they may look."""
        return self._ask(
            Page[CaseRow],
            "GET",
            "/cases",
            query={
                "q": q,
                "sort": sort,
                "limit": limit,
                "cursor": cursor,
                "severity": severity,
                "asset": asset,
                "tactic": tactic,
                "priority_from": priority_from,
                "state": state,
                "show": show,
                "since": since,
                "until": until,
                "hours": hours,
            },
        )

    def save_cases(
        self,
        to: Path | str,
        format: Format | str = "arrow",
        *,
        q: str | None = None,
        sort: str | None = None,
        severity: Sequence[Literal["critical", "high", "medium", "low", "info"]] | None = None,
        asset: Sequence[str] | None = None,
        tactic: Sequence[str] | None = None,
        priority_from: int | None = None,
        state: Sequence[CaseState] | None = None,
        show: Literal["all", "open", "mine", "closed"] | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        hours: int | None = None,
    ) -> Path:
        """Into a file, as it comes: the cases that the caller may see: those in all of whose zones they may look."""
        return self._save(
            to,
            "GET",
            "/cases",
            query={
                "q": q,
                "sort": sort,
                "severity": severity,
                "asset": asset,
                "tactic": tactic,
                "priority_from": priority_from,
                "state": state,
                "show": show,
                "since": since,
                "until": until,
                "hours": hours,
            },
            format=str(format),
        )

    def frame_cases(
        self,
        *,
        q: str | None = None,
        sort: str | None = None,
        severity: Sequence[Literal["critical", "high", "medium", "low", "info"]] | None = None,
        asset: Sequence[str] | None = None,
        tactic: Sequence[str] | None = None,
        priority_from: int | None = None,
        state: Sequence[CaseState] | None = None,
        show: Literal["all", "open", "mine", "closed"] | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        hours: int | None = None,
    ) -> DataFrame:
        """As a Polars frame: the cases that the caller may see: those in all of whose zones they may look."""
        return self._frame(
            "GET",
            "/cases",
            query={
                "q": q,
                "sort": sort,
                "severity": severity,
                "asset": asset,
                "tactic": tactic,
                "priority_from": priority_from,
                "state": state,
                "show": show,
                "since": since,
                "until": until,
                "hours": hours,
            },
        )

    def all_cases(
        self,
        *,
        q: str | None = None,
        sort: str | None = None,
        limit: int | None = None,
        severity: Sequence[Literal["critical", "high", "medium", "low", "info"]] | None = None,
        asset: Sequence[str] | None = None,
        tactic: Sequence[str] | None = None,
        priority_from: int | None = None,
        state: Sequence[CaseState] | None = None,
        show: Literal["all", "open", "mine", "closed"] | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        hours: int | None = None,
    ) -> Iterator[CaseRow]:
        """Every row, page by page: the cases that the caller may see: those in all of whose zones they may look."""
        return self._rows(
            Page[CaseRow],
            "GET",
            "/cases",
            query={
                "q": q,
                "sort": sort,
                "limit": limit,
                "severity": severity,
                "asset": asset,
                "tactic": tactic,
                "priority_from": priority_from,
                "state": state,
                "show": show,
                "since": since,
                "until": until,
                "hours": hours,
            },
        )

    def get_case(self, id: str) -> CaseOut:
        """One case."""
        return self._ask(CaseOut, "GET", "/cases/{id}", path_values={"id": id})
