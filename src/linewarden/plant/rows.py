"""What the fold remembers: records boiled down to distinct rows, as they come, whatever the batches.

A stream is kept as a polars frame, one row a key, with sums, minima, maxima and the first packet that shows it. Sums
and first-of-all are associative, so batches may come in any split and order and the rows are the same.
"""

from __future__ import annotations

from itertools import starmap
from typing import Any, Generic, NamedTuple, TypeVar

import polars as pl


class ConnRow(NamedTuple):
    """Conversations of one pair, service, port, pair of MACs and VLAN; `port` is None where nothing answered."""

    orig: str
    resp: str
    proto: str
    service: str | None
    port: int | None
    orig_mac: str | None
    resp_mac: str | None
    vlan: int | None
    tunnel: str | None
    ts: int
    capture: str
    frame: int
    until: int
    conns: int
    orig_pkts: int
    resp_pkts: int
    orig_wire: int
    resp_wire: int
    missed: int
    duplicates: int
    retransmissions: int
    bad_checksums: int
    two_way: int
    one_way: int
    unanswered: int


class CommandRow(NamedTuple):
    """Requests of one pair, protocol and verb; `function` and `target` are those of the first one."""

    orig: str
    resp: str
    protocol: str
    verb: str
    port: int | None
    ts: int
    capture: str
    frame: int
    until: int
    n: int
    answered: int
    errors: int
    function: str | None
    target: str | None


class IdentityRow(NamedTuple):
    """One distinct statement about an address, and when it was first and last made."""

    address: str
    protocol: str
    evidence: str
    name: str | None
    vendor: str | None
    model: str | None
    order_number: str | None
    hardware: str | None
    firmware: str | None
    serial: str | None
    os: str | None
    software: str | None
    description: str | None
    role: str | None
    location: str | None
    mac: str | None
    ip: str | None
    ts: int
    capture: str
    frame: int
    until: int


class BindingRow(NamedTuple):
    """A MAC with an IP (empty if none), as in the binding stream."""

    mac: str
    ip: str
    vlan: int | None
    source: str
    ts: int
    capture: str
    frame: int
    until: int
    frames: int
    ttl: int | None


class WeirdRow(NamedTuple):
    """Oddities of one name and pair."""

    orig: str
    resp: str
    name: str
    protocol: str | None
    ts: int
    capture: str
    frame: int
    n: int
    addl: str | None


class TransferRow(NamedTuple):
    """Programs, firmware and files that moved between one pair."""

    orig: str
    resp: str
    protocol: str
    kind: str
    direction: str
    ts: int
    capture: str
    frame: int
    bytes: int
    name: str | None


class FactRow(NamedTuple):
    """One value of a native stream that exposures are read from: (`tls`, `version`, `TLSv10`)."""

    stream: str
    orig: str
    resp: str
    column: str
    value: str
    ts: int
    capture: str
    frame: int
    n: int


class CaptureRow(NamedTuple):
    """A capture, as far as its conversations show it."""

    name: str
    ts: int
    capture: str
    frame: int
    until: int
    packets: int
    bytes: int
    conns: int


_FIRST = ("ts", "capture", "frame")
_RENAMED = {
    "id.orig_h": "orig",
    "id.resp_h": "resp",
    "id.resp_p": "port",
    "orig_l2_addr": "orig_mac",
    "resp_l2_addr": "resp_mac",
    "orig_ip_bytes": "orig_wire",
    "resp_ip_bytes": "resp_wire",
    "missed_bytes": "missed",
    "ttl_max": "ttl",
    "count": "n",
}
_ADDRESSES = ("orig", "resp", "orig_mac", "resp_mac", "address", "mac", "ip")
_NUMBERS = frozenset(
    {
        "ts", "frame", "until", "conns", "orig_pkts", "resp_pkts", "orig_wire", "resp_wire", "missed",
        "duplicates", "retransmissions", "bad_checksums", "two_way", "one_way", "unanswered", "n", "answered",
        "errors", "frames", "bytes", "port", "vlan", "ttl", "orig_bytes", "resp_bytes",
    }
)  # fmt: skip


class Left(NamedTuple):
    """What a bound left out: records, and the first packet of them."""

    n: int = 0
    first: tuple[int, str, int] = (0, "", 0)

    def and_more(self, gone: pl.DataFrame) -> Left:
        """With rows that go now, sorted by time."""
        n = int(gone["conns"].sum()) if "conns" in gone.columns else gone.height
        ts, capture, frame = gone.select(_FIRST).row(0)
        return self.joined(Left(n, (int(ts), str(capture), int(frame))))

    def joined(self, other: Left) -> Left:
        """Both together."""
        firsts = [one.first for one in (self, other) if one.n]
        return Left(self.n + other.n, min(firsts, default=self.first))


MOST_PARTS = 100
"""Batches that wait to be put together."""

Row = TypeVar("Row", bound=tuple[Any, ...])


