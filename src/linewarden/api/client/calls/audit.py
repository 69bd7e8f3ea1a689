"""The audit log: who changed or decided what; and whether it is still as it was written.

Written by `make client` from the routes; do not edit.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from linewarden.api.client.transport import Transport
from linewarden.api.listing import Format, Page
from linewarden.api.routes.audit import AuditRow, Verified

if TYPE_CHECKING:
    from polars import DataFrame


class AuditCalls(Transport):
    """The audit log: who changed or decided what; and whether it is still as it was written."""

    def list_audit(
        self,
        *,
        q: str | None = None,
        sort: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        action: str | None = None,
        hours: int | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Page[AuditRow]:
        """Entries of the log."""
        return self._ask(
            Page[AuditRow],
            "GET",
            "/audit",
            query={
                "q": q,
                "sort": sort,
                "limit": limit,
                "cursor": cursor,
                "action": action,
                "hours": hours,
                "since": since,
                "until": until,
            },
        )

    def save_audit(
        self,
        to: Path | str,
        format: Format | str = "arrow",
        *,
        q: str | None = None,
        sort: str | None = None,
        action: str | None = None,
        hours: int | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Path:
        """Into a file, as it comes: entries of the log."""
        return self._save(
            to,
            "GET",
            "/audit",
            query={"q": q, "sort": sort, "action": action, "hours": hours, "since": since, "until": until},
            format=str(format),
        )

    def frame_audit(
        self,
        *,
        q: str | None = None,
        sort: str | None = None,
        action: str | None = None,
        hours: int | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> DataFrame:
        """As a Polars frame: entries of the log."""
        return self._frame(
            "GET",
            "/audit",
            query={"q": q, "sort": sort, "action": action, "hours": hours, "since": since, "until": until},
        )

    def all_audit(
        self,
        *,
        q: str | None = None,
        sort: str | None = None,
        limit: int | None = None,
        action: str | None = None,
        hours: int | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Iterator[AuditRow]:
        """Every row, page by page: entries of the log."""
        return self._rows(
            Page[AuditRow],
            "GET",
            "/audit",
            query={
                "q": q,
                "sort": sort,
                "limit": limit,
                "action": action,
                "hours": hours,
                "since": since,
                "until": until,
            },
        )

    def verify_audit(self) -> Verified:
        """Checks the whole log now: every hash, every signed head."""
        return self._ask(Verified, "GET", "/audit/verify")

    def get_audit_head(self) -> bytes:
        """The newest signed head: kept elsewhere, it shows later that nothing before it was changed."""
        return self._bytes("GET", "/audit/head")

    def save_audit_head(self, to: Path | str) -> Path:
        """Into a file, as it comes: the newest signed head: kept elsewhere, it shows later that nothing before it
        was changed.
        """
        return self._save(to, "GET", "/audit/head")
