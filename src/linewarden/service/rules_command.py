"""`linewarden rules`: the grammar of the command and its output. Imports nothing heavy at the top."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linewarden.errors import ConfigError

if TYPE_CHECKING:
    from linewarden.detections.rules.rule import Rule
    from linewarden.service.eve_import import Brought
    from linewarden.service.options import Commands

RULES = """examples:
  linewarden rules import sigma/ --into rules/                 Sigma rules to rules of the site
  linewarden rules list rules/
  linewarden detect plant.pcapng --rules rules/                look for them, beside what is looked for anyway
  linewarden rules import-eve eve.json lake/                   alerts of Suricata as notices of the lake
In the service: `rules = "rules"` in [detect].
"""
IMPORT = """examples:
  linewarden rules import office_write.yml --into rules/
  linewarden rules import sigma/ sigma_all_rules.zip --into rules/ --json
Taken are rules with `product: linewarden` and `category:` one of the streams (linewarden streams), and those for logs
of Zeek (`product: zeek`, `service: conn`, dns, http, modbus, ...). What cannot be expressed is refused, with file and
field, and the exit code is 2; the other rules are taken. A rule with the id of one that is there replaces it.
Needs pySigma: pip install 'linewarden[sigma]'. Running the rules does not.
"""
EVE = """examples:
  suricata -r plant.pcapng -l out/
  linewarden read plant.pcapng --out lake/
  linewarden rules import-eve out/eve.json lake/ --capture plant.pcapng
  linewarden rules import-eve old/eve-2026-11-25.json.zst lake/  packed with gzip or zstd
  linewarden cases lake/                                       together with what Linewarden found itself
An alert that the lake has already is not taken again, so the same file may be imported as it grows. With --capture the
packet's number in eve.json is that of this capture, and proves the notice.
"""
LIST = """examples:
  linewarden rules list rules/
  linewarden rules list rules/ --json
"""
CHECK = """examples:
  linewarden rules check rules/                                exit code 2 if one is not in order
"""
MOST_SAID = 200
"""Lines of refused rules that are printed; --json has all."""


def add_rules(commands: Commands) -> None:
    """Adds the commands of this file."""
    group = commands.group("rules", "the site's own rules: from Sigma and Suricata", RULES)
    take = group.add("import", "take Sigma rules, to be looked for by detect and serve", IMPORT, run_import)
    take.add_argument(
        "sources", nargs="+", type=Path, metavar="FILE|FOLDER", help="Sigma rules: YAML files, folders, or ZIP archives"
    )
    take.add_argument(
        "--into", type=Path, required=True, metavar="RULESDIR", help="folder for the rules; made if needed"
    )
    eve = group.add("import-eve", "take Suricata's alerts as notices of a lake", EVE, run_eve)
    eve.add_argument(
        "eve", type=Path, metavar="EVE.json", help="what Suricata wrote (EVE JSON, one event a line), also .gz or .zst"
    )
    eve.add_argument("lake", type=Path, metavar="LAKE", help="folder that `read --out` or `watch` wrote")
    eve.add_argument(
        "--capture", metavar="NAME", help="what Suricata read, as the lake calls it: its packets' numbers count"
    )
    eve.add_argument("--site", default="default", metavar="NAME", help="site in the lake (default: %(default)s)")
    listed = group.add("list", "list the rules of a folder", LIST, run_list)
    check = group.add("check", "say what is wrong with the rules of a folder", CHECK, run_check)
    for parser in (listed, check):
        parser.add_argument("folder", type=Path, metavar="RULESDIR", help="folder of `rules import --into`")
    for parser in (take, eve, listed, check):
        parser.add_argument("--json", action="store_true", help="for a program")


def run_import(args: argparse.Namespace) -> int:
    """Sigma rules to a folder."""
    from linewarden.service.rules_files import import_sigma

    found = import_sigma(args.sources, args.into)
    if args.json:
        _print_json(
            {
                "folder": str(args.into),
                "imported": [rule_as_dict(rule) for rule in found.rules],
                "refused": [{"file": r.file, "title": r.title, "why": r.why} for r in found.refused],
            }
        )
    else:
        _warn("refused", (str(r) for r in found.refused[:MOST_SAID]))
        print(f"{_count(found.rules)} taken into {args.into}, {len(found.refused)} refused")
        if found.rules:
            print(f"Look for them: linewarden detect CAPTURE|LAKE --rules {args.into}")
    return ConfigError.exit_code if found.refused else 0


def run_list(args: argparse.Namespace) -> int:
    """The rules of a folder."""
    from linewarden.service.rules_files import read_rules

    rules, problems = read_rules(args.folder)
    if args.json:
        _print_json([rule_as_dict(rule) for rule in rules])
    elif not rules:
        print(f"No rules in {args.folder} yet. Take some: linewarden rules import FILE.yml --into {args.folder}")
    else:
        from linewarden.service.tables import catalogue_table, console

        rows = [(r.name, str(r.severity), " ".join(r.attack), " ".join(r.streams), r.title) for r in rules]
        heads = ("Rule", "Weight", "ATT&CK v18.1", "Looks at", "Title")
        console(sys.stdout).print(catalogue_table(heads, rows))
    _warn("warning", problems)
    return 0


def run_check(args: argparse.Namespace) -> int:
    """What is wrong in a folder."""
    from linewarden.service.rules_files import read_rules

    rules, problems = read_rules(args.folder)
    if args.json:
        _print_json({"rules": len(rules), "problems": problems})
    else:
        _warn("wrong", problems)
        print(f"{_count(rules)} in order, {len(problems)} not")
    return ConfigError.exit_code if problems else 0


def run_eve(args: argparse.Namespace) -> int:
    """Alerts to notices."""
    from linewarden.service.eve_import import import_eve

    found = import_eve(args.eve, args.lake, args.site, args.capture)
    if args.json:
        _print_json(
            {
                "alerts": found.alerts, "new": found.new, "joined": found.joined, "notices": found.notices,
                "damaged_lines": found.damaged,
            }
        )  # fmt: skip
    else:
        print(_said(found, args.lake))
    if found.damaged:
        _warn("warning", [f"{args.eve}: {found.damaged} lines are no EVE JSON and were left out"])
    return 0


def _said(found: Brought, lake: Path) -> str:
    if not found.alerts:
        return "No alerts in this file: Suricata found nothing, or its `alert` output is off"
    if not found.new:
        return f"{found.alerts:,} alerts, all of which the lake has already"
    return (
        f"{found.new:,} of {found.alerts:,} alerts are new: {found.notices:,} notices; of {found.joined:,} alerts the "
        f"conversation is known. See them: linewarden cases {lake}"
    )


def rule_as_dict(rule: Rule) -> dict[str, Any]:
    """A rule for a program: its file, with its name and what it looks at."""
    from linewarden.detections.rules.rule import rule_as_json

    return {"name": rule.name, "streams": list(rule.streams), **rule_as_json(rule)}


def _count(rules: Iterable[Rule]) -> str:
    number = len(list(rules))
    return f"{number} rule{'' if number == 1 else 's'}"


def _warn(kind: str, lines: Iterable[str]) -> None:
    from linewarden.reports.words import clean

    for line in lines:  # a title may hold anything, and must not move the cursor
        print(f"linewarden: {kind}: {clean(' '.join(line.split()))}", file=sys.stderr)


def _print_json(value: Any) -> None:
    json.dump(value, sys.stdout, ensure_ascii=False, indent=1, allow_nan=False)
    sys.stdout.write("\n")