class Running(Generic[Row]):
    """Distinct rows of one stream, updated batch by batch; `rows()` gives them sorted by key.

    `keys`, `sums` and `firsts` name columns of `row`; `until` and `ttl` are maxima, `ts` a minimum, and `capture` and
    `frame` go with `ts`. `most` are (columns, limit): of rows alike in these columns only the first few stay, so that
    nobody fills the memory. What is dropped has `limit` earlier ones in any split of the records, so it never returns.
    `keep` is such a limit for all rows together: what goes is counted in `left`, and added up in `beyond`.
    """

    def __init__(
        self,
        row: type[Row],
        keys: str,
        sums: str = "",
        firsts: str = "",
        most: tuple[tuple[str, int], ...] = (),
        keep: int = 65_536,
        beyond: Running[Row] | None = None,
    ) -> None:
        self.row = row
        self._most = tuple((columns.split(), limit) for columns, limit in most)
        self._fields: tuple[str, ...] = row._fields  # type: ignore[attr-defined]
        self._keys, self._sums, self._firsts = keys.split(), sums.split(), firsts.split()
        self._maxima = [c for c in ("until", "ttl") if c in self._fields]
        self._keep, self._beyond = keep, beyond
        self.left = Left()
        self._parts: list[pl.DataFrame] = []
        self._pending = 0
        self._settled = 0

    def add(self, frame: pl.DataFrame) -> None:
        """Take a batch whose columns are already those of the row (see `tidy`)."""
        if frame.height == 0:
            return
        part = self._grouped(frame)
        self._parts.append(part)
        self._pending += part.height
        # Live batches are a few rows each: as frames of their own these take far more memory than their rows.
        if self._pending > 50_000 + min(self._settled, 50_000) or len(self._parts) > MOST_PARTS:
            self._settle()

    def rows(self, *others: Running[Row]) -> list[Row]:
        """All rows, with those of `others` of the same kind, sorted by key: the order of arrival leaves no trace."""
        parts = [part for running in (self, *others) for part in running.settled()]
        if not parts:
            return []
        whole = parts[0] if len(parts) == 1 else self._grouped(pl.concat(parts))
        have = set(whole.columns)
        fields = [pl.col(c) if c in have else pl.lit(None).alias(c) for c in self._fields]
        return list(starmap(self.row, whole.sort(self._keys, nulls_last=False).select(fields).iter_rows()))

    def settled(self) -> list[pl.DataFrame]:
        """The distinct rows as one frame; none if there are none."""
        if self._parts:
            self._settle()
        return self._parts

    def _settle(self) -> None:
        whole = self._grouped(pl.concat(self._parts)) if len(self._parts) > 1 else self._parts[0]
        whole = self._bounded(whole)
        self._parts, self._pending, self._settled = [whole], 0, whole.height

    def _bounded(self, frame: pl.DataFrame) -> pl.DataFrame:
        for columns, limit in self._most:
            if frame.height <= limit:
                continue
            crowd = frame.group_by(columns).len().filter(pl.col("len") > limit)
            if crowd.height:
                kept = (
                    frame.join(crowd, columns, "semi", nulls_equal=True)
                    .sort([*_FIRST, *self._keys], nulls_last=True)
                    .group_by(columns, maintain_order=True)
                    .head(limit)
                    .select(frame.columns)
                )
                frame = pl.concat([frame.join(crowd, columns, "anti", nulls_equal=True), kept])
        return frame if frame.height <= self._keep else self._first(frame)

    def _first(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The first `keep` rows by time. A key that went and is met again earlier comes back, without what went."""
        ranked = frame.sort([*_FIRST, *self._keys], nulls_last=True)
        gone = ranked.slice(self._keep)
        self.left = self.left.and_more(gone)
        if self._beyond is not None:
            self._beyond.add(gone)
        return ranked.head(self._keep)

    def _grouped(self, frame: pl.DataFrame) -> pl.DataFrame:
        order = [*_FIRST, *self._firsts]
        return (
            frame.sort(order, nulls_last=True)
            .group_by(self._keys, maintain_order=True)
            .agg([pl.first(c) for c in order] + [pl.sum(c) for c in self._sums] + [pl.max(c) for c in self._maxima])
        )


def tidy(frame: pl.DataFrame, columns: tuple[str, ...]) -> pl.DataFrame:
    """The named columns under the names of the rows, with plain types; a column that is not there is null."""
    have = {_RENAMED.get(c, c): c for c in frame.columns}
    return frame.select([_plain(frame, have.get(c), c) for c in columns])


def _plain(frame: pl.DataFrame, source: str | None, name: str) -> pl.Expr:
    number = name in _NUMBERS
    if source is None:
        return _defaulted(pl.lit(None, dtype=pl.Int64 if number else pl.String), name).alias(name)
    expr: pl.Expr = pl.col(source)
    if isinstance(frame.schema[source], pl.Datetime):
        expr = expr.dt.epoch("ns")
    expr = expr.cast(pl.Int64, strict=False) if number else expr.cast(pl.String)
    if name in _ADDRESSES:
        expr = expr.str.to_lowercase()
    return _defaulted(expr, name).alias(name)


def _defaulted(expr: pl.Expr, name: str) -> pl.Expr:
    if name in ("port", "vlan", "ttl", "until"):
        return expr
    if name in _NUMBERS:
        return expr.fill_null(0)
    if name in ("orig", "resp", "address", "capture", "evidence"):
        return expr.fill_null("")
    return expr


_CONN = (*ConnRow._fields[:-3], "orig_bytes", "resp_bytes", "history", "conn_state")


def sources(stream: str) -> list[str]:
    """The columns of a stream's batches that the fold reads."""
    rows: dict[str, Any] = {
        "command": CommandRow, "identity": IdentityRow, "binding": BindingRow, "weird": WeirdRow,
        "transfer": TransferRow,
    }  # fmt: skip
    own = _CONN if stream == "conn" else rows[stream]._fields if stream in rows else FACTS.get(stream, ())
    ends = ("orig", "resp", *_FIRST) if stream in FACTS else ()
    names = dict.fromkeys((*ends, *own))
    return [*names, *(source for source, name in _RENAMED.items() if name in names)]


def conn_batch(frame: pl.DataFrame) -> pl.DataFrame:
    """Conn records with the three counts that the tap check needs: answered, one way only, and never answered."""
    f = tidy(frame, _CONN)
    tcp = pl.col("proto") == "tcp"
    begun = (
        pl.col("history").fill_null("").str.contains("[AD]")
        | (pl.col("orig_bytes") > 0)
        | pl.col("conn_state").fill_null("").is_in(["OTH"])
    )
    silent = (pl.col("orig_pkts") > 0) & (pl.col("resp_pkts") == 0)
    backward = (pl.col("orig_pkts") == 0) & (pl.col("resp_pkts") > 0)
    open_ = tcp | (pl.col("proto") == "udp")
    refused = pl.col("conn_state").fill_null("") == "REJ"
    keep_port = open_ & ~refused & ((pl.col("resp_pkts") > 0) | pl.col("service").is_not_null() | (tcp & begun))
    return f.with_columns(
        conns=pl.lit(1, dtype=pl.Int64),
        until=pl.max_horizontal("until", "ts"),
        port=pl.when(keep_port).then(pl.col("port")),
        two_way=((pl.col("orig_pkts") > 0) & (pl.col("resp_pkts") > 0) & ~refused).cast(pl.Int64),
        one_way=(tcp & ((silent & begun) | backward)).cast(pl.Int64),
        unanswered=((silent & ~(tcp & begun)) | refused).cast(pl.Int64),
    ).select(ConnRow._fields)


FEW = 3
"""Packets at most of one that knocks and is not heard: TCP asks three times."""


def lone_conns() -> pl.Expr:
    """Conversations in which one end sent a packet or few and nobody answered: scans and made-up senders."""
    one_way = (pl.col("orig_pkts") == 0) | (pl.col("resp_pkts") == 0)
    return one_way & (pl.col("orig_pkts") + pl.col("resp_pkts") <= FEW)


def capture_batch(frame: pl.DataFrame) -> pl.DataFrame:
    """Conn records added up per capture."""
    f = tidy(frame, ("ts", "capture", "frame", "until", "orig_pkts", "resp_pkts", "orig_wire", "resp_wire"))
    return f.select(
        "ts",
        "capture",
        "frame",
        pl.max_horizontal("until", "ts").alias("until"),
        pl.col("capture").alias("name"),
        (pl.col("orig_pkts") + pl.col("resp_pkts")).alias("packets"),
        (pl.col("orig_wire") + pl.col("resp_wire")).alias("bytes"),
        pl.lit(1, dtype=pl.Int64).alias("conns"),
    )


def timed(frame: pl.DataFrame, row: type[Any]) -> pl.DataFrame:
    """Any other stream: `until` is at least `ts`."""
    f = tidy(frame, row._fields)
    return f.with_columns(until=pl.max_horizontal("until", "ts")) if "until" in row._fields else f


FACTS: dict[str, tuple[str, ...]] = {
    "tls": ("version",),
    "http": ("auth_scheme",),
    "snmp": ("version", "community"),
    "smb": ("dialect",),
    "ftp": ("username",),
    "telnet": ("username",),
    "opcua": ("security_policy",),
    "arp": ("target_ip",),
}
"""Native streams that are read if they come, and the columns that say something. Other columns are not kept."""


def fact_batch(stream: str, frame: pl.DataFrame) -> pl.DataFrame:
    """Native records as (stream, pair, column, value) rows; columns that the stream does not have give none."""
    parts = []
    for column in FACTS[stream]:
        if column not in frame.columns:
            continue
        f = tidy(frame, ("orig", "resp", "ts", "capture", "frame", column)).rename({column: "value"})
        f = f.with_columns(stream=pl.lit(stream), column=pl.lit(column), n=pl.lit(1, dtype=pl.Int64))
        parts.append(f.filter(pl.col("value").is_not_null()).select(FactRow._fields))
    return pl.concat(parts) if parts else pl.DataFrame()
