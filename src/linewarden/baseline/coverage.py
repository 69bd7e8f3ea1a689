"""How much is known: per device and per conduit, in figures and in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from linewarden.baseline.baseline import Baseline
from linewarden.baseline.entry import Entry, State


@dataclass(frozen=True, slots=True)
class Coverage:
    """What is known of a device. Times are ns; `confidence` is how sure something new about it is news."""

    address: str
    first: int
    last: int
    learned_s: float
    exchanges: int
    peers: int
    services: int
    targets: int
    values: int
    unapproved: int
    ripe: bool
    confidence: float
    words: str


@dataclass(frozen=True, slots=True)
class Conduit:
    """What is usual between two zones, or from one device to another where nobody named zones."""

    orig: str
    resp: str
    protocols: tuple[str, ...]
    verbs: tuple[str, ...]
    pairs: int
    exchanges: int
    first: int
    last: int


def coverage(baseline: Baseline) -> list[Coverage]:
    """One a device, by address."""
    baseline.close()
    latest = max((e.last for e in baseline.entries.values()), default=0)
    about: dict[str, list[Entry]] = {}
    for entry in baseline.entries.values():
        about.setdefault(entry.subject, []).append(entry)
    subjects = sorted((e for e in baseline.entries.values() if e.kind == "subject"), key=lambda e: e.subject)
    return [_coverage(baseline, e, about[e.subject], latest) for e in subjects]


def _coverage(baseline: Baseline, subject: Entry, about: list[Entry], latest: int) -> Coverage:
    def count(*kinds: str) -> int:
        return sum(e.kind in kinds and e.state is not State.FORGOTTEN for e in about)

    peers = len({e.peer for e in about if e.kind == "peer" and e.state is not State.FORGOTTEN})
    unapproved = sum(e.state is State.UNAPPROVED for e in about)
    ripe, sure = baseline.ripe(subject, latest), baseline.confidence(subject, latest)
    values = sum(max(len(e.low), 1) for e in about if e.kind == "value")
    facts = (
        f"known for {span((latest - subject.first) / 1e9)}",
        f"serves {_many(peers, 'peer')} with {_many(count('service'), 'service')}" if peers else "serves nobody",
        f"{_many(count('target'), 'target')}" if count("target") else "",
        f"{_many(values, 'range')} of values" if values else "",
        f"{unapproved} not approved yet" if unapproved else "",
        f"{sure:.0%} sure" if ripe else _why_not(baseline, subject, latest),
    )
    return Coverage(
        subject.subject, subject.first, subject.last, round((latest - subject.first) / 1e9, 3), subject.count, peers,
        count("service"), count("target"), values, unapproved, ripe, round(sure, 3), "; ".join(filter(None, facts)),
    )  # fmt: skip


def _why_not(baseline: Baseline, subject: Entry, latest: int) -> str:
    """What is missing until something new is told."""
    p, learned = baseline.params, (latest - subject.first) / 1e9
    if learned < p.after_s:
        return f"too early to judge: {span(p.after_s - learned)} more"
    if subject.count < p.exchanges or subject.spans < p.minutes:
        return f"too quiet to judge: {_many(subject.count, 'exchange')} in {_many(subject.spans, 'minute')} so far"
    return "new things keep coming, so none is news yet"


def conduits(baseline: Baseline, zone: Callable[[str], str] = str) -> list[Conduit]:
    """What is usual from one zone to another; `zone` gives the zone (or level) of an address, or the address."""
    held: dict[tuple[str, str], list[Entry]] = {}
    for entry in baseline.entries.values():
        if entry.kind in ("peer", "verb") and entry.state is not State.FORGOTTEN:
            held.setdefault((zone(entry.peer), zone(entry.subject)), []).append(entry)
    return [_conduit(*ends, held[ends]) for ends in sorted(held)]


def _conduit(orig: str, resp: str, entries: list[Entry]) -> Conduit:
    peers = [e for e in entries if e.kind == "peer"]
    verbs = {e.what for e in entries if e.kind == "verb" and " " not in e.what}
    return Conduit(
        orig, resp, tuple(sorted({e.protocol for e in peers})), tuple(sorted(verbs)),
        len({(e.peer, e.subject) for e in peers}), sum(e.count + e.new_count for e in peers),
        min(e.first for e in entries), max(e.last for e in entries),
    )  # fmt: skip


def differences(a: Baseline, b: Baseline) -> list[tuple[str, str]]:
    """What one knows and the other does not, or is of another state: (key, words), by key."""
    found = []
    for key in sorted(a.entries.keys() | b.entries.keys()):
        one, other = a.entries.get(key), b.entries.get(key)
        if one is None:
            found.append((key, "only in B"))
        elif other is None:
            found.append((key, "only in A"))
        elif one.state is not other.state:
            found.append((key, f"{one.state.name.lower()} in A, {other.state.name.lower()} in B"))
        elif (one.low, one.high) != (other.low, other.high):
            found.append((key, f"range {ends(one)} in A, {ends(other)} in B"))
    return found


def ends(entry: Entry) -> str:
    """'180 to 184', with a bar between places; empty without a range."""
    pairs = [f"{low:g} to {high:g}" for low, high in zip(entry.low, entry.high, strict=True)]
    return " | ".join(pairs[:4]) + (f" | and {len(pairs) - 4} more" if len(pairs) > 4 else "")


def span(seconds: float) -> str:
    """'40 s', '12 min', '3.5 h', '6 d'."""
    for unit, size, most in (("s", 1, 120), ("min", 60, 7200), ("h", 3600, 172_800)):
        if seconds < most:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 86_400:.3g} d"


def _many(n: int, thing: str) -> str:
    return f"{n:,} {thing}{'' if n == 1 else 's'}"


def as_rows(entries: Mapping[str, Entry]) -> list[dict[str, object]]:
    """Entries as plain values, by key."""
    return [
        {
            "key": key, "kind": e.kind, "subject": e.subject, "peer": e.peer, "protocol": e.protocol, "what": e.what,
            "first": e.first, "last": e.last, "count": e.count, "range": ends(e), "left_out": e.more,
            "state": e.state.name.lower(),
        }
        for key, e in sorted(entries.items())
    ]  # fmt: skip
