"""`linewarden detect`, `detections` and `notices`: the grammar and the output. Imports nothing heavy at the top."""

from __future__ import annotations

import argparse
import gc
import json
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linewarden.errors import ConfigError
from linewarden.service.asking import add_where, source_of
from linewarden.service.packets_command import add_captures, cut_one, said_of

if TYPE_CHECKING:
    from linewarden.baseline.baseline import Baseline
    from linewarden.baseline.expected import Expected
    from linewarden.cases.model import Case
    from linewarden.detections.detection import Detection
    from linewarden.detections.run import Told
    from linewarden.reports.notice_line import NoticeLine
    from linewarden.sensor.sensor import Progress
    from linewarden.service.analysing.about import About
    from linewarden.service.asking import Connect
    from linewarden.service.detecting import Values
    from linewarden.service.evidence import Record
    from linewarden.service.options import Commands

Bar = Callable[[argparse.Namespace], AbstractContextManager["Callable[[Progress], None] | None"]]
SEVERITIES = ("critical", "high", "medium", "low", "info")

DETECT = """examples:
  linewarden detect plant.pcapng                          what is wrong in a capture
  linewarden detect captures/ --severity medium --json    medium and worse, for a program
  linewarden detect plant.pcapng --report plant.html      a report to hand on
  linewarden detect plant.pcapng --out lake/              keep records and notices
  linewarden detect lake/ --write                         judge a lake again, and keep the notices in it
  linewarden detect lake/ --snapshot before-audit         with what held then (linewarden snapshot)
  linewarden detect lake/ --hindsight                     with what is known of the plant now; else as it was live
  linewarden detect plant.pcapng --packets proof/         a file of packets for each notice of medium and worse
  linewarden detect lake/ --analytics learned/             process values against what machines learned before
  linewarden detect plant.pcapng --only program_download
  linewarden detect lake/ --expected expected.toml        with announced maintenance windows
  linewarden detect lake/ --rules rules/                  and the site's own rules (linewarden rules)
The exit code is 0 also where something was found; --fail-on high makes it 7 if a notice is high or worse.
"""
DETECTIONS = """examples:
  linewarden detections                                   all of them
  linewarden detections program_download                  one: meaning, runbook, settings
  linewarden detections --json
"""
CASES = """examples:
  linewarden cases lake/                                  the queue, most urgent first
  linewarden cases lake/ 3fa9c1                           one case: timeline, ATT&CK, what to do (the id's beginning)
  linewarden cases lake/ 3fa9c1 --packets case.pcapng --captures captures/     and the packets that prove it
  linewarden cases lake/ --json
  linewarden cases --server https://plant:9443 --token-file token --ca linewarden-ca.pem
Notices come from `linewarden detect lake/ --write`, `detect CAPTURE --out lake/`, or from `serve`.
"""
FOUND = 7


