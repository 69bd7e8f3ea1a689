"""Queries that people keep: saved ones, of which some are for all, and what they ran last.

Written by `make client` from the routes; do not edit.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from linewarden.api.client.transport import Transport
from linewarden.api.listing import Format, Page
from linewarden.api.routes.queries import KeepIn, KeptRow

if TYPE_CHECKING:
    from polars import DataFrame


class QueriesCalls(Transport):
    """Queries that people keep: saved ones, of which some are for all, and what they ran last."""

    def list_queries(
        self,
        *,
        q: str | None = None,
        sort: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        saved: bool | None = None,
    ) -> Page[KeptRow]:
        """The caller's, and those that others share."""
        return self._ask(
            Page[KeptRow],
            "GET",
            "/queries",
            query={"q": q, "sort": sort, "limit": limit, "cursor": cursor, "saved": saved},
        )

    def save_queries(
        self,
        to: Path | str,
        format: Format | str = "arrow",
        *,
        q: str | None = None,
        sort: str | None = None,
        saved: bool | None = None,
    ) -> Path:
        """Into a file, as it comes: the caller's, and those that others share."""
        return self._save(to, "GET", "/queries", query={"q": q, "sort": sort, "saved": saved}, format=str(format))

    def frame_queries(self, *, q: str | None = None, sort: str | None = None, saved: bool | None = None) -> DataFrame:
        """As a Polars frame: the caller's, and those that others share."""
        return self._frame("GET", "/queries", query={"q": q, "sort": sort, "saved": saved})

    def all_queries(
        self, *, q: str | None = None, sort: str | None = None, limit: int | None = None, saved: bool | None = None
    ) -> Iterator[KeptRow]:
        """Every row, page by page: the caller's, and those that others share."""
        return self._rows(
            Page[KeptRow], "GET", "/queries", query={"q": q, "sort": sort, "limit": limit, "saved": saved}
        )

    def keep_query(self, new: KeepIn) -> KeptRow:
        """Keeps one."""
        return self._ask(KeptRow, "POST", "/queries", body=new)

    def remove_query(self, id: str) -> None:
        """Removes one of the caller's own."""
        self._nothing("DELETE", "/queries/{id}", path_values={"id": id})
