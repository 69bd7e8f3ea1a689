"""Zones: which there are, what is in them, what people know of them, and what the network suggests."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from linewarden.api.caller import Caller, Who
from linewarden.api.listing import FILES, Listing, ListQuery, Page
from linewarden.api.problems import ProblemError, not_found
from linewarden.api.routes.assets import visible_asset
from linewarden.api.times import Time
from linewarden.plant.criticality import Criticality
from linewarden.plant.model import Asset
from linewarden.policy import Action, Kind
from linewarden.service.correcting import weigh_zones
from linewarden.service.view import View
from linewarden.service.zones.membership import by_hand, put
from linewarden.service.zones.model import Colour, ZoneFacts, zone_name
from linewarden.service.zones.store import ZoneStore
from linewarden.service.zones.suggestions import suggested

router = APIRouter(tags=["zones"])
PATIENCE_S = 3.0
"""So long a change waits for the plant to be made anew; in a large plant it shows a little later."""


class ZoneIn(BaseModel):
    """What people say of a zone. `name`: another one renames it."""

    name: Annotated[str, Field(max_length=80, examples=["filling"])] = ""
    description: Annotated[str, Field(max_length=2_000)] = ""
    security_level: Annotated[int | None, Field(ge=0, le=4, description="target SL-T of IEC 62443-3-2")] = None
    criticality: Criticality = Criticality.NORMAL
    colour: Annotated[Colour, Field(description="number of a series of the console, empty for none")] = Colour.NONE


class LevelCount(BaseModel):
    """How many assets stand at a Purdue level."""

    level: float | None
    assets: int


class ZoneRow(BaseModel):
    """A zone: what is known of it, and what is in it."""

    name: str = Field(examples=["filling"])
    description: str
    security_level: int | None
    criticality: Criticality
    colour: Colour
    assets: int
    levels: list[LevelCount]
    kept: bool = Field(description="something was said of it here; false: it is only named by assets")


class SuggestionOut(BaseModel):
    """A zone that there could be. `why`: line, vlan, network or safety; `detail` says which."""

    name: str
    why: str
    detail: str
    tier: str = Field(description="office, dmz, site, control, safety; empty if not known")
    joins: bool = Field(description="there is such a zone already, which these assets fit into")
    assets: list[str]


class MoveOut(BaseModel):
    """The last move, which can be undone."""

    id: int
    made: Time
    person: str
    assets: int


class AssetsIn(BaseModel):
    """Assets by id or address."""

    assets: Annotated[list[str], Field(min_length=1, max_length=5_000)]


LIST: Listing[ZoneRow] = Listing(
    "zones",
    {"name": lambda z: z.name.casefold(), "assets": lambda z: z.assets, "security_level": lambda z: z.security_level,
     "criticality": lambda z: z.criticality.weight},
    "name",
    lambda z: z.name,
    lambda z: (z.name, z.description),
)  # fmt: skip


@router.get("/zones", operation_id="list_zones", responses=FILES)
def list_zones(who: Who, query: Annotated[ListQuery, Query()]) -> Page[ZoneRow]:
    """The zones that the caller may see."""
    answer: Page[ZoneRow] = LIST.answer(zones_of(who).values(), query)
    return answer


def zones_of(who: Caller) -> dict[str, ZoneRow]:
    """The same by name."""
    visible = who.zones(Action.ASSET_READ, Kind.ASSET)
    members: dict[str, list[Asset]] = {}
    for asset in who.view.plant.assets:
        if asset.zone and asset.zone in visible:
            members.setdefault(asset.zone, []).append(asset)
    known = store_of(who).all()
    names = sorted({*members, *(n for n in known if n in visible)}, key=str.casefold)
    return {n: _row(known.get(n, ZoneFacts(n)), members.get(n, []), n in known) for n in names}


def store_of(who: Caller) -> ZoneStore:
    """Where facts of zones are kept."""
    return ZoneStore(who.place.ledger, who.site)


def _row(facts: ZoneFacts, members: list[Asset], kept: bool) -> ZoneRow:
    levels: dict[float | None, int] = {}
    for asset in members:
        levels[asset.level] = levels.get(asset.level, 0) + 1
    order = sorted(levels, key=lambda level: (level is None, -(level or 0)))
    return ZoneRow(
        name=facts.name, description=facts.description, security_level=facts.security_level,
        criticality=facts.criticality, colour=facts.colour, assets=len(members), kept=kept,
        levels=[LevelCount(level=level, assets=levels[level]) for level in order],
    )  # fmt: skip


def visible_zone(who: Caller, zone: str) -> ZoneRow:
    """A zone. Raises ProblemError if there is none that the caller may see."""
    found = zones_of(who).get(zone)
    if found is None:
        raise not_found("zone")
    return found


@router.get("/zone-suggestions", operation_id="list_zone_suggestions")
def list_suggestions(who: Who) -> list[SuggestionOut]:
    """Zones for assets that are in none, as lines, VLANs, networks and levels suggest."""
    visible = who.zones(Action.ASSET_READ, Kind.ASSET)
    found = suggested(a for a in who.view.plant.assets if a.zone in visible)
    return [SuggestionOut.model_validate(s, from_attributes=True) for s in found]


@router.put("/zones/{zone:path}", operation_id="put_zone")
def put_zone(who: Who, zone: str, body: ZoneIn) -> ZoneRow:
    """Makes a zone, says what it is, or renames it: then all its assets go along."""
    here = zones_of(who)
    old = zone if zone in here else ""
    name = zone_name(body.name or zone)
    if name != zone and name in here:
        raise ProblemError(409, "There is one", f"There is a zone {name} already; move the assets to it instead.")
    facts = ZoneFacts(name, body.description.strip(), body.security_level, body.criticality, body.colour)
    for place in {old or name, name}:
        who.need(Action.ZONE_EDIT, who.thing(Kind.ZONE, place, [place]))
    with who.doing(Action.ZONE_EDIT, who.thing(Kind.ZONE, name, [name])):
        if old and name != old:
            move(who, _members(who.view, old), name)
        store_of(who).put(facts, old)
        _weigh(who)
    return visible_zone(now(who), name)


@router.post("/zones/{zone:path}/assets", operation_id="move_assets")
def move_assets(who: Who, zone: str, body: AssetsIn) -> ZoneRow:
    """Moves assets into a zone, from wherever they are."""
    visible_zone(who, zone)
    who.need(Action.ASSET_EDIT, who.thing(Kind.ASSET, zone, [zone]))
    move(who, [visible_asset(who, a) for a in body.assets], zone)
    return visible_zone(now(who), zone)


@router.delete("/zones/{zone:path}/assets", operation_id="take_assets_out", status_code=204)
def take_assets_out(who: Who, zone: str, asset: Annotated[list[str], Query(min_length=1, max_length=5_000)]) -> None:
    """Takes back that these assets were put into this zone by hand."""
    visible_zone(who, zone)
    who.need(Action.ASSET_EDIT, who.thing(Kind.ASSET, zone, [zone]))
    found = [visible_asset(who, a) for a in asset]
    move(who, [a for a in found if a.zone == zone], "")


@router.delete("/zones/{zone:path}", operation_id="delete_zone", status_code=204)
def delete_zone(who: Who, zone: str, to: Annotated[str, Query(description="where its assets go")] = "") -> None:
    """Removes a zone. Its assets go to another; or to none, if no list of names says that they are in it."""
    visible_zone(who, zone)
    what = who.thing(Kind.ZONE, zone, [zone])
    who.need(Action.ZONE_EDIT, what)
    members = _members(who.view, zone)
    if to:
        visible_zone(who, to)
    elif any(hand is None for hand in by_hand(who.place.lake, members).values()):
        raise ProblemError(
            409, "The list of names has it", "Assets are in this zone by the list of names: move them to another zone."
        )
    with who.doing(Action.ZONE_EDIT, what):
        if members:
            move(who, members, to)
        store_of(who).drop(zone)
        _weigh(who)


def _weigh(who: Caller) -> None:
    """What depends on zones is kept in the lake, too: the service and commands judge by it."""
    known = {
        name: str(f.criticality) for name, f in store_of(who).all().items() if f.criticality is not Criticality.NORMAL
    }
    weigh_zones(who.place.lake, known, who.place.ledger)


def move(who: Caller, assets: list[Asset], zone: str) -> None:
    """Moves assets to a zone, or out of all; the caller needs to be allowed that where they are and where they go."""
    first = assets[0].id if assets else ""
    for place in sorted({zone, *(a.zone or "" for a in assets)}):
        who.need(Action.ASSET_EDIT, who.thing(Kind.ASSET, first, [place]))
    with who.doing(Action.ASSET_EDIT, who.thing(Kind.ASSET, first, [zone])):
        before = by_hand(who.place.lake, assets)
        put(who.place.lake, dict.fromkeys(before, zone or None), who.view.assets, who.place.ledger)
        store_of(who).moved(who.name, zone, before)
    show_soon(who, lambda view: all((_zone(view, a.id) == zone) if zone else True for a in assets))


@router.get("/zone-moves/last", operation_id="get_last_move")
def last_move(who: Who) -> MoveOut | None:
    """The last move, if the caller may undo it."""
    found = store_of(who).last_move()
    if found is None or not _may_undo(who, found.before):
        return None
    return MoveOut(id=found.id, made=found.made, person=found.person, assets=len(found.before))


@router.post("/zone-moves/undo", operation_id="undo_move", status_code=204)
def undo_move(who: Who, id: Annotated[int | None, Query(description="of the move that is meant")] = None) -> None:
    """Takes back the last move. If somebody moved something meanwhile, and `id` names the move before: 409."""
    found = store_of(who).last_move()
    if found is None:
        who.need(Action.ASSET_EDIT, who.thing(Kind.ASSET))
        raise not_found("move")
    if id is not None and found.id != id:
        raise ProblemError(409, "Somebody was faster", "Something was moved meanwhile; look again.")
    here = [who.view.assets[a] for a in found.before if a in who.view.assets]
    for place in sorted({*(a.zone or "" for a in here), *(z or "" for z in found.before.values())}):
        who.need(Action.ASSET_EDIT, who.thing(Kind.ASSET, here[0].id if here else "", [place]))
    with who.doing(Action.ASSET_EDIT, who.thing(Kind.ASSET, here[0].id if here else "")):
        put(who.place.lake, found.before, who.view.assets, who.place.ledger)
        store_of(who).undone(found)
    show_soon(who, lambda view: all(_zone(view, a) == z for a, z in found.before.items() if z))


def _may_undo(who: Caller, before: Mapping[str, str | None]) -> bool:
    places = {*(_zone(who.view, a) for a in before), *(z or "" for z in before.values())}
    return all(p in who.zones(Action.ASSET_EDIT, Kind.ASSET) for p in places)


def _members(view: View, zone: str) -> list[Asset]:
    return [a for a in view.plant.assets if a.zone == zone]


def _zone(view: View, asset: str) -> str:
    found = view.assets.get(asset)
    return (found.zone or "") if found else ""


def show_soon(who: Caller, is_so: Callable[[View], bool]) -> None:
    """Has the plant made anew, and waits a little until it shows a change."""
    follower, before = who.place.follower, who.view.version
    follower.hurry()
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until and not (follower.view.version > before and is_so(follower.view)):
        time.sleep(0.03)


def now(who: Caller) -> Caller:
    """The same caller, with what is true now."""
    return who.at(who.place.follower.view)
