"""SQL over the records, and what there is to ask of.

Written by `make client` from the routes; do not edit.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from linewarden.api.client.transport import Transport
from linewarden.api.listing import Format, Page
from linewarden.api.routes.query import QueryIn, QueryOut, StreamRow

if TYPE_CHECKING:
    from polars import DataFrame


class QueryCalls(Transport):
    """SQL over the records, and what there is to ask of."""

    def list_streams(
        self,
        *,
        q: str | None = None,
        sort: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        there: bool | None = None,
    ) -> Page[StreamRow]:
        """The streams, with what each column means."""
        return self._ask(
            Page[StreamRow],
            "GET",
            "/streams",
            query={"q": q, "sort": sort, "limit": limit, "cursor": cursor, "there": there},
        )

    def save_streams(
        self,
        to: Path | str,
        format: Format | str = "arrow",
        *,
        q: str | None = None,
        sort: str | None = None,
        there: bool | None = None,
    ) -> Path:
        """Into a file, as it comes: the streams, with what each column means."""
        return self._save(to, "GET", "/streams", query={"q": q, "sort": sort, "there": there}, format=str(format))

    def frame_streams(self, *, q: str | None = None, sort: str | None = None, there: bool | None = None) -> DataFrame:
        """As a Polars frame: the streams, with what each column means."""
        return self._frame("GET", "/streams", query={"q": q, "sort": sort, "there": there})

    def all_streams(
        self, *, q: str | None = None, sort: str | None = None, limit: int | None = None, there: bool | None = None
    ) -> Iterator[StreamRow]:
        """Every row, page by page: the streams, with what each column means."""
        return self._rows(
            Page[StreamRow], "GET", "/streams", query={"q": q, "sort": sort, "limit": limit, "there": there}
        )

    def query(self, asked: QueryIn) -> QueryOut:
        """Runs one SELECT."""
        return self._ask(QueryOut, "POST", "/query", body=asked)

    def save_query(self, asked: QueryIn, to: Path | str, format: Format | str = "arrow") -> Path:
        """Into a file, as it comes: runs one SELECT."""
        return self._save(to, "POST", "/query", body=asked, format=str(format))

    def frame_query(self, asked: QueryIn) -> DataFrame:
        """As a Polars frame: runs one SELECT."""
        return self._frame("POST", "/query", body=asked)
