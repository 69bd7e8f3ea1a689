"""One thing that is usual, and what a person said of it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from enum import IntEnum
from typing import Any

SLICE_NS = 60_000_000_000
"""Judging is by minute of the records: what is known is what the minutes before have shown. So it does not matter
where batches are cut."""
TELLS = ("asset", "vendor", "peer", "service", "verb", "target", "value", "rhythm", "master", "login", "hour")
"""Kinds that can be news."""
HOLDS = ("network", "subject", "written")
"""Kinds that only say since when, and how often, something was active: the others hang on them."""
RANGED = ("value", "rhythm")
"""Kinds that have a range; outside of it is news."""


Range = tuple[float, ...]
"""Lower or upper ends, one a place of a block of values; empty if nothing is known."""


class State(IntEnum):
    """How an entry came to be usual. Where two baselines differ after as many edits, the higher one counts."""

    LEARNED = 0
    UNAPPROVED = 1
    """It was told as news once, and nobody said yet that it is right."""
    APPROVED = 2
    FORGOTTEN = 3
    """It is news again when it comes again."""


@dataclass(slots=True)
class Entry:
    """Something that was seen: since when, until when, how often. Times are ns of the records.

    `spans`: minutes in which it was active. `grew`: when something was last learned below it, or its range last became
    wider: as long as that goes on, what is new is no news. `more`: things below it that were left out as it already has
    too many. `edit` counts what people said of it.
    """

    kind: str
    subject: str
    peer: str
    protocol: str
    what: str
    first: int
    last: int
    count: int = 0
    spans: int = 0
    low: Range = ()
    high: Range = ()
    grew: int = 0
    more: int = 0
    state: State = State.LEARNED
    edit: int = 0
    at: int = -1
    """The minute that is not over yet; what it brought stands in the `new_` fields."""
    new_count: int = 0
    new_low: Range = ()
    new_high: Range = ()
    told_at: int = -1

    @property
    def key(self) -> str:
        """What it is called, in files and on the command line."""
        return key_of(self.kind, self.subject, self.peer, self.protocol, self.what)

    def close(self) -> None:
        """The minute is over: what it brought counts as known."""
        if self.at < 0:
            return
        if self.new_low:
            low, high = _least(self.low, self.new_low), _most(self.high, self.new_high)
            if low != self.low or high != self.high:
                self.low, self.high, self.grew = low, high, max(self.grew, self.at * SLICE_NS)
            self.new_low = self.new_high = ()
        self.count += self.new_count
        self.spans += 1
        self.at, self.new_count = -1, 0

    def touch(self, ts: int, until: int, count: int) -> None:
        """It was seen (again). What comes late, of a minute that is over, counts at once."""
        minute = ts // SLICE_NS
        if minute > self.at:
            self.close()
            self.at = minute
        if ts < self.first:
            self.first = ts
        if until > self.last:
            self.last = until
        if minute < self.at:
            self.count += count
        else:
            self.new_count += count

    def touch_minutes(self, at: list[int], begins: list[int], untils: list[int], counts: list[int]) -> None:
        """The same for several minutes `at`, in order, of each the first time, the last, and how often it was seen."""
        if len(at) == 1:
            self.touch(begins[0], untils[0], counts[0])
            return
        self.first, self.last = min(self.first, begins[0]), max(self.last, *untils)
        late = bisect_left(at, self.at)
        self.count += sum(counts[:late])
        if late < len(at) and at[late] == self.at:
            self.new_count += counts[late]
            late += 1
        if late < len(at):
            self.close()
            self.count += sum(counts[late:-1])
            self.spans += len(at) - late - 1
            self.at, self.new_count = at[-1], counts[-1]

    def widen(self, minute: int, values: Range) -> None:
        """Its range holds these values, too, once the minute is over. Comes after `touch`."""
        if minute < self.at:
            self.low, self.high = _least(self.low, values), _most(self.high, values)
        elif self.new_low != values or self.new_high != values:
            self.new_low, self.new_high = _least(self.new_low, values), _most(self.new_high, values)


def key_of(kind: str, subject: str, peer: str = "", protocol: str = "", what: str = "") -> str:
    """The key of an entry: its parts with bars between. A bar inside a part is written twice."""
    if "|" in what or "|" in protocol:
        what, protocol = what.replace("|", "||"), protocol.replace("|", "||")
    return f"{kind}|{subject}|{peer}|{protocol}|{what}"


def joined(a: Entry, b: Entry) -> Entry:
    """Both as one. It does not matter which comes first; both must be closed."""
    edit, state = max((a.edit, a.state), (b.edit, b.state))
    return Entry(
        a.kind, a.subject, a.peer, a.protocol, a.what, min(a.first, b.first), max(a.last, b.last),
        a.count + b.count, a.spans + b.spans, _least(a.low, b.low), _most(a.high, b.high), max(a.grew, b.grew),
        a.more + b.more, State(state), edit,
    )  # fmt: skip


KEPT = tuple(f.name for f in fields(Entry))[:15]
"""The columns of a snapshot: all up to `edit`. An open minute is closed first."""


def to_row(entry: Entry) -> list[Any]:
    """Plain values in the order of KEPT."""
    return [_plain(getattr(entry, name)) for name in KEPT]


def _plain(value: Any) -> Any:
    if isinstance(value, State):
        return value.name.lower()
    return list(value) if isinstance(value, tuple) else value


def from_rows(columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> dict[str, Entry]:
    """The inverse. Raises ValueError, TypeError or KeyError for what is no snapshot."""
    names, entries = tuple(columns), {}
    for row in rows:
        entry = _entry(dict(zip(names, row, strict=True)))
        entries[entry.key] = entry
    return entries


def _entry(said: Mapping[str, Any]) -> Entry:
    if set(said) != set(KEPT):
        raise ValueError(f"an entry has the columns {', '.join(KEPT)}")
    if said["kind"] not in TELLS + HOLDS:
        raise ValueError(f"{said['kind']!r} is no kind of entry")
    texts = {k: said[k] for k in ("kind", "subject", "peer", "protocol", "what")}
    numbers = {k: said[k] for k in ("first", "last", "count", "spans", "grew", "more", "edit")}
    if not all(isinstance(v, str) for v in texts.values()):
        raise ValueError(f"{texts}: must be texts")
    if not all(type(v) is int and v >= 0 for v in numbers.values()):
        raise ValueError(f"{numbers}: must be whole numbers from 0")
    ends: dict[str, Any] = {k: tuple(map(float, said[k])) for k in ("low", "high")}
    if len(ends["low"]) != len(ends["high"]):
        raise ValueError("low and high must have as many places")
    return Entry(**texts, **numbers, **ends, state=State[str(said["state"]).upper()])


def _least(a: Range, b: Range) -> Range:
    return tuple(map(min, a, b)) if a and b else a or b


def _most(a: Range, b: Range) -> Range:
    return tuple(map(max, a, b)) if a and b else a or b
