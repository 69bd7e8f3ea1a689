"""What has changed between two plants: before and after, yesterday and today. Most important first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from linewarden.plant import vocabulary as words
from linewarden.plant.exposure_hints import is_ot
from linewarden.plant.model import Asset, Conversation, Evidence, Plant, Severity

_IDENTITY = {
    "firmware": Severity.HIGH, "order_number": Severity.HIGH, "model": Severity.HIGH, "serial": Severity.HIGH,
    "hardware": Severity.MEDIUM, "vendor": Severity.MEDIUM, "software": Severity.MEDIUM, "os": Severity.MEDIUM,
    "name": Severity.LOW, "location": Severity.INFO,
}  # fmt: skip
"""Fields that are compared, and how much a change matters."""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. `asset` (and `other`, for conversations) are ids in `b`, or in `a` for what is gone."""

    kind: str
    severity: Severity
    text: str
    asset: str
    other: str = ""
    what: str = ""
    before: str = ""
    after: str = ""
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class PlantDiff:
    """All changes, most important first; empty if nothing changed."""

    changes: tuple[Change, ...] = ()

    def of(self, *kinds: str) -> tuple[Change, ...]:
        """The changes of these kinds."""
        return tuple(c for c in self.changes if c.kind in kinds)


def diff(a: Plant, b: Plant) -> PlantDiff:
    """What `b` has that `a` has not, and the other way round.

    A device is the same if it has the same id, a MAC in common, the same serial number of the same vendor, or, where
    one side knows no MAC, an IP in common.
    """
    pairs = _match(a, b)
    changes = [*_assets(a, b, pairs), *_conversations(a, b, pairs)]
    return PlantDiff(tuple(sorted(changes, key=lambda c: (c.severity.order, c.kind, c.asset, c.other, c.what))))


def _match(a: Plant, b: Plant) -> dict[str, str]:
    """Asset id in a: asset id in b."""
    pairs: dict[str, str] = {}
    taken: set[str] = set()
    for keys in (_by_id, _by_mac, _by_serial, _by_ip):
        there: dict[str, Asset] = {}
        for asset in b.assets:
            if asset.id not in taken:
                there.update(dict.fromkeys(keys(asset), asset))
        for asset in a.assets:
            found = next((there[k] for k in keys(asset) if k in there), None) if asset.id not in pairs else None
            if found is None or found.id in taken or (keys is _by_ip and asset.macs and found.macs):
                continue
            pairs[asset.id] = found.id
            taken.add(found.id)
    return pairs


def _by_id(asset: Asset) -> tuple[str, ...]:
    return (asset.id,) if asset.macs else ()


def _by_mac(asset: Asset) -> tuple[str, ...]:
    return asset.macs


def _by_serial(asset: Asset) -> tuple[str, ...]:
    return (f"{asset.vendor}/{asset.serial}",) if asset.serial else ()


def _by_ip(asset: Asset) -> tuple[str, ...]:
    return asset.ips


def _assets(a: Plant, b: Plant, pairs: dict[str, str]) -> Iterator[Change]:
    before, after = {x.id: x for x in a.assets}, {x.id: x for x in b.assets}
    for asset in b.assets:
        if asset.id not in pairs.values() and not asset.public:
            severity = (
                Severity.HIGH if is_ot(asset) or (asset.uses and set(asset.uses) & words.CONTROL) else Severity.MEDIUM
            )
            text = f"New: {_described(asset)}"
            yield Change("asset_new", severity, text, asset.id, after=asset.name, evidence=asset.evidence[:5])
    for asset in a.assets:
        if asset.id not in pairs and not asset.public:
            severity = Severity.MEDIUM if is_ot(asset) else Severity.LOW
            text = f"Not seen any more: {_described(asset)}"
            yield Change("asset_gone", severity, text, asset.id, before=asset.name, evidence=asset.evidence[:5])
    for old_id, new_id in pairs.items():
        yield from _identity(before[old_id], after[new_id])
        yield from _addresses(before[old_id], after[new_id])


