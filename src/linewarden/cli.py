"""The command line: arguments in, text out.

Nothing heavy is imported at the top, so that `--version` and `--help` answer at once. What a program reads goes to
standard output; progress, warnings and errors go to standard error, one line each, beginning with `linewarden:`.
"""

from __future__ import annotations

import argparse
import atexit
import contextlib
import errno
import gc
import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from linewarden import __version__
from linewarden.errors import ConfigError, LinewardenError, StoreError

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from linewarden.api.remote import Remote
    from linewarden.sensor.sensor import Progress
    from linewarden.service.asking import Server
    from linewarden.service.corrections_file import Kept
    from linewarden.service.files import Reserved
    from linewarden.service.options import Commands
    from linewarden.service.reading import Problem, ReadResult

INTERRUPTED = 130
CAPTURE_UNREAD = 3
DETECTING = ("detect", "detections")
"""Commands of `service/detect_command.py` of which nothing stands elsewhere."""
MOST_WARNINGS = 12
"""Warnings that are printed; `--json` has all."""


class Parser(argparse.ArgumentParser):
    """Says a mistake in one line, with the help to read."""

    def error(self, message: str) -> NoReturn:
        """Ends with exit code 2."""
        _say("error", f"{message}; see {self.prog} --help")
        raise SystemExit(ConfigError.exit_code)


def program() -> int:
    """One run of the command as a process of its own."""
    code = main()
    if "duckdb" in sys.modules:  # it says that it leaks if it is not let go
        return code
    gc.freeze()  # else Python looks for cycles in all that was ever imported before it ends: a tenth of a second
    if threading.active_count() == 1:  # nobody is still at work
        _leave(code)
    return code


def _leave(code: int) -> NoReturn:
    """Ends the process; the system takes its memory, which to put in order takes another tenth of a second."""
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):  # closed, or nobody is there any more
            stream.flush()
    os._exit(code)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns the exit code (docs/reference/exit-codes.md)."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a file name may be no text at all
    from linewarden.service.options import joined

    words = sys.argv[1:] if argv is None else argv
    parser = build_parser(words[0] if words else "")
    args = parser.parse_args(joined(parser, words))
    try:
        code: int = args.run(args)
        sys.stdout.flush()
    except LinewardenError as error:
        _say("error", str(error))
        return _debugged(args, error.exit_code)
    except KeyboardInterrupt:
        _say("interrupted", "stopped; nothing half-written was left")
        return INTERRUPTED
    except BrokenPipeError:
        # Who read our output has gone, as `head` does: no error, and no complaint at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # noqa: BLE001 - the last resort: one line instead of a traceback
        return _debugged(args, _unexpected(error))
    return code


def _unexpected(error: Exception) -> int:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        _say("error", f"{error.filename or 'output'}: no space left; free space and run again")
        return StoreError.exit_code
    if isinstance(error, ImportError) and "_engine" in str(error):
        _say("error", "the engine is not built; run `make setup` in the checkout, or install the wheel")
        return 1
    _say("error", f"unexpected {type(error).__name__}: {error}; a mistake of ours: report it with this command "
         "(--debug shows where)")  # fmt: skip
    return 1


def _debugged(args: argparse.Namespace, code: int) -> int:
    if args.debug:
        import traceback

        traceback.print_exc()
    return code


def _say(kind: str, text: str) -> None:
    """One clean line on standard error: what a device or a path calls itself cannot move the cursor."""
    shown = "".join(c if c.isprintable() else " " if c in "\t\n\r" else "\ufffd" for c in text)
    with contextlib.suppress(OSError):
        print(f"linewarden: {kind}: {' '.join(shown.split())[:2000]}", file=sys.stderr, flush=True)


# --- read ---


def run_read(args: argparse.Namespace) -> int:
    """Captures to summary, report, lake."""
    from linewarden.service.reading import Settings, read_captures
    from linewarden.wire.captures import find_captures

    gc.set_threshold(200_000)  # imports and rows make many objects and hardly a cycle
    settings = Settings(args.site, args.sensor, args.interval)
    settings.check()
    if args.forget_names and not args.out:
        raise ConfigError("--forget-names: names are kept in a lake; give --out too")
    captures = find_captures(args.captures)
    kept = _kept_names(args)
    shown = [] if args.json or args.quiet else ["linewarden.reports.terminal"]
    shown += ["linewarden.reports.html"] if args.report else []
    with _report_file(args.report) as report, _bar(args) as on_step, _pipe_may_end(captures):
        result = read_captures(
            captures, out=args.out, names=kept.names if kept else None, settings=settings, on_step=on_step,
            corrections=kept.corrections if kept else None, also_import=shown,
        )  # fmt: skip
        if args.out and kept and (args.names or args.forget_names):
            _save(args.out, kept)
        if report:
            from linewarden.reports.words import listed
            from linewarden.service.report import write_plant_report

            write_plant_report(report, result.plant, listed((c.name for c in result.captures), 4), args.out)
    _warn(result.problems)
    _warn_of_totals(result)
    if args.json:
        from linewarden.service.results import read_as_dict

        _print_json(read_as_dict(result, args.report))
    elif not args.quiet:
        _print_summary(result, args)
    return CAPTURE_UNREAD if any(p.fatal for p in result.problems) else 0


