"""`linewarden health propose`, `calendar`, `accept`, `decline`: when to act, and what people say to it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linewarden.errors import ConfigError

if TYPE_CHECKING:
    from linewarden.service.maintenance.calendar import Calendar, Entry, State
    from linewarden.service.maintenance.models import Kept
    from linewarden.service.maintenance.planning import Planned, Span
    from linewarden.service.options import Commands

PROPOSE = """examples:
  linewarden health propose now.parquet --model models/engines.json --of E7 --failure-cost 20000 --planned-cost 2000
  linewarden health propose now.parquet --model models/engines.json --of E7 --failure-cost 20000 --planned-cost 2000
      --failure-hours 12 --planned-hours 3 --hour-cost 900
      --window 2026-12-02T06:00Z/2026-12-02T10:00Z --standing 2026-12-06T00:00Z/2026-12-07T00:00Z --enter
Without windows, one a day is looked at. --standing: the line stands then anyway, which costs nothing more.
With --enter it goes into the calendar of the site, where a person accepts or declines it.
"""
CALENDAR = """examples:
  linewarden health calendar                                   what is proposed and decided, by time
  linewarden health calendar --state accepted --ics plant.ics  for other calendars (RFC 5545)
"""
ANSWER = """examples:
  linewarden health accept 3fa9                                the beginning of its id is enough
  linewarden health decline 3fa9 --reason "spare part comes on Friday"
