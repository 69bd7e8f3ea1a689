"""Tags: the process values that devices say, how they ran, and what happened meanwhile."""

from __future__ import annotations

import time
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from linewarden.api.caller import Caller, Who
from linewarden.api.listing import FILES, Format, Listing, ListQuery, Page, as_file
from linewarden.api.problems import ProblemError, not_found
from linewarden.api.tables import made
from linewarden.api.times import Time, ns_of, time_of
from linewarden.policy import Action, Kind
from linewarden.service.tag_dictionary.files import Dictionary
from linewarden.service.units import shown
from linewarden.service.values import TagState, Trend
from linewarden.service.view import View

router = APIRouter(tags=["tags"])

MOST_TAGS = 12
MOST_POINTS = 5_000
LIVE_S = 60
"""Tags of which a value came within this time are followed up to now; of others the last value is the end."""


class TagRow(BaseModel):
    """A tag in a list. Values are as the machine says them; of which unit they are `ucum` says, if anybody said it."""

    id: str = Field(examples=["3f0c2b7e9d1a4c55"])
    label: str = Field(examples=["holding_register 40"])
    device: str = Field(description="id of the asset, or its address", examples=["00:1d:9c:c7:b0:12"])
    device_name: str
    zone: str | None
    address: str = Field(description="of the device", examples=["10.0.0.5"])
    protocol: str
    unit: int | None = Field(description="Modbus unit, IEC 104 common address, rack/slot ...")
    area: str | None
    name: str | None
    place: int = Field(description="register, offset or point index")
    count: int
    last: float
    low: float
    high: float
    mean: float
    every_s: float | None = Field(description="mean time from one value to the next")
    moved: int = Field(description="how often it was seen to change")
    ucum: str = Field(description="unit of the values: a code of UCUM; empty: nobody said it", examples=["m3/h"])
    unit_text: str = Field(description="the unit as people read it", examples=["m³/h"])
    description: str
    datatype: str = Field(description="in the machine's words")
    range_low: float | None = Field(description="least that it should be, by the machine or a person")
    range_high: float | None = Field(description="most that it should be")
    alias: str = Field(description="how people call it", examples=["Filler pressure"])
    line: str = Field(description="of production")
    asset: str = Field(description="what it measures, as the plant calls it")
    first_seen: Time | None
    last_seen: Time | None
    first_seen_ns: int = Field(description="ns since the epoch")
    last_seen_ns: int = Field(description="ns since the epoch")
    course: list[float | None] = Field(description="last values in equal pieces of the time that the lake covers")


class TagFacts(BaseModel):
    """What people say of a tag: a field that is left out stays, an empty one is taken back."""

    model_config = ConfigDict(extra="forbid")

    ucum: Annotated[str | None, Field(max_length=60, examples=["m3/h"])] = None
    description: Annotated[str | None, Field(max_length=1_000)] = None
    datatype: Annotated[str | None, Field(max_length=60)] = None
    low: Annotated[float | Literal[""] | None, Field(description="least that it should be")] = None
    high: Annotated[float | Literal[""] | None, Field(description="most that it should be")] = None
    alias: Annotated[str | None, Field(max_length=200)] = None
    line: Annotated[str | None, Field(max_length=200)] = None
    asset: Annotated[str | None, Field(max_length=200)] = None

    def texts(self) -> dict[str, str]:
        """What is said, as texts."""
        return {name: str(value) for name, value in self.model_dump(exclude_none=True).items()}


class TagQuery(ListQuery):
    """What to list of the tags."""

    device: Annotated[list[str], Field(description="ids of assets, or addresses")] = []
    protocol: list[str] = []
    moves: Annotated[bool | None, Field(description="true: only those that were seen to change")] = None