def _kept_names(args: argparse.Namespace) -> Kept | None:
    """Names and corrections to use, if there are any: a file that is given replaces the names that were kept."""
    from linewarden.service.corrections_file import FILE, Kept, load

    if not (args.names or args.forget_names or (args.out and os.path.lexists(args.out / FILE))):
        return None
    kept = load(args.out) if args.out else Kept()
    names = _names(args.names) or (None if args.forget_names else kept.names)
    return Kept(names, kept.corrections)


def _names(path: Path | None) -> Any:
    if path is None:
        return None
    from linewarden.service.names_file import read_names

    return read_names(path)


def _save(lake: Path, kept: Kept) -> None:
    from linewarden.service.correcting import keep

    keep(lake, kept)


def _report_file(path: Path | None) -> contextlib.AbstractContextManager[Reserved | None]:
    """The place of the report, tried before hours of reading."""
    if path is None:
        return contextlib.nullcontext()
    from linewarden.service.report import report_file

    return report_file(path)


@contextlib.contextmanager
def _pipe_may_end(captures: Sequence[Any]) -> Iterator[None]:
    """Ctrl-C in `tcpdump -w - | linewarden read -` ends the recording: what came is still read. A second one stops."""
    import signal
    import threading

    if all(c.path for c in captures) or threading.current_thread() is not threading.main_thread():
        yield
        return

    def first(_number: int, _frame: object) -> None:
        signal.signal(signal.SIGINT, before)
        _say("note", "reading what is left in the pipe; Ctrl-C again to give up")

    before = signal.signal(signal.SIGINT, first)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _warn(problems: Sequence[Problem]) -> None:
    for problem in problems[:MOST_WARNINGS]:
        _say("warning", f"{problem.text}{'; nothing of it was read' if problem.fatal else ''}")
    if len(problems) > MOST_WARNINGS:
        _say("warning", f"and {len(problems) - MOST_WARNINGS:,} more; --json lists them")


def _warn_of_totals(result: ReadResult) -> None:
    for capture in result.captures:
        if capture.drops:
            _say("warning", f"{capture.name}: {capture.drops:,} packets were lost while it was recorded; "
                 "results have gaps")  # fmt: skip
        if not capture.packets:
            _say("warning", f"{capture.name}: empty, no packet was recorded")
    totals = result.totals
    if totals.truncated_packets:
        _say("warning", f"{totals.truncated_packets:,} packets were cut short by the recording (snaplen); "
             "record whole packets (tcpdump -s 0)")  # fmt: skip
    if totals.flows_evicted:
        _say("warning", f"{totals.flows_evicted:,} conversations were closed early, as too many were open at once; "
             "they may be counted twice")  # fmt: skip


def _print_summary(result: ReadResult, args: argparse.Namespace) -> None:
    from linewarden.reports.terminal import plant_summary
    from linewarden.reports.words import size

    _print(plant_summary(result.plant))
    totals, seconds = result.totals, max(result.elapsed, 1e-3)
    rate = f"{totals.packets / seconds:,.0f} packets/s"
    print(f"\nRead {totals.packets:,} packets ({size(totals.bytes)}) in {seconds:.1f} s: {rate}.")
    if args.out:
        rows = sum(f.rows for f in result.files)
        print(f'Lake: {args.out} ({rows:,} rows). Ask it: linewarden query {args.out} "SHOW TABLES"')
    if args.report:
        print(f"Report: {args.report}")


# --- watch ---


