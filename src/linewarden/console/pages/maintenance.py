"""Maintenance: what is proposed and decided, and the models behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from linewarden.api.routes.maintenance import (
    Answer,
    LifeOut,
    MaintenanceQuery,
    answer_maintenance,
    get_maintenance_calendar,
    list_maintenance,
    list_models,
)
from linewarden.console.entries import Entry
from linewarden.console.rendering import page
from linewarden.console.viewer import Viewer
from linewarden.policy import Action, Kind
from linewarden.service.maintenance.calendar import State

router = APIRouter()
ENTRY = Entry(44, "/maintenance", "Maintenance", "maintenance", "t", Action.SITE_READ, Kind.SITE, whole=True)
WIDTH = 120.0
"""Of the drawing of a life, in its own units."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A life as a line from now to as far as the model sees: places in the drawing."""

    low: float
    high: float
    left: float
    is_open: bool


class PageQuery(MaintenanceQuery):
    """The list, and what was done just now."""

    done: str = ""


@router.get("/maintenance")
def maintenance(request: Request, who: Viewer, query: Annotated[PageQuery, Query()]) -> HTMLResponse:
    """The calendar as a list, and the models' cards."""
    config = who.place.config
    return page(
        request, "maintenance.html.j2", who, found=list_maintenance(who, query), query=query,
        states=list(State), models=list_models(who), drawn=drawn, folder=config.models_folder,
        currency=config.tariff.currency if config.tariff else "",
        file=who.place.file, may_answer=who.may(Action.MAINTENANCE_ANNOUNCE, who.thing(Kind.SITE)),
    )  # fmt: skip


@router.get("/maintenance/calendar.ics")
def calendar(who: Viewer) -> Response:
    """All of it for other calendars."""
    return get_maintenance_calendar(who)


@router.post("/maintenance/{id}/answer")
def answering(
    who: Viewer, id: str, state: Annotated[Literal["accepted", "declined"], Form()],
    reason: Annotated[str, Form(max_length=2_000)] = "",
) -> Response:  # fmt: skip
    """Somebody accepts or declines."""
    answer_maintenance(who, id, Answer(state=state, reason=reason))
    return RedirectResponse(f"/maintenance?done={state}", 303)


def drawn(life: LifeOut) -> Drawn:
    """Where its interval lies; what reaches beyond what the model sees is open at its end."""
    scale = WIDTH / life.cap if life.cap > 0 else 0.0

    def place(value: float) -> float:
        return round(min(max(value * scale, 0.0), WIDTH), 1)

    high = life.cap if life.high is None else life.high
    return Drawn(place(life.low), place(high), place(life.left), life.high is None)
