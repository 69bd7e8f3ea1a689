"""Reports: make one, and those that were made."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import HTMLResponse, RedirectResponse

from linewarden.api.problems import ProblemError
from linewarden.api.routes.reports import (
    ReportIn,
    ReportQuery,
    can_make_pdf,
    get_report,
    list_reports,
    make_report,
    remove_report,
)
from linewarden.api.times import time_of
from linewarden.console.entries import Entry
from linewarden.console.language import language_of
from linewarden.console.rendering import page
from linewarden.console.viewer import Viewer
from linewarden.policy import Action, Kind

router = APIRouter()
ENTRY = Entry(70, "/reports", "Reports", "reports", "r", Action.REPORT_READ, Kind.REPORT)


class PageQuery(ReportQuery):
    """The list; `wrong`: why the last order was not taken."""

    wrong: Literal["", "at", "time", "order"] = ""


@router.get("/reports")
def reports(request: Request, who: Viewer, query: Annotated[PageQuery, Query()]) -> HTMLResponse:
    """The list, and what can be made."""
    found, plant = list_reports(who, query), who.view.plant
    may = who.zones(Action.REPORT_CREATE, Kind.ZONE)
    zones = sorted({a.zone for a in plant.assets if a.zone and a.zone in may})
    return page(
        request, "reports.html.j2", who, found=found, query=query, zones=zones, whole="" in may, wrong=query.wrong,
        pdf=can_make_pdf(), busy=any(r.state == "making" for r in found.items), first=time_of(plant.first_seen),
        last=time_of(plant.last_seen), may_remove=lambda r: (r.zone or "") in may,
    )  # fmt: skip


@router.post("/reports")
def make(
    request: Request, who: Viewer, kind: Annotated[Literal["plant", "cases", "changes"], Form()],
    format: Annotated[Literal["html", "pdf"], Form()] = "html", zone: Annotated[str, Form(max_length=200)] = "",
    at: Annotated[str, Form(max_length=40)] = "",
) -> RedirectResponse:  # fmt: skip
    """Makes one. The time of `at` is in UTC."""
    try:
        since = datetime.fromisoformat(at) if at else None
        make_report(who, ReportIn(kind=kind, format=format, zone=zone, at=since, language=language_of(request)))
    except ValueError:
        return RedirectResponse("/reports?wrong=time", 303)
    except ProblemError as error:
        if error.problem.status != 400:
            raise
        return RedirectResponse("/reports?wrong=" + ("at" if kind == "changes" else "order"), 303)
    return RedirectResponse("/reports", 303)


@router.post("/reports/{id}/remove")
def remove(who: Viewer, id: str) -> RedirectResponse:
    """Removes one."""
    get_report(who, id)
    remove_report(who, id)
    return RedirectResponse("/reports", 303)