def run_watch(args: argparse.Namespace) -> int:
    """Live interfaces to a lake."""
    from linewarden.service.baseline_keeper import BaselineKeeper
    from linewarden.service.expected_keeper import ExpectedKeeper
    from linewarden.service.reading import Settings
    from linewarden.service.watch_screen import Screen, asked_to_end
    from linewarden.service.watching import Hooks, Keep, Listening, watch

    keep = Keep(args.keep, args.keep_mb, args.keep_hours) if args.keep else None
    for option, what in (
        ("expected", "says what the detections may find"),
        ("baseline", "says what the detections know to be usual"),
        ("rules", "says what else to look for"),
        ("analytics", "says what machines learned"),
    ):
        if getattr(args, option) and not args.detect:
            raise ConfigError(f"--{option} {what}: use it with --detect")
    listening = Listening(
        tuple(args.interfaces), args.filter, args.ring, not args.no_promiscuous, args.user, keep
    )  # fmt: skip
    screen = Screen(lambda text: _say("watch", text), args.json, args.quiet)
    with asked_to_end() as should_end:
        hooks = Hooks(screen.line, screen.status, should_end, args.every or screen.every_s)
        if args.detect:
            from functools import partial

            from linewarden.service.analysing.starting import live_values, told_to
            from linewarden.service.detecting import chosen
            from linewarden.service.live_detecting import LiveDetecting

            said = ExpectedKeeper(args.expected) if args.expected else None
            usual = BaselineKeeper(args.baseline) if args.baseline else None
            values = live_values(args.analytics, screen.notice, screen.line, said) if args.analytics else None
            told = partial(told_to, (values.heard, screen.notice)) if values else screen.notice
            judge = LiveDetecting(chosen(rules=args.rules), told, screen.line, said, usual)
            hooks = judge.within(hooks)
            hooks = values.within(hooks) if values else hooks
        watched = watch(args.out, listening, Settings(args.site, args.sensor, args.interval), hooks)
        screen.end(watched, args.out)
    return 0


# --- query, diff, correct, streams, protocols ---


def run_query(args: argparse.Namespace) -> int:
    """SQL over a lake."""
    from linewarden.service.asking import source_of
    from linewarden.service.tables import write_csv, write_json, write_table

    sql = sys.stdin.read() if args.sql == "-" else args.sql
    with source_of(args) as source, source.query(sql) as answer:
        if args.json:
            write_json(sys.stdout, answer.columns, answer.rows)
        elif args.csv:
            write_csv(sys.stdout, answer.columns, answer.rows)
        else:
            write_table(_console(), answer.columns, answer.rows)
    return 0


def run_diff(args: argparse.Namespace) -> int:
    """What changed between two captures or lakes."""
    from linewarden.service.comparing import compare

    with _report_file(args.report) as report, _bar(args) as on_step:
        found = compare(args.a, args.b, _names(args.names), on_step=on_step)
        if report:
            from linewarden.service.report import write_diff_report

            write_diff_report(report, found.diff, f"{args.a} and {args.b}")
    _warn(found.problems)
    if args.json:
        from linewarden.service.results import diff_as_dict

        _print_json(diff_as_dict(found))
    else:
        from linewarden.reports.terminal import diff_summary

        _print(diff_summary(found.diff))
        if args.report:
            print(f"\nReport: {args.report}")
    return CAPTURE_UNREAD if any(p.fatal for p in found.problems) else 0


def run_correct(args: argparse.Namespace) -> int:
    """What a person knows better, kept in the lake."""
    from linewarden.service.correcting import Said, correct

    said = Said(args.merge, args.split, args.set, args.forget, args.forget_names)
    with _report_file(args.report) as report:
        found = correct(args.lake, said)
        if report:
            from linewarden.service.report import write_plant_report

            write_plant_report(report, found.plant, str(args.lake), args.lake)
    for address in found.unseen():
        _say("warning", f"{address}: no device of this lake has it; check the address")
    if args.json:
        from linewarden.service.results import corrected_as_dict

        _print_json(corrected_as_dict(found))
        return 0
    _print_lines(found.lines() or ["No names or corrections are kept."])
    if args.report:
        print(f"Report: {args.report}")
    return 0


def run_streams(args: argparse.Namespace) -> int:
    """The streams of a lake and their columns."""
    from linewarden.service.catalogue import streams_as_dicts

    found = [s for s in streams_as_dicts() if not args.stream or s["name"] in args.stream]
    if args.stream and len({s["name"] for s in found}) < len(set(args.stream)):
        known = ", ".join(s["name"] for s in streams_as_dicts())
        raise ConfigError(f"no such stream; there are: {known}")
    if args.json:
        _print_json(found)
        return 0
    from linewarden.service.tables import catalogue_table

    for stream in found:
        print(f"{stream['name']}: {stream['doc']}")
        rows = [(c["name"] + ("" if c["nullable"] else "*"), c["type"], c["unit"], c["doc"]) for c in stream["columns"]]
        _print(catalogue_table(("Column", "Type", "Unit", "Meaning"), rows))
    print('* is never null. In SQL, names with a dot need quotes: "id.orig_h".')
    return 0


