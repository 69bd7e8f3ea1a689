"""Conversations: who talks to whom.

Written by `make client` from the routes; do not edit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from linewarden.api.client.transport import Transport
from linewarden.api.listing import Format, Page
from linewarden.api.routes.conversations import ConversationRow

if TYPE_CHECKING:
    from polars import DataFrame


class ConversationsCalls(Transport):
    """Conversations: who talks to whom."""

    def list_conversations(
        self,
        *,
        q: str | None = None,
        sort: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        asset: Sequence[str] | None = None,
        protocol: Sequence[str] | None = None,
        verb: Sequence[str] | None = None,
        does: Sequence[Literal["change", "read", "other"]] | None = None,
        source_zone: Sequence[str] | None = None,
        target_zone: Sequence[str] | None = None,
        severity: Literal["critical", "high", "medium", "low", "info"] | None = None,
        crosses: bool | None = None,
    ) -> Page[ConversationRow]:
        """The conversations between assets that the caller may see both."""
        return self._ask(
            Page[ConversationRow],
            "GET",
            "/conversations",
            query={
                "q": q,
                "sort": sort,
                "limit": limit,
                "cursor": cursor,
                "asset": asset,
                "protocol": protocol,
                "verb": verb,
                "does": does,
                "source_zone": source_zone,
                "target_zone": target_zone,
                "severity": severity,
                "crosses": crosses,
            },
        )

    def save_conversations(
        self,
        to: Path | str,
        format: Format | str = "arrow",
        *,
        q: str | None = None,
        sort: str | None = None,
        asset: Sequence[str] | None = None,
        protocol: Sequence[str] | None = None,
        verb: Sequence[str] | None = None,
        does: Sequence[Literal["change", "read", "other"]] | None = None,
        source_zone: Sequence[str] | None = None,
        target_zone: Sequence[str] | None = None,
        severity: Literal["critical", "high", "medium", "low", "info"] | None = None,
        crosses: bool | None = None,
    ) -> Path:
        """Into a file, as it comes: the conversations between assets that the caller may see both."""
        return self._save(
            to,
            "GET",
            "/conversations",
            query={
                "q": q,
                "sort": sort,
                "asset": asset,
                "protocol": protocol,
                "verb": verb,
                "does": does,
                "source_zone": source_zone,
                "target_zone": target_zone,
                "severity": severity,
                "crosses": crosses,
            },
            format=str(format),
        )

    def frame_conversations(
        self,
        *,
        q: str | None = None,
        sort: str | None = None,
        asset: Sequence[str] | None = None,
        protocol: Sequence[str] | None = None,
        verb: Sequence[str] | None = None,
        does: Sequence[Literal["change", "read", "other"]] | None = None,
        source_zone: Sequence[str] | None = None,
        target_zone: Sequence[str] | None = None,
        severity: Literal["critical", "high", "medium", "low", "info"] | None = None,
        crosses: bool | None = None,
    ) -> DataFrame:
        """As a Polars frame: the conversations between assets that the caller may see both."""
        return self._frame(
            "GET",
            "/conversations",
            query={
                "q": q,
                "sort": sort,
                "asset": asset,
                "protocol": protocol,
                "verb": verb,
                "does": does,
                "source_zone": source_zone,
                "target_zone": target_zone,
                "severity": severity,
                "crosses": crosses,
            },
        )

    def all_conversations(
        self,
        *,
        q: str | None = None,
        sort: str | None = None,
        limit: int | None = None,
        asset: Sequence[str] | None = None,
        protocol: Sequence[str] | None = None,
        verb: Sequence[str] | None = None,
        does: Sequence[Literal["change", "read", "other"]] | None = None,
        source_zone: Sequence[str] | None = None,
        target_zone: Sequence[str] | None = None,
        severity: Literal["critical", "high", "medium", "low", "info"] | None = None,
        crosses: bool | None = None,
    ) -> Iterator[ConversationRow]:
        """Every row, page by page: the conversations between assets that the caller may see both."""
        return self._rows(
            Page[ConversationRow],
            "GET",
            "/conversations",
            query={
                "q": q,
                "sort": sort,
                "limit": limit,
                "asset": asset,
                "protocol": protocol,
                "verb": verb,
                "does": does,
                "source_zone": source_zone,
                "target_zone": target_zone,
                "severity": severity,
                "crosses": crosses,
            },
        )
