"""What of the lake a caller may look at: all of it, or the records of zones."""

from __future__ import annotations

from linewarden.api.caller import Caller
from linewarden.policy import Action, Kind
from linewarden.service.hunt import Sight


def sight_of(who: Caller) -> Sight:
    """Raises DeniedError if they may look at nothing of it."""
    if who.may(Action.LAKE_QUERY, who.thing(Kind.LAKE)):
        return Sight()
    zones, view = need_part(who), who.view
    return Sight(frozenset(a for a, asset in view.addresses.items() if view.zone(asset) in zones))


def need_part(who: Caller) -> frozenset[str]:
    """The zones of whose records they may see some; the empty one is the whole site. Raises DeniedError."""
    whole = who.thing(Kind.LAKE)
    if who.may(Action.LAKE_QUERY, whole):
        return frozenset({""})
    visible, view = who.zones(Action.LAKE_QUERY, Kind.LAKE), who.view
    zones = frozenset(z for z in map(view.zone, view.assets) if z and z in visible)
    if not zones:
        who.need(Action.LAKE_QUERY, whole)
    return zones
