"""`linewarden tags`: the process values of a lake, for a person or a program."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any

from linewarden.service.asking import add_where, source_of

if TYPE_CHECKING:
    from rich.table import Table

    from linewarden.service.asking import Connect
    from linewarden.service.options import Commands
    from linewarden.service.tags import Tag

TAGS = """examples:
  linewarden tags lake/                          the values that move most, with their course
  linewarden tags lake/ --device 10.0.0.5 --all  every value of one device
  linewarden tags lake/ --json
  linewarden tags --server https://plant:9443 --token-file token --ca linewarden-ca.pem
Values are as the wire carries them (raw): registers have no unit or scale until somebody says so.
"""
SHOWN = 30
WIDE = 100
"""Columns of a terminal from which on all figures have room."""
HEADS = (
    "source",
    "protocol",
    "unit",
    "area",
    "address",
    "name",
    "count",
    "last",
    "min",
    "mean",
    "max",
    "first",
    "until",
)


def add_tags(commands: Commands, connect: Connect) -> None:
    """Adds the command to the whole grammar."""
    tags = commands.add("tags", "list the process values of a lake, and how they moved", TAGS, run_tags)
    add_where(tags, connect, "folder that `read --out`, `watch` or `serve` wrote")
    tags.add_argument("--device", metavar="ADDRESS", help="only the values of this device")
    tags.add_argument("--all", action="store_true", help=f"all of them, not the {SHOWN} that move most")
    form = tags.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="for a program")
    form.add_argument("--csv", action="store_true", help="as CSV with a header")


def run_tags(args: argparse.Namespace) -> int:
    """The tags, what moves first."""
    from linewarden.service.tables import console, write_csv
    from linewarden.service.tags import need_readings

    with source_of(args) as source:
        tags = source.tags(args.device)
    need_readings(tags, source.name)
    if args.json:
        json.dump([tag_as_dict(t) for t in tags], sys.stdout, ensure_ascii=False, indent=1, allow_nan=False)
        sys.stdout.write("\n")
    elif args.csv:
        write_csv(sys.stdout, HEADS, [[tag_as_dict(t)[h] for h in HEADS] for t in tags])
    else:
        shown = tags if args.all else tags[:SHOWN]
        screen = console(sys.stdout)
        screen.print(tags_table(shown, wide=screen.width >= WIDE or not screen.is_terminal))
        if len(shown) < len(tags):
            print(f"and {len(tags) - len(shown):,} more that move less: --all")
    return 0


def tag_as_dict(tag: Tag) -> dict[str, Any]:
    """A tag for a program; times in UTC."""
    from linewarden.reports.words import iso

    return {
        "source": tag.source, "protocol": tag.protocol, "unit": tag.unit, "area": tag.area, "address": tag.address,
        "name": tag.name, "count": tag.count, "last": tag.last, "min": tag.low, "mean": float(f"{tag.mean:.12g}"),
        "max": tag.high, "first": iso(tag.first_ts), "until": iso(tag.last_ts), "course": tag.course,
    }  # fmt: skip


def tags_table(tags: list[Tag], wide: bool) -> Table:
    """A row a tag: where, its course, last, and where there is room least, most and how often it was read."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from linewarden.reports import words

    table = Table(box=box.SIMPLE, pad_edge=False, show_edge=False)
    for head in ("Device", "Value", "Course"):
        table.add_column(head, no_wrap=head != "Value", overflow="fold", min_width=26 if head == "Value" else None)
    for head in ("Last", "Least", "Most", "Read") if wide else ("Last",):
        table.add_column(head, justify="right", no_wrap=True)
    for tag in tags:
        unit = f" unit {tag.unit}" if tag.unit not in (None, 0, 1, 255) else ""
        table.add_row(
            Text(words.clean(tag.source, 40)), Text(words.clean(f"{tag.protocol}{unit} {tag.label}", 60)),
            Text(tag.sparkline, style="cyan"), _number(tag.last),
            *((_number(tag.low), _number(tag.high), f"{tag.count:,}") if wide else ()),
        )  # fmt: skip
    return table


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) and abs(value) < 1e9 else f"{value:.5g}"
