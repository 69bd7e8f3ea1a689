"""What is true now, and that it changed: the state of a site in a few figures, and server-sent events."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any

import anyio
from fastapi import APIRouter, Header, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel, Field

from linewarden import __version__
from linewarden.api.caller import Caller, Who, find_caller
from linewarden.api.routes.cases import closed_cases, visible_cases
from linewarden.api.tables import shared, shared_of_plant
from linewarden.api.times import Time, time_of
from linewarden.policy import Action, Kind

router = APIRouter(tags=["now"])

LOOK_S = 0.25
ASK_AGAIN_S = 30.0
"""So often a stream asks whether its session still holds and what it may see."""


class Now(BaseModel):
    """A site in a few figures. `version` grows with every change of what is known."""

    site: str
    program: str = Field(description="version of Linewarden")
    version: int
    as_of: Time | None
    reading: float | None = Field(description="how much of the lake was read, 0..1, when it is read the first time")
    wrong: str = Field(description="why this is not up to date; empty while it is")
    assets: int
    conversations: int
    cases: int = Field(description="cases that somebody has to look at")
    urgent: int = Field(description="of these, cases of severity high or critical")
    first_seen: Time | None
    last_seen: Time | None


@router.get("/now", operation_id="get_now")
def get_now(who: Who) -> Now:
    """The state of the site, as far as the caller may see it."""
    return now_of(who)


def now_of(who: Caller) -> Now:
    """The same for the console."""
    view, closed = who.view, closed_cases(who)
    of_cases, of_assets = ((Action.CASE_READ, Kind.CASE),), ((Action.ASSET_READ, Kind.ASSET),)
    cases, urgent = shared(who, "open cases", of_cases, lambda: _open_cases(who, closed), closed)
    assets = shared_of_plant(who, "number of assets", of_assets, lambda: _assets(who))
    return Now(
        site=who.site, program=__version__, version=view.version, as_of=time_of(view.as_of), reading=view.reading,
        wrong=view.wrong, assets=assets, conversations=len(view.plant.conversations), cases=cases, urgent=urgent,
        first_seen=time_of(view.plant.first_seen), last_seen=time_of(view.plant.last_seen),
    )  # fmt: skip


def _open_cases(who: Caller, closed: frozenset[str]) -> tuple[int, int]:
    """Those that somebody has to look at, and the urgent ones of them."""
    found = [c for _, c in visible_cases(who) if c.id not in closed]
    return len(found), sum(c.severity in ("high", "critical") for c in found)


def _assets(who: Caller) -> int:
    visible = who.zones(Action.ASSET_READ, Kind.ASSET)
    return sum(a.zone in visible for a in who.view.plant.assets)


@router.get("/events", operation_id="follow", response_class=EventSourceResponse)
async def follow(
    who: Who, request: Request, last_event_id: Annotated[str | None, Header()] = None
) -> AsyncIterator[ServerSentEvent]:
    """Server-sent events: `now` with the figures of `/now` at each change, at once and then within a second.

    Ends when the session or token does.
    """
    sent = int(last_event_id) if last_event_id and last_event_id.isascii() and last_event_id.isdigit() else -1
    asked = anyio.current_time()
    caller: Caller | None = who
    while caller is not None:
        view = caller.place.follower.view
        if view.version != sent:
            sent = view.version
            current: Any = await anyio.to_thread.run_sync(now_of, caller.at(view))
            yield ServerSentEvent(event="now", id=str(sent), data=current)
        await anyio.sleep(LOOK_S)
        if anyio.current_time() - asked > ASK_AGAIN_S:
            caller, asked = await anyio.to_thread.run_sync(find_caller, request), anyio.current_time()
