"""Reports: of the plant, its cases, or what changed; made once, kept, and taken away as HTML or PDF.

Written by `make client` from the routes; do not edit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from linewarden.api.client.transport import Transport
from linewarden.api.listing import Format, Page
from linewarden.api.routes.reports import ReportIn, ReportRow

if TYPE_CHECKING:
    from polars import DataFrame


class ReportsCalls(Transport):
    """Reports: of the plant, its cases, or what changed; made once, kept, and taken away as HTML or PDF."""

    def list_reports(
        self,
        *,
        q: str | None = None,
        sort: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        kind: Sequence[Literal["plant", "cases", "changes"]] | None = None,
    ) -> Page[ReportRow]:
        """The reports that were made, as far as the caller may see them."""
        return self._ask(
            Page[ReportRow],
            "GET",
            "/reports",
            query={"q": q, "sort": sort, "limit": limit, "cursor": cursor, "kind": kind},
        )

    def save_reports(
        self,
        to: Path | str,
        format: Format | str = "arrow",
        *,
        q: str | None = None,
        sort: str | None = None,
        kind: Sequence[Literal["plant", "cases", "changes"]] | None = None,
    ) -> Path:
        """Into a file, as it comes: the reports that were made, as far as the caller may see them."""
        return self._save(to, "GET", "/reports", query={"q": q, "sort": sort, "kind": kind}, format=str(format))

    def frame_reports(
        self,
        *,
        q: str | None = None,
        sort: str | None = None,
        kind: Sequence[Literal["plant", "cases", "changes"]] | None = None,
    ) -> DataFrame:
        """As a Polars frame: the reports that were made, as far as the caller may see them."""
        return self._frame("GET", "/reports", query={"q": q, "sort": sort, "kind": kind})

    def all_reports(
        self,
        *,
        q: str | None = None,
        sort: str | None = None,
        limit: int | None = None,
        kind: Sequence[Literal["plant", "cases", "changes"]] | None = None,
    ) -> Iterator[ReportRow]:
        """Every row, page by page: the reports that were made, as far as the caller may see them."""
        return self._rows(
            Page[ReportRow], "GET", "/reports", query={"q": q, "sort": sort, "limit": limit, "kind": kind}
        )

    def make_report(self, wanted: ReportIn) -> ReportRow:
        """Begins to make one."""
        return self._ask(ReportRow, "POST", "/reports", body=wanted)

    def save_make_report(self, wanted: ReportIn, to: Path | str, format: Format | str = "arrow") -> Path:
        """Into a file, as it comes: begins to make one."""
        return self._save(to, "POST", "/reports", body=wanted, format=str(format))

    def frame_make_report(self, wanted: ReportIn) -> DataFrame:
        """As a Polars frame: begins to make one."""
        return self._frame("POST", "/reports", body=wanted)

    def get_report(self, id: str) -> ReportRow:
        """One of them."""
        return self._ask(ReportRow, "GET", "/reports/{id}", path_values={"id": id})

    def get_report_file(self, id: str) -> bytes:
        """Its file."""
        return self._bytes("GET", "/reports/{id}/file", path_values={"id": id})

    def save_report_file(self, id: str, to: Path | str) -> Path:
        """Into a file, as it comes: its file."""
        return self._save(to, "GET", "/reports/{id}/file", path_values={"id": id})

    def remove_report(self, id: str) -> None:
        """Removes it."""
        self._nothing("DELETE", "/reports/{id}", path_values={"id": id})
