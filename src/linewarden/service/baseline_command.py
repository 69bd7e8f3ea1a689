"""`linewarden baseline`: the grammar of the command and its output. Imports nothing heavy at the top."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linewarden.errors import ConfigError

if TYPE_CHECKING:
    from linewarden.baseline.baseline import Baseline

EXAMPLES = """examples:
  linewarden baseline learn monday.pcapng tuesday.pcapng --out plant.baseline.json
  linewarden baseline learn lake/ --out plant.baseline.json --add          learn on
  linewarden baseline show plant.baseline.json                             how much is known of each device
  linewarden baseline show plant.baseline.json --asset 10.0.0.1            all that is usual there, with keys
  linewarden baseline show plant.baseline.json --state unapproved          what was told and nobody judged yet
  linewarden baseline approve plant.baseline.json 'peer|10.0.0.1|10.0.0.9|modbus|'
  linewarden baseline forget plant.baseline.json 'verb|10.0.0.1|10.0.0.9|*'
  linewarden baseline freeze plant.baseline.json                           learn nothing more, but still tell
  linewarden baseline diff before.json after.json
A copy of the file keeps what was known; `linewarden snapshot save` keeps it under a name, with all else.
Keys that end in * stand for all that begin so.
"""
LISTED = 2_000
"""Entries that `show` prints; --json gives all."""


def add_baseline(parser: argparse.ArgumentParser) -> None:
    """Adds the command to the whole grammar."""
    commands = next(a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    form: Any = argparse.RawDescriptionHelpFormatter
    top = commands.add_parser(
        "baseline", help="what is usual: learn, show, approve, forget", epilog=EXAMPLES, allow_abbrev=False,
        description="What is usual in a plant: learned from records, visible and editable.", formatter_class=form,
    )  # fmt: skip
    kinds = top.add_subparsers(metavar="learn|show|approve|forget|freeze|merge|diff", required=True)

    def kind(name: str, run: Callable[[argparse.Namespace], int], help: str, *files: str) -> Any:
        sub = kinds.add_parser(name, help=help, epilog=EXAMPLES, allow_abbrev=False, formatter_class=form)
        sub.set_defaults(run=run, quiet=False, no_progress=False)
        sub.add_argument("--debug", action="store_true", help="on an error, show where in the program")
        for file in files:
            sub.add_argument(file.lower(), type=Path, metavar=file, help="a baseline")
        return sub

    learn = kind("learn", run_learn, "learn from captures or lakes")
    learn.add_argument("sources", nargs="+", metavar="LAKE|CAPTURE", help="in order of time")
    learn.add_argument("--out", type=Path, required=True, metavar="FILE", help="where to keep it")
    there = learn.add_mutually_exclusive_group()
    there.add_argument("--add", action="store_true", help="FILE is there: learn on")
    there.add_argument("--replace", action="store_true", help="FILE is there: begin anew")
    show = kind("show", run_show, "how much is known, or all of it for one device", "FILE")
    show.add_argument("--asset", metavar="A", help="entries of this address, also as the one who asks")
    show.add_argument(
        "--state", choices=("learned", "unapproved", "approved", "forgotten"), help="entries of this state"
    )
    kind("approve", run_approve, "say that entries are right", "FILE").add_argument("keys", nargs="+", metavar="KEY")
    kind("forget", run_forget, "say that entries are wrong: they are news again", "FILE").add_argument(
        "keys", nargs="+", metavar="KEY"
    )
    freeze = kind("freeze", run_freeze, "learn nothing more, but still tell", "FILE")
    freeze.add_argument("--off", action="store_true", help="learn again")
    merge = kind("merge", run_merge, "two baselines as one", "A", "B")
    merge.add_argument("--out", type=Path, required=True, metavar="FILE", help="where to keep it")
    diff = kind("diff", run_diff, "what one knows and the other does not", "A", "B")
    for sub in (learn, show, diff):
        sub.add_argument("--json", action="store_true", help="for a program")


def run_learn(args: argparse.Namespace) -> int:
    """Captures and lakes to a file."""
    from linewarden.baseline.baseline import Baseline
    from linewarden.service.audit import Change, recorded
    from linewarden.service.baseline_file import learn, load, save
    from linewarden.service.files import reserve

    there = args.out.exists()
    if there and not (args.add or args.replace):
        raise ConfigError(f"{args.out}: is there already; --add learns on, --replace begins anew")
    baseline = load(args.out) if there and args.add else Baseline()
    if baseline.frozen:
        raise ConfigError(f"{args.out}: is frozen; `linewarden baseline freeze {args.out} --off` lets it learn")
    with reserve(args.out) as file:
        found = learn(baseline, args.sources)
        if not found.rows:
            raise ConfigError("nothing to learn from: no conversation, command, reading or binding in these sources")
        after = {"from": args.sources, "entries": len(baseline.entries), "anew": not (there and args.add)}
        with recorded(args.out, Change("baseline.learned", str(args.out), after=after)):
            save(file, baseline)
    for text in found.problems[:12]:
        print(f"linewarden: warning: {text}", file=sys.stderr)
    if args.json:
        said = {"rows": found.rows, "news": found.news, "problems": list(found.problems)}
        _json(said | _summary(baseline))
        return 0
    print(f"Learned from {found.rows:,} records: {len(baseline.entries):,} entries in {args.out}.")
    if found.news:
        print(f"{found.news:,} things looked new meanwhile: linewarden baseline show {args.out} --state unapproved")
    _coverage(baseline)
    return 0


def run_show(args: argparse.Namespace) -> int:
    """Coverage, or entries."""
    from linewarden.baseline.coverage import as_rows
    from linewarden.baseline.entry import HOLDS
    from linewarden.service.baseline_file import load

    baseline = load(args.file)
    if not (args.asset or args.state):
        if args.json:
            _json(_summary(baseline))
        else:
            _coverage(baseline)
        return 0
    chosen = {
        key: e for key, e in baseline.entries.items()
        if (not args.asset or args.asset.lower() in (e.subject, e.peer))
        and (not args.state or e.state.name.lower() == args.state) and e.kind not in HOLDS
    }  # fmt: skip
    rows = as_rows(chosen)
    if args.json:
        _json(rows)
        return 0
    if not rows:
        print("No such entry. `linewarden baseline show FILE` lists the addresses.")
        return 0
    shown = ([f"{r['count']:,}", r["state"], r["key"], r["range"]] for r in rows[:LISTED])
    _table(("Times", "State", "Key", "Range"), shown)
    if len(rows) > LISTED:
        print(f"and {len(rows) - LISTED:,} more; --json gives all")
    return 0


def _summary(baseline: Baseline) -> dict[str, Any]:
    from dataclasses import asdict

    from linewarden.baseline.coverage import conduits, coverage

    return {
        "frozen": baseline.frozen, "entries": len(baseline.entries), "left_out": baseline.left_out,
        "assets": [asdict(c) for c in coverage(baseline)], "conduits": [asdict(c) for c in conduits(baseline)],
    }  # fmt: skip


def _coverage(baseline: Baseline) -> None:
    from linewarden.baseline.coverage import coverage

    known = coverage(baseline)
    if not known:
        print("Nothing is known yet. Learn with: linewarden baseline learn CAPTURE --out FILE --add")
        return
    _table(("Address", "Known"), ([c.address, c.words] for c in known[:LISTED]))
    ripe = sum(c.ripe for c in known)
    print(f"{ripe} of {len(known)} devices are known well enough to tell what is new.")
    if baseline.frozen:
        print("Frozen: it learns nothing more.")
    if baseline.left_out:
        print(f"{baseline.left_out:,} things were left out: the room for their kind is full.")


def run_approve(args: argparse.Namespace) -> int:
    """These are right."""
    return _edit(args, lambda baseline: baseline.approve(args.keys), "approved", args.keys)


def run_forget(args: argparse.Namespace) -> int:
    """These are wrong."""
    return _edit(args, lambda baseline: baseline.forget(args.keys), "forgotten", args.keys)


def run_freeze(args: argparse.Namespace) -> int:
    """No more learning, or again."""
    return _edit(args, lambda baseline: baseline.freeze(not args.off), "thawed" if args.off else "frozen")


def _edit(
    args: argparse.Namespace, edit: Callable[[Baseline], object], done: str, keys: Sequence[str] = ()
) -> int:  # fmt: skip
    from linewarden.service.audit import Change, recorded
    from linewarden.service.audit.entry import differences
    from linewarden.service.baseline_file import load, save
    from linewarden.service.files import reserve

    baseline = load(args.file)
    states = _states(baseline)
    edit(baseline)
    before, after = differences(states, _states(baseline))
    said = Change(f"baseline.{done}", str(args.file), before, after, {"keys": list(keys)})
    with reserve(args.file) as file, recorded(args.file, said):
        save(file, baseline)
    print(f"{args.file}: {done}")
    return 0


def _states(baseline: Baseline) -> dict[str, Any]:
    return {"frozen": baseline.frozen, **{key: entry.state.name.lower() for key, entry in baseline.entries.items()}}


def run_merge(args: argparse.Namespace) -> int:
    """Two as one."""
    from linewarden.service.audit import Change, recorded
    from linewarden.service.baseline_file import load, save
    from linewarden.service.files import reserve

    both = load(args.a).merged(load(args.b))
    said = Change("baseline.merged", str(args.out), after={"of": [str(args.a), str(args.b)]})
    with reserve(args.out) as file, recorded(args.out, said):
        save(file, both)
    print(f"{args.out}: {len(both.entries):,} entries")
    return 0


def run_diff(args: argparse.Namespace) -> int:
    """What differs."""
    from linewarden.baseline.coverage import differences
    from linewarden.service.baseline_file import load

    found = differences(load(args.a), load(args.b))
    if args.json:
        _json([{"key": key, "difference": words} for key, words in found])
    elif found:
        _table(("Key", "Difference"), found[:LISTED])
        print(f"{len(found):,} differences")
    else:
        print("Both know the same.")
    return 0


def _table(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    from linewarden.service.tables import catalogue_table, console

    console(sys.stdout).print(catalogue_table(heads, [[str(v) for v in row] for row in rows]))


def _json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False))
