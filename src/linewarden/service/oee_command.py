"""`linewarden oee`: availability, performance and quality of a machine, and where its time went."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linewarden.errors import ConfigError
from linewarden.service.analyse_command import need_analytics
from linewarden.service.energy_command import shifts_of

if TYPE_CHECKING:
    from datetime import tzinfo

    from linewarden.analytics.oee.measure import Times
    from linewarden.analytics.oee.spans import Pieces, Span
    from linewarden.service.options import Commands

OEE = """examples:
  linewarden oee line.csv --state State --run 1 --stop 0,2 --planned 3 --made Count --rejected Bad --ideal 12
  linewarden oee line.csv --state Mode --run Automatic --stop Fault,Manual --good OK_Count --ideal 2.5 --micro 120
  linewarden oee lake/ --state "10.0.0.5 coil 4" --run 1 --stop 0 --made "10.0.0.5 holding_register 12" --ideal 3
  linewarden oee line.csv --made Count --ideal 12              no state: it runs while pieces come
  linewarden oee line.csv ... --shift "early=mon-fri 06:00-14:00" --zone Europe/Berlin --by shift --json
Figures as ISO 22400-2 defines them. Times without a zone are the plant's; time of which nothing is known is told apart.
"""
HOUR = 3600e9


def add_oee(commands: Commands) -> None:
    """Adds the command to the whole grammar."""
    parser = commands.add("oee", "overall equipment effectiveness, and where the time went", OEE, run_oee)
    add: Any = parser.add_argument
    add("source", type=Path, metavar="SOURCE", help="Parquet or CSV, or a lake")
    add("--state", metavar="TAG", help="the machine's state")
    for kind, what in (
        ("run", "runs"),
        ("stop", "is stopped, unplanned"),
        ("setup", "is set up"),
        ("planned", "is stopped as planned"),
    ):
        add(
            f"--{kind}",
            dest=f"{kind}_values",
            metavar="VALUES",
            default="",
            help=f"values of the state at which it {what}, as 1,2",
        )
    add("--made", metavar="TAG", help="counter of all pieces")
    add("--good", metavar="TAG", help="counter of good pieces")
    add("--rejected", metavar="TAG", help="counter of rejected pieces")
    add("--ideal", type=float, metavar="SECONDS", help="planned seconds a piece")
    add("--micro", type=float, default=0.0, metavar="SECONDS", help="a shorter stop is a micro-stop (default: none is)")
    add("--stale", type=float, default=86400.0, metavar="SECONDS", help="how long a state holds (default: a day)")
    add("--shift", action="append", default=[], metavar="SHIFT", help="as early=mon-fri 06:00-14:00 (again for more)")
    add("--zone", default="UTC", metavar="ZONE", help="the plant's time zone, as Europe/Berlin")
    add("--time", metavar="COLUMN", help="the column of time, if it is not found")
    add("--by", choices=("all", "shift", "day"), default="all", help="one row for all, a shift or a day")
    add("--json", action="store_true", help="for a program")


def run_oee(args: argparse.Namespace) -> int:
    """Reads states and counters, tells the figures."""
    need_analytics()
    from linewarden.analytics.oee.measure import measured
    from linewarden.analytics.oee.shifts import joined, windows
    from linewarden.analytics.oee.spans import flat
    from linewarden.service.surveying.effectiveness import as_dict, grouped, whole_days

    _checked(args)
    shifts, zone = shifts_of(args.shift), _zone(args.zone)
    spans, pieces, begin, end = _read(args)
    planned = windows(shifts or whole_days(args.by), zone, begin, end)
    if not planned:
        raise ConfigError(f"{args.source}: no shift lies between {_stamp(begin, zone)} and {_stamp(end, zone)}")
    groups = grouped(planned, args.by, zone)
    spans = flat(spans)  # once: each group would do it anew
    told = {
        name: measured(spans, pieces, joined(group), ideal=args.ideal, micro=args.micro)
        for name, group in groups.items()
    }
    whole = measured(spans, pieces, joined(planned), ideal=args.ideal, micro=args.micro)
    if args.json:
        out = {
            "source": str(args.source),
            "from": begin / 1e9,
            "until": end / 1e9,
            **as_dict(whole),
            "by": [{"name": n, **as_dict(t)} for n, t in told.items()] if args.by != "all" else [],
        }
        sys.stdout.write(json.dumps(out, ensure_ascii=False, indent=1, allow_nan=False) + "\n")
    else:
        _show(whole, told if args.by != "all" else {}, args)
    return 0


def _checked(args: argparse.Namespace) -> None:
    from linewarden.service.surveying.effectiveness import check

    check(
        state=bool(args.state), counter=bool(args.made or args.good), run=args.run_values,
        numbers={name: getattr(args, name) for name in ("ideal", "micro", "stale")}, way="; see linewarden oee --help",
    )  # fmt: skip


def _zone(name: str) -> tzinfo:
    from linewarden.analytics.oee.shifts import zone_of

    try:
        return zone_of(name)
    except ValueError as error:
        raise ConfigError(f"--zone: {error}") from None


def _read(args: argparse.Namespace) -> tuple[list[Span], list[Pieces], int, int]:
    """Spans and pieces, and the first and last instant of which anything is told, ns."""
    from linewarden.analytics.oee.spans import from_pieces
    from linewarden.service.surveying.effectiveness import pieces_of
    from linewarden.service.surveying.series import numbers, series_of

    wanted = tuple(dict.fromkeys(t for t in (args.state, args.made, args.good, args.rejected) if t))
    found = series_of(args.source, wanted, args.time)
    shift = _plant_clock(args)
    rows = {t: ([round(shift(s) * 1e9) for s in at.tolist()], words) for t, (at, words) in found.items()}
    counted: dict[str, list[tuple[int, float]]] = {}
    for name in ("made", "good", "rejected"):
        if tag := getattr(args, name):
            pairs = zip(rows[tag][0], numbers(rows[tag][1]).tolist(), strict=True)
            counted[name] = [(a, v) for a, v in pairs if v == v]
    pieces = pieces_of(counted.get("made"), counted.get("good"), counted.get("rejected", []))
    begin, end = min(r[0][0] for r in rows.values()), max(r[0][-1] for r in rows.values())
    spans = _spans(rows[args.state], args, end) if args.state else from_pieces(pieces, args.ideal)
    return spans, pieces, begin, end


def _plant_clock(args: argparse.Namespace) -> Any:
    """Times of a file without a zone are on the plant's clock; those of a lake are UTC."""
    zone = _zone(args.zone)
    if zone is UTC or args.source.is_dir() or _has_zone(args.source, args.time):
        return lambda seconds: seconds
    return lambda seconds: datetime.fromtimestamp(seconds, UTC).replace(tzinfo=zone).timestamp()


