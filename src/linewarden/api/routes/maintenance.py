"""Maintenance: work that is proposed, what it is expected to cost, what people answer, and the models behind it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from linewarden.api.caller import Caller, Who
from linewarden.api.listing import FILES, Listing, ListQuery, Page
from linewarden.api.problems import not_found
from linewarden.api.times import Time
from linewarden.errors import StoreError
from linewarden.policy import Action, Kind
from linewarden.service.config.parts import lives_of
from linewarden.service.maintenance.calendar import Calendar, Entry, State
from linewarden.service.maintenance.ics import calendar as ics
from linewarden.service.maintenance.lives import Course, Courses, Life, Scored
from linewarden.service.maintenance.shelf import cards_in

router = APIRouter(tags=["maintenance"])
ICS = "text/calendar"
SHOWN = 100
"""Scorings of a unit that are given."""


class Cause(BaseModel):
    """A tag, and by how much it moves the estimate."""

    tag: str
    moves: float


class Estimated(BaseModel):
    """How much a unit has left; `high` is null where it is `cap` or more."""

    left: float
    low: float
    high: float | None
    cap: float = Field(description="as far as the model sees")
    or_more: bool
    why: list[Cause]


class LifeOut(Estimated):
    """The life that a unit has left, counted as its model counts time."""

    hours: float | None = Field(None, description="h that one of these has; null where that was not said")


class CostsOut(BaseModel):
    """What is expected, in the site's money."""

    best: float = Field(description="of the work when it is proposed")
    at_once: float = Field(description="of acting at once")
    waiting: float = Field(description="of waiting until it fails")
    saved: float = Field(description="by the best time, against the better of the two")


class MaintenanceRow(BaseModel):
    """Work on a unit. Nothing is done by itself: an entry is a proposal until a person accepts it."""

    id: str = Field(examples=["3fa9c0de12345678"])
    unit: str
    begin: Time
    end: Time
    state: State
    why: str = Field(description="in a sentence")
    standing: bool = Field(description="the line stands then anyway")
    fails_before: float | None = Field(description="share of such units that would fail before, 0..1")
    life: LifeOut | None
    costs: CostsOut | None
    model: str
    made: Time
    changed: Time
    by: str = Field(description="who proposed it, or who answered")
    reason: str


class MaintenanceQuery(ListQuery):
    """What to list of the calendar."""

    state: Annotated[list[State], Field(description="what was said of it; several mean any of them")] = []


class Answer(BaseModel):
    """What a person says to a proposal."""

    model_config = ConfigDict(extra="forbid")

    state: Literal["accepted", "declined"]
    reason: str = Field(default="", max_length=2_000, description="kept with it, and in the audit log")


class LeftOut(Estimated):
    """What a unit had left when it was scored, in hours."""

    scored: Time
    at: Time = Field(description="until when values were known")
    model: str


class PointOut(BaseModel):
    """What was left at a scoring, in hours."""

    scored: Time
    left: float


class UnitOut(BaseModel):
    """A unit of [[analytics.life]], which the service scores."""

    unit: str
    file: str = Field(description="of the model", examples=["press.json"])
    since: Time = Field(description="when its history began")
    limit_hours: float
    is_below: bool = Field(description="less is left than its limit")
    last: LeftOut | None = Field(description="the latest scoring")
    course: list[PointOut] = Field(description="the latest 100 scorings")
    wrong: str = Field(description="why the latest scoring failed; empty if it did not")
    tried: Time | None = Field(description="when that was")


class ModelOut(BaseModel):
    """A model's card, in the data folder's `models`. `wrong`: why the file has none; then all else is empty."""

    file: str
    wrong: str = ""
    name: str = ""
    version: int = 0
    made: str = ""
    by: str = ""
    learned_from: str = Field(default="", description="the file of histories")
    sha256: str = Field(default="", description="of that file")
    units: int = Field(default=0, description="that were run until they failed")
    rows: int = 0
    median_life: float = Field(default=0.0, description="of those units, as the model counts time")
    hours: float | None = Field(default=None, description="of one unit of its time; null: nobody said it")
    cap: float = Field(default=0.0, description="as far as it sees")
    rmse: float = Field(default=0.0, description="error at units that it had not seen")
    rmse_of_mean: float = Field(default=0.0, description="error of always saying the mean")
    covered: float = Field(default=0.0, description="share that lay in its 90 % intervals, of units not seen")
    tags: list[str] = []
    settings: list[str] = []
    note: str = ""


LIST: Listing[MaintenanceRow] = Listing(
    "maintenance",
    {"begin": lambda m: m.begin.isoformat(), "unit": lambda m: m.unit.casefold(), "state": lambda m: m.state.value,
     "changed": lambda m: m.changed.isoformat(), "cost": lambda m: m.costs.best if m.costs else None},
    "begin",
    lambda m: m.id,
    lambda m: (m.unit, m.why, m.by, m.reason, m.model),
)  # fmt: skip


@router.get("/maintenance", operation_id="list_maintenance", responses=FILES)
def list_maintenance(who: Who, query: Annotated[MaintenanceQuery, Query()]) -> Page[MaintenanceRow]:
    """Maintenance that is proposed or decided, by time."""
    who.need(Action.SITE_READ, who.thing(Kind.SITE))
    found = (row_of(e) for e in calendar_of(who).all() if not query.state or e.state in query.state)
    answer: Page[MaintenanceRow] = LIST.answer(found, query)
    return answer


