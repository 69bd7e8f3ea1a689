"""A case: what belongs together, and why a person should look at it now rather than later."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from linewarden.detections.attack import TECHNIQUES

STAGES: tuple[str, ...] = (
    "initial_access", "execution", "persistence", "privilege_escalation", "evasion", "discovery", "lateral_movement",
    "collection", "command_and_control", "inhibit_response_function", "impair_process_control", "impact",
)  # fmt: skip
"""The tactics of ATT&CK for ICS in the order of its matrix: how far somebody has come."""

WEIGHT: Mapping[str, float] = {"critical": 1.0, "high": 0.8, "medium": 0.5, "low": 0.2, "info": 0.05}
_STAGE_WEIGHT: Mapping[str, float] = {
    "inhibit_response_function": 1.0, "impair_process_control": 1.0, "impact": 1.0, "lateral_movement": 0.8,
    "persistence": 0.8, "execution": 0.8, "command_and_control": 0.7, "privilege_escalation": 0.7,
    "initial_access": 0.7, "evasion": 0.7, "collection": 0.5, "discovery": 0.4,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Event:
    """A notice in a case. Times are ns UTC. `orig` and `resp` are assets (ids), with the addresses that were seen."""

    notice_id: str
    ts: int
    until: int
    note: str
    title: str
    msg: str
    severity: str
    tactic: str
    techniques: tuple[str, ...]
    confidence: float
    orig: str
    resp: str
    orig_h: str
    resp_h: str
    capture: str
    frame: int
    frames: tuple[int, ...] = ()
    count: int = 1
    why: str = ""
    meaning: str = ""
    runbook: tuple[str, ...] = ()
    benign: str = ""
    expected: str | None = None
    orig_p: int | None = None
    resp_p: int | None = None
    sensor: str = ""
    uid: str = ""
    case: str = ""
    """Where this tells of a whole case and not of a notice: its id,"""
    state: str = ""
    """what became of it (`export.common.STATES`),"""
    priority: int = 0
    """and how urgent it is, 0 to 100."""

    @property
    def is_group(self) -> bool:
        """True if it was said to all, and so names no target."""
        return is_group(self.resp_h)


_ONE_MORE = " and one more finding"
_MORE = re.compile(r" and ([2-9]|[1-9]\d{1,8}) more kinds of findings\Z")


def title_of(worst: str, more: int) -> str:
    """The title of a case: that of its worst event, and how many more kinds there are."""
    return worst + (f" and {more} more kinds of findings" if more > 1 else _ONE_MORE if more else "")


def split_title(title: str) -> tuple[str, int]:
    """What `title_of` was given: for who says it in another language."""
    if title.endswith(_ONE_MORE):
        return title.removesuffix(_ONE_MORE), 1
    found = _MORE.search(title)
    return (title[: found.start()], int(found[1])) if found else (title, 0)


def is_group(address: str) -> bool:
    """True for broadcast and multicast, of IP and of Ethernet: an address that is nobody's."""
    if ":" in address and len(address) == 17:
        return int(address[1], 16) & 1 == 1
    if address.startswith("ff") and ":" in address:
        return True
    first = address.partition(".")[0]
    return address.endswith(".255") or (first.isdigit() and 224 <= int(first) <= 239)


@dataclass(frozen=True)
class Case:
    """Events that belong together, by time. `id` is that of the event that opened it: a rerun gives the same.

    What it says of itself is found once: every page asks it of every case.
    """

    id: str
    events: tuple[Event, ...]

    @cached_property
    def began(self) -> int:
        """Time of the first event, ns UTC."""
        return min(e.ts for e in self.events)

    @cached_property
    def until(self) -> int:
        """Time of the last one, ns UTC."""
        return max(e.until for e in self.events)

    @cached_property
    def severity(self) -> str:
        """The worst one of what was not expected."""
        return min((e.severity for e in self.unexpected), key=list(WEIGHT).index, default="info")

    @cached_property
    def unexpected(self) -> tuple[Event, ...]:
        """Events that no window or rule explains."""
        return tuple(e for e in self.events if e.expected is None)

    @cached_property
    def title(self) -> str:
        """The worst event's; of equal ones the furthest in the kill chain."""
        return title_of(self.worst.title, len({e.note for e in self.events}) - 1)

    @cached_property
    def worst(self) -> Event:
        """The event to look at first."""
        return min(self.unexpected or self.events, key=lambda e: (-WEIGHT[e.severity], -stage(e.tactic), e.ts))

    @cached_property
    def assets(self) -> tuple[str, ...]:
        """Assets that it touches, those who act first."""
        acting = dict.fromkeys(e.orig for e in self.events if e.orig)
        hit = dict.fromkeys(e.resp for e in self.events if e.resp and not e.is_group)
        return tuple(acting | hit)

    @cached_property
    def tactics(self) -> Mapping[str, tuple[str, ...]]:
        """Tactic -> techniques that were seen, in the order of the matrix."""
        found: dict[str, dict[str, None]] = {}
        for e in self.events:
            found.setdefault(e.tactic, {}).update(dict.fromkeys(e.techniques))
        return {t: tuple(found[t]) for t in STAGES if t in found}

    @cached_property
    def count(self) -> int:
        """Events, those that came again included."""
        return sum(e.count for e in self.events)


def stage(tactic: str) -> int:
    """How far along the kill chain; -1 for a tactic that there is not."""
    return STAGES.index(tactic) if tactic in STAGES else -1


def priority(case: Case, criticality: Mapping[str, float] | None = None) -> int:
    """0 to 100: criticality of what is hit x weight x confidence x stage, plus a little for each further stage.

    `criticality`: 0..1 by asset id, 0.5 where nobody said. The factors are our own; docs/detections.md explains them.
    """
    most = urgency(case, criticality)
    if most is None:
        return 0
    best = most.weight * most.confidence * most.stage * most.value
    return min(100, round(100 * best) + 5 * most.further) if best else 0


def technique_name(number: str) -> str:
    """`T0843 Program Download`."""
    found = TECHNIQUES.get(number)
    return f"{number} {found.name}" if found else number


@dataclass(frozen=True, slots=True)
class Urgency:
    """Why a case has its priority: the notice that weighs most, its factors (0..1), and stages beyond the first."""

    event: Event
    weight: float
    confidence: float
    stage: float
    value: float
    further: int


def urgency(case: Case, criticality: Mapping[str, float] | None = None) -> Urgency | None:
    """What `priority` is made of; None where all was expected."""
    known = criticality or {}
    further = max(0, len({e.tactic for e in case.unexpected}) - 1)
    factors = (
        Urgency(e, WEIGHT[e.severity], e.confidence, _STAGE_WEIGHT.get(e.tactic, 0.5),
                0.5 + 0.5 * max(known.get(e.resp, 0.5), known.get(e.orig, 0.5) * 0.8), further)
        for e in case.unexpected
    )  # fmt: skip
    return max(factors, key=lambda u: u.weight * u.confidence * u.stage * u.value, default=None)
