"""The audit log: who changed or decided what; and whether it is still as it was written."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from linewarden.api.caller import Caller, Who
from linewarden.api.listing import FILES, Format, Page, as_file
from linewarden.api.problems import ProblemError
from linewarden.api.times import Time
from linewarden.policy import Action, Kind
from linewarden.service.audit.checking import check
from linewarden.service.audit.heads import newest_note
from linewarden.service.audit.reading import Said, newest

router = APIRouter(tags=["audit"])

MOST_IN_A_FILE = 1_000_000


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


class AuditQuery(BaseModel):
    """Which entries; the newest first."""

    model_config = ConfigDict(extra="forbid")

    action: Annotated[str, Field(description="what it begins with: `people.`", max_length=64)] = ""
    since: datetime | None = None
    until: datetime | None = None
    limit: Annotated[int, Field(ge=1, le=1_000)] = 100
    cursor: Annotated[str, Field(description="`next` of the page before", max_length=20)] = ""
    format: Format = Format.JSON


class Verified(BaseModel):
    """What checking all entries, proofs and signatures found."""

    whole: bool
    entries: int
    heads: int
    covered: int = Field(description="entries before the last good signature")
    problems: list[str]


@router.get("/audit", operation_id="list_audit", responses=FILES)
def list_audit(who: Who, query: Annotated[AuditQuery, Query()]) -> Page[AuditRow]:
    """Entries of the log. `total` counts those of this page and before."""
    who.need(Action.AUDIT_READ, who.thing(Kind.AUDIT))
    is_file = query.format is not Format.JSON
    found = _found(who, query, MOST_IN_A_FILE if is_file else query.limit + 1)
    if is_file:
        rows = [{**_row(e).model_dump(mode="json"), **_texts(e)} for e in found]
        return as_file(rows, query.format, "audit")  # type: ignore[return-value]
    items = [_row(e) for e in found[: query.limit]]
    more = len(found) > query.limit
    return Page(items=items, total=items[0].seq + 1 if items else 0, next=str(items[-1].seq) if more else None)


def _found(who: Caller, query: AuditQuery, limit: int) -> list[Said]:
    if query.cursor and not (query.cursor.isascii() and query.cursor.isdigit()):
        raise ProblemError(400, "That makes no sense", "cursor: not one of this list; take `next` of the page before.")
    before = int(query.cursor) if query.cursor else None
    if any(t is not None and t.tzinfo is None for t in (query.since, query.until)):
        raise ProblemError(400, "That makes no sense", "since, until: a time needs its zone, such as Z.")
    return newest(
        who.place.state, limit, before=before, action=query.action, since=query.since, until=query.until
    )  # fmt: skip


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
