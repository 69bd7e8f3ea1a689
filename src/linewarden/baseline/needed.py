"""Of all rows from which a new baseline would learn those that can become news, or bear on what does.

Nothing is news before what it hangs on has been known for `Params.after_s`, and most of a recording only says again
what its first minutes said. So of a whole recording it can be seen beforehand, by the column:

- which end does something for the first time when it was there for long already: all of that end is learned;
- which beat, or which written or shown value, leaves the range of its first minutes: that is learned.

Of the rest nothing is news, and nothing that is hangs on it; only that the network was active then. A property test
holds that the news are the same. Where there is so much that a baseline would not remember all, nothing is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import polars as pl

from linewarden.baseline import things
from linewarden.baseline.entry import SLICE_NS
from linewarden.baseline.facts import area_of_each, beat, boil, hour_of_login, numbers_of

if TYPE_CHECKING:
    from linewarden.baseline.baseline import Params

MOST_ADDRESSES, MOST_WAYS, MOST_RANGES = 4_096, 15_000, 20_000
"""Beyond these all is learned."""
SECOND = 1_000_000_000
MOST_BELOW = 100
"""An address with more ways or ranges is learned as a whole: it may have more than a baseline remembers of one."""
_NO_WAYS = pl.DataFrame(schema={"orig": pl.String, "resp": pl.String, "first": pl.Int64, "masters": pl.Boolean})
ENDS = {"orig": "id.orig_h", "resp": "id.resp_h"}
_BEAT = ("orig", "resp", "protocol", "verb", "function")
_BLOCK = ("source", "protocol", "unit", "label")
_TARGET = ("resp", "protocol", "unit", "target")


class Needed:
    """`rows`: by stream all that `boil` gave. `params`: of the baseline."""

    def __init__(self, rows: Mapping[str, pl.DataFrame], params: Params) -> None:
        self._after, self._params = round(params.after_s * 1e9), params
        self._all = False
        self._peer: dict[str, str] = {}
        self._asked: set[str] = set()
        self._ranges: set[str] = set()
        self._written: set[str] = set()
        times = pl.concat(
            [pl.Series(dtype=pl.Int64), *(frame.get_column("ts").to_physical() for frame in rows.values())]
        )
        ends = pl.DataFrame({"ts": times}).select(pl.col("ts").max() - pl.col("ts").min()).item()
        self._none = ends is None or ends < self._after
        if not self._none:
            self._look(rows)

    def of(self, stream: str, rows: pl.DataFrame) -> pl.DataFrame:
        """Some of these rows without those that are of no use."""
        if self._none:
            return rows.clear()
        if self._all or stream == "binding":
            return rows
        if stream == "reading":
            return rows.filter(_labelled(rows).select(_among("key", self._ranges)).to_series())
        named = self._named(rows)
        asked = _among("orig", self._asked) | _among("resp", self._asked)
        if stream == "command":
            asked |= _among("key", self._ranges) | (_masters() & _among("resp", self._written))
            named = named.with_columns(_key(_BEAT))
        marks = named.select(asked.alias("asked"), (pl.col("orig") != "") & (pl.col("resp") != ""))
        known, of_all = marks.get_column("asked"), marks.get_column("orig")
        return pl.concat([rows.filter(known), _nobody(stream, rows.filter(~known & of_all))])

    def _look(self, rows: Mapping[str, pl.DataFrame]) -> None:
        talks = {s: rows[s] for s in ("conn", "command") if s in rows and rows[s].height}
        who = {w for f in talks.values() for e in ENDS.values() for w in f.get_column(e).unique().cast(pl.String) if w}
        if len(who) > MOST_ADDRESSES:
            self._all = True
            return
        self._peer = {w: things.peer_of(w) for w in who}
        named = {s: self._named(frame) for s, frame in talks.items()}
        ways = pl.concat([_NO_WAYS, *(_ways(s, frame) for s, frame in named.items())])
        self._asked = self._begun_late(ways)
        if "command" in named:
            beats, written = _beats(named["command"]), _written(named["command"])
            self._ranges = self._left_range("rhythm", beats)
            # The range of what is written holds what all stations wrote.
            by_asked = named["command"].filter(_masters() & _among("orig", self._asked)).get_column("resp")
            self._written = {key.partition("|")[0] for key in self._left_range("value", written)} | set(by_asked)
        if "reading" in rows:
            self._ranges |= self._left_range("value", _shown(boil("reading", rows["reading"])))
        self._all |= ways.height > MOST_WAYS

    def _named(self, frame: pl.DataFrame) -> pl.DataFrame:
        """With the ends as the peers that they are, those left out which are nobody's own."""
        peer = {k: pl.col(c).cast(pl.String).replace_strict(self._peer, default="", return_dtype=pl.String).alias(k)
                for k, c in ENDS.items()}  # fmt: skip
        return frame.with_columns(**peer)

    def _begun_late(self, ways: pl.DataFrame) -> set[str]:
        """Ends of a way that was gone first when they had been there for long; and those with very many ways."""
        ways = ways.filter((pl.col("orig") != "") & (pl.col("resp") != ""))
        # Of all public addresses nothing is known but that something was written to them.
        ends = [
            ways.filter((pl.col(end) != things.INTERNET) | (pl.col("masters") if end == "resp" else False))
            .select(pl.col(end).alias("who"), "first")
            for end in ENDS
        ]  # fmt: skip
        each = pl.concat(ends)
        found = each.group_by("who").agg(
            (pl.col("first").max() - pl.col("first").min() >= self._after).alias("late"), pl.len().alias("ways")
        )
        return set(found.filter(pl.col("late") | (pl.col("ways") > MOST_BELOW)).get_column("who"))

    def _left_range(self, kind: str, samples: pl.DataFrame) -> set[str]:
        """Keys of ranges that a sample left after its first minutes; and all of who has very many."""
        early = pl.col("minute") < pl.col("minute").min().over("key") + self._after // SLICE_NS
        ranges = samples.with_columns(early.alias("early")).group_by("who", "key", "place").agg(
            pl.col("value").min().alias("low"), pl.col("value").max().alias("high"),
            pl.col("value").filter("early").min().alias("least"), pl.col("value").filter("early").max().alias("most"),
        )  # fmt: skip
        keys = ranges.group_by("who", "key").agg(self._outside(kind).any().alias("left"))
        self._all |= keys.height > MOST_RANGES
        return set(keys.filter(pl.col("left") | (pl.len().over("who") > MOST_BELOW)).get_column("key"))

    def _outside(self, kind: str) -> pl.Expr:
        """Off by what is news (`Baseline._ends`): what is usual by then is at least what the first minutes showed."""
        low, high, p = pl.col("least"), pl.col("most"), self._params
        if kind == "rhythm":
            return (pl.col("low") < low / p.factor) | (pl.col("high") > high * p.factor)
        off = pl.max_horizontal((high - low) * p.margin, pl.max_horizontal(low.abs(), high.abs()) * p.floor)
        return (pl.col("low") < low - off) | (pl.col("high") > high + off)


