"""`linewarden notices`, `notices export`, `notices send` and `cases export`. Imports nothing heavy at the top."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linewarden.errors import ConfigError, SendError
from linewarden.service.asking import LocalLake, add_where, source_of

if TYPE_CHECKING:
    from linewarden.cases.model import Event
    from linewarden.reports.notice_line import NoticeLine
    from linewarden.service.asking import Connect, Source
    from linewarden.service.noticing import Notices, Wanted
    from linewarden.service.options import Commands

SEVERITIES = ("critical", "high", "medium", "low", "info")
FORMATS = ("stix", "ocsf", "ecs", "cef", "json")

NOTICES = """examples:
  linewarden notices lake/                                     all, the worst first
  linewarden notices lake/ --severity high --since 24h
  linewarden notices lake/ --note program_download --asset "Filler PLC"
  linewarden notices lake/ --address 10.0.0.0/24 --json
  linewarden notices --server https://plant:9443 --token-file token --ca linewarden-ca.pem
  linewarden notices export lake/ --format stix --out notices.json
  linewarden notices send lake/ --to syslog+tls://siem.plant:6514
Notices come from `linewarden detect lake/ --write`, `detect CAPTURE --out lake/`, or from `serve`.
"""
EXPORT = """examples:
  linewarden notices export lake/ --format cef --severity high          a line each on standard output
  linewarden notices export lake/ --format ecs --since 7d --out notices.ndjson
  linewarden notices export lake/ --format stix --out notices.json      a STIX 2.1 bundle
stix: one bundle; json: one list; ocsf, ecs and cef: a notice a line. Ids are the same each time.
"""
CASES = """examples:
  linewarden cases export lake/ --format stix --out cases.json          all cases: a STIX 2.1 bundle
  linewarden cases export lake/ 3fa9c1 --format ocsf                    one; the beginning of its id will do
stix: a bundle with a grouping for each case; ocsf: a Detection Finding a line; ecs and cef: a line for the case, then
one for each of its notices; json: a list.
"""
SEND = """examples:
  linewarden notices send lake/ --to syslog+tls://siem.plant:6514?ca=ca.pem --since 24h
  linewarden notices send lake/ --to https://siem.plant/hook --token-file token --secret-file secret --format ocsf
  linewarden notices send lake/ --to syslog+udp://10.0.0.99 --severity high