def _has_zone(path: Path, time: str | None) -> bool:
    from linewarden.service.surveying.columns import found
    from linewarden.service.surveying.opening import opened

    columns = found(opened(path).frame, time=time, without=(), only=())
    return columns.zoned


def _spans(state: tuple[list[int], list[str]], args: argparse.Namespace, end: int) -> list[Span]:
    from linewarden.service.surveying.effectiveness import kinds_of, spans_of

    kinds = kinds_of({k: str(getattr(args, f"{k}_values")) for k in ("run", "stop", "setup", "planned")})
    return spans_of(*state, kinds, args.stale, end, tag=args.state)


def _stamp(ns: int, zone: tzinfo) -> str:
    return f"{datetime.fromtimestamp(ns / 1e9, zone):%Y-%m-%d %H:%M}"


def _show(whole: Times, groups: dict[str, Times], args: argparse.Namespace) -> None:
    from rich.text import Text

    from linewarden.service.tables import catalogue_table, console

    screen = console(sys.stdout)
    screen.print(
        Text(
            f"OEE {_share(whole.oee)} = availability {_share(whole.availability)} x performance "
            f"{_share(whole.performance)} x quality {_share(whole.quality)}",
            style="bold",
        )
    )
    for line in _remarks(whole):
        screen.print(Text(line))
    losses = whole.losses
    most = max(max(losses.values()), 1e-9)
    rows = [
        (
            name,
            f"{hours:,.2f}",
            f"{hours / max(whole.planned / HOUR, 1e-9):.1%}",
            "█" * max(round(24 * hours / most), 0),
        )
        for name, hours in losses.items()
    ]
    screen.print(catalogue_table(("Planned time", "h", "Share", ""), rows))
    if len(whole.reasons) > 1 or (whole.reasons and args.state):
        top = [(r, f"{n / HOUR:,.2f}") for r, n in whole.reasons.most_common(8)]
        screen.print(catalogue_table(("Stops by reason", "h"), top))
    if groups:
        each = [
            (
                n,
                _share(t.oee),
                _share(t.availability),
                _share(t.performance),
                _share(t.quality),
                f"{t.planned / HOUR:,.1f}",
                f"{t.made:,.0f}",
                f"{t.rejected:,.0f}",
                f"{t.unknown / HOUR:,.2f}",
            )
            for n, t in groups.items()
        ]
        heads = (args.by.capitalize(), "OEE", "Avail.", "Perf.", "Qual.", "Planned h", "Made", "Rejected", "Unknown h")
        screen.print(catalogue_table(heads, each))


def _remarks(t: Times) -> list[str]:
    from linewarden.service.surveying.effectiveness import remarks

    first = (
        f"{t.planned / HOUR:,.2f} h planned, {t.made:,.0f} made, {t.rejected:,.0f} rejected, {t.stops:,} stops, "
        f"{t.micro_stops:,} micro-stops"
    )
    return [first, *remarks(t)]


def _share(value: float | None) -> str:
    return "not known" if value is None else f"{value:.1%}"
