"""What is known of an asset, fact by fact, each with how it is known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from linewarden.api.routes.assets import AssetOut, EvidenceOut
from linewarden.api.routes.conversations import ConversationRow

FACTS = (
    "name", "role", "vendor", "model", "order_number", "hardware", "firmware", "serial", "os", "software", "location",
    "description", "zone", "line", "criticality", "ip", "mac",
)  # fmt: skip
"""In the order of the page; what else there is evidence for comes after."""
EDITABLE = (
    "name", "role", "zone", "line", "criticality", "vendor", "model", "order_number", "firmware", "hardware", "serial",
    "os", "software", "location",
)  # fmt: skip
BY_HAND = "correction"


@dataclass(frozen=True, slots=True)
class Fact:
    """What is known, in short, the evidence for it, and what else was said of it (another value)."""

    what: str
    value: str
    reasons: tuple[EvidenceOut, ...]
    others: tuple[EvidenceOut, ...]

    @property
    def best(self) -> EvidenceOut | None:
        """The strongest evidence."""
        return self.reasons[0] if self.reasons else None


def facts_of(asset: AssetOut) -> list[Fact]:
    """All that is known, or that something was said of."""
    said: dict[str, list[EvidenceOut]] = {}
    for evidence in asset.evidence:
        said.setdefault(evidence.what, []).append(evidence)
    wanted = dict.fromkeys((*FACTS, *said))
    return [f for f in (_fact(asset, what, said.get(what, [])) for what in wanted) if f.value or f.others]


def _fact(asset: AssetOut, what: str, said: list[EvidenceOut]) -> Fact:
    values = _values(asset, what)
    ordered = sorted(said, key=lambda e: (e.source != BY_HAND, -e.confidence, e.source))
    shown = values or tuple(dict.fromkeys(e.value for e in ordered))
    reasons = tuple(e for e in ordered if e.value in shown)
    return Fact(what, ", ".join(shown), reasons, _each_once(e for e in ordered if e.value not in shown))


def _values(asset: AssetOut, what: str) -> tuple[str, ...]:
    if what in ("ip", "mac"):
        return tuple(asset.ips if what == "ip" else asset.macs)
    value = getattr(asset, what, None) if what in FACTS else None
    return (str(value),) if value else ()


def _each_once(evidence: Iterable[EvidenceOut]) -> tuple[EvidenceOut, ...]:
    found: dict[str, EvidenceOut] = {}
    for e in evidence:
        found.setdefault(e.value, e)
    return tuple(found.values())


def by_hand(asset: AssetOut) -> frozenset[str]:
    """What people put right."""
    return frozenset(e.what for e in asset.evidence if e.source == BY_HAND)


@dataclass(frozen=True, slots=True)
class Link:
    """Somebody who reads or writes the asset, or in whom it does."""

    id: str
    name: str
    writes: bool


def masters_of(asset: AssetOut, talks: Sequence[ConversationRow]) -> list[Link]:
    """Who reads or writes it, those that change something first. Only those that the reader may see."""
    names = {c.source: c.source_name for c in talks if c.target == asset.id}
    found = [
        Link(m, names[m], m in asset.writers) for m in dict.fromkeys((*asset.writers, *asset.masters)) if m in names
    ]
    return sorted(found, key=lambda m: (not m.writes, m.name.casefold()))
