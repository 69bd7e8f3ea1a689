"""The plain values as Cedar's entities and context (its JSON format)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from linewarden.policy.model import Account, Kind, Machine, Moment, Person, Place, PlantAction, Request, Role, Thing

Json = dict[str, Any]


def request_of(request: Request) -> Json:
    """Principal, action, resource and context."""
    return {
        "principal": _uid(type(request.who).__name__, request.who.id),
        "action": _uid("Action", str(request.action)),
        "resource": _uid_of(request.what),
        "context": _context(request.moment),
    }


def entities_of(request: Request) -> list[Json]:
    """All that the policies may look at: who asks, and the thing within its zone and site."""
    what = request.what
    found = [_person(request.who) if isinstance(request.who, Person) else _machine(request.who)]
    if isinstance(what, Account):
        return [*found, _entity(_uid_of(what), {"sites": _refs(Kind.SITE, what.sites)})]
    places = _chain(what.covered if isinstance(what, Thing) else what.place)
    if isinstance(what, PlantAction):
        found.append(_entity(_uid_of(what), _proposal(what), places[:1]))
    elif what.kind not in (Kind.SITE, Kind.ZONE):
        found.append(_entity(_uid_of(what), {}, places[:1]))
    return [*found, *(_entity(uid, {}, places[at : at + 1]) for at, uid in enumerate(places, 1))]


def _person(person: Person) -> Json:
    attrs: Json = {str(r): _held(h.place for h in person.held if h.role is r) for r in Role}
    if person.shifts is not None:
        attrs["shifts"] = sorted(person.shifts)
    return _entity(_uid("Person", person.id), attrs)


def _machine(machine: Machine) -> Json:
    attrs = {"scopes": sorted(map(str, machine.scopes)), "on": _held(machine.places)}
    return _entity(_uid("Machine", machine.id), attrs)


def _proposal(action: PlantAction) -> Json:
    attrs: Json = {"disruptive": action.disruptive}
    attrs |= {n: {"__entity": _uid("Person", v)} for n in ("proposer", "approver") if (v := getattr(action, n))}
    return attrs | {n: _time(v) for n in ("proposed", "approved") if (v := getattr(action, n)) is not None}


def _context(moment: Moment) -> Json:
    found: Json = {"now": _time(moment.now), "maintenance": _held(moment.maintenance)}
    if moment.authenticated is not None:
        found["authenticated"] = _time(moment.authenticated)
    if moment.shift is not None:
        found["shift"] = moment.shift
    return found


def _held(places: Iterable[Place]) -> Json:
    all_of_them = list(places)
    return {
        "sites": _refs(Kind.SITE, {str(p) for p in all_of_them if not p.zone}),
        "zones": _refs(Kind.ZONE, {str(p) for p in all_of_them if p.zone}),
    }


def _refs(kind: str, ids: Iterable[str]) -> list[Json]:
    return [{"__entity": _uid(kind, i)} for i in sorted(ids)]


def _chain(place: Place) -> list[Json]:
    """The place, and the site that it is in."""
    site = _uid(Kind.SITE, place.site)
    return [_uid(Kind.ZONE, str(place)), site] if place.zone else [site]


def _uid_of(what: Thing | Account | PlantAction) -> Json:
    if isinstance(what, Account):
        return _uid("Account", what.id)
    if isinstance(what, PlantAction):
        return _uid("PlantAction", f"{what.place.site}/{what.id}")
    if what.kind in (Kind.SITE, Kind.ZONE):
        return _chain(what.place)[0]
    return _uid(what.kind, f"{what.place.site}/{what.id}")


def _uid(kind: str, name: str) -> Json:
    return {"type": str(kind), "id": name}


def _entity(uid: Json, attrs: Json, parents: list[Json] | None = None) -> Json:
    return {"uid": uid, "attrs": attrs, "parents": parents or []}


def _time(time: datetime) -> Json:
    """Cedar's `datetime` has milliseconds. Raises ValueError without a zone."""
    if time.tzinfo is None:
        raise ValueError("a time without a zone")
    utc = time.astimezone(UTC)
    return {"__extn": {"fn": "datetime", "arg": f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}Z"}}
