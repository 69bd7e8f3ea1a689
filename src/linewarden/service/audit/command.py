"""`linewarden audit`: the grammar of the command and its output. Imports nothing heavy at the top."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linewarden.errors import ConfigError, SendError
from linewarden.service.asking import Listed, add_server, server_of

if TYPE_CHECKING:
    from linewarden.service.asking import Connect
    from linewarden.service.audit.checking import Checked
    from linewarden.service.audit.entry import Entry
    from linewarden.service.options import Commands

CHANGED = 10
"""Exit code of `audit verify` and `audit check-proof`: the log, or the proof, is not what was written."""
SHOWN = 200

AUDIT = """examples:
  linewarden audit list linewarden.toml                        who changed what, the newest last
  linewarden audit list expected.toml --since 7d --json        the log beside a file
  linewarden audit list --server https://plant:9443 --token-file token --ca linewarden-ca.pem
  linewarden audit head linewarden.toml > head-2026-12.txt     keep this where this machine cannot reach it
  linewarden audit verify linewarden.toml --head head-2026-12.txt
  linewarden audit proof linewarden.toml 42 > proof.json       for who has no access to the log
  linewarden audit check-proof proof.json --key "$(cat key.txt)"
  linewarden audit export linewarden.toml --format cef > audit.cef
  linewarden audit export linewarden.toml --to syslog+tls://siem.plant:6514
  linewarden audit key linewarden.toml [--rotate]
LOG is the configuration of the service, or a file or folder that a command changed, beside which its log stands
(docs/audit.md).
Exit code of verify: 0 if all is as it was written, 10 if not.
"""


def add_audit(commands: Commands, connect: Connect) -> None:
    """Adds the commands to the whole grammar."""
    group = commands.group("audit", "who changed what, and proof that nobody changed that", AUDIT)

    def add(name: str, help: str, run: Any) -> Any:
        parser = group.add(name, help, AUDIT, run)
        _log(parser)
        return parser

    shown = group.add("list", "list entries", AUDIT, run_list)
    add_server(shown, instead_of=_log(shown))
    shown.set_defaults(connect=connect)
    _filters(shown)
    shown.add_argument("--all", action="store_true", help=f"all of them, not only the last {SHOWN}")
    shown.add_argument("--json", action="store_true", help="for a program")
    verify = add("verify", "make every hash anew, and compare", run_verify)
    verify.add_argument("--head", action="append", default=[], type=Path, metavar="FILE", help="a head kept elsewhere")
    verify.add_argument("--key", metavar="KEY", help="a key of the log that is known from elsewhere")
    verify.add_argument("--json", action="store_true", help="for a program")
    add("head", "sign the log as it is now, and print the head to keep elsewhere", run_head)
    proof = add("proof", "prove that an entry is in the log, or that the log goes on from a head", run_proof)
    what = proof.add_mutually_exclusive_group(required=True)
    what.add_argument("entry", type=int, nargs="?", metavar="ENTRY", help="its number")
    what.add_argument("--since", type=Path, metavar="FILE", help="a head kept elsewhere")
    checked = group.add("check-proof", "check a proof, without the log", AUDIT, run_check_proof)
    checked.add_argument("proof", type=Path, metavar="PROOF.json", help="what `audit proof` printed")
    checked.add_argument("--key", action="append", required=True, metavar="KEY", help="of the log: `audit key`")
    export = add("export", "write or send entries for another system", run_export)
    _filters(export)
    export.add_argument("--format", choices=("json", "cef", "ecs", "syslog"), help="default: json; cef with --to")
    export.add_argument(
        "--to", metavar="URL", help="syslog+tls://HOST, syslog+tcp://, syslog+udp://, https://HOST/PATH"
    )
    key = add("key", "print the key that signs, for who checks", run_key)
    key.add_argument("--rotate", action="store_true", help="make a new one, for which the old one vouches")


def _log(parser: argparse.ArgumentParser) -> argparse.Action:
    return parser.add_argument("log", type=Path, metavar="LOG", help="the configuration, or what stands beside a log")


def _filters(parser: argparse.ArgumentParser) -> None:
    add: Any = parser.add_argument
    add("--since", metavar="TIME", help="only after: 30m, 24h, 7d, or 2026-11-26T08:00")
    add("--action", action="append", default=[], metavar="NAME", help="only these, such as notices.normal or baseline")
    add("--from", dest="first", type=int, default=0, metavar="ENTRY", help="only from this number on")


def run_list(args: argparse.Namespace) -> int:
    """The table."""
    from linewarden.service.audit.exporting import actor, in_short

    found = _listed(args)
    if args.json:
        _print_json([e.says for e in found])
        return 0
    if not found:
        print("No entry fits.")
        return 0
    from linewarden.reports.words import local
    from linewarden.service.tables import catalogue_table, console

    shown = found if args.all else found[-SHOWN:]
    rows = []
    for entry in shown:
        says = entry.says
        what = f"{says.get('action', '?')} of {says.get('target', '?')}\n{in_short(says, 300)}".strip()
        rows.append((str(entry.seq), local(entry.ts), actor(says), what))
    console(sys.stdout).print(catalogue_table(("No.", "When", "Who", "What"), rows))
    if len(shown) < len(found):
        print(f"{len(found) - len(shown):,} older ones are not shown; --all shows them")
    return 0


def _listed(args: argparse.Namespace) -> list[Listed]:
    """What fits, of the log here or of a console's, the oldest first."""
    from linewarden.service.audit.exporting import said
    from linewarden.service.audit.places import ledger_at
    from linewarden.service.noticing import since

    server = server_of(args)
    if server is not None:
        connect: Connect = args.connect
        with connect(server) as console:
            there = console.audit(args.first, since(args.since) if args.since else None)
            return [e for e in there if _is_of(str(e.says["action"]), args.action)]
    with ledger_at(args.log) as ledger:
        return [Listed(e.seq, _ns(e.ts), {**said(e), "leaf": e.leaf.hex()}) for e in _wanted(ledger, args)]


