"""Batches of records as polars frames to distinct rows: for records that come from files, not from the engine.

The twin of `engine/fold`, which does the same for batches of the engine; a test holds the two equal.
"""

from __future__ import annotations

from itertools import starmap
from typing import Any

import polars as pl

from linewarden.plant.rows import (
    ADDRESSES,
    CONN,
    FACTS,
    FIRST,
    NEVER_NULL,
    NULLABLE,
    NUMBERS,
    RENAMED,
    TABLES,
    ConnRow,
    FactRow,
    Left,
    Table,
)

MOST_PARTS = 100
"""Batches that wait to be put together."""


class Frames:
    """All tables, folded from frames."""

    def __init__(self) -> None:
        self._tables = {name: Running(table) for name, table in TABLES.items() if table.beyond is None}
        for name, table in TABLES.items():
            if table.beyond is not None:
                self._tables[name] = Running(table, self._tables[table.beyond])

    def add(self, stream: str, frame: pl.DataFrame) -> None:
        """Take a batch of one of the fold's streams, with the columns that `records` declares."""
        if frame.height == 0:
            return
        if stream == "conn":
            conns = conn_batch(frame)
            lone = lone_conns()
            self._tables["conn"].add(conns.filter(~lone))
            self._tables["knock"].add(conns.filter(lone))
            self._tables["capture"].add(capture_batch(frame))
        elif stream in FACTS:
            self._tables["fact"].add(fact_batch(stream, frame))
        else:
            running = self._tables[stream]
            running.add(timed(frame, running.table.fields))

    def rows(self, *tables: str) -> list[Any]:
        """The rows of tables of one kind together, sorted by key."""
        first, *others = (self._tables[t] for t in tables)
        return first.rows(*others)

    def left(self, table: str) -> Left:
        """What the bound of a table left out."""
        return self._tables[table].left


class Running:
    """Distinct rows of one table, updated batch by batch; `rows()` gives them sorted by key."""

    def __init__(self, table: Table, beyond: Running | None = None) -> None:
        self.table = table
        self.left = Left()
        self._beyond = beyond
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

    def rows(self, *others: Running) -> list[Any]:
        """All rows, with those of `others` of the same kind, sorted by key: the order of arrival leaves no trace."""
        parts = [part for running in (self, *others) for part in running.settled()]
        if not parts:
            return []
        whole = parts[0] if len(parts) == 1 else self._grouped(pl.concat(parts))
        have = set(whole.columns)
        fields = [pl.col(c) if c in have else pl.lit(None).alias(c) for c in self.table.fields]
        return list(starmap(self.table.row, whole.sort(self.table.keys, nulls_last=False).select(fields).iter_rows()))

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
        for columns, limit in self.table.most:
            if frame.height <= limit:
                continue
            crowd = frame.group_by(columns).len().filter(pl.col("len") > limit)
            if crowd.height:
                kept = (
                    frame.join(crowd, columns, "semi", nulls_equal=True)
                    .sort([*FIRST, *self.table.keys], nulls_last=True)
                    .group_by(columns, maintain_order=True)
                    .head(limit)
                    .select(frame.columns)
                )
                frame = pl.concat([frame.join(crowd, columns, "anti", nulls_equal=True), kept])
        return frame if frame.height <= self.table.keep else self._first(frame)

    def _first(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The first `keep` rows by time. A key that went and is met again earlier comes back, without what went."""
        ranked = frame.sort([*FIRST, *self.table.keys], nulls_last=True)
        gone = ranked.slice(self.table.keep)
        self.left = self.left.joined(_left(gone))
        if self._beyond is not None:
            self._beyond.add(gone)
        return ranked.head(self.table.keep)

    def _grouped(self, frame: pl.DataFrame) -> pl.DataFrame:
        order, maxima = self.table.order, [pl.max(c) for c in self.table.maxima]
        return (
            frame.sort(order, nulls_last=True)
            .group_by(self.table.keys, maintain_order=True)
            .agg([pl.first(c) for c in order] + [pl.sum(c) for c in self.table.sums] + maxima)
        )


def tidy(frame: pl.DataFrame, columns: tuple[str, ...]) -> pl.DataFrame:
    """The named columns under the names of the rows, with plain types; a column that is not there is null."""
    have = {RENAMED.get(c, c): c for c in frame.columns}
    return frame.select([_plain(frame, have.get(c), c) for c in columns])


def _plain(frame: pl.DataFrame, source: str | None, name: str) -> pl.Expr:
    number = name in NUMBERS
    if source is None:
        return _defaulted(pl.lit(None, dtype=pl.Int64 if number else pl.String), name).alias(name)
    expr: pl.Expr = pl.col(source)
    if isinstance(frame.schema[source], pl.Datetime):
        expr = expr.dt.epoch("ns")
    expr = expr.cast(pl.Int64, strict=False) if number else expr.cast(pl.String)
    if name in ADDRESSES:
        expr = expr.str.to_lowercase()
    return _defaulted(expr, name).alias(name)


def _defaulted(expr: pl.Expr, name: str) -> pl.Expr:
    if name in NUMBERS:
        return expr if name in NULLABLE else expr.fill_null(0)
    return expr.fill_null("") if name in NEVER_NULL else expr


def conn_batch(frame: pl.DataFrame) -> pl.DataFrame:
    """Conn records with the three counts that the tap check needs: answered, one way only, and never answered."""
    f = tidy(frame, CONN)
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


def timed(frame: pl.DataFrame, fields: tuple[str, ...]) -> pl.DataFrame:
    """Any other stream: `until` is at least `ts`."""
    f = tidy(frame, fields)
    return f.with_columns(until=pl.max_horizontal("until", "ts")) if "until" in fields else f


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


def _left(gone: pl.DataFrame) -> Left:
    """Rows that go now, sorted by time."""
    n = int(gone["conns"].sum()) if "conns" in gone.columns else gone.height
    ts, capture, frame = gone.select(FIRST).row(0)
    return Left(n, (int(ts), str(capture), int(frame)))
