"""Notices: what a detection says, with the packet that proves it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from linewarden.api.caller import Caller, Who, spanned
from linewarden.api.listing import FILES, Listing, ListQuery, Page
from linewarden.api.problems import not_found
from linewarden.api.tables import Table, made, made_of_plant
from linewarden.api.times import Time, time_of
from linewarden.baseline.expected import Expected, Suppression, Window
from linewarden.cases.model import Event
from linewarden.errors import ConfigError
from linewarden.policy import Action, Kind, Thing
from linewarden.reports.language import in_other_languages
from linewarden.service.casework import Acknowledged, Desk
from linewarden.service.casework.normal import FILE, Sayings, said_of, scene
from linewarden.service.view import View

router = APIRouter(tags=["notices"])


class SeenBy(BaseModel):
    """Who acknowledged a notice, and when."""

    ts: Time
    by: str


class NoticeRow(BaseModel):
    """A notice. `orig` and `resp` are ids of assets; `expected` names the window or rule that explains it."""

    id: str
    case: str | None = Field(description="id of the case that it belongs to")
    ts: Time | None
    ts_ns: int = Field(description="of the packet, ns since the epoch")
    until: Time | None
    until_ns: int = Field(description="of the last packet, ns since the epoch")
    note: str = Field(examples=["program_download"])
    title: str
    msg: str
    why: str
    severity: str
    confidence: float
    tactic: str
    techniques: list[str]
    orig: str
    orig_name: str
    orig_h: str
    orig_p: int | None
    resp: str
    resp_name: str
    resp_h: str
    resp_p: int | None
    sensor: str
    uid: str
    capture: str
    frame: int
    frames: list[int]
    count: int
    meaning: str
    runbook: list[str]
    benign: str
    expected: str | None = Field(description="what explained it when it was found")
    rules: list[str] = Field(description="what was said since that explains it: announced work, or that it is normal")
    acknowledged: SeenBy | None


class NoticeQuery(ListQuery):
    """What to list of the notices."""

    severity: list[Literal["critical", "high", "medium", "low", "info"]] = []
    note: list[str] = []
    asset: list[str] = []
    technique: list[str] = []
    tactic: list[str] = []
    case: Annotated[list[str], Field(description="ids of cases")] = []
    expected: Annotated[bool | None, Field(description="false: only those that nothing explains")] = None
    acknowledged: bool | None = None


ORDER = ("info", "low", "medium", "high", "critical")

LIST: Listing[NoticeRow] = Listing(
    "notices",
    {
        "ts": lambda n: n.ts_ns, "note": lambda n: n.note, "severity": lambda n: ORDER.index(n.severity),
        "count": lambda n: n.count, "confidence": lambda n: n.confidence,
    },
    "-ts",
    lambda n: n.id,
    lambda n: (n.note, n.title, *in_other_languages(n.title), n.msg, n.orig_name, n.orig_h, n.resp_name, n.resp_h,
               n.severity, *n.techniques),
)  # fmt: skip  # fmt: skip


@router.get("/notices", operation_id="list_notices", responses=FILES)
def list_notices(who: Who, query: Annotated[NoticeQuery, Query()]) -> Page[NoticeRow]:
    """The notices that the caller may see."""
    visible, view = who.zones(Action.NOTICE_READ, Kind.NOTICE), who.view
    rows = made(view, "notices", _table)
    said = readable(who)
    seen = _desk(who).acknowledged() if query.acknowledged is not None else {}
    answer: Page[NoticeRow] = rows.answer(
        query,
        lambda r: (
            _fits(r, query)
            and (query.acknowledged is None or (r.id in seen) is query.acknowledged)
            and (query.expected is None or _is_expected(view, r, said) is query.expected)
            and visible.all_of(zones_of(view, r.orig, r.resp))
        ),
        lambda found: with_words(who, found),
    )
    return answer


@router.get("/notices/{id}", operation_id="get_notice")
def get_notice(who: Who, id: str) -> NoticeRow:
    """One notice."""
    return notice_rows(who, [visible_notice(who, id)])[0]


def visible_notice(who: Caller, id: str) -> tuple[Event, str | None]:
    """A notice and its case. Raises ProblemError if there is none that the caller may see."""
    found = next(((e, case) for e, case in visible_notices(who) if e.notice_id == id), None)
    if found is None:
        raise not_found("notice")
    return found


def visible_notices(who: Caller) -> list[tuple[Event, str | None]]:
    """The notices that the caller may see, each with its case."""
    visible = who.zones(Action.NOTICE_READ, Kind.NOTICE)
    return [found for found, zone in made(who.view, "places of notices", _placed) if zone in visible]


def _table(view: View) -> Table[NoticeRow]:
    """Rows are kept with the plant, whose names they have: another notice does not make those before it anew."""
    before = made_of_plant(view, "rows of notices", lambda _: dict[str, tuple[Event, str | None, NoticeRow]]())
    for event, case in told(view):
        known = before.get(event.notice_id)
        if known is None or known[0] is not event or known[1] != case:
            before[event.notice_id] = (event, case, notice_row(view, event, case))
    return Table(LIST, (before[event.notice_id][2] for event, _ in told(view)))


def _placed(view: View) -> list[tuple[tuple[Event, str | None], str]]:
    return [((e, case), spanned(zones_of(view, e.orig, e.resp))) for e, case in told(view)]


def told(view: View) -> list[tuple[Event, str | None]]:
    """All notices, each with the id of its case."""
    return [*((e, case.id) for _, case in view.cases for e in case.events), *((e, None) for e in view.lone)]


def zones_of(view: View, *assets: str) -> list[str]:
    """The zones of assets; an address that is nobody's has none."""
    return [view.zone(a) for a in assets if a and a in view.assets] or [""]


