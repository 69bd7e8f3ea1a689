"""Courses of values as small pictures: geometry only, which a template draws and a stylesheet colours.

A picture says in words what it shows (`told`), for who does not see it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from math import floor, isfinite, log10, nan

from linewarden.reports.values_view import number

WIDE, LEFT, RIGHT, TOP, BOTTOM = 620.0, 62.0, 8.0, 10.0, 20.0
FULL = 1180.0
"""Px of a picture as wide as the page."""
APART = 16.0
"""Px between labels above a picture: nearer ones would lie upon each other."""
MOST_POINTS = 360
"""Pieces of a course that are drawn; of each its least and most."""


@dataclass(frozen=True, slots=True)
class Tick:
    """at: px; text; anchor: of SVG."""

    at: float
    text: str
    anchor: str = "middle"


@dataclass(frozen=True, slots=True)
class Shade:
    """A span of time: px, and a class that says what it is."""

    x: float
    width: float
    kind: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Plot:
    """path: of an SVG of `width` by `height`; the limit is a line at that height, if there is one."""

    title: str
    path: str
    width: float
    height: float
    left: float
    right: float
    bottom: float
    ups: tuple[Tick, ...]
    times: tuple[Tick, ...]
    shades: tuple[Shade, ...]
    told: str
    limit: float | None = None


@dataclass(frozen=True, slots=True)
class Axis:
    """What time or number is where. counted: rows, no times; zone: of times as they are written."""

    first: float
    last: float
    counted: bool = False
    left: float = LEFT
    right: float = WIDE - RIGHT
    zone: tzinfo = UTC

    def x(self, at: float) -> float:
        """Px of a time, within the picture."""
        span = max(self.last - self.first, 1e-9)
        return self.left + min(max((at - self.first) / span, 0.0), 1.0) * (self.right - self.left)

    def ticks(self, count: int = 5) -> tuple[Tick, ...]:
        """Evenly spread, the outer ones within the picture."""
        out = []
        for k in range(count):
            at = self.first + (self.last - self.first) * k / (count - 1)
            anchor = "start" if k == 0 else "end" if k == count - 1 else "middle"
            out.append(Tick(self.x(at), stamp(at, self.last - self.first, self.counted, self.zone), anchor))
        return tuple(out)


def plot(
    title: str, at: Sequence[float], values: Sequence[float], axis: Axis, *, height: float = 110.0,
    shades: Sequence[tuple[float, float, str, str]] = (), unit: str = "", limit: float | None = None,
    floor_at: float | None = None, log: bool = False, means: bool = False,
) -> Plot:  # fmt: skip
    """shades: (begin, end, kind, label) in the time of `at`. means: of each piece its mean, not its extremes."""
    if means:
        at, values = _averaged(at, values)
    shown = [log10(max(v, 0.01)) if log and isfinite(v) else v for v in values]
    known = [v for v in shown if isfinite(v)]
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    if limit is not None:
        edge = log10(limit) if log else limit
        low, high = min(low, edge), max(high, edge)
    low = min(low, floor_at) if floor_at is not None else low
    middle = TOP + (height - TOP - BOTTOM) / 2

    def y(value: float) -> float:
        return middle if high <= low else height - BOTTOM - (value - low) / (high - low) * (height - TOP - BOTTOM)

    def back(value: float) -> float:
        return 10.0**value if log else value

    ups = (
        (Tick(y(high), number(back(high))), Tick(y(low), number(back(low))))
        if high > low
        else (Tick(middle + 4, number(back(low))),)
    )
    marks = _marks(shades, axis)
    told = f"{title}: from {number(back(low))} to {number(back(high))}{' ' + unit if unit else ''}" if known else title
    edge_y = None if limit is None else y(log10(limit) if log else limit)
    return Plot(
        title, _path(at, shown, axis, y), axis.right + RIGHT, height, axis.left, axis.right, height - BOTTOM, ups,
        axis.ticks(), marks, told, edge_y,
    )  # fmt: skip


def _marks(shades: Sequence[tuple[float, float, str, str]], axis: Axis) -> tuple[Shade, ...]:
    """Spans in px; a label that would lie upon one before it is left out."""
    out: list[Shade] = []
    taken: list[float] = []
    for begin, end, kind, label in shades:
        x = axis.x(begin)
        wide = max(axis.x(end) - x, 1.5)
        middle = x + wide / 2
        if any(abs(middle - other) < APART for other in taken):
            label = ""
        elif label:
            taken.append(middle)
        out.append(Shade(x, wide, kind, label))
    return tuple(out)


def _averaged(at: Sequence[float], values: Sequence[float]) -> tuple[list[float], list[float]]:
    """When each of at most MOST_POINTS pieces begins, and its mean."""
    n = len(at)
    count = min(n, MOST_POINTS)
    out = []
    for k in range(count):
        piece = [v for v in values[k * n // count : (k + 1) * n // count] if isfinite(v)]
        out.append(sum(piece) / len(piece) if piece else nan)
    return [at[k * n // count] for k in range(count)], out


def _path(at: Sequence[float], values: Sequence[float], axis: Axis, y: Callable[[float], float]) -> str:
    """A line through the least and the most of each piece, broken where there is nothing for long."""
    parts: list[str] = []
    pen_up, last = True, -1e9
    wide = (axis.right - axis.left) / max(MOST_POINTS, 1)
    for when, value in _thinned(at, values):
        x = axis.x(when)
        if not isfinite(value):
            pen_up = True
            continue
        if pen_up and parts and x - last < 1.5 * wide:
            pen_up = False
        parts.append(f"{'M' if pen_up else 'L'}{x:.1f} {y(value):.1f}")
        pen_up, last = False, x
    return "".join(parts)


def _thinned(at: Sequence[float], values: Sequence[float]) -> list[tuple[float, float]]:
    n = len(at)
    if n <= 2 * MOST_POINTS:
        return list(zip(at, values, strict=True))
    out = []
    for k in range(MOST_POINTS):
        first, until = k * n // MOST_POINTS, (k + 1) * n // MOST_POINTS
        piece = [(values[i], i) for i in range(first, until) if isfinite(values[i])]
        if not piece:
            out.append((at[first], nan))
            continue
        for _, i in sorted({min(piece), max(piece)}, key=lambda p: p[1]):
            out.append((at[i], values[i]))
    return out


def stamp(at: float, span: float, counted: bool = False, zone: tzinfo = UTC) -> str:
    """A time as it is read best in a picture of that many seconds; a row's number where rows are counted."""
    if counted:
        return f"{at:,.0f}"
    try:
        moment = datetime.fromtimestamp(floor(at), zone)
    except (OverflowError, OSError, ValueError):
        return f"{at:,.0f}"
    if abs(at) < 10_000_000:
        return f"{at:,.0f} s"
    if span > 3 * 365 * 86_400:
        return f"{moment:%Y-%m}"
    if span > 4 * 86_400:
        return f"{moment:%Y-%m-%d}"
    return f"{moment:%m-%d %H:%M}" if span > 1800 else f"{moment:%H:%M:%S}"


def sparkline(at: Sequence[float], values: Sequence[float], axis: Axis, height: float = 30.0) -> str:
    """The path alone."""
    known = [v for v in values if isfinite(v)]
    low, high = (min(known), max(known)) if known else (0.0, 1.0)

    def y(value: float) -> float:
        return height / 2 if high <= low else height - 2 - (value - low) / (high - low) * (height - 4)

    step = max(len(at) // 240, 1)
    return _path(at[::step], values[::step], axis, y)
