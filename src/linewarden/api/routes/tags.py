"""Tags: the process values that devices say, how they ran, and what happened meanwhile."""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.background import BackgroundTask
from starlette.responses import FileResponse

from linewarden.api.caller import Caller, Who
from linewarden.api.listing import FILES, MEDIA, Format, ListQuery, Page, as_file, cursor_of, no_cursor, read_cursor
from linewarden.api.problems import ProblemError, not_found
from linewarden.api.tables import made_of_plant, zones_in
from linewarden.api.times import Time, ns_of, time_of
from linewarden.policy import Action, Kind
from linewarden.reports.language import Language
from linewarden.service.units import shown
from linewarden.service.values import SORTS, Ask, Names, TagState, Trend
from linewarden.service.view import View

router = APIRouter(tags=["tags"])

DEFAULT = "-moved"
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


class TagsReading(BaseModel):
    """How far the values of the lake were read; until they are, lists have what was read so far."""

    reading: float | None = Field(description="0..1 while it is done for the first time; null: all was read")
    wrong: str = Field(description="why it is not up to date; empty while it is")


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


class EventsQuery(Span):
    """In which language titles are."""

    language: Language = "en"


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


def names_of(view: View) -> Names:
    """What the devices of tags are called, as those who look for tags ask for them."""
    return Names({a: (asset, view.name(asset), view.zone(asset)) for a, asset in view.addresses.items()})


@router.get("/tags", operation_id="list_tags", responses=FILES)
def list_tags(who: Who, query: Annotated[TagQuery, Query()]) -> Page[TagRow]:
    """The tags of the devices that the caller may see; what moves most comes first."""
    sort, names = query.sort or DEFAULT, made_of_plant(who.view, "names of tags", names_of)
    ask = ask_of(who, query, sort)
    if query.format is not Format.JSON:
        answer: Any = _as_file(who, ask, names, query.format)
        return answer  # type: ignore[no-any-return]
    try:
        found = who.place.values.find(ask, names)
    except ValueError:
        raise no_cursor() from None
    last = cursor_of(sort, [found.last[0] is None, *found.last]) if found.last is not None else None
    return Page(items=[row_of(who, t) for t in found.tags], total=found.total, next=last)


@router.get("/tags/reading", operation_id="get_tags_reading")
def tags_reading(who: Who) -> TagsReading:
    """How far the values were read."""
    standing = who.place.values.look()
    return TagsReading(reading=standing.reading, wrong=standing.wrong)


def ask_of(who: Caller, query: TagQuery, sort: str) -> Ask:
    """What a query means. Raises ProblemError if its column or cursor is none."""
    name = sort.removeprefix("-")
    if name not in SORTS:
        raise ProblemError(400, "That makes no sense", f"sort: {name} is none of {', '.join(SORTS)}.")
    after = None
    if query.cursor:
        key = read_cursor(query.cursor, sort)
        if len(key) != 3 or not isinstance(key[2], str):
            raise no_cursor()
        after = (key[1], key[2])
    visible, zones = who.zones(Action.TAG_READ, Kind.TAG), made_of_plant(who.view, "zones", zones_in)
    seen = sorted(z for z in zones if z in visible)
    return Ask(
        name, sort.startswith("-"), tuple(query.q.lower().split()), tuple(query.device), tuple(query.protocol),
        query.moves, None if len(seen) == len(zones) else seen, query.limit, after,
    )  # fmt: skip


def _as_file(who: Caller, ask: Ask, names: Names, format: Format) -> FileResponse:
    folder = Path(tempfile.mkdtemp(prefix="linewarden-tags-"))
    try:
        who.place.values.file(ask, names, str(format), folder / "tags")
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    gone = BackgroundTask(shutil.rmtree, folder, ignore_errors=True)
    return FileResponse(folder / "tags", media_type=MEDIA[format], filename=f"tags.{format}", background=gone)


@router.get("/tags/values", operation_id="tag_values", responses=FILES)
def tag_values(who: Who, query: Annotated[ValuesQuery, Query()]) -> ValuesOut:
    """How tags ran: at most `points` points each, with the least and most that each stands for."""
    tags = chosen(who, query)
    start, end, live = span_of(tags, query)
    trends = who.place.values.trends(tags, start, end, query.points)
    if query.format is not Format.JSON:
        answer: Any = as_file([row for t in trends for row in _rows(who, t)], query.format, "values")
        return answer  # type: ignore[no-any-return]
    series = [_series(t) for t in trends]
    return ValuesOut.model_validate({"from": _time(start), "to": _time(end), "live": live, "series": series})


@router.get("/tags/events", operation_id="tag_events")
def tag_events(who: Who, query: Annotated[EventsQuery, Query()]) -> EventsOut:
    """Notices, cases and commands of the devices of these tags."""
    from linewarden.api.tag_events import events_of

    tags = chosen(who, query)
    start, end, _ = span_of(tags, query)
    items = events_of(who, {t.key.source for t in tags}, start, end, query.language)
    return EventsOut.model_validate({"from": _time(start), "to": _time(end), "items": items})


@router.patch("/tags/{id}", operation_id="describe_tag")
def describe_tag(who: Who, id: str, body: TagFacts) -> TagRow:
    """Says what a tag is: its unit, its name among people, its range and place."""
    from linewarden.service.tag_dictionary.editing import say

    (tag,) = who.place.values.tags([id])
    if tag is None or tag.key.source not in visible_sources(who):
        raise not_found("tag")
    what = who.thing(Kind.TAG, id, [who.view.zone(tag.key.source) or ""])
    who.need(Action.TAG_EDIT, what)
    with who.doing(Action.TAG_EDIT, what):
        say(who.place.lake, {tag.key: body.texts()}, who.place.ledger)
    who.place.values.soon()
    (found,) = who.place.values.tags([id])
    return row_of(who, found or tag)


def visible_sources(who: Caller) -> frozenset[str]:
    """The addresses with tags that the caller may see."""
    visible, view = who.zones(Action.TAG_READ, Kind.TAG), who.view
    return frozenset(s for s in who.place.values.look().sources if view.zone(s) in visible)


def chosen(who: Caller, query: Span) -> list[TagState]:
    """Those that were asked for, in their order. Raises ProblemError if one is none that the caller may see."""
    visible = who.zones(Action.TAG_READ, Kind.TAG)
    found = who.place.values.tags(list(dict.fromkeys(query.tag)))
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
    key, view, facts = tag.key, who.view, tag.facts
    return TagRow(
        id=tag.id, label=key.label, device=view.addresses.get(key.source, key.source),
        zone=view.zone(key.source) or None,
        device_name=view.name(key.source), address=key.source, protocol=key.protocol, unit=key.unit, area=key.area,
        name=key.name, place=key.address, count=tag.count, last=tag.last, low=tag.low, high=tag.high,
        mean=tag.total / max(tag.count, 1),
        every_s=tag.interval_s, moved=tag.moved, first_seen=time_of(tag.first_ts), last_seen=time_of(tag.last_ts),
        first_seen_ns=tag.first_ts, last_seen_ns=tag.last_ts,
        course=list(tag.course), ucum=facts.ucum, unit_text=shown(facts.ucum), description=facts.description,
        datatype=facts.datatype, range_low=facts.low, range_high=facts.high, alias=facts.alias, line=facts.line,
        asset=facts.asset,
    )  # fmt: skip


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
