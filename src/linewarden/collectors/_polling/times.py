"""Times as machines and exports write them, to ns UTC. Pure."""

from __future__ import annotations

import math
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

PER_SECOND = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}
"""ns of a unit."""


def zone_of(name: str) -> tzinfo:
    """A time zone by its IANA name. Raises ValueError with the way out."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{name} is no time zone; use UTC or a name such as Europe/Berlin") from None


def ns_of(value: object, form: str, zone: tzinfo) -> int:
    """A time in ns UTC. form: "iso", a key of PER_SECOND (since 1970), or a format of strptime.

    zone: of times that say none. Raises ValueError where it is no such time. What the clock shows twice in autumn is
    taken as the first.
    """
    if isinstance(value, bool) or value is None:
        raise ValueError(f"{value} is no time")
    if isinstance(value, datetime):
        return _of_datetime(value, zone)
    if form in PER_SECOND:
        return _of_number(value, form)
    text = str(value).strip()
    return _of_datetime(datetime.fromisoformat(text) if form == "iso" else datetime.strptime(text, form), zone)  # noqa: DTZ007


def _of_number(value: object, form: str) -> int:
    if isinstance(value, int):
        return value * PER_SECOND[form]
    number = float(str(value))
    if not math.isfinite(number):
        raise ValueError(f"{value} is no time")
    return round(number * PER_SECOND[form])


def _of_datetime(value: datetime, zone: tzinfo) -> int:
    aware = value if value.tzinfo is not None else value.replace(tzinfo=zone)
    past = aware.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return ((past.days * 86_400 + past.seconds) * 10**6 + past.microseconds) * 1000