def add_detect(commands: Commands, bar: Bar, connect: Connect) -> None:
    """Adds the commands to the whole grammar."""
    detect = commands.add("detect", "say what is wrong in captures or a lake", DETECT, lambda a: run_detect(a, bar))
    add: Any = detect.add_argument
    add("sources", nargs="+", metavar="CAPTURE|LAKE", help="captures (files, folders, globs), or one lake")
    add("--out", type=Path, metavar="DIR", help="keep the records of captures, and their notices, in this lake")
    add("--write", action="store_true", help="keep the notices in the lake that is judged")
    add("--only", action="append", default=[], metavar="NAME", help="only this detection; may be repeated")
    add("--without", action="append", default=[], metavar="NAME", help="not this one; may be repeated")
    add(
        "--expected",
        type=Path,
        metavar="FILE.toml",
        help="announced maintenance, and what is normal (docs/detections.md)",
    )
    add(
        "--baseline",
        type=Path,
        metavar="FILE",
        help="what is usual, of `linewarden baseline learn`; else it is learned on",
    )
    add("--rules", type=Path, metavar="DIR", help="and the site's own rules, of `linewarden rules import`")
    add("--analytics", type=Path, metavar="DIR",
        help="what machines learned, of `linewarden analytics learn` or a service; else it is learned on")  # fmt: skip
    add("--no-analytics", action="store_true", help="do not judge process values")
    add("--snapshot", metavar="NAME", help="of a lake: all three as `linewarden snapshot save` kept them")
    add(
        "--hindsight",
        action="store_true",
        help="of a lake: judge also what was judged live with what is known now, and in the order of time",
    )
    add("--report", type=Path, metavar="FILE", help="write a report, .html or .pdf: what is wrong, and the plant")
    add("--severity", choices=SEVERITIES, default="info", help="only this and worse (default: all)")
    add("--fail-on", choices=SEVERITIES, help=f"end with code {FOUND} if there is a notice of this weight or worse")
    add(
        "--packets",
        type=Path,
        metavar="DIR",
        help="cut the packets of each notice of medium or worse out into a file here",
    )
    add("--site", default="default", metavar="NAME", help="site in the lake (default: %(default)s)")
    add("--json", action="store_true", help="for a program")
    add("--no-progress", action="store_true", help="no progress bar")
    known = commands.add("detections", "list what is looked for, and what to do about it", DETECTIONS, run_detections)
    known.add_argument("name", nargs="*", metavar="NAME", help="only these, in full")
    known.add_argument("--rules", type=Path, metavar="DIR", help="and the site's own rules")
    known.add_argument("--json", action="store_true", help="for a program")
    cases = commands.add("cases", "what belongs together, and what to look at first", CASES, run_cases)
    add_where(cases, connect, "a lake that has notices")
    add = cases.add_argument
    add("id", nargs="?", metavar="CASE", help="one case, in full; the beginning of its id will do")
    add("--packets", type=Path, metavar="FILE.pcapng", help="write the packets that prove the case, and 10 s around")
    add("--report", type=Path, metavar="FILE", help="write a report, .html or .pdf: all cases, or this one")
    add_captures(cases)
    add("--json", action="store_true", help="for a program")


def run_detect(args: argparse.Namespace, bar: Bar) -> int:
    """Captures or a lake to notices."""
    from linewarden.service.detecting import detect, keep_notices
    from linewarden.service.reading import Settings
    from linewarden.service.report import report_file, write_plant_report
    from linewarden.service.snapshot_command import taken

    gc.set_threshold(200_000)  # as `read` does
    snapshot = taken(args)
    wanted = _wanted(args, snapshot.rules() if snapshot else ())
    expected, baseline = (snapshot.expected(), snapshot.baseline()) if snapshot else _beforehand(args)
    with report_file(args.report) as report, bar(args) as on_step:
        found = detect(
            args.sources, wanted, out=args.out, settings=Settings(site=args.site), baseline=baseline,
            expected=expected, hindsight=args.hindsight, values=_values(args), on_step=on_step,
        )  # fmt: skip
        if report:
            from linewarden.reports.words import listed

            write_plant_report(report, found.plant, listed(args.sources, 4), found.lake, found.told)
    if args.write and args.out is None and found.lake is None:
        raise ConfigError("--write: there is no lake to write to; use --out DIR")
    if found.lake is not None and (args.write or args.out):
        keep_notices(found.lake, args.site, found.told)
    detections = wanted() if callable(wanted) else wanted
    lines = [line for line in lines_of(found.told, detections) if _weighs(line.severity, args.severity)]
    if args.json:
        _print_json([line_as_dict(n) for n in lines])
    else:
        from linewarden.reports.notices import notices_view
        from linewarden.service.tables import console

        console(sys.stdout).print(notices_view(lines))
        if args.report:
            print(f"\nReport: {args.report}")
    if found.lacking:
        print(
            f"linewarden: warning: live, {found.lacking:,} things were known to be usual at the beginning; without "
            "--baseline or --snapshot this run learned anew, and may say more or less than was said live",
            file=sys.stderr,
        )
    if found.unjudged:
        print(f"linewarden: warning: process values are not judged: {found.unjudged}", file=sys.stderr)
    for problem in found.problems:
        print(f"linewarden: warning: {problem.text}", file=sys.stderr)
    if args.packets:
        from linewarden.service.proofs import write_proofs

        write_proofs(args.packets, found, args.sources)
    return FOUND if args.fail_on and any(_weighs(n.severity, args.fail_on) for n in lines) else 0


