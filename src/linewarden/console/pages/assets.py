"""Assets: the table, and one asset with all that is known of it."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from linewarden.api.caller import Caller
from linewarden.api.problems import Problem, problem_of
from linewarden.api.routes.asset_edits import AssetPatch, change_asset
from linewarden.api.routes.assets import AssetQuery, AssetRow, get_asset, list_assets, visible_rows
from linewarden.api.routes.cases import CaseQuery, list_cases
from linewarden.api.routes.conversations import ConversationQuery, list_conversations
from linewarden.api.routes.findings import FindingQuery, list_findings
from linewarden.api.routes.notices import NoticeQuery, list_notices
from linewarden.api.routes.tags import TagQuery, list_tags
from linewarden.api.routes.zones import zones_of
from linewarden.api.tables import shared_of_plant
from linewarden.console.asset_facts import EDITABLE, by_hand, facts_of, masters_of
from linewarden.console.entries import Entry
from linewarden.console.rendering import page
from linewarden.console.viewer import Viewer
from linewarden.errors import ConfigError
from linewarden.plant.criticality import Criticality
from linewarden.plant.model import Role
from linewarden.policy import Action, Kind
from linewarden.reports.values_view import path_of

router = APIRouter()
ENTRY = Entry(30, "/assets", "Assets", "assets", "a", Action.ASSET_READ, Kind.ASSET)
TALKS = 200
BESIDE = 8
"""Rows of what has a page of its own."""


@router.get("/assets")
def assets(request: Request, who: Viewer, query: Annotated[AssetQuery, Query()]) -> HTMLResponse:
    """The table."""
    return page(request, "assets.html.j2", who, found=list_assets(who, query), query=query, choices=choices(who))


def choices(who: Caller) -> dict[str, list[Any]]:
    """What there is to filter by, of what the reader may see: found once for all who see the same."""
    return shared_of_plant(who, "choices of assets", ((ENTRY.action, ENTRY.kind),), lambda: _choices(visible_rows(who)))


def _choices(rows: list[AssetRow]) -> dict[str, list[Any]]:
    return {
        "roles": sorted({r.role for r in rows}),
        "levels": sorted({r.level for r in rows if r.level is not None}),
        "zones": sorted({r.zone for r in rows if r.zone}, key=str.casefold),
        "vendors": sorted({r.vendor for r in rows if r.vendor}, key=str.casefold),
        "protocols": sorted({p for r in rows for p in r.protocols}),
    }


@router.get("/assets/{id}")
def asset(request: Request, who: Viewer, id: str, done: str = "") -> HTMLResponse:
    """One asset."""
    return asset_page(request, who, id, done=done == "saved")


def asset_page(
    request: Request, who: Caller, id: str, problem: Problem | None = None, *, done: bool = False
) -> HTMLResponse:
    """The page of an asset; with what went wrong with a change."""
    found = get_asset(who, id)
    talks = list_conversations(who, ConversationQuery(asset=[found.id], limit=TALKS))
    return page(
        request, "asset.html.j2", who, problem.status if problem else 200, asset=found, talks=talks, problem=problem,
        done=done, facts=facts_of(found), by_hand=by_hand(found), masters=masters_of(found, talks.items),
        cases=list_cases(who, CaseQuery(asset=[found.id], show="open", limit=BESIDE)),
        notices=list_notices(who, NoticeQuery(asset=[found.id], limit=BESIDE)),
        tags=list_tags(who, TagQuery(device=[found.id], sort="-moved", limit=BESIDE)),
        findings=list_findings(who, FindingQuery(asset=[found.id])),
        spark=lambda t: path_of(t.course, t.low, t.high), **_editing(who, found.zone),
    )  # fmt: skip


def _editing(who: Caller, zone: str | None) -> dict[str, Any]:
    """What the form offers, to who may use it."""
    may_edit = who.may(Action.ASSET_EDIT, who.thing(Kind.ASSET, "any", [zone or ""]))
    zones = who.zones(Action.ASSET_EDIT, Kind.ASSET)
    return {
        "may_edit": may_edit, "editable": EDITABLE, "roles": list(Role), "criticalities": list(Criticality),
        "zones": [z for z in zones_of(who) if z in zones] if may_edit else [],
    }  # fmt: skip


@router.post("/assets/{id}")
async def correcting(request: Request, who: Viewer, id: str) -> Response:
    """Puts right what differs from what the page shows; a field whose tick is set is left to the evidence again."""
    from starlette.concurrency import run_in_threadpool

    form = {name: str(value) for name, value in (await request.form()).items()}
    return await run_in_threadpool(_correct, request, who, id, form)


def _correct(request: Request, who: Caller, id: str, form: dict[str, str]) -> Response:
    found = get_asset(who, id)
    said = {f: form[f].strip() for f in EDITABLE if f in form and form[f].strip() != str(getattr(found, f) or "")}
    said |= {f: "" for f in by_hand(found) if f"forget-{f}" in form}
    if said:
        try:
            change_asset(who, found.id, AssetPatch.model_validate(said))
        except (ConfigError, ValueError) as error:
            wrong = problem_of(error) if isinstance(error, ConfigError) else Problem(
                title="That makes no sense", status=400, detail=str(error).splitlines()[-1])  # fmt: skip
            return asset_page(request, who, id, wrong)
    return RedirectResponse(f"/assets/{quote(found.id, safe='')}?done=saved", 303)
