"""Reports: of the plant, its cases, or what changed; made once, kept, and taken away as HTML or PDF."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from linewarden.api.caller import Caller, Who
from linewarden.api.listing import FILES, Listing, ListQuery, Page
from linewarden.api.problems import ProblemError, not_found
from linewarden.api.times import Time, ns_of
from linewarden.errors import ConfigError, LinewardenError
from linewarden.policy import Action, Kind, Thing
from linewarden.reports.language import Language
from linewarden.service.audit.entry import Change
from linewarden.service.report_making import Order, made
from linewarden.service.report_shelf import Kept, Shelf

router = APIRouter(tags=["reports"])

KINDS = ("plant", "cases", "changes")
MEDIA = {"html": "text/html; charset=utf-8", "pdf": "application/pdf"}


class ReportIn(BaseModel):
    """What to make. `zone`: only what is in it; without, of the whole site."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    kind: Literal["plant", "cases", "changes"]
    format: Literal["html", "pdf"] = "html"
    zone: str = Field(default="", max_length=200)
    language: Language = Field(default="en", description="of a report of cases; the others are in English")
    at: Time | None = Field(default=None, description="of changes: what is so from then on, against before")
    start: Annotated[Time | None, Field(alias="from", description="of changes: nothing older counts")] = None
    end: Annotated[Time | None, Field(alias="to", description="of changes: nothing newer counts")] = None


class ReportRow(BaseModel):
    """A report in the list. `state`: making, made or failed."""

    id: str
    kind: Literal["plant", "cases", "changes"]
    format: Literal["html", "pdf"]
    zone: str | None
    by: str = Field(description="who made it")
    made: Time
    state: Literal["making", "made", "failed"]
    wrong: str
    size: int = Field(description="bytes")
    name: str = Field(description="of its file")


class ReportQuery(ListQuery):
    """What to list of the reports."""

    kind: list[Literal["plant", "cases", "changes"]] = []


LIST: Listing[ReportRow] = Listing(
    "reports", {"made": lambda r: r.made.isoformat(), "kind": lambda r: r.kind, "by": lambda r: r.by.casefold()},
    "-made", lambda r: r.id, lambda r: (r.kind, r.format, r.zone, r.by, r.name),
)  # fmt: skip


@router.get("/reports", operation_id="list_reports", responses=FILES)
def list_reports(who: Who, query: Annotated[ReportQuery, Query()]) -> Page[ReportRow]:
    """The reports that were made, as far as the caller may see them."""
    visible = who.zones(Action.REPORT_READ, Kind.REPORT)
    rows = (row_of(r) for r in shelf_of(who).listed() if r.zone in visible)
    answer: Page[ReportRow] = LIST.answer((r for r in rows if not query.kind or r.kind in query.kind), query)
    return answer


@router.post("/reports", operation_id="make_report", status_code=202)
def make_report(who: Who, wanted: ReportIn) -> ReportRow:
    """Begins to make one; `get_report` tells when it is there."""
    thing = _thing(who, wanted.zone)
    who.need(Action.REPORT_CREATE, thing)
    order = _order(who, wanted)
    report = Kept(wanted.kind, wanted.format, wanted.zone, who.name, datetime.now(UTC))
    with who.doing(Action.REPORT_CREATE, thing):
        report = shelf_of(who).begin(report)
        after = {"kind": report.kind, "format": report.format, "zone": report.zone}
        who.place.ledger.add(Change("report.made", report.id, after=after))
    threading.Thread(target=_make, args=(who, order, report), name="linewarden-report", daemon=True).start()
    return row_of(report)


@router.get("/reports/{id}", operation_id="get_report")
def get_report(who: Who, id: str) -> ReportRow:
    """One of them."""
    return row_of(_visible(who, id))


@router.get("/reports/{id}/file", operation_id="get_report_file", responses={200: {"content": {
    m.partition(";")[0]: {"schema": {"type": "string", "format": "binary"}} for m in MEDIA.values()}}})  # fmt: skip
def get_report_file(who: Who, id: str) -> Response:
    """Its file."""
    report = _visible(who, id)
    if report.state != "made":
        raise ProblemError(409, "Not there yet", report.wrong or "It is being made; ask again in a moment.")
    headers = {"Content-Disposition": f'attachment; filename="{report.name}"'}
    return Response(shelf_of(who).content(report), media_type=MEDIA[report.format], headers=headers)


@router.delete("/reports/{id}", operation_id="remove_report", status_code=204)
def remove_report(who: Who, id: str) -> None:
    """Removes it."""
    report = _visible(who, id)
    with who.doing(Action.REPORT_CREATE, _thing(who, report.zone)):
        shelf_of(who).remove(report)
        who.place.ledger.add(Change("report.removed", report.id, before={"kind": report.kind, "by": report.by}))


def shelf_of(who: Caller) -> Shelf:
    """Where they are kept."""
    return Shelf(who.place.config.service.data / "reports")


def row_of(report: Kept) -> ReportRow:
    """A report as a list has it."""
    names = ("id", "kind", "format", "by", "made", "state", "wrong", "size", "name")
    return ReportRow(zone=report.zone or None, **{name: getattr(report, name) for name in names})


def can_make_pdf() -> bool:
    """Is what it takes installed?"""
    from linewarden.reports.pdf import needs_pdf

    try:
        needs_pdf()
    except ConfigError:
        return False
    return True


def _thing(who: Caller, zone: str) -> Thing:
    """The place that a report is of."""
    return who.thing(Kind.ZONE, "any", [zone])


def _visible(who: Caller, id: str) -> Kept:
    report = shelf_of(who).get(id)
    if report is None or report.zone not in who.zones(Action.REPORT_READ, Kind.REPORT):
        raise not_found("report")
    return report


def _order(who: Caller, wanted: ReportIn) -> Order:
    if wanted.zone and wanted.zone not in {a.zone for a in who.view.plant.assets}:
        raise ProblemError(400, "That makes no sense", f"zone: there is no {wanted.zone}.")
    if wanted.kind == "changes" and wanted.at is None:
        raise ProblemError(400, "That makes no sense", "at: from when on is it to be compared with before?")
    if wanted.format == "pdf" and not can_make_pdf():
        raise ProblemError(400, "That makes no sense", "format: no PDF can be made on this machine; take html.")
    at, start, end = (ns_of(t) if t else None for t in (wanted.at, wanted.start, wanted.end))
    return Order(wanted.kind, wanted.format, wanted.zone, at or 0, start, end, wanted.language)


def _make(who: Caller, order: Order, report: Kept) -> None:
    shelf, where = shelf_of(who), f"{who.site}, {order.zone}" if order.zone else who.site
    try:
        shelf.put(report, made(order, who.place.lake, who.view, who.place.values, where))
    except LinewardenError as error:
        shelf.fail(report, str(error))
    except Exception as error:  # noqa: BLE001 - whoever waits is to know
        shelf.fail(report, f"unexpected {type(error).__name__}")
