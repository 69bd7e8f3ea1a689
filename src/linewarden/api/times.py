"""Times as the API gives them: RFC 3339 in UTC, with microseconds; ns stand beside where a packet is meant."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import PlainSerializer

Time = Annotated[
    datetime, PlainSerializer(lambda t: t.astimezone(UTC).isoformat().replace("+00:00", "Z"), str, when_used="json")
]


def time_of(ns: int) -> datetime | None:
    """A time in ns since the epoch; 0 is none."""
    return datetime.fromtimestamp(ns / 1e9, UTC) if ns else None


def aware(time: datetime) -> datetime:
    """A time with its zone; without one it is UTC."""
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def ns_of(time: datetime) -> int:
    """The ns since the epoch. A time without a zone is UTC."""
    whole = int(aware(time).timestamp())
    return whole * 1_000_000_000 + time.microsecond * 1_000
