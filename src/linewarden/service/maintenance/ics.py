"""The calendar for other programs: iCalendar (RFC 5545)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from linewarden.service.maintenance.calendar import Entry, State

STATUS = {State.PROPOSED: "TENTATIVE", State.ACCEPTED: "CONFIRMED", State.DECLINED: "CANCELLED"}
LONGEST = 75
"""Octets of a line (3.1)."""


def calendar(entries: Iterable[Entry]) -> str:
    """A VCALENDAR with one VEVENT an entry."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Linewarden//maintenance//EN", "CALSCALE:GREGORIAN"]
    for entry in entries:
        lines += [
            "BEGIN:VEVENT",
            f"UID:{entry.id}@linewarden",
            f"DTSTAMP:{_time(entry.changed)}",
            f"DTSTART:{_time(entry.begin)}",
            f"DTEND:{_time(entry.end)}",
            f"SUMMARY:{_text(f'Maintenance: {entry.unit}')}",
            f"DESCRIPTION:{_text(entry.why)}",
            f"STATUS:{STATUS[entry.state]}",
            "CATEGORIES:MAINTENANCE",
            "END:VEVENT",
        ]
    return "".join(_folded(line) for line in [*lines, "END:VCALENDAR"])


def _time(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _text(value: str) -> str:
    """3.3.11: what has a meaning of its own is escaped; other control characters may not stand there."""
    for sign in ("\\", ";", ","):
        value = value.replace(sign, f"\\{sign}")
    value = value.replace("\r\n", "\n").replace("\n", "\\n")
    return "".join(c for c in value if c >= " " and c != "\x7f")


def _folded(line: str) -> str:
    """3.1: continued after a line break and a space, never within a character."""
    out, size = [], 0
    for char in line:
        width = len(char.encode())
        if size + width > LONGEST:
            out.append("\r\n ")
            size = 1
        out.append(char)
        size += width
    return "".join(out) + "\r\n"
