"""`linewarden lake`: its grammar and its text."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linewarden.errors import ConfigError

if TYPE_CHECKING:
    from linewarden.service.compaction import Compacted, Step
    from linewarden.service.options import Commands
    from linewarden.service.retention import Retained

LAKE = """examples:
  linewarden lake info lake/                                   streams, rows, bytes, days
  linewarden lake compact lake/                                many small files of a live sensor become few
  linewarden lake retain lake/ --days 90 --days reading=30     remove what is older
"""
COMPACT = """examples:
  linewarden lake compact lake/
  linewarden lake compact lake/ --json
It may run while `watch` writes the lake and others query it; Ctrl-C stops it, and loses nothing. `serve` does it by
itself. Only files of live sensors are merged; what `read --out` wrote stays as it is.
"""
RETAIN = """examples:
  linewarden lake retain lake/ --days 90 --dry-run             what would go
  linewarden lake retain lake/ --days 90 --days reading=30     all streams 90 days, readings 30
  linewarden lake retain lake/ --max-gb 50                     the oldest days, until 50 GB are left
Days are those of the records, in UTC. Today never goes. What is removed is gone: copy the folders first to keep them.
"""
FILES = """examples:
  linewarden lake files lake/ conn
  linewarden lake files lake/ conn --json | jq -r '.[].path'
While files are merged a pattern such as `*.parquet` sees rows twice for a moment; this list never does.
"""
INFO = """examples:
  linewarden lake info lake/
  linewarden lake info lake/ --json
