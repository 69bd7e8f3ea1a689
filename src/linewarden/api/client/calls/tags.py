"""Tags: the process values that devices say, how they ran, and what happened meanwhile.

Written by `make client` from the routes; do not edit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from linewarden.api.client.transport import Transport
from linewarden.api.listing import Format, Page
from linewarden.api.routes.tags import EventsOut, TagFacts, TagRow, TagsReading, ValuesOut

if TYPE_CHECKING:
    from polars import DataFrame


class TagsCalls(Transport):
    """Tags: the process values that devices say, how they ran, and what happened meanwhile."""

    def list_tags(
        self,
        *,
        q: str | None = None,
        sort: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        device: Sequence[str] | None = None,
        protocol: Sequence[str] | None = None,
        moves: bool | None = None,
    ) -> Page[TagRow]:
        """The tags of the devices that the caller may see."""
        return self._ask(
            Page[TagRow],
            "GET",
            "/tags",
            query={
                "q": q,
                "sort": sort,
                "limit": limit,
                "cursor": cursor,
                "device": device,
                "protocol": protocol,
                "moves": moves,
            },
        )

    def save_tags(
        self,
        to: Path | str,
        format: Format | str = "arrow",
        *,
        q: str | None = None,
        sort: str | None = None,
        device: Sequence[str] | None = None,
        protocol: Sequence[str] | None = None,
        moves: bool | None = None,
    ) -> Path:
        """Into a file, as it comes: the tags of the devices that the caller may see."""
        return self._save(
            to,
            "GET",
            "/tags",
            query={"q": q, "sort": sort, "device": device, "protocol": protocol, "moves": moves},
            format=str(format),
        )

    def frame_tags(
        self,
        *,
        q: str | None = None,
        sort: str | None = None,
        device: Sequence[str] | None = None,
        protocol: Sequence[str] | None = None,
        moves: bool | None = None,
    ) -> DataFrame:
        """As a Polars frame: the tags of the devices that the caller may see."""
        return self._frame(
            "GET", "/tags", query={"q": q, "sort": sort, "device": device, "protocol": protocol, "moves": moves}
        )

    def all_tags(
        self,
        *,
        q: str | None = None,
        sort: str | None = None,
        limit: int | None = None,
        device: Sequence[str] | None = None,
        protocol: Sequence[str] | None = None,
        moves: bool | None = None,
    ) -> Iterator[TagRow]:
        """Every row, page by page: the tags of the devices that the caller may see."""
        return self._rows(
            Page[TagRow],
            "GET",
            "/tags",
            query={"q": q, "sort": sort, "limit": limit, "device": device, "protocol": protocol, "moves": moves},
        )

    def get_tags_reading(self) -> TagsReading:
        """How far the values were read."""
        return self._ask(TagsReading, "GET", "/tags/reading")

    def tag_values(
        self,
        *,
        tag: Sequence[str] | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
        last: float | None = None,
        points: int | None = None,
    ) -> ValuesOut:
        """How tags ran: at most `points` points each, with the least and most that each stands for."""
        return self._ask(
            ValuesOut,
            "GET",
            "/tags/values",
            query={"tag": tag, "from": start, "to": end, "last": last, "points": points},
        )

    def save_tag_values(
        self,
        to: Path | str,
        format: Format | str = "arrow",
        *,
        tag: Sequence[str] | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
        last: float | None = None,
        points: int | None = None,
    ) -> Path:
        """Into a file, as it comes: how tags ran: at most `points` points each, with the least and most that each
        stands for.
        """
        return self._save(
            to,
            "GET",
            "/tags/values",
            query={"tag": tag, "from": start, "to": end, "last": last, "points": points},
            format=str(format),
        )

    def frame_tag_values(
        self,
        *,
        tag: Sequence[str] | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
        last: float | None = None,
        points: int | None = None,
    ) -> DataFrame:
        """As a Polars frame: how tags ran: at most `points` points each, with the least and most that each stands
        for.
        """
        return self._frame(
            "GET", "/tags/values", query={"tag": tag, "from": start, "to": end, "last": last, "points": points}
        )

    def tag_events(
        self,
        *,
        tag: Sequence[str] | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
        last: float | None = None,
        language: Literal["en", "de"] | None = None,
    ) -> EventsOut:
        """Notices, cases and commands of the devices of these tags."""
        return self._ask(
            EventsOut,
            "GET",
            "/tags/events",
            query={"tag": tag, "from": start, "to": end, "last": last, "language": language},
        )

    def describe_tag(self, id: str, body: TagFacts) -> TagRow:
        """Says what a tag is: its unit, its name among people, its range and place."""
        return self._ask(TagRow, "PATCH", "/tags/{id}", path_values={"id": id}, body=body)
