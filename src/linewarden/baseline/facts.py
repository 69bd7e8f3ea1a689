"""Batches of records boiled down to facts: what was done, by whom, to whom, once a minute and kind.

A fact names the entry that it belongs to, and those above it (`parents`): only if one of these has been known long
enough is a new fact news. So a new peer is one piece of news, and not also a new verb and twenty new targets.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from heapq import merge
from itertools import pairwise
from math import isfinite
from operator import itemgetter
from typing import Any

import polars as pl

from linewarden.baseline.areas import area_of
from linewarden.baseline.entry import SLICE_NS, key_of
from linewarden.plant.addresses import is_group, is_link_local, is_public, oui_vendor, usable_ip, usable_mac
from linewarden.records import Verb
from linewarden.records.order import in_order

INTERNET = "internet"
"""All public addresses are one peer: which of a cloud's servers answers today is not a habit of the plant."""
NETWORK = key_of("network", "network")
READS = frozenset({Verb.READ, Verb.BROWSE, Verb.SUBSCRIBE, Verb.DIAGNOSE, Verb.PROGRAM_UPLOAD, Verb.AUTHENTICATE})
"""Verbs that leave the device as it is."""
MASTERS = frozenset({Verb.WRITE, Verb.FORCE})
AREAS = frozenset({*MASTERS, Verb.READ, Verb.PROGRAM_UPLOAD, Verb.PROGRAM_DOWNLOAD, Verb.CONFIGURE})
"""Verbs of which the targets are learned."""
MOST_VALUES = 32
"""Values of one record that are learned, from its first."""
DYNAMIC = 49_152
"""From this port on ports are handed out at random (RFC 6335), and tell nothing."""

HOUR_NS = 3_600_000_000_000
ENVELOPE = ("ts", "uid", "sensor", "capture", "frame")
ENDPOINTS = ("id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p")


Sample = tuple[tuple[float, ...], int]
"""Values, one a place, and the number of the row that showed them."""


@dataclass(slots=True)
class Thing:
    """What a fact is about; most are seen minute for minute, and are made once a batch.

    `parents`: keys of entries, of which one must be ripe for this to be news. `under`: if that entry was news in this
    minute, this is part of it. `once`: only the first fact of a minute is looked at.
    """

    kind: str
    subject: str
    peer: str = ""
    protocol: str = ""
    what: str = ""
    parents: tuple[str, ...] = ()
    under: str = ""
    once: bool = False
    key: str = ""
    """The key of its entry."""

    def __post_init__(self) -> None:
        self.key = key_of(self.kind, self.subject, self.peer, self.protocol, self.what)


@dataclass(slots=True)
class Fact:
    """Something that was seen in one minute. `first`: the columns of the first record that showed it.

    `samples`: different values in order, for what has a range; `rows` are theirs, if that is not always the first.
    """

    thing: Thing
    ts: int
    until: int
    count: int
    first: Mapping[str, Any]
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


def facts_of(stream: str, frame: pl.DataFrame) -> Iterator[Fact]:
    """The facts of a batch, in order of time; none for streams of which nothing is learned."""
    if frame.height and stream in COLUMNS:
        makers = {"conn": _conns, "command": _commands, "binding": _bindings, "reading": _readings}
        yield from makers[stream](boil(stream, frame))


def boil(stream: str, frame: pl.DataFrame) -> pl.DataFrame:
    """The rows and columns of a batch that tell facts, in order of time.

    It may be done batch by batch, in any order, and once more with all together: that tells the same facts.
    """
    if stream == "reading":
        return _firsts(frame if "places" in frame.columns else _counted(frame))
    chosen = _timed(frame, stream)
    return chosen.filter(_TELLING[stream]) if stream in _TELLING else chosen


