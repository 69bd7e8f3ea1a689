"""`linewarden trends`: how tags ran, drawn in the terminal."""

from __future__ import annotations

import argparse
import json
import sys
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linewarden.errors import ConfigError
from linewarden.service.analyse_command import need_analytics

if TYPE_CHECKING:
    from collections.abc import Sequence

    from linewarden.service.options import Commands

TRENDS = """examples:
  linewarden trends export.csv                                 each tag as a line of bars
  linewarden trends export.parquet --tag Oven_degC --tag Power_kW      larger
  linewarden trends lake/ --tag "10.0.0.5 holding_register 40"
  linewarden trends export.csv --json
Bars are means of equal pieces of time; the figures beside them are of all values.
"""
BARS = "▁▂▃▄▅▆▇█"
HEIGHT = 8
SMALL = 40
WIDE = 110
"""Columns of a terminal from which on all figures have room."""


def add_trends(commands: Commands) -> None:
    """Adds the command to the whole grammar."""
    parser = commands.add("trends", "how tags of a file or a lake ran, drawn in the terminal", TRENDS, run_trends)
    add: Any = parser.add_argument
    add("source", type=Path, metavar="SOURCE", help="Parquet or CSV, or a lake")
    add("--tag", action="append", default=[], metavar="TAG", help="only this tag, larger (again for more)")
    add("--time", metavar="COLUMN", help="the column of time, if it is not found")
    add("--json", action="store_true", help="for a program")


def run_trends(args: argparse.Namespace) -> int:
    """Draws each tag."""
    need_analytics()
    from linewarden.reports.plots import stamp
    from linewarden.service.analysing.export import load
    from linewarden.service.tables import console

    screen = console(sys.stdout)
    wide = max(min(screen.width, 160) - 14, 20)
    export = load(args.source, time=args.time)
    missing = [t for t in args.tag if t not in export.tags]
    if missing:
        raise ConfigError(f"{args.source}: no tag {missing[0]!r}; there are {', '.join(export.tags[:12])}")
    chosen = [(k, f) for k, f in enumerate(export.facts) if not args.tag or f.name in args.tag]
    if args.json:
        at, _ = pieces(export.at, export.at, SMALL)
        out = [{"tag": f.name, "unit": f.unit or None, "count": f.count, "min": f.low, "mean": f.mean, "max": f.high,
                "at": at, "course": pieces(export.at, export.rows[:, k], SMALL)[1]} for k, f in chosen]  # fmt: skip
        sys.stdout.write(json.dumps(out, ensure_ascii=False, indent=1, allow_nan=False) + "\n")
        return 0
    first, last = float(export.at[0]), float(export.at[-1])
    ends = (stamp(first, last - first, export.counted), stamp(last, last - first, export.counted))
    if args.tag:
        for k, f in chosen:
            _, course = pieces(export.at, export.rows[:, k], wide)
            print("\n".join(large(f.name, f.unit, course, ends)))
    else:
        screen.print(_table(export, chosen, wide=screen.width >= WIDE))
        print(f"from {ends[0]} to {ends[1]}; --tag NAME draws one larger")
    return 0


def pieces(at: Any, values: Any, count: int) -> tuple[list[float], list[float | None]]:
    """When each of `count` equal pieces of time begins, and the mean in it; None where nothing is."""
    import numpy as np

    span = max(float(at[-1] - at[0]), 1e-9)
    place = np.minimum(((at - at[0]) / span * count).astype(np.int64), count - 1)
    there = np.isfinite(values)
    total = np.bincount(place[there], values[there], count)
    many = np.bincount(place[there], minlength=count)
    begins = (at[0] + np.arange(count) * span / count).tolist()
    return begins, [float(t / n) if n else None for t, n in zip(total, many, strict=True)]


def bars(course: Sequence[float | None]) -> str:
    """One line; a blank where nothing is, a flat line for what never moved."""
    known = [v for v in course if v is not None and isfinite(v)]
    low, span = (min(known), max(known) - min(known)) if known else (0.0, 0.0)
    levels = (None if v is None else (v - low) / span if span else 0.4 for v in course)
    return "".join(" " if v is None else BARS[min(int(v * len(BARS)), len(BARS) - 1)] for v in levels)


def large(name: str, unit: str, course: Sequence[float | None], ends: tuple[str, str]) -> list[str]:
    """HEIGHT lines with the extremes beside them, and times below."""
    from linewarden.reports.values_view import number
    from linewarden.reports.words import clean

    known = [v for v in course if v is not None]
    low, high = (min(known), max(known)) if known else (0.0, 0.0)
    steps = [None if v is None else (0.5 if high <= low else (v - low) / (high - low)) * HEIGHT * 8 for v in course]
    lines = [clean(name, 80) + (f" ({unit})" if unit and unit.lower() not in name.lower() else "")]
    for row in range(HEIGHT - 1, -1, -1):
        label = number(high) if row == HEIGHT - 1 else number(low) if row == 0 else ""
        cells = (" " if s is None else _cell(s - 8 * row, lowest=row == 0) for s in steps)
        lines.append(f"{label:>11} │{''.join(cells)}")
    gap = max(len(course) - len(ends[0]) - len(ends[1]), 1)
    return [*lines, f"{'':>11} └{'─' * len(course)}", f"{'':>13}{ends[0]}{' ' * gap}{ends[1]}", ""]


def _cell(eighths: float, *, lowest: bool) -> str:
    if eighths >= 8:
        return BARS[-1]
    if eighths >= 1:
        return BARS[int(eighths) - 1]
    return BARS[0] if lowest else " "


def _table(export: Any, chosen: list[tuple[int, Any]], *, wide: bool) -> Any:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from linewarden.reports.values_view import number
    from linewarden.reports.words import clean

    table = Table(box=box.SIMPLE, pad_edge=False, show_edge=False)
    table.add_column("Tag", overflow="fold", min_width=24)
    table.add_column("Course", no_wrap=True)
    for head in ("Least", "Mean", "Most") if wide else ("Least", "Most"):
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("Unit")
    for k, f in chosen:
        _, course = pieces(export.at, export.rows[:, k], SMALL if wide else SMALL // 2)
        means = (number(f.mean),) if wide else ()
        figures = (number(f.low), *means, number(f.high))
        table.add_row(Text(clean(f.name, 50)), Text(bars(course), style="cyan"), *figures, Text(clean(f.unit, 10)))
    return table
