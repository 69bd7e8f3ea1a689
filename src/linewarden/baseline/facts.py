"""Batches of records boiled down to facts: what was done, by whom, to whom, once a minute and kind.

A fact names the entry that it belongs to, and those above it (`parents`): only if one of these has been known long
enough is a new fact news. So a new peer is one piece of news, and not also a new verb and twenty new targets.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import merge
from math import isfinite
from typing import Any

import polars as pl

from linewarden.baseline.areas import area_of
from linewarden.baseline.entry import SLICE_NS, key_of
from linewarden.plant.addresses import is_group, is_link_local, is_public, oui_vendor, usable_ip, usable_mac
from linewarden.records import Verb

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

ENVELOPE = ("ts", "uid", "sensor", "capture", "frame")
ENDPOINTS = ("id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p")


Sample = tuple[tuple[float, ...], Sequence[Any]]


@dataclass(slots=True)
class Fact:
    """Something that was seen in one minute. `row`: envelope and endpoints of the first record that showed it.

    `parents`: keys of entries, of which one must be ripe for this to be news. `under`: if that entry was news in this
    minute, this is part of it. `samples`: values and row in order, for what has a range: one value a place.
    """

    kind: str
    subject: str
    peer: str
    protocol: str
    what: str
    ts: int
    until: int
    count: int
    row: tuple[Any, ...]
    parents: tuple[str, ...] = ()
    under: str = ""
    samples: tuple[Sample, ...] = ()
    once: bool = False
    """Only the first of a minute is looked at."""
    key: str = ""
    """The key of its entry."""

    def __post_init__(self) -> None:
        self.key = key_of(self.kind, self.subject, self.peer, self.protocol, self.what)


def facts_of(stream: str, frame: pl.DataFrame) -> Iterator[Fact]:
    """The facts of a batch, in order of time; none for streams of which nothing is learned."""
    makers = {"conn": _conns, "command": _commands, "binding": _bindings, "reading": _readings}
    if frame.height and stream in makers:
        yield from makers[stream](_timed(frame, stream))


COLUMNS = {
    "conn": (*ENVELOPE, *ENDPOINTS, "proto", "service", "orig_bytes", "resp_pkts", "orig_pkts", "direction", "until"),
    "command": (*ENVELOPE, *ENDPOINTS, "protocol", "verb", "function", "unit", "target", "value", "count", "answered",
                "errors", "until"),
    "binding": (*ENVELOPE, "mac", "ip", "source", "frames", "until"),
    "reading": (*ENVELOPE, "source", "protocol", "unit", "area", "start", "name", "values"),
}  # fmt: skip
"""The columns that are read of each stream: take no more, the rest costs time."""


def _timed(frame: pl.DataFrame, stream: str) -> pl.DataFrame:
    """The columns of use, in order of time, times as ns, and the minute."""
    ns = pl.col("ts").to_physical()
    chosen = frame.select(COLUMNS[stream]).with_columns(ns, (ns // SLICE_NS).alias("minute"))
    if "until" in COLUMNS[stream]:
        chosen = chosen.with_columns(pl.col("until").to_physical().fill_null(pl.col("ts")))
    if chosen.get_column("ts").is_sorted() and chosen.get_column("capture").n_unique() == 1:
        return chosen
    return chosen.sort("ts", "capture", "frame", maintain_order=True)


def _grouped(frame: pl.DataFrame, by: list[str], *sums: pl.Expr) -> Iterator[dict[str, Any]]:
    """One row a minute and group: the envelope of its first record, the last `until`, and `sums`; in order of time."""
    firsts = [c for c in (*ENVELOPE, *ENDPOINTS) if c in frame.columns and c not in by]
    ends = [pl.col("until").max()] if "until" in frame.columns else []
    groups = frame.with_row_index().group_by(["minute", *by], maintain_order=True)
    rows = groups.agg(pl.col("index").first(), *ends, *sums)
    # The first records are fetched by number: that is far cheaper than to gather column by column.
    # Groups stand in the order of their first record, which is that of time.
    return pl.concat([rows, frame.select(firsts)[rows["index"]]], how="horizontal").iter_rows(named=True)


def _row(group: dict[str, Any], orig: str = "", resp: str = "") -> tuple[Any, ...]:
    head = tuple(group[c] for c in ENVELOPE)
    return (*head, group.get("id.orig_h", orig), group.get("id.orig_p"), group.get("id.resp_h", resp),
            group.get("id.resp_p"))  # fmt: skip


def _who(address: str) -> str:
    """The address as a peer; empty if it is nobody's own."""
    return "" if is_group(address) else INTERNET if is_public(address) else address