def _ways(stream: str, frame: pl.DataFrame) -> pl.DataFrame:
    """What is done between two ends, each with its first time; `masters`: something is written."""
    if stream == "conn":
        by, masters = ["orig", "resp", "proto", "service", "id.resp_p"], pl.lit(value=False)
    else:
        frame = frame.with_columns(area_of_each(frame.get_column("target")).alias("area"), hour_of_login())
        by = ["orig", "resp", "protocol", "verb", "function", "area", "hour"]
        masters = _masters()
    found = frame.group_by(by).agg(pl.col("ts").min().alias("first"))
    return found.select("orig", "resp", "first", masters.alias("masters"))


def _beats(commands: pl.DataFrame) -> pl.DataFrame:
    """Of each beat: its device, its key, and how fast it is."""
    # Of each minute the fastest and the slowest, as facts have it.
    each = commands.select(*_BEAT, "minute", beat().round_sig_figs(2).alias("value"))
    each = each.filter(pl.col("value").is_not_null()).select(_key(_BEAT), "minute", "value")
    return each.select(pl.col("key").alias("who"), "key", "minute", pl.lit(0, pl.Int64).alias("place"), "value")


def _written(commands: pl.DataFrame) -> pl.DataFrame:
    """Of each number that was written: the device, the target, and the place in the block."""
    wrote = commands.filter(_masters() & pl.col("value").is_not_null() & (pl.col("resp") != ""))
    different = wrote.select(*_TARGET, "minute", pl.col("value").cast(pl.String)).unique()
    found = [list(numbers_of(text)) for text in different.get_column("value").to_list()]
    values = pl.Series("value", found, dtype=pl.List(pl.Float64))
    named = different.with_columns(values).select(
        pl.col("resp").alias("who"), _sized(_key(_TARGET), pl.col("value")), "minute", "value"
    )
    return _placed(named)