"""


def add_lake(commands: Commands) -> None:
    """Adds the commands of this file."""
    group = commands.group("lake", "look after a lake: sizes, small files, old days", LAKE)
    info = group.add("info", "what a lake holds: files, rows, bytes and days of each stream", INFO, run_info)
    compact = group.add("compact", "merge the small files that a live sensor wrote", COMPACT, run_compact)
    retain = group.add("retain", "remove days that are too old, or too many", RETAIN, run_retain)
    files = group.add("files", "list the files that count, for other programs", FILES, run_files)
    for parser in (info, compact, retain, files):
        parser.add_argument("lake", type=Path, metavar="LAKE", help="folder that `read --out` or `watch` wrote")
        parser.add_argument("--json", action="store_true", help="for a program")
    files.add_argument("stream", nargs="?", metavar="STREAM", help="only of this stream")
    retain.add_argument("--days", action="append", default=[], metavar="[STREAM=]N",
        help="keep so many days before today; may be repeated, for a stream of its own")  # fmt: skip
    retain.add_argument("--max-gb", type=float, metavar="GB", help="and no more than so much (1 GB = 10^9 bytes)")
    retain.add_argument("--dry-run", action="store_true", help="only say what would go")


def run_info(args: argparse.Namespace) -> int:
    """What a lake holds."""
    from linewarden.service.lake import open_lake
    from linewarden.service.lake_info import info_of

    found = info_of(open_lake(args.lake))
    if args.json:
        _print_json([s.as_dict() for s in found])
        return 0
    from linewarden.reports.words import size
    from linewarden.service.tables import catalogue_table, console

    rows = [
        (s.stream, f"{s.files:,}", f"{s.rows:,}", size(s.bytes), s.first_day, s.last_day, str(len(s.damaged) or ""))
        for s in found
    ]
    heads = ("Stream", "Files", "Rows", "Bytes", "First day", "Last day", "Damaged")
    console(sys.stdout).print(catalogue_table(heads, rows))
    total = f"{sum(s.rows for s in found):,} rows, {size(sum(s.bytes for s in found))}"
    print(f'{total}. Ask it: linewarden query {args.lake} "SHOW TABLES"')
    _warn([f"{file}: cannot be read; restore or delete it" for s in found for file in s.damaged])
    return 0


def run_files(args: argparse.Namespace) -> int:
    """The files that count."""
    from linewarden.errors import QueryError
    from linewarden.service.lake import open_lake

    lake = open_lake(args.lake)
    if args.stream is not None and args.stream not in lake.streams:
        raise QueryError(f"{args.stream}: no such stream in {args.lake}; it has: {', '.join(lake.streams)}")
    found = [(s, f) for s in lake.streams if args.stream in (None, s) for f in lake.files(s)]
    if args.json:
        _print_json([{"stream": stream, "path": str(file)} for stream, file in found])
    else:
        sys.stdout.writelines(f"{file}\n" for _, file in found)
    return 0


def run_compact(args: argparse.Namespace) -> int:
    """Small files to large ones."""
    from linewarden.service.compaction import compact
    from linewarden.service.lake import open_lake

    line = _Line()
    try:
        done = compact(open_lake(args.lake).path, on_step=line.step)
    finally:
        line.close()
    if args.json:
        _print_json({
            "files": done.files, "merged": done.merged, "rows": done.rows, "bytes_in": done.bytes_in,
            "bytes_out": done.bytes_out, "seconds": round(done.seconds, 3), "problems": done.problems,
        })  # fmt: skip
    else:
        print(compacted_text(done))
        _warn(done.problems)
    return 0


def compacted_text(done: Compacted) -> str:
    """A pass in a line."""
    from linewarden.reports.words import size

    if not done.files:
        return "nothing to merge" + ("" if done.problems else ": the files are few and large already")
    became = f"{done.files:,} files became {done.merged:,}"
    return f"{became}: {done.rows:,} rows, {size(done.bytes_in)} to {size(done.bytes_out)}, in {done.seconds:.1f} s"


def run_retain(args: argparse.Namespace) -> int:
    """Old days go."""
    from linewarden.service.lake import open_lake
    from linewarden.service.retention import Retention, retain

    if not args.days and args.max_gb is None:
        raise ConfigError("nothing to go by; give --days N, --days STREAM=N or --max-gb GB")
    limit = None if args.max_gb is None else int(args.max_gb * 1e9)
    retention = Retention(days_by_stream(args.days), limit)
    retention.check()
    done = retain(open_lake(args.lake).path, retention, datetime.now(UTC).date(), dry_run=args.dry_run)
    if args.json:
        _print_json(_retained_as_dict(done, args.dry_run))
    else:
        _print_retained(done, args.dry_run)
        _warn(done.problems)
    return 0


def days_by_stream(texts: Sequence[str]) -> dict[str, float]:
    """`90` and `reading=30`, as they are typed."""
    from linewarden.service.retention import DEFAULT

    days = {}
    for text in texts:
        stream, _, number = text.rpartition("=")
        try:
            days[stream or DEFAULT] = float(number)
        except ValueError as error:
            raise ConfigError(f"--days {text}: use a number of days, or STREAM=DAYS") from error
    return days


def _print_retained(done: Retained, dry_run: bool) -> None:
    from linewarden.reports.words import size
    from linewarden.service.tables import catalogue_table, console

    if done.removed:
        rows = [(d.date.isoformat(), d.stream, size(d.bytes), str(d.path)) for d in done.removed]
        console(sys.stdout).print(catalogue_table(("Day", "Stream", "Bytes", "Folder"), rows))
    what = "would go" if dry_run else "removed"
    print(f"{len(done.removed)} days of streams {what}, {size(done.bytes)}; {size(done.bytes_left)} stay")


def _retained_as_dict(done: Retained, dry_run: bool) -> dict[str, Any]:
    removed = [
        {"date": d.date.isoformat(), "stream": d.stream, "bytes": d.bytes, "path": str(d.path)} for d in done.removed
    ]
    return {
        "dry_run": dry_run, "removed": removed, "bytes": done.bytes, "bytes_left": done.bytes_left,
        "problems": done.problems,
    }  # fmt: skip


class _Line:
    """Where a long pass is, on a line of the terminal that is written over."""

    def __init__(self) -> None:
        self._shows = sys.stderr.isatty()

    def step(self, step: Step) -> None:
        """A folder begins."""
        if self._shows:
            stream = step.folder.parent.parent.name.removeprefix("stream=")
            where = f"{step.done + 1}/{step.total} {stream} {step.folder.name.removeprefix('date=')}"
            print(f"\r\x1b[Kcompacting {where}", end="", file=sys.stderr, flush=True)

    def close(self) -> None:
        """The line is empty again."""
        if self._shows:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def _warn(problems: Sequence[str]) -> None:
    for text in problems:
        print(f"linewarden: warning: {text}", file=sys.stderr)


def _print_json(value: Any) -> None:
    json.dump(value, sys.stdout, ensure_ascii=False, indent=1, allow_nan=False)
    sys.stdout.write("\n")
