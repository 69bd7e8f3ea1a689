"""Machines: how far the analytics know how each runs, what was odd of it, and what people say to that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from linewarden.api.caller import Caller, Who
from linewarden.api.listing import FILES, Listing, ListQuery, Page
from linewarden.api.problems import ProblemError, not_found
from linewarden.api.routes.notices import visible_notices
from linewarden.api.tables import made
from linewarden.api.times import Time, ns_of, time_of
from linewarden.cases.model import Event
from linewarden.errors import ConfigError
from linewarden.policy import Action, Kind, Thing
from linewarden.service.analysing.about import NOTES
from linewarden.service.analysing.shelf import Learned, Shelf, tags_of
from linewarden.service.config.parts import analytics_of
from linewarden.service.view import View

router = APIRouter(tags=["machines"])
Verdict = Literal["attack", "wear", "change", "unclear"]
State = Literal["new", "learning", "known"]
WORDS: dict[str, Verdict] = {
    NOTES["attack"]: "attack", NOTES["wear"]: "wear", NOTES["change"]: "change", NOTES["unclear"]: "unclear",
}  # fmt: skip
MOST_ODD = 100
"""Odd times of one machine that are given, the latest; the list of notices has all."""


class OddOut(BaseModel):
    """A time when a machine was odd: both readings, and what they look like together."""

    id: str = Field(description="of the notice", examples=["3f0c2b7e9d1a4c553f0c"])
    ts: Time | None
    verdict: Verdict
    confidence: float = Field(description="0..1")
    severity: str
    msg: str
    rule: str = Field(description="why it was judged so", examples=["it crept, and nobody wrote"])
    process: list[str] = Field(description="what the values show")
    network: list[str] = Field(description="what the network shows")
    settle: str = Field(description="what would make sure")
    case: str | None
    asset: str = Field(description="id of the asset, or its address")
    asset_name: str
    tag: str = Field(description="the first of the tags that are the reason; empty if it is not known")


class MachineRow(BaseModel):
    """A machine, and how far it is known. It is judged from the state `learning` on."""

    id: str = Field(examples=["3f0c2b7e9d1a4c55"])
    machine: str = Field(description="a device's address, or the name of [[analytics.machine]]")
    name: str = Field(description="how people call it")
    learned_by: str = Field(description="the folder below analytics/", examples=["live-line-1"])
    tags: int
    devices: list[str] = Field(description="addresses whose values it is made of")
    hours: float = Field(description="of values that it learned")
    known: float = Field(description="how much of its time of learning is over, 0..1: wear is told from 0.5 on")
    learn_hours: float = Field(description="until it is known")
    state: State
    frozen: bool = Field(description="somebody said that it learns nothing more by itself; it is judged all the same")
    until: Time | None = Field(description="of the last value that was judged when it was kept")
    odd: int = Field(description="how often it was odd, by the records of the lake")
    last_odd: Time | None
    last_verdict: Verdict | None


class TagKnown(BaseModel):
    """A tag of a machine, and between what it lay in 98 of 100 rows of its normal time."""

    tag: str = Field(examples=["10.0.0.1/holding_register 40"])
    kind: str = Field(description="measured, setting, counter, upper (a counter's upper word); empty: not known yet")
    low: float | None
    high: float | None


class MachineOut(MachineRow):
    """A machine with its tags and its latest odd times."""

    tags_known: list[TagKnown]
    odd_times: list[OddOut]
    may_change: bool


class TimeIn(BaseModel):
    """A time in which all was normal."""

    model_config = ConfigDict(extra="forbid")

    since: Time
    until: Time = Field(description="at most 48 h later")


class Freeze(BaseModel):
    """Whether it learns by itself."""

    model_config = ConfigDict(extra="forbid")

    frozen: bool = Field(description="false: it goes on learning")


class Approved(BaseModel):
    """What came of it."""

    rows: int = Field(description="that were learned")


LIST: Listing[MachineRow] = Listing(
    "machines",
    {"name": lambda m: m.name.casefold(), "known": lambda m: m.known, "odd": lambda m: m.odd, "tags": lambda m: m.tags,
     "last_odd": lambda m: m.last_odd.isoformat() if m.last_odd else None},
    "name",
    lambda m: m.id,
    lambda m: (m.name, m.machine, m.learned_by, m.state, m.last_verdict),
)  # fmt: skip


@router.get("/machines", operation_id="list_machines", responses=FILES)
def list_machines(who: Who, query: Annotated[ListQuery, Query()]) -> Page[MachineRow]:
    """The machines that the analytics learn, and how far each is known."""
    found, _ = visible_machines(who)
    odd = odd_by_device(who)
    answer: Page[MachineRow] = LIST.answer((_row(who, m, odd_of(m, found, odd)) for m in found), query)
    return answer


@router.get("/machines/{id}", operation_id="get_machine")
def get_machine(who: Who, id: str) -> MachineOut:
    """One of them: its tags, and when it was odd."""
    found, _ = visible_machines(who)
    machine = _one(found, id)
    odd = odd_of(machine, found, odd_by_device(who))
    tags = [TagKnown.model_validate(t, from_attributes=True) for t in tags_of(machine)]
    return MachineOut(
        **_row(who, machine, odd).model_dump(), tags_known=tags,
        may_change=who.may(Action.TAG_EDIT, thing(who, machine)),
        odd_times=[odd_out(who.view, e, case) for e, case in odd[:MOST_ODD]],
    )  # fmt: skip


@router.post("/machines/{id}/approve", operation_id="approve_machine")
def approve_machine(who: Who, id: str, body: TimeIn) -> Approved:
    """Says that what was odd in a time is normal: the machine learns it. The service takes it over within seconds."""
    machine = _one(visible_machines(who)[0], id)
    with who.doing(Action.TAG_EDIT, thing(who, machine)):
        rows = shelf_of(who).approve(
            machine.id, who.place.lake, ns_of(body.since), ns_of(body.until), who.place.ledger
        )  # fmt: skip
    return Approved(rows=rows)


@router.post("/machines/{id}/forget", operation_id="forget_machine", status_code=204)
def forget_machine(who: Who, id: str) -> None:
    """Lets a machine learn anew: after a repair or a rebuild."""
    machine = _one(visible_machines(who)[0], id)
    with who.doing(Action.TAG_EDIT, thing(who, machine)):
        shelf_of(who).forget(machine.id, who.place.ledger)


@router.post("/machines/{id}/freeze", operation_id="freeze_machine", status_code=204)
def freeze_machine(who: Who, id: str, body: Freeze) -> None:
    """Says that a machine learns nothing more by itself, but is judged; or lets it go on learning."""
    machine = _one(visible_machines(who)[0], id)
    with who.doing(Action.TAG_EDIT, thing(who, machine)):
        shelf_of(who).freeze(machine.id, who.place.ledger, frozen=body.frozen)


# --- what they stand on ---


def shelf_of(who: Caller) -> Shelf:
    """Where the service, or a person, keeps what machines learned."""
    return Shelf(who.place.config.service.data, analytics_of(who.place.config))


def visible_machines(who: Caller) -> tuple[list[Learned], list[str]]:
    """Those whose devices the caller may all see, and what could not be read. Raises ProblemError."""
    visible = who.zones(Action.TAG_READ, Kind.TAG)
    try:
        found, wrong = shelf_of(who).all()
    except ConfigError as error:
        raise ProblemError(503, "The analytics are not installed", f"{error}.") from None
    return [m for m in found if visible.all_of(_zones(who.view, m))], wrong


def thing(who: Caller, machine: Learned) -> Thing:
    """A machine as policies know it: its tags."""
    return who.thing(Kind.TAG, machine.machine, _zones(who.view, machine))


def _zones(view: View, machine: Learned) -> list[str]:
    return sorted({view.zone(s) for s in machine.sources}) or [""]


def _one(found: Iterable[Learned], id: str) -> Learned:
    for machine in found:
        if machine.id == id:
            return machine
    raise not_found("machine")


Told = tuple[Event, str | None]


def odd_by_device(who: Caller) -> Mapping[str, Sequence[Told]]:
    """Notices of the analytics that the caller may see, by device, the latest first."""
    found: dict[str, list[Told]] = {}
    if made(who.view, "is a machine odd", lambda view: any(e.note in WORDS for e in view.notices)):
        for e, case in visible_notices(who):
            if e.note in WORDS:
                found.setdefault(e.resp_h, []).append((e, case))
    return {device: sorted(told, key=lambda t: (-t[0].ts, t[0].notice_id)) for device, told in found.items()}


def odd_of(machine: Learned, all_of_them: Sequence[Learned], odd: Mapping[str, Sequence[Told]]) -> list[Told]:
    """Those of a machine, the latest first; of a device that several share those that name a tag of it."""
    found: list[Told] = []
    for device in machine.sources:
        shared = any(device in m.sources and m.machine != machine.machine for m in all_of_them)
        found += [t for t in odd.get(device, ()) if not shared or first_tag(t[0]) in machine.tags]
    return sorted(found, key=lambda t: (-t[0].ts, t[0].notice_id))


def first_tag(e: Event) -> str:
    """`10.0.0.1/holding_register 40`: the tag that a notice names first; empty if it names none."""
    process = next((p for p in e.why.split("; ") if p.startswith("process: ")), "")
    label, of, _ = process.removeprefix("process: ").partition(" of ")
    return f"{e.resp_h}/{label}" if of else ""


def odd_out(view: View, e: Event, case: str | None) -> OddOut:
    """A notice of the analytics, taken apart (`analysing/telling.py` puts it together)."""
    parts = e.why.split("; ")

    def those(word: str) -> list[str]:
        return [p.removeprefix(word) for p in parts if p.startswith(word)]

    verdict = next(iter(those("verdict: ")), "")
    return OddOut(
        id=e.notice_id, ts=time_of(e.ts), verdict=WORDS[e.note], confidence=e.confidence, severity=e.severity,
        msg=e.msg, rule=verdict.partition(", since ")[2], process=those("process: "), network=those("network: "),
        settle=next(iter(those("to settle it: ")), ""), case=case, asset=e.resp or e.resp_h,
        asset_name=view.name(e.resp or e.resp_h), tag=first_tag(e),
    )  # fmt: skip


def _row(who: Caller, m: Learned, odd: Sequence[Told]) -> MachineRow:
    last = odd[0][0] if odd else None
    return MachineRow(
        id=m.id, machine=m.machine, name=who.view.name(m.machine), learned_by=m.folder, tags=len(m.tags),
        devices=list(m.sources), hours=round(m.hours, 2), known=round(m.known, 3), learn_hours=m.wanted.learn_hours,
        state="known" if m.known >= 1 else "learning" if m.judged else "new",
        frozen=m.frozen, until=time_of(int(m.until * 1e9)) if m.until else None, odd=len(odd),
        last_odd=time_of(last.ts) if last else None, last_verdict=WORDS[last.note] if last else None,
    )  # fmt: skip