COLUMNS = {
    "conn": (*ENVELOPE, *ENDPOINTS, "proto", "service", "orig_bytes", "resp_pkts", "orig_pkts", "direction", "until"),
    "command": (*ENVELOPE, *ENDPOINTS, "protocol", "verb", "function", "unit", "target", "value", "count", "answered",
                "errors", "until"),
    "binding": (*ENVELOPE, "mac", "ip", "source", "frames", "until"),
    "reading": (*ENVELOPE, "source", "protocol", "unit", "area", "start", "name", "values"),
}  # fmt: skip
"""The columns that are read of each stream: take no more, the rest costs time."""
_TELLING = {
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


def _grouped(frame: pl.DataFrame, by: list[str], *sums: pl.Expr) -> Iterator[dict[str, Any]]:
    """One row a minute and group: the envelope of its first record, the last `until`, and `sums`; in order of time."""
    firsts = [c for c in (*ENVELOPE, *ENDPOINTS) if c in frame.columns and c not in by]
    ends = [pl.col("until").max()] if "until" in frame.columns else []
    groups = frame.with_row_index().group_by(["minute", *by], maintain_order=True)
    rows = groups.agg(pl.col("index").first(), *ends, *sums)
    # The first records are fetched by number: that is far cheaper than to gather column by column.
    # Groups stand in the order of their first record, which is that of time.
    return pl.concat([rows, frame.select(firsts)[rows["index"]]], how="horizontal").iter_rows(named=True)


def _who(address: str) -> str:
    """The address as a peer; empty if it is nobody's own."""
    return "" if is_group(address) else INTERNET if is_public(address) else address


def _seen(things: Iterable[Thing], group: dict[str, Any]) -> Iterator[Fact]:
    """These things as facts of a group of `_grouped`."""
    ts, until, count = group["ts"], group["until"], group["n"]
    return (Fact(thing, ts, until, count, group) for thing in things)


def _conns(frame: pl.DataFrame) -> Iterator[Fact]:
    by = ["id.orig_h", "id.resp_h", "proto", "service", "id.resp_p"]
    count = pl.min_horizontal("orig_pkts", "resp_pkts").sum().cast(pl.Int64).alias("n")
    peers = cache(_peers)
    for group in _grouped(frame, by, count):
        service = group["service"] or _port(group["proto"], group["id.resp_p"])
        yield from _seen(peers(group["id.orig_h"], group["id.resp_h"], service), group)


def _port(proto: str, port: int | None) -> str:
    return proto if port is None else f"{proto}/{'dynamic' if port >= DYNAMIC else port}"


def _peers(orig: str, resp: str, service: str) -> tuple[Thing, ...]:
    """Who is there, who serves what, and to whom."""
    orig, resp = _who(orig), _who(resp)
    if not orig or not resp:
        return ()
    served = Thing("service", resp, "", service, parents=(key_of("subject", resp),))
    above = (served.key, key_of("subject", orig))
    return (
        Thing("network", "network"),
        *(Thing("subject", end) for end in (orig, resp) if end != INTERNET),
        *((served,) if resp != INTERNET else ()),
        Thing("peer", resp, orig, service, parents=above, under=served.key),
    )


def _commands(frame: pl.DataFrame) -> Iterator[Fact]:
    cyclic = (pl.col("count") >= 3) & (pl.col("until") > pl.col("ts"))
    interval = ((pl.col("until") - pl.col("ts")) / 1e9 / (pl.col("count").cast(pl.Float64) - 1)).filter(cyclic)
    count = pl.col("count").sum().cast(pl.Int64).alias("n")
    ends = ["id.orig_h", "id.resp_h", "protocol"]
    peers, done, beats = cache(_peers), cache(_done), cache(_rhythm)
    # Rounded: a beat that trembles is the same beat.
    rhythm = (interval.min().round_sig_figs(2).alias("fast"), interval.max().round_sig_figs(2).alias("slow"))
    named = frame.with_columns(_areas(frame.get_column("target")).alias("area"))
    deeds = _grouped(named, [*ends, "verb", "function", "area"], count, *rhythm)
    # By minutes, and who before what: what was done is judged by what is known of who did it.
    for group in merge(_grouped(frame, ends, count), deeds, key=itemgetter("ts")):
        pair = (group["id.orig_h"], group["id.resp_h"], group["protocol"])
        if "verb" not in group:
            yield from _seen(peers(*pair), group)
            continue
        hour = group["ts"] // HOUR_NS % 24 if group["verb"] == Verb.AUTHENTICATE else None
        things = done(*pair, group["verb"], group["function"], group["area"], hour)
        yield from _seen(things, group)
        if things and group["fast"] is not None:
            ranged = (((group["fast"],), 0), ((group["slow"],), 0))
            beat = beats(*pair, group["verb"], group["function"])
            yield Fact(beat, group["ts"], group["until"], group["n"], group, ranged)
    yield from _written(frame)


def _areas(targets: pl.Series) -> pl.Series:
    """The area of each target: few, where the targets are many."""
    found = targets.drop_nulls().unique()
    areas = pl.Series([area_of(t) if t else "" for t in found.to_list()], dtype=pl.String)
    return targets.replace_strict(found, areas, default="", return_dtype=pl.String)


def _done(
    orig: str, resp: str, protocol: str, verb: str, function: str, area: str, hour: int | None
) -> tuple[Thing, ...]:
    """What was done, with which function, and to which target; logins with the hour of the day."""
    orig, resp = _who(orig), _who(resp)
    if not orig or not resp:
        return ()
    above = key_of("peer", resp, orig, protocol)
    part_of = key_of("master", resp, orig) if verb in MASTERS else key_of("login", resp, orig, protocol)
    verbs, whole = key_of("verb", resp, orig, protocol, verb), f"{verb} {function}"
    things = []
    if verb in MASTERS:
        things += [Thing("written", resp), Thing("master", resp, orig, parents=(key_of("written", resp),))]
    if hour is not None:
        known = (key_of("subject", resp), key_of("subject", orig))
        things.append(Thing("login", resp, orig, protocol, parents=known))
        things.append(Thing("hour", resp, orig, protocol, f"{hour:02d}", parents=(part_of,)))
    things.append(Thing("verb", resp, orig, protocol, verb, (above,), part_of))
    things.append(Thing("verb", resp, orig, protocol, whole, (verbs,)))
    if area and verb in AREAS:
        how = key_of("verb", resp, orig, protocol, whole)
        things.append(Thing("target", resp, orig, protocol, f"{verb} {area}", (verbs,), how))
    return tuple(things)


def _rhythm(orig: str, resp: str, protocol: str, verb: str, function: str) -> Thing:
    """How often it is done."""
    orig, resp, what = _who(orig), _who(resp), f"{verb} {function}"
    own, above = key_of("rhythm", resp, orig, protocol, what), key_of("peer", resp, orig, protocol)
    return Thing("rhythm", resp, orig, protocol, what, (own,), above)


def _written(frame: pl.DataFrame) -> Iterator[Fact]:
    """Numbers that were written, each place of a target by itself."""
    wrote = frame.filter(pl.col("verb").is_in([str(v) for v in MASTERS]) & pl.col("value").is_not_null())
    wrote = wrote.with_columns(pl.col("value").str.count_matches(",", literal=True).alias("more"))
    by = ["id.resp_h", "protocol", "unit", "target", "more"]
    different = wrote.select("minute", *by, "value").with_row_index("number")
    # In a minute the same value once more is no news, and does not widen a range.
    different = different.unique(["minute", *by, "value"], keep="first", maintain_order=True)
    each = different.group_by(["minute", *by], maintain_order=True).agg("number")["number"]
    ranged = cache(_ranged)
    values, rows = wrote.get_column("value"), wrote.select(*ENVELOPE, *ENDPOINTS)
    groups = _grouped(wrote, by, pl.len().cast(pl.Int64).alias("n"))  # the same groups in the same order
    for group, numbers, texts in zip(groups, _cut(each), _cut(each, values), strict=True):
        read = zip(map(_numbers, texts), numbers, strict=True)
        samples = tuple((found, number) for found, number in read if found)
        subject = _who(group["id.resp_h"])
        if subject and samples:
            what = f"written {_unit(group)}{group['target'] or ''}"
            thing = ranged(subject, group["protocol"], what, len(samples[0][0]))
            yield Fact(thing, group["ts"], group["until"], group["n"], group, samples, rows)


def _cut(lists: pl.Series, values: pl.Series | None = None) -> Iterator[list[Any]]:
    """Each list of numbers, or the values of these numbers: at once into Python, which is far cheaper than each."""
    flat, ends = lists.explode(), lists.list.len().cum_sum().to_list()
    found = (flat if values is None else values.gather(flat)).to_list()
    return (found[first:end] for first, end in pairwise([0, *ends]))


def _numbers(text: str) -> tuple[float, ...]:
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


def _readings(frame: pl.DataFrame) -> Iterator[Fact]:
    ranged = cache(_ranged)
    for first in frame.iter_rows(named=True):
        found, start, source = tuple(first["values"]), first["start"], first["source"]
        if not all(map(isfinite, found)):
            continue
        what = _unit(first) + (first["name"] or f"{first['area'] or ''} {'' if start is None else start}".strip())
        first["id.resp_h"] = source
        thing = ranged(source, first["protocol"], what, len(found), once=True)
        yield Fact(thing, first["ts"], first["ts"], 1, first, ((found, 0),))


def _ranged(subject: str, protocol: str, what: str, places: int, *, once: bool = False) -> Thing:
    """Values of a block, each place of which has a range."""
    what = f"{what} x{places}" if places > 1 else what
    own = key_of("value", subject, "", protocol, what)
    return Thing("value", subject, "", protocol, what, (own,), once=once)


def _unit(group: dict[str, Any]) -> str:
    return f"unit {group['unit']} " if group["unit"] else ""


def _bindings(frame: pl.DataFrame) -> Iterator[Fact]:
    """Who is there: devices by MAC, and the addresses of each (behind a router's MAC there are many)."""
    for group in _grouped(frame, ["mac", "ip", "source"], pl.col("frames").sum().cast(pl.Int64).alias("n")):
        mac, ip = group["mac"], group["ip"]
        if not usable_mac(mac):
            continue
        group["id.orig_h"], vendor = mac, oui_vendor(mac) or ""
        maker = Thing("vendor", "network", what=vendor, parents=(NETWORK,))
        own = Thing("asset", mac, what=vendor, parents=(NETWORK,), under=maker.key if vendor else "")
        yield from _seen((Thing("network", "network"), *((maker,) if vendor else ()), own), group)
        if ip and usable_ip(ip) and not is_public(ip) and not is_link_local(ip):
            yield from _seen((Thing("asset", mac, ip, parents=(own.key,)),), group | {"id.orig_h": ip})
