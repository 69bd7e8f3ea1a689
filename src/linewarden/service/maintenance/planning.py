"""From a model and a unit's history to a proposal: windows in time, money, and when work is best done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from linewarden.errors import ConfigError

if TYPE_CHECKING:
    from linewarden.analytics.maintenance.life import Estimate
    from linewarden.analytics.maintenance.proposal import Costs, Proposal
    from linewarden.analytics.maintenance.runs import Run
    from linewarden.service.maintenance.models import Kept

MOST_WINDOWS = 200
A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span:
    """A window of work. standing: the line stands then anyway."""

    begin: datetime
    end: datetime
    standing: bool = False


@dataclass(frozen=True, slots=True)
class Planned:
    """What is proposed for a unit: when, and why. best: None: act at once."""

    estimate: Estimate
    proposal: Proposal
    spans: tuple[Span, ...]
    best: Span
    hours: float


def span_of(text: str, standing: bool = False) -> Span:
    """`2026-12-05T06:00Z/2026-12-05T14:00Z` (ISO 8601). Raises ConfigError."""
    first, slash, last = text.partition("/")
    try:
        begin, end = datetime.fromisoformat(first), datetime.fromisoformat(last)
    except ValueError as error:
        raise ConfigError(f"--window {text}: BEGIN/END as in 2026-12-05T06:00Z/2026-12-05T14:00Z") from error
    if not slash or begin.tzinfo is None or end.tzinfo is None:
        raise ConfigError(f"--window {text}: times need a zone, such as Z or +01:00")
    if end <= begin:
        raise ConfigError(f"--window {text}: ends before it begins")
    return Span(begin, end, standing)


def daily(now: datetime, horizon: timedelta, length: timedelta) -> list[Span]:
    """A window a day at this time of day, as long as the model sees."""
    days = max(1, min(int(horizon / A_DAY), MOST_WINDOWS))
    return [Span(now + k * A_DAY, now + k * A_DAY + length) for k in range(1, days + 1)]


def plan(kept: Kept, run: Run, costs: Costs, spans: Sequence[Span], now: datetime, hours: float) -> Planned:
    """hours: of one unit of the model's times. Windows that lie further ahead than the model sees are left out: of then
    nothing is known. Raises ConfigError where none is left."""
    from linewarden.analytics.maintenance.proposal import Window, proposal

    (estimate,) = kept.model.estimates([run])
    sees = kept.model.cap
    ahead = {s: (s.begin - now).total_seconds() / 3600.0 / hours for s in spans}
    usable = {s: a for s, a in ahead.items() if 0 <= a <= sees}
    if not usable:
        raise ConfigError(
            f"no window between now and {sees * hours:,.0f} h ahead, as far as the model sees; give --window"
        )
    windows = {Window(a, s.standing): s for s, a in usable.items()}
    found = proposal(lambda t: kept.model.still(run, t), costs, list(windows), kept.card.median_life)
    length = timedelta(hours=max(costs.planned_hours, 1.0))
    best = windows.get(found.best.window, Span(now, now + length))
    return Planned(estimate, found, tuple(windows.values()), best, hours)


def facts_of(found: Planned, kept: Kept) -> dict[str, Any]:
    """What the calendar keeps beside the text."""
    from linewarden.service.maintenance.command import estimate_as_dict

    best = found.proposal.best
    estimate = {**estimate_as_dict(found.estimate, kept), "hours": found.hours}
    return {
        "model": kept.card.name, "version": kept.card.version, "estimate": estimate,
        "begin": found.best.begin.isoformat(), "end": found.best.end.isoformat(), "standing": best.window.standing,
        "at_once": best.window.ahead == 0, "fails_before": round(best.fails, 4), "cost": round(best.cost, 2),
        "cost_at_once": round(found.proposal.choices[0].cost, 2), "cost_of_failure": round(found.proposal.waiting, 2),
        "saved": round(found.proposal.saved, 2),
        "choices": [
            {"ahead_h": round(c.window.ahead * found.hours, 2), "standing": c.window.standing,
             "fails_before": round(c.fails, 4), "wasted": round(c.wasted, 2), "cost": round(c.cost, 2)}
            for c in found.proposal.choices
        ],
    }  # fmt: skip


def words_of(found: Planned, kept: Kept) -> str:
    """The proposal in a sentence or two."""
    from linewarden.service.maintenance.command import interval_in_words, left_in_words, reasons

    best, e = found.proposal.best, found.estimate
    when = "at once" if best.window.ahead == 0 else f"{found.best.begin:%Y-%m-%d %H:%M %Z} to {found.best.end:%H:%M %Z}"
    by = f"; shortened by {reasons(e)}" if reasons(e) else ""
    return (
        f"{e.unit}: work {when}. It is expected to cost {best.cost:,.0f} "
        f"(at once {found.proposal.choices[0].cost:,.0f}, "
        f"after a failure {found.proposal.waiting:,.0f}); {best.fails:.1%} of such units would fail before. Left: "
        f"{left_in_words(e, kept)} ({interval_in_words(e, kept)}) x {found.hours:g} h{by}."
    )
