"""`linewarden tags`: the process values of a lake, for a person or a program, and what is said of them."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linewarden.errors import ConfigError
from linewarden.service.asking import add_where, source_of

if TYPE_CHECKING:
    from rich.table import Table

    from linewarden.service.asking import Connect
    from linewarden.service.options import Commands
    from linewarden.service.tags import Tag

TAGS = """examples:
  linewarden tags lake/                          the values that move most, with their course
  linewarden tags lake/ --device 10.0.0.5 --all  every value of one device
  linewarden tags lake/ --in kPa                 what is a pressure, in kPa
  linewarden tags lake/ --json
  linewarden tags set lake/ "holding_register 40" ucum=bar alias="Filler pressure"
  linewarden tags import lake/ tags.csv          the same for many
  linewarden tags --server https://plant:9443 --token-file token --ca linewarden-ca.pem
Values are as the machines say them: registers have no unit until somebody says so (`tags set`).
"""
SET = """examples:
  linewarden tags set lake/ "holding_register 40" ucum=bar alias="Filler pressure" --device 10.0.0.5
  linewarden tags set lake/ 3f0c2b7e9d1a4c55 low=0 high=10 line="Line 1" asset="Filler"
  linewarden tags set lake/ TANK.LEVEL ucum=     take that back
Fields: ucum (unit, a code of ucum.org such as Cel, bar, m3/h, kW.h), description, datatype, low, high, alias, line,
asset.
A tag is named by its id, its name, or as `linewarden tags` shows it. What is said is kept in lake/tags.json.
"""
IMPORT = """examples:
  linewarden tags lake/ --all --csv > tags.csv       a table to begin with: fill its last columns
  linewarden tags import lake/ tags.csv              .xlsx too
