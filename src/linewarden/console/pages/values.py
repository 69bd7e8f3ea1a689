"""Process values: the tags, and how those that were chosen ran."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import ConfigDict
from starlette.responses import HTMLResponse

from linewarden.api.caller import Caller
from linewarden.api.routes.tags import (
    EventsQuery,
    Span,
    TagEvent,
    TagQuery,
    TagRow,
    ValuesOut,
    ValuesQuery,
    chosen,
    list_tags,
    row_of,
    tag_events,
    tag_values,
    visible_sources,
)
from linewarden.console.entries import Entry
from linewarden.console.rendering import page
from linewarden.console.viewer import Viewer
from linewarden.policy import Action, Kind
from linewarden.reports.values_view import path_of

router = APIRouter()
ENTRY = Entry(40, "/values", "Process values", "values", "v", Action.TAG_READ, Kind.TAG)
RANGES = (300, 3_600, 28_800, 86_400, 604_800)
"""Seconds that have a link of their own."""
IN_TABLE = 60
"""Points of each tag in the table."""


class PageQuery(TagQuery, Span):
    """The list on the left, and what is shown on the right."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)


@router.get("/values")
def values(request: Request, who: Viewer, query: Annotated[PageQuery, Query()]) -> HTMLResponse:
    """The tags; what moves most first."""
    query.device = [d for d in query.device if d]  # "all" in the form
    found = list_tags(who, query)
    shown, events = _shown(who, query)
    ticked = _ticked(who, query)
    standing = who.place.values.standing
    return page(
        request, "values.html.j2", who, found=found, query=query, chosen=ticked, shown=shown, events=events,
        ranges=RANGES, devices=_devices(who), wrong=standing.wrong, reading=standing.reading,
        spark=lambda t: path_of(t.course, t.low, t.high), rows=_rows(shown, ticked), named=_named,
    )  # fmt: skip


def _shown(who: Caller, query: PageQuery) -> tuple[ValuesOut | None, list[TagEvent]]:
    if not query.tag:
        return None, []
    span = {"tag": query.tag, "start": query.start, "end": query.end, "last": query.last}
    return tag_values(who, ValuesQuery(points=IN_TABLE, **span)), tag_events(who, EventsQuery(**span)).items  # type: ignore[arg-type]


def _ticked(who: Caller, query: PageQuery) -> list[TagRow]:
    return [row_of(who, t) for t in chosen(who, query)]


def _named(tag: TagRow) -> str:
    """`Filler pressure (bar)`"""
    name = tag.alias or tag.label
    return f"{name} ({tag.unit_text})" if tag.unit_text else name


def _devices(who: Caller) -> list[tuple[str, str]]:
    """Ids and names of the devices that have tags."""
    view = who.view
    found = {view.addresses.get(source, source) for source in visible_sources(who)}
    return sorted(((d, view.name(d)) for d in found), key=lambda d: d[1].casefold())


def _rows(shown: ValuesOut | None, ticked: list[TagRow]) -> list[dict[str, Any]]:
    """The newest points as rows of a table."""
    from datetime import UTC, datetime

    named = {t.id: t for t in ticked}
    found: list[dict[str, Any]] = [
        {"time": datetime.fromtimestamp(t, UTC), "tag": named[s.tag], "mean": mean, "low": low, "high": high, "n": n}
        for s in (shown.series if shown else [])
        for t, mean, low, high, n in zip(s.t, s.mean, s.low, s.high, s.n, strict=True)
    ]
    return sorted(found, key=lambda r: r["time"], reverse=True)[:IN_TABLE]