def _described(asset: Asset) -> str:
    what = " ".join(x for x in (asset.vendor, asset.model) if x)
    where = ", ".join(a for a in asset.ips[:2] or asset.macs[:1] if a != asset.name)
    return "; ".join(x for x in (asset.name, words.role(asset.role), what, where) if x)


def _identity(old: Asset, new: Asset) -> Iterator[Change]:
    for what, severity in _IDENTITY.items():
        before, after = getattr(old, what), getattr(new, what)
        if not before or not after or before == after or (what == "name" and {before, after} & {*old.ips, *new.ips}):
            continue
        if what == "name" and after in old.names and before in new.names:
            continue
        evidence = tuple(e for x in (old, new) for e in x.evidence if e.what == what and e.value in (before, after))
        text = f"{new.name}: {what.replace('_', ' ')} was {before}, is {after}"
        yield Change("identity_changed", severity, text, new.id, "", what, before, after, evidence[:6])


def _addresses(old: Asset, new: Asset) -> Iterator[Change]:
    for what in ("ips", "macs"):
        before, after = getattr(old, what), getattr(new, what)
        if before and after and set(before) != set(after):
            text = f"{new.name}: {what[:-1].upper()} was {', '.join(before)}, is {', '.join(after)}"
            severity = Severity.MEDIUM if is_ot(new) or what == "macs" else Severity.LOW
            evidence = tuple(e for e in new.evidence if e.what == "ip" and e.value in after)
            yield Change(
                "address_moved", severity, text, new.id, "", what, ", ".join(before), ", ".join(after), evidence[:4]
            )


def _conversations(a: Plant, b: Plant, pairs: dict[str, str]) -> Iterator[Change]:
    names = {x.id: x for x in (*a.assets, *b.assets)}
    before = {(pairs.get(c.source, c.source), pairs.get(c.target, c.target)): c for c in a.conversations}
    after = {(c.source, c.target): c for c in b.conversations}
    for key, c in after.items():
        old = before.get(key)
        if old is None:
            yield _new_conversation(c, names)
        else:
            yield from _more_said(old, c, names)
    for key, c in before.items():
        if key not in after:
            severity = Severity.LOW if set(c.protocols) & words.CONTROL else Severity.INFO
            yield _conversation("conversation_gone", severity, "No longer talks", c, names, ", ".join(c.protocols), "")


def _new_conversation(c: Conversation, names: dict[str, Asset]) -> Change:
    changing = {v for v, _ in c.verbs} & words.CHANGING
    control = bool(set(c.protocols) & words.CONTROL)
    severity = Severity.HIGH if changing and control else Severity.MEDIUM if control else Severity.LOW
    return _conversation("conversation_new", severity, "New conversation", c, names, "", ", ".join(c.protocols))


def _more_said(old: Conversation, new: Conversation, names: dict[str, Asset]) -> Iterator[Change]:
    verbs = sorted({v for v, _ in new.verbs} - {v for v, _ in old.verbs})
    if verbs:
        severity = Severity.HIGH if set(verbs) & words.CHANGING else Severity.MEDIUM
        before = ", ".join(v for v, _ in old.verbs)
        after = ", ".join(verbs)
        text = f"Now also does {after.replace('_', ' ')}"
        yield _conversation("verb_new", severity, text, new, names, before, after)
    protocols = sorted(set(new.protocols) - set(old.protocols))
    if protocols:
        severity = Severity.MEDIUM if set(protocols) & words.OT else Severity.LOW
        text = f"Now also speaks {words.spelled_all(protocols)}"
        yield _conversation("protocol_new", severity, text, new, names, ", ".join(old.protocols), ", ".join(protocols))


def _conversation(
    kind: str, severity: Severity, text: str, c: Conversation, names: dict[str, Asset], before: str, after: str
) -> Change:
    source, target = (names[x].name if x in names else x for x in (c.source, c.target))
    evidence = Evidence("conversation", ", ".join(c.protocols), "conn", f"{source} to {target}", c.capture, c.frame)
    whole = f"{text}: {source} to {target} ({words.spelled_all(c.protocols)})"
    return Change(kind, severity, whole, c.source, c.target, "conversation", before, after, (evidence,))
