"""Which notices belong together.

    board = Correlation()
    for event in events: board.add(event)          # by time; gives the case that it is part of
    cases = board.cases()

An event joins an open case if it goes on where the case is: the same actor, or what was hit acts now, or soon after the
same target is hit again, or somebody reached the machine that acts, or a controller acts whose drives, I/O or masters
were hit. What is only noteworthy (low, info) joins a case and opens none. An event that fits two cases makes them one;
its id stays that of the older. Groups (broadcast) are nobody, and tie nothing together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from linewarden.cases.model import WEIGHT, Case, Event

OPENS = 0.5
"""Weight (`model.WEIGHT`) from which on an event opens a case of its own."""
MOST_EVENTS = 2_000
MOST_CASES = 500


@dataclass(frozen=True, slots=True)
class Rules:
    """How long a case stays open for what goes on in it, in s."""

    actor_s: float = 24 * 3600.0
    """An intruder works at night and comes back the next day."""
    target_s: float = 3600.0
    """Two strangers at one controller within an hour have to do with each other."""
    before_s: float = 3600.0
    """Noteworthy events of the same actor within so long before are told with the case."""


@dataclass(slots=True)
class _Open:
    id: str
    number: int
    """Of those that were ever open: the older one is lower."""
    events: list[Event] = field(default_factory=list)
    acted: dict[str, int] = field(default_factory=dict)
    hit: dict[str, int] = field(default_factory=dict)
    left_out: int = 0

    def take(self, event: Event) -> None:
        if len(self.events) >= MOST_EVENTS:
            self.left_out += 1
        else:
            self.events.append(event)
        if event.orig:
            self.acted[event.orig] = max(event.until, self.acted.get(event.orig, 0))
        if event.resp and not event.is_group:
            self.hit[event.resp] = max(event.until, self.hit.get(event.resp, 0))

    def absorb(self, other: _Open) -> None:
        self.left_out += other.left_out
        for event in other.events:
            self.take(event)

    @property
    def latest(self) -> int:
        return max((*self.acted.values(), *self.hit.values()), default=0)


class Correlation:
    """Takes events by time, keeps cases. Beyond MOST_CASES the one that was quiet longest is closed (and kept)."""

    def __init__(self, rules: Rules | None = None, partners: Mapping[str, frozenset[str]] | None = None) -> None:
        """`partners`: by asset, with whom a controller works; what it does when these were hit is a consequence."""
        self._rules, self.partners = rules or Rules(), partners or {}
        self._open: dict[int, _Open] = {}
        self._at: dict[str, dict[int, _Open]] = {}  # by asset: the open cases that it acts in or was hit in
        self._opened = 0
        self._closed: list[Case] = []
        self._lone: list[Event] = []

    def add(self, event: Event) -> Case | None:
        """An event, not before those that were added. Gives the case that it is part of now, if it is of any."""
        fits = [c for c in self._near(event) if self._fits(c, event)]
        if not fits and WEIGHT[event.severity] < OPENS:
            self._keep(event)
            return None
        if not fits:
            fits = [self._opening(event)]
        first, *others = fits
        for other in others:
            self._close(other)
            first.absorb(other)
        first.take(event)
        self._remember(first)
        while len(self._open) > MOST_CASES:
            quiet = min(self._open.values(), key=lambda c: c.latest)
            self._close(quiet)
            self._closed.append(_case(quiet))
        return _case(first)

    def _near(self, event: Event) -> list[_Open]:
        """The open cases, oldest first, that know one of those whom the event is about: no other can fit."""
        about = (event.orig, event.resp, *self.partners.get(event.orig, ()))
        found = {number: case for asset in about if asset for number, case in self._at.get(asset, {}).items()}
        return [found[number] for number in sorted(found)]

    def _opening(self, event: Event) -> _Open:
        self._opened += 1
        case = self._open[self._opened] = _Open(event.notice_id, self._opened)
        for early in self._early(event):
            case.take(early)
        return case

    def _remember(self, case: _Open) -> None:
        for asset in (*case.acted, *case.hit):
            self._at.setdefault(asset, {})[case.number] = case

    def _close(self, case: _Open) -> None:
        del self._open[case.number]
        for asset in {*case.acted, *case.hit}:
            there = self._at.get(asset, {})
            there.pop(case.number, None)
            if not there:
                self._at.pop(asset, None)

    def open_ids(self) -> frozenset[str]:
        """The cases that something may still be added to."""
        return frozenset(c.id for c in self._open.values())

    def let_go(self, now: int) -> list[Case]:
        """Closes what nothing can join any more (`now`: ns UTC), and forgets all that is closed: those are given."""
        oldest = now - int(max(self._rules.actor_s, self._rules.target_s) * 1e9)
        quiet = [c for c in self._open.values() if c.latest < oldest]
        for case in quiet:
            self._close(case)
        gone, self._closed = [*self._closed, *map(_case, quiet)], []
        return gone

    def _fits(self, case: _Open, event: Event) -> bool:
        actor, target = int(self._rules.actor_s * 1e9), int(self._rules.target_s * 1e9)
        said = [case.acted.get(event.orig), case.hit.get(event.orig)] if event.orig else []
        if any(at is not None and event.ts - at <= actor for at in said):
            return True
        if event.is_group or WEIGHT[event.severity] < OPENS:
            return False
        # Somebody else at the same target, or one who reached the machine that acts in this case.
        times = [case.hit.get(event.resp), case.acted.get(event.resp)]
        times += [case.hit.get(other) for other in self.partners.get(event.orig, ())]
        return any(at is not None and event.ts - at <= target for at in times)

    def _keep(self, event: Event) -> None:
        oldest = event.ts - int(self._rules.before_s * 1e9)
        self._lone = [e for e in self._lone[-MOST_EVENTS:] if e.ts >= oldest] + [event]

    def _early(self, event: Event) -> list[Event]:
        """What this actor did before, and was only noteworthy then."""
        oldest = event.ts - int(self._rules.before_s * 1e9)
        found = [e for e in self._lone if e.orig and e.orig == event.orig and e.ts >= oldest]
        self._lone = [e for e in self._lone if e not in found]
        return found

    def cases(self) -> tuple[Case, ...]:
        """All cases so far, the open ones included, by their beginning."""
        found = [*self._closed, *map(_case, self._open.values())]
        return tuple(sorted(found, key=lambda c: (c.began, c.id)))

    def lone(self) -> tuple[Event, ...]:
        """Noteworthy events of the last hour that belong to no case."""
        return tuple(self._lone)


def _case(found: _Open) -> Case:
    return Case(found.id, tuple(sorted(found.events, key=lambda e: (e.ts, e.note, e.notice_id))))
