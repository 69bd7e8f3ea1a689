"""A lake of a large plant: the records of benchmarks/lake.py with more devices, and the notices of a month."""

from __future__ import annotations

import json
import shutil
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
from _lake.records import DAYS, day_of, stream
from _lake.stores import make_lake

from linewarden.detections.catalogue import detections

NOTICES = 3_000


def say(text: str) -> None:
    print(f"  {text}", file=sys.stderr, flush=True)


def make(folder: Path, records: int, assets: int) -> Path:
    """The lake, unless an earlier run left it."""
    lake, note = folder / "lake", folder / "made.json"
    asked = {"records": records, "assets": assets}
    if note.exists() and json.loads(note.read_text()) == asked:
        return lake
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    clients = max(2, assets // 25)
    make_lake(lake, records, say, clients, assets - clients)
    for day in range(DAYS):
        rows = [notice(day, n, clients, assets - clients) for n in range(NOTICES // DAYS)]
        write(lake, rows, f"{day_of(day):%Y-%m-%d}", f"judged-{day:05}.parquet")
    note.write_text(json.dumps(asked))
    return lake


def notice(day: int, number: int, clients: int, servers: int) -> dict[str, Any]:
    """A made-up notice of a real kind."""
    all_kinds = detections()
    about = all_kinds[(day * 31 + number * 7) % len(all_kinds)]
    ts = day_of(day) + timedelta(seconds=number * 86_400 * DAYS / NOTICES)
    client, server = 1 + number % clients, 1 + (number % clients) * (servers // clients) + number % 7
    return row(
        ts=int(ts.timestamp()) * 10**9, note=about.name, severity=str(about.severity), tactic=about.tactic,
        notice_id=f"{day:02}{number:06}", msg=f"{about.title}: 10.1.{client // 250}.{client % 250}",
        techniques=" ".join(t.id for t in about.techniques), orig=f"10.1.{client // 250}.{client % 250}",
        resp=f"10.2.{server // 250}.{server % 250}",
    )  # fmt: skip


def row(ts: int, orig: str, resp: str, **of: Any) -> dict[str, Any]:
    """A row of the stream `notice`."""
    found: dict[str, Any] = {c.name: None if c.nullable else ("" if c.type in ("str", "text") else 0)
                             for c in stream("notice").columns}  # fmt: skip
    known = {"ts": ts, "until": ts, "id.orig_h": orig, "id.resp_h": resp, "count": 1, "again": False, "confidence": 0.9,
             "sensor": "local", "capture": "watch", "frame": 1}  # fmt: skip
    return {**found, **known, **of}


def write(lake: Path, rows: list[dict[str, Any]], day: str, name: str) -> None:
    """Puts rows into the lake as a sensor does: whole, by a new name."""
    times = [c.name for c in stream("notice").columns if c.type == "ts"]
    folder = lake / "stream=notice" / "site=default" / f"date={day}"
    folder.mkdir(parents=True, exist_ok=True)
    frame = pl.DataFrame(rows, infer_schema_length=None).with_columns(
        pl.col(*times).cast(pl.Int64).cast(pl.Datetime("ns", "UTC"))
    )
    frame.write_parquet(folder / f".{name}")
    (folder / f".{name}").rename(folder / name)
