"""Remaining life scored while the service runs: a job a unit, which counts in a process of its own.

A unit that falls below its limit is told once, and a proposal of work is entered, which a person answers; both come
again only after it was well above the limit, or after a repair (`since`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from linewarden.detections.run import Told
from linewarden.errors import LinewardenError
from linewarden.records.notice import Notice
from linewarden.service.maintenance.lives import Course, Courses, Life, Scored
from linewarden.service.schedule import Job

if TYPE_CHECKING:
    from linewarden.service.maintenance.calendar import Calendar

NOTE = "life_short"
BY = "service"
FIRST_S = 20.0
SHOWN_REASONS = 3


class Asks(Protocol):
    """What counts (`service/measuring/desk.py`)."""

    def ask(self, what: str, question: dict[str, Any], version: Any) -> dict[str, Any]:
        """An answer, or why there is none."""


@dataclass(frozen=True, slots=True)
class LiveLives:
    """`write`: brings a notice into the lake. `on_notice`: who is told of it. `calendar`: raises StoreError while it is
    away, and then the proposal comes with the next scoring."""

    lives: tuple[Life, ...]
    courses: Courses
    measures: Asks
    write: Callable[[Sequence[Told]], None]
    on_notice: Callable[[Told], None]
    calendar: Callable[[], Calendar]
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))

    def jobs(self) -> list[Job]:
        """A job a unit, so that between two of them others have their turn."""
        return [Job(f"life {one.unit}", one.every_s, partial(self._turn, one), FIRST_S) for one in self.lives]

    def _turn(self, life: Life, _should_end: Callable[[], bool]) -> str:
        course = self.courses.of(life.unit, life.since)
        now = self.now()
        try:
            found = self.measures.ask("life", self._question(life, now, propose=not course.proposed), None)
        except LinewardenError as error:
            self.courses.keep(course.failed(str(error), now))
            raise
        one = _scored(found, now)
        course = course.with_one(one, life.limit_hours)
        self.courses.keep(course)
        if one.is_below(life.limit_hours):
            self._alert(life, course, one, found["proposal"])
        return f"{life.unit}: {in_words(one)} left"

    def _question(self, life: Life, now: datetime, *, propose: bool) -> dict[str, Any]:
        return {
            "unit": life.unit, "model": str(life.model), "tags": dict(life.tags), "row_s": life.row_s,
            "since": _ns(life.since), "until": _ns(now), "hours": life.hours, "costs": list(life.costs),
            "propose": propose,
        }  # fmt: skip

    def _alert(self, life: Life, course: Course, one: Scored, plan: dict[str, Any] | None) -> None:
        """Kept after each step: what failed is tried again with the next scoring, what was done is not."""
        if not course.told:
            told = notice_of(life, one)
            self.write([told])
            course = replace(course, told=True)
            self.courses.keep(course)
            self.on_notice(told)
        if not course.proposed:
            self._propose(life, one, plan)
            self.courses.keep(replace(course, proposed=True))

    def _propose(self, life: Life, one: Scored, plan: dict[str, Any] | None) -> None:
        if plan is not None:
            facts, why = plan["facts"], plan["why"]
            begin, end = (datetime.fromisoformat(facts[k]) for k in ("begin", "end"))
        else:  # nobody said what it costs: as late as nearly all such units last
            begin = datetime.fromisoformat(one.scored) + timedelta(hours=max(one.low, 0.0))
            end = begin + timedelta(hours=1)
            facts = {"model": one.model, "version": one.version}
            why = (f"{life.unit}: work by {begin:%Y-%m-%d %H:%M %Z}, until when nearly all such units last. Left: "
                   f"{in_words(one)}{_by(one)}.")  # fmt: skip
        self.calendar().enter(life.unit, begin, end, why, facts, BY)


def notice_of(life: Life, one: Scored) -> Told:
    """That a unit has little life left."""
    ts = _ns(datetime.fromisoformat(one.at))
    device = next(iter(life.tags.values())).rpartition("/")[0]
    identity = hashlib.sha256(f"{NOTE}\x1f{life.unit}\x1f{one.at}".encode()).hexdigest()[:20]
    notice = Notice(
        note=NOTE,
        msg=f"{life.unit} has {in_words(one)} left, below its limit of {life.limit_hours:,.0f} h{_by(one)}.",
        severity="medium",
        notice_id=identity,
        confidence=0.9,
        until=ts,
        why=f"model {one.model}, version {one.version}; the interval holds 90 % of such units",
    )
    return Told(ts, "", "health", "", 0, "", None, device, None, notice)


def in_words(one: Scored) -> str:
    """`31 h (12 to 55 h)`."""
    left = f"{one.cap:,.0f} h or more" if one.or_more else f"{one.left:,.0f} h"
    high = f"{one.cap:,.0f} h or more" if one.high is None else f"{one.high:,.0f} h"
    return f"{left} ({one.low:,.0f} to {high})"


def _by(one: Scored) -> str:
    short = [f"{tag} ({moves:+,.0f} h)" for tag, moves in one.why[:SHOWN_REASONS] if moves < -0.5]
    return f"; shortened by {', '.join(short)}" if short else ""


def _scored(found: dict[str, Any], now: datetime) -> Scored:
    at = datetime.fromtimestamp(found["at"] / 1e9, UTC).isoformat(timespec="seconds")
    why = tuple((str(tag), float(moves)) for tag, moves in found["why"])
    return Scored(
        now.isoformat(timespec="seconds"), at, found["left"], found["low"], found["high"], found["cap"],
        found["or_more"], why, found["model"], found["version"],
    )  # fmt: skip


def _ns(time: datetime) -> int:
    return round(time.timestamp() * 1e6) * 1000
