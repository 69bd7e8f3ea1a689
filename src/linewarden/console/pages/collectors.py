"""Collectors: which are configured, and how they are where the service tells."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from linewarden.api.routes.collectors import list_collectors
from linewarden.console.entries import Entry
from linewarden.console.rendering import page
from linewarden.console.viewer import Viewer
from linewarden.policy import Action, Kind

router = APIRouter()
ENTRY = Entry(80, "/collectors", "Collectors", "collectors", "l", Action.TAG_READ, Kind.TAG, whole=True)


@router.get("/collectors")
def collectors(request: Request, who: Viewer) -> HTMLResponse:
    """The page."""
    return page(request, "collectors.html.j2", who, found=list_collectors(who))