def _values(args: argparse.Namespace) -> Values | None:
    """How process values are judged: not where only some detections are wanted."""
    from linewarden.service.analysing.settings import Analytics
    from linewarden.service.detecting import Values

    if args.no_analytics and args.analytics:
        raise ConfigError("--analytics and --no-analytics exclude each other; give one")
    if args.no_analytics or (args.only and not args.analytics):
        return None
    return Values(Analytics(), args.analytics)


def _wanted(
    args: argparse.Namespace, own: Sequence[Detection]
) -> Sequence[Detection] | Callable[[], Sequence[Detection]]:
    """All are imported while the engine reads; what somebody named may be wrong, and is looked at first."""
    from linewarden.service.detecting import chosen

    named = args.only or args.without or args.rules or own
    return chosen(args.only, args.without, args.rules, own) if named else chosen


def _beforehand(args: argparse.Namespace) -> tuple[Expected | None, Baseline | None]:
    """What people said, and what was learned, before this run. Without it the engine need not wait for the imports."""
    expected, baseline = None, None
    if args.expected:
        from linewarden.service.expected_file import load_expected

        expected = load_expected(args.expected)
    if args.baseline:
        from linewarden.service.baseline_file import load

        baseline = load(args.baseline)
    return expected, baseline


def _weighs(severity: str, least: str) -> bool:
    return SEVERITIES.index(severity) <= SEVERITIES.index(least)


def lines_of(told: Sequence[Told], detections: Sequence[Detection]) -> list[NoticeLine]:
    """What is shown: each notice once, with how often it came."""
    from linewarden.reports.notice_line import NoticeLine
    from linewarden.service.analysing.about import ABOUT

    again: dict[str, int] = {}
    for one in told:
        if one.notice.again:
            again[one.notice.notice_id] = again.get(one.notice.notice_id, 0) + one.notice.count
    about: dict[str, Detection | About] = {d.name: d for d in detections}
    about |= ABOUT
    return [
        NoticeLine(
            t.ts, t.notice.severity, t.notice.note, about[t.notice.note].title, t.notice.msg, f"{t.capture}:{t.frame}",
            tuple(t.notice.techniques.split()), t.notice.count + again.get(t.notice.notice_id, 0),
            about[t.notice.note].runbook, about[t.notice.note].benign, t.notice.expected, t.notice.notice_id,
        )
        for t in told
        if not t.notice.again
    ]  # fmt: skip


def line_as_dict(line: NoticeLine) -> dict[str, Any]:
    """A notice for a program."""
    from linewarden.reports.words import iso

    capture, _, frame = line.packet.rpartition(":")
    return {
        "ts": iso(line.ts), "ts_ns": line.ts, "severity": line.severity, "note": line.note, "title": line.title,
        "msg": line.msg, "capture": capture, "frame": int(frame), "techniques": list(line.techniques),
        "count": line.count, "expected": line.expected, "id": line.id, "runbook": list(line.runbook),
        "benign": line.benign,
    }  # fmt: skip


