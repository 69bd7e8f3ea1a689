"""Which tags somebody asks for, a page at a time, over columns: no object but for those that are given.

What is not known of tags themselves (the names, zones and ids of their devices) is handed in as `Names`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from linewarden.service.tag_dictionary.facts import Facts
from linewarden.service.values.known import Known
from linewarden.service.values.pieces import SERIES
from linewarden.service.values.tag import TagKey, TagState

if TYPE_CHECKING:
    import polars as pl

SORTS = ("moved", "device", "label", "protocol", "count", "last", "every", "last_seen")
"""What tags can be sorted by."""
NUMBERS = {"moved": "moved", "count": "count", "last": "last", "last_seen": "last_ts"}


@dataclass(frozen=True, slots=True)
class Ask:
    """What is wanted. `zones`: of devices that may be seen, None for all.

    `after`: the last (value, id) that was given.
    """

    sort: str = "moved"
    down: bool = True
    words: Sequence[str] = ()
    """In any case; each must be in it."""
    devices: Sequence[str] = ()
    """Addresses, or ids of assets."""
    protocols: Sequence[str] = ()
    moves: bool | None = None
    zones: Sequence[str] | None = None
    limit: int = 100
    after: tuple[Any, str] | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """`last`: (value, id) of the last of `tags`, if there are more. `total`: how many fit."""

    total: int
    tags: list[TagState]
    last: tuple[Any, str] | None = None


@dataclass(frozen=True, slots=True)
class Names:
    """Address of a device -> (id of the asset, its name, its zone); of others the address is all three but the zone."""

    of: Mapping[str, tuple[str, str, str]] = field(default_factory=dict)


def find(known: Known, ask: Ask, names: Names, said: pl.DataFrame | None = None) -> Found:
    """A page of the tags that fit, in order. `said`: see `described`."""
    import polars as pl

    series = named(known, names)
    rows = chosen(known, series, ask, said)
    total = rows.height
    if ask.after is not None:
        rows = rows.filter(_behind(rows, ask))
    by = [pl.col("value").is_null(), pl.col("value"), pl.col("id")]
    first = rows.top_k(ask.limit + 1, by=by) if ask.down else rows.bottom_k(ask.limit + 1, by=by)
    first = first.sort(by, descending=ask.down)
    given = first.head(ask.limit)
    last = (given["value"][-1], f"{given['id'][-1]:016x}") if first.height > given.height else None
    return Found(total, known.states(given["number"]), last)


def named(known: Known, names: Names) -> pl.DataFrame:
    """The series with what their devices are called: `device`, `called` and `zone`."""
    import polars as pl

    rows = [(source, *of) for source, of in names.of.items()]
    told = pl.DataFrame(rows, schema=dict.fromkeys(("source", "device", "called", "zone"), pl.String), orient="row")
    return known.series.join(told, on="source", how="left", maintain_order="left").with_columns(
        pl.col("device").fill_null(pl.col("source")), pl.col("called").fill_null(pl.col("source")),
        pl.col("zone").fill_null(""),
    )  # fmt: skip


def described(known: Known, facts: Mapping[TagKey, Facts]) -> pl.DataFrame:
    """The tags of which somebody said something: `number`, and `alias` and `description` in lower case."""
    import polars as pl

    names = (*SERIES, "address")
    types: dict[str, Any] = dict(zip(names, (*known.series.dtypes, pl.Int64), strict=True))
    rows = [(*key, of.alias.lower(), of.description.lower()) for key, of in facts.items() if of.alias or of.description]
    said = pl.DataFrame(rows, schema={**types, "alias": pl.String, "description": pl.String}, orient="row")
    there = said.join(known.series.with_row_index("series"), on=SERIES, nulls_equal=True)
    numbered = known.tags.select("series", "address").with_row_index("number")
    return there.join(numbered, on=["series", "address"]).select("number", "alias", "description")


def chosen(known: Known, series: pl.DataFrame, ask: Ask, said: pl.DataFrame | None = None) -> pl.DataFrame:
    """All that fit, in no order: `number`, `id`, and the `value` to sort by."""
    import polars as pl

    fits = series.select(_fits(ask).alias("fits"))["fits"]
    tags = known.tags
    rows = pl.DataFrame({"number": pl.int_range(tags.height, dtype=pl.UInt32, eager=True), "id": tags["id"]})
    rows = rows.with_columns(value=_values(known, series, ask.sort))
    mask = None if fits.all() else fits.gather(tags["series"])
    if ask.moves is not None:
        moving = (tags["moved"] > 0) == ask.moves
        mask = moving if mask is None else mask & moving
    for word in ask.words:
        has = _has(known, series, word)
        if said is not None and said.height:
            told = said.filter(pl.col("alias").str.contains(word, literal=True) | pl.col("description").str.contains(
                word, literal=True))["number"]  # fmt: skip
            has |= rows["number"].is_in(told.implode())
        mask = has if mask is None else mask & has
    return rows if mask is None else rows.filter(mask)


def _fits(ask: Ask) -> pl.Expr:
    """Of a series: may it be seen, and is it of the devices and protocols that are asked for."""
    import polars as pl

    fits = pl.repeat(value=True, n=pl.len())
    if ask.zones is not None:
        fits &= pl.col("zone").is_in(list(ask.zones))
    if ask.devices:
        fits &= pl.col("source").is_in(list(ask.devices)) | pl.col("device").is_in(list(ask.devices))
    if ask.protocols:
        fits &= pl.col("protocol").is_in(list(ask.protocols))
    return fits


def _values(known: Known, series: pl.DataFrame, sort: str) -> pl.Series:
    """What tags are compared by."""
    import polars as pl

    tags = known.tags
    if sort in NUMBERS:
        return tags[NUMBERS[sort]].alias("value")
    if sort == "every":
        every = (pl.col("last_ts") - pl.col("first_ts")) / 1e9 / (pl.col("count") - 1)
        return tags.select(value=pl.when(pl.col("count") > 1).then(every))["value"]
    if sort == "label":
        return labels(known).str.to_lowercase().alias("value")
    column = series["called"].str.to_lowercase() if sort == "device" else series["protocol"]
    return column.gather(tags["series"]).alias("value")


def labels(known: Known) -> pl.Series:
    """As `TagKey.label`."""
    import polars as pl

    name, address, area = pl.col("name"), pl.col("address"), pl.col("area")
    both = known.tags.select("series", "address").with_columns(
        known.series["name"].gather(known.tags["series"]), known.series["area"].gather(known.tags["series"])
    )
    long = pl.when(address == 0).then(name).otherwise(pl.format("{} [{}]", name, address))
    short = pl.concat_str(area, address.cast(pl.String), separator=" ", ignore_nulls=True)
    return both.select(label=pl.when(name.fill_null("") != "").then(long).otherwise(short))["label"]


def _behind(rows: pl.DataFrame, ask: Ask) -> pl.Series:
    """Those that come after the one that was given last. Raises TypeError or ValueError if that can be none."""
    import polars as pl

    assert ask.after is not None
    value, last = ask.after[0], int(ask.after[1], 16)
    own, ids, none = rows["value"], rows["id"], rows["value"].is_null()
    if not 0 <= last < 1 << 64 or (value is not None and isinstance(value, str) != (own.dtype == pl.String)):
        raise ValueError
    if value is not None and not isinstance(value, (str, int, float)):
        raise TypeError
    if ask.down:
        same = none & (ids < last) if value is None else (own == value).fill_null(value=False) & (ids < last)
        return same | (~none if value is None else (own < value).fill_null(value=False))
    same = none & (ids > last) if value is None else (own == value).fill_null(value=False) & (ids > last)
    return same if value is None else same | none | (own > value).fill_null(value=False)


def _has(known: Known, series: pl.DataFrame, word: str) -> pl.Series:
    """Which tags have this word, in lower case: in what their device and series are called, or in their address."""
    import polars as pl

    text = pl.concat_str("called", "source", "protocol", "area", "name", "zone", separator="\n", ignore_nulls=True)
    within = series.select(has=text.str.to_lowercase().str.contains(word, literal=True))["has"]
    has = within.gather(known.tags["series"])
    if not word.strip("0123456789-[]"):  # else no address has it
        has |= known.tags["address"].cast(pl.String).str.contains(word, literal=True)
        if "[" in word or "]" in word:
            has |= labels(known).str.contains(word, literal=True)
    return has
