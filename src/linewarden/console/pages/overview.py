"""The first page: what needs me now, how the plant is, the last day."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from linewarden.api.routes.cases import CaseQuery, list_cases
from linewarden.api.routes.now import now_of
from linewarden.console.entries import Entry
from linewarden.console.rendering import page
from linewarden.console.viewer import Viewer

router = APIRouter()
ENTRY = Entry(10, "/", "Overview", "overview", "o")


@router.get("/")
def overview(request: Request, who: Viewer) -> HTMLResponse:
    """The page."""
    return page(request, "overview.html.j2", who, now=now_of(who), cases=list_cases(who, CaseQuery(limit=5)).items)
