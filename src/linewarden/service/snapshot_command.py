"""`linewarden snapshot`: the grammar of the command and its output. Imports nothing heavy at the top."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linewarden.errors import ConfigError

if TYPE_CHECKING:
    from linewarden.service.options import Commands
    from linewarden.service.snapshots import Snapshot

EXAMPLES = """examples:
  linewarden snapshot save lake/ before-audit --baseline usual.json --expected expected.toml --rules rules/ \\
      --because "what held in November"
  linewarden snapshot save lake/ week-48 --baseline /var/lib/linewarden/baseline-mirror.json --because "of the service"
  linewarden snapshot list lake/
  linewarden snapshot show lake/ before-audit
  linewarden snapshot remove lake/ before-audit
  linewarden detect lake/ --snapshot before-audit           judge the lake with just this, today or in a year
A snapshot holds what is usual, what was announced or is normal, and the site's own rules, as they are now.
"""


def add_snapshot(commands: Commands) -> None:
    """Adds the commands of this file."""
    group = commands.group("snapshot", "keep under a name what a run rests on", EXAMPLES)
    saved = group.add("save", "keep what is usual, what was said and the own rules", EXAMPLES, run_save)
    listing = group.add("list", "the snapshots of a lake", EXAMPLES, run_list)
    shown = group.add("show", "one snapshot: who, when, what is in it", EXAMPLES, run_show)
    removed = group.add("remove", "remove a snapshot", EXAMPLES, run_remove)
    for parser in (saved, listing, shown, removed):
        parser.add_argument("lake", type=Path, metavar="LAKE", help="the lake that it belongs to")
        if parser is not listing:
            parser.add_argument("name", metavar="NAME", help="letters, digits, '.', '-' and '_'")
        parser.add_argument("--json", action="store_true", help="for a program")
    add: Any = saved.add_argument
    add("--baseline", type=Path, metavar="FILE", help="what is usual: of `baseline learn`, or the service's own file")
    add("--expected", type=Path, metavar="FILE.toml", help="what was announced, and what is normal")
    add("--rules", type=Path, metavar="DIR", help="the site's own rules")
    add("--because", required=True, metavar="TEXT", help="what for, for who reads it later")
    add("--author", default="", metavar="NAME", help="who says so (default: who is signed in)")
    add("--replace", action="store_true", help="one of this name goes")


def run_save(args: argparse.Namespace) -> int:
    """Files to a snapshot."""
    from linewarden.service.snapshots import Sources, save

    sources = Sources(args.baseline, args.expected, args.rules)
    found = save(args.lake, args.name, sources, args.because, args.author, replace=args.replace)
    if args.json:
        _print_json(as_dict(found))
    else:
        print(f"Kept as {found.name}. Use it: linewarden detect {args.lake} --snapshot {found.name}")
    return 0


def run_list(args: argparse.Namespace) -> int:
    """All of a lake."""
    from linewarden.service.lake import open_lake
    from linewarden.service.snapshots import listed

    found, problems = listed(open_lake(args.lake).path)
    if args.json:
        _print_json([as_dict(s) for s in found])
    elif not found:
        print(f"No snapshot yet. Keep one: linewarden snapshot save {args.lake} NAME --baseline FILE --because TEXT")
    else:
        from linewarden.service.tables import catalogue_table, console

        rows = [(s.name, s.made, s.by, _holds(s), s.because) for s in found]
        console(sys.stdout).print(catalogue_table(("Name", "Made", "By", "Holds", "Because"), rows))
    for problem in problems:
        print(f"linewarden: warning: {problem}", file=sys.stderr)
    return 0


def run_show(args: argparse.Namespace) -> int:
    """One of them."""
    from linewarden.service.snapshots import load

    found = load(args.lake, args.name)
    if args.json:
        _print_json(as_dict(found))
        return 0
    said = as_dict(found)
    for key in ("name", "made", "by", "because", "sha256"):
        print(f"{key:9} {said[key]}")
    print(f"{'holds':9} {_holds(found)}")
    return 0


def run_remove(args: argparse.Namespace) -> int:
    """It goes."""
    from linewarden.service.snapshots import remove

    remove(args.lake, args.name)
    if args.json:
        _print_json({"removed": args.name})
    else:
        print(f"{args.name} is gone")
    return 0


def as_dict(found: Snapshot) -> dict[str, Any]:
    """Who, when and how much, for a program."""
    baseline, expected = found.data["baseline"], found.expected()
    return {
        "name": found.name, "made": found.made, "by": found.by, "because": found.because, "sha256": found.digest,
        "baseline": {"entries": len(baseline["entries"]), "frozen": baseline["frozen"]} if baseline else None,
        "expected": {
            "windows": len(expected.windows), "suppressions": len(expected.suppressions),
            "approved": len(expected.approved),
        } if expected else None,
        "rules": sorted(found.data["rules"]),
    }  # fmt: skip


def _holds(found: Snapshot) -> str:
    said = as_dict(found)
    parts = [f"{said['baseline']['entries']:,} usual things"] if said["baseline"] else []
    if said["expected"]:
        parts += [f"{n} {what}" for what, n in said["expected"].items() if n]
    parts += [f"{len(said['rules'])} rules"] if said["rules"] else []
    return ", ".join(parts) or "nothing"


def taken(args: argparse.Namespace) -> Snapshot | None:
    """The snapshot that `detect --snapshot` names. Raises ConfigError where it makes no sense."""
    if args.snapshot is None:
        return None
    from linewarden.service.lake import is_lake
    from linewarden.service.snapshots import load

    if args.baseline or args.expected or args.rules:
        raise ConfigError(
            "--snapshot holds all that --baseline, --expected and --rules would say; give one or the other"
        )
    if len(args.sources) != 1 or not is_lake(Path(args.sources[0])):
        raise ConfigError("--snapshot: snapshots are kept in a lake; give one lake")
    return load(Path(args.sources[0]), args.snapshot)


def _print_json(value: Any) -> None:
    json.dump(value, sys.stdout, ensure_ascii=False, indent=1, allow_nan=False)
    sys.stdout.write("\n")
