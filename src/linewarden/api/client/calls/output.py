"""Output: availability, performance and quality of a machine by tags, and where its time went.

Written by `make client` from the routes; do not edit.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from linewarden.api.client.transport import Transport
from linewarden.api.routes.output import OutputOut


class OutputCalls(Transport):
    """Output: availability, performance and quality of a machine by tags, and where its time went."""

    def get_output(
        self,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        last: float | None = None,
        zone: str | None = None,
        shift: Sequence[str] | None = None,
        state: str | None = None,
        run: str | None = None,
        stop: str | None = None,
        setup: str | None = None,
        planned: str | None = None,
        made: str | None = None,
        good: str | None = None,
        rejected: str | None = None,
        ideal: float | None = None,
        micro: float | None = None,
        stale: float | None = None,
        by: Literal["all", "shift", "day"] | None = None,
    ) -> OutputOut:
        """Key figures of a machine and its losses."""
        return self._ask(
            OutputOut,
            "GET",
            "/output",
            query={
                "from": start,
                "to": end,
                "last": last,
                "zone": zone,
                "shift": shift,
                "state": state,
                "run": run,
                "stop": stop,
                "setup": setup,
                "planned": planned,
                "made": made,
                "good": good,
                "rejected": rejected,
                "ideal": ideal,
                "micro": micro,
                "stale": stale,
                "by": by,
            },
        )
