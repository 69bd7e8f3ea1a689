"""Cases: what belongs together, the most urgent first."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from linewarden.api.caller import Caller, Who
from linewarden.api.listing import FILES, Listing, ListQuery, Page
from linewarden.api.problems import not_found
from linewarden.api.routes.notices import NoticeRow, notice_row
from linewarden.api.tables import Table, made
from linewarden.api.times import Time, time_of
from linewarden.cases.model import Case
from linewarden.policy import Action, Kind
from linewarden.service.view import View

router = APIRouter(tags=["cases"])

Weight = Literal["critical", "high", "medium", "low", "info"]


class AssetName(BaseModel):
    """An asset by id and name."""

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


class CaseOut(CaseRow):
    """A case with all that was told in it, by time, and what it means for the process."""

    meaning: list[str]
    matrix: dict[str, list[str]] = Field(description="tactic -> techniques that were seen")
    notices: list[NoticeRow]


class CaseQuery(ListQuery):
    """What to list of the cases."""

    severity: list[Weight] = []
    asset: list[str] = []
    tactic: list[str] = []
    priority_from: Annotated[int, Field(ge=0, le=100)] = 0


LIST: Listing[CaseRow] = Listing(
    "cases",
    {
        "priority": lambda c: c.priority, "began": lambda c: c.began, "until": lambda c: c.until,
        "count": lambda c: c.count, "title": lambda c: c.title.casefold(),
    },
    "-priority",
    lambda c: c.id,
    lambda c: (c.id, c.title, c.severity, *c.tactics, *c.techniques, *(a.name for a in c.assets),
               *(a.id for a in c.assets)),
)  # fmt: skip


@router.get("/cases", operation_id="list_cases", responses=FILES)
def list_cases(who: Who, query: Annotated[CaseQuery, Query()]) -> Page[CaseRow]:
    """The cases that the caller may see: those in all of whose zones they may look."""
    visible, view = who.zones(Action.CASE_READ, Kind.CASE), who.view
    rows = made(view, "cases", lambda v: Table(LIST, (row_of(v, priority, case) for priority, case in v.cases)))
    answer: Page[CaseRow] = rows.answer(
        query, lambda r: _fits(r, query) and visible.all_of(view.zone(a.id) for a in r.assets)
    )
    return answer


@router.get("/cases/{id}", operation_id="get_case")
def get_case(who: Who, id: str) -> CaseOut:
    """One case."""
    priority, case = visible_case(who, id)
    return CaseOut(
        **row_of(who.view, priority, case).model_dump(),
        meaning=list(dict.fromkeys(e.meaning for e in case.unexpected if e.meaning)),
        matrix={t: list(ids) for t, ids in case.tactics.items()},
        notices=[notice_row(who.view, e, case.id) for e in sorted(case.events, key=lambda e: e.ts)],
    )


def visible_cases(who: Caller) -> list[tuple[int, Case]]:
    """The cases that the caller may see, with their priority."""
    visible = who.zones(Action.CASE_READ, Kind.CASE)
    return [pc for pc in who.view.cases if visible.all_of(map(who.view.zone, pc[1].assets))]


def visible_case(who: Caller, id: str) -> tuple[int, Case]:
    """A case. Raises ProblemError if there is none that the caller may see."""
    found = next((pc for pc in visible_cases(who) if pc[1].id == id), None)
    if found is None:
        raise not_found("case")
    return found


def row_of(view: View, priority: int, case: Case) -> CaseRow:
    """A case as a list has it."""
    return CaseRow.model_validate(
        {
            "id": case.id, "priority": priority, "severity": case.severity, "title": case.title,
            "began": time_of(case.began), "until": time_of(case.until), "count": case.count,
            "assets": [{"id": a, "name": view.name(a)} for a in case.assets], "tactics": list(case.tactics),
            "techniques": sorted({t for ids in case.tactics.values() for t in ids}),
        }
    )  # fmt: skip


def _fits(row: CaseRow, query: CaseQuery) -> bool:
    return (
        (not query.severity or row.severity in query.severity)
        and (not query.asset or any(a.id in query.asset for a in row.assets))
        and (not query.tactic or not set(query.tactic).isdisjoint(row.tactics))
        and row.priority >= query.priority_from
    )
