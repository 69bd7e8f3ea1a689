"""`linewarden analyse`: a first report on a historian export."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linewarden.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from linewarden.analytics.energy.tariff import Tariff
    from linewarden.service.options import Commands
    from linewarden.service.surveying.analysis import Analysis

ANALYSE = """examples:
  linewarden analyse export.parquet                            a summary here, and export-analysis.html beside the file
  linewarden analyse export.csv --report plant.html            the report where you want it (.pdf: as pages)
  linewarden analyse export.csv --normal 2026-01-05..2026-01-19    which time was good
  linewarden analyse export.csv --time Zeit --without Counter  which column is the time; a tag to leave out
  linewarden analyse export.parquet --tariff tariff.toml --zone Europe/Berlin --json
  linewarden analyse export.parquet --scores verdicts.parquet      every row: how odd, because of which tags
Wide exports (a column a tag) and long ones (a row a value) are told apart by themselves. Nothing leaves this machine.
"""
NEEDS = "pip install 'linewarden[analytics]'"


def add_analyse(commands: Commands) -> None:
    """Adds the command to the whole grammar."""
    parser = commands.add(
        "analyse", "report on a historian export: what is odd, what belongs together", ANALYSE, run_analyse
    )
    add: Any = parser.add_argument
    add("file", type=Path, metavar="FILE", help="Parquet or CSV")
    add("--report", type=Path, metavar="FILE", help="where to write the report, .html or .pdf (default: beside FILE)")
    add("--no-report", action="store_true", help="only the summary")
    add("--normal", metavar="FROM..TO", help="the time when all was well, ISO 8601 (default: the first third)")
    add("--time", metavar="COLUMN", help="the column of time, if it is not found")
    add("--only", action="append", default=[], metavar="TAG", help="only this tag (again for more)")
    add("--without", action="append", default=[], metavar="TAG", help="without this tag (again for more)")
    add("--thorough", action="store_true", help="virtual sensors for large exports, too: takes minutes")
    add("--tariff", type=Path, metavar="TOML", help="your energy prices (docs/energy.md)")
    add("--zone", default="UTC", metavar="ZONE", help="the plant's time zone for times that have one, as Europe/Berlin")
    add("--scores", type=Path, metavar="PARQUET", help="every row judged, with reasons, into this file (Parquet only)")
    add("--json", action="store_true", help="for a program")
    add("--no-progress", action="store_true", help="do not say what is being done")


def run_analyse(args: argparse.Namespace) -> int:
    """Reads, analyses, writes the report, tells the summary."""
    need_analytics()
    from linewarden.service.report import report_file
    from linewarden.service.surveying.analysis import analysed
    from linewarden.service.surveying.export import load
    from linewarden.service.surveying.verdicts import check_form

    if args.no_report and args.report:
        raise ConfigError("--no-report: and --report; give one of them")
    tariff = tariff_file(args.tariff)
    zone_checked(args.zone)
    normal = normal_of(args.normal)
    step = _steps(args)
    choice = {"time": args.time, "without": tuple(args.without), "only": tuple(args.only)}
    column = check_form(args.file, **choice) if args.scores else ""
    export = load(args.file, time=args.time, without=tuple(args.without), only=tuple(args.only))
    if args.no_report:
        found = analysed(export, normal=normal, thorough=args.thorough, tariff=tariff, zone=args.zone, on_step=step)
        _verdicts(found, column, args, step)
        _tell(found, None, args)
        return 0
    path = args.report or args.file.with_name(f"{args.file.stem}-analysis.html")
    with report_file(path) as report:
        assert report is not None
        found = analysed(export, normal=normal, thorough=args.thorough, tariff=tariff, zone=args.zone, on_step=step)
        step("report")
        from linewarden.service.surveying.writing import write

        write(report, found)
    _verdicts(found, column, args, step)
    _tell(found, path, args)
    return 0


def _verdicts(found: Analysis, column: str, args: argparse.Namespace, step: Callable[[str], None]) -> None:
    """Every row judged, into the file that was asked for."""
    if not args.scores:
        return
    from linewarden.service.surveying.verdicts import write_verdicts

    step("each row")
    scored = write_verdicts(args.file, column, found, args.scores)
    print(f"{args.scores}: {scored.rows:,} rows, {scored.alarms:,} of them odd", file=sys.stderr)


def need_analytics() -> None:
    """Raises ConfigError, which says what to install."""
    try:
        import numpy  # noqa: F401
        import scipy  # noqa: F401
        import sklearn  # noqa: F401
    except ImportError as error:
        raise ConfigError(f"this needs {error.name}: {NEEDS}") from None


def tariff_file(path: Path | None) -> Tariff | None:
    """Raises ConfigError that names the file and the setting."""
    if path is None:
        return None
    import tomllib

    from linewarden.analytics.energy.tariff import tariff_of

    try:
        text = path.read_text(encoding="utf-8")
        table = tomllib.loads(text)
        return tariff_of(table.get("tariff", table))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: is no text in UTF-8") from None
    except (tomllib.TOMLDecodeError, ValueError) as error:
        raise ConfigError(f"{path}: {error}") from None


def zone_checked(name: str) -> None:
    """Raises ConfigError."""
    from linewarden.analytics.oee.shifts import zone_of

    try:
        zone_of(name)
    except ValueError as error:
        raise ConfigError(f"--zone: {error}") from None


def normal_of(text: str | None) -> tuple[float, float] | None:
    """`FROM..TO` in seconds; two numbers are rows, or seconds. Raises ConfigError."""
    if text is None:
        return None
    first, dots, last = text.partition("..")
    if not dots:
        raise ConfigError(f"--normal: {text!r}; write it as 2026-01-05..2026-01-19")
    begin, end = _instant(first, False), _instant(last, True)
    if end <= begin:
        raise ConfigError(f"--normal: {text!r} ends before it begins")
    return begin, end


def _instant(text: str, end: bool) -> float:
    from datetime import UTC, datetime, timedelta

    text = text.strip()
    try:
        return float(text)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"--normal: {text!r} is no time; write it as 2026-01-05 or 2026-01-05T06:00") from None
    if end and len(text) == len("2026-01-05"):
        moment += timedelta(days=1)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _steps(args: argparse.Namespace) -> Callable[[str], None]:
    """Says on standard error what is being done, if somebody looks."""
    if args.no_progress or args.json or not sys.stderr.isatty():
        return lambda _text: None
    return lambda text: print(f"linewarden: {text} ...", file=sys.stderr, flush=True)


def _tell(found: Analysis, path: Path | None, args: argparse.Namespace) -> None:
    from linewarden.service.surveying.writing import as_dict, summary_lines

    if args.json:
        json.dump(as_dict(found, path), sys.stdout, ensure_ascii=False, indent=1, allow_nan=False)
        sys.stdout.write("\n")
        return
    from linewarden.service.tables import console

    screen = console(sys.stdout)
    for part in summary_lines(found):
        screen.print(part)
    if path:
        print(f"Report: {path}")
