"""Uploads: send a capture or a list of names, and what became of those that were sent."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, RedirectResponse, Response

from linewarden.api.listing import ListQuery
from linewarden.api.problems import ProblemError
from linewarden.api.routes.uploads import list_uploads, send_capture, send_names
from linewarden.console.entries import Entry
from linewarden.console.rendering import page
from linewarden.console.viewer import Viewer
from linewarden.policy import Action, Kind
from linewarden.service.intake.desk import MOST_NAMES

router = APIRouter()
ENTRY = Entry(75, "/uploads", "Uploads", "uploads", "f", Action.LAKE_ADD, Kind.LAKE, whole=True)


class PageQuery(ListQuery):
    """The list."""


@router.get("/uploads")
def uploads(request: Request, who: Viewer, query: Annotated[PageQuery, Query()]) -> HTMLResponse:
    """The forms, and the list."""
    return _page(request, who, query)


@router.post("/uploads/captures")
async def capture(request: Request, who: Viewer) -> Response:
    """Takes a capture from a form."""
    try:
        await send_capture(request, who)
    except ProblemError as error:
        return await _refused(request, who, error)
    return RedirectResponse("/uploads", 303)


@router.post("/uploads/names")
async def names(request: Request, who: Viewer) -> Response:
    """Takes a list of names from a form."""
    try:
        await send_names(request, who)
    except ProblemError as error:
        return await _refused(request, who, error)
    return RedirectResponse("/uploads", 303)


async def _refused(request: Request, who: Viewer, error: ProblemError) -> HTMLResponse:
    """The page again, with what is wrong with the file."""
    if error.problem.status != 400:
        raise error
    return await run_in_threadpool(_page, request, who, PageQuery(), error.problem.detail, 400)


def _page(request: Request, who: Viewer, query: PageQuery, wrong: str = "", status: int = 200) -> HTMLResponse:
    found = list_uploads(who, query)
    return page(
        request, "uploads.html.j2", who, status, found=found, query=query, wrong=wrong,
        busy=any(u.state in ("waiting", "reading") for u in found.items),
        most_mb=who.place.config.console.upload_mb, names_mb=MOST_NAMES // 1_000_000,
        may_names=who.may(Action.ASSET_EDIT, who.thing(Kind.ASSET, "any")),
    )  # fmt: skip
