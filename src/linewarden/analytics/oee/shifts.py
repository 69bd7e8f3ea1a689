"""When work is planned: shifts on the plant's clock, across midnight and through the change to summer time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from linewarden.analytics.oee.spans import SECOND

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FORM = re.compile(r"(?:(?P<name>[^=]+)=)?(?:(?P<days>[a-z,-]+) )?(?P<begin>\d\d:\d\d)-(?P<end>\d\d:\d\d)")


@dataclass(frozen=True, slots=True)
class Shift:
    """begin, end: on the clock; an end that is not later is on the next day. days: on which it begins, 0 Monday."""

    name: str
    begin: time
    end: time
    days: frozenset[int] = frozenset(range(7))


@dataclass(frozen=True, slots=True)
class Window:
    """One shift of one day: ns UTC, its end not in it."""

    name: str
    begin: int
    end: int


def shift_of(text: str) -> Shift:
    """`early=mon-fri 06:00-14:00`; name and days may be left out. Raises ValueError that names what is wrong."""
    found = _FORM.fullmatch(text.strip().lower())
    if not found:
        raise ValueError(f"{text!r}: write a shift as early=mon-fri 06:00-14:00")
    try:
        begin, end = time.fromisoformat(found["begin"]), time.fromisoformat(found["end"].replace("24:00", "00:00"))
    except ValueError as error:
        raise ValueError(f"{text!r}: {error}") from None
    return Shift(found["name"] or f"{found['begin']}-{found['end']}", begin, end, _days(found["days"], text))


def _days(text: str | None, whole: str) -> frozenset[int]:
    if not text:
        return frozenset(range(7))
    days: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        if first not in DAYS or (last or first) not in DAYS:
            raise ValueError(f"{whole!r}: days are {', '.join(DAYS)}, as mon-fri or sat,sun")
        a, b = DAYS.index(first), DAYS.index(last or first)
        days |= set(range(a, b + 1)) if a <= b else set(range(a, 7)) | set(range(b + 1))
    return frozenset(days)


def zone_of(name: str) -> tzinfo:
    """A time zone by its IANA name. Raises ValueError."""
    try:
        return UTC if name.upper() == "UTC" else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{name!r} is no time zone; write it as Europe/Berlin") from None


def windows(shifts: Sequence[Shift], zone: tzinfo, begin: int, end: int) -> list[Window]:
    """All shifts between two instants (ns UTC), cut to them; without shifts one window that is all of it."""
    if not shifts:
        return [Window("all", begin, end)] if end > begin else []
    first = datetime.fromtimestamp(begin / SECOND, zone).date() - timedelta(days=1)
    last = datetime.fromtimestamp(end / SECOND, zone).date()
    found = []
    for count in range((last - first).days + 1):
        day = first + timedelta(days=count)
        for shift in shifts:
            if day.weekday() not in shift.days:
                continue
            starts = _instant(day, shift.begin, zone)
            ends = _instant(day + timedelta(days=shift.end <= shift.begin), shift.end, zone)
            if min(ends, end) > max(starts, begin):
                found.append(Window(shift.name, max(starts, begin), min(ends, end)))
    return sorted(found, key=lambda w: (w.begin, w.end))


def joined(found: Iterable[Window]) -> list[tuple[int, int]]:
    """The times of windows, each instant once: shifts that overlap at a handover are not planned twice."""
    out: list[tuple[int, int]] = []
    for window in sorted(found, key=lambda w: w.begin):
        if out and window.begin <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], window.end))
        else:
            out.append((window.begin, window.end))
    return out


def _instant(day: date, at: time, zone: tzinfo) -> int:
    """In ns UTC. An hour that is twice is the first of the two; one that is left out, the instant at which it is."""
    return round(datetime.combine(day, at, zone).timestamp()) * SECOND
