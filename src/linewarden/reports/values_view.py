"""Process values for the report: a course as a small picture, with the figures beside it for who does not see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 200.0, 36.0
MOST = 24


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a device: `course` are its last values in equal pieces of the time, None where there is none.

    Values are as the wire carries them. Times are ns UTC.
    """

    device: str
    protocol: str
    label: str
    course: tuple[float | None, ...]
    last: float
    low: float
    high: float
    count: int
    moved: int


@dataclass(frozen=True, slots=True)
class ValueRow:
    """A value as it is drawn: `path` of an SVG of WIDTH by HEIGHT, `told` for a screen reader."""

    device: str
    name: str
    path: str
    last: str
    low: str
    high: str
    count: int
    told: str


@dataclass(frozen=True, slots=True)
class ValuesView:
    """The section: those that move most, how many more there are."""

    rows: tuple[ValueRow, ...]
    left_out: int


def values_view(values: Sequence[Value], names: dict[str, str], more: int = 0) -> ValuesView:
    """`values` in the order to show; `names` of devices by address. What never moved is counted, not drawn.

    `more`: how many there are besides.
    """
    moving = [v for v in values if v.moved > 0]
    return ValuesView(tuple(_row(v, names) for v in moving[:MOST]), len(values) - len(moving[:MOST]) + more)


def _row(v: Value, names: dict[str, str]) -> ValueRow:
    first = next((x for x in v.course if x is not None), v.last)
    told = f"from {number(first)} to {number(v.last)}, between {number(v.low)} and {number(v.high)}"
    return ValueRow(
        names.get(v.device, v.device), f"{v.protocol} {v.label}", path_of(v.course, v.low, v.high), number(v.last),
        number(v.low), number(v.high), v.count, told,
    )  # fmt: skip


def path_of(course: Sequence[float | None], low: float, high: float) -> str:
    """A polyline that breaks where there is no value."""
    span, step = high - low, WIDTH / max(1, len(course) - 1)
    parts, pen_up = [], True
    for i, value in enumerate(course):
        if value is None:
            pen_up = True
            continue
        y = HEIGHT / 2 if span <= 0 else HEIGHT - 2 - (value - low) / span * (HEIGHT - 4)
        parts.append(f"{'M' if pen_up else 'L'}{i * step:.1f} {y:.1f}")
        pen_up = False
    return "".join(parts)


def number(value: float) -> str:
    """`12,422`, `79.09`."""
    whole = abs(value) < 1e15 and (value == int(value) or abs(value) >= 1e4)
    return f"{value:,.0f}" if whole else f"{value:,.4g}"
