"""Conduits: the traffic that crosses from zone to zone.

Written by `make client` from the routes; do not edit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from linewarden.api.client.transport import Transport
from linewarden.api.listing import Format, Page
from linewarden.api.routes.conduits import ConduitRow

if TYPE_CHECKING:
    from polars import DataFrame


class ConduitsCalls(Transport):
    """Conduits: the traffic that crosses from zone to zone."""

    def list_conduits(
        self,
        *,
        q: str | None = None,
        sort: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        zone: Sequence[str] | None = None,
        protocol: Sequence[str] | None = None,
        changes: bool | None = None,
        needless: bool | None = None,
        new: bool | None = None,
    ) -> Page[ConduitRow]:
        """The conduits between zones that the caller may see both."""
        return self._ask(
            Page[ConduitRow],
            "GET",
            "/conduits",
            query={
                "q": q,
                "sort": sort,
                "limit": limit,
                "cursor": cursor,
                "zone": zone,
                "protocol": protocol,
                "changes": changes,
                "needless": needless,
                "new": new,
            },
        )

    def save_conduits(
        self,
        to: Path | str,
        format: Format | str = "arrow",
        *,
        q: str | None = None,
        sort: str | None = None,
        zone: Sequence[str] | None = None,
        protocol: Sequence[str] | None = None,
        changes: bool | None = None,
        needless: bool | None = None,
        new: bool | None = None,
    ) -> Path:
        """Into a file, as it comes: the conduits between zones that the caller may see both."""
        return self._save(
            to,
            "GET",
            "/conduits",
            query={
                "q": q,
                "sort": sort,
                "zone": zone,
                "protocol": protocol,
                "changes": changes,
                "needless": needless,
                "new": new,
            },
            format=str(format),
        )

    def frame_conduits(
        self,
        *,
        q: str | None = None,
        sort: str | None = None,
        zone: Sequence[str] | None = None,
        protocol: Sequence[str] | None = None,
        changes: bool | None = None,
        needless: bool | None = None,
        new: bool | None = None,
    ) -> DataFrame:
        """As a Polars frame: the conduits between zones that the caller may see both."""
        return self._frame(
            "GET",
            "/conduits",
            query={
                "q": q,
                "sort": sort,
                "zone": zone,
                "protocol": protocol,
                "changes": changes,
                "needless": needless,
                "new": new,
            },
        )

    def all_conduits(
        self,
        *,
        q: str | None = None,
        sort: str | None = None,
        limit: int | None = None,
        zone: Sequence[str] | None = None,
        protocol: Sequence[str] | None = None,
        changes: bool | None = None,
        needless: bool | None = None,
        new: bool | None = None,
    ) -> Iterator[ConduitRow]:
        """Every row, page by page: the conduits between zones that the caller may see both."""
        return self._rows(
            Page[ConduitRow],
            "GET",
            "/conduits",
            query={
                "q": q,
                "sort": sort,
                "limit": limit,
                "zone": zone,
                "protocol": protocol,
                "changes": changes,
                "needless": needless,
                "new": new,
            },
        )
