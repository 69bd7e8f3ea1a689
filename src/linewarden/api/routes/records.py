"""Records as they were written: filtered, page by page, or all of them as a file that is sent while it is read."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from linewarden.api.caller import Who
from linewarden.api.listing import FILES, MEDIA, Format
from linewarden.api.problems import ProblemError, not_found
from linewarden.api.routes.query import StreamRow, streams_of
from linewarden.api.sight import sight_of
from linewarden.api.times import Time, ns_of
from linewarden.service import records

router = APIRouter(tags=["records"])

MOST = 10_000


class RecordsQuery(BaseModel):
    """Which records. Several values of one filter mean any of them."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    start: Annotated[Time | None, Field(alias="from")] = None
    end: Annotated[Time | None, Field(alias="to")] = None
    uid: Annotated[list[str], Field(description="flows", max_length=1_000)] = []
    address: Annotated[list[str], Field(description="one of the record's own", max_length=1_000)] = []
    column: Annotated[list[str], Field(description="only these, in the order of the stream", max_length=200)] = []
    sort: Annotated[str, Field(description="ts: the oldest first; -ts: the newest", pattern="^-?ts$")] = "ts"
    limit: Annotated[int, Field(ge=1, le=MOST)] = 1_000
    cursor: Annotated[str, Field(description="`next` of the page before", max_length=2_000)] = ""
    format: Annotated[Format, Field(description="json: a page; else all of it as a file")] = Format.JSON


class RecordsOut(BaseModel):
    """A page, by time, capture and frame (with `sort=-ts` the other way). `next` is the cursor of the page after it."""

    stream: str
    items: list[dict[str, Any]]
    next: str | None
    partial: bool = Field(description="the caller may not see all of the lake")


@router.get("/records/{stream}", operation_id="list_records", responses=FILES)
def list_records(who: Who, stream: str, query: Annotated[RecordsQuery, Query()]) -> RecordsOut:
    """Records of a stream. As a file they come by day and file, not sorted across files."""
    sight = sight_of(who)
    about = next((s for s in streams_of(who) if s.name == stream and s.there), None)
    if about is None:
        raise not_found("stream")
    wanted = records.Wanted(
        stream, sight, ns_of(query.start) if query.start else None, _last_ns(query.end) if query.end else None,
        tuple(query.uid), tuple(query.address), _columns(about, query.column), _read(query.cursor),
        query.sort == "-ts",
    )  # fmt: skip
    if query.format is not Format.JSON:
        headers = {"Content-Disposition": f'attachment; filename="{stream}.{query.format}"'}
        chunks = records.export(who.place.lake, wanted, query.format)
        return StreamingResponse(chunks, media_type=MEDIA[query.format], headers=headers)  # type: ignore[return-value]
    items, last = records.page(who.place.lake, wanted, query.limit)
    return RecordsOut(
        stream=stream, items=items, next=_cursor(last) if last else None, partial=sight.addresses is not None
    )


def _last_ns(end: Time) -> int:
    """Times are said to a microsecond and kept to a nanosecond: a record at the time that is said for it is in it."""
    return ns_of(end) + 999


def _columns(stream: StreamRow, asked: list[str]) -> tuple[str, ...]:
    there = [c.name for c in stream.columns]
    if strange := sorted(set(asked) - set(there)):
        raise ProblemError(400, "That makes no sense", f"column: {strange[0]} is none of {', '.join(there)}.")
    return tuple(c for c in there if c in asked)


def _cursor(place: records.Place) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def _read(text: str) -> records.Place | None:
    if not text:
        return None
    try:
        at, capture, frame, given = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if not (isinstance(capture, str) and all(0 <= int(n) < 1 << 62 for n in (at, frame, given))):
            raise ValueError
        return int(at), capture, int(frame), min(int(given), 1_000_000)
    except (ValueError, TypeError, binascii.Error, RecursionError):
        raise ProblemError(
            400, "That makes no sense", "cursor: not one of this list; take `next` of the page before."
        ) from None
