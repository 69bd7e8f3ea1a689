"""What the pages of energy and output draw: geometry only, which templates draw and the stylesheet colours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from linewarden.api.caller import Caller
from linewarden.api.measuring import TagChoice, name_of, tags_of

RANGES = (86_400, 604_800, 2_592_000, 7_776_000, 31_536_000)
"""Seconds that can be chosen."""
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
LEFT, WIDE, HIGH = 100.0, 1180.0, 26.0
LEVELS = 8
LOSSES = ("good", "slow", "rejects", "micro-stops", "setup", "stops", "unknown")
"""In the order of the bar."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A square of the week: px, how strong from 0 to LEVELS, mean kW."""

    x: float
    y: float
    width: float
    level: int
    day: int
    hour: int
    kw: float


@dataclass(frozen=True, slots=True)
class Week:
    """least, most: mean kW of an hour. columns: px and hour."""

    cells: tuple[Cell, ...]
    least: float
    most: float
    columns: tuple[tuple[float, int], ...]


@dataclass(frozen=True, slots=True)
class Loss:
    """A part of the planned time: h and share of it; px in a bar of WIDE."""

    name: str
    hours: float
    share: float
    x: float
    width: float


def week_of(hours: Sequence[Sequence[float | None]]) -> Week:
    """Seven rows from Monday on, a column an hour, as squares."""
    known = [v for row in hours for v in row if v is not None]
    least, most = (min(known), max(known)) if known else (0.0, 0.0)
    count = max(map(len, hours), default=0) or 1
    wide = (WIDE - LEFT) / count
    cells = tuple(
        Cell(LEFT + h * wide, d * HIGH, wide - 2, round(LEVELS * (v - least) / max(most - least, 1e-9)), d,
             h * 24 // count, v)
        for d, row in enumerate(hours)
        for h, v in enumerate(row)
        if v is not None
    )  # fmt: skip
    columns = tuple((LEFT + (h + 0.5) * wide, h * 24 // count) for h in range(0, count, 3))
    return Week(cells, least, most, columns)


def losses_of(hours: Mapping[str, float]) -> list[Loss]:
    """Parts of a bar, side by side; what is below zero (faster than planned) has no width."""
    whole = sum(max(h, 0.0) for h in hours.values()) or 1.0
    planned = sum(hours.values()) or 1.0
    out, x = [], 0.0
    for name in LOSSES:
        h = hours.get(name, 0.0)
        width = WIDE * max(h, 0.0) / whole
        out.append(Loss(name, h, h / planned, x, width))
        x += width
    return out


def chosen_name(who: Caller, tag: str, listed: Sequence[TagChoice]) -> str:
    """Of a tag that was chosen and is not in the list that the words leave; else empty."""
    if not tag or any(c.id == tag for c in listed):
        return ""
    return name_of(who, tags_of(who, [tag])[0])
