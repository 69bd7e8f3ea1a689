"""Batches of records boiled down to facts: what was done, by whom, to whom, once a minute and kind.

A fact names the entry that it belongs to, and those above it (`parents`): only if one of these has been known long
enough is a new fact news. So a new peer is one piece of news, and not also a new verb and twenty new targets.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from math import isfinite
from typing import Any

import polars as pl

from linewarden.baseline import things
from linewarden.baseline.areas import area_of
from linewarden.baseline.columns import ENDPOINTS, ENVELOPE, Facts, Part, Row, Sample
from linewarden.baseline.entry import SLICE_NS
from linewarden.baseline.things import MASTERS, READS, Thing
from linewarden.records import Verb
from linewarden.records.order import in_order

MOST_VALUES = 32
"""Values of one record that are learned, from its first."""
HOUR_NS = 3_600_000_000_000


def facts_of(stream: str, frame: pl.DataFrame) -> Facts:
    """The facts of a batch, in order of time; none for streams of which nothing is learned."""
    if not frame.height or stream not in COLUMNS:
        return Facts([])
    makers = {"conn": _conns, "command": _commands, "binding": _bindings, "reading": _readings}
    return Facts(makers[stream](boil(stream, frame)))


def boil(stream: str, frame: pl.DataFrame) -> pl.DataFrame:
    """The rows and columns of a batch that tell facts, in order of time.

    It may be done batch by batch, in any order, and once more with all together: that tells the same facts.
    """
    if stream == "reading":
        return _firsts(frame if "places" in frame.columns else _counted(frame))
    chosen = _timed(frame, stream)
    return chosen.filter(TELLING[stream]) if stream in TELLING else chosen


COLUMNS = {
    "conn": (*ENVELOPE, *ENDPOINTS, "proto", "service", "orig_bytes", "resp_pkts", "orig_pkts", "direction", "until"),
    "command": (*ENVELOPE, *ENDPOINTS, "protocol", "verb", "function", "unit", "target", "value", "count", "answered",
                "errors", "until"),
    "binding": (*ENVELOPE, "mac", "ip", "source", "frames", "until"),
    "reading": (*ENVELOPE, "source", "protocol", "unit", "area", "start", "name", "values"),
}  # fmt: skip
"""The columns that are read of each stream: take no more, the rest costs time."""
TELLING = {
    # Below IP there is no service, and who began is not known if the tap saw neither beginning nor protocol.
    "conn": (pl.col("orig_bytes") > 0) & (pl.col("resp_pkts") > 0) & (pl.col("proto") != "eth")
            & (pl.col("service").is_not_null() | (pl.col("direction") != "first")),
    # A request that nobody answered and that changes nothing says nothing of habits: those are sweeps.
    "command": (pl.col("answered") > 0) | (pl.col("errors") > 0) | ~pl.col("verb").is_in([str(v) for v in READS]),
}  # fmt: skip
"""The rows that say something of habits; all of them in other streams."""


def _timed(frame: pl.DataFrame, stream: str) -> pl.DataFrame:
    """The columns of use, in order of time, times as ns, and the minute."""
    ns = pl.col("ts").to_physical()
    chosen = frame.select(COLUMNS[stream]).with_columns(ns, (ns // SLICE_NS).alias("minute"))
    if "until" in COLUMNS[stream]:
        chosen = chosen.with_columns(pl.col("until").to_physical().fill_null(pl.col("ts")))
    return in_order(chosen)


def _grouped(frame: pl.DataFrame, by: list[str], *sums: pl.Expr) -> pl.DataFrame:
    """One row a minute and group: the envelope of its first record, the last `until`, and `sums`; in order of time."""
    firsts = [c for c in (*ENVELOPE, *ENDPOINTS) if c in frame.columns and c not in by]
    ends = [pl.col("until").max()] if "until" in frame.columns else []
    groups = frame.with_row_index().group_by(["minute", *by], maintain_order=True)
    rows = groups.agg(pl.col("index").first(), *ends, *sums)
    # The first records are fetched by number: that is far cheaper than to gather column by column.
    # Groups stand in the order of their first record, which is that of time.
    return pl.concat([rows, frame.select(firsts)[rows["index"]]], how="horizontal")


def _conns(frame: pl.DataFrame) -> list[Part]:
    by = ["id.orig_h", "id.resp_h", "proto", "service", "id.resp_p"]
    count = pl.min_horizontal("orig_pkts", "resp_pkts").sum().cast(pl.Int64).alias("n")
    return [Part(_grouped(frame, by, count), by, things.peers_by_port)]


def _commands(frame: pl.DataFrame) -> list[Part]:
    count = pl.col("count").sum().cast(pl.Int64).alias("n")
    ends, deed = ["id.orig_h", "id.resp_h", "protocol"], ["verb", "function", "area"]
    # Rounded: a beat that trembles is the same beat.
    rhythm = (beat().min().round_sig_figs(2).alias("fast"), beat().max().round_sig_figs(2).alias("slow"))
    named = frame.with_columns(area_of_each(frame.get_column("target")).alias("area"))
    beats = pl.col("fast").is_not_null().alias("beats")
    deeds = _grouped(named, [*ends, *deed], count, *rhythm).with_columns(hour_of_login(), beats)
    # By minutes, and who before what: what was done is judged by what is known of who did it.
    return [
        Part(_grouped(frame, ends, count), ends, things.peers),
        Part(deeds, [*ends, *deed, "hour", "beats"], things.done, samples=_beat, ranges=_beats),
        _written(frame),
    ]


def beat() -> pl.Expr:
    """Of a command that came again and again: how often, s."""
    cyclic = (pl.col("count") >= 3) & (pl.col("until") > pl.col("ts"))
    return pl.when(cyclic).then((pl.col("until") - pl.col("ts")) / 1e9 / (pl.col("count").cast(pl.Float64) - 1))


def hour_of_login() -> pl.Expr:
    """Of the day, where somebody logged in."""
    return pl.when(pl.col("verb").cast(pl.String) == Verb.AUTHENTICATE).then(pl.col("ts") // HOUR_NS % 24).alias("hour")


def _beat(group: Row, _number: int) -> tuple[Sample, ...]:
    return ((group["fast"],), 0), ((group["slow"],), 0)


def _beats(groups: pl.DataFrame) -> pl.DataFrame:
    return groups.select(pl.concat_list("fast").alias("low"), pl.concat_list("slow").alias("high"))


def area_of_each(targets: pl.Series) -> pl.Series:
    """The area of each target: few, where the targets are many."""
    found = targets.drop_nulls().unique()
    areas = pl.Series([area_of(t) if t else "" for t in found.to_list()], dtype=pl.String)
    return targets.replace_strict(found, areas, default="", return_dtype=pl.String)


def _written(frame: pl.DataFrame) -> Part:
    """Numbers that were written, each place of a target by itself."""
    wrote = frame.filter(pl.col("verb").is_in([str(v) for v in MASTERS]) & pl.col("value").is_not_null())
    wrote = wrote.with_columns(pl.col("value").str.count_matches(",", literal=True).alias("more"))
    by = ["id.resp_h", "protocol", "unit", "target", "more"]
    different = wrote.select("minute", *by, "value").with_row_index("number")
    # In a minute the same value once more is no news, and does not widen a range.
    different = different.unique(["minute", *by, "value"], keep="first", maintain_order=True)
    each = different.group_by(["minute", *by], maintain_order=True).agg("number")["number"]
    values, samples = wrote.get_column("value"), []
    for numbers, texts in zip(_cut(each), _cut(each, values), strict=True):
        read = zip(map(numbers_of, texts), numbers, strict=True)
        samples.append(tuple((found, number) for found, number in read if found))
    groups = _grouped(wrote, by, pl.len().cast(pl.Int64).alias("n"))  # the same groups in the same order
    places = pl.Series("places", [len(s[0][0]) if s else 0 for s in samples], dtype=pl.Int64)
    return Part(
        groups.with_columns(places), [*by[:-1], "places"], things.written, turn=1,
        samples=lambda _row, number: samples[number], rows=wrote.select(*ENVELOPE, *ENDPOINTS),
    )  # fmt: skip


def _cut(lists: pl.Series, values: pl.Series | None = None) -> Iterator[list[Any]]:
    """Each list of numbers, or the values of these numbers: at once into Python, which is far cheaper than each."""
    flat, ends = lists.explode(), lists.list.len().cum_sum().to_list()
    found = (flat if values is None else values.gather(flat)).to_list()
    return (found[first:end] for first, end in pairwise([0, *ends]))


def numbers_of(text: str) -> tuple[float, ...]:
    """What was written as numbers; empty if it is something else."""
    try:
        values = tuple(map(float, text.split(",")[:MOST_VALUES]))
    except ValueError:
        return ()
    return values if all(map(isfinite, values)) else ()


_BLOCK = ("minute", "source", "protocol", "unit", "area", "start", "name", "places")


def _counted(frame: pl.DataFrame) -> pl.DataFrame:
    """Readings with the number of their values, those without any left out."""
    ns = pl.col("ts").to_physical()
    places = pl.col("values").list.len().alias("places")
    return (
        frame.select(COLUMNS["reading"])
        .with_columns(ns, (ns // SLICE_NS).alias("minute"), places)
        .filter(pl.col("places") > 0)
    )


def _firsts(frame: pl.DataFrame) -> pl.DataFrame:
    """Of each block of values the first record of a minute: a look at all of them would cost more than reading."""
    first = frame.select(pl.col("ts") == pl.col("ts").min().over(_BLOCK)).to_series()
    firsts = in_order(frame.filter(first)).unique(_BLOCK, keep="first", maintain_order=True)
    return firsts.with_columns(pl.col("values").list.head(MOST_VALUES))


def _readings(frame: pl.DataFrame) -> list[Part]:
    by = ["source", "protocol", "unit", "area", "start", "name"]
    finite = pl.col("values").list.eval(pl.element().is_finite()).list.all()
    groups = frame.select(
        "minute", *ENVELOPE, *by, "values", pl.col("ts").alias("until"), pl.lit(1, pl.Int64).alias("n"),
        pl.when(finite).then(pl.col("values").list.len()).otherwise(0).alias("places"),
    )  # fmt: skip
    return [Part(groups, [*by, "places"], things.shown, first=_from, samples=_shown, ranges=_blocks)]


def _from(row: Row, _thing: Thing) -> Row:
    return {**row, "id.resp_h": row["source"]}


def _shown(row: Row, _number: int) -> tuple[Sample, ...]:
    return ((tuple(row["values"]), 0),)


def _blocks(groups: pl.DataFrame) -> pl.DataFrame:
    return groups.select(pl.col("values").alias("low"), pl.col("values").alias("high"))


def _bindings(frame: pl.DataFrame) -> list[Part]:
    groups = _grouped(frame, ["mac", "ip", "source"], pl.col("frames").sum().cast(pl.Int64).alias("n"))
    return [Part(groups, ["mac", "ip"], things.devices, first=_whose)]


def _whose(row: Row, thing: Thing) -> Row:
    return {**row, "id.orig_h": thing.peer or row["mac"]}