def _shown(readings: pl.DataFrame) -> pl.DataFrame:
    """Of each value that was shown: the device, the block, and the place in it."""
    finite = pl.col("values").list.eval(pl.element().is_finite()).list.all()
    values = pl.col("values").alias("value")
    return _placed(_labelled(readings.filter(finite)).with_columns(values))


def _labelled(readings: pl.DataFrame) -> pl.DataFrame:
    """Who showed it, and the key of the block."""
    start = pl.col("start").cast(pl.String).fill_null("")
    place = pl.concat_str(pl.col("area").cast(pl.String).fill_null(""), start, separator=" ").str.strip_chars()
    name = pl.col("name").cast(pl.String)
    label = pl.when(name.str.len_bytes() > 0).then(name).otherwise(place).alias("label")
    return readings.with_columns(label).select(
        pl.col("source").cast(pl.String).alias("who"), _sized(_key(_BLOCK), pl.col("values")), "minute", "values"
    )


def _placed(blocks: pl.DataFrame) -> pl.DataFrame:
    """One row a value: `who`, `key`, `minute`, `place`, `value`."""
    places = pl.int_ranges(pl.col("value").list.len().cast(pl.Int64)).alias("place")
    there = blocks.filter(pl.col("value").list.len() > 0)
    # Texts that come once a value are told apart far sooner as numbers.
    names = (pl.col(name).cast(pl.Categorical) for name in ("who", "key"))
    return there.select(*names, "minute", places, "value").explode("place", "value")


def _sized(key: pl.Expr, values: pl.Expr) -> pl.Expr:
    """A block of another length is another range."""
    return pl.concat_str(key, values.list.len().cast(pl.String), separator=" x").alias("key")


def _nobody(stream: str, rows: pl.DataFrame) -> pl.DataFrame:
    """What is left of rows of which only counts that the network was active: one a second, where slices of time end."""
    nobody = pl.lit(things.ANYBODY)
    gone = ("id.orig_p", "id.resp_p", *(("unit", "target", "value") if stream == "command" else ()))
    packets = pl.min_horizontal("orig_pkts", "resp_pkts").sum()
    count = {"count": pl.col("count").sum()} if stream == "command" else {"orig_pkts": packets, "resp_pkts": packets}
    ends = {"ts": pl.col("ts").min(), "until": pl.col("until").max(), **count}
    seconds = rows.group_by((pl.col("ts") // SECOND).alias("second")).agg(pl.exclude(*ends).first(), **ends)
    plain = seconds.with_columns(
        *(nobody.alias(end) for end in ENDS.values()), *(pl.lit(None).alias(name) for name in gone)
    )
    return plain.select(pl.col(c).cast(t) for c, t in rows.schema.items())


def _key(columns: Iterable[str]) -> pl.Expr:
    """As a text. Unit 0 is none."""
    texts = {c: pl.col(c).cast(pl.String).fill_null("") for c in columns}
    if "unit" in texts:
        texts["unit"] = pl.when(pl.col("unit") != 0).then(texts["unit"]).otherwise(pl.lit(""))
    return pl.concat_str(texts.values(), separator="|").alias("key")


def _masters() -> pl.Expr:
    return pl.col("verb").cast(pl.String).is_in([str(v) for v in things.MASTERS])


def _among(column: str, addresses: set[str]) -> pl.Expr:
    return pl.col(column).cast(pl.String).is_in(sorted(addresses)).fill_null(value=False)