def _conns(frame: pl.DataFrame) -> Iterator[Fact]:
    spoken = (pl.col("orig_bytes") > 0) & (pl.col("resp_pkts") > 0)
    # Below IP there is no service, and who began is not known if the tap saw neither beginning nor protocol.
    known = (pl.col("proto") != "eth") & (pl.col("service").is_not_null() | (pl.col("direction") != "first"))
    by = ["id.orig_h", "id.resp_h", "proto", "service", "id.resp_p"]
    count = pl.min_horizontal("orig_pkts", "resp_pkts").sum().cast(pl.Int64).alias("n")
    for group in _grouped(frame.filter(spoken & known), by, count):
        orig, resp = _who(group["id.orig_h"]), _who(group["id.resp_h"])
        if orig and resp:
            yield from _peers(group, orig, resp, group["service"] or _port(group["proto"], group["id.resp_p"]))


def _port(proto: str, port: int | None) -> str:
    return proto if port is None else f"{proto}/{'dynamic' if port >= DYNAMIC else port}"


def _peers(group: dict[str, Any], orig: str, resp: str, service: str) -> Iterator[Fact]:
    """Who is there, who serves what, and to whom."""
    row, times = _row(group), (group["ts"], group["until"], group["n"])

    def fact(kind: str, subject: str, peer: str = "", protocol: str = "", **more: Any) -> Fact:
        return Fact(kind, subject, peer, protocol, "", *times, row, **more)

    yield fact("network", "network")
    for end in (orig, resp):
        if end != INTERNET:
            yield fact("subject", end)
    served = key_of("service", resp, "", service)
    if resp != INTERNET:
        yield fact("service", resp, "", service, parents=(key_of("subject", resp),))
    yield fact("peer", resp, orig, service, parents=(served, key_of("subject", orig)), under=served)


def _commands(frame: pl.DataFrame) -> Iterator[Fact]:
    # A request that nobody answered and that changes nothing says nothing of habits: those are sweeps.
    frame = frame.filter(
        (pl.col("answered") > 0) | (pl.col("errors") > 0) | ~pl.col("verb").is_in([str(v) for v in READS])
    )
    cyclic = (pl.col("count") >= 3) & (pl.col("until") > pl.col("ts"))
    interval = ((pl.col("until") - pl.col("ts")) / 1e9 / (pl.col("count").cast(pl.Float64) - 1)).filter(cyclic)
    count = pl.col("count").sum().cast(pl.Int64).alias("n")
    ends = ["id.orig_h", "id.resp_h", "protocol"]
    peers = ((group, _peers) for group in _grouped(frame, ends, count))
    # Rounded: a beat that trembles is the same beat.
    rhythm = (interval.min().round_sig_figs(2).alias("fast"), interval.max().round_sig_figs(2).alias("slow"))
    named = frame.with_columns(_areas(frame.get_column("target")).alias("area"))
    done = ((group, _done) for group in _grouped(named, [*ends, "verb", "function", "area"], count, *rhythm))
    # By minutes, and who before what: what was done is judged by what is known of who did it.
    for group, facts in merge(peers, done, key=lambda pair: pair[0]["ts"]):
        orig, resp = _who(group["id.orig_h"]), _who(group["id.resp_h"])
        if orig and resp:
            yield from facts(group, orig, resp, group["protocol"])
    yield from _written(frame)


def _areas(targets: pl.Series) -> pl.Series:
    """The area of each target: few, where the targets are many."""
    found = targets.drop_nulls().unique()
    areas = pl.Series([area_of(t) if t else "" for t in found.to_list()], dtype=pl.String)
    return targets.replace_strict(found, areas, default="", return_dtype=pl.String)


def _done(group: dict[str, Any], orig: str, resp: str, protocol: str) -> Iterator[Fact]:
    """What was done, with which function, to which target, and how often."""
    verb, row = group["verb"], _row(group)

    def fact(kind: str, what: str = "", peer: str = orig, said: str = protocol, **more: Any) -> Fact:
        return Fact(kind, resp, peer, said, what, group["ts"], group["until"], group["n"], row, **more)

    above = key_of("peer", resp, orig, protocol)
    part_of = key_of("master", resp, orig) if verb in MASTERS else key_of("login", resp, orig, protocol)
    if verb in MASTERS:
        yield fact("written", peer="", said="")
        yield fact("master", said="", parents=(key_of("written", resp),))
    if verb == Verb.AUTHENTICATE:
        yield fact("login", parents=(key_of("subject", resp), key_of("subject", orig)))
        yield fact("hour", f"{group['ts'] // 3_600_000_000_000 % 24:02d}", parents=(part_of,))
    verbs, function = key_of("verb", resp, orig, protocol, verb), f"{verb} {group['function']}"
    yield fact("verb", verb, parents=(above,), under=part_of)
    yield fact("verb", function, parents=(verbs,))
    if group["area"] and verb in AREAS:
        how = key_of("verb", resp, orig, protocol, function)
        yield fact("target", f"{verb} {group['area']}", parents=(verbs,), under=how)
    if group["fast"] is not None:
        ends = (((group["fast"],), row), ((group["slow"],), row))
        own = key_of("rhythm", resp, orig, protocol, function)
        yield fact("rhythm", function, samples=ends, parents=(own,), under=above)


