"""Pictures of squares: correlations, a usual week, and modes over time."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from linewarden.reports.analysis_page import Cell, Squares
from linewarden.reports.values_view import number
from linewarden.reports.words import clean, fit

if TYPE_CHECKING:
    from linewarden.analytics.survey.together import Together
    from linewarden.reports.plots import Axis

LEFT = 190.0
SIDE = 16.0
WIDTH = 900.0
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MOST_STRIPES = 380


def squares_of(tied: Together, tags: tuple[str, ...]) -> Squares:
    """The matrix of correlations, those that belong together side by side."""
    count = len(tied.order)
    side = min(SIDE + 12.0, (WIDTH - LEFT) / count)
    names = [clean(tags[k], 60) for k in tied.order]
    cells = tuple(
        Cell(
            LEFT + x * side,
            y * side,
            side - 1,
            side - 1,
            min(int(abs(tied.matrix[y, x]) * 8.99), 8),
            f"{names[y]} and {names[x]}: {tied.matrix[y, x]:.2f}",
            "-" if tied.matrix[y, x] < 0 else "",
        )
        for y in range(count)
        for x in range(count)
    )
    rows = tuple((y * side + side / 2 + 4, fit(name, LEFT - 12, 11)) for y, name in enumerate(names))
    told = f"Correlations between {count} tags"
    return Squares(
        cells,
        LEFT + count * side,
        count * side + 6,
        rows,
        (),
        told,
        ("none", "close; orange where one falls as the other rises"),
    )


def week_of(course: np.ndarray) -> Squares:
    """(7, slots of a day) mean kW as seven rows of hours."""
    slots = course.shape[1]
    hours = min(24, slots)
    with np.errstate(all="ignore"):
        even = np.array(
            [[_mean(course[d, h * slots // hours : (h + 1) * slots // hours]) for h in range(hours)] for d in range(7)]
        )
    most = float(np.nanmax(even)) if np.isfinite(even).any() else 1.0
    least = float(np.nanmin(even)) if np.isfinite(even).any() else 0.0
    left, wide, high = 46.0, (WIDTH - 54.0) / hours, 20.0
    cells = tuple(
        Cell(
            left + h * wide,
            d * high,
            wide - 1,
            high - 1,
            int(8 * (even[d, h] - least) / max(most - least, 1e-9)),
            f"{DAYS[d]} {h * 24 // hours}:00, {even[d, h]:,.4g} kW",
        )
        for d in range(7)
        for h in range(hours)
        if np.isfinite(even[d, h])
    )
    rows = tuple((d * high + high / 2 + 4, day) for d, day in enumerate(DAYS))
    columns = tuple((left + (k + 0.5) * wide, f"{k * 24 // hours}") for k in range(0, hours, 3))
    return Squares(
        cells,
        WIDTH,
        7 * high + 18,
        rows,
        columns,
        "Mean power by weekday and hour",
        (f"{number(least)} kW", f"{number(most)} kW"),
    )


def mode_stripe(of: np.ndarray, at: np.ndarray, axis: Axis) -> tuple[Cell, ...]:
    """Which mode most of each piece of time was in."""
    edges = np.linspace(0, len(of), min(MOST_STRIPES, len(of)) + 1).astype(np.int64)
    out: list[Cell] = []
    for first, until in itertools.pairwise(edges):
        values, counts = np.unique(of[first:until], return_counts=True)
        mode = int(values[np.argmax(counts)])
        x, end = axis.x(float(at[first])), axis.x(float(at[min(until, len(at) - 1)]))
        if out and out[-1].level == mode:
            out[-1] = Cell(out[-1].x, 0.0, end - out[-1].x, 26.0, mode, "")
        else:
            out.append(Cell(x, 0.0, end - x, 26.0, mode, ""))
    return tuple(out)


def _mean(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")
