"""Notices: what a detection says, with the packet that proves it.

Written by `make client` from the routes; do not edit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from linewarden.api.client.transport import Transport
from linewarden.api.listing import Format, Page
from linewarden.api.routes.notices import NoticeRow

if TYPE_CHECKING:
    from polars import DataFrame


class NoticesCalls(Transport):
    """Notices: what a detection says, with the packet that proves it."""

    def list_notices(
        self,
        *,
        q: str | None = None,
        sort: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        severity: Sequence[Literal["critical", "high", "medium", "low", "info"]] | None = None,
        note: Sequence[str] | None = None,
        asset: Sequence[str] | None = None,
        technique: Sequence[str] | None = None,
        tactic: Sequence[str] | None = None,
        case: Sequence[str] | None = None,
        expected: bool | None = None,
        acknowledged: bool | None = None,
    ) -> Page[NoticeRow]:
        """The notices that the caller may see."""
        return self._ask(
            Page[NoticeRow],
            "GET",
            "/notices",
            query={
                "q": q,
                "sort": sort,
                "limit": limit,
                "cursor": cursor,
                "severity": severity,
                "note": note,
                "asset": asset,
                "technique": technique,
                "tactic": tactic,
                "case": case,
                "expected": expected,
                "acknowledged": acknowledged,
            },
        )

    def save_notices(
        self,
        to: Path | str,
        format: Format | str = "arrow",
        *,
        q: str | None = None,
        sort: str | None = None,
        severity: Sequence[Literal["critical", "high", "medium", "low", "info"]] | None = None,
        note: Sequence[str] | None = None,
        asset: Sequence[str] | None = None,
        technique: Sequence[str] | None = None,
        tactic: Sequence[str] | None = None,
        case: Sequence[str] | None = None,
        expected: bool | None = None,
        acknowledged: bool | None = None,
    ) -> Path:
        """Into a file, as it comes: the notices that the caller may see."""
        return self._save(
            to,
            "GET",
            "/notices",
            query={
                "q": q,
                "sort": sort,
                "severity": severity,
                "note": note,
                "asset": asset,
                "technique": technique,
                "tactic": tactic,
                "case": case,
                "expected": expected,
                "acknowledged": acknowledged,
            },
            format=str(format),
        )

    def frame_notices(
        self,
        *,
        q: str | None = None,
        sort: str | None = None,
        severity: Sequence[Literal["critical", "high", "medium", "low", "info"]] | None = None,
        note: Sequence[str] | None = None,
        asset: Sequence[str] | None = None,
        technique: Sequence[str] | None = None,
        tactic: Sequence[str] | None = None,
        case: Sequence[str] | None = None,
        expected: bool | None = None,
        acknowledged: bool | None = None,
    ) -> DataFrame:
        """As a Polars frame: the notices that the caller may see."""
        return self._frame(
            "GET",
            "/notices",
            query={
                "q": q,
                "sort": sort,
                "severity": severity,
                "note": note,
                "asset": asset,
                "technique": technique,
                "tactic": tactic,
                "case": case,
                "expected": expected,
                "acknowledged": acknowledged,
            },
        )

    def all_notices(
        self,
        *,
        q: str | None = None,
        sort: str | None = None,
        limit: int | None = None,
        severity: Sequence[Literal["critical", "high", "medium", "low", "info"]] | None = None,
        note: Sequence[str] | None = None,
        asset: Sequence[str] | None = None,
        technique: Sequence[str] | None = None,
        tactic: Sequence[str] | None = None,
        case: Sequence[str] | None = None,
        expected: bool | None = None,
        acknowledged: bool | None = None,
    ) -> Iterator[NoticeRow]:
        """Every row, page by page: the notices that the caller may see."""
        return self._rows(
            Page[NoticeRow],
            "GET",
            "/notices",
            query={
                "q": q,
                "sort": sort,
                "limit": limit,
                "severity": severity,
                "note": note,
                "asset": asset,
                "technique": technique,
                "tactic": tactic,
                "case": case,
                "expected": expected,
                "acknowledged": acknowledged,
            },
        )

    def get_notice(self, id: str) -> NoticeRow:
        """One notice."""
        return self._ask(NoticeRow, "GET", "/notices/{id}", path_values={"id": id})
