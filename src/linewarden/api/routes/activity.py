"""Activity: how many notices of which severity, hour by hour."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from linewarden.api.caller import Caller, Who
from linewarden.api.routes.notices import visible_notices
from linewarden.api.tables import shared
from linewarden.api.times import Time, time_of
from linewarden.policy import Action, Kind

router = APIRouter(tags=["now"])

HOUR = 3_600_000_000_000


class Hour(BaseModel):
    """An hour, by its beginning. `notices`: severity -> how many, those that came again included."""

    begin: Time | None
    notices: dict[str, int] = Field(examples=[{"high": 2, "low": 7}])


class Activity(BaseModel):
    """The hours up to the last that anything was seen in: of a plant that is recorded no more, its last hours."""

    hours: list[Hour]


@router.get("/activity", operation_id="get_activity")
def get_activity(who: Who, hours: Annotated[int, Query(ge=1, le=168)] = 24) -> Activity:
    """The notices that the caller may see, by the hour in which they were first told."""
    return activity_of(who, hours)


def activity_of(who: Caller, hours: int) -> Activity:
    """The same for the console."""
    return shared(who, f"activity of {hours} h", ((Action.NOTICE_READ, Kind.NOTICE),), lambda: _counted(who, hours))


def _counted(who: Caller, hours: int) -> Activity:
    last = who.view.plant.last_seen // HOUR
    found: dict[int, Counter[str]] = {hour: Counter() for hour in range(last - hours + 1, last + 1)}
    for event, _ in visible_notices(who):
        if (counts := found.get(event.ts // HOUR)) is not None:
            counts[event.severity] += event.count
    return Activity(hours=[Hour(begin=time_of(h * HOUR), notices=dict(c)) for h, c in found.items()])
