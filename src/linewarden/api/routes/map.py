"""The live map: where each asset stands, who talks to whom, and what was active when."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from typing import Annotated, Any, Literal, cast

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field, TypeAdapter

from linewarden.api.caller import Caller, Who
from linewarden.api.problems import ProblemError
from linewarden.api.routes.cases import Weight
from linewarden.api.routes.conversations import Does, visible_conversations
from linewarden.api.severities import worst_by_asset
from linewarden.api.tables import extents, made_of_plant, shared_of_plant, zones_in
from linewarden.api.times import Time, ns_of, time_of
from linewarden.plant.model import Asset, Conversation, Role
from linewarden.policy import Action, Kind
from linewarden.reports import words
from linewarden.reports.map_nodes import icon, kind_of
from linewarden.service.network_map.kept import Kept
from linewarden.service.network_map.layout import BOX_H, BOX_W, Layout, Place, laid_out
from linewarden.service.network_map.playback import MOST, Playback, Span, played

router = APIRouter(tags=["map"])


class MapLane(BaseModel):
    """The band of a Purdue level. Sizes are in units of the picture."""

    level: float | None = Field(description="none: the traffic does not say", examples=[1.0])
    y: int
    h: int
    assets: int


class MapFrame(BaseModel):
    """The assets of one zone (or line, or network, where no zone is known) on one level."""

    title: str = Field(examples=["filling"])
    kind: Literal["zone", "line", "network", "none"]
    lane: int = Field(description="position in `lanes`")
    x: int
    y: int
    w: int
    h: int
    assets: int


class MapNode(BaseModel):
    """An asset and where its box stands: the upper left corner, in units of the picture."""

    id: str
    name: str
    role: Role
    icon: str
    address: str
    vendor: str
    level: float | None
    frame: int = Field(description="position in `frames`")
    x: int
    y: int
    cases: int = Field(description="open cases that touch it and that the caller may see")
    severity: Weight | None = Field(description="of the worst of these cases")
    seen: bool
    public: bool


class MapEdge(BaseModel):
    """A conversation. `source` (who asks) and `target` are positions in `nodes`; packets grow all the time and are in
    `/conversations`, here is only their magnitude.
    """

    source: int
    target: int
    does: Does = Field(description="change: it changes something in the target; read: process data")
    protocols: list[int] = Field(description="positions in `protocols`")
    verbs: list[int] = Field(description="positions in `verbs`")
    weight: int = Field(description="bits of the number of packets", examples=[12])


class MapOut(BaseModel):
    """The picture as far as the caller may see the plant. It changes only with what is drawn."""

    width: int
    height: int
    box_width: int
    box_height: int
    lanes: list[MapLane]
    frames: list[MapFrame]
    protocols: list[str]
    verbs: list[str]
    nodes: list[MapNode]
    edges: list[MapEdge]


@dataclass(frozen=True, slots=True)
class _Encoded:
    etag: str
    plain: bytes
    packed: bytes


SIGHTS = ((Action.ASSET_READ, Kind.ASSET), (Action.CASE_READ, Kind.CASE))
"""What a picture differs by: where the caller may see assets, and where cases."""


@dataclass(frozen=True, slots=True)
class _Lines:
    """What of a picture stays while cases change. `text`: its JSON up to the nodes."""

    layout: Layout
    text: bytes


_NODES = TypeAdapter(list[MapNode])
_PLAYED: Kept[Playback] = Kept()


@router.get(
    "/map", operation_id="get_map", response_model=MapOut,
    responses={304: {"description": "The picture of `If-None-Match` still holds"}},
)  # fmt: skip
def get_map(who: Who, request: Request) -> Response:
    """The picture, with an `ETag` that stays while nothing that is drawn changes."""
    lines = shared_of_plant(who, "lines of the map", SIGHTS[:1], lambda: _lines(who))
    touched = frozenset(worst_by_asset(who).items())
    made = shared_of_plant(who, "map", SIGHTS, lambda: _encoded(lines, _nodes(who, lines.layout)), touched)
    headers = {"ETag": made.etag, "Cache-Control": "private, no-cache", "Vary": "Accept-Encoding, Cookie"}
    if made.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(made.packed, media_type="application/json", headers=headers | {"Content-Encoding": "gzip"})
    return Response(made.plain, media_type="application/json", headers=headers)


def _encoded(lines: _Lines, nodes: list[MapNode]) -> _Encoded:
    plain = lines.text + b',"nodes":' + _NODES.dump_json(nodes) + b"}"
    return _Encoded(f'"{hashlib.sha256(plain).hexdigest()[:24]}"', plain, gzip.compress(plain, 5, mtime=0))


def _lines(who: Caller) -> _Lines:
    """The picture of what the caller may see, but for its nodes, as the JSON of a `MapOut` begins."""
    visible = who.zones(Action.ASSET_READ, Kind.ASSET)
    layout = laid_out(a for a in who.view.plant.assets if a.zone in visible)
    at = {place.id: position for position, place in enumerate(layout.places)}
    talks = [c for c in visible_conversations(who) if c.source in at and c.target in at and c.source != c.target]
    protocols = sorted({p for c in talks for p in c.protocols})
    verbs = sorted({v for c in talks for v, _ in c.verbs})
    picture = MapOut(
        width=layout.width, height=layout.height, box_width=BOX_W, box_height=BOX_H,
        **_grounds(layout), protocols=protocols, verbs=verbs, nodes=[],
        edges=_edges(talks, at, _positions(protocols), _positions(verbs)),
    )  # fmt: skip
    return _Lines(layout, picture.model_dump_json(exclude={"nodes"}).encode().removesuffix(b"}"))


def _positions(words: list[str]) -> dict[str, int]:
    return {word: position for position, word in enumerate(words)}


def _grounds(layout: Layout) -> dict[str, Any]:
    return {
        "lanes": [MapLane(level=n.level, y=n.y, h=n.h, assets=n.assets) for n in layout.lanes],
        "frames": [
            MapFrame.model_validate(
                {"title": words.clean(f.title, 80), "kind": f.kind, "lane": f.lane, "x": f.x, "y": f.y, "w": f.w,
                 "h": f.h, "assets": f.assets}
            ) for f in layout.frames
        ],
    }  # fmt: skip


def _nodes(who: Caller, layout: Layout) -> list[MapNode]:
    touched = worst_by_asset(who)
    return [_node(who.view.assets[p.id], p, *touched.get(p.id, (0, None))) for p in layout.places]


def _node(asset: Asset, place: Place, cases: int, severity: Weight | None) -> MapNode:
    return MapNode(
        id=asset.id, name=words.clean(asset.name, 80), role=asset.role, icon=icon(asset),
        address=next(iter((*asset.ips, *asset.macs)), ""), vendor=words.clean(asset.vendor, 60), level=asset.level,
        frame=place.frame, x=place.x, y=place.y, cases=cases, severity=severity, seen=asset.seen, public=asset.public,
    )  # fmt: skip


def _edges(
    talks: list[Conversation], at: dict[str, int], protocols: dict[str, int], verbs: dict[str, int]
) -> list[MapEdge]:
    return [
        MapEdge(
            source=at[c.source], target=at[c.target], does=cast(Does, kind_of(c)),
            protocols=[protocols[p] for p in c.protocols], verbs=[verbs[v] for v, _ in c.verbs],
            weight=c.packets.bit_length(),
        ) for c in talks
    ]  # fmt: skip


class Bucket(BaseModel):
    """What went on in a span of time. `changes`: requests that change something in a device."""

    begin: Time | None
    packets: int
    bytes: int
    changes: int


class ActiveEdge(BaseModel):
    """Two assets (positions in `assets`) that talked. Bit i of the masks, which are hexadecimal: in bucket i."""

    source: int
    target: int
    active: str = Field(examples=["3f"])
    changed: str = Field(examples=["4"])


class MapActivity(BaseModel):
    """What was active when. `left_out`: pairs of addresses with fewer packets than those given, past the most."""

    begin: Time | None
    end: Time | None
    step_s: float
    buckets: list[Bucket]
    assets: list[str]
    edges: list[ActiveEdge]
    left_out: int


class Range(BaseModel):
    """A range of the lake's time; without one all of it."""

    from_: Annotated[Time | None, Field(alias="from", description="RFC 3339; with no zone UTC")] = None
    to: Time | None = None
    buckets: Annotated[int, Field(ge=1, le=MOST)] = MOST


