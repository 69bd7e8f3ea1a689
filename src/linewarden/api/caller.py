"""Who calls, and what they may: the one place where routes and pages ask.

def assets(who: Who) -> ...:
    who.need(Action.ASSET_READ, who.site_thing())     # ends the request with why not
    visible = who.zones(Action.ASSET_READ, Kind.ASSET)   # `asset.zone in visible`, asked once a zone
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyCookie, HTTPBearer

from linewarden.api.problems import ProblemError
from linewarden.people.model import Account
from linewarden.policy import Action, Decision, Kind, Machine, Person, Place, Thing
from linewarden.service.access import Principal, What
from linewarden.service.view import View
from linewarden.service.workplace import Workplace

T = TypeVar("T")
COOKIE = "__Host-linewarden"
"""Of a session: the browser sends it over TLS only, to this host only (RFC 6265bis, 4.1.3.2)."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A person with a session, or a machine with a token. `view` is one moment for the whole request."""

    place: Workplace
    principal: Principal
    view: View
    _asked: dict[Any, bool] = field(default_factory=dict)
    _found: dict[str, Any] = field(default_factory=dict)

    @property
    def who(self) -> Person | Machine:
        """As the policies know them."""
        return self.principal.who

    @property
    def account(self) -> Account | None:
        """Of a person."""
        return self.principal.account

    @property
    def name(self) -> str:
        """What to call them."""
        return self.principal.name

    @property
    def site(self) -> str:
        """The site of this place."""
        return self.place.site

    def thing(self, kind: Kind, id: str = "", zones: Iterable[str] = ()) -> Thing:
        """Something here. What is in no zone, or in several, is at the site."""
        distinct = set(zones)
        zone = distinct.pop() if len(distinct) == 1 else ""
        return Thing(kind, id or self.site, Place(self.site, zone))

    def may(self, action: Action, what: What) -> bool:
        """May they? To filter and to draw: not recorded."""
        key = (action, what)
        if key not in self._asked:
            self._asked[key] = self.place.access.may(self.principal, action, what)
        return self._asked[key]

    def once(self, name: str, find: Callable[[], T]) -> T:
        """What is looked up once a request, and then the same for all that it shows."""
        if name not in self._found:
            self._found[name] = find()
        found: T = self._found[name]
        return found

    def need(self, action: Action, what: What) -> None:
        """Ends the request, with why not and what would help, if they may not; that is recorded."""
        if not self.may(action, what):
            self.place.access.need(self.principal, action, what)

    def doing(self, action: Action, what: What) -> AbstractContextManager[Decision]:
        """The same around a change: what is recorded within names who asked, and why they might."""
        return self.place.access.doing(self.principal, action, what)

    def at(self, view: View) -> Caller:
        """The same at another moment; what they may is asked anew."""
        return Caller(self.place, self.principal, view)

    def zones(self, action: Action, kind: Kind) -> Zones:
        """The zones in which they may, as a container that asks once a zone."""
        return Zones(self, action, kind)


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
        return spanned(zones) in self


def spanned(zones: Iterable[str | None]) -> str:
    """Where something is that spans these zones: in the one, or at the site (empty)."""
    distinct = {z or "" for z in zones}
    return distinct.pop() if len(distinct) == 1 else ""


def find_caller(request: Request) -> Caller | None:
    """Who calls, if they show a session or token that holds."""
    place: Workplace = request.app.state.place
    scheme, _, shown = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        found = place.access.token(shown.strip(), source_of(request))
    else:
        found = place.access.session(request.cookies.get(COOKIE, ""), source_of(request))
    if found is not None and found.new_secret is not None:
        request.state.new_secret = found.new_secret
    return Caller(place, found, place.follower.view) if found else None


def source_of(request: Request) -> str:
    """The address that a request comes from."""
    return request.client.host if request.client else ""


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
