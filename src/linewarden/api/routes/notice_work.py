"""What people say of notices: seen; normal because ...; and work that is announced."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from linewarden.api.caller import Caller, Who
from linewarden.api.problems import ProblemError
from linewarden.api.routes.assets import visible_asset
from linewarden.api.routes.notices import NoticeRow, notice_rows, notice_thing, sayings_of, visible_notice
from linewarden.api.times import Time, aware, time_of
from linewarden.plant.model import Asset
from linewarden.policy import Action, Kind
from linewarden.records import Verb
from linewarden.service.casework import Desk
from linewarden.service.casework.normal import LONGEST, Announced

router = APIRouter(tags=["notices"])

Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=500)]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NormalIn(_In):
    """Why a notice is normal, for how long, and of whom. It is about this kind of notice, sender and target."""

    because: Reason = Field(examples=["the vendor's box reports to its cloud"])
    days: Annotated[int, Field(ge=1, le=LONGEST.days, description="then somebody looks again")] = 90
    any_target: bool = False
    any_sender: bool = False

    @model_validator(mode="after")
    def _scoped(self) -> NormalIn:
        if self.any_target and self.any_sender:
            raise ValueError("either any_target or any_sender: with both, all notices of this kind would be hidden")
        return self


class RuleOut(BaseModel):
    """A rule that was written. `note`: what has to be done so that it counts, if anything."""

    id: str
    note: str = ""


class WindowIn(_In):
    """Work that is announced."""

    assets: Annotated[list[str], Field(min_length=1, max_length=100, description="ids or addresses")]
    begin: datetime = Field(examples=["2026-12-01T06:00:00Z"])
    until: datetime = Field(examples=["2026-12-01T10:00:00Z"])
    because: Reason = Field(examples=["recipe for line 2, change 4711"])
    verbs: Annotated[list[Verb], Field(max_length=20, description="what is done; empty: anything")] = []
    who: Annotated[list[str], Field(max_length=20, description="stations that do it; empty: any")] = []

    @model_validator(mode="after")
    def _lasts(self) -> WindowIn:
        if not all(1970 <= time.year < 9000 for time in (self.begin, self.until)):
            raise ValueError("begin, until: of these centuries")
        length = aware(self.until) - aware(self.begin)
        if not 0 < length.total_seconds() <= LONGEST.total_seconds():
            raise ValueError("until: after begin, and a year later at most")
        return self


class WindowOut(BaseModel):
    """A window or a rule of what is normal, as it holds."""

    id: str
    kind: str = Field(examples=["window"])
    about: str
    begin: Time | None
    until: Time
    reason: str
    author: str


@router.post("/notices/{id}/acknowledge", operation_id="acknowledge_notice")
def acknowledge_notice(who: Who, id: str) -> NoticeRow:
    """Somebody has seen it. Who acknowledges again changes nothing."""
    event, case = visible_notice(who, id)
    with who.doing(Action.NOTICE_ACKNOWLEDGE, notice_thing(who, event)):
        Desk(who.place.state, who.place.ledger).acknowledge([id], who.name)
    who.place.follower.tell()
    return notice_rows(who, [(event, case)])[0]


@router.post("/notices/{id}/normal", operation_id="say_normal", status_code=201)
def say_normal(who: Who, id: str, said: NormalIn) -> RuleOut:
    """This is normal because ...: a scoped rule that ends, in the site's file of what is expected."""
    event, _ = visible_notice(who, id)
    thing = who.thing(Kind.NOTICE) if said.any_target or said.any_sender else notice_thing(who, event)
    with who.doing(Action.NOTICE_NORMAL, thing):
        _needs_a_file_that_counts(who)
        rule = sayings_of(who).say_normal(
            event, said.because, said.days, who.name, any_target=said.any_target, any_sender=said.any_sender
        )
    who.place.follower.tell()
    return RuleOut(id=rule, note=_what_else(who))


@router.post("/windows", operation_id="announce_work", status_code=201)
def announce_work(who: Who, window: WindowIn) -> RuleOut:
    """Announces work on machines: what it causes is expected then, and told loudly at other times."""
    assets = [visible_asset(who, a) for a in window.assets]
    thing = who.thing(Kind.ASSET, "any", [a.zone or "" for a in assets])
    who.need(Action.MAINTENANCE_ANNOUNCE, thing)
    work = Announced(
        tuple(name for a in assets for name in _names(a)), aware(window.begin), aware(window.until), window.because,
        tuple(map(str, window.verbs)), tuple(name for w in window.who for name in _names(visible_asset(who, w))),
    )  # fmt: skip
    with who.doing(Action.MAINTENANCE_ANNOUNCE, thing):
        _needs_a_file_that_counts(who)
        rule = sayings_of(who).announce(work, who.name)
    who.place.follower.tell()
    return RuleOut(id=rule, note=_what_else(who))


@router.get("/windows", operation_id="list_windows")
def list_windows(who: Who) -> list[WindowOut]:
    """Announced work and what was said to be normal, as it stands in the site's file, the newest end first."""
    who.need(Action.SITE_READ, who.thing(Kind.SITE))
    said = sayings_of(who).now()
    windows = (
        _window_out("window", w.id, ", ".join((*w.assets, *w.zones)), w.begin, w.end, w.reason, w.author)
        for w in said.windows
    )
    rules = (
        _window_out("normal", s.id, f"{s.note}, {s.orig} to {s.resp}", 0, s.expires, s.reason, s.author)
        for s in said.suppressions
    )
    return sorted((*windows, *rules), key=lambda r: r.until, reverse=True)


def _window_out(kind: str, rule: str, about: str, begin: int, end: int, reason: str, author: str) -> WindowOut:
    until = time_of(end)
    assert until is not None
    return WindowOut(
        id=rule, kind=kind, about=about, begin=time_of(begin), until=until, reason=reason, author=author
    )  # fmt: skip


def _names(asset: Asset) -> tuple[str, ...]:
    """What an asset is known by in rules: its addresses."""
    return tuple(dict.fromkeys((*asset.ips, *asset.macs))) or (asset.id,)


def _what_else(who: Caller) -> str:
    sayings = sayings_of(who)
    if sayings.read_by_service:
        return ""
    return f"Judge what was found before again: linewarden detect {who.place.lake} --expected {sayings.path} --write"


def _needs_a_file_that_counts(who: Caller) -> None:
    """Where a service detects but reads no such file, a rule would be written in vain. Raises ProblemError."""
    if who.place.file is not None and not sayings_of(who).read_by_service:
        raise ProblemError(
            400, "Nothing reads it", "Name a file in [detect] expected of the configuration, and restart the service."
        )