def _written(frame: pl.DataFrame) -> Iterator[Fact]:
    """Numbers that were written, each place of a target by itself."""
    wrote = frame.filter(pl.col("verb").is_in([str(v) for v in MASTERS]) & pl.col("value").is_not_null())
    columns = ("value", *ENVELOPE, *ENDPOINTS)
    wrote = wrote.with_columns(pl.col("value").str.count_matches(",", literal=True).alias("more"))
    each = [pl.col(c).alias(f"each {c}") for c in columns]
    by = ["id.resp_h", "protocol", "unit", "target", "more"]
    for group in _grouped(wrote, by, pl.len().cast(pl.Int64).alias("n"), *each):
        rows = zip(*(group[f"each {c}"] for c in columns), strict=True)
        samples = tuple((values, row) for text, *row in rows if (values := _numbers(text)))
        subject = _who(group["id.resp_h"])
        if subject and samples:
            what = f"written {_unit(group)}{group['target'] or ''}"
            yield _ranged(subject, group["protocol"], what, group, _row(group), samples)


def _numbers(text: str) -> tuple[float, ...]:
    """What was written as numbers; empty if it is something else."""
    try:
        values = tuple(map(float, text.split(",")[:MOST_VALUES]))
    except ValueError:
        return ()
    return values if all(map(isfinite, values)) else ()


def _readings(frame: pl.DataFrame) -> Iterator[Fact]:
    """Of each block of values the first record of a minute: a look at all of them would cost more than reading."""
    frame = frame.with_columns(pl.col("values").list.len().alias("places")).filter(pl.col("places") > 0)
    by = ["minute", "source", "protocol", "unit", "area", "start", "name", "places"]
    firsts = frame.select(by).with_row_index().unique(by, keep="first", maintain_order=True)["index"]
    for group in frame[firsts].with_columns(pl.col("values").list.head(MOST_VALUES)).iter_rows(named=True):
        found = tuple(group["values"])
        if not all(map(isfinite, found)):
            continue
        group["until"], group["n"] = group["ts"], 1
        row, start = _row(group, resp=group["source"]), group["start"]
        what = _unit(group) + (group["name"] or f"{group['area'] or ''} {'' if start is None else start}".strip())
        yield _ranged(group["source"], group["protocol"], what, group, row, ((found, row),), once=True)


def _ranged(
    subject: str, protocol: str, what: str, group: dict[str, Any], row: tuple[Any, ...], samples: tuple[Sample, ...],
    *, once: bool = False,
) -> Fact:  # fmt: skip
    places = len(samples[0][0])
    what = f"{what} x{places}" if places > 1 else what
    own = key_of("value", subject, "", protocol, what)
    return Fact(
        "value", subject, "", protocol, what, group["ts"], group["until"], group["n"], row, (own,), "", samples, once
    )


def _unit(group: dict[str, Any]) -> str:
    return f"unit {group['unit']} " if group["unit"] else ""


def _bindings(frame: pl.DataFrame) -> Iterator[Fact]:
    """Who is there: devices by MAC, and the addresses of each (behind a router's MAC there are many)."""
    for group in _grouped(frame, ["mac", "ip", "source"], pl.col("frames").sum().cast(pl.Int64).alias("n")):
        mac, ip = group["mac"], group["ip"]
        if not usable_mac(mac):
            continue
        row, times = _row(group, orig=mac), (group["ts"], group["until"], group["n"])
        vendor = oui_vendor(mac) or ""
        above = key_of("vendor", "network", "", "", vendor) if vendor else ""
        yield Fact("network", "network", "", "", "", *times, row)
        if vendor:
            yield Fact("vendor", "network", "", "", vendor, *times, row, (NETWORK,))
        own = key_of("asset", mac, "", "", vendor)
        yield Fact("asset", mac, "", "", vendor, *times, row, (NETWORK,), above)
        if ip and usable_ip(ip) and not is_public(ip) and not is_link_local(ip):
            yield Fact("asset", mac, ip, "", "", *times, _row(group, orig=ip), (own,))
