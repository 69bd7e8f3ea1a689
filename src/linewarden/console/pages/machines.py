"""Machines: how far each is known, when it was odd, and what people say to that."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from linewarden.api.caller import Caller
from linewarden.api.listing import ListQuery
from linewarden.api.problems import ProblemError
from linewarden.api.routes.machines import (
    Freeze,
    MachineOut,
    OddOut,
    TimeIn,
    approve_machine,
    forget_machine,
    freeze_machine,
    get_machine,
    list_machines,
    visible_machines,
)
from linewarden.api.routes.maintenance import UnitOut, list_units
from linewarden.api.routes.tags import names_of
from linewarden.api.tables import made_of_plant
from linewarden.console.entries import Entry
from linewarden.console.rendering import page
from linewarden.console.viewer import Viewer
from linewarden.errors import LinewardenError
from linewarden.policy import Action, Kind
from linewarden.service.units import shown
from linewarden.service.values import Ask
from linewarden.service.values.tag import TagState

router = APIRouter()
ENTRY = Entry(42, "/machines", "Machines", "machines", "e", Action.TAG_READ, Kind.TAG)
SPANS = (10, 60, 240, 1_440)
"""Minutes that can be called normal from an odd time on."""
BEFORE = timedelta(minutes=2)
"""What is odd began a little before it was told."""
AROUND = timedelta(minutes=15)
"""Of the trend that a link shows, before and after."""
MOST_TAGS = 1_000


class PageQuery(ListQuery):
    """The list."""


@router.get("/machines")
def machines(request: Request, who: Viewer, query: Annotated[PageQuery, Query()]) -> HTMLResponse:
    """All of them, or what is to be installed first."""
    problem, found = None, None
    wrong: list[str] = []
    try:
        _, wrong = visible_machines(who)
        found = list_machines(who, query)
    except ProblemError as error:
        if error.problem.status != 503:
            raise
        problem = error.problem
    config = who.place.config
    return page(
        request, "machines.html.j2", who, found=found, query=query, problem=problem, wrong=wrong,
        file=who.place.file, lake=who.place.lake, data=config.service.data, enabled=config.analytics.enabled,
        units=_units(who),
    )  # fmt: skip


@router.get("/machines/{id}")
def machine(request: Request, who: Viewer, id: str, done: str = "", rows: int = 0) -> HTMLResponse:
    """One: when it was odd, and its tags."""
    found = get_machine(who, id)
    tags = _value_tags(who, found)
    return page(
        request, "machine.html.j2", who, machine=found, done=done, rows=rows, spans=SPANS,
        trend=lambda odd: _trend(found, odd, tags),
        values=lambda tag: f"/values?tag={tags[tag].id}" if tag in tags else "",
        called=lambda tag: _called(tags.get(tag)),
        assets=[(d, who.view.name(d), who.view.addresses.get(d, "")) for d in found.devices],
    )  # fmt: skip


@router.post("/machines/{id}/approve")
def approving(
    who: Viewer, id: str, since: Annotated[datetime, Form()], minutes: Annotated[int, Form(ge=1, le=2_880)]
) -> Response:
    """What was odd from then on, for so long, is normal."""
    done = approve_machine(who, id, TimeIn(since=since - BEFORE, until=since + timedelta(minutes=minutes)))
    return RedirectResponse(f"/machines/{quote(id, safe='')}?done=approved&rows={done.rows}", 303)


@router.post("/machines/{id}/forget")
def forgetting(who: Viewer, id: str) -> Response:
    """It learns anew."""
    forget_machine(who, id)
    return RedirectResponse(f"/machines/{quote(id, safe='')}?done=forgotten", 303)


@router.post("/machines/{id}/freeze")
def freezing(who: Viewer, id: str, frozen: Annotated[bool, Form()]) -> Response:
    """It learns nothing more by itself, or goes on."""
    freeze_machine(who, id, Freeze(frozen=frozen))
    return RedirectResponse(f"/machines/{quote(id, safe='')}?done={'frozen' if frozen else 'thawed'}", 303)


def _units(who: Caller) -> list[UnitOut]:
    """Units with a remaining life, for those who may see the whole site."""
    return list_units(who) if who.may(Action.SITE_READ, who.thing(Kind.SITE)) else []


def _called(tag: TagState | None) -> str:
    """What people call it, with its unit; empty where nobody said a name."""
    if tag is None or not tag.facts.alias:
        return ""
    return tag.facts.alias + (f" ({unit})" if (unit := shown(tag.facts.ucum)) else "")


def _value_tags(who: Caller, machine: MachineOut) -> dict[str, TagState]:
    """The tags on the page of process values, by what the analytics call them; none while they are read."""
    try:
        found = who.place.values.find(
            Ask(devices=machine.devices, limit=MOST_TAGS), made_of_plant(who.view, "names of tags", names_of)
        )
    except LinewardenError:
        return {}
    ids: dict[str, TagState] = {}
    for tag in found.tags:
        key = tag.key
        unit = f" unit {key.unit}" if key.unit not in (None, 0, 1, 255) else ""
        ids[f"{key.source}/{key.label}{unit}"] = tag
        if key.name and key.address == 0:  # the first of several values of a name
            ids.setdefault(f"{key.source}/{key.name} [0]{unit}", tag)
    return ids


def _trend(machine: MachineOut, odd: OddOut, tags: dict[str, TagState]) -> str:
    """The trend of the tag that is the reason, around that time; of all of the device where it is not known."""
    query: list[tuple[str, Any]] = [("tag", tags[odd.tag].id)] if odd.tag in tags else [("device", odd.asset)]
    if odd.ts is not None:
        query += [("from", _utc(odd.ts - AROUND)), ("to", _utc(odd.ts + AROUND))]
    return f"/values?{urlencode(query)}"


def _utc(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")