def notice_thing(who: Caller, event: Event) -> Thing:
    """A notice as policies know it."""
    return who.thing(Kind.NOTICE, event.notice_id, zones_of(who.view, event.orig, event.resp))


def sayings_of(who: Caller) -> Sayings:
    """What the site said to be expected."""
    config = who.place.config
    path = config.detect.expected or config.service.data / FILE
    return Sayings(path, who.place.ledger, config.detect.expected is not None)


def readable(who: Caller) -> Expected:
    """What the site said; nothing where the file is damaged, which the service and `linewarden expected` tell."""
    try:
        return sayings_of(who).now()
    except ConfigError:
        return Expected()


def notice_rows(who: Caller, those: Sequence[tuple[Event, str | None]]) -> list[NoticeRow]:
    """Notices as the API gives them, each with the id of its case."""
    return with_words(who, [notice_row(who.view, e, case) for e, case in those])


def with_words(who: Caller, rows: Sequence[NoticeRow]) -> list[NoticeRow]:
    """The same rows with what people said of them."""
    seen, said = _desk(who).acknowledged([r.id for r in rows]), readable(who)
    return [r.model_copy(update=_words(who.view, r, seen.get(r.id), said)) for r in rows]


def _words(view: View, row: NoticeRow, seen: Acknowledged | None, said: Expected) -> dict[str, Any]:
    return {
        "acknowledged": SeenBy(ts=seen.ts, by=seen.by) if seen else None,
        "rules": [f"{r.reason} ({r.author}) [{r.id}]" for r in _rules(view, row, said)],
    }


def _rules(view: View, row: NoticeRow, said: Expected) -> tuple[Window | Suppression, ...]:
    if not said.windows and not said.suppressions:
        return ()
    place = scene(row.ts_ns, (row.orig, row.orig_h), (row.resp, row.resp_h), view.assets)
    return said_of(row.note, place, said)


def _is_expected(view: View, row: NoticeRow, said: Expected) -> bool:
    return row.expected is not None or bool(_rules(view, row, said))


def _desk(who: Caller) -> Desk:
    return Desk(who.place.state, who.place.ledger)


def notice_row(view: View, e: Event, case: str | None) -> NoticeRow:
    """A notice as the API gives it, as if nobody had said anything of it."""
    names = ("note", "title", "msg", "why", "severity", "confidence", "tactic", "orig", "orig_h", "orig_p", "resp",
             "resp_h", "resp_p", "sensor", "uid", "capture", "frame", "count", "meaning", "benign",
             "expected")  # fmt: skip
    return NoticeRow(
        **{name: getattr(e, name) for name in names}, id=e.notice_id, case=case, ts=time_of(e.ts), ts_ns=e.ts,
        until=time_of(e.until), until_ns=e.until,
        techniques=list(e.techniques), frames=list(e.frames), runbook=list(e.runbook),
        orig_name=view.name(e.orig), resp_name=view.name(e.resp), acknowledged=None, rules=[],
    )  # fmt: skip


def _fits(row: NoticeRow, query: NoticeQuery) -> bool:
    return (
        (not query.severity or row.severity in query.severity)
        and (not query.note or row.note in query.note)
        and (not query.asset or row.orig in query.asset or row.resp in query.asset)
        and (not query.technique or not set(query.technique).isdisjoint(row.techniques))
        and (not query.tactic or row.tactic in query.tactic)
        and (not query.case or row.case in query.case)
    )
