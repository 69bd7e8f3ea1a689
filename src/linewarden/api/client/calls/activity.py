"""Activity: how many notices of which severity, hour by hour.

Written by `make client` from the routes; do not edit.
"""

from __future__ import annotations

from linewarden.api.client.transport import Transport
from linewarden.api.routes.activity import Activity


class ActivityCalls(Transport):
    """Activity: how many notices of which severity, hour by hour."""

    def get_activity(self, *, hours: int | None = None) -> Activity:
        """The notices that the caller may see, by the hour in which they were first told."""
        return self._ask(Activity, "GET", "/activity", query={"hours": hours})
