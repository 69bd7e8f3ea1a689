"""`linewarden config`: its grammar and its text. Imports nothing heavy at the top."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from linewarden.service.config.loading import Problem
    from linewarden.service.config.model import Config
    from linewarden.service.options import Commands

CONFIG = """examples:
  linewarden config example > linewarden.toml     every key, with its meaning and default
  linewarden config check linewarden.toml         what is wrong in it, all of it, and what would run
  linewarden config show linewarden.toml          the effective settings
All keys are in docs/reference/config.md.
"""
CHECK = """examples:
  linewarden config check linewarden.toml
  linewarden config check linewarden.toml --connect       also try the database; nothing is changed in it
  linewarden config check linewarden.toml --json | jq -r '.problems[].text'
The exit code is 2 if something is wrong in the file, or if the database cannot be used (--connect). What this machine
lacks now, such as an interface, is only a warning.
"""
SHOW = """examples:
  linewarden config show linewarden.toml
  linewarden config show linewarden.toml --json | jq .lake
What it prints is a configuration that does the same, with every default written out. Passwords are not shown.
"""
EXAMPLE = """example:
  linewarden config example > linewarden.toml
"""


def add_config(commands: Commands) -> None:
    """Adds the commands to the whole grammar."""
    config = commands.group("config", "write, check and show the configuration of the service", CONFIG)
    check = config.add("check", "say everything that is wrong in a configuration, and what would run", CHECK, run_check)
    check.add_argument("config", type=Path, metavar="CONFIG.toml", help="the configuration")
    check.add_argument("--connect", action="store_true", help="also try the database; nothing is changed in it")
    show = config.add("show", "show the effective settings", SHOW, run_show)
    show.add_argument("config", type=Path, metavar="CONFIG.toml", help="the configuration")
    for parser in (check, show):
        parser.add_argument("--json", action="store_true", help="for a program")
    config.add("example", "print a configuration with every key, its meaning and default", EXAMPLE, run_example)


def run_example(_args: argparse.Namespace) -> int:
    """A file to begin with."""
    from linewarden.service.config.pages import example

    sys.stdout.write(example())
    return 0


def run_show(args: argparse.Namespace) -> int:
    """The effective settings."""
    from linewarden.service.config import load_config
    from linewarden.service.config.pages import effective, effective_as_toml

    config = load_config(args.config)
    if args.json:
        _print_json(effective(config))
    else:
        sys.stdout.write(effective_as_toml(config))
    return 0


def run_check(args: argparse.Namespace) -> int:
    """All that is wrong, or what would run."""
    from linewarden.errors import ConfigError
    from linewarden.service.config.loading import Problem, examine
    from linewarden.service.config.reality import database, warnings

    config, problems = examine(args.config)
    lacking: list[Problem] = []
    reached = ""
    if config is not None:
        lacking = [Problem(args.config, *found) for found in warnings(config)]
        if args.connect:
            reached, why = database(config)
            problems += [Problem(args.config, "state.url", why)] if why else []
    if args.json:
        _print_json(_as_dict(config, problems, lacking, reached))
    else:
        _print_lines(problems)
        for warning in lacking:
            print(f"linewarden: warning: {_clean(warning)}", file=sys.stderr)
        if config is not None and not problems:
            _print_lines([f"{args.config}: ok. What would run:"])
            _print_lines(would_run(config, reached), "  ")
    return ConfigError.exit_code if problems else 0


_TOLD = {"both": "notices and cases", "notices": "notices", "cases": "cases"}


def would_run(config: Config, reached: str) -> list[str]:
    """What the service would do, a line a part."""
    from linewarden.service.config.collectors import kind_of
    from linewarden.service.config.namespace import namespace_of
    from linewarden.service.config.parts import destination_of
    from linewarden.service.config.state_url import shown_url

    lines = [f"sensor {s.name}: {', '.join(s.interfaces)}; {_of_packets(config, s)}" for s in config.sensor]
    lines += [f"collector {c.name}: {kind_of(c.kind).title}" for c in config.collector]
    lines.append(f"lake of site {config.service.site}: {config.lake_folder}")
    lines.append(f"state: {shown_url(config.state_url)}" + (f" ({reached})" if reached else ""))
    lines += [f"{_TOLD[e.tell]} of {e.least} and worse: {destination_of(e)}" for e in config.export]
    if (d := config.digest) is not None:
        lines.append(f"a {d.every} digest of {d.least} and worse: {', '.join(d.to)}, through {d.server}")
    if config.namespace is not None:
        lines.append(f"values are published to {' or '.join(namespace_of(config.namespace).servers)}")
    where = f"http://{config.http.listen}/healthz" if config.http.enabled else "nothing listens"
    lines.append(f"health and metrics: {where}")
    lines.append(_of_console(config))
    return lines


def _of_console(config: Config) -> str:
    console = config.console
    if not console.enabled:
        return "no console and no API"
    own = "a certificate of its own authority" if console.certificate is None else str(console.certificate)
    return f"console and API: {console.public_url or f'https://{console.listen}'}, with {own}"


def _of_packets(config: Config, sensor: Any) -> str:
    if sensor.keep is None:
        return "packets are not kept"
    return f"packets in {config.packets_folder(sensor)}, {sensor.keep.megabytes} MB, {sensor.keep.hours:g} h"


def _as_dict(
    config: Config | None, problems: list[Problem], lacking: list[Problem], reached: str
) -> dict[str, Any]:  # fmt: skip
    from linewarden.service.config.pages import effective

    def told(those: Iterable[Problem]) -> list[dict[str, str]]:
        return [{"file": str(p.file), "key": p.key, "text": p.text} for p in those]

    return {
        "ok": not problems, "problems": told(problems), "warnings": told(lacking),
        "database": reached or None, "settings": effective(config) if config is not None and not problems else None,
    }  # fmt: skip


def _clean(what: object) -> str:
    from linewarden.reports.words import clean

    return clean(str(what))


def _print_lines(lines: Iterable[object], indent: str = "") -> None:
    for line in lines:
        print(indent + _clean(line))


def _print_json(value: Any) -> None:
    json.dump(value, sys.stdout, ensure_ascii=False, indent=1, allow_nan=False)
    sys.stdout.write("\n")
