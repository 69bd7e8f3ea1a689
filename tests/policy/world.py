"""A small world: two sites, people with one role each, and one thing of every kind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from linewarden.policy import Account, Action, Held, Kind, Moment, Person, Place, PlantAction, Request, Role, Thing

NOW = datetime(2026, 11, 26, 10, 0, tzinfo=UTC)
HERE, THERE = Place("here"), Place("there")
CELL = Place("here", "cell-1")
FRESH = Moment(NOW, authenticated=NOW - timedelta(minutes=1))

KIND_OF = {
    "site": Kind.SITE, "zone": Kind.ZONE, "asset": Kind.ASSET, "case": Kind.CASE, "notice": Kind.NOTICE,
    "tag": Kind.TAG, "report": Kind.REPORT, "lake": Kind.LAKE, "audit": Kind.AUDIT, "settings": Kind.SETTINGS,
    "maintenance": Kind.SITE, "role": Kind.SITE, "token": Kind.SITE,
}  # fmt: skip


def person(
    role: Role | None = None, place: Place = HERE, name: str = "", shifts: frozenset[str] | None = None
) -> Person:
    held = frozenset({Held(role, place)}) if role else frozenset()
    return Person(name or (str(role) if role else "nobody"), held, shifts)


def thing(action: Action, place: Place = HERE) -> Thing | Account | PlantAction:
    """What an action is done to."""
    subject, _, verb = action.partition(":")
    if subject == "account" and verb != "invite":
        return Account("somebody", frozenset({place.site}))
    if subject == "plant":
        return PlantAction("a1", place, False, "proposer", NOW - timedelta(hours=1), "approver", NOW)
    if (subject, verb) in (("report", "create"), ("account", "invite")):
        return Thing(Kind.SITE, str(place), place)
    return Thing(KIND_OF[subject], "one", place)


def ask(who: Person, action: Action, place: Place = HERE, moment: Moment = FRESH) -> Request:
    return Request(who, action, thing(action, place), moment)
