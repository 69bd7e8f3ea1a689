"""Assets: the table, and one asset."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse

from linewarden.api.routes.assets import AssetQuery, get_asset, list_assets
from linewarden.api.routes.conversations import ConversationQuery, list_conversations
from linewarden.console.entries import Entry
from linewarden.console.rendering import page
from linewarden.console.viewer import Viewer
from linewarden.policy import Action, Kind

router = APIRouter()
ENTRY = Entry(30, "/assets", "Assets", "assets", "a", Action.ASSET_READ, Kind.ASSET)


@router.get("/assets")
def assets(request: Request, who: Viewer, query: Annotated[AssetQuery, Query()]) -> HTMLResponse:
    """The table."""
    return page(request, "assets.html.j2", who, found=list_assets(who, query), query=query)


@router.get("/assets/{id}")
def asset(request: Request, who: Viewer, id: str) -> HTMLResponse:
    """One asset."""
    found = get_asset(who, id)
    talks = list_conversations(who, ConversationQuery(asset=[found.id], limit=200))
    return page(request, "asset.html.j2", who, asset=found, talks=talks)
