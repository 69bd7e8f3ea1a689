"""Work on cases: who does it, how far it is, what was written, which steps were done."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from linewarden.api.caller import Caller, Who
from linewarden.api.problems import ProblemError, not_found
from linewarden.api.routes.cases import (
    CaseOut,
    CommentOut,
    PersonName,
    StepOut,
    case_out,
    case_thing,
    desk_of,
    people_names,
    steps_of,
    turns_out,
    visible_case,
)
from linewarden.api.routes.notices import notice_thing
from linewarden.cases.model import Case, Event
from linewarden.policy import Action, Kind
from linewarden.service.casework import CaseState, ChangedMeanwhileError

router = APIRouter(tags=["cases"])

Written = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4_000)]
MOST_CASES = 500


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class CaseChange(_In):
    """What to change of a case. `assignee`: id of an account, empty for nobody; what is left out stays."""

    version: Annotated[int, Field(description="that you saw; if another changed it meanwhile, 409 says what", ge=0)]
    state: CaseState | None = Field(None, examples=["in_work"])
    assignee: str | None = Field(None, max_length=32)
    comment: str = Field("", max_length=4_000, description="why; kept as a comment")


class CommentIn(_In):
    """A comment."""

    text: Written = Field(examples=["Called the shift: nobody was at the engineering station."])


class StepIn(_In):
    """Whether a step was done."""

    done: bool


class BulkIn(_In):
    """Cases whose notices were seen."""

    cases: Annotated[list[str], Field(min_length=1, max_length=MOST_CASES)]


class BulkOut(BaseModel):
    """How many notices were not acknowledged before, and the cases in which the caller may not."""

    acknowledged: int
    refused: list[str]


@router.patch("/cases/{id}", operation_id="change_case", responses={409: {"description": "Changed by another"}})
def change_case(who: Who, id: str, change: CaseChange) -> CaseOut:
    """Assigns a case, or says how far it is. If another changed it since `version`, 409 says what they changed."""
    priority, case = visible_case(who, id)
    wanted = {k: str(v) for k, v in (("state", change.state), ("assignee", change.assignee)) if v is not None}
    with who.doing(Action.CASE_WORK, case_thing(who, case)):
        if change.assignee and change.assignee not in {p.id for p in assignees(who)}:
            raise not_found("person")
        try:
            desk_of(who).change(id, change.version, wanted, who.name)
        except ChangedMeanwhileError as error:
            raise _conflict(who, error) from None
        if change.comment.strip():
            desk_of(who).comment(id, change.comment.strip(), who.name)
    who.place.follower.tell()
    return case_out(who, priority, case)


def _conflict(who: Caller, error: ChangedMeanwhileError) -> ProblemError:
    told = [
        f"{t.by}: {t.field} from {_said(t.before)} to {_said(t.after)}"
        for t in turns_out(error.turns, people_names(who))
    ]
    said = f"{'; '.join(told)}. Look at it again, and decide anew." if told else "Look at it again."
    return ProblemError(409, "Somebody else changed this case meanwhile", said)


def _said(value: str) -> str:
    return value.replace("_", " ") or "nobody"


@router.get("/assignees", operation_id="list_assignees")
def assignees(who: Who) -> list[PersonName]:
    """Who can be given a case: accounts in use with a role at this site. For who may work on some case."""
    people = who.place.people.store
    zones = {"", *(a.zone or "" for a in who.view.plant.assets)}
    if not any(zone in who.zones(Action.CASE_WORK, Kind.CASE) for zone in zones):
        who.need(Action.CASE_WORK, who.thing(Kind.CASE))
    return [
        PersonName(id=a.id, name=a.name or a.login)
        for a in people.accounts()
        if a.usable and any(g.site == who.site for g in people.grants(a.id))
    ]


@router.post("/cases/{id}/comments", operation_id="comment_on_case", status_code=201)
def comment_on_case(who: Who, id: str, comment: CommentIn) -> CommentOut:
    """Writes a comment."""
    _, case = visible_case(who, id)
    with who.doing(Action.CASE_COMMENT, case_thing(who, case)):
        kept = desk_of(who).comment(id, comment.text, who.name)
    who.place.follower.tell()
    return CommentOut(id=kept.id, ts=kept.ts, by=kept.by, text=kept.text)


@router.put("/cases/{id}/steps/{step}", operation_id="tick_step")
def tick_step(who: Who, id: str, step: str, ticked: StepIn) -> list[StepOut]:
    """A step of the runbook was done, or was not after all. Gives all steps."""
    _, case = visible_case(who, id)
    desk, thing = desk_of(who), case_thing(who, case)
    who.need(Action.CASE_COMMENT, thing)
    found = next((s for s in steps_of(case, {}) if s.step == step), None)
    if found is None:
        raise not_found("step")
    with who.doing(Action.CASE_COMMENT, thing):
        desk.tick(id, found.text, ticked.done, who.name)
    who.place.follower.tell()
    return steps_of(case, desk.steps(id))


@router.post("/cases/acknowledge", operation_id="acknowledge_cases")
def acknowledge_cases(who: Who, those: BulkIn) -> BulkOut:
    """All notices of these cases were seen. Of cases in which the caller may not do so nothing is changed."""
    seen, refused = 0, []
    for case_id in dict.fromkeys(those.cases):
        _, case = visible_case(who, case_id)
        if all(who.may(Action.NOTICE_ACKNOWLEDGE, notice_thing(who, e)) for e in case.events):
            seen += _acknowledge(who, case)
        else:
            refused.append(case_id)
    if len(refused) == len(set(those.cases)):
        who.need(Action.NOTICE_ACKNOWLEDGE, who.thing(Kind.NOTICE))
    who.place.follower.tell()
    return BulkOut(acknowledged=seen, refused=refused)


def _acknowledge(who: Caller, case: Case) -> int:
    """All notices of a case, zone by zone: each has its own decision."""
    by_zone: dict[str, list[Event]] = {}
    for event in case.events:
        by_zone.setdefault(notice_thing(who, event).place.zone, []).append(event)
    seen = 0
    for events in by_zone.values():
        with who.doing(Action.NOTICE_ACKNOWLEDGE, notice_thing(who, events[0])):
            seen += desk_of(who).acknowledge([e.notice_id for e in events], who.name)
    return seen
