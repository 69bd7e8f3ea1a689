"""Records as they were written: filtered, page by page, or all of them as a file that is sent while it is read.

Written by `make client` from the routes; do not edit.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from linewarden.api.client.transport import Transport
from linewarden.api.listing import Format
from linewarden.api.routes.records import RecordsOut

if TYPE_CHECKING:
    from polars import DataFrame


class RecordsCalls(Transport):
    """Records as they were written: filtered, page by page, or all of them as a file that is sent while it is read."""

    def list_records(
        self,
        stream: str,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        uid: Sequence[str] | None = None,
        address: Sequence[str] | None = None,
        column: Sequence[str] | None = None,
        sort: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> RecordsOut:
        """Records of a stream."""
        return self._ask(
            RecordsOut,
            "GET",
            "/records/{stream}",
            path_values={"stream": stream},
            query={
                "from": start,
                "to": end,
                "uid": uid,
                "address": address,
                "column": column,
                "sort": sort,
                "limit": limit,
                "cursor": cursor,
            },
        )

    def save_records(
        self,
        stream: str,
        to: Path | str,
        format: Format | str = "arrow",
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        uid: Sequence[str] | None = None,
        address: Sequence[str] | None = None,
        column: Sequence[str] | None = None,
        sort: str | None = None,
    ) -> Path:
        """Into a file, as it comes: records of a stream."""
        return self._save(
            to,
            "GET",
            "/records/{stream}",
            path_values={"stream": stream},
            query={"from": start, "to": end, "uid": uid, "address": address, "column": column, "sort": sort},
            format=str(format),
        )

    def frame_records(
        self,
        stream: str,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        uid: Sequence[str] | None = None,
        address: Sequence[str] | None = None,
        column: Sequence[str] | None = None,
        sort: str | None = None,
    ) -> DataFrame:
        """As a Polars frame: records of a stream."""
        return self._frame(
            "GET",
            "/records/{stream}",
            path_values={"stream": stream},
            query={"from": start, "to": end, "uid": uid, "address": address, "column": column, "sort": sort},
        )
