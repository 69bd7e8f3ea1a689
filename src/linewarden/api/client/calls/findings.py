"""Findings: is the tap right, and what could anybody on the wire read or change?

Written by `make client` from the routes; do not edit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from linewarden.api.client.transport import Transport
from linewarden.api.listing import Format, Page
from linewarden.api.routes.findings import FindingRow
from linewarden.plant.model import Severity

if TYPE_CHECKING:
    from polars import DataFrame


class FindingsCalls(Transport):
    """Findings: is the tap right, and what could anybody on the wire read or change?"""

    def list_findings(
        self,
        *,
        q: str | None = None,
        sort: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        about: Sequence[Literal["tap", "exposure"]] | None = None,
        severity: Sequence[Severity] | None = None,
        asset: Sequence[str] | None = None,
    ) -> Page[FindingRow]:
        """The findings about assets that the caller may see."""
        return self._ask(
            Page[FindingRow],
            "GET",
            "/findings",
            query={
                "q": q,
                "sort": sort,
                "limit": limit,
                "cursor": cursor,
                "about": about,
                "severity": severity,
                "asset": asset,
            },
        )

    def save_findings(
        self,
        to: Path | str,
        format: Format | str = "arrow",
        *,
        q: str | None = None,
        sort: str | None = None,
        about: Sequence[Literal["tap", "exposure"]] | None = None,
        severity: Sequence[Severity] | None = None,
        asset: Sequence[str] | None = None,
    ) -> Path:
        """Into a file, as it comes: the findings about assets that the caller may see."""
        return self._save(
            to,
            "GET",
            "/findings",
            query={"q": q, "sort": sort, "about": about, "severity": severity, "asset": asset},
            format=str(format),
        )

    def frame_findings(
        self,
        *,
        q: str | None = None,
        sort: str | None = None,
        about: Sequence[Literal["tap", "exposure"]] | None = None,
        severity: Sequence[Severity] | None = None,
        asset: Sequence[str] | None = None,
    ) -> DataFrame:
        """As a Polars frame: the findings about assets that the caller may see."""
        return self._frame(
            "GET", "/findings", query={"q": q, "sort": sort, "about": about, "severity": severity, "asset": asset}
        )

    def all_findings(
        self,
        *,
        q: str | None = None,
        sort: str | None = None,
        limit: int | None = None,
        about: Sequence[Literal["tap", "exposure"]] | None = None,
        severity: Sequence[Severity] | None = None,
        asset: Sequence[str] | None = None,
    ) -> Iterator[FindingRow]:
        """Every row, page by page: the findings about assets that the caller may see."""
        return self._rows(
            Page[FindingRow],
            "GET",
            "/findings",
            query={"q": q, "sort": sort, "limit": limit, "about": about, "severity": severity, "asset": asset},
        )
