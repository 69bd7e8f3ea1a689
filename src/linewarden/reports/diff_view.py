"""What a report of changes shows, as plain values: the changes of a `PlantDiff` in groups that a person asks about."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from linewarden.plant.diff import Change, PlantDiff
from linewarden.plant.model import Severity
from linewarden.reports import words
from linewarden.reports.story import Said

_GROUPS: tuple[tuple[str, str, str], ...] = (
    ("asset_new", "New devices", "Ask who put each of them there."),
    ("verb_new", "New things that devices do", "Ask whether the change in the program or on the panel was planned."),
    ("identity_changed", "Changed devices", "Firmware, model or serial number is not what it was. Was it maintenance?"),
    ("address_moved", "Moved addresses", "The same device has another address, or an address another device."),
    ("conversation_new", "New conversations", "Devices talk that did not talk before."),
    ("protocol_new", "New protocols", "Devices that talked before now speak another protocol too."),
    ("asset_gone", "Devices no longer seen", "Switched off, out of the tap's hearing, or taken away?"),
    ("conversation_gone", "Conversations that ended", "Often only a shorter recording. Check what ought to run."),
)
"""Kinds of change, a heading for each, and what to do about it. Kinds that are not here come last."""

_SUMMED = (
    ("asset_new", "new device", "new devices"),
    ("asset_gone", "device no longer seen", "devices no longer seen"),
    ("identity_changed", "change of a device's identity", "changes of devices' identity"),
    ("verb_new", "new kind of request", "new kinds of request"),
    ("conversation_new", "new conversation", "new conversations"),
)


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One change. `proof` are packets."""

    severity: str
    word: str
    text: str
    before: str
    after: str
    proof: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChangeGroup:
    """Changes of one kind, most important first. `key` is the kind, for links in the page."""

    key: str
    title: str
    advice: str
    rows: tuple[ChangeRow, ...]


@dataclass(frozen=True, slots=True)
class DiffView:
    """All changes, and the sentences that matter most."""

    summary: tuple[Said, ...]
    tiles: tuple[tuple[str, str], ...]
    groups: tuple[ChangeGroup, ...]
    total: int


def diff_view(diff: PlantDiff) -> DiffView:
    """The changes in words, grouped by kind."""
    known = {kind for kind, _, _ in _GROUPS}
    others = sorted({c.kind for c in diff.changes} - known)
    kinds = [*_GROUPS, *((kind, words.clean(kind.replace("_", " ")).capitalize(), "") for kind in others)]
    groups = tuple(
        ChangeGroup(kind, title, advice, tuple(_row(c) for c in _ordered(diff.of(kind))))
        for kind, title, advice in kinds
        if diff.of(kind)
    )
    tiles = tuple((f"{len(diff.of(kind)):,}", one if len(diff.of(kind)) == 1 else many) for kind, one, many in _SUMMED)
    return DiffView(_summary(diff), tiles, groups, len(diff.changes))


def _ordered(changes: Iterable[Change]) -> list[Change]:
    """Gravest first, then as people count, so that a device is found in a long list."""
    return sorted(changes, key=lambda c: (c.severity.order, words.natural(c.text)))


def _row(change: Change) -> ChangeRow:
    proof = dict.fromkeys(at for e in change.evidence if (at := words.where(e)))
    return ChangeRow(
        severity=change.severity.value,
        word=words.SEVERITIES[change.severity],
        text=words.clean(change.text, 600),
        before=words.clean(change.before),
        after=words.clean(change.after),
        proof=tuple(proof),
    )


def _summary(diff: PlantDiff) -> tuple[Said, ...]:
    if not diff.changes:
        return (Said("ok", "Nothing has changed: the same devices talk in the same way."),)
    counts = [(len(diff.of(kind)), one, many) for kind, one, many in _SUMMED]
    parts = [words.plural(n, one, many) for n, one, many in counts if n]
    first = words.sentence(words.listed(parts or [words.plural(len(diff.changes), "smaller change")], 4))
    worst = [c for c in diff.changes if c.severity in (Severity.CRITICAL, Severity.HIGH)]
    said = [Said("info", first)]
    said += [Said(c.severity.value, words.sentence(words.clean(c.text, 240))) for c in worst[:4]]
    if len(worst) > 4:
        said[-1] = Said("high", f"And {len(worst) - 3:,} more changes of this weight, listed below.")
    return tuple(said)
