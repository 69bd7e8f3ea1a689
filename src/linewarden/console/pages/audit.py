"""The audit log: who changed or decided what, and whether it is whole."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse

from linewarden.api.routes.audit import AuditQuery, list_audit, verify_audit
from linewarden.console.entries import Entry
from linewarden.console.rendering import page
from linewarden.console.viewer import Viewer
from linewarden.policy import Action, Kind

router = APIRouter()
ENTRY = Entry(95, "/audit", "Audit", "audit", "u", Action.AUDIT_READ, Kind.AUDIT)


@router.get("/audit")
def audit(request: Request, who: Viewer, query: Annotated[AuditQuery, Query()]) -> HTMLResponse:
    """The newest entries first."""
    return page(request, "audit.html.j2", who, found=list_audit(who, query), query=query)


@router.get("/audit/verified")
def verified(request: Request, who: Viewer) -> HTMLResponse:
    """Checks all of it now."""
    return page(request, "audit_verified.html.j2", who, found=verify_audit(who))
