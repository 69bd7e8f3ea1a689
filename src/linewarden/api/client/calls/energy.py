"""Energy: which tags are meters, and what one says: loads, waste in money, and what comes next.

Written by `make client` from the routes; do not edit.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from linewarden.api.client.transport import Transport
from linewarden.api.measuring import TagChoices
from linewarden.api.routes.energy import EnergyOut


class EnergyCalls(Transport):
    """Energy: which tags are meters, and what one says: loads, waste in money, and what comes next."""

    def list_meters(self, *, q: str | None = None) -> TagChoices:
        """Tags with a unit of power or energy."""
        return self._ask(TagChoices, "GET", "/energy/meters", query={"q": q})

    def get_energy(
        self,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        last: float | None = None,
        zone: str | None = None,
        shift: Sequence[str] | None = None,
        tag: str | None = None,
        kind: Literal["power", "energy", "counter"] | None = None,
        forecast: bool | None = None,
    ) -> EnergyOut:
        """Base load, peaks, a usual week, costs and waste of a meter."""
        return self._ask(
            EnergyOut,
            "GET",
            "/energy",
            query={
                "from": start,
                "to": end,
                "last": last,
                "zone": zone,
                "shift": shift,
                "tag": tag,
                "kind": kind,
                "forecast": forecast,
            },
        )