"""
MOST_MONEY = 1e12


def add_calendar(group: Commands) -> None:
    """Adds the commands to the group `health`."""
    from linewarden.service.maintenance.command import add_source

    propose = group.add("propose", "say when work on a unit costs least", PROPOSE, run_propose)
    add_source(propose)
    add: Any = propose.add_argument
    add("--of", metavar="UNIT", help="which unit (default: the one with the shortest life)")
    add("--failure-cost", type=float, required=True, metavar="MONEY", help="parts and work after a failure")
    add("--planned-cost", type=float, required=True, metavar="MONEY", help="parts and work of a planned stop")
    add("--failure-hours", type=float, default=0.0, metavar="H", help="the line stands so long after a failure")
    add("--planned-hours", type=float, default=0.0, metavar="H", help="and so long in a planned stop")
    add("--hour-cost", type=float, default=0.0, metavar="MONEY", help="of an hour in which the line stands")
    add("--hours", type=float, metavar="H", help="hours of one unit of a counted time (default: as the model says)")
    add("--window", action="append", default=[], metavar="BEGIN/END", help="when work could be done; may be repeated")
    add("--standing", action="append", default=[], metavar="BEGIN/END", help="and the line stands then anyway")
    add("--now", metavar="TIME", help="when the last row was taken (default: now)")
    add("--enter", action="store_true", help="enter it into the calendar")
    shown = group.add("calendar", "list maintenance that is proposed or decided", CALENDAR, run_calendar)
    shown.add_argument("--state", choices=("proposed", "accepted", "declined"), help="only these")
    shown.add_argument("--ics", type=Path, metavar="FILE.ics", help="write it for other calendars")
    accept = group.add("accept", "accept a proposal", ANSWER, run_accept)
    decline = group.add("decline", "decline a proposal", ANSWER, run_decline)
    for parser in (accept, decline):
        parser.add_argument("id", metavar="ID", help="of the entry, or its beginning")
        parser.add_argument("--reason", default="", metavar="TEXT", help="kept with it")
    for parser in (propose, shown, accept, decline):
        parser.add_argument("--config", type=Path, default=Path("linewarden.toml"), metavar="FILE.toml",
                            help="whose calendar (default: %(default)s)")  # fmt: skip
        parser.add_argument("--json", action="store_true", help="for a program")


def run_propose(args: argparse.Namespace) -> int:
    """The proposal, and with --enter its place in the calendar."""
    from linewarden.service.maintenance.planning import facts_of, words_of
    from linewarden.service.people_command import print_json

    kept, found, hours, now = _planned(args)
    needed = not (found.estimate.or_more and found.proposal.best is found.proposal.choices[-1])
    why = words_of(found, kept)
    entry = None
    if args.enter and needed:
        with _calendar(args.config) as (calendar, by):
            facts = facts_of(found, kept)
            entry = calendar.enter(found.estimate.unit, found.best.begin, found.best.end, why, facts, by)
    if args.json:
        print_json({**facts_of(found, kept), "needed": needed, "entry": entry.id if entry else None})
        return 0
    if not needed:
        print(f"{found.estimate.unit}: nothing to do within {kept.model.cap * hours:,.0f} h, as far as the model sees. "
              "Look again later.")  # fmt: skip
        return 0
    _print_choices(found, now, hours)
    print(why)
    if entry:
        print(f"Entered as {entry.id}. A person decides: linewarden health accept {entry.id[:6]}")
    return 0


def _planned(args: argparse.Namespace) -> tuple[Kept, Planned, float, datetime]:
    from linewarden.analytics.maintenance.proposal import Costs
    from linewarden.service.maintenance.histories import need_analytics, read_histories
    from linewarden.service.maintenance.models import read
    from linewarden.service.maintenance.planning import daily, plan, span_of

    need_analytics()
    kept = read(args.model)
    hours = args.hours or kept.card.hours
    if hours is None or not 0 < hours < 1e6:
        raise ConfigError("--hours H: the model counts time; say how many hours one of its times has")
    money = [args.failure_cost, args.planned_cost, args.failure_hours, args.planned_hours, args.hour_cost]
    if not all(0 <= m < MOST_MONEY for m in money):
        raise ConfigError("costs and hours must be 0 or more")
    try:
        costs = Costs(*money)
    except ValueError as error:
        raise ConfigError(f"--planned-cost: {error}") from error
    unit = kept.card.unit if args.unit is None else args.unit
    data = read_histories(args.file, unit, args.time or kept.card.time, kept.model.columns)
    runs = {r.unit: r for r in data.runs}
    if args.of is not None and args.of not in runs:
        raise ConfigError(f"--of {args.of}: no such unit in {args.file}; there are: {', '.join(sorted(runs)[:20])}")
    chosen = args.of or min(kept.model.estimates(data.runs), key=lambda e: (e.left, e.unit)).unit
    now = _now(args.now)
    spans: list[Span] = [span_of(w) for w in args.window] + [span_of(w, standing=True) for w in args.standing]
    if not spans:
        length = timedelta(hours=max(args.planned_hours, 1.0))
        spans = daily(now, timedelta(hours=min(kept.model.cap * hours, 24.0 * 366)), length)
    return kept, plan(kept, runs[chosen], costs, spans, now, hours), hours, now


def _now(text: str | None) -> datetime:
    if text is None:
        return datetime.now(UTC).replace(second=0, microsecond=0)
    try:
        now = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigError(f"--now {text}: a time as in 2026-12-05T06:00Z") from error
    if now.tzinfo is None:
        raise ConfigError(f"--now {text}: needs a zone, such as Z or +01:00")
    return now


def _print_choices(found: Planned, now: datetime, hours: float) -> None:
    from linewarden.service.people_command import print_table

    choices = found.proposal.choices
    step = max(1, len(choices) // 12)
    shown = [c for k, c in enumerate(choices) if k % step == 0 or c is found.proposal.best]
    rows = []
    for c in shown:
        begins = f"{now + timedelta(hours=c.window.ahead * hours):%Y-%m-%d %H:%M}"
        mark, beside = ">" if c is found.proposal.best else " ", " line stands" if c.window.standing else ""
        rows.append([mark, f"{begins}{beside}", f"{c.fails:.1%}", f"{c.wasted:,.0f}", f"{c.cost:,.0f}"])
    print_table(["", "work begins", "fails before", "life thrown away", "expected cost"], rows)


def run_calendar(args: argparse.Namespace) -> int:
    """The entries by time."""
    from linewarden.service.files import reserve
    from linewarden.service.maintenance.calendar import State
    from linewarden.service.maintenance.ics import calendar as ics
    from linewarden.service.people_command import print_json, print_table

    with _calendar(args.config) as (calendar, _):
        found = calendar.all(State(args.state) if args.state else None)
    if args.ics:
        with reserve(args.ics) as place:
            place.write_bytes(ics(found).encode())
    if args.json:
        print_json([_entry_as_dict(e) for e in found])
    elif not found:
        print("Nothing is proposed. Make a proposal: linewarden health propose FILE --model MODEL ... --enter")
    else:
        heads = ["id", "unit", "begin", "state", "by", "why"]
        print_table(heads, [[e.id[:6], e.unit, f"{e.begin:%Y-%m-%d %H:%M}", e.state, e.by, e.why] for e in found])
        if args.ics:
            print(f"{args.ics}: {len(found)} entries.")
    return 0


def run_accept(args: argparse.Namespace) -> int:
    """A person agrees."""
    from linewarden.service.maintenance.calendar import State

    return _answer(args, State.ACCEPTED)


def run_decline(args: argparse.Namespace) -> int:
    """A person does not."""
    from linewarden.service.maintenance.calendar import State

    return _answer(args, State.DECLINED)


def _answer(args: argparse.Namespace, state: State) -> int:
    from linewarden.service.people_command import print_json

    with _calendar(args.config) as (calendar, by):
        entry = calendar.answer(args.id, state, by, args.reason)
    if args.json:
        print_json(_entry_as_dict(entry))
    else:
        print(f"{entry.id[:6]} ({entry.unit}, {entry.begin:%Y-%m-%d %H:%M %Z}): {entry.state} by {entry.by}.")
    return 0


@contextmanager
def _calendar(config: Path) -> Iterator[tuple[Calendar, str]]:
    """The calendar of a configuration, and who works here."""
    from linewarden.service.maintenance.calendar import Calendar
    from linewarden.service.people_house import machine_user, opened

    with opened(config) as house:
        yield Calendar(house.ledger, house.site), machine_user()


def _entry_as_dict(entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.id, "unit": entry.unit, "begin": entry.begin.isoformat(), "end": entry.end.isoformat(),
        "state": entry.state.value, "by": entry.by, "made": entry.made.isoformat(),
        "changed": entry.changed.isoformat(), "reason": entry.reason, "why": entry.why, "facts": dict(entry.facts),
    }  # fmt: skip
