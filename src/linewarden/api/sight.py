"""What of the lake a caller may look at: all of it, or the records of zones."""

from __future__ import annotations

from linewarden.api.caller import Caller
from linewarden.policy import Action, Kind
from linewarden.service.hunt import Sight


def sight_of(who: Caller) -> Sight:
    """Raises ProblemError if they may look at nothing of it."""
    whole = who.thing(Kind.LAKE)
    if who.may(Action.LAKE_QUERY, whole):
        return Sight()
    visible, view = who.zones(Action.LAKE_QUERY, Kind.LAKE), who.view
    zones = {z for z in map(view.zone, view.assets) if z and z in visible}
    if not zones:
        who.need(Action.LAKE_QUERY, whole)
    return Sight(frozenset(a for a, asset in view.addresses.items() if view.zone(asset) in zones))
