"""Conduits: the traffic that crosses from zone to zone."""

from __future__ import annotations

from typing import Annotated, Literal, cast

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from linewarden.api.caller import Caller, Who
from linewarden.api.listing import FILES, Listing, ListQuery, Page
from linewarden.api.routes.conversations import NO_ZONE, VerbOut
from linewarden.api.tables import Table, made_of_plant
from linewarden.api.times import Time, time_of
from linewarden.plant.model import Conversation
from linewarden.policy import Action, Kind
from linewarden.service.view import View
from linewarden.service.zones.conduits import Conduit, conduits_of

router = APIRouter(tags=["zones"])

Why = Literal["outside", "skips", "safety"]
DAY = 86_400_000_000_000
EXAMPLES = 20
"""Needless conversations that a row names."""


class NeedlessTalk(BaseModel):
    """A conversation that a segmented plant would not have."""

    why: Why
    source: str
    source_name: str
    target: str
    target_name: str
    protocols: list[str]


class ConduitRow(BaseModel):
    """What the assets of one zone ask those of another. A zone is empty for assets that are in none.

    `needless`: conversations that a segmented plant would not have: public addresses below the DMZ (outside), office
    straight to supervision or control (skips), changes in a safety controller from another zone (safety).
    """

    source: str = Field(examples=["office"])
    target: str = Field(examples=["filling"])
    protocols: list[str]
    verbs: list[VerbOut]
    conversations: int
    changing: int = Field(description="conversations that change something in the target")
    asking: int = Field(description="assets that ask")
    asked: int = Field(description="assets that are asked")
    packets: int
    bytes: int
    first_seen: Time | None
    last_seen: Time | None
    new: bool = Field(description="first seen in the last 24 hours, of a plant that is known for longer")
    needless: int
    examples: list[NeedlessTalk] = Field(description=f"of these the first {EXAMPLES}")


class ConduitQuery(ListQuery):
    """What to list of the conduits."""

    zone: Annotated[list[str], Field(description="one of the two is this; -: no zone")] = []
    protocol: list[str] = []
    changes: Annotated[bool | None, Field(description="true: only those in which something is changed")] = None
    needless: Annotated[bool | None, Field(description="true: only those with needless conversations")] = None
    new: bool | None = None


LIST: Listing[ConduitRow] = Listing(
    "conduits",
    {
        "source": lambda c: c.source.casefold(), "target": lambda c: c.target.casefold(),
        "conversations": lambda c: c.conversations, "changing": lambda c: c.changing, "packets": lambda c: c.packets,
        "bytes": lambda c: c.bytes, "needless": lambda c: c.needless, "first_seen": lambda c: c.first_seen,
        "last_seen": lambda c: c.last_seen,
    },
    "-needless",
    lambda c: f"{c.source} / {c.target}",
    lambda c: (c.source, c.target, *c.protocols, *(v.verb for v in c.verbs)),
)  # fmt: skip


@router.get("/conduits", operation_id="list_conduits", responses=FILES)
def list_conduits(who: Who, query: Annotated[ConduitQuery, Query()]) -> Page[ConduitRow]:
    """The conduits between zones that the caller may see both."""
    visible = who.zones(Action.ASSET_READ, Kind.ASSET)
    answer: Page[ConduitRow] = _table(who.view).answer(
        query, lambda c: c.source in visible and c.target in visible and _fits(c, query)
    )
    return answer


def visible_conduits(who: Caller) -> list[ConduitRow]:
    """All of them, for the matrix."""
    visible = who.zones(Action.ASSET_READ, Kind.ASSET)
    return [c for c in _table(who.view).rows if c.source in visible and c.target in visible]


def _table(view: View) -> Table[ConduitRow]:
    return made_of_plant(view, "conduits", lambda v: Table(LIST, (_row(v, c) for c in _folded(v))))


def _folded(view: View) -> list[Conduit]:
    return conduits_of(view.plant.conversations, view.assets.get)


def _row(view: View, c: Conduit) -> ConduitRow:
    old = view.plant.last_seen - view.plant.first_seen > DAY
    needless = [(why, talk) for why, talks in c.needless.items() for talk in talks]
    return ConduitRow(
        source=c.source, target=c.target, protocols=[p for p, _ in c.protocols.most_common()],
        verbs=[VerbOut(verb=v, requests=n) for v, n in c.verbs.most_common()], conversations=len(c.conversations),
        changing=c.changing, asking=len(c.asking), asked=len(c.asked), packets=c.packets, bytes=c.bytes,
        first_seen=time_of(c.first_seen), last_seen=time_of(c.last_seen), needless=len(needless),
        new=old and c.first_seen > view.plant.last_seen - DAY,
        examples=[_example(view, why, talk) for why, talk in needless[:EXAMPLES]],
    )  # fmt: skip


def _example(view: View, why: str, talk: Conversation) -> NeedlessTalk:
    return NeedlessTalk(
        why=cast(Why, why), source=talk.source, source_name=view.name(talk.source), target=talk.target,
        target_name=view.name(talk.target), protocols=list(talk.protocols),
    )  # fmt: skip


def _fits(row: ConduitRow, query: ConduitQuery) -> bool:
    return (
        (not query.zone or not {row.source or NO_ZONE, row.target or NO_ZONE}.isdisjoint(query.zone))
        and (not query.protocol or not set(query.protocol).isdisjoint(row.protocols))
        and (query.changes is None or (row.changing > 0) is query.changes)
        and (query.needless is None or (row.needless > 0) is query.needless)
        and (query.new is None or row.new is query.new)
    )
