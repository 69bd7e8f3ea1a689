"""The audit log: who changed or decided what; and whether it is still as it was written."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from linewarden.api.caller import Caller, Who
from linewarden.api.listing import FILES, Format, ListQuery, Page, as_file
from linewarden.api.problems import ProblemError
from linewarden.api.times import Time
from linewarden.policy import Action, Kind
from linewarden.service.audit.checking import check
from linewarden.service.audit.heads import newest_note
from linewarden.service.audit.reading import Said, Wanted, entries

router = APIRouter(tags=["audit"])

MOST_IN_A_FILE = 1_000_000
MOST_HOURS = 24 * 366 * 20


class AuditRow(BaseModel):
    """An entry. `before` and `after` are what was changed, as it was and as it is."""

    seq: int = Field(description="its number: there are no gaps")
    ts: Time
    who: str = Field(examples=["anna"])
    host: str
    action: str = Field(examples=["assets.correct"])
    target: str
    before: Any = None
    after: Any = None
    detail: Any = None


class AuditQuery(ListQuery):
    """Which entries; the newest first, or in the order that they were written (`sort` is `seq`)."""

    sort: Annotated[str, Field(description="seq: the oldest first; -seq: the newest", pattern="^(-?seq)?$")] = ""
    cursor: Annotated[str, Field(description="`next` of the page before", max_length=18)] = ""
    action: Annotated[str, Field(description="what it begins with: `people.`", max_length=64)] = ""
    hours: Annotated[int | None, Field(description="only of the last so many hours", ge=1, le=MOST_HOURS)] = None
    since: datetime | None = None
    until: datetime | None = None


class Verified(BaseModel):
    """What checking all entries, proofs and signatures found."""

    whole: bool
    entries: int
    heads: int
    covered: int = Field(description="entries before the last good signature")
    problems: list[str]


@router.get("/audit", operation_id="list_audit", responses=FILES)
def list_audit(who: Who, query: Annotated[AuditQuery, Query()]) -> Page[AuditRow]:
    """Entries of the log. `total` counts all that were written up to the newest of this page."""
    who.need(Action.AUDIT_READ, who.thing(Kind.AUDIT))
    is_file = query.format is not Format.JSON
    found = _found(who, query, MOST_IN_A_FILE if is_file else query.limit + 1)
    if is_file:
        rows = [{**_row(e).model_dump(mode="json"), **_texts(e)} for e in found]
        return as_file(rows, query.format, "audit")  # type: ignore[return-value]
    items = [_row(e) for e in found[: query.limit]]
    more = len(found) > query.limit
    return Page(
        items=items, total=max((e.seq + 1 for e in items), default=0), next=str(items[-1].seq) if more else None
    )


def _found(who: Caller, query: AuditQuery, limit: int) -> list[Said]:
    if query.cursor and not (query.cursor.isascii() and query.cursor.isdigit()):
        raise ProblemError(400, "That makes no sense", "cursor: not one of this list; take `next` of the page before.")
    if any(t is not None and t.tzinfo is None for t in (query.since, query.until)):
        raise ProblemError(400, "That makes no sense", "since, until: a time needs its zone, such as Z.")
    since = [query.since, query.hours and datetime.now(UTC) - timedelta(hours=query.hours)]
    return entries(who.place.state, Wanted(
        limit, int(query.cursor) if query.cursor else None, query.sort == "seq", query.action, tuple(query.q.split()),
        max((t for t in since if t), default=None), query.until,
    ))  # fmt: skip


def _row(e: Said) -> AuditRow:
    return AuditRow(**{name: getattr(e, name) for name in AuditRow.model_fields})


def _texts(e: Said) -> dict[str, str]:
    """Values of any shape as JSON, so that all rows of a file have the same columns."""
    return {name: json.dumps(getattr(e, name), ensure_ascii=False) for name in ("before", "after", "detail")}


@router.get("/audit/verify", operation_id="verify_audit")
def verify_audit(who: Who) -> Verified:
    """Checks the whole log now: every hash, every signed head. Takes seconds for a million entries."""
    who.need(Action.AUDIT_READ, who.thing(Kind.AUDIT))
    found = check(who.place.ledger)
    return Verified(
        whole=not found.problems, entries=found.entries, heads=found.heads, covered=found.covered,
        problems=[p.text for p in found.problems],
    )  # fmt: skip


@router.get("/audit/head", operation_id="get_audit_head", response_class=Response, responses={
    200: {"content": {"text/plain": {}}, "description": "A signed head (C2SP signed note)"}
})  # fmt: skip
def get_audit_head(who: Who) -> Response:
    """The newest signed head: kept elsewhere, it shows later that nothing before it was changed."""
    who.need(Action.AUDIT_READ, who.thing(Kind.AUDIT))
    return Response(newest_note(who.place.ledger), media_type="text/plain; charset=utf-8")