def run_cases(args: argparse.Namespace) -> int:
    """The queue, or one case."""
    from linewarden.reports.cases import queue_view
    from linewarden.service.casing import case_as_dict
    from linewarden.service.tables import console

    if args.packets and not args.id:
        raise ConfigError("--packets: give the id of one case too")
    if args.packets and args.server:
        raise ConfigError("--packets: with --server take them with the API: /api/v1/cases/ID/packets.pcap")
    with source_of(args) as source:
        found = source.cases()
        one = found.find(args.id) if args.id is not None else None
        proofs = source.proofs(one[1].id, [e.notice_id for e in one[1].events]) if one else None
    if args.report:
        from linewarden.service.report import report_file, write_cases_report

        with report_file(args.report) as report:
            if report:
                write_cases_report(report, found.ranked if one is None else (one,), found.names, source.name)
    if one is not None:
        _show_one(args, one, found.names, proofs)
    elif args.json:
        _print_json([case_as_dict(c, p, found.names) for p, c in found.ranked])
    else:
        console(sys.stdout).print(queue_view(found.ranked, found.names, len(found.lone)))
    return 0


def _show_one(
    args: argparse.Namespace, one: tuple[int, Case], names: dict[str, str],
    proofs: dict[str, tuple[Record, ...]] | None,
) -> None:  # fmt: skip
    from linewarden.reports.cases import case_view
    from linewarden.reports.proofs import evidence_view
    from linewarden.service.casing import case_as_dict
    from linewarden.service.tables import console

    rank, case = one
    if args.json:
        _print_json(case_as_dict(case, rank, names, proofs))
    else:
        console(sys.stdout).print(case_view(rank, case, names))
        if proofs is not None:
            console(sys.stdout).print(evidence_view(case, proofs))
    if args.packets:
        _cut(args, case)


def _cut(args: argparse.Namespace, case: Case) -> None:
    from linewarden.service.casing import named_by
    from linewarden.service.packets import Captures
    from linewarden.wire.cutting import Around

    outcome = cut_one(args.packets, named_by(case), Captures(args.captures, args.lake), Around())
    print(said_of(outcome), file=sys.stderr if args.json else sys.stdout)


def run_detections(args: argparse.Namespace) -> int:
    """What is looked for."""
    from linewarden.service.detecting import chosen

    found = chosen(args.name, rules=args.rules)
    if args.json:
        _print_json([detection_as_dict(d) for d in found])
    elif args.name:
        print("\n\n".join(in_full(d) for d in found))
    else:
        from linewarden.service.tables import catalogue_table, console

        rows = [(d.name, str(d.severity), " ".join(d.attack), d.title) for d in found]
        console(sys.stdout).print(catalogue_table(("Detection", "Weight", "ATT&CK v18.1", "Looks for"), rows))
        print("Each with meaning, runbook and settings: linewarden detections NAME")
    return 0


def detection_as_dict(d: Detection) -> dict[str, Any]:
    """All that a detection says of itself."""
    return {
        "name": d.name, "tactic": d.tactic, "title": d.title, "severity": str(d.severity),
        "techniques": [{"id": t.id, "name": t.name, "v19_inferred": t.v19} for t in d.techniques],
        "meaning": d.meaning, "runbook": list(d.runbook), "benign": d.benign, "streams": sorted(d.needs),
        "settings": d.settings(),
    }  # fmt: skip


def in_full(d: Detection) -> str:
    """A detection as a page of text."""
    named = ", ".join(f"{t.id} {t.name} (v19, inferred: {t.v19})" for t in d.techniques)
    lines = [f"{d.title} ({d.name}), {d.severity}", f"ATT&CK for ICS: {named}", "", d.meaning, ""]
    lines += [f"  {i}. {step}" for i, step in enumerate(d.runbook, 1)]
    lines += [f"  Harmless if: {d.benign}", f"  Reads: {', '.join(sorted(d.needs))}"]
    lines += [f"  {s['name']} = {s['value']} {s['unit']}  {s['doc']}" for s in d.settings()]
    return "\n".join(lines)


def _print_json(value: Any) -> None:
    json.dump(value, sys.stdout, ensure_ascii=False, indent=1, allow_nan=False)
    sys.stdout.write("\n")
