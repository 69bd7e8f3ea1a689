"""The traffic that crosses from zone to zone, and what of it a segmented plant would not have.

A conduit is the communication between two zones (IEC 62443-1-1, 3.2.27). Here each has a direction: from the zone of
those that ask to that of those that answer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from linewarden.plant.model import Asset, Conversation, Role
from linewarden.reports.map_nodes import kind_of

OFFICE, DMZ, SITE, SUPERVISION = 4.0, 3.5, 3.0, 2.0


@dataclass(slots=True)
class Conduit:
    """All that the assets of one zone say to those of another. Times are ns UTC; zones are empty for assets in none.

    `needless`: why, -> the conversations that a segmented plant would not have.
    """

    source: str
    target: str
    conversations: list[Conversation] = field(default_factory=list)
    protocols: Counter[str] = field(default_factory=Counter)
    verbs: Counter[str] = field(default_factory=Counter)
    asking: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)
    changing: int = 0
    packets: int = 0
    bytes: int = 0
    first_seen: int = 0
    last_seen: int = 0
    needless: dict[str, list[Conversation]] = field(default_factory=dict)

    def add(self, talk: Conversation, why: str) -> None:
        """One more conversation."""
        self.conversations.append(talk)
        self.protocols.update(dict.fromkeys(talk.protocols, talk.packets))
        self.verbs.update(dict(talk.verbs))
        self.asking.add(talk.source)
        self.asked.add(talk.target)
        self.changing += kind_of(talk) == "change"
        self.packets += talk.packets
        self.bytes += talk.bytes
        self.first_seen = min(filter(None, (self.first_seen, talk.first_seen)), default=0)
        self.last_seen = max(self.last_seen, talk.last_seen)
        if why:
            self.needless.setdefault(why, []).append(talk)


def conduits_of(talks: Iterable[Conversation], asset: Callable[[str], Asset | None]) -> list[Conduit]:
    """The conduits of these conversations, by zones. What is said to all (broadcast) crosses nothing."""
    found: dict[tuple[str, str], Conduit] = {}
    for talk in talks:
        source, target = asset(talk.source), asset(talk.target)
        if talk.group or source is None or target is None or (source.zone or "") == (target.zone or ""):
            continue
        key = (source.zone or "", target.zone or "")
        found.setdefault(key, Conduit(*key)).add(talk, needless(talk, source, target))
    return [found[key] for key in sorted(found)]


def needless(talk: Conversation, source: Asset, target: Asset) -> str:
    """Why a segmented plant would not have this conversation; empty if nothing speaks against it.

    outside: a public address talks to what is below the DMZ (IEC 62443-3-3 SR 5.2, NIST SP 800-82r3 5.2.3.2).
    skips: office talks straight to supervision or control, past the DMZ (NIST SP 800-82r3 5.2.3.3).
    safety: something is changed in a safety controller from another zone (IEC 62443-3-2, ZCR 3.3).
    """
    levels = [x.level for x in (source, target) if x.level is not None]
    low, high = (min(levels), max(levels)) if len(levels) == 2 else (None, None)
    if low is not None and low < DMZ and (source.public or target.public):
        return "outside"
    if low is not None and high is not None and high >= OFFICE and low <= SUPERVISION:
        return "skips"
    if target.role is Role.SAFETY_CONTROLLER and kind_of(talk) == "change":
        return "safety"
    return ""
