"""Zones and conduits: the board, one zone, and the traffic that crosses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from linewarden.api.caller import Caller
from linewarden.api.problems import ProblemError
from linewarden.api.routes.assets import AssetQuery, AssetRow, list_assets
from linewarden.api.routes.conduits import ConduitQuery, ConduitRow, list_conduits, visible_conduits
from linewarden.api.routes.zones import (
    AssetsIn,
    ZoneIn,
    delete_zone,
    last_move,
    list_suggestions,
    move_assets,
    now,
    put_zone,
    take_assets_out,
    undo_move,
    visible_zone,
    zones_of,
)
from linewarden.console.entries import Entry
from linewarden.console.rendering import page
from linewarden.console.viewer import Viewer
from linewarden.plant.criticality import Criticality
from linewarden.policy import Action, Kind
from linewarden.service.zones.model import Colour

router = APIRouter()
ENTRY = Entry(50, "/zones", "Zones", "zones", "z", Action.ASSET_READ, Kind.ASSET)
SHOWN = 40
"""Assets that a zone's card shows; its page has all."""
MATRIX = 24
"""Zones up to which the matrix is drawn; the list has all."""
Text = Annotated[str, Form()]
Many = Annotated[list[str], Form()]


@router.get("/zones")
def zones(request: Request, who: Viewer, done: str = "") -> HTMLResponse:
    """The board: each zone with its assets, and those in none."""
    found = zones_of(who)
    return page(
        request, "zones/board.html.j2", who, zones=found.values(), members=_by_zone(who), shown=SHOWN, done=done,
        suggestions=list_suggestions(who), undo=last_move(who), colours=list(Colour), criticalities=list(Criticality),
        editable=_editable(who, ("", *found)), needless=sum(c.needless for c in visible_conduits(who)),
    )  # fmt: skip


@router.get("/zones/conduits")
def conduits(request: Request, who: Viewer, query: Annotated[ConduitQuery, Query()]) -> HTMLResponse:
    """What crosses, as a matrix and as a list."""
    rows = visible_conduits(who)
    names = sorted({n for c in rows for n in (c.source, c.target)}, key=lambda n: (n == "", n.casefold()))
    matrix: dict[tuple[str, str], ConduitRow] = {(c.source, c.target): c for c in rows}
    return page(
        request, "zones/conduits.html.j2", who, query=query, found=list_conduits(who, query), names=names,
        matrix=matrix if len(names) <= MATRIX else {}, facts=zones_of(who),
    )  # fmt: skip


@router.get("/zones/one")
def zone(request: Request, who: Viewer, name: str, done: str = "") -> HTMLResponse:
    """One zone: its facts, its assets, and what crosses its border."""
    found = visible_zone(who, name)
    return page(
        request, "zones/zone.html.j2", who, zone=found, zones=zones_of(who).values(), done=done, undo=last_move(who),
        members=_sorted(a for a in _all(who) if a.zone == name), colours=list(Colour), criticalities=list(Criticality),
        editable=_editable(who, [name]), conduits=list_conduits(who, ConduitQuery(zone=[name], limit=200)).items,
    )  # fmt: skip


@router.post("/zones/move")
def moving(who: Viewer, assets: Many, zone: Text = "", back: Text = "") -> Response:
    """Moves the assets that were chosen; without a zone, takes them out of theirs."""
    if zone:
        move_assets(who, zone, AssetsIn(assets=assets))
    else:
        for place in sorted({who.view.zone(a) for a in assets} - {""}):
            take_assets_out(now(who), place, [a for a in assets if who.view.zone(a) == place])
    return _back(back, "moved")


@router.post("/zones/save")
def saving(
    who: Viewer, name: Text, zone: Text = "", description: Text = "", security_level: Text = "",
    criticality: Text = Criticality.NORMAL, colour: Text = "", assets: Annotated[list[str] | None, Form()] = None,
) -> Response:  # fmt: skip
    """Makes a zone, or says what it is; assets that are named are moved into it."""
    level = int(security_level) if security_level in tuple("01234") else None
    body = ZoneIn(
        name=name, description=description, security_level=level, criticality=Criticality(criticality),
        colour=Colour(colour),
    )  # fmt: skip
    if not zone and assets and name in zones_of(who):
        move_assets(who, name, AssetsIn(assets=assets))
        return _back("", "moved")
    made = put_zone(who, zone or name, body)
    if assets:
        move_assets(now(who), made.name, AssetsIn(assets=assets))
    return _back(made.name if zone else "", "saved")


@router.post("/zones/remove")
def removing(who: Viewer, zone: Text, to: Text = "") -> Response:
    """Removes a zone."""
    delete_zone(who, zone, to)
    return _back("", "removed")


@router.post("/zones/undo")
def undoing(who: Viewer, move: Text, back: Text = "") -> Response:
    """Takes back the last move."""
    if not move.isdecimal():
        raise ProblemError(400, "That makes no sense", "move: a number.")
    undo_move(who, int(move))
    return _back(back, "undone")


def _back(zone: str, done: str) -> RedirectResponse:
    place = f"/zones/one?name={quote(zone, safe='')}&done={done}" if zone else f"/zones?done={done}"
    return RedirectResponse(place, 303)


def _all(who: Caller) -> list[AssetRow]:
    found: list[AssetRow] = []
    query = AssetQuery(limit=1_000)
    while True:
        part = list_assets(who, query)
        found += part.items
        if part.next is None:
            return found
        query = AssetQuery(limit=1_000, cursor=part.next)


def _sorted(rows: Any) -> list[AssetRow]:
    return sorted(rows, key=lambda a: (a.level is None, -(a.level or 0), a.name.casefold()))


def _by_zone(who: Caller) -> dict[str, list[AssetRow]]:
    found: dict[str, list[AssetRow]] = {}
    for row in _sorted(a for a in _all(who) if not a.public or a.zone):
        found.setdefault(row.zone or "", []).append(row)
    return found


def _editable(who: Caller, names: Any) -> Callable[[str], bool]:
    """May they move assets there?"""
    zones = who.zones(Action.ASSET_EDIT, Kind.ASSET)
    known = {n for n in names if n in zones}
    return known.__contains__
