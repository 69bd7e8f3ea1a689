"""Assets: what is there, and how we know."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from linewarden.api.caller import Caller, Who
from linewarden.api.listing import FILES, Listing, ListQuery, Page
from linewarden.api.problems import not_found
from linewarden.api.routes.cases import closed_cases
from linewarden.api.tables import Table, made, made_of_plant, shared
from linewarden.api.times import Time, time_of
from linewarden.plant.criticality import Criticality
from linewarden.plant.model import Asset, Role
from linewarden.policy import Action, Kind
from linewarden.service.view import View

router = APIRouter(tags=["assets"])


class ServiceOut(BaseModel):
    """A service that an asset answers on."""

    protocol: str = Field(examples=["modbus"])
    port: int | None = Field(examples=[502])
    transport: str = Field(examples=["tcp"])
    clients: int = Field(description="assets that used it", examples=[2])


class AssetRow(BaseModel):
    """An asset in a list. `level` is the Purdue level."""

    id: str = Field(examples=["00:1d:9c:c7:b0:12"])
    name: str = Field(examples=["plc-filler"])
    role: Role
    role_confidence: float = Field(description="0..1")
    level: float | None = Field(examples=[1.0])
    zone: str | None
    line: str | None
    criticality: Criticality | None = Field(description="as somebody said of it; null: as its zone's")
    vendor: str | None
    model: str | None
    order_number: str | None
    firmware: str | None
    serial: str | None
    os: str | None
    ips: list[str]
    macs: list[str]
    protocols: list[str] = Field(description="in which it serves or asks")
    peers: int = Field(description="assets that it talks to")
    cases: int = Field(description="open cases that touch it")
    closed_cases: int = Field(description="cases that touched it and are closed")
    seen: bool = Field(description="false: only mentioned by others")
    public: bool
    packets: int
    bytes: int
    first_seen: Time | None
    last_seen: Time | None


class EvidenceOut(BaseModel):
    """How one thing is known, and the packet that shows it."""

    what: str
    value: str
    source: str
    detail: str
    capture: str
    frame: int
    confidence: float


class AssetOut(AssetRow):
    """An asset with all that is known of it."""

    names: list[str]
    hardware: str | None
    software: str | None
    location: str | None
    description: str | None
    vlans: list[int]
    role_reasons: list[str]
    serves: list[ServiceOut]
    uses: list[str]
    peer_ids: list[str]
    masters: list[str] = Field(description="ids of assets that read or write it")
    writers: list[str] = Field(description="ids of assets that change something in it")
    evidence: list[EvidenceOut]


class AssetQuery(ListQuery):
    """What to list of the assets."""

    role: list[Role] = []
    level: list[float] = []
    zone: list[str] = []
    vendor: list[str] = []
    protocol: list[str] = []
    seen: bool | None = None
    case: Annotated[bool | None, Field(description="true: only those that an open case touches")] = None


LIST: Listing[AssetRow] = Listing(
    "assets",
    {
        "name": lambda a: a.name.casefold(), "role": lambda a: a.role, "level": lambda a: a.level,
        "zone": lambda a: a.zone, "vendor": lambda a: a.vendor, "model": lambda a: a.model,
        "firmware": lambda a: a.firmware, "ip": lambda a: a.ips[0] if a.ips else None, "peers": lambda a: a.peers,
        "cases": lambda a: a.cases, "packets": lambda a: a.packets, "bytes": lambda a: a.bytes,
        "first_seen": lambda a: a.first_seen, "last_seen": lambda a: a.last_seen,
    },
    "name",
    lambda a: a.id,
    lambda a: (a.name, a.id, a.role, a.vendor, a.model, a.firmware, a.serial, a.zone, a.line, a.os, *a.ips, *a.macs,
               *a.protocols),
)  # fmt: skip


@router.get("/assets", operation_id="list_assets", responses=FILES)
def list_assets(who: Who, query: Annotated[AssetQuery, Query()]) -> Page[AssetRow]:
    """The assets that the caller may see."""
    return answer_of(who.view, query, who.zones(Action.ASSET_READ, Kind.ASSET).__contains__, closed_cases(who))


def answer_of(
    view: View, query: AssetQuery, sees: Callable[[str | None], bool], closed: frozenset[str] = frozenset()
) -> Page[AssetRow]:
    """The assets of a moment that fit, in the zones that are seen. `closed`: ids of cases that need no work."""
    answer: Page[AssetRow] = table(view, closed).answer(query, lambda r: sees(r.zone) and _fits(r, query))
    return answer


def table(view: View, closed: frozenset[str]) -> Table[AssetRow]:
    """All assets of a moment; what cases touch is put in anew when these change, or another is closed."""
    return made(view, "assets", lambda v: _touched(v, closed), closed)


def _touched(view: View, closed: frozenset[str]) -> Table[AssetRow]:
    cases, known = cases_by_asset(view, closed), view.assets
    rows = {a: row_of(known[a], *counts) for a, counts in cases.items() if a in known}
    return of_plant(view).with_changed(rows, {"cases"})


def of_plant(view: View) -> Table[AssetRow]:
    """All assets, as if no case touched them."""
    return made_of_plant(view, "assets", lambda v: Table(LIST, (row_of(a, 0) for a in v.plant.assets)))


def visible_rows(who: Caller) -> list[AssetRow]:
    """All that the caller may see."""
    closed = closed_cases(who)
    return shared(
        who, "assets that are seen", ((Action.ASSET_READ, Kind.ASSET),), lambda: _visible(who, closed), closed
    )


def _visible(who: Caller, closed: frozenset[str]) -> list[AssetRow]:
    visible = who.zones(Action.ASSET_READ, Kind.ASSET)
    return [r for r in table(who.view, closed).rows if r.zone in visible]


def _fits(row: AssetRow, query: AssetQuery) -> bool:
    return (
        (not query.role or row.role in query.role)
        and (not query.level or row.level in query.level)
        and (not query.zone or (row.zone or "-") in query.zone)
        and (not query.vendor or row.vendor in query.vendor)
        and (not query.protocol or not set(query.protocol).isdisjoint(row.protocols))
        and (query.seen is None or row.seen is query.seen)
        and (query.case is None or (row.cases > 0) is query.case)
    )


@router.get("/assets/{id}", operation_id="get_asset")
def get_asset(who: Who, id: str) -> AssetOut:
    """One asset, by its id or one of its addresses."""
    asset = visible_asset(who, id)
    more: dict[str, Any] = {
        name: getattr(asset, name)
        for name in ("names", "hardware", "software", "location", "description", "vlans", "role_reasons", "uses",
                     "masters", "writers")
    }  # fmt: skip
    return AssetOut(
        **row_of(asset, *cases_by_asset(who.view, closed_cases(who)).get(asset.id, (0, 0))).model_dump(),
        **more,
        peer_ids=list(asset.peers),
        serves=[ServiceOut(**_fields(s, ServiceOut)) for s in asset.serves],
        evidence=[EvidenceOut(**_fields(e, EvidenceOut)) for e in asset.evidence],
    )


def visible_asset(who: Caller, id: str) -> Asset:
    """The asset of an id or address. Raises ProblemError if there is none that the caller may see."""
    view = who.view
    asset = view.assets.get(view.addresses.get(id.lower(), id))
    if asset is None or asset.zone not in who.zones(Action.ASSET_READ, Kind.ASSET):
        raise not_found("asset")
    return asset


def cases_by_asset(view: View, closed: frozenset[str]) -> dict[str, tuple[int, int]]:
    """How many cases touch each asset: those that need work, and closed ones."""
    found: dict[str, tuple[int, int]] = {}
    for _, case in view.cases:
        for asset in case.assets:
            before = found.get(asset, (0, 0))
            found[asset] = (before[0], before[1] + 1) if case.id in closed else (before[0] + 1, before[1])
    return found


def row_of(asset: Asset, cases: int, closed: int = 0) -> AssetRow:
    """An asset as a list has it."""
    return AssetRow(
        **{
            name: getattr(asset, name)
            for name in ("id", "name", "role", "role_confidence", "level", "zone", "line", "criticality", "vendor",
                         "model", "order_number", "firmware", "serial", "os", "seen", "public", "packets", "bytes")
        },
        ips=list(asset.ips), macs=list(asset.macs), peers=len(asset.peers), cases=cases,
        closed_cases=closed, protocols=sorted({s.protocol for s in asset.serves} | set(asset.uses)),
        first_seen=time_of(asset.first_seen), last_seen=time_of(asset.last_seen),
    )  # fmt: skip


def _fields(value: Any, model: type[BaseModel]) -> dict[str, Any]:
    return {name: getattr(value, name) for name in model.model_fields}
