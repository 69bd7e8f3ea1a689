"""`linewarden collect`: the grammar, and what it shows. Imports nothing heavy at the top."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linewarden.errors import ConfigError

if TYPE_CHECKING:
    from linewarden.collectors.contract import Kind
    from linewarden.service.options import Commands

COLLECT = """examples:
  linewarden collect --kinds                     what can be collected from, and what must be installed for it
  linewarden collect linewarden.toml             the [[collector]] tables of a configuration, until Ctrl-C
  linewarden collect linewarden.toml --for 60    and end after a minute, as to try a new table
  linewarden collect linewarden.toml --json      one JSON object a second
Samples go to the lake of the configuration, as with `linewarden serve`, which runs sensors and all else besides.
Collectors read and subscribe; they never write to a machine.
"""


def add_collect(commands: Commands) -> None:
    """Adds the command to the whole grammar."""
    collect = commands.add("collect", "run only the collectors of a configuration", COLLECT, run_collect)
    collect.add_argument("config", type=Path, nargs="?", metavar="CONFIG.toml", help="the configuration")
    collect.add_argument("--kinds", action="store_true", help="list the kinds of collector, and end")
    collect.add_argument("--for", type=float, metavar="SECONDS", dest="seconds", help="end after so long")
    collect.add_argument("--json", action="store_true", help="for a program: one JSON object a second")
    collect.add_argument("--quiet", action="store_true", help="no status, only what happens")


def run_collect(args: argparse.Namespace) -> int:
    """Runs until it is asked to end, or until all was read."""
    if args.kinds:
        return _list_kinds(args)
    if args.config is None:
        raise ConfigError("collect: give a configuration, or --kinds; `linewarden config example` writes one")
    if args.seconds is not None and not args.seconds > 0:
        raise ConfigError(f"--for {args.seconds:g}: use a number of seconds greater than 0")
    from linewarden.service.collecting.foreground import collect
    from linewarden.service.config import load_config

    return collect(load_config(args.config), args.config, args.seconds, as_json=args.json, quiet=args.quiet)


def _list_kinds(args: argparse.Namespace) -> int:
    from linewarden.collectors.catalogue import kinds

    found = [kind_as_dict(kind) for _, kind in sorted(kinds().items())]
    if args.json:
        json.dump(found, sys.stdout, ensure_ascii=False, indent=1)
        sys.stdout.write("\n")
        return 0
    if not found:
        print("no kind of collector is here: this Linewarden was built without any")
        return 0
    from linewarden.service.tables import catalogue_table, console

    rows = [(k["kind"], k["title"], "installed" if k["installed"] else f"pip install '{k['install']}'") for k in found]
    console(sys.stdout).print(catalogue_table(("Kind", "Title", "Here"), rows))
    print("The keys of each: docs/reference/config.md, or `linewarden config example`.")
    return 0


def kind_as_dict(kind: Kind) -> dict[str, Any]:
    """A kind for a program; `install`: what pip is given for it, empty if it needs nothing more."""
    missing = kind.missing()
    return {
        "kind": kind.name, "title": kind.title, "needs": list(kind.needs), "installed": not missing,
        "install": f"linewarden[{kind.extra}]" if kind.needs else "",
    }  # fmt: skip
