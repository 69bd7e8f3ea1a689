"""Suricata's alerts into a lake: each once, however often its file is imported."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linewarden.errors import ConfigError
from linewarden.service import lake_files
from linewarden.service.detecting import notice_row
from linewarden.service.lake import Lake, open_lake
from linewarden.wire.unpacking import open_unpacked

if TYPE_CHECKING:
    import polars as pl

    from linewarden.detections.rules.eve import Alert
    from linewarden.detections.run import Told

DAMAGE = (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError)
SLACK = 2 * 10**9
"""ns by which the clocks of the two sensors may differ."""
LONGEST_LINE = 16 << 20
ENDS = ("id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p")


@dataclass(frozen=True, slots=True)
class Brought:
    """Distinct alerts in a file; of these the new ones, and of the new those whose conversation the lake knows.

    `notices`: that were not told before; `damaged`: lines that are no EVE JSON.
    """

    alerts: int
    new: int
    joined: int
    notices: int
    damaged: int


def import_eve(eve: Path, lake_path: Path, site: str, capture: str | None = None) -> Brought:
    """Brings the alerts of a file into a lake. `capture`: Suricata read this capture, and numbered its packets.

    Raises ConfigError if the file cannot be read, StoreError if the lake cannot be.
    """
    from linewarden.detections.rules.eve import told_of

    lake = open_lake(lake_path)
    damaged: list[int] = []
    alerts = sorted(_alerts(eve, capture, damaged), key=lambda a: a.ts)
    if not alerts and damaged:
        raise ConfigError(f"{eve}: no EVE JSON (line {damaged[0]}); give Suricata's eve.json")
    with lake_files.reading(lake.path):
        known, ids = _known(lake)
        distinct = {a.key: a for a in alerts}
        fresh = [a for key, a in distinct.items() if key not in known]
        joined = _joined(lake, fresh)
    told: list[Told] = []
    for alert in joined:
        told.append(told_of(alert, alert.notice_id in ids))
        ids.add(alert.notice_id)
    if told:
        _keep(lake.path, site, told)
    return Brought(
        len(distinct),
        len(told),
        sum(1 for a in joined if a.uid),
        sum(1 for t in told if not t.notice.again),
        len(damaged),
    )


def _alerts(eve: Path, capture: str | None, damaged: list[int]) -> Iterator[Alert]:
    """The alerts of a file, packed or not, line by line; numbers of lines that are none go to `damaged`."""
    from linewarden.detections.rules.eve import alert_of

    at = 0
    try:
        with open_unpacked(eve) as file:
            for at, line in enumerate(iter(lambda: file.readline(LONGEST_LINE), b""), 1):
                if not line.strip():
                    continue
                try:
                    alert = alert_of(json.loads(line), capture)
                except DAMAGE:
                    damaged.append(at)
                    continue
                if alert is not None:
                    yield alert
    except OSError as error:
        if at:  # packed, and cut short: what came before it counts
            damaged.append(at + 1)
            return
        raise ConfigError(f"{eve}: cannot be read ({error.strerror or error}); give Suricata's eve.json") from error


def _known(lake: Lake) -> tuple[set[Any], set[str]]:
    """What the lake has of Suricata already: keys of alerts, and ids of notices that were told."""
    import polars as pl

    from linewarden.detections.rules.eve import PREFIX, alert_key

    if "notice" not in lake.streams:
        return set(), set()
    wanted = ("note", "ts", *ENDS, "notice_id", "again")
    rows = (
        pl.scan_parquet(lake.files("notice"), hive_partitioning=False, glob=False)
        .select(pl.col("note").cast(pl.String), pl.col("ts").to_physical(), *(_plain(c) for c in wanted[2:]))
        .filter(pl.col("note").str.starts_with(PREFIX))
        .select(wanted)
        .collect()
    )
    return {alert_key(*row[:6]) for row in rows.iter_rows()}, set(rows.filter(~pl.col("again"))["notice_id"])


def _plain(column: str) -> pl.Expr:
    import polars as pl

    return (
        pl.col(column).cast(pl.String) if column.endswith(("_h", "_id", "uid", "capture", "proto")) else pl.col(column)
    )


def _joined(lake: Lake, alerts: Sequence[Alert]) -> list[Alert]:
    """Each with the conversation that it belongs to: same ends in either direction, and within its time."""
    if not alerts or "conn" not in lake.streams:
        return list(alerts)
    found = {row["i"]: row for row in _conversations(lake, alerts).iter_rows(named=True)}
    return [_of(alert, found.get(i)) for i, alert in enumerate(alerts)]


def _of(alert: Alert, row: dict[str, Any] | None) -> Alert:
    if row is None:
        return alert
    orig_h, orig_p, resp_h, resp_p = (row[c] for c in ENDS)
    return replace(
        alert, uid=row["uid"], orig_h=orig_h, orig_p=orig_p, resp_h=resp_h, resp_p=resp_p,
        capture=alert.capture if alert.packet else row["capture"],
    )  # fmt: skip


def _conversations(lake: Lake, alerts: Sequence[Alert]) -> pl.DataFrame:
    """Of each alert (`i`) that has one, its conversation: the last that had begun."""
    import polars as pl

    ways = pl.DataFrame(
        [
            (i, a.ts, a.proto, *ends)
            for i, a in enumerate(alerts)
            for ends in {(a.orig_h, a.orig_p, a.resp_h, a.resp_p), (a.resp_h, a.resp_p, a.orig_h, a.orig_p)}
        ],
        schema={
            "i": pl.Int64, "at": pl.Int64, "proto": pl.String, ENDS[0]: pl.String, ENDS[1]: pl.UInt16,
            ENDS[2]: pl.String, ENDS[3]: pl.UInt16,
        },
        orient="row",
    )  # fmt: skip
    ported = pl.col("proto").is_in(["tcp", "udp", "sctp"])
    conns = (
        pl.scan_parquet(lake.files("conn"), hive_partitioning=False, glob=False)
        .select(*map(_plain, ("uid", "capture", "proto", *ENDS)), pl.col("ts", "until").to_physical())
        .with_columns(pl.when(ported).then(pl.col(ENDS[1], ENDS[3])), pl.col("until").fill_null(pl.col("ts")))
    )
    return (
        conns.join(ways.lazy(), on=["proto", *ENDS], nulls_equal=True)
        .filter((pl.col("ts") - SLACK <= pl.col("at")) & (pl.col("at") <= pl.col("until") + SLACK))
        .sort("ts", descending=True)
        .unique("i", keep="first", maintain_order=True)
        .collect()
    )


def _keep(lake: Path, site: str, told: Iterable[Told]) -> None:
    """Writes notices beside those that are there, in a file that is named after what is in it."""
    from linewarden.sensor.sensor import Sensor

    rows = [notice_row(t) for t in told]
    name = hashlib.sha256(repr(rows).encode()).hexdigest()[:16]
    sensor = Sensor(lake=lake, site=site, prefix=f"suricata_{name}", reads=False)
    try:
        sensor.append("notice", rows)
        sensor.finish()
    except BaseException:
        sensor.abort()
        raise
