"""Cases: the queue, and one case."""

from __future__ import annotations

from itertools import groupby
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse

from linewarden.api.caller import Caller
from linewarden.api.problems import Problem
from linewarden.api.routes.cases import (
    CaseQuery,
    CommentOut,
    TurnOut,
    WorkOut,
    case_thing,
    counts,
    desk_of,
    get_case,
    list_cases,
    visible_case,
    visible_cases,
    work_out,
)
from linewarden.api.routes.casework import assignees
from linewarden.api.routes.notices import ORDER, NoticeQuery, NoticeRow, list_notices, notice_thing
from linewarden.api.tables import shared
from linewarden.cases.model import STAGES, Case, stage
from linewarden.console.case_drawings import doings, lanes, matrix
from linewarden.console.entries import Entry
from linewarden.console.rendering import page
from linewarden.console.viewer import Viewer
from linewarden.policy import Action, Kind
from linewarden.records import Verb
from linewarden.service.casework import CaseState

router = APIRouter()
ENTRY = Entry(20, "/cases", "Cases", "cases", "c", Action.CASE_READ, Kind.CASE, now="urgent")


@router.get("/cases")
def cases(request: Request, who: Viewer, query: Annotated[CaseQuery, Query()]) -> HTMLResponse:
    """The queue: what needs work, unless something else is asked for."""
    if "show" not in request.query_params:
        query.show = "open"
    template = "case/queue_part.html.j2" if wants_part(request) else "cases.html.j2"
    found = list_cases(who, query)
    return page(
        request, template, who, found=found, query=query, counts=counts(who), states=list(CaseState), tactics=STAGES,
        touched=touched(who), part=wants_part(request), seen=seen(who, [c.id for c in found.items]),
    )  # fmt: skip


def seen(who: Caller, ids: list[str]) -> set[str]:
    """Of these cases those all of whose notices somebody acknowledged."""
    wanted = set(ids)
    notices = {c.id: [e.notice_id for e in c.events] for _, c in who.view.cases if c.id in wanted}
    known = desk_of(who).acknowledged([n for some in notices.values() for n in some])
    return {case for case, some in notices.items() if all(n in known for n in some)}


def wants_part(request: Request) -> bool:
    """Htmx asks for what changes of a page, and not for the page as it was before somebody went on."""
    return "hx-request" in request.headers and "hx-history-restore-request" not in request.headers


def touched(who: Caller) -> list[tuple[str, str]]:
    """Assets that some case touches, by name: to filter by."""
    return shared(who, "assets of cases", ((ENTRY.action, ENTRY.kind),), lambda: _touched(who))


def _touched(who: Caller) -> list[tuple[str, str]]:
    ids = dict.fromkeys(a for _, case in visible_cases(who) for a in case.assets)
    return sorted(((a, who.view.name(a)) for a in ids), key=lambda found: found[1].casefold())


@router.get("/cases/{id}")
def case(request: Request, who: Viewer, id: str, done: str = "") -> HTMLResponse:
    """One case."""
    return case_page(request, who, id, done=done)


@router.get("/cases/{id}/live")
def live(request: Request, who: Viewer, id: str) -> HTMLResponse:
    """What others changed of a case: small, as each page that is open asks for it at each change."""
    priority, case = visible_case(who, id)
    found = work_out(who, priority, case)
    return page(
        request, "case/live.html.j2", who, case=found, log=log(found), rights=work_rights(who, case),
        me=who.account.id if who.account else "",
    )  # fmt: skip


def case_page(
    request: Request, who: Caller, id: str, problem: Problem | None = None, *, done: str = "", **said: Any
) -> HTMLResponse:
    """The page of a case; with what went wrong with a change, and what was said in the form then."""
    found = get_case(who, id)
    _, case = visible_case(who, id)
    may_work = who.may(Action.CASE_WORK, case_thing(who, case))
    return page(
        request, "case.html.j2", who, problem.status if problem else 200, case=found, problem=problem, said=said,
        lanes=lanes(found.notices), doings=doings(found.notices), columns=matrix(found.matrix),
        kinds=by_kind(found.notices), rights=rights(who, case), people=assignees(who) if may_work else [],
        me=who.account.id if who.account else "", states=list(CaseState), verbs=list(Verb), done=done,
        known=who.view.assets, log=log(found),
    )  # fmt: skip


def log(case: WorkOut) -> list[CommentOut | TurnOut]:
    """What was said and done, the newest first."""
    return sorted((*case.comments, *case.turns), key=lambda e: e.ts, reverse=True)


def by_kind(notices: list[NoticeRow]) -> list[tuple[NoticeRow, list[NoticeRow]]]:
    """Notices by what they are, each kind with its worst; the worst kind first."""
    ordered = sorted(notices, key=lambda n: (n.note, n.title))
    kinds = [list(some) for _, some in groupby(ordered, key=lambda n: (n.note, n.title))]
    found = [(max(some, key=weight), sorted(some, key=lambda n: n.ts_ns)) for some in kinds]
    return sorted(found, key=lambda kind: (-weight(kind[0]), -stage(kind[0].tactic), kind[0].ts_ns))


def weight(notice: NoticeRow) -> int:
    """How bad it is."""
    return ORDER.index(notice.severity)


def work_rights(who: Caller, case: Case) -> dict[str, bool]:
    """What the reader may do to the case, for the forms that are live."""
    thing = case_thing(who, case)
    return {"work": who.may(Action.CASE_WORK, thing), "comment": who.may(Action.CASE_COMMENT, thing)}


def rights(who: Caller, case: Case) -> dict[str, bool]:
    """What the reader may do here, for all forms."""
    zones = [who.view.zone(a) for a in case.assets]
    of_notices = {notice_thing(who, e).place.zone for e in case.events}
    things = [who.thing(Kind.NOTICE, "any", [zone]) for zone in sorted(of_notices)]
    return work_rights(who, case) | {
        "acknowledge": all(who.may(Action.NOTICE_ACKNOWLEDGE, t) for t in things),
        "normal": all(who.may(Action.NOTICE_NORMAL, t) for t in things),
        "announce": who.may(Action.MAINTENANCE_ANNOUNCE, who.thing(Kind.ASSET, "any", zones)),
        "report": who.may(Action.REPORT_CREATE, who.thing(Kind.ZONE, "any", zones)),
        "packets": who.may(Action.LAKE_PACKETS, who.thing(Kind.LAKE)),
    }


@router.get("/notices")
def notices(request: Request, who: Viewer, query: Annotated[NoticeQuery, Query()]) -> HTMLResponse:
    """All notices, also those that belong to no case."""
    return page(request, "notices.html.j2", who, found=list_notices(who, query), query=query, tactics=STAGES)
