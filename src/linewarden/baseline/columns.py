"""Facts of a batch by the column: what is known already need not become an object.

facts = Facts([Part(groups, by, tell), ...])
facts.frame         # one row a fact, in order: position, code (of `things`), minute, ts, until, n, part, group
facts.some(frame)   # some of these as objects
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from linewarden.baseline.things import Thing

ENVELOPE = ("ts", "uid", "sensor", "capture", "frame")
ENDPOINTS = ("id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p")

Row = Mapping[str, Any]
Sample = tuple[tuple[float, ...], int]
"""Values, one a place, and the number of the row that showed them."""
Range = tuple[tuple[float, ...], tuple[float, ...]]
"""The least and the most of samples, one a place."""
_FACT = ("minute", "ts", "until", "n")
_EMPTY = dict.fromkeys(("group", "code", *_FACT, "turn", "part"), pl.UInt32)


@dataclass(slots=True)
class Fact:
    """Something that was seen in one minute. `first`: the columns of the first record that showed it.

    `samples`: different values in order, for what has a range; `rows` are theirs, if that is not always the first.
    """

    thing: Thing
    ts: int
    until: int
    count: int
    first: Row
    samples: tuple[Sample, ...] = ()
    rows: pl.DataFrame | None = None

    @property
    def row(self) -> tuple[Any, ...]:
        """Envelope and endpoints of the first record."""
        orig, orig_port, resp, resp_port = map(self.first.get, ENDPOINTS)
        return (*map(self.first.get, ENVELOPE), orig or "", orig_port, resp or "", resp_port)

    def row_of(self, number: int) -> tuple[Any, ...]:
        """The same of a sample."""
        return self.row if self.rows is None else self.rows.row(number)


@dataclass(slots=True)
class Part:
    """Records of a minute that are alike, a row a group: `minute`, `ts`, `until`, `n` (how often), and the first one's.

    `tell` gives the things that a group tells of, by its columns `by`. `first`: the row that stands for a thing, if it
    is not the group's own. `samples`: of what has a range in a group, by its row and number; `ranges`: all that it was
    in, by group. `rows`: of the samples. Of parts with the same `turn` the facts are told by time.
    """

    groups: pl.DataFrame
    by: Sequence[str]
    tell: Callable[..., tuple[Thing, ...]]
    turn: int = 0
    first: Callable[[Row, Thing], Row] = lambda row, _: row
    samples: Callable[[Row, int], tuple[Sample, ...]] = lambda _row, _number: ()
    ranges: Callable[[pl.DataFrame], pl.DataFrame] | None = None
    rows: pl.DataFrame | None = None

    def told(self, code: Callable[[Thing], int]) -> pl.DataFrame:
        """A row a fact, in order: the number of the group, and the code of what it tells of."""
        alike = self.groups.select(self.by).with_row_index("group").group_by(self.by).agg("group")
        told = [self.tell(*key) for key in alike.select(self.by).iter_rows()]
        codes = pl.Series("code", [code(thing) for things in told for thing in things], dtype=pl.UInt32)
        end = pl.Series([len(things) for things in told], dtype=pl.UInt32).cum_sum()
        places = alike.select("group", pl.int_ranges(end.shift(1, fill_value=0), end).alias("code"))
        places = places.filter(pl.col("code").list.len() > 0).explode("group").sort("group").explode("code")
        facts = places.with_columns(codes[places.get_column("code")])
        return facts.hstack(self.groups.select(_FACT)[facts.get_column("group")])

    def facts(self, numbers: pl.Series) -> Iterator[tuple[int, Row]]:
        """The rows of some groups by number."""
        return zip(numbers.to_list(), self.groups[numbers].iter_rows(named=True), strict=True)


class Facts:
    """All facts of a batch. `things`: what they are about, each once."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self.things: list[Thing] = []
        self.codes: dict[str, int] = {}
        """Of a thing by the key of its entry."""
        self._parts = parts
        told = [
            p.told(self._code).with_columns(pl.lit(p.turn).alias("turn"), pl.lit(i, pl.UInt32).alias("part"))
            for i, p in enumerate(parts)
        ]
        frame = pl.concat(told or [pl.DataFrame(schema=_EMPTY)])
        if len(parts) > 1:
            frame = frame.sort("turn", "ts", "part", maintain_order=True)
        self.frame = frame.with_row_index("position")

    def _code(self, thing: Thing) -> int:
        code = self.codes.setdefault(thing.key, len(self.things))
        if code == len(self.things):
            self.things.append(thing)
        return code

    def some(self, chosen: pl.DataFrame) -> Iterator[Fact]:
        """Some rows of `frame` as objects, in their order."""
        firsts = {
            (place, number): row
            for place, part in enumerate(self._parts)
            for number, row in part.facts(chosen.filter(pl.col("part") == place).get_column("group").unique())
        }
        for code, ts, until, n, place, number in chosen.select("code", *_FACT[1:], "part", "group").iter_rows():
            part, row, thing = self._parts[place], firsts[place, number], self.things[code]
            samples = part.samples(row, number) if thing.ranged else ()
            yield Fact(thing, ts, until, n, part.first(row, thing), samples, part.rows)

    def outside(self, ranges: Sequence[Range | None]) -> dict[int, int]:
        """By code of a thing that has a range: the position after the last fact that is outside of `ranges` (by code).

        It is not said of what is cheaper to look at fact by fact.
        """
        ends = [pl.Series([v for r in ranges if r for v in r[end]], dtype=pl.Float64) for end in (0, 1)]
        sizes = pl.Series("size", [len(r[0]) if r else 0 for r in ranges], dtype=pl.UInt32)
        known = pl.DataFrame([sizes, (sizes.cum_sum() - sizes).alias("first")])
        found: dict[int, int] = {}
        for place, part in enumerate(self._parts):
            if part.ranges is None or not part.groups.height:
                continue
            ranged = [code for code, thing in enumerate(self.things) if thing.ranged]
            own = self.frame.filter((pl.col("part") == place) & pl.col("code").is_in(ranged))
            shown = part.ranges(part.groups[own.get_column("group")])
            own = own.select("position", "code").hstack(known[own.get_column("code")]).hstack(shown)
            found |= dict.fromkeys(own.get_column("code").unique().to_list(), 0)
            found |= dict(_outside(own, *ends).group_by("code").agg(pl.col("position").max() + 1).iter_rows())
        return found


def _outside(facts: pl.DataFrame, low: pl.Series, high: pl.Series) -> pl.DataFrame:
    """Facts (lists `low` and `high`) outside of a range, which is `size` values from `first` on in these series."""
    fits = pl.col("size") == pl.col("low").list.len()
    place = pl.int_ranges(pl.col("first"), pl.col("first") + pl.col("size")).alias("place")
    each = facts.filter(fits).with_columns(place).explode("low", "high", "place")
    usual = pl.DataFrame({"least": low, "most": high})[each.get_column("place")]
    off = each.hstack(usual).filter((pl.col("low") < pl.col("least")) | (pl.col("high") > pl.col("most")))
    return pl.concat([facts.filter(~fits).select("code", "position"), off.select("code", "position")])
