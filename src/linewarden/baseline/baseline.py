"""What is usual: learns from batches, and says what is news.

Judging is by the minutes before (`entry.SLICE_NS`), so the same records give the same news however they are cut into
batches, as long as they come in order of time. What comes late is judged by its own time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from operator import ge, le
from typing import Any, NamedTuple

import polars as pl

from linewarden.baseline.bulk import take_all
from linewarden.baseline.columns import Fact
from linewarden.baseline.entry import HOLDS, KEPT, RANGED, SLICE_NS, Entry, State, from_rows, joined, to_row
from linewarden.baseline.facts import COLUMNS, facts_of
from linewarden.baseline.novelty import Novelty
from linewarden.baseline.things import Thing
from linewarden.errors import ConfigError
from linewarden.records.schema import stream_of

VERSION = 1
DTYPES: dict[str, Any] = {
    "ts": pl.Datetime("ns", "UTC"), "str": pl.String, "text": pl.String, "u64": pl.UInt64, "u16": pl.UInt16,
    "f64": pl.Float64,
}  # fmt: skip
SCHEMA: dict[str, Any] = {c.name: DTYPES[c.type] for c in stream_of(Novelty).columns}
STREAMS = tuple(COLUMNS)
"""The streams that a baseline learns from; it ignores others."""


@dataclass(frozen=True, slots=True)
class Params:
    """When something is ripe to call what is new news, and how much is kept.

    `after_s` (s): known for so long; `hour_after_s`: the same for hours of the day. `exchanges`, `minutes`: in so many
    requests or packets, and different minutes. `confidence`: at least so sure. `margin`: a value is outside of its
    range if it is off by this share of the span, and by `floor` of the largest value that is usual. `factor`: so many
    times faster or slower is another rhythm. `most`: entries; `most_below`: below one (peers of a device, targets of a
    peer, ...), `most_network` below the network as a whole.
    """

    after_s: float = 600.0
    hour_after_s: float = 3 * 86_400.0
    exchanges: int = 10
    minutes: int = 3
    confidence: float = 0.3
    margin: float = 0.5
    floor: float = 0.25
    factor: float = 3.0
    most: int = 100_000
    most_below: int = 256
    most_network: int = 8192


class Outside(NamedTuple):
    """A value, the range that was usual, and its place in the block of values, from 0."""

    value: float
    low: float
    high: float
    place: int


class Baseline:
    """Entries by key. `frozen`: learns nothing more, but still tells."""

    def __init__(self, params: Params | None = None) -> None:
        self.params = params or Params()
        self.entries: dict[str, Entry] = {}
        self.frozen = False
        self.left_out = 0
        self._below: dict[tuple[str, ...], int] = {}
        self._told: dict[str, None] = {}

    # --- learning ---

    def learn(self, stream: str, frame: pl.DataFrame) -> pl.DataFrame:
        """Takes a batch; gives what was news in it, as rows of the stream `novelty`."""
        news = take_all(self, facts_of(stream, frame))
        return pl.DataFrame(news, schema=_PLAIN, orient="row").with_columns(pl.col("ts").cast(SCHEMA["ts"]))

    def take(self, fact: Fact) -> tuple[Any, ...] | None:
        """Takes one fact after the other; gives it as news, if it is."""
        entry, minute = self.entries.get(fact.thing.key), fact.ts // SLICE_NS
        if entry is None or entry.state is State.FORGOTTEN:
            return self._new(fact, entry, minute)
        if fact.thing.once and entry.at >= minute:
            return None
        news = self._outside(fact, entry, minute) if fact.samples else None
        if not self.frozen:
            _touch(entry, fact, minute)
            if news is not None:
                entry.state, entry.told_at = max(entry.state, State.UNAPPROVED), minute
        return news

    def _new(self, fact: Fact, forgotten: Entry | None, minute: int) -> tuple[Any, ...] | None:
        if forgotten is None and not self.frozen and not self._room(fact):
            return None
        above = self._ripe(fact, minute) if fact.thing.kind not in HOLDS else None
        if forgotten is not None:
            above = above or forgotten
        if self.frozen:
            return None if above is None or fact.thing.under in self._told else self._once(fact, above)
        thing = fact.thing
        entry = forgotten or Entry(
            thing.kind, thing.subject, thing.peer, thing.protocol, thing.what, fact.ts, fact.until
        )  # fmt: skip
        self.entries[thing.key] = entry
        entry.state = State.UNAPPROVED if above or self._doubtful(fact) else State.LEARNED
        _touch(entry, fact, minute)
        if above is None:
            self._grown(fact, entry)
            return None
        part = self.entries.get(fact.thing.under)
        entry.told_at = minute
        # What was told as something larger in this minute is not told again as its parts.
        return None if part is not None and part.told_at == minute else self._news(fact, above, fact.row)

    def _doubtful(self, fact: Fact) -> bool:
        """What comes with something that nobody approved is not approved either, even if it is too early to tell."""
        held = (self.entries.get(key) for key in (*fact.thing.parents, fact.thing.under))
        return any(e is not None and e.state is State.UNAPPROVED for e in held)

    def _grown(self, fact: Fact, entry: Entry) -> None:
        """What was learned in silence shows that those above were not known well yet."""
        if entry.state is State.LEARNED and not fact.samples:
            for key in fact.thing.parents:
                if (above := self.entries.get(key)) is not None:
                    above.grew = max(above.grew, fact.ts)

    def _room(self, fact: Fact) -> bool:
        """Who was learned first stays: a flood finds the room full, and pushes nobody out."""
        thing = fact.thing
        hangs = not thing.above or any(key in self.entries for key in thing.above)
        if hangs and self.has_room(thing):
            room = _room_of(thing)
            self._below[room] = self._below.get(room, 0) + 1
            return True
        self.leave_out(thing, 1)
        return False

    def has_room(self, thing: Thing) -> bool:
        """False if it would not be learned, and will not be, as long as nothing is forgotten."""
        room = _room_of(thing)
        return len(self.entries) < self.params.most and self._below.get(room, 0) < self._most(room)

    def leave_out(self, thing: Thing, count: int) -> None:
        """So many facts of a thing found no room."""
        self.left_out += count
        if thing.above and (full := self.entries.get(thing.above[0])) is not None:
            full.more += count

    def _most(self, room: tuple[str, ...]) -> int:
        return self.params.most_network if len(room) == 1 else self.params.most_below

    # --- judging ---

    def _ripe(self, fact: Fact, minute: int) -> Entry | None:
        """The first of those above that is known well enough to call this news."""
        after = self.params.hour_after_s if fact.thing.kind == "hour" else self.params.after_s
        for key in fact.thing.parents:
            above = self.entries.get(key)
            if above is None or above.state is State.FORGOTTEN:
                continue
            if above.at < minute:
                above.close()
            if self._known(above, fact.ts, after):
                return above
        return None

    def _known(self, entry: Entry, ts: int, after_s: float) -> bool:
        if self.frozen:  # whoever froze it said that it is complete
            return entry.spans > 0
        p = self.params
        long = ts - entry.first >= after_s * 1e9 and entry.count >= p.exchanges and entry.spans >= p.minutes
        return long and self.confidence(entry, ts) >= p.confidence

    def ripe(self, entry: Entry, ts: int) -> bool:
        """True if it is known well enough that something new below it is news."""
        return self._known(entry, ts, self.params.after_s)

    def confidence(self, entry: Entry, ts: int) -> float:
        """How sure something new below this entry is news, 0 to 1.

        It is the share of the time in which nothing more had to be learned, so a rhythm that is slower than what was
        heard keeps it low by itself; and it is less as long as time or exchanges are few. An active minute stands for
        `after_s` at most: recordings of two days of two years are not two years.
        """
        p, passed = self.params, max((ts - entry.first) / 1e9, 1e-9)
        quiet = max((ts - max(entry.grew, entry.first)) / 1e9, 0.0)
        heard = min(passed, entry.spans * p.after_s)
        return quiet / passed * heard / (heard + p.after_s / 2) * entry.count / (entry.count + p.exchanges)

    def _outside(self, fact: Fact, entry: Entry, minute: int) -> tuple[Any, ...] | None:
        """News if a sample lies outside of what the minutes before have shown; once a minute."""
        if entry.at < minute:
            entry.close()
        if entry.told_at == minute or not entry.low or not self._known(entry, fact.ts, self.params.after_s):
            return None
        for values, number in fact.samples:
            if all(map(le, entry.low, values)) and all(map(ge, entry.high, values)):
                continue
            for place, (low, high, value) in enumerate(zip(entry.low, entry.high, values, strict=False)):
                least, most = self._ends(entry.kind, low, high)
                if not least <= value <= most:
                    off, row = Outside(value, low, high, place), fact.row_of(number)
                    return self._once(fact, entry, row, off) if self.frozen else self._news(fact, entry, row, off)
        return None

    def _ends(self, kind: str, low: float, high: float) -> tuple[float, float]:
        """What is still usual."""
        if kind == "rhythm":
            return low / self.params.factor, high * self.params.factor
        off = max((high - low) * self.params.margin, max(abs(low), abs(high)) * self.params.floor)
        if low >= 0 and high <= 1:  # a bit, or a share: 0 and 1 are always possible
            return min(low - off, 0.0), max(high + off, 1.0)
        return low - off, high + off

    def _once(self, fact: Fact, above: Entry, row: Sequence[Any] = (), off: Outside | None = None) -> Any:
        """What a frozen baseline does not learn it tells once a run."""
        if fact.thing.key in self._told or len(self._told) >= self.params.most:
            return None
        self._told[fact.thing.key] = None
        return self._news(fact, above, row or fact.row, off)

    def _news(self, fact: Fact, above: Entry, row: Sequence[Any], off: Outside | None = None) -> tuple[Any, ...]:
        # Of whom enough was known: the one served, or the one who asks.
        thing = fact.thing
        asker = bool(thing.peer) and above.kind == "subject" and above.subject == thing.peer
        subject, peer = (thing.peer, thing.subject) if asker else (thing.subject, thing.peer)
        if thing.kind == "vendor":
            subject = row[5]
        what, (value, low, high, place) = thing.what, off or (None, None, None, 0)
        if place:
            what = f"{what} [{place}]"
        learned = max((row[0] - above.first) / 1e9, 0.0)
        return (*row, thing.kind, subject, peer or None, thing.protocol or None, what or None, value, low, high,
                round(learned, 3), round(self.confidence(above, row[0]), 3))  # fmt: skip

    # --- what people say of it ---

    def approve(self, keys: Iterable[str]) -> None:
        """This is right. Raises ConfigError, and changes nothing, if there is no such entry."""
        for entry in self._named(keys):
            entry.state, entry.edit = State.APPROVED, entry.edit + 1

    def forget(self, keys: Iterable[str]) -> None:
        """This is not right, or no more: when it comes again it is news. A range is learned anew."""
        for entry in self._named(keys):
            entry.state, entry.edit = State.FORGOTTEN, entry.edit + 1
            if entry.kind in RANGED:
                del self.entries[entry.key]
        self._count()

    def freeze(self, frozen: bool = True) -> None:
        """Learns nothing more, but still tells; or goes on learning."""
        self.close()
        self.frozen = frozen

    def take_edits(self, edited: Baseline, saved: Collection[str]) -> None:
        """What people said of a copy, while this one learned on. `saved`: the keys that the copy had."""
        self.frozen = edited.frozen
        for key, theirs in edited.entries.items():
            ours = self.entries.get(key)
            if ours is not None and theirs.edit > ours.edit:
                ours.state, ours.edit = theirs.state, theirs.edit
        for key in saved:
            if key not in edited.entries and key in self.entries:  # a range that is to be learned anew
                del self.entries[key]
        self._count()

    def _named(self, keys: Iterable[str]) -> list[Entry]:
        """The entries of these keys, closed; a key that ends in * stands for all that begin so."""
        self.close()
        named: dict[str, Entry] = {}
        for key in keys:
            found = [k for k in self.entries if k.startswith(key[:-1])] if key.endswith("*") else [key]
            if not found or found[0] not in self.entries:
                raise ConfigError(f"{key}: the baseline has no such entry; `baseline show` lists the keys")
            named |= {k: self.entries[k] for k in found}
        return list(named.values())

    # --- snapshots ---

    def snapshot(self) -> dict[str, Any]:
        """All of it as plain values, sorted: the same baseline gives the same snapshot."""
        self.close()
        rows = [to_row(self.entries[key]) for key in sorted(self.entries)]
        return {
            "version": VERSION, "frozen": self.frozen, "left_out": self.left_out, "columns": list(KEPT),
            "entries": rows,
        }  # fmt: skip

    @staticmethod
    def from_snapshot(data: dict[str, Any], params: Params | None = None) -> Baseline:
        """The inverse. Raises ConfigError if it is none, or of another version."""
        made = Baseline(params)
        try:
            if data["version"] != VERSION:
                raise ValueError(f"is of version {data['version']!r}; this version of Linewarden reads {VERSION}")
            made.entries = from_rows(data["columns"], data["entries"])
            made.frozen, made.left_out = bool(data["frozen"]), int(data["left_out"])
        except (KeyError, TypeError, ValueError) as error:
            raise ConfigError(f"no baseline: {error}") from error
        made._count()
        return made

    def merged(self, other: Baseline) -> Baseline:
        """Both as one, whichever comes first: who was seen by either is known. It may hold more than either could."""
        self.close()
        other.close()
        both = Baseline(self.params)
        for key in self.entries.keys() | other.entries.keys():
            held = [e for e in (self.entries.get(key), other.entries.get(key)) if e is not None]
            both.entries[key] = joined(*held) if len(held) == 2 else replace(held[0])
        both.frozen, both.left_out = self.frozen or other.frozen, self.left_out + other.left_out
        both._count()
        return both

    def close(self) -> None:
        """The minute that was being heard counts as over: for looking at entries, and before they are kept."""
        for entry in self.entries.values():
            entry.close()

    def _count(self) -> None:
        self._below = dict(Counter(map(_room_of, self.entries.values())))


def _room_of(entry: Entry | Thing) -> tuple[str, ...]:
    """What shares a bound with this: the other peers of a device, the other targets of a peer, ..."""
    if entry.kind in HOLDS or entry.kind == "vendor" or (entry.kind == "asset" and not entry.peer):
        return ("network",) if entry.kind not in HOLDS else (entry.kind,)
    if entry.kind in ("verb", "target", "rhythm", "hour"):
        return (entry.kind, entry.subject, entry.peer)
    return (entry.kind, entry.subject)


def _touch(entry: Entry, fact: Fact, minute: int) -> None:
    entry.touch(fact.ts, fact.until, fact.count)
    for values, _ in fact.samples:
        entry.widen(minute, values)


_PLAIN: dict[str, Any] = SCHEMA | {"ts": pl.Int64}