Columns: id, or source, protocol, unit, area, name, address as far as they name one tag; and ucum, description,
datatype, low, high, alias, line, asset. An empty cell says nothing. All of the table is taken, or nothing.
"""
SHOWN = 30
WIDE = 130
"""Columns of a terminal from which on all figures have room; a pipe has as many."""
HEADS = (
    "source", "protocol", "unit", "area", "address", "name", "count", "last", "min", "mean", "max", "first", "until",
    "id", "ucum", "description", "datatype", "low", "high", "alias", "line", "asset",
)  # fmt: skip


def add_tags(commands: Commands, connect: Connect) -> None:
    """Adds the commands to the whole grammar."""
    tags = commands.add("tags", "list the process values of a lake, and how they moved", TAGS, run_tags)
    add_where(tags, connect, "folder that `read --out`, `watch` or `serve` wrote")
    tags.add_argument("--device", metavar="ADDRESS", help="only the values of this device")
    tags.add_argument("--all", action="store_true", help=f"all of them, not the {SHOWN} that move most")
    tags.add_argument(
        "--in", metavar="UNIT", dest="unit", help="values in this unit (UCUM), where they can be had in it"
    )
    form = tags.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="for a program")
    form.add_argument("--csv", action="store_true", help="as CSV with a header")
    say = commands.add("tags set", "say what a process value is: unit, name, range, place", SET, run_set)
    say.add_argument("lake", type=Path, metavar="LAKE", help="folder that `read --out`, `watch` or `serve` wrote")
    say.add_argument("tag", metavar="TAG", help="id, name, or as `linewarden tags` shows it")
    say.add_argument("facts", nargs="+", metavar="FIELD=VALUE", help="what it is; an empty value takes it back")
    say.add_argument("--device", metavar="ADDRESS", help="of this device, where several have a tag of this name")
    table = commands.add("tags import", "say what many process values are, from a table", IMPORT, run_import)
    table.add_argument("lake", type=Path, metavar="LAKE", help="folder that `read --out`, `watch` or `serve` wrote")
    table.add_argument("file", type=Path, metavar="FILE", help="CSV (comma, semicolon or tab) or .xlsx")
    for parser in (say, table):
        parser.add_argument("--json", action="store_true", help="for a program")


def run_tags(args: argparse.Namespace) -> int:
    """The tags, what moves first."""
    from linewarden.service.tables import console, write_csv
    from linewarden.service.tags import need_readings

    with source_of(args) as source:
        tags = source.tags(args.device)
    need_readings(tags, source.name)
    if args.unit:
        tags = _in_unit(tags, args.unit)
    if args.json:
        json.dump([tag_as_dict(t) for t in tags], sys.stdout, ensure_ascii=False, indent=1, allow_nan=False)
        sys.stdout.write("\n")
    elif args.csv:
        write_csv(sys.stdout, HEADS, [[tag_as_dict(t)[h] for h in HEADS] for t in tags])
    else:
        shown = tags if args.all else tags[:SHOWN]
        screen = console(sys.stdout)
        if not screen.is_terminal:
            screen.width = max(screen.width, WIDE)
        screen.print(tags_table(shown, wide=screen.width >= WIDE))
        if len(shown) < len(tags):
            print(f"and {len(tags) - len(shown):,} more that move less: --all")
    return 0


def run_set(args: argparse.Namespace) -> int:
    """Keeps what is said of one tag."""
    from linewarden.service.tag_dictionary.editing import assignments, found_tag, say
    from linewarden.service.tag_dictionary.files import known_facts

    said, known = assignments(args.facts), known_facts(args.lake)
    key = found_tag([*_keys(args.lake), *known], args.tag, args.device, known)
    changed = say(args.lake, {key: said})
    facts = known_facts(args.lake).get(key)
    about = facts.said() if facts else {}
    if args.json:
        print(json.dumps({"id": key.id, "changed": bool(changed), **about}, ensure_ascii=False))
    else:
        told = ", ".join(f"{name} {value}" for name, value in about.items()) or "nothing is said of it"
        print(_clean(f"{key.source} {key.label}: {told}"))
    return 0


def run_import(args: argparse.Namespace) -> int:
    """Keeps what a table says of tags."""
    from linewarden.service.tag_dictionary.editing import say
    from linewarden.service.tag_dictionary.files import known_facts
    from linewarden.service.tag_dictionary.importing import read_table

    seen, known = set(_keys(args.lake)), known_facts(args.lake)
    said = read_table(args.file, seen | known.keys(), known)
    if not said:
        raise ConfigError(f"{args.file}: says nothing new of any tag; fill ucum, description, alias, ... of a line")
    changed, unseen = say(args.lake, said), sum(key not in seen for key in said)
    if args.json:
        print(json.dumps({"tags": len(said), "changed": changed, "unseen": unseen}))
    else:
        more = f"; {unseen:,} of them have no value yet" if unseen else ""
        print(f"{len(said):,} tags told of, {changed:,} changed{more}")
    return 0


def _keys(lake: Path) -> list[Any]:
    from linewarden.service.tags import known_tags

    return [tag.key for tag in known_tags(lake)]


def _in_unit(tags: list[Tag], unit: str) -> list[Tag]:
    """Those that can be had in a unit, in it. Raises ConfigError if none can."""
    from dataclasses import replace

    from linewarden.service.units import checked_unit, convert

    unit, found = checked_unit(unit), []
    for tag in tags:
        facts = tag.facts
        try:
            zero, one = (convert(x, facts.ucum, unit) for x in (0.0, 1.0)) if facts.ucum else (None, None)
        except ConfigError:
            continue
        if zero is None or one is None:
            continue

        def moved(value: float | None, zero: float = zero, by: float = one - zero) -> Any:
            return None if value is None else float(f"{zero + value * by:.12g}")

        low, high = sorted((moved(tag.low), moved(tag.high)))
        about = replace(facts, ucum=unit, low=moved(facts.low), high=moved(facts.high))
        total = moved(tag.mean) * tag.count
        course = [moved(v) for v in tag.course]
        found.append(replace(tag, low=low, high=high, last=moved(tag.last), total=total, course=course, facts=about))
    if not found:
        raise ConfigError(f"--in {unit}: no value has a unit that measures the same; `linewarden tags set` says units")
    return found


def tag_as_dict(tag: Tag) -> dict[str, Any]:
    """A tag for a program; times in UTC. `low` and `high` are the range that it should have, `min` and `max` it had."""
    from dataclasses import asdict

    from linewarden.reports.words import iso

    return {
        "source": tag.source, "protocol": tag.protocol, "unit": tag.unit, "area": tag.area, "address": tag.address,
        "name": tag.name, "count": tag.count, "last": tag.last, "min": tag.low, "mean": float(f"{tag.mean:.12g}"),
        "max": tag.high, "first": iso(tag.first_ts), "until": iso(tag.last_ts), "course": tag.course,
        "id": tag.key.id, **asdict(tag.facts),
    }  # fmt: skip


def tags_table(tags: list[Tag], wide: bool) -> Table:
    """A row a tag: where, its course, last with its unit, and where there is room least, most and how often it came."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from linewarden.reports import words
    from linewarden.service.units import shown

    table = Table(box=box.SIMPLE, pad_edge=False, show_edge=False)
    for head in ("Device", "Value", "Course"):
        table.add_column(head, no_wrap=head != "Value", overflow="fold", min_width=20 if head == "Value" else None)
    for head in ("Last", "Unit", "Least", "Most", "Read") if wide else ("Last", "Unit"):
        table.add_column(head, justify="left" if head == "Unit" else "right", no_wrap=True)
    for tag in tags:
        unit = f" unit {tag.unit}" if tag.unit not in (None, 0, 1, 255) else ""
        name = f"{tag.facts.alias} ({tag.label})" if tag.facts.alias else tag.label
        table.add_row(
            Text(words.clean(tag.source, 40)), Text(words.clean(f"{tag.protocol}{unit} {name}", 60)),
            Text(tag.sparkline if wide else tag.sparkline[1::2], style="cyan"),
            _number(tag.last), Text(words.clean(shown(tag.facts.ucum), 16)),
            *((_number(tag.low), _number(tag.high), f"{tag.count:,}") if wide else ()),
        )  # fmt: skip
    return table


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) and abs(value) < 1e9 else f"{value:.5g}"


def _clean(text: str) -> str:
    from linewarden.reports.words import clean

    return clean(text)
