"""Conversations: who talks to whom."""

from __future__ import annotations

from typing import Annotated, Literal, cast

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from linewarden.api.caller import Caller, Who, Zones
from linewarden.api.listing import FILES, Listing, ListQuery, Page
from linewarden.api.routes.cases import Weight
from linewarden.api.severities import at_least, worst_by_asset
from linewarden.api.tables import Table, made_of_plant, shared_of_plant
from linewarden.api.times import Time, time_of
from linewarden.plant.model import Conversation
from linewarden.policy import Action, Kind
from linewarden.reports.map_nodes import kind_of
from linewarden.service.view import View

router = APIRouter(tags=["conversations"])

NO_ZONE = "-"
"""In filters: what is in no zone. An empty filter is none."""
Does = Literal["change", "read", "other"]
"""What a conversation does: changes something in the target, reads process data, or anything else."""


class VerbOut(BaseModel):
    """How often something was asked."""

    verb: str = Field(examples=["write"])
    requests: int


class ConversationRow(BaseModel):
    """All that one asset, which asks, says to another. `group`: the target is a broadcast or multicast address."""

    source: str = Field(description="id of the asset that asks")
    source_name: str
    source_zone: str | None
    target: str = Field(description="id of the asset that is asked, or the group address")
    target_name: str
    target_zone: str | None
    group: bool
    does: Does = Field(description="change: it changes something in the target; read: process data")
    protocols: list[str]
    ports: list[int]
    verbs: list[VerbOut]
    packets: int
    bytes: int
    answers: int
    first_seen: Time | None
    last_seen: Time | None
    capture: str
    frame: int


class ConversationQuery(ListQuery):
    """What to list of the conversations."""

    asset: Annotated[list[str], Field(description="ids: one of them asks or is asked")] = []
    protocol: list[str] = []
    verb: list[str] = []
    does: list[Does] = []
    source_zone: Annotated[list[str], Field(description="of the asset that asks; -: in none")] = []
    target_zone: Annotated[list[str], Field(description="of the asset that is asked; -: in none")] = []
    severity: Annotated[
        Weight | None, Field(description="an open case of at least this severity touches one of the two")
    ] = None
    crosses: Annotated[bool | None, Field(description="true: only those from one zone to another")] = None


LIST: Listing[ConversationRow] = Listing(
    "conversations",
    {
        "source": lambda c: c.source_name.casefold(), "target": lambda c: c.target_name.casefold(),
        "packets": lambda c: c.packets, "bytes": lambda c: c.bytes, "first_seen": lambda c: c.first_seen,
        "last_seen": lambda c: c.last_seen,
    },
    "-packets",
    lambda c: f"{c.source} {c.target}",
    lambda c: (c.source_name, c.source, c.target_name, c.target, *c.protocols, *(v.verb for v in c.verbs)),
)  # fmt: skip


@router.get("/conversations", operation_id="list_conversations", responses=FILES)
def list_conversations(who: Who, query: Annotated[ConversationQuery, Query()]) -> Page[ConversationRow]:
    """The conversations between assets that the caller may see both."""
    visible = who.zones(Action.ASSET_READ, Kind.ASSET)
    grave = _grave(who, query.severity) if query.severity else None
    answer: Page[ConversationRow] = table(who.view).answer(
        query, lambda r: is_visible(r, visible) and _fits(r, query) and (grave is None or _touches(r, grave))
    )
    return answer


def table(view: View) -> Table[ConversationRow]:
    """All conversations of a moment."""
    return made_of_plant(view, "conversations", lambda v: Table(LIST, (row_of(v, c) for c in v.plant.conversations)))


def is_visible(row: ConversationRow, visible: Zones) -> bool:
    """May both sides be seen?"""
    return row.source_zone in visible and (row.group or row.target_zone in visible)


def _grave(who: Caller, asked: Weight) -> set[str]:
    return {asset for asset, (_, worst) in worst_by_asset(who).items() if at_least(worst, asked)}


def _touches(row: ConversationRow, assets: set[str]) -> bool:
    return row.source in assets or row.target in assets


def visible_conversations(who: Caller) -> list[Conversation]:
    """Those of which the caller may see both sides."""
    return shared_of_plant(who, "talks that are seen", ((Action.ASSET_READ, Kind.ASSET),), lambda: _visible(who))


def _visible(who: Caller) -> list[Conversation]:
    visible, view = who.zones(Action.ASSET_READ, Kind.ASSET), who.view
    return [
        c for c in view.plant.conversations
        if view.zone(c.source) in visible and (c.group or view.zone(c.target) in visible)
    ]  # fmt: skip


def row_of(view: View, c: Conversation) -> ConversationRow:
    """A conversation as a list has it."""
    return ConversationRow(
        source=c.source, source_name=view.name(c.source), source_zone=view.zone(c.source) or None,
        target=c.target, target_name=view.name(c.target), target_zone=None if c.group else view.zone(c.target) or None,
        group=c.group, does=cast(Does, kind_of(c)), protocols=list(c.protocols), ports=list(c.ports),
        verbs=[VerbOut(verb=v, requests=n) for v, n in c.verbs], packets=c.packets, bytes=c.bytes, answers=c.answers,
        first_seen=time_of(c.first_seen), last_seen=time_of(c.last_seen), capture=c.capture, frame=c.frame,
    )  # fmt: skip


def _fits(row: ConversationRow, query: ConversationQuery) -> bool:
    crosses = not row.group and row.source_zone != row.target_zone
    return (
        (not query.asset or row.source in query.asset or row.target in query.asset)
        and (not query.protocol or not set(query.protocol).isdisjoint(row.protocols))
        and (not query.verb or not set(query.verb).isdisjoint(v.verb for v in row.verbs))
        and (not query.does or row.does in query.does)
        and (not query.source_zone or (row.source_zone or NO_ZONE) in query.source_zone)
        and (not query.target_zone or (not row.group and (row.target_zone or NO_ZONE) in query.target_zone))
        and (query.crosses is None or crosses is query.crosses)
    )
