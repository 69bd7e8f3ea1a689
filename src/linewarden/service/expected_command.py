"""`linewarden expected`, `expected announce` and `notices normal`. Imports nothing heavy at the top.

They add to a file that people may edit as well (expected_writing.py).
"""

from __future__ import annotations

import argparse
import getpass
import json
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linewarden.errors import ConfigError

if TYPE_CHECKING:
    from linewarden.baseline.expected import Expected
    from linewarden.cases.model import Event
    from linewarden.service.options import Commands

EXPECTED = """examples:
  linewarden expected expected.toml                            what was announced, what is normal, and until when
  linewarden expected announce expected.toml --asset 10.0.0.1 --who 10.0.0.9 --verb program_download --verb stop \\
      --from 2026-12-01T06:00Z --until 2026-12-01T10:00Z --because "recipe for line 2, change 4711"
The service and `detect` read it: [detect] expected, --expected (docs/detections.md).
"""
NORMAL = """examples:
  linewarden notices normal lake/ 3fa9c1 --because "the vendor's box reports to its cloud" --into expected.toml
  linewarden notices normal lake/ 3fa9c1 --because "new MES" --for 30d --any-target --into expected.toml
It is about this kind of notice, this sender and this target, and always ends, so that somebody looks again.
"""
LONGEST = timedelta(days=366)


def add_expected(commands: Commands) -> None:
    """Adds the commands to the whole grammar."""
    shown = commands.add("expected", "what was announced and what is normal", EXPECTED, run_expected)
    shown.add_argument("file", type=Path, metavar="FILE.toml", help="the file")
    shown.add_argument("--json", action="store_true", help="for a program")
    announce = commands.add("expected announce", "announce work on machines", EXPECTED, run_announce)
    add: Any = announce.add_argument
    add("file", type=Path, metavar="FILE.toml", help="the file; it is made if it is not there")
    add("--asset", action="append", required=True, metavar="NAME", help="on what is worked: an address or name")
    add("--who", action="append", default=[], metavar="NAME", help="from which station; without: from any")
    add(
        "--verb", action="append", default=[], metavar="VERB", help="what is done, such as program_download; may repeat"
    )
    add("--from", dest="begin", metavar="TIME", help="2026-12-01T06:00Z, or by this machine's clock (default: now)")
    add("--until", required=True, metavar="TIME", help="the same, or 4h from the beginning")
    _said(announce)
    normal = commands.add("notices normal", "say that a notice is normal, for a while", NORMAL, run_normal)
    add = normal.add_argument
    add("lake", type=Path, metavar="LAKE", help="a lake that has the notice")
    add("id", metavar="NOTICE", help="the beginning of its id will do")
    add("--for", dest="span", default="90d", metavar="TIME", help="how long: 12h, 30d, 8w (default: %(default)s)")
    add("--any-target", action="store_true", help="whatever the target is")
    add("--any-sender", action="store_true", help="whoever the sender is")
    add("--into", type=Path, required=True, metavar="FILE.toml", help="the file; it is made if it is not there")
    _said(normal)