Sends once and ends; code 8 if not all was taken. As they come: [[export]] in the configuration of `linewarden serve`.
The same notice always has the same id: a receiver can tell what it has already.
"""


def add_notices(commands: Commands, connect: Connect) -> None:
    """Adds the commands to the whole grammar."""
    shown = commands.add("notices", "what was found in a lake, and when", NOTICES, run_notices)
    _filters(shown, connect)
    shown.add_argument("--json", action="store_true", help="for a program")
    export = commands.add("notices export", "write notices for another system", EXPORT, run_export)
    _filters(export, connect)
    _output(export)
    send = commands.add("notices send", "send notices to another system", SEND, run_send)
    _filters(send, None)
    add: Any = send.add_argument
    add("--to", required=True, metavar="URL",
        help="syslog+tls://HOST[:PORT][?ca=FILE], syslog+tcp://, syslog+udp:// or https://HOST/PATH")  # fmt: skip
    add("--format", choices=FORMATS, default="auto", help="default: cef over syslog, json to a webhook")
    add("--ca", type=Path, metavar="FILE", help="who signed the receiver's certificate (PEM; default: the system's)")
    add("--cert", type=Path, metavar="FILE", help="our certificate, if it asks for one (PEM)")
    add("--key", type=Path, metavar="FILE", help="its key, if it is in a file of its own")
    add("--token-file", type=Path, metavar="FILE", help="a file with the token of a webhook")
    add("--secret-file", type=Path, metavar="FILE", help="a file with the secret that signs what a webhook gets")
    cases = commands.add("cases export", "write cases for another system", CASES, run_cases_export)
    add_where(cases, connect, "a lake that has notices")
    cases.add_argument("id", nargs="*", metavar="CASE", help="only these; the beginning of an id will do")
    _output(cases)


def _filters(parser: argparse.ArgumentParser, connect: Connect | None) -> None:
    add: Any = parser.add_argument
    if connect is None:
        add("lake", type=Path, metavar="LAKE", help="a lake")
    else:
        add_where(parser, connect)
    add("--severity", choices=SEVERITIES, default="info", help="only this and worse (default: all)")
    add("--note", action="append", default=[], metavar="NAME", help="only of this detection; may be repeated")
    add("--since", metavar="TIME", help="only what went on after: 30m, 24h, 7d, or 2026-11-26T08:00")
    add("--asset", action="append", default=[], metavar="NAME", help="only of this asset: name, id or address")
    add("--address", action="append", default=[], metavar="ADDRESS", help="only of this address or network")


def _output(parser: argparse.ArgumentParser) -> None:
    add: Any = parser.add_argument
    add("--format", choices=FORMATS, required=True, help="STIX 2.1, OCSF 1.4, Elastic Common Schema, CEF, or our own")
    add("--out", default="-", metavar="FILE", help="where to write it (default: -, standard output)")


def run_notices(args: argparse.Namespace) -> int:
    """The table."""
    from linewarden.cases.export.common import notice_as_dict

    with source_of(args) as source:
        found = _found(source, args)
    if args.json:
        json.dump([notice_as_dict(e) for e in found.events], sys.stdout, ensure_ascii=False, indent=1, allow_nan=False)
        sys.stdout.write("\n")
    elif not found.events:
        print(_nothing(source, found))
    else:
        from linewarden.reports.notices import notices_view
        from linewarden.service.tables import console

        console(sys.stdout).print(notices_view([_line(e) for e in found.events]))
    return 0


def run_export(args: argparse.Namespace) -> int:
    """Notices as a file."""
    from linewarden.cases.export.formats import notices_file

    with source_of(args) as source:
        found = _found(source, args)
    if not found.events:
        print(f"linewarden: note: {_nothing(source, found)}", file=sys.stderr)
    return _written(notices_file(found.events, args.format), args.out, f"{len(found.events):,} notices")


def run_cases_export(args: argparse.Namespace) -> int:
    """Cases as a file."""
    from linewarden.cases.export.formats import cases_file

    with source_of(args) as source:
        found = source.cases()
    ranked = list(dict.fromkeys(found.find(i) for i in args.id)) if args.id else list(found.ranked)
    return _written(cases_file(ranked, args.format, found.names), args.out, f"{len(ranked):,} cases")


def run_send(args: argparse.Namespace) -> int:
    """Notices to a receiver, once. Raises SendError if not all were taken."""
    from linewarden.service.exporting.destination import destination
    from linewarden.service.exporting.opening import open_carrier
    from linewarden.service.exporting.sending import sent

    try:
        to = destination(args.to).with_files(args.ca, args.cert, args.key, args.token_file, args.secret_file)
    except ConfigError as error:
        raise ConfigError(f"--to: {error}") from error
    carrier = open_carrier(to, args.format)
    source = LocalLake(args.lake)
    found = _found(source, args)
    if not found.events:
        print(_nothing(source, found))
        return 0
    taken, refused = sent(carrier, found.events)
    for line in refused:
        print(f"linewarden: warning: not taken: {line}", file=sys.stderr)
    print(f"{taken:,} of {len(found.events):,} notices were sent to {to}")
    return SendError.exit_code if refused else 0


def _found(source: Source, args: argparse.Namespace) -> Notices:
    from linewarden.service.noticing import Wanted, since

    start = since(args.since) if args.since else None
    wanted: Wanted = Wanted(args.severity, tuple(args.note), start, tuple(args.asset), tuple(args.address))
    return source.notices(wanted)


def _nothing(source: Source, found: Notices) -> str:
    """What to do next."""
    if found.of:
        return (
            f"None of the {found.of:,} notices of {source.name} fits; ask for less: without --since, --note, --asset..."
        )
    return f"{source.name} has no notices. {source.empty}"


def _line(event: Event) -> NoticeLine:
    from linewarden.reports.notice_line import NoticeLine

    return NoticeLine(
        event.ts, event.severity, event.note, event.title, event.msg, f"{event.capture}:{event.frame}",
        event.techniques, event.count, event.runbook, event.benign, event.expected, event.notice_id,
    )  # fmt: skip


def _written(pieces: Iterable[str], out: str, what: str) -> int:
    """To standard output, or whole into a file."""
    if out == "-":
        sys.stdout.writelines(pieces)
        return 0
    from linewarden.service.files import reserve

    with reserve(Path(out)) as file:
        file.write("".join(pieces))
    print(f"{what}: {out}")
    return 0
