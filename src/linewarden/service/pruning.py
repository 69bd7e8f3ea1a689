"""Forgets what has ended among people: sessions, codes, challenges, attempts. The schedule of the service runs it, and
that of the console.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from linewarden.errors import StoreError
from linewarden.people.sessions import Limits
from linewarden.people.throttle import FAMILIAR, FORGET
from linewarden.service.schedule import Job
from linewarden.service.state import State
from linewarden.service.state.people import PeopleState

EVERY_S = 600.0


class _NoKey:
    """Who only forgets needs no key."""

    def seal(self, secret: str) -> str:
        """Never."""
        raise StoreError("no key at hand")

    open = seal


def prune(state: State, now: datetime | None = None) -> None:
    """Forgets it, as of now. Raises StoreError."""
    at, limits = now or datetime.now(UTC), Limits()
    store = PeopleState(state.engine, state.where, _NoKey())
    store.prune(at, at - limits.absolute, at - limits.idle, at - FORGET, at - FAMILIAR)


def prune_job(state: Callable[[], State | None]) -> Job:
    """The job. `state` gives None while the database is away."""

    def run(_should_end: Callable[[], bool]) -> str:
        if (found := state()) is not None:
            prune(found)
        return ""

    return Job("people", EVERY_S, run)
