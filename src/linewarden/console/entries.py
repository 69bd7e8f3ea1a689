"""The list of pages at the side, from the pages themselves."""

from __future__ import annotations

import pkgutil
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from types import ModuleType

from linewarden.api.caller import Caller
from linewarden.policy import Action, Kind


@dataclass(frozen=True, slots=True)
class Entry:
    """A page in the list. `key`: with g before it, the key that leads there; `now`: the live figure beside it.

    It is shown to who may do `action` to something of this kind, at the site or in a zone that they have a role in.
    """

    order: int
    path: str
    title: str
    icon: str
    key: str
    action: Action = Action.SITE_READ
    kind: Kind = Kind.SITE
    now: str = ""
    whole: bool = False
    """Only for who may do it at the site."""


@cache
def modules() -> tuple[ModuleType, ...]:
    """Every file of `pages/`."""
    from linewarden.console import pages

    names = sorted(m.name for m in pkgutil.iter_modules(pages.__path__))
    return tuple(import_module(f"{pages.__name__}.{name}") for name in names)


def entries_for(who: Caller) -> list[Entry]:
    """The pages that somebody may open, in their order."""
    found = [m.ENTRY for m in modules() if hasattr(m, "ENTRY")]
    may = (
        e for e in found if (who.may(e.action, who.thing(e.kind)) if e.whole else may_anywhere(who, e.action, e.kind))
    )
    return sorted(may, key=lambda e: e.order)


def may_anywhere(who: Caller, action: Action, kind: Kind) -> bool:
    """May they do it at the site, or at least in a zone that they have a role in?"""
    held = getattr(who.who, "held", ())
    zones = {"", *(h.place.zone for h in held if h.place.site == who.site)}
    return any(who.may(action, who.thing(kind, who.site, [zone])) for zone in sorted(zones))
