"""Cases: the queue, and one case."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse

from linewarden.api.routes.cases import CaseQuery, get_case, list_cases
from linewarden.console.entries import Entry
from linewarden.console.rendering import page
from linewarden.console.viewer import Viewer
from linewarden.policy import Action, Kind

router = APIRouter()
ENTRY = Entry(20, "/cases", "Cases", "cases", "c", Action.CASE_READ, Kind.CASE, now="urgent")


@router.get("/cases")
def cases(request: Request, who: Viewer, query: Annotated[CaseQuery, Query()]) -> HTMLResponse:
    """The queue."""
    return page(request, "cases.html.j2", who, found=list_cases(who, query), query=query)


@router.get("/cases/{id}")
def case(request: Request, who: Viewer, id: str) -> HTMLResponse:
    """One case."""
    return page(request, "case.html.j2", who, case=get_case(who, id))
