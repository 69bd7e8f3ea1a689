"""Output: availability, performance and quality of a machine by tags, and where its time went."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from linewarden.api.caller import Caller, Who
from linewarden.api.measuring import MeasureQuery, name_of, question_of, tags_of, version_of
from linewarden.errors import ConfigError

router = APIRouter(tags=["output"])

Words = Annotated[str, Field(description="values of the state, as 1,2", max_length=200)]
TagId = Annotated[str, Field(description="id of a tag", max_length=64)]
PARTS = ("state", "made", "good", "rejected")


class OutputQuery(MeasureQuery):
    """The same mapping that `linewarden oee` takes: what the machine's tags mean."""

    state: TagId = ""
    run: Words = ""
    stop: Words = ""
    setup: Words = ""
    planned: Words = ""
    made: TagId = ""
    good: TagId = ""
    rejected: TagId = ""
    ideal: Annotated[float | None, Field(description="planned seconds a piece", gt=0, lt=1e9)] = None
    micro: Annotated[float, Field(description="s: a shorter stop is a micro-stop", ge=0, lt=1e9)] = 0.0
    stale: Annotated[float, Field(description="s: how long a state holds", gt=0, lt=1e9)] = 86_400.0
    by: Literal["all", "shift", "day"] = "day"


class Figures(BaseModel):
    """By ISO 22400-2, 0..1; None where not known. Losses are hours and add up to the planned time."""

    oee: float | None
    availability: float | None
    performance: float | None
    quality: float | None
    availability_bounds: list[float] | None = Field(description="if all of the unknown time was lost, or run")
    planned_h: float
    losses_h: dict[str, float]
    stops: int
    micro_stops: int
    made: float
    rejected: float
    made_in_unknown_time: float
    reasons_h: dict[str, float]


class GroupFigures(Figures):
    """Of a shift or a day."""

    name: str


class OutputOut(Figures):
    """Of all of the time. `tags`: the names of what was taken. Times are ns since the epoch, UTC."""

    tags: dict[str, str]
    begin: int
    until: int
    values: int = Field(description="that were read")
    remarks: list[str] = Field(description="what must be known of the figures")
    by: list[GroupFigures]


@router.get("/output", operation_id="get_output")
def get_output(who: Who, query: Annotated[OutputQuery, Query()]) -> OutputOut:
    """Key figures of a machine and its losses; counted by a process of its own."""
    return output_of(who, query)


def output_of(who: Caller, query: OutputQuery) -> OutputOut:
    """Raises ProblemError, ConfigError, QueryError or BusyError."""
    wanted = {part: getattr(query, part) for part in PARTS if getattr(query, part)}
    if not wanted:
        raise ConfigError("state: say which tag has the machine's state, or made or good with ideal")
    ids = list(dict.fromkeys(wanted.values()))
    tags = dict(zip(ids, tags_of(who, ids), strict=True))
    names = {part: name_of(who, tags[of]) for part, of in wanted.items()}
    found = who.place.measures.ask(
        "output",
        {**question_of(list(tags.values()), query), "by": query.by, "ideal": query.ideal, "micro": query.micro,
         "stale": query.stale, "tags": {part: [list(tags[of].key), names[part]] for part, of in wanted.items()},
         "kinds": {kind: getattr(query, kind) for kind in ("run", "stop", "setup", "planned")}},
        version_of(list(tags.values())),
    )  # fmt: skip
    return OutputOut.model_validate({**found, "tags": names})
