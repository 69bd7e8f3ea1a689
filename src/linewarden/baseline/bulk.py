"""Facts learned many at once, with the same outcome as one after the other.

Most facts only say once more, minute for minute, what is known. They are counted by entry and minute, and never become
objects. One by one come, in order, those that somebody looks at: what is new; what it hangs on (`parents`), up to then;
and what has left its range.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Any, Protocol

import polars as pl

from linewarden.baseline.entry import Entry, State

if TYPE_CHECKING:
    from linewarden.baseline.columns import Fact, Facts
    from linewarden.baseline.things import Thing

FEW = 64
"""Facts that are not worth the while."""
ALWAYS = 2**32 - 1
"""Beyond all positions."""


class Learner(Protocol):
    """A baseline, as far as it is of use here."""

    entries: dict[str, Entry]
    frozen: bool

    def take(self, fact: Fact) -> tuple[Any, ...] | None:
        """Takes one fact after the other; gives it as news, if it is."""

    def has_room(self, thing: Thing) -> bool:
        """False if it would not be learned, and will not be, as long as nothing is forgotten."""

    def leave_out(self, thing: Thing, count: int) -> None:
        """So many facts of a thing found no room."""


def take_all(learner: Learner, facts: Facts) -> list[tuple[Any, ...]]:
    """What is news of these facts, in order."""
    if learner.frozen or facts.frame.height < FEW:
        return one_by_one(learner, facts, facts.frame)
    until = pl.Series(_looked_at(learner, facts), dtype=pl.UInt32)
    looked = facts.frame.get_column("position") < until[facts.frame.get_column("code")]
    alone, known = facts.frame.filter(looked), facts.frame.filter(~looked)
    news: list[tuple[Any, ...]] = []
    missed: set[str] = set()
    for position, fact in zip(alone.get_column("position").to_list(), facts.some(alone), strict=True):
        if fact.thing.key in missed and fact.thing.key not in learner.entries:
            # What found no room, as there was nothing that it hangs on, may find it from now on, at any of its facts.
            _touch(learner, facts, known.filter(pl.col("position") < position))
            return news + one_by_one(learner, facts, facts.frame.filter(pl.col("position") >= position))
        if (row := learner.take(fact)) is not None:
            news.append(row)
        if fact.thing.key not in learner.entries:
            missed.update(fact.thing.above)
    _touch(learner, facts, known)
    return news


def one_by_one(learner: Learner, facts: Facts, chosen: pl.DataFrame) -> list[tuple[Any, ...]]:
    """The plain way."""
    return [row for fact in facts.some(chosen) if (row := learner.take(fact)) is not None]


def _looked_at(learner: Learner, facts: Facts) -> list[int]:
    """By code: before which position its entry is looked at; from there on it is only counted."""
    entries = [learner.entries.get(thing.key) for thing in facts.things]
    until = [ALWAYS if thing.ranged else 0 for thing in facts.things]
    ranges = [(e.low, e.high) if e is not None and e.low else None for e in entries]
    for code, position in facts.outside(ranges).items():
        until[code] = position
    left_out = _left_out(learner, facts)
    firsts = facts.frame.group_by("code").agg(pl.col("position").min()).iter_rows()
    for code, position in firsts:
        entry, thing = entries[code], facts.things[code]
        if thing.key in left_out:
            until[code] = 0
        elif entry is None or entry.state is State.FORGOTTEN:
            for key in (thing.key, *thing.parents):
                if (above := facts.codes.get(key)) is not None:
                    until[above] = max(until[above], position + 1)
    return until


def _left_out(learner: Learner, facts: Facts) -> set[str]:
    """Keys of what finds no room at any time of the batch, and is only counted."""
    found: dict[str, bool] = {}

    def is_left_out(key: str) -> bool:
        if key not in found:
            found[key] = False  # what hangs on itself is no reason
            code = facts.codes.get(key)
            found[key] = key not in learner.entries and (code is None or has_none(facts.things[code]))
        return found[key]

    def has_none(thing: Thing) -> bool:
        if thing.above and all(is_left_out(key) for key in thing.above):
            return True
        # The first of these counts what is left out below it, and must not come meanwhile.
        steady = all(key in learner.entries or is_left_out(key) for key in thing.above[:1])
        return steady and not learner.has_room(thing)

    return {thing.key for thing in facts.things if is_left_out(thing.key)}


def _touch(learner: Learner, facts: Facts, known: pl.DataFrame) -> None:
    """Counts what is known, all minutes of an entry at once; of some things only the first fact of a minute counts."""
    ends = pl.col("ts").min(), pl.col("until").max(), pl.col("n").sum(), pl.len().alias("facts")
    minutes = known.group_by("code", "minute").agg(ends).sort("code", "minute")
    columns = [minutes.get_column(c).to_list() for c in ("minute", "ts", "until", "n", "facts")]
    end = 0
    for size, code in minutes.get_column("code").rle().struct.unnest().iter_rows():
        begin, end = end, end + size
        thing = facts.things[code]
        entry = learner.entries.get(thing.key)
        if entry is None:
            learner.leave_out(thing, sum(columns[4][begin:end]))
            continue
        if thing.once:
            begin = bisect_right(columns[0], entry.at, begin, end)
        if begin < end:
            at, begins, untils, counts, _ = (column[begin:end] for column in columns)
            entry.touch_minutes(at, begins, begins if thing.once else untils, [1] * len(at) if thing.once else counts)