def run_verify(args: argparse.Namespace) -> int:
    """Whether the log is what was written. Gives CHANGED if not."""
    from linewarden.service.audit.checking import Kept, check
    from linewarden.service.audit.places import ledger_at
    from linewarden.trust.note import VerifierKey

    kept = [Kept(str(path), _text(path)) for path in args.head]
    trusted = VerifierKey.parse(args.key) if args.key else None
    with ledger_at(args.log) as ledger:
        found = check(ledger, kept, trusted)
    if args.json:
        _print_json(_as_dict(found))
    else:
        _say(found)
    return CHANGED if found.problems else 0


def _as_dict(found: Checked) -> dict[str, Any]:
    return {
        "whole": not found.problems, "origin": found.origin, "key": found.key, "entries": found.entries,
        "heads": found.heads, "covered": found.covered, "root": found.root.hex(), "pending": found.pending,
        "problems": [{"kind": p.kind, "entry": p.entry, "text": p.text} for p in found.problems],
    }  # fmt: skip


def _say(found: Checked) -> None:
    from linewarden.reports.words import clean

    for problem in found.problems:
        print(clean(problem.text))
    if found.problems:
        print("The audit log is not what was written.")
        return
    print(f"{found.entries:,} entries and {found.heads:,} signed heads are as they were written.")
    if found.covered < found.entries:
        print(
            f"The last {found.entries - found.covered} are not under a signed head yet; `linewarden audit head` signs."
        )
    if found.pending:
        print(
            f"{found.pending} changes of files were broken off, or are under way; the next change there settles them."
        )


def run_head(args: argparse.Namespace) -> int:
    """Signs, and prints the newest head."""
    from linewarden.service.audit.heads import newest_note, sign
    from linewarden.service.audit.places import ledger_at

    with ledger_at(args.log) as ledger:
        sys.stdout.write(sign(ledger) or newest_note(ledger))
    return 0


def run_proof(args: argparse.Namespace) -> int:
    """A proof for who has no access."""
    from linewarden.service.audit import proofs
    from linewarden.service.audit.places import ledger_at

    with ledger_at(args.log) as ledger:
        _print_json(proofs.since(ledger, _text(args.since)) if args.since else proofs.of_entry(ledger, args.entry))
    return 0


def run_check_proof(args: argparse.Namespace) -> int:
    """Whether a proof holds. Gives CHANGED if not."""
    from linewarden.service.audit import proofs
    from linewarden.trust.note import VerifierKey

    keys = [VerifierKey.parse(key) for key in args.key]
    try:
        said = proofs.holds(json.loads(_text(args.proof)), keys)
    except (ConfigError, ValueError, RecursionError) as error:
        print(f"linewarden: error: {args.proof}: {error}", file=sys.stderr)
        return CHANGED
    print(said)
    return 0


def run_export(args: argparse.Namespace) -> int:
    """Entries for another system. Gives the code of SendError if a receiver refused some."""
    from linewarden.service.audit.exporting import as_event, lines
    from linewarden.service.audit.places import ledger_at

    with ledger_at(args.log) as ledger:
        those = _wanted(ledger, args)
        if args.to is None:
            for line in lines(those, args.format or "json"):
                print(line)
            return 0
        return _send(args, [as_event(e) for e in those])


def _send(args: argparse.Namespace, events: list[Any]) -> int:
    from linewarden.service.exporting.destination import destination
    from linewarden.service.exporting.opening import open_carrier
    from linewarden.service.exporting.sending import sent

    if args.format == "syslog":
        raise ConfigError(
            "--format syslog is how lines are written; with --to syslog+tls://... choose cef, ecs or json"
        )
    try:
        to = destination(args.to)
    except ConfigError as error:
        raise ConfigError(f"--to: {error}") from error
    taken, refused = sent(open_carrier(to, args.format or "auto"), events, "entries")
    for line in refused:
        print(f"linewarden: warning: not taken: {line}", file=sys.stderr)
    print(f"{taken:,} of {len(events):,} entries were sent to {to}")
    return SendError.exit_code if refused else 0


def run_key(args: argparse.Namespace) -> int:
    """The key, or a new one."""
    from linewarden.service.audit.checking import check
    from linewarden.service.audit.heads import rotate
    from linewarden.service.audit.places import ledger_at

    with ledger_at(args.log) as ledger:
        print(rotate(ledger) if args.rotate else check(ledger).key)
    return 0


def _wanted(ledger: Any, args: argparse.Namespace) -> Iterator[Entry]:
    from linewarden.service.audit.ledger import entries
    from linewarden.service.noticing import since

    start = since(args.since) if args.since else None
    for entry in entries(ledger.state, args.first):
        if start is not None and _ns(entry.ts) < start:
            continue
        if _is_of(entry.action, args.action):
            yield entry


def _is_of(action: str, wanted: list[str]) -> bool:
    return not wanted or any(action == a or action.startswith(f"{a}.") for a in wanted)


def _ns(ts: datetime) -> int:
    return round(ts.timestamp() * 1_000_000) * 1000


def _text(path: Path) -> str:
    try:
        return sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read ({error})") from error


def _print_json(value: Any | Iterable[Any]) -> None:
    json.dump(value, sys.stdout, ensure_ascii=False, indent=1, allow_nan=False)
    sys.stdout.write("\n")