@router.get("/map/activity", operation_id="get_map_activity")
def get_map_activity(who: Who, query: Annotated[Range, Query()]) -> MapActivity:
    """Traffic over time, and which conversations between assets that the caller may see were active when."""
    span = _span(who, query)
    (seen,) = rights = extents(who, SIGHTS[:1])
    whole = seen == made_of_plant(who.view, "zones", zones_in)
    addresses = None if whole else tuple(a for a in who.view.addresses if who.view.zone(a) in seen)
    key = (who.view.version, span, rights)
    return _activity(who, _PLAYED.get(who.place.follower, key, lambda: played(who.place.lake, span, addresses)))


def _span(who: Caller, query: Range) -> Span:
    plant = who.view.plant
    begin = ns_of(query.from_) if query.from_ else plant.first_seen
    end = ns_of(query.to) if query.to else plant.last_seen + 1
    if end <= begin:
        raise ProblemError(400, "That makes no sense", "`to` must be later than `from`.")
    return Span(begin, end, query.buckets)


def _activity(who: Caller, found: Playback) -> MapActivity:
    view, span = who.view, found.span
    masks: dict[tuple[str, str], tuple[int, int]] = {}
    for pair in found.pairs:
        source, target = view.addresses.get(pair.source), view.addresses.get(pair.target)
        if source and target and source != target:
            active, changed = masks.get((source, target), (0, 0))
            masks[source, target] = (active | pair.active, changed | pair.changed)
    assets = sorted({a for key in masks for a in key})
    at = _positions(assets)
    return MapActivity(
        begin=time_of(span.begin), end=time_of(span.end), step_s=span.step / 1e9,
        buckets=[
            Bucket(begin=time_of(span.begin + k * span.step), packets=v.packets, bytes=v.bytes, changes=v.changes)
            for k, v in enumerate(found.volumes)
        ],
        assets=assets, left_out=found.left_out,
        edges=[
            ActiveEdge(source=at[s], target=at[t], active=f"{a:x}", changed=f"{c:x}")
            for (s, t), (a, c) in sorted(masks.items())
        ],
    )  # fmt: skip
