"""Findings: is the tap right, and what could anybody on the wire read or change?"""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from linewarden.api.caller import Caller, Who
from linewarden.api.listing import FILES, Listing, ListQuery, Page
from linewarden.api.tables import shared_of_plant
from linewarden.plant.model import Finding, Severity
from linewarden.policy import Action, Kind

router = APIRouter(tags=["findings"])

About = Literal["tap", "exposure"]


class FindingRow(BaseModel):
    """A finding in words for a person."""

    about: About = Field(description="tap: what the sensor cannot see; exposure: what is weak in the plant")
    kind: str = Field(examples=["one_way"])
    severity: Severity
    title: str
    detail: str
    next_step: str
    assets: list[str] = Field(description="ids")


class FindingQuery(ListQuery):
    """What to list of the findings."""

    about: list[About] = []
    severity: list[Severity] = []
    asset: list[str] = []


LIST: Listing[FindingRow] = Listing(
    "findings",
    {"severity": lambda f: f.severity.order, "kind": lambda f: f.kind, "title": lambda f: f.title},
    "severity",
    lambda f: f"{f.kind} {f.title}",
    lambda f: (f.kind, f.title, f.detail, f.next_step, *f.assets),
)


@router.get("/findings", operation_id="list_findings", responses=FILES)
def list_findings(who: Who, query: Annotated[FindingQuery, Query()]) -> Page[FindingRow]:
    """The findings about assets that the caller may see; those about the whole tap need a right at the site."""
    rows = shared_of_plant(who, "findings", ((Action.ASSET_READ, Kind.ASSET),), lambda: visible_rows(who))
    answer: Page[FindingRow] = LIST.answer((r for r in rows if _fits(r, query)), query)
    return answer


def visible_rows(who: Caller) -> list[FindingRow]:
    """All that the caller may see."""
    plant = who.view.plant
    told: list[tuple[About, Finding]] = [("tap", f) for f in plant.tap]
    told += [("exposure", f) for f in plant.exposures]
    return [_row(about, f) for about, f in told if _is_visible(who, f)]


def _is_visible(who: Caller, finding: Finding) -> bool:
    return who.zones(Action.ASSET_READ, Kind.ASSET).all_of(map(who.view.zone, finding.assets))


def _row(about: About, f: Finding) -> FindingRow:
    return FindingRow(
        about=about, kind=f.kind, severity=f.severity, title=f.title, detail=f.detail, next_step=f.next_step,
        assets=list(f.assets),
    )  # fmt: skip


def _fits(row: FindingRow, query: FindingQuery) -> bool:
    return (
        (not query.about or row.about in query.about)
        and (not query.severity or row.severity in query.severity)
        and (not query.asset or not set(query.asset).isdisjoint(row.assets))
    )