class Span(BaseModel):
    """Which tags, and when: `from` and `to`, or the `last` seconds; else all there is."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    tag: Annotated[list[str], Field(description="ids", max_length=MOST_TAGS)] = []
    start: Annotated[Time | None, Field(alias="from")] = None
    end: Annotated[Time | None, Field(alias="to")] = None
    last: Annotated[float | None, Field(description="seconds", gt=0, le=3.2e9)] = None


class ValuesQuery(Span):
    """How many points a tag has at most, and how they are given."""

    points: Annotated[int, Field(ge=2, le=MOST_POINTS)] = 600
    format: Format = Format.JSON


class SeriesOut(BaseModel):
    """Columns of points, by time. A point stands for `n` values, of which it has mean, least and most."""

    tag: str
    t: list[float] = Field(description="s since the epoch, UTC")
    mean: list[float]
    low: list[float]
    high: list[float]
    n: list[int]


class ValuesOut(BaseModel):
    """How tags ran. `live`: values still come."""

    model_config = ConfigDict(populate_by_name=True)

    start: Time = Field(alias="from")
    end: Time = Field(alias="to")
    live: bool
    series: list[SeriesOut]


class TagEvent(BaseModel):
    """What happened to a device. `kind`: notice, case or command; `path`: its page, if it has one."""

    ts: Time | None
    kind: str = Field(examples=["command"])
    severity: str
    title: str
    detail: str
    device: str
    device_name: str
    path: str | None
    capture: str
    frame: int


class EventsOut(BaseModel):
    """Events, the oldest first."""

    model_config = ConfigDict(populate_by_name=True)

    start: Time = Field(alias="from")
    end: Time = Field(alias="to")
    items: list[TagEvent]


def listing_of(view: View, said: Dictionary) -> Listing[Any]:
    """How the tags of a moment are sorted and searched. It is of what is known of a tag, not of rows: a plant has tens
    of thousands, of which a page shows some.
    """
    names = {source: view.name(source) for source in view.addresses}

    def name(tag: TagState) -> str:
        return names.get(tag.key.source, tag.key.source)

    return Listing(
        "tags",
        {
            "moved": lambda t: t.moved, "device": lambda t: name(t).casefold(),
            "label": lambda t: t.key.label.casefold(),
            "protocol": lambda t: t.key.protocol, "count": lambda t: t.count, "last": lambda t: t.last,
            "every": lambda t: t.interval_s, "last_seen": lambda t: t.last_ts,
        },
        "-moved",
        lambda t: t.id,
        lambda t: (t.key.label, said.of(t.key).alias, said.of(t.key).description, name(t), t.key.source,
                   t.key.protocol, t.key.area, t.key.name, view.zone(t.key.source), str(t.key.address)),
    )  # fmt: skip


@router.get("/tags", operation_id="list_tags", responses=FILES)
def list_tags(who: Who, query: Annotated[TagQuery, Query()]) -> Page[TagRow]:
    """The tags of the devices that the caller may see; what moves most comes first."""
    listing = made(who.view, "listing of tags", lambda view: listing_of(view, who.place.trends.book.dictionary))
    found, wanted = _in_order(who, listing, query), query.q.casefold().split()
    if wanted or query.device or query.protocol or query.moves is not None:
        found = [
            t for t in found
            if _fits(who.view, t, query) and (not wanted or all(word in listing.text(t) for word in wanted))
        ]  # fmt: skip
    answer: Page[TagRow] = listing.answer_sorted(found, query, lambda tags: [row_of(who, t) for t in tags])
    return answer


def _in_order(who: Caller, listing: Listing[Any], query: TagQuery) -> list[TagState]:
    """All that the caller may see, sorted; in which order all are is kept until there are new values."""
    column, down = listing.column(query)
    book, order = who.place.trends.book.fresh(), (who.view.version, column, down)
    orders = book.orders
    if order not in orders:
        orders[order] = listing.in_order(book.tags(), column, down)
    visible = visible_sources(who)
    if len(visible) == len(book.sources()):  # as most may see all, and there may be hundreds of thousands
        return orders[order]
    return [t for t in orders[order] if t.key.source in visible]


@router.get("/tags/values", operation_id="tag_values", responses=FILES)
def tag_values(who: Who, query: Annotated[ValuesQuery, Query()]) -> ValuesOut:
    """How tags ran: at most `points` points each, with the least and most that each stands for."""
    tags = chosen(who, query)
    start, end, live = span_of(tags, query)
    trends = who.place.trends.of(tags, start, end, query.points)
    if query.format is not Format.JSON:
        answer: Any = as_file([row for t in trends for row in _rows(who, t)], query.format, "values")
        return answer  # type: ignore[no-any-return]
    series = [_series(t) for t in trends]
    return ValuesOut.model_validate({"from": _time(start), "to": _time(end), "live": live, "series": series})


@router.get("/tags/events", operation_id="tag_events")
def tag_events(who: Who, query: Annotated[Span, Query()]) -> EventsOut:
    """Notices, cases and commands of the devices of these tags."""
    from linewarden.api.tag_events import events_of

    tags = chosen(who, query)
    start, end, _ = span_of(tags, query)
    return EventsOut.model_validate(
        {"from": _time(start), "to": _time(end), "items": events_of(who, {t.key.source for t in tags}, start, end)}
    )


@router.patch("/tags/{id}", operation_id="describe_tag")
def describe_tag(who: Who, id: str, body: TagFacts) -> TagRow:
    """Says what a tag is: its unit, its name among people, its range and place."""
    from linewarden.service.tag_dictionary.editing import say

    book = who.place.trends.book.fresh()
    tag = book.tag(id)
    if tag is None or tag.key.source not in visible_sources(who):
        raise not_found("tag")
    what = who.thing(Kind.TAG, id, [who.view.zone(tag.key.source) or ""])
    who.need(Action.TAG_EDIT, what)
    with who.doing(Action.TAG_EDIT, what):
        say(who.place.lake, {tag.key: body.texts()}, who.place.ledger)
    book.dictionary.soon()
    return row_of(who, tag)


def visible_sources(who: Caller) -> frozenset[str]:
    """The addresses with tags that the caller may see."""
    visible, view = who.zones(Action.TAG_READ, Kind.TAG), who.view
    return frozenset(s for s in who.place.trends.book.fresh().sources() if view.zone(s) in visible)


def chosen(who: Caller, query: Span) -> list[TagState]:
    """Those that were asked for, in their order. Raises ProblemError if one is none that the caller may see."""
    visible, book = who.zones(Action.TAG_READ, Kind.TAG), who.place.trends.book.fresh()
    found = [book.tag(asked) for asked in dict.fromkeys(query.tag)]
    seen = [t for t in found if t is not None and who.view.zone(t.key.source) in visible]
    if len(seen) < len(found):
        raise not_found("tag")
    return seen


def span_of(tags: list[TagState], query: Span) -> tuple[int, int, bool]:
    """From when to when, ns UTC, and whether values still come. Raises ProblemError if it ends before it begins."""
    newest, now = max((t.last_ts for t in tags), default=0), time.time_ns()
    live = 0 <= now - newest < LIVE_S * 1_000_000_000
    end = ns_of(query.end) if query.end else max(now, newest) if live else newest
    if query.start:
        start = ns_of(query.start)
    elif query.last:
        start = max(0, end - int(query.last * 1e9))
    else:
        start = min((t.first_ts for t in tags), default=end)
    if start > end:
        raise ProblemError(400, "That makes no sense", "from: it must not be after `to`.")
    return start, end, live


def row_of(who: Caller, tag: TagState) -> TagRow:
    """A tag as a list has it."""
    key, view = tag.key, who.view
    facts = who.place.trends.book.dictionary.of(key)
    return TagRow(
        id=tag.id, label=key.label, device=view.addresses.get(key.source, key.source),
        zone=view.zone(key.source) or None,
        device_name=view.name(key.source), address=key.source, protocol=key.protocol, unit=key.unit, area=key.area,
        name=key.name, place=key.address, count=tag.count, last=tag.last, low=tag.low, high=tag.high,
        mean=tag.total / max(tag.count, 1),
        every_s=tag.interval_s, moved=tag.moved, first_seen=time_of(tag.first_ts), last_seen=time_of(tag.last_ts),
        first_seen_ns=tag.first_ts, last_seen_ns=tag.last_ts,
        course=who.place.trends.book.course(tag), ucum=facts.ucum, unit_text=shown(facts.ucum),
        description=facts.description, datatype=facts.datatype, range_low=facts.low, range_high=facts.high,
        alias=facts.alias, line=facts.line, asset=facts.asset,
    )  # fmt: skip


def _fits(view: View, tag: TagState, query: TagQuery) -> bool:
    source = tag.key.source
    return (
        (not query.device or source in query.device or view.addresses.get(source, source) in query.device)
        and (not query.protocol or tag.key.protocol in query.protocol)
        and (query.moves is None or (tag.moved > 0) is query.moves)
    )


def _time(ns: int) -> Any:
    return time_of(max(ns, 1))


def _series(trend: Trend) -> SeriesOut:
    return SeriesOut(
        tag=trend.tag.id, t=[t / 1e9 for t in trend.t], mean=trend.mean, low=trend.low, high=trend.high, n=trend.n
    )


def _rows(who: Caller, trend: Trend) -> list[dict[str, Any]]:
    key = trend.tag.key
    names = {"device": who.view.name(key.source), "address": key.source, "tag": key.label, "id": trend.tag.id}
    return [
        {"time": _time(t).isoformat(), **names, "mean": mean, "low": low, "high": high, "values": n}
        for t, mean, low, high, n in zip(trend.t, trend.mean, trend.low, trend.high, trend.n, strict=True)
    ]
