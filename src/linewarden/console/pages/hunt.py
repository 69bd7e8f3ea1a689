"""Hunt: SQL and a guided filter over the records, what the columns mean, and what people keep."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import HTMLResponse

from linewarden.api.caller import Caller
from linewarden.api.routes.queries import kept_by
from linewarden.api.routes.query import QueryOut, ask, out_of, streams_of
from linewarden.api.sight import sight_of
from linewarden.console.entries import Entry
from linewarden.console.examples import EXAMPLES
from linewarden.console.rendering import page
from linewarden.console.viewer import Viewer
from linewarden.errors import BusyError, QueryError
from linewarden.policy import Action, Kind
from linewarden.service.hunt import Question

router = APIRouter()
ENTRY = Entry(60, "/hunt", "Hunt", "hunt", "h", Action.LAKE_QUERY, Kind.LAKE)
SHOWN = 200
"""Rows of a result in the page itself, where no script runs."""


@router.get("/hunt")
def hunt(request: Request, who: Viewer, sql: Annotated[str, Query(max_length=20_000)] = "") -> HTMLResponse:
    """The page; with `sql` that text is in the editor, and waits for the reader to run it."""
    return _page(request, who, sql)


@router.post("/hunt")
def run(request: Request, who: Viewer, sql: Annotated[str, Form(max_length=20_000)] = "") -> HTMLResponse:
    """The same with the answer in the page, for a browser without scripts."""
    sight = sight_of(who)
    try:
        found = out_of(ask(who, Question(sql, sight, rows=SHOWN)), sight)
    except (QueryError, BusyError) as error:
        return _page(request, who, sql, wrong=str(error), status=400)
    return _page(request, who, sql, found)


def _page(
    request: Request, who: Caller, sql: str, found: QueryOut | None = None, wrong: str = "", status: int = 200
) -> HTMLResponse:
    sight = sight_of(who)
    streams = [s for s in streams_of(who) if s.there]
    names = {s.name for s in streams}
    schema = [{"name": s.name, "columns": [{"name": c.name, "type": c.type} for c in s.columns]} for s in streams]
    return page(
        request, "hunt.html.j2", who, status, sql=sql, streams=streams, schema=schema, found=found, wrong=wrong,
        partial=sight.addresses is not None, kept=kept_by(who), examples=[e for e in EXAMPLES if e.stream in names],
    )  # fmt: skip