@router.get(
    "/maintenance/calendar.ics", operation_id="get_maintenance_calendar", response_class=Response,
    responses={200: {"description": "iCalendar (RFC 5545)", "content": {ICS: {"schema": {"type": "string"}}}}},
)  # fmt: skip
def get_maintenance_calendar(
    who: Who, state: Annotated[State | None, Query(description="only these")] = None
) -> Response:
    """The same for other calendars."""
    who.need(Action.SITE_READ, who.thing(Kind.SITE))
    headers = {"Content-Disposition": 'attachment; filename="maintenance.ics"'}
    return Response(ics(calendar_of(who).all(state)), media_type=f"{ICS}; charset=utf-8", headers=headers)


@router.get("/maintenance/models", operation_id="list_maintenance_models")
def list_models(who: Who) -> list[ModelOut]:
    """The models in the folder of models (`analytics.models`), with what is known of each."""
    who.need(Action.SITE_READ, who.thing(Kind.SITE))
    return [_model(file, card) for file, card in cards_in(who.place.config.models_folder)]


@router.get("/maintenance/units", operation_id="list_maintenance_units")
def list_units(who: Who) -> list[UnitOut]:
    """The units whose remaining life the service scores, the shortest life first."""
    who.need(Action.SITE_READ, who.thing(Kind.SITE))
    courses = Courses(who.place.config.service.data)
    found = [_unit(life, courses) for life in lives_of(who.place.config)]
    return sorted(found, key=lambda u: (u.last.left if u.last else float("inf"), u.unit))


@router.get("/maintenance/{id}", operation_id="get_maintenance")
def get_maintenance(who: Who, id: str) -> MaintenanceRow:
    """One entry."""
    who.need(Action.SITE_READ, who.thing(Kind.SITE))
    return row_of(_entry(who, id))


@router.post("/maintenance/{id}/answer", operation_id="answer_maintenance")
def answer_maintenance(who: Who, id: str, body: Answer) -> MaintenanceRow:
    """Accepts or declines a proposal; an answer may be changed. It stands in the audit log."""
    what = who.thing(Kind.SITE)
    who.need(Action.MAINTENANCE_ANNOUNCE, what)
    entry = _entry(who, id)
    with who.doing(Action.MAINTENANCE_ANNOUNCE, what):
        return row_of(calendar_of(who).answer(entry.id, State(body.state), who.name, body.reason.strip()))


def calendar_of(who: Caller) -> Calendar:
    """The calendar of the site."""
    return Calendar(who.place.ledger, who.site)


def _entry(who: Caller, id: str) -> Entry:
    for entry in calendar_of(who).all():
        if entry.id == id:
            return entry
    raise not_found("entry of maintenance (a proposal goes when a newer one for its unit comes)")


def row_of(e: Entry) -> MaintenanceRow:
    """An entry as the API gives it; what its facts lack is left out."""
    facts = e.facts
    return MaintenanceRow(
        id=e.id, unit=e.unit, begin=e.begin, end=e.end, state=e.state, why=e.why, standing=bool(facts.get("standing")),
        fails_before=facts.get("fails_before"), life=_life(facts), costs=_costs(facts),
        model=f"{facts['model']} {facts.get('version', '')}".strip() if facts.get("model") else "",
        made=e.made, changed=e.changed, by=e.by, reason=e.reason,
    )  # fmt: skip


def _life(facts: Mapping[str, Any]) -> LifeOut | None:
    try:
        return LifeOut.model_validate(facts["estimate"])
    except (KeyError, ValueError):
        return None


def _costs(facts: Mapping[str, Any]) -> CostsOut | None:
    try:
        return CostsOut(
            best=facts["cost"], at_once=facts["cost_at_once"], waiting=facts["cost_of_failure"], saved=facts["saved"]
        )
    except (KeyError, ValueError):
        return None


def _unit(life: Life, courses: Courses) -> UnitOut:
    try:
        course = courses.of(life.unit, life.since)
    except StoreError as error:
        course = Course(life.unit, life.since.isoformat()).failed(str(error), datetime.now(UTC))
    last = course.last
    return UnitOut(
        unit=life.unit, file=life.model.name, since=life.since, limit_hours=life.limit_hours,
        is_below=last is not None and last.is_below(life.limit_hours), last=_left(last) if last else None,
        course=[PointOut(scored=datetime.fromisoformat(one.scored), left=one.left) for one in course.scored[-SHOWN:]],
        wrong=course.wrong, tried=datetime.fromisoformat(course.tried) if course.tried else None,
    )  # fmt: skip


def _left(one: Scored) -> LeftOut:
    return LeftOut(
        scored=datetime.fromisoformat(one.scored), at=datetime.fromisoformat(one.at), left=one.left, low=one.low,
        high=one.high, cap=one.cap, or_more=one.or_more, why=[Cause(tag=t, moves=m) for t, m in one.why],
        model=f"{one.model} {one.version}",
    )  # fmt: skip


def _model(file: str, card: dict[str, Any] | str) -> ModelOut:
    if isinstance(card, str):
        return ModelOut(file=file, wrong=card)
    said = {name: value for name, value in card.items() if name in ModelOut.model_fields and name != "file"}
    return ModelOut(file=file, learned_from=card["file"], **said)