def run_protocols(args: argparse.Namespace) -> int:
    """What is spoken."""
    from linewarden.service.catalogue import protocols_as_dicts

    found = protocols_as_dicts()
    if args.json:
        _print_json(found)
        return 0
    from linewarden.service.tables import catalogue_table, place

    rows = [(p["name"], p["title"], ", ".join(map(place, p["on"])) or "by content", p["reference"]) for p in found]
    _print(catalogue_table(("Protocol", "Title", "Lives on", "Source"), rows))
    print("Protocols over TCP and UDP are recognised by content too, whatever the port.")
    return 0


# --- output ---


def _console() -> Console:
    from linewarden.service.tables import console

    return console(sys.stdout)


def _print(what: RenderableType) -> None:
    _console().print(what)


def _print_lines(lines: Sequence[str]) -> None:
    from linewarden.reports.words import clean

    for line in lines:
        print(clean(line))


def _print_json(value: Any) -> None:
    import json

    # In one piece: `json.dump` writes each word by itself, which is slow where standard output has no buffer.
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False) + "\n")


@contextlib.contextmanager
def _bar(args: argparse.Namespace) -> Iterator[Callable[[Progress], None] | None]:
    """The progress bar, if somebody looks at standard error."""
    if args.no_progress or args.quiet or not sys.stderr.isatty():
        yield None
        return
    from linewarden.service.progress import Bar

    bar = Bar()
    try:
        yield bar.step
    finally:
        bar.close()


def build_parser(first: str = "") -> argparse.ArgumentParser:
    """The whole grammar; `args.run` is the function of the command.

    Whose `first` word is a command of this file, or one of `DETECTING`, needs no more: all the others take 25 ms.
    """
    here: dict[str, Callable[[argparse.Namespace], int]] = {
        "read": run_read, "watch": run_watch, "query": run_query, "diff": run_diff, "correct": run_correct,
        "streams": run_streams, "protocols": run_protocols,
    }  # fmt: skip
    from linewarden.service.options import add_commands

    parser = Parser(prog="linewarden", description="Reads a plant's network traffic: what is there, who talks to whom.")
    parser.add_argument("--version", action="version", version=f"linewarden {__version__}")
    commands = add_commands(parser, here, _connect)
    if first in DETECTING:
        from linewarden.service.detect_command import add_detect

        add_detect(commands, _bar, _connect)
    elif first not in here and first != "--version":
        _add_others(parser, commands)
    return parser


def _connect(server: Server) -> contextlib.AbstractContextManager[Remote]:
    """A console in the place of a lake."""
    from linewarden.api.remote import remote

    return remote(server)


def _add_others(parser: argparse.ArgumentParser, commands: Commands) -> None:
    from linewarden.api.assets_command import add_assets
    from linewarden.console.command import add_console
    from linewarden.exercises.command import add_exercise
    from linewarden.service.access_command import add_access
    from linewarden.service.analyse_command import add_analyse
    from linewarden.service.analysing.command import add_analytics
    from linewarden.service.audit.command import add_audit
    from linewarden.service.backup.command import add_backup
    from linewarden.service.baseline_command import add_baseline
    from linewarden.service.certificate_command import add_certificate
    from linewarden.service.collect_command import add_collect
    from linewarden.service.config.command import add_config
    from linewarden.service.detect_command import add_detect
    from linewarden.service.energy_command import add_energy
    from linewarden.service.expected_command import add_expected
    from linewarden.service.lake_command import add_lake
    from linewarden.service.maintenance.command import add_health
    from linewarden.service.notices_command import add_notices
    from linewarden.service.oee_command import add_oee
    from linewarden.service.packets_command import add_packets
    from linewarden.service.people_command import add_people
    from linewarden.service.rules_command import add_rules
    from linewarden.service.secret_command import add_secret
    from linewarden.service.serve_command import add_serve
    from linewarden.service.shells_command import add_shells
    from linewarden.service.snapshot_command import add_snapshot
    from linewarden.service.tags_command import add_tags
    from linewarden.service.trends_command import add_trends

    add_detect(commands, _bar, _connect)
    add_tags(commands, _connect)
    add_notices(commands, _connect)
    add_audit(commands, _connect)
    add_assets(commands)
    add_shells(commands)
    for add in (
        add_analyse, add_analytics, add_energy, add_health, add_oee, add_trends, add_serve, add_collect, add_console,
        add_rules, add_packets, add_expected, add_snapshot, add_lake,
        add_config, add_people, add_access, add_secret, add_certificate, add_backup,
    ):  # fmt: skip
        add(commands)
    add_exercise(parser)
    add_baseline(parser)
