"""The live map: where each asset stands, who talks to whom, and what was active when.

Written by `make client` from the routes; do not edit.
"""

from __future__ import annotations

from datetime import datetime

from linewarden.api.client.transport import Transport
from linewarden.api.routes.map import MapActivity, MapOut


class MapCalls(Transport):
    """The live map: where each asset stands, who talks to whom, and what was active when."""

    def get_map(self) -> MapOut:
        """The picture, with an `ETag` that stays while nothing that is drawn changes."""
        return self._ask(MapOut, "GET", "/map")

    def get_map_activity(
        self, *, from_: datetime | None = None, to: datetime | None = None, buckets: int | None = None
    ) -> MapActivity:
        """Traffic over time, and which conversations between assets that the caller may see were active when."""
        return self._ask(MapActivity, "GET", "/map/activity", query={"from": from_, "to": to, "buckets": buckets})
