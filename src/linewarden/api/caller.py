"""Who calls, and what they may: the one place where routes and pages ask.

def assets(who: Who) -> ...:
    who.need(Action.ASSET_READ, who.site_thing())     # ends the request with why not
    visible = who.zones(Action.ASSET_READ, Kind.ASSET)   # `asset.zone in visible`, asked once a zone
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyCookie, HTTPBearer

from linewarden.api.problems import ProblemError
from linewarden.people.model import Account, Session
from linewarden.policy import (
    Account as AccountThing,
)
from linewarden.policy import Action, Kind, Machine, Moment, Person, Place, PlantAction, Thing, decide, explain
from linewarden.policy import Request as Question
from linewarden.service.principals import machine_of, person_of
from linewarden.service.view import View
from linewarden.service.workplace import Workplace

COOKIE = "__Host-linewarden"
"""Of a session: the browser sends it over TLS only, to this host only (RFC 6265bis, 4.1.3.2)."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A person with a session, or a machine with a token. `view` is one moment for the whole request."""

    place: Workplace
    who: Person | Machine
    view: View
    account: Account | None = None
    session: Session | None = None
    _asked: dict[Any, bool] = field(default_factory=dict)

    @property
    def site(self) -> str:
        """The site of this place."""
        return self.place.site

    @property
    def name(self) -> str:
        """What to call them."""
        return self.account.name or self.account.login if self.account else self.who.id

    def thing(self, kind: Kind, id: str = "", zones: Iterable[str] = ()) -> Thing:
        """Something here. What is in no zone, or in several, is at the site."""
        distinct = set(zones)
        zone = distinct.pop() if len(distinct) == 1 else ""
        return Thing(kind, id or self.site, Place(self.site, zone))

    def may(self, action: Action, what: Thing | AccountThing | PlantAction) -> bool:
        """May they?"""
        key = (action, what)
        if key not in self._asked:
            self._asked[key] = bool(decide(self._question(action, what)))
        return self._asked[key]

    def need(self, action: Action, what: Thing | AccountThing | PlantAction) -> None:
        """Ends the request, with why not and what would help, if they may not."""
        if not self.may(action, what):
            found = explain(self._question(action, what))
            raise ProblemError(
                403, "Not allowed", found.sentence, lacking=list(found.lacking), instead=list(found.instead)
            )

    def zones(self, action: Action, kind: Kind) -> Zones:
        """The zones in which they may, as a container that asks once a zone."""
        return Zones(self, action, kind)

    def _question(self, action: Action, what: Thing | AccountThing | PlantAction) -> Question:
        proved = self.session.authenticated if self.session else None
        return Question(self.who, action, what, Moment(datetime.now(UTC), proved))


@dataclass(frozen=True, slots=True)
class Zones:
    """`zone in zones`: may the caller do it there? Of what is in no zone (None or empty): at the site."""

    caller: Caller
    action: Action
    kind: Kind
    _known: dict[str | None, bool] = field(default_factory=dict)

    def __contains__(self, zone: str | None) -> bool:
        found = self._known.get(zone)
        if found is None:
            found = self.caller.may(self.action, self.caller.thing(self.kind, "any", [zone or ""]))
            self._known[zone] = found
        return found

    def all_of(self, zones: Iterable[str | None]) -> bool:
        """Of something that spans these zones."""
        distinct = {z or "" for z in zones}
        return (distinct.pop() if len(distinct) == 1 else "") in self


def find_caller(request: Request) -> Caller | None:
    """Who calls, if they show a session or token that holds."""
    place: Workplace = request.app.state.place
    scheme, _, shown = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        token = place.people.tokens.check(shown.strip())
        return Caller(place, machine_of(token), place.follower.view) if token else None
    seen = place.people.sessions.look(request.cookies.get(COOKIE, ""))
    if seen is None:
        return None
    if seen.secret is not None:
        request.state.new_secret = seen.secret
    who = person_of(seen.account, place.people.store.grants(seen.account.id))
    return Caller(place, who, place.follower.view, seen.account, seen.session)


def caller(
    request: Request,
    _token: Annotated[Any, Security(HTTPBearer(auto_error=False, description="an API token: `lw_...`"))] = None,
    _cookie: Annotated[Any, Security(APIKeyCookie(name=COOKIE, auto_error=False))] = None,
) -> Caller:
    """Who calls. Raises ProblemError (401) if nobody does that is known here."""
    found = find_caller(request)
    if found is None:
        raise ProblemError(401, "Nobody is signed in", "Sign in, or show an API token: `Authorization: Bearer lw_...`.")
    return found


Who = Annotated[Caller, Depends(caller)]
