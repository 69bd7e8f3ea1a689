"""Output: availability, performance and quality of a machine, and where its time went."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import HTMLResponse

from linewarden.api.measuring import choices
from linewarden.api.routes.output import PARTS, OutputQuery, output_of
from linewarden.console.entries import Entry
from linewarden.console.measures import RANGES, chosen_name, losses_of
from linewarden.console.rendering import page
from linewarden.console.viewer import Viewer
from linewarden.errors import BusyError, ConfigError, QueryError
from linewarden.policy import Action, Kind

router = APIRouter()
ENTRY = Entry(48, "/oee", "Output (OEE)", "oee", "w", Action.TAG_READ, Kind.TAG)
MOST_LISTED = 300
"""Tags in a list to choose from; who has more searches."""


class PageQuery(OutputQuery):
    """`q`: words of the tags to choose from."""

    q: Annotated[str, Field(max_length=200)] = ""


@router.get("/oee")
def oee(request: Request, who: Viewer, query: Annotated[PageQuery, Query()]) -> HTMLResponse:
    """What the machine's tags mean, and what follows from that."""
    tags, found, wrong = choices(who, query.q, meters=False), None, ""
    if any(getattr(query, part) for part in PARTS):
        try:
            found = output_of(who, query)
        except (ConfigError, QueryError, BusyError) as error:
            wrong = str(error)
    listed = tags.items[:MOST_LISTED]
    return page(
        request, "oee.html.j2", who, 400 if wrong else 200, query=query, tags=listed,
        more=tags.more or len(tags.items) > len(listed), found=found, wrong=wrong, ranges=RANGES,
        losses=losses_of(found.losses_h) if found else [],
        names={part: chosen_name(who, getattr(query, part), listed) for part in PARTS},
    )  # fmt: skip