def _said(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--because", required=True, metavar="TEXT", help="the reason, for who reads it later")
    parser.add_argument("--author", default="", metavar="NAME", help="who says so (default: who is signed in)")


def run_expected(args: argparse.Namespace) -> int:
    """What is in the file, and whether it holds now."""
    from linewarden.service.expected_file import load_expected
    from linewarden.service.tables import catalogue_table, console

    rows = list(_rows(load_expected(args.file), datetime.now(UTC)))
    if args.json:
        json.dump([dict(zip(HEADS, row, strict=True)) for row in rows], sys.stdout, ensure_ascii=False, indent=1)
        sys.stdout.write("\n")
    elif not rows:
        print(f"{args.file} says nothing yet. Work is announced with `linewarden expected announce`; what is normal "
              "with `linewarden notices normal`.")  # fmt: skip
    else:
        console(sys.stdout).print(catalogue_table([h.capitalize() for h in HEADS], rows))
    return 0


HEADS = ("id", "state", "what", "about", "reason")


def _rows(said: Expected, now: datetime) -> Iterator[tuple[str, ...]]:
    from linewarden.reports.words import local

    at = int(now.timestamp() * 1e9)
    for w in said.windows:
        state = "over" if w.end < at else f"from {local(w.begin)}" if w.begin > at else f"now, until {local(w.end)}"
        about = ", ".join((*w.assets, *w.zones)) or "the whole plant"
        who = f", from {', '.join(w.who)}" if w.who else ""
        yield w.id, state, ", ".join((*w.verbs, *w.notes)) or "all", f"{about}{who}", w.reason
    for s in said.suppressions:
        state = "over" if s.expires <= at else f"until {local(s.expires)}"
        yield s.id, state, s.note, f"{s.orig} to {s.resp}", f"{s.reason} ({s.author})"
    for a in said.approved:
        yield f"{a.sha256[:16]}...", "approved", a.name, a.asset, a.reason


def run_announce(args: argparse.Namespace) -> int:
    """Adds a window."""
    from linewarden.records import Verb
    from linewarden.service.expected_writing import add_block

    if wrong := sorted(set(args.verb) - {str(v) for v in Verb}):
        raise ConfigError(f"--verb {wrong[0]}: there is none; there are: {', '.join(Verb)}")
    begin = _time("--from", args.begin) if args.begin else datetime.now(UTC)
    until = begin + _span("--until", args.until) if re.fullmatch(SPAN, args.until) else _time("--until", args.until)
    block = {
        "id": f"window-{begin:%Y%m%d-%H%M%S}", "assets": args.asset, "from": begin, "until": until,
        "verbs": args.verb, "who": args.who, "reason": args.because, "author": _author(args.author),
    }  # fmt: skip
    add_block(
        "expected.announce",
        args.file,
        "window",
        {k: v for k, v in block.items() if v != []},
        f"{_author(args.author)} announced work",
    )
    print(f"{args.file}: announced from {begin.astimezone():%Y-%m-%d %H:%M} to {until.astimezone():%Y-%m-%d %H:%M}")
    return 0


def run_normal(args: argparse.Namespace) -> int:
    """Adds a suppression for what one notice is about."""
    from linewarden.service.expected_writing import add_block

    if args.any_target and args.any_sender:
        raise ConfigError("--any-target and --any-sender: only one of them, or all of this kind would be hidden")
    event = _notice(args.lake, args.id)
    expires = datetime.now(UTC).replace(microsecond=0) + _span("--for", args.span)
    author = _author(args.author)
    orig = "*" if args.any_sender else event.orig_h or "*"
    resp = "*" if args.any_target else event.resp_h or "*"
    block = {
        "id": f"normal-{event.notice_id[:8]}", "note": event.note, "orig": orig, "resp": resp, "expires": expires,
        "author": author, "reason": args.because,
    }  # fmt: skip
    add_block("notices.normal", args.into, "suppression", block, f"{author}, of notice {event.notice_id}: {event.msg}")
    print(f"{args.into}: {event.note}, {orig} to {resp}, is normal until {expires.astimezone():%Y-%m-%d}.")
    print(f"Judge again: linewarden detect {args.lake} --expected {args.into} --write")
    return 0


def _notice(lake: Path, start: str) -> Event:
    from linewarden.service.noticing import Wanted, notices_of

    found = [e for e in notices_of(lake, Wanted()).events if e.notice_id.startswith(start)]
    if len(found) != 1:
        what = "more than one notice begins so" if found else "no notice has this id"
        raise ConfigError(f"{start}: {what}; `linewarden notices {lake}` lists them")
    return found[0]


def _author(name: str) -> str:
    try:
        return name.strip() or getpass.getuser()
    except (OSError, KeyError) as error:
        raise ConfigError("--author: nobody is signed in; say who you are") from error


SPAN = r"(\d{1,4})([hdw])"


def _span(option: str, text: str) -> timedelta:
    found = re.fullmatch(SPAN, text)
    span = timedelta(**{{"h": "hours", "d": "days", "w": "weeks"}[found[2]]: int(found[1])}) if found else timedelta()
    if not timedelta() < span <= LONGEST:
        raise ConfigError(f"{option} {text}: use 12h, 30d or 8w, a year at most")
    return span


def _time(option: str, text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).astimezone(UTC).replace(microsecond=0)
    except (ValueError, OverflowError, OSError) as error:
        raise ConfigError(f"{option} {text}: use a time such as 2026-12-01T06:00Z") from error
