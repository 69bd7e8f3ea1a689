"""The live network map, the list with the same facts, and one asset's conversations beside it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse

from linewarden.api.caller import Caller
from linewarden.api.routes.assets import get_asset
from linewarden.api.routes.conversations import ConversationQuery, list_conversations, visible_conversations
from linewarden.api.routes.now import now_of
from linewarden.api.severities import worst_by_asset
from linewarden.api.tables import shared_of_plant
from linewarden.console.entries import Entry
from linewarden.console.rendering import page
from linewarden.console.viewer import Viewer
from linewarden.plant.model import Role
from linewarden.policy import Action, Kind
from linewarden.reports.words import LEVELS

router = APIRouter()
ENTRY = Entry(25, "/map", "Map", "map", "m", Action.ASSET_READ, Kind.ASSET)
BESIDE = 60
"""Conversations that are shown beside the map; the list has the others."""


@router.get("/map")
def network_map(request: Request, who: Viewer, asset: str = "") -> HTMLResponse:
    """The map; filters in the address are the script's."""
    return page(
        request, "map.html.j2", who, asset=asset, protocols=_protocols(who), roles=list(Role), now=now_of(who),
        levels=[level for level, _, _ in LEVELS], **_side(who, asset),
    )  # fmt: skip


@router.get("/map/side")
def side(request: Request, who: Viewer, asset: str = "") -> HTMLResponse:
    """One asset's conversations, or what can be done where none is chosen."""
    return page(request, "map_side.html.j2", who, **_side(who, asset))


@router.get("/map/list")
def as_list(request: Request, who: Viewer, query: Annotated[ConversationQuery, Query()]) -> HTMLResponse:
    """All conversations that the map shows as lines."""
    return page(
        request, "map_list.html.j2", who, query=query, found=list_conversations(who, query), protocols=_protocols(who),
        named=[who.view.name(a) for a in query.asset], level=lambda asset: _level(who, asset),
    )  # fmt: skip


def _side(who: Caller, asset: str) -> dict[str, Any]:
    known = who.view.assets.get(who.view.addresses.get(asset.lower(), asset))
    if known is None or known.zone not in who.zones(Action.ASSET_READ, Kind.ASSET):
        return {"chosen": None, "talks": None, "cases": 0}
    talks = list_conversations(who, ConversationQuery(asset=[known.id], limit=BESIDE))
    cases, _ = worst_by_asset(who).get(known.id, (0, None))
    return {"chosen": get_asset(who, known.id), "talks": talks, "cases": cases}


def _level(who: Caller, asset: str) -> float | None:
    found = who.view.assets.get(asset)
    return found.level if found else None


def _protocols(who: Caller) -> list[str]:
    sights = ((ENTRY.action, ENTRY.kind),)
    return shared_of_plant(
        who, "protocols", sights, lambda: sorted({p for c in visible_conversations(who) for p in c.protocols})
    )
