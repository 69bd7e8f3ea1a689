"""Cases: what belongs together, the most urgent first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from linewarden.api.caller import Caller, Who, spanned
from linewarden.api.listing import FILES, Listing, ListQuery, Page
from linewarden.api.problems import not_found
from linewarden.api.routes.notices import NoticeRow, notice_rows
from linewarden.api.tables import made
from linewarden.api.times import Time, aware, time_of
from linewarden.cases.model import WEIGHT, Case, Event, stage, urgency
from linewarden.policy import Action, Kind, Thing
from linewarden.reports.language import in_other_languages
from linewarden.service.casework import CaseState, Desk, StepDone, Turn, Work
from linewarden.service.casework.model import step_id
from linewarden.service.view import View

router = APIRouter(tags=["cases"])

MOST_HOURS = 24 * 366 * 20
Weight = Literal["critical", "high", "medium", "low", "info"]


class AssetName(BaseModel):
    """An asset by id and name."""

    id: str
    name: str


class PersonName(BaseModel):
    """An account by id and name."""

    id: str
    name: str


class CaseRow(BaseModel):
    """A case in the queue. `priority` is 0 to 100: docs/detections.md says how it is made."""

    id: str
    priority: int
    severity: Weight
    title: str
    began: Time | None
    until: Time | None
    count: int = Field(description="notices, those that came again included")
    assets: list[AssetName]
    tactics: list[str] = Field(description="of ATT&CK for ICS, in the order of its matrix")
    techniques: list[str] = Field(examples=[["T0836"]])
    first_step: str = Field(description="what to do first")
    state: CaseState
    assignee: PersonName | None
    version: int = Field(description="of state and assignee, for PATCH; 0: nobody touched it yet")
    changed: Time | None = Field(description="when somebody last changed state or assignee")
    news: bool = Field(description="it was closed, and something was added since")

    @property
    def needs_work(self) -> bool:
        """Somebody has to look at it."""
        return self.news or not self.state.closed


class UrgencyOut(BaseModel):
    """The factors of a priority (0..1 each), of the notice that weighs most, and 5 for each stage beyond the first."""

    notice: str
    weight: float
    confidence: float
    stage: float
    value: float
    further: int


class StepOut(BaseModel):
    """A step of a runbook, and who did it when."""

    step: str = Field(description="its id, for PUT")
    text: str
    title: str = Field(description="of the notices whose runbook it is")
    done: bool
    ts: Time | None = None
    by: str = ""


class CommentOut(BaseModel):
    """A comment."""

    id: int
    ts: Time
    by: str
    text: str


class TurnOut(BaseModel):
    """A change of state or assignee (its name), which made the case this version."""

    version: int
    ts: Time
    by: str
    field: Literal["state", "assignee"]
    before: str
    after: str


class WorkOut(CaseRow):
    """A case with what people did of it."""

    steps: list[StepOut] = Field(description="the runbook of the worst notice first")
    comments: list[CommentOut]
    turns: list[TurnOut] = Field(description="changes of state and assignee, in their order")


class CaseOut(WorkOut):
    """A case with all that was told in it, by time, and what it means for the process."""

    meaning: list[str]
    matrix: dict[str, list[str]] = Field(description="tactic -> techniques that were seen")
    notices: list[NoticeRow]
    urgency: UrgencyOut | None = Field(description="what the priority is made of; null where all was expected")


class CaseQuery(ListQuery):
    """What to list of the cases."""

    severity: list[Weight] = []
    asset: list[str] = []
    tactic: list[str] = []
    priority_from: Annotated[int, Field(ge=0, le=100)] = 0
    state: list[CaseState] = []
    show: Annotated[
        Literal["all", "open", "mine", "closed"],
        Field(description="open: what needs work, also what was closed and went on; mine: of that what is yours"),
    ] = "all"
    since: Annotated[datetime | None, Field(description="only what went on after this time")] = None
    until: Annotated[datetime | None, Field(description="only what began before this time")] = None
    hours: Annotated[
        int | None, Field(description="only what went on in the last so many hours", ge=1, le=MOST_HOURS)
    ] = None


LIST: Listing[CaseRow] = Listing(
    "cases",
    {
        "priority": lambda c: c.priority, "began": lambda c: c.began, "until": lambda c: c.until,
        "count": lambda c: c.count, "title": lambda c: c.title.casefold(),
    },
    "-priority",
    lambda c: c.id,
    lambda c: (c.id, c.title, *in_other_languages(c.title), c.severity, *c.tactics, *c.techniques,
               *(a.name for a in c.assets), *(a.id for a in c.assets)),
)  # fmt: skip


@router.get("/cases", operation_id="list_cases", responses=FILES)
def list_cases(who: Who, query: Annotated[CaseQuery, Query()]) -> Page[CaseRow]:
    """The cases that the caller may see: those in all of whose zones they may look."""
    me = who.account.id if who.account else ""
    answer: Page[CaseRow] = LIST.answer(
        [r for r in all_rows(who) if _fits(r, query) and _shown(r, query.show, me)], query
    )
    return answer


def all_rows(who: Caller) -> list[CaseRow]:
    """All that the caller may see, with what people did."""
    rows = made(who.view, "cases", lambda v: {case.id: row_of(v, priority, case) for priority, case in v.cases})
    return with_work(who, (rows[case.id] for _, case in visible_cases(who)))


def counts(who: Caller) -> dict[str, int]:
    """How many there are of each `show`."""
    rows, me = all_rows(who), who.account.id if who.account else ""
    return {show: sum(_shown(r, show, me) for r in rows) for show in ("open", "mine", "closed", "all")}


@router.get("/cases/{id}", operation_id="get_case")
def get_case(who: Who, id: str) -> CaseOut:
    """One case."""
    priority, case = visible_case(who, id)
    return case_out(who, priority, case)


def case_out(who: Caller, priority: int, case: Case) -> CaseOut:
    """A case as the API gives it."""
    found = urgency(case, who.view.weights)
    factors = {n: getattr(found, n) for n in ("weight", "confidence", "stage", "value", "further")} if found else {}
    return CaseOut(
        **dict(work_out(who, priority, case)),
        meaning=list(dict.fromkeys(e.meaning for e in worst_first(case) if e.meaning)),
        matrix={t: list(ids) for t, ids in case.tactics.items()},
        notices=notice_rows(who, [(e, case.id) for e in sorted(case.events, key=lambda e: e.ts)]),
        urgency=UrgencyOut(notice=found.event.notice_id, **factors) if found else None,
    )


def work_out(who: Caller, priority: int, case: Case) -> WorkOut:
    """The same without what it is about: what changes while people work."""
    desk, names = desk_of(who), people_names(who)
    return WorkOut(
        **dict(with_work(who, [row_of(who.view, priority, case)])[0]),
        steps=steps_of(case, desk.steps(case.id)),
        comments=[CommentOut(**asdict(c)) for c in desk.comments(case.id)],
        turns=turns_out(desk.turns(case.id), names),
    )


def worst_first(case: Case) -> list[Event]:
    """What nothing explains, the worst first; where it all is explained, the first notice for its runbook."""
    return [case.worst, *sorted(case.unexpected, key=lambda e: (-WEIGHT[e.severity], -stage(e.tactic), e.ts))]


def steps_of(case: Case, done: Mapping[str, StepDone]) -> list[StepOut]:
    """The steps of all runbooks, each text once: those of the worst notice first."""
    ordered = worst_first(case)
    texts = {text: e.title for e in reversed(ordered) for text in e.runbook}
    found = []
    for text in dict.fromkeys(text for e in ordered for text in e.runbook):
        tick = done.get(step_id(text))
        found.append(StepOut(step=step_id(text), text=text, title=texts[text], done=tick is not None,
                             ts=tick.ts if tick else None, by=tick.by if tick else ""))  # fmt: skip
    return found


def turns_out(turns: Iterable[Turn], names: Mapping[str, str]) -> list[TurnOut]:
    """Changes, with people by their names."""

    def shown(turn: Turn, value: str) -> str:
        return names.get(value, value) if turn.field == "assignee" else value

    return [
        TurnOut.model_validate(asdict(t) | {"before": shown(t, t.before), "after": shown(t, t.after)}) for t in turns
    ]


def desk_of(who: Caller) -> Desk:
    """Where the work on cases is kept."""
    return Desk(who.place.state, who.place.ledger)


def people_names(who: Caller) -> dict[str, str]:
    """Names of accounts by id."""
    return {a.id: a.name or a.login for a in who.place.people.store.accounts()}


def case_thing(who: Caller, case: Case) -> Thing:
    """A case as policies know it: in the zone of its assets, or at the site if there are several."""
    return who.thing(Kind.CASE, case.id, map(who.view.zone, case.assets))


def visible_cases(who: Caller) -> list[tuple[int, Case]]:
    """The cases that the caller may see, with their priority."""
    visible = who.zones(Action.CASE_READ, Kind.CASE)
    return [pc for pc, zone in made(who.view, "places of cases", _placed) if zone in visible]


def _placed(view: View) -> list[tuple[tuple[int, Case], str]]:
    return [(pc, spanned(map(view.zone, pc[1].assets))) for pc in view.cases]


def works_of(who: Caller) -> dict[str, Work]:
    """What people did with cases, as it was when the request came."""
    return who.once("works", desk_of(who).works)


def closed_cases(who: Caller) -> frozenset[str]:
    """Ids of the cases that need no work; the same for everybody."""
    works = works_of(who)
    touched = ((c, works[c.id]) for _, c in who.view.cases if c.id in works) if works else ()
    return frozenset(c.id for c, work in touched if not needs_work(c, work))


def visible_case(who: Caller, id: str) -> tuple[int, Case]:
    """A case. Raises ProblemError if there is none that the caller may see."""
    found = next((pc for pc in visible_cases(who) if pc[1].id == id), None)
    if found is None:
        raise not_found("case")
    return found


def row_of(view: View, priority: int, case: Case) -> CaseRow:
    """A case as a list has it, as if nobody had touched it."""
    worst = case.worst
    return CaseRow.model_validate(
        {
            "id": case.id, "priority": priority, "severity": case.severity, "title": case.title,
            "began": time_of(case.began), "until": time_of(case.until), "count": case.count,
            "assets": [{"id": a, "name": view.name(a)} for a in case.assets], "tactics": list(case.tactics),
            "techniques": sorted({t for ids in case.tactics.values() for t in ids}),
            "first_step": worst.runbook[0] if worst.runbook else "", "state": CaseState.OPEN, "version": 0,
            "assignee": None, "changed": None, "news": False,
        }
    )  # fmt: skip


def with_work(who: Caller, rows: Iterable[CaseRow]) -> list[CaseRow]:
    """The same rows with what people did."""
    works = works_of(who)
    people = people_names(who) if works else {}
    return [_worked(r, works[r.id], people) if r.id in works else r for r in rows]


def _worked(row: CaseRow, work: Work, people: Mapping[str, str]) -> CaseRow:
    to = work.assignee
    assignee = PersonName(id=to, name=people.get(to, to)) if to else None
    done = {"state": work.state, "version": work.version, "assignee": assignee,
            "changed": work.changed if work.version else None}  # fmt: skip
    return row.model_copy(update=done | {"news": _went_on(work, row.until)})


def needs_work(case: Case, work: Work | None) -> bool:
    """Somebody has to look at it."""
    return work is None or not work.state.closed or _went_on(work, time_of(case.until))


def _went_on(work: Work, until: datetime | None) -> bool:
    """It was closed, and something was added since."""
    return work.state.closed and work.changed is not None and until is not None and until > work.changed


def _fits(row: CaseRow, query: CaseQuery) -> bool:
    return (
        (not query.severity or row.severity in query.severity)
        and (not query.asset or any(a.id in query.asset for a in row.assets))
        and (not query.tactic or not set(query.tactic).isdisjoint(row.tactics))
        and row.priority >= query.priority_from
        and (not query.state or row.state in query.state)
        and (query.since is None or row.until is None or row.until >= aware(query.since))
        and (query.hours is None or row.until is None or row.until >= datetime.now(UTC) - timedelta(hours=query.hours))
        and (query.until is None or row.began is None or row.began <= aware(query.until))
    )


def _shown(row: CaseRow, show: str, me: str) -> bool:
    if show == "mine":
        return row.needs_work and row.assignee is not None and row.assignee.id == me
    return show == "all" or row.needs_work is (show == "open")
