"""Collectors: which the configuration names, and how they are where the service of the same configuration runs."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from linewarden.api.caller import Caller, Who
from linewarden.api.times import Time, time_of
from linewarden.policy import Action, Kind
from linewarden.service.config.collectors import checked, kind_of
from linewarden.service.running_service import Answer, status_of

if TYPE_CHECKING:
    from linewarden.service.config.collectors import Collector

router = APIRouter(tags=["collectors"])
State = Literal["starting", "running", "waiting", "ended", "stopped", ""]
STATES = ("starting", "running", "waiting", "ended", "stopped")
MOST_PEERS = 200
USER = re.compile(r"//[^/@\s]*@")
"""User and password in an address."""


class PeerOut(BaseModel):
    """A machine that is asked, or that tells."""

    name: str
    up: bool
    why: str = Field(description="why it does not answer, and what to do; empty if it does")


class CollectorRow(BaseModel):
    """A [[collector]] table. What it does now is known only where the service answers: else `state` is empty."""

    name: str = Field(examples=["press-line"])
    kind: str = Field(examples=["modbus"])
    title: str = Field(description="the kind in words")
    missing: str = Field(description="what pip must install first; empty if all is there")
    settings: dict[str, str] = Field(description="what was set, without secrets; for who may read settings")
    state: State
    samples: int | None
    bad: int | None = Field(description="samples that their machine calls bad")
    refused: int | None = Field(description="samples that could not be kept")
    restarts: int | None
    last: Time | None = Field(description="when the last sample came")
    error: str
    peers_up: int | None
    peers: list[PeerOut]


class SpoolOut(BaseModel):
    """Samples on their way to the lake."""

    held: int
    bytes: int
    most_bytes: int
    oldest_s: float
    forwarded: int
    full: bool = Field(description="collectors wait; nothing is dropped")
    repeated: int = Field(0, description="samples that came again after a kill, and were there already")


class KindOut(BaseModel):
    """A kind that can be configured."""

    kind: str
    title: str
    missing: str


class Collectors(BaseModel):
    """All of them. `why`: why it is not known how they are now, and what to do; empty where it is known."""

    file: str = Field(description="where they are configured; empty where only a lake was named")
    why: str
    asked: str = Field(description="where the service was asked", examples=["127.0.0.1:9480"])
    collectors: list[CollectorRow]
    spool: SpoolOut | None
    kinds: list[KindOut]


@router.get("/collectors", operation_id="list_collectors")
def list_collectors(who: Who) -> Collectors:
    """The collectors of the configuration, and how they are now, as the service of this machine says."""
    who.need(Action.TAG_READ, who.thing(Kind.TAG, "any"))
    config = who.place.config
    answer = _asked(who)
    said = answer.said.get("collectors")
    known = said if isinstance(said, dict) else {}
    return Collectors(
        file=str(who.place.file or ""), why=answer.why, asked=answer.where, spool=_spool(answer.said.get("spool")),
        collectors=[_row(who, c, known.get(c.name)) for c in config.collector], kinds=_kinds(),
    )  # fmt: skip


def _asked(who: Caller) -> Answer:
    """The service is asked only where it could have collectors."""
    config = who.place.config
    if who.place.file is None:
        return Answer(why="only a lake was named, so no service is known; name a configuration file")
    return status_of(config) if config.collector else Answer()


def _row(who: Caller, collector: Collector, said: Any) -> CollectorRow:
    kind = kind_of(collector.kind)
    facts = said if isinstance(said, dict) and said.get("kind") == collector.kind else {}
    may = who.may(Action.SETTINGS_READ, who.thing(Kind.SETTINGS))
    peers = facts.get("peers", {})
    last, state = facts.get("last_ns") or 0, str(facts.get("state", ""))
    return CollectorRow(
        name=collector.name, kind=kind.name, title=kind.title, missing=_missing(kind),
        settings=_settings(collector) if may else {}, state=state if state in STATES else "",  # type: ignore[arg-type]
        samples=facts.get("samples"), bad=facts.get("bad"), refused=facts.get("refused"),
        restarts=facts.get("restarts"), last=time_of(last), error=str(facts.get("error", "")),
        peers_up=facts.get("peers_up"),
        peers=[PeerOut(name=n, up=bool(p["up"]), why=str(p["why"])) for n, p in list(peers.items())[:MOST_PEERS]],
    )  # fmt: skip


def _spool(said: Any) -> SpoolOut | None:
    return SpoolOut.model_validate(said) if isinstance(said, dict) else None


def _missing(kind: Any) -> str:
    return f"linewarden[{kind.extra}]" if kind.missing() else ""


def _kinds() -> list[KindOut]:
    from linewarden.collectors.catalogue import kinds

    return [KindOut(kind=k.name, title=k.title, missing=_missing(k)) for _, k in sorted(kinds().items())]


def _settings(collector: Collector) -> dict[str, str]:
    """What differs from its default; of tables in it only how many, of secrets only that they are set."""
    table, found = checked(collector), {}
    for field in dataclasses.fields(kind_of(collector.kind).settings):
        value = getattr(table, field.name, None)
        about = type(table).model_fields.get(field.name)
        if about is None or value in (None, "", ()) or value == about.get_default(call_default_factory=True):
            continue
        found[field.name] = "***" if field.metadata.get("secret") else _shown(value)
    return found


def _shown(value: Any) -> str:
    if isinstance(value, BaseModel):
        return "..."
    if isinstance(value, (tuple, list)):
        if any(isinstance(v, BaseModel) for v in value):
            return f"({len(value)})"
        return ", ".join(_shown(v) for v in value[:20]) + (", ..." if len(value) > 20 else "")
    if isinstance(value, dict):
        return f"({len(value)})"
    return USER.sub("//", str(value))[:300]
