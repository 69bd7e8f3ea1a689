"""The first page: what needs me now, how the plant is, the last day. What stands first depends on who looks."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from linewarden.api.caller import Caller
from linewarden.api.listing import ListQuery
from linewarden.api.problems import ProblemError
from linewarden.api.routes.activity import Activity, activity_of
from linewarden.api.routes.assets import AssetRow, visible_rows
from linewarden.api.routes.cases import CaseQuery, list_cases
from linewarden.api.routes.findings import FindingQuery, list_findings
from linewarden.api.routes.machines import MachineRow, list_machines
from linewarden.api.routes.maintenance import MaintenanceQuery, MaintenanceRow, list_maintenance
from linewarden.api.routes.now import now_of
from linewarden.console.entries import Entry
from linewarden.console.rendering import page
from linewarden.console.viewer import Viewer
from linewarden.policy import Action, Kind, Person, Role
from linewarden.service.audit.reading import Said, Wanted, entries
from linewarden.service.maintenance.calendar import State
from linewarden.service.state import Event

router = APIRouter()
ENTRY = Entry(10, "/", "Overview", "overview", "o")

ALL = ("cases", "day", "plant", "findings", "new", "events", "changes")
FIRST: dict[Role, tuple[str, ...]] = {
    Role.OPERATOR: ("cases", "day", "plant", "machines"),
    Role.ENGINEER: ("plant", "machines", "findings", "cases"),
    Role.ANALYST: ("cases", "day", "findings"),
    Role.PLANNER: ("work", "machines", "plant", "new", "findings"),
    Role.AUDITOR: ("changes", "events", "cases"),
}
"""What somebody of a role sees first; who has several, that of the first in this order."""
SEVERITIES = ("critical", "high", "medium", "low", "info")


@dataclass(frozen=True, slots=True)
class Bar:
    """A part of a bar of the picture of the day, in its units: 1 x 100."""

    x: float
    y: float
    height: float
    severity: str


@router.get("/")
def overview(request: Request, who: Viewer) -> HTMLResponse:
    """The page."""
    assets, order = visible_rows(who), order_for(who)
    day = activity_of(who, 24)
    return page(
        request, "overview.html.j2", who, now=now_of(who), order=order,
        cases=list_cases(who, CaseQuery(limit=5, show="open")).items, day=day, bars=bars(day),
        most=max((sum(h.notices.values()) for h in day.hours), default=0), levels=levels(assets),
        findings=list_findings(who, FindingQuery(limit=6)), newest=newest(who, assets), events=events(who),
        changes=changes(who), odd=odd_machines(who) if "machines" in order else [],
        work=work(who) if "work" in order else [],
    )  # fmt: skip


def order_for(who: Caller) -> list[str]:
    """The parts of the page in their order."""
    roles = {h.role for h in who.who.held} if isinstance(who.who, Person) else set()
    first = next((parts for role, parts in FIRST.items() if role in roles), ())
    return list(dict.fromkeys((*first, *ALL)))


def levels(assets: list[AssetRow]) -> list[tuple[float | None, int, Counter[str], int]]:
    """By Purdue level, the highest first: how many assets, of which roles, and how many that a case touches."""
    found: dict[float | None, list[AssetRow]] = {}
    for asset in assets:
        found.setdefault(asset.level, []).append(asset)
    order = sorted(found, key=lambda level: (level is None, -(level or 0)))
    return [(n, len(found[n]), Counter(a.role for a in found[n]), sum(a.cases > 0 for a in found[n])) for n in order]


def newest(who: Caller, assets: list[AssetRow]) -> list[AssetRow]:
    """What came last, if it came later than the first hour: before, everything is new."""
    begin = who.view.plant.first_seen / 1e9
    came = [a for a in assets if a.seen and a.first_seen and a.first_seen.timestamp() > begin + 3600]
    return sorted(came, key=lambda a: a.first_seen.timestamp() if a.first_seen else 0, reverse=True)[:6]


def bars(day: Activity) -> list[Bar]:
    """The picture of the day: an hour is 1 wide, the fullest is 100 high."""
    most = max((sum(h.notices.values()) for h in day.hours), default=0)
    found: list[Bar] = []
    for x, hour in enumerate(day.hours):
        top = 100.0
        for severity in reversed(SEVERITIES):
            height = 100 * hour.notices.get(severity, 0) / most if most else 0
            if height:
                top -= height
                found.append(Bar(x, round(top, 2), round(height, 2), severity))
    return found


def events(who: Caller) -> list[Event]:
    """What the service says of itself, the newest first; for those who may read the settings."""
    return who.place.state.events(limit=6) if who.may(Action.SETTINGS_READ, who.thing(Kind.SETTINGS)) else []


def odd_machines(who: Caller) -> list[MachineRow]:
    """Machines that ran oddly, the last first; none where nothing judges them."""
    try:
        rows = list_machines(who, ListQuery(sort="-last_odd", limit=6)).items
    except ProblemError:
        return []
    return [r for r in rows if r.last_odd]


def work(who: Caller) -> list[MaintenanceRow]:
    """Maintenance that is to be decided or to come, by time."""
    if not who.may(Action.SITE_READ, who.thing(Kind.SITE)):
        return []
    return list_maintenance(who, MaintenanceQuery(state=[State.PROPOSED, State.ACCEPTED], limit=6)).items


def changes(who: Caller) -> list[Said]:
    """The newest entries of the audit log, for those who may read it."""
    return entries(who.place.state, Wanted(6)) if who.may(Action.AUDIT_READ, who.thing(Kind.AUDIT)) else []
