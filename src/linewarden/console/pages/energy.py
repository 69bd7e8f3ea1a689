"""Energy: what a meter says, a usual week, waste in money, and what comes next."""

from __future__ import annotations

from math import nan
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import HTMLResponse

from linewarden.api.routes.energy import EnergyOut, EnergyQuery, energy_of, list_meters
from linewarden.console.entries import Entry
from linewarden.console.measures import RANGES, chosen_name, week_of
from linewarden.console.rendering import page
from linewarden.console.viewer import Viewer
from linewarden.errors import BusyError, ConfigError, QueryError
from linewarden.policy import Action, Kind
from linewarden.reports.plots import FULL, RIGHT, Axis, plot

router = APIRouter()
ENTRY = Entry(46, "/energy", "Energy", "energy", "n", Action.TAG_READ, Kind.TAG)


class PageQuery(EnergyQuery):
    """`q`: words of the tags to choose from."""

    q: Annotated[str, Field(max_length=200)] = ""


@router.get("/energy")
def energy(request: Request, who: Viewer, query: Annotated[PageQuery, Query()]) -> HTMLResponse:
    """The meters to choose from, and what the chosen one says."""
    meters, found, wrong = list_meters(who, query.q), None, ""
    if query.tag:
        try:
            found = energy_of(who, query)
        except (ConfigError, QueryError, BusyError) as error:
            wrong = str(error)
    return page(
        request, "energy.html.j2", who, 400 if wrong else 200, query=query, meters=meters, found=found, wrong=wrong,
        ranges=RANGES, plot=_plot(found) if found else None,
        week=week_of(found.hours) if found else None, name=chosen_name(who, query.tag, meters.items),
    )  # fmt: skip


def _plot(found: EnergyOut) -> Any:
    """The course of the power, with the base load as a line."""
    kw = [nan if v is None else v for v in found.course.kw]
    axis = Axis(found.begin, found.until, right=FULL - RIGHT, zone=ZoneInfo(found.zone))
    return plot("", found.course.t, kw, axis, height=170.0, limit=found.base_kw, floor_at=0.0)
